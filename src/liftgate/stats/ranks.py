"""Order statistics: tests and limits of a quantile that hold for any distribution.

The number of values on one side of the true quantile is binomial, so the tests are exact and the
limits are observed values (David & Nagaraja 2003, Order Statistics, section 7.1). With ties they
are conservative: a value equal to the null counts for neither side.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from liftgate.errors import NotEnoughData
from liftgate.stats.inputs import Floats, Sample
from liftgate.stats.kinds import Alternative


@dataclass(frozen=True, eq=False)
class RankTest:
    """The family of sign tests of one quantile.

    Args:
        ordered: shape (n,), sorted ascending; the values are independent.
        quantile: in (0, 1).
    """

    ordered: Floats
    quantile: float

    @property
    def value(self) -> float:
        """The smallest value with at least the share ``quantile`` at or below it.

        For the median of an even number: the midpoint of the two middle values.
        """
        n = self.n
        if self.quantile == 0.5 and n % 2 == 0:
            return float((self.ordered[n // 2 - 1] + self.ordered[n // 2]) / 2)
        rank = math.ceil(round(n * self.quantile, 9))
        return float(self.ordered[min(max(rank, 1), n) - 1])

    @property
    def n(self) -> int:
        """Values."""
        return int(self.ordered.size)

    @property
    def clusters(self) -> int:
        """Values: each is its own unit."""
        return self.n

    @property
    def se(self) -> float | None:
        """None: a rank test has no standard error."""
        return None

    @property
    def df(self) -> float | None:
        """None: the reference distribution is binomial."""
        return None

    def tail(self, null: float, alternative: Alternative) -> float:
        """Return P(at least as many beyond the null), were the null the quantile."""
        if alternative is Alternative.LESS:
            below = int(np.searchsorted(self.ordered, null, side="left"))
            return _at_least(below, self.n, self.quantile)
        above = self.n - int(np.searchsorted(self.ordered, null, side="right"))
        return _at_least(above, self.n, 1 - self.quantile)

    def limit(self, alternative: Alternative, alpha: float) -> float | None:
        """Return the observed value that is the limit at ``alpha``, or None when n is too small."""
        less = alternative is Alternative.LESS
        rank = _rank(self.n, self.quantile if less else 1 - self.quantile, alpha)
        if rank is None:
            return None
        return float(self.ordered[rank - 1] if less else self.ordered[self.n - rank])

    def warn(self, alpha: float) -> tuple[str, ...]:
        """Say which ends are unbounded because there are too few values."""
        ends = [
            word
            for word, side in (("below", Alternative.GREATER), ("above", Alternative.LESS))
            if self.limit(side, alpha) is None
        ]
        if not ends:
            return ()
        return (
            f"{self.n} values are too few for the {100 * self.quantile:g} % quantile: "
            f"unbounded {' and '.join(ends)}",
        )


def order_statistic(sample: Sample) -> RankTest:
    """Return the family of tests for a quantile over single items."""
    return RankTest(np.sort(sample.values), sample.quantile)


def sign_over_passes(sample: Sample) -> RankTest:
    """Return the family of tests for the median over separate passes.

    Raises:
        NotEnoughData: one pass.
    """
    if sample.values.size < 2:
        raise NotEnoughData(
            "got 1 pass, expected at least 2: one pass says nothing about the next",
            hint="Repeat the measurement in separate passes over the items, arms interleaved.",
        )
    return RankTest(np.sort(sample.values), 0.5)


def _at_least(count: int, n: int, share: float) -> float:
    from scipy.special import bdtrc

    return 1.0 if count <= 0 else float(bdtrc(count - 1, n, share))


def _rank(n: int, share: float, alpha: float) -> int | None:
    """Return the smallest u with P(Bin(n, share) ≥ u) ≤ alpha; None when there is none."""
    if _at_least(n, n, share) > alpha:
        return None
    low, high = 0, n
    while high - low > 1:
        middle = (low + high) // 2
        if _at_least(middle, n, share) <= alpha:
            high = middle
        else:
            low = middle
    return high
