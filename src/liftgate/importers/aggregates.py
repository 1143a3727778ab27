"""Holds the aggregates that a log states against the same recomputed from its rows.

This is bookkeeping on one log, by the recipe of the tool that wrote it; what is inferred from two
logs is the business of ``stats``.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from liftgate.importers.log import is_number
from liftgate.records import Check

_EQUAL = 1e-9


def check(metric: str, quantity: str, stated: Any, recomputed: float | None, why: str) -> Check:
    """Hold a stated aggregate against the recomputed one.

    Args:
        metric: ours.
        quantity: as the log calls it.
        stated: by the log; anything but a finite number counts as none.
        recomputed: by the tool's recipe, or None.
        why: said when the two differ or nothing was recomputed.
    """
    known = is_number(stated) and math.isfinite(stated)
    value = float(stated) if known else None
    if recomputed is not None and not math.isfinite(recomputed):
        recomputed = None
    same = value is not None and recomputed is not None and _near(value, recomputed)
    both_none = value is None and recomputed is None and is_number(stated)
    equal = same or both_none
    return Check(
        metric=metric,
        quantity=quantity,
        stated=value,
        recomputed=recomputed,
        equal=equal,
        why="" if equal else why,
    )


def _near(one: float, other: float) -> bool:
    return abs(one - other) <= _EQUAL * max(1.0, abs(one))


def mean(values: Sequence[float]) -> float:
    """Return the arithmetic mean; NaN of nothing."""
    return math.fsum(values) / len(values) if values else math.nan


def mean_error(values: Sequence[float]) -> float:
    """Return sd / √n with the n − 1 of a sample; 0 for fewer than two values, as the tools do."""
    if len(values) < 2:
        return 0.0
    middle = mean(values)
    squares = math.fsum((value - middle) ** 2 for value in values)
    return math.sqrt(squares / (len(values) - 1) / len(values))


def clustered_error(values: Sequence[float], clusters: Sequence[Any]) -> float:
    """Return the error of the mean from the sums of deviations in each cluster, times C / (C − 1).

    Source: Miller (2024), Adding error bars to evals, appendix A, with the correction for few
    clusters that inspect_ai applies.
    """
    middle = mean(values)
    sums: dict[Any, float] = {}
    for value, cluster in zip(values, clusters, strict=True):
        sums[cluster] = sums.get(cluster, 0.0) + value - middle
    if len(sums) < 2:
        return 0.0
    squares = math.fsum(total**2 for total in sums.values())
    return math.sqrt(squares * len(sums) / (len(sums) - 1)) / len(values)
