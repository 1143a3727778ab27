"""What a decision rests on, read from entries: prices, rubrics, labels, raters, signers."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from liftgate.errors import DataError, UnknownName
from liftgate.lineage.impact import Index, impact, reopened_lines, reopening
from liftgate.lineage.thing import parse_thing
from liftgate.records import Entry

NOW = datetime(2026, 11, 27, tzinfo=UTC)


def sha(letter):
    return "sha256:" + letter * 64


def entry(number, kind, body, author="Ada <ada@example.org>"):
    return Entry(number, kind, body, {}, "", author, NOW, f"leaf {number}")


def locked(number, name, rubric="helpful"):
    study = {"scorers": {"good": {"params": {"rubric": rubric}}}}
    body = {
        "name": name, "study_digest": name, "study": study, "dataset": {"digest": sha("a")},
        "arms": {"new": sha("b")}, "scorers": {"good": sha("c")},
    }  # fmt: skip
    return entry(number, "study.locked", body)


def calibrated(number, study, labels, author="Ada"):
    body = {
        "judge": sha("c"), "study": study, "metric": "good",
        "rubric": {"digest": sha("d"), "name": "helpful"},
        "labels": {"digest": labels, "file": sha("9")},
    }  # fmt: skip
    return entry(number, "judge.calibrated", body, author)


def decision(number, study, *, judged=None, prices=None, run="r1"):
    body = {
        "study": study, "study_digest": study, "prices": prices,
        "dataset": {"digest": sha("a"), "name": "items.jsonl", "items": 9},
        "arms": [{"name": "new", "fingerprint": sha("b")}],
        "decisions": [{"candidate": "new", "word": "ship"}],
        "judges": {"good": {"calibrated": judged, "drawn": None}} if judged else {},
        "rows": {"files": {f"{run}/trials.parquet": sha("e")}},
    }  # fmt: skip
    return entry(number, "decision", body)


LEDGER = [
    locked(1, "first"),
    calibrated(2, "first", sha("1")),
    decision(3, "first", judged=2, prices={"digest": sha("f")}),
    locked(4, "second", rubric="short"),
    calibrated(5, "second", sha("2"), author="Cy"),
    decision(6, "second", judged=5, run="r2"),
    locked(7, "third"),
    decision(8, "third", judged=5, run="r2"),
    # After the decision of its study: it cannot rest on it.
    calibrated(9, "third", sha("3"), author="Dee"),
    entry(10, "run.finished", {"id": "r2", "manifest": {"git": {"commit": "ab" * 20}}}, "Eve"),
]
RATERS = {sha("1"): ("rater-1", "rater-2"), sha("2"): ("rater-2",), sha("3"): ("rater-3",)}


def index(entries=LEDGER, raters=None, signers=None):
    return Index(entries, signers or {}, (RATERS if raters is None else raters).get)


@pytest.mark.parametrize(
    ("thing", "rest"),
    [
        (f"prices:{sha('f')}", [3]),
        (f"labels:{sha('1')}", [3]),
        (f"labels:{sha('2')[:20]}", [6, 8]),
        (f"labels:{sha('3')}", []),
        (f"labels:{sha('9')}", [3, 6, 8]),
        (f"rubric:{sha('d')}", [3, 6, 8]),
        ("rubric:helpful", [3, 6, 8]),
        ("rubric:short", [6]),
        ("person:rater-1", [3]),
        ("person:rater-2", [3, 6, 8]),
        ("person:rater-3", []),
        ("person:cy", [6, 8]),
        ("person:dee", []),
        ("person:eve", [6, 8]),
        ("person:ada", [3, 6, 8]),
        ("run:r2", [6, 8]),
        ("commit:abababab", [6, 8]),
        (f"judge:{sha('c')}", [3, 6, 8]),
        (f"arm:{sha('b')}", [3, 6, 8]),
        ("dataset:items.jsonl", [3, 6, 8]),
    ],
)
def test_exactly_the_decisions_that_rest_on_a_thing_are_found(thing, rest):
    found = impact(parse_thing(thing), index())
    assert [one.entry for one in found.affected] == rest


def test_a_signer_of_the_lock_or_the_decision_is_found_by_name_and_by_key():
    signers = {1: [(11, "zoe"), (11, "key-1")], 6: [(12, "yan")]}
    for name, rest in (("zoe", [3]), ("key-1", [3]), ("yan", [6])):
        found = impact(parse_thing(f"person:{name}"), index(signers=signers))
        assert [one.entry for one in found.affected] == rest


def test_erased_labels_leave_it_open_who_gave_them():
    found = impact(parse_thing("person:rater-2"), index(raters={sha("2"): ("rater-2",)}))
    assert [one.entry for one in found.affected] == [6, 8]
    assert "erased" in found.untold[3]


def test_a_run_without_a_commit_leaves_it_open_which_code_it_ran():
    found = impact(parse_thing("commit:abababab"), index())
    assert list(found.untold) == [3]


def test_the_beginning_of_several_digests_is_refused():
    other = decision(11, "fourth")
    other.body["dataset"]["digest"] = sha("a")[:-1] + "b"
    with pytest.raises(DataError, match="beginning of several"):
        impact(parse_thing("dataset:" + sha("a")[:30]), index([*LEDGER, other]))


def test_an_unknown_thing_is_no_thing_that_touched_nothing():
    with pytest.raises(UnknownName):
        impact(parse_thing("person:nobody"), index())


def test_a_reopening_names_each_decision_once_and_only_those_left():
    found = impact(parse_thing("rubric:helpful"), index())
    body = reopening(found, " typo ")
    assert [one["entry"] for one in body["decisions"]] == [3, 6, 8]
    marked = [*LEDGER, entry(11, "decision.reopened", body)]
    assert not impact(parse_thing("rubric:helpful"), index(marked)).open
    # Marked for one thing is not marked for another.
    assert len(impact(parse_thing("person:rater-2"), index(marked)).open) == 3
    assert reopened_lines(marked, 6) == ("reopened by ledger entry 11: rubric:helpful (typo)",)
    assert reopened_lines(marked, 7) == ()
