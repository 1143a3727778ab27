"""One thing that is demanded: met, not met, or nobody can tell; with the reasons as a tree."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any


class State(StrEnum):
    """What is known of a condition. "Can't tell" is never taken for a yes."""

    MET = "met"
    NOT_MET = "not met"
    CANNOT_TELL = "can't tell"


@dataclass(frozen=True)
class Condition:
    """A condition, whether it is met, why, and what it consists of."""

    name: str
    state: State
    why: str
    parts: tuple[Condition, ...] = ()
    waiver: int | None = None
    """Ledger entry of the waiver by which it does not count."""

    @property
    def counts(self) -> State:
        """What it counts as: a waived condition stops nothing."""
        return State.MET if self.waiver is not None else self.state

    def waived(self, entry: int, why: str) -> Condition:
        """Return it as set aside by a waiver; its state stays what it is."""
        return replace(self, waiver=entry, why=f"{self.why}; waived: {why}")

    def as_json(self) -> dict[str, Any]:
        """Return the tree as JSON values."""
        return {
            "name": self.name,
            "state": self.state.value,
            "why": self.why,
            "waiver": self.waiver,
            "parts": [one.as_json() for one in self.parts],
        }


def met(name: str, why: str) -> Condition:
    """Return a condition that is met."""
    return Condition(name, State.MET, why)


def not_met(name: str, why: str) -> Condition:
    """Return a condition that is not met."""
    return Condition(name, State.NOT_MET, why)


def cannot_tell(name: str, why: str) -> Condition:
    """Return a condition of which nothing is known."""
    return Condition(name, State.CANNOT_TELL, why)


def all_of(
    name: str, parts: Iterable[Condition], *, nothing: str = "nothing is asked for"
) -> Condition:
    """Join conditions as Kleene's three-valued "and" does: one that is not met decides."""
    listed = tuple(parts)
    counts = {one.counts for one in listed}
    state = next(
        (s for s in (State.NOT_MET, State.CANNOT_TELL) if s in counts),
        State.MET,
    )
    against = [one.name for one in listed if one.counts is not State.MET]
    why = ", ".join(against) if against else f"all {len(listed)}" if listed else nothing
    return Condition(name, state, why, listed)
