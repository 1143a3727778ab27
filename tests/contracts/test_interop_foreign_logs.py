"""Logs of others, as their tools wrote them: a changed one is refused, or the change is told."""

from __future__ import annotations

import shutil

import pytest

from liftgate.errors import DataError
from liftgate.importers.place import open_table
from liftgate.records import Columns
from tests.fixtures.logs.by_hand import LOGS
from tests.golden.mutations import drop, first_line, put, text

SMALL = "inspect/small.json"
CHOOSE = "lm_eval/old/samples_choose_2026-11-26T21-27-06.612153.jsonl"
GRID = "promptfoo/old.json"
SUMS = "every_eval_ever/old-sums/f5b5b90c-d4ce-4c28-a87a-0bd753ec187c"
JUNIT = "junit/new.xml"
ALL = [SMALL, CHOOSE, GRID, JUNIT, f"{SUMS}.json", f"{SUMS}_samples.jsonl"]


def read(path):
    """Read a log to its end; return what a reader is told of it, paths aside."""
    table, _ = open_table(str(path), Columns())
    assert sum(1 for _ in table.rows()) > 1
    unequal = [
        f"{one.metric}: {one.quantity} is not equal" for one in table.checks if not one.equal
    ]
    notes = [note.partition(": ")[2] for note in table.notes]
    return {*unequal, *notes, *(f"{name}: {why}" for name, why in table.left_out.items())}


def copied(file, folder):
    place = shutil.copytree((LOGS / file).parent, folder / "log")
    return place / (LOGS / file).name


@pytest.mark.parametrize("file", ALL)
def test_a_log_as_it_came_is_read_to_its_end(file, tmp_path) -> None:
    path = copied(file, tmp_path)
    table, _ = open_table(str(path), Columns())
    assert table.checks
    assert all(one.equal for one in table.checks if one.recomputed is not None)


REFUSED = [
    (SMALL, "no id", drop("samples/0/id")),
    (SMALL, "another version", put("version", 9)),
    (SMALL, "samples that are no list", put("samples", {"a": 1})),
    (CHOOSE, "no number of the document", first_line(drop("doc_id"))),
    (GRID, "another version", put("results/version", 99)),
    (GRID, "results that are no list", put("results/results", "none")),
    (f"{SUMS}.json", "a checksum of others", put("detailed_evaluation_results/checksum", "0" * 64)),
    (f"{SUMS}_samples.jsonl", "another answer", text('"output"', '"outpux"')),
    (f"{SUMS}_samples.jsonl", "a line less", lambda lines: lines.partition("\n")[2]),
]  # fmt: skip
REFUSED += [
    (JUNIT, "a test without a name", text(' name="test_sum[3]"', "")),
    (JUNIT, "a time that is a word", text('time="0.003"', 'time="soon"')),
    (JUNIT, "a file that is cut", text("</testsuites>", "")),
]
TOLD = [
    (JUNIT, "another count", text('failures="5"', 'failures="4"')),
    (JUNIT, "another number of tests", text('tests="27"', 'tests="28"')),
    (SMALL, "another mean", put("results/scores/0/metrics/mean/value", 0.123)),
    (SMALL, "a score without a value", put("samples/0/scores", {"exact": 3})),
    (CHOOSE, "another score", first_line(put("acc", 0.0))),
    (CHOOSE, "a score that is a text", first_line(put("acc", "high"))),
    (GRID, "a score that is a text", put("results/results/0/score", "high")),
    (GRID, "another score", put("results/results/0/score", 0.123)),
    (f"{SUMS}.json", "another mean", put("evaluation_results/0/score_details/score", 0.123)),
]


@pytest.mark.parametrize(
    ("file", "name", "change"), REFUSED, ids=[f"{file}: {name}" for file, name, _ in REFUSED]
)
def test_a_log_of_another_form_is_refused(file, name, change, tmp_path) -> None:
    path = copied(file, tmp_path)
    path.write_text(change(path.read_text("utf-8")), encoding="utf-8")
    with pytest.raises(DataError):
        read(path)


@pytest.mark.parametrize(
    ("file", "name", "change"), TOLD, ids=[f"{file}: {name}" for file, name, _ in TOLD]
)
def test_a_changed_number_is_told(file, name, change, tmp_path) -> None:
    path = copied(file, tmp_path)
    before = read(path)
    path.write_text(change(path.read_text("utf-8")), encoding="utf-8")
    assert read(path) - before
