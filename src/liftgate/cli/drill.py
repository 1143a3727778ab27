"""``liftgate drill``: what was practised before it was needed."""

from __future__ import annotations

from pathlib import Path

import click

from liftgate.cli import options
from liftgate.cli.result import prints, show


@click.group()
def drill() -> None:
    """Record what was practised, so that a policy can ask for it."""


@drill.command()
@click.argument("what", type=click.Choice(["rollback"]))
@options.STUDY
@click.option(
    "--verdict", type=click.Choice(["passed", "failed"]), required=True, help="How it went."
)
@click.option("--note", required=True, metavar="TEXT", help="What was done and seen.")
@click.option("--took", type=float, metavar="SECONDS", help="Until the old version answered.")
@click.option("--evidence", type=options.FILE, metavar="FILE", help="A log; its digest is kept.")
@options.MAYBE_KEY
@options.TRUST
@prints("entry", "drill", "verdict")
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
    as_json: bool,
) -> int:
    """Record a drill of going back for a study: the entry that a policy's `drill.rollback` means.

    Exit codes: 0 recorded, 1 a machine's key, 2 a bad file or value, 3 the ledger was altered.
    """
    from liftgate.flow.drill import Drill
    from liftgate.flow.drill import record as write
    from liftgate.store import Workspace

    done = Drill(what, verdict == "passed", note, took, evidence)
    entry = write(Workspace.locate(), study, done, sign_with=sign_with, given=given)
    show(
        {"entry": entry.sequence, "drill": what, "verdict": verdict},
        f"Recorded: {what} drill, {verdict} (ledger entry {entry.sequence})",
        as_json=as_json,
    )
    return 0
