"""What workers are made of: in the engine's process, or somewhere else.

A worker elsewhere opens the arms' systems and the scorers anew and checks that they are what the
plan says. Judges are asked in the engine's process, where their budgets and the purse are.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import Any

from liftgate.canon import parse, plain
from liftgate.errors import DataError, carried
from liftgate.evals.calls import Called
from liftgate.evals.judging import Judging
from liftgate.evals.limits import Limits, share_budgets
from liftgate.evals.plan import BoundScorer, OutcomeRules, Plan
from liftgate.evals.shares import Shares
from liftgate.evals.work import Ask, Attempted, Broken, Tell, Told, Worker
from liftgate.protocols import Scorer, Startable, System
from liftgate.records import Answer, Scale, trace_of


class Work:
    """What a plan's workers are made of; see ``protocols.Work``."""

    def __init__(
        self, plan: Plan, judging: Judging, shares: Mapping[str, Shares], calling: Mapping[str, int]
    ) -> None:
        """Prepare workers.

        Args:
            plan: what is to be run.
            judging: asks the judges' systems.
            shares: arm's fingerprint -> what may be in flight.
            calling: endpoint -> in how many processes it is called.
        """
        self._plan = plan
        self._judging = judging
        self._shares = shares
        self._calling = calling

    def here(self) -> Worker:
        """Return the worker with the plan's own systems and scorers."""
        return self._here

    @cached_property
    def _here(self) -> Worker:
        plan = self._plan
        systems = [bound.system for bound in plan.arms]
        return Worker(systems, plan.single, plan.outcomes, self._judging)

    def elsewhere(self) -> Site:
        """Return what a worker in another process is made of.

        Raises:
            DataError: a system cannot be opened in another process.
        """
        plan = self._plan
        arms = []
        for bound in plan.arms:
            if bound.opening is None:
                raise DataError(
                    f"arm {bound.arm.name}: its system was made in this process, and nothing says "
                    "how to open it in another one",
                    hint="give its BoundArm an opening, or use the executor asyncio",
                )
            each = tuple(self._shares[bound.arm.fingerprint].each)
            arms.append(_Arm(bound.arm.name, bound.opening, bound.system.fingerprint, each))
        scorers = tuple(
            _Scorer(s.name, s.opening, str(s.scorer.version), s.fingerprint, s.scale)
            if s.opening is not None and not s.is_judge
            else None
            for s in plan.single
        )
        return Site(tuple(arms), scorers, plan.outcomes, plan.limits, dict(self._calling))


@dataclass(frozen=True)
class _Arm:
    name: str
    opening: Callable[[], System]
    fingerprint: str
    shares: tuple[int, ...]


@dataclass(frozen=True)
class _Scorer:
    name: str
    opening: Callable[[], Scorer]
    version: str
    fingerprint: str
    scale: Scale


@dataclass(frozen=True)
class Site:
    """What a worker elsewhere is made of; see ``protocols.Site``."""

    arms: tuple[_Arm, ...]
    scorers: tuple[_Scorer | None, ...]
    """None: it is asked in the engine's process."""
    outcomes: OutcomeRules
    limits: Limits
    calling: Mapping[str, int]

    async def open(self, at: int) -> Guest:
        """Open systems and scorers; a system is started by its first job.

        Raises:
            DataError: one of them is not what it was when the run began.
        """
        systems = [_opened(arm) for arm in self.arms]
        with_shares = zip(systems, self.arms, strict=True)
        callers = [(system, arm.shares[at]) for system, arm in with_shares]
        share_budgets(callers, self.limits, self.calling)
        return Guest(systems, [_made(one) for one in self.scorers], self.outcomes)


class Guest:
    """A worker with systems of its own."""

    def __init__(
        self,
        systems: Sequence[System],
        scorers: Sequence[BoundScorer | None],
        outcomes: OutcomeRules,
    ) -> None:
        self._systems = systems
        self._started: set[int] = set()
        self._starting = asyncio.Lock()
        self._patience_s = outcomes.timeout_s
        present = tuple(scorer for scorer in scorers if scorer is not None)
        self._numbers = [number for number, scorer in enumerate(scorers) if scorer is not None]
        self._whole = len(present) == len(scorers)
        self._worker = Worker(
            systems, present, outcomes, None, hands_over=not self._whole, ready=self._ready
        )

    def begin(self, job: Ask, tell: Tell) -> None:
        """Begin a job; what it tells can be pickled, as far as anything of liftgate's goes."""
        self._worker.begin(job, partial(self._tell, tell))

    async def close(self) -> None:
        """Cancel what is under way and close the systems that were started."""
        await self._worker.close()
        for number in self._started:
            try:
                async with asyncio.timeout(self._patience_s):
                    await self._systems[number].close()
            except Exception:  # noqa: BLE001, S112 - its process ends now
                continue

    async def _ready(self, arm: int) -> None:
        if arm in self._started:
            return
        async with self._starting:
            if arm not in self._started:
                system = self._systems[arm]
                if isinstance(system, Startable):
                    await system.start()
                self._started.add(arm)

    def _tell(self, tell: Tell, told: Told) -> None:
        tell(_carried(self._numbered(told)))

    def _numbered(self, told: Told) -> Told:
        """Give scorers the numbers that they have in the plan."""
        if self._whole or not (scores := getattr(told, "scores", ())):
            return told
        numbered = tuple(one._replace(scorer=self._numbers[one.scorer]) for one in scores)
        return told._replace(scores=numbered)  # type: ignore[call-arg]


def whole(called: Called) -> Answer | None:
    """Return the answer of a call that was told by a worker elsewhere, as it came."""
    answer = called.answer
    if answer is None:
        return None
    trace = None if called.trace_data is None else trace_of(parse(called.trace_data))
    return replace(answer, output=parse(called.data), trace=trace)


def _carried(told: Told) -> Told:
    """Return a row without what its bytes say already, and without what cannot be pickled."""
    if isinstance(told, Broken):
        return told._replace(error=carried(told.error))
    if isinstance(told, Attempted):
        called = told.called
        reported = None if called.reported is None else plain(called.reported)
        answer = called.answer
        if answer is not None:
            answer = replace(answer, output=None, trace=None, reported=reported)
        return told._replace(called=called._replace(answer=answer, reported=reported))
    return told


def _opened(arm: _Arm) -> System:
    system = arm.opening()
    if system.fingerprint != arm.fingerprint:
        raise DataError(
            f"arm {arm.name}: a worker process opened another system than the run began with",
            hint="nothing that the arm is made of may change while a run goes; run it again",
        )
    return system


def _made(one: _Scorer | None) -> BoundScorer | None:
    if one is None:
        return None
    scorer: Any = one.opening()
    if str(scorer.version) != one.version:
        raise DataError(
            f"scorer {one.name}: a worker process made version {scorer.version!r}, the run began "
            f"with {one.version!r}"
        )
    return BoundScorer(one.name, scorer, one.fingerprint, one.scale)
