"""What an agent did, from the events of a sample of an inspect_ai log."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from liftgate.importers.cells import shown
from liftgate.records import UNREAD, Json, StepKind, Trace, trace_of

_ATTACHMENT = "attachment://"
_SCORING = frozenset({"scorers", "scorer"})


def trace_of_sample(sample: Mapping[str, Any], place: str) -> Trace:
    """Return the model and tool calls of a sample, in order; those of its scorers left out.

    Args:
        sample: as the log has it.
        place: where it stands, for errors.

    Raises:
        DataError: an event of another shape than the format has.
    """
    attached = sample.get("attachments") or {}
    pool = _resolved((sample.get("events_data") or {}).get("messages") or [], attached)
    steps: list[dict[str, Any]] = []
    tools: dict[str, Any] = {}
    for event in _of_the_system(sample.get("events") or []):
        if event["event"] == "model":
            steps.append(_model(event, pool, attached))
            tools |= {t["name"]: t.get("parameters") for t in event.get("tools") or ()}
        else:
            steps.append(_tool(event, attached))
    found = [{k: v for k, v in step.items() if v is not None} for step in steps]
    return trace_of({"steps": found, "tools": tools}, place=f"{place}: events")


def _of_the_system(events: list[Any]) -> Iterator[Mapping[str, Any]]:
    """Yield model and tool calls that are not made inside a span of scoring."""
    scoring: set[str] = set()
    for event in events:
        kind = event.get("event")
        if kind == "span_begin":
            if event.get("type") in _SCORING or event.get("parent_id") in scoring:
                scoring.add(event["id"])
        elif kind in ("model", "tool") and event.get("span_id") not in scoring:
            yield event


def _model(
    event: Mapping[str, Any], pool: list[Json], attached: Mapping[str, str]
) -> dict[str, Any]:
    said = event.get("output") or {}
    usage = said.get("usage") or {}
    refs = event.get("input_refs")
    messages = _resolved(event.get("input") or [], attached)
    if refs:
        messages = [message for start, end in refs for message in pool[start:end]]
    choices = said.get("choices") or [{}]
    return {
        "kind": StepKind.MODEL.value,
        "name": event.get("model"),
        "input": messages,
        "output": _resolved(choices[0].get("message"), attached),
        "seconds": event.get("working_time", said.get("time")),
        "tokens_in": usage.get("input_tokens"),
        "tokens_out": usage.get("output_tokens"),
        "error": _error(event.get("error") or said.get("error")),
    }


def _tool(event: Mapping[str, Any], attached: Mapping[str, str]) -> dict[str, Any]:
    error = event.get("error")
    unread = isinstance(error, dict) and error.get("type") == "parsing"
    pending = event.get("pending") and error is None
    return {
        "kind": StepKind.TOOL.value,
        "name": event.get("function"),
        "input": _resolved(event.get("arguments"), attached),
        "output": _resolved(event.get("result"), attached),
        "seconds": event.get("working_time"),
        "error": "it had not come back when the sample ended" if pending else _error(error),
        "metadata": {UNREAD: _error(error)} if unread else None,
    }


def _error(error: Any) -> str | None:
    if error is None:
        return None
    if isinstance(error, dict):
        kind, message = error.get("type"), error.get("message")
        return ": ".join(str(part) for part in (kind, message) if part) or shown(error)
    return str(error)


def _resolved(value: Any, attached: Mapping[str, str]) -> Any:
    """Return a value with each attachment in its place."""
    if isinstance(value, str):
        if value.startswith(_ATTACHMENT):
            return attached.get(value.removeprefix(_ATTACHMENT), value)
        return value
    if isinstance(value, dict):
        return {name: _resolved(one, attached) for name, one in value.items()}
    if isinstance(value, list):
        return [_resolved(one, attached) for one in value]
    return value
