"""The table of ``liftgate stats verify`` in a terminal."""

from __future__ import annotations

from collections.abc import Sequence

import click

from liftgate.cli.result import print_json
from liftgate.stats.verify.cell import Experiment
from liftgate.stats.verify.page import band, figure, percent, runs_of
from liftgate.stats.verify.run import Line, Outcome, Report

_WIDTH = 78


def show(report: Report) -> None:
    """Print every cell, then what missed, by name."""
    for line in report.lines:
        click.echo(_line(line))
    click.echo("")
    for outcome, words in (
        (Outcome.MISS, "outside its band"),
        (Outcome.GAP_CLOSED, "inside its band, though a reason for missing it is written down"),
        (Outcome.KNOWN_MISS, "outside its band, for a reason that is written down"),
    ):
        for line in report.of(outcome):
            click.echo(
                f"{words}: {line.cell.name}: {figure(line.as_json())}, {band(line.as_json())}"
            )
            if line.cell.gap:
                click.echo(f"    {line.cell.gap}")
    _skipped(report)
    measured = [line for line in report.lines if line.found is not None]
    passed = len(report.of(Outcome.PASS))
    form = "long" if report.long else "short"
    click.echo(
        f"{passed} of {len(measured)} measured cells in their bands "
        f"({form} form, {report.seconds:.0f} s of processor time)"
    )
    if report.interrupted:
        click.echo(f"Interrupted: {len(report.lines) - len(measured)} cells were not measured.")


def _line(line: Line) -> str:
    body = line.as_json()
    name = line.cell.name
    short = name if len(name) <= _WIDTH else name[: _WIDTH - 1] + "…"
    if line.found is None:
        return f"{short:<{_WIDTH}}  not measured: {line.why}"
    sign = {Outcome.PASS: "ok", Outcome.KNOWN_MISS: "known miss"}
    outcome = sign.get(line.outcome, line.outcome.value.upper())
    return (
        f"{short:<{_WIDTH}}  {figure(body):>16}  {band(body):<18}  {runs_of(body):>10}  {outcome}"
    )


def _skipped(report: Report) -> None:
    reasons = {line.why for line in report.of(Outcome.NOT_MEASURED)} - {"interrupted"}
    for reason in sorted(reasons):
        count = sum(line.why == reason for line in report.lines)
        click.echo(f"{count} cells were not measured: {reason}")


def show_list(experiments: Sequence[Experiment], *, as_json: bool) -> None:
    """Print the cells that would be measured."""
    if as_json:
        names = [cell.name for one in experiments for cell in one.cells]
        print_json({"cells": names})
        return
    for experiment in experiments:
        needs = f"; needs {experiment.needs}" if experiment.needs else ""
        click.echo(f"{experiment.world} ({', '.join(experiment.methods)}{needs})")
        for cell in experiment.cells:
            low = "" if cell.low is None else f" ≥ {percent(cell.low)}"
            high = "" if cell.high is None else f" ≤ {percent(cell.high)}"
            click.echo(f"    {cell.name}: {cell.what.value}{low}{high}")
