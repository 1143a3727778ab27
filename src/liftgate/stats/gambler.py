"""The gambler as a family of tests: anytime p-values and limits of one bounded mean."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np

from liftgate.errors import DataError, NotEnoughData
from liftgate.stats import betting
from liftgate.stats.inputs import Floats, Range, Sample
from liftgate.stats.kinds import Alternative


@dataclass(frozen=True, eq=False)
class BettingFamily:
    """The anytime tests of one bounded mean, read after the last of its units.

    ``tail`` is 1 / the largest capital so far against a null (``betting``), so that limits and
    p-value hold whenever one stops.

    Args:
        sums: shape (units,): scaled scores (0 … 1) summed within each unit, in the locked order.
        sizes: shape (units,): items of each unit.
        largest: items of the largest unit that may come.
        bounds: the ends that were scaled to 0 and 1.
    """

    sums: Floats
    sizes: Floats
    largest: int
    bounds: Range

    @property
    def n(self) -> int:
        """Items."""
        return int(self.sizes.sum())

    @property
    def clusters(self) -> int:
        """Independent units."""
        return int(self.sizes.size)

    @property
    def value(self) -> float:
        """The running mean."""
        return self._unscaled(float(self.sums.sum() / self.sizes.sum()))

    @property
    def se(self) -> float:
        """Standard error of the running mean over units, for planning only."""
        residuals = self.sums - self.sizes * (self.sums.sum() / self.sizes.sum())
        # One unit at an end of the range keeps it above 0.
        spread = float(np.sum(residuals**2)) + float(np.max(self.sizes)) ** 2 / 4
        return (self.bounds[1] - self.bounds[0]) * math.sqrt(spread) / self.n

    @property
    def df(self) -> None:
        """None: no reference distribution is used."""
        return

    def tail(self, null: float, alternative: Alternative) -> float:
        """Return the anytime p-value of a null."""
        scaled = (null - self.bounds[0]) / (self.bounds[1] - self.bounds[0])
        mean = scaled if alternative is Alternative.GREATER else 1 - scaled
        shares = self._shares if alternative is Alternative.GREATER else self._rests
        return math.exp(-float(_peaks(shares, self.sizes, self.largest, np.array([mean]))[0]))

    def limit(self, alternative: Alternative, alpha: float) -> float:
        """Return the running one-sided limit."""
        shares = self._shares if alternative is Alternative.GREATER else self._rests
        found = _largest_rejected(shares.tobytes(), self.sizes.tobytes(), self.largest, alpha)
        return self._unscaled(found if alternative is Alternative.GREATER else 1 - found)

    def warn(self, _alpha: float) -> tuple[str, ...]:
        """Say what a stop does to the value."""
        return (
            "the value is a running mean: a stop that depends on the results biases it away from "
            "the tested value; the limits hold whenever one stops",
        )

    @cached_property
    def _shares(self) -> Floats:
        return np.clip(self.sums, 0.0, self.sizes)

    @cached_property
    def _rests(self) -> Floats:
        return self.sizes - self._shares

    def _unscaled(self, mean: float) -> float:
        return self.bounds[0] + mean * (self.bounds[1] - self.bounds[0])


@lru_cache(maxsize=32)
def _largest_rejected(shares: bytes, sizes: bytes, largest: int, alpha: float) -> float:
    """Return the largest rejected mean; it does not depend on the tested value.

    One claim asks several questions of the same sums, each for both limits; one search serves all.
    """
    known, units = np.frombuffer(shares), np.frombuffer(sizes)
    return betting.largest_rejected(
        lambda means: _peaks(known, units, largest, means), -math.log(alpha)
    )


def _peaks(shares: Floats, sizes: Floats, largest: int, means: Floats) -> Floats:
    """Return log of the largest capital so far against each of some scaled means."""
    table = np.broadcast_to(shares / largest, (means.size, shares.size))
    return betting.log_peak(table, means, sizes=sizes / largest, looks=[shares.size])[:, 0]


def betting_family(sample: Sample) -> BettingFamily:
    """Return the anytime tests of a sample in the locked order.

    Raises:
        NotEnoughData: no range, which a bet needs.
        DataError: a cluster larger than the lock knows.
    """
    if sample.bounds is None:
        raise NotEnoughData(
            "got unbounded scores, expected a declared range: a bet needs one",
            hint="Declare the range of the scores, or plan the looks.",
        )
    low, high = sample.bounds
    # Rounding may carry a contrast a hair past its ends.
    scaled = np.clip((sample.values - low) / (high - low), 0.0, 1.0)
    if sample.codes is None:
        return BettingFamily(scaled, np.ones_like(scaled), 1, sample.bounds)
    sizes = np.bincount(sample.codes).astype(np.float64)
    largest = sample.largest_cluster or int(sizes.max())
    if sizes.max() > largest:
        raise DataError(
            f"cluster: got {sizes.max():.0f} items in one, expected at most {largest}, the largest "
            "cluster of the lock"
        )
    sums = np.bincount(sample.codes, weights=scaled).astype(np.float64)
    return BettingFamily(sums, sizes, largest, sample.bounds)
