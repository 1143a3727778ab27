"""Alpha spending at planned looks: boundaries, anytime p-values, median-unbiased drift.

The spending function is the O'Brien–Fleming type of Lan & DeMets (1983, Biometrika 70, 659–663),
one-sided: by information fraction t the share

    α*(t) = 2 − 2Φ(z_{α/2} / √t)

of the error may have been spent, all of it at t = 1. The boundary of each look spends what the
function allows since the look before, whatever the fractions turn out to be, as long as they do
not depend on the effect.

**Is the family ordered in α?** What look l may spend is α*(t_l) − α*(t_{l−1}); its derivative in α
has the sign of φ(z/√t_l)/√t_l − φ(z/√t_{l−1})/√t_{l−1} with z = z_{α/2}, positive for every pair
of fractions exactly when z ≥ 1, i.e. α ≤ 2 − 2Φ(1) = 0.3173 (the condition of Maurer & Bretz 2013,
Statistics in Biopharmaceutical Research 5, 311–320). Up to there a larger α leaves fewer paths at
each look and more to spend on them, so that by induction every boundary falls as α grows. Beyond,
a late look may spend less as α grows and the proof is gone, although no boundary was seen to rise
(150 random designs of 2 to 7 looks, α up to 0.98). So no test here has a larger α, and for
p-values above 0.3173 the family is continued by the boundaries of 0.3173 at all looks but the
last, where the rest is spent: ordered by the same induction. Hence p ≤ α exactly when the test at
α has rejected, and a smaller α never gains a rejection. No hull is needed.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike

from liftgate.errors import DataError
from liftgate.stats.inputs import Floats
from liftgate.stats.passage import HIGHEST, NARROWEST, Front, passages, start, steps_after

LARGEST_ALPHA = 0.31731050786291415
"""2 − 2Φ(1): up to here the boundaries of every look are ordered in alpha."""
SMALLEST_P = 1e-12
"""Anytime p-values are not told apart below this."""
_KNOTS = 48
_UPPER_KNOTS = 40
_LARGEST_P = 1 - 1e-6
_DENSE = 4096
_TINY = 1e-16
_HALVINGS = 60


def spent(fractions: ArrayLike, alpha: float) -> Floats:
    """Return the error that may have been spent by each information fraction.

    Args:
        fractions: in (0, 1].
        alpha: one-sided error in all, in (0, 0.3173].

    Raises:
        DataError: ``alpha`` outside its range.
    """
    times = np.asarray(fractions, dtype=np.float64)
    found: Floats = _spent(times, np.array([check_alpha(alpha)]))[0]
    return found


def boundaries(fractions: ArrayLike, alpha: float) -> Floats:
    """Return the boundary of z at each look: reject where z is at least that.

    Probabilities of passage are accurate to 1e-9. A boundary depends on its own fraction and the
    earlier ones only, so it may be asked for look by look; it falls as alpha grows.

    Args:
        fractions: shape (looks,): information fractions, increasing, in (0, 1]; the last may be
            below 1 as long as looks are still to come.
        alpha: one-sided error over all looks, in (0, 0.3173].

    Raises:
        DataError: fractions that are not increasing within (0, 1], or too near to each other;
            ``alpha`` outside its range.
    """
    times = check_fractions(fractions)
    return np.array(_boundaries(tuple(times.tolist()), check_alpha(alpha)))


def passage_probabilities(fractions: ArrayLike, z: ArrayLike, drift: float = 0.0) -> Floats:
    """Return the probability of a first passage of given boundaries at each look.

    Args:
        fractions: shape (looks,), as in ``boundaries``.
        z: shape (looks,): boundaries, finite or infinite (no test at that look).
        drift: expected z at information 1.

    Raises:
        DataError: as ``boundaries``, or another number of boundaries than looks.
    """
    times, levels = check_fractions(fractions), np.asarray(z, dtype=np.float64)
    if levels.shape != times.shape or np.isnan(levels).any():
        raise DataError(
            f"z: got shape {levels.shape}, expected one boundary for each of {times.size} looks"
        )
    capped = np.minimum(levels, HIGHEST)
    found: Floats = passages(times, capped, np.array([float(drift)]))[0]
    return found


def anytime_p(z: ArrayLike, fractions: ArrayLike) -> Floats:
    """Return by each look the smallest alpha at which the test would have rejected by then.

    It never rises from look to look, is at least 1e-12, and is 1 while no alpha would have
    rejected. Interpolated in a table of boundaries, to 1e-4 of its value.

    Args:
        z: shape (…, looks so far): z in the direction of the claim; −inf: no test at that look.
        fractions: shape (looks so far or more,), as in ``boundaries``.

    Returns:
        shape (…, looks so far); the last column is the p-value by now.

    Raises:
        DataError: as ``boundaries``; NaN in ``z``; more looks than fractions.
    """
    from scipy.special import ndtr

    times, values = check_fractions(fractions), np.asarray(z, dtype=np.float64)
    if values.ndim == 0 or values.shape[-1] > times.size or np.isnan(values).any():
        raise DataError(
            f"z: got shape {values.shape}, expected (…, looks) without NaN and at most "
            f"{times.size} looks, as many as fractions"
        )
    looks = values.shape[-1]
    scale, levels = _table(tuple(times[:looks].tolist()))
    found = np.ones_like(values)
    for look in range(looks):
        here = values[..., look]
        at = np.interp(here, levels[look], scale)
        found[..., look] = np.where(here >= levels[look][0], ndtr(-at), 1.0)
    return np.minimum.accumulate(found, axis=-1)


def union_boundaries(fractions: ArrayLike, alpha: float) -> Floats:
    """Return boundaries that hold whatever the dependence between looks (Bonferroni).

    Each look's one-sided p-value is compared with what may be spent there, so exact p-values give
    an exact test; for a Brownian motion these are wider than ``boundaries``.

    Args:
        fractions: shape (looks,), as in ``boundaries``.
        alpha: as in ``boundaries``.

    Raises:
        DataError: as ``boundaries``.
    """
    from scipy.special import ndtri

    times = check_fractions(fractions)
    spend = np.diff(spent(times, alpha), prepend=0.0)
    found: Floats = np.minimum(-ndtri(spend), HIGHEST)
    return found


def union_anytime_p(z: ArrayLike, fractions: ArrayLike) -> Floats:
    """Return what ``anytime_p`` returns, for the boundaries of ``union_boundaries``.

    Args:
        z: shape (looks so far,).
        fractions: shape (looks so far,).

    Raises:
        DataError: as ``anytime_p``.
    """
    from scipy.special import ndtri

    times, values = check_fractions(fractions), np.asarray(z, dtype=np.float64)
    if values.shape != times.shape or np.isnan(values).any():
        raise DataError(f"z: got shape {values.shape}, expected one z for each fraction")
    scale = np.linspace(-ndtri(LARGEST_ALPHA), -ndtri(SMALLEST_P), _DENSE)
    spend = np.diff(_spent(times, _tail(scale)), axis=1, prepend=0.0)
    found = np.ones_like(values)
    for look, here in enumerate(values):
        passed = np.flatnonzero(_tail(np.array([here]))[0] <= spend[:, look])
        # The next coarser alpha of the grid: never below the true one.
        found[look] = _tail(scale[passed[-1:]])[0] if passed.size else 1.0
    return np.minimum.accumulate(found)


def median_drift(z: float, fractions: ArrayLike, alpha: float) -> float:
    """Return the median-unbiased expected z at information 1 for a test that ended at a look.

    Under the stage-wise ordering (Fairbanks & Madsen 1982, Biometrika 69, 69–74; Tsiatis, Rosner &
    Mehta 1984, Biometrics 40, 797–803; Jennison & Turnbull 2000, section 8.4) an earlier passage
    is more extreme, and among those of one look a larger z. The estimate is the drift under which
    what was seen or more has probability ½.

    Args:
        z: of the last look taken.
        fractions: shape (looks taken,), as in ``boundaries``; z passed at none but the last.
        alpha: as in ``boundaries``.

    Raises:
        DataError: as ``boundaries``.
    """
    times = check_fractions(fractions)
    levels = boundaries(times, alpha)
    levels[-1] = min(max(z, -HIGHEST), HIGHEST)
    return _median_drift(times, levels)


def _median_drift(times: Floats, levels: Floats) -> float:
    """Return the drift under which a passage of any level has probability ½.

    Regula falsi (Illinois variant) on the probit of that probability, which is nearly a line.
    """
    from scipy.special import ndtri

    def probit(drift: float) -> float:
        passed = passages(times, levels, np.array([drift])).sum()
        return float(ndtri(np.clip(passed, _TINY, 1 - _TINY)))

    centre = levels[-1] / np.sqrt(times[-1])
    low, high = centre - 1.0, centre + 1.0
    below, above = probit(low), probit(high)
    while below > 0:
        high, above, low = low, below, 2 * low - centre
        below = probit(low)
    while above < 0:
        low, below, high = high, above, 2 * high - centre
        above = probit(high)
    side = 0
    for _ in range(_HALVINGS):
        middle = (low * above - high * below) / (above - below)
        here = probit(middle)
        if abs(here) < 1e-9 or high - low < 1e-9:
            return float(middle)
        if here < 0:
            low, below, above = middle, here, above / 2 if side == -1 else above
            side = -1
        else:
            high, above, below = middle, here, below / 2 if side == 1 else below
            side = 1
    return float((low + high) / 2)


def check_alpha(alpha: float) -> float:
    """Return a one-sided alpha; raises DataError outside (0, 0.3173]."""
    if not 0 < alpha <= LARGEST_ALPHA:
        raise DataError(
            f"alpha: got {alpha!r}, expected a one-sided error above 0 and at most 0.3173",
            hint="Beyond that a larger alpha would not reject whenever a smaller one does.",
        )
    return float(alpha)


def check_fractions(fractions: ArrayLike) -> Floats:
    """Return information fractions as an array.

    Raises:
        DataError: none, not increasing within (0, 1], or two looks too near to each other.
    """
    times = np.asarray(fractions, dtype=np.float64)
    if times.ndim != 1 or times.size == 0:
        raise DataError(f"fractions: got shape {times.shape}, expected one fraction for each look")
    if not (np.all(np.diff(times) > 0) and times[0] > 0 and times[-1] <= 1):
        raise DataError(
            f"fractions: got {_shown(times)}, expected increasing shares above 0 and at most 1"
        )
    if times.size > 1 and float(np.min(np.diff(times) / times[1:])) < NARROWEST**2:
        raise DataError(
            f"fractions: got {_shown(times)}, expected looks that are each at least "
            f"{100 * NARROWEST**2:.2g} % of the information so far apart",
            hint="Leave out looks that add almost nothing.",
        )
    return times


def _shown(times: Floats) -> Sequence[float]:
    return [round(float(time), 6) for time in times]


def _spent(times: Floats, alphas: Floats) -> Floats:
    """Return shape (alphas, times)."""
    from scipy.special import ndtr, ndtri

    root = np.sqrt(times)
    with np.errstate(divide="ignore"):
        found: Floats = 2 * ndtr(ndtri(alphas / 2)[:, None] / root)
    return found


def _boundaries(times: tuple[float, ...], alpha: float) -> list[float]:
    # From the first look on, so that the recursion below never goes deep.
    return [_step(times[: look + 1], alpha)[0] for look in range(len(times))]


@lru_cache(maxsize=2048)
def _step(times: tuple[float, ...], alpha: float) -> tuple[float, Front]:
    """Return the boundary of the last of some looks, and the front before that look.

    Looks come one after the other, each with the same fractions as before and one more.
    """
    allowed = np.diff(_spent(np.array((0.0, *times)[-2:]), np.array([alpha])), axis=1)[0]
    if len(times) == 1:
        front = start(np.zeros(1))
    else:
        level, before = _step(times[:-1], alpha)
        following = float(np.sqrt(1 - times[-2] / times[-1]))
        front = before.advance(np.full((1, 1), times[-2]), np.array([level]), following)
    return float(front.boundary(np.full((1, 1), times[-1]), allowed)[0]), front


def _solve(times: Floats, alphas: Floats) -> tuple[Floats, Front]:
    """Return boundaries, shape (alphas, looks), and the front before the last look."""
    allowed = np.diff(_spent(times, alphas), axis=1, prepend=0.0)
    front, found = start(np.zeros(alphas.size)), np.empty((alphas.size, times.size))
    for look, after in enumerate(steps_after(times)):
        time = np.full((alphas.size, 1), times[look])
        found[:, look] = front.boundary(time, allowed[:, look])
        if look + 1 < times.size:
            front = front.advance(time, found[:, look], after)
    return found, front


@lru_cache(maxsize=256)
def _table(times: tuple[float, ...]) -> tuple[Floats, tuple[Floats, ...]]:
    """Return z of alpha, rising, and for each look the boundary that goes with it.

    Below the boundary of the largest alpha only the last look at full information has entries
    that differ: there the family is continued.
    """
    from scipy.special import ndtri

    knots = np.linspace(ndtri(1 - LARGEST_ALPHA), -ndtri(SMALLEST_P), _KNOTS)
    alphas = _tail(knots)
    alphas[0] = LARGEST_ALPHA
    levels, front = _solve(np.array(times), alphas)
    scale = np.linspace(knots[0], knots[-1], _DENSE)
    dense = [_between(knots, levels[:, look], scale) for look in range(len(times))]
    if times[-1] < 1:
        return scale, tuple(np.maximum.accumulate(level) for level in dense)
    lower = np.linspace(-ndtri(_LARGEST_P), knots[0], _UPPER_KNOTS)
    rest = _continued(front, np.array(times), _tail(lower))
    below = np.linspace(lower[0], lower[-1], _DENSE)[:-1]
    dense[-1] = np.concatenate([_between(lower, rest, below), dense[-1]])
    # A z below the first boundary of an earlier look belongs to no alpha there.
    for look in range(len(times) - 1):
        dense[look] = np.concatenate([np.full(below.size, dense[look][0]), dense[look]])
    return np.concatenate([below, scale]), tuple(np.maximum.accumulate(d) for d in dense)


def _continued(front: Front, times: Floats, alphas: Floats) -> Floats:
    """Return last boundaries for alphas above the largest, which all spend alike before."""
    before = _spent(times, np.array([LARGEST_ALPHA]))[0, -2] if times.size > 1 else 0.0
    ones = np.ones((alphas.size, 1))
    same = Front(ones * front.time[0], 0 * ones, ones * front.nodes[0], ones * front.mass[0])
    return same.boundary(ones * times[-1], alphas - before)


def _between(knots: Floats, values: Floats, at: Floats) -> Floats:
    """Return values between equally spaced knots, by the cubic through the four nearest."""
    place = (at - knots[0]) / (knots[1] - knots[0])
    first = np.clip(np.floor(place).astype(int) - 1, 0, knots.size - 4)
    x = place - first
    weights = (
        (x - 1) * (x - 2) * (3 - x) / 6,
        x * (x - 2) * (x - 3) / 2,
        x * (x - 1) * (3 - x) / 2,
        x * (x - 1) * (x - 2) / 6,
    )
    found: Floats = sum(
        (weight * values[first + step] for step, weight in enumerate(weights)), np.zeros_like(at)
    )
    return found


def _tail(z: Floats) -> Floats:
    from scipy.special import ndtr

    found: Floats = ndtr(-z)
    return found
