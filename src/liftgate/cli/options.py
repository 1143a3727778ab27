"""Options that several commands have: one name, one meaning, one text."""

from __future__ import annotations

from pathlib import Path

import click

from liftgate.cli import complete

FILE = click.Path(dir_okay=False, path_type=Path)

TRUST = click.option(
    "--trust",
    "given",
    type=FILE,
    metavar="FILE",
    help="Whose keys count. Default: the workspace's trust file.",
)
KEY = click.option(
    "--sign-with",
    required=True,
    metavar="KEY",
    shell_complete=complete.own_keys,
    help="Your key.",
)
MAYBE_KEY = click.option(
    "--sign-with",
    metavar="KEY",
    shell_complete=complete.own_keys,
    help="Your key, where a signature is asked for.",
)
KEYS = click.option(
    "--sign-with",
    multiple=True,
    metavar="KEY",
    shell_complete=complete.own_keys,
    help="Your key; repeatable.",
)
SOME_KEYS = click.option(
    "--sign-with",
    multiple=True,
    required=True,
    metavar="KEY",
    shell_complete=complete.own_keys,
    help="Your key; repeatable.",
)
REASON = click.option("--reason", required=True, metavar="TEXT", help="Why.")
UNTIL = click.option(
    "--until", required=True, metavar="TIME", help="Until when: 5d, 12h, or ISO 8601."
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
