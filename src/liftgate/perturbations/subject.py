"""What a family is given, and what it gives back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeGuard

from liftgate.perturbations.lots import Lots
from liftgate.records import Json

Place = tuple[str | int, ...]
"""Where a text stands in an item's input: a part, or a part, a message and its ``content``."""


class NotApplicable(Exception):
    """A family has nothing to change in an item, or could not keep its contract; says why."""


@dataclass(frozen=True)
class Subject:
    """One item as a family sees it."""

    input: Mapping[str, Json]
    target: Json
    lots: Lots
    rate: float
    """The share of what may be changed that is changed; a family without one takes no notice."""
    parts: tuple[str, ...] = ()
    """Only these parts of the input may be changed; empty: all texts and users' messages."""

    def texts(self) -> Iterator[tuple[Place, str]]:
        """Yield the texts that may be changed, in a fixed order."""
        for name in self.parts or sorted(self.input):
            value = self.input.get(name)
            if isinstance(value, str):
                yield (name,), value
            elif is_list(value):
                yield from ((place, text) for place, text in _messages(name, value))

    def part(self, *names: str) -> tuple[str, Sequence[Json]] | None:
        """Return the first of some parts that is a list, with its name."""
        for name in names:
            value = self.input.get(name)
            if is_list(value) and (not self.parts or name in self.parts):
                return name, value
        return None


@dataclass(frozen=True)
class Changed:
    """An item's new input and target."""

    input: Mapping[str, Json]
    target: Json
    note: str = field(compare=False, default="")
    """What was changed, for people."""


def is_list(value: Json) -> TypeGuard[Sequence[Json]]:
    """Whether a JSON value is a list."""
    return isinstance(value, Sequence) and not isinstance(value, (str, bytes))


def with_text(parts: Mapping[str, Json], place: Place, text: str) -> dict[str, Json]:
    """Return an input with another text at one place; nothing that was given is changed."""
    return {**parts, str(place[0]): _placed(parts[str(place[0])], place[1:], text)}


def _placed(value: Any, place: Place, text: str) -> Json:
    if not place:
        return text
    if isinstance(value, Mapping):
        return {**value, str(place[0]): _placed(value[place[0]], place[1:], text)}
    return [
        _placed(one, place[1:], text) if at == place[0] else one for at, one in enumerate(value)
    ]


def _messages(name: str, value: Any) -> Iterator[tuple[Place, str]]:
    for at, message in enumerate(value):
        if not isinstance(message, Mapping) or message.get("role") != "user":
            continue
        content = message.get("content")
        if isinstance(content, str):
            yield (name, at, "content"), content
