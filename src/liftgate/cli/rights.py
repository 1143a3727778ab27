"""``liftgate rights``: who may do what."""

from __future__ import annotations

from pathlib import Path

import click

from liftgate.cli import complete, options
from liftgate.cli.acts import (
    act_status,
    answer,
    conflict,
    consumer,
    delegate,
    propose,
    review,
)
from liftgate.cli.result import print_json, prints
from liftgate.cli.text import visible


@click.group()
def rights() -> None:
    """Who may do what, and who must sign it."""


rights.add_command(propose)
rights.add_command(answer)
rights.add_command(review)
rights.add_command(act_status)
rights.add_command(consumer)
rights.add_command(delegate)
rights.add_command(conflict)


@rights.command()
@click.argument("act", shell_complete=complete.acts)
@options.TRUST
@prints("act", "says", "roles", "must_sign", "…")
def explain(*, act: str, given: Path | None, as_json: bool) -> int:
    """Say which rule an act falls under, and who must sign it.

    ACT: in words, e.g. "change gate affecting 2 teams".

    Exit codes: 0 said, 2 no rule, or several, fit the words, 3 the ledger was altered.
    """
    from liftgate.flow.policies import current
    from liftgate.gates.policy import SHIPPED, shipped
    from liftgate.gates.rights import explained, find, needed
    from liftgate.store import Workspace

    policy = current(Workspace.locate(), given) or shipped(SHIPPED[0])
    right, scope = find(policy.table(), act)
    if as_json:
        body = {**right.model_dump(mode="json"), "must_sign": needed(right, scope)}
        print_json(body)
        return 0
    for line in explained(right, scope):
        click.echo(visible(line))
    return 0
