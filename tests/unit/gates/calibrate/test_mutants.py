"""Gates with one check broken, and the constructed evidence that tells them from the whole one."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from liftgate import plugins
from liftgate.gates.calibrate.battery import Battery
from liftgate.gates.calibrate.broken import Checks, Court
from liftgate.gates.calibrate.mutants import Tried, changed, mutants, mutate, survivors, unread
from liftgate.gates.calibrate.scenes import Scene, Scored, Stage, shifts, values
from liftgate.gates.calibrate.standins import COUNTED_AS_PASSED
from liftgate.gates.sequence import looks_of
from liftgate.protocols import Rule
from liftgate.records import Claim, DecisionWord, Design, Failure, Item, Part, Scale, ScoreKind
from tests.unit.gates.calibrate.pilots import SCALES, claim

PRIMARY, GUARD = Part.PRIMARY, Part.GUARDRAIL
FIRST = claim("primary", PRIMARY, "right", "superior", by=0.0, target=0.1)
ITEMS = 120


def make(one: Claim) -> Rule:
    rule: Rule = plugins.load("rules", one.rule)(**one.params)
    return rule


def checks_of(
    *more: Claim,
    design: Design = Design.FIXED,
    looks: int | None = None,
    worst: float = 0.0,
    clusters: int = ITEMS // 3,
) -> Checks:
    claims = (FIRST, *more)
    numbers = np.arange(ITEMS) * clusters // ITEMS
    items = tuple(Item(str(n), {}, cluster=str(numbers[n])) for n in range(ITEMS))
    scales = {c.metric: SCALES[c.metric] for c in claims if c.metric in SCALES}
    lows = {m: s.worst if s.worst is not None else np.nan for m, s in scales.items()}
    return Checks(
        claims=claims,
        rules={c.id: make(c) for c in claims},
        scales=scales,
        failure_scores={
            m: {**dict.fromkeys(Failure, low), Failure.REFUSAL: low + worst}
            for m, low in lows.items()
        },
        clusters=numbers,
        slices={"half": np.where(np.arange(ITEMS) % 2 == 0, "a", "b")},
        alpha=0.05,
        alpha_hold=0.05,
        looks=looks_of(design, items, looks),
    )


def names(found: tuple[Tried, ...]) -> list[str]:
    return [one.name for one in survivors(found)]


GOOD = {
    "non-inferior": claim("guardrails.0", GUARD, "quality", "non_inferior", margin=0.2),
    "equivalent": claim("guardrails.0", GUARD, "quality", "equivalent", margin=0.4),
    "relative": claim("guardrails.0", GUARD, "quality", "non_inferior", margin="10%"),
    "lower is better": claim("guardrails.0", GUARD, "wrong", "non_inferior", margin=0.1),
    "limit": claim("guardrails.0", GUARD, "wrong", "within", limit=0.4),
    "unbounded": claim("guardrails.0", GUARD, "cost", "non_inferior", margin="10%"),
    "unbounded limit": claim("guardrails.0", GUARD, "cost", "within", limit=3.0),
    "slices": claim("guardrails.0", GUARD, "right", "each_non_inferior", "half", margin=0.15),
}


@pytest.mark.parametrize("kind", GOOD)
def test_every_mutant_of_a_gate_whose_checks_bite_is_killed(kind: str) -> None:
    found = mutate(checks_of(GOOD[kind]), 1, {}, make)
    assert names(found) == []
    assert all(one.scene and one.before != one.after for one in found)
    assert all(set(changed(one)) <= set(DecisionWord) for one in found)


WEAK = {
    "wider than can be lost": (
        claim("guardrails.0", GUARD, "quality", "non_inferior", margin=2.5),
        {"guardrails.0: left out", "guardrails.0: widened"},
    ),
    "decided by another claim": (
        claim("guardrails.0", GUARD, "right", "non_inferior", margin=0.1),
        {"guardrails.0: left out"},
    ),
    "the same again": (replace(FIRST, id="guardrails.0", part=GUARD), {"guardrails.0: left out"}),
}


@pytest.mark.parametrize("kind", WEAK)
def test_a_claim_that_cannot_bite_leaves_its_mutants_alive(kind: str) -> None:
    weak, expected = WEAK[kind]
    found = names(mutate(checks_of(weak), 1, {}, make))
    assert expected <= set(found)
    assert all(name.startswith("guardrails.0") or name == "primary: left out" for name in found)


def test_how_much_can_be_lost_depends_on_where_the_baseline_stands() -> None:
    checks = checks_of(claim("guardrails.0", GUARD, "quality", "non_inferior", margin=1.5))
    assert names(mutate(checks, 1, {}, make)) == []
    low = names(mutate(checks, 1, {"quality": 0.2}, make))
    assert "guardrails.0: left out" in low


def test_a_claim_that_nothing_makes_pass_is_named_and_does_not_hide_the_others() -> None:
    narrow = claim("guardrails.0", GUARD, "quality", "equivalent", margin=1e-6)
    found = mutate(checks_of(narrow), 1, {}, make)
    assert names(found) == ["guardrails.0: never passes"]
    assert {one.name for one in found if one.killed} >= {"primary: left out"}
    assert "no evidence on the planned items makes it pass" in survivors(found)[0].advice


def test_a_failure_scored_as_a_success_is_no_rule() -> None:
    found = mutate(checks_of(worst=1.0), 1, {}, make)
    assert names(found) == ["outcomes.refusal: left out"]


def test_corrections_looks_and_clusters_are_tried_where_there_are_any() -> None:
    single = {one.name for one in mutants(checks_of(clusters=ITEMS), 1, make)}
    assert not {n for n in single if "clusters" in n or "share alpha:" in n or "looks" in n}
    guard = GOOD["non-inferior"]
    found = mutate(checks_of(guard, design=Design.PLANNED_LOOKS, looks=2), 3, {}, make)
    assert names(found) == []
    assert {
        "all: candidates do not share alpha",
        "all: looks are free",
        "all: clusters are ignored",
        "all: harms do not share alpha_hold",
    } <= {one.name for one in found}


def test_a_metric_that_no_deciding_claim_reads_is_a_check_that_was_left_out() -> None:
    watch = replace(GOOD["limit"], part=Part.WATCH)
    later = replace(GOOD["limit"], metric="cost", part=Part.SECONDARY)
    found = list(unread(["right", "wrong", "cost", "quality"], [FIRST, watch, later]))
    assert [one.name for one in found] == ["scorers.wrong: lost", "scorers.quality: lost"]
    assert "only watched" in found[0].advice
    assert "no claim reads it" in found[1].advice


def test_the_whole_gate_ships_when_everything_passes_and_holds_when_all_is_lost() -> None:
    checks, court = checks_of(GOOD["non-inferior"]), Court()
    battery = Battery(checks, 1, court, {})
    assert court.words(checks, battery.whole()) == (DecisionWord.SHIP,)
    scenes = list(battery.levelled())
    assert scenes[0].name == "everything passes"
    lost = next(s for s in scenes if s.name == "quality at its worst everywhere")
    assert court.words(checks, lost) == (DecisionWord.HOLD,)
    dropped = replace(checks, rules={**checks.rules, "guardrails.0": COUNTED_AS_PASSED})
    assert court.words(dropped, lost) == (DecisionWord.SHIP,)


def test_remembered_verdicts_are_those_of_the_same_question() -> None:
    checks, court = checks_of(GOOD["non-inferior"]), Court()
    battery = Battery(checks, 1, court, {})
    for scene in (battery.whole(), *list(battery.gaps())[:4]):
        for broken in (
            checks,
            replace(checks, missing_worst=False),
            replace(checks, clustered=False),
        ):
            assert court.words(broken, scene) == Court().words(broken, scene)


@pytest.mark.parametrize(
    ("scale", "shift", "expected"),
    [
        (SCALES["right"], 0.2, 0.2),
        (SCALES["right"], -1.0, -0.5),
        (SCALES["wrong"], 0.2, -0.2),
        (SCALES["quality"], -0.25, -1.0),
        (Scale(ScoreKind.GRADED, 0.0, 1.0, higher_is_better=False), 0.3, -0.3),
        (SCALES["cost"], 0.5, -0.5),
    ],
)
def test_a_metric_stands_where_it_is_put(scale: Scale, shift: float, expected: float) -> None:
    stage = Stage(np.arange(400), {}, {"m": scale}, {"m": -1.0 if scale.low is None else 0.5})
    column = stage.scored("m", shift)
    moved = float(np.mean(column.candidate - column.baseline))
    assert moved == pytest.approx(expected, abs=0.03)
    if scale.low is not None and scale.high is not None:
        assert column.candidate.min() >= scale.low
        assert column.candidate.max() <= scale.high


def test_shifts_and_values_surround_what_is_claimed() -> None:
    found = shifts(SCALES["right"], 0.5, [claim("g", GUARD, "right", "non_inferior", margin=0.04)])
    assert min(found) == -1.0
    assert any(-0.04 < s < 0 for s in found)
    assert any(-0.5 < s < -0.04 for s in found)
    assert {5.0, 15.0} <= set(values(claim("g", GUARD, "mb", "within", limit=10)))


def test_clusters_move_as_one() -> None:
    stage = Stage(np.arange(60) // 3, {}, {"m": SCALES["right"]}, {"m": 0.5})
    column = stage.together("m", 0.7)
    assert isinstance(column, Scored)
    moved = (column.candidate - column.baseline).reshape(20, 3)
    assert (moved == moved[:, :1]).all()
    assert (moved[:, 0] > 0).sum() == 14
    assert Scene("x", ({"m": column},)).name == "x"
