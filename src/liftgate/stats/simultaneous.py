"""Several shares of one sample at once, and the ranks that they allow."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from liftgate.errors import DataError, NotEnoughData
from liftgate.stats import inputs
from liftgate.stats.exact import ClopperPearson
from liftgate.stats.kinds import Alternative
from liftgate.stats.shown import Shown


@dataclass(frozen=True)
class Share(Shown):
    """One of several shares, with limits that hold for all of them at once."""

    low: float
    high: float


def simultaneous_shares(
    counts: Sequence[tuple[int, int]],
    n: int,
    *,
    comparisons: int | None = None,
    level: float = 0.95,
) -> tuple[Share, ...]:
    """Return limits for several shares of one sample that all hold together.

    Clopper and Pearson's exact limits (1934, Biometrika 26, 404–413), each at
    ``1 − (1 − level) / K`` by Bonferroni's inequality: at least ``level`` whatever the dependence
    between the categories, which may overlap. Goodman's limits for a multinomial (1965, On
    simultaneous confidence intervals for multinomial proportions, Technometrics 7, 247–254) are
    narrower, and only approximate where counts are small, which is where failures are coded.

    A count that is not known for sure is given by its least and largest value; the limits then hold
    whatever it is.

    Args:
        counts: of each category, the least and the largest number of units that belong to it.
        n: units in the sample, drawn independently.
        comparisons: K, at least as many as there are counts; more where other categories were
            looked for and not found. None: as many as there are counts.
        level: with which all limits hold together.

    Raises:
        NotEnoughData: no units.
        DataError: counts outside 0…n or the wrong way round; too few comparisons; a bad level.
    """
    alpha = 1 - inputs.check_level(level)
    if n < 1:
        raise NotEnoughData(f"n: got {n} units, expected at least 1")
    wanted = len(counts) if comparisons is None else comparisons
    if wanted < len(counts):
        raise DataError(f"comparisons: got {wanted} for {len(counts)} counts, expected as many")
    for least, most in counts:
        if not 0 <= least <= most <= n:
            raise DataError(f"counts: got ({least}, {most}), expected 0 ≤ least ≤ largest ≤ {n}")
    each = alpha / (2 * max(1, wanted))
    return tuple(
        Share(
            ClopperPearson(n, least).limit(Alternative.GREATER, each),
            ClopperPearson(n, most).limit(Alternative.LESS, each),
        )
        for least, most in counts
    )


def rank_ranges(intervals: Sequence[tuple[float, float]]) -> tuple[tuple[int, int], ...]:
    """Return for each quantity the best and the worst rank that its interval allows; 1 is largest.

    Where the intervals hold together at some level, so do the ranges of all ranks (Klein, Wright &
    Wieczorek 2020, A joint confidence region for an overall ranking of populations, Journal of the
    Royal Statistical Society C 69, 589–606): a quantity is surely
    behind those whose lower limit lies above its upper one, and surely before those whose upper
    limit lies below its lower one.

    Args:
        intervals: (low, high) of every quantity that is ranked.

    Raises:
        DataError: an interval the wrong way round.
    """
    for low, high in intervals:
        if not low <= high:
            raise DataError(f"intervals: got ({low}, {high}), expected low ≤ high")
    count = len(intervals)
    return tuple(
        (
            1 + sum(other_low > high for other_low, _ in intervals),
            count - sum(other_high < low for _, other_high in intervals),
        )
        for low, high in intervals
    )
