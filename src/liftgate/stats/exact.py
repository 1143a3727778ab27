"""Exact tests of binary scores at fixed n: their error stays at its level whatever the truth.

The paired test orders all tables of n pairs by the null-restricted score statistic T and takes the
largest probability, over every discordance, of a table at least as extreme (Barnard 1947,
Biometrika 34, 123–138; for matched pairs Berger & Sidik 2003, Exact unconditional tests for a 2 × 2
matched-pairs design, Statistical Methods in Medical Research 12, 91–108, for a null of 0, and Sidik
2003, Statistics in Medicine 22, 265–278, for a margin). Why that is a proof and not a
search:

1. T rises in the gained pairs, falls in the lost ones and falls in the tested difference δ. For
   k > 0, T ≥ k says that the restricted estimate of the discordance is at most
   s = δ² + (b − c − nδ)²/(nk²), which by concavity of the likelihood is
   b(1 + δ)/(s + δ) + c(1 − δ)/(s − δ) ≤ n. Where this holds with equality the derivatives of the
   left side in b, c and δ have the signs −, + and +; for k < 0 swap the arms. So "at least as
   extreme" is a staircase (``stats/staircase.py``), and its largest probability over all
   differences up to δ lies at δ.
2. Tested values lie on the grid of multiples of 1/2000. A null in between is tested at the next
   grid value, a larger null, so its p-value is at most a little too large.
3. The p-value of a null is the largest over the grid values up to it, so it never falls as the
   null grows; the limit is the end of the rejected ones. Grid values i … j are dismissed together:
   by 1, all their sets lie in {T at i ≥ T of the data at j}.
4. The discordance is sought within its own Clopper–Pearson limits of confidence 1 − 1e-6, and 1e-6
   is added to the p-value: the confidence-interval p-value of Berger & Boos 1994, JASA 89,
   1012–1016. The range is widened by as much as 1, 2 and 3 may move the discordance.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from liftgate.errors import NotEnoughData
from liftgate.stats.independent import Discordance, Proportion
from liftgate.stats.inputs import Codes, Range, Sample
from liftgate.stats.kinds import Alternative
from liftgate.stats.score import PairedScore, Wilson, paired_z
from liftgate.stats.staircase import TOLERANCE, close, supremum

MOST_PAIRS = 500
"""Above this the tables are too many to answer at once."""
GRID = 2000
"""Tested differences are multiples of 1/GRID."""
_SAME = 1e-9
"""Grid steps by which a null may pass a grid value through rounding alone; also that of T."""
_MISSED = 1e-6
"""Chance that the limits of the discordance miss it; part of every p-value."""
_FLOOR = 4 * TOLERANCE + _MISSED
"""The smallest p-value given: below it the bound says nothing more."""


@dataclass(frozen=True)
class PairedExact(Discordance):
    """The exact unconditional test of a difference of paired proportions.

    Args:
        n: pairs, at most ``MOST_PAIRS``.
        gained: pairs in which only the candidate is 1.
        lost: pairs in which only the baseline is 1.
    """

    @property
    def se(self) -> float:
        """Standard error of the score test, for planning."""
        return PairedScore(self.n, self.gained, self.lost).se

    def tail(self, null: float, alternative: Alternative) -> float:
        """Return the one-sided p-value of a difference strictly between −1 and 1.

        At least 5e-6; from one half on it is rounded up to three decimals.
        """
        if alternative is Alternative.LESS:
            return self._mirrored().tail(-null, Alternative.GREATER)
        top = math.ceil(GRID * null - _SAME)
        if top >= GRID:
            return 1.0
        largest = self._p(top, top, 0.0)

        def dismiss(first: int, last: int) -> bool:
            nonlocal largest
            p = self._p(first, last, largest)
            if first == last:
                largest = max(largest, p)
            return p <= largest

        _each_below(top, dismiss)
        return largest

    def limit(self, alternative: Alternative, alpha: float) -> float:
        """Return the one-sided limit at ``alpha``: every null on its far side is rejected."""
        if alternative is Alternative.LESS:
            return -self._mirrored().limit(Alternative.GREATER, alpha)
        lowest_kept = self._kept_near(alpha)

        def dismiss(first: int, last: int) -> bool:
            nonlocal lowest_kept
            rejected = self._p(first, last, alpha, decide=True) <= alpha
            if first == last and not rejected:
                lowest_kept = first
            return rejected or first == last

        _each_below(lowest_kept, dismiss)
        if lowest_kept == 1 - GRID:
            return -1.0
        # A null that equals a grid value up to rounding is rejected with it.
        return (lowest_kept - 1 + _SAME) / GRID

    def warn(self, _alpha: float) -> tuple[str, ...]:
        """No warning: the level holds at any n and discordance."""
        return ()

    def _kept_near(self, alpha: float) -> int:
        """Return a grid value that is kept, its left neighbour rejected or the lowest there is."""
        guess = PairedScore(self.n, self.gained, self.lost).limit(Alternative.GREATER, alpha)
        kept, step = max(math.ceil(GRID * guess), 1 - GRID), 1
        rejected = kept - 1
        while not self._keeps(kept, alpha):
            rejected, kept, step = kept, min(kept + step, GRID), 2 * step
        step = 1
        while rejected > -GRID and self._keeps(rejected, alpha):
            kept, rejected, step = rejected, max(rejected - step, -GRID), 2 * step
        while kept - rejected > 1:
            middle = (kept + rejected) // 2
            if self._keeps(middle, alpha):
                kept = middle
            else:
                rejected = middle
        return kept

    def _keeps(self, at: int, alpha: float) -> bool:
        return at >= GRID or self._p(at, at, alpha, decide=True) > alpha

    def _p(self, first: int, last: int, level: float, *, decide: bool = False) -> float:
        """Return an upper bound of the p-values of the grid values first … last.

        Args:
            first: as a multiple of 1/GRID.
            last: the same; where it equals ``first`` the bound is the p-value itself.
            level: what is above it needs no sharper bound where several values are asked about.
            decide: for one value, too, only the side of ``level`` on which it lies matters.
        """
        n, one = self.n, first == last
        extreme = float(paired_z(n, np.asarray(self.gained), np.asarray(self.lost), last / GRID))
        least = _at_least(n, extreme, first / GRID)
        # ``low`` and ``high`` agree with what _rounded_up adds.
        low = level - TOLERANCE - _MISSED
        high = math.inf if one and not decide else low
        span = self._discordance((last - first + 1) / GRID)
        found = supremum(least, last / GRID, span, low=low, high=high)
        if found.seen > high:
            return 1.0
        return _rounded_up(found.seen if one else found.bound)

    def _discordance(self, widened: float) -> Range:
        """Return the limits of the discordance, widened on either side."""
        counted = ClopperPearson(self.n, self.gained + self.lost)
        low = counted.limit(Alternative.GREATER, _MISSED / 2)
        high = counted.limit(Alternative.LESS, _MISSED / 2)
        return (max(0.0, low - widened), min(1.0, high + widened))

    def _mirrored(self) -> PairedExact:
        return PairedExact(self.n, self.lost, self.gained)


@dataclass(frozen=True)
class ClopperPearson(Proportion):
    """The exact binomial test of one proportion (Clopper & Pearson 1934, Biometrika 26, 404–413).

    Args:
        n: items.
        ones: items that scored 1.
    """

    @property
    def se(self) -> float:
        """Standard error with one success and one failure added, for planning."""
        return Wilson(self.n, self.ones).se

    def tail(self, null: float, alternative: Alternative) -> float:
        """Return the binomial probability of at least, or at most, as many ones."""
        from scipy.special import betainc

        if alternative is Alternative.LESS:
            return ClopperPearson(self.n, self.n - self.ones).tail(1 - null, Alternative.GREATER)
        if self.ones == 0:
            return 1.0
        return float(betainc(self.ones, self.n - self.ones + 1, null))

    def limit(self, alternative: Alternative, alpha: float) -> float:
        """Return the one-sided limit at ``alpha``, a quantile of a beta distribution."""
        from scipy.special import betaincinv

        if alternative is Alternative.LESS:
            return 1.0 - ClopperPearson(self.n, self.n - self.ones).limit(
                Alternative.GREATER, alpha
            )
        if self.ones == 0:
            return 0.0
        return float(betaincinv(self.ones, self.n - self.ones + 1, alpha))

    def warn(self, _alpha: float) -> tuple[str, ...]:
        """No warning: the level holds at any n."""
        return ()


def paired_exact(sample: Sample) -> PairedExact:
    """Return the family of exact tests for differences in {−1, 0, 1}.

    Raises:
        NotEnoughData: more than 500 pairs.
    """
    n = int(sample.values.size)
    if n > MOST_PAIRS:
        raise NotEnoughData(
            f"got {n} pairs of binary scores, expected at most {MOST_PAIRS} for the exact "
            "unconditional test",
            hint="Above that leave out guarantee=True: from 50 pairs the score test's measured "
            "one-sided error is at most 5.6 % at 5 %; or declare the scores graded in (0, 1) and "
            "take the betting bound.",
        )
    gained = int(np.count_nonzero(sample.values > 0))
    return PairedExact(n, gained, int(np.count_nonzero(sample.values)) - gained)


def clopper_pearson(sample: Sample) -> ClopperPearson:
    """Return the family of exact tests for scores in {0, 1}."""
    return ClopperPearson(int(sample.values.size), int(np.count_nonzero(sample.values)))


def _each_below(top: int, dismiss: Callable[[int, int], bool]) -> None:
    """Walk down the grid from below ``top`` in ever wider steps, narrower where one fails."""
    last, width = top - 1, 1
    while last > -GRID:
        first = max(last - width + 1, 1 - GRID)
        if dismiss(first, last) or first == last:
            last, width = first - 1, 2 * width
        else:
            width = max(1, (last - first + 1) // 2)


def _rounded_up(supremum_seen: float) -> float:
    """Return a p-value that is an upper bound, and the same for all that is as good as certain."""
    p = supremum_seen + TOLERANCE + _MISSED
    if supremum_seen <= 0.5:
        return max(_FLOOR, p)
    return min(1.0, math.ceil(1000 * p) / 1000)


def _at_least(n: int, extreme: float, null: float) -> Codes:
    """Return the staircase of the tables whose statistic at ``null`` is at least ``extreme``.

    Equal statistics count, and so do those that rounding alone tells apart.
    """
    threshold = extreme - _SAME * max(1.0, abs(extreme))
    discordant = np.arange(n + 1)
    low, high = np.zeros(n + 1, dtype=np.int64), discordant + 1
    for _ in range(int(n + 1).bit_length()):
        middle = np.minimum((low + high) // 2, discordant)
        inside = paired_z(n, middle, discordant - middle, null) >= threshold
        done = low >= high
        high = np.where(inside & ~done, middle, high)
        low = np.where(inside | done, low, middle + 1)
    return close(high)
