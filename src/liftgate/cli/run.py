"""``liftgate run``: lock if need be, run what is missing, decide, report."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from liftgate.cli import complete, options
from liftgate.cli.result import print_json, prints


@click.command()
@options.STUDY
@click.option(
    "--concurrency",
    metavar="N",
    type=click.IntRange(min=1),
    help="Calls in flight for each arm. Default: what the system says (1 for a plain function).",
)
@click.option(
    "--requests-per-minute",
    metavar="X",
    type=click.FloatRange(min=0, min_open=True),
    help="Of every endpoint, shared by the arms that call it.",
)
@click.option(
    "--tokens-per-minute",
    metavar="X",
    type=click.FloatRange(min=0, min_open=True),
    help="Of every endpoint, in and out, shared by the arms that call it.",
)
@options.PRICES
@click.option(
    "--max-cost",
    metavar="X",
    type=click.FloatRange(min=0),
    help="Stop before a call that could bring this run's cost above it; nothing is decided then.",
)
@click.option(
    "--executor",
    default="asyncio",
    show_default=True,
    shell_complete=complete.executors,
    help="What makes the calls; liftgate plugins lists what is installed.",
)
@click.option(
    "--workers",
    metavar="N",
    type=click.IntRange(min=1),
    help="Processes of --executor processes. Default: one for each core.",
)
@options.QUIET
@click.option("--no-report", is_flag=True, help="Do not write the HTML report.")
@prints("entry", "study", "decisions", "recommended", "exit_code", "error_statement", "…")
def run(
    *,
    study: Path,
    concurrency: int | None,
    requests_per_minute: float | None,
    tokens_per_minute: float | None,
    prices: Path | None,
    max_cost: float | None,
    executor: str,
    workers: int | None,
    quiet: bool,
    no_report: bool,
    as_json: bool,
) -> int:
    """Lock a study if need be, run what is missing, decide, and write the report.

    What a finished trial answered is never asked again: after Ctrl-C, a crash or a power cut the
    same command goes on where it stopped. While trials are running no arm's scores are shown.

    Exit codes: 0 a candidate ships, 1 all hold, 2 wrong use or a bad file, 3 the study or its
    evidence changed after the lock, 4 not enough evidence.
    """
    from liftgate.cli.progress import progress_printer
    from liftgate.evals.limits import Limits
    from liftgate.flow.run import executor_of, run_study

    with progress_printer(quiet=quiet) as progress:
        result = run_study(
            study,
            concurrency=concurrency,
            progress=progress,
            say=_say,
            report=not no_report,
            limits=Limits(requests_per_minute, tokens_per_minute),
            prices=prices,
            max_cost=max_cost,
            executor=executor_of(executor, workers),
        )
    if as_json:
        print_json(result.as_json())
    else:
        _print(result)
    return int(result.body["exit_code"])


def _say(message: str) -> None:
    click.echo(message, err=True)


def _print(result: Any) -> None:
    from liftgate.cli.text import visible
    from liftgate.documents.ratio_words import claimed_ratio_lines
    from liftgate.documents.robustness import robustness_lines

    for decision in result.body["decisions"]:
        click.echo()
        click.secho(visible(decision["sentence"]), bold=True)
        for verdict in decision["verdicts"]:
            reference = f"{result.sequence}:{decision['candidate']}.{verdict['claim']}"
            click.echo(f"  {_icon(verdict)} {reference}: {visible(verdict['reason'])}")
        name = decision["candidate"]
        for line in (
            *claimed_ratio_lines(result.body, name),
            *robustness_lines(result.body, name),
        ):
            click.echo(f"    {visible(line)}")
    if "looks" in result.body:
        from liftgate.documents.looks import looks_sentence

        click.echo()
        click.echo(looks_sentence(result.body["looks"]))
    judges = result.body.get("judge_cost", {}).values()
    if "money" in result.body or any(one["total"] is not None for one in judges):
        from liftgate.documents.money import cost_lines

        click.echo()
        for line in cost_lines(result.body):
            click.echo(visible(line))
    click.echo()
    click.echo(f"Error statement: {result.body['error_statement']}")
    if result.report is not None:
        click.echo(f"Report: {result.report}")
    click.echo(f"Any number above: liftgate trace {result.sequence}:<candidate>.<claim>")
    code = result.body["exit_code"]
    word = {0: "SHIP", 1: "HOLD", 4: "INCONCLUSIVE"}[code]
    ships = f" {result.body['recommended']}" if result.body["recommended"] else ""
    click.echo(f"Decision: {word}{ships} (exit code {code}), ledger entry {result.sequence}")
    for line in result.reopened:
        click.echo(visible(f"To be looked at again: {line}"))


def _icon(verdict: dict[str, Any]) -> str:
    encoding = (sys.stdout.encoding or "").lower()
    good, bad, open_ = ("✔", "✖", "?") if "utf" in encoding else ("+", "x", "?")
    if verdict["reading"] in ("inferior", "exceeded", "broken", "shown-worse"):
        return bad
    if verdict["rejected"] or verdict["reading"] in ("met", "not-shown-worse"):
        return good
    return open_
