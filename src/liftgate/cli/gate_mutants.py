"""``liftgate gate mutate`` and ``activate``: whether each check of a gate bites."""

from __future__ import annotations

import json
from pathlib import Path

import click

_STUDY = click.argument("study", type=click.Path(path_type=Path))
_QUIET = click.option("--quiet", is_flag=True, help="No progress.")
_JSON = click.option("--json", "as_json", is_flag=True, help="Print everything as JSON.")


@click.command()
@_STUDY
@_QUIET
@_JSON
def mutate(*, study: Path, quiet: bool, as_json: bool) -> int:
    """Break each check of a study's gate on purpose, to see whether it is missed.

    One check at a time is broken: a claim left out, its margin widened, its direction turned, its
    arms confused; missing scores, failures and clusters ignored; corrections and spending dropped.
    Each such mutant is shown constructed evidence on the planned items, every claim passing and
    each thing wrong by itself. A mutant that decides about all of it as the unbroken gate does is
    unkilled: that check cannot bite. Nothing of the study is called.

    Exit codes: 0 every mutant killed, 1 an unkilled mutant, 2 wrong use or a bad file.
    """
    from liftgate.cli.gate_check_text import show_mutants
    from liftgate.cli.progress import progress_printer
    from liftgate.flow.mutation import mutate_gate

    with progress_printer(quiet=quiet) as progress:
        found = mutate_gate(study, progress)
    if as_json:
        click.echo(json.dumps(found.as_json(), indent=2))
    else:
        show_mutants(found.as_json())
    return found.exit_code


@click.command()
@_STUDY
@_QUIET
@_JSON
@click.option("--sign-with", metavar="KEY", help="Your key, where the policy signs decisions.")
@click.option(
    "--trust",
    "given",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Another trust file than the workspace's.",
)
def activate(
    *, study: Path, quiet: bool, as_json: bool, sign_with: str | None, given: Path | None
) -> int:
    """Record in the ledger that every check of a study's gate bites.

    The entry names the digests of the study and of the mutation result. Refused while a mutant is
    unkilled. `liftgate run` does not ask for it. A policy under which decisions are signed counts
    it only with somebody's signature.

    Exit codes: 0 activated, 1 refused for an unkilled mutant or a machine's key, 2 wrong use or a
    bad file.
    """
    from liftgate.cli.gate_check_text import show_refusal
    from liftgate.cli.progress import progress_printer
    from liftgate.flow.mutation import activate_gate

    with progress_printer(quiet=quiet) as progress:
        found = activate_gate(study, progress, sign_with=sign_with, given=given)
    body = found.mutation.as_json()
    entry = found.entry
    if as_json:
        number = None if entry is None else entry.sequence
        click.echo(json.dumps({**body, "entry": number, "added": found.added}, indent=2))
    elif entry is None:
        show_refusal(body)
    else:
        verb = "Activated" if found.added else "Already active, unchanged"
        killed = f"{len(body['mutants'])} mutants killed"
        click.echo(f"{verb}: the gate of {body['study']}, {killed} (entry {entry.sequence})")
        click.echo(f"Study: {body['study_digest']}")
    return found.mutation.exit_code
