"""Whether a gate of the planned size could ship a candidate at its target, told in a second or two.

Only a size that is too small even at best is called too small: over what the pilot leaves open, or
over the assumed spreads (docs/adr/0013).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from liftgate.errors import NotEnoughData
from liftgate.gates.calibrate.characteristics import Rate
from liftgate.gates.calibrate.engine import Plan
from liftgate.gates.calibrate.rows import Rows
from liftgate.gates.calibrate.sizing import Target, over_pilots
from liftgate.records import Design

LEAST = 0.5
"""Too small is a study that ships a candidate at its target more seldom than this, at best."""
WANTED = 0.8
"""Less than this is said."""
_BATCHES = (250, 250, 500, 1000)
_ERROR = 0.001
"""A batch is the last one when a bound that fails this seldom leaves no question."""
_PILOTS = 40
_PILOT_RUNS = 250
_UPPER_PERCENTILE = 95
_CELLS = 4_000_000
"""Drawn clusters in all, times quantities: what a lock may take in time."""
_FEWEST_RUNS = 50


class Size(StrEnum):
    """What can be said of a study's size before it runs."""

    ENOUGH = "enough"
    LOW = "low"
    """More likely than not it ships a candidate at its target, but less often than in 80 %."""
    TOO_SMALL = "too-small"
    EXPLORATORY = "exploratory"
    """Not asked: it never ships."""
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Chance:
    """How often the gate ships a candidate at its target, in the worlds of one set of rows."""

    world: str
    ship: Rate
    kept: str


@dataclass(frozen=True)
class Verdict:
    """The size, and the probabilities that say so."""

    size: Size
    chances: tuple[Chance, ...]
    best: float
    """The highest probability that the pilot, or the assumed spreads, leave open."""
    unreached: tuple[str, ...] = ()
    """Sets of rows that cannot show the target, with the reason."""

    @property
    def forecast(self) -> float:
        """The probability of shipping at the target; without a pilot, the mean over the spreads."""
        return float(np.mean([chance.ship.value for chance in self.chances]))

    @property
    def low(self) -> float:
        """The lowest simulated probability."""
        return min(chance.ship.value for chance in self.chances)


def judge(plan: Plan, sets: Sequence[tuple[str, Rows]], *, pilot: bool, seed: int) -> Verdict:
    """Judge the size of a gate; the same seed gives the same answer.

    Args:
        plan: the gate as it is planned.
        sets: rows by the name of what was assumed.
        pilot: whether they are a pilot's.
        seed: of the draws.

    Raises:
        NotEnoughData: none of the rows can show the target.
        DataError: the primary has no target, or cannot be simulated.
    """
    chances, unreached = [], []
    for number, (name, rows) in enumerate(sets):
        try:
            aim = Target(plan, rows)
        except NotEnoughData as error:
            unreached.append(f"{name}: {error}" if name else str(error))
            continue
        chances.append(Chance(name, _rate(aim, plan, len(sets), seed + number), aim.kept))
    if not chances:
        raise NotEnoughData("; ".join(unreached))
    best = max(c.ship.value for c in chances)
    if pilot and best < LEAST:
        best = max(best, _best_of_pilots(plan, sets[0][1], seed))
    # Doubt about a simulated rate is no reason to refuse.
    spared = max(c.ship.upper(_ERROR) for c in chances) >= LEAST
    size = Size.TOO_SMALL
    if best >= LEAST or spared:
        size = Size.ENOUGH if best >= WANTED else Size.LOW
    return Verdict(size, tuple(chances), best, tuple(unreached))


def _rate(aim: Target, plan: Plan, worlds: int, seed: int) -> Rate:
    """Simulate until it is clear on which side of both thresholds the rate is."""
    count, runs = 0, 0
    most = _affordable(plan, worlds)
    for number, batch in enumerate(_BATCHES):
        size = min(batch, most - runs)
        if size <= 0:
            break
        count += aim.joint(plan, size, seed + 1000 * number).ship.count
        runs += size
        found = Rate(count, runs)
        low, high = found.lower(_ERROR), found.upper(_ERROR)
        if high < LEAST or low > WANTED or LEAST < low < high < WANTED:
            break
    return Rate(count, runs)


def _best_of_pilots(plan: Plan, rows: Rows, seed: int) -> float:
    runs = min(_PILOT_RUNS, max(_FEWEST_RUNS, _affordable(plan, _PILOTS)))
    rates = [
        aim.joint(plan, runs, seed + number).ship.value
        for number, aim in enumerate(over_pilots(plan, rows, _PILOTS, seed))
    ]
    return float(np.percentile(rates, _UPPER_PERCENTILE)) if rates else 1.0


def _affordable(plan: Plan, parts: int) -> int:
    """Return the runs for one of several equal parts of the work."""
    each = plan.units * plan.candidates * len(plan.asked.tested())
    if plan.design is Design.PLANNED_LOOKS:
        # Each look tests all units so far.
        each *= (len(plan.looks) + 1) // 2
    return max(_FEWEST_RUNS, _CELLS // (each * parts))
