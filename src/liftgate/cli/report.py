"""``liftgate report``: write the report of a decision and say where it lies."""

from __future__ import annotations

from pathlib import Path

import click

from liftgate.cli import complete
from liftgate.cli.result import print_json, prints


@click.command()
@click.argument("study", required=False, shell_complete=complete.studies)
@click.option(
    "--entry",
    type=click.IntRange(min=1),
    metavar="N",
    shell_complete=complete.decisions,
    help="From this entry of the ledger, a decision.",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write to this file. Default: the workspace's folder of reports.",
)
@click.option(
    "--picture",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Draw the report's pictures, too: .svg, .png or .html. Further ones are FILE-2, FILE-3.",
)
@click.option(
    "--open/--no-open",
    "opened",
    is_flag=True,
    help="Open the page in the browser.",
)
@prints("study", "entry", "leaf", "report", "money", "pictures?", "reopened?")
def report(
    *,
    study: str | None,
    entry: int | None,
    out: Path | None,
    picture: Path | None,
    opened: bool,
    as_json: bool,
) -> int:
    """Write the report of a study's last decision as one HTML file.

    STUDY is a study file or a study's name; without it, the study that was decided last. The page
    is printed from the ledger alone, after its chain was verified: it opens with the network off.

    Exit codes: 0 written, 2 wrong use or nothing decided yet, 3 the ledger was altered.
    """
    from liftgate.flow.report import write_report
    from liftgate.store import Workspace

    written = write_report(Workspace.locate(), study=study, entry=entry, out=out, picture=picture)
    if as_json:
        found = {"study": written.study, "entry": written.entry, "leaf": written.leaf}
        found |= {"report": str(written.path), "money": written.money}
        if written.pictures:
            found["pictures"] = [str(path) for path in written.pictures]
        if written.reopened:
            found["reopened"] = list(written.reopened)
        print_json(found)
    else:
        from liftgate.cli.text import visible

        click.echo(f"Report of ledger entry {written.entry}, {written.study}:")
        for path in (written.path, *written.pictures):
            click.echo(str(path))
        for line in written.costs:
            click.echo(visible(line))
        for line in written.reopened:
            click.echo(visible(f"To be looked at again: {line}"))
    if opened:
        click.launch(str(written.path))
    return 0
