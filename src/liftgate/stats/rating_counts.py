"""How many raters gave each category to each item: what measures of agreement are made of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from liftgate.errors import DataError, NotEnoughData
from liftgate.stats.inputs import Codes, Floats, array_of, labels
from liftgate.stats.shown import Shown

_WIDEST = 1024
"""Whole numbers within so narrow a range are counted without sorting them."""

_EXACT = 2.0**52

_FEW = 16
"""Categories up to which products of all pairs of them are cheap."""
_BLOCK = 1 << 15
"""Ratings or counts that are gone through at a time, so that they stay in the cache."""


@dataclass(frozen=True, eq=False)
class RatingCounts(Shown):
    """Counts of ratings.

    Args:
        counts: shape (items, categories).
        names: shape (categories,), numbers or texts.
        raters: columns of the table of ratings; None: not known, such as counts from elsewhere.
        ordered: whether the order of the categories was declared.
    """

    counts: Codes
    names: NDArray[Any]
    raters: int | None = None
    ordered: bool = False

    def __post_init__(self) -> None:
        """Refuse counts that cannot be.

        Raises:
            DataError: not whole numbers of 0 or more, or another number of columns than categories.
            NotEnoughData: no ratings at all.
        """
        object.__setattr__(self, "names", np.asarray(self.names))
        counts = np.asarray(self.counts)
        if counts.ndim != 2 or counts.dtype.kind not in "iu" or counts.min(initial=0) < 0:
            raise DataError("counts: expected whole numbers of 0 or more, items by categories")
        if counts.shape[1] != len(self.names):
            raise DataError(
                f"counts: got {counts.shape[1]} columns, expected one for each of "
                f"{len(self.names)} categories"
            )
        # Squares of small integers would not fit into their own type.
        object.__setattr__(self, "counts", counts.astype(np.int64, copy=False))
        if not self.ratings:
            raise NotEnoughData("counts: got no ratings, expected at least one")

    @cached_property
    def ratings(self) -> int:
        """Ratings in all."""
        return int(self.counts.sum())

    @cached_property
    def products(self) -> Floats:
        """Sums over items of n_c·n_k, the counts of two categories; shape (width, width)."""
        width = self.counts.shape[1]
        found = np.zeros((width, width))
        step = max(1, _BLOCK // width)
        for start in range(0, self.counts.shape[0], step):
            block = self.counts[start : start + step].astype(np.float64)
            # A copy: numpy takes three times as long to multiply an array by itself.
            found += block.T @ block.copy()
        return found

    @cached_property
    def even(self) -> int:
        """Ratings of each item, where all have equally many and categories are few; else 0."""
        items, width = self.counts.shape
        each, left = divmod(self.ratings, items)
        if left or width > _FEW:
            return 0
        # All numbers are equal where the mean of their squares is the square of their mean.
        return each if self.products.sum() == items * each**2 else 0

    @cached_property
    def floats(self) -> Floats:
        """The counts for matrix products, which are much faster than sums over so short an axis."""
        return self.counts.astype(np.float64)

    @cached_property
    def totals(self) -> Floats:
        """Ratings of each item, shape (items,)."""
        return np.asarray(self.floats @ np.ones(self.counts.shape[1]))

    @cached_property
    def margins(self) -> Floats:
        """Ratings of each category, shape (categories,)."""
        if self.even:
            return np.asarray(self.products.sum(axis=0) / self.even)
        return np.asarray(np.einsum("ij->j", self.counts), dtype=np.float64)

    @property
    def numeric(self) -> bool:
        """Whether the categories are numbers."""
        return self.names.dtype.kind in "biuf"

    def numbers(self) -> Floats:
        """Return the categories as numbers, shape (categories,); raises DataError for texts."""
        if not self.numeric:
            raise DataError(
                f"ratings: got texts such as {str(self.names[0])!r}, expected numbers for the "
                "interval level of measurement",
                hint="Take nominal, or ordinal with the categories in order.",
            )
        return self.names.astype(np.float64)

    def pairable(self) -> RatingCounts:
        """Return the items with at least two ratings."""
        return self if self._with_pairs is None else self._with_pairs

    @cached_property
    def _with_pairs(self) -> RatingCounts | None:
        """The items with at least two ratings; None: all have them."""
        if self.even > 1 or self.totals.min() > 1:
            return None
        return replace(self, counts=self.counts[self.totals > 1])

    def patterns(self) -> tuple[Codes, Codes]:
        """Return the distinct rows of counts, and how many items have each."""
        base = int(self.counts.max(initial=0)) + 1
        width = self.counts.shape[1]
        if base**width < 2**62:
            keys = self.counts @ base ** np.arange(width, dtype=np.int64)
            first, repeats = np.unique(keys, return_index=True, return_counts=True)[1:]
            return self.counts[first], repeats.astype(np.int64)
        rows, repeats = np.unique(self.counts, axis=0, return_counts=True)
        return rows, repeats.astype(np.int64)

    def only_name(self) -> str:
        """Return the category that occurs, for messages when it is the only one."""
        return str(self.names[int(self.margins.argmax())])


@dataclass(frozen=True, eq=False)
class Ratings:
    """The cross table of two raters.

    Args:
        cells: shape (categories, categories), items with each pair of ratings.
        names: the categories that occur.
    """

    cells: Codes
    names: tuple[str, ...]


def value_counts(
    ratings: ArrayLike,
    *,
    item: ArrayLike | None = None,
    categories: Sequence[Any] | None = None,
) -> RatingCounts:
    """Count the ratings of each item by category.

    Args:
        ratings: shape (items, raters), numbers or texts; None or NaN where a rater gave none.
            With ``item``: shape (ratings,), one entry a rating.
        item: shape (ratings,), which item each rating is of; None: a table.
        categories: all that could be given, from low to high; None: those that occur, sorted.

    Raises:
        NotEnoughData: no ratings at all.
        DataError: not a table, infinite numbers, or a rating outside ``categories``.
    """
    table = array_of("ratings", ratings)
    if item is not None:
        return _listed(table, item, categories)
    if table.ndim != 2:
        raise DataError(
            f"ratings: got shape {table.shape}, expected a table of items by raters",
            hint="Give each item a row and each rater a column, empty where there is no rating.",
        )
    if table.size == 0:
        raise NotEnoughData("ratings: got none, expected items by raters")
    if categories is None and table.dtype.kind in "iufb":
        narrow = _narrow(table)
        if narrow is not None:
            return narrow
    given, values = _given(table)
    if not values.size:
        raise NotEnoughData("ratings: got an empty table, expected at least one rating")
    names, codes = _coded(values, categories)
    rows = np.flatnonzero(given) // table.shape[1]
    counts = np.bincount(rows * names.size + codes, minlength=table.shape[0] * names.size)
    return RatingCounts(
        counts.reshape(table.shape[0], names.size), names, table.shape[1], categories is not None
    )


def _listed(
    values: NDArray[Any], item: ArrayLike, categories: Sequence[Any] | None
) -> RatingCounts:
    if values.ndim != 1 or not values.size:
        raise DataError(
            f"ratings: got shape {values.shape} with item, expected one entry for each rating"
        )
    array = array_of("item", item)
    found = _dense(array) if array.shape == values.shape else None
    if found is None:
        found = labels("item", item, values.size)
    items, rows = found
    given, kept = _given(values)
    if not kept.size:
        raise NotEnoughData("ratings: got none, expected at least one")
    names, codes = _coded(kept, categories)
    size = items.size * names.size
    places = (rows if given.all() else rows[given]) * names.size + codes
    counts = np.bincount(places, minlength=size)
    return RatingCounts(counts.reshape(-1, names.size), names, ordered=categories is not None)


def counted(ratings: ArrayLike | RatingCounts) -> RatingCounts:
    """Return the counts of a table, or counts as they are. Raises as ``value_counts``."""
    return ratings if isinstance(ratings, RatingCounts) else value_counts(ratings)


def crossed(first: ArrayLike, second: ArrayLike) -> Ratings:
    """Return the cross table of the items that two raters both rated.

    Raises:
        DataError: not one-dimensional, lengths that differ, or infinite numbers.
    """
    ours, theirs = array_of("first", first), array_of("second", second)
    if ours.ndim != 1 or ours.shape != theirs.shape:
        raise DataError(
            f"second: got shape {theirs.shape} beside {ours.shape}, expected two raters' ratings "
            "of the same items"
        )
    given_ours, given_theirs = (_given(one)[0] for one in (ours, theirs))
    both = given_ours & given_theirs
    values = [_given(one[both])[1] for one in (ours, theirs)]
    names, codes = _coded(np.concatenate(values), None)
    width, n = names.size, int(both.sum())
    cells = np.bincount(codes[:n] * width + codes[n:], minlength=width * width)
    return Ratings(cells.reshape(width, width), tuple(str(name) for name in names))


def rating_codes(rating: ArrayLike, n: int) -> tuple[NDArray[Any], Codes]:
    """Return the categories in order, and the place of each rating's among them.

    Raises:
        DataError: another shape than (n,), or a missing or infinite rating.
    """
    values = array_of("rating", rating)
    if values.shape != (n,):
        raise DataError(f"rating: got shape {values.shape}, expected one entry for each rating")
    given, kept = _given(values)
    if not given.all():
        raise DataError(
            f"rating: got none at position {int(np.argmin(given))}, expected one in each row",
            hint="Leave out the rows without a rating.",
        )
    return _coded(kept, None)


def _narrow(table: NDArray[Any]) -> RatingCounts | None:
    """Count whole numbers of a narrow range, or return None where they are none."""
    numbers = table.astype(np.float64, copy=False)
    low, high = float(np.fmin.reduce(numbers, axis=None)), float(np.fmax.reduce(numbers, axis=None))
    if not high - low < _WIDEST or low != np.floor(low) or max(-low, high) > _EXACT:
        return None
    names, (items, raters) = np.arange(int(low), int(high) + 1), table.shape
    counts = np.empty((items, names.size), dtype=np.int64)
    step = max(1, _BLOCK // raters)
    for start in range(0, items, step):
        block = _tally(numbers[start : start + step], low, names.size)
        if block is None:
            return None
        counts[start : start + step] = block
    found = RatingCounts(counts, names, raters)
    seen = found.margins > 0
    return found if seen.all() else RatingCounts(counts[:, seen], names[seen], raters)


def _tally(numbers: Floats, low: float, width: int) -> Codes | None:
    """Count each whole number from ``low`` on in each row, or return None where some are not."""
    (items, raters), missing = numbers.shape, np.isnan(numbers)
    if missing.any():
        # Most cells of a pool of raters are empty: only those with a rating are looked at again.
        cells = np.flatnonzero(~missing)
        rows, given = cells // raters, np.take(numbers, cells)
    else:
        rows, given = np.repeat(np.arange(items), raters), numbers.ravel()
    shifted = given - low
    places = shifted.astype(np.int64)
    if not (places == shifted).all():
        return None
    return np.bincount(rows * width + places, minlength=items * width).reshape(items, width)


def _given(table: NDArray[Any]) -> tuple[NDArray[np.bool_], NDArray[Any]]:
    """Return where there are ratings, and these in order."""
    if table.dtype == object:
        # None and NaN are what differs from itself, or nothing.
        given = np.array([one is not None and one == one for one in table.ravel()], dtype=np.bool_)  # noqa: PLR0124
        values = np.array(list(table.ravel()[given]))
        if values.size and values.dtype.kind not in "iufb":
            values = values.astype(str)
        given = given.reshape(table.shape)
    else:
        given = ~np.isnan(table) if table.dtype.kind == "f" else np.ones(table.shape, np.bool_)
        values = table.ravel() if given.all() else table[given]
    if values.dtype.kind == "f" and np.isinf(values).any():
        raise DataError("ratings: got an infinite number, expected finite ones or nothing")
    return given, values


def _dense(values: NDArray[Any]) -> tuple[NDArray[Any], Codes] | None:
    """Code whole numbers without sorting, or return None where they are none or far apart."""
    if values.dtype.kind not in "iuf" or not values.size:
        return None
    low, high = float(values.min()), float(values.max())
    if not high - low < 4 * values.size + _WIDEST or abs(low) > _EXACT or abs(high) > _EXACT:
        return None
    places = values.astype(np.int64)
    if values.dtype.kind == "f" and not (places == values).all():
        return None
    places -= int(low)
    seen = np.bincount(places) > 0
    names = (np.flatnonzero(seen) + int(low)).astype(values.dtype)
    return names, places if seen.all() else (np.cumsum(seen) - 1)[places]


def _coded(
    values: NDArray[Any], categories: Sequence[Any] | None
) -> tuple[NDArray[Any], NDArray[np.int64]]:
    if categories is None:
        dense = _dense(values)
        if dense is not None:
            return dense
        names, codes = np.unique(values, return_inverse=True)
        return names, codes.astype(np.int64)
    names = np.asarray(categories)
    place = {name: at for at, name in enumerate(names.tolist())}
    if len(place) != names.size:
        raise DataError("categories: got one twice, expected each once")
    try:
        return names, np.array([place[value] for value in values.tolist()], dtype=np.int64)
    except KeyError as error:
        raise DataError(
            f"ratings: got {error.args[0]!r}, expected one of {', '.join(map(str, names))}",
            hint="Declare every category that a rater may give.",
        ) from error
