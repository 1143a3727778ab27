"""One item's tries as data: outputs beside each other, documents as sets, steps aligned."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from liftgate.documents.page import clip
from liftgate.documents.word_diff import Piece, WordDiff, word_diff
from liftgate.flow.flip_look import SIDES, Look, Told
from liftgate.records import StepKind

_MODELS = {StepKind.MODEL.value, StepKind.GENERATION.value}


def tries_view(told: Sequence[tuple[Told, ...]], most: int, *, diff: bool) -> list[dict[str, Any]]:
    """Return the tries, those of one repeat beside each other."""
    sides = [{one.repeat: one for one in rows} for rows in told]
    repeats = sorted(sides[0].keys() | sides[1].keys(), key=lambda r: (len(r), r))
    return [_try(r, [side.get(r) for side in sides], most, diff=diff) for r in repeats[:20]]


def _try(repeat: str, rows: Sequence[Told | None], most: int, *, diff: bool) -> dict[str, Any]:
    outputs = ["" if row is None else row.texts.output for row in rows]
    known = next((row for row in rows if row is not None), None)
    found = word_diff(*(clip(text, most) for text in outputs)) if diff else None
    return {
        "repeat": repeat,
        "input": "" if known is None else clip(known.texts.input, most),
        "target": "" if known is None else clip(known.texts.target, most),
        "sides": [
            {
                "side": name,
                "there": row is not None,
                "output": clip(text, most),
                "pieces": _pieces(found, number),
                "reasons": {}
                if row is None
                else {clip(k, 80): clip(v, most) for k, v in row.texts.reasons.items()},
            }
            for number, (name, row, text) in enumerate(zip(SIDES, rows, outputs, strict=True))
        ],
        "aligned": found is None or found.aligned,
        "alike": outputs[0] == outputs[1],
        "documents": _documents(rows, most),
        "steps": _steps(rows, most),
    }


def _pieces(found: WordDiff | None, side: int) -> list[dict[str, Any]]:
    if found is None:
        return []
    pieces = found.candidate if side else found.baseline
    return [{"text": piece.text, "changed": piece.changed} for piece in pieces]


def _of_trace(row: Told | None) -> list[Mapping[str, Any]]:
    return [] if row is None or row.trace is None else list(row.trace["steps"])


def _documents(rows: Sequence[Told | None], most: int) -> dict[str, list[str]] | None:
    """Return the retrieved documents as sets: on both sides, on one only."""
    sides = []
    for row in rows:
        steps = [s for s in _of_trace(row) if s["kind"] == StepKind.RETRIEVAL.value]
        outputs = [one for s in steps for one in _listed(s.get("output"))]
        outputs += [] if row is None else row.texts.retrieved
        sides.append(dict.fromkeys(clip(_named(one), most) for one in outputs))
    if not any(sides):
        return None
    return {
        "both": [one for one in sides[0] if one in sides[1]],
        "baseline": [one for one in sides[0] if one not in sides[1]],
        "candidate": [one for one in sides[1] if one not in sides[0]],
    }


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]


def _named(value: Any) -> str:
    if isinstance(value, Mapping):
        for name in ("id", "document", "text"):
            if name in value:
                return str(value[name])
    return str(value)


def _steps(rows: Sequence[Told | None], most: int) -> list[dict[str, Any]]:
    """Return the steps of both traces, aligned by what was called; a gap where one has none."""
    sides = [_of_trace(row)[:200] for row in rows]
    if not any(sides):
        return []
    # As a word for each step the same alignment serves: private characters cannot be joined.
    names: dict[tuple[str, str], str] = {}
    marks = []
    for steps in sides:
        keys = [(str(s["kind"]), _called(s)) for s in steps]
        marks.append(" ".join(f"s{names.setdefault(k, str(len(names)))}" for k in keys))
    found = word_diff(*marks)
    columns = [_marked(pieces) for pieces in (found.baseline, found.candidate)]
    aligned, at = [], [0, 0]
    while at[0] < len(sides[0]) or at[1] < len(sides[1]):
        alone = [at[s] < len(sides[s]) and columns[s][at[s]] for s in (0, 1)]
        taken = [bool(alone[0]), not alone[0] and bool(alone[1])] if any(alone) else [True, True]
        pair = []
        for s in (0, 1):
            there = taken[s] and at[s] < len(sides[s])
            pair.append(_step(sides[s][at[s]], most) if there else None)
            at[s] += there
        aligned.append({"sides": pair})
    return aligned


def _called(step: Mapping[str, Any]) -> str:
    """Return by what a step is aligned: a model's name is what differs between two systems."""
    return "" if step["kind"] in _MODELS else str(step.get("name", ""))


def steps_view(steps: Sequence[Mapping[str, Any]], most: int) -> list[dict[str, str]]:
    """Return the steps of one trace as texts of at most so many characters each."""
    return [_step(one, most) for one in steps]


def people_view(look: Look, item: str, most: int) -> list[dict[str, Any]]:
    """Return what people said of an item's answers."""
    return [
        {
            "side": one.side,
            "repeat": one.repeat,
            "rater": clip(one.rater, 80),
            "value": one.value,
            "reason": clip(one.reason, most),
            "of_pair": one.of_pair,
        }
        for one in (look.texts.rated(item) or ())[:100]
    ]


def _marked(pieces: Sequence[Piece]) -> list[bool]:
    """Return, for each step, whether the other side lacks it."""
    return [piece.changed for piece in pieces for word in piece.text.split() if word]


def _step(step: Mapping[str, Any], most: int) -> dict[str, str]:
    shown = {key: step.get(key) for key in ("kind", "name", "input", "output", "error")}
    return {
        k: clip(v if isinstance(v, str) else json.dumps(v, ensure_ascii=False), min(most, 400))
        for k, v in shown.items()
        if v
    }
