"""``attribute``: which stage of a retrieval system its wrong answers are to be put down to."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from liftgate.errors import DataError, SystemFailed, UnknownName
from liftgate.evals.cost import Purse
from liftgate.evals.meter import Listener
from liftgate.evals.plan import BoundArm, BoundScorer, Plan
from liftgate.evals.run import execute
from liftgate.evals.select import select
from liftgate.flow.gold import gold_documents, gold_passages
from liftgate.flow.parts import Parts, parts_of
from liftgate.flow.run import Say, prices_of, record_finished
from liftgate.flow.study import find, open_study
from liftgate.flow.tags import refuse_use, tags_of
from liftgate.gates.attribution import Wrong, attribution
from liftgate.gates.money import success_of
from liftgate.ledger import Ledger
from liftgate.lineage.capture import manifest
from liftgate.protocols import Staged
from liftgate.records import (
    Answer,
    Arm,
    Dataset,
    Item,
    Observation,
    Outcome,
    Role,
    StepKind,
    Trial,
)
from liftgate.records.notebook import Card
from liftgate.store import Store, Workspace, only_one
from liftgate.study import lock
from liftgate.study.focus import retrieved

ATTRIBUTED = "attribution"
_GOLD, _AGAIN = "gold", "again"


@dataclass(frozen=True)
class Attributed(Card):
    """What was found of each staged arm, and where it is written."""

    sequence: int
    """The ledger entry."""
    body: Mapping[str, Any]
    called: int
    """Calls of generators that were made now."""


@dataclass(frozen=True)
class _Failing:
    """One wrong answer that may be put to the counterfactuals."""

    item: Item
    repeat: int
    passages: tuple[str, ...]
    found: bool | None


@dataclass
class _Sorted:
    """An arm's trials, by what became of them."""

    trials: int = 0
    right: int = 0
    right_despite_a_miss: int = 0
    not_scored: int = 0
    crashed: Counter[str] | None = None
    wrong: list[_Failing] | None = None


def attribute_study(
    file: Path,
    *,
    arm: str | None = None,
    metric: str | None = None,
    control: bool = True,
    concurrency: int | None = None,
    progress: Listener | None = None,
    say: Say | None = None,
    prices: Path | None = None,
    max_cost: float | None = None,
) -> Attributed:
    """Ask the generators of a decided study again, with gold passages, where answers were wrong.

    The calls are trials like any others: what was asked before is not asked again. They are
    diagnosis and change no decision. The result is appended to the ledger.

    Args:
        file: the study; it must have been decided.
        arm: one staged arm; None: all of them.
        metric: by which an answer is right or wrong; None: the first that says so.
        control: whether each is also asked again with the passages that were retrieved.
        concurrency: calls in flight; None: what the generator says.
        progress: told how far it is.
        say: told in a sentence what is being done.
        prices: a price table; None: the workspace's, if there is one.
        max_cost: how much the calls may cost.

    Raises:
        StudyError: the file has faults.
        LockedError: the study is not what was locked.
        DataError: it was not decided yet, no arm has stages, or no item has gold passages.
        UnknownName: no such arm or metric.
        Refused: the tags of its items do not allow it.
    """
    tell = say or (lambda _: None)
    opened = open_study(file)
    parts = parts_of(opened)
    workspace = Workspace.locate()
    locked = find(opened.study, workspace)
    if locked is None:
        raise lock.not_locked(opened.study)
    lock.verify(opened.study, locked, opened.body)
    with (
        only_one(workspace, "run"),
        Store.open(workspace.home) as store,
        Ledger.open(workspace.home) as ledger,
    ):
        ledger.verify()
        if not lock.was_decided(list(ledger.entries()), locked):
            raise DataError(
                f"study {opened.study.study}: it was not decided yet, so that its wrong answers "
                "are not to be looked at",
                hint=f"liftgate run {file}",
            )
        bound_by = tags_of(opened, ledger.entries(), store)
        refuse_use(opened, bound_by, workspace, ledger, act="attribute")
        plan = parts.plan(locked.digest, locked.time, concurrency=concurrency)
        scorer = _scorer(parts, metric)
        found, called = {}, 0
        rows = select(plan, store)
        for bound in _staged(plan, arm):
            experiment = _Experiment(bound, scorer, plan, parts, store, control=control)
            purse = Purse(prices_of(workspace, prices), max_cost)
            try:
                body, made = experiment.run(rows, progress=progress, say=tell, purse=purse)
            finally:
                record_finished(store, ledger)
            found[bound.arm.name] = body
            called += made
        told = {
            "liftgate": 1,
            "study": opened.study.study,
            "study_digest": locked.digest,
            "metric": scorer.name,
            "control": control,
            "arms": found,
        }
        entry = ledger.append(ATTRIBUTED, told, refs={"study": locked.digest})
    return Attributed(entry.sequence, told, called)


class _Experiment:
    """The counterfactuals of one arm."""

    def __init__(
        self,
        bound: BoundArm,
        scorer: BoundScorer,
        plan: Plan,
        parts: Parts,
        store: Store,
        *,
        control: bool,
    ) -> None:
        assert isinstance(bound.system, Staged)
        self.bound, self.system = bound, bound.system
        self.scorer, self.plan, self.parts, self.store = scorer, plan, parts, store
        self.control = control
        self._items = {item.id: item.as_read(bound.reads) for item in plan.dataset.items}

    def run(
        self, rows: Sequence[Observation], *, progress: Listener | None, say: Say, purse: Purse
    ) -> tuple[dict[str, Any], int]:
        """Return what was found, and how many calls it took."""
        mine = [row for row in rows if row.arm == self.bound.arm.fingerprint]
        sorted_ = self._sort(mine)
        wrong = sorted_.wrong or []
        asked = tuple(self._asked(wrong))
        outcomes: dict[str, bool] = {}
        called = 0
        if asked:
            outcomes, called = self._ask(asked, progress=progress, say=say, purse=purse)
        made = [self._wrong(one, outcomes) for one in wrong]
        counts = {
            "trials": sorted_.trials,
            "right": sorted_.right,
            "right_despite_a_miss": sorted_.right_despite_a_miss,
            "not_scored": sorted_.not_scored,
            "failed": dict(sorted((sorted_.crashed or {}).items())),
        }
        return {**counts, **attribution(made)}, called

    def _sort(self, rows: Sequence[Observation]) -> _Sorted:
        done = _Sorted(crashed=Counter(), wrong=[])
        assert done.crashed is not None
        assert done.wrong is not None
        for row in rows:
            done.trials += 1
            if row.trial.failure is not None:
                done.crashed[self._failed_stage(row.trial)] += 1
                continue
            is_right = _is_right(row, self.scorer)
            if is_right is None:
                done.not_scored += 1
                continue
            item = self._items[row.item]
            passages, ids = self._passages(row.trial)
            gold = gold_documents(item)
            found = None if gold is None else gold <= set(ids)
            if is_right:
                done.right += 1
                done.right_despite_a_miss += found is False
            else:
                done.wrong.append(_Failing(item, row.repeat, passages, found))
        return done

    def _failed_stage(self, trial: Trial) -> str:
        """Return in which stage a call failed; the trace of one that took too long is lost."""
        if trial.trace_digest is None:
            return "not known"
        last = self.store.trace(trial.trace_digest).steps[-1]
        return "retriever" if last.kind is StepKind.RETRIEVAL else "generator"

    def _passages(self, trial: Trial) -> tuple[tuple[str, ...], list[str]]:
        """Return the texts that the generator was given, and the ids of their documents."""
        if trial.trace_digest is None:
            raise DataError(
                f"arm {self.bound.arm.name}: a trial has no trace, so that what it retrieved is "
                "not known"
            )
        trace = self.store.trace(trial.trace_digest)
        try:
            ids = [str(one) for one in retrieved(Answer(None, trace=trace))]
        except SystemFailed as error:
            raise DataError(f"arm {self.bound.arm.name}: {error}") from error
        step = next(step for step in trace.steps if step.kind is StepKind.RETRIEVAL)
        texts = tuple(
            str(one["text"])
            for one in (step.output if isinstance(step.output, (list, tuple)) else ())
            if isinstance(one, Mapping) and "text" in one
        )
        top = _top(self.bound.arm)
        return texts[:top], ids[:top]

    def _asked(self, wrong: Sequence[_Failing]) -> Iterator[Item]:
        """Yield what the generator is to be asked, as items of their own; labels stay theirs."""
        for one in wrong:
            gold = gold_passages(one.item)
            if gold is None:
                continue
            contexts = {_GOLD: gold, **({_AGAIN: one.passages} if self.control else {})}
            for how, texts in contexts.items():
                given = self.system.with_context(one.item.input, texts)
                yield Item(_name(one, how), given, target=one.item.target)

    def _ask(
        self, asked: tuple[Item, ...], *, progress: Listener | None, say: Say, purse: Purse
    ) -> tuple[dict[str, bool], int]:
        generator = self.system.stages["generator"]
        given = self.bound.arm.params.get("generator")
        named = given.get("system") if isinstance(given, Mapping) else None
        arm = Arm(
            f"{self.bound.arm.name}, generator",
            Role.BASELINE,
            str(named or self.bound.arm.system),
            {},
            generator.fingerprint,
        )
        plan = replace(
            self.plan,
            dataset=Dataset(f"{self.plan.dataset.name}, counterfactual", asked),
            arms=(BoundArm(arm, generator),),
            scorers=(self.scorer,),
            repeats=1,
            passes=(),
            pauses=(),
            baseline_first=False,
        )
        captured = manifest(
            packages=[],
            seeds={"order": plan.seed},
            concurrency={arm.name: plan.concurrency or generator.concurrency},
            folder=self.parts.root,
        )
        executed = asyncio.run(
            execute(plan, self.store, manifest=captured, progress=progress, purse=purse, say=say)
        )
        if executed.stopped is not None:
            say(f"Stopped: {executed.stopped}")
        outcomes = {}
        for row in select(plan, self.store):
            is_right = False if row.trial.failure is not None else _is_right(row, self.scorer)
            if is_right is not None:
                outcomes[row.item] = is_right
        return outcomes, executed.called

    def _wrong(self, one: _Failing, outcomes: Mapping[str, bool]) -> Wrong:
        return Wrong(
            item=one.item.id,
            repeat=one.repeat,
            cluster=f"item {one.item.id}" if one.item.cluster is None else one.item.cluster,
            found=one.found,
            gold=outcomes.get(_name(one, _GOLD)),
            again=outcomes.get(_name(one, _AGAIN)),
        )


def _staged(plan: Plan, name: str | None) -> list[BoundArm]:
    staged = [bound for bound in plan.arms if isinstance(bound.system, Staged)]
    if not staged:
        raise DataError(
            "no arm of the study retrieves and answers in two stages", hint="system: rag:NAME"
        )
    if name is None:
        return staged
    chosen = [bound for bound in staged if bound.arm.name == name]
    if not chosen:
        raise UnknownName("arm of two stages", name, [bound.arm.name for bound in staged])
    return chosen


def _scorer(parts: Parts, metric: str | None) -> BoundScorer:
    """Return the scorer that says whether an answer is right: of the answer, not of the retrieval.

    Raises:
        UnknownName: no such metric, or it does not say.
        DataError: no metric does.
    """
    able = {
        one.name: one
        for one in parts.scorers
        if not getattr(one.scorer, "needs_trace", False)
        and success_of([one.name], {one.name: one.scale}) is not None
    }
    if metric is not None:
        if metric not in able:
            raise UnknownName("right-or-wrong metric of answers", metric, able)
        return able[metric]
    claimed = [claim.metric for claim in parts.study.claims()]
    for name in (*claimed, *able):
        if name in able:
            return able[name]
    raise DataError("no metric of the study says of an answer whether it is right or wrong")


def _is_right(row: Observation, scorer: BoundScorer) -> bool | None:
    """Return whether an answer is right; None: it was not scored."""
    score = row.scores.get(scorer.name)
    if score is None:
        return None
    if score.outcome is Outcome.UNPARSABLE:
        return False
    return None if score.value is None else score.value == scorer.scale.best


def _top(arm: Arm) -> int | None:
    top = arm.params.get("top")
    return top if isinstance(top, int) else None


def _name(one: _Failing, how: str) -> str:
    return f"{one.item.id}, repeat {one.repeat}, {how}"
