"""Lint findings as SARIF and Markdown; decision records there and back."""

from __future__ import annotations

import json
from datetime import date

import pytest
import yaml

from liftgate.cli.main import main
from liftgate.documents.job_summary import lint_markdown
from liftgate.documents.madr import Head, from_markdown, to_markdown
from liftgate.documents.sarif import sarif
from liftgate.errors import DataError, Fault
from liftgate.records.decision_record import Choice, DecisionRecord, Dissent, Expectation, of_json

RECORD = DecisionRecord(
    "Ship it?", "s", 8, "Why.\n\n## not a heading\n\\# nor this",
    (Choice("ship new", "better"), Choice("wait", "# safer")), "ship new", "It is\nbetter.",
    Expectation(0.7, 0.1, (-0.01, 0.0, 0.02, 0.03, 0.1)), (Dissent("bob", "Too soon."),),
)  # fmt: skip


def test_a_record_comes_back_from_its_markdown_as_it_was() -> None:
    assert from_markdown(to_markdown(RECORD)) == RECORD
    assert to_markdown(from_markdown(to_markdown(RECORD))) == to_markdown(RECORD)
    assert of_json(json.loads(json.dumps(RECORD.as_json()))) == RECORD
    with pytest.raises(DataError, match="KeyError 'forecast'"):
        of_json({"title": "x"})


def test_the_front_matter_of_a_record_has_the_five_fields_of_its_template() -> None:
    hostile = 'eve"]\nstatus: rejected\n---\n# \u202e'
    head = Head("accepted", date(2026, 11, 27), ("ada",), ("bob (product)", hostile), ())
    text = to_markdown(RECORD, head)
    _, told, rest = text.split("---\n", 2)
    assert yaml.safe_load(told) == {
        "status": "accepted",
        "date": date(2026, 11, 27),
        "decision-makers": ["ada"],
        "consulted": ["bob (product)", hostile],
        "informed": [],
    }
    assert rest.strip() == to_markdown(RECORD).strip()
    assert from_markdown(text) == RECORD
    assert from_markdown(text.replace("\n", "\r\n")) == RECORD


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("rollback: 0.1", "rollback: ?", "still open"),
        ("rollback: 0.1", "rollback: 1.5", "p_rollback"),
        ("rollback: 0.1", "rollback: nan", "p_rollback"),
        ("0.0, 0.02", "0.5, 0.02", "rising"),
        ("## Dissent", "## Doubt", "no section Dissent"),
        ("### wait\n\n\\# safer\n\n", "", "two or more"),
        ("## Decision outcome\n\nship new", "## Decision outcome\n\nship it", "chosen"),
        ("# Ship it?", "Ship it?", "title"),
        ("ledger entry: 8", "ledger entry: x", "invalid literal"),
    ],
)
def test_a_record_that_lacks_something_says_what(old, new, told) -> None:
    text = to_markdown(RECORD)
    assert old in text
    with pytest.raises(DataError, match=told):
        from_markdown(text.replace(old, new))


def test_faults_become_sarif_results_with_file_line_and_column() -> None:
    fault = Fault("claims.primary", "got 1", 7, 3, suggestion="x")
    body = json.loads(sarif("a b/study.yaml", [fault], [Fault("", "w")], "1"))
    first, second = body["runs"][0]["results"]
    place = first["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"] == "a%20b/study.yaml"
    assert place["region"] == {"startLine": 7, "startColumn": 3}
    assert (first["level"], second["level"]) == ("error", "warning")
    assert "region" not in second["locations"][0]["physicalLocation"]
    assert first["message"]["text"] == "claims.primary: got 1 (did you mean 'x'?)"
    rules = {rule["id"] for rule in body["runs"][0]["tool"]["driver"]["rules"]}
    assert {first["ruleId"], second["ruleId"]} <= rules


def test_the_summary_escapes_what_a_file_says() -> None:
    text = lint_markdown("s.yaml", [Fault("a", "got '<b>|x'", 1, 1)], [])
    assert "<b>" not in text
    assert "1 faults, 0 warnings" in text


def test_lint_writes_both_whether_or_not_there_are_faults(tmp_path, monkeypatch, capsys) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "bad.yaml").write_text("liftgate: 1\nstudi: x\n")
    with pytest.raises(SystemExit) as stopped:
        main(["study", "lint", "bad.yaml", "--sarif", "out.sarif", "--summary", "sum.md"])
    assert stopped.value.code == 2
    results = json.loads((tmp_path / "out.sarif").read_text())["runs"][0]["results"]
    lines = [r["locations"][0]["physicalLocation"]["region"]["startLine"] for r in results]
    assert 2 in lines
    assert "bad" in (tmp_path / "sum.md").read_text()
