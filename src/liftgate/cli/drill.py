"""``liftgate drill``: what was practised before it was needed."""

from __future__ import annotations

from pathlib import Path

import click

_FILE = click.Path(dir_okay=False, path_type=Path)


@click.group()
def drill() -> None:
    """Record what was practised, so that a policy can ask for it."""


@drill.command()
@click.argument("what", type=click.Choice(["rollback"]))
@click.argument("study", type=_FILE)
@click.option(
    "--verdict", type=click.Choice(["passed", "failed"]), required=True, help="How it went."
)
@click.option("--note", required=True, metavar="TEXT", help="What was done and seen.")
@click.option("--took", type=float, metavar="SECONDS", help="Until the old version answered.")
@click.option("--evidence", type=_FILE, metavar="FILE", help="A log; its digest is kept.")
@click.option("--sign-with", metavar="KEY", help="Your key, where the policy asks for a signature.")
@click.option(
    "--trust", "given", type=_FILE, metavar="FILE", help="Another trust file than the workspace's."
)
def record(
    *,
    what: str,
    study: Path,
    verdict: str,
    note: str,
    took: float | None,
    evidence: Path | None,
    sign_with: str | None,
    given: Path | None,
) -> int:
    """Record a drill of going back for a study: the entry that a policy's `drill.rollback` means.

    Exit codes: 0 recorded, 1 a machine's key, 2 a bad file or value.
    """
    from liftgate.flow.drill import Drill
    from liftgate.flow.drill import record as write
    from liftgate.store import Workspace

    done = Drill(what, verdict == "passed", note, took, evidence)
    entry = write(Workspace.locate(), study, done, sign_with=sign_with, given=given)
    click.echo(f"Recorded: {what} drill, {verdict} (ledger entry {entry.sequence})")
    return 0
