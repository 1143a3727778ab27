"""Two coders code failures as raters do, and their export is what the report reads."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import pytest

from liftgate.cli.main import main
from liftgate.errors import DataError
from liftgate.failures.taxonomy import load_taxonomy
from liftgate.flow.failure_rating import rubric_of
from liftgate.humans import sheets
from liftgate.humans.draw import check_rubric
from tests.stories.test_failure_analysis import kind, study

__all__ = ["study"]
MINE = """\
liftgate: 1
taxonomy: desk
version: 1
severities: {S1: 1, S3: 10}
groups:
  F1: {is: content, codes: {F1.3: {is: wrong about the world, severity: S3}}}
  F8: {is: operations, codes: {F8.6: {is: something it depends on failed, severity: S1}}}
  F9: {is: measurement, measurement: true, codes: {F9.1: {is: the label is wrong, severity: S1}}}
"""
CODES = ("F1.3", "F8.6", "F9.1")


@pytest.fixture
def run(study, tmp_path, capsys):
    (tmp_path / "mine.yaml").write_text(MINE, encoding="utf-8")

    def done(*words, code=0):
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main([str(word) for word in words])
        out, err = capsys.readouterr()
        assert ended.value.code == code, out + err
        return json.loads(out) if "--json" in words else out + err

    done("failures", "draw", study, "--n", 12, "--seed", 4, "--out", "b.jsonl",
         "--taxonomy", "mine.yaml")  # fmt: skip
    return done


RATE = ("rate", "draw", "b.jsonl", "--raters", "ann,bob", "--seed", "1")


def rate(run, tmp_path, batch, rater, of):
    sheet = tmp_path / f"{rater}.csv"
    sheet.write_text(run("rate", "export", batch, "--sheet", rater, "--format", "csv"))
    rows = sheets.read(sheet.read_text(), "csv")
    for row in rows:
        assert "How it failed" in row["texts"]
        assert "question " in row["texts"]
        number = int(row["texts"].split("question ")[1].split()[0])
        row["value"] = of(number)
    sheet.write_text(sheets.write(rows, "csv"))
    return run("rate", "import", batch, sheet, "--json")["added"]


def test_two_coders_code_as_raters_and_the_report_reads_their_export(run, tmp_path) -> None:
    drawn = run(*RATE, "--taxonomy", "mine.yaml", "--json")
    batch = drawn["batch"]
    assert drawn["tasks"]["shared"] == 24, "everybody codes all of them"
    assert rate(run, tmp_path, batch, "ann", kind) == 12
    # Bob presses keys: those of the codes in their order; he sees no label as wrong.
    keys = {"F1.3": "1", "F8.6": "2", "F9.1": "1"}
    assert rate(run, tmp_path, batch, "bob", lambda number: keys[kind(number)]) == 12

    for form in ("jsonl", "csv"):
        run("rate", "export", batch, "--format", form, "--out", f"codes.{form}")
        words = ("failures", "report", "b.jsonl", f"codes.{form}", "--taxonomy", "mine.yaml")
        found = run(*words, "--json")
        rows = [json.loads(line) for line in (tmp_path / "b.jsonl").read_text().splitlines()[1:]]
        codes = [kind(int(row["item"][1:])) for row in rows]
        assert (found["coders"], found["double_coded"]) == (["ann", "bob"], 12)
        wrong = codes.count("F9.1")
        assert wrong > 0
        assert (found["measurement"]["sure"], found["measurement"]["possible"]) == (0, wrong)
        by = {row["code"]: row for row in found["codes"]}
        assert by["F8.6"]["least"] == by["F8.6"]["most"] == codes.count("F8.6")
        assert by["F8.6"]["may_gate"]


def test_the_shipped_codes_are_given_by_two_keys_the_group_and_the_code() -> None:
    rubric = rubric_of(load_taxonomy())
    keys = {anchor.label: anchor.key for anchor in rubric.scale.anchors}
    assert (keys["F1.1"], keys["F4.9"], keys["F4.10"], keys["F4.12"]) == ("11", "49", "40", "4b")
    assert len(set(keys.values())) == len(keys) == 79
    check_rubric(rubric)
    anchors = (*rubric.scale.anchors[:2], replace(rubric.scale.anchors[2], key="1"))
    mixed = replace(rubric, scale=replace(rubric.scale, anchors=anchors))
    with pytest.raises(DataError, match="got '1', expected two letters or digits"):
        check_rubric(mixed)


def test_the_leads_word_settles_a_rating_and_is_no_third_coder(run, tmp_path) -> None:
    batch = run(*RATE, "--taxonomy", "mine.yaml", "--json")["batch"]
    rate(run, tmp_path, batch, "ann", kind)
    rate(run, tmp_path, batch, "bob", lambda _: "F1.3")
    short = run("rate", "status", batch, "--json")["queue"][0]["short"]
    run("rate", "adjudicate", batch, short, "--value", "F9.1", "--reason", "the label is wrong")
    run("rate", "export", batch, "--out", "codes.jsonl")

    words = ("failures", "report", "b.jsonl", "codes.jsonl", "--taxonomy", "mine.yaml")
    assert run(*words, "--json")["coders"] == ["ann", "bob"]


def test_a_failure_that_a_coder_declined_is_not_coded(run, tmp_path) -> None:
    batch = run(*RATE, "--taxonomy", "mine.yaml", "--overlap", "0", "--json")["batch"]
    rate(run, tmp_path, batch, "ann", kind)
    run("rate", "export", batch, "--out", "codes.jsonl")

    words = ("failures", "report", "b.jsonl", "codes.jsonl", "--taxonomy", "mine.yaml")
    said = run(*words, code=4)
    assert re.search(r"\b6 of 12 failures are not coded: ", said), said


def test_what_cannot_be_coded_on_the_pages_says_why(run, tmp_path) -> None:
    many = "".join(f"      X.{n}: {{is: x{n}, severity: S1}}\n" for n in range(37))
    (tmp_path / "many.yaml").write_text(MINE + "  X:\n    is: too many\n    codes:\n" + many)
    told = run(*RATE, "--taxonomy", "many.yaml", code=2)
    assert "got 37 codes in X, expected at most 36, one for each key" in told
    assert "got both of a rubric and a taxonomy" in run(
        *RATE, "--taxonomy", "mine.yaml", "--rubric", "helpfulness", code=2
    )
    assert "got neither of a rubric and a taxonomy" in run(*RATE, code=2)
    (tmp_path / "other.yaml").write_text(MINE.replace("version: 1", "version: 2"))
    assert "taxonomy: got desk 2, expected desk 1" in run(*RATE, "--taxonomy", "other.yaml", code=2)
    batch = tmp_path / "b.jsonl"
    batch.write_text(batch.read_text().replace("question", "query", 1))
    assert "was edited since it was drawn" in run(*RATE, "--taxonomy", "mine.yaml", code=2)
