"""``liftgate label``: which answers people label, and how many it takes."""

from __future__ import annotations

from pathlib import Path

import click

from liftgate.cli import options
from liftgate.cli.result import print_json, prints


@click.group()
def label() -> None:
    """People's labels: drawn from the locked items by stored chances, planned before they cost."""


@label.command()
@click.argument("judge", metavar="STUDY[@METRIC]")
@click.option(
    "--n",
    "labels",
    metavar="N",
    type=click.IntRange(min=1),
    required=True,
    help="Items to draw; every arm's answers to them are to be labelled.",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    required=True,
    help="JSONL file to write: one answer a row, in an order that tells nothing of its arm.",
)
@click.option(
    "--uneven",
    is_flag=True,
    help="Draw more often where the judge sees a difference; every chance is stored.",
)
@click.option(
    "--differing",
    is_flag=True,
    help="Draw only items on which the arms' answers differ; elsewhere the difference is 0.",
)
@options.seed("Decides the draw. Default: the study's.")
@options.MAYBE_KEY
@options.TRUST
@prints("entry", "items", "drawn", "answers", "…")
def draw(
    *,
    judge: str,
    labels: int,
    out: Path,
    uneven: bool,
    differing: bool,
    seed: int | None,
    sign_with: str | None,
    given: Path | None,
    as_json: bool,
) -> int:
    """Draw locked items at random, and write the answers of all arms to them for labelling.

    The study must be locked and run. There is one draw for each study and metric.

    Exit codes: 0 drawn, 1 a machine's key, 2 wrong use or a bad file, 3 the study is not what was
    locked.
    """
    from liftgate.flow.labels import draw_labels
    from liftgate.store import Workspace

    found = draw_labels(
        judge,
        labels,
        out,
        Workspace.locate(),
        uneven=uneven,
        differing=differing,
        seed=seed,
        sign_with=sign_with,
        given=given,
    )
    body = found.as_json()
    if as_json:
        print_json(body)
        return 0
    how = "by unequal, stored chances" if uneven else "with equal chances"
    click.echo(
        f"Drew {body['drawn']} of {body['items']} items {how} (ledger entry {body['entry']})"
    )
    if found.alike and differing:
        click.echo(f"{found.alike} items count 0 without a label: the arms' answers are the same")
    elif found.alike:
        click.echo(
            f"Note: to {found.alike} items all arms gave the same answer; --differing in the next "
            "study spends no label on such items"
        )
    click.echo(f"Written: {out} ({body['answers']} answers)")
    click.echo(
        f"Next: fill in rater and value, then liftgate judge calibrate {judge} --labels {out}"
    )
    return 0


@label.command()
@click.argument("judge", metavar="STUDY[@METRIC]")
@click.option(
    "--n",
    "labels",
    metavar="N",
    type=click.IntRange(min=1),
    help="How wide an interval do so many labels give.",
)
@click.option(
    "--half-width",
    metavar="X",
    type=click.FloatRange(min=0, min_open=True),
    help="How many labels does an interval of this half-width need.",
)
@click.option(
    "--ratings",
    metavar="R",
    type=click.IntRange(min=1),
    help="How so many ratings are best split: items, times people who rate each.",
)
@click.option(
    "--items", metavar="N", type=click.IntRange(min=1), help="Locked items of the next study."
)
@options.LEVEL
@prints("judge", "metric", "candidates")
def plan(
    *,
    judge: str,
    labels: int | None,
    half_width: float | None,
    ratings: int | None,
    items: int | None,
    level: float,
    as_json: bool,
) -> int:
    """Say how wide an interval some labels give beside the judge, or how many a width needs.

    It rests on the judge's last calibration with drawn labels.

    Exit codes: 0 planned, 2 wrong use, 3 the ledger was altered, 4 the judge was
    not calibrated on drawn labels.
    """
    from liftgate.cli.judge_text import show_plan
    from liftgate.flow.label_plan import plan_labels
    from liftgate.store import Workspace

    body = plan_labels(
        judge,
        Workspace.locate(),
        labels=labels,
        width=half_width,
        ratings=ratings,
        items=items,
        level=level,
    )
    if as_json:
        print_json(body)
    else:
        show_plan(body)
    return 0
