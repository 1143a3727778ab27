"""Betting tests of the mean of scores in a known range: level kept for any distribution, fixed n.

Waudby-Smith & Ramdas 2024 (JRSS B 86, 1–27), averaged as e-values may be (Vovk & Wang 2021, Annals
of Statistics 49, 1736–1754). Against the null "the mean is at most θ" a bettor starts with 1 and
stakes a share λ_i of the capital on item i; the capital

    K_n(θ) = Π (1 + λ_i(θ)·(x_i − θ)),   λ_i(θ) = min(λ̂_i, c / (θ − low))

is never negative, and where λ̂_i depends on earlier items only, its mean is at most 1 under the
null. So is the mean over several orders of the items, each fixed before the data, and by Markov's
inequality P(capital ≥ 1/α) ≤ α: the p-value is 1 / capital. The bets are their predictable plug-in
for a known n, aimed at the level 0.05, on scores rescaled to 0 … 1, with c = ¾:

    λ̂_i = √(2 log(1/0.05) / (n·v_{i−1})),  v_i = (¼ + Σ_{j≤i} (x_j − m_j)²) / (i + 1),
    m_i = (½ + Σ_{j≤i} x_j) / (i + 1)

Every factor falls as θ grows, λ̂ being free of θ: the capital is monotone in the null, and the
limit is where it crosses 1/α. The orders are fixed by n alone; the answer depends a little on the
order in which the items come, which must not have been chosen by their scores.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from liftgate.errors import NotEnoughData
from liftgate.stats.inputs import Codes, Floats, Range, Sample
from liftgate.stats.kinds import Alternative

_TARGET = 0.05
"""The level for which the bets are sized; the bound holds at every level."""
_CAUTION = 0.75
"""c: the share of the capital that the worst score can take."""
_MOST_ORDERS = 50
_FEWEST_ORDERS = 8
_ENTRIES = 200_000
"""Orders times items, above which fewer orders are taken; more items need them less."""
_SEED = 20240131
_HALVINGS = 60


@dataclass(frozen=True, eq=False)
class BettingBound:
    """The family of betting tests of one mean.

    Args:
        values: shape (n,), within ``bounds``, independent.
        bounds: the ends of the values.
    """

    values: Floats
    bounds: Range

    @property
    def value(self) -> float:
        """The mean."""
        return float(self.values.mean())

    @property
    def n(self) -> int:
        """Items."""
        return int(self.values.size)

    @property
    def clusters(self) -> int:
        """Items: each is its own unit."""
        return self.n

    @property
    def se(self) -> float | None:
        """None: the width is not a multiple of a standard error."""
        return None

    @property
    def df(self) -> float | None:
        """None: nothing is approximated."""
        return None

    def tail(self, null: float, alternative: Alternative) -> float:
        """Return 1 / capital, at most 1; 1 for every null on the estimate's far side."""
        if alternative is Alternative.LESS:
            return self._mirrored.tail(-null, Alternative.GREATER)
        if null >= self.value:
            return 1.0
        return math.exp(-max(0.0, self._log_capital(null)))

    def limit(self, alternative: Alternative, alpha: float) -> float:
        """Return the one-sided limit at ``alpha``, by bisection."""
        if alternative is Alternative.LESS:
            return -self._mirrored.limit(Alternative.GREATER, alpha)
        rejected, kept = self.bounds[0], self.value
        for _ in range(_HALVINGS):
            middle = (rejected + kept) / 2
            if middle in {rejected, kept}:
                break
            if self.tail(middle, Alternative.GREATER) <= alpha:
                rejected = middle
            else:
                kept = middle
        return rejected

    def warn(self, _alpha: float) -> tuple[str, ...]:
        """No warning: the level holds at any n and for any distribution."""
        return ()

    def _log_capital(self, null: float) -> float:
        """Return the log of the mean capital over the orders."""
        low, high = self.bounds
        share = (null - low) / (high - low)
        ordered, bets = self._played
        stakes = np.minimum(bets, _CAUTION / share)
        grown = np.sum(np.log1p(stakes * (ordered - share)), axis=1)
        return float(np.logaddexp.reduce(grown) - math.log(grown.size))

    @cached_property
    def _played(self) -> tuple[Floats, Floats]:
        """Return the rescaled values in each order and the bets on them, shape (orders, n)."""
        low, high = self.bounds
        ordered = ((self.values - low) / (high - low))[_orders(self.n)]
        seen = np.arange(1, self.n + 1)
        means = (0.5 + np.cumsum(ordered, axis=1)) / (seen + 1)
        spread = (0.25 + np.cumsum((ordered - means) ** 2, axis=1)) / (seen + 1)
        before = np.column_stack([np.full(ordered.shape[0], 0.25), spread[:, :-1]])
        return ordered, np.sqrt(2 * math.log(1 / _TARGET) / (self.n * before))

    @cached_property
    def _mirrored(self) -> BettingBound:
        return replace(self, values=-self.values, bounds=(-self.bounds[1], -self.bounds[0]))


def betting_bound(sample: Sample) -> BettingBound:
    """Return the family of betting tests for scores, differences or contrasts in a range.

    Raises:
        NotEnoughData: the values have no declared ends.
    """
    if sample.bounds is None:
        raise NotEnoughData(
            "got values without a declared range, expected score_range=(low, high): no bound on "
            "the mean of unbounded scores can be guaranteed",
            hint="Declare the range that the scores have by their nature, or leave out "
            "guarantee=True.",
        )
    return BettingBound(sample.values, sample.bounds)


def _orders(n: int) -> Codes:
    """Return orders of n items, shape (orders, n), that depend on n alone."""
    count = min(_MOST_ORDERS, max(_FEWEST_ORDERS, _ENTRIES // n))
    # The raw stream of a bit generator never changes between numpy versions; shuffles may.
    raw = np.random.PCG64(_SEED).random_raw(count * n).reshape(count, n)
    return np.argsort(raw, axis=1, kind="stable")
