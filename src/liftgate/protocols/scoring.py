"""What turns an answer into a number, and how far long work is."""

from __future__ import annotations

from collections.abc import Awaitable, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from liftgate.records import (
    Answer,
    Item,
    Missing,
    Scale,
)


@runtime_checkable
class Scorer(Protocol):
    """Turns an answer into a number, or says why it cannot.

    One that has an attribute ``needs_trace``, and it is true, is shown the answer's ``trace``;
    others see None there.
    """

    version: str
    """Changes whenever the same answer could get another score."""

    def scale(self, items: Sequence[Item]) -> Scale:
        """Declare the values that scores can take, from the items and never from results."""
        ...

    def score(self, answer: Answer, item: Item) -> float | Missing | Awaitable[float | Missing]:
        """Score one answer.

        Returns:
            The score, or ``Missing(reason)`` when the scorer abstains.

        Raises:
            SystemFailed: with kind ``unparsable`` when the *answer* has the wrong shape: an outcome
                of the system. Any other exception is a failure of the scorer: missing.
        """
        ...


@dataclass(frozen=True)
class Progress:
    """How far a stage of long work is. It holds no score, so that nobody can peek."""

    stage: str
    done: int
    """Finished in this stage, ``reused`` included."""
    total: int
    reused: int = 0
    """Known from earlier runs."""
    failed: int | None = 0
    """Of those finished now, how many the system failed; None: nothing that could fail is done."""
    rate: float | None = None
    """Finished per second in this run; None: too early to say."""
    seconds_left: float | None = None
