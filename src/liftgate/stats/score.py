"""Score tests of binary outcomes: the variance is the one that the tested value implies."""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from liftgate.errors import NotEnoughData
from liftgate.stats.independent import Discordance, Proportion
from liftgate.stats.inputs import FEWEST_UNITS, Floats, Sample
from liftgate.stats.kinds import Alternative

Counts = NDArray[np.int64] | NDArray[np.float64]
SLACK = 0.5
"""Discordant pairs that the paired score test adds to its variance; by enumeration, ADR 11."""
_ROUGH_DISCORDANT = 10
_ROUGH_ITEMS = 30
_POINTS = 513
_REFINEMENTS = 6
"""Each leaves one of 512 parts: six of them are all the digits that a float has."""


@dataclass(frozen=True)
class PairedScore(Discordance):
    """The null-restricted score test of a difference of paired proportions.

    At 0 it is McNemar's z, elsewhere the test of Tango (1998, Statistics in Medicine 17, 891–908)
    and Nam (1997, Biometrics 53, 1422–1430), with half a discordant pair more in the variance: its
    error at the boundary exceeds the level where few pairs are discordant, and less by each pair
    (docs/adr/0011). Its limits are found by bisection.

    Args:
        n: pairs.
        gained: pairs in which only the candidate is 1.
        lost: pairs in which only the baseline is 1.
        slack: discordant pairs added to the variance; 0 gives the tests as published.
    """

    slack: float = SLACK

    @property
    def se(self) -> float:
        """Standard error with one pair added to each discordant cell, so that it is never 0."""
        size = self.n + 2
        discordant = (self.gained + self.lost + 2) / size
        return math.sqrt((discordant - ((self.gained - self.lost) / size) ** 2) / size)

    def tail(self, null: float, alternative: Alternative) -> float:
        """Return the one-sided p-value of a difference strictly between −1 and 1."""
        sign = 1.0 if alternative is Alternative.GREATER else -1.0
        return _normal_tail(sign * self.statistic(null))

    def limit(self, alternative: Alternative, alpha: float) -> float:
        """Return the one-sided limit at ``alpha``."""
        if alternative is Alternative.LESS:
            return -_lower_limit(self.n, self.lost, self.gained, self.slack, alpha)
        return _lower_limit(self.n, self.gained, self.lost, self.slack, alpha)

    def statistic(self, null: float) -> float:
        """Return z of a difference in (−1, 1); positive: the data lie above it."""
        tables = np.asarray(self.gained), np.asarray(self.lost)
        return float(paired_z(self.n, *tables, null, slack=self.slack))

    def warn(self, _alpha: float) -> tuple[str, ...]:
        """Say when the normal approximation is rough."""
        return _rough(self.n, self.gained + self.lost)


@dataclass(frozen=True)
class Wilson(Proportion):
    """The score test of one proportion (Wilson 1927, JASA 22, 209–212); limits in closed form.

    For the counts of many simulated runs. No claim is tested by it: near 0 and 1 it errs (ADR 11).

    Args:
        n: items.
        ones: items that scored 1.
    """

    @property
    def se(self) -> float:
        """Standard error with one success and one failure added, so that it is never 0."""
        share = (self.ones + 1) / (self.n + 2)
        return math.sqrt(share * (1 - share) / (self.n + 2))

    def tail(self, null: float, alternative: Alternative) -> float:
        """Return the one-sided p-value of a proportion strictly between 0 and 1."""
        sign = 1.0 if alternative is Alternative.GREATER else -1.0
        z = (self.value - null) / math.sqrt(null * (1 - null) / self.n)
        return _normal_tail(sign * z)

    def limit(self, alternative: Alternative, alpha: float) -> float:
        """Return the one-sided limit at ``alpha``."""
        if alternative is Alternative.LESS:
            return 1.0 - Wilson(self.n, self.n - self.ones).limit(Alternative.GREATER, alpha)
        square = _normal_quantile(alpha) ** 2
        centre = 2 * self.ones + square
        spread = math.sqrt(square * (square + 4 * self.ones * (1 - self.value)))
        # (centre − spread) / 2(n + z²), without the cancellation when nothing scored 1.
        return 2 * self.ones * self.value / (centre + spread)

    def warn(self, _alpha: float) -> tuple[str, ...]:
        """No warning: simulated runs are many."""
        return ()


def paired_z(
    n: int | Counts,
    gained: Counts,
    lost: Counts,
    null: float | Floats,
    *,
    slack: float = 0.0,
) -> Floats:
    """Return z of a difference in (−1, 1) for many tables of pairs, or many differences, at once.

    The nuisance, the share of pairs in which only the baseline is 1, is at its maximum likelihood
    under the null (Nam 1997; Tango 1998).

    Args:
        n: pairs.
        gained: shape (…): pairs in which only the candidate is 1.
        lost: shape (…): pairs in which only the baseline is 1.
        null: the tested difference, or shape (…).
        slack: discordant pairs added to the variance; three times as many where the data lie
            beyond a null that is itself away from 0, reached by n·|null| = 1.

    Returns:
        Shape (…); positive: the data lie above the null.
    """
    # Above 0 the likelihood equation's root cancels; the mirror image's does not.
    sign = np.where(np.asarray(null) > 0, -1.0, 1.0)
    low = 0.0 - np.abs(null)
    up, down = np.where(sign > 0, gained, lost), np.where(sign > 0, lost, gained)
    # Both terms of ``linear`` are at least 0; without losses the root is ``linear`` itself.
    linear = up + down - (2 * n - up + down) * low
    product = 8.0 * n * down * low * (1 - low)
    root = np.where(down > 0, np.sqrt(np.maximum(linear**2 + product, 0.0)), linear)
    distance = up - down - n * low
    beyond = np.where(distance < 0, np.minimum(1.0, -n * low), 0.0)
    variance = (root + linear) / 2 + n * low * (1 - low) + slack * (1 + 2 * beyond)
    with np.errstate(divide="ignore", invalid="ignore"):
        z = distance / np.sqrt(np.maximum(variance, 0.0))
    degenerate = np.where(distance == 0, 0.0, np.copysign(np.inf, distance))
    return np.asarray(sign * np.where(variance > 0, z, degenerate))


@functools.lru_cache(maxsize=4096)
def _lower_limit(n: int, gained: int, lost: int, slack: float, alpha: float) -> float:
    """Return the lower limit of a difference; simulated runs meet few tables, each many times."""
    critical = _normal_quantile(alpha)
    rejected, kept = -1.0, (gained - lost) / n
    tables = np.asarray(gained), np.asarray(lost)
    for _ in range(_REFINEMENTS):
        nulls = np.linspace(rejected, kept, _POINTS)
        beyond = int(np.argmax(paired_z(n, *tables, nulls, slack=slack) < critical))
        # The estimate itself, the last point, is never rejected; −1, the first, always is.
        rejected, kept = float(nulls[max(beyond - 1, 0)]), float(nulls[beyond])
    return rejected


def paired_score(sample: Sample) -> PairedScore:
    """Return the family of tests for differences in {−1, 0, 1}.

    Raises:
        NotEnoughData: fewer than 6 pairs.
    """
    n = int(sample.values.size)
    if n < FEWEST_UNITS:
        raise NotEnoughData(
            f"got {n} pairs of binary scores, expected at least {FEWEST_UNITS}: below that the "
            "score test's error is not near its level",
            hint="Collect more items.",
        )
    gained = int(np.count_nonzero(sample.values > 0))
    return PairedScore(n, gained, int(np.count_nonzero(sample.values)) - gained)


def _rough(n: int, discordant: int) -> tuple[str, ...]:
    if n < _ROUGH_ITEMS:
        return (f"only {n} items: below {_ROUGH_ITEMS} the error rate can exceed its level",)
    if discordant < _ROUGH_DISCORDANT:
        return (
            f"the sides disagree on only {discordant} of {n} items: little to learn from below "
            f"{_ROUGH_DISCORDANT}",
        )
    return ()


def _normal_tail(z: float) -> float:
    from scipy.special import ndtr

    return float(ndtr(-z))


def _normal_quantile(alpha: float) -> float:
    from scipy.special import ndtri

    return float(-ndtri(alpha))
