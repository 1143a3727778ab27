"""A ratio of two sums over items: what stands above the line, and what below."""

from __future__ import annotations

from dataclasses import dataclass

TAKEN = ("cost", "seconds", "tokens_in", "tokens_out")
"""What the engine takes of every call, which a ratio may name beside metrics; lower is better."""
STATEMENTS = "statements"
"""Below the line: how many statements of an answer a judge of statements rated."""


@dataclass(frozen=True)
class Ratio:
    """A metric that is Σ ``of`` / Σ ``per`` over the tries of all items, never a mean of ratios."""

    name: str
    of: str
    """A metric, or one of ``TAKEN``."""
    per: str
    """A metric, one of ``TAKEN``, or ``STATEMENTS``."""
    span: tuple[float, float] | None = None
    """Ends of one try's own ratio; None: unbounded."""
    most: float | None = None
    """The most that ``of`` can be in one try; None: as its scale says."""
    most_per: float | None = None
    """The most that ``per`` can be in one try; None: as its scale says."""
