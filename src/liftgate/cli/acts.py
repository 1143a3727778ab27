"""``liftgate rights``: propose an act, answer it, review it; lend a role, declare a conflict."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from liftgate.cli import complete, options
from liftgate.cli.approve import time_of, tree_lines
from liftgate.cli.result import prints, show

if TYPE_CHECKING:
    from liftgate.flow.acts import Act

_SAID = ("entry", "act", "title", "teams", "weakening", "standing")
_EXIT = {"met": 0, "not met": 1, "can't tell": 4}


@click.command()
@click.argument("act", shell_complete=complete.acts)
@click.option("--title", required=True, metavar="TEXT", help="What is to be done.")
@click.option("--of", default="", metavar="NAME", help="The gate, dataset or metric concerned.")
@click.option(
    "--team", "teams", multiple=True, metavar="TEAM", help="An affected team; repeatable."
)
@click.option("--weakening/--no-weakening", default=None, help="Whether it lowers a bar.")
@click.option(
    "--compare", nargs=2, metavar="OLD NEW", help="Two policies or studies: computes the same."
)
@click.option(
    "--entry", type=click.IntRange(min=1), metavar="N", help="The ledger entry that it is about."
)
@click.option("--authority", default="", metavar="NAME", help="Who decides a recommendation.")
@click.option("--budget", nargs=2, type=float, metavar="OLD NEW", help="The budget it changes.")
@options.KEY
@options.TRUST
@prints(*_SAID)
def propose(
    *,
    act: str,
    title: str,
    of: str,
    teams: tuple[str, ...],
    weakening: bool | None,
    compare: tuple[str, str] | None,
    entry: int | None,
    authority: str,
    budget: tuple[float, float] | None,
    sign_with: str,
    given: Path | None,
    as_json: bool,
) -> int:
    """Propose an act, in words or by its name; says who must sign it.

    Teams that are registered as users of what --of names are asked, too.

    Exit codes: 0 it may be done, 1 not (yet), 2 wrong use, 3 the ledger was altered, 4 nobody can
    tell (yet).
    """
    from liftgate.flow.acts import Asked
    from liftgate.flow.acts import propose as write
    from liftgate.store import Workspace

    asked = Asked(
        act, title, of, teams, weakening, compare or None, entry, authority, budget or None
    )
    found = write(Workspace.locate(), asked, sign_with=sign_with, given=given)
    return _show(found, as_json=as_json)


@click.command()
@options.ENTRY
@click.argument("word", type=click.Choice(["agree", "object"]))
@options.role("In which role; your own, or lent to you.")
@click.option("--note", default="", metavar="TEXT", help="What you want to have said.")
@options.KEY
@options.TRUST
@prints(*_SAID)
def answer(
    *,
    entry: int,
    word: str,
    role: str,
    note: str,
    sign_with: str,
    given: Path | None,
    as_json: bool,
) -> int:
    """Agree to a proposed act, or object to it; the author's own word does not count.

    Exit codes: 0 it may be done, 1 not yet, or you may not, 2 wrong use, 3 the ledger was altered,
    4 nobody can tell yet.
    """
    from liftgate.flow.acts import answer as write
    from liftgate.store import Workspace

    made = write(
        Workspace.locate(),
        entry,
        objects=word == "object",
        role=role,
        note=note,
        sign_with=sign_with,
        given=given,
    )
    return _show(made, as_json=as_json)


@click.command()
@options.ENTRY
@click.option("--note", required=True, metavar="TEXT", help="What you found.")
@options.KEY
@options.TRUST
@prints("entry", "about", "reviewer")
def review(*, entry: int, note: str, sign_with: str, given: Path | None, as_json: bool) -> int:
    """Review what was done at once: a broken glass, or a rollback. Your own act does not count.

    Exit codes: 0 reviewed, 1 a machine's key, 2 nothing that is reviewed, 3 the ledger was
    altered.
    """
    from liftgate.flow.acts import review as write
    from liftgate.store import Workspace

    made = write(Workspace.locate(), entry, note=note, sign_with=sign_with, given=given)
    show(
        {"entry": made.sequence, "about": entry, "reviewer": sign_with},
        f"Reviewed: ledger entry {made.sequence}, about entry {entry}",
        as_json=as_json,
    )
    return 0


@click.command(name="status")
@options.ENTRY
@options.TRUST
@prints(*_SAID)
def act_status(*, entry: int, given: Path | None, as_json: bool) -> int:
    """Say whether a proposed act may be done, who is missing, and until when.

    Exit codes: 0 it may be done, 1 not, 2 no such proposal, 3 the ledger was altered, 4 nobody can
    tell yet.
    """
    from liftgate.flow.acts import status
    from liftgate.store import Workspace

    return _show(status(Workspace.locate(), entry, given), as_json=as_json)


@click.command()
@click.argument("of")
@click.option("--team", required=True, metavar="TEAM", help="Your key needs the role team-TEAM.")
@options.KEY
@options.TRUST
@prints("entry", "of", "team")
def consumer(*, of: str, team: str, sign_with: str, given: Path | None, as_json: bool) -> int:
    """Register a team as a user of a gate or dataset: a change of it asks for its signature.

    Exit codes: 0 registered, 1 you may not (the ledger tells of it), 2 wrong use, 3 the ledger was
    altered.
    """
    from liftgate.flow.acts import register
    from liftgate.store import Workspace

    made = register(Workspace.locate(), of, team, sign_with=sign_with, given=given)
    show(
        {"entry": made.sequence, "of": of, "team": team},
        f"{team} uses {of}: ledger entry {made.sequence}",
        as_json=as_json,
    )
    return 0


@click.command()
@options.role("A role of yours.")
@click.option(
    "--who",
    required=True,
    metavar="KEY",
    shell_complete=complete.trusted_keys,
    help="Whose key may use it.",
)
@options.UNTIL
@options.REASON
@options.KEY
@options.TRUST
@prints("entry", "role", "who", "until")
def delegate(
    *,
    role: str,
    who: str,
    until: str,
    reason: str,
    sign_with: str,
    given: Path | None,
    as_json: bool,
) -> int:
    """Lend a role of yours to somebody until a time. What was lent is not lent on.

    One place, not two: a delegate's signature does not count beside your own, nor where you may
    not sign yourself.

    Exit codes: 0 lent, 1 you may not (the ledger tells of it), 2 wrong use, 3 the ledger was
    altered.
    """
    from liftgate.flow.lending import delegate as lend
    from liftgate.store import Workspace

    end = time_of(until)
    made = lend(
        Workspace.locate(),
        role=role,
        to=who,
        until=end,
        reason=reason,
        sign_with=sign_with,
        given=given,
    )
    show(
        {"entry": made.sequence, "role": role, "who": who, "until": end.isoformat()},
        f"{role} is lent to {who} until {end:%Y-%m-%d %H:%M}: ledger entry {made.sequence}",
        as_json=as_json,
    )
    return 0


@click.command()
@options.STUDY_OR_NAME
@click.option(
    "--who",
    metavar="KEY",
    shell_complete=complete.trusted_keys,
    help="Whose conflict it is. Default: your own.",
)
@click.option("--reason", required=True, metavar="TEXT", help="What it is.")
@options.KEY
@options.TRUST
@prints("entry", "study", "who")
def conflict(
    *,
    study: str,
    who: str | None,
    reason: str,
    sign_with: str,
    given: Path | None,
    as_json: bool,
) -> int:
    """Declare a conflict of interest: that person's signature does not count for STUDY.

    STUDY: a study's name, or the number of a proposal. Of somebody else only a role says it that
    the policy names (compliance).

    Exit codes: 0 declared, 1 you may not (the ledger tells of it), 2 wrong use, 3 the ledger was
    altered.
    """
    from liftgate.flow.lending import declare
    from liftgate.store import Workspace

    made = declare(
        Workspace.locate(),
        study,
        who=who or sign_with,
        reason=reason,
        sign_with=sign_with,
        given=given,
    )
    whose = who or sign_with
    show(
        {"entry": made.sequence, "study": study, "who": whose},
        f"Declared: {whose} does not sign for {study} (ledger entry {made.sequence})",
        as_json=as_json,
    )
    return 0


def _show(found: Act, *, as_json: bool) -> int:
    said = found.proposal
    body = {
        "entry": said.sequence,
        "act": said.act,
        "title": said.title,
        "teams": list(said.scope.teams),
        "weakening": said.scope.weakening,
        "standing": found.tree.as_json(),
    }
    head = (f"Entry {said.sequence}, {said.act}: {said.title}", found.tree.counts.value)
    show(body, head, (f"  {line}" for line in tree_lines(found.tree)), as_json=as_json)
    return _EXIT[found.tree.counts.value]
