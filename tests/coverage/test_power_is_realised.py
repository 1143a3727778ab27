"""What ``study power`` foretells is what the gate's decision does: fresh data, the gate itself."""

from __future__ import annotations

import math

import numpy as np

from liftgate.gates.calibrate.engine import Engine, Plan
from liftgate.gates.calibrate.quantities import asked_of
from liftgate.gates.calibrate.rows import rows_of
from liftgate.gates.calibrate.sizing import Target
from liftgate.records import Design, Part
from liftgate.stats import paired_difference, paired_noninferiority
from tests.unit.gates.calibrate.pilots import SCALES, again, claim, pilot

RUNS = 250
ALPHA = 0.05


def shipped(pairs) -> bool:  # type: ignore[no-untyped-def]
    """The gate by the public tests, claim by claim: both must reject."""
    right, quality = pairs["right"], pairs["quality"]
    first = paired_difference(
        right.candidate, right.baseline, kind="binary", alternative="greater", level=1 - 2 * ALPHA
    )
    second = paired_noninferiority(
        quality.candidate, quality.baseline, 0.15, score_range=(1.0, 5.0), level=1 - 2 * ALPHA
    )
    return all(e.p_value is not None and e.p_value <= ALPHA for e in (first, second))


def test_the_foretold_probability_of_a_ship_is_the_realised_one() -> None:
    claims = (
        claim("primary", Part.PRIMARY, "right", "superior", by=0.0, target=0.1),
        claim("guardrails.0", Part.GUARDRAIL, "quality", "non_inferior", margin=0.15),
    )
    asked = asked_of(claims, {}, Design.FIXED)
    known = pilot(300, clustered=False)
    rows = rows_of(known, asked.quantities(), clustered=False)
    plan = Plan(asked, SCALES, ALPHA, ALPHA, 1, units=150)
    aim = Target(plan, rows)
    foretold = aim.joint(plan, 6000, 1).ship.value
    assert 0.3 < foretold < 0.9

    draws = aim.worlds[0].draw(RUNS, plan.units, np.random.default_rng(11))
    realised = np.mean([shipped(again(known, one, clustered=False)) for one in draws])
    error = math.sqrt(foretold * (1 - foretold) * (1 / RUNS + 1 / 6000))
    assert abs(realised - foretold) < 3 * error
    # A planner that takes one claim alone for the gate would be seen.
    alone = Engine(plan, rows).outcomes(aim.worlds, 6000, np.random.default_rng(2)).passed / 6000
    assert min(alone) - realised > 2 * error
