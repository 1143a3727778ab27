"""``liftgate rate``: have people rate what systems answered, or anything else."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from liftgate.cli.text import visible

_JSON = click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
_BATCH = click.argument("batch")


@click.group()
def rate() -> None:
    """Have people rate: blind, in their own order, by single keys.

    A batch is drawn once, by a seed that the ledger keeps. Raters work in the browser or in a file;
    nobody is told which arm an answer comes from.
    """


@rate.command()
@click.argument("source")
@click.option("--rubric", required=True, help="A built-in rubric's name, or a YAML file.")
@click.option("--raters", required=True, metavar="A,B", help="Pseudonyms, separated by commas.")
@click.option(
    "--n",
    "items",
    required=True,
    type=click.IntRange(min=1),
    help="Items to rate, over all raters: with each, the answers of all arms.",
)
@click.option(
    "--overlap",
    default=0,
    type=click.IntRange(min=0),
    help="Of these, how many everybody rates; agreement is computed from them.",
)
@click.option(
    "--repeats",
    default=0,
    type=click.IntRange(min=0),
    help="How many tasks each rater sees twice.",
)
@click.option(
    "--gold",
    type=click.Path(path_type=Path, dir_okay=False),
    help="A JSONL file of things with a known value; every rater gets them, unmarked.",
)
@click.option("--seed", type=click.IntRange(min=0, max=2**53 - 1), help="Default: drawn now.")
@click.option(
    "--stratify", metavar="NAME", help="A slice or metadata field: sampled in proportion."
)
@click.option(
    "--harm",
    metavar="NAME",
    help="A slice or metadata field that names harmful content to warn of.",
)
@_JSON
def draw(*, source: str, raters: str, as_json: bool, **given: Any) -> int:
    """Draw a batch from a study, a run or a file.

    SOURCE is a study's file or name, whose last decision says which rows count; a run's id; or a
    .jsonl file of things to rate, each with id, input and answer (or answers: a pair).
    """
    from liftgate.flow.rating import Asked, draw_batch
    from liftgate.store import Workspace

    names = tuple(name.strip() for name in raters.split(","))
    drawn = draw_batch(Workspace.locate(), Asked(source=source, raters=names, **given))
    body: Mapping[str, Any] = drawn.entry.body
    if as_json:
        found = {**body, "entry": drawn.entry.sequence, "added": drawn.added}
        click.echo(json.dumps({**found, "notes": list(drawn.notes)}, indent=2))
        return 0
    verb = "Drawn:" if drawn.added else "Drawn before, unchanged:"
    click.echo(f"{verb} batch {body['batch']} (entry {drawn.entry.sequence}, seed {body['seed']})")
    for rater in drawn.batch.raters:
        kinds = [task.kind.value for task in drawn.batch.tasks[rater]]
        parts = ", ".join(f"{kinds.count(k)} {k}" for k in dict.fromkeys(sorted(kinds)))
        click.echo(f"  {rater}: {len(kinds)} screens ({parts})")
    for note in drawn.notes:
        click.echo(f"Note: {visible(note)}")
    click.echo(f"Next: liftgate rate serve {body['batch']}")
    return 0


@rate.command()
@_BATCH
@click.option("--port", default=0, type=click.IntRange(0, 65535), help="Default: a free one.")
@click.option("--host", default="127.0.0.1", show_default=True, help="Where to listen.")
@click.option("--off-loopback", is_flag=True, help="Let other machines in.")
@click.option("--name", help="What raters call this machine, for their links. Default: the host.")
@_JSON
def serve(*, batch: str, as_json: bool, **given: Any) -> int:
    """Serve a batch until Ctrl-C, and print a link for each rater and for the lead.

    A link is all that is needed to rate as that rater: give each to one person only. Stopping and
    serving again loses nothing; links stay the same, if you name the port.
    """
    from liftgate.flow.rating import opened
    from liftgate.store import Workspace
    from liftgate.web.serve import Address, serve

    def ready(links: Mapping[str, str]) -> None:
        if as_json:
            click.echo(json.dumps({"batch": batch, "links": links}))
        else:
            width = max(map(len, links))
            for who, link in links.items():
                click.echo(f"  {who:<{width}}  {link}")
            click.echo("Serving; Ctrl-C stops. Everything is kept as it comes in.")

    with opened(Workspace.locate(), batch) as room:
        serve(room, Address(**given), ready)
    return 0
