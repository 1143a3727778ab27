"""A study file that cannot be read, and the order and places of its faults."""

from __future__ import annotations

import pytest

from liftgate.errors import StudyError
from liftgate.study.load import load, loads
from tests.unit.study.told import faults


def test_faults_within_a_section_do_not_hide_those_between_sections(small, read) -> None:
    small["claims"]["primary"] = {"metric": "rigth", "superior": {"tarket": 0.05}}
    small["scorers"]["other"] = {"scorer": "exakt"}
    small["ownr"] = "me"
    assert set(faults(small, read)) == {
        "claims.primary.metric",
        "claims.primary.superior.tarket",
        "scorers.other.scorer",
        "ownr",
    }


def test_near_names_are_suggested(small, read) -> None:
    small["claims"]["guardrial"] = []
    small["claims"]["primary"]["metric"] = "rigth"
    small["scorers"]["other"] = {"scorer": "exakt"}
    small["arms"]["old"]["system"] = "pyhton:a:b"
    small["arms"]["new"]["role"] = "candidat"
    with pytest.raises(StudyError) as caught:
        read(small)
    assert {f.path: f.suggestion for f in caught.value.faults} == {
        "claims.guardrial": "guardrails",
        "claims.primary.metric": "right",
        "scorers.other.scorer": "exact",
        "arms.old.system": "python",
        "arms.new.role": "candidate",
    }


def test_another_format_is_the_only_complaint(small, read) -> None:
    small["liftgate"] = 2
    small["sections_of_tomorrow"] = {}
    found = faults(small, read)
    assert list(found) == ["liftgate"]
    assert found["liftgate"].startswith("got format 2, expected 1")
    assert "newer" in found["liftgate"]


@pytest.mark.parametrize("wrong", [True, "1", 1.5, None])
def test_the_format_is_a_whole_number(small, read, wrong) -> None:
    small["liftgate"] = wrong
    assert "expected 1" in faults(small, read)["liftgate"]


def test_faults_come_in_the_order_of_the_file(small, read) -> None:
    small["repeats"] = -1
    small["study"] = "?"
    with pytest.raises(StudyError, match=r"study\.yaml: 2 faults") as caught:
        read(small)
    lines = [fault.line for fault in caught.value.faults]
    assert lines == sorted(lines)
    assert caught.value.file == "study.yaml"
    assert len(caught.value.__notes__) == 2


def test_text_faults_and_grammar_faults_are_reported_together() -> None:
    text = "liftgate: 1\nstudy: &a x\nhypothesis: *a\nrepeats: .nan\nseed: -1\nseed: 2\n"
    with pytest.raises(StudyError) as caught:
        loads(text, "f.yaml")
    paths = [fault.path for fault in caught.value.faults]
    assert {"study", "hypothesis", "repeats", "seed", "arms", "claims"} <= set(paths)
    assert paths.count("repeats") == 1
    assert paths.count("hypothesis") == 1


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"liftgate: 1\nowner: \xff\xfe\n", "is not UTF-8"),
        (b"", "cannot be read"),
        (b"- a list\n", "1 fault"),
        (b"just text", "1 fault"),
        (b"x" * 5_000_001, "more than 5000000 bytes"),
    ],
)
def test_a_file_that_is_no_study_says_why(tmp_path, content, message) -> None:
    path = tmp_path / "s.yaml"
    path.write_bytes(content)
    with pytest.raises(StudyError, match=message) as caught:
        load(path)
    assert caught.value.file == str(path)


def test_a_byte_that_is_not_utf8_has_its_place(tmp_path) -> None:
    path = tmp_path / "s.yaml"
    path.write_bytes(b"liftgate: 1\nowner: \xff\n")
    with pytest.raises(StudyError) as caught:
        load(path)
    assert [(f.line, f.column) for f in caught.value.faults] == [(2, 8)]


def test_a_file_that_is_not_there_or_a_folder_says_so(tmp_path) -> None:
    with pytest.raises(StudyError, match=r"none\.yaml: no such file") as caught:
        load(tmp_path / "none.yaml")
    assert "study new" in caught.value.hint
    with pytest.raises(StudyError, match="cannot be read"):
        load(tmp_path)


def test_a_byte_order_mark_and_other_line_ends_do_not_matter(golden, golden_path, tmp_path) -> None:
    path = tmp_path / "s.yaml"
    text = golden_path.read_text("utf-8")
    path.write_bytes(b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode())
    assert load(path) == golden
