"""What an executor is fed with: jobs when their turn has come; and what becomes of their rows.

Order, limits of calls in flight, planned pauses, money and the stopping rule are kept here, in one
place, wherever the calls are made. Every row is written as it is told.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from time import perf_counter

from liftgate.evals.calls import Called
from liftgate.evals.cost import Purse
from liftgate.evals.meter import Meter
from liftgate.evals.pen import Pen
from liftgate.evals.plan import Job, Plan, raw, slot
from liftgate.evals.scoring import score_row, shown
from liftgate.evals.select import Answered, observed
from liftgate.evals.shares import Shares
from liftgate.evals.site import whole
from liftgate.evals.work import (
    Ask,
    Attempted,
    Broken,
    Finished,
    Handed,
    Refused,
    ScoredBy,
    Told,
    Worker,
)
from liftgate.records import Failure, Observation, Trial

_CATCH_UP_S = 0.01
Stop = Callable[[Sequence[Observation]], str | None]
"""Told what has been finished since it was last asked; a reason ends the run."""

_LONGEST, _MOST_TOLD = 200, 1_000
"""Characters of a failure's message, and how many different ones are counted."""


class Feed:
    """Hands out a plan's jobs, and writes what is told of them."""

    def __init__(
        self,
        plan: Plan,
        jobs: Iterator[Job],
        known: Mapping[str, Answered],
        shares: Mapping[str, Shares],
        *,
        home: Worker,
        pen: Pen,
        purse: Purse,
        meter: Meter,
        stop: Stop | None,
    ) -> None:
        """Prepare to feed workers.

        Args:
            plan: what is to be run.
            jobs: those that are missing, in order.
            known: arm's fingerprint -> what is answered.
            shares: arm's fingerprint -> what may be in flight, in all and at each worker.
            home: the engine's own worker, for what others hand over.
            pen: writes the rows.
            purse: is asked before every call.
            meter: is told of every job that is done.
            stop: may end the run.
        """
        self.reason: str | None = None
        self.cut_short = False
        self.called = self.finished = self.failed = 0
        self.failures: Counter[str] = Counter()
        self.calling = 0
        """Jobs whose counting answer is still awaited."""
        self._plan = plan
        self._jobs = jobs
        self._next = next(jobs, None)
        self._known = known
        self.repeated = 0
        """Calls that were under way in a worker that died, and were made again."""
        self._shares = shares
        self._apart = any(len(share.each) > 1 for share in shares.values())
        self._most = plan.concurrency or max((s.total for s in shares.values()), default=0)
        self._home = home
        self._pen = pen
        self._purse = purse
        self._meter = meter
        self._stop = stop
        self._numbers = {b.arm.fingerprint: number for number, b in enumerate(plan.arms)}
        self._busy = dict.fromkeys(shares, 0)
        self._busy_at: Counter[tuple[str, int]] = Counter()
        self._pauses = list(plan.pauses)
        self._open: dict[str, _Open] = {}
        self._fault: Exception | None = None
        self._changed = asyncio.Event()

    async def take(self, most: int | None = None, *, at: int = 0) -> Sequence[Ask]:
        """Return jobs that may be called now, at least one; none when all is over.

        Args:
            most: how many the taker can begin; None: any number.
            at: the number of the worker that will begin them.

        Raises:
            Exception: what ended the run: of the store, of a system that cannot be asked at all.
        """
        while True:
            if self._fault is not None:
                raise self._fault
            if self._pen.is_behind:
                # What is answered and not on disk is lost by a kill, and fills the memory.
                await asyncio.sleep(_CATCH_UP_S)
                continue
            found: list[Ask] = []
            while (most is None or len(found) < most) and (job := self._ready(at)) is not None:
                found.append(self._hand_out(job, at))
            if found:
                if self._apart:
                    # The next job may be one for a worker that could not take the last one.
                    self._changed.set()
                return found
            if not self._open:
                return ()
            self._changed.clear()
            await self._changed.wait()

    def tell(self, told: Told) -> None:
        """Write a row, and see what it changes.

        Raises:
            LiftgateError: the store can no longer be written.
        """
        if isinstance(told, Attempted):
            self._attempted(told)
            return
        if isinstance(told, Refused):
            self.reason, self.cut_short = self.reason or told.reason, True
            return
        if isinstance(told, Handed):
            self._at_home(told.key, told.scores)
            return
        if isinstance(told, Broken):
            self.calling -= 1
            self._fault = self._fault or told.error
        else:
            self._finished(told)
        self._changed.set()

    def lost(self, job: Ask, why: str, *, blamed: bool) -> Ask | None:
        """See what is left to do of a job whose worker is gone; see ``protocols.Feed``.

        An answer that had come is kept and scored here; a call under way is made again, since
        nobody can tell whether it was paid for.

        Raises:
            LiftgateError: the store can no longer be written.
        """
        known = self._open[job.key]
        if known.settled:
            self._at_home(job.key, ())
            return None
        if blamed:
            tried = known.ask.tried + known.attempts + 1
            seconds = perf_counter() - known.since
            called = Called(known.started_at, seconds, None, Failure.CRASH, why)
            again = tried < self._plan.outcomes.allowed(Failure.CRASH)
            self.tell(Attempted(job.key, called, again))
            if not again:
                self.tell(Finished(job.key, ()))
                return None
        else:
            self.repeated += 1
            self._purse.lost(known.job)
        return known.ask._replace(tried=known.ask.tried + known.attempts)

    def _at_home(self, key: str, scores: tuple[ScoredBy, ...]) -> None:
        """Have the scores of an answer made that no worker elsewhere has made."""
        known = self._open[key]
        answer = None if known.called is None else whole(known.called)
        if answer is None:
            self.tell(Finished(key, scores))
        else:
            self._home.score(known.ask, answer, scores, self.tell)

    def _ready(self, at: int) -> Job | None:
        """Return the next job when nothing keeps it back."""
        job = self._next
        if job is None or self.reason is not None or self._fault is not None:
            return None
        if self._pauses and job.place >= self._pauses[0]:
            if self._open:
                return None
            self._pauses = [end for end in self._pauses if job.place < end]
        arm = job.arm.arm.fingerprint
        share = self._shares[arm]
        if self._busy[arm] >= share.total or len(self._open) >= self._most:
            return None
        if self._apart and self._busy_at[arm, at] >= share.each[at]:
            return None
        refusal = self._purse.refusal(job)
        if refusal is not None:
            # What is in flight may turn out to cost less than was set aside for it.
            if not self._open:
                self.reason, self.cut_short = refusal, True
            return None
        self._next = next(self._jobs, None)
        return job

    def _hand_out(self, job: Job, at: int) -> Ask:
        arm = job.arm.arm.fingerprint
        self._busy[arm] += 1
        self._busy_at[arm, at] += self._apart
        self.calling += 1
        tried = self._known[arm].tried
        before = tried.get(slot(raw(job.input_digest), job.repeat), 0) if tried else 0
        items = tuple([(shown(item), item.target_digest) for item in job.items])
        ask = Ask(job.key, self._numbers[arm], job.items[0].input, before, items)
        self._open[job.key] = _Open(job, ask, self.calling, at)
        return ask

    def _attempted(self, told: Attempted) -> None:
        known = self._open[told.key]
        if not told.again:
            self.calling -= 1
            known.settled = True
            known.called = told.called
        self.called += 1
        known.attempts += 1
        known.trial = self._pen.trial(
            known.job, told.called, attempt=known.attempts, in_flight=known.in_flight
        )
        self._purse.paid(known.job, known.trial)

    def _finished(self, told: Finished) -> None:
        known = self._open.pop(told.key)
        job, trial = known.job, known.trial
        assert trial is not None
        self._busy[trial.arm] -= 1
        self._busy_at[trial.arm, known.at] -= self._apart
        self.finished += 1
        if trial.failure is not None:
            self.failed += 1
            self._note(f"{trial.failure.value}: {trial.message}")
        scores = {}
        for made in told.scores:
            bound = self._plan.single[made.scorer]
            score = score_row(bound, trial, made.target_digest, made.scored, run=trial.run)
            self._pen.score(score, made.scored.detail)
            scores[bound.fingerprint, made.target_digest] = score
        self._meter.count(failed=trial.failure is not None)
        if self._stop is not None and self.reason is None:
            rows = [observed(self._plan, job, item, trial, scores) for item in job.items]
            self.reason = self._stop(rows)

    def _note(self, told: str) -> None:
        """Count what failures say, as far as they say the same."""
        told = told[:_LONGEST]
        if told in self.failures or len(self.failures) < _MOST_TOLD:
            self.failures[told] += 1


class _Open:
    """A job that was handed out."""

    __slots__ = (
        "ask",
        "at",
        "attempts",
        "called",
        "in_flight",
        "job",
        "settled",
        "since",
        "started_at",
        "trial",
    )

    def __init__(self, job: Job, ask: Ask, in_flight: int, at: int) -> None:
        self.job = job
        self.ask = ask
        self.in_flight = in_flight
        self.at = at
        self.since = perf_counter()
        self.started_at = datetime.now(UTC)
        self.attempts = 0
        self.trial: Trial | None = None
        self.settled = False
        """Whether the attempt that counts has come."""
        self.called: Called | None = None
        """That attempt, where its scores may have to be made here."""
