"""Evaluation under real conditions: systems that misbehave, and a process that is killed."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import textwrap
import time
from contextlib import closing
from pathlib import Path

import pytest

RUNNER = """
import asyncio, json, sys
from pathlib import Path
from liftgate.evals.data import load_dataset
from liftgate.evals.plan import BoundArm, BoundScorer, OutcomeRules, Plan
from liftgate.evals.run import execute
from liftgate.evals.select import select
from liftgate.records import Arm, Failure, Role
from liftgate.scorers.exact import exact
from liftgate.store import Store
from liftgate.systems.python import open_system

root, timeout_s = Path(sys.argv[1]), float(sys.argv[2])
dataset = load_dataset("python:sut:items", root=root, slices=["topic"])
arms = []
for role, name in (Role.BASELINE, "before"), (Role.CANDIDATE, "after"):
    system = open_system(f"sut:{name}", params={}, files=[], packages=[], root=root)
    arm = Arm(name, role, f"python:sut:{name}", {}, system.fingerprint)
    arms.append(BoundArm(arm, system))
scorer = exact()
bound = BoundScorer("right", scorer, "exact-1", scorer.scale(dataset.items))
rules = OutcomeRules(timeout_s, {Failure.CRASH: 1, Failure.TIMEOUT: 0})
plan = Plan("study", dataset, tuple(arms), (bound,), 1, 3, rules)
with Store.open(root / "home") as store:
    done = asyncio.run(execute(plan, store, manifest={}))
    found = [
        [o.arm == arms[1].arm.fingerprint, o.item, o.failure("right"),
         o.scores["right"].value if o.scores else None]
        for o in select(plan, store)
    ]
print(json.dumps({"called": done.called, "reused": done.reused, "failed": done.failed,
                  "run": done.run and done.run.complete, "found": found}))
"""


@pytest.fixture
def study(tmp_path):
    """Write a module of systems; return what starts a process that evaluates them."""

    def start(module, *, timeout_s=30.0, **environment):
        (tmp_path / "sut.py").write_text(textwrap.dedent(module), encoding="utf-8")
        (tmp_path / "runner.py").write_text(RUNNER, encoding="utf-8")
        return subprocess.Popen(
            [sys.executable, "runner.py", str(tmp_path), str(timeout_s)],
            cwd=tmp_path,
            env={**os.environ, **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    return start


def result(process):
    import json

    out, err = process.communicate(timeout=120)
    assert process.returncode == 0, err
    return json.loads(out)


def until(condition, process):
    for _ in range(6000):
        if condition():
            return
        assert process.poll() is None, process.communicate()
        time.sleep(0.01)
    pytest.fail("the process never got so far")


KILLABLE = """
    import os, time
    from pathlib import Path

    items = [{"id": f"i{n}", "input": f"q{n}", "target": "yes", "topic": "t"} for n in range(10)]
    log = Path(__file__).with_name("calls.log")

    def make(name):
        def answer(parts):
            with log.open("a") as file:
                file.write(f"{name} {parts['text']}\\n")
            if len(log.read_text().splitlines()) == int(os.environ.get("HANG_AT", "0")):
                time.sleep(3600)
            return "yes"
        return answer

    def before():
        return make("before")

    def after():
        return make("after")
"""


def finished_trials(home: Path) -> int:
    """Count the trial rows on disk of the run that is going."""
    found = list((home / "store" / "active").glob("*.db"))
    if not found:
        return 0
    with closing(sqlite3.connect(f"file:{found[0]}?mode=ro", uri=True)) as connection:
        try:
            (count,) = connection.execute("SELECT count(*) FROM trials").fetchone()
        except sqlite3.OperationalError:
            return 0
        return int(count)


def test_kill_minus_nine_loses_no_finished_trial_and_buys_none_again(study, tmp_path) -> None:
    process = study(KILLABLE, HANG_AT="8")
    until(lambda: finished_trials(tmp_path / "home") == 7, process)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    log = tmp_path / "calls.log"
    before = log.read_text().splitlines()
    assert len(before) == 8

    done = result(study(KILLABLE))
    assert (done["reused"], done["called"], done["run"]) == (7, 13, True)
    calls = log.read_text().splitlines()
    assert len(calls) == 8 + 13
    assert sorted(set(calls)) == sorted(
        f"{arm} q{n}" for arm in ("after", "before") for n in range(10)
    )
    assert [call for call in set(calls) if calls.count(call) > 1] == [before[-1]]
    assert [row[3] for row in done["found"]] == [1.0] * 20

    again = result(study(KILLABLE))
    assert (again["reused"], again["called"], again["run"]) == (20, 0, None)
    assert again["found"] == done["found"]


FAULTY = """
    from liftgate.testing import Faults, World

    world = World(seed=5, size=120, clusters=40)
    items = world.items
    faults = Faults(crash=0.05, wrong_type=0.05, hang=0.05, refusal=0.05)
    before = world.system("before")
    after = world.system("after", effect=0.1, faults=faults)
"""


def test_a_system_that_raises_hangs_and_answers_nonsense_is_measured_to_the_end(study) -> None:
    from liftgate.testing import Faults, World

    done = result(study(FAULTY, timeout_s=0.5))
    world = World(seed=5, size=120, clusters=40)
    faults = Faults(crash=0.05, wrong_type=0.05, hang=0.05, refusal=0.05)
    names = {"crash": "crash", "wrong_type": "unparsable", "hang": "timeout", "refusal": "refusal"}
    expected = {}
    for n, item in enumerate(world.items()):
        kind = faults.of(world.lot("fault", "after", n))
        right = world.succeeds("after", n, effect=0.1, agreement=0.5)
        expected[True, item.id] = (names[kind], None) if kind else (None, float(right))
        right = world.succeeds("before", n, effect=0.0, agreement=0.5)
        expected[False, item.id] = (None, float(right))
    found = {(row[0], row[1]): (row[2], row[3]) for row in done["found"]}
    assert found == expected
    kinds = [failure for failure, _ in expected.values() if failure]
    assert set(kinds) == set(names.values())
    assert done["failed"] == len(kinds)
    assert done["called"] == 240 + kinds.count("crash")
