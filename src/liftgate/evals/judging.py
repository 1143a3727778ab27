"""Judges' systems while a run goes: started once, asked by budget, time-out and purse."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterator, Mapping, Sequence
from typing import Any, TypeVar

from liftgate.evals.calls import call
from liftgate.evals.cost import Purse
from liftgate.evals.plan import Asked, BoundScorer
from liftgate.protocols import Ask, Identified, Reply, Startable, System
from liftgate.records import Json

T = TypeVar("T")


class OutOfMoney(Exception):
    """The purse does not allow a judge's next call: its score is not made, and the run ends."""


class Judging:
    """Asks the systems of all judges of a plan; equal fingerprints share one system."""

    def __init__(self, scorers: Sequence[BoundScorer], timeout_s: float, purse: Purse) -> None:
        self._timeout_s = timeout_s
        self._purse = purse
        self._asked: dict[str, Asked] = {}
        for scorer in scorers:
            for asked in scorer.asks:
                self._asked.setdefault(asked.system.fingerprint, asked)
        self._slots: dict[str, asyncio.Semaphore] = {}
        self._starting = asyncio.Lock()
        self.started: list[Asked] = []
        self.calls = 0
        """Calls of judges' systems in this run."""
        self.refused: str | None = None
        """Why there was no money for a judge's call: none is made after it."""

    def __iter__(self) -> Iterator[Asked]:
        return iter(self._asked.values())

    @property
    def callers(self) -> list[tuple[System, int]]:
        """The systems, each with how many of its calls may be in flight."""
        return [(asked.system, asked.system.concurrency) for asked in self]

    @property
    def at_once(self) -> int:
        """How many answers may be judged at once; 1 without judges."""
        return max((asked.system.concurrency for asked in self), default=1)

    async def start(self) -> None:
        """Start what has not been started; called before the first question."""
        async with self._starting:
            for fingerprint, asked in self._asked.items():
                if fingerprint in self._slots:
                    continue
                self.started.append(asked)
                if isinstance(asked.system, Startable):
                    await asked.system.start()
                self._slots[fingerprint] = asyncio.Semaphore(asked.system.concurrency)

    def identities(self) -> dict[str, Mapping[str, Json]]:
        """Return what the judges' systems are made of, as far as they say."""
        return {
            fingerprint: dict(asked.system.identity)
            for fingerprint, asked in self._asked.items()
            if isinstance(asked.system, Identified)
        }

    def handle(self, scorer: BoundScorer) -> Ask:
        """Return the handle by which a judge asks its own systems."""

        async def ask(number: int, parts: Mapping[str, Json]) -> Reply:
            return await self._ask(scorer.asks[number].system.fingerprint, parts)

        return ask

    async def _ask(self, fingerprint: str, parts: Mapping[str, Json]) -> Reply:
        asked = self._asked[fingerprint]
        async with self._slots[fingerprint]:
            self.calls += 1
            key = f"judge {self.calls}"
            refusal = self._purse.ask_refusal(asked, parts, key)
            if refusal is not None:
                self.refused = self.refused or refusal
                raise OutOfMoney(refusal)
            called = await call(asked.system, parts, self._timeout_s)
            cost = self._purse.ask_paid(asked, called.answer, called.started_at, key)
        return Reply(
            called.answer, called.failure, called.message, called.seconds, cost, called.reported
        )


def batched(values: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    """Yield a sequence's values, ``size`` at a time."""
    for start in range(0, len(values), size):
        yield values[start : start + size]


async def together(tasks: Sequence[Coroutine[Any, Any, T]]) -> list[T]:
    """Wait for all, in their order; the first that raises ends the others."""
    if len(tasks) == 1:
        return [await tasks[0]]
    try:
        async with asyncio.TaskGroup() as group:
            going = [group.create_task(task) for task in tasks]
    except BaseExceptionGroup as errors:
        raise errors.exceptions[0] from None
    return [task.result() for task in going]
