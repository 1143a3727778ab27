"""What is to happen to a model's aliases, as one act: its record."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from liftgate.records.notebook import Card


@dataclass(frozen=True)
class Step:
    """One alias, from where to where; None: it points nowhere."""

    alias: str
    before: str | None
    after: str | None


@dataclass(frozen=True)
class Act(Card):
    """What is to happen to a model's aliases, and on what ground."""

    model: str
    steps: tuple[Step, ...]
    ground: Mapping[str, Any]
    """The decision, or who took it back and why."""
    tags: Mapping[str, str]
    tagged: str | None = None
    """The version that gets the tags."""
    replaced: Mapping[str, str | None] = field(default_factory=dict)
    """What the tags said before; None: nothing. An act that is given up leaves them so."""

    def as_json(self, place: str) -> dict[str, Any]:
        """Return the act as an entry of the ledger holds it."""
        return {
            "registry": place,
            "model": self.model,
            "steps": [
                {"alias": one.alias, "before": one.before, "after": one.after} for one in self.steps
            ],
            "ground": dict(self.ground),
            "tags": dict(self.tags),
            "tagged": self.tagged,
            "replaced": dict(self.replaced),
        }

    @classmethod
    def of_json(cls, body: Mapping[str, Any]) -> Act:
        """Read an act from an entry's body."""
        steps = tuple(Step(one["alias"], one["before"], one["after"]) for one in body["steps"])
        replaced = body.get("replaced", {})
        return cls(body["model"], steps, body["ground"], body["tags"], body["tagged"], replaced)
