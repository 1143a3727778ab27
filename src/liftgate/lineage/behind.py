"""What stands behind the rows of a decision: the runs with their code, the people, the answers."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from liftgate.lineage.impact import Index, Link, rests_on
from liftgate.lineage.rows import Cell, Line, arm_of
from liftgate.lineage.thing import Kind
from liftgate.records import Entry, Item, Json

TextOf = Callable[[str], str | None]
"""Digest of a value -> its text; None: erased, or not kept."""


@dataclass(frozen=True)
class RunBehind:
    """One run that holds rows of a number."""

    id: str
    entry: int | None
    """The ledger entry of its end; None: no entry tells of it."""
    started_at: str | None = None
    complete: bool | None = None
    author: str | None = None
    code: Mapping[str, Any] | None = None
    """Commit, folder, digest of what was not committed, new files; None: not captured."""
    machine: Mapping[str, Any] | None = None
    command: tuple[str, ...] = ()
    not_captured: Mapping[str, str] | None = None


@dataclass(frozen=True)
class PersonBehind:
    """Somebody without whom the number would not be what it is."""

    name: str
    did: tuple[tuple[str, int | None], ...]
    """What, and the ledger entry that says so."""


@dataclass(frozen=True)
class AnswerBehind:
    """An item with what the arms were asked and what they answered."""

    item: str
    repeat: int
    asked: str
    target: str | None
    answers: Mapping[str, str]
    """Arm -> its answer; an erased one says so."""


def runs_behind(
    decision: Entry, index: Index, runs: Collection[str] | None
) -> tuple[RunBehind, ...]:
    """Return the runs that hold rows of a number, or of the whole decision.

    Args:
        decision: its entry.
        index: of the ledger.
        runs: ids of those that hold the rows of the number; None: the decision as a whole is
            meant, or the rows cannot be listed.
    """
    bound = {str(name).partition("/")[0] for name in decision.body["rows"]["files"]}
    names = bound if runs is None else set(runs)
    told = index.runs()
    return tuple(_run(name, told.get(name)) for name in sorted(names - {""}))


def people_behind(decision: Entry, index: Index) -> tuple[PersonBehind, ...]:
    """Return who locked, ran, labelled, signed and decided, each with what they did."""
    found: dict[str, dict[tuple[str, int | None], None]] = {}
    for one in rests_on(decision, index, index.runs()):
        if isinstance(one, Link) and one.kind is Kind.PERSON:
            found.setdefault(one.name, {})[one.why, one.entry] = None
    return tuple(PersonBehind(name, tuple(did)) for name, did in found.items())


def answers_behind(
    lines: Iterable[Line], items: Iterable[Item], text_of: TextOf, readable: Callable[[Json], str]
) -> tuple[AnswerBehind, ...]:
    """Return what was asked and answered in some rows.

    Args:
        lines: those rows.
        items: of the dataset.
        text_of: finds the text of an answer.
        readable: makes text of a value.
    """
    known = {item.id: item for item in items}
    found = []
    for line in lines:
        item = known.get(line.item)
        if item is None:
            continue
        answers: dict[str, str] = {}
        for column, cell in line.cells.items():
            arm = arm_of(column)
            if arm not in answers:
                answers[arm] = _said(cell, text_of)
        target = None if item.target is None else readable(item.target)
        found.append(
            AnswerBehind(line.item, line.repeat, readable(dict(item.input)), target, answers)
        )
    return tuple(found)


def _said(cell: Cell, text_of: TextOf) -> str:
    if cell.output is None:
        return "no answer"
    said = text_of(cell.output)
    return "erased" if said is None else said


def _run(name: str, entry: Entry | None) -> RunBehind:
    if entry is None:
        return RunBehind(name, None)
    body, captured = entry.body, entry.body["manifest"]
    git = captured.get("git")
    code = None
    if isinstance(git, Mapping):
        keys = ("commit", "folder", "dirty", "diff", "untracked", "untracked_files")
        code = {key: git.get(key) for key in keys}
    return RunBehind(
        name,
        entry.sequence,
        body["started_at"],
        bool(body["complete"]),
        entry.author,
        code,
        {key: captured.get(key) for key in ("python", "platform", "cpu", "threads", "concurrency")},
        tuple(map(str, captured.get("command") or ())),
        captured.get("not_captured"),
    )
