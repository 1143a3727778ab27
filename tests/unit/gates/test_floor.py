"""Assay sensitivity: a baseline that is not shown better than the floor supports no ship."""

from __future__ import annotations

import pytest

from liftgate.gates.decide import decide
from liftgate.gates.sentences import error_statement
from liftgate.records import Claim, DecisionWord, Part, Population, Reading
from liftgate.rules.non_inferior import non_inferior
from liftgate.rules.superior import superior
from liftgate.testing.stated import StatedEvidence

NEW = Population.NEW_ITEMS
PRIMARY = Claim("primary", Part.PRIMARY, "quality", "non_inferior", {"margin": 0.02}, NEW)
FLOOR = Claim("floor", Part.FLOOR, "quality", "superior", {"by": 0.0, "target": 0.1}, NEW)
RULES = {"primary": non_inferior(margin=0.02), "floor": superior(target=0.1)}

EQUAL = StatedEvidence(value=0.0, se=0.005)
WORSE = StatedEvidence(value=-0.2, se=0.01)
ABOVE = StatedEvidence(value=0.1, se=0.01)
LEVEL = StatedEvidence(value=0.0, se=0.05)
BELOW = StatedEvidence(value=-0.2, se=0.01)


def decided(primary, floor):
    found = {"primary": primary} | ({} if floor is None else {"floor": floor})
    (decision,) = decide((PRIMARY, FLOOR), {"new": found}, RULES, alpha=0.05, alpha_hold=0.05)
    return decision


def verdict(decision, name):
    return next(v for v in decision.verdicts if v.claim == name)


def test_an_equal_candidate_ships_when_the_baseline_is_above_the_floor() -> None:
    decision = decided(EQUAL, ABOVE)
    assert decision.word is DecisionWord.SHIP
    assert verdict(decision, "primary").reading is Reading.EQUIVALENT


@pytest.mark.parametrize("floor", [LEVEL, BELOW, StatedEvidence(refusal="too few"), None])
def test_without_a_baseline_above_the_floor_the_primary_is_inadmissible(floor) -> None:
    decision = decided(EQUAL, floor)
    primary = verdict(decision, "primary")
    assert decision.word is DecisionWord.INCONCLUSIVE
    assert (primary.rejected, primary.reading) == (False, Reading.INADMISSIBLE)
    assert "not shown better than the floor" in primary.reason
    assert decision.binding == "floor"


def test_the_compound_claim_has_the_larger_p_value_of_both() -> None:
    decision = decided(EQUAL, LEVEL)
    assert verdict(decision, "primary").p_value == verdict(decision, "floor").p_value == 0.5
    assert decision.p_worst == 0.5


def test_a_baseline_below_the_floor_is_no_harm_of_the_candidate() -> None:
    decision = decided(EQUAL, BELOW)
    assert decision.harms == ()
    assert decision.word is not DecisionWord.HOLD


@pytest.mark.parametrize("floor", [ABOVE, LEVEL, BELOW])
def test_harm_that_was_shown_is_held_whatever_the_floor_says(floor) -> None:
    decision = decided(WORSE, floor)
    assert decision.word is DecisionWord.HOLD
    assert decision.harms == ("primary",)
    assert verdict(decision, "primary").reading is Reading.INFERIOR


def test_the_floor_takes_no_place_in_the_family_of_harms() -> None:
    # p for "no harm" is .03: shown alone, and not after a correction for two.
    harmed = StatedEvidence(value=-0.02 - 0.01 * 1.8808, se=0.01)
    assert decided(harmed, ABOVE).word is DecisionWord.HOLD


def test_the_sentences_say_what_was_wrong_and_what_the_error_covers() -> None:
    decision = decided(EQUAL, LEVEL)
    assert "the baseline was not shown better than the floor" in decision.sentence
    said = error_statement((PRIMARY, FLOOR), [decision], alpha=0.05, alpha_hold=0.05)
    assert "quality of the baseline above the floor" in said
