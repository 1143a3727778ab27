"""The engine is the gate: run by run it says what ``decide`` says about the same rows."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from liftgate import plugins, stats
from liftgate.errors import NotEnoughData
from liftgate.gates.calibrate.engine import HOLD, OPEN, SHIP, Engine, Plan, holm
from liftgate.gates.calibrate.points import effect_point
from liftgate.gates.calibrate.quantities import asked_of
from liftgate.gates.calibrate.rows import rows_of
from liftgate.gates.calibrate.world import world
from liftgate.gates.decide import decide
from liftgate.gates.evidence import PairsEvidence
from liftgate.records import Alternative, Claim, DecisionWord, Design, Pairs, Part
from liftgate.stats.eprocess import EProcess
from liftgate.stats.planned import PlannedLooks
from tests.unit.gates.calibrate.pilots import SCALES, again, claim, pilot

WORDS = {SHIP: DecisionWord.SHIP, HOLD: DecisionWord.HOLD, OPEN: DecisionWord.INCONCLUSIVE}
PRIMARY, GUARD = Part.PRIMARY, Part.GUARDRAIL

GATES: dict[str, tuple[Claim, ...]] = {
    "binary and graded": (
        claim("primary", PRIMARY, "right", "superior", by=0.0, target=0.1),
        claim("guardrails.0", GUARD, "quality", "non_inferior", margin=0.2),
    ),
    "every rule": (
        claim("primary", PRIMARY, "right", "non_inferior", margin=0.05),
        claim("guardrails.0", GUARD, "quality", "equivalent", margin=0.3),
        claim("guardrails.1", GUARD, "wrong", "non_inferior", margin=0.1),
        claim("guardrails.2", GUARD, "cost", "within", limit=3.1),
        claim("guardrails.3", GUARD, "right", "within", limit=0.8),
        claim("guardrails.4", GUARD, "quality", "non_inferior", margin="10%"),
        claim("guardrails.5", GUARD, "cost", "equivalent", margin="20%"),
    ),
    "over slices": (
        claim("primary", PRIMARY, "right", "superior", by=0.01, target=0.1),
        claim(
            "guardrails.0", GUARD, "right", "each_non_inferior", "half", margin=0.1, min_clusters=10
        ),
        claim(
            "guardrails.1", GUARD, "quality", "each_non_inferior", "half", margin=0.5,
            min_clusters=22,
        ),
    ),
}  # fmt: skip


@pytest.mark.parametrize("clustered", [False, True])
@pytest.mark.parametrize("candidates", [1, 3])
@pytest.mark.parametrize("gate", GATES)
def test_run_by_run_the_engine_says_what_decide_says(
    gate: str, candidates: int, clustered: bool
) -> None:
    claims = GATES[gate]
    pairs = pilot(150, clustered=clustered)
    asked = asked_of(claims, {"half": ("a", "b")})
    rows = rows_of(pairs, asked.quantities(), clustered=clustered)
    plan = Plan(asked, SCALES, 0.05, 0.05, candidates, units=66)
    engine = Engine(plan, rows)
    rng = np.random.default_rng(7)
    seen = set()
    for effect in (-0.15, 0.0, 0.1, 0.2):
        made = world(rows, effect_point("x", asked, {"right": effect}).placed)
        draws = [made.draw(8, plan.units, rng) for _ in range(candidates)]
        found = [engine.judged(made, rows_) for rows_ in draws]
        rejects = np.stack([p for p, _ in found], axis=1)[..., 0]
        harms = np.stack([h for _, h in found], axis=1)[..., 0]
        words = engine.words(rejects, harms)
        for run in range(8):
            evidence = {
                f"c{k}": {
                    c.id: PairsEvidence(
                        again(pairs, draws[k][run], clustered=clustered)[c.metric],
                        alpha=0.05,
                        by_slice=c.by_slice,
                    )
                    for c in claims
                }
                for k in range(candidates)
            }
            rules = {c.id: plugins.load("rules", c.rule)(**c.params) for c in claims}
            decided = decide(claims, evidence, rules, alpha=0.05, alpha_hold=0.05)
            assert [WORDS[int(w)] for w in words[run]] == [d.word for d in decided]
            for k, decision in enumerate(decided):
                for j, verdict in enumerate(decision.verdicts):
                    expected = 1.0 if verdict.p_value is None else verdict.p_value
                    assert rejects[run, k, j] == pytest.approx(expected, abs=1e-9)
                    expected = 1.0 if verdict.harm_p is None else verdict.harm_p
                    assert harms[run, k, j] == pytest.approx(expected, abs=1e-9)
            seen |= {d.word for d in decided}
    assert len(seen) >= 2


def test_holm_over_runs_is_holm_of_each_run() -> None:
    p = np.random.default_rng(0).random((50, 4)) ** 3
    p[0] = [0.2, 0.2, 0.0, 1.0]
    expected = [stats.holm([float(x) for x in row]) for row in p]
    assert holm(p) == pytest.approx(np.array(expected))


LOOKED = (
    claim("primary", PRIMARY, "right", "superior", by=0.0, target=0.1),
    claim("guardrails.0", GUARD, "quality", "non_inferior", margin=0.2),
)
LOOKS = (0.25, 0.5, 0.75, 1.0)


def engine_of(
    design: Design, *, clustered: bool, looks: tuple[float, ...] = LOOKS, units: int = 80
) -> Engine:
    pairs = pilot(150, clustered=clustered)
    asked = asked_of(LOOKED, {})
    rows = rows_of(pairs, asked.quantities(), clustered=clustered)
    return Engine(Plan(asked, SCALES, 0.05, 0.05, 1, units, looks, design), rows)


def items_of(
    pairs: dict[str, Pairs], metric: str, drawn: NDArray[np.intp], *, clustered: bool
) -> Pairs:
    return again(pairs, drawn, clustered=clustered)[metric]


def test_run_by_run_planned_looks_give_the_p_values_of_planned_looks() -> None:
    engine = engine_of(Design.PLANNED_LOOKS, clustered=False)
    pairs = pilot(150, clustered=False)
    rows = rows_of(pairs, engine.plan.asked.quantities(), clustered=False)
    made = world(rows, effect_point("x", engine.plan.asked, {"right": 0.1}).placed)
    draws = made.draw(6, 80, np.random.default_rng(5))
    rejects, harms = engine.judged(made, draws)
    for run in range(6):
        for place, (metric, null, harm_null) in enumerate(
            (("right", 0.0, 0.0), ("quality", -0.2, -0.2))
        ):
            one = items_of(pairs, metric, draws[run], clustered=False)
            real = PlannedLooks(
                engine.plan.prefixes,
                kind=one.scale.kind,
                score_range=(one.scale.low or 0.0, one.scale.high or 0.0),
                null=null,
                harm_null=harm_null,
            )
            for look, end in enumerate(engine.plan.prefixes):
                start = engine.plan.prefixes[look - 1] if look else 0
                real.update(one.candidate[start:end], one.baseline[start:end])
                assert real.estimate.p_value == pytest.approx(
                    rejects[run, place, look], rel=1e-3, abs=1e-9
                )
                assert real.harm_p_value == pytest.approx(
                    harms[run, place, look], rel=1e-3, abs=1e-9
                )


@pytest.mark.parametrize("clustered", [False, True])
def test_run_by_run_unlimited_looks_give_the_p_values_of_the_e_process(clustered: bool) -> None:
    engine = engine_of(Design.ANYTIME, clustered=clustered)
    pairs = pilot(150, clustered=clustered)
    rows = rows_of(pairs, engine.plan.asked.quantities(), clustered=clustered)
    made = world(rows, effect_point("x", engine.plan.asked, {"right": 0.1}).placed)
    draws = made.draw(4, 80, np.random.default_rng(5))
    rejects, harms = engine.judged(made, draws)
    for run in range(4):
        for place, (metric, null) in enumerate((("right", 0.0), ("quality", -0.2))):
            one = items_of(pairs, metric, draws[run], clustered=clustered)
            for side, found in ((Alternative.GREATER, rejects), (Alternative.LESS, harms)):
                real = EProcess(
                    kind=one.scale.kind,
                    score_range=(one.scale.low or 0.0, one.scale.high or 0.0),
                    null=null,
                    alternative=side,
                    level=0.9,
                    largest_cluster=int(rows.sizes.max()) if clustered else None,
                )
                real.update(one.candidate, one.baseline, cluster=one.cluster)
                assert real.status.p_value == pytest.approx(found[run, place, -1], rel=1e-6)


@pytest.mark.parametrize("design", [Design.PLANNED_LOOKS, Design.ANYTIME])
def test_a_gate_that_looks_stops_early_and_never_unsays_a_rejection(design: Design) -> None:
    engine = engine_of(design, clustered=False, looks=(0.5, 1.0), units=300)
    pairs = pilot(150, clustered=False)
    rows = rows_of(pairs, engine.plan.asked.quantities(), clustered=False)
    good = world(rows, effect_point("x", engine.plan.asked, {"right": 0.25}).placed)
    found = engine.outcomes([good], 200, np.random.default_rng(2))
    assert set(np.unique(found.shares)) == {0.5, 1.0}
    assert (found.words[found.shares < 1] != OPEN).all()
    rejects, _ = engine.judged(good, good.draw(50, 300, np.random.default_rng(3)))
    assert (np.diff(rejects, axis=2) <= 0).all()


def test_a_score_without_a_range_cannot_be_bet_on() -> None:
    asked = asked_of([claim("primary", PRIMARY, "cost", "non_inferior", margin=0.2)], {})
    rows = rows_of(pilot(60, clustered=False), asked.quantities(), clustered=False)
    plan = Plan(asked, SCALES, 0.05, 0.05, 1, 60, (1.0,), Design.ANYTIME)
    with pytest.raises(NotEnoughData, match="a bet needs a declared range"):
        Engine(plan, rows)


def test_a_claim_that_is_not_simulated_keeps_its_place_among_the_harms() -> None:
    latency = claim("guardrails.1", GUARD, "latency_p95_ms", "within", limit=100, passes=7)
    rejects, harms = np.full((1, 1, 2), 0.5), np.array([[[0.02, 1.0]]])
    for claims, word in ((LOOKED, HOLD), ((*LOOKED, latency), OPEN)):
        asked = asked_of(claims, {})
        rows = rows_of(pilot(60, clustered=False), asked.quantities(), clustered=False)
        engine = Engine(Plan(asked, SCALES, 0.05, 0.05, 1, 60), rows)
        assert engine.words(rejects, harms).tolist() == [[word]]


def test_shown_harm_holds_even_what_passed() -> None:
    engine = engine_of(Design.FIXED, clustered=False, looks=(1.0,))
    passed, harmed = np.full((1, 1, 2), 0.001), np.array([[[0.001, 1.0]]])
    assert engine.words(passed, np.ones((1, 1, 2))).tolist() == [[SHIP]]
    assert engine.words(passed, harmed).tolist() == [[HOLD]]
