"""``liftgate rights``: propose an act, answer it, review it; lend a role, declare a conflict."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from liftgate.cli.approve import time_of, tree_lines
from liftgate.cli.text import visible

if TYPE_CHECKING:
    from liftgate.flow.acts import Act

_FILE = click.Path(dir_okay=False, path_type=Path)
_TRUST = click.option(
    "--trust", "given", type=_FILE, metavar="FILE", help="Another trust file than the workspace's."
)
_KEY = click.option("--sign-with", required=True, metavar="KEY", help="Your key.")
_ENTRY = click.argument("entry", type=click.IntRange(min=1))
_JSON = click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
_EXIT = {"met": 0, "not met": 1, "can't tell": 4}


@click.command()
@click.argument("act")
@click.option("--title", required=True, metavar="TEXT", help="What is to be done.")
@click.option("--of", default="", metavar="NAME", help="The gate, dataset or metric concerned.")
@click.option("--team", "teams", multiple=True, metavar="TEAM", help="An affected team; again.")
@click.option("--weakening/--no-weakening", default=None, help="Whether it lowers a bar.")
@click.option(
    "--compare", nargs=2, metavar="OLD NEW", help="Two policies or studies: computes the same."
)
@click.option("--about", type=click.IntRange(min=1), metavar="N", help="A ledger entry.")
@click.option("--authority", default="", metavar="NAME", help="Who decides a recommendation.")
@click.option("--budget", nargs=2, type=float, metavar="OLD NEW", help="The budget it changes.")
@_KEY
@_TRUST
def propose(
    *,
    act: str,
    title: str,
    of: str,
    teams: tuple[str, ...],
    weakening: bool | None,
    compare: tuple[str, str] | None,
    about: int | None,
    authority: str,
    budget: tuple[float, float] | None,
    sign_with: str,
    given: Path | None,
) -> int:
    """Propose an act, in words or by its name; says who must sign it.

    Teams that are registered as users of what --of names are asked, too.

    Exit codes: 0 it may be done, 1 not (yet), 2 wrong use, 4 nobody can tell (yet).
    """
    from liftgate.flow.acts import Asked
    from liftgate.flow.acts import propose as write
    from liftgate.store import Workspace

    asked = Asked(
        act, title, of, teams, weakening, compare or None, about, authority, budget or None
    )
    return _show(write(Workspace.locate(), asked, sign_with=sign_with, given=given))


@click.command()
@_ENTRY
@click.argument("word", type=click.Choice(["agree", "object"]))
@click.option("--role", required=True, help="In which role; your own, or lent to you.")
@click.option("--note", default="", metavar="TEXT", help="What you want to have said.")
@_KEY
@_TRUST
def answer(
    *, entry: int, word: str, role: str, note: str, sign_with: str, given: Path | None
) -> int:
    """Agree to a proposed act, or object to it; the author's own word does not count.

    Exit codes: 0 it may be done, 1 not yet, or you may not, 4 nobody can tell yet.
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
    return _show(made)


@click.command()
@_ENTRY
@click.option("--note", required=True, metavar="TEXT", help="What you found.")
@_KEY
@_TRUST
def review(*, entry: int, note: str, sign_with: str, given: Path | None) -> int:
    """Review what was done at once: a broken glass, or a rollback. Your own act does not count.

    Exit codes: 0 reviewed, 1 a machine's key, 2 nothing that is reviewed.
    """
    from liftgate.flow.acts import review as write
    from liftgate.store import Workspace

    made = write(Workspace.locate(), entry, note=note, sign_with=sign_with, given=given)
    click.echo(f"Reviewed: ledger entry {made.sequence}, about entry {entry}")
    return 0


@click.command(name="status")
@_ENTRY
@_TRUST
@_JSON
def act_status(*, entry: int, given: Path | None, as_json: bool) -> int:
    """Say whether a proposed act may be done, who is missing, and until when.

    Exit codes: 0 it may be done, 1 not, 2 no such proposal, 4 nobody can tell yet.
    """
    from liftgate.flow.acts import status
    from liftgate.store import Workspace

    found = status(Workspace.locate(), entry, given)
    if as_json:
        body = {
            "entry": entry,
            "act": found.proposal.act,
            "title": found.proposal.title,
            "teams": list(found.proposal.scope.teams),
            "weakening": found.proposal.scope.weakening,
            "standing": found.tree.as_json(),
        }
        click.echo(json.dumps(body, indent=2))
        return _EXIT[found.tree.counts.value]
    return _show(found)


@click.command()
@click.argument("of")
@click.option("--team", required=True, metavar="TEAM", help="Your key needs the role team-TEAM.")
@_KEY
@_TRUST
def consumer(*, of: str, team: str, sign_with: str, given: Path | None) -> int:
    """Register a team as a user of a gate or dataset: a change of it asks for its signature."""
    from liftgate.flow.acts import register
    from liftgate.store import Workspace

    made = register(Workspace.locate(), of, team, sign_with=sign_with, given=given)
    click.echo(visible(f"{team} uses {of}: ledger entry {made.sequence}"))
    return 0


@click.command()
@click.option("--role", required=True, help="A role of yours.")
@click.option("--to", required=True, metavar="KEY", help="Whose key may use it.")
@click.option("--until", required=True, metavar="TIME", help="Until when: 5d, 12h, or ISO 8601.")
@click.option("--reason", required=True, metavar="TEXT", help="Why.")
@_KEY
@_TRUST
def delegate(
    *, role: str, to: str, until: str, reason: str, sign_with: str, given: Path | None
) -> int:
    """Lend a role of yours to somebody until a time. What was lent is not lent on.

    One place, not two: a delegate's signature does not count beside your own, nor where you may
    not sign yourself.

    Exit codes: 0 lent, 1 you may not (the ledger tells of it), 2 wrong use.
    """
    from liftgate.flow.lending import delegate as lend
    from liftgate.store import Workspace

    end = time_of(until)
    made = lend(
        Workspace.locate(),
        role=role,
        to=to,
        until=end,
        reason=reason,
        sign_with=sign_with,
        given=given,
    )
    click.echo(
        visible(f"{role} is lent to {to} until {end:%Y-%m-%d %H:%M}: ledger entry {made.sequence}")
    )
    return 0


@click.command()
@click.argument("study")
@click.option("--who", metavar="KEY", help="Whose conflict it is; default: your own.")
@click.option("--reason", required=True, metavar="TEXT", help="What it is.")
@_KEY
@_TRUST
def conflict(
    *, study: str, who: str | None, reason: str, sign_with: str, given: Path | None
) -> int:
    """Declare a conflict of interest: that person's signature does not count for STUDY.

    STUDY: a study's name, or the number of a proposal. Of somebody else only a role says it that
    the policy names (compliance).

    Exit codes: 0 declared, 1 you may not (the ledger tells of it), 2 wrong use.
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
    click.echo(visible(f"Declared: {who or sign_with} does not sign for {study} "
                       f"(ledger entry {made.sequence})"))  # fmt: skip
    return 0


def _show(found: Act) -> int:
    said = found.proposal
    click.echo(visible(f"Entry {said.sequence}, {said.act}: {said.title}"))
    click.echo(f"{found.tree.counts.value}")
    for line in tree_lines(found.tree):
        click.echo(visible(f"  {line}"))
    return _EXIT[found.tree.counts.value]
