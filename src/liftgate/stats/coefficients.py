"""Coefficients of agreement as functions of sums over items, so that items can be resampled."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from liftgate.errors import DataError
from liftgate.stats.inputs import Codes, Floats
from liftgate.stats.rating_counts import RatingCounts, Ratings

_MOST_COLUMNS = 4096
"""Squared number of categories up to which pairs of categories are resampled."""


class Measurement(StrEnum):
    """What the distance of two categories means."""

    NOMINAL = "nominal"
    """Equal or not."""
    ORDINAL = "ordinal"
    """The order counts; distances are taken in ranks."""
    INTERVAL = "interval"
    """Differences of the numbers count."""


@dataclass(frozen=True, eq=False)
class Coefficient:
    """A function of sums over items, so that a resample needs only how often each item is in it.

    Args:
        name: for people.
        parts: shape (patterns, columns): what one item of a pattern adds to the sums.
        repeats: shape (patterns,): items of each pattern.
        ratings: in all these items.
        value: sums of shape (…, columns) -> values of shape (…); NaN where undefined.
        undefined: why it is undefined for the whole table, if it is.
    """

    name: str
    parts: Floats
    repeats: Codes
    ratings: int
    value: Callable[[Floats], Floats]
    undefined: str


def alpha(table: RatingCounts, kind: Measurement) -> Coefficient:
    """Return alpha: the columns are what an item adds to the coincidences of two categories."""
    name, undefined = f"Krippendorff's alpha, {kind.value}", undefined_alpha(table, kind)
    if undefined:
        return _undefined(name, table.totals, undefined)
    counts, repeats = table.pairable().patterns()
    m = counts.sum(axis=1)
    if kind is Measurement.ORDINAL:
        parts = _pairs(counts, m)
    elif kind is Measurement.INTERVAL:
        parts = np.column_stack(_spreads(counts, m, table.numbers()))
    else:
        own = np.einsum("ij,ij->i", counts, counts)
        parts = np.column_stack([(m * m - own) / (m - 1), counts])
    return Coefficient(name, parts, repeats, int(repeats @ m), ALPHAS[kind], "")


def undefined_alpha(table: RatingCounts, kind: Measurement) -> str:
    """Return why alpha is undefined, or an empty text.

    Raises:
        DataError: too many different values for the ordinal level of measurement.
    """
    width = table.counts.shape[1]
    if kind is Measurement.ORDINAL and width * width > _MOST_COLUMNS:
        raise DataError(
            f"ratings: got {width} different values, expected at most "
            f"{int(_MOST_COLUMNS**0.5)} ordered categories",
            hint="Take the measurement for interval, or join categories.",
        )
    undefined = _too_few(table)
    if not undefined and np.count_nonzero(table.pairable().margins) < 2:
        undefined = f"all ratings say {table.only_name()!r}"
    return undefined


def alpha_sums(table: RatingCounts, kind: Measurement) -> Floats:
    """Return the sums over items of what ``alpha`` resamples, by matrix products alone."""
    kept = table.pairable()
    if kept.even:
        return _even_sums(kept, kind)
    counts, m, margins = kept.floats, kept.totals, kept.margins
    if kind is Measurement.INTERVAL:
        return np.array([part.sum() for part in _spreads(counts, m, kept.numbers())])
    if kind is Measurement.ORDINAL:
        return np.append(counts.T @ (counts / (m - 1)[:, None]), margins)
    each = np.einsum("ij,ij->i", counts, counts)
    # No product of two long vectors: where threads are busy elsewhere, BLAS waits for them.
    return np.append(np.sum((m * m - each) / (m - 1)), margins)


def _even_sums(kept: RatingCounts, kind: Measurement) -> Floats:
    """Return the sums of ``alpha_sums`` where m is one number: products of counts hold them all."""
    products, margins = kept.products, kept.margins
    if kind is Measurement.NOMINAL:
        # Of whole numbers, so that raters who always agree leave nothing.
        return np.append((products.sum() - np.trace(products)) / (kept.even - 1), margins)
    pairs = products / (kept.even - 1)
    if kind is Measurement.ORDINAL:
        return np.append(pairs, margins)
    numbers = _centred(kept.numbers())
    seen = np.sum(pairs * (numbers[:, None] - numbers) ** 2)
    return np.array([seen, margins.sum(), margins @ numbers, margins @ numbers**2])


def _centred(numbers: Floats) -> Floats:
    """Return the numbers around their middle, so that large ones lose no digits."""
    return np.asarray(numbers - numbers.mean())


def _spreads(
    counts: Codes | Floats, m: Codes | Floats, numbers: Floats
) -> tuple[Codes | Floats, ...]:
    """Return what an item with m ratings of sum s and square sum q adds, each of shape (items,).

    2·(m·q − s²)/(m − 1) to the disagreement seen; m, s and q to what is expected.
    """
    centred = _centred(numbers)
    sums, squares = counts @ centred, counts @ centred**2
    return 2 * (m * squares - sums**2) / (m - 1), m, sums, squares


def _pairs(counts: Codes, m: Codes) -> Floats:
    """Return n_c·n_k/(m − 1) of each item with the counts themselves, shape (items, C² + C)."""
    outer = counts[:, :, None] * counts[:, None, :] / (m - 1)[:, None, None]
    return np.concatenate([outer.reshape(m.size, -1), counts], axis=1)


def _nominal_alpha(sums: Floats) -> Floats:
    seen, margins = sums[..., 0], sums[..., 1:]
    n = margins.sum(axis=-1)
    return _one_less(seen * (n - 1), n**2 - np.sum(margins**2, axis=-1))


def _interval_alpha(sums: Floats) -> Floats:
    seen, n, first, second = np.moveaxis(sums, -1, 0)
    expected = 2 * (n * second - first**2)
    return _one_less(seen * (n - 1), np.where(expected > 1e-12 * n * second, expected, 0.0))


def _ordinal_alpha(sums: Floats) -> Floats:
    """Return alpha with distances of mid-ranks.

    They are Krippendorff's: the frequencies between two categories and half of their own.
    """
    width = int(np.sqrt(sums.shape[-1]))
    margins = sums[..., width * width :]
    pairs = sums[..., : width * width].reshape(*margins.shape, width)
    ranks = np.cumsum(margins, axis=-1) - margins / 2
    distance = (ranks[..., :, None] - ranks[..., None, :]) ** 2
    seen = np.sum(pairs * distance, axis=(-2, -1))
    expected = np.einsum("...i,...ij,...j->...", margins, distance, margins)
    return _one_less(seen * (margins.sum(axis=-1) - 1), expected)


ALPHAS: dict[Measurement, Callable[[Floats], Floats]] = {
    Measurement.NOMINAL: _nominal_alpha,
    Measurement.ORDINAL: _ordinal_alpha,
    Measurement.INTERVAL: _interval_alpha,
}


def _one_less(part: Floats, whole: Floats) -> Floats:
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(np.where(whole > 0, 1 - part / whole, np.nan))


def chance_corrected(
    table: RatingCounts, name: str, chance: Callable[[Floats], Floats]
) -> Coefficient:
    """Return (p_a − p_e) / (1 − p_e), the shares π over all items, p_a over those with a pair."""
    undefined, margins = _too_few(table), table.margins
    # A category that nobody gave says nothing to kappa; AC1 counts it.
    seen = margins.size if chance is gwet_chance else np.count_nonzero(margins)
    if not undefined and seen < 2:
        undefined = f"all ratings say {table.only_name()!r}"
    if undefined:
        return _undefined(name, table.totals, undefined)
    counts, repeats = table.patterns()
    m = counts.sum(axis=1)
    parts = np.column_stack(
        [_agreeing(counts, m), m > 1, m > 0, counts / np.maximum(m, 1)[:, None]]
    )

    def value(sums: Floats) -> Floats:
        with np.errstate(divide="ignore", invalid="ignore"):
            agreed = sums[..., 0] / sums[..., 1]
            by_chance = chance(sums[..., 3:] / sums[..., 2:3])
            return _one_less(1 - agreed, 1 - by_chance)

    return Coefficient(name, parts, repeats, int(repeats @ m), value, "")


def fleiss_chance(shares: Floats) -> Floats:
    """Return Σ π², exactly 1 where one category has all; shape (…, categories) -> (…)."""
    found = np.sum(shares**2, axis=-1)
    return np.asarray(np.where(shares.max(axis=-1) > 1 - 1e-12, 1.0, found))


def gwet_chance(shares: Floats) -> Floats:
    """Return Σ π·(1 − π) / (categories − 1); shape (…, categories) -> (…)."""
    return np.asarray(np.sum(shares * (1 - shares), axis=-1) / (shares.shape[-1] - 1))


def raw(table: RatingCounts) -> Coefficient:
    """Return the share of pairs of ratings that agree, over the items with a pair."""
    undefined = _too_few(table)
    if undefined:
        return _undefined("raw agreement", table.totals, undefined)
    counts, repeats = table.pairable().patterns()
    m = counts.sum(axis=1)
    parts = np.column_stack([_agreeing(counts, m), np.ones_like(m)])
    return Coefficient(
        "raw agreement", parts, repeats, int(repeats @ m), lambda s: s[..., 0] / s[..., 1], ""
    )


def _agreeing(counts: Codes, m: Codes) -> Floats:
    """Return the share of an item's pairs of ratings that agree; 0 without a pair."""
    own = np.einsum("ij,ij->i", counts, counts)
    return np.asarray((own - m) / np.maximum(m * (m - 1), 1), dtype=np.float64)


def cohen(both: Ratings) -> Coefficient:
    """Return kappa: the columns are the cells of the raters' cross table."""
    cells, names = both.cells, both.names
    width = len(names)
    m = np.full(int(cells.sum()), 2)
    if not m.size:
        return _undefined("Cohen's kappa", m, "no item was rated by both")
    if width < 2:
        return _undefined("Cohen's kappa", m, f"all ratings say {names[0]!r}")
    seen = np.flatnonzero(cells.ravel())
    parts = np.zeros((seen.size, width * width))
    parts[np.arange(seen.size), seen] = 1.0

    def value(sums: Floats) -> Floats:
        table = sums.reshape(*sums.shape[:-1], width, width)
        n = table.sum(axis=(-2, -1))
        agreed = np.trace(table, axis1=-2, axis2=-1) / n
        chance = np.sum(table.sum(axis=-1) * table.sum(axis=-2), axis=-1) / n**2
        return _one_less(1 - agreed, np.where(chance > 1 - 1e-12, 0.0, 1 - chance))

    return Coefficient("Cohen's kappa", parts, cells.ravel()[seen], 2 * m.size, value, "")


def _too_few(table: RatingCounts) -> str:
    if table.raters == 1:
        return "there is one rater"
    return "" if table.even > 1 or table.totals.max() > 1 else "no item has two ratings"


def _undefined(name: str, m: Codes | Floats, why: str) -> Coefficient:
    empty = np.zeros((m.size, 1))
    ones = np.ones(m.size, dtype=np.int64)
    return Coefficient(name, empty, ones, int(m.sum()), lambda sums: sums[..., 0], why)
