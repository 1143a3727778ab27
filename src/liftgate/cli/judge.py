"""``liftgate judge``: the rubrics that there are, and how far a judge is from people."""

from __future__ import annotations

from pathlib import Path

import click

from liftgate.cli import complete, options
from liftgate.cli.result import print_json, prints


@click.group()
def judge() -> None:
    """Model judges: the rubrics that they use, and their error measured against people."""


@judge.command("list")
@prints("rubrics")
def list_rubrics(*, as_json: bool) -> int:
    """List the built-in rubrics, with the question that each one asks.

    Exit codes: 0 listed, 2 wrong use.
    """
    from liftgate.study.rubric import built_in_rubrics, find_rubric

    rubrics = [find_rubric(name, Path()) for name in built_in_rubrics()]
    if as_json:
        print_json({"rubrics": [rubric.as_json() for rubric in rubrics]})
        return 0
    for rubric in rubrics:
        values = ", ".join(f"{a.value:g} {a.label}" for a in rubric.scale.anchors)
        click.echo(f"{rubric.name} (version {rubric.version}, {rubric.unit.value})")
        click.echo(f"    {rubric.question}")
        click.echo(f"    {rubric.scale.kind.value}: {values}")
    return 0


@judge.command()
@click.argument("rubric", shell_complete=complete.rubrics)
@prints("name", "version", "question", "digest", "…")
def show(*, rubric: str, as_json: bool) -> int:
    """Show a rubric: a built-in one by its name, or a file (.yaml).

    Exit codes: 0 shown, 2 no such rubric or a faulty file.
    """
    from liftgate.cli.judge_text import show_rubric
    from liftgate.study.rubric import find_rubric

    found = find_rubric(rubric, Path())
    if as_json:
        print_json({**found.as_json(), "digest": found.digest})
    else:
        show_rubric(found)
    return 0


@judge.command()
@click.argument("judge", metavar="STUDY[@METRIC]")
@click.option(
    "--labels",
    type=click.Path(path_type=Path, dir_okay=False),
    required=True,
    help="What people say of answers: JSONL, CSV or Parquet with item, trial, rater, value.",
)
@click.option(
    "--combine",
    type=click.Choice(["mean", "median", "majority"]),
    default="mean",
    show_default=True,
    help="How several raters' labels of one answer become one.",
)
@click.option(
    "--half-width",
    metavar="X",
    type=click.FloatRange(min=0, min_open=True),
    help="Of the next study's interval, in the score's units. Default: 5 % of its range.",
)
@options.LEVEL
@options.seed("Decides every draw of the intervals.", 0)
@options.MAYBE_KEY
@options.TRUST
@prints("entry", "labels", "bias", "…")
def calibrate(
    *,
    judge: str,
    labels: Path,
    combine: str,
    half_width: float | None,
    level: float,
    seed: int,
    sign_with: str | None,
    given: Path | None,
    as_json: bool,
) -> int:
    """Measure how far a study's judge is from people, and keep it in the ledger.

    Agreement, errors, bias by arm, slice and length, and how many labels one label with this judge
    is worth. Answers that the judge has not scored yet are scored now; no arm is called. Only a
    judge with an entry here may be used by a claim that decides, and another model, prompt, rubric
    or number of votes is another judge. Where a policy has decisions signed, --sign-with signs the
    labels, and the draw that they are of unless somebody signed that.

    Exit codes: 0 calibrated, 1 not allowed, 2 wrong use or a bad file (labels of unknown items,
    too), 3 integrity broken, 4 no label of an answer that the judge could score.
    """
    from liftgate.cli.judge_text import show_calibration
    from liftgate.flow.judge import Request, calibrate_judge
    from liftgate.store import Workspace

    found = calibrate_judge(
        judge,
        labels,
        Workspace.locate(),
        Request(combine, half_width, level, seed),
        say=lambda text: click.echo(text, err=True),
        sign_with=sign_with,
        given=given,
    )
    if as_json:
        print_json(found.as_json())
    else:
        show_calibration(found.as_json(), appended=found.appended)
    return 0
