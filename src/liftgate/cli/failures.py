"""``liftgate failures``: what goes wrong, coded by people, and what to mend first."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import click

from liftgate.cli import options
from liftgate.cli.result import print_json, prints, show
from liftgate.cli.text import visible

_TAXONOMY = click.option(
    "--taxonomy",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="The codes. Default: those of liftgate; see liftgate failures taxonomy.",
)


@click.group()
def failures() -> None:
    """Draw failing items by lot, have them coded by two people, and rank the fixes."""


@failures.command()
@options.STUDY
@click.option(
    "--n",
    "count",
    metavar="N",
    type=click.IntRange(min=1),
    default=50,
    help="Failures to draw (50).",
)
@options.seed("Decides the lots.", 0)
@options.arm("Whose failures. Default: the only candidate's.")
@options.metric("The score that failed. Default: the primary's.")
@click.option(
    "--at-least", metavar="X", type=float, help="The score that is no failure. Default: the best."
)
@click.option(
    "--out",
    required=True,
    type=click.Path(path_type=Path, dir_okay=False),
    help="The batch to write (JSON Lines); an empty sheet for the coders stands beside it.",
)
@_TAXONOMY
@prints("batch", "file", "sheet", "drawn", "failing", "scored")
def draw(*, study: Path, out: Path, taxonomy: Path | None, as_json: bool, **asked: Any) -> int:
    """Draw failing items of a study that has run, and write them for the coders.

    Each coder fills in a copy of the sheet: coder, code, perhaps further codes under also.

    Exit codes: 0 written, 2 wrong use, 3 the ledger was altered, 4 nothing failed.
    """
    from liftgate.flow.failures import Drawing, draw_failures
    from liftgate.store import Workspace

    drawn = draw_failures(study, Drawing(**asked), out, Workspace.locate(), taxonomy=taxonomy)
    body = {
        "batch": drawn.batch,
        "file": str(out),
        "sheet": str(drawn.sheet),
        "drawn": drawn.drawn,
        "failing": drawn.failing,
        "scored": drawn.scored,
    }
    show(
        body,
        f"Drew {drawn.drawn:,} of {drawn.failing:,} failures among {drawn.scored:,} scored items: "
        f"batch {drawn.batch}",
        f"Read {out}, and fill in a copy of {drawn.sheet} for each coder. Then:",
        f"  liftgate failures report {out} FIRST.csv SECOND.csv",
        as_json=as_json,
    )
    return 0


@failures.command()
@click.argument("batch", type=click.Path(path_type=Path, dir_okay=False))
@click.argument(
    "codes",
    nargs=-1,
    required=True,
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
)
@_TAXONOMY
@prints("arm", "drawn", "agreement", "measurement", "codes", "…")
def report(*, batch: Path, codes: tuple[Path, ...], taxonomy: Path | None, as_json: bool) -> int:
    """Say how far the coders agree, how often each code occurs, and what to mend first.

    All limits hold together at 95 %, also where coders disagree. A rank is a range: what the
    failures drawn can tell. A code on which the coders' alpha is below 0.6 may not gate.

    Exit codes: 0 reported, 2 a batch that was edited or faults in the codes, 3 the ledger was
    altered, 4 not all is coded.
    """
    from liftgate.flow.failures import report_failures
    from liftgate.store import Workspace

    found = report_failures(batch, codes, Workspace.locate(), taxonomy=taxonomy)
    if as_json:
        print_json(found)
    else:
        for line in _lines(found):
            click.echo(visible(line))
    return 0


@failures.command()
@prints("taxonomy")
def taxonomy(*, as_json: bool) -> int:
    """Print the codes that are shipped, as a file to copy and to change.

    Exit codes: 0 printed, 2 wrong use.
    """
    from liftgate.failures.taxonomy import default_text

    if as_json:
        print_json({"taxonomy": default_text()})
    else:
        click.echo(default_text(), nl=False)
    return 0


def _lines(found: Mapping[str, Any]) -> Iterator[str]:
    wrong = found["measurement"]
    yield (
        f"{found['drawn']:,} of {wrong['failing']:,} failures of {found['arm']}, coded by "
        f"{', '.join(found['coders'])}; {found['double_coded']:,} by more than one"
    )
    yield f"Agreement on the first code: {_alpha(found['agreement'])}"
    if found["clustered"]:
        yield "Some failures share a cluster: they are not independent, and limits are too near."
    sure = f"{wrong['sure']:,}"
    span = sure if wrong["sure"] == wrong["possible"] else f"{sure} to {wrong['possible']:,}"
    rate = wrong["system_failure_rate"]
    yield (
        f"Measurement, not system: {span} of {found['drawn']:,} ({_range(wrong['share'])}). "
        f"The system fails in {_range(rate)} of {wrong['scored']:,} items, not in "
        f"{_percent(wrong['failure_rate'])}."
    )
    for row in found["codes"]:
        least, most = row["least"], row["most"]
        seen = f"{least:,}" if least == most else f"{least:,} to {most:,}"
        rank = row["rank"]
        gate = "may gate" if row["may_gate"] else "may not gate"
        yield (
            f"{row['code']} {row['is']} ({row['severity']}): {seen} of {row['of']:,} "
            f"({_range(row['share'])}); rank {rank['best']} to {rank['worst']} of {rank['of']}; "
            f"{_alpha(row['alpha'])}: {gate}"
        )


def _alpha(found: Mapping[str, Any] | None) -> str:
    if found is None:
        return "alpha not known, nobody coded a second time"
    if found["value"] is None:
        return f"alpha not known ({found['reason']})"
    if found["low"] is None:
        return f"alpha {found['value']:.2f}"
    return f"alpha {found['value']:.2f} ({found['low']:.2f} to {found['high']:.2f})"


def _range(share: Mapping[str, float]) -> str:
    return f"{100 * share['low']:.1f} to {100 * share['high']:.1f} %"


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"
