"""Composition: sections 2, 4, 5 and 7 of the decision semantics, cell by cell."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import replace

import pytest

from liftgate.canon import canonical
from liftgate.errors import DataError
from liftgate.gates.candidates import exit_code, recommended
from liftgate.gates.decide import decide, weakest_mark
from liftgate.gates.sentences import error_statement
from liftgate.protocols import Evidence, Rule
from liftgate.records import (
    Claim,
    Decision,
    DecisionWord,
    Mark,
    Part,
    Population,
    Reading,
    Status,
)
from liftgate.rules.each_non_inferior import each_non_inferior
from liftgate.rules.non_inferior import non_inferior
from liftgate.rules.none_shown_worse import none_shown_worse
from liftgate.rules.superior import superior
from liftgate.rules.within import within
from liftgate.testing.stated import StatedEvidence

SHIP, HOLD, OPEN = DecisionWord.SHIP, DecisionWord.HOLD, DecisionWord.INCONCLUSIVE
M = 0.02


def claim(name: str, part: Part, rule: str, metric: str = "quality", **changes: object) -> Claim:
    made = Claim(name, part, metric, rule, {"margin": M}, Population.NEW_ITEMS)
    return replace(made, **changes)  # type: ignore[arg-type]


PRIMARY = claim("primary", Part.PRIMARY, "superior")
GUARD = claim("guardrails.0", Part.GUARDRAIL, "non_inferior", "mrr")
LATENCY = claim("guardrails.1", Part.GUARDRAIL, "within", "latency_p95_ms")
SIZE = claim("guardrails.2", Part.GUARDRAIL, "within", "index_mb", is_measure=True)
WATCH = claim("watch.0", Part.WATCH, "none_shown_worse", by_slice="folder")
CLAIMS = (PRIMARY, GUARD, LATENCY, SIZE, WATCH)
RULES: Mapping[str, Rule] = {
    "primary": superior(target=0.05),
    "guardrails.0": non_inferior(margin=M),
    "guardrails.1": within(limit=100, passes=7),
    "guardrails.2": within(limit=200),
    "watch.0": none_shown_worse(),
}

GOOD = StatedEvidence(value=0.1, se=0.01)
VAGUE = StatedEvidence(value=0.0, se=0.05)
BAD = StatedEvidence(value=-0.2, se=0.01)
REFUSED = StatedEvidence(refusal="a missing score needs a declared bound")

DIFFERENCES = {
    "rejected": GOOD,
    "open": VAGUE,
    "harm": BAD,
    "inadmissible": REFUSED,
    "absent": None,
}
LIMITS = {
    "rejected": StatedEvidence(per_pass=(50.0,) * 7),
    "open": StatedEvidence(per_pass=(50.0,) * 5 + (150.0,) * 2),
    "harm": StatedEvidence(per_pass=(150.0,) * 7),
    "inadmissible": StatedEvidence(refusal="no pass"),
    "absent": None,
}
MEASURES = {
    "rejected": StatedEvidence(exact=100.0, scale=None),
    "harm": StatedEvidence(exact=300.0, scale=None),
    "inadmissible": StatedEvidence(),
    "absent": None,
}
WATCHES = {
    "quiet": StatedEvidence(parts={"a": VAGUE}),
    "shown worse": StatedEvidence(parts={"a": BAD}),
    "too small": StatedEvidence(parts={"a": replace(BAD, clusters=3)}),
}

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


def evidence_of(*states: StatedEvidence | None) -> dict[str, Evidence]:
    pairs = zip(CLAIMS, states, strict=True)
    return {c.id: e for c, e in pairs if e is not None}


def all_good() -> dict[str, Evidence]:
    return evidence_of(GOOD, GOOD, LIMITS["rejected"], MEASURES["rejected"], WATCHES["quiet"])


def run(
    found: Mapping[str, Mapping[str, Evidence]], voids: tuple[str, ...] = ()
) -> tuple[Decision, ...]:
    return decide(CLAIMS, found, RULES, alpha=0.05, alpha_hold=0.05, voids=voids)


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


def candidates(**states: tuple[StatedEvidence, StatedEvidence]) -> tuple[Decision, ...]:
    claims = (PRIMARY, GUARD)
    found: dict[str, dict[str, Evidence]] = {
        name: {"primary": one, "guardrails.0": two} for name, (one, two) in states.items()
    }
    return decide(claims, found, RULES, alpha=0.05, alpha_hold=0.05)


def at_p(p: float) -> StatedEvidence:
    """Evidence whose p-value against 0 is p."""
    from statistics import NormalDist

    return StatedEvidence(value=0.01 * NormalDist().inv_cdf(1 - p), se=0.01)


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


def test_the_weakest_mark_is_carried() -> None:
    exact = StatedEvidence(value=0.1, mark=Mark.EXACT)
    anytime = StatedEvidence(value=0.1, mark=Mark.ANYTIME_EXACT)
    assert candidates(new=(exact, exact))[0].mark is Mark.EXACT
    assert candidates(new=(exact, anytime))[0].mark is Mark.EXACT
    assert candidates(new=(anytime, anytime))[0].mark is Mark.ANYTIME_EXACT
    assert candidates(new=(exact, GOOD))[0].mark is Mark.ASYMPTOTIC
    assert weakest_mark(()) is None


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
