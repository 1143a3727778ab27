"""A small study in memory: systems that count their calls, and a plan over them."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from liftgate.evals.plan import BoundArm, BoundScorer, OutcomeRules, Plan
from liftgate.evals.run import execute
from liftgate.records import (
    Answer,
    Arm,
    Dataset,
    Failure,
    Item,
    Missing,
    Role,
    Scale,
    ScoreKind,
)
from liftgate.store import Store

BINARY = Scale(ScoreKind.BINARY, 0.0, 1.0)
RULES = OutcomeRules(timeout_s=5.0, retries={Failure.TIMEOUT: 1, Failure.CRASH: 1})


class CountingSystem:
    """Answers by a function of (text, how often it was asked this text)."""

    def __init__(self, name, answer, *, concurrency=1, measures=None) -> None:
        self.fingerprint = f"sha256:{name}"
        self.concurrency = concurrency
        self.calls = []
        self.started = self.closed = self.measured = 0
        self.flying = self.most_flying = 0
        self._answer = answer
        self._measures = measures or {}

    async def start(self) -> None:
        self.started += 1

    async def answer(self, parts):
        text = parts["text"]
        self.calls.append(text)
        self.flying += 1
        self.most_flying = max(self.most_flying, self.flying)
        try:
            found = self._answer(text, self.calls.count(text))
            if asyncio.iscoroutine(found):
                found = await found
        finally:
            self.flying -= 1
        return found if isinstance(found, Answer) else Answer(found)

    def measure(self):
        self.measured += 1
        return self._measures

    async def close(self) -> None:
        self.closed += 1


class CountingScorer:
    """Scores by a function of (output, target)."""

    version = "1"

    def __init__(self, judge) -> None:
        self.judge = judge
        self.calls = 0

    def scale(self, items):
        return BINARY

    def score(self, answer, item):
        self.calls += 1
        return self.judge(answer.output, item.target)


def equal(output, target):
    return Missing("no label") if target is None else float(output == target)


class Bench:
    """One store and the means to run plans over it."""

    def __init__(self, home) -> None:
        self.home = home
        self.system = CountingSystem
        self.scorer = CountingScorer

    @staticmethod
    def items(count, *, cluster=None):
        return tuple(
            Item(
                f"i{n}",
                {"text": f"q{n}"},
                target="yes",
                cluster=None if cluster is None else f"c{n % cluster}",
            )
            for n in range(count)
        )

    def plan(self, *systems, items=6, scorers=None, study="study-1", **changes):
        arms = tuple(
            BoundArm(
                Arm(
                    system.fingerprint.removeprefix("sha256:"),
                    Role.CANDIDATE if number else Role.BASELINE,
                    "python:x:y",
                    {},
                    system.fingerprint,
                ),
                system,
            )
            for number, system in enumerate(systems)
        )
        items = self.items(items) if isinstance(items, int) else tuple(items)
        scorers = {"match": CountingScorer(equal)} if scorers is None else scorers
        plan = Plan(
            study=study,
            dataset=Dataset("set", items),
            arms=arms,
            scorers=tuple(
                BoundScorer(name, scorer, f"sha256:{name}-{scorer.version}", scorer.scale(items))
                for name, scorer in scorers.items()
            ),
            repeats=1,
            seed=7,
            outcomes=RULES,
        )
        return replace(plan, **changes)

    def run(self, plan, **options):
        with Store.open(self.home) as store:
            return asyncio.run(execute(plan, store, manifest={"seed": plan.seed}, **options))

    def look(self, function, *args):
        with Store.open(self.home, read_only=True) as store:
            return function(*args, store)


@pytest.fixture
def bench(tmp_path):
    return Bench(tmp_path / ".liftgate")
