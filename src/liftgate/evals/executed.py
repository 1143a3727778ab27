"""What one execution of a plan did."""

from __future__ import annotations

from dataclasses import dataclass

from liftgate.records import Run


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
    finished: int
    """Keys finished now."""
    scored: int
    """Score rows written."""
    timed: int
    """Calls of latency passes and warm-ups; they are no trials."""
    stopped: str | None = None
    """The reason for which the stopping rule, or the money, ended the run."""
    cut_short: bool = False
    """Whether it was the money: the study was not run to its end."""
    asked: int = 0
    """Calls of judges' systems."""
    failures: tuple[tuple[str, int], ...] = ()
    """What failed keys were told, and how many by each, the most frequent first."""
    notes: tuple[str, ...] = ()
    """What went wrong without harm to the rows: a system that could not be closed."""
