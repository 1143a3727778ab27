"""The gate's own tests on many drawn samples at once: the method table's rows, run after run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from liftgate.errors import NotEnoughData
from liftgate.gates.calibrate.quantities import OneTest, Quantity, span_of
from liftgate.gates.calibrate.rows import Column, Floats, Rows
from liftgate.records import Scale, ScoreKind
from liftgate.stats import ClaimShape, UnitDesign, table
from liftgate.stats.inputs import Range
from liftgate.stats.inversion import Family
from liftgate.stats.score import PairedScore, Wilson, paired_score, wilson
from liftgate.stats.student import Moments, student_from


@dataclass(frozen=True, eq=False)
class Sums:
    """One quantity in drawn clusters; arrays of shape (runs, units)."""

    sizes: Floats
    sums: Floats
    squares: Floats
    base: Floats | None
    """The baseline's sums; only a contrast needs them."""

    def first(self, units: int) -> Sums:
        """Return the first clusters of each run."""
        base = None if self.base is None else self.base[:, :units]
        return Sums(self.sizes[:, :units], self.sums[:, :units], self.squares[:, :units], base)


def drawn(column: Column, rows: NDArray[np.intp], *, contrast: bool) -> Sums:
    """Look up one quantity in drawn rows."""
    base = column.base[rows] if contrast else None
    return Sums(column.sizes[rows], column.sums[rows], column.squares[rows], base)


class Kernel:
    """One quantity's family of tests, as the method table chooses it for the planned items.

    Args:
        quantity: what is tested.
        scale: of its metric.
        rows: the world's; they tell whether the units are clusters.
    """

    def __init__(self, quantity: Quantity, scale: Scale, rows: Rows) -> None:
        self.quantity = quantity
        span = span_of(scale)
        clustered = bool(rows.columns[quantity].sizes.max() > 1)
        units = UnitDesign.CLUSTERED if clustered else UnitDesign.SINGLE
        kind = scale.kind
        if kind is ScoreKind.BINARY and span != (0.0, 1.0):
            kind = ScoreKind.GRADED
        self._test = table.choose(kind, units, quantity.shape).test
        self._bounds, self._pseudo = _ends(quantity, span, scale)

    def p_values(self, sums: Sums, test: OneTest) -> Floats:
        """Return the p-value of each run, shape (runs,); 1 where the method declines."""
        found = self._tails(sums, test)
        if test.least_clusters:
            found = np.where((sums.sizes > 0).sum(axis=1) < test.least_clusters, 1.0, found)
        if sums.base is not None:
            # A share of a baseline that is not above 0 means nothing: the method declines.
            found = np.where(sums.base.sum(axis=1) > 0, found, 1.0)
        return found

    def _tails(self, sums: Sums, test: OneTest) -> Floats:
        runs = range(sums.sums.shape[0])
        return np.array([self._tail(sums, run, test) for run in runs])

    def _tail(self, sums: Sums, run: int, test: OneTest) -> float:
        try:
            family = self._family(sums.sizes[run], sums.sums[run], sums.squares[run])
        except NotEnoughData:
            return 1.0
        return family.tail(test.null, test.alternative)

    def _family(self, sizes: Floats, sums: Floats, squares: Floats) -> Family:
        n = int(sizes.sum())
        if self._test is paired_score:
            return PairedScore(n, int((sums > 0).sum()), int((sums < 0).sum()))
        if self._test is wilson:
            return Wilson(n, int(sums.sum()))
        spread = max(float(squares.sum() - sums.sum() ** 2 / n), 0.0) if n else 0.0
        inside = sizes > 0
        found = Moments(sizes[inside], sums[inside], spread)
        return student_from(found, bounds=self._bounds, pseudo=self._pseudo)


def kernels(rows: Rows, scales: Mapping[str, Scale]) -> dict[Quantity, Kernel]:
    """Return the kernel of each quantity. Raises NotEnoughData where the table refuses."""
    return {q: Kernel(q, scales[q.metric], rows) for q in rows.columns}


def _ends(
    quantity: Quantity, span: Range | None, scale: Scale
) -> tuple[Range | None, float | None]:
    """Return the ends of a quantity and the distance of its pseudo units, as the gate has them."""
    if span is None:
        return None, None
    low, high = span
    width = high - low
    if quantity.shape is ClaimShape.DIFFERENCE:
        return (-width, width), width / 2
    if quantity.shape is ClaimShape.MEAN:
        return span, width / 2
    rho = 1 - quantity.ratio
    if not scale.higher_is_better:
        low, high, rho = -high, -low, 1 + quantity.ratio
    shares = (rho * low, rho * high)
    bounds = (low - max(shares), high - min(shares))
    return bounds, (bounds[1] - bounds[0]) / 4
