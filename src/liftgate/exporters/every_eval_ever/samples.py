"""The samples of Every Eval Ever: one line for each row and metric of a side."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from liftgate.protocols import Row, RowTexts, ToldRow, ToldSide
from liftgate.records import Columns, Scale, Step, StepKind, Trace

SCHEMA = "0.3.0"
REPEAT = "repeat"
"""Under which name a sample's metadata holds its try."""

_NO_TEXTS = RowTexts()
_SEARCHES = frozenset({StepKind.TOOL, StepKind.RETRIEVAL})


@dataclass(frozen=True)
class Named:
    """What every line of a side says of its run."""

    evaluation_id: str
    model_id: str
    evaluation_name: str


class Samples:
    """The lines of one side; when all were taken, their number and digest are known."""

    def __init__(
        self, named: Named, side: ToldSide, columns: Columns, scales: Mapping[str, Scale]
    ) -> None:
        self._named, self._side, self._columns, self._scales = named, side, columns, scales
        self._digest = hashlib.sha256()
        self.lines = 0

    @property
    def checksum(self) -> str:
        """SHA-256 of the lines that were taken, in hex digits."""
        return self._digest.hexdigest()

    def __iter__(self) -> Iterator[bytes]:
        """Yield the lines."""
        for told in self._side.rows():
            for line in self._of(told):
                data = (json.dumps(line, ensure_ascii=True, allow_nan=False) + "\n").encode()
                self._digest.update(data)
                self.lines += 1
                yield data

    def _of(self, told: ToldRow) -> Iterator[dict[str, Any]]:
        row = told.row
        shared = self._shared(told)
        known = {} if row.error is not None else self._known(row)
        if not known:
            # The format wants a number and has no word for none; a line that names no result
            # counts under no metric.
            yield shared | {"evaluation": {"score": 0.0, "is_correct": False} | _counts(shared)}
        for metric, score in known.items():
            evaluation = {"score": score, "is_correct": _is_best(score, self._scales[metric])}
            yield shared | {
                "evaluation_result_id": metric,
                "evaluation": evaluation | _counts(shared),
            }

    def _known(self, row: Row) -> dict[str, float]:
        return {
            metric: score
            for metric in self._scales
            if (score := row.scores.get(metric)) is not None
        }

    def _shared(self, told: ToldRow) -> dict[str, Any]:
        row, texts = told.row, told.texts or _NO_TEXTS
        content = row.content if self._side.has_content else None
        return {
            "schema_version": SCHEMA,
            "evaluation_id": self._named.evaluation_id,
            "model_id": self._named.model_id,
            "evaluation_name": self._named.evaluation_name,
            "sample_id": row.item,
            "sample_hash": None if content is None else content.removeprefix("sha256:"),
            "input": {"raw": texts.input, "reference": [texts.target] if texts.target else []},
            "answer_attribution": [],
            "error": row.error,
            "metadata": self._metadata(row),
        } | _answer(texts, told.trace)

    def _metadata(self, row: Row) -> dict[str, str]:
        found = dict(row.slices)
        if row.cluster is not None and self._columns.cluster is not None:
            found[self._columns.cluster] = row.cluster
        if row.repeat is not None:
            found[REPEAT] = row.repeat
        return found


def _is_best(score: float, scale: Scale) -> bool:
    """Say whether a score is the best of its range, which is what the format calls correct."""
    return score == (scale.high if scale.higher_is_better else scale.low)


def _counts(shared: Mapping[str, Any]) -> dict[str, int]:
    messages = shared.get("messages")
    if messages is None:
        return {}
    return {
        "num_turns": len(messages),
        "tool_calls_count": sum(len(one.get("tool_calls") or ()) for one in messages),
    }


def _answer(texts: RowTexts, trace: Trace | None) -> dict[str, Any]:
    steps = trace.steps if trace is not None else ()
    if not any(step.kind in _SEARCHES for step in steps):
        return {"interaction_type": "single_turn", "output": {"raw": [texts.output]}}
    return {"interaction_type": "agentic", "messages": _messages(texts, steps)}


def _messages(texts: RowTexts, steps: Sequence[Step]) -> list[dict[str, Any]]:
    """Tell a trace as a conversation that ends with the answer."""
    found: list[dict[str, Any]] = [{"role": "user", "content": texts.input}]
    for number, step in enumerate(steps, 1):
        if step.kind in _SEARCHES:
            call: dict[str, Any] = {"id": f"step-{number}", "name": step.name or str(step.kind)}
            call["arguments"] = _arguments(step.input)
            found.append({"role": "assistant", "content": None, "tool_calls": [call]})
            said = _text(step.output) if step.error is None else step.error
            found.append({"role": "tool", "content": said, "tool_call_id": [call["id"]]})
    found.append({"role": "assistant", "content": texts.output})
    return [{"turn_idx": at, **message} for at, message in enumerate(found)]


def _arguments(given: Any) -> dict[str, str]:
    if given is None:
        return {}
    named = given if isinstance(given, Mapping) else {"input": given}
    return {str(name): _text(value) for name, value in named.items()}


def _text(value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
