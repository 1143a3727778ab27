"""Which category an item has and how each rater errs, when nobody knows the truth.

The model of Dawid & Skene 1979, Applied Statistics 28, 20–28: item i has a true category j with
probability p_j, rater r says k of it with probability e_r(j, k), independently of the other raters.
EM from the shares of the votes:

    e_r(j, k) = Σ_i T_ij·[r says k of i] / Σ_i T_ij·[r rated i],   p_j = mean over i of T_ij
    T_ij      ∝ p_j · Π over the ratings of i of e_r(j, k)

until the log-likelihood stops rising. It finds a local maximum; raters who err together, such as
judges of one family, break the model, and two raters do not identify it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from liftgate.errors import DataError, NotEnoughData
from liftgate.stats.inputs import Codes, Floats, labels
from liftgate.stats.rating_counts import rating_codes
from liftgate.stats.shown import Shown

FEWEST_RATERS = 3
_LEAST = 1e-10
"""A probability below this is taken for it, so that one slip does not rule a category out."""
_RISE = 1e-10


@dataclass(frozen=True, eq=False, kw_only=True)
class Consensus(Shown):
    """What the raters' errors and their ratings say of the items; descriptive, no rule takes it."""

    items: tuple[str, ...]
    """Names of the items, sorted."""
    raters: tuple[str, ...]
    categories: tuple[str, ...]
    chances: Floats
    """Shape (items, categories): T, the chance of each category."""
    errors: Floats
    """Shape (raters, categories, categories): how often a rater says the second of the first."""
    shares: Floats
    """Shape (categories,): p."""
    rounds: int
    warnings: tuple[str, ...] = ()

    def category(self, place: int) -> str:
        """Return the most probable category of the item at a place."""
        return self.categories[int(self.chances[place].argmax())]


def dawid_skene(
    item: ArrayLike, rater: ArrayLike, rating: ArrayLike, *, most_rounds: int = 500
) -> Consensus:
    """Estimate items' categories and raters' error rates from ratings alone.

    Args:
        item: shape (n,), which item each rating is of.
        rater: shape (n,), who gave it.
        rating: shape (n,), the category, a number or a text.
        most_rounds: of EM; a warning says when they were not enough.

    Raises:
        NotEnoughData: no ratings, fewer than 3 raters, or one category in all ratings.
        DataError: lengths that differ, missing values, or two ratings of one item by one rater.
    """
    n = int(np.size(rating))
    if n == 0:
        raise NotEnoughData("rating: got none, expected at least one")
    if most_rounds < 1:
        raise DataError(f"most_rounds: got {most_rounds}, expected at least 1")
    items, i = labels("item", item, n)
    raters, r = labels("rater", rater, n)
    names, k = rating_codes(rating, n)
    _check(items, raters, names, i, r)
    sizes = (items.size, raters.size, names.size)
    chances = _votes(i, k, sizes)
    before = -np.inf
    warnings: tuple[str, ...] = (f"not settled after {most_rounds} rounds",)
    for rounds in range(1, most_rounds + 1):  # noqa: B007  # how many it took is reported
        shares = chances.mean(axis=0)
        errors = _errors(chances, (i, r, k), sizes)
        chances, reached = _chances(shares, errors, (i, r, k), sizes)
        if reached - before <= _RISE * abs(reached):
            warnings = ()
            break
        before = reached
    return Consensus(
        items=tuple(str(name) for name in items),
        raters=tuple(str(name) for name in raters),
        categories=tuple(str(name) for name in names),
        chances=chances,
        errors=errors,
        shares=shares,
        rounds=rounds,
        warnings=warnings,
    )


def _check(
    items: NDArray[Any], raters: NDArray[Any], names: NDArray[Any], i: Codes, r: Codes
) -> None:
    if raters.size < FEWEST_RATERS:
        raise NotEnoughData(
            f"rater: got {raters.size} raters, expected at least {FEWEST_RATERS}: with fewer the "
            "ratings do not say who errs",
            hint="Have another rater see the same items.",
        )
    if names.size < 2:
        raise NotEnoughData(f"rating: got {str(names[0])!r} only, expected two categories")
    pairs = np.bincount(i * raters.size + r)
    if pairs.max() > 1:
        twice = int(pairs.argmax())
        raise DataError(
            f"rating: got {pairs.max()} ratings of item {str(items[twice // raters.size])!r} by "
            f"rater {str(raters[twice % raters.size])!r}, expected one",
            hint="Keep the first, or give repeats another rater's name.",
        )


def _votes(i: Codes, k: Codes, sizes: tuple[int, int, int]) -> Floats:
    items, _, width = sizes
    counts = np.bincount(i * width + k, minlength=items * width).reshape(items, width)
    return np.asarray(counts / counts.sum(axis=1, keepdims=True))


def _errors(
    chances: Floats, codes: tuple[Codes, Codes, Codes], sizes: tuple[int, int, int]
) -> Floats:
    """Return e, shape (raters, true, said)."""
    i, r, k = codes
    _, raters, width = sizes
    cell = r * width + k
    said = np.stack(
        [np.bincount(cell, weights=chances[i, j], minlength=raters * width) for j in range(width)]
    ).reshape(width, raters, width)
    said = np.maximum(said, _LEAST)
    return np.asarray(np.moveaxis(said / said.sum(axis=2, keepdims=True), 0, 1))


def _chances(
    shares: Floats,
    errors: Floats,
    codes: tuple[Codes, Codes, Codes],
    sizes: tuple[int, int, int],
) -> tuple[Floats, float]:
    """Return T and the log-likelihood."""
    i, r, k = codes
    items, _, width = sizes
    logs = np.log(errors)
    joint = np.stack(
        [np.bincount(i, weights=logs[r, j, k], minlength=items) for j in range(width)], axis=1
    )
    joint += np.log(np.maximum(shares, _LEAST))
    top = joint.max(axis=1, keepdims=True)
    scaled = np.exp(joint - top)
    total = scaled.sum(axis=1, keepdims=True)
    return scaled / total, float(np.sum(top + np.log(total)))
