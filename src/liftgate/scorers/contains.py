"""Containment: the answer holds the label's text."""

from __future__ import annotations

from collections.abc import Sequence

from liftgate.records import Answer, Item, Missing, Scale
from liftgate.scorers.label import BINARY, text_of, texts_of


def contains(*, ignore_case: bool = False, every: bool = False) -> Contains:
    """1 when the answer holds the label's text, else 0.

    Args:
        ignore_case: compare without regard to case (Unicode case folding).
        every: of a list of texts all must occur; else one is enough.
    """
    return Contains(ignore_case=ignore_case, every=every)


class Contains:
    """Looks for the label's texts in the answer."""

    version = "1"

    def __init__(self, *, ignore_case: bool, every: bool) -> None:
        self.ignore_case = ignore_case
        self.every = every

    def scale(self, items: Sequence[Item]) -> Scale:
        """Binary."""
        return BINARY

    def score(self, answer: Answer, item: Item) -> float | Missing:
        """Return 1 or 0; missing without a label."""
        texts = texts_of(item.target)
        if isinstance(texts, Missing):
            return texts
        held = self._plain(text_of(answer.output))
        found = [self._plain(text) in held for text in texts]
        return float(all(found) if self.every else any(found))

    def _plain(self, text: str) -> str:
        return text.casefold() if self.ignore_case else text
