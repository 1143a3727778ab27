"""Somebody replaces the ledger while a study is run: it is said, and nothing paid is lost."""

from __future__ import annotations

import shutil
import signal
import sqlite3
import time

import pytest

from liftgate.ledger import Ledger
from tests.stories.attack_table import assert_told


@pytest.fixture
def going(world):
    """Return a study that is run, stopped in the middle of its calls, and an older ledger."""
    for arm in ("old", "new"):
        world.arm(arm, slow_s=0.01)
    world.write(items=100)
    home = world.folder / ".liftgate"
    home.mkdir()
    with Ledger.open(home) as ledger:
        ledger.append("note", {"n": 1})
    shutil.copyfile(home / "ledger.db", world.folder / "older.db")
    process = world.start("run", "study.yaml", "--quiet", "--no-report")
    deadline = time.monotonic() + 60
    while sum(world.calls().values()) < 5:
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.01)
    process.send_signal(signal.SIGSTOP)
    yield world, process, home / "ledger.db"
    process.kill()
    process.communicate()


def copy(ledger, to):
    """Copy a ledger whole, what lies in its log included."""
    source, target = sqlite3.connect(ledger), sqlite3.connect(to)
    source.backup(target)
    source.close()
    target.close()


def put(copied, ledger):
    for suffix in ("-wal", "-shm"):
        ledger.with_name(ledger.name + suffix).unlink(missing_ok=True)
    shutil.copyfile(copied, ledger.with_name("arriving"))
    ledger.with_name("arriving").replace(ledger)


def ends(process):
    process.send_signal(signal.SIGCONT)
    said = "".join(process.communicate(timeout=120))
    return said, process.returncode


def kinds(ledger):
    with Ledger.open(ledger.parent, read_only=True) as opened:
        opened.verify()
        return [one.kind for one in opened.entries()]


def goes_on(world, ledger):
    called = world.calls()
    done = world.liftgate("run", "study.yaml", "--quiet", "--no-report")
    assert done.returncode in (0, 4), done.stderr
    assert world.calls() == called
    assert kinds(ledger) == ["note", "study.locked", "run.finished", "decision"]


def test_an_older_copy_is_noticed_and_once_the_ledger_is_back_nothing_is_called_again(
    going,
) -> None:
    world, process, ledger = going
    copy(ledger, world.folder / "right.db")
    put(world.folder / "older.db", ledger)
    said, code = ends(process)
    assert code == 3, said
    assert_told("the ledger is restored from an older copy while a study is run", said)
    assert "this process had verified 2 entries that it does not continue" in said
    assert "what was called is kept in this workspace" in said
    assert "Decision" not in said
    assert kinds(ledger) == ["note"]
    put(world.folder / "right.db", ledger)
    goes_on(world, ledger)


def test_another_ledger_of_the_same_length_is_noticed(going) -> None:
    world, process, ledger = going
    copy(ledger, world.folder / "right.db")
    (world.folder / "other").mkdir()
    with Ledger.open(world.folder / "other") as other:
        for number in range(4):
            other.append("note", {"n": number})
    put(world.folder / "other" / "ledger.db", ledger)
    said, code = ends(process)
    assert code == 3, said
    assert "the ledger was replaced: entry 2 is another one now" in said
    assert kinds(ledger) == ["note"] * 4
    put(world.folder / "right.db", ledger)
    goes_on(world, ledger)


def test_a_ledger_that_is_gone_is_noticed(going) -> None:
    world, process, ledger = going
    copy(ledger, world.folder / "right.db")
    ledger.unlink()
    said, code = ends(process)
    assert code == 3, said
    assert "the ledger was replaced: the ledger is gone" in said
    assert not ledger.exists()
    put(world.folder / "right.db", ledger)
    goes_on(world, ledger)


def test_nothing_is_written_into_the_file_that_a_copy_of_the_same_entries_replaced(going) -> None:
    world, process, ledger = going
    copy(ledger, world.folder / "right.db")
    put(world.folder / "right.db", ledger)
    said, code = ends(process)
    assert code == 2, said
    assert "the file was replaced while it was open; nothing was added" in said
    assert kinds(ledger) == ["note", "study.locked"]
    goes_on(world, ledger)
