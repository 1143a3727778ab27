"""Repeats of an item joined by what is asked of them: their mean, one success of k, or k of k."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from liftgate import stats
from liftgate.errors import DataError
from liftgate.records import Scale, ScoreKind, Tries

Floats = NDArray[np.float64]


def is_right_or_wrong(scale: Scale) -> bool:
    """Say whether scores are 0 and 1, with 1 the better."""
    binary = scale.kind is ScoreKind.BINARY and (scale.low, scale.high) == (0.0, 1.0)
    return binary and scale.higher_is_better


def check_scale(metric: str, tries: Tries, scale: Scale) -> None:
    """Refuse to ask about tries of what is not right or wrong.

    Raises:
        DataError: the scale is not 0 and 1 with 1 the better.
    """
    if not is_right_or_wrong(scale):
        raise DataError(
            f"{metric}: {tries.text} is about tries that succeed or fail; expected scores of 0 "
            f"and 1 with 1 the better, got {scale.kind.value} ones"
            + ("" if scale.higher_is_better else " of which lower is better"),
        )


def of_items(successes: Floats, repeats: NDArray[np.int64] | int, tries: Tries) -> Floats:
    """Return each item's unbiased estimate; NaN where a repeat has no score.

    Args:
        successes: shape (items,), how many repeats succeeded; NaN: some have no score.
        repeats: shape (items,) or one number: how many there are.
        tries: what is asked.

    Raises:
        NotEnoughData: an item with fewer repeats than k.
    """
    known = ~np.isnan(successes)
    found = stats.of_tries(np.where(known, successes, 0.0), repeats, tries.k, joined=tries.joined)
    return np.where(known, found, np.nan)
