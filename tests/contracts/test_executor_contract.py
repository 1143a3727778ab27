"""What every executor does, whoever wrote it: run over all that are registered."""

from __future__ import annotations

import asyncio
import importlib
import json
import os
import signal
from functools import partial
from pathlib import Path

import pytest

from liftgate import plugins
from liftgate.errors import DataError, LiftgateError, Unavailable
from liftgate.evals.opening import open_system
from liftgate.evals.plan import BoundArm, BoundScorer, OutcomeRules, Plan
from liftgate.evals.run import execute
from liftgate.evals.select import select
from liftgate.records import Arm, Dataset, Failure, Item, Role, Scale, ScoreKind
from liftgate.scorers.exact import exact
from liftgate.store import Store

SYSTEMS = '''
"""Systems that log what they were asked, by which process, and how many there were at once."""
import asyncio, json, os, signal, time
from pathlib import Path

from liftgate import SystemFailed
from liftgate.errors import Unavailable

LOG = Path(__file__).with_name("calls.log")


def _log(text):
    with LOG.open("a") as log:
        log.write(json.dumps({"text": text, "process": os.getpid()}) + "\\n")


def plain(suffix="", trouble=""):
    busy = []

    def answer(parts):
        text = parts["text"]
        assert not busy, "two calls at once in one process"
        busy.append(text)
        _log(text)
        try:
            time.sleep(0.002)
            return _answered(text, suffix, trouble)
        finally:
            busy.pop()

    return answer


def waiting(seconds=0.02, trouble=""):
    async def answer(parts):
        _log(parts["text"])
        await asyncio.sleep(seconds)
        return _answered(parts["text"], "", trouble)

    return answer


def _answered(text, suffix, trouble):
    number = int(text[1:])
    if trouble == "all kinds":
        if number == 1:
            raise ValueError("no idea")
        if number == 2:
            raise SystemFailed("not that", kind="refusal", reported={"why": "rules"})
        if number == 3:
            return object()
        if number == 4:
            return {"ä": [1, 2.5, None]}
    if trouble == "unavailable" and number == 3:
        raise Unavailable("the key is refused", hint="get another one")
    if trouble == "dies" and number == 3:
        os.kill(os.getpid(), signal.SIGKILL)
    return f"yes{suffix}"

'''
KILLER = '''
import os, signal


class Killer:
    """A scorer that kills every process but one."""

    version = "1"

    def __init__(self, spared):
        self.spared = spared

    def score(self, answer, item):
        if os.getpid() != self.spared:
            os.kill(os.getpid(), signal.SIGKILL)
        return 1.0
'''
NAMES = plugins.names("executors")
RULES = OutcomeRules(10.0, {Failure.CRASH: 1})
LENGTHS = Scale(ScoreKind.GRADED, 0.0, 100.0)


class AtHome:
    """A scorer that nothing else than this process can make."""

    version = "1"

    def __init__(self) -> None:
        self.processes: set[int] = set()

    def scale(self, items):
        return LENGTHS

    def score(self, answer, item):
        self.processes.add(os.getpid())
        return float(len(str(answer.output)))


class Bench:
    """Plans over systems in a folder, and the store in which they are run."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.home = folder / "home"
        (folder / "contract_systems.py").write_text(SYSTEMS, encoding="utf-8")

    def arm(self, name, system, role=Role.BASELINE, **params):
        named = {"params": params, "files": [], "packages": [], "root": self.folder}
        rest = f"contract_systems:{system}"
        opening = partial(open_system, "python", rest, folder=self.folder, **named)
        made = opening()
        arm = Arm(name, role, f"python:{rest}", params, made.fingerprint)
        return BoundArm(arm, made, opening=opening)

    def plan(self, *arms, items=8, scorers=(), **changes):
        made = tuple(Item(f"i{n}", {"text": f"q{n}"}, "yes") for n in range(items))
        scorer = exact()
        bound = BoundScorer("right", scorer, "exact-1", scorer.scale(made), opening=exact)
        options = {"outcomes": RULES, **changes}
        return Plan("study", Dataset("set", made), arms, (bound, *scorers), 1, 1, **options)

    def run(self, plan, executor, **options):
        with Store.open(self.home) as store:
            return asyncio.run(execute(plan, store, manifest={}, executor=executor, **options))

    def calls(self):
        log = self.folder / "calls.log"
        return [json.loads(line) for line in log.read_text().splitlines()] if log.exists() else []

    def told(self, plan):
        """Return all attempts, and what counts, without what differs from run to run."""
        with Store.open(self.home, read_only=True) as store:
            attempts = [
                (t.arm, t.input_digest, t.attempt, t.failure, t.output_digest, t.reported)
                for bound in plan.arms
                for t in store.trials(bound.arm.fingerprint)
            ]
            found = [
                (o.arm, o.item, o.failure("right"), {n: s.value for n, s in o.scores.items()})
                for o in select(plan, store)
            ]
        return sorted(map(repr, attempts)), sorted(map(repr, found))


def made(name):
    factory = plugins.load("executors", name)
    return factory(workers=2) if name == "processes" else factory()


@pytest.fixture
def bench(tmp_path):
    return Bench(tmp_path)


def alive(process):
    """Return whether a process runs; one that has ended and is not waited for does not."""
    try:
        state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state not in "ZX"


def test_every_executor_writes_the_same_rows_whatever_systems_do(tmp_path) -> None:
    found, homes = {}, {}
    for name in NAMES:
        (tmp_path / name).mkdir()
        bench, scorer = Bench(tmp_path / name), AtHome()
        arms = (
            bench.arm("old", "plain", trouble="all kinds"),
            bench.arm("new", "waiting", Role.CANDIDATE, seconds=0.001),
        )
        at_home = BoundScorer("length", scorer, "length-1", LENGTHS)
        plan = bench.plan(*arms, scorers=(at_home,))
        done = bench.run(plan, made(name))
        # Of a failure that may be tried again there are two attempts.
        assert (done.called, done.failed, done.run.complete) == (17, 3, True)
        assert bench.run(plan, made(name)).called == 0
        # How many there were is kept with the run: it is a source of noise, like concurrency.
        assert done.run.manifest.get("workers", 1) == made(name).workers
        found[name], homes[name] = bench.told(plan), scorer.processes
    assert all(rows == found["asyncio"] for rows in found.values())
    assert len(found["asyncio"][0]) == 17
    # What no other process can make is scored in this one.
    assert all(processes == {os.getpid()} for processes in homes.values())


@pytest.mark.parametrize("name", NAMES)
def test_no_more_is_in_flight_than_the_user_says(bench, name) -> None:
    plan = bench.plan(bench.arm("a", "waiting"), items=20, concurrency=3)
    bench.run(plan, made(name))
    with Store.open(bench.home, read_only=True) as store:
        trials = store.trials(plan.arms[0].arm.fingerprint)
    assert len(trials) == 20
    assert max(trial.in_flight for trial in trials) == 3


@pytest.mark.parametrize("name", NAMES)
def test_what_cannot_be_asked_at_all_ends_the_run_and_keeps_what_was_answered(bench, name) -> None:
    plan = bench.plan(bench.arm("a", "plain", trouble="unavailable"), items=12)
    with pytest.raises(Unavailable, match="the key is refused") as raised:
        bench.run(plan, made(name))
    assert raised.value.hint == "get another one"
    attempts, _ = bench.told(plan)
    before = len({call["text"] for call in bench.calls()})
    assert 0 < len(attempts) < 12
    assert len(attempts) >= before - 2


@pytest.mark.parametrize("name", NAMES)
def test_a_rule_that_stops_ends_it(bench, name) -> None:
    def enough(rows):
        return "settled" if rows else None

    done = bench.run(bench.plan(bench.arm("a", "plain"), items=30), made(name), stop=enough)
    assert done.stopped == "settled"
    assert 1 <= done.called <= 2


@pytest.mark.parametrize("name", NAMES)
def test_a_cancelled_run_keeps_its_rows_ends_its_processes_and_the_next_goes_on(
    bench, name
) -> None:
    plan = bench.plan(bench.arm("a", "waiting"), items=200, concurrency=4)

    async def cancelled():
        with Store.open(bench.home) as store:
            run = execute(plan, store, manifest={}, executor=made(name))
            task = asyncio.ensure_future(run)
            while len(bench.calls()) < 20:  # noqa: ASYNC110 - it is a file that others write
                await asyncio.sleep(0.005)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task

    asyncio.run(cancelled())
    assert not any(
        alive(call["process"]) for call in bench.calls() if call["process"] != os.getpid()
    )
    began = len(bench.calls())
    attempts, _ = bench.told(plan)
    assert began - 4 <= len(attempts) <= began
    done = bench.run(plan, made(name))
    assert done.reused == len(attempts)
    assert len(bench.told(plan)[0]) == 200


def test_a_job_that_kills_its_process_is_a_crash_and_the_others_are_answered(bench) -> None:
    arm = bench.arm("a", "waiting", seconds=0.01, trouble="dies")
    plan = bench.plan(arm, items=12, outcomes=OutcomeRules(10.0, {Failure.CRASH: 2}))
    done = bench.run(plan, made("processes"))
    with Store.open(bench.home, read_only=True) as store:
        trials = store.trials(plan.arms[0].arm.fingerprint)
    failed = [trial for trial in trials if trial.failure is not None]
    assert [trial.failure for trial in failed] == [Failure.CRASH] * 3
    assert {trial.message for trial in failed} == {"its worker process ended (SIGKILL)"}
    assert len({trial.input_digest for trial in failed}) == 1
    # Nothing is recorded twice, and what was under way beside it is no crash.
    assert len({(trial.input_digest, trial.attempt) for trial in trials}) == len(trials) == 14
    assert (done.called, done.failed) == (14, 1)
    assert "calls were under way in worker processes that ended" in done.notes[0]


def test_a_worker_that_is_killed_from_outside_costs_calls_and_no_answer(bench) -> None:
    plan = bench.plan(bench.arm("a", "waiting"), items=60, concurrency=6)
    killed = []

    async def attacked():
        with Store.open(bench.home) as store:
            run = execute(plan, store, manifest={}, executor=made("processes"))
            task = asyncio.ensure_future(run)
            while not task.done():
                calls = bench.calls()
                if len(calls) > 15 and not killed:
                    killed.append(calls[-1]["process"])
                    os.kill(killed[0], signal.SIGKILL)
                await asyncio.sleep(0.005)
            return task.result()

    done = asyncio.run(attacked())
    attempts, found = bench.told(plan)
    assert len(killed) == 1
    assert (done.called, done.failed, len(attempts), len(found)) == (60, 0, 60, 60)
    # At most what the worker had in flight, three, was asked again.
    assert 60 <= len(bench.calls()) <= 60 + 3


def test_an_answer_whose_worker_dies_while_it_is_scored_is_kept_and_not_asked_for_again(
    bench, monkeypatch
) -> None:
    (bench.folder / "contract_killer.py").write_text(KILLER, encoding="utf-8")
    monkeypatch.syspath_prepend(str(bench.folder))
    killer = importlib.import_module("contract_killer").Killer
    opening = partial(killer, os.getpid())
    bound = BoundScorer("alive", opening(), "alive-1", LENGTHS, opening=opening)
    plan = bench.plan(bench.arm("a", "plain"), items=4, scorers=(bound,))
    done = bench.run(plan, made("processes"))
    assert (done.called, done.failed, done.scored) == (4, 0, 8)
    assert len(bench.calls()) == 4
    with Store.open(bench.home, read_only=True) as store:
        assert [score.value for score in store.scores("alive-1")] == [1.0] * 4


def test_a_worker_that_opens_something_else_ends_the_run(bench) -> None:
    arm = bench.arm("a", "plain")
    other = bench.arm("a", "plain", suffix="!")
    changed = BoundArm(arm.arm, arm.system, opening=other.opening)
    with pytest.raises(DataError, match="opened another system than the run began with"):
        bench.run(bench.plan(changed), made("processes"))


def test_a_system_that_only_this_process_has_is_refused_before_any_call(bench) -> None:
    arm = bench.arm("a", "plain")
    with pytest.raises(DataError, match="nothing says how to open it in another one"):
        bench.run(bench.plan(BoundArm(arm.arm, arm.system)), made("processes"))
    assert bench.calls() == []


def test_what_cannot_leave_this_process_is_refused_before_any_call(bench) -> None:
    arm = bench.arm("a", "plain")
    local = BoundArm(arm.arm, arm.system, opening=lambda: arm.system)
    with pytest.raises(DataError, match="cannot leave this process"):
        bench.run(bench.plan(local), made("processes"))
    assert bench.calls() == []


def test_workers_that_cannot_begin_end_the_run_instead_of_being_started_for_ever(
    bench, monkeypatch
) -> None:
    monkeypatch.setattr("liftgate.executors.link._INSIDE", "import os; os._exit(7)")
    with pytest.raises(LiftgateError, match=r"ended before it was ready \(exit code 7\)"):
        bench.run(bench.plan(bench.arm("a", "plain")), made("processes"))
    assert bench.calls() == []
