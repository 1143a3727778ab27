"""What a judge's answer says: a value of the scale, that it cannot be told, or nothing readable."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from liftgate.records import Json, Outcome, RubricScale

_FENCE = re.compile(r"```(?:json)?\s*\n(.*)\n\s*```", re.DOTALL)
_CANNOT = frozenset({"cannot tell", "can't tell", "cannot be told"})
LEAST_MASS = 0.5
"""An answer whose first token is less likely to be an anchor's key than this says nothing."""
_SHOWN = 120


@dataclass(frozen=True)
class Read:
    """One answer of a judge, read."""

    outcome: Outcome
    """``value``, ``abstained`` or ``failed``."""
    value: float | None = None
    why: str = ""
    """The judge's own reason, or what was got instead of an answer."""
    mass: float | None = None
    """Of a logprob answer: the probability that the first token is some anchor's key."""


def read(
    output: Json, scale: RubricScale, form: str, counts: Mapping[float, float] | None = None
) -> Read:
    """Read a judge's answer.

    Args:
        output: what its system gave.
        scale: of the rubric.
        form: ``json``: an object with ``value``, a number, label or null; ``text``: a label or key
            alone; ``logprob``: the expected value over the anchors' keys as first token.
        counts: what each of the scale's values counts; None: itself.
    """
    counts = counts or {value: value for value in scale.values}
    if form == "logprob":
        return _logprob(output, scale, counts)
    content = _content(output)
    found = _json(content, scale) if form == "json" else _text(content, scale)
    return found if found.value is None else replace(found, value=counts[found.value])


def statements_of(output: Json) -> list[str] | None:
    """Return the statements of a judge that was asked to split, or None when there are none."""
    found = _object(_content(output))
    listed = None if found is None else found.get("statements")
    if not isinstance(listed, list) or not all(isinstance(one, str) for one in listed):
        return None
    return [one.strip() for one in listed if one.strip()]


def shown(output: Json) -> str:
    """Return the beginning of an answer, for a message."""
    text = output if isinstance(output, str) else json.dumps(output, ensure_ascii=False)
    return repr(text if len(text) <= _SHOWN else f"{text[: _SHOWN - 1]}…")


def _content(output: Json) -> Json:
    """Return what was said, without what a system reports beside it."""
    if isinstance(output, Mapping) and "content" in output and "value" not in output:
        return output["content"]
    return output


def _object(output: Json) -> Mapping[str, Any] | None:
    """Return a JSON object: as it is, as text, or as text in one code fence."""
    if isinstance(output, Mapping):
        return output
    if not isinstance(output, str):
        return None
    text = output.strip()
    fenced = _FENCE.fullmatch(text)
    try:
        found = json.loads(fenced[1] if fenced else text)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _json(output: Json, scale: RubricScale) -> Read:
    found = _object(output)
    if found is None:
        return Read(Outcome.FAILED, why=f"got {shown(output)}, expected a JSON object with value")
    if "value" not in found:
        keys = ", ".join(sorted(map(str, found))) or "none"
        return Read(Outcome.FAILED, why=f"got a JSON object with the keys {keys}, expected value")
    why = str(found.get("reason") or "")
    if found["value"] is None:
        return Read(Outcome.ABSTAINED, why=why or "the judge cannot tell")
    value = scale.value_of(found["value"])
    if value is None:
        return Read(Outcome.FAILED, why=_none_of(found["value"], scale))
    return Read(Outcome.VALUE, value, why)


def _text(output: Json, scale: RubricScale) -> Read:
    if not isinstance(output, str):
        return Read(Outcome.FAILED, why=f"got {shown(output)}, expected a label as text")
    text = output.strip().strip(".\"'*`").strip()
    if text.casefold() in _CANNOT:
        return Read(Outcome.ABSTAINED, why="the judge cannot tell")
    value = scale.value_of(text)
    if value is None:
        return Read(Outcome.FAILED, why=_none_of(output, scale))
    return Read(Outcome.VALUE, value)


def _none_of(given: Any, scale: RubricScale) -> str:
    known = ", ".join(f"{anchor.value:g} ({anchor.label})" for anchor in scale.anchors)
    return f"got {shown(given)}, expected one of {known}"


def _logprob(output: Json, scale: RubricScale, counts: Mapping[float, float]) -> Read:
    found = dict(_first_token(output))
    if not found:
        return Read(
            Outcome.FAILED,
            why=f"got {shown(output)}, expected log-probabilities of the first token; give the "
            "judge's system e.g. logprobs: 20",
        )
    weights = [
        sum(math.exp(p) for token, p in found.items() if _is_key(token, anchor.key))
        for anchor in scale.anchors
    ]
    mass = min(sum(weights), 1.0)
    if mass < LEAST_MASS:
        likeliest = max(found, key=lambda token: found[token])
        return Read(
            Outcome.FAILED,
            why=f"the anchors' keys hold {mass:.2g} of the probability of the first token, "
            f"expected at least {LEAST_MASS:g}; the likeliest is {likeliest!r}",
            mass=mass,
        )
    total = math.fsum(weights)
    worth = [counts[anchor.value] for anchor in scale.anchors]
    value = math.fsum(w * v for w, v in zip(weights, worth, strict=True)) / total
    return Read(Outcome.VALUE, min(max(value, min(worth)), max(worth)), mass=mass)


def _is_key(token: str, key: str) -> bool:
    return token.strip().casefold() == key


def _first_token(output: Json) -> Iterator[tuple[str, float]]:
    """Yield the first token's alternatives, from a chat's or a completion's log-probabilities."""
    listed = output.get("logprobs") if isinstance(output, Mapping) else None
    if not isinstance(listed, Mapping):
        return
    content, top = listed.get("content"), listed.get("top_logprobs")
    if isinstance(content, list) and content and isinstance(content[0], Mapping):
        first = content[0]
        others = first.get("top_logprobs")
        for one in (first, *(others if isinstance(others, list) else ())):
            if isinstance(one, Mapping):
                yield from _pair(one.get("token"), one.get("logprob"))
    elif isinstance(top, list) and top and isinstance(top[0], Mapping):
        for token, logprob in top[0].items():
            yield from _pair(token, logprob)


def _pair(token: Json, logprob: Json) -> Iterator[tuple[str, float]]:
    if isinstance(token, str) and isinstance(logprob, (int, float)):
        yield token, min(float(logprob), 0.0)
