"""Agreement of raters who judge the same items: alpha, kappa, AC1, raw agreement, base rates.

Each coefficient compares the agreement seen with an idea of agreement by chance:

    Krippendorff's alpha   1 − D_o / D_e, disagreements weighted by the level of measurement
                           (Krippendorff 2004, Human Communication Research 30, 411–433; 2011)
    Cohen's kappa          two named raters, chance from each one's own shares (Cohen 1960,
                           Educational and Psychological Measurement 20, 37–46)
    Fleiss' kappa          any raters, chance Σ π² from the pooled shares π (Fleiss 1971,
                           Psychological Bulletin 76, 378–382; items with unequal numbers of
                           ratings as in Gwet 2014, Handbook of Inter-Rater Reliability, chapter 2)
    Gwet's AC1             chance Σ π·(1 − π) / (categories − 1) (Gwet 2008, British Journal of
                           Mathematical and Statistical Psychology 61, 29–48)

Where nearly all items belong to one category alpha and kappa fall although raters agree, and AC1
stays high: read them side by side, with the base rate.

All need only how many raters gave each category to each item. In a resample of items an item counts
as often as it is drawn, so that items with equal counts are drawn together: the multinomial counts
of a few patterns stand for all items (the item bootstrap; Efron 1979, Annals of Statistics 7,
1–26; for alpha Hayes & Krippendorff 2007, Communication Methods and Measures 1, 77–89, resample
pairs of ratings instead, which takes the pairs of one item for independent).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from liftgate.errors import DataError, NotEnoughData
from liftgate.stats import coefficients, inputs
from liftgate.stats.coefficients import Coefficient, Measurement
from liftgate.stats.inputs import Floats
from liftgate.stats.rating_counts import RatingCounts, counted, crossed
from liftgate.stats.shown import Shown

_BLOCK = 1 << 22
"""Numbers drawn at a time."""
_FEW_ITEMS = 50
_FEW_RARE = 20


@dataclass(frozen=True, kw_only=True)
class Agreement(Shown):
    """A coefficient and its item-bootstrap interval; descriptive, no rule takes it."""

    coefficient: str
    """E.g. ``Krippendorff's alpha, ordinal``."""
    value: float | None
    """None: cannot be told; ``reason`` says why."""
    low: float | None = None
    high: float | None = None
    """None: no interval was asked for, or none can be told."""
    level: float = 0.95
    items: int
    """Items that entered."""
    ratings: int
    """Ratings of these items."""
    draws: int = 0
    reason: str = ""
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class RaterReport(Shown):
    """The coefficients side by side: none of them is enough alone."""

    alpha: Agreement
    kappa: Agreement
    """Cohen's where the table has two raters, else Fleiss'."""
    ac1: Agreement
    raw: Agreement
    """Share of pairs of ratings of one item that agree."""
    base_rates: tuple[tuple[str, float], ...]
    """Each category and its share of all ratings, in the order of the categories."""


def krippendorff_alpha(
    ratings: ArrayLike | RatingCounts, measurement: Measurement | str = Measurement.NOMINAL
) -> float:
    """Return Krippendorff's alpha of a table of ratings.

    Args:
        ratings: shape (items, raters), None or NaN where a rater gave none; or ``value_counts``.
        measurement: nominal, ordinal or interval; the last needs numbers, ordinal takes texts in
            the order of ``value_counts(…, categories=…)``.

    Raises:
        NotEnoughData: no item with two ratings, one rater, or one category in all of them.
        DataError: no table, or values that make no sense.
    """
    table = counted(ratings)
    kind = _measurement(measurement, table)
    _refuse(f"Krippendorff's alpha, {kind.value}", coefficients.undefined_alpha(table, kind))
    return float(coefficients.ALPHAS[kind](coefficients.alpha_sums(table, kind)))


def fleiss_kappa(ratings: ArrayLike | RatingCounts) -> float:
    """Return Fleiss' kappa, for items with different numbers of ratings in Gwet's form.

    Args:
        ratings: as in ``krippendorff_alpha``.

    Raises:
        NotEnoughData: as ``krippendorff_alpha``.
        DataError: as ``krippendorff_alpha``.
    """
    return _known(
        coefficients.chance_corrected(counted(ratings), "Fleiss' kappa", coefficients.fleiss_chance)
    )


def gwet_ac1(ratings: ArrayLike | RatingCounts) -> float:
    """Return Gwet's AC1.

    Args:
        ratings: as in ``krippendorff_alpha``. Categories that could have been given but were not
            count: declare them by ``value_counts(…, categories=…)``.

    Raises:
        NotEnoughData: no item with two ratings, one rater, or only one category declared and seen.
        DataError: as ``krippendorff_alpha``.
    """
    return _known(
        coefficients.chance_corrected(counted(ratings), "Gwet's AC1", coefficients.gwet_chance)
    )


def raw_agreement(ratings: ArrayLike | RatingCounts) -> float:
    """Return the share of pairs of ratings that agree, averaged over the items with a pair.

    Args:
        ratings: as in ``krippendorff_alpha``.

    Raises:
        NotEnoughData: no item with two ratings, or one rater.
        DataError: as ``krippendorff_alpha``.
    """
    return _known(coefficients.raw(counted(ratings)))


def cohen_kappa(first: ArrayLike, second: ArrayLike) -> float:
    """Return Cohen's kappa of two named raters; items that either left out do not count.

    Args:
        first: shape (items,), ratings of one rater, None or NaN where there is none.
        second: shape (items,), of the other.

    Raises:
        NotEnoughData: no item that both rated, or one category in all their ratings.
        DataError: lengths that differ.
    """
    return _known(coefficients.cohen(crossed(first, second)))


def rater_report(
    ratings: ArrayLike | RatingCounts,
    measurement: Measurement | str = Measurement.NOMINAL,
    *,
    level: float = 0.95,
    draws: int = 2_000,
    seed: int = 0,
) -> RaterReport:
    """Return alpha, kappa, AC1 and raw agreement with item-bootstrap intervals, and base rates.

    A coefficient that these ratings leave undefined has value None and a reason.

    Args:
        ratings: as in ``krippendorff_alpha``. With two columns kappa is Cohen's.
        measurement: of alpha; kappa, AC1 and raw agreement are nominal.
        level: confidence of the intervals, which they reach only with many items: below 50 a
            warning says so.
        draws: resamples of items, at least 100; 0: no intervals.
        seed: of the draws; the same seed gives the same intervals.

    Raises:
        NotEnoughData: no ratings at all.
        DataError: no table, unknown measurement, fewer than 100 draws, a level outside (0, 1).
    """
    level = inputs.check_level(level)
    if draws and draws < 100:
        raise DataError(f"draws: got {draws}, expected 0 or at least 100")
    table = counted(ratings)
    kind = _measurement(measurement, table)
    if table.raters == 2 and not isinstance(ratings, RatingCounts):
        both = np.asarray(ratings)
        kappa = coefficients.cohen(crossed(both[:, 0], both[:, 1]))
    else:
        kappa = coefficients.chance_corrected(table, "Fleiss' kappa", coefficients.fleiss_chance)
    found = (
        coefficients.alpha(table, kind),
        kappa,
        coefficients.chance_corrected(table, "Gwet's AC1", coefficients.gwet_chance),
        coefficients.raw(table),
    )
    alpha, kappa_found, ac1, raw = (
        _with_interval(one, level=level, draws=draws, seed=seed, rare=_rare(table)) for one in found
    )
    shares = table.margins / table.margins.sum()
    return RaterReport(
        alpha=alpha,
        kappa=kappa_found,
        ac1=ac1,
        raw=raw,
        base_rates=tuple(
            (str(name), float(share)) for name, share in zip(table.names, shares, strict=True)
        ),
    )


def _refuse(name: str, undefined: str) -> None:
    if undefined:
        raise NotEnoughData(
            f"{name} cannot be told: {undefined}",
            hint="Have more items rated by at least two raters, drawn so that several categories "
            "occur.",
        )


def _known(found: Coefficient) -> float:
    _refuse(found.name, found.undefined)
    return float(found.value(found.repeats @ found.parts))


def _rare(table: RatingCounts) -> int:
    """Return how many items have any rating other than the most frequent category."""
    most = int(table.margins.argmax())
    return int(np.count_nonzero(table.floats[:, most] < table.totals))


def _with_interval(
    found: Coefficient, *, level: float, draws: int, seed: int, rare: int
) -> Agreement:
    items = int(found.repeats.sum())
    if found.undefined:
        return Agreement(
            coefficient=found.name,
            value=None,
            level=level,
            items=items,
            ratings=found.ratings,
            reason=found.undefined,
        )
    value = float(found.value(found.repeats @ found.parts))
    low = high = None
    warnings = []
    if draws:
        drawn = _resampled(found, draws, np.random.default_rng(seed))
        known = drawn[~np.isnan(drawn)]
        lost = draws - known.size
        if lost:
            warnings.append(f"undefined in {lost} of {draws} resamples, which are left out")
        if lost <= (1 - level) / 2 * draws:
            low, high = (float(x) for x in np.quantile(known, [(1 - level) / 2, (1 + level) / 2]))
        if items < _FEW_ITEMS:
            warnings.append(f"{items} items: below {_FEW_ITEMS} the interval is too narrow")
        elif rare < _FEW_RARE:
            warnings.append(
                f"only {rare} items have a rating other than the most frequent one: below "
                f"{_FEW_RARE} the interval is too narrow"
            )
        if known.size and known.min() == known.max():
            low = high = None
            warnings.append("every resample gives the same value: no interval can be told")
    return Agreement(
        coefficient=found.name,
        value=value,
        low=low,
        high=high,
        level=level,
        items=items,
        ratings=found.ratings,
        draws=draws,
        warnings=tuple(warnings),
    )


def _resampled(found: Coefficient, draws: int, rng: np.random.Generator) -> Floats:
    items, width = int(found.repeats.sum()), found.repeats.size
    values = np.empty(draws)
    step = max(1, _BLOCK // width)
    for start in range(0, draws, step):
        stop = min(draws, start + step)
        times = rng.multinomial(items, found.repeats / items, size=stop - start)
        values[start:stop] = found.value(times @ found.parts)
    return values


def _measurement(given: Measurement | str, table: RatingCounts) -> Measurement:
    try:
        found = Measurement(given)
    except ValueError as error:
        known = ", ".join(one.value for one in Measurement)
        raise DataError(f"measurement: got {given!r}, expected one of {known}") from error
    if found is Measurement.INTERVAL:
        table.numbers()
    elif found is Measurement.ORDINAL and not (table.ordered or table.numeric):
        raise DataError(
            "measurement: got ordinal for ratings that are texts, expected an order",
            hint="Name the categories from low to high: value_counts(ratings, categories=[…]).",
        )
    return found
