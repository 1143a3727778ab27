"""The looks of a study: where they are in the locked order, and for each slice of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from liftgate.errors import NotEnoughData
from liftgate.records import Design, Item
from liftgate.stats.course import Course, PlannedCourse, UnlimitedCourse

UNLABELLED = "(none)"
"""The slice of the items that carry no value for a slice's name."""
_FINEST = 100
"""With unlimited looks one is taken after each hundredth of the items."""


@dataclass(frozen=True, eq=False)
class Looks:
    """Where a study looks.

    Args:
        design: planned looks or unlimited ones.
        ends: how many items in all at each look, in the locked order: whole clusters, increasing,
            the last one all of them.
        clusters: shape (planned items,): cluster number of each planned item in that order.
        kept: shape (planned items,): which of the planned items this evidence is about.
        slices: slice's name -> shape (planned items,): each planned item's value.
    """

    design: Design
    ends: tuple[int, ...]
    clusters: NDArray[np.int64]
    kept: NDArray[np.bool_]
    slices: Mapping[str, NDArray[np.str_]]

    @property
    def largest_cluster(self) -> int:
        """Items of the largest planned cluster among those kept."""
        return int(np.bincount(self.clusters[self.kept]).max(initial=1))

    def within(self, name: str, value: str) -> Looks:
        """Return the looks of one value of a slice."""
        return replace(self, kept=self.kept & (self.slices[name] == value))

    def course(self) -> Course:
        """Return the course of an analysis of the kept items.

        A look at which none of them is new is no look of theirs. The information at a look is the
        share of the variance that clusters moving as one would have contributed, Σ n_g²: for equal
        sizes the share of the items.

        Raises:
            NotEnoughData: nothing is kept.
        """
        if self.design is Design.ANYTIME:
            return UnlimitedCourse(self.largest_cluster)
        numbers = self.clusters[self.kept]
        if not numbers.size:
            raise NotEnoughData("there are no items")
        weights = np.cumsum(np.bincount(numbers)[numbers].astype(np.float64))
        counts = np.cumsum(self.kept)[np.array(self.ends) - 1]
        ends = tuple(int(n) for n in dict.fromkeys(counts.tolist()) if n > 0)
        return PlannedCourse(ends, weights[np.array(ends) - 1] / weights[-1])


def looks_of(design: Design, items: Sequence[Item], count: int | None) -> Looks | None:
    """Return where a study looks, or None when it looks once.

    Args:
        design: of the lock.
        items: all planned items in the locked order, the items of a cluster side by side.
        count: planned looks, evenly spread; ignored for unlimited ones.
    """
    if design is Design.FIXED:
        return None
    numbers = cluster_numbers(items)
    wanted = count or 1
    if design is Design.ANYTIME:
        wanted = min(_FINEST, len(items))
    names = {name for item in items for name in item.slices}
    slices = {
        name: np.array([item.slices.get(name, UNLABELLED) for item in items]) for name in names
    }
    everything = np.ones(len(items), dtype=np.bool_)
    return Looks(design, _ends(numbers, wanted), numbers, everything, slices)


def cluster_numbers(items: Sequence[Item]) -> NDArray[np.int64]:
    """Return the number of each item's cluster, in order of appearance; alone: its own."""
    numbers: dict[tuple[str, str], int] = {}
    keys = [("item", i.id) if i.cluster is None else ("cluster", i.cluster) for i in items]
    return np.array([numbers.setdefault(key, len(numbers)) for key in keys], dtype=np.int64)


def _ends(numbers: NDArray[np.int64], count: int) -> tuple[int, ...]:
    """Return the first end of a cluster at or after each share of the items."""
    last = np.flatnonzero(np.diff(numbers, append=-1)) + 1
    targets = np.ceil(np.arange(1, count + 1) * numbers.size / count)
    found = last[np.searchsorted(last, targets)]
    return tuple(int(end) for end in dict.fromkeys(found.tolist()))
