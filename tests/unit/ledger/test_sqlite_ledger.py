"""The ledger's file: its guards, its corruption, several processes, a machine that refuses."""

from __future__ import annotations

import contextlib
import random
import resource
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from liftgate.errors import BrokenChain, LedgerError
from liftgate.ledger import Ledger
from liftgate.ledger.author import default_author

FIRST_FORMAT = (
    """CREATE TABLE entry (
  sequence INTEGER PRIMARY KEY,
  kind TEXT NOT NULL,
  data BLOB NOT NULL,
  leaf TEXT NOT NULL
) STRICT""",
    """CREATE TRIGGER entry_is_never_changed BEFORE UPDATE ON entry
BEGIN SELECT RAISE(ABORT, 'a ledger entry is never changed'); END""",
    """CREATE TRIGGER entry_is_never_removed BEFORE DELETE ON entry
BEGIN SELECT RAISE(ABORT, 'a ledger entry is never removed'); END""",
)


def filled(home: Path, count: int = 6, size: int = 700) -> Path:
    with Ledger.open(home) as ledger:
        for number in range(count):
            ledger.append("k", {"n": number, "text": f"<{number}>" * (size // 3)})
    return home / "ledger.db"


def verified(home: Path) -> int:
    with Ledger.open(home, read_only=True) as ledger:
        return ledger.verify()


def rewrite(file: Path, *statements: str) -> None:
    """Do what an owner with an SQLite shell can do."""
    with contextlib.closing(sqlite3.connect(file)) as connection:
        for statement in statements:
            connection.execute(statement)
        connection.commit()


@pytest.mark.parametrize(
    "statement", ["UPDATE entry SET kind = 'x' WHERE sequence = 2", "DELETE FROM entry"]
)
def test_the_table_refuses_change_and_removal(tmp_path, statement):
    file = filled(tmp_path)
    with pytest.raises(sqlite3.IntegrityError, match="is never"):
        rewrite(file, statement)
    assert verified(tmp_path) == 6


@pytest.mark.parametrize("number", [1, 3, 6])
def test_a_flipped_byte_in_the_payload_of_a_row_is_named(tmp_path, number):
    file = filled(tmp_path)
    sound = file.read_bytes()
    start = sound.index(f"<{number - 1}>".encode() * 3)
    for offset in (0, 1, 50, 300):
        data = bytearray(sound)
        data[start + offset] ^= 0x01
        file.write_bytes(data)
        with pytest.raises(BrokenChain, match=f"entry {number}"):
            verified(tmp_path)
    file.write_bytes(sound)
    assert verified(tmp_path) == 6


def test_a_flipped_byte_anywhere_in_the_file_is_found_unless_nothing_is_stored_there(tmp_path):
    file = filled(tmp_path, count=4, size=2_000)
    sound = file.read_bytes()
    counters = {*range(18, 20), *range(24, 28), *range(40, 100)}
    stored = [at for at, byte in enumerate(sound) if byte and at not in counters]
    for position in random.Random(2).sample(stored, 250):
        data = bytearray(sound)
        data[position] ^= 1 << (position % 8)
        file.write_bytes(data)
        with pytest.raises(BrokenChain):
            verified(tmp_path)
        for log in tmp_path.glob("ledger.db-*"):
            log.unlink()


@pytest.mark.parametrize("damage", ["overwritten", "cut", "text"])
def test_a_file_that_is_no_database_is_a_broken_chain(tmp_path, damage):
    file = filled(tmp_path)
    sound = file.read_bytes()
    file.write_bytes(
        {
            "overwritten": b"\xff" * len(sound),
            "cut": sound[: len(sound) // 2],
            "text": b"hello\n" * 300,
        }[damage]
    )
    with pytest.raises(BrokenChain, match=r"ledger\.db"):
        verified(tmp_path)
    with pytest.raises(BrokenChain), Ledger.open(tmp_path) as ledger:
        ledger.append("k", {})


def older(home: Path, count: int) -> Path:
    """Write a ledger as the first format had it: no tree, no trigger on INSERT."""
    filled(home / "new", count, size=30)
    file = home / "ledger.db"
    with contextlib.closing(sqlite3.connect(file)) as old:
        for sql in FIRST_FORMAT:
            old.execute(sql)
        old.execute("PRAGMA user_version = 1")
        old.execute(f"ATTACH '{home / 'new' / 'ledger.db'}' AS new")
        old.execute("INSERT INTO entry SELECT * FROM new.entry ORDER BY sequence")
        old.commit()
    return file


def test_a_ledger_of_the_first_format_is_read_as_it_is_and_gains_the_tree_when_written(tmp_path):
    file = older(tmp_path, 40)
    before = file.read_bytes()
    with Ledger.open(tmp_path, read_only=True) as ledger:
        found = ledger.examine([20])
        assert found.entries == 40
        assert ledger.tree.root(20) == found.roots[20]
    assert file.read_bytes() == before
    with Ledger.open(tmp_path) as ledger:
        assert ledger.examine().root == found.root
        assert ledger.append("k", {}).sequence == 41
        assert ledger.tree.root(40) == found.root
    with contextlib.closing(sqlite3.connect(file)) as connection:
        assert connection.execute("SELECT count(*) FROM subtree").fetchone() == (2,)
    with pytest.raises(sqlite3.IntegrityError, match="after the last"):
        rewrite(file, "REPLACE INTO entry SELECT 3, kind, data, leaf FROM entry WHERE sequence = 1")


def test_a_stored_subtree_that_is_not_that_of_its_entries_is_named(tmp_path):
    file = filled(tmp_path, 40, size=30)
    rewrite(file, "UPDATE subtree SET hash = zeroblob(32) WHERE number = 1")
    with pytest.raises(BrokenChain, match="entries 17 to 32"):
        verified(tmp_path)
    rewrite(file, "DELETE FROM subtree")
    assert verified(tmp_path) == 40


def test_a_database_of_something_else_is_no_ledger(tmp_path):
    rewrite(tmp_path / "ledger.db", "CREATE TABLE notes (text)")
    with pytest.raises(BrokenChain, match="holds other tables"):
        Ledger.open(tmp_path)


def test_a_missing_middle_row_is_named(tmp_path):
    file = filled(tmp_path)
    rewrite(file, "DROP TRIGGER entry_is_never_removed", "DELETE FROM entry WHERE sequence = 3")
    with pytest.raises(BrokenChain, match="entry 3: it is missing"):
        verified(tmp_path)


def test_a_missing_guard_is_named_even_when_every_entry_is_sound(tmp_path):
    file = filled(tmp_path)
    rewrite(file, "DROP TRIGGER entry_is_never_changed")
    with pytest.raises(BrokenChain, match="entry_is_never_changed"):
        verified(tmp_path)


def test_nothing_is_built_upon_an_altered_tip(tmp_path):
    file = filled(tmp_path)
    rewrite(
        file,
        "DROP TRIGGER entry_is_never_changed",
        "UPDATE entry SET data = CAST('{}' AS BLOB) WHERE sequence = 6",
    )
    with Ledger.open(tmp_path) as ledger, pytest.raises(BrokenChain, match="entry 6"):
        ledger.append("k", {})


def test_a_copy_of_the_one_file_is_whole_once_the_ledger_is_closed(tmp_path):
    with Ledger.open(tmp_path / "a") as ledger:
        for number in range(5):
            ledger.append("k", {"n": number})
    (tmp_path / "b").mkdir()
    shutil.copy(tmp_path / "a" / "ledger.db", tmp_path / "b" / "ledger.db")
    assert verified(tmp_path / "b") == 5


def test_reading_only_needs_a_ledger_and_never_writes(tmp_path):
    with pytest.raises(LedgerError, match="there is no ledger"):
        Ledger.open(tmp_path, read_only=True)
    assert list(tmp_path.iterdir()) == []
    filled(tmp_path)
    with Ledger.open(tmp_path, read_only=True) as ledger:
        with pytest.raises(LedgerError, match="reading only"):
            ledger.append("k", {})
        assert ledger.tip.sequence == 6


def test_a_closed_ledger_says_so_and_does_not_cry_broken(tmp_path):
    ledger = Ledger.open(tmp_path)
    ledger.close()
    with pytest.raises(LedgerError) as caught:
        ledger.append("k", {})
    assert not isinstance(caught.value, BrokenChain)


WRITER = """
import sys
from pathlib import Path
from liftgate.ledger import Ledger
with Ledger.open(Path(sys.argv[1])) as ledger:
    for number in range(25):
        ledger.append("k", {"n": number}, author=sys.argv[2])
"""


def test_several_processes_write_one_gapless_chain(tmp_path):
    writers = [
        subprocess.Popen([sys.executable, "-c", WRITER, str(tmp_path), f"w{i}"]) for i in range(3)
    ]
    assert [writer.wait() for writer in writers] == [0, 0, 0]
    with Ledger.open(tmp_path, read_only=True) as ledger:
        entries = list(ledger.entries())
        assert ledger.verify() == 75
    assert [entry.sequence for entry in entries] == list(range(1, 76))
    for i in range(3):
        assert [e.body["n"] for e in entries if e.author == f"w{i}"] == list(range(25))


def test_a_full_disk_is_no_broken_chain_and_the_next_append_goes_on(tmp_path):
    file = filled(tmp_path)
    limit = file.stat().st_size + 8_192
    with Ledger.open(tmp_path) as ledger:
        before = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, before[1]))
        try:
            with pytest.raises(LedgerError, match=r"ledger\.db") as caught:
                ledger.append("k", {"text": "x" * 200_000})
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)
        assert not isinstance(caught.value, BrokenChain)
        assert "nothing was added" in caught.value.hint
        assert ledger.append("k", {}).sequence == 7
    assert verified(tmp_path) == 7


def test_a_process_killed_between_appends_leaves_a_sound_chain(tmp_path):
    code = (
        "import os, signal, sys; from pathlib import Path; from liftgate.ledger import Ledger\n"
        "ledger = Ledger.open(Path(sys.argv[1]))\n"
        "for n in range(10): ledger.append('k', {'n': n})\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=False)
    assert done.returncode == -9
    assert verified(tmp_path) == 10
    with Ledger.open(tmp_path) as ledger:
        assert ledger.append("k", {}).sequence == 11


def test_the_author_is_taken_from_the_environment_git_or_the_system(monkeypatch):
    default_author.cache_clear()
    monkeypatch.setenv("LIFTGATE_AUTHOR", "Ada")
    assert default_author() == "Ada"
    default_author.cache_clear()
    monkeypatch.delenv("LIFTGATE_AUTHOR")
    monkeypatch.setenv("PATH", "")
    monkeypatch.setenv("LOGNAME", "ada")
    assert default_author() == "ada"
    default_author.cache_clear()
