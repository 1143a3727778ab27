"""``study power``: how likely a study ships a candidate at its target, and the size for more."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from liftgate.errors import NotEnoughData
from liftgate.flow.pilot import repeat_spread
from liftgate.flow.worlds import Worlds, open_planned, worlds_of
from liftgate.gates.calibrate.engine import Plan
from liftgate.gates.calibrate.repeats import RepeatSpread
from liftgate.gates.calibrate.rows import Rows
from liftgate.gates.calibrate.sizing import (
    Joint,
    Needed,
    Target,
    over_pilots,
    rescaled,
    sized,
)
from liftgate.protocols import Progress
from liftgate.records import Design
from liftgate.records.notebook import Card
from liftgate.stats.sizing import Allocation, allocation
from liftgate.study.design import Study

_ERROR = 0.05
_PILOT_RUNS = 500
_PERCENTILES = (5, 95)
_REPEATS = (1, 2, 3, 5, 10)

Show = Callable[[Progress], None]
Json = dict[str, Any]


@dataclass(frozen=True)
class Request:
    """What is asked."""

    runs: int = 4000
    pilots: int = 50
    sizes: tuple[int, ...] = ()
    """Other numbers of items, tried with the study's own plan."""
    power: float = 0.8
    item_cost: float = 0.0
    """What one more item costs, in calls: finding, labelling."""


@dataclass(frozen=True)
class InWorld:
    """One stopping plan in the worlds of one set of rows."""

    world: str
    joint: Joint
    needed: Needed | None
    """None: up to 500 times the planned size is not enough."""
    kept: str
    pilots: tuple[float, ...]
    """Probability of shipping over bootstrap pilots; empty: none were drawn."""


@dataclass(frozen=True)
class OfPlan:
    """One stopping plan: what it does in each world, or why it cannot be simulated."""

    design: Design
    plan: Plan | None
    worlds: tuple[InWorld, ...]
    refused: str = ""


@dataclass(frozen=True, eq=False)
class Power(Card):
    """A study's power under every stopping plan."""

    study: Study
    request: Request
    own: Worlds
    plans: tuple[OfPlan, ...]
    """The study's own first."""
    sizes: tuple[tuple[int, tuple[Joint, ...]], ...]
    """Items, and the study's own plan at that size in each world."""
    repeats: RepeatSpread | None
    allocations: tuple[Allocation, ...]
    assumptions: tuple[str, ...]

    def as_json(self) -> Json:
        """Return what ``--json`` prints: plain values."""
        own, rows = self.own, self.own.sets[0][1]
        pilot = None
        if self.study.pilot is not None:
            pilot = {"items": rows.items, "clusters": rows.clusters}
        tests = own.asked.tests
        return {
            "liftgate": 1,
            "study": self.study.study,
            "study_digest": self.study.digest(),
            "items": len(own.items),
            "clusters": own.units,
            "planned_calls": own.calls,
            "candidates": len(self.study.candidates),
            "claims": {t.claim.id: t.claim.title for t in tests},
            "not_assessed": dict(own.asked.left_out),
            "pilot": pilot,
            "runs": self.request.runs,
            "seed": self.study.seed,
            "wanted": self.request.power,
            "plans": [self._plan(one) for one in self.plans],
            "sizes": [
                {"items": items, "ship": [_rate(joint) for joint in found]}
                for items, found in self.sizes
            ],
            "binding": self._binding(),
            "repeats": self._repeats(),
            "assumptions": list(self.assumptions),
        }

    def _plan(self, one: OfPlan) -> Json:
        body: Json = {
            "design": one.design.value,
            "own": one.design is self.own.design,
            "looks": 0 if one.plan is None else len(one.plan.looks),
            "refused": one.refused or None,
        }
        if not one.worlds:
            return body
        names = list(self._claims())
        return {
            **body,
            "ship": self._spread(one),
            "calls": _ends([w.joint.calls * self.own.calls for w in one.worlds]),
            "needed": self._needed(one),
            "worlds": [
                {
                    "world": w.world,
                    "ship": _rate(w.joint),
                    "passed": {
                        name: rate.value for name, rate in zip(names, w.joint.passed, strict=True)
                    },
                    "calls": w.joint.calls * self.own.calls,
                    "needed": None if w.needed is None else self._items(w.needed.units),
                    "kept": w.kept,
                }
                for w in one.worlds
            ],
        }

    def _claims(self) -> tuple[str, ...]:
        return tuple(tests.claim.id for tests in self.own.asked.tests)

    def _spread(self, one: OfPlan) -> Json:
        """Return the probability with its range: over pilots, else over the assumed spreads."""
        values = [w.joint.ship.value for w in one.worlds]
        pilots = [p for w in one.worlds for p in w.pilots]
        low, high = np.percentile(pilots, _PERCENTILES) if pilots else (min(values), max(values))
        single = self.study.pilot is not None
        return {"value": values[0] if single else None, "low": float(low), "high": float(high)}

    def _needed(self, one: OfPlan) -> Json | None:
        """Return the items that the worst world needs, with Monte-Carlo and pilot ranges."""
        if any(w.needed is None for w in one.worlds):
            return None
        found = [(w, w.needed) for w in one.worlds if w.needed is not None]
        world, worst = max(found, key=lambda pair: pair[1].units)
        body: Json = {
            "items": self._items(worst.units),
            "low": self._items(worst.low),
            "high": self._items(worst.high),
            "least": self._items(min(needed.units for _, needed in found)),
            "pilot_low": None,
            "pilot_high": None,
        }
        if world.pilots and one.plan is not None:
            low, high = np.percentile(world.pilots, _PERCENTILES)
            for name, rate in (("pilot_low", high), ("pilot_high", low)):
                units = rescaled(worst, world.joint, float(rate), one.plan.alpha)
                body[name] = None if units is None else self._items(units)
        return body

    def _items(self, units: int) -> int:
        return round(units * len(self.own.items) / self.own.units)

    def _binding(self) -> Json | None:
        """Return the claim that passes most seldom by itself, in the worst world."""
        own = self.plans[0]
        if not own.worlds:
            return None
        worst = min(own.worlds, key=lambda w: w.joint.ship.value)
        rates = dict(zip(self._claims(), (r.value for r in worst.joint.passed), strict=True))
        claim = min(rates, key=lambda name: rates[name])
        titles = {t.claim.id: t.claim.title for t in self.own.asked.tests}
        return {"claim": claim, "title": titles[claim], "passes": rates[claim], "alone": rates}

    def _repeats(self) -> Json | None:
        if self.repeats is None:
            return None
        return {
            "metric": self.repeats.metric,
            "between": self.repeats.between,
            "within": self.repeats.within,
            "icc": self.repeats.icc,
            "item_cost": self.request.item_cost,
            "budget": self.own.calls,
            "best": min(self.allocations, key=lambda a: a.se).repeats,
            "allocations": [
                {"repeats": a.repeats, "items": a.items, "se": a.se} for a in self.allocations
            ],
        }


def study_power(path: Path, request: Request | None = None, progress: Show | None = None) -> Power:
    """Simulate how often a study ships a candidate at its target, under every stopping plan.

    No system is opened, and nothing is run.

    Args:
        path: the study file.
        request: what is asked.
        progress: shown how far it is.

    Raises:
        StudyError: faults of the file.
        DataError: the dataset or the pilot cannot be read, or do not fit the study.
        NotEnoughData: the pilot is too small, or cannot show the target; no pilot and a score
            without a range; the study's own plan cannot be simulated.
    """
    asked = request or Request()
    study, dataset = open_planned(path)
    root = Path(path).resolve().parent
    own = worlds_of(study, root, dataset, Design(study.stopping.plan))
    designs = [own.design, *(d for d in Design if d is not own.design)]
    plans: list[OfPlan] = []
    unable: list[str] = []
    for number, design in enumerate(designs):
        if progress is not None:
            progress(Progress(stage="stopping plans", done=number, total=len(designs), failed=None))
        try:
            worlds = own if design is own.design else worlds_of(study, root, dataset, design)
            plans.append(_of_plan(worlds, asked, unable))
        except NotEnoughData as error:
            if design is own.design:
                raise
            plans.append(OfPlan(design, None, (), str(error)))
    spread = None if study.pilot is None else repeat_spread(study, root, own.scales)
    return Power(
        study=study,
        request=asked,
        own=own,
        plans=tuple(plans),
        sizes=tuple(_at_sizes(own, asked)),
        repeats=spread,
        allocations=() if spread is None else tuple(_allocations(own, spread, asked.item_cost)),
        assumptions=(*own.said, *dict.fromkeys(unable), *own.about()),
    )


def _of_plan(worlds: Worlds, asked: Request, unable: list[str]) -> OfPlan:
    plan, seed = worlds.plan(), worlds.study.seed
    found = []
    for name, rows in worlds.sets:
        try:
            aim = Target(plan, rows)
        except NotEnoughData as error:
            if len(worlds.sets) == 1:
                raise
            unable.append(f"not simulated, {name}: {error}")
            continue
        joint = aim.joint(plan, asked.runs, seed)
        needed = aim.units_needed(
            plan, joint, power=asked.power, runs=max(asked.runs // 2, 1), seed=seed
        )
        pilots = () if worlds.study.pilot is None else _pilots(plan, rows, asked, seed)
        found.append(InWorld(name, joint, needed, aim.kept, pilots))
    if not found:
        raise NotEnoughData("; ".join(dict.fromkeys(unable)))
    return OfPlan(worlds.design, plan, tuple(found))


def _pilots(plan: Plan, rows: Rows, asked: Request, seed: int) -> tuple[float, ...]:
    runs = min(asked.runs, _PILOT_RUNS)
    aims = enumerate(over_pilots(plan, rows, asked.pilots, seed))
    return tuple(aim.joint(plan, runs, seed + 1 + number).ship.value for number, aim in aims)


def _at_sizes(own: Worlds, asked: Request) -> list[tuple[int, tuple[Joint, ...]]]:
    plan, found = own.plan(), []
    for items in asked.sizes:
        units = max(1, round(items * own.units / len(own.items)))
        joints = []
        for _, rows in own.sets:
            try:
                aim = Target(plan, rows)
            except NotEnoughData:
                continue
            joints.append(aim.joint(sized(plan, units), asked.runs, own.study.seed))
        found.append((items, tuple(joints)))
    return found


def _allocations(own: Worlds, spread: RepeatSpread, item_cost: float) -> list[Allocation]:
    """Return how well the mean is known for the planned budget, by repeats of an item."""
    arms = len(own.study.arms)
    budget = own.calls + item_cost * len(own.items)
    wanted: Sequence[int] = sorted({*_REPEATS, own.study.repeats, _best(spread, arms, item_cost)})
    return [
        allocation(
            spread.between,
            spread.within,
            budget=budget,
            item_cost=item_cost,
            repeat_cost=arms,
            repeats=repeats,
        )
        for repeats in wanted
        if budget >= 2 * (item_cost + repeats * arms)
    ]


def _best(spread: RepeatSpread, arms: int, item_cost: float) -> int:
    """Return the best number of repeats, whatever the budget."""
    found = allocation(
        spread.between, spread.within, budget=1e12, item_cost=item_cost, repeat_cost=arms
    )
    return found.repeats


def _rate(joint: Joint) -> Json:
    ship = joint.ship
    return {
        "count": ship.count,
        "runs": ship.runs,
        "rate": ship.value,
        "lower": ship.lower(_ERROR),
        "upper": ship.upper(_ERROR),
    }


def _ends(values: list[float]) -> Json:
    return {"low": min(values), "high": max(values)}
