"""Entries that a process has verified once: what is new is checked, what is shown is what was."""

from __future__ import annotations

import contextlib
import sqlite3

import pytest

from liftgate.canon import canonical
from liftgate.errors import BrokenChain, LedgerError
from liftgate.ledger import Draft, KnownEntries, Ledger, leaf_of, verified_entries
from liftgate.ledger.chain import Sealed, seal
from liftgate.ledger.sqlite import SqliteLedger

BIG = 2.0**60
"""Written as a whole number that no canonical integer may be."""


@pytest.fixture
def home(tmp_path):
    with Ledger.open(tmp_path) as ledger:
        ledger.append_all(draft(n) for n in range(1, 8))
    return tmp_path


def draft(number, **more):
    return Draft(
        ("run.finished", "decision")[number % 2],
        {"id": f"run-{number}", "study": "s", "n": number, "big": BIG, "list": [1.5] * 9, **more},
        refs={"row": "sha256:" + "0" * 64} if number == 3 else {},
    )


def by_hand(home, *statements):
    """Change the file as its owner can, with its guards set aside and put back."""
    with contextlib.closing(sqlite3.connect(home / "ledger.db")) as connection, connection:
        guards = connection.execute(
            "SELECT name, sql FROM sqlite_master WHERE type = 'trigger'"
        ).fetchall()
        for name, _ in guards:
            connection.execute(f"DROP TRIGGER {name}")
        for sql, values in statements:
            connection.execute(sql, values)
        for _, sql in guards:
            connection.execute(sql)


def rewritten(home, number, body):
    """Return the lines from an entry on as somebody would seal them anew with another body."""
    with Ledger.open(home, read_only=True) as ledger:
        entries, before = list(ledger.entries()), None if number == 1 else ledger.sealed(number - 1)
    lines = []
    for entry in entries[number - 1 :]:
        own = body if entry.sequence == number else entry.body
        before = seal(
            before, entry.kind, own, refs=entry.refs, author=entry.author, time=entry.time
        )
        lines.append(before)
    return lines


def replaced(line: Sealed):
    return ("UPDATE entry SET data = ?, leaf = ? WHERE sequence = ?",
            (line.data, line.leaf, line.sequence))  # fmt: skip


def test_entries_are_those_of_the_ledger_with_bodies_that_have_the_same_bytes(home):
    known = verified_entries(home)
    with Ledger.open(home, read_only=True) as ledger:
        wanted = list(ledger.entries())
    assert [canonical({**one.body}) for one in known] == [canonical(one.body) for one in wanted]
    for one, other in zip(known, wanted, strict=True):
        assert (one.sequence, one.kind, one.leaf, one.previous, one.refs, one.time, one.author) == (
            other.sequence, other.kind, other.leaf, other.previous, other.refs, other.time,
            other.author,
        )  # fmt: skip
        assert type(one.body["big"]) is float
        assert one.body.get("nothing") is None
        assert "digest" not in one.body


def test_what_is_added_is_told_once_and_verified_when_it_comes(home):
    known, told = KnownEntries(home), []
    assert known.refresh(lambda entry: told.append(entry.sequence)) is False
    assert (told, known.whole) == ([1, 2, 3, 4, 5, 6, 7], 7)
    with Ledger.open(home) as ledger:
        ledger.append_all([draft(8), draft(9)])
    known.refresh(lambda entry: told.append(entry.sequence))
    assert told == [1, 2, 3, 4, 5, 6, 7, 8, 9]
    assert (known.whole, len(known.now()), known.replaced) == (7, 9, "")
    by_hand(home, ("INSERT INTO entry VALUES (10, 'decision', x'7b7d', 'sha256:00')", ()))
    with pytest.raises(BrokenChain, match="ledger entry 10"):
        known.refresh()
    assert len(known.now()) == 9


def test_an_entry_that_was_altered_after_it_was_verified_is_not_shown(home, monkeypatch):
    monkeypatch.setattr("liftgate.ledger.known._KEPT_BYTES", 1)
    known = KnownEntries(home)
    known.refresh()
    entry = known.now()[3]
    assert entry.body["n"] == 4
    by_hand(home, replaced(rewritten(home, 4, {"n": 400})[0]))
    known.refresh()  # the tip is what it was: nothing says that an older row was changed
    assert known.now()[2].body["n"] == 3
    with pytest.raises(BrokenChain, match="ledger entry 4: it has the leaf"):
        dict(entry.body)
    with Ledger.open(home, read_only=True) as ledger, pytest.raises(BrokenChain, match="entry 5"):
        ledger.verify()


def test_a_ledger_that_does_not_go_on_from_what_was_verified_is_read_anew_and_named(home):
    known = KnownEntries(home)
    known.refresh()
    by_hand(home, ("DELETE FROM subtree", ()),
            *(replaced(line) for line in rewritten(home, 6, {"n": 600})))  # fmt: skip
    told = []
    assert known.refresh(lambda entry: told.append(entry.sequence)) is True
    assert told == [1, 2, 3, 4, 5, 6, 7]
    assert known.now()[5].body["n"] == 600
    assert known.replaced.startswith("entry 7 is another one now; at 20")
    assert "had verified 7 entries" in known.replaced
    assert known.refresh() is False
    assert known.replaced


def test_a_ledger_that_was_cut_or_is_gone_is_named(home):
    known = KnownEntries(home)
    known.refresh()
    by_hand(home, ("DELETE FROM entry WHERE sequence > 5", ()))
    assert known.refresh() is True
    assert known.replaced.startswith("the ledger has 5 entries now")
    (home / "ledger.db").unlink()
    assert known.refresh() is True
    assert known.replaced.startswith("the ledger is gone")
    assert known.now() == []


def test_another_file_in_the_place_of_the_ledger_is_seen(home, tmp_path_factory):
    known = KnownEntries(home)
    known.refresh()
    other = tmp_path_factory.mktemp("other")
    with Ledger.open(other) as ledger:
        ledger.append_all(draft(n, other=True) for n in range(1, 9))
    (other / "ledger.db").replace(home / "ledger.db")
    assert known.refresh() is True
    assert (len(known.now()), known.now()[0].body["other"]) == (8, True)


def test_an_entry_of_a_ledger_that_was_replaced_never_shows_what_stands_in_its_place(
    home, tmp_path_factory, monkeypatch
):
    monkeypatch.setattr("liftgate.ledger.known._KEPT_BYTES", 1)
    known = KnownEntries(home)
    known.refresh()
    entries = known.now()
    other = tmp_path_factory.mktemp("other")
    with Ledger.open(other) as ledger:
        ledger.append_all(draft(n, other=True) for n in range(1, 5))
    (other / "ledger.db").replace(home / "ledger.db")
    assert known.refresh() is True
    with pytest.raises(BrokenChain, match="entry 4: it has the leaf"):
        dict(entries[3].body)
    with pytest.raises(BrokenChain, match="no ledger entry named '7'"):
        dict(entries[6].body)
    assert known.now()[3].body["other"] is True


def test_a_broken_ledger_that_is_restored_shorter_is_named_too(home):
    by_hand(home, ("UPDATE entry SET data = x'7b7d' WHERE sequence = 6", ()))
    known = KnownEntries(home)
    with pytest.raises(BrokenChain, match="ledger entry 6"):
        known.refresh()
    assert len(known.now()) == 5
    by_hand(home, ("DELETE FROM entry WHERE sequence > 3", ()))
    assert known.refresh() is True
    assert known.replaced.startswith("the ledger has 3 entries now; at 20")


def test_the_ledger_is_given_back_when_nobody_holds_an_entry_any_more(home, monkeypatch):
    closed = []
    close = SqliteLedger.close
    monkeypatch.setattr(SqliteLedger, "close", lambda self: (closed.append(1), close(self))[1])
    entries = verified_entries(home)
    before = len(closed)
    last = entries[-1]
    del entries
    assert last.body["n"] == 7
    assert len(closed) == before
    del last
    assert len(closed) == before + 1


@pytest.mark.parametrize("number", [1, 7])
@pytest.mark.parametrize(("old", "new"), [(b'"time":"2', b'"time":"x2'), (b'gate":1', b'gate":2')])
def test_a_sealed_entry_that_cannot_be_read_is_told_at_every_look_and_never_left_out(
    home, number, old, new
):
    with Ledger.open(home, read_only=True) as ledger:
        line = ledger.sealed(number)
    data = line.data.replace(old, new)
    by_hand(home, ("DELETE FROM subtree", ()), ("DELETE FROM entry WHERE sequence > ?", (number,)),
            replaced(Sealed(number, line.kind, data, leaf_of(data))))  # fmt: skip
    known = KnownEntries(home)
    for _ in range(3):
        with pytest.raises(LedgerError, match=f"entry {number}"):
            known.refresh()
        assert known.replaced == ""


def test_an_unsound_storage_is_told_at_every_look_not_only_at_the_first(home):
    with contextlib.closing(sqlite3.connect(home / "ledger.db")) as connection, connection:
        connection.execute("DROP TRIGGER entry_is_never_removed")
    known = KnownEntries(home)
    for _ in range(3):
        with pytest.raises(BrokenChain, match="entry_is_never_removed"):
            known.refresh()


def test_without_a_ledger_there_is_nothing_to_know(tmp_path):
    known = KnownEntries(tmp_path)
    assert known.refresh() is False
    assert known.now() == []
    with pytest.raises(LedgerError, match="there is no ledger"):
        verified_entries(tmp_path)


def test_bodies_that_stay_in_memory_are_few(home, monkeypatch):
    monkeypatch.setattr("liftgate.ledger.known._KEPT_BYTES", 1_000)
    known = KnownEntries(home)
    known.refresh()
    sizes = [one.body["n"] for one in known.now() * 3]
    assert sizes == [1, 2, 3, 4, 5, 6, 7] * 3
    assert 1 <= len(known._reader._bodies) < 7
