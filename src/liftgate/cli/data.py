"""``liftgate data``: what binds data sets, erasing their content, and bringing it from others."""

from __future__ import annotations

from pathlib import Path

import click

from liftgate.cli import options
from liftgate.cli.result import print_json, prints, show
from liftgate.cli.text import visible


@click.group()
def data() -> None:
    """See what binds the items of studies, erase their content, bring it from a colleague."""


@data.command()
@prints("datasets")
def tags(*, as_json: bool) -> int:
    """List the data sets of this workspace with consent, retention and residency.

    Exit codes: 0 nothing is kept too long, 1 something is, 2 wrong use, 3 the ledger was altered.
    """
    from liftgate.flow.erase import held, today
    from liftgate.store import Workspace

    found = held(Workspace.locate())
    late = [one.overdue(today()) for one in found]
    if as_json:
        body = [
            {
                "study": one.study,
                "dataset": one.digest,
                "items": one.items,
                "kept": one.kept,
                "tags": one.tags.as_json(),
                "said_in": list(one.tags.said_in),
                "overdue": overdue,
            }
            for one, overdue in zip(found, late, strict=True)
        ]
        print_json({"datasets": body})
        return 1 if any(late) else 0
    for one, overdue in zip(found, late, strict=True):
        said = "; ".join(
            f"{name.replace('_', ' ')} {', '.join(v) if isinstance(v, list) else v}"
            for name, v in one.tags.as_json().items()
        )
        mark = "OVERDUE: " if overdue else ""
        click.echo(
            visible(f"{mark}{one.study}: {one.kept} of {one.items} items kept; {said or 'no tags'}")
        )
    return 1 if any(late) else 0


@data.command()
@click.argument("folder", type=click.Path(file_okay=False, exists=True, path_type=Path))
@prints("runs", "values", "erased", "missing")
def fetch(*, folder: Path, as_json: bool) -> int:
    """Bring runs and contents from another workspace that shares this one's ledger.

    FOLDER holds the other workspace, or a copy of it. Every file is checked against the ledger,
    every value against its digest. What the ledger says was erased is erased here, too.

    Exit codes: 0 every run of the ledger is here, 1 some are still away, 2 no workspace there,
    3 something there is not what the ledger recorded: it is not brought.
    """
    from liftgate.flow.fetch import fetch as bring
    from liftgate.store import Workspace

    found = bring(Workspace.locate(), folder)
    body = {"runs": list(found.runs), "values": found.values, "erased": found.erased}
    runs = "1 run" if len(found.runs) == 1 else f"{len(found.runs):,} runs"
    lines = [f"Brought {runs} and {found.values:,} values."]
    if found.erased:
        lines.append(f"Erased here, as the ledger says: {found.erased:,} values.")
    lines += [f"Still away: run {run}; somebody else's workspace has it" for run in found.missing]
    show({**body, "missing": list(found.missing)}, lines, as_json=as_json)
    return 1 if found.missing else 0


@data.command()
@options.STUDY_OR_NAME
@click.option("--item-id", "items", multiple=True, metavar="ID", help="Which item; repeatable.")
@click.option("--all", "every", is_flag=True, help="Every item of the study's data set.")
@options.REASON
@prints("study", "items", "values", "shared", "messages", "removed")
def erase(*, study: str, items: tuple[str, ...], every: bool, reason: str, as_json: bool) -> int:
    """Erase what items of the study of this name say, and what was answered to them.

    Digests, scores and decisions stay, and the ledger verifies. Pages in reports/ are removed, for
    they quote items: liftgate report writes them anew. What lies outside of the workspace (the
    file of the items, packs and pages that were handed out) is yours to erase. Error messages
    stay in the files of runs; it says how many there are.

    Exit codes: 0 erased, 2 no such study or item, or another process still reads, 3 the ledger was
    altered.
    """
    from liftgate.flow.erase import erase_items
    from liftgate.store import Workspace

    if bool(items) == every:
        raise click.UsageError("Name items, --item-id ID, or all of them, --all.")
    made = erase_items(Workspace.locate(), study, items, reason=reason)
    body = {
        "study": study,
        "items": list(made.items),
        "values": made.values,
        "shared": made.shared,
        "messages": made.messages,
        "removed": [str(page) for page in made.reports],
    }
    lines = [f"Erased {len(made.items)} items: {made.values} values"]
    if made.shared:
        lines.append(f"Kept: {made.shared} values that other items have, too")
    if made.messages:
        lines.append(
            f"Not erased: {made.messages} error messages about them, which may quote them; they "
            "stand in files of runs, whose digests the ledger holds"
        )
    lines += [f"Removed {page}; liftgate report writes it anew" for page in made.reports]
    show(body, lines, as_json=as_json)
    return 0
