"""Composition: sections 2, 4, 5 and 7 of the decision semantics, cell by cell."""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest

from liftgate.canon import canonical
from liftgate.errors import DataError
from liftgate.gates.candidates import exit_code
from liftgate.gates.decide import decide, weakest_mark
from liftgate.protocols import Evidence, Rule
from liftgate.records import (
    Alternative,
    Mark,
    Part,
    Reading,
    Status,
)
from liftgate.rules.each_non_inferior import each_non_inferior
from liftgate.rules.superior import superior
from liftgate.testing.stated import StatedEvidence
from tests.unit.gates.stated_gate import (
    BAD,
    DIFFERENCES,
    GOOD,
    GUARD,
    HOLD,
    LIMITS,
    MEASURES,
    OPEN,
    PRIMARY,
    REFUSED,
    RULES,
    SHIP,
    VAGUE,
    WATCHES,
    M,
    at_p,
    candidates,
    claim,
    evidence_of,
    run,
)

# What a ship needs of (primary, guardrail): one row a state of the primary, one column a state of
# the guardrail, in the order rejected, open, harm, inadmissible, absent. S: may ship, H: hold,
# i: inconclusive.
TABLE = {
    "rejected": "S i H i i",
    "open": "i i H i i",
    "harm": "H H H H H",
    "inadmissible": "i i H i i",
    "absent": "i i H i i",
}
# How the third and fourth claim, and the study, change a cell of the table.
THEN_LIMIT = {"rejected": "S", "open": "i", "harm": "H", "inadmissible": "i", "absent": "i"}
THEN_MEASURE = {"rejected": "S", "harm": "H", "inadmissible": "i", "absent": "i"}
THEN_VOID = {(): "S", ("deviated",): "i"}

EVERY = list(itertools.product(DIFFERENCES, DIFFERENCES, LIMITS, MEASURES, WATCHES, THEN_VOID))


def test_every_combination_of_claim_states_gives_the_decision_of_the_table() -> None:
    assert len(EVERY) == 5 * 5 * 5 * 4 * 3 * 2
    for primary, guard, limit, measure, watch, voids in EVERY:
        cells = dict(zip(DIFFERENCES, TABLE[primary].split(), strict=True))
        letters = [cells[guard], THEN_LIMIT[limit], THEN_MEASURE[measure], THEN_VOID[voids]]
        letter = "H" if "H" in letters else "i" if "i" in letters else "S"
        found = evidence_of(
            DIFFERENCES[primary],
            DIFFERENCES[guard],
            LIMITS[limit],
            MEASURES[measure],
            WATCHES[watch],
        )
        (decision,) = run({"new": found}, voids)
        assert decision.word.value[0] == {"S": "s", "H": "h", "i": "i"}[letter], (
            primary,
            guard,
            limit,
            measure,
            watch,
            voids,
            decision.sentence,
        )
        assert exit_code([decision]) == {"S": 0, "H": 1, "i": 4}[letter]
        assert ("unassessed" in decision.voids) == ("absent" in (primary, guard, limit, measure))
        canonical(decision)  # no NaN, no foreign number type


def test_one_candidate_ships_at_the_full_alpha_without_correction_over_its_claims() -> None:
    (decision,) = candidates(new=(at_p(0.04), GOOD))
    assert decision.word is SHIP
    assert decision.p_worst == pytest.approx(0.04)
    assert decision.p_holm == pytest.approx(0.04)


def test_two_candidates_are_corrected_by_holm_on_their_worst_claims() -> None:
    first, second = candidates(a=(at_p(0.04), GOOD), b=(VAGUE, GOOD))
    assert first.word is OPEN
    assert first.p_holm == pytest.approx(0.08)
    assert "correction for 2 candidates" in first.sentence
    assert first.binding == "primary"
    assert second.word is OPEN


def test_a_clear_candidate_leaves_the_full_alpha_to_the_next() -> None:
    first, second = candidates(a=(at_p(0.001), GOOD), b=(at_p(0.04), GOOD))
    assert first.word is SHIP
    assert second.word is SHIP
    assert second.p_holm == pytest.approx(0.04)


def test_the_correction_uses_the_worst_claim_and_never_the_primary_alone() -> None:
    weak_guard = StatedEvidence(value=-M + 0.01 * 1.7507, se=0.01)  # p = 0.04 against -M
    first, second = candidates(a=(GOOD, weak_guard), b=(GOOD, weak_guard))
    for decision in (first, second):
        assert decision.p_worst == pytest.approx(0.04, abs=1e-4)
        assert decision.p_holm == pytest.approx(0.08, abs=1e-4)
        assert decision.word is OPEN
        assert decision.binding == "guardrails.0"


def test_a_candidate_that_cannot_be_judged_still_counts_in_the_correction() -> None:
    first, second = candidates(a=(at_p(0.04), GOOD), b=(REFUSED, GOOD))
    assert first.word is OPEN
    assert first.p_holm == pytest.approx(0.08)
    assert second.p_worst is None
    assert second.p_holm is None


def test_hold_needs_harm_after_holm_over_the_claims() -> None:
    harm = StatedEvidence(value=-0.01 * 1.7507, se=0.01)  # harm p = 0.04
    (alone,) = decide((PRIMARY,), {"new": {"primary": harm}}, RULES, alpha=0.05, alpha_hold=0.05)
    assert alone.word is HOLD
    assert alone.harms == ("primary",)
    (among,) = candidates(new=(harm, GOOD))
    assert among.word is OPEN
    assert among.harms == ()
    reading = next(v.reading for v in among.verdicts if v.claim == "primary")
    assert reading is Reading.INFERIOR  # the reading is not the flag


def test_a_claim_whose_harm_cannot_be_tested_keeps_its_place_in_the_correction() -> None:
    class OneSided(StatedEvidence):
        def difference(self, *, null: float = 0.0, alternative: Alternative = Alternative.GREATER):  # type: ignore[no-untyped-def]
            if alternative is Alternative.LESS:
                return replace(self, refusal="no end").difference(null=null)
            return super().difference(null=null, alternative=alternative)

    harm = StatedEvidence(value=-0.01 * 1.7507, se=0.01)  # harm p = 0.04, 0.08 of two
    (among,) = candidates(new=(harm, OneSided(value=0.1, se=0.01)))
    guard = next(v for v in among.verdicts if v.claim == "guardrails.0")
    assert (guard.rejected, guard.harm_p) == (True, None)
    assert (among.word, among.harms) == (OPEN, ())


def test_alpha_hold_is_its_own_level() -> None:
    harm = StatedEvidence(value=-0.01 * 1.7507, se=0.01)
    found = {"new": {"primary": harm}}
    (strict,) = decide((PRIMARY,), found, RULES, alpha=0.05, alpha_hold=0.01)
    assert strict.word is OPEN


def test_harm_in_one_slice_holds_after_correction_over_the_slices() -> None:
    each = claim("guardrails.0", Part.GUARDRAIL, "each_non_inferior", by_slice="folder")
    rules = {**RULES, "guardrails.0": each_non_inferior(margin=M)}
    parts: dict[str, Evidence] = {"a": GOOD, "b": BAD}
    found = {"new": {"primary": GOOD, "guardrails.0": StatedEvidence(parts=parts)}}
    (decision,) = decide((PRIMARY, each), found, rules, alpha=0.05, alpha_hold=0.05)
    assert decision.word is HOLD
    assert decision.harms == ("guardrails.0",)
    assert "slice b" in decision.sentence


def test_a_slice_that_cannot_be_judged_stops_the_ship_and_holds_nothing() -> None:
    each = claim("guardrails.0", Part.GUARDRAIL, "each_non_inferior", by_slice="folder")
    rules = {**RULES, "guardrails.0": each_non_inferior(margin=M)}
    parts: dict[str, Evidence] = {"a": GOOD, "b": replace(GOOD, clusters=9)}
    found = {"new": {"primary": GOOD, "guardrails.0": StatedEvidence(parts=parts)}}
    (decision,) = decide((PRIMARY, each), found, rules, alpha=0.05, alpha_hold=0.05)
    assert decision.word is OPEN
    assert decision.binding == "guardrails.0"
    assert decision.p_worst is None
    assert "too few clusters: 9 of 10" in decision.verdicts[1].parts[1].reason


def test_a_voided_statement_never_ships_and_says_why() -> None:
    found = {
        "new": evidence_of(GOOD, GOOD, LIMITS["rejected"], MEASURES["rejected"], WATCHES["quiet"])
    }
    for label in ("unlocked", "deviated", "over budget", "something of a policy"):
        (decision,) = run(found, (label,))
        assert decision.word is OPEN
        assert label in decision.sentence
        assert decision.sentence.startswith("new may not ship: every claim passed")
        assert decision.voids == (label,)
        assert decision.binding is None


def test_a_void_does_not_take_back_a_hold() -> None:
    found = {
        "new": evidence_of(BAD, GOOD, LIMITS["rejected"], MEASURES["rejected"], WATCHES["quiet"])
    }
    (decision,) = run(found, ("deviated",))
    assert decision.word is HOLD
    assert "deviated" in decision.sentence


SECOND = claim("secondary.0", Part.SECONDARY, "superior", "brevity")
THIRD = claim("secondary.1", Part.SECONDARY, "superior", "tone")
FOURTH = claim("secondary.2", Part.SECONDARY, "superior", "speed")


@pytest.mark.parametrize(
    ("primary", "second", "third", "tested"),
    [
        (GOOD, GOOD, GOOD, ["secondary.0", "secondary.1", "secondary.2"]),
        (GOOD, GOOD, VAGUE, ["secondary.0", "secondary.1"]),
        (GOOD, VAGUE, GOOD, ["secondary.0"]),
        (VAGUE, GOOD, GOOD, []),
    ],
)
def test_secondary_claims_are_tested_in_order_until_one_is_not_won(
    primary: StatedEvidence,
    second: StatedEvidence,
    third: StatedEvidence,
    tested: list[str],
) -> None:
    claims = (PRIMARY, SECOND, THIRD, FOURTH)
    rules: dict[str, Rule] = {c.id: superior() for c in claims}
    found: dict[str, Evidence] = {
        "primary": primary,
        "secondary.0": second,
        "secondary.1": third,
        "secondary.2": GOOD,
    }
    (decision,) = decide(claims, {"new": found}, rules, alpha=0.05, alpha_hold=0.05)
    done = [
        v.claim
        for v in decision.verdicts
        if v.claim != "primary" and v.status is not Status.NOT_ASSESSED
    ]
    assert done == tested
    assert decision.word is (SHIP if primary is GOOD else OPEN)
    assert decision.voids == ()


@pytest.mark.parametrize("state", [GOOD, VAGUE, BAD, REFUSED, None])
def test_a_secondary_claim_never_changes_the_decision(state: StatedEvidence | None) -> None:
    claims = (PRIMARY, SECOND)
    rules: dict[str, Rule] = {c.id: superior() for c in claims}
    for primary in (GOOD, VAGUE, BAD):
        found: dict[str, Evidence] = {"primary": primary}
        (without,) = decide((PRIMARY,), {"new": found}, rules, alpha=0.05, alpha_hold=0.05)
        if state is not None:
            found["secondary.0"] = state
        (with_it,) = decide(claims, {"new": found}, rules, alpha=0.05, alpha_hold=0.05)
        assert with_it.word is without.word
        assert (with_it.p_worst, with_it.harms) == (without.p_worst, without.harms)


def test_a_watch_claim_and_a_small_slice_leave_the_decision_alone_and_are_listed() -> None:
    parts: dict[str, Evidence] = {"big": BAD, "small": replace(BAD, clusters=4)}
    found = evidence_of(
        GOOD, GOOD, LIMITS["rejected"], MEASURES["rejected"], StatedEvidence(parts=parts)
    )
    (decision,) = run({"new": found})
    assert decision.word is SHIP
    assert decision.not_assessed == ("watch.0.small",)


def test_a_lacking_claim_voids_and_is_named() -> None:
    found = evidence_of(GOOD, None, LIMITS["rejected"], MEASURES["rejected"], WATCHES["quiet"])
    (decision,) = run({"new": found})
    assert decision.word is OPEN
    assert decision.voids == ("unassessed",)
    assert decision.not_assessed == ("guardrails.0",)
    assert decision.binding == "guardrails.0"


def test_the_weakest_mark_is_carried() -> None:
    exact = StatedEvidence(value=0.1, mark=Mark.EXACT)
    anytime = StatedEvidence(value=0.1, mark=Mark.ANYTIME_EXACT)
    assert candidates(new=(exact, exact))[0].mark is Mark.EXACT
    assert candidates(new=(exact, anytime))[0].mark is Mark.EXACT
    assert candidates(new=(anytime, anytime))[0].mark is Mark.ANYTIME_EXACT
    assert candidates(new=(exact, GOOD))[0].mark is Mark.ASYMPTOTIC
    assert weakest_mark(()) is None


BROKEN = {
    "no claims": ({"claims": ()}, "got 0 primary claims"),
    "two primaries": ({"claims": (PRIMARY, replace(PRIMARY, id="x"))}, "got 2 primary claims"),
    "one name twice": ({"claims": (PRIMARY, replace(GUARD, id="primary"))}, "called primary"),
    "no rule": ({"rules": {}}, "none for the claims primary"),
    "unknown claim": ({"evidence": {"a": {"other": GOOD}}}, "unknown claims other"),
    "another alpha": (
        {"evidence": {"a": {"primary": replace(GOOD, alpha=0.1)}}},
        "a claim has no level of its own",
    ),
    "alpha": ({"alpha": 0.5}, "alpha: got 0.5"),
    "alpha_hold": ({"alpha_hold": 0.0}, "alpha_hold: got 0"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_gate_put_together_wrongly_is_refused(case: str) -> None:
    changes, message = BROKEN[case]
    call: dict[str, object] = {
        "claims": (PRIMARY,),
        "evidence": {"a": {"primary": GOOD}},
        "rules": {"primary": superior()},
        "alpha": 0.05,
        "alpha_hold": 0.05,
        **changes,  # type: ignore[dict-item]
    }
    with pytest.raises(DataError, match=message):
        decide(**call)  # type: ignore[arg-type]
