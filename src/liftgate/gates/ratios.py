"""Ratios of two metrics' sums over the same items, for showing: steps or cost per success."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from liftgate import stats
from liftgate.errors import DataError, NotEnoughData
from liftgate.records import Estimate, Pairs, RatioComparison


def compared(name: str, numerator: Pairs, denominator: Pairs) -> RatioComparison:
    """Estimate Σ numerator / Σ denominator of both sides, and their difference.

    Items that lack one of the metrics on one side are left out and counted. Repeats are averaged
    inside the item, which leaves the ratio as it is where items have equally many.

    Args:
        name: of the ratio.
        numerator: shape (n,) on each side.
        denominator: of the same items.
    """
    known = ~np.isnan(
        [numerator.candidate, numerator.baseline, denominator.candidate, denominator.baseline]
    ).any(axis=0)
    above = numerator.candidate[known], numerator.baseline[known]
    below = denominator.candidate[known], denominator.baseline[known]
    cluster = None if numerator.cluster is None else numerator.cluster[known]
    reasons: list[str] = []

    def tried(what: str, make: Callable[[], Estimate]) -> Estimate | None:
        try:
            return make()
        except (NotEnoughData, DataError) as error:
            reasons.append(f"{what}: {error}")
            return None

    def one_side(side: int, what: str) -> Estimate | None:
        if not _any(below[side]):
            reasons.append(f"{what}: {denominator.metric} is 0 on every item: nothing to divide by")
            return None
        return tried(what, lambda: stats.ratio(above[side], below[side], cluster=cluster))

    candidate, baseline = one_side(0, "candidate"), one_side(1, "baseline")
    difference = None
    if candidate is not None and baseline is not None:
        difference = tried(
            "difference",
            lambda: stats.ratio_difference(above[0], below[0], above[1], below[1], cluster=cluster),
        )
    return RatioComparison(
        name=name,
        numerator=numerator.metric,
        denominator=denominator.metric,
        baseline=baseline,
        candidate=candidate,
        difference=difference,
        items=int(known.sum()),
        left_out=int((~known).sum()),
        reasons=tuple(dict.fromkeys(reasons)),
    )


def _any(values: NDArray[np.float64]) -> bool:
    return bool((values != 0).any())
