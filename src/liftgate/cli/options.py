"""Options that several commands have: one name, one meaning, one text."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from liftgate.cli import complete
from liftgate.cli.result import F

FILE = click.Path(dir_okay=False, path_type=Path)

TRUST = click.option(
    "--trust",
    "given",
    type=FILE,
    metavar="FILE",
    help="Whose keys count. Default: the workspace's trust file.",
)


def sign_with(says: str, **more: Any) -> Callable[[F], F]:
    """Make the option of one's own key, or keys."""
    return click.option(
        "--sign-with", metavar="KEY", shell_complete=complete.own_keys, help=says, **more
    )


def role(says: str) -> Callable[[F], F]:
    """Make the option of a role that a key must have."""
    return click.option(
        "--role", required=True, metavar="ROLE", shell_complete=complete.roles, help=says
    )


def arm(says: str, part: str = "arms") -> Callable[[F], F]:
    """Make the option of an arm of STUDY; ``part``: which of them are offered."""
    offered = complete.of_study(part)
    return click.option("--arm", metavar="ARM", shell_complete=offered, help=says)


def metric(says: str) -> Callable[[F], F]:
    """Make the option of a metric of STUDY."""
    offered = complete.of_study("metrics")
    return click.option("--metric", metavar="METRIC", shell_complete=offered, help=says)


def seed(says: str, default: int | None = None) -> Callable[[F], F]:
    """Make the option of a seed; a default is shown."""
    shown = default is not None
    kind = click.IntRange(min=0)
    return click.option(
        "--seed", metavar="N", type=kind, default=default, show_default=shown, help=says
    )


KEY = sign_with("Your key.", required=True)
MAYBE_KEY = sign_with("Your key, where a signature is asked for.")
KEYS = sign_with("Your key; repeatable.", multiple=True)
SOME_KEYS = sign_with("Your key; repeatable.", multiple=True, required=True)
REASON = click.option("--reason", required=True, metavar="TEXT", help="Why.")
UNTIL = click.option(
    "--until", required=True, metavar="TIME", help="Until when: 5d, 12h, or ISO 8601."
)
LEVEL = click.option(
    "--level",
    metavar="X",
    type=click.FloatRange(min=0.5, max=0.999),
    default=0.95,
    show_default=True,
    help="Confidence of every interval.",
)
PRICES = click.option(
    "--prices",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="Price table. Default: prices.yaml in the workspace, if there is one.",
)
HOST = click.option("--host", default="127.0.0.1", show_default=True, help="Where to listen.")
PORT = click.option(
    "--port",
    metavar="N",
    type=click.IntRange(0, 65535),
    default=0,
    help="Where to listen. Default: a free one.",
)
HOSTNAME = click.option(
    "--hostname",
    "name",
    metavar="NAME",
    help="What others call this machine, for the links. Default: the host.",
)
QUIET = click.option("--quiet", is_flag=True, help="No progress.")
STUDY = click.argument("study", type=click.Path(path_type=Path))
STUDY_OR_NAME = click.argument("study", shell_complete=complete.studies)
ENTRY = click.argument("entry", type=click.IntRange(min=1), shell_complete=complete.entries)

MEANINGS = {
    "--against": "checkpoints that it is held against",
    "--alias": "an alias of a registered model",
    "--all": "nothing is left out",
    "--arm": "an arm of the study",
    "--at-least": "the score that passes (at most, where less is better)",
    "--cluster": "the column of items that are not independent of each other",
    "--concurrency": "calls in flight for each arm",
    "--entry": "an entry of the ledger, by its number",
    "--half-width": "half the width of an interval, in the score's units",
    "--host": "where to listen",
    "--hostname": "what others call this machine, in links",
    "--item-id": "an item, by its id",
    "--items": "how many items a study has",
    "--junit": "a file of JUnit XML that is written as well",
    "--kind": "only what is of this kind",
    "--level": "the confidence of an interval",
    "--max-cost": "what the calls may cost",
    "--metric": "a metric, by its name; of a table, by its column",
    "--model": "a registered model",
    "--n": "how many are drawn, rated or labelled",
    "--naive": "a gate of bare means as well, for contrast",
    "--note": "what one wants to have said",
    "--off-loopback": "let other machines in",
    "--open": "open the page in the browser",
    "--out": "the file or folder that is written",
    "--owner": "who answers for it",
    "--part": "a part of an item's input",
    "--picture": "a file for pictures, .svg, .png or .html",
    "--pilots": "bootstrap pilots behind ranges",
    "--port": "where to listen; by default a free one",
    "--prices": "the price table",
    "--reason": "why; it is kept in the ledger",
    "--role": "a role of a key",
    "--runs": "simulated or replayed uses of a gate",
    "--seed": "what decides all that is drawn",
    "--sign-with": "your key",
    "--slice": "a column whose values are shown or kept apart",
    "--summary": "a file to which Markdown is appended",
    "--taxonomy": "the codes of failures",
    "--team": "a team",
    "--trust": "whose keys count",
    "--until": "a time: 5d, 12h, or ISO 8601",
    "--value": "what it should say",
    "--who": "the person concerned, by their key",
}
"""What an option means, whichever command has it; only those that several word differently."""
