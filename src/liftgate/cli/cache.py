"""``liftgate cache``: what is known of a study's trials."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from liftgate.cli import options
from liftgate.cli.result import print_json, prints

if TYPE_CHECKING:
    from liftgate.flow.explain import Explained, Lack


@click.group()
def cache() -> None:
    """See which trials of a study are known. A finished trial is never bought again."""


@cache.command()
@options.STUDY
@click.argument("item", required=False)
@prints("known", "missing")
def explain(*, study: Path, item: str | None, as_json: bool) -> int:
    """Say why trials are not known: what differs from the nearest one that is.

    With ITEM, every trial of that item; without, one example for each arm and reason. A trial is
    found by its key: the arm's fingerprint, the item's input, the repeat. Calls nothing.

    Exit codes: 0 every trial is known, 1 some are not, 2 wrong use or a bad file, 3 evidence was
    altered.
    """
    from liftgate.cli.text import visible
    from liftgate.flow.explain import explain as explained
    from liftgate.store import Workspace

    found = explained(study, item, Workspace.locate())
    if as_json:
        lacks = [lack.as_json() for lack in found.lacks]
        print_json({"known": found.known, "missing": lacks})
    else:
        for line in _text(found, whole=item is not None):
            click.echo(visible(line))
    return 1 if found.lacks else 0


def _text(found: Explained, *, whole: bool) -> Iterator[str]:
    yield f"{found.known:,} known, {len(found.lacks):,} not known"
    groups: dict[tuple[str, ...], list[Lack]] = {}
    for lack in found.lacks:
        key = (lack.arm, lack.part, *((lack.item, str(lack.repeat)) if whole else ()))
        groups.setdefault(key, []).append(lack)
    for lacks in groups.values():
        first = lacks[0]
        more = f" and {len(lacks) - 1:,} more" if len(lacks) > 1 else ""
        yield f"{first.arm}, item {first.item!r}, repeat {first.repeat}{more}: {first.why}"
        for change in first.changes:
            told = change.as_json()
            yield f"  {told['path']}: was {_shown(told['old'])}, is {_shown(told['new'])}"


def _shown(value: object) -> str:
    if value is None:
        return "nothing"
    text = json.dumps(value, ensure_ascii=False, sort_keys=True)
    return text if len(text) <= 100 else f"{text[:99]}…"
