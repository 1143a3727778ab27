"""Where calls are made: one job from its first attempt to its scores, whatever hands it out.

Nothing here knows the store, the order or the budget of money: a worker is given a job and tells
rows. So it may stand in the engine's process or in another one.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

from liftgate.evals.calls import Called, came, failed, forget, late
from liftgate.evals.judging import Judging, OutOfMoney
from liftgate.evals.plan import BoundScorer, OutcomeRules
from liftgate.evals.scoring import Scored, judged, scored, seen_by
from liftgate.evals.watch import Alarm, Watch
from liftgate.protocols import System
from liftgate.records import Answer, Item, Json

_PATIENCE_S = 0.1
"""How long calls may take to heed their cancellation at the end of a run."""


class Ask(NamedTuple):
    """A job as a worker is given it."""

    key: str
    arm: int
    """Its number in the plan."""
    input: Mapping[str, Json]
    tried: int
    """Usable attempts that were made before."""
    items: tuple[tuple[Item, str], ...]
    """Each as scorers see it, with the digest of its target."""


class Attempted(NamedTuple):
    """A call has come back."""

    key: str
    called: Called
    again: bool
    """Whether it is made again, because its failure may be tried again."""

    @property
    def last(self) -> bool:
        """Whether it is its job's last row."""
        return False


class ScoredBy(NamedTuple):
    """What one scorer made of one target."""

    scorer: int
    """Its number in the plan."""
    target_digest: str
    scored: Scored


class Refused(NamedTuple):
    """There is no money for a judge: its score is not made, and no job begins after this."""

    key: str
    reason: str

    @property
    def last(self) -> bool:
        """Whether it is its job's last row."""
        return False


class Finished(NamedTuple):
    """A job is done; its last attempt counts."""

    key: str
    scores: tuple[ScoredBy, ...]

    @property
    def last(self) -> bool:
        """Whether it is its job's last row."""
        return True


class Handed(NamedTuple):
    """A worker elsewhere has done what it can; other scorers are asked in the engine's process."""

    key: str
    scores: tuple[ScoredBy, ...]

    @property
    def last(self) -> bool:
        """Whether it is its job's last row."""
        return True


class Broken(NamedTuple):
    """Nothing can go on: what was raised is for whoever started the run."""

    key: str
    error: Exception

    @property
    def last(self) -> bool:
        """Whether it is its job's last row."""
        return True


Told = Attempted | Refused | Finished | Handed | Broken
Tell = Callable[[Told], None]


class Worker:
    """Makes calls with systems and scorers that are there and started."""

    def __init__(
        self,
        systems: Sequence[System],
        scorers: Sequence[BoundScorer],
        rules: OutcomeRules,
        judging: Judging | None,
        *,
        hands_over: bool = False,
        ready: Callable[[int], Awaitable[None]] | None = None,
    ) -> None:
        """Set up a worker.

        Args:
            systems: of the plan's arms, in their order.
            scorers: of single answers, in the plan's order.
            rules: of the plan.
            judging: asks the judges' systems; None: there is no judge among the scorers.
            hands_over: whether the plan has other scorers, which are asked somewhere else.
            ready: has a system of a number started, before a call's time begins; None: all are.
        """
        self._systems = systems
        self._scorers = [(bound, bound.is_judge) for bound in scorers]
        self._hands_over = hands_over
        self._ready = ready
        self._judging = judging
        self._rules = rules
        self._alarm: Alarm[_Call] = Alarm(rules.timeout_s, self._expire)
        self._tasks: set[asyncio.Task[None]] = set()
        self._closing = False

    def begin(self, ask: Ask, tell: Tell) -> None:
        """Begin a job and return at once; its last row is ``Finished``, or one is ``Broken``."""
        self._go(self._do(ask, tell, ask.tried, None))

    def score(self, ask: Ask, answer: Answer, made: tuple[ScoredBy, ...], tell: Tell) -> None:
        """Begin the scores that an answer lacks; ``Finished`` holds those that were made, too."""
        self._go(self._finish(ask, answer, made, tell))

    async def close(self) -> None:
        """Cancel what is under way, and leave behind what does not heed it."""
        self._closing = True
        self._alarm.close()
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=_PATIENCE_S)

    def _go(self, steps: Coroutine[Any, Any, None]) -> None:
        # Each takes itself off at its end: a callback would be one more turn of the loop a job.
        self._tasks.add(asyncio.get_running_loop().create_task(steps))

    def _off(self) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.discard(task)

    async def _do(self, ask: Ask, tell: Tell, tried: int, called: Called | None) -> None:
        try:
            if self._ready is not None:
                await self._ready(ask.arm)
            while True:
                if called is None:
                    called = await self._call(ask, tell, tried)
                if called is None:
                    return
                tried += 1
                failure = called.failure
                again = failure is not None and tried < self._rules.allowed(failure)
                tell(Attempted(ask.key, called, again))
                if not again:
                    break
                called = None
            scores = () if called.answer is None else await self._score(ask, called.answer, tell)
            whole = called.answer is None or not self._hands_over
            tell(Finished(ask.key, scores) if whole else Handed(ask.key, scores))
        except Exception as error:  # noqa: BLE001 - for whoever started the run
            tell(Broken(ask.key, error))
        finally:
            self._off()

    async def _finish(
        self, ask: Ask, answer: Answer, made: tuple[ScoredBy, ...], tell: Tell
    ) -> None:
        try:
            tell(Finished(ask.key, (*made, *await self._score(ask, answer, tell, made))))
        except Exception as error:  # noqa: BLE001 - for whoever started the run
            tell(Broken(ask.key, error))
        finally:
            self._off()

    async def _call(self, ask: Ask, tell: Tell, tried: int) -> Called | None:
        """Make a call; None: it took too long, and another task has gone on without it."""
        call = _Call(ask, tell, tried)
        call.here()
        self._alarm.set(call)
        try:
            answer = await self._systems[ask.arm].answer(ask.input)
            seconds = call.seconds()
            if call.expired:
                return None
            if seconds > self._rules.timeout_s:
                return late(call.started_at, seconds, self._rules.timeout_s)
            return came(call.started_at, seconds, answer)
        except (Exception, asyncio.CancelledError) as error:
            if call.expired:
                return None
            if self._closing and isinstance(error, asyncio.CancelledError):
                raise
            return failed(call.started_at, call.seconds(), error)
        finally:
            self._alarm.off(call)

    def _expire(self, call: _Call) -> None:
        """Go on without a call: waiting until it heeds its cancellation would make no time-out."""
        call.expired = True
        call.task.cancel()
        call.task.add_done_callback(forget)
        self._tasks.discard(call.task)
        outcome = late(call.started_at, call.seconds(), self._rules.timeout_s)
        self._go(self._do(call.ask, call.tell, call.tried, outcome))

    async def _score(
        self, ask: Ask, answer: Answer, tell: Tell, before: Sequence[ScoredBy] = ()
    ) -> tuple[ScoredBy, ...]:
        made = []
        done = {(one.scorer, one.target_digest) for one in before}
        for item, target in ask.items:
            for number, (bound, is_judge) in enumerate(self._scorers):
                if (number, target) in done:
                    continue
                done.add((number, target))
                seen = seen_by(bound, answer)
                found: Scored | None
                if is_judge:
                    found = await self._judge(bound, seen, item, ask.key, tell)
                else:
                    found = await scored(bound, seen, item, self._rules.timeout_s)
                if found is not None:
                    made.append(ScoredBy(number, target, found))
        return tuple(made)

    async def _judge(
        self, bound: BoundScorer, answer: Answer, item: Item, key: str, tell: Tell
    ) -> Scored | None:
        """Let a judge judge; None: there is no money for it."""
        assert self._judging is not None
        if self._judging.refused is not None:
            return None
        await self._judging.start()
        try:
            return await judged(bound, answer, item, self._judging.handle(bound))
        except OutOfMoney as error:
            tell(Refused(key, str(error)))
            return None


class _Call(Watch):
    """A call under way."""

    __slots__ = ("ask", "expired", "started_at", "task", "tell", "tried")

    def __init__(self, ask: Ask, tell: Tell, tried: int) -> None:
        super().__init__()
        task = asyncio.current_task()
        assert task is not None
        self.ask = ask
        self.tell = tell
        self.tried = tried
        self.task: asyncio.Task[Any] = task
        self.started_at = datetime.now(UTC)
        self.expired = False
