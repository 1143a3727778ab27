"""``liftgate gate``: what a gate does before it is used, on real rows, and broken on purpose."""

from __future__ import annotations

from pathlib import Path

import click

from liftgate.cli import options
from liftgate.cli.approve import record, sign, status
from liftgate.cli.gate_mutants import activate, mutate
from liftgate.cli.result import print_json, prints


@click.group()
def gate() -> None:
    """Know a gate before it is used: how often it errs, and whether each of its checks bites."""


@gate.command()
@options.STUDY
@click.option(
    "--runs",
    metavar="N",
    type=click.IntRange(min=100),
    default=10_000,
    show_default=True,
    help="Simulated uses of the gate at each point.",
)
@click.option(
    "--pilots",
    metavar="N",
    type=click.IntRange(min=0),
    default=50,
    show_default=True,
    help="Bootstrap pilots, for the ranges of power and calls.",
)
@options.seed("Decides every draw. Default: the study's.")
@click.option(
    "--stopping",
    type=click.Choice(["fixed", "planned-looks", "anytime"]),
    help="Try another stopping plan than the study's.",
)
@click.option(
    "--looks",
    metavar="N",
    type=click.IntRange(min=2, max=50),
    help="Another number of planned looks, evenly spread. Default: the study's, else 5.",
)
@click.option(
    "--naive",
    is_flag=True,
    help="Also try a gate that ships when the means are high enough, once and with peeking.",
)
@click.option(
    "--picture",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Draw the outcomes against the true effect on the primary: .svg, .png or .html.",
)
@options.QUIET
@prints("study", "design", "items", "planned_calls", "assumptions", "…")
def simulate(
    *,
    study: Path,
    runs: int,
    pilots: int,
    seed: int | None,
    stopping: str | None,
    looks: int | None,
    naive: bool,
    picture: Path | None,
    quiet: bool,
    as_json: bool,
) -> int:
    """Try a study's gate in simulated worlds, before anything is run.

    Whole clusters of the study's pilot are drawn again, tilted so that the truth is known; without
    a pilot a grid of spreads is assumed. All claims, candidates and corrections act together, as
    they will when the study is decided. Nothing of the study is called.

    Exit codes: 0 simulated, 2 wrong use or a bad file, 4 the pilot is too small or cannot show the
    planned effects.
    """
    from liftgate.cli.gate_text import show
    from liftgate.cli.progress import progress_printer
    from liftgate.documents.characteristics import draw
    from liftgate.documents.pictures import SUFFIXES, check_picture
    from liftgate.flow.gate import Request, simulate_gate
    from liftgate.outputs import write_again
    from liftgate.records import Design

    if picture is not None:
        check_picture(picture)
    request = Request(
        runs=runs,
        pilots=pilots,
        seed=seed,
        naive=naive,
        curve=picture is not None,
        stopping=None if stopping is None else Design(stopping),
        looks=looks,
    )
    with progress_printer(quiet=quiet) as progress:
        found = simulate_gate(study, request, progress)
    body = found.as_json()
    if as_json:
        print_json(body)
    else:
        show(body)
    if picture is not None:
        write_again(picture, draw(body, picture.suffix), SUFFIXES[picture.suffix])
        click.echo(f"Written: {picture}", err=as_json)
    return 0


@gate.command()
@options.STUDY
@click.option(
    "--kind",
    type=click.Choice(["repeat-aa", "label-swap", "planted-harm"]),
    help="Only this kind. Default: every kind that the rows allow.",
)
@click.option(
    "--runs",
    metavar="N",
    type=click.IntRange(min=100),
    default=1000,
    show_default=True,
    help="Replays behind each figure.",
)
@options.seed("Decides every draw. Default: the study's.")
@click.option("--naive", is_flag=True, help="Also replay a gate of bare means, for contrast.")
@options.QUIET
@prints("study", "design", "source", "replays", "refused", "notes", "exit_code", "…")
def replay(
    *,
    study: Path,
    kind: str | None,
    runs: int,
    seed: int | None,
    naive: bool,
    quiet: bool,
    as_json: bool,
) -> int:
    """Replay a study's gate on real rows in which nothing is better, or just too much is lost.

    The rows are the study's own once it has run, else its pilot's. Three kinds, each with figures
    of its own: repeats of one system against each other; the arms of a real pair exchanged at
    random; and either of these with harm planted until one claim sits at its margin. Nothing of
    the study is called.

    Exit codes: 0 within the declared rates and the Monte-Carlo error, 1 exceeded, 2 wrong use or a
    bad file, 3 the study is not what was locked, 4 nothing could be replayed.
    """
    from liftgate.cli.gate_check_text import show_replays
    from liftgate.cli.progress import progress_printer
    from liftgate.flow.replay import replay_gate
    from liftgate.gates.calibrate.replay import Kind

    with progress_printer(quiet=quiet) as progress:
        found = replay_gate(
            study,
            kind=None if kind is None else Kind(kind),
            runs=runs,
            seed=seed,
            naive=naive,
            progress=progress,
        )
    body = found.as_json()
    if as_json:
        print_json(body)
    else:
        show_replays(body)
    return found.exit_code


gate.add_command(mutate)
gate.add_command(activate)
gate.add_command(status)
gate.add_command(sign)
gate.add_command(record)
