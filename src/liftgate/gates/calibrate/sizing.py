"""How often a gate ships a candidate that is at its target, at any size, and the size that it asks.

The joint probability: the primary at its target, every other metric unmoved; all claims, looks,
candidates and corrections together, by the engine that also finds the gate's error rates.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from liftgate.errors import NotEnoughData
from liftgate.gates.calibrate import points
from liftgate.gates.calibrate.characteristics import Rate, bootstrapped
from liftgate.gates.calibrate.engine import SHIP, Engine, Plan, Tick
from liftgate.gates.calibrate.rows import Floats, Rows
from liftgate.gates.calibrate.world import World, world
from liftgate.records import Design

_TRIES = 10
"""Sizes that a search tries at most."""
_NEAR = 1.03
"""A search ends when what is too small and what is enough are this near."""
_CLOSE = 0.06
"""A search ends at a probability this near to the wanted one, on the scale of z (1.7 points at
80 %); what is left is extrapolated."""
_FARTHEST = 500
"""A search goes up to so many times the planned size."""
_CELLS = 6_000_000
"""Drawn clusters that one try of a search may take; a fourth of it where every unit is bet on."""
_FEWEST_RUNS = 400
_HUNDRED = 100


@dataclass(frozen=True)
class Joint:
    """What a gate of one size does with a candidate at its target."""

    units: int
    ship: Rate
    """Of the first candidate; the others have no effect."""
    passed: tuple[Rate, ...]
    """Each claim by itself, in the order of the plan's tests."""
    calls: float
    """Share of the planned calls that is made until the gate stops."""


@dataclass(frozen=True)
class Needed:
    """The size at which a gate ships with the wanted probability."""

    units: int
    low: int
    high: int
    """Within two Monte-Carlo standard errors of the simulated probability."""


class Target:
    """Worlds with a candidate at its target, and gates of any size and stopping plan in them.

    Args:
        plan: how the gate is used; its size and stopping may be replaced.
        rows: the pilot's, or assumed ones.
        start: weights of the rows before the tilt, as of a bootstrap pilot; None: all alike.

    Raises:
        NotEnoughData: no weighting of the rows has the target.
        DataError: the primary claims superiority without a target, or cannot be simulated.
    """

    def __init__(self, plan: Plan, rows: Rows, start: Floats | None = None) -> None:
        asked = plan.asked
        self._rows = rows
        at = points.effect_point("target", asked, points.target(asked))
        self._made = world(rows, at.placed, start)
        self.worlds: list[World] = [self._made]
        """One for each candidate."""
        if plan.candidates > 1:
            none = points.effect_point("no effect", asked, {})
            self.worlds += [world(rows, none.placed, start)] * (plan.candidates - 1)

    @property
    def kept(self) -> str:
        """What of the pilot's second moments the worlds keep."""
        return self._made.kept

    def joint(self, plan: Plan, runs: int, seed: int, tick: Tick | None = None) -> Joint:
        """Simulate a gate; the same seed gives gates of one size the same draws.

        Args:
            plan: the gate, with its size and stopping plan.
            runs: how often it is used.
            seed: of the draws.
            tick: told of finished runs.
        """
        rng = np.random.default_rng([seed])
        found = Engine(plan, self._rows).outcomes(self.worlds, runs, rng, tick)
        return Joint(
            units=plan.units,
            ship=Rate(int((found.words[:, 0] == SHIP).sum()), runs),
            passed=tuple(Rate(int(count), runs) for count in found.passed),
            calls=float(found.shares.mean()),
        )

    def units_needed(
        self, plan: Plan, here: Joint, *, power: float, runs: int, seed: int
    ) -> Needed | None:
        """Search the size at which the gate ships with a probability.

        By halving and interpolation of probit(probability), which is nearly linear in √units: for
        one test with a normal statistic it is k·√units − z_alpha.

        Args:
            plan: the gate.
            here: what it does at some size, from which the search starts.
            power: the wanted probability.
            runs: of each try; fewer for large sizes.
            seed: of the draws.

        Returns:
            The size, or None where up to 500 times the planned one is not enough.
        """
        bracket = _Bracket(power, plan.alpha)
        bracket.add(here)
        cells = _CELLS // (4 if plan.design is Design.ANYTIME else 1)
        for _ in range(_TRIES):
            units = bracket.next(most=_FARTHEST * plan.units)
            if units is None:
                break
            fewer = max(_FEWEST_RUNS, min(runs, cells // (units * plan.candidates)))
            bracket.add(self.joint(sized(plan, units), fewer, seed))
        return bracket.needed()


def sized(plan: Plan, units: int) -> Plan:
    """Return the plan of another size, with as many looks; unlimited ones at every hundredth."""
    if plan.design is Design.FIXED:
        return replace(plan, units=units)
    count = len(plan.looks) if plan.design is Design.PLANNED_LOOKS else _HUNDRED
    count = min(count, units)
    return replace(plan, units=units, looks=tuple((look + 1) / count for look in range(count)))


def over_pilots(plan: Plan, rows: Rows, count: int, seed: int) -> Iterator[Target]:
    """Give the targets of pilots whose clusters were drawn again, but those that cannot show it.

    Args:
        plan: of the gate.
        rows: the pilot's.
        count: pilots that are drawn.
        seed: of the draws.
    """
    rng = np.random.default_rng([seed, count])
    for _ in range(count):
        start = bootstrapped(rows, rng)
        try:
            yield Target(plan, rows, start)
        except NotEnoughData:
            continue


def rescaled(needed: Needed, here: Joint, rate: float, alpha: float) -> int | None:
    """Return the needed size, had the rate at the planned size been another one.

    By probit(rate) = k·√units − z_alpha: what a pilot leaves open about k it leaves open about the
    size. None where the rate is not above alpha.
    """
    tail = -_probit(alpha)
    found = _probit(_inside(here.ship)) + tail
    other = _probit(min(max(rate, 0.5 / here.ship.runs), 1 - 0.5 / here.ship.runs)) + tail
    if found <= 0 or other <= 0:
        return None
    return math.ceil(needed.units * (found / other) ** 2)


class _Bracket:
    """The largest size known to be too small, and the smallest known to be enough."""

    def __init__(self, power: float, alpha: float) -> None:
        self._power = power
        self._goal = _probit(power)
        self._tail = -_probit(alpha)
        self._low: Joint | None = None
        self._high: Joint | None = None

    def add(self, found: Joint) -> None:
        if found.ship.value < self._power:
            if self._low is None or found.units > self._low.units:
                self._low = found
        elif self._high is None or found.units < self._high.units:
            self._high = found

    def next(self, most: int) -> int | None:
        """Return the next size to try, or None when there is no need or no hope."""
        low, high = self._low, self._high
        if self._near() is not None:
            return None
        if low is None and high is not None:
            return None if high.units <= 1 else max(1, int(self._beyond(high)))
        if high is None and low is not None:
            return None if low.units >= most else min(most, math.ceil(self._beyond(low)))
        assert low is not None
        assert high is not None
        if high.units <= low.units + 1 or high.units <= _NEAR * low.units:
            return None
        between = round(self._between(low, high))
        # Neither end again, and never less than a tenth of what is left.
        rest = max(1, (high.units - low.units) // 10)
        return min(max(between, low.units + rest), high.units - rest)

    def needed(self) -> Needed | None:
        """Return the size, or None where none was enough."""
        low, high, near = self._low, self._high, self._near()
        if near is not None:
            return self._told(self._beyond(near), near)
        if high is None:
            return None
        if low is None:
            return self._told(high.units, high)
        units = max(self._between(low, high), 1.0)
        return self._told(units, min(low, high, key=lambda j: abs(j.units - units)))

    def _near(self) -> Joint | None:
        """Return what was simulated nearest to the wanted probability, if that is near enough."""
        found = [j for j in (self._low, self._high) if j is not None]
        nearest = min(found, key=self._off)
        return nearest if self._off(nearest) < _CLOSE else None

    def _off(self, found: Joint) -> float:
        return abs(_probit(_inside(found.ship)) - self._goal)

    def _told(self, units: float, nearest: Joint) -> Needed:
        runs = nearest.ship.runs
        error = math.sqrt(self._power * (1 - self._power) / runs) / _density(self._goal)
        share = 2 * error / max(self._goal + self._tail, 0.1)
        return Needed(
            math.ceil(units),
            max(1, math.floor(units * (1 - min(share, 0.9)) ** 2)),
            math.ceil(units * (1 + share) ** 2),
        )

    def _beyond(self, found: Joint) -> float:
        """Return the wanted size as one normal test would have it."""
        reach = _probit(_inside(found.ship)) + self._tail
        grow = (self._goal + self._tail) / reach if reach > 0 else 3.0
        return float(found.units * min(max(grow, 1 / 3), 3.0) ** 2)

    def _between(self, low: Joint, high: Joint) -> float:
        below, above = _probit(_inside(low.ship)), _probit(_inside(high.ship))
        share = (self._goal - below) / (above - below) if above > below else 0.5
        root = math.sqrt(low.units) + share * (math.sqrt(high.units) - math.sqrt(low.units))
        return root**2


def _inside(rate: Rate) -> float:
    least = 0.5 / rate.runs
    return min(max(rate.value, least), 1 - least)


def _probit(probability: float) -> float:
    from scipy.special import ndtri

    return float(ndtri(probability))


def _density(z: float) -> float:
    return math.exp(-z * z / 2) / math.sqrt(2 * math.pi)
