"""``liftgate trace``: from a printed number back to its rows, answers, runs, code and people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click

from liftgate.cli import complete
from liftgate.cli.result import print_json, prints
from liftgate.cli.text import contents_sentence

if TYPE_CHECKING:
    from liftgate.lineage.reference import Target
    from liftgate.lineage.rows import Cell, Line
    from liftgate.lineage.trace import Trace

_SHOWN = 20
_KINDS = {
    "latency": "in ms over the calls of the run, without an interval",
    "cost": "without an interval",
}


@click.command()
@click.argument("reference", metavar="REF", shell_complete=complete.references)
@click.option(
    "--rows",
    type=click.IntRange(min=0),
    metavar="N",
    help=f"Show so many rows. Default: {_SHOWN}; with --json, all.",
)
@click.option(
    "--answers",
    type=click.IntRange(min=0),
    default=3,
    show_default=True,
    metavar="N",
    help="Show what was asked and answered in so many rows.",
)
@prints(
    "reference",
    "number",
    "entry",
    "lock",
    "dataset",
    "arms",
    "files",
    "sound",
    "rows",
    "answers",
    "runs",
    "people",
    "notes",
    "…",
)
def trace(*, reference: str, rows: int | None, answers: int, as_json: bool) -> int:
    """Follow a printed number to its rows, the answers, the runs, their code, and the people.

    REF stands beside every number: ENTRY:CANDIDATE.CLAIM[.SLICE] or ENTRY:ARM.METRIC, for example
    4:dense.primary or 4:bm25.mrr. An ENTRY alone lists what may be asked of it. Rows come with the
    largest differences and the failures first. FILE#m3 is the third bound number of a document
    that liftgate doc build made; in its HTML it is also a place to link to.

    Exit codes: 0 traced and every file is as it was recorded, 1 a document prints another number
    than the evidence, 2 wrong use or no such reference, 3 the ledger or a file was altered.
    """
    from liftgate.flow.trace import trace_reference
    from liftgate.store import Workspace

    found = trace_reference(reference, Workspace.locate(), answers=answers)
    if as_json:
        print_json(found.as_json(rows))
    else:
        from liftgate.figures.text import visible

        for line in _text(found, _SHOWN if rows is None else rows):
            click.echo(visible(line))
    if not found.sound:
        return 3
    return 0 if found.printed is None or found.printed.holds else 1


def _text(found: Trace, rows: int) -> Iterator[str]:
    from liftgate.cli.trace_text import answers, people, printed, runs

    body = found.entry.body
    if found.printed is not None:
        yield from printed(found.printed)
    if found.target is not None:
        yield from _number(found.target)
    entry, locked = found.entry, found.locked
    yield f"Entry {entry.sequence}: {entry.kind}, {entry.time:%Y-%m-%d %H:%MZ}, {entry.author}"
    yield f"  leaf {entry.leaf}"
    if locked is not None:
        yield f"Entry {locked.sequence}: {locked.kind}, {locked.time:%Y-%m-%d %H:%MZ}"
        yield f"  study {body['study_digest']}"
        dataset = body["dataset"]
        yield f"Dataset: {dataset['name']}, {dataset['items']:,} items, {dataset['digest']}"
    for arm in found.as_json(0)["arms"]:
        yield f"Arm {arm['name']} ({arm['role']}): {arm['system']}, {arm['fingerprint']}"
    yield from _files(found)
    if found.target is None and found.printed is None:
        yield from _references(found)
    elif found.target is not None and found.lines:
        yield from _lines(found.lines, found.columns or found.target.arms, rows)
    if found.contents is not None:
        yield contents_sentence(found.contents)
    yield from answers(found.answers)
    yield from runs(found.runs)
    yield from people(found.people)
    for note in found.notes:
        yield f"Note: {note}"


def _number(target: Target) -> Iterator[str]:
    yield f"{target.reference}: {target.metric}" + (
        f", {target.slice_name} {target.slice}" if target.slice is not None else ""
    )
    for name, estimate in (("decides", target.estimate), ("described", target.descriptive)):
        if estimate is not None:
            yield f"  {name}: {_interval(estimate)}"
    if target.value is not None:
        yield f"  {target.value:.6g}, {_KINDS.get(target.sort.value, 'exact')}"
    if target.reading is not None or target.reason:
        yield f"  {target.reading or target.sort.value}: {target.reason}".rstrip(": ")


def _interval(estimate: Mapping[str, Any]) -> str:
    low = "unbounded" if estimate["low"] is None else f"{estimate['low']:.6g}"
    high = "unbounded" if estimate["high"] is None else f"{estimate['high']:.6g}"
    p = "" if estimate["p_value"] is None else f", p = {estimate['p_value']:.4g}"
    return (
        f"{estimate['value']:.6g}, {estimate['level']:.0%} interval {low} to {high}{p}, "
        f"n = {estimate['n']:,} in {estimate['clusters']:,} clusters, {estimate['method']}"
    )


def _files(found: Trace) -> Iterator[str]:
    if found.files:
        yield "Files:"
    for file in found.files:
        by = f"entry {file.recorded_in}" if file.recorded_in else "no entry names it"
        yield f"  {file.state:<8} {file.file}  {file.digest}  ({by})"


def _references(found: Trace) -> Iterator[str]:
    if found.references:
        yield "References:"
    for reference in found.references:
        yield f"  {reference}"


def _lines(lines: Sequence[Line], arms: tuple[str, ...], rows: int) -> Iterator[str]:
    yield f"Rows: {len(lines):,}" + (f", the first {rows}" if rows < len(lines) else "")
    shown = lines[:rows]
    if not shown:
        return
    names = [line.item if line.repeat == 0 else f"{line.item} #{line.repeat}" for line in shown]
    table = [
        ["item", *arms],
        *(
            [name, *(_cell(line.cells.get(arm)) for arm in arms)]
            for name, line in zip(names, shown, strict=True)
        ),
    ]
    widths = [min(max(len(row[n]) for row in table), 60) for n in range(len(table[0]))]
    for row in table:
        cells = (f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True))
        yield "  " + "  ".join(cells).rstrip()


def _cell(cell: Cell | None) -> str:
    """One arm's side: its value, and in brackets what is odd about it."""
    from liftgate.figures.text import one_line

    if cell is None:
        return "-"
    value = "missing" if cell.value is None else f"{cell.value:.6g}"
    return f"{value} ({one_line(cell.mark, 40)})" if cell.mark else value
