"""``liftgate reproduce``: a run's trials again, with a verdict and a cause."""

from __future__ import annotations

import json
from pathlib import Path

import click


@click.command()
@click.argument("run", metavar="RUN|STUDY")
@click.option(
    "--study",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    default=Path("study.yaml"),
    show_default=True,
    help="The study's file as it is now.",
)
@click.option("--no-search", is_flag=True, help="Do not look for the cause.")
@click.option(
    "--max-cost", type=click.FloatRange(min=0), help="What all passes together may spend."
)
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
def reproduce(
    *, run: str, study: Path, no_search: bool, max_cost: float | None, as_json: bool
) -> int:
    """Run a run's trials again, where no study counts them, and say what became of them.

    When they differ, the locked study, the dataset and the code are swapped back one at a time,
    and the first that brings the scores back is named. Each swap makes the calls once more.

    Exit codes: 0 bitwise or score-identical, 1 not reproduced, 4 it ended before it could be said,
    2 wrong use, 3 the ledger or a file was altered.
    """
    from liftgate.canon import plain
    from liftgate.cli.text import visible
    from liftgate.flow.reproduce import reproduce as again
    from liftgate.store import Workspace

    found = again(
        run,
        Workspace.locate(),
        study=study,
        search=not no_search,
        max_cost=max_cost,
        say=lambda line: click.echo(visible(line), err=True),
    )
    if as_json:
        click.echo(json.dumps({"liftgate": 1, **plain(found)}, indent=2))
        return found.exit_code
    click.echo(
        f"Run {found.run}: {found.verdict}, {found.differing:,} of {found.trials:,} trials differ"
    )
    if found.cause is not None:
        click.echo(visible(f"Cause: {found.cause}"))
    for word, lines in (
        ("Swapped", found.tried),
        ("Could not swap", found.not_swapped),
        ("Note", found.notes),
    ):
        for line in lines:
            click.echo(visible(f"{word}: {line}"))
    return found.exit_code
