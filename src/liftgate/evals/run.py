"""Running a plan: call what is missing, score what is unscored, and write every row at once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from time import perf_counter

from liftgate.errors import DataError
from liftgate.evals.calls import call
from liftgate.evals.comparing import Comparing
from liftgate.evals.cost import Purse, Say
from liftgate.evals.executed import Executed
from liftgate.evals.judging import Judging, OutOfMoney, batched, together
from liftgate.evals.limits import share_budgets
from liftgate.evals.meter import Listener, Meter
from liftgate.evals.passes import DuePass, due_passes, take_passes
from liftgate.evals.pen import Pen
from liftgate.evals.plan import (
    BoundArm,
    BoundScorer,
    Job,
    OutcomeRules,
    PassPlan,
    Plan,
    jobs,
)
from liftgate.evals.scoring import score, shown_to, stored_answer
from liftgate.evals.select import ScoreKey, Selection, counting, is_final, look, observed
from liftgate.protocols import Bounded, Identified, Startable
from liftgate.records import Answer, Item, Json, Measure, Observation, Run, Score, Trial
from liftgate.store import Store

__all__ = ["BoundArm", "BoundScorer", "Executed", "OutcomeRules", "PassPlan", "Plan", "execute"]

START_SECONDS = "start_seconds"
"""The engine's own measure: what a system took to start. Its row says that measures were taken."""
Stop = Callable[[Sequence[Observation]], str | None]
"""Told what has been finished since it was last asked; a reason ends the run."""


async def execute(
    plan: Plan,
    store: Store,
    *,
    manifest: Mapping[str, Json],
    progress: Listener | None = None,
    stop: Stop | None = None,
    purse: Purse | None = None,
    say: Say | None = None,
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
        await execution.go(scores_only=scores_only)
    except BaseException:
        execution.tell_lost()
        execution.pen.finish(complete=False)
        raise
    finally:
        await execution.close()
    return execution.result(execution.pen.finish(complete=not execution.cut_short))


class _Execution:
    """The state of one run: what is known, what is under way, what was counted."""

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
        self.cut_short = False
        self.lost = 0
        self.store, self.pen = store, pen
        self.listener = listener
        self.stop = stop
        self.reason: str | None = None
        self.called = self.reused = self.failed = self.timed = 0
        self.in_flight = 0
        self.started: list[BoundArm] = []
        self.judging = Judging(plan.scorers, plan.outcomes.timeout_s, self.purse)
        self.notes: list[str] = []

    async def go(self, *, scores_only: bool = False) -> None:
        """Do all that is missing: scores of old trials, then calls, then passes."""
        arms = [(bound.system, self._limit(bound)) for bound in self.plan.arms]
        share_budgets([*arms, *self.judging.callers], self.plan.limits)
        if self.judging.callers:
            self.pen.describe("judges", self.judging.identities())
        wanted = tuple(jobs(self.plan))
        known = look(self.plan, self.store, wanted)
        todo = [job for job in wanted if job.key not in known.counted]
        self.reused = len(wanted) - len(todo)
        measures = self.store.measures(self.plan.study)
        due = due_passes(self.plan, measures)
        if scores_only:
            await self._score_known(wanted, known)
            await self._compare(wanted)
            return
        if self.stop is not None:
            # The rule may say that nothing needs to be called, and nothing to be started.
            await self._score_known(wanted, known)
        if self.reason is not None:
            todo = []
        for line in self.purse.estimate(todo, known.counted.values()):
            self.say(line)
        await self._start(todo, due, measures)
        if self.stop is None:
            await self._score_known(wanted, known)
        if todo:
            await self._call_all(todo, known)
        await self._compare(wanted)
        if self.cut_short:
            return
        self.timed = await take_passes(self.plan, due, self.pen, listener=self.listener)

    def result(self, run: Run | None) -> Executed:
        """Return the counts."""
        return Executed(
            run=run,
            called=self.called,
            reused=self.reused,
            failed=self.failed,
            scored=self.pen.scored,
            timed=self.timed,
            stopped=self.reason,
            cut_short=self.cut_short,
            asked=self.judging.calls,
            notes=tuple(self.notes),
        )

    def tell_lost(self) -> None:
        """Say how many calls were in flight when the run was ended from outside."""
        if self.lost:
            self.say(
                f"{self.lost:,} calls were in flight; their answers are lost, "
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
        self, todo: Sequence[Job], due: Sequence[DuePass], measures: Iterable[Measure]
    ) -> None:
        asked = {job.arm.arm.fingerprint for job in todo}
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
        limits = {bound.arm.name: self._limit(bound) for bound in self.started}
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
        for bound in self.started:
            if bound.arm.fingerprint in seconds:
                self._measure(bound, seconds[bound.arm.fingerprint])

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

    async def _score_known(self, wanted: Sequence[Job], known: Selection) -> None:
        """Score old trials where a scorer or a label is new, or a scorer failed."""
        finished = [job for job in wanted if job.key in known.counted]
        lacking = sum(self._lacks(job, known) for job in finished)
        meter = Meter("scores", lacking, listener=self.listener) if lacking else None

        async def one(job: Job) -> list[Observation]:
            lacks = self._lacks(job, known)
            trial = known.counted[job.key]
            found = await self._score_items(job, trial, dict(known.scores_of(trial)))
            if lacks and meter is not None:
                meter.count()
            return found

        if lacking:
            await self.judging.start()
        observations: list[Observation] = []
        for some in batched(finished, self.judging.at_once if lacking else 1):
            for found in await together([one(job) for job in some]):
                observations += found
        self._ask_stop(observations)

    async def _call_all(self, todo: Sequence[Job], known: Selection) -> None:
        total = self.reused + len(todo)
        meter = Meter("trials", total, reused=self.reused, listener=self.listener)
        limits = {bound.arm.fingerprint: self._limit(bound) for bound in self.plan.arms}
        slots = {arm: asyncio.Semaphore(limit) for arm, limit in limits.items()}
        all_slots = asyncio.Semaphore(self.plan.concurrency or max(limits.values()))

        async def one(job: Job) -> None:
            try:
                await self._finish(job, known.history.get(job.key, ()), meter)
            finally:
                all_slots.release()
                slots[job.arm.arm.fingerprint].release()

        going: set[asyncio.Task[None]] = set()
        pauses = list(self.plan.pauses)
        try:
            async with asyncio.TaskGroup() as group:
                for job in todo:
                    if pauses and job.place >= pauses[0]:
                        await asyncio.gather(*going)
                        pauses = [end for end in pauses if job.place < end]
                    await slots[job.arm.arm.fingerprint].acquire()
                    await all_slots.acquire()
                    await self._ask_purse(job, going)
                    if self.reason is not None:
                        break
                    task = group.create_task(one(job))
                    going.add(task)
                    task.add_done_callback(going.discard)
        except BaseExceptionGroup as errors:
            raise errors.exceptions[0] from None

    async def _finish(self, job: Job, history: Sequence[Trial], meter: Meter) -> None:
        """Call a key until an attempt counts, then score it."""
        attempts = list(history)
        counted = None
        answer: Answer | None = None
        while counted is None:
            trial, answer = await self._attempt(job)
            attempts.append(trial)
            counted = counting(attempts, self.plan.outcomes)
        self.failed += counted.failure is not None
        observations = await self._score_items(job, counted, {}, answer)
        meter.count(failed=counted.failure is not None)
        self._ask_stop(observations)

    async def _attempt(self, job: Job) -> tuple[Trial, Answer | None]:
        self.in_flight += 1
        in_flight = self.in_flight
        try:
            called = await call(job.arm.system, job.items[0].input, self.plan.outcomes.timeout_s)
        except asyncio.CancelledError:
            self.lost += 1
            raise
        finally:
            self.in_flight -= 1
        self.called += 1
        trial = self.pen.trial(job, called, in_flight)
        self.purse.paid(job, trial)
        return trial, called.answer

    def _lacks(self, job: Job, known: Selection) -> bool:
        trial = known.counted[job.key]
        scores = known.scores_of(trial)
        return trial.failure is None and any(
            (scorer.fingerprint, item.target_digest) not in scores
            or not is_final(scores[scorer.fingerprint, item.target_digest])
            for scorer in self.plan.single
            for item in job.items
        )

    async def _score_items(
        self,
        job: Job,
        trial: Trial,
        scores: dict[ScoreKey, Score],
        answer: Answer | None = None,
    ) -> list[Observation]:
        """Make the scores of a trial that are not there, write them, and return what is known.

        Args:
            job: with the items that the trial answers for.
            trial: the one that counts.
            scores: what is known of it; what is made is added.
            answer: None: read it from the store if it is needed.
        """
        tried: set[ScoreKey] = set()
        for item in job.items if trial.output_digest is not None else ():
            for scorer in self.plan.single:
                key = scorer.fingerprint, item.target_digest
                if key in tried or (key in scores and is_final(scores[key])):
                    continue
                if answer is None:
                    answer = self._stored(trial)
                tried.add(key)
                made = await self._score(scorer, answer, item, trial)
                if made is not None:
                    scores[key] = made
        return [observed(self.plan, job, item, trial, scores) for item in job.items]

    async def _score(
        self, scorer: BoundScorer, answer: Answer, item: Item, trial: Trial
    ) -> Score | None:
        """Make and write a score; None: there is no money for the judge, and the run ends."""
        if scorer.asks:
            if self.cut_short:
                return None
            await self.judging.start()
        ask = self.judging.handle(scorer)
        limit = self.plan.outcomes.timeout_s
        shown = shown_to(scorer, answer, trial, self.store)
        try:
            made = await score(
                scorer, shown, item, trial, run=self.pen.run, timeout_s=limit, ask=ask
            )
        except OutOfMoney as error:
            self.reason, self.cut_short = str(error), True
            return None
        self.pen.score(made.score, made.detail)
        return made.score

    async def _compare(self, wanted: Sequence[Job]) -> None:
        """Let judges of pairs judge what both arms have answered."""
        if not self.plan.pairwise or self.cut_short:
            return
        made = Comparing(self.plan, self.store, self.pen, self.judging, self._stored)
        if (reason := await made.go(wanted, self.listener)) is not None:
            self.reason, self.cut_short = reason, True

    def _stored(self, trial: Trial) -> Answer:
        return stored_answer(trial, self.store.output(str(trial.output_digest)))

    def _ask_stop(self, observations: Sequence[Observation]) -> None:
        if self.stop is not None and observations and self.reason is None:
            self.reason = self.stop(observations)

    async def _ask_purse(self, job: Job, going: set[asyncio.Task[None]]) -> None:
        """Stop before a call that could cost too much, once those in flight are known to cost."""
        while self.reason is None and (refusal := self.purse.refusal(job)) is not None:
            if not going:
                self.reason, self.cut_short = refusal, True
                return
            await asyncio.wait(going, return_when=asyncio.FIRST_COMPLETED)

    def _limit(self, bound: BoundArm) -> int:
        limit = self.plan.concurrency or bound.system.concurrency
        if isinstance(bound.system, Bounded):
            return min(limit, bound.system.most_in_flight)
        return limit
