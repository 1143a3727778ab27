"""``liftgate impact``: which decisions rest on a thing that turned out wrong."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from liftgate.cli import options
from liftgate.cli.result import print_json, prints

if TYPE_CHECKING:
    from liftgate.flow.impact import Found
    from liftgate.lineage.impact import Affected


@click.command()
@click.argument("thing", metavar="KIND:NAME")
@click.option("--mark", is_flag=True, help="Mark the decisions to be looked at again; --reason.")
@click.option("--reason", default="", metavar="TEXT", help="Why: what is wrong with it.")
@options.TRUST
@prints("liftgate", "thing", "decisions", "affected", "cannot_tell", "marked_in", "exit_code")
def impact(*, thing: str, mark: bool, reason: str, given: Path | None, as_json: bool) -> int:
    """List the decisions that rest on a thing that turned out wrong, and mark them as reopened.

    KIND is dataset, judge (any scorer), prices, rubric, labels, person, commit, run or arm; NAME a
    digest (its beginning is enough), a name, a commit. A marked decision shows as reopened in gate
    status, the report, trace, documents and the ledger, until its study is decided anew.

    Exit codes: 0 no decision rests on it, or all that do are marked, 1 some are not marked, 2 wrong
    use or no such thing, 3 the ledger was altered, 4 for some nobody can tell.
    """
    from liftgate.cli.text import visible
    from liftgate.flow.impact import impact_of, reopen
    from liftgate.store import Workspace

    if reason and not mark:
        raise click.UsageError("--reason goes with --mark")
    workspace = Workspace.locate()
    found = (
        reopen(thing, workspace, reason=reason, given=given)
        if mark
        else impact_of(thing, workspace, given=given)
    )
    if as_json:
        print_json(found.as_json())
    else:
        for line in _text(found):
            click.echo(visible(line))
    return found.exit_code


def _text(found: Found) -> Iterator[str]:
    affected, untold = found.impact.affected, found.impact.untold
    verb = "rests" if len(affected) == 1 else "rest"
    count = f"{len(affected)} of {found.impact.decisions} decisions"
    yield f"{found.impact.thing}: {count} {verb} on it"
    for one in affected:
        yield _line(one)
        yield from (f"      {why}" for why in one.why)
    for number, why in untold.items():
        yield f"  entry {number}: nobody can tell: {why}"
    if found.entry is not None:
        yield f"Marked as reopened, ledger entry {found.entry.sequence}."
    elif affected and not found.impact.open:
        yield "All of them are marked as reopened for it already."
    elif affected:
        yield f"Not marked. Next: liftgate impact {found.impact.thing} --mark --reason TEXT"


def _line(one: Affected) -> str:
    words = ", ".join(f"{name} {word}" for name, word in one.words.items())
    notes = [] if one.newest else ["a newer decision of the study exists"]
    notes += [f"reopened by entry {number}" for number in one.reopened]
    return f"  entry {one.entry}: {one.study}: {words}" + (
        f" ({'; '.join(notes)})" if notes else ""
    )
