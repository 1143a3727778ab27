"""A scorer: is the answer brief?"""

from __future__ import annotations

from collections.abc import Sequence

from liftgate.errors import DataError, SystemFailed
from liftgate.records import Answer, Item, Missing, Scale, ScoreKind


def brief(*, words: int) -> Brief:
    """1 when the answer has at most so many words, else 0."""
    if words < 1:
        raise DataError(f"words: got {words}, expected at least 1")
    return Brief(words)


class Brief:
    """Counts words; needs no label."""

    version = "1"

    def __init__(self, words: int) -> None:
        self.words = words

    def scale(self, items: Sequence[Item]) -> Scale:
        """Binary."""
        return Scale(ScoreKind.BINARY, low=0.0, high=1.0)

    def score(self, answer: Answer, item: Item) -> float | Missing:
        """Return 1 or 0; an empty answer cannot be judged."""
        if not isinstance(answer.output, str):
            raise SystemFailed("expected text", kind="unparsable")
        if not answer.output.strip():
            return Missing("the answer is empty")
        return float(len(answer.output.split()) <= self.words)
