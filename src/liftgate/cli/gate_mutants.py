"""``liftgate gate mutate`` and ``activate``: whether each check of a gate bites."""

from __future__ import annotations

from pathlib import Path

import click

from liftgate.cli import options
from liftgate.cli.result import print_json, prints


@click.command()
@options.STUDY
@options.QUIET
@prints("study", "study_digest", "items", "mutants", "unkilled", "notes", "exit_code", "…")
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
        print_json(found.as_json())
    else:
        show_mutants(found.as_json())
    return found.exit_code


@click.command()
@options.STUDY
@options.QUIET
@options.sign_with("Your key, where the policy signs decisions.")
@options.TRUST
@prints("study", "study_digest", "mutants", "unkilled", "entry", "added", "exit_code", "…")
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
        print_json({**body, "entry": number, "added": found.added})
    elif entry is None:
        show_refusal(body)
    else:
        verb = "Activated" if found.added else "Already active, unchanged"
        killed = f"{len(body['mutants'])} mutants killed"
        click.echo(f"{verb}: the gate of {body['study']}, {killed} (entry {entry.sequence})")
        click.echo(f"Study: {body['study_digest']}")
    return found.mutation.exit_code
