"""A gate's replays and mutants on a terminal."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from typing import Any

import click

from liftgate.cli.gate_text import share
from liftgate.cli.text import visible
from liftgate.documents.numbers import count, percent

Body = Mapping[str, Any]

_KINDS = {
    "repeat-aa": "Repeat A/A: repeats of one system, split at random into both arms",
    "label-swap": "Label swap: the arms of a real pair, exchanged at random",
    "planted-harm": "Planted harm: the candidate loses scores until one claim is at its margin",
}
_ROWS = {"repeat-aa": "repeat A/A rows", "label-swap": "label-swapped rows"}


def _colour() -> bool | None:
    return False if os.environ.get("NO_COLOR") else None


def show_replays(body: Body) -> None:
    """Print what replays showed."""
    over = body["exit_code"] == 1
    said = "errs more often than declared" if over else "errs no more often than declared"
    click.secho(
        visible(f"{body['study']}: replayed on real rows, the gate {said}."),
        bold=True,
        color=_colour(),
    )
    click.echo(
        visible(f"Rows: {body['source']}, {count(body['items'])} items; seed {body['seed']}")
    )
    for kind, title in _KINDS.items():
        found = [one for one in body["replays"] if one["kind"] == kind]
        if found or kind in body["refused"]:
            click.echo("")
            click.echo(title)
        for one in found:
            for line in _figure(one):
                click.echo(visible(f"  {line}"))
        if kind in body["refused"]:
            click.echo(visible(f"  not replayed: {body['refused'][kind]}"))
    click.echo("")
    for note in body["notes"]:
        click.echo(visible(f"Note: {note}"))
    click.echo(
        "Limits: exact, 95 %, for the replays of these rows; replays of one data set repeat its "
        "peculiarities."
    )


def _figure(one: Body) -> Iterator[str]:
    at = f"{one['title']} at its margin, in {_ROWS[one['rows']]} of " if one["claim"] else ""
    how = "the engine" if one["by_engine"] else "the gate itself"
    again = f", {one['decided_again']} decided again by the gate itself" if one["by_engine"] else ""
    yield f"{at}{one['of']}"
    yield (f"  {count(one['runs'])} replays of {_sets(one)}; decided by {how}{again}")
    if one["alone"] is not None:
        yield f"  {'that claim passes':<20}{_rate(one['alone'], 'alpha')}"
    yield f"  {'SHIP':<20}{_rate(one['ship'], 'alpha')}"
    real = (
        ""
        if one["hold"]["declared"] is not None
        else "  rightly: the harm is real for another claim"
    )
    yield f"  {'HOLD':<20}{_rate(one['hold'], 'alpha_hold')}{real}"
    yield f"  {'INCONCLUSIVE':<20}{_rate(one['inconclusive'], '')}"
    if one["naive"] is not None:
        flag = "  FLAGGED: little better than a coin" if one["naive"]["flagged"] else ""
        yield f"  {'naive gate ships':<20}{_rate(one['naive'], '')}{flag}"


def _sets(one: Body) -> str:
    number = one["independent"]
    if one["rows"] == "repeat-aa":
        return "1 independent pair of runs" if number == 1 else f"{number} independent sets of runs"
    return "1 independent data set"


def _rate(rate: Body, name: str) -> str:
    text = f"{share(rate['rate']):>8}  ({share(rate['lower'])} to {share(rate['upper'])})"
    if rate["declared"] is None:
        return text
    mark = "  EXCEEDED" if rate["exceeded"] else ""
    return f"{text}  declared: at most {percent(rate['declared'])} ({name}){mark}"


def show_mutants(body: Body) -> None:
    """Print what became of each mutant."""
    left = len(body["unkilled"])
    said = "every check bites" if not left else f"{_mutants(left)} unkilled"
    click.secho(
        visible(f"{body['study']}: {said}; {len(body['mutants'])} mutants of its gate."),
        bold=True,
        color=_colour(),
    )
    click.echo("")
    for one in body["mutants"]:
        click.echo(visible(f"{'killed' if one['killed'] else 'UNKILLED':<10}{one['mutant']}"))
        if one["killed"]:
            words = f"{one['gate'].upper()} became {one['mutant_says'].upper()}"
            click.echo(visible(f"{'':<10}  {words}: {one['scene']}"))
    if left:
        click.echo("")
    _unkilled(body)
    for note in body["notes"]:
        click.echo(visible(f"Note: {note}"))


def show_refusal(body: Body) -> None:
    """Print why a gate is not activated."""
    left = len(body["unkilled"])
    click.secho(
        visible(f"{body['study']}: not activated, {_mutants(left)} unkilled."),
        bold=True,
        color=_colour(),
    )
    _unkilled(body)


def _unkilled(body: Body) -> None:
    for one in body["mutants"]:
        if not one["killed"]:
            click.echo(visible(f"Unkilled: {one['mutant']} ({one['title']})"))
            click.echo(visible(f"  Next: {one['advice']}"))


def _mutants(count: int) -> str:
    return "1 mutant is" if count == 1 else f"{count} mutants are"
