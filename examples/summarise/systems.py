"""The floor: what no model is needed for."""

from __future__ import annotations

from collections.abc import Callable, Mapping


def first_words(count: int = 12) -> Callable[[Mapping[str, str]], str]:
    """Return a system that answers with the first words of the text."""

    def answer(parts: Mapping[str, str]) -> str:
        return " ".join(parts["text"].split()[:count])

    return answer
