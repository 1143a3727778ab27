"""Verifiable instructions: each kind of check, and the checks that are none."""

from __future__ import annotations

import pytest

from liftgate.errors import DataError, SystemFailed
from liftgate.records import Answer, Item, Missing, ScoreKind
from liftgate.scorers.instructions import KINDS, instructions

PASSES = {
    "words": ({"words": {"at_least": 2, "at_most": 3}}, "don't stop now", "stop"),
    "characters": ({"characters": {"at_most": 4}}, "four", "fives"),
    "sentences": ({"sentences": {"at_least": 2, "at_most": 2}}, "One. Two!", "One."),
    "paragraphs": ({"paragraphs": {"at_least": 2}}, "a\n\nb", "a\nb"),
    "lines": ({"lines": {"at_most": 1}}, "a\n", "a\nb"),
    "bullets": ({"bullets": {"at_least": 2}}, "- a\n2. b", "a - b\n-c"),
    "contains": ({"contains": ["alpha", "Beta"]}, "ALPHA beta", "alpha"),
    "lacks": ({"lacks": [","]}, "a b", "a, b"),
    "starts": ({"starts": "Dear"}, " Dear Sir", "My Dear"),
    "ends": ({"ends": "Bye."}, "So. Bye.\n", "Bye. So"),
    "matches": ({"matches": r"^\d{4}$"}, "2020", "20200"),
    "case": ({"case": "upper"}, "AB 1!", "Ab"),
    "json": ({"json": True}, '```json\n{"a": 1}\n```', "{a: 1}"),
}


def score(scorer, output, target=None):
    return scorer.score(Answer(output), Item("i", {"text": "q"}, target=target))


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_of_check_tells_one_answer_from_another(kind) -> None:
    check, right, wrong = PASSES[kind]

    assert score(instructions(checks=[check]), right) == 1.0
    assert score(instructions(checks=[check]), wrong) == 0.0


def test_checks_of_the_item_count_and_without_any_it_is_missing() -> None:
    scorer = instructions(every=False)

    assert score(scorer, "ab", [{"case": "lower"}, {"words": {"at_least": 2}}]) == 0.5
    assert isinstance(score(scorer, "ab"), Missing)
    assert isinstance(score(scorer, "ab", []), Missing)
    assert scorer.scale(()).kind is ScoreKind.GRADED
    assert instructions().scale(()).kind is ScoreKind.BINARY


def test_an_answer_that_is_no_text_is_the_systems_failure() -> None:
    with pytest.raises(SystemFailed, match="expected text"):
        score(instructions(checks=[{"json": True}]), {"a": 1})


@pytest.mark.parametrize(
    ("check", "message"),
    [
        ({}, "expected a mapping with one kind"),
        ({"word": {"at_most": 3}}, "unknown kind 'word'; known: words"),
        ({"words": {"most": 3}}, "words: expected at_least, at_most or both"),
        ({"words": {"at_least": 3, "at_most": 2}}, "words: at_least is above at_most"),
        ({"contains": "a"}, "contains: expected a list of texts"),
        ({"matches": "("}, "matches: no regular expression"),
        ({"case": "title"}, "case: expected upper or lower"),
        ({"json": "yes"}, "json: expected true or false"),
        ({"starts": ""}, "starts: expected a text"),
    ],
)
def test_a_check_that_is_none_is_refused_in_the_study_and_in_the_items(check, message) -> None:
    with pytest.raises(ValueError, match=f"checks: check 0: .*{message}"):
        instructions(checks=[check])
    with pytest.raises(DataError, match=f"target: check 0: .*{message}"):
        score(instructions(), "a", [check])


def test_an_empty_list_of_checks_is_refused() -> None:
    with pytest.raises(ValueError, match="checks: got an empty list"):
        instructions(checks=[])
