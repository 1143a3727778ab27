"""The ledger in a real PostgreSQL: the contract of every ledger, its guards, several writers."""

from __future__ import annotations

import itertools
import subprocess
import sys

import psycopg
import pytest

from liftgate.errors import BrokenChain, LedgerError
from liftgate.ledger import Ledger
from tests.contracts.test_ledger_contract import *  # noqa: F403 - the same tests, another opener

NUMBERS = itertools.count()


@pytest.fixture
def url(postgres, monkeypatch):
    """Name a schema of its own, and let the workspace's ledger be there."""
    schema = f"s{next(NUMBERS)}"
    with psycopg.connect(postgres, autocommit=True) as connection:
        connection.execute(f"CREATE SCHEMA {schema}")
    found = f"{postgres}&options=-csearch_path%3D{schema}"
    monkeypatch.setenv("LIFTGATE_LEDGER", found)
    return found


@pytest.fixture
def opener(url, tmp_path):
    return lambda: Ledger.open(tmp_path)


def by_hand(url: str, *statements: str) -> None:
    with psycopg.connect(url) as connection:
        for statement in statements:
            connection.execute(statement)


def filled(opener, count: int = 5) -> None:
    with opener() as ledger:
        for number in range(count):
            ledger.append("k", {"n": number})


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE liftgate_entry SET kind = 'x' WHERE sequence = 2",
        "DELETE FROM liftgate_entry",
        "TRUNCATE liftgate_entry",
        "TRUNCATE liftgate_entry CASCADE",
        "INSERT INTO liftgate_entry VALUES (2, 'k', '', '') ON CONFLICT (sequence)"
        " DO UPDATE SET kind = 'x'",
        "INSERT INTO liftgate_entry VALUES (9, 'k', '', '')",
        "SET session_replication_role = replica; DELETE FROM liftgate_entry",
    ],
)
def test_the_table_refuses_change_removal_and_gaps_from_its_own_owner(url, opener, statement):
    filled(opener)
    with pytest.raises(psycopg.Error, match=r"is never changed|only added after"):
        by_hand(url, statement)
    with opener() as ledger:
        assert ledger.verify() == 5


@pytest.mark.parametrize(
    "statement",
    [
        "DROP TRIGGER liftgate_entry_is_never_changed ON liftgate_entry",
        "ALTER TABLE liftgate_entry DISABLE TRIGGER liftgate_entry_is_never_truncated",
        "ALTER TABLE liftgate_entry ENABLE TRIGGER liftgate_entry_is_never_changed",
        "CREATE OR REPLACE FUNCTION liftgate_refuse() RETURNS trigger LANGUAGE plpgsql"
        " AS $$ BEGIN RETURN NEW; END $$",
    ],
)
def test_a_missing_or_changed_guard_is_named(url, opener, statement):
    filled(opener)
    by_hand(url, statement)
    with opener() as ledger, pytest.raises(BrokenChain, match="guard 'liftgate_"):
        ledger.verify()


def test_an_entry_altered_by_the_owner_is_named(url, opener):
    filled(opener)
    by_hand(
        url,
        "ALTER TABLE liftgate_entry DISABLE TRIGGER ALL",
        "UPDATE liftgate_entry SET data = set_byte(data, 20, 33) WHERE sequence = 3",
        "ALTER TABLE liftgate_entry ENABLE ALWAYS TRIGGER liftgate_entry_is_never_changed",
    )
    with opener() as ledger, pytest.raises(BrokenChain, match="entry 3: its bytes hash to"):
        ledger.verify()


def test_a_stored_subtree_that_is_not_that_of_its_entries_is_named(url, opener):
    filled(opener, 40)
    by_hand(url, "UPDATE liftgate_subtree SET hash = set_byte(hash, 0, 1) WHERE number = 1")
    with opener() as ledger, pytest.raises(BrokenChain, match="entries 17 to 32"):
        ledger.verify()


WRITER = """
import sys
from pathlib import Path
from liftgate.ledger import Ledger
with Ledger.open(Path(".")) as ledger:
    for number in range(1000):
        ledger.append("k", {"n": number}, author=sys.argv[1])
"""


def test_eight_writers_of_a_thousand_entries_make_one_gapless_chain(url, opener):
    writers = [subprocess.Popen([sys.executable, "-c", WRITER, f"w{n}"]) for n in range(8)]
    assert [writer.wait() for writer in writers] == [0] * 8
    with opener() as ledger:
        assert ledger.verify() == 8_000
        found = list(ledger.entries())
    assert [entry.sequence for entry in found] == list(range(1, 8_001))
    for n in range(8):
        assert [e.body["n"] for e in found if e.author == f"w{n}"] == list(range(1_000))


def test_a_role_that_may_only_append_can_work_and_nothing_else(url, opener, monkeypatch):
    filled(opener)
    schema = url.rpartition("%3D")[2]
    by_hand(
        url,
        f"CREATE ROLE writer_{schema} LOGIN",
        f"GRANT USAGE ON SCHEMA {schema} TO writer_{schema}",
        f"GRANT SELECT, INSERT ON liftgate_entry, liftgate_subtree TO writer_{schema}",
    )
    theirs = url.replace("//liftgate@", f"//writer_{schema}@")
    monkeypatch.setenv("LIFTGATE_LEDGER", theirs)
    with opener() as ledger:
        assert ledger.append("k", {}).sequence == 6
        assert ledger.verify() == 6
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        by_hand(theirs, "DROP TRIGGER liftgate_entry_is_never_changed ON liftgate_entry")


def test_the_workspace_names_its_database_and_reading_needs_one(url, tmp_path, monkeypatch):
    monkeypatch.delenv("LIFTGATE_LEDGER")
    (tmp_path / "ledger.url").write_text(url + "\n", encoding="utf-8")
    assert not Ledger.exists(tmp_path)
    with pytest.raises(LedgerError, match="there is no ledger"):
        Ledger.open(tmp_path, read_only=True)
    with Ledger.open(tmp_path) as ledger:
        ledger.append("k", {})
    assert Ledger.exists(tmp_path)
    assert not (tmp_path / "ledger.db").exists()


def test_a_server_that_is_not_there_is_said_without_the_password(tmp_path, monkeypatch):
    monkeypatch.setenv("LIFTGATE_LEDGER", f"postgresql://me:secret@/db?host={tmp_path}")
    with pytest.raises(LedgerError) as caught:
        Ledger.open(tmp_path)
    assert "secret" not in str(caught.value)
    assert not isinstance(caught.value, BrokenChain)


@pytest.mark.parametrize("url", ["postgresql://me:secret/x@h/db", "postgresql://me@h:secret/db"])
def test_a_password_in_a_url_of_another_form_is_said_by_nobody(tmp_path, monkeypatch, url):
    monkeypatch.setenv("LIFTGATE_LEDGER", url)
    with pytest.raises(LedgerError, match=r"postgresql://…: cannot be opened") as caught:
        Ledger.open(tmp_path)
    assert caught.value.__suppress_context__
