"""Short runs of the simulated gate: faces hold their level, and a gate that does not is seen."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from liftgate.gates.calibrate.characteristics import Rate, Simulation, Wanted
from liftgate.gates.calibrate.engine import Plan
from liftgate.gates.calibrate.quantities import asked_of
from liftgate.gates.calibrate.rows import rows_of
from liftgate.records import Part
from tests.unit.gates.calibrate.pilots import SCALES, claim, pilot

ALPHA = 0.05
RUNS = 800
CLAIMS = (
    claim("primary", Part.PRIMARY, "right", "superior", by=0.0, target=0.12),
    claim("guardrails.0", Part.GUARDRAIL, "quality", "non_inferior", margin=0.25),
)
ASKED = asked_of(CLAIMS, {})


def simulation(
    *, alpha: float = ALPHA, candidates: int = 1, pilots: int = 0, items: int = 300
) -> Simulation:
    rows = rows_of(pilot(items, clustered=False), ASKED.quantities(), clustered=False)
    plan = Plan(ASKED, SCALES, alpha, ALPHA, candidates, units=200)
    wanted = Wanted(runs=RUNS, pilots=pilots, seed=3, naive=True, curve=False, calls=400)
    return Simulation(plan, rows, wanted)


def highest(level: float, runs: int = RUNS) -> float:
    return level + 3 * math.sqrt(level * (1 - level) / runs)


@pytest.mark.parametrize("candidates", [1, 3])
def test_no_face_ships_more_often_than_alpha_and_means_alone_do(candidates: int) -> None:
    found = simulation(candidates=candidates).run()
    assert len(found.faces) == 2 * (1 if candidates == 1 else 2)
    for face in found.faces:
        # The score test and the t test are approximate: half a point of their measured error.
        assert 0 < face.ships.value <= highest(ALPHA + 0.005)
        if face.naive is not None and face.peeked is not None:
            assert 0.4 < face.naive.value < face.peeked.value
    assert found.harmless is not None
    assert found.harmless.hold.value <= highest(ALPHA)
    assert found.corner is not None
    assert found.corner.any_ship.value < min(face.ships.value for face in found.faces)
    assert found.target.ship.value > 0.5


def test_a_gate_that_does_not_hold_its_level_is_seen() -> None:
    found = simulation(alpha=0.15).run()
    assert max(face.ships.lower(0.01) for face in found.faces) > ALPHA


def test_power_over_pilots_surrounds_the_power_of_the_pilot() -> None:
    found = simulation(pilots=20, items=60).run()
    assert found.pilots is not None
    assert len(found.pilots.power) + found.pilots.infeasible == 20
    low, high = min(found.pilots.power), max(found.pilots.power)
    assert low <= found.target.ship.value <= high
    # A pilot's own error is more than that of the simulation.
    noise = math.sqrt(found.target.ship.value * (1 - found.target.ship.value) / RUNS)
    assert np.std(found.pilots.power) > 2 * noise


def test_the_bound_on_a_rate_holds() -> None:
    rng = np.random.default_rng(1)
    below = [Rate(int(rng.binomial(2000, 0.05)), 2000).upper(0.05) < 0.05 for _ in range(2000)]
    assert np.mean(below) <= highest(0.055, 2000)
    assert replace(Rate(0, 100)).upper(0.05) > 0.02
