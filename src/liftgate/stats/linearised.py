"""Tests of a value θ through a contrast ``top − θ·bottom`` whose variance is quadratic in θ.

A weighted or stratified mean has ``bottom`` = 1. A ratio of two sums has the mean denominator
there: its test needs no division, and the values that it keeps are Fieller's (Fieller 1954, JRSS B
16, 175–185). Either way T = (top − θ·bottom) / √(v0 + v1·θ + v2·θ²) turns at most once, so the hull
over a null and both limits have a closed form.

Skew is treated as in ``student``: Hall's transformation of T (Hall 1992, JRSS B 54, 221–228),
exp(−T) where it goes flat, never below the plain t without a range, and with a range one more unit
at the end that is worst for the question (docs/adr/0008).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from liftgate.stats.inputs import Floats, Range
from liftgate.stats.kinds import Alternative

_SKEW_SHARE = 0.2
"""Warn when skew may move the one-sided error by more than this share of its level."""
_WORST_WEIGHT = 0.5
"""How much the unit at the worst end counts in the variance, as in ``student``."""


@dataclass(frozen=True)
class Side:
    """What one of the two one-sided tests adds.

    Args:
        skew: ρ, the skewness of the mean, Σ r³ / (Σ r²)^1.5.
        extra: variance of the unit at the worst end; 0 without a range.
    """

    skew: float = 0.0
    extra: float = 0.0


@dataclass(frozen=True, kw_only=True)
class LinearTest:
    """The family of t-tests of one value.

    Args:
        top: mean of the numerators, or of the values themselves.
        bottom: mean of the denominators, above 0; 1 for a mean.
        variance: v0, v1 and v2 of ``top − θ·bottom``, pseudo units included.
        df: degrees of freedom of the reference distribution.
        n: items.
        clusters: independent units.
        bounds: ends between which θ must lie; None: unbounded.
        lower: what the test of "at most" adds.
        upper: what the test of "at least" adds.
        guarded: whether pseudo units and a worst unit stand for what was not seen.
        notes: what a reader must know whatever the level.
    """

    top: float
    bottom: float = 1.0
    variance: tuple[float, float, float]
    df: float
    n: int
    clusters: int
    bounds: Range | None = None
    lower: Side = Side()
    upper: Side = Side()
    guarded: bool = False
    notes: tuple[str, ...] = ()

    @property
    def value(self) -> float:
        """The estimate."""
        return self.top / self.bottom

    @property
    def se(self) -> float:
        """Standard error at a tested value equal to the estimate."""
        return math.sqrt(self._variance(self.value)) / self.bottom

    def statistic(self, null: float) -> float:
        """Return T of one tested value; positive: the data lie above it."""
        distance = self.top - null * self.bottom
        variance = self._variance(null) + self.lower.extra
        if variance <= 0:
            return math.copysign(math.inf, distance) if distance else 0.0
        return distance / math.sqrt(variance)

    def tail(self, null: float, alternative: Alternative) -> float:
        """Return the one-sided p-value, over the hull where T turns back."""
        if alternative is Alternative.LESS:
            return self._mirrored().tail(-null, Alternative.GREATER)
        turn = self._turn()
        found = [self.statistic(null), self._farthest()]
        if turn is not None and turn <= null:
            found.append(self.statistic(turn))
        return self._p_value(min(found))

    def limit(self, alternative: Alternative, alpha: float) -> float | None:
        """Return the one-sided limit at ``alpha``.

        Where no value on that side is rejected: the end of the range, or None without one. With φ
        = θ − value, solves bottom²·φ² = t²·(variance at θ) for the largest φ < 0.
        """
        if alternative is Alternative.LESS:
            mirrored = self._mirrored().limit(Alternative.GREATER, alpha)
            return None if mirrored is None else -mirrored
        critical = self._critical(alpha)
        if self._farthest() <= critical:
            return None if self.bounds is None else self.bounds[0]
        _, v1, v2 = self.variance
        square = critical**2
        lead = self.bottom**2 - square * v2
        slope = square * (v1 + 2 * v2 * self.value)
        constant = square * (self._variance(self.value) + self.lower.extra)
        root = math.sqrt(max(slope**2 + 4 * lead * constant, 0.0))
        if slope >= 0 or lead <= 0:
            # The same root, without the difference of two nearly equal numbers.
            step = -2 * constant / (slope + root) if constant else 0.0
        else:
            step = (slope - root) / (2 * lead)
        return self.value + step

    def warn(self, alpha: float) -> tuple[str, ...]:
        """Add, to what holds at any level, that skew without a range may move the error rate.

        First Edgeworth term of a plain t, ρ·(2z² + 1)·φ(z) / 6 (Hall 1992, The Bootstrap and
        Edgeworth Expansion, section 2.6).
        """
        z = t_quantile(math.inf, alpha)
        density = math.exp(-z * z / 2) / math.sqrt(2 * math.pi)
        skew = self.lower.skew
        shift = abs(skew) * (2 * z * z + 1) * density / 6
        if self.guarded or shift <= _SKEW_SHARE * alpha:
            return self.notes
        return (
            *self.notes,
            f"skewed scores (skewness {skew * math.sqrt(self.clusters):.1f} over {self.clusters} "
            f"units): uncorrected, the one-sided error of {100 * alpha:.3g} % would be near "
            f"{100 * (alpha + shift):.1f} % on one side; the correction knows only the skew that "
            "these values show",
        )

    def _p_value(self, t: float) -> float:
        plain = t_tail(self.df, t)
        if math.isinf(t):
            return plain
        a = self.lower.skew / 3
        corrected = t_tail(self.df, t + a * t**2 + a**2 * t**3 / 3 + a / 2)
        corrected = min(corrected, math.exp(-max(t, 0.0)))
        return corrected if self.guarded else max(corrected, plain)

    def _critical(self, alpha: float) -> float:
        """Return the T whose p-value is ``alpha``."""
        student, a = t_quantile(self.df, alpha), self.lower.skew / 3
        free = student - a / 2
        flat = abs(a) < 1e-7
        t = free * (1 - a * free) if flat else (float(np.cbrt(1 + 3 * a * free)) - 1) / a
        t = min(max(t, 0.0), -math.log(alpha))
        return t if self.guarded else max(t, student)

    def _variance(self, null: float) -> float:
        v0, v1, v2 = self.variance
        return v0 + v1 * null + v2 * null**2

    def _farthest(self) -> float:
        """T of the lowest value that there is, or what T tends to far out."""
        if self.bounds is not None:
            return self.statistic(self.bounds[0])
        v2 = self.variance[2]
        return self.bottom / math.sqrt(v2) if v2 > 0 else math.inf

    def _turn(self) -> float | None:
        """The one value at which T stops falling, if there is one."""
        v0, v1, v2 = self.variance
        v0 += self.lower.extra
        slope = self.bottom * v1 / 2 + self.top * v2
        return -(self.bottom * v0 + self.top * v1 / 2) / slope if slope else None

    def _mirrored(self) -> LinearTest:
        v0, v1, v2 = self.variance
        bounds = None if self.bounds is None else (-self.bounds[1], -self.bounds[0])
        return replace(
            self,
            top=-self.top,
            variance=(v0, -v1, v2),
            bounds=bounds,
            lower=Side(-self.upper.skew, self.upper.extra),
            upper=Side(-self.lower.skew, self.lower.extra),
        )


@dataclass(frozen=True)
class LogitTest:
    """The tests of a share in (0, 1) whose estimate is nearly normal on the logit scale.

    Args:
        inner: the tests of its logit.
        se: standard error of the share itself.
    """

    inner: LinearTest
    se: float

    @property
    def value(self) -> float:
        """The estimate."""
        return expit(self.inner.value)

    @property
    def n(self) -> int:
        """Items."""
        return self.inner.n

    @property
    def clusters(self) -> int:
        """Independent units."""
        return self.inner.clusters

    @property
    def df(self) -> float:
        """Degrees of freedom."""
        return self.inner.df

    def tail(self, null: float, alternative: Alternative) -> float:
        """Return the one-sided p-value of a share strictly between 0 and 1."""
        return self.inner.tail(math.log(null / (1 - null)), alternative)

    def limit(self, alternative: Alternative, alpha: float) -> float | None:
        """Return the one-sided limit at ``alpha``."""
        found = self.inner.limit(alternative, alpha)
        return None if found is None else expit(found)

    def warn(self, alpha: float) -> tuple[str, ...]:
        """Return the warnings of the logit's tests."""
        return self.inner.warn(alpha)


def expit(value: float) -> float:
    """Return 1 / (1 + e^−value) without overflow."""
    small = math.exp(-abs(value))
    return 1 / (1 + small) if value >= 0 else small / (1 + small)


def with_pseudo(
    top: float, bottom: float, variance: tuple[float, float, float], *, spread: float, weight: float
) -> tuple[float, float, float]:
    """Return the variance with two pseudo units around the tested value.

    Args:
        top: as in ``LinearTest``.
        bottom: as in ``LinearTest``.
        variance: without pseudo units.
        spread: distance h of a pseudo unit's contrast from the tested value.
        weight: κ/n, the share of the sample that one pseudo unit would be.

    Returns:
        v0, v1, v2 plus 2·weight²·(h² + e²), e = top − θ·bottom.
    """
    v0, v1, v2 = variance
    own = 2 * weight**2
    return (
        v0 + own * (spread**2 + top**2),
        v1 - 2 * own * top * bottom,
        v2 + own * bottom**2,
    )


def sides(
    parts: Floats, ends: Range | None = None, spread: float = 0.0, weight: float = 0.0
) -> tuple[Side, Side]:
    """Return what the two one-sided tests add.

    Args:
        parts: shape (units,): by how much each unit moves the mean.
        ends: distances of the worst contrast below and above the estimate; None: no range.
        spread: as in ``with_pseudo``.
        weight: as in ``with_pseudo``.
    """
    found = []
    for end in (0.0, 0.0) if ends is None else ends:
        worst = weight * end
        squares = float(np.sum(parts**2)) + 2 * (weight * spread) ** 2 + worst**2
        cubes = float(np.sum(parts**3)) + worst**3
        skew = cubes / squares**1.5 if squares > 0 else 0.0
        found.append(Side(skew, _WORST_WEIGHT * worst**2))
    return found[0], found[1]


def t_tail(df: float, statistic: float) -> float:
    """Return the chance that Student's t lies above a value."""
    from scipy.special import stdtr

    if math.isinf(statistic):
        return 0.0 if statistic > 0 else 1.0
    return float(stdtr(df, -statistic))


def t_quantile(df: float, alpha: float) -> float:
    """Return the value that Student's t exceeds with probability ``alpha``; normal for ∞."""
    from scipy.special import ndtri, stdtrit

    return float(-ndtri(alpha)) if math.isinf(df) else float(-stdtrit(df, alpha))
