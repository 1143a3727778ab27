"""The tables of a publication kit: plain text in CSV and LaTeX, whatever stands in them."""

from __future__ import annotations

import csv
import io
import re

import pytest

from liftgate.documents.facts import Facts
from liftgate.documents.publication import companions, latex, statement_rows
from liftgate.errors import UnknownName
from liftgate.lineage.reference import targets

RUN = {
    "id": "run-1",
    "entry": 2,
    "started": "2026-11-27T04:00:00+00:00",
    "finished": "",
    "became": "abandoned: it was not run to its end",
    "calls": 1560,
    "used": "behind no decision",
    "commit": "=HYPERLINK(1)",
    "dirty": True,
}


@pytest.fixture
def facts(decision):
    return Facts(4, decision, targets(decision, 4), {"disclosure": {"runs": [RUN]}}.__getitem__)


def rows_of(text):
    return list(csv.reader(io.StringIO(text)))


def test_every_claim_has_its_row_in_both_formats_with_the_same_texts(facts, decision):
    made = companions(facts, {})
    results = rows_of(made["tables/results.csv"])
    claims = [v for d in decision["decisions"] for v in d["verdicts"]]
    assert len(results) - 1 == len(claims) + sum(len(v["parts"]) for v in claims)
    primary = next(row for row in results if row[0] == "4:dense.primary")
    assert primary[3] == "+11.0 points"
    assert primary[4] == "+8.9 to +13.1"
    assert "+8.9 to +13.1" in made["tables/results.tex"]
    for name in ("methods", "results", "runs", "statements"):
        table = rows_of(made[f"tables/{name}.csv"])
        lines = [x for x in made[f"tables/{name}.tex"].split("\n") if x.endswith(r"\\")]
        assert len(lines) == len(table)
        for line in lines:
            assert len(re.findall(r"(?<!\\)&", line)) == len(table[0]) - 1


@pytest.mark.parametrize("text", ["=HYPERLINK(1)", "@SUM(1)", "+A1", "-2+3+cmd|' /C calc'!A0"])
def test_a_cell_is_no_formula_of_a_spreadsheet(text, decision):
    run = {**RUN, "commit": text, "became": "-2.5 points (90 % limits 1 to 2)"}
    tables = {"disclosure": {"runs": [run]}}.__getitem__
    facts = Facts(4, decision, targets(decision, 4), tables)
    (row,) = rows_of(companions(facts, {})["tables/runs.csv"])[1:]
    assert row[-1] == f"'{text}, with changes"
    assert row[4] == "-2.5 points (90 % limits 1 to 2)"
    assert row[5] == "1,560"


def test_latex_means_nothing_but_its_text():
    text = latex(("a",), [(r"50 % & \input{x} _b_ #1 $x$ −3 < 4 ~ ^",)])
    body = text.split("\\hline\n")[2]
    assert body == (
        r"50 \% \& \textbackslash{}input\{x\} \_b\_ \#1 \$x\$ $-$3 $<$ 4 "
        r"\textasciitilde{} \textasciicircum{} \\" + "\n"
    )


def test_a_statement_is_joined_with_its_evidence_and_one_without_is_refused(facts):
    said = {"statements": [{"says": "It finds more.", "evidence": ["dense.primary"]}]}
    (row,) = statement_rows(facts, {"publication": said})
    assert row[:2] == ("It finds more.", "4:dense.primary")
    assert row[2].startswith("+11.0 points (90 %")
    said["statements"][0]["evidence"] = ["dense.secondary"]
    with pytest.raises(UnknownName, match="evidence of a statement"):
        statement_rows(facts, {"publication": said})
