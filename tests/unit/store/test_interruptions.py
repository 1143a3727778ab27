"""Killed writers, two processes, full disks: what was committed is there afterwards."""

from __future__ import annotations

import contextlib
import resource
import signal
import sqlite3
import subprocess
import sys
import time

import pytest

from liftgate.errors import BrokenChain, LiftgateError
from liftgate.store import Store, finished, run_body
from liftgate.store.active import GROUP_ROWS, Committer

WRITER = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from liftgate.canon import digest
from liftgate.records import Outcome, Score, Trial
from liftgate.store import Store

store = Store.open(Path(sys.argv[1]))
run = store.begin("study", {"seed": 1})
print(run.run, flush=True)
for n in range(1_000_000):
    output = {"n": n}
    key = f"key-{n}"
    trial = Trial(key, 1, run.run, "arm", f"i-{n}", 0, datetime.now(UTC), 0.5, digest(output))
    run.add_trial(trial, output)
    run.add_score(Score(key, 1, run.run, "scorer", "t", run.run, Outcome.VALUE, n / 3))
    if n == int(sys.argv[2]):
        run.flush()
        print("reached", flush=True)
"""


@contextlib.contextmanager
def writer_process(home, reach):
    """A process that writes without end; yields when ``reach`` trials are on disk."""
    process = subprocess.Popen(
        [sys.executable, "-c", WRITER, str(home), str(reach)], stdout=subprocess.PIPE, text=True
    )
    try:
        run = process.stdout.readline().strip()
        assert process.stdout.readline().strip() == "reached"
        yield process, run
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


@contextlib.contextmanager
def small_disk(limit):
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_writer_killed_in_the_middle_loses_nothing_that_was_committed(home):
    reach = 1_500
    with writer_process(home, reach) as (process, run):
        process.send_signal(signal.SIGKILL)
        process.wait()
        with Store.open(home, read_only=True) as store:
            assert store.runs() == []
        with Store.open(home) as store:
            assert [r.id for r in store.recovered] == [run]
            assert [(r.complete, r.finished_at) for r in store.runs()] == [(False, None)]
            trials = store.trials("arm")
            assert len(trials) > reach
            assert {f"i-{n}" for n in range(len(trials))} == {t.input_digest for t in trials}
            assert all(store.output(t.output_digest) == {"n": int(t.key[4:])} for t in trials)
            scores = {s.trial_key: s.value for s in store.scores("scorer")}
            assert len(trials) - 1 <= len(scores) <= len(trials)
            assert all(value == int(key[4:]) / 3 for key, value in scores.items())
            recorded = {r.id: run_body(r)["files"] for r in store.runs()}
            assert store.verify(recorded) == 3
        assert list((home / "store" / "active").iterdir()) == []
        with Store.open(home) as store:
            assert store.recovered == ()
            assert store.verify(recorded) == 3


def test_the_run_of_a_living_process_is_left_alone(home, rows):
    with writer_process(home, 10) as (process, run):
        with Store.open(home) as store:
            assert store.recovered == ()
            trials = rows.fill(store, 3)
            assert store.trials("arm") == trials
        process.kill()
        process.wait()
        with Store.open(home) as store:
            assert [r.id for r in store.recovered] == [run]


def test_a_row_reaches_the_disk_without_anyone_asking(store, rows):
    run = store.begin("study", {})
    run.add_trial(rows.trial(run.run), rows.output(0))
    for _ in range(500):
        with contextlib.closing(sqlite3.connect(run.path)) as connection:
            if connection.execute("SELECT count(*) FROM trials").fetchone()[0]:
                break
        time.sleep(0.01)
    else:
        pytest.fail("the row was never committed")


def test_groups_are_bounded(store, rows, monkeypatch):
    sizes = []
    commit = Committer._commit

    def counted(self, connection, group):
        sizes.append(len(group))
        time.sleep(0.02)
        commit(self, connection, group)

    monkeypatch.setattr(Committer, "_commit", counted)
    run = store.begin("study", {})
    for n in range(3 * GROUP_ROWS):
        run.add_trial(rows.trial(run.run, n), rows.output(n))
    run.flush()
    assert sum(sizes) == 3 * GROUP_ROWS
    assert max(sizes) <= GROUP_ROWS


def test_a_process_that_dies_between_rename_and_clean_up_is_recovered_once(home, rows, monkeypatch):
    with Store.open(home) as store:
        run = store.begin("study", {})
        run.add_trial(rows.trial(run.run), rows.output(0))
        run.abandon()
    active = home / "store" / "active" / f"{run.run}.db"
    kept = active.read_bytes()
    with Store.open(home) as store:
        first = store.runs()
    active.write_bytes(kept)
    with Store.open(home) as store:
        assert store.runs() == first
        assert [r.id for r in store.recovered] == [run.run]
    assert not active.exists()


def test_a_half_written_folder_is_never_taken_for_a_run(home, rows, monkeypatch):
    def dies(run):
        raise KeyboardInterrupt

    with Store.open(home) as store:
        run = store.begin("study", {})
        trial = rows.trial(run.run)
        run.add_trial(trial, rows.output(0))
        with monkeypatch.context() as patched:
            patched.setattr(finished, "_described", dies)
            patched.setattr(finished.shutil, "rmtree", lambda *a, **k: None)
            with pytest.raises(KeyboardInterrupt):
                run.finish(complete=True)
        run._lock.release(remove=False)
    assert [p.name for p in (home / "store" / "runs").iterdir()] == [f".{run.run}"]
    with Store.open(home) as store:
        assert store.trials("arm") == [trial]
    assert [p.name for p in (home / "store" / "runs").iterdir()] == [run.run]


def test_a_process_that_dies_before_its_first_row_leaves_nothing(home):
    with Store.open(home) as store:
        store.begin("study", {})
    (home / "store" / "active" / "blank.db").write_bytes(b"")
    with Store.open(home) as store:
        assert store.recovered == ()
        assert store.runs() == []
    assert list((home / "store" / "active").iterdir()) == []


def test_a_damaged_active_file_is_named_with_a_way_out(home):
    with Store.open(home) as store:
        run = store.begin("study", {})
    (home / "store" / "active" / f"{run.run}.db").write_bytes(b"no database at all" * 400)
    with pytest.raises(BrokenChain, match=f"active run {run.run}") as caught:
        Store.open(home)
    assert "move" in caught.value.hint


def fill_the_disk(home, rows):
    with Store.open(home) as store, store.begin("study", {}) as run:
        run.add_trial(rows.trial(run.run), rows.output(0))
        run.flush()
        with small_disk(run.path.with_name(run.path.name + "-wal").stat().st_size + 20_000):
            for n in range(1, 5_000):
                run.add_trial(rows.trial(run.run, n, message="x" * 300), rows.output(n))


def test_a_disk_that_fills_while_rows_are_written_says_what_is_safe(home, rows):
    with pytest.raises(LiftgateError, match=r"rows are safe, \d+ are lost") as caught:
        fill_the_disk(home, rows)
    assert "run the same command again" in caught.value.hint
    with Store.open(home) as store:
        trials = store.trials("arm")
        assert 1 <= len(trials) < 5_000
        assert store.verify({r.id: run_body(r)["files"] for r in store.runs()}) >= 2
        rows.fill(store, 3, first=9_000)
        assert len(store.trials("arm")) == len(trials) + 3


def test_a_disk_that_fills_while_a_run_is_finished_keeps_its_rows(home, rows):
    with Store.open(home) as store:
        run = store.begin("study", {})
        trials = [rows.trial(run.run, n) for n in range(300)]
        for n, trial in enumerate(trials):
            run.add_trial(trial, rows.output(n))
        run.flush()
        with small_disk(4_096), pytest.raises(LiftgateError, match=run.run) as caught:
            run.finish(complete=True)
        assert "safe" in caught.value.hint
        assert [p.name for p in (home / "store" / "runs").iterdir()] == []
    with Store.open(home) as store:
        assert store.trials("arm") == trials


def test_a_refused_copy_into_parquet_keeps_the_rows(home, rows, monkeypatch):
    with Store.open(home) as store:
        run = store.begin("study", {})
        trial = rows.trial(run.run)
        run.add_trial(trial, rows.output(0))

        def refuse(*args, **kwargs):
            raise OSError(28, "No space left on device")

        with monkeypatch.context() as patched:
            patched.setattr(finished.parquet.Writer, "write", refuse)
            with pytest.raises(LiftgateError, match="No space left on device"):
                run.finish(complete=True)
    with Store.open(home) as store:
        assert store.trials("arm") == [trial]
