"""``liftgate attribute``: which stage of a retrieval system its wrong answers come from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import click

from liftgate.cli import options
from liftgate.cli.result import print_json, prints


@click.command()
@options.STUDY
@options.arm("Only this arm. Default: every arm of two stages.")
@options.metric("By which an answer is right. Default: the first that says so.")
@click.option(
    "--no-control",
    is_flag=True,
    help="Do not ask again with what was retrieved: half the calls, and chance stays unknown.",
)
@click.option("--concurrency", metavar="N", type=click.IntRange(min=1), help="Calls in flight.")
@options.PRICES
@click.option(
    "--max-cost", metavar="X", type=click.FloatRange(min=0), help="Stop before the calls cost more."
)
@options.QUIET
@prints("entry", "metric", "arms", "…")
def attribute(
    *,
    study: Path,
    arm: str | None,
    metric: str | None,
    no_control: bool,
    concurrency: int | None,
    prices: Path | None,
    max_cost: float | None,
    quiet: bool,
    as_json: bool,
) -> int:
    """Ask generators again with gold passages where a decided study's answers were wrong.

    An item's gold passages stand under ``context`` in its target or metadata, the ids of its
    documents under ``documents``. What is right with them had failed in retrieval, what is wrong
    even so fails in generation. The calls are kept as trials are, and change no decision.

    Exit codes: 0 done, 2 wrong use or a bad file, 3 the study or its evidence changed.
    """
    from liftgate.cli.progress import progress_printer
    from liftgate.cli.text import visible
    from liftgate.flow.attribute import attribute_study

    with progress_printer(quiet=quiet or as_json) as progress:
        found = attribute_study(
            study,
            arm=arm,
            metric=metric,
            control=not no_control,
            concurrency=concurrency,
            progress=progress,
            say=lambda message: click.echo(message, err=True),
            prices=prices,
            max_cost=max_cost,
        )
    if as_json:
        print_json({**found.body, "entry": found.sequence})
    else:
        for line in _text(found.body):
            click.echo(visible(line))
        click.echo(f"{found.called:,} calls were made now. Ledger entry {found.sequence}")
    return 0


def _text(body: Mapping[str, Any]) -> Iterator[str]:
    from liftgate.documents.attribution import lines

    for name, one in body["arms"].items():
        yield from lines(name, body["metric"], one)
