"""One claim over planned looks, from the fixed-n family of tests at each of them.

At look l the family of the data so far gives one-sided p-values; z = Φ⁻¹(1 − p) is compared with
the spending boundary b_l. Testing every possible value that way gives repeated confidence
intervals (Jennison & Turnbull 1989, JRSS B 51, 305–361; 2000, ch. 9): at look l the family's own
one-sided limit at level 1 − Φ(b_l), intersected over the looks so far. Verdict, anytime p-value
and limits therefore come from one sequential test, and what is rejected at one look stays
rejected. The other direction, harm, has a boundary and an alpha of its own. Stopping for futility
is allowed at every look and changes nothing here (non-binding).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from liftgate.errors import DataError
from liftgate.stats import spending
from liftgate.stats.inputs import check_alternative
from liftgate.stats.inversion import Family
from liftgate.stats.kinds import Alternative
from liftgate.stats.passage import HIGHEST


class LookStatus(StrEnum):
    """What a sequential test says so far."""

    CONTINUE = "continue"
    REJECTED = "rejected"
    """The claim's null is rejected, at this look or an earlier one."""
    HARM = "harm"
    """The null of the other direction is rejected at its own alpha."""
    ENDED = "ended"
    """All looks are taken and nothing is rejected."""


@dataclass(frozen=True)
class LookRule:
    """What the lock says about one claim.

    Args:
        alpha: one-sided error over all looks, above 0 and at most 0.3173.
        null: tested value.
        alternative: greater or less.
        harm_alpha: error of the other direction over all looks; None: ``alpha``.
        harm_null: tested value of the other direction; None: ``null``.
        union: boundaries that need nothing but valid p-values at each look (Bonferroni over what
            each look may spend), for exact tests.
    """

    alpha: float
    null: float = 0.0
    alternative: Alternative = Alternative.GREATER
    harm_alpha: float | None = None
    harm_null: float | None = None
    union: bool = False

    def __post_init__(self) -> None:
        """Check the levels and the direction."""
        spending.check_alpha(self.alpha)
        if self.harm_alpha is not None:
            spending.check_alpha(self.harm_alpha)
        if check_alternative(self.alternative) is Alternative.TWO_SIDED:
            raise DataError(
                "alternative: got two-sided, expected greater or less",
                hint="The other direction is tested as harm, with its own alpha.",
            )

    @property
    def other(self) -> LookRule:
        """The rule of the other direction."""
        return LookRule(
            alpha=self.alpha if self.harm_alpha is None else self.harm_alpha,
            null=self.null if self.harm_null is None else self.harm_null,
            alternative=_opposite(self.alternative),
            union=self.union,
        )


class Crossing:
    """One direction: its z at each look, its boundaries, its limit.

    Args:
        rule: of this direction.
    """

    def __init__(self, rule: LookRule) -> None:
        self.rule = rule
        self.z: list[float] = []
        self.fractions: list[float] = []
        self.boundaries: list[float] = []
        self.families: list[Family | None] = []
        self.rejected_at: int | None = None
        """The first look, from 1, at which z reached its boundary."""

    def add(self, family: Family | None, fraction: float) -> None:
        """Take a look; a family of None (a method that declines so early) rejects nothing."""
        times = [*self.fractions, fraction]
        bounds = spending.union_boundaries if self.rule.union else spending.boundaries
        boundary = float(bounds(times, self.rule.alpha)[-1])
        z = -math.inf if family is None else _z(family, self.rule.null, self.rule.alternative)
        self.fractions, self.z = times, [*self.z, z]
        self.boundaries.append(boundary)
        self.families.append(family)
        if self.rejected_at is None and z >= boundary:
            self.rejected_at = len(self.z)

    @property
    def p_value(self) -> float:
        """The smallest alpha at which this direction would have been rejected by now."""
        p_of = spending.union_anytime_p if self.rule.union else spending.anytime_p
        found = float(p_of(self.z, self.fractions)[-1])
        # The table is interpolated: at the very edge the boundary has the last word.
        if self.rejected_at is not None:
            return min(found, self.rule.alpha)
        return found if found > self.rule.alpha else math.nextafter(self.rule.alpha, 1.0)

    def limit(self, direction: Alternative) -> float | None:
        """Return the running limit in a direction, at this rule's boundaries."""
        found = [
            family.limit(direction, float(_tail(boundary)))
            for family, boundary in zip(self.families, self.boundaries, strict=True)
            if family is not None and boundary < HIGHEST
        ]
        known = [end for end in found if end is not None]
        if not known:
            return None
        return max(known) if direction is Alternative.GREATER else min(known)

    def median_unbiased(self) -> float | None:
        """Return the median-unbiased value at the first rejection, or else at the last look.

        The drift of ``spending.median_drift`` in the units of the score: null + drift·√t·s, where
        s is the standard error that turns the distance from the null into z. None: no family there.
        """
        look = (self.rejected_at or len(self.z)) - 1
        family, z = self.families[look], self.z[look]
        if family is None:
            return None
        sign = 1.0 if self.rule.alternative is Alternative.GREATER else -1.0
        distance = sign * (family.value - self.rule.null)
        scale = distance / z if distance * z > 0 else family.se
        if scale is None or not math.isfinite(scale) or abs(z) >= HIGHEST:
            return float(family.value)
        times = self.fractions[: look + 1]
        drift = spending.median_drift(z, times, self.rule.alpha)
        return self.rule.null + sign * drift * math.sqrt(times[-1]) * scale


class LookTrack:
    """A claim and its harm over the looks taken so far.

    Args:
        rule: what the lock says.
        looks: how many looks are planned.
    """

    def __init__(self, rule: LookRule, looks: int) -> None:
        self.rule = rule
        self.looks = looks
        self.claim = Crossing(rule)
        self.harm = Crossing(rule.other)

    @property
    def look(self) -> int:
        """Looks taken."""
        return len(self.claim.z)

    def add(self, family: Family | None, fraction: float) -> None:
        """Take the next look.

        Args:
            family: the tests for all data so far; None: the method declined.
            fraction: information fraction, above those before.

        Raises:
            DataError: more looks than planned, or a fraction that does not rise.
        """
        if self.look >= self.looks:
            raise DataError(f"looks: got one more than the {self.looks} that were planned")
        self.claim.add(family, fraction)
        self.harm.add(family, fraction)

    @property
    def status(self) -> LookStatus:
        """What the looks so far say; a rejected claim stays rejected."""
        if self.claim.rejected_at is not None:
            return LookStatus.REJECTED
        if self.harm.rejected_at is not None:
            return LookStatus.HARM
        return LookStatus.ENDED if self.look == self.looks else LookStatus.CONTINUE

    def limits(self) -> tuple[float | None, float | None]:
        """Return both running limits at the claim's alpha; the claim's own one has precedence.

        Later looks may contradict earlier ones so far that the intersection is empty; then the
        other end stops at the deciding one, which only widens what is claimed.
        """
        low = self.claim.limit(Alternative.GREATER)
        high = self.claim.limit(Alternative.LESS)
        if low is None or high is None or low <= high:
            return low, high
        if self.rule.alternative is Alternative.GREATER:
            return low, low
        return high, high

    def value(self) -> tuple[float, str | None]:
        """Return the value to quote and, where it is not the plain mean, a sentence about both."""
        latest = next(family for family in reversed(self.claim.families) if family is not None)
        plain, status = float(latest.value), self.status
        if status is LookStatus.CONTINUE:
            return plain, None
        side = self.harm if status is LookStatus.HARM else self.claim
        found = side.median_unbiased()
        if found is None:
            return plain, None
        low, high = self.limits()
        found = max(found, -math.inf if low is None else low)
        found = min(found, math.inf if high is None else high)
        at = side.rejected_at or self.look
        return found, (
            f"decided at look {at} of {self.looks}: the value is median-unbiased for the stopping "
            f"rule; the plain estimate of all {latest.n} items is {plain:.6g}, which stopping "
            "early exaggerates"
        )


def _z(family: Family, null: float, alternative: Alternative) -> float:
    from scipy.special import ndtri

    p = family.tail(null, alternative)
    return float(np.clip(-ndtri(p), -HIGHEST, HIGHEST))


def _tail(z: float) -> float:
    from scipy.special import ndtr

    return float(ndtr(-z))


def _opposite(alternative: Alternative) -> Alternative:
    return Alternative.LESS if alternative is Alternative.GREATER else Alternative.GREATER
