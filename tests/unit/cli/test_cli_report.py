"""liftgate report: prints where the page lies, as words or as JSON."""

import json
from datetime import UTC, datetime
from pathlib import Path

import click
import pytest

from liftgate.cli.main import main
from liftgate.ledger import Ledger
from liftgate.store import Workspace

DATA = Path(__file__).parents[2] / "data" / "decision.json"


@pytest.fixture
def decided(tmp_path, monkeypatch):
    monkeypatch.setenv("LIFTGATE_HOME", str(tmp_path / "home"))
    workspace = Workspace.locate().create()
    body = json.loads(DATA.read_text("utf-8"))["body"]
    with Ledger.open(workspace.home) as ledger:
        ledger.append("decision", body, author="a", time=datetime(2026, 11, 23, tzinfo=UTC))
    return workspace


def run(capsys, *words):
    with pytest.raises(SystemExit) as ended:
        main(["report", *words])
    said = capsys.readouterr()
    return ended.value.code, said.out, said.err


def test_it_says_where_the_page_lies(decided, capsys):
    code, out, _ = run(capsys)
    path = decided.reports / "docsearch-dense-1.html"
    assert code == 0
    assert out.splitlines() == [
        "Report of ledger entry 1, docsearch-dense:",
        str(path),
        "Cost of bm25, dense, fusion, dense-int4: not known, which is not zero",
    ]
    assert path.read_text("utf-8").startswith("<!doctype html>")


def test_json_names_study_entry_leaf_and_file(decided, capsys, tmp_path):
    out_file = tmp_path / "page.html"
    code, out, _ = run(capsys, "docsearch-dense", "--entry", "1", "--out", str(out_file), "--json")
    found = json.loads(out)
    assert code == 0
    assert set(found) == {"study", "entry", "leaf", "report", "money"}
    assert found["report"] == str(out_file)
    assert out_file.is_file()


def test_its_pictures_are_written_where_asked_and_named(decided, capsys, tmp_path):
    picture = tmp_path / "d.png"
    code, out, _ = run(capsys, "--picture", str(picture), "--json")
    found = json.loads(out)["pictures"]
    assert code == 0
    assert found[0] == str(picture)
    assert len(found) == len(list(tmp_path.glob("d*.png"))) > 2
    code, _, told = run(capsys, "--picture", str(tmp_path / "d.gif"), "--out", str(tmp_path / "r"))
    assert code == 2
    assert "suffix" in told
    assert not (tmp_path / "r").exists()


def test_it_opens_the_page_only_when_asked(decided, capsys, monkeypatch):
    opened = []
    monkeypatch.setattr(click, "launch", opened.append)
    run(capsys)
    assert opened == []
    run(capsys, "--open")
    assert opened == [str(decided.reports / "docsearch-dense-1.html")]


def test_an_unknown_study_is_wrong_use(decided, capsys):
    code, _, err = run(capsys, "docsearch")
    assert code == 2
    assert "known: docsearch-dense" in err


def test_an_entry_number_below_1_is_wrong_use(decided, capsys):
    assert run(capsys, "--entry", "0")[0] == 2
