"""Where a ledger is, as it may be shown."""

from __future__ import annotations

import pytest

from liftgate.errors import DataError, LedgerError
from liftgate.flow.fetch import fetch
from liftgate.flow.move import move_ledger
from liftgate.ledger.place import without_password
from liftgate.store import Workspace

HIDING = [
    ("postgresql://me:secret@h/db?password=secret&x=1", "postgresql://me@h/db?x=1"),
    ("postgresql://me:se@cret@h/db", "postgresql://me@h/db"),
    ("postgresql://:secret@h", "postgresql://@h"),
    ("postgres://me:secret@h1,h2:99,[::1]:5/db", "postgres://me@h1,h2:99,[::1]:5/db"),
    ("postgresql:///db?user=me&sslpassword=secret", "postgresql:///db?user=me"),
    ("postgresql://h/db?%70assword=secret", "postgresql://h/db"),
    ("postgresql://h/db?PassWord=secret", "postgresql://h/db"),
    ("postgresql://me:se/cret@h/db", "postgresql://…"),
    ("postgresql://me:12/secret@h/db", "postgresql://…"),
    ("postgresql://me:se?cret@h/db", "postgresql://…"),
    ("postgresql://me:se#cret@h/db", "postgresql://…"),
    ("postgresql://me:secret@[h/db", "postgresql://…"),
    ("postgresql://me@h:secret/db", "postgresql://…"),
    ("mysql://me:secret@h/db", "mysql://me@h/db"),
    ("me:secret@h/db", "…"),
    ("host=h password=secret", "…"),
]
PLAIN = [
    "postgresql://",
    "postgresql:///evidence",
    "postgresql://me@h:5432/db?options=-csearch_path%3Da&host=/run/pg",
    "postgresql://h:5432/db?user=me@there",
]


@pytest.mark.parametrize(("url", "shown"), HIDING)
def test_a_url_is_shown_without_its_password_however_it_is_written(url, shown) -> None:
    assert without_password(url) == shown


@pytest.mark.parametrize("url", PLAIN)
def test_a_url_without_a_password_is_shown_as_it_is(url) -> None:
    assert without_password(url) == url


@pytest.mark.parametrize("url", [url for url, _ in HIDING])
def test_a_target_with_a_password_is_refused_and_the_password_not_repeated(url, tmp_path) -> None:
    with pytest.raises(DataError, match="expected postgresql://") as caught:
        move_ledger(Workspace(tmp_path), url)
    assert "cret" not in f"{caught.value} {caught.value.hint}"


@pytest.mark.parametrize("to", ["elsewhere.db", "", "SQLITE", "../sqlite"])
def test_what_is_no_url_is_no_target(to, tmp_path) -> None:
    with pytest.raises(DataError, match=f"got {to!r}"):
        move_ledger(Workspace(tmp_path), to)


def test_a_workspace_without_a_ledger_is_named_by_its_file(tmp_path) -> None:
    with pytest.raises(LedgerError, match=r"ledger\.db: there is no ledger"):
        move_ledger(Workspace(tmp_path), "sqlite")


def test_a_fetch_where_there_is_no_ledger_leaves_no_workspace_behind(tmp_path) -> None:
    here = Workspace(tmp_path / ".liftgate")
    with pytest.raises(LedgerError, match="there is no ledger"):
        fetch(here, Workspace(tmp_path / "other").create().home)
    assert not here.home.exists()
