"""report: which decision is printed, from a ledger that was verified, and where it goes."""

import json
import sqlite3
from datetime import UTC, datetime
from pathlib import Path

import pytest

from liftgate.errors import BrokenChain, LedgerError, LiftgateError, StudyError, UnknownName
from liftgate.flow.report import study_name, write_report
from liftgate.ledger import Ledger
from liftgate.store import Store, Workspace

DATA = Path(__file__).parents[2] / "data" / "decision.json"
TIME = datetime(2026, 11, 23, 11, 20, tzinfo=UTC)


@pytest.fixture
def body():
    return json.loads(DATA.read_text("utf-8"))["body"]


@pytest.fixture
def workspace(tmp_path):
    return Workspace(tmp_path / ".liftgate").create()


def append(workspace, *bodies):
    with Ledger.open(workspace.home) as ledger:
        ledger.append("study.locked", {"study": "first"}, author="a", time=TIME)
        return [ledger.append("decision", b, author="a", time=TIME) for b in bodies]


def test_the_last_decision_is_printed_beside_the_others(workspace, body):
    first, second = append(workspace, body, {**body, "study": "other"})
    made = write_report(workspace)
    assert (made.study, made.entry, made.leaf) == ("other", second.sequence, second.leaf)
    assert made.path == workspace.reports / "other-3.html"
    page = made.path.read_text("utf-8")
    assert "chain verified: 3 entries" in page
    assert "3:dense<wbr>.primary" in page
    assert write_report(workspace, study="docsearch-dense").entry == first.sequence
    assert write_report(workspace, entry=2).path.name == "docsearch-dense-2.html"


def test_it_goes_where_it_is_told_and_the_same_entry_gives_the_same_bytes(
    workspace, body, tmp_path
):
    append(workspace, body)
    out = tmp_path / "new folder" / "page.html"
    assert write_report(workspace, out=out).path == out
    before = out.read_bytes()
    write_report(workspace, out=out)
    assert out.read_bytes() == before
    assert [p.name for p in out.parent.iterdir()] == ["page.html"]


def test_texts_come_from_the_store_and_what_was_erased_is_named(workspace, body):
    with Store.open(workspace.home) as store:
        kept = store.put_json({"question": "Where are <b>signals</b> documented?"})
        erased = store.put_text("a secret that was erased")
        store.flush()
        store.erase(erased)
    row = body["items"]["dense"]["losses"][0]
    row.update(input=kept, target=erased)
    append(workspace, body)
    page = write_report(workspace).path.read_text("utf-8")
    assert "Where are &lt;b&gt;signals&lt;/b&gt; documented?" in page
    assert "a secret" not in page
    assert "not kept in the store, or erased" in page


def test_a_study_file_names_its_study(workspace, body, tmp_path, monkeypatch):
    study = Path(__file__).parents[3] / "examples" / "docsearch" / "study.yaml"
    assert study_name(str(study)) == "docsearch"
    assert study_name("docsearch-dense") == "docsearch-dense"
    assert study_name(None) is None
    broken = tmp_path / "broken.yaml"
    broken.write_text("liftgate: 1\nstudy: [\n")
    append(workspace, body)
    with pytest.raises(StudyError):
        write_report(workspace, study=str(broken))


def test_what_is_not_there_is_named_with_what_is(workspace, body):
    with pytest.raises(LedgerError, match="there is no ledger"):
        write_report(workspace)
    append(workspace)
    with pytest.raises(LiftgateError, match="nothing was decided yet"):
        write_report(workspace)
    append(workspace, body)
    with pytest.raises(UnknownName, match=r"'docsearch-dens' \(did you mean 'docsearch-dense'"):
        write_report(workspace, study="docsearch-dens")
    with pytest.raises(UnknownName, match="no decision entry named '1'"):
        write_report(workspace, entry=1)


def test_an_altered_ledger_is_not_printed(workspace, body):
    append(workspace, body)
    with sqlite3.connect(workspace.ledger) as database:
        names = database.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")
        for (name,) in names.fetchall():
            database.execute(f"DROP TRIGGER {name}")
        (data,) = database.execute("SELECT data FROM entry WHERE sequence = 2").fetchone()
        altered = data.replace(b"search-team", b"search-t3am")
        assert altered != data
        database.execute("UPDATE entry SET data = ? WHERE sequence = 2", (altered,))
    database.close()
    with pytest.raises(BrokenChain, match="entry 2"):
        write_report(workspace)
    assert list(workspace.reports.iterdir()) == []
