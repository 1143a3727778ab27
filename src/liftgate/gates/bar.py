"""One place at which two bars differ, and how a change of it is judged."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from liftgate.canon import canonical
from liftgate.records.notebook import Card


class Effect(StrEnum):
    """What a change does to the bar."""

    WEAKENED = "weakened"
    NEUTRAL = "neutral"
    STRENGTHENED = "strengthened"


@dataclass(frozen=True)
class BarChange(Card):
    """One place where two bars differ."""

    path: str
    old: Any
    new: Any
    effect: Effect
    why: str

    def as_json(self) -> dict[str, Any]:
        """Return the change as JSON values."""
        return {
            "path": self.path,
            "old": self.old,
            "new": self.new,
            "effect": self.effect.value,
            "why": self.why,
        }


Judge = Callable[[Any, Any], tuple[Effect, str]]


def one(path: str, old: Any, new: Any, judge: Judge) -> Iterator[BarChange]:
    """Yield the change at a place, if there is one, as a judge sees it."""
    if canonical(old) != canonical(new):
        effect, why = judge(old, new)
        yield BarChange(path, old, new, effect, why)


def more(old: Any, new: Any) -> tuple[Effect, str]:
    """More asks for more; nothing asks for nothing."""
    up = (new or 0) > (old or 0)
    return (Effect.STRENGTHENED, "more is asked for") if up else (Effect.WEAKENED, "less asked for")


def less(old: Any, new: Any) -> tuple[Effect, str]:
    """A smaller allowance asks for more; none given allows everything."""
    if new is None:
        return Effect.WEAKENED, "no limit any more"
    if old is None or new < old:
        return Effect.STRENGTHENED, "less is allowed"
    return Effect.WEAKENED, "more is allowed"


def ranked(order: tuple[str, ...]) -> Judge:
    """Return the judge of an ordered list of words: later ones ask for more."""

    def judge(old: Any, new: Any) -> tuple[Effect, str]:
        up = order.index(new) > order.index(old)
        return (Effect.STRENGTHENED, "higher") if up else (Effect.WEAKENED, "lower")

    return judge


def no_bar(_old: Any, _new: Any) -> tuple[Effect, str]:
    """Judge what sets no bar."""
    return Effect.NEUTRAL, "it sets no bar"


def unknown(why: str) -> Judge:
    """Return the judge of what cannot be shown to ask for as much."""
    return lambda _old, _new: (Effect.WEAKENED, f"{why}: that it asks as much is not shown")


def counts(path: str, old: Mapping[str, int], new: Mapping[str, int]) -> Iterator[BarChange]:
    """Yield what differs between two tables of how many of each role must sign."""
    for role in dict.fromkeys([*old, *new]):
        yield from one(f"{path}.{role}", old.get(role), new.get(role), more)


def listed(path: str, old: Iterable[str], new: Iterable[str]) -> Iterator[BarChange]:
    """Yield what was dropped from a list that asks for things, and what was added."""
    before, after = set(old), set(new)
    for name in sorted(before - after):
        yield BarChange(f"{path}.{name}", name, None, Effect.WEAKENED, "dropped")
    for name in sorted(after - before):
        yield BarChange(f"{path}.{name}", None, name, Effect.STRENGTHENED, "added")


def needed(path: str, old: Any, new: Any, judge: Judge) -> Iterator[BarChange]:
    """What is there or not, where there means more."""
    if (old is None) != (new is None):
        effect = Effect.STRENGTHENED if old is None else Effect.WEAKENED
        yield BarChange(path, old, new, effect, "added" if old is None else "dropped")
    else:
        yield from one(path, old, new, judge)


def flag(*, fewer: bool) -> Judge:
    """Return the judge of a switch; ``fewer``: whether, set, it asks fewer people."""

    def judge(_old: Any, new: Any) -> tuple[Effect, str]:
        weaker = bool(new) is fewer
        return (
            (Effect.WEAKENED, "fewer must agree")
            if weaker
            else (Effect.STRENGTHENED, "more must agree")
        )

    return judge
