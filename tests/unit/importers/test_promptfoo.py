"""Results of promptfoo: repeats brought together again, errors told apart from failed asserts."""

from __future__ import annotations

import json
import math
from collections import Counter

import pytest

from liftgate.errors import DataError, UnknownName
from tests.fixtures.logs.by_hand import LOGS, opened

FOO = LOGS / "promptfoo"


def row(test: int = 0, column: int = 0, **more):
    found = {
        "testIdx": test,
        "promptIdx": column,
        "provider": {"id": "p", "label": "p"},
        "prompt": {"raw": "q", "label": "q"},
        "testCase": {"vars": {"q": "1 + 1"}, "assert": [{"type": "equals", "value": "2"}]},
        "success": True,
        "score": 1,
        "namedScores": {},
        "gradingResult": {"pass": True},
        "failureReason": 0,
    }
    return found | more


def written(folder, *rows):
    path = folder / "r.jsonl"
    path.write_text("".join(json.dumps(one) + "\n" for one in rows))
    return path


@pytest.mark.parametrize("system", ["old/prompt-1", "old/prompt-2", "new/prompt-1", "new/prompt-2"])
def test_the_totals_that_promptfoo_prints_are_those_of_its_rows(system: str) -> None:
    table = opened(f"{FOO / 'grid.json'}@{system}")
    assert {check.metric for check in table.checks} == {"pass", "score", "exact", "close"}
    assert all(check.equal for check in table.checks)


def test_a_total_that_is_not_that_of_the_rows_is_said_to_differ(tmp_path) -> None:
    log = json.loads((FOO / "old.json").read_text())
    log["results"]["results"].pop()
    path = tmp_path / "r.json"
    path.write_text(json.dumps(log))
    assert [check.equal for check in opened(path).checks].count(False) > 0


def test_repeats_are_brought_together_by_variables_and_asserts() -> None:
    table = opened(FOO / "old.json")
    assert table.columns.repeat == "repeat"
    rows = list(table.rows())
    assert Counter(one.repeat for one in rows) == {"1": 12, "2": 12}
    assert len({one.item for one in rows}) == 12
    assert rows[0].item == "a=1, b=2"


def test_json_and_json_lines_give_the_same_rows() -> None:
    packed = sorted(opened(FOO / "old.json").rows(), key=lambda one: (one.item, one.repeat))
    lines = sorted(opened(FOO / "old.jsonl").rows(), key=lambda one: (one.item, one.repeat))
    assert packed == lines


def test_an_error_is_a_failure_and_a_failed_assert_is_a_score() -> None:
    table = opened(f"{FOO / 'grid.json'}@new/prompt-1")
    failed = [one for one in table.rows() if one.error]
    assert {one.item for one in failed} == {"a=13, b=30"}
    assert failed[0].error == "the service gave up"
    assert failed[0].scores["exact"] is None
    wrong = [one for one in table.rows() if one.scores["exact"] == 0]
    assert wrong
    assert all(one.error is None for one in wrong)
    assert {one.scores["score"] for one in wrong} == {0.75}
    assert {one.scores["pass"] for one in wrong} == {0.0}


def test_several_systems_in_one_log_must_be_named() -> None:
    with pytest.raises(DataError, match=r"4 systems .*expected one for each side") as told:
        opened(FOO / "grid.json")
    assert "grid.json@new/prompt-1" in told.value.hint
    with pytest.raises(UnknownName, match="did you mean 'new/prompt-2'"):
        opened(f"{FOO / 'grid.json'}@new/promt-2")


def test_a_changed_assert_is_a_changed_item_and_a_changed_prompt_is_not() -> None:
    old = {one.item: one for one in opened(FOO / "old.json").rows()}
    other = {one.item: one for one in opened(FOO / "other-asserts.json").rows()}
    assert all(old[item].content != other[item].content for item in old)
    first, second = (
        {one.item: one for one in opened(f"{FOO / 'grid.json'}@old/prompt-{n}").rows()}
        for n in (1, 2)
    )
    assert all(first[item].content == second[item].content for item in first)
    assert all(first[item].prompt != second[item].prompt for item in first)


def test_tests_with_the_same_variables_are_told_apart_by_their_asserts(tmp_path) -> None:
    other = {"vars": {"q": "1 + 1"}, "assert": [{"type": "contains", "value": "2"}]}
    table = opened(written(tmp_path, row(0), row(1, testCase=other)))
    items = {one.item for one in table.rows()}
    assert len(items) == 2
    assert all(item.startswith("1 + 1 (") for item in items)


def test_a_long_test_is_named_by_its_beginning_and_a_digest(tmp_path) -> None:
    cases = [{"vars": {"q": "x" * 100 + end}, "assert": []} for end in "ab"]
    table = opened(written(tmp_path, row(0, testCase=cases[0]), row(1, testCase=cases[1])))
    items = [one.item for one in table.rows()]
    assert len(set(items)) == 2
    assert all(len(item) < 80 for item in items)


def test_a_variable_that_promptfoo_makes_anew_is_no_part_of_a_test(tmp_path) -> None:
    cases = [{"vars": {"q": "1", "sessionId": session}} for session in "ab"]
    table = opened(written(tmp_path, row(0, testCase=cases[0]), row(1, testCase=cases[1])))
    assert [(one.item, one.repeat) for one in table.rows()] == [("1", "1"), ("1", "2")]


def test_a_named_score_called_score_does_not_hide_the_row_s_own(tmp_path) -> None:
    table = opened(written(tmp_path, row(score=0.5, namedScores={"score": 1})))
    assert table.columns.metrics == ("pass", "score", "named.score")
    (one,) = table.rows()
    assert one.scores == {"pass": 1.0, "score": 0.5, "named.score": 1.0}


def test_columns_that_cannot_be_told_apart_by_name_get_their_number(tmp_path) -> None:
    with pytest.raises(DataError, match=r"p/column-0', 'p/column-1"):
        opened(written(tmp_path, row(0, 0), row(0, 1)))


@pytest.mark.parametrize("version", [2, 4, None])
def test_another_version_is_refused(tmp_path, version) -> None:
    path = tmp_path / "r.json"
    path.write_text(json.dumps({"evalId": "e", "results": {"version": version, "results": []}}))
    with pytest.raises(DataError, match=r"results version .* expected 3"):
        opened(path)


def test_a_log_without_rows_is_refused(tmp_path) -> None:
    path = tmp_path / "r.json"
    path.write_text('{"evalId": "e", "results": {"version": 3, "results": []}}')
    with pytest.raises(DataError, match="without a sample"):
        opened(path)


def test_an_infinite_score_is_refused(tmp_path) -> None:
    with pytest.raises(DataError, match=r"jsonl:1: score: got inf"):
        opened(written(tmp_path, row(score=float("inf"))))


# The quick way and the slow one -----------------------------------------------------------------

CONTENTS = [
    {"a": 1, "b": [1.5, 1e16, -0.0, 10**30, True, None, {"z": 1, "é": "ü\u2028"}]},
    {"text": 'quote " backslash \\ slash / tab \t \x7f \x00 😀'},
    {},
]


@pytest.mark.parametrize("variables", CONTENTS)
def test_a_row_read_the_slow_way_is_the_same_test(tmp_path, variables) -> None:
    """A NaN anywhere in a row makes the quick reader refuse it whole."""
    base = json.loads((LOGS / "promptfoo" / "old.jsonl").read_text().splitlines()[0])
    case = base["testCase"] | {
        "vars": variables,
        "assert": [{"type": "equals", "value": variables}],
    }
    base |= {"vars": variables, "testCase": case}
    quick, slow = tmp_path / "quick.jsonl", tmp_path / "slow.jsonl"
    quick.write_text(json.dumps(base) + "\n")
    slow.write_text(json.dumps(base | {"latencyMs": math.nan}, sort_keys=True, indent=None) + "\n")
    (one_row,), (other,) = opened(quick).rows(), opened(slow).rows()
    assert (one_row.item, one_row.content) == (other.item, other.content)
    document = tmp_path / "whole.json"
    body = {"version": 3, "results": [base], "prompts": []}
    document.write_text(json.dumps({"evalId": "e", "results": body}))
    (third,) = opened(document).rows()
    assert third.content == one_row.content


def test_nan_and_null_in_a_test_are_two_tests_and_half_a_surrogate_is_read(tmp_path) -> None:
    base = json.loads((LOGS / "promptfoo" / "old.jsonl").read_text().splitlines()[0])
    contents = set()
    for value in (None, math.nan, math.inf, "\ud800", "\ud801", 1, 1.5):
        case = base["testCase"] | {"vars": {"x": value}}
        path = tmp_path / "a.jsonl"
        path.write_text(json.dumps(base | {"vars": {"x": value}, "testCase": case}) + "\n")
        (row,) = opened(path).rows()
        contents.add(row.content)
    assert len(contents) == 7
