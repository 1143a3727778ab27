"""``liftgate stats``: what the statistics really do."""

from __future__ import annotations

from pathlib import Path

import click

from liftgate.cli import options
from liftgate.cli.result import print_json, prints


@click.group()
def stats() -> None:
    """What the statistics really do: their error and coverage, measured."""


@stats.command()
@click.option("--long", is_flag=True, help="20,000 samples and more for a cell; some minutes.")
@click.option(
    "--only",
    multiple=True,
    metavar="NAME",
    help="Cells whose name or method holds NAME; may be given more than once.",
)
@click.option(
    "--data",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    help="Folder of the real scores. Default: $LIFTGATE_DATA, else ../shared/data.",
)
@click.option("--list", "list_only", is_flag=True, help="List the cells and measure nothing.")
@click.option(
    "--accept-known",
    is_flag=True,
    help="Exit 0 when only cells miss whose reason is written down.",
)
@options.QUIET
@prints("liftgate?", "form?", "interrupted?", "cpu_seconds?", "slowest?", "cells", "…")
def verify(
    *,
    long: bool,
    only: tuple[str, ...],
    data: Path | None,
    list_only: bool,
    accept_known: bool,
    quiet: bool,
    as_json: bool,
) -> int:
    """Measure the error and the coverage of every method that ships.

    One-sided errors are measured where the null is exactly true, as a gate tests it; coverage as
    compare shows it; whole gates on every face of their null. A cell passes when its figure lies
    within its band, three Monte-Carlo standard errors allowed. Ctrl-C keeps what is measured.

    Exit codes: 0 all in their bands, 1 a cell is not, 2 wrong use, 130 interrupted.
    """
    from liftgate.cli.progress import progress_printer
    from liftgate.cli.stats_text import show, show_list
    from liftgate.flow.verify import Request, listed
    from liftgate.flow.verify import verify as measure

    if list_only:
        show_list(listed(only), as_json=as_json)
        return 0
    with progress_printer(quiet=quiet) as progress:
        report = measure(Request(long=long, only=only, data=data), progress)
    if as_json:
        print_json(report.as_json())
    else:
        show(report)
    if report.interrupted:
        return 130
    return 1 if report.failures(accept_known=accept_known) else 0
