"""``liftgate break-glass`` and ``exceptions``."""

from __future__ import annotations

import json
from pathlib import Path

import click

from liftgate.cli.approve import time_of
from liftgate.cli.text import visible

_FILE = click.Path(dir_okay=False, path_type=Path)
_TRUST = click.option(
    "--trust", "given", type=_FILE, metavar="FILE", help="Another trust file than the workspace's."
)


_REVIEWS = {
    "due": "to be reviewed",
    "overdue": "review overdue",
    "reviewed": "reviewed",
    "late": "reviewed too late",
}


@click.command(name="break-glass")
@click.argument("study", type=_FILE)
@click.option("--scope", required=True, metavar="TEXT", help="What it is released to.")
@click.option("--reason", required=True, metavar="TEXT", help="Why it cannot wait.")
@click.option("--acceptor", required=True, metavar="KEY", help="Whose key bears the risk.")
@click.option("--until", required=True, metavar="TIME", help="Until when: 5d, 12h, or ISO 8601.")
@click.option("--sign-with", required=True, metavar="KEY", help="Your key.")
@_TRUST
def break_glass(
    *,
    study: Path,
    scope: str,
    reason: str,
    acceptor: str,
    until: str,
    sign_with: str,
    given: Path | None,
) -> int:
    """Release a change in an emergency although its gate does not pass.

    It sets every condition aside but those that the policy keeps, and only until its time. After
    that the gate holds again by itself. Somebody else reviews it (liftgate rights review); without
    that the gate holds, too. Evidence that was altered is released by nobody.

    Exit codes: 0 broken, 1 you may not (the ledger tells of it), 2 wrong use, 3 altered.
    """
    from liftgate.flow.glass import Emergency
    from liftgate.flow.glass import break_glass as give
    from liftgate.store import Workspace

    asked = Emergency(scope, reason, acceptor, time_of(until))
    entry, due = give(study, Workspace.locate(), asked, sign_with=sign_with, given=given)
    click.echo(f"Glass broken: ledger entry {entry.sequence}.")
    click.echo(
        f"Somebody else reviews it by {due:%Y-%m-%d %H:%M}: "
        f"liftgate rights review {entry.sequence} --note TEXT --sign-with KEY"
    )
    return 0


@click.command()
@_TRUST
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
def exceptions(*, given: Path | None, as_json: bool) -> int:
    """Count what was set aside: waivers and broken glass, open, expired, reviewed, overdue.

    Exit codes: 0 no review is overdue, 1 one is, 3 an entry or a signature was altered.
    """
    from liftgate.flow.glass import counted
    from liftgate.flow.glass import exceptions as every
    from liftgate.store import Workspace

    found = every(Workspace.locate(), given)
    counts = counted(found)
    if as_json:
        listed = [
            {**vars(one), "made": one.made.isoformat(), "until": one.until.isoformat()}
            for one in found
        ]
        click.echo(json.dumps({"exceptions": listed, "counts": counts}, indent=2))
    else:
        for one in found:
            review = f", {_REVIEWS[one.review]}" if one.review else ""
            click.echo(
                visible(
                    f"{one.sequence:>5}  {one.kind}  {one.study}  {one.state} until "
                    f"{one.until:%Y-%m-%d %H:%M}{review}  {one.what}: {one.reason} ({one.owner})"
                )
            )
        for kind, told in counts.items():
            said = ", ".join(f"{number} {word}" for word, number in told.items()) or "none"
            click.echo(f"{kind.replace('_', ' ')}: {said}")
    return 1 if any(one.review == "overdue" for one in found) else 0
