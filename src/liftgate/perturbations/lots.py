"""Chance that follows from a seed and a purpose: the same on every machine and in every version."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass


@dataclass(frozen=True)
class Lots:
    """Lots of one item, family and variant. The same purpose draws the same lot again."""

    seed: int
    subject: str
    """What they are drawn for: the item's input by its digest, the family, the variant."""

    def unit(self, purpose: str, number: int = 0) -> float:
        """Return a number in [0, 1)."""
        text = f"{self.seed}\n{self.subject}\n{purpose}\n{number}".encode()
        return int.from_bytes(hashlib.sha256(text).digest()[:6], "big") / 2**48

    def below(self, count: int, purpose: str, number: int = 0) -> int:
        """Return a whole number from 0 to ``count`` - 1."""
        return int(self.unit(purpose, number) * count)

    def order(self, count: int, purpose: str) -> list[int]:
        """Return the numbers from 0 to ``count`` - 1 in a random order."""
        return sorted(range(count), key=lambda number: (self.unit(purpose, number), number))

    def some(self, count: int, share: float, purpose: str) -> list[int]:
        """Return a share of the numbers below ``count``, rounded, at least one, in their order."""
        wanted = min(count, max(1, round(share * count)))
        return sorted(self.order(count, purpose)[:wanted])
