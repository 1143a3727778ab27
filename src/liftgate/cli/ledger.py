"""``liftgate ledger``: verify the chain and its files, list entries, show one."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from liftgate.records import Entry

_JSON = click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")


@click.group()
def ledger() -> None:
    """Show and verify the ledger and the files that it names.

    The ledger is a chain: each entry names the one before it by a digest of all of it. What was
    locked, run and decided stands there in its order, and a later change of it shows.
    """


@ledger.command()
@_JSON
def verify(*, as_json: bool) -> int:
    """Verify every entry, every link, and every file of every recorded run.

    A chain cannot show that its last entries were cut off, nor that its owner wrote all of it anew.

    Exit codes: 0 sound, 2 there is no ledger, 3 broken: the first bad entry or file is named.
    """
    from liftgate.flow.ledger import verify as verify_all
    from liftgate.store import Workspace

    found = verify_all(Workspace.locate())
    if as_json:
        body = {
            "sound": True,
            "entries": found.entries,
            "runs": found.runs,
            "files": found.files,
            "unrecorded": list(found.unrecorded),
        }
        click.echo(json.dumps(body, indent=2))
        return 0
    click.echo(
        f"Sound: {_count(found.entries, 'entry', 'entries')} in one chain, "
        f"{_count(found.files, 'file', 'files')} of {_count(found.runs, 'run', 'runs')}."
    )
    for run in found.unrecorded:
        click.echo(f"Not recorded yet, so not verified: run {run}; the next liftgate run does it.")
    return 0


@ledger.command()
@click.option("--kind", metavar="KIND", help="Only entries of this kind, e.g. decision.")
@click.option("-n", "--last", type=click.IntRange(min=1), metavar="N", help="Only the last N.")
@_JSON
def log(*, kind: str | None, last: int | None, as_json: bool) -> int:
    """List the entries in order, one line each."""
    from liftgate.flow.ledger import entries
    from liftgate.store import Workspace

    found = entries(Workspace.locate(), kind=kind, last=last)
    if as_json:
        click.echo(json.dumps({"entries": [_head(e) for e in found]}, indent=2))
        return 0
    for entry in found:
        click.echo(_line(entry))
    if not found:
        click.echo("No such entry." if kind else "The ledger is empty.")
    return 0


@ledger.command()
@click.argument("sequence", type=click.IntRange(min=1))
@_JSON
def show(*, sequence: int, as_json: bool) -> int:
    """Show one entry with its whole body."""
    from liftgate.figures.text import visible
    from liftgate.flow.ledger import entry
    from liftgate.store import Workspace

    found = entry(Workspace.locate(), sequence)
    whole = {**_head(found), "previous": found.previous, "refs": found.refs, "body": found.body}
    text = json.dumps(whole, indent=2, ensure_ascii=False)
    click.echo(text if as_json else visible(text))
    return 0


def _head(entry: Entry) -> dict[str, Any]:
    return {
        "sequence": entry.sequence,
        "time": entry.time.isoformat(),
        "kind": entry.kind,
        "author": entry.author,
        "leaf": entry.leaf,
        "about": _about(entry),
    }


def _line(entry: Entry) -> str:
    from liftgate.canon import short
    from liftgate.figures.text import one_line

    time = entry.time.strftime("%Y-%m-%d %H:%M:%SZ")
    author, about = one_line(entry.author, 30), one_line(_about(entry), 80)
    return f"{entry.sequence:>5}  {time}  {short(entry.leaf, 8)}  {entry.kind}  {about}  ({author})"


def _about(entry: Entry) -> str:
    """What an entry is about, in a few words."""
    body = entry.body
    if entry.kind == "run.finished":
        return f"{body['id']}, {'complete' if body['complete'] else 'interrupted'}"
    if entry.kind == "decision":
        words = ", ".join(f"{d['candidate']} {d['word']}" for d in body["decisions"])
        return f"{body['study']}: {words}"
    return str(body.get("name", body.get("study", "")))


def _count(number: int, one: str, many: str) -> str:
    return f"{number:,} {one if number == 1 else many}"
