"""``regress``: failing items kept as tests, and systems checked against them."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from liftgate.errors import DataError, UnknownName, did_you_mean
from liftgate.evals.plan import Plan
from liftgate.evals.run import execute
from liftgate.evals.select import select
from liftgate.flow.parts import Parts, parts_of
from liftgate.flow.report import last_decision
from liftgate.flow.run import record_finished
from liftgate.flow.study import find, open_study
from liftgate.flow.suite import entries_of, listed, suite_items
from liftgate.ledger import Ledger
from liftgate.lineage import regressions
from liftgate.lineage.capture import manifest
from liftgate.lineage.regressions import RegressionTest, State
from liftgate.records import Dataset, Entry, Failure, Item, Json, Observation, Outcome, Scale
from liftgate.records.notebook import Card
from liftgate.store import Store, Workspace, only_one
from liftgate.study import lock


@dataclass(frozen=True)
class Wanted:
    """What is to become a test."""

    item: str
    owner: str
    reason: str
    arm: str | None = None
    """None: the arm that fails the item, if there is only one."""
    metric: str | None = None
    """None: the study's primary."""
    at_least: float | None = None
    """None: the best score of the scale."""
    replaces: str | None = None


@dataclass(frozen=True)
class Row:
    """What became of one test."""

    test: RegressionTest
    passed: int
    asked: int
    told: str
    """Of the first repeat that did not pass; empty: all passed."""

    @property
    def good(self) -> bool:
        """Whether every repeat passed."""
        return self.passed == self.asked


@dataclass(frozen=True)
class Suite(Card):
    """How one arm did on all tests."""

    arm: str
    rows: tuple[Row, ...]
    sequence: int
    """Of the ledger entry that says so."""

    @property
    def failed(self) -> tuple[Row, ...]:
        """Active tests that did not pass in every repeat."""
        return tuple(r for r in self.rows if not r.good and r.test.state is State.ACTIVE)


def add_test(file: Path, wanted: Wanted, workspace: Workspace) -> RegressionTest:
    """Keep a failing item of a study that has run as a test, with where it comes from.

    Nothing is called.

    Raises:
        DataError: the item did not fail, was never asked, or is a test already; no owner or reason.
        UnknownName: the study has no such item, arm, or metric.
        LockedError: the study is not locked, or not what was locked.
    """
    refuse_blank(wanted)
    opened = open_study(file)
    parts = parts_of(opened)
    asyncio.run(_close(parts))
    locked = lock.verify(opened.study, find(opened.study, workspace), opened.body)
    metric = wanted.metric or opened.study.claims()[0].metric
    scale = _scale(parts, metric)
    at_least = _at_least(scale, wanted.at_least, metric)
    with Store.open(workspace.home, read_only=True) as store:
        plan = parts.plan(locked.digest, locked.time)
        row, arm = _failing(parts, plan, store, wanted, metric, at_least)
    seen = _item(parts, wanted.item).as_read(opened.study.arm(arm).reads)
    origin = _origin(row, arm, metric, locked, _decision(workspace, locked))
    about = {"slices": dict(seen.slices)}
    return keep(
        seen, wanted, workspace, metric=metric, at_least=at_least, origin=origin, about=about
    )


def keep(
    item: Item,
    wanted: Wanted,
    workspace: Workspace,
    *,
    metric: str,
    at_least: float,
    origin: Mapping[str, Any],
    about: Mapping[str, Json],
) -> RegressionTest:
    """Write a failing item into the ledger, its content into the store.

    Args:
        item: what is asked, and its target.
        wanted: whose test it is, and why.
        workspace: where it is kept.
        metric: that it failed.
        at_least: what passes.
        origin: where it comes from.
        about: what else is kept, erasable.

    Raises:
        DataError: it is a test already.
        UnknownName: there is no test to replace.
    """
    asked = {
        "input_digest": item.input_digest,
        "target_digest": item.target_digest,
        "metric": metric,
    }
    with Store.open(workspace.home) as store, Ledger.open(workspace.home) as ledger:
        entries = ledger.of_kinds(*regressions.LIVES)
        version = regressions.refuse_double(regressions.tests_of(entries), asked, wanted.replaces)
        store.put_json(item.input)
        kept = store.put_json({"target": item.target, **about})
        store.flush()
        body = {
            "liftgate": 1,
            **asked,
            "facts_digest": kept,
            "at_least": at_least,
            "version": version,
            "replaces": wanted.replaces,
            "owner": wanted.owner.strip(),
            "reason": wanted.reason.strip(),
            "origin": origin,
        }
        entry = ledger.append(
            regressions.ADDED, body, refs={"input": item.input_digest, "facts": kept}
        )
        return regressions.tests_of([*entries, entry])[f"r{entry.sequence}"]


def move(name: str, state: State, reason: str, workspace: Workspace) -> RegressionTest:
    """Quarantine, restore or retire a test.

    Raises:
        UnknownName: there is no such test.
        DataError: it may not become that; see ``regressions.refuse_move``.
    """
    entries = entries_of(workspace, *regressions.LIVES, regressions.CHECKED)
    test = regressions.named(regressions.tests_of(entries), name)
    regressions.refuse_move(test, state, reason, regressions.checks_of(entries, name))
    body = {"liftgate": 1, "test": name, "state": state.value, "reason": reason.strip()}
    with Ledger.open(workspace.home) as ledger:
        ledger.append(regressions.MOVED, body)
    return replace(test, state=state, why=reason.strip())


def check_suite(
    file: Path, workspace: Workspace, *, arm: str | None = None, repeats: int | None = None
) -> Suite:
    """Ask one arm of a study every test that is not retired, and remember how it did.

    What it was asked before, by this arm and in as many repeats, is not asked again.

    Args:
        file: names systems, scorers and outcome rules; it need not be locked.
        workspace: with the tests.
        arm: None: the study's only candidate.
        repeats: how often each test is asked; None: as the study says.

    Raises:
        NotEnoughData: there are no tests.
        UnknownName: the study has no such arm, or lacks the metric of a test.
    """
    opened = open_study(file)
    name = arm or _only(opened.study.candidates)
    opened.study.arm(name)
    states = (State.ACTIVE, State.QUARANTINED)
    tests = {t.name: t for t in listed(workspace) if t.state in states}
    dataset = suite_items(workspace, states)
    for test in tests.values():
        opened.study.scorer(test.metric)
    parts = parts_of(opened)
    plan = _one_arm(parts, name, dataset, repeats)
    with (
        only_one(workspace.create(), "run"),
        Store.open(workspace.home) as store,
        Ledger.open(workspace.home) as ledger,
    ):
        captured = manifest(seeds={"order": plan.seed}, folder=parts.root)
        try:
            asyncio.run(execute(plan, store, manifest=captured))
        finally:
            record_finished(store, ledger)
        rows = _rows(plan, tests, select(plan, store))
        body = {
            "liftgate": 1,
            "arm": plan.arms[0].arm.fingerprint,
            "name": name,
            "study": opened.study.study,
            "dataset": dataset.digest,
            "tests": [{"test": r.test.name, "passed": r.passed, "asked": r.asked} for r in rows],
        }
        entry = _remembered(ledger, body)
    return Suite(name, rows, entry.sequence)


def refuse_blank(wanted: Wanted) -> None:
    """Refuse a test without an owner or a reason. Raises DataError."""
    for name in ("owner", "reason"):
        if not getattr(wanted, name).strip():
            raise DataError(
                f"--{name}: got nothing, expected {'who' if name == 'owner' else 'why'}"
            )


async def _close(parts: Parts) -> None:
    for system in parts.systems.values():
        await system.close()


def _scale(parts: Parts, metric: str) -> Scale:
    scales = {scorer.name: scorer.scale for scorer in parts.scorers}
    if metric not in scales:
        raise UnknownName("metric", metric, scales)
    return scales[metric]


def _at_least(scale: Scale, given: float | None, metric: str) -> float:
    wanted = scale.best if given is None else given
    if wanted is None:
        raise DataError(f"{metric}: has no best score", hint="say what passes: --at-least SCORE")
    return wanted


def _item(parts: Parts, name: str) -> Item:
    known = {item.id: item for item in parts.dataset.items}
    if name not in known:
        guess = did_you_mean(name, known)
        raise DataError(
            f"the study has no item {name!r} among its {len(known):,}",
            hint=f"did you mean {guess!r}?"
            if guess
            else f"its items are named like {min(known)!r}",
        )
    return known[name]


def _failing(
    parts: Parts, plan: Plan, store: Store, wanted: Wanted, metric: str, at_least: float
) -> tuple[Observation, str]:
    """Return the first failing observation of the item, and its arm's name."""
    item = _item(parts, wanted.item)
    if wanted.arm is not None:
        parts.study.arm(wanted.arm)
    names = {arm.fingerprint: arm.name for arm in parts.arms}
    scale = _scale(parts, metric)
    rows = [
        row
        for row in select(plan, store)
        if row.item == item.id and wanted.arm in (None, names[row.arm])
    ]
    if not rows:
        raise DataError(f"{item.id}: was never asked", hint="liftgate run STUDY, then add it")
    failing = [row for row in rows if verdict(row, metric, scale, at_least)]
    arms = list(dict.fromkeys(names[row.arm] for row in failing))
    if not failing:
        raise DataError(
            f"{item.id}: passed with {metric} in every trial; only what failed becomes a test"
        )
    if len(arms) > 1:
        raise DataError(
            f"{item.id}: failed with the arms {' and '.join(arms)}", hint="say which: --arm NAME"
        )
    return failing[0], arms[0]


def verdict(row: Observation, metric: str, scale: Scale, at_least: float) -> str:
    """Return why a trial does not pass a test, or an empty text when it does.

    What could not be scored does not pass, and says so: it is no failure of the system.
    """
    failure: Failure | None = row.failure(metric)
    if failure is not None:
        return f"{failure.value}: {row.trial.message}".removesuffix(": ")
    score = row.scores.get(metric)
    if score is None or score.outcome is not Outcome.VALUE or score.value is None:
        return f"not scored: {score.reason if score is not None else 'no score'}"
    good = score.value >= at_least if scale.higher_is_better else score.value <= at_least
    needed = "at least" if scale.higher_is_better else "at most"
    return "" if good else f"scored {score.value:g}, needed {needed} {at_least:g}"


def _origin(
    row: Observation, arm: str, metric: str, locked: lock.Locked, decision: int | None
) -> dict[str, Any]:
    score = row.scores.get(metric)
    failure = row.failure(metric)
    return {
        "study": locked.name,
        "study_digest": locked.digest,
        "decision": decision,
        "item": row.item,
        "arm": arm,
        "arm_fingerprint": row.arm,
        "trial": row.trial.key,
        "attempt": row.trial.attempt,
        "run": row.trial.run,
        "output_digest": row.trial.output_digest,
        "value": None if score is None else score.value,
        "failure": None if failure is None else failure.value,
    }


def _decision(workspace: Workspace, locked: lock.Locked) -> int | None:
    found = last_decision(workspace, locked.name)
    return None if found is None else found.sequence


def _only(candidates: Sequence[str]) -> str:
    if len(candidates) != 1:
        raise DataError(
            f"the study has the candidates {', '.join(candidates)}", hint="say which: --arm NAME"
        )
    return candidates[0]


def _one_arm(parts: Parts, name: str, dataset: Dataset, repeats: int | None) -> Plan:
    whole = parts.plan(dataset.digest, None, concurrency=None)
    bound = next(one for one in whole.arms if one.arm.name == name)
    # A test holds what the arm was asked, not versions of it; and any trial of this system counts.
    arm = replace(bound, admissible_after=None, reads=None)
    return replace(
        whole,
        dataset=dataset,
        arms=(arm,),
        repeats=repeats or whole.repeats,
        passes=(),
        pauses=(),
        baseline_first=False,
    )


def _rows(
    plan: Plan, tests: Mapping[str, RegressionTest], observations: Sequence[Observation]
) -> tuple[Row, ...]:
    scales = {scorer.name: scorer.scale for scorer in plan.scorers}
    rows = []
    for name, test in tests.items():
        told = [
            verdict(row, test.metric, scales[test.metric], test.at_least)
            for row in observations
            if row.item == name
        ]
        told += ["not asked"] * (plan.repeats - len(told))
        failed = [one for one in told if one]
        rows.append(Row(test, len(told) - len(failed), len(told), failed[0] if failed else ""))
    return tuple(rows)


def _remembered(ledger: Ledger, body: Mapping[str, Any]) -> Entry:
    """Append a check, unless the last one says the same."""
    last = None
    for entry in ledger.entries(kind=regressions.CHECKED):
        last = entry
    if last is not None and dict(last.body) == dict(body):
        return last
    return ledger.append(regressions.CHECKED, body, refs={"dataset": body["dataset"]})
