"""Two workspaces, one ledger, one and the same study: neither is left waiting or without a word."""

from __future__ import annotations

import signal
import time
from collections import Counter

import pytest

from liftgate.flow.ledger import entries
from liftgate.store import Workspace
from tests.stories.conftest import World


@pytest.fixture
def two(tmp_path, monkeypatch):
    """Return the same study in the workspaces of two people whose ledger is one file."""
    monkeypatch.setenv("LIFTGATE_LEDGER", str(tmp_path / "shared" / "ledger.db"))
    (tmp_path / "shared").mkdir()
    found = []
    for name in ("ada", "bob"):
        (tmp_path / name).mkdir()
        found.append(World(tmp_path / name))
        for arm in ("old", "new"):
            found[-1].arm(arm, slow_s=0.01)
        found[-1].write(items=100)
    return found


def kinds(world):
    return [one.kind for one in entries(Workspace(world.folder / ".liftgate"))]


def start(world, monkeypatch):
    monkeypatch.setenv("LIFTGATE_AUTHOR", world.folder.name)
    return world.start("run", "study.yaml", "--quiet", "--no-report")


def pause_after(world, process, calls):
    """Stop a process in the middle of its run, however slow the machine is."""
    deadline = time.monotonic() + 60
    while sum(world.calls().values()) < calls:
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.01)
    process.send_signal(signal.SIGSTOP)


def run(world, monkeypatch):
    process = start(world, monkeypatch)
    return "".join(process.communicate(timeout=120)), process.returncode


def test_who_comes_second_is_told_by_whom_it_is_run_calls_nothing_and_goes_on_when_it_is_done(
    two, monkeypatch
) -> None:
    ada, bob = two
    first = start(ada, monkeypatch)
    pause_after(ada, first, 5)
    said, code = run(bob, monkeypatch)
    assert code == 2, said
    assert "story: ada on " in said
    assert " runs this study on the same ledger, since 20" in said
    assert "liftgate data fetch" in said
    assert bob.calls() == Counter()
    first.send_signal(signal.SIGCONT)
    first.communicate(timeout=120)
    assert first.returncode in (0, 4)

    said, code = run(bob, monkeypatch)
    assert code == 3, said
    assert "is not in this workspace: ada finished it at 20" in said
    assert "the study story was decided: " in said
    assert "(ledger entry 3, by ada, 20" in said
    assert bob.calls() == Counter()

    done = bob.liftgate("data", "fetch", str(ada.folder))
    assert done.returncode == 0, done.stderr
    said, code = run(bob, monkeypatch)
    assert code == first.returncode, said
    assert "ledger entry 3" in said
    assert bob.calls() == Counter()
    assert kinds(ada) == kinds(bob) == ["study.locked", "run.finished", "decision"]


def test_of_two_that_begin_together_one_runs_and_the_lock_is_written_once(two, monkeypatch) -> None:
    both = [start(world, monkeypatch) for world in two]
    said = ["".join(one.communicate(timeout=120)) for one in both]
    codes = sorted(one.returncode for one in both)
    assert codes[0] in (0, 2), said
    assert codes[1] in (2, 3, 4), said
    assert kinds(two[0]) == ["study.locked", "run.finished", "decision"]
    assert sorted(sum(world.calls().values()) for world in two) == [0, 200]


def test_a_run_that_was_killed_keeps_nobody_out(two, monkeypatch) -> None:
    ada, bob = two
    first = start(ada, monkeypatch)
    pause_after(ada, first, 5)
    first.kill()
    first.communicate()
    said, code = run(bob, monkeypatch)
    assert code in (0, 4), said


def test_another_study_that_was_run_meanwhile_takes_nothing_from_this_one(two, monkeypatch) -> None:
    ada, bob = two
    bob.study["study"] = "another"
    bob.study["arms"]["new"]["params"] |= {"name": "newest", "right": 0.72}
    bob.write(items=100)
    first = start(ada, monkeypatch)
    pause_after(ada, first, 5)
    said, code = run(bob, monkeypatch)
    assert code in (0, 4), said
    first.send_signal(signal.SIGCONT)
    told = "".join(first.communicate(timeout=120))
    assert first.returncode in (0, 4), told
    assert "bob finished a run of another study meanwhile" in told
    again, code = run(ada, monkeypatch)
    assert code == 3, again
    assert "is not in this workspace: bob finished it at" in again
