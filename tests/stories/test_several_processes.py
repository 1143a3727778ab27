"""A study whose calls several processes make: the same decision, and nothing paid is lost."""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from liftgate.canon import canonical
from liftgate.testing import Act, StubServer
from liftgate.testing.world import World as Truth

SEVERAL = ("--executor", "processes", "--workers", "2")
TRUTH = Truth(seed=1, size=200, clusters=50)
LINES = """
import hashlib, json, os, sys
sys.stdin.readline()
print(json.dumps({"ready": True, "concurrency": 2, "measures": {"size_mb": 1.0}}), flush=True)
for line in sys.stdin:
    asked = json.loads(line)
    text = asked["input"]["text"]
    lot = int(hashlib.sha256(repr(("right", text)).encode()).hexdigest()[:8], 16) / 2**32
    told = {"id": asked["id"], "output": "yes" if lot < 0.75 else "no"}
    if text.endswith("7"):
        told = {"id": asked["id"], "error": "not that", "kind": "refusal"}
    print(json.dumps(told), flush=True)
"""


def timeless(body):
    """Return a decision's bytes without what no two runs share: times, and files that hold them."""
    kept = {name: part for name, part in body.items() if name not in ("rows", "latency", "lock")}
    arms = [
        {**arm, "measures": {n: v for n, v in arm["measures"].items() if n != "start_seconds"}}
        for arm in body["arms"]
    ]
    return canonical({**kept, "arms": arms})


def both(world):
    """Return the decisions that each executor leads to, from the beginning."""
    found = []
    for words in ((), SEVERAL):
        found.append(world.decision("--no-report", *words))
        (world.folder / ".liftgate").rename(world.folder / f"kept-{len(found)}")
    return found


def test_callables_programs_and_models_behind_http_lead_to_the_same_decision_byte_for_byte(
    world,
) -> None:
    (world.folder / "lines.py").write_text(LINES, encoding="utf-8")
    world.study["arms"]["new"] |= {
        "system": f"process:{sys.executable} lines.py",
        "params": {},
        "files": ["lines.py"],
    }
    world.study["claims"]["guardrails"] = []
    world.arm("third", right=0.7, trouble="raise")
    with StubServer(right_more_often) as server:
        world.arm("old")
        world.study["arms"]["fourth"] = {
            "role": "candidate",
            "system": "openai:new",
            "params": {"base_url": server.url, "prompt": "{text}"},
        }
        world.write(items=120)
        one, several = both(world)
        assert len(server.asked) == 240
    assert timeless(one) == timeless(several)
    assert one["exit_code"] == several["exit_code"]
    assert {name: bool(found) for name, found in several["failures"].items()} == {
        "old": False,
        "new": True,
        "third": True,
        "fourth": False,
    }


def right_more_often(asked):
    number = int(asked.text.split()[-1])
    right = TRUTH.lot("right", "any", number) < (0.7 if asked.body["model"] == "new" else 0.5)
    return Act("yes" if right else "no")


@pytest.fixture
def behind_http(world):
    def write(server, *, items=100):
        for name in ("old", "new"):
            world.study["arms"][name] |= {
                "system": f"openai:{name}",
                "params": {"base_url": server.url, "prompt": "{text}"},
            }
        world.study["claims"]["guardrails"] = []
        world.write(items=items)
        return world

    return write


def test_runs_of_several_processes_that_are_killed_leave_none_and_repeat_what_was_in_flight(
    behind_http,
) -> None:
    said = {}
    answered = [0]

    def stops_answering(asked):
        # From here on whatever is asked stays in flight, however slow the machine is.
        return Act(never=True) if asked.number >= answered[0] else right_more_often(asked)

    with StubServer(stops_answering, delay_s=0.1) as server:
        world = behind_http(server)
        for how in (signal.SIGINT, signal.SIGKILL):
            before = len(server.asked)
            answered[0] = before + 60
            process = world.start("run", "study.yaml", "--no-report", *SEVERAL)
            while len(server.asked) < before + 70:
                assert process.poll() is None, process.communicate()
                time.sleep(0.005)
            workers = _children(process.pid)
            assert len(workers) == 2
            process.send_signal(how)
            # Workers hold its standard error: this ends when they have.
            _, said[how] = process.communicate(timeout=60)
            _wait_for_the_end_of(workers)
        answered[0] = 10_000
        done = world.liftgate("run", "study.yaml", "--no-report", *SEVERAL)
    assert done.returncode in (0, 1, 4), done.stderr
    questions = Counter((one.body["model"], one.text) for one in server.asked)
    assert len(questions) == 200
    assert len(server.asked) <= 200 + 2 * 16 + 2 * 16
    assert "failed 0," in done.stderr
    assert "calls were in flight; their answers are lost" in said[signal.SIGINT]
    assert "at most 16 calls were in flight" in done.stderr


def test_money_is_counted_in_one_place_wherever_calls_are_made(behind_http) -> None:
    prices = {
        "liftgate": 1,
        "currency": "USD",
        "prices": [
            {"model": name, "from": "2020-01-01", "input": 1e6, "output": 1e6}
            for name in ("old", "new")
        ],
    }
    with StubServer(right_more_often) as server:
        world = behind_http(server)
        for name in ("old", "new"):
            world.study["arms"][name]["params"]["max_tokens"] = 1
        world.write(items=100)
        (world.folder / "prices.yaml").write_text(json.dumps(prices), encoding="utf-8")
        words = ("--prices", "prices.yaml", "--max-cost", "200", "--no-report", *SEVERAL)
        cut = world.liftgate("run", "study.yaml", *words)
        assert cut.returncode == 4, cut.stderr
        assert "could bring the cost above 200 USD" in cut.stderr
        # An answer costs 4: 3 tokens in, 1 out; the prompt was guessed as more.
        assert 200 - 12 < len(server.asked) * 4 <= 200


def test_workers_are_refused_where_there_is_only_one(world) -> None:
    world.write(items=40)
    done = world.liftgate("run", "study.yaml", "--workers", "2")
    assert done.returncode == 2
    assert "the executor 'asyncio' has no number of them to set" in done.stderr
    assert "--executor processes" in done.stderr
    assert world.calls() == Counter()


def _children(process):
    return [
        int(found.name)
        for found in Path("/proc").iterdir()
        if found.name.isdigit() and _parent(found) == process
    ]


def _parent(folder):
    try:
        return int((folder / "stat").read_text().rpartition(")")[2].split()[1])
    except (FileNotFoundError, ProcessLookupError):
        return 0


def _wait_for_the_end_of(processes):
    deadline = time.monotonic() + 30
    while any(_runs(process) for process in processes):
        assert time.monotonic() < deadline, "a worker outlived its run"
        time.sleep(0.01)


def _runs(process):
    try:
        os.kill(process, 0)
        state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except (ProcessLookupError, FileNotFoundError):
        return False
    return state not in "ZX"
