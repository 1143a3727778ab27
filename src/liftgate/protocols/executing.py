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
        """Begin a job and return at once; ``tell`` is called with each of its rows."""
        ...

    async def close(self) -> None:
        """Cancel what is under way."""
        ...


class Feed(Protocol):
    """Hands out jobs and takes their rows; it alone knows how many may be under way."""

    async def take(self, most: int | None = None) -> Sequence[Any]:
        """Return jobs that may be begun now, ``most`` of them at most; none when all is over.

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


class Work(Protocol):
    """What is needed to set up workers."""

    def here(self) -> Worker:
        """Return a worker in this process, with the systems that the engine has started."""
        ...


class Executor(Protocol):
    """Runs jobs until there are no more. Made by a factory without parameters."""

    async def run(self, work: Work, feed: Feed) -> None:
        """Take jobs from the feed and tell it their rows, until it hands out none.

        Raises:
            Exception: what ``feed.take`` raises, once nothing is under way any more.
        """
        ...
