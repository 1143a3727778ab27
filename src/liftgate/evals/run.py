"""Running a plan: call what is missing, score what is unscored, and write every row at once."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from time import perf_counter

from liftgate import plugins
from liftgate.errors import DataError
from liftgate.evals.cost import Purse, Say
from liftgate.evals.feed import Feed, Stop
from liftgate.evals.limits import EndpointBudget
from liftgate.evals.meter import Listener, Meter
from liftgate.evals.passes import DuePass, due_passes, take_passes
from liftgate.evals.pen import Pen
from liftgate.evals.plan import Agenda, BoundArm, BoundScorer, Job, OutcomeRules, PassPlan, Plan
from liftgate.evals.scoring import score_row, scored, shown, stored_answer
from liftgate.evals.select import Answered, ScoreKey, answered, is_final, look, observed
from liftgate.evals.work import Work
from liftgate.protocols import Executor, Identified, Metered, Startable
from liftgate.records import Json, Measure, Observation, Run, Score, Trial
from liftgate.store import Store

__all__ = ["BoundArm", "BoundScorer", "Executed", "OutcomeRules", "PassPlan", "Plan", "execute"]

DEFAULT_EXECUTOR = "asyncio"
_COLLECT_AFTER = 50_000
"""Objects that are to be made and kept before the collector of cycles looks at the new ones."""
START_SECONDS = "start_seconds"
"""The engine's own measure: what a system took to start. Its row says that measures were taken."""
_SCORED_AT_ONCE = 5000
"""Known trials whose scores are looked at together."""


@dataclass(frozen=True)
class Executed:
    """What a run did."""

    run: Run | None
    """None: everything was known, and nothing was written."""
    called: int
    """Calls for trials, retries included."""
    reused: int
    """Keys whose counting trial was known before."""
    failed: int
    """Keys finished now whose counting trial failed."""
    scored: int
    """Score rows written."""
    timed: int
    """Calls of latency passes and warm-ups; they are no trials."""
    stopped: str | None = None
    """The reason for which the stopping rule, or the money, ended the run."""
    cut_short: bool = False
    """Whether it was the money: the study was not run to its end."""
    notes: tuple[str, ...] = ()
    """What went wrong without harm to the rows: a system that could not be closed."""


async def execute(
    plan: Plan,
    store: Store,
    *,
    manifest: Mapping[str, Json],
    progress: Listener | None = None,
    stop: Stop | None = None,
    purse: Purse | None = None,
    say: Say | None = None,
    executor: Executor | None = None,
) -> Executed:
    """Run what a plan still lacks, and only that.

    Each call is written as it finishes, failures too; whatever ends the run, the next one goes on
    from there. Systems are started only when there is something to ask them, and closed at the end.

    Args:
        plan: what is to be run.
        store: open for writing.
        manifest: what was captured about code and environment; kept with the run.
        progress: told after every call; it never hears of a score.
        stop: asked whenever observations have been finished, first with those known before.
        purse: prices, and how much may be spent; None: nothing is priced.
        say: told in a sentence what the calls may cost, and what an interruption may repeat.
        executor: makes the calls; None: the one named ``asyncio``.

    Raises:
        DataError: a system cannot be started or measured, or the purse lacks a price.
        Unavailable: a system cannot be asked at all.
        LiftgateError: the store can no longer be written.
        asyncio.CancelledError: cancelled from outside; the run is finished as incomplete.
    """
    pen = Pen(store, plan.study, manifest)
    execution = _Execution(
        plan, store, pen, listener=progress, stop=stop, purse=purse or Purse(), say=say
    )
    try:
        with _collecting_less():
            await execution.go(executor or plugins.load("executors", DEFAULT_EXECUTOR)())
    except BaseException:
        execution.tell_lost()
        execution.pen.finish(complete=False)
        raise
    finally:
        await execution.close()
    return execution.result(execution.pen.finish(complete=not execution.cut_short))


@contextmanager
def _collecting_less() -> Iterator[None]:
    """Let Python's collector of cycles leave alone what was there before the run.

    A run makes no cycles to speak of, and the collector would walk through all modules and the
    whole data set again and again: a third of the engine's time.
    """
    thresholds, frozen = gc.get_threshold(), gc.get_freeze_count()
    gc.freeze()
    gc.set_threshold(_COLLECT_AFTER, *thresholds[1:])
    try:
        yield
    finally:
        gc.set_threshold(*thresholds)
        if not frozen:
            gc.unfreeze()


class _Execution:
    """The state of one run: what is known, what was started, what was counted."""

    def __init__(
        self,
        plan: Plan,
        store: Store,
        pen: Pen,
        *,
        listener: Listener | None,
        stop: Stop | None,
        purse: Purse,
        say: Say | None,
    ) -> None:
        self.plan = plan
        self.purse = purse
        self.say = say or (lambda _: None)
        self.store = store
        self.pen = pen
        self.listener = listener
        self.stop = stop
        self.reason: str | None = None
        self.reused = self.timed = 0
        self.feed: Feed | None = None
        self.started: list[BoundArm] = []
        self.notes: list[str] = []

    @property
    def cut_short(self) -> bool:
        """Whether money ended the run."""
        return self.feed is not None and self.feed.cut_short

    async def go(self, executor: Executor) -> None:
        """Do all that is missing: calls, scores of old trials, then passes."""
        agenda = Agenda(self.plan)
        known = answered(self.plan, self.store)
        counted = {arm: found.counted for arm, found in known.items()}
        lacking = {arm: agenda.total(arm) - agenda.among(counted[arm]) for arm in counted}
        self.reused = agenda.total() - sum(lacking.values())
        measures = self.store.measures(self.plan.study)
        due = due_passes(self.plan, measures)
        if self.stop is not None:
            # The rule may say that nothing needs to be called, and nothing to be started.
            await self._score_known(agenda, counted)
        if self.reason is not None:
            lacking = dict.fromkeys(lacking, 0)
        if self.purse.counts:
            self._estimate([] if self.reason is not None else [*agenda.jobs(counted)])
        await self._start({arm for arm, count in lacking.items() if count}, due, measures)
        if any(lacking.values()):
            await self._call_all(executor, agenda.jobs(counted), agenda.total(), known)
        if self.stop is None:
            await self._score_known(agenda, counted)
        if self.cut_short:
            return
        self.timed = await take_passes(self.plan, due, self.pen, listener=self.listener)

    def result(self, run: Run | None) -> Executed:
        """Return the counts."""
        feed = self.feed
        return Executed(
            run=run,
            called=0 if feed is None else feed.called,
            reused=self.reused,
            failed=0 if feed is None else feed.failed,
            scored=self.pen.scored,
            timed=self.timed,
            stopped=self.reason or (None if feed is None else feed.reason),
            cut_short=self.cut_short,
            notes=tuple(self.notes),
        )

    def tell_lost(self) -> None:
        """Say how many calls were in flight when the run was ended from outside."""
        if self.feed is not None and self.feed.calling:
            self.say(
                f"{self.feed.calling:,} calls were in flight; their answers are lost, "
                "and the next run makes them again"
            )

    async def close(self) -> None:
        """Close what was started; a fault in closing is noted, for the rows are safe."""
        for bound in self.started:
            try:
                async with asyncio.timeout(self.plan.outcomes.timeout_s):
                    await bound.system.close()
            except Exception as error:  # noqa: BLE001 - the run is over
                self.notes.append(
                    f"arm {bound.arm.name}: closing it raised {type(error).__name__}: {error}"
                )

    async def _start(
        self, asked: Container[str], due: Sequence[DuePass], measures: Iterable[Measure]
    ) -> None:
        measured = {m.arm for m in measures if m.name == START_SECONDS}
        seconds: dict[str, float] = {}
        self._hand_out_budgets()
        for bound in self.plan.arms:
            fingerprint = bound.arm.fingerprint
            if not due and fingerprint not in asked and fingerprint in measured:
                continue
            began = perf_counter()
            self.started.append(bound)
            if isinstance(bound.system, Startable):
                await bound.system.start()
            if fingerprint not in measured:
                seconds[fingerprint] = perf_counter() - began
        limits = {bound.arm.name: self._limit(bound) for bound in self.started}
        self.pen.describe("concurrency", limits)
        # A killed process cannot say what it had in flight; this bounds it.
        self.pen.describe("most_in_flight", max(limits.values(), default=0))
        identities = {
            bound.arm.fingerprint: dict(bound.system.identity)
            for bound in self.plan.arms
            if isinstance(bound.system, Identified)
        }
        self.pen.describe("arms", identities)
        for bound in self.started:
            if bound.arm.fingerprint in seconds:
                self._measure(bound, seconds[bound.arm.fingerprint])

    def _hand_out_budgets(self) -> None:
        """Give every system that calls an endpoint the budget that all its callers share."""
        sharing: dict[str, list[BoundArm]] = {}
        for bound in self.plan.arms:
            if isinstance(bound.system, Metered):
                sharing.setdefault(bound.system.endpoint, []).append(bound)
        for callers in sharing.values():
            at_once = max(self._limit(bound) for bound in callers)
            budget = EndpointBudget(self.plan.limits, at_once)
            for bound in callers:
                assert isinstance(bound.system, Metered)
                bound.system.use(budget)

    def _measure(self, bound: BoundArm, start_seconds: float) -> None:
        found = bound.system.measure()
        if START_SECONDS in found:
            raise DataError(
                f"arm {bound.arm.name}: measure() gives {START_SECONDS!r}, a name that is taken",
                hint="give it another name",
            )
        for name, value in found.items():
            self.pen.measure(bound.arm.fingerprint, name, value)
        self.pen.measure(bound.arm.fingerprint, START_SECONDS, start_seconds)

    def _estimate(self, todo: Sequence[Job]) -> None:
        """Say what the calls may cost, by what such calls did cost."""
        arms = {job.arm.arm.fingerprint for job in todo}
        trials = (trial for arm in arms for trial in self.store.trials(arm))
        for line in self.purse.estimate(todo, trials):
            self.say(line)

    async def _call_all(
        self, executor: Executor, todo: Iterator[Job], total: int, known: Mapping[str, Answered]
    ) -> None:
        self.feed = Feed(
            self.plan,
            todo,
            known,
            {bound.arm.fingerprint: self._limit(bound) for bound in self.plan.arms},
            pen=self.pen,
            purse=self.purse,
            meter=Meter("trials", total, reused=self.reused, listener=self.listener),
            stop=self.stop,
        )
        await executor.run(Work(self.plan), self.feed)

    async def _score_known(self, agenda: Agenda, counted: Mapping[str, Container[bytes]]) -> None:
        """Score old trials where a scorer or a label is new, or a scorer failed."""
        if not self.reused or (self.stop is None and not self.plan.scorers):
            return
        meter: Meter | None = None
        observations: list[Observation] = []
        for jobs in _batches(agenda.jobs(only=counted), _SCORED_AT_ONCE):
            known = look(self.plan, self.store, jobs)
            for job in jobs:
                if (trial := known.counted.get(job.key)) is None:
                    continue
                scores = dict(known.scores_of(trial))
                if self._lacks(job, trial, scores):
                    meter = meter or Meter("scores", self.reused, listener=self.listener)
                    await self._score_items(job, trial, scores)
                if meter is not None:
                    meter.count()
                if self.stop is not None:
                    observations += [
                        observed(self.plan, job, item, trial, scores) for item in job.items
                    ]
        if self.stop is not None and observations:
            self.reason = self.stop(observations)

    def _lacks(self, job: Job, trial: Trial, scores: Mapping[ScoreKey, Score]) -> bool:
        return trial.failure is None and any(
            (scorer.fingerprint, item.target_digest) not in scores
            or not is_final(scores[scorer.fingerprint, item.target_digest])
            for scorer in self.plan.scorers
            for item in job.items
        )

    async def _score_items(self, job: Job, trial: Trial, scores: dict[ScoreKey, Score]) -> None:
        """Make and write the scores of a trial that are not there; what is made is added."""
        answer = stored_answer(trial, self.store.output(str(trial.output_digest)))
        tried: set[ScoreKey] = set()
        limit = self.plan.outcomes.timeout_s
        for item in job.items:
            target = item.target_digest
            for scorer in self.plan.scorers:
                key = scorer.fingerprint, target
                if key in tried or (key in scores and is_final(scores[key])):
                    continue
                found = await scored(scorer, answer, shown(item), limit)
                made = score_row(scorer, trial, target, found, run=self.pen.run)
                self.pen.score(made)
                scores[key] = made
                tried.add(key)

    def _limit(self, bound: BoundArm) -> int:
        return self.plan.concurrency or bound.system.concurrency


def _batches(jobs: Iterator[Job], size: int) -> Iterator[list[Job]]:
    while found := list(islice(jobs, size)):
        yield found
