"""``liftgate break-glass`` and ``exceptions``."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from liftgate.cli import complete, options
from liftgate.cli.approve import time_of
from liftgate.cli.result import prints, show

if TYPE_CHECKING:
    from liftgate.flow.glass import Exceptional


_REVIEWS = {
    "due": "to be reviewed",
    "overdue": "review overdue",
    "reviewed": "reviewed",
    "late": "reviewed too late",
}


@click.command(name="break-glass")
@options.STUDY
@click.option("--scope", required=True, metavar="TEXT", help="What it is released to.")
@click.option("--reason", required=True, metavar="TEXT", help="Why it cannot wait.")
@click.option(
    "--acceptor",
    required=True,
    metavar="KEY",
    shell_complete=complete.trusted_keys,
    help="Whose key bears the risk.",
)
@options.UNTIL
@options.KEY
@options.TRUST
@prints("entry", "study", "review_by")
def break_glass(
    *,
    study: Path,
    scope: str,
    reason: str,
    acceptor: str,
    until: str,
    sign_with: str,
    given: Path | None,
    as_json: bool,
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
    show(
        {"entry": entry.sequence, "study": str(study), "review_by": due.isoformat()},
        f"Glass broken: ledger entry {entry.sequence}.",
        f"Somebody else reviews it by {due:%Y-%m-%d %H:%M}: "
        f"liftgate rights review {entry.sequence} --note TEXT --sign-with KEY",
        as_json=as_json,
    )
    return 0


@click.command()
@options.TRUST
@prints("exceptions", "counts")
def exceptions(*, given: Path | None, as_json: bool) -> int:
    """Count what was set aside: waivers and broken glass, open, expired, reviewed, overdue.

    Exit codes: 0 no review is overdue, 1 one is, 2 wrong use, 3 an entry or a signature was
    altered.
    """
    from liftgate.flow.glass import counted
    from liftgate.flow.glass import exceptions as every
    from liftgate.store import Workspace

    found = every(Workspace.locate(), given)
    counts = counted(found)
    listed = [
        {**vars(one), "made": one.made.isoformat(), "until": one.until.isoformat()} for one in found
    ]
    show({"exceptions": listed, "counts": counts}, _lines(found, counts), as_json=as_json)
    return 1 if any(one.review == "overdue" for one in found) else 0


def _lines(found: Iterable[Exceptional], counts: Mapping[str, Mapping[str, int]]) -> Iterator[str]:
    for one in found:
        review = f", {_REVIEWS[one.review]}" if one.review else ""
        yield (
            f"{one.sequence:>5}  {one.kind}  {one.study}  {one.state} until "
            f"{one.until:%Y-%m-%d %H:%M}{review}  {one.what}: {one.reason} ({one.owner})"
        )
        if one.why:
            yield f"       void: {one.why}"
    for kind, told in counts.items():
        said = ", ".join(f"{number} {word}" for word, number in told.items()) or "none"
        yield f"{kind.replace('_', ' ')}: {said}"
