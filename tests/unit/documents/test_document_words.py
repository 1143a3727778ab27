"""The words of documents: demands in their units, verdicts as icon and word."""

import pytest

from liftgate.documents.numbers import POINTS
from liftgate.documents.words import (
    contrast_words,
    decision_badge,
    demand_words,
    share_of,
    standing,
    verdict_badge,
)
from liftgate.figures import Unit
from liftgate.records import DecisionWord, Reading, Status

MS = Unit("ms")


def claim(rule, by_slice=None, **params):
    return {"rule": rule, "params": params, "by_slice": by_slice}


@pytest.mark.parametrize(
    ("given", "unit", "text"),
    [
        (claim("superior", by=0.0), POINTS, "better by more than 0 points"),
        (
            claim("superior", by=0.01, target=0.05),
            POINTS,
            "better by more than 1 points; +5 points would be worth having",
        ),
        (claim("non_inferior", margin=0.02), POINTS, "worse by less than 2 points"),
        (claim("non_inferior", margin="2%"), POINTS, "worse by less than 2%"),
        (claim("equivalent", margin=3), MS, "differs by less than 3 ms either way"),
        (claim("within", limit=400, passes=7, items=50), MS, "within 400 ms, in 7 separate passes"),
        (
            claim("each_non_inferior", "folder", margin=0.02, min_clusters=10),
            POINTS,
            "in each folder: worse by less than 2 points; min clusters 10",
        ),
        (
            claim("none_shown_worse", "folder", min_clusters=10),
            POINTS,
            "no folder of at least 10 clusters shown worse",
        ),
        (claim("a_strangers_rule", depth=3), POINTS, "a strangers rule; depth 3"),
    ],
)
def test_a_demand_is_told_in_the_unit_of_its_metric(given, unit, text):
    assert demand_words(given, unit) == text


@pytest.mark.parametrize("word", list(DecisionWord))
def test_every_decision_has_an_icon_of_its_own(word):
    badges = {w: decision_badge(w) for w in DecisionWord}
    assert len({b.icon for b in badges.values()}) == len(badges)
    assert badges[word].word == word.upper()


def verdict(status, reading, *, rejected=False):
    return {"status": status, "reading": reading, "rejected": rejected}


WON = verdict("statistical", "superior", rejected=True)
MET = verdict("measured", "met", rejected=True)
WATCHED = verdict("watch", "not-shown-worse")


@pytest.mark.parametrize(
    ("given", "part", "harmed", "icon", "tone", "told"),
    [
        (WON, "primary", False, "yes", "good", "gate passed"),
        (verdict("statistical", "non-inferior"), "primary", False, "open", "open", "gate open"),
        (verdict("statistical", "inferior"), "guardrail", True, "no", "bad", "harm shown"),
        (verdict("statistical", "inferior"), "guardrail", False, "no", "bad", "gate open"),
        (verdict("statistical", "inadmissible"), "guardrail", False, "none", "open", "gate open"),
        (MET, "guardrail", False, "yes", "good", "gate passed"),
        (verdict("measured", "broken"), "guardrail", False, "no", "bad", "gate failed"),
        (WATCHED, "watch", False, "watch", "quiet", "watched, not a gate"),
        (verdict("watch", "shown-worse"), "watch", False, "no", "bad", "watched, not a gate"),
        (verdict("not-assessed", "inadmissible"), "primary", False, "none", "quiet", "gate open"),
        (WON, "secondary", False, "yes", "good", "shown, not a gate"),
    ],
)  # fmt: skip
def test_a_verdict_says_by_icon_and_words_what_it_does(given, part, harmed, icon, tone, told):
    badge = verdict_badge(given)
    assert (badge.icon, badge.tone) == (icon, tone)
    assert standing(given, part, harmed=harmed) == told


def test_no_reading_that_was_not_won_wears_the_sign_of_a_win():
    for status in Status:
        for reading in Reading:
            if reading is Reading.MET:
                continue
            assert verdict_badge(verdict(status, reading)).icon != "yes"


def test_a_relative_margin_is_a_share_of_the_baseline():
    assert share_of("2%") == pytest.approx(0.02)
    assert share_of(0.02) is None
    assert contrast_words(0.02, higher_is_better=True) == "candidate − 98 % of baseline"
    assert contrast_words(0.1, higher_is_better=False) == "110 % of baseline − candidate"
