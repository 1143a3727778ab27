"""Operating characteristics: how often a gate ships, holds or cannot tell, before it is used."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from zlib import crc32

import numpy as np

from liftgate.errors import NotEnoughData
from liftgate.gates.calibrate import naive, points
from liftgate.gates.calibrate.engine import HOLD, OPEN, SHIP, Engine, Outcomes, Plan
from liftgate.gates.calibrate.points import Face, Point
from liftgate.gates.calibrate.quantities import OneTest
from liftgate.gates.calibrate.rows import Floats, Rows
from liftgate.gates.calibrate.world import World, world
from liftgate.records import Alternative
from liftgate.stats import ClaimShape
from liftgate.stats.score import Wilson

PILOT_RUNS = 1000
CURVE_POINTS = 9

Report = Callable[[int, int], None]
"""Told of progress: runs done, of how many."""


@dataclass(frozen=True)
class Rate:
    """A share of simulated runs."""

    count: int
    runs: int

    @property
    def value(self) -> float:
        """The share."""
        return self.count / self.runs

    def upper(self, error: float) -> float:
        """Return the upper limit, exceeded with at most this probability (Wilson 1927)."""
        return _wilson(self, Alternative.LESS, error)

    def lower(self, error: float) -> float:
        """Return the lower limit (Wilson 1927)."""
        return _wilson(self, Alternative.GREATER, error)


@dataclass(frozen=True)
class FaceResult:
    """How often the gate ships although one null is true, at its boundary."""

    claim: str
    title: str
    metric: str
    at: float
    difference: bool
    """Whether ``at`` is a difference of the arms in the metric's own units."""
    others: str
    """What the other candidates do; empty for one candidate."""
    ships: Rate
    kept: str
    naive: Rate | None = None
    peeked: Rate | None = None


@dataclass(frozen=True)
class PointResult:
    """What becomes of a candidate with given true effects."""

    name: str
    ship: Rate
    hold: Rate
    open: Rate
    any_ship: Rate
    """Of all candidates together."""
    passed: tuple[Rate, ...]
    """Each claim by itself, in the order of the plan's tests."""
    calls: float
    kept: str
    effect: float | None = None
    """On the primary."""
    notes: tuple[str, ...] = ()
    naive: Rate | None = None
    peeked: Rate | None = None


@dataclass(frozen=True)
class Pilots:
    """Power and calls at the target over bootstrap pilots."""

    power: tuple[float, ...]
    calls: tuple[float, ...]
    hold: tuple[float, ...]
    infeasible: int
    """Pilots in which the target could not be reached."""


@dataclass(frozen=True)
class Characteristics:
    """Everything simulated in the worlds of one pilot, or of one assumed spread."""

    world: str
    """Empty for a pilot's, else what was assumed."""
    faces: tuple[FaceResult, ...]
    target: PointResult
    zero: PointResult
    corner: PointResult | None
    harmless: PointResult | None
    curve: tuple[PointResult, ...]
    pilots: Pilots | None
    unreached: tuple[str, ...]
    """Points that no weighting of the rows reaches, with the reason."""


@dataclass(frozen=True)
class Wanted:
    """How much is simulated."""

    runs: int
    pilots: int
    seed: int
    naive: bool
    curve: bool
    calls: int
    """Calls of the whole plan, all arms and repeats together."""


class Simulation:
    """The grid of one set of rows.

    Args:
        plan: how the gate is used.
        rows: the pilot's, or assumed ones.
        wanted: how much.
        number: of this set among several, so that each has its own random numbers.
        report: told of progress.
    """

    def __init__(
        self, plan: Plan, rows: Rows, wanted: Wanted, number: int = 0, report: Report | None = None
    ) -> None:
        self._plan, self._rows, self._wanted = plan, rows, wanted
        self._number = number
        self._engine = Engine(plan, rows)
        self._report = report or (lambda _done, _total: None)
        self._done = 0
        self._unreached: list[str] = []

    def run(self, name: str = "") -> Characteristics:
        """Simulate the whole grid.

        Raises:
            NotEnoughData: the target, or a face, cannot be reached in any weighting of the rows.
            DataError: the primary claims superiority without a target.
        """
        asked = self._plan.asked
        effects = points.target(asked)
        target, zero = (
            points.effect_point("target", asked, effects),
            points.effect_point("no effect", asked, {}),
        )
        found = Characteristics(
            world=name,
            faces=self._faces(),
            target=self._point(target, primary=next(iter(effects.values()))),
            zero=self._point(zero, everywhere=True, primary=0.0),
            corner=self._perhaps(points.corner(asked)),
            harmless=self._perhaps(points.least_favourable(asked)),
            curve=self._curve(effects),
            pilots=self._pilots(target) if self._wanted.pilots else None,
            unreached=(),
        )
        return replace(found, unreached=tuple(self._unreached))

    def _faces(self) -> tuple[FaceResult, ...]:
        found: list[FaceResult] = []
        listed = points.faces(self._plan.asked)
        for number, face in enumerate(listed):
            found += self._face(face, f"face {number}")
        return tuple(found)

    def _face(self, face: Face, label: str) -> list[FaceResult]:
        made = world(self._rows, face.placed)
        runs, count, alpha = self._wanted.runs, self._plan.candidates, self._plan.alpha
        p = self._engine.rejections(made, face.test, runs * count, self._rng(label), self._tick)
        p = p.reshape(runs, count)
        once, peeked = self._naive(made, (face.test,), runs, label)
        one = FaceResult(
            claim=face.claim,
            title=face.title,
            metric=face.test.quantity.metric,
            at=face.test.null,
            difference=face.test.quantity.shape is ClaimShape.DIFFERENCE,
            others="the others ship" if count > 1 else "",
            ships=Rate(int((p[:, 0] <= alpha).sum()), runs),
            kept=made.kept,
            naive=once,
            peeked=peeked,
        )
        if count == 1:
            return [one]
        # All candidates at one boundary: Holm's first step is at alpha over their number.
        first = p.min(axis=1) <= alpha / count
        all_at = Rate(int(first.sum()), runs)
        others = f"all {count} candidates at it"
        return [one, replace(one, others=others, ships=all_at, naive=None, peeked=None)]

    def _point(
        self, point: Point, *, everywhere: bool = False, primary: float | None = None
    ) -> PointResult:
        """Simulate a point for the first candidate; the others have no effect, or are there too."""
        made = self._world(point)
        if everywhere:
            rest = made
        else:
            rest = self._world(points.effect_point("no effect", self._plan.asked, {}))
        worlds = [made, *([rest] * (self._plan.candidates - 1))]
        runs = self._wanted.runs
        label = f"{point.name} at {primary}"
        found = self._engine.outcomes(worlds, runs, self._rng(label), self._tick)
        tests = [t for claim in self._plan.asked.tests for t in claim.rejects]
        once, peeked = self._naive(made, tests, runs, label)
        return self._result(point, found, made, primary, once, peeked)

    def _result(
        self,
        point: Point,
        found: Outcomes,
        made: World,
        primary: float | None,
        once: Rate | None,
        peeked: Rate | None,
    ) -> PointResult:
        runs = len(found.shares)
        first = found.words[:, 0]
        return PointResult(
            name=point.name,
            ship=Rate(int((first == SHIP).sum()), runs),
            hold=Rate(int((first == HOLD).sum()), runs),
            open=Rate(int((first == OPEN).sum()), runs),
            any_ship=Rate(int((found.words == SHIP).any(axis=1).sum()), runs),
            passed=tuple(Rate(int(count), runs) for count in found.passed),
            calls=float(found.shares.mean()) * self._wanted.calls,
            kept=made.kept,
            effect=primary,
            notes=point.left_out,
            naive=once,
            peeked=peeked,
        )

    def _perhaps(self, point: Point) -> PointResult | None:
        try:
            return self._point(point, everywhere=True)
        except NotEnoughData as error:
            self._unreached.append(f"{point.name}: {error}")
            self._tick(self._wanted.runs)
            return None

    def _curve(self, effects: dict[str, float]) -> tuple[PointResult, ...]:
        if not self._wanted.curve or points.primary_quantity(self._plan.asked) is None:
            return ()
        (metric,) = effects
        reach = effects[metric] or self._widest(metric)
        found = []
        for effect in np.linspace(-reach, 2 * reach, CURVE_POINTS):
            point = points.effect_point("curve", self._plan.asked, {metric: float(effect)})
            try:
                found.append(self._point(point, primary=float(effect)))
            except NotEnoughData as error:
                self._unreached.append(f"curve at {effect:+.4g}: {error}")
        return tuple(found)

    def _widest(self, metric: str) -> float:
        """Return the scale of a curve for a primary without a target: its margin."""
        nulls = [
            abs(t.null)
            for claim in self._plan.asked.tests
            for t in claim.rejects
            if t.quantity.metric == metric
        ]
        return max(nulls, default=0.0) or 0.05

    def _pilots(self, target: Point) -> Pilots:
        rng = self._rng("pilots")
        runs = min(self._wanted.runs, PILOT_RUNS)
        zero = points.effect_point("no effect", self._plan.asked, {})
        power, calls, hold, infeasible = [], [], [], 0
        for _ in range(self._wanted.pilots):
            start = bootstrapped(self._rows, rng)
            try:
                made = world(self._rows, target.placed, start)
                rest = world(self._rows, zero.placed, start)
            except NotEnoughData:
                infeasible += 1
                self._tick(runs)
                continue
            worlds = [made, *([rest] * (self._plan.candidates - 1))]
            found = self._engine.outcomes(worlds, runs, rng, self._tick)
            power.append(float((found.words[:, 0] == SHIP).mean()))
            hold.append(float((found.words[:, 0] == HOLD).mean()))
            calls.append(float(found.shares.mean()) * self._wanted.calls)
        return Pilots(tuple(power), tuple(calls), tuple(hold), infeasible)

    def _naive(
        self, made: World, tests: Sequence[OneTest], runs: int, label: str
    ) -> tuple[Rate | None, Rate | None]:
        if not self._wanted.naive:
            return None, None
        once, peeked = naive.shipped(self._plan, made, tests, runs, self._rng(f"naive, {label}"))
        return Rate(once, runs), Rate(peeked, runs)

    def _tick(self, runs: int) -> None:
        self._done += runs
        self._report(self._done, max(self._done, self._total))

    @property
    def _total(self) -> int:
        """Runs in all, a point that cannot be reached included."""
        wanted = self._wanted
        faces = len(points.faces(self._plan.asked)) * self._plan.candidates
        curve = CURVE_POINTS if wanted.curve else 0
        pilots = wanted.pilots * min(wanted.runs, PILOT_RUNS)
        return (faces + 4 + curve) * wanted.runs + pilots

    def _world(self, point: Point) -> World:
        return world(self._rows, point.placed)

    def _rng(self, label: str) -> np.random.Generator:
        """Return a generator of its own for each place of the grid, whatever else is simulated."""
        return np.random.default_rng([self._wanted.seed, self._number, crc32(label.encode())])


def bootstrapped(rows: Rows, rng: np.random.Generator) -> Floats:
    """Return the weights of a pilot whose clusters were drawn again from the pilot's."""
    count = rows.clusters
    drawn = rng.multinomial(count, np.full(count, 1 / count)).astype(np.float64)
    return np.concatenate([drawn, drawn])


def _wilson(rate: Rate, alternative: Alternative, error: float) -> float:
    return float(Wilson(rate.runs, rate.count).limit(alternative, error))
