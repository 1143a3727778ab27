"""Reading what is to be rated, or gold, from a file: every fault at its line."""

from __future__ import annotations

import json

import pytest

from liftgate.errors import DataError
from liftgate.humans.subjects import as_text, read_gold, read_subjects, subject_key


@pytest.fixture
def file(tmp_path):
    def written(*rows):
        path = tmp_path / "rows.jsonl"
        lines = [row if isinstance(row, str) else json.dumps(row) for row in rows]
        path.write_text("\n".join(lines), "utf-8")
        return path

    return written


def test_a_line_is_a_subject_with_no_one_or_two_sides(file):
    survey, answer, pair = read_subjects(
        file(
            {"id": "s", "input": "How was it?"},
            {"id": "a", "input": {"Design": "a plan"}, "answer": "x", "stratum": "new"},
            {"id": "p", "item": "q", "answers": ["x", {"y": 1}], "harm": "violence"},
        )
    )
    assert (survey.sides, survey.shown) == ((), {"Question": "How was it?"})
    assert (answer.item, answer.stratum, answer.shown) == ("a", "new", {"Question": "a plan"})
    assert (pair.item, pair.harm, [s.content for s in pair.sides]) == (
        "q",
        "violence",
        ["x", {"y": 1}],
    )


def test_files_of_drawn_labels_are_taken_as_they_are(file):
    empty = {"rater": None, "value": None, "abstained": None}
    one, two = read_subjects(
        file(
            {"item": "i", "trial": "t1", "input": {"text": "q"}, "answer": "x", **empty},
            {"item": "i", "trial": "t1", "other": "t2", "input": {"text": "q"}, "answer": "x",
             "second": "y", **empty},
        )
    )  # fmt: skip
    assert (one.key, one.item) == (subject_key("i", "t1"), "i")
    assert [side.origin for side in one.sides] == [{"trial": "t1"}]
    assert (two.key, [side.content for side in two.sides]) == (
        subject_key("i", "t1", "t2"),
        ["x", "y"],
    )
    assert [side.origin for side in two.sides] == [{"trial": "t1"}, {"trial": "t2"}]


def test_gold_has_a_value(file):
    (gold,) = read_gold(file({"id": "g", "input": "?", "answer": "x", "value": 3}))
    assert (gold.value, gold.subject.key) == (3.0, "g")


def test_all_faults_are_named_at_once_with_their_lines(file):
    path = file(
        {"id": "a"}, {"id": "a"}, {"input": "x"}, {"id": "b", "answr": "x"}, [1],
        {"id": "c", "answers": ["x", "y", "z"]}, {"id": "d", "value": 3}, {"id": 5},
        {"id": "e", "harm": 1}, {"id": "f", "rater": "ann"},
    )  # fmt: skip
    with pytest.raises(DataError) as caught:
        read_subjects(path)
    told = str(caught.value)
    for part in (
        ":2: id: 'a' is there already", ":3: id: missing", ":4: got the unknown key 'answr'",
        ":5: got list", ":6: answers: expected a list of two", ":7: value: only lines of a gold",
        ":8: id: got 5", ":9: harm: got 1", ":10: got the unknown key 'rater'",
    ):  # fmt: skip
        assert part in told


@pytest.mark.parametrize("value", [None, "3", True])
def test_gold_without_a_number_is_refused(file, value):
    with pytest.raises(DataError, match="expected a number"):
        read_gold(file({"id": "g", "value": value}))


def test_what_is_no_file_of_subjects_is_refused(file, tmp_path):
    with pytest.raises(DataError, match="cannot be read"):
        read_subjects(tmp_path / "nowhere.jsonl")
    with pytest.raises(DataError, match="expected at least one"):
        read_subjects(file(""))
    with pytest.raises(DataError, match="expected JSON"):
        read_subjects(file("{"))
    (tmp_path / "binary.jsonl").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(DataError, match="cannot be read"):
        read_subjects(tmp_path / "binary.jsonl")


def test_values_become_text_for_people():
    assert as_text(None) == ""
    assert as_text("plain") == "plain"
    messages = [{"role": "user", "content": "hi"}, {"role": "assistant", "content": "yes?"}]
    assert as_text(messages) == "user: hi\n\nassistant: yes?"
    assert as_text({"a": ["é"]}) == '{\n  "a": [\n    "é"\n  ]\n}'
