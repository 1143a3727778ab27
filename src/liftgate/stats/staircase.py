"""The largest probability of a set of paired tables over the unknown discordance, as a bound.

A table of n binary pairs is (gained, lost). The sets here are *staircases*: with a table they hold
every table in which one more pair was gained, or one fewer lost. Under a difference δ and a
discordance ψ the table is trinomial with probabilities (ψ + δ)/2, (ψ − δ)/2 and 1 − ψ; f(ψ) is the
probability of the set. Two facts make a grid of ψ a proof.

**Between grid points.** Write ψ = |δ| + (1 − |δ|)·sin²(φ/2). With ℓ the log-likelihood of a table,
f″ = Σ e^ℓ(ℓ′² + ℓ″) ≥ −E[1·(−ℓ″)]. In φ, −ℓ″ is a sum of the three counts with coefficients
1/(2 sin²), 1/(2 cos²) and at most (1 − |δ|)/(4·share); E[1·count] is n·share times the probability
g that n − 1 pairs and one more of that kind fall into the set, largest for a gained pair. Hence
f″ ≥ −n(1 − |δ|)·sup g, and between two grid points h apart f exceeds the larger of its two ends by
at most n(1 − |δ|)·sup g·h²/8. The same argument, one step down and with 1 for its own g, bounds
sup g. Cells that may still hold the largest value are cut until nothing can lie more than
``TOLERANCE`` above the largest value seen.

**Below the null.** Moving δ down while a set stays the same never raises the largest probability:
the pairs can be coupled so that gains only vanish and losses only appear.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from liftgate.stats.inputs import Codes, Floats, Range

TOLERANCE = 1e-6
"""By how much the supremum may exceed the value that is returned for it."""
_CELLS_PER_ROOT = 16
"""Cells of the first grid, times the root of n: they leave at most π²/(8·16²) = 0.005·sup g."""
_PARTS = 12
_DEPTH = 3
_ROWS = 512
_ROUNDING = 1e-11
"""More than the arithmetic loses; sums of at most 501 terms of relative error 1e-12."""
_TINY = 1e-300


class Bounded(NamedTuple):
    """``seen`` ≤ supremum ≤ ``bound``."""

    seen: float
    bound: float


def close(least: Codes) -> Codes:
    """Return the smallest staircase that holds a set.

    Args:
        least: shape (n + 1,): for each number of discordant pairs m the least number of gained
            ones that is in the set, m + 1 for none.
    """
    at = np.arange(least.size)
    one_gained_more = np.minimum.accumulate(least - at) + at
    one_lost_fewer = np.minimum.accumulate(one_gained_more[::-1])[::-1]
    return np.clip(one_lost_fewer, 0, at + 1)


def supremum(least: Codes, null: float, span: Range, *, low: float, high: float) -> Bounded:
    """Bound the largest probability of a staircase over a range of the discordance.

    Args:
        least: shape (n + 1,), closed: as ``close`` returns it.
        null: the difference, in (−1, 1).
        span: ends of the discordance; what lies below |null| is left out.
        low: the search ends early once the supremum is known to be at most this.
        high: the search ends early once a probability above this was seen.

    Returns:
        Bounds no more than ``TOLERANCE`` apart, unless the search ended early.
    """
    n = least.size - 1
    if span[1] < abs(null):
        return Bounded(0.0, 0.0)
    first, last = (_angle(end, null) for end in span)
    cells = max(1, math.ceil(_CELLS_PER_ROOT * math.sqrt(n) * (last - first) / math.pi))
    step = (last - first) / cells
    angles = np.linspace(first, last, cells + 1)
    found = probabilities(least, null, angles)
    seen = float(found.max())
    curvature = n * (1 - abs(null))
    bound = min(1.0, seen + curvature * step**2 / 8 + _ROUNDING)
    if seen > high or bound <= max(low, seen + TOLERANCE):
        return Bounded(seen, bound)
    curvature *= _one_gained(least, null, angles)
    starts, ends = found[:-1], found[1:]
    lefts = angles[:-1]
    while True:
        slack = curvature * step**2 / 8 + _ROUNDING
        tops = np.maximum(starts, ends) + slack
        bound = min(1.0, max(float(tops.max()), seen))
        if seen > high or bound <= max(low, seen + TOLERANCE):
            return Bounded(seen, bound)
        open_ = tops > seen + TOLERANCE
        lefts, starts, ends = lefts[open_], starts[open_], ends[open_]
        step /= _PARTS
        inner = lefts[:, None] + step * np.arange(1, _PARTS)
        values = probabilities(least, null, inner.ravel()).reshape(inner.shape)
        seen = max(seen, float(values.max()))
        rows = np.column_stack([starts, values, ends])
        lefts = np.column_stack([lefts, inner]).ravel()
        starts, ends = rows[:, :-1].ravel(), rows[:, 1:].ravel()


def probabilities(least: Codes, null: float, angles: Floats) -> Floats:
    """Return the probability of a staircase at each angle φ, shape as ``angles``.

    Given m discordant pairs the gained ones are binomial with ρ = (ψ + δ)/(2ψ). From m to m + 1
    the least number in the set stays or grows by one, so that its tail changes by one product.
    """
    found = np.empty(angles.size)
    for start in range(0, angles.size, _ROWS):
        part = slice(start, start + _ROWS)
        found[part] = _probabilities(least, null, angles[part])
    return np.clip(found, 0.0, 1.0)


def _probabilities(least: Codes, null: float, angles: Floats) -> Floats:
    n = least.size - 1
    discordance = abs(null) + (1 - abs(null)) * np.sin(angles / 2) ** 2
    rest = (1 - abs(null)) * np.cos(angles / 2) ** 2
    twice = np.maximum(2 * discordance, _TINY)
    gain = np.where(discordance > 0, (discordance + null) / twice, 0.5)
    counts = np.arange(n + 1)
    logs = np.outer(_log(discordance), counts) + np.outer(_log(rest), n - counts)
    weights = np.exp(logs + _log_ways(n, counts))
    first = float(least[0] <= 0)
    if n == 0:
        return np.full(angles.size, first)
    before, at = least[:-1], counts[:-1]
    stays = least[1:] == before
    chosen = np.where(stays, before - 1, before)
    possible = (chosen >= 0) & (chosen <= at)
    ways = np.where(possible, _log_ways(at, np.clip(chosen, 0, at)), -np.inf)
    changes = np.exp(
        np.outer(_log(gain), before) + np.outer(_log(1 - gain), at + 1 - before) + ways
    )
    changes *= np.where(stays, 1.0, -1.0)
    tails = np.cumsum(changes, axis=1)
    found: Floats = first * weights[:, 0] + np.sum(weights[:, 1:] * (first + tails), axis=1)
    return found


def _one_gained(least: Codes, null: float, angles: Floats, depth: int = _DEPTH) -> float:
    """Bound the probability that all pairs but one, and a gained one, fall into the set."""
    if depth == 0 or least.size == 1:
        return 1.0
    fewer = np.maximum(least[1:] - 1, 0)
    top = float(probabilities(fewer, null, angles).max())
    share = (fewer.size - 1) * (1 - abs(null)) * float(angles[1] - angles[0]) ** 2 / 8
    # Where the probability itself is large, 1 is good enough for the next one's.
    more = _one_gained(fewer, null, angles, depth - 1) if top < share else 1.0
    return min(1.0, top + share * more + _ROUNDING)


def _angle(discordance: float, null: float) -> float:
    share = (discordance - abs(null)) / (1 - abs(null))
    return 2 * math.asin(math.sqrt(min(max(share, 0.0), 1.0)))


def _log(shares: Floats) -> Floats:
    return np.log(np.maximum(shares, _TINY))


def _log_ways(total: Codes | int, chosen: Codes) -> Floats:
    from scipy.special import gammaln

    found = gammaln(total + 1.0) - gammaln(chosen + 1.0) - gammaln(total - chosen + 1.0)
    return np.asarray(found, dtype=np.float64)
