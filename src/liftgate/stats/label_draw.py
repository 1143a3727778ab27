"""Which items people label: chances of being drawn, and a draw that keeps them exactly.

Any chances give an unbiased estimate as long as they are stored and above 0; chances in proportion
to how much an item's label may differ from what the judge says give the narrowest interval (Neyman
1934, Journal of the Royal Statistical Society 97, 558–625; with a model's predictions Zrnic &
Candès 2024, "Active statistical inference"). They are mixed with equal chances, so that no weight
is more than 1 / ``even`` times that of an even draw. The draw is systematic over items in random
order (Madow 1949, Annals of Mathematical Statistics 20, 333–354): of fixed size, each item with
exactly its chance.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from liftgate.errors import DataError
from liftgate.stats.inputs import Floats, scores


def label_chances(size: ArrayLike, labels: int, *, even: float = 0.5) -> Floats:
    """Return the chance with which each item is drawn; they sum to ``labels``.

    Args:
        size: shape (N,), how uncertain each item's label is, 0 or more.
        labels: items to draw, 1 … N.
        even: share of the draw that is even, above 0 and at most 1; 1: all chances alike.

    Raises:
        DataError: a negative size, labels outside 1 … N, a share outside (0, 1].
    """
    found = scores("size", size)
    if (found < 0).any():
        place = int(np.flatnonzero(found < 0)[0])
        raise DataError(f"size: got {found[place]:g} at position {place}, expected 0 or more")
    if not 1 <= labels <= found.size:
        raise DataError(f"labels: got {labels}, expected 1 to {found.size}, the locked items")
    if not (math.isfinite(even) and 0 < even <= 1):
        raise DataError(f"even: got {even!r}, expected a share above 0 and at most 1")
    total = float(found.sum())
    flat = np.full(found.size, labels / found.size)
    if total == 0:
        return flat
    return _capped(even * flat + (1 - even) * labels * found / total, labels)


def systematic_draw(chance: ArrayLike, *, seed: int) -> NDArray[np.int64]:
    """Return the positions of the drawn items, in their order.

    Args:
        chance: shape (N,), each in (0, 1]; their sum is a whole number.
        seed: of the order and the start; the same seed draws the same items.

    Raises:
        DataError: chances outside (0, 1], or a sum that is not whole.
    """
    found = scores("chance", chance)
    if (found <= 0).any() or (found > 1 + 1e-9).any():
        raise DataError("chance: got a number outside (0, 1]")
    total = float(found.sum())
    labels = round(total)
    if abs(total - labels) > 1e-6:
        raise DataError(f"chance: got a sum of {total:g}, expected a whole number of labels")
    rng = np.random.default_rng(seed)
    order = rng.permutation(found.size)
    ends = np.cumsum(found[order])
    ends[-1] = labels
    points = rng.uniform() + np.arange(labels)
    return np.sort(order[np.searchsorted(ends, points, side="right")])


def _capped(chance: Floats, labels: int) -> Floats:
    """Give what exceeds 1 to the others, in proportion."""
    sure = np.zeros(chance.size, dtype=bool)
    while bool((chance[~sure] > 1).any()):
        sure |= chance >= 1
        chance = np.where(sure, 1.0, chance)
        rest = float(chance[~sure].sum())
        chance = np.where(sure, 1.0, chance * (labels - int(sure.sum())) / rest)
    return chance
