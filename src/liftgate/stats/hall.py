"""Families of t-tests, corrected for skew, for many samples at once.

Skew is corrected by Hall's monotone transformation of T (Hall 1992, On the removal of skewness by
transformation, JRSS B 54, 221–228). With ρ = Σ r³ / (Σ r²)^1.5, the skewness of the mean, a = ρ/3
and b = ρ/6, which take the first Edgeworth term ρ·(2z² + 1)·φ(z) / 6 of T away,

    g(T) = T + a·T² + a²·T³/3 + b = ((1 + a·T)³ − 1) / (3a) + b

is compared with Student's distribution. Where the skew is so large that g goes flat, losses are too
few to have been seen at all, and their count is Poisson: then p = exp(−T), the chance of no loss
(the rule of three is its inversion), takes over as the smaller of the two. Without a range nothing
bounds the skew that was not seen, so there the p-value is never below that of the plain t. T, g and
exp have closed inverses, so limits need no search.

Leading axes are samples; how the squared denominator of T comes about is told in ``student``.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from liftgate.stats.inputs import Floats, Range
from liftgate.stats.kinds import Alternative


@dataclass(frozen=True, eq=False)
class Guard:
    """What is added because a sample does not show everything.

    Args:
        bounds: the ends between which the mean must lie.
        h: distance of the pseudo units from the tested value.
    """

    bounds: Range
    h: float


@dataclass(frozen=True, eq=False)
class OneSided:
    """Tests of "the mean is at most this", for many samples; arrays have shape (…).

    The squared denominator of T is ``a0 + a1·e + a2·e²`` for a distance e = estimate − null.
    """

    value: Floats
    n: Floats
    df: Floats
    a0: Floats
    a1: Floats
    a2: Floats
    skew: Floats
    """ρ, the skewness of the mean; 0 where all values are equal."""
    lowest: float | None
    """The lowest value that the mean can have; None: the values have no range."""

    def tail(self, null: float | Floats) -> Floats:
        """Return the p-values of one null, over the hull where T turns back; shape (…)."""
        from scipy.special import stdtr

        t = self._hull(self.value - null)
        p = np.asarray(stdtr(self.df, -self._transformed(t)))
        p = np.minimum(p, np.exp(-np.maximum(t, 0.0)))
        return p if self.lowest is not None else np.maximum(p, stdtr(self.df, -t))

    def limit(self, alpha: float) -> Floats:
        """Return the lower limits at ``alpha``; the end of the range where T never gets there.

        Solves N²e² = T²·(a0 + a1·e + a2·e²) for the smallest e > 0, T being the value whose
        p-value is ``alpha``.
        """
        critical = self._critical(alpha)
        square = critical**2
        lead = self.n**2 - square * self.a2
        slope = square * self.a1
        constant = square * self.a0
        root = np.sqrt(np.maximum(slope**2 + 4 * lead * constant, 0.0))
        with np.errstate(divide="ignore", invalid="ignore"):
            distance = np.where(constant > 0, 2 * constant / (root - slope), 0.0)
        found = self.value - distance
        if self.lowest is None:
            return np.asarray(found)
        return np.where(self._farthest() < critical, self.lowest, found)

    def _critical(self, alpha: float) -> Floats:
        student = _t_quantile(self.df, alpha)
        t = np.minimum(np.maximum(self._untransformed(student), 0.0), -math.log(alpha))
        return t if self.lowest is not None else np.maximum(t, student)

    def _transformed(self, t: Floats) -> Floats:
        a, b = self.skew / 3, self.skew / 6
        with np.errstate(invalid="ignore", over="ignore"):
            g = t + a * t**2 + a**2 * t**3 / 3 + b
        return np.where(np.isfinite(t), g, t)

    def _untransformed(self, g: Floats) -> Floats:
        a, b = self.skew / 3, self.skew / 6
        flat, moved = np.abs(a) < 1e-7, g - b
        safe = np.where(flat, 1.0, a)
        cubic = (np.cbrt(1 + 3 * safe * moved) - 1) / safe
        return np.where(flat, moved * (1 - a * moved), cubic)

    def _hull(self, distance: Floats) -> Floats:
        lowest = np.minimum(self._t(distance), self._farthest())
        turns = self.a1 > 0
        turn = -2 * self.a0 / np.where(turns, self.a1, 1.0)
        return np.where(turns & (distance < turn), np.minimum(lowest, self._t(turn)), lowest)

    def _t(self, distance: Floats) -> Floats:
        square = self.a0 + self.a1 * distance + self.a2 * distance**2
        with np.errstate(divide="ignore", invalid="ignore"):
            t = self.n * distance / np.sqrt(square)
        return np.where(np.isnan(t), 0.0, t)

    def _farthest(self) -> Floats:
        """T of the lowest value that there is: what T tends to far out."""
        if self.lowest is None:
            return np.full_like(self.value, np.inf)
        return self._t(self.value - self.lowest)


@dataclass(frozen=True, eq=False)
class StudentTests:
    """The two-sided family of t-tests, for many samples; arrays have shape (…)."""

    value: Floats
    n: Floats
    clusters: int
    df: Floats
    own_df: Floats
    """Degrees of freedom without the pseudo units: below ``FEWEST_DF`` no test is admissible."""
    se: Floats
    lower: OneSided
    upper: OneSided
    """The mirror image."""

    def tail(self, null: float | Floats, alternative: Alternative) -> Floats:
        """Return the one-sided p-values of a null, shape (…)."""
        if alternative is Alternative.LESS:
            return self.upper.tail(-np.asarray(null))
        return self.lower.tail(null)

    def limit(self, alternative: Alternative, alpha: float) -> Floats:
        """Return the one-sided limits at ``alpha``, shape (…)."""
        if alternative is Alternative.LESS:
            return -self.upper.limit(alpha)
        return self.lower.limit(alpha)


def skew_shift(skew: float, alpha: float) -> float:
    """Return by how much skew moves the one-sided error of a plain t, to first order.

    Edgeworth: ρ·(2z² + 1)·φ(z) / 6 (Hall 1992, The Bootstrap and Edgeworth Expansion, section 2.6).
    """
    from scipy.special import ndtri

    z = -float(ndtri(alpha))
    density = math.exp(-z * z / 2) / math.sqrt(2 * math.pi)
    return skew * (2 * z * z + 1) * density / 6


def _t_quantile(df: Floats, alpha: float) -> Floats:
    from scipy.special import ndtri, stdtrit

    return np.asarray(np.where(np.isinf(df), -ndtri(alpha), -stdtrit(df, alpha)))
