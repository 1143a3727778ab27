"""Two ways to read a date that a person typed."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

Reader = Callable[[Mapping[str, str]], str]

MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]


def strict() -> Reader:
    """Return the reader that is in use: numbers only, in one of two orders."""

    def answer(parts: Mapping[str, str]) -> str:
        return numeric(parts["text"]) or "?"

    return answer


def lenient() -> Reader:
    """Return the candidate: it knows the names of the months too."""

    def answer(parts: Mapping[str, str]) -> str:
        return numeric(parts["text"]) or named(parts["text"]) or "?"

    return answer


def numeric(text: str) -> str | None:
    """Read 5.4.2024, 05/04/2024 or 2024-04-05."""
    found = re.fullmatch(r"(\d{1,2})[./](\d{1,2})[./](\d{4})", text)
    if found:
        return iso(found[3], found[2], found[1])
    found = re.fullmatch(r"(\d{4})-(\d{1,2})-(\d{1,2})", text)
    return iso(found[1], found[2], found[3]) if found else None


def named(text: str) -> str | None:
    """Read a month by its name, a day and a year, in any order."""
    words = re.findall(r"[a-z]+|\d+", text.lower())
    months = [MONTHS.index(word[:3]) + 1 for word in words if word[:3] in MONTHS]
    numbers = sorted((int(word) for word in words if word.isdigit()), reverse=True)
    if len(months) != 1 or len(numbers) != 2:
        return None
    return iso(numbers[0], months[0], numbers[1])


def iso(year: str | int, month: str | int, day: str | int) -> str:
    """Write a date the one way that sorts."""
    return f"{int(year):04}-{int(month):02}-{int(day):02}"
