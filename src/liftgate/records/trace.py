"""What a system did on its way to an answer: model calls, tool calls, retrievals, in order.

There is one structure for all of them. An agent's tool calls and the stages of a retrieval system
are steps of one trace; it lies among the blobs, and a trial row holds its digest.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from liftgate.errors import DataError, did_you_mean
from liftgate.records.json_value import Json, name_of
from liftgate.records.notebook import Card

if TYPE_CHECKING:
    from liftgate.figures.card import Table

UNREAD = "unread_arguments"
"""A tool call's metadata under this name: why its arguments could not be read."""


class StepKind(StrEnum):
    """What sort of work a step was."""

    MODEL = "model"
    TOOL = "tool"
    RETRIEVAL = "retrieval"
    GENERATION = "generation"
    OTHER = "other"


@dataclass(frozen=True)
class Step(Card):
    """One thing that a system did."""

    kind: StepKind
    name: str = ""
    """Of the tool, of the model, of the stage."""
    input: Json = None
    """A tool's arguments by name; a model's messages; a retrieval's query."""
    output: Json = None
    seconds: float | None = None
    tokens_in: int | None = None
    tokens_out: int | None = None
    error: str | None = None
    """What went wrong, in the words of whoever said it; None: nothing did."""
    metadata: Mapping[str, Json] = field(default_factory=dict)


@dataclass(frozen=True)
class Trace(Card):
    """The steps behind one answer, in the order in which they began."""

    steps: tuple[Step, ...]
    tools: Mapping[str, Json] = field(default_factory=dict)
    """The tools that were offered: name -> JSON schema of the arguments, or None where the schema
    is not known. Empty: what was offered is not known."""

    def as_json(self) -> dict[str, Any]:
        """Return the trace as it is stored: what is None or empty is left out."""
        shown: dict[str, Any] = {"steps": [_shown(step) for step in self.steps]}
        if self.tools:
            shown["tools"] = dict(self.tools)
        return shown

    def _values(self) -> Table:
        from liftgate.figures.card import Table, words

        rows = [
            (number, step.kind.value, step.name, words(step.input), words(step.output), step.error)
            for number, step in enumerate(self.steps, start=1)
        ]
        return Table(("step", "kind", "name", "input", "output", "error"), tuple(rows))


def trace_of(value: object, *, place: str = "trace") -> Trace:
    """Read a trace from JSON values, in the form that ``Trace.as_json`` gives.

    Args:
        value: ``{"steps": [{"kind": "tool", "name": …, "input": …, "output": …}, …]}``.
        place: how errors call it.

    Raises:
        DataError: it has another form; names the step and the field.
    """
    known = _mapping(value, place, ("steps", "tools"))
    steps = known.get("steps")
    if not isinstance(steps, (list, tuple)):
        raise DataError(f"{place}.steps: got {name_of(steps)}, expected a list of steps")
    tools = known.get("tools", {})
    if not isinstance(tools, Mapping):
        raise DataError(f"{place}.tools: got {name_of(tools)}, expected schemas by the tool's name")
    for name, schema in tools.items():
        if schema is not None and not isinstance(schema, Mapping):
            raise DataError(f"{place}.tools.{name}: got {name_of(schema)}, expected a JSON schema")
    return Trace(
        tuple(_step(one, f"{place}.steps[{number}]") for number, one in enumerate(steps)),
        dict(tools),
    )


_FIELDS = tuple(f.name for f in fields(Step))


def _step(value: object, place: str) -> Step:
    found = dict(_mapping(value, place, _FIELDS))
    kind = found.get("kind")
    if not isinstance(kind, str) or kind not in set(StepKind):
        expected = ", ".join(StepKind)
        raise DataError(f"{place}.kind: got {kind!r}, expected one of: {expected}")
    found["kind"] = StepKind(kind)
    for name in ("name", "error"):
        text = found.get(name)
        if text is not None and not isinstance(text, str):
            raise DataError(f"{place}.{name}: got {name_of(text)}, expected text")
    if found.get("name") is None:
        found["name"] = ""
    for name in ("seconds", "tokens_in", "tokens_out"):
        if not _is_amount(found.get(name), whole=name != "seconds"):
            expected = "a number" if name == "seconds" else "a whole number"
            raise DataError(f"{place}.{name}: got {found[name]!r}, expected {expected} from 0 on")
    metadata = found.get("metadata")
    if metadata is not None and not isinstance(metadata, Mapping):
        raise DataError(f"{place}.metadata: got {name_of(metadata)}, expected a mapping")
    found["metadata"] = dict(metadata or {})
    return Step(**found)


def _mapping(value: object, place: str, names: Sequence[str]) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise DataError(f"{place}: got {name_of(value)}, expected a mapping")
    for name in value:
        if name not in names:
            near = did_you_mean(str(name), names)
            guess = f"did you mean {near!r}?" if near else f"known: {', '.join(names)}"
            raise DataError(f"{place}.{name}: not a field ({guess})")
    return value


def _is_amount(value: object, *, whole: bool) -> bool:
    if value is None:
        return True
    kinds = (int,) if whole else (int, float)
    right = isinstance(value, kinds) and not isinstance(value, bool)
    return right and math.isfinite(value) and value >= 0  # type: ignore[arg-type,operator]


def _shown(step: Step) -> dict[str, Any]:
    found = {name: getattr(step, name) for name in _FIELDS}
    return {
        name: value
        for name, value in found.items()
        if value is not None and not (name in ("name", "metadata") and not value)
    }
