"""The gate at its target: probability, size, and what makes a size too small."""

from __future__ import annotations

import pytest

from liftgate import stats
from liftgate.gates.calibrate.adequacy import LEAST, WANTED, Size, judge
from liftgate.gates.calibrate.engine import Plan
from liftgate.gates.calibrate.quantities import asked_of
from liftgate.gates.calibrate.rows import Rows, rows_of
from liftgate.gates.calibrate.sizing import Target, over_pilots, rescaled, sized
from liftgate.records import Design, Part
from tests.unit.gates.calibrate.pilots import SCALES, claim, pilot

PRIMARY = claim("primary", Part.PRIMARY, "right", "superior", by=0.0, target=0.1)
GUARD = claim("guardrails.0", Part.GUARDRAIL, "quality", "non_inferior", margin=0.15)


def plan(
    *claims, units: int = 200, design: Design = Design.FIXED, candidates: int = 1
) -> tuple[Plan, Rows]:
    asked = asked_of(claims or (PRIMARY,), {}, design)
    rows = rows_of(pilot(300, clustered=False), asked.quantities(), clustered=False)
    made = Plan(asked, SCALES, 0.05, 0.05, candidates, units=units)
    looks = {Design.FIXED: 1, Design.PLANNED_LOOKS: 5, Design.ANYTIME: 100}[design]
    shares = tuple((look + 1) / looks for look in range(looks))
    return Plan(**{**vars(made), "looks": shares, "design": design}), rows


def test_one_claims_power_is_that_of_the_formula() -> None:
    made, rows = plan()
    aim = Target(made, rows)
    (quantity,) = made.asked.tested()
    column = rows.columns[quantity]
    discordance = float(column.squares.mean())
    found = aim.joint(made, 4000, 1)
    wanted = stats.power(200, effect=0.1, discordance=discordance)
    assert found.ship.value == pytest.approx(wanted, abs=0.03)
    assert found.passed[0].value == found.ship.value
    assert found.calls == 1


def test_the_size_found_has_the_wanted_power_and_is_that_of_the_formula() -> None:
    made, rows = plan(units=60)
    aim = Target(made, rows)
    needed = aim.units_needed(made, aim.joint(made, 2000, 1), power=0.8, runs=2000, seed=1)
    assert needed is not None
    assert needed.low < needed.units < needed.high
    fresh = aim.joint(sized(made, needed.units), 8000, 99).ship.value
    assert fresh == pytest.approx(0.8, abs=0.03)
    (quantity,) = made.asked.tested()
    discordance = float(rows.columns[quantity].squares.mean())
    formula = stats.sample_size(effect=0.1, discordance=discordance)
    assert needed.units == pytest.approx(formula, rel=0.1)


@pytest.mark.parametrize("start", [20, 2000])
def test_a_search_finds_the_same_size_from_far_below_and_far_above(start: int) -> None:
    made, rows = plan(units=start)
    aim = Target(made, rows)
    needed = aim.units_needed(made, aim.joint(made, 1000, 1), power=0.8, runs=4000, seed=1)
    assert needed is not None
    assert aim.joint(sized(made, needed.units), 8000, 99).ship.value == pytest.approx(0.8, abs=0.03)


def test_a_second_claim_and_a_second_candidate_cost_power() -> None:
    alone, rows = plan()
    both, with_guard = plan(PRIMARY, GUARD)
    three, _ = plan(candidates=3)
    one = Target(alone, rows).joint(alone, 3000, 1)
    joint = Target(both, with_guard).joint(both, 3000, 1)
    holm = Target(three, rows).joint(three, 3000, 1)
    assert joint.ship.value < min(rate.value for rate in joint.passed) + 1e-12
    assert joint.ship.value < one.ship.value - 0.05
    assert holm.ship.value < one.ship.value - 0.05


def test_looks_cost_little_power_and_save_calls() -> None:
    fixed, rows = plan()
    looked, _ = plan(design=Design.PLANNED_LOOKS)
    betting, _ = plan(design=Design.ANYTIME)
    aim = Target(fixed, rows)
    once, five, always = (aim.joint(p, 1500, 1) for p in (fixed, looked, betting))
    assert once.ship.value - 0.04 < five.ship.value <= once.ship.value + 0.01
    assert always.ship.value < five.ship.value
    assert five.calls < 0.95


def test_no_size_is_told_where_none_is_enough() -> None:
    # A limit above the mean of both arms is never shown to be kept.
    kept = claim("guardrails.0", Part.GUARDRAIL, "quality", "within", limit=2.0)
    made, rows = plan(PRIMARY, kept, units=20)
    aim = Target(made, rows)
    assert aim.units_needed(made, aim.joint(made, 400, 1), power=0.8, runs=400, seed=1) is None


def test_pilots_drawn_again_differ_and_the_size_follows_them() -> None:
    made, rows = plan()
    rates = [aim.joint(made, 500, 1).ship.value for aim in over_pilots(made, rows, 8, seed=2)]
    assert len(rates) == 8
    assert max(rates) - min(rates) > 0.05
    aim = Target(made, rows)
    here = aim.joint(made, 2000, 1)
    needed = aim.units_needed(made, here, power=0.8, runs=2000, seed=1)
    assert needed is not None
    fewer = rescaled(needed, here, here.ship.value + 0.1, 0.05)
    assert fewer is not None
    assert fewer < needed.units
    assert rescaled(needed, here, 0.01, 0.05) is None


@pytest.mark.parametrize(
    ("units", "size"), [(12, Size.TOO_SMALL), (150, Size.LOW), (900, Size.ENOUGH)]
)
def test_a_size_is_judged_by_both_thresholds(units: int, size: Size) -> None:
    made, rows = plan(units=units)
    found = judge(made, [("", rows)], pilot=True, seed=1)
    assert found.size is size
    assert found.low == found.forecast <= found.best
    assert judge(made, [("", rows)], pilot=True, seed=1).best == found.best
    assert {Size.TOO_SMALL: found.best < LEAST, Size.LOW: LEAST <= found.best < WANTED}.get(
        size, found.best >= WANTED
    )


def test_what_the_pilot_leaves_open_spares_a_study_a_little_too_small() -> None:
    made, rows = plan(units=74)
    found = judge(made, [("", rows)], pilot=True, seed=1)
    assert found.forecast < LEAST <= found.best
    assert found.size is Size.LOW
