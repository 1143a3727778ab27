"""The gate's own tests on many drawn samples at once: the method table's rows, run after run."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from liftgate.errors import NotEnoughData
from liftgate.gates.calibrate.quantities import OneTest, Quantity, span_of
from liftgate.gates.calibrate.rows import Column, Floats, Rows
from liftgate.records import Alternative, Design, Scale, ScoreKind
from liftgate.stats import ClaimShape, UnitDesign, table
from liftgate.stats.exact import ClopperPearson, clopper_pearson
from liftgate.stats.gambler import betting_family
from liftgate.stats.hall import Guard, StudentTests
from liftgate.stats.inputs import FEWEST_UNITS, Range
from liftgate.stats.power_sums import single_tests
from liftgate.stats.score import SLACK, paired_score, paired_z
from liftgate.stats.student import FEWEST_DF, Moments, student, student_tests

Flags = NDArray[np.bool_]
Looks = Sequence[int]
"""Units by which the gate looks, rising."""


class Drawn:
    """One quantity in drawn clusters.

    Args:
        column: the quantity in the world's rows.
        rows: shape (runs, units): the rows that were drawn.
    """

    def __init__(self, column: Column, rows: NDArray[np.intp]) -> None:
        self._column, self._rows = column, rows

    @property
    def sizes(self) -> Floats:
        """Items of each cluster, shape (runs, units)."""
        first = self._column.sizes[0]
        if bool(np.all(self._column.sizes == first)):
            return np.broadcast_to(first, self._rows.shape)
        return self._column.sizes.take(self._rows)

    @property
    def sums(self) -> Floats:
        """Sum of each cluster, shape (runs, units)."""
        return self._column.sums.take(self._rows)

    @property
    def squares(self) -> Floats:
        """Sum of squares of each cluster, shape (runs, units)."""
        return self._column.squares.take(self._rows)

    def by_look(self, looks: Looks, name: str) -> Floats:
        """Return a column's total by each look, shape (runs, looks)."""
        values: Floats = getattr(self._column, name)
        if bool(np.all(values == values[0])):
            return np.broadcast_to(values[0] * np.array(looks), (self._rows.shape[0], len(looks)))
        return _by_look(values.take(self._rows), looks)

    def clusters(self, looks: Looks) -> Floats:
        """Return how many clusters hold an item by each look, shape (runs, looks)."""
        return _by_look((self._column.sizes > 0).astype(np.float64).take(self._rows), looks)


def _by_look(values: Floats, looks: Looks) -> Floats:
    whole = values[:, : looks[-1]]
    if len(looks) == 1:
        return np.asarray(whole.sum(axis=1, keepdims=True))
    parts = np.add.reduceat(whole, [0, *looks[:-1]], axis=1)
    return np.asarray(np.cumsum(parts, axis=1))


@dataclass(frozen=True)
class Asking:
    """What the lock asks of every method."""

    design: Design
    guarantee: bool


class Tails(Protocol):
    """A family of tests for many samples."""

    def tail(self, null: float, alternative: Alternative) -> Floats:
        """Return one-sided p-values, shape (runs, looks); 1 where the method declines."""
        ...


class Kernel:
    """One quantity's family of tests, as the method table chooses it for the planned items.

    Args:
        quantity: what is tested.
        scale: of its metric.
        rows: the world's; they tell whether the units are clusters.
        asked: what the lock asks of every method.

    Raises:
        NotEnoughData: the table has no method, or one that is not known here.
    """

    def __init__(self, quantity: Quantity, scale: Scale, rows: Rows, asked: Asking) -> None:
        span = span_of(scale)
        self._clustered = bool(rows.columns[quantity].sizes.max() > 1)
        units = UnitDesign.CLUSTERED if self._clustered else UnitDesign.SINGLE
        kind = scale.kind
        if kind is ScoreKind.BINARY and span != (0.0, 1.0):
            kind = ScoreKind.GRADED
        row = table.choose(
            kind, units, quantity.shape, design=asked.design, guarantee=asked.guarantee
        )
        if row.test not in _KNOWN:
            raise NotEnoughData(
                f"{quantity.metric}: the simulation does not know the method {row.name!r}",
                hint="simulate the gate without decision: {guarantee: true} to see about what it "
                "does; a guaranteed test errs and finds less often"
                if asked.guarantee
                else "",
            )
        self._test = row.test
        self._guard = _guard(quantity, span, scale)

    @property
    def ends(self) -> Range:
        """The least and the greatest value of a quantity that can be bet on."""
        assert self._guard is not None
        return self._guard.bounds

    def tests(self, drawn: Drawn, looks: Looks) -> Tails:
        """Return the tests of each run by each look."""
        if self._test is paired_score:
            return _Score(drawn, looks)
        if self._test is clopper_pearson:
            return _Proportion(drawn, looks)
        if self._clustered:
            return _Student([_clustered(drawn, units, self._guard) for units in looks])
        return _Student(_single(drawn, looks, self._guard))


class _Score:
    """Score tests of differences in {−1, 0, 1}."""

    def __init__(self, drawn: Drawn, looks: Looks) -> None:
        self._n = drawn.by_look(looks, "sizes").astype(np.int64)
        moved, changed = drawn.by_look(looks, "sums"), drawn.by_look(looks, "squares")
        self._gained = np.rint((changed + moved) / 2).astype(np.int64)
        self._lost = np.rint((changed - moved) / 2).astype(np.int64)

    def tail(self, null: float, alternative: Alternative) -> Floats:
        from scipy.special import ndtr

        sign = 1.0 if alternative is Alternative.GREATER else -1.0
        found = ndtr(-sign * paired_z(self._n, self._gained, self._lost, null, slack=SLACK))
        return np.where(self._n < FEWEST_UNITS, 1.0, found)


class _Proportion:
    """Exact tests of one proportion; each set of counts that occurs is tested once."""

    def __init__(self, drawn: Drawn, looks: Looks) -> None:
        n, ones = drawn.by_look(looks, "sizes"), drawn.by_look(looks, "sums")
        self._shape = n.shape
        stacked = np.stack([n.ravel(), ones.ravel()], axis=1).astype(np.int64)
        found, self._which = np.unique(stacked, axis=0, return_inverse=True)
        self._families = [ClopperPearson(int(n), int(ones)) if n else None for n, ones in found]

    def tail(self, null: float, alternative: Alternative) -> Floats:
        tails = [1.0 if f is None else f.tail(null, alternative) for f in self._families]
        return np.array(tails)[self._which.ravel()].reshape(self._shape)


class _Student:
    """Tests by Student's t: one family for all looks, or one for each.

    Args:
        tests: with shapes (runs, looks), or each with (runs, 1).
    """

    def __init__(self, tests: list[tuple[StudentTests, Flags]]) -> None:
        self._tests = tests

    def tail(self, null: float, alternative: Alternative) -> Floats:
        found = [np.where(no, 1.0, t.tail(null, alternative)) for t, no in self._tests]
        return np.concatenate(found, axis=1)


def _single(drawn: Drawn, looks: Looks, guard: Guard | None) -> list[tuple[StudentTests, Flags]]:
    """Return the tests of single items at all looks, and where they decline."""
    n, sums, squares, cubes = (
        drawn.by_look(looks, name) for name in ("sizes", "sums", "squares", "cubes")
    )
    tests = single_tests(n, sums, squares, cubes, guard)
    return [(tests, _declines(tests, squares, guard))]


def _clustered(drawn: Drawn, units: int, guard: Guard | None) -> tuple[StudentTests, Flags]:
    """Return the tests of whole clusters at one look, and where they decline."""
    sizes, sums = drawn.sizes[:, :units], drawn.sums[:, :units]
    squares = drawn.squares[:, :units].sum(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        about = np.maximum(squares - sums.sum(axis=1) ** 2 / sizes.sum(axis=1), 0.0)
        one = student_tests(Moments(sizes[:, None], sums[:, None], about[:, None]), guard)
    return one, _declines(one, squares[:, None], guard)


def _declines(tests: StudentTests, squares: Floats, guard: Guard | None) -> Flags:
    few = ~(tests.own_df >= FEWEST_DF)
    if guard is not None:
        return np.asarray(few)
    # Without a range nothing bounds what values that are all equal did not show.
    return np.asarray(few | (tests.lower.a0 <= 1e-12 * squares))


_KNOWN = (student, paired_score, clopper_pearson, betting_family)


def p_values(drawn: Drawn, looks: Looks, tests: Tails, test: OneTest) -> Floats:
    """Return the p-value of each run by each look, shape (runs, looks)."""
    return admitted(tests.tail(test.null, test.alternative), drawn, looks, test)


def admitted(found: Floats, drawn: Drawn, looks: Looks, test: OneTest) -> Floats:
    """Put 1 where a claim is inadmissible whatever the method: too few clusters, no baseline."""
    if test.least_clusters:
        found = np.where(drawn.clusters(looks) < test.least_clusters, 1.0, found)
    if test.quantity.shape is ClaimShape.CONTRAST:
        # A share of a baseline that is not above 0 means nothing.
        found = np.where(drawn.by_look(looks, "base") > 0, found, 1.0)
    return found


def kernels(
    rows: Rows, quantities: Iterable[Quantity], scales: Mapping[str, Scale], asked: Asking
) -> dict[Quantity, Kernel]:
    """Return the kernel of each quantity. Raises NotEnoughData where the table refuses."""
    return {q: Kernel(q, scales[q.metric], rows, asked) for q in quantities}


def _guard(quantity: Quantity, span: Range | None, scale: Scale) -> Guard | None:
    """Return the ends of a quantity and the distance of its pseudo units, as the gate has them."""
    if span is None:
        return None
    low, high = span
    if quantity.shape is ClaimShape.DIFFERENCE:
        return Guard((low - high, high - low), (high - low) / 2)
    if quantity.shape is ClaimShape.MEAN:
        return Guard(span, (high - low) / 2)
    rho = 1 - quantity.ratio
    if not scale.higher_is_better:
        low, high, rho = -high, -low, 1 + quantity.ratio
    shares = (rho * low, rho * high)
    bounds = (low - max(shares), high - min(shares))
    return Guard(bounds, (bounds[1] - bounds[0]) / 4)
