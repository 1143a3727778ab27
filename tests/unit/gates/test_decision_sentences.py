"""What a decision says of itself: its sentence, its error statement, its exit code."""

from __future__ import annotations

from dataclasses import replace

import pytest

from liftgate.errors import DataError
from liftgate.gates.candidates import exit_code, recommended
from liftgate.gates.decide import decide
from liftgate.gates.sentences import error_statement
from liftgate.records import (
    Part,
    Population,
)
from liftgate.rules.superior import superior
from liftgate.rules.within import within
from liftgate.testing.stated import StatedEvidence
from tests.unit.gates.stated_gate import (
    BAD,
    CLAIMS,
    GOOD,
    HOLD,
    LIMITS,
    MEASURES,
    OPEN,
    PRIMARY,
    RULES,
    SHIP,
    SIZE,
    VAGUE,
    WATCHES,
    all_good,
    candidates,
    evidence_of,
    run,
)


def test_the_binding_claim_says_how_many_units_would_tell() -> None:
    vague = StatedEvidence(value=0.01, se=0.03, n=400, clusters=100)
    (decision,) = candidates(new=(vague, GOOD))
    assert decision.word is OPEN
    assert decision.binding == "primary"
    # 100 clusters, se .03, effect .05 (the target) against 0: 100 (2.4865 · 3 / 5)^2
    assert decision.units_needed == 223
    assert decision.sentence.endswith("; about 892 items in 223 clusters would tell.")


def test_a_claim_that_had_items_enough_does_not_ask_for_fewer() -> None:
    (decision,) = candidates(new=(replace(GOOD, value=0.01, n=400, clusters=100), GOOD))
    assert decision.units_needed == 25
    assert "would tell" not in decision.sentence
    assert "400 items in 100 clusters were enough" in decision.sentence


def test_a_guardrail_is_planned_at_no_effect_and_at_the_next_step_of_holm() -> None:
    vague = StatedEvidence(value=0.0, se=0.02, n=400, clusters=400)
    (one,) = candidates(new=(GOOD, vague))
    assert one.units_needed == 2474  # 400 (2.4865 · .02 / .02)^2
    both = candidates(a=(GOOD, vague), b=(GOOD, vague))
    assert both[0].units_needed == 3140  # the same at alpha .025: 400 (1.96 + .8416)^2


def test_without_a_target_no_number_is_invented() -> None:
    rules = {"primary": superior()}
    (decision,) = decide(
        (PRIMARY,), {"new": {"primary": VAGUE}}, rules, alpha=0.05, alpha_hold=0.05
    )
    assert decision.units_needed is None
    assert "would tell" not in decision.sentence


def test_the_exit_code_is_0_for_any_ship_1_when_all_hold_else_4() -> None:
    ship, held, open_ = candidates(a=(GOOD, GOOD), b=(BAD, GOOD), c=(VAGUE, GOOD))
    assert [d.word for d in (ship, held, open_)] == [SHIP, HOLD, OPEN]
    assert exit_code([held, ship, open_]) == 0
    assert exit_code([held, held]) == 1
    assert exit_code([held, open_]) == 4
    assert exit_code([open_]) == 4
    assert exit_code([]) == 4


def test_the_shipped_candidate_with_the_highest_lower_limit_is_recommended() -> None:
    decisions = candidates(
        big=(replace(GOOD, value=0.2, se=0.08), GOOD),
        sure=(replace(GOOD, value=0.15, se=0.01), GOOD),
        best=(replace(GOOD, value=0.9, se=0.01), VAGUE),
    )
    assert [d.word for d in decisions] == [SHIP, SHIP, OPEN]
    assert recommended(decisions, "primary") == "sure"
    assert recommended(decisions[2:], "primary") is None
    with pytest.raises(DataError, match="no claim 'first'"):
        recommended(decisions, "first")


def test_a_ship_is_told_with_its_numbers() -> None:
    strong = StatedEvidence(value=0.112, se=0.014, n=1560, clusters=227)
    found = evidence_of(strong, GOOD, LIMITS["rejected"], MEASURES["rejected"], WATCHES["quiet"])
    (decision,) = run({"dense": found})
    assert decision.sentence == (
        "dense ships: quality +11.2 points (90 % limits 8.9 to 13.5; n 1,560 in 227 clusters); "
        "every guardrail held."
    )


def test_a_hold_names_the_harm_and_the_broken_measure() -> None:
    found = evidence_of(GOOD, BAD, LIMITS["rejected"], MEASURES["harm"], WATCHES["quiet"])
    (decision,) = run({"dense": found})
    assert decision.word is HOLD
    assert "harm is shown on mrr −20.0 points" in decision.sentence
    assert decision.sentence.endswith("; also against it: index_mb within.")
    alone = {**all_good(), "guardrails.2": MEASURES["harm"]}
    (decision,) = run({"dense": alone})
    assert decision.sentence == (
        "dense is held: index_mb is over its limit: 300 (exact); at most 200 was needed."
    )
    assert decision.units_needed is None


def test_the_error_statement_says_what_it_covers_and_what_it_does_not() -> None:
    found = evidence_of(GOOD, GOOD, LIMITS["rejected"], MEASURES["rejected"], WATCHES["quiet"])
    decisions = run({"a": found, "b": found})
    text = error_statement(CLAIMS, decisions, alpha=0.05, alpha_hold=0.05)
    assert "at most 5 %, one-sided, for the whole study and all 2 candidates (Holm)" in text
    assert "quality superior, mrr non-inferior and latency_p95_ms within" in text
    assert "new items like these" in text
    assert "Marked asymptotic" in text
    assert "Outside the statement: index_mb within (measured exactly) and" in text
    assert "by folder (watch)" in text
    assert "guarantee" not in text
    assert "Void" not in text
    voided = error_statement(CLAIMS, run({"a": found}, ("deviated",)), alpha=0.05, alpha_hold=0.05)
    assert "Void for a: deviated" in voided


def test_a_claim_about_these_items_only_is_told_so() -> None:
    fixed = replace(PRIMARY, population=Population.THIS_SET)
    evidence = StatedEvidence(value=0.1, population=Population.THIS_SET)
    decisions = decide((fixed,), {"a": {"primary": evidence}}, RULES, alpha=0.05, alpha_hold=0.05)
    assert decisions[0].word is SHIP
    text = error_statement((fixed,), decisions, alpha=0.05, alpha_hold=0.05)
    assert "these items only" in text


def test_a_study_of_measures_alone_decides_without_an_error_rate() -> None:
    size = replace(SIZE, id="primary", part=Part.PRIMARY)
    rules = {"primary": within(limit=200)}
    for value, word in ((100.0, SHIP), (300.0, HOLD)):
        found = {"a": {"primary": StatedEvidence(exact=value)}}
        decisions = decide((size,), found, rules, alpha=0.05, alpha_hold=0.05)
        assert decisions[0].word is word
        assert decisions[0].p_worst is None
        text = error_statement((size,), decisions, alpha=0.05, alpha_hold=0.05)
        assert text.startswith("No claim of this study is statistical")
