"""Running a plan: call what is missing, score what is unscored, and write every row at once."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from time import perf_counter

from liftgate import plugins
from liftgate.errors import DataError
from liftgate.evals.comparing import Comparing
from liftgate.evals.cost import Purse, Say
from liftgate.evals.describing import described
from liftgate.evals.executed import Executed
from liftgate.evals.feed import Feed, Stop
from liftgate.evals.foresight import Foresight
from liftgate.evals.judging import Judging
from liftgate.evals.limits import share_budgets
from liftgate.evals.meter import Listener, Meter
from liftgate.evals.passes import DuePass, due_passes, take_passes
from liftgate.evals.pen import Pen
from liftgate.evals.plan import Agenda, BoundArm, BoundScorer, Job, OutcomeRules, PassPlan, Plan
from liftgate.evals.rescoring import Rescoring
from liftgate.evals.scoring import stored_answer
from liftgate.evals.select import Answered, answered
from liftgate.evals.shares import callers as calling
from liftgate.evals.shares import shares
from liftgate.evals.site import Work
from liftgate.protocols import Executor, Identified, Startable
from liftgate.records import Answer, Json, Measure, Run, Trial
from liftgate.store import Store

__all__ = ["BoundArm", "BoundScorer", "Executed", "OutcomeRules", "PassPlan", "Plan", "execute"]

DEFAULT_EXECUTOR = "asyncio"
_COLLECT_AFTER = 50_000
"""Objects that are to be made and kept before the collector of cycles looks at the new ones."""
START_SECONDS = "start_seconds"
"""The engine's own measure: what a system took to start. Its row says that measures were taken."""


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
    scores_only: bool = False,
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
        scores_only: score what is known, and call no arm.

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
            if scores_only:
                await execution.score_only()
            else:
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
        self._known: Mapping[str, Answered] = {}
        self._lacking: dict[str, int] = {}
        self._workers = 1
        self._shares = shares(plan, 1)
        self._calling: Mapping[str, int] = {}
        self.feed: Feed | None = None
        self.started: list[BoundArm] = []
        self.judging = Judging(plan.scorers, plan.outcomes.timeout_s, self.purse)
        self.rescoring = Rescoring(plan, store, pen, self.judging)
        self.notes: list[str] = []

    @property
    def cut_short(self) -> bool:
        """Whether money ended the run."""
        short = self.feed is not None and self.feed.cut_short
        return short or self.judging.refused is not None

    async def score_only(self) -> None:
        """Make the scores that known trials lack, and those of pairs."""
        agenda = self._begin()
        await self._score_known(agenda, {arm: found.counted for arm, found in self._known.items()})
        await self._compare(agenda)

    async def go(self, executor: Executor) -> None:
        """Do all that is missing: calls, scores of old trials, pairs, then passes."""
        agenda = self._begin(executor.workers)
        if executor.workers > 1:
            self.pen.describe("workers", executor.workers)
        known, lacking = self._known, self._lacking
        counted = {arm: found.counted for arm, found in known.items()}
        measures = self.store.measures(self.plan.study)
        due = due_passes(self.plan, measures)
        first = self.stop is not None or self.purse.most is not None
        if first:
            # A rule may say that nothing needs to be called, and nothing to be started; and scarce
            # money is better spent on judging answers that are paid than on new ones.
            await self._score_known(agenda, counted)
        if self.reason is not None:
            lacking = dict.fromkeys(lacking, 0)
        if self.purse.counts:
            self._estimate(agenda, counted)
        await self._start({arm for arm, count in lacking.items() if count}, due, measures)
        if any(lacking.values()) and not self.cut_short:
            await self._call_all(executor, agenda.jobs(counted), agenda.total(), known)
        if not first:
            await self._score_known(agenda, counted)
        await self._compare(agenda)
        if self.cut_short:
            return
        self.timed = await take_passes(self.plan, due, self.pen, listener=self.listener)

    def result(self, run: Run | None) -> Executed:
        """Return the counts."""
        feed = self.feed
        stopped = self.reason or (None if feed is None else feed.reason) or self.judging.refused
        return Executed(
            run=run,
            called=0 if feed is None else feed.called,
            reused=self.reused,
            finished=0 if feed is None else feed.finished,
            failed=0 if feed is None else feed.failed,
            scored=self.pen.scored,
            timed=self.timed,
            stopped=stopped,
            cut_short=self.cut_short,
            asked=self.judging.calls,
            notes=tuple(self.notes),
            failures=() if feed is None else tuple(feed.failures.most_common()),
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
        systems = [(f"arm {bound.arm.name}", bound.system) for bound in self.started]
        systems += [(f"judge {asked.name}", asked.system) for asked in self.judging.started]
        for name, system in systems:
            try:
                async with asyncio.timeout(self.plan.outcomes.timeout_s):
                    await system.close()
            except Exception as error:  # noqa: BLE001 - the run is over
                self.notes.append(f"{name}: closing it raised {type(error).__name__}: {error}")

    async def _start(
        self, asked: Container[str], due: Sequence[DuePass], measures: Iterable[Measure]
    ) -> None:
        measured = {m.arm for m in measures if m.name == START_SECONDS}
        seconds: dict[str, float] = {}
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
        # What a system takes at once it may know only now.
        self._shares = shares(self.plan, self._workers)
        limits = {b.arm.name: self._shares[b.arm.fingerprint].total for b in self.started}
        self.pen.describe("concurrency", limits)
        # A killed process cannot say what it had in flight; this bounds it.
        self.pen.describe("most_in_flight", max(limits.values(), default=0))
        identities = {
            bound.arm.fingerprint: {
                **bound.system.identity,
                **({} if bound.reads is None else {"reads": bound.reads}),
            }
            for bound in self.plan.arms
            if isinstance(bound.system, Identified)
        }
        self.pen.describe("arms", identities)
        self.pen.describe("endpoints", await described(self.started))
        for bound in self.started:
            if bound.arm.fingerprint in seconds:
                self._measure(bound, seconds[bound.arm.fingerprint])

    def _begin(self, workers: int = 1) -> Agenda:
        """Share the endpoints' budgets, name the judges, and look what is answered."""
        self._share(workers)
        if self.judging.callers:
            self.pen.describe("judges", self.judging.identities())
        agenda = Agenda(self.plan)
        self._known = answered(self.plan, self.store)
        counted = {arm: agenda.among(arm, found.counted) for arm, found in self._known.items()}
        self.reused = sum(counted.values())
        self._lacking = {arm: agenda.total(arm) - count for arm, count in counted.items()}
        return agenda

    def _share(self, workers: int) -> None:
        """Share out what may be in flight, and what endpoints take."""
        plan, self._workers = self.plan, workers
        self._shares = shares(plan, workers)
        if workers > 1:
            judges = [system for system, _ in self.judging.callers]
            self._calling = calling(plan, self._shares, judges)
        arms = [(b.system, self._shares[b.arm.fingerprint].total) for b in plan.arms]
        share_budgets([*arms, *self.judging.callers], plan.limits, self._calling)

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

    def _estimate(self, agenda: Agenda, counted: Mapping[str, Container[bytes]]) -> None:
        """Say what the calls may cost, of arms and of judges, by what such calls did cost."""
        todo = [] if self.reason is not None else [*agenda.jobs(counted)]
        arms = {job.arm.arm.fingerprint for job in todo}
        trials = (trial for arm in arms for trial in self.store.trials(arm))
        questions = Foresight(self.plan, self.store).questions(agenda, counted, calls=bool(todo))
        for line in (
            *self.purse.estimate(todo, trials),
            *self.purse.estimate_judges(questions if self.judging.callers else ()),
        ):
            self.say(line)

    async def _call_all(
        self, executor: Executor, todo: Iterator[Job], total: int, known: Mapping[str, Answered]
    ) -> None:
        work = Work(self.plan, self.judging, self._shares, self._calling)
        self.feed = Feed(
            self.plan,
            todo,
            known,
            self._shares,
            home=work.here(),
            pen=self.pen,
            purse=self.purse,
            meter=Meter("trials", total, reused=self.reused, listener=self.listener),
            stop=self.stop,
        )
        try:
            await executor.run(work, self.feed)
        finally:
            await work.here().close()
        if self.feed.repeated:
            self.notes.append(
                f"{self.feed.repeated:,} calls were under way in worker processes that ended; "
                "they were made again"
            )
        if self.feed.cut_short:
            # Nor is there money for judges of what is known.
            self.judging.refused = self.judging.refused or self.feed.reason

    async def _score_known(self, agenda: Agenda, counted: Mapping[str, Container[bytes]]) -> None:
        """Score old trials where a scorer or a label is new, or a scorer failed."""
        if not self.reused or (self.stop is None and not self.plan.single):
            return
        observations = await self.rescoring.go(
            agenda, counted, self.listener, observe=self.stop is not None
        )
        if self.judging.refused is not None:
            self.reason = self.judging.refused
        elif self.stop is not None and observations:
            self.reason = self.stop(observations)

    async def _compare(self, agenda: Agenda) -> None:
        """Let judges of pairs judge what both arms have answered."""
        if not self.plan.pairwise or self.cut_short:
            return
        made = Comparing(self.plan, self.store, self.pen, self.judging, self._stored)
        self.reason = await made.go(tuple(agenda.jobs()), self.listener) or self.reason

    def _stored(self, trial: Trial) -> Answer:
        return stored_answer(trial, self.store.output(str(trial.output_digest)))
