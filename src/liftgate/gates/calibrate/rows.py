"""Pilot rows: whole clusters with all that the claims need, and again with the arms swapped."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from liftgate.errors import DataError, NotEnoughData
from liftgate.gates.calibrate.quantities import Quantity
from liftgate.gates.sequence import UNLABELLED
from liftgate.records import Pairs
from liftgate.stats import ClaimShape

Floats = NDArray[np.float64]

FEWEST_CLUSTERS = 10
"""Fewer pilot clusters say too little about a spread to plan with."""


@dataclass(frozen=True, eq=False)
class Column:
    """One quantity, cluster by cluster; each array has shape (rows,)."""

    sizes: Floats
    """Items of the cluster that the quantity is about."""
    sums: Floats
    squares: Floats
    """Sums of squares."""
    cubes: Floats
    """Sums of cubes."""
    base: Floats
    """Sums of the baseline's scores."""


@dataclass(frozen=True, eq=False)
class Rows:
    """Clusters with all their quantities; the second half are the first with the arms swapped.

    A row is never taken apart, so that every draw keeps the correlation between the metrics and
    between the items of a cluster. With the arms swapped too, no quantity favours an arm before a
    tilt says so.
    """

    sizes: Floats
    """Shape (rows,): items in each cluster."""
    columns: Mapping[Quantity, Column]
    left_out: int = 0
    """Pilot items without a score on both sides of every metric."""

    @property
    def clusters(self) -> int:
        """Clusters of the pilot, each counted once."""
        return self.sizes.size // 2

    @property
    def items(self) -> int:
        """Items of the pilot."""
        return int(self.sizes[: self.clusters].sum())

    @property
    def clustered(self) -> bool:
        """Whether some row holds more than one item."""
        return bool(self.sizes.max() > 1)


def rows_of(pairs: Mapping[str, Pairs], quantities: Iterable[Quantity], *, clustered: bool) -> Rows:
    """Return the clusters of a pilot, each with its arms swapped as well.

    Args:
        pairs: metric -> aligned scores, all of the same items.
        quantities: what the gate tests.
        clustered: whether the planned items come in clusters; if not, items are drawn singly.

    Raises:
        NotEnoughData: fewer than 10 clusters with scores on both sides of every metric.
        DataError: a slice that the pilot's items do not carry.
    """
    kept = _complete(pairs)
    some = next(iter(pairs.values()))
    codes = _codes(some, kept, clustered=clustered)
    count = int(codes.max()) + 1 if codes.size else 0
    if count < FEWEST_CLUSTERS:
        raise NotEnoughData(
            f"the pilot has {count} clusters with scores on both sides of every metric, "
            f"expected at least {FEWEST_CLUSTERS}",
            hint="score more items with both systems, or leave the pilot out: the gate is then "
            "simulated over a grid of assumed spreads",
        )
    columns = {
        quantity: _column(pairs[quantity.metric], quantity, kept, codes, count)
        for quantity in quantities
    }
    sizes = np.bincount(codes, minlength=count).astype(np.float64)
    return Rows(np.concatenate([sizes, sizes]), columns, int((~kept).sum()))


def _complete(pairs: Mapping[str, Pairs]) -> NDArray[np.bool_]:
    gaps = [np.isnan(one.candidate) | np.isnan(one.baseline) for one in pairs.values()]
    return np.asarray(~np.any(gaps, axis=0))


def _codes(pairs: Pairs, kept: NDArray[np.bool_], *, clustered: bool) -> NDArray[np.int64]:
    if pairs.cluster is None or not clustered:
        return np.arange(int(kept.sum()), dtype=np.int64)
    return np.unique(pairs.cluster[kept], return_inverse=True)[1].astype(np.int64)


def _column(
    pairs: Pairs,
    quantity: Quantity,
    kept: NDArray[np.bool_],
    codes: NDArray[np.int64],
    count: int,
) -> Column:
    after, before = pairs.candidate[kept], pairs.baseline[kept]
    inside = _inside(pairs, quantity)[kept]
    halves = [
        _summed(values, base, inside, codes, count)
        for values, base in (
            (_values(after, before, pairs, quantity), before),
            (_values(before, after, pairs, quantity), after),
        )
    ]
    return Column(*(np.concatenate(both) for both in zip(*halves, strict=True)))


def _values(after: Floats, before: Floats, pairs: Pairs, quantity: Quantity) -> Floats:
    """Return a quantity of each item, oriented as the gate orients it."""
    higher = pairs.scale.higher_is_better
    if quantity.shape is ClaimShape.DIFFERENCE:
        return after - before if higher else before - after
    if quantity.shape is ClaimShape.CONTRAST:
        ratio = quantity.ratio
        return after - (1 - ratio) * before if higher else (1 + ratio) * before - after
    return after


def values_of(pairs: Pairs, quantity: Quantity) -> tuple[Floats, NDArray[np.bool_]]:
    """Return a quantity of each item, and which items it is about; both of shape (items,)."""
    values = _values(pairs.candidate, pairs.baseline, pairs, quantity)
    return values, _inside(pairs, quantity)


def _inside(pairs: Pairs, quantity: Quantity) -> NDArray[np.bool_]:
    if quantity.inside is None:
        return np.ones(len(pairs.items), dtype=np.bool_)
    name, value = quantity.inside
    if name not in pairs.slices:
        raise DataError(
            f"the pilot's items carry no slice {name!r}, which {quantity.metric} is claimed over",
            hint=f"add a column {name!r} to the pilot's tables, or leave the pilot out",
        )
    labels = pairs.slices[name]
    return np.array([(UNLABELLED if x is None else str(x)) == value for x in labels])


def _summed(
    values: Floats, base: Floats, inside: NDArray[np.bool_], codes: NDArray[np.int64], count: int
) -> tuple[Floats, Floats, Floats, Floats, Floats]:
    def per_cluster(weights: Floats) -> Floats:
        summed = np.bincount(codes, weights=weights * inside, minlength=count)
        return summed.astype(np.float64)

    return (
        per_cluster(np.ones_like(values)),
        per_cluster(values),
        per_cluster(values**2),
        per_cluster(values**2 * values),
        per_cluster(base),
    )
