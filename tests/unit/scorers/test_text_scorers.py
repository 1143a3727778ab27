from __future__ import annotations

import pytest

from liftgate.errors import DataError, SystemFailed
from liftgate.records import Missing
from liftgate.scorers.contains import contains
from liftgate.scorers.exact import exact
from liftgate.scorers.numeric import numeric
from liftgate.scorers.regex import regex
from liftgate.scorers.token_f1 import token_f1


@pytest.mark.parametrize(
    ("output", "target", "expected"),
    [
        ("Paris", "Paris", 1.0),
        (" Paris\n", "Paris", 1.0),
        ("paris", "Paris", 0.0),
        ("Lyon", ["Paris", "Lyon"], 1.0),
        (3, 3.0, 1.0),
        (3, 4, 0.0),
        (True, True, 1.0),
        ({"a": 1, "b": 2}, {"b": 2.0, "a": 1}, 1.0),
        ({"a": 1}, {"a": 2}, 0.0),
    ],
)
def test_exact_compares_like_with_like(score, output, target, expected) -> None:
    assert score(exact(), output, target) == expected


def test_exact_can_leave_case_out_and_keep_white_space(score) -> None:
    assert score(exact(ignore_case=True), "STRASSE", "straße") == 1.0
    assert score(exact(strip=False), "Paris ", "Paris") == 0.0


@pytest.mark.parametrize(
    ("output", "target"), [(1, True), (1, "1"), (None, "x"), (["x"], "x"), ("1", 1)]
)
def test_an_answer_of_another_type_than_the_label_is_unparsable_for_exact(
    score, output, target
) -> None:
    with pytest.raises(SystemFailed) as caught:
        score(exact(), output, target)
    assert caught.value.kind == "unparsable"


@pytest.mark.parametrize("scorer", [exact(), contains(), regex(), numeric(), token_f1()])
def test_no_label_is_missing_and_not_zero(score, scorer) -> None:
    assert score(scorer, "anything", None) == Missing("no label")


@pytest.mark.parametrize("scorer", [contains(), regex(), token_f1()])
def test_a_label_of_the_wrong_type_is_a_fault_of_the_data_and_not_of_the_system(
    score, scorer
) -> None:
    with pytest.raises(DataError, match="target: got"):
        score(scorer, "anything", [1, "x"])


def test_contains_needs_one_text_or_every_text(score) -> None:
    assert score(contains(), "The Seine runs through Paris", "Paris") == 1.0
    assert score(contains(), "The Seine", ["Paris", "Seine"]) == 1.0
    assert score(contains(every=True), "The Seine", ["Paris", "Seine"]) == 0.0
    assert score(contains(), "PARIS", "Paris") == 0.0
    assert score(contains(ignore_case=True), "PARIS", "Paris") == 1.0


def test_regex_takes_its_pattern_from_the_study_or_from_the_label(score) -> None:
    assert score(regex(pattern=r"\d{4}"), "in 1889", None) == 1.0
    assert score(regex(pattern=r"\d{4}", full=True), "in 1889", None) == 0.0
    assert score(regex(), "in 1889", [r"^\d+$", r"18\d\d"]) == 1.0
    assert score(regex(ignore_case=True), "PARIS", "paris") == 1.0


def test_regex_compares_what_a_group_finds_with_the_label(score) -> None:
    scorer = regex(pattern=r"ANSWER:\s*(?P<answer>\w+)")
    assert score(scorer, "so... ANSWER: B", "B") == 1.0
    assert score(scorer, "so... ANSWER: C", ["A", "B"]) == 0.0
    assert score(scorer, "ANSWER: C", None) == Missing("no label")
    with pytest.raises(SystemFailed, match="finds no answer"):
        score(scorer, "I do not know", "B")


def test_a_pattern_that_is_none_is_refused_with_its_place() -> None:
    with pytest.raises(DataError, match=r"pattern: got '\(', expected a regular expression"):
        regex(pattern="(")


def test_a_label_that_is_no_pattern_is_a_fault_of_the_data(score) -> None:
    with pytest.raises(DataError, match="target: got"):
        score(regex(), "x", "(")


@pytest.mark.parametrize(
    ("options", "output", "target", "expected"),
    [
        ({}, 42, 42.0, 1.0),
        ({}, "42", 42, 1.0),
        ({}, " 1,234.5 ", "1234.5", 1.0),
        ({}, "-1e3", -1000, 1.0),
        ({}, 41, 42, 0.0),
        ({"tolerance": 1.0}, 41, 42, 1.0),
        ({"relative": 0.1}, 90, 100, 1.0),
        ({"relative": 0.1}, 89, 100, 0.0),
        ({"take": "last"}, "from 3 to 42.", 42, 1.0),
        ({"take": "first"}, "from 3 to 42.", 3, 1.0),
        ({"take": "last"}, "it costs $1,200", 1200, 1.0),
        ({"take": "last"}, "1234,567", 567, 1.0),
    ],
)
def test_numeric_reads_numbers_within_a_tolerance(score, options, output, target, expected) -> None:
    assert score(numeric(**options), output, target) == expected


@pytest.mark.parametrize(
    "output", ["about 42", "", "+", "1,23", True, None, [42], "1e999", "12 13"]
)
def test_an_answer_that_is_no_number_is_unparsable_for_numeric(score, output) -> None:
    with pytest.raises(SystemFailed) as caught:
        score(numeric(), output, 42)
    assert caught.value.kind == "unparsable"


@pytest.mark.parametrize(
    "options", [{"tolerance": -1}, {"relative": float("nan")}, {"take": "middle"}]
)
def test_numeric_refuses_options_without_meaning(options) -> None:
    with pytest.raises(DataError, match=f"{next(iter(options))}: got"):
        numeric(**options)


def test_a_label_without_a_number_is_a_fault_of_the_data(score) -> None:
    with pytest.raises(DataError, match="target: got text"):
        score(numeric(), 1, "one")


@pytest.mark.parametrize(
    ("output", "target", "expected"),
    [
        ("The Eiffel Tower!", "eiffel tower", 1.0),
        ("Paris", "Lyon", 0.0),
        ("a quick brown fox", "the brown fox", 2 * 2 / (3 + 2)),
        ("the the cat", "cat cat", 2 * 1 / (1 + 2)),
        ("", "", 1.0),
        ("the", "an", 1.0),
        ("", "cat", 0.0),
        ("cat", ["dog", "cat"], 1.0),
        ("there", "ere", 0.0),
    ],
)
def test_token_f1_counts_words_as_squad_does(score, output, target, expected) -> None:
    assert score(token_f1(), output, target) == pytest.approx(expected, abs=1e-15)
