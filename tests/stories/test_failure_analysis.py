"""From a run's failures to the fixes that matter, coded by two people."""

from __future__ import annotations

import csv
import json

import pytest

from liftgate.cli.main import root
from liftgate.errors import DataError, NotEnoughData
from liftgate.flow.failures import Drawing, draw_failures, report_failures
from liftgate.flow.flip_codes import sheet_of
from liftgate.flow.flip_look import Filter
from liftgate.flow.run import run_study
from liftgate.ledger import Ledger
from liftgate.store import Workspace
from tests.stories.attack_table import assert_told

SYSTEMS = """
def items():
    for n in range(60):
        yield {"id": f"q{n}", "input": f"question {n}", "target": "yes"}

def system(every=3):
    def answer(parts):
        number = int(parts["text"].split()[1])
        if number % 15 == 0:
            raise ValueError("no idea")
        return "no" if number % every == 0 else "yes"
    return answer
"""


@pytest.fixture
def study(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "desk.py").write_text(SYSTEMS, encoding="utf-8")
    worst = {kind: {"score": "worst"} for kind in ("timeout", "crash", "refusal", "unparsable")}
    given = {
        "liftgate": 1,
        "study": "desk",
        "hypothesis": "It is right more often.",
        "dataset": {"source": "python:desk:items"},
        "arms": {
            "old": {"role": "baseline", "system": "python:desk:system", "params": {"every": 2}},
            "new": {"role": "candidate", "system": "python:desk:system"},
        },
        "scorers": {"right": {"scorer": "exact"}},
        "outcomes": {**worst, "scorer_failed": "missing", "missing_label": "missing"},
        "claims": {"primary": {"metric": "right", "superior": {"target": 0.1}}},
        "exploratory": True,
    }
    file = tmp_path / "desk.yaml"
    file.write_text(json.dumps(given), encoding="utf-8")
    run_study(file, report=False)
    return file


def code(sheet, coder, of):
    with sheet.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        row |= {"coder": coder, "code": of(int(row["item"][1:]))}
    out = sheet.with_name(f"{coder}.csv")
    with out.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    return out


def kind(number):
    if number % 15 == 0:
        return "F8.6"
    return "F9.1" if number % 4 == 0 else "F1.3"


def test_failures_are_drawn_by_lot_coded_and_ranked(study, tmp_path):
    here = Workspace.locate()
    drawn = draw_failures(study, Drawing(15, seed=4), tmp_path / "b.jsonl", here)
    files = [code(drawn.sheet, coder, kind) for coder in ("ann", "bob")]

    found = report_failures(tmp_path / "b.jsonl", files, here)

    assert (drawn.drawn, drawn.failing, drawn.scored) == (15, 20, 60)
    rows = [json.loads(line) for line in (tmp_path / "b.jsonl").read_text().splitlines()[1:]]
    crashed = [row for row in rows if row["failed"].startswith("crash: ValueError: no idea")]
    assert all(row["output"] is None for row in crashed)
    assert {row["failed"] for row in rows if row["output"]} == {"scored 0, needed at least 1"}
    assert len(crashed) == sum(int(row["item"][1:]) % 15 == 0 for row in rows)
    assert found["codes"][0]["code"] == "F1.3"
    assert found["measurement"]["sure"] == sum(kind(int(r["item"][1:])) == "F9.1" for r in rows)
    with Ledger.open(here.home, read_only=True) as ledger:
        kinds = [entry.kind for entry in ledger.entries()]
    assert kinds[-2:] == ["failures.drawn", "failures.reported"]


def test_items_named_like_formulas_are_drawn_and_coded_as_text(study, tmp_path):
    here = Workspace.locate()
    (tmp_path / "sums.py").write_text(SYSTEMS.replace('f"q{n}"', 'f"=SUM({n})"'), encoding="utf-8")
    study.write_text(study.read_text().replace("desk", "sums"), encoding="utf-8")
    run_study(study, report=False)
    drawn = draw_failures(study, Drawing(6, seed=1), tmp_path / "b.jsonl", here)
    text = drawn.sheet.read_text()
    assert_told("an item is named like a formula", text)
    assert "\n=" not in text
    head, *rows = text.splitlines()
    coded = tmp_path / "ann.csv"
    lines = [head, *(row.replace(",,,,,", ",ann,F1.3,,,'tis so") for row in rows)]
    coded.write_text("\n".join(lines) + "\n", encoding="utf-8")
    found = report_failures(tmp_path / "b.jsonl", [coded], here)
    assert found["codes"][0]["code"] == "F1.3"
    seen = sheet_of(Filter(metric="right", codes=(("@SUM(1)", "F1.1"),)))
    assert "\n'@SUM(1),,F1.1" in seen


def test_the_same_draw_and_the_same_report_are_written_once(study, tmp_path):
    here = Workspace.locate()
    first = draw_failures(study, Drawing(5, seed=4), tmp_path / "a.jsonl", here)
    again = draw_failures(study, Drawing(5, seed=4), tmp_path / "b.jsonl", here)
    other = draw_failures(study, Drawing(5, seed=5), tmp_path / "c.jsonl", here)
    files = [code(first.sheet, "ann", kind)]

    reports = [report_failures(tmp_path / "a.jsonl", files, here) for _ in range(2)]

    assert first.batch == again.batch != other.batch
    assert reports[0] == reports[1]
    with Ledger.open(here.home, read_only=True) as ledger:
        kinds = [entry.kind for entry in ledger.entries()]
    assert (kinds.count("failures.drawn"), kinds.count("failures.reported")) == (2, 1)


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (lambda text: text.replace("question", "query", 1), r"b\.jsonl:\d+: was edited"),
        (lambda text: "\n".join(text.splitlines()[:-1]) + "\n", "got 4 rows, expected 5"),
        (lambda text: text.replace('"batch":"', '"batch":"0', 1), "was not drawn in this"),
        (lambda text: "nonsense\n" + text, "is no head of a batch"),
        (lambda _: "", "is no head of a batch"),
    ],
)
def test_a_batch_that_was_edited_is_found_out(study, tmp_path, edit, message):
    here = Workspace.locate()
    drawn = draw_failures(study, Drawing(5, seed=4), tmp_path / "b.jsonl", here)
    file = code(drawn.sheet, "ann", kind)
    path = tmp_path / "b.jsonl"
    path.write_text(edit(path.read_text(encoding="utf-8")), encoding="utf-8")

    with pytest.raises(DataError, match=message):
        report_failures(path, [file], here)


def test_another_taxonomy_than_the_batchs_is_refused(study, tmp_path, capsys):
    here = Workspace.locate()
    drawn = draw_failures(study, Drawing(5, seed=4), tmp_path / "b.jsonl", here)
    root.main(["failures", "taxonomy"], standalone_mode=False)
    mine = tmp_path / "mine.yaml"
    mine.write_text(capsys.readouterr().out.replace("version: 1", "version: 2", 1))
    file = code(drawn.sheet, "ann", kind)

    with pytest.raises(DataError, match="got liftgate 2, expected liftgate 1"):
        report_failures(tmp_path / "b.jsonl", [file], here, taxonomy=mine)


def test_nothing_to_draw_and_files_in_the_way_are_refused(study, tmp_path):
    here = Workspace.locate()
    (tmp_path / "taken.jsonl").write_text("x")
    with (tmp_path / "desk.py").open(encoding="utf-8") as file:
        mended = file.read().replace('"no" if', '"yes" if').replace("% 15", "% 99 < 0 and 0")
    (tmp_path / "mended.py").write_text(mended, encoding="utf-8")
    given = json.loads(study.read_text(encoding="utf-8"))
    given["arms"]["new"]["system"] = "python:mended:system"
    other = tmp_path / "mended.yaml"
    other.write_text(json.dumps({**given, "study": "mended"}), encoding="utf-8")
    run_study(other, report=False)

    with pytest.raises(NotEnoughData, match="none of its 60 scored items failed"):
        draw_failures(other, Drawing(5, 0), tmp_path / "b.jsonl", here)
    with pytest.raises(DataError, match="exists already"):
        draw_failures(study, Drawing(5, 0), tmp_path / "taken.jsonl", here)


def test_the_commands_print_what_may_gate_and_what_is_not_the_systems(study, tmp_path, capsys):
    words = ["failures", "draw", "desk.yaml", "--n", "20", "--seed", "4", "--out", "b.jsonl"]
    root.main(words, standalone_mode=False)
    for coder in ("ann", "bob"):
        code(tmp_path / "b.codes.csv", coder, kind)

    root.main(["failures", "report", "b.jsonl", "ann.csv", "bob.csv"], standalone_mode=False)

    out = capsys.readouterr().out
    assert "Drew 20 of 20 failures among 60 scored items" in out
    assert "Agreement on the first code: alpha 1.00" in out
    assert "Measurement, not system: 4 of 20" in out
    assert "F1.3 wrong about the world (S3): 12 of 16" in out
    assert "may gate" in out
