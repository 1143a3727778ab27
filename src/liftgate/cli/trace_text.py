"""How what stands behind a number is shown: answers, runs with their code, people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from liftgate.lineage.behind import AnswerBehind, PersonBehind, RunBehind
    from liftgate.lineage.trace import Printed

_WIDE = 100
_GAPS = 10
"""What was not captured of one run: so much is listed."""


def printed(found: Printed) -> Iterator[str]:
    """Give where a document prints the number, and whether it is the evidence's."""
    yield f"{found.file}:{found.line} ({found.mark}): {found.text}"
    if not found.holds:
        yield f"  contradicted: the evidence says {found.expected}"
    yield f"  bound to {found.name}"


def answers(found: Sequence[AnswerBehind]) -> Iterator[str]:
    """Give what was asked and answered."""
    from liftgate.figures.text import one_line

    if found:
        yield "Answers:"
    for one in found:
        name = one.item if one.repeat == 0 else f"{one.item} #{one.repeat}"
        yield f"  {name}: {one_line(one.asked, _WIDE)}"
        if one.target is not None:
            yield f"    label: {one_line(one.target, _WIDE)}"
        for arm, text in one.answers.items():
            yield f"    {arm}: {one_line(text, _WIDE)}"


def runs(found: Sequence[RunBehind]) -> Iterator[str]:
    """Give the runs that hold the rows, each with its code and machine."""
    for run in found:
        if run.entry is None:
            yield f"Run {run.id}: no entry tells of it"
            continue
        word = "complete" if run.complete else "interrupted"
        yield f"Run {run.id}: entry {run.entry}, {run.started_at}, {word}, by {run.author}"
        yield f"  code: {_code(run.code)}"
        machine = run.machine or {}
        cpu = machine.get("cpu") or {}
        yield f"  on: {machine.get('python')}, {machine.get('platform')}, {cpu.get('model')}"
        if run.command:
            yield f"  by: {' '.join(run.command)}"
        missing = sorted((run.not_captured or {}).items())
        shown = missing if len(missing) <= _GAPS + 1 else missing[:_GAPS]
        for name, why in shown:
            yield f"  not captured: {name} ({why})"
        if len(shown) < len(missing):
            yield f"  not captured: {len(missing) - len(shown):,} more, which --json lists"


def people(found: Sequence[PersonBehind]) -> Iterator[str]:
    """Give who did what."""
    if found:
        yield "People:"
    for one in found:
        did = ", ".join(
            why if entry is None else f"{why} (entry {entry})" for why, entry in one.did
        )
        yield f"  {one.name}: {did}"


def _code(code: Mapping[str, Any] | None) -> str:
    if code is None:
        return "not captured"
    said = f"commit {code['commit']}, folder {code['folder']}"
    if code.get("diff"):
        said += f", with changes not committed {code['diff']}"
    if code.get("untracked"):
        said += f", with {code['untracked']} files not in git"
    return said
