"""Patterns: the answer matches one, or holds the label where a pattern says."""

from __future__ import annotations

import re
from collections.abc import Sequence

from liftgate.errors import DataError, SystemFailed
from liftgate.records import Answer, Item, Missing, Scale
from liftgate.scorers.label import BINARY, text_of, texts_of

GROUP = "answer"


def regex(*, pattern: str | None = None, ignore_case: bool = False, full: bool = False) -> Regex:
    """1 when the answer matches, else 0.

    Args:
        pattern: a Python regular expression. None: each item's label is the pattern. With a group
            named ``answer``, what it finds is compared with the label's text, and an answer in
            which it finds nothing is unparsable.
        ignore_case: match without regard to case.
        full: the whole answer must match; else a part is enough.

    Raises:
        DataError: the pattern is not a regular expression.
    """
    return Regex(pattern=pattern, ignore_case=ignore_case, full=full)


class Regex:
    """Matches answers against one pattern, or against each item's own."""

    version = "1"

    def __init__(self, *, pattern: str | None, ignore_case: bool, full: bool) -> None:
        self.ignore_case = ignore_case
        self.full = full
        self._pattern = None if pattern is None else self._compile(pattern, "pattern")

    def scale(self, items: Sequence[Item]) -> Scale:
        """Binary."""
        return BINARY

    def score(self, answer: Answer, item: Item) -> float | Missing:
        """Return 1 or 0; missing without a label where one is needed."""
        if self._pattern is None:
            return self._by_label(answer, item)
        found = self._match(self._pattern, text_of(answer.output))
        if GROUP not in self._pattern.groupindex:
            return float(found is not None)
        texts = texts_of(item.target)
        if isinstance(texts, Missing):
            return texts
        held = found.group(GROUP) if found is not None else None
        if held is None:
            raise SystemFailed("the pattern finds no answer in the text", kind="unparsable")
        return float(any(self._plain(held) == self._plain(text) for text in texts))

    def _by_label(self, answer: Answer, item: Item) -> float | Missing:
        texts = texts_of(item.target)
        if isinstance(texts, Missing):
            return texts
        held = text_of(answer.output)
        patterns = [self._compile(text, "target") for text in texts]
        return float(any(self._match(pattern, held) is not None for pattern in patterns))

    def _match(self, pattern: re.Pattern[str], text: str) -> re.Match[str] | None:
        return pattern.fullmatch(text) if self.full else pattern.search(text)

    def _compile(self, pattern: str, place: str) -> re.Pattern[str]:
        try:
            return re.compile(pattern, re.IGNORECASE if self.ignore_case else 0)
        except re.error as error:
            raise DataError(
                f"{place}: got {pattern!r}, expected a regular expression: {error}"
            ) from error

    def _plain(self, text: str) -> str:
        return text.strip().casefold() if self.ignore_case else text.strip()
