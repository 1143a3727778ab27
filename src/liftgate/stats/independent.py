"""Counts of independent items, and what every test of them shares: each is its own unit."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Counts:
    """Whole numbers of independent items.

    Args:
        n: items, or pairs of them.
    """

    n: int

    @property
    def clusters(self) -> int:
        """Items: each is its own unit."""
        return self.n

    @property
    def df(self) -> float | None:
        """None: the reference distribution is binomial or normal."""
        return None


@dataclass(frozen=True)
class Proportion(Counts):
    """A share of items.

    Args:
        n: items.
        ones: items that scored 1.
    """

    ones: int

    @property
    def value(self) -> float:
        """The proportion."""
        return self.ones / self.n


@dataclass(frozen=True)
class Discordance(Counts):
    """A difference of two shares over pairs.

    Args:
        n: pairs.
        gained: pairs in which only the candidate is 1.
        lost: pairs in which only the baseline is 1.
    """

    gained: int
    lost: int

    @property
    def value(self) -> float:
        """Difference of the two proportions."""
        return (self.gained - self.lost) / self.n
