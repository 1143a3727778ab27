"""Where calls are made: an executor takes jobs from a feed and gives them to workers.

Jobs and rows are values that can be pickled, and an executor looks into neither. So workers may
stand in the engine's process, in others, or on other machines.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol


class Worker(Protocol):
    """Makes the calls of jobs, and scores their answers."""

    def begin(self, job: Any, tell: Callable[[Any], None]) -> None:
        """Begin a job and return at once; ``tell`` is called with each of its rows.

        A row has an attribute ``last``: whether it is its job's last one.
        """
        ...

    async def close(self) -> None:
        """Cancel what is under way, and give back what belongs to the worker alone."""
        ...


class Site(Protocol):
    """What a worker elsewhere is made of; it can be pickled."""

    async def open(self, at: int) -> Worker:
        """Return a worker in the process in which this is called.

        Args:
            at: its number, from 0 and below the executor's ``workers``; its share of what all
                workers may do together follows from it.

        Raises:
            LiftgateError: what it needs is not there, or is not what it was.
        """
        ...


class Feed(Protocol):
    """Hands out jobs and takes their rows; it alone knows how many may be under way."""

    async def take(self, most: int | None = None, *, at: int = 0) -> Sequence[Any]:
        """Return jobs that may be begun now, ``most`` of them at most; none when all is over.

        Args:
            most: how many the taker can begin; None: any number.
            at: the number of the worker that will begin them.

        Raises:
            Exception: what ends the run.
        """
        ...

    def tell(self, row: Any) -> None:
        """Take a row of a job that was handed out.

        Raises:
            LiftgateError: it cannot be written.
        """
        ...

    def lost(self, job: Any, why: str, *, blamed: bool) -> Any | None:
        """Take note that a worker is gone before a job's last row had come.

        Args:
            job: that was under way.
            why: what became of the worker, in words for people.
            blamed: whether the job is known to be what ended it: that is an outcome, a crash.

        Returns:
            The job to be begun again, or None where there is nothing left to do elsewhere.
        """
        ...


class Work(Protocol):
    """What is needed to set up workers."""

    def here(self) -> Worker:
        """Return a worker in this process, with the systems that the engine has started."""
        ...

    def elsewhere(self) -> Site:
        """Return what workers in other processes are made of.

        Raises:
            DataError: an arm's system cannot be opened again in another process.
        """
        ...


class Executor(Protocol):
    """Runs jobs until there are no more.

    Made by a factory without parameters, or with one, ``workers``: how many; None: its own choice.
    """

    workers: int
    """How many workers there are at most; the engine shares out its limits by it."""

    async def run(self, work: Work, feed: Feed) -> None:
        """Take jobs from the feed and tell it their rows, until it hands out none.

        Raises:
            Exception: what ``feed.take`` raises, once nothing is under way any more.
        """
        ...
