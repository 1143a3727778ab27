"""How much a pilot's repeats of one item differ, and its items beyond that."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from liftgate.gates.foreign import Collected, Matched
from liftgate.records import Scale

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class RepeatSpread:
    """Variance components of the difference on one metric (one-way analysis of variance)."""

    metric: str
    between: float
    """Variance of the items' true differences; 0 where the repeats explain all."""
    within: float
    """Variance of one repeat's difference around its item's, both arms together."""

    @property
    def icc(self) -> float:
        """Share of one repeat's variance that is the item's; 0 where nothing varies."""
        total = self.between + self.within
        return self.between / total if total else 0.0


def spread_of(
    matched: Matched, metric: str, scale: Scale, failure_score: float | None
) -> RepeatSpread | None:
    """Return the components, or None unless both sides repeat items.

    The arms' repeats are independent of each other. The variance of the items' mean differences is
    between + within_candidate/r + within_baseline/r; the within parts are pooled over items.
    """
    worst = scale.worst if failure_score is None else failure_score
    sides = [
        _within(matched.candidate, metric, matched.at_candidate, worst),
        _within(matched.baseline, metric, matched.at_baseline, worst),
    ]
    if any(side is None for side in sides):
        return None
    (after, noise_after, own_after), (before, noise_before, own_before) = (
        side for side in sides if side is not None
    )
    known = ~np.isnan(after - before)
    if int(known.sum()) < 2:
        return None
    moved = (after - before)[known]
    noise = float(np.mean((noise_after + noise_before)[known]))
    between = max(float(np.var(moved, ddof=1)) - noise, 0.0)
    return RepeatSpread(metric, between, own_after + own_before)


def _within(
    side: Collected, metric: str, at: NDArray[np.int64], worst: float | None
) -> tuple[Floats, Floats, float] | None:
    """Return each item's mean, the variance of that mean, and the variance of one repeat."""
    rows = np.where(side.failed, np.nan if worst is None else worst, side.scores[metric])
    known = ~np.isnan(rows)
    size = len(side.repeats)
    count = np.bincount(side.at[known], minlength=size).astype(np.float64)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.bincount(side.at[known], weights=rows[known], minlength=size) / count
    free = float(np.maximum(count - 1, 0).sum())
    if not free:
        return None
    one = float(((rows - mean[side.at])[known] ** 2).sum()) / free
    with np.errstate(divide="ignore"):
        return mean[at], (one / count)[at], one


def columns(side: Collected, at: NDArray[np.int64], metric: str, failed_as: float | None) -> Floats:
    """Return shape (items, repeats): as many repeats as every item has, in the table's order.

    Args:
        side: one table.
        at: shape (items,): the table's numbers of the items that are wanted.
        metric: of the table.
        failed_as: the score of a row in which the system failed; None: missing.
    """
    fallen = np.nan if failed_as is None else failed_as
    values = np.where(side.failed, fallen, side.scores[metric])
    order = np.argsort(side.at, kind="stable")
    starts = np.concatenate([[0], np.cumsum(side.repeats)[:-1]])
    count = int(side.repeats[at].min(initial=np.iinfo(np.int64).max))
    places = order[starts[at][:, None] + np.arange(count)]
    return np.asarray(values[places], dtype=np.float64)
