"""Betting on units that are drawn without replacement, with predictions as covariate.

The baseline's results on all N items are known. The candidate's arrive in the locked random order:
under "the candidate's total over the set is T" the mean over the units that remain is known at
every step,

    μ_t = (T − what the candidate has collected so far) / units that remain,

so that betting on the next unit against μ_t is fair (Waudby-Smith & Ramdas 2020, Confidence
sequences for sampling without replacement, NeurIPS 33). Here the bet is on

    x_t = result_t − (g_t − mean of g over the units that remain),

with g any prediction made from what was known before t; the mean of x_t over the draw is μ_t
whatever g is, and where g is good, x_t varies less. A unit is an item, or a whole cluster with the
sum of its items.

The stakes are a fixed mixture: a number over the standard deviation of x, times units / units that
remain. That factor makes the information grow as n·N/(N − n), the finite-population correction.
Stakes are known before t and do not depend on T, so capital falls in T at every step.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, fields

import numpy as np

from liftgate.stats import betting
from liftgate.stats.earlier import EarlierResults
from liftgate.stats.inputs import Codes, Floats
from liftgate.stats.kinds import Alternative

REFIT_ITEMS = 25
"""The prediction is made anew after so many further items."""
_STAKES = 5
_WEIGHTS: Floats = np.geomspace(1, 4, _STAKES) / np.geomspace(1, 4, _STAKES).sum()
"""More on the larger stakes, which pay on the pairs that need few items (docs/adr/0012)."""
_LARGEST_STAKE = 0.95
_LEAST_ROOM = 0.05
_PRIOR_UNITS = 20
"""How many units the spread of the baseline counts for, as a first guess of the candidate's."""
_ROUNDING = 1e-9
"""What the sum of a unit may be off by."""
_SLACK = 1e-9
"""By how much, for each item of the set, a total must be missed before its null is impossible."""


@dataclass(frozen=True, eq=False)
class _Bets:
    """The bets on the units seen so far; arrays over units."""

    error: Floats
    """Result minus prediction."""
    x: Floats
    low: Floats
    high: Floats
    """Ends of x over the draw."""
    before: Floats
    """What the candidate had collected before."""
    after: Floats
    left: Floats
    """Units that remain, this one included."""
    room: Floats
    """Most that the candidate can still collect after this one."""
    up: Floats
    down: Floats
    """Shape (stakes, units): stakes of the bets on more and on less."""


class Drawing:
    """A set of units, the bets made on those that were drawn, and the capital they left.

    Args:
        baseline: shape (N,): scaled to 0 … 1, in the locked order.
        history: shape (N, systems): earlier systems' scores, scaled alike; systems may be 0.
        codes: shape (N,): unit of each item, 0 … units − 1, rising.
    """

    def __init__(self, baseline: Floats, history: Floats, codes: Codes) -> None:
        self.items = baseline.size
        self.sizes = np.bincount(codes).astype(np.float64)
        """Items of each unit."""
        self.ends = np.cumsum(self.sizes).astype(np.int64)
        """Items up to and including each unit."""
        self.baseline_total = float(baseline.sum())
        self.seen = np.zeros(0)
        """The candidate's scaled scores so far."""
        self._codes = codes
        self._earlier = EarlierResults(np.column_stack([baseline, history]))
        self._refits = _refit_places(self.ends)
        least = min(2 / math.sqrt(self.sizes.size), 0.5)
        self._reach = np.geomspace(least, 1.0, _STAKES)[:, None]
        away = np.bincount(codes, weights=baseline) - self.sizes * baseline.mean()
        floor = 0.01 * float(np.mean(self.sizes**2))
        self._first_variance = max(float(np.mean(away**2)), floor)
        self._squares = 0.0
        self._parts: list[_Bets] = []
        self._predict(self.seen, 0)

    @property
    def units(self) -> int:
        """Units drawn so far."""
        return sum(part.x.size for part in self._parts)

    def take(self, scores: Floats) -> None:
        """Bet on the next whole units, whose items' scaled scores are given."""
        start = self.units
        self.seen = np.concatenate([self.seen, scores])
        stop = int(np.searchsorted(self.ends, self.seen.size)) + 1
        sums = np.bincount(self._codes[: self.seen.size], weights=self.seen).astype(np.float64)
        while start < stop:
            if start in self._refits:
                self._predict(self.seen[: self.ends[start - 1]], start)
            end = min([stop, *(place for place in self._refits if place > start)])
            self._parts.append(self._bet(sums, start, end))
            self._squares += float(np.sum(self._parts[-1].error ** 2))
            start = end

    def peaks(self, totals: Floats, side: Alternative) -> Floats:
        """Return log of the largest capital so far, shape (totals, units drawn).

        Against "the candidate's scaled total over the set is at most (greater) or at least (less) a
        number". A null that the results have made impossible is worth infinity, from the unit on
        that made it so; one that they have only just left possible is not.
        """
        drawn = self._drawn()
        rest = totals[:, None] - drawn.after
        fair = (totals[:, None] - drawn.before) / drawn.left
        if side is Alternative.GREATER:
            won, most, stakes = drawn.x - drawn.low, fair - drawn.low, drawn.up
            impossible = rest < -_SLACK * self.items
        else:
            won, most, stakes = drawn.high - drawn.x, drawn.high - fair, drawn.down
            impossible = rest > drawn.room + _SLACK * self.items
        # Where the null leaves nothing to win, winning nothing is what it says: a factor of 1.
        settled = (most <= _ROUNDING) & (won <= _ROUNDING)
        gains = np.where(settled, 0.0, won / np.maximum(most, _ROUNDING) - 1)
        paths = betting.log_mixture(gains, stakes=stakes, weights=_WEIGHTS, peak=True)
        paths[np.logical_or.accumulate(impossible, axis=1)] = np.inf
        return paths

    def expected_total(self) -> float:
        """Return the difference estimator of the candidate's scaled total over the set.

        What was seen, the prediction for the rest, and the mean error of the predictions so far
        for each item of the rest.
        """
        drawn, known = self._drawn(), self.seen.size
        error = float(drawn.error.sum()) / known
        rest = float(self._predicted[drawn.x.size :].sum())
        return float(self.seen.sum()) + rest + error * (self.items - known)

    def _predict(self, seen: Floats, units: int) -> None:
        """Predict every unit from the first ``units`` units, whose items scored ``seen``."""
        predicted = np.bincount(self._codes, weights=self._earlier.predict(seen))
        self._predicted = predicted.astype(np.float64)
        self._mean_left = np.cumsum(predicted[::-1])[::-1] / np.arange(predicted.size, 0, -1)
        self._most_left = np.maximum.accumulate(predicted[::-1])[::-1]
        self._most_room = np.maximum.accumulate((self.sizes - predicted)[::-1])[::-1]
        guessed = _PRIOR_UNITS * self._first_variance + self._squares
        self._spread = math.sqrt(guessed / (_PRIOR_UNITS + units))

    def _bet(self, sums: Floats, start: int, end: int) -> _Bets:
        units, at = self.sizes.size, slice(start, end)
        left = np.arange(units - start, units - end, -1).astype(np.float64)
        collected = np.concatenate([[0.0], np.cumsum(sums[:end])])
        error, mean_left = sums[at] - self._predicted[at], self._mean_left[at]
        low, high = mean_left - self._most_left[at], mean_left + self._most_room[at]
        fair = np.clip((self.baseline_total - collected[start:end]) / left, low, high)
        # Without a floor, no difference but 0 could be told where 0 itself leaves nothing to win.
        least = _LEAST_ROOM * (high - low)
        staked = self._reach * (units / left) / self._spread
        return _Bets(
            error=error,
            x=error + mean_left,
            low=low,
            high=high,
            before=collected[start:end],
            after=collected[start + 1 : end + 1],
            left=left,
            room=(self.items - self.ends[at]).astype(np.float64),
            up=np.minimum(_LARGEST_STAKE, staked * np.maximum(fair - low, least)),
            down=np.minimum(_LARGEST_STAKE, staked * np.maximum(high - fair, least)),
        )

    def _drawn(self) -> _Bets:
        if len(self._parts) != 1:
            self._parts[:] = [_joined(self._parts)]
        return self._parts[0]


def _joined(parts: list[_Bets]) -> _Bets:
    names = [field.name for field in fields(_Bets)]
    if not parts:
        stakes = dict.fromkeys(("up", "down"), np.zeros((_STAKES, 0)))
        return _Bets(**{**dict.fromkeys(names, np.zeros(0)), **stakes})
    return _Bets(
        **{name: np.concatenate([getattr(p, name) for p in parts], axis=-1) for name in names}
    )


def _refit_places(ends: Codes) -> tuple[int, ...]:
    """Return the units before which the prediction is made anew."""
    places, last = [], 0
    for unit, end in enumerate(ends[:-1]):
        if end - last >= REFIT_ITEMS:
            places.append(unit + 1)
            last = int(end)
    return tuple(places)
