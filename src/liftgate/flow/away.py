"""Runs that the ledger names and that lie in the workspace of somebody else who shares it."""

from __future__ import annotations

from collections.abc import Sequence

from liftgate.errors import BrokenChain
from liftgate.flow.ledger import recorded_files
from liftgate.records import Entry
from liftgate.store import RUN_FINISHED, Workspace
from liftgate.store.sharing import refuse_missing

DECIDED = "decision"


def refuse_away(workspace: Workspace, entries: Sequence[Entry]) -> None:
    """Refuse to go on while a recorded run is away; quick, for no file is read.

    Raises:
        BrokenChain: names the first run that is not here, who finished it, and what was decided
            of its study since; or the first file that a run lacks.
    """
    for entry in _runs(entries):
        if not (workspace.runs / entry.body["id"]).is_dir():
            raise _away(entry, entries)
    refuse_missing(workspace, recorded_files(entries))


def meanwhile(
    workspace: Workspace, entries: Sequence[Entry], *, since: int, study: str
) -> list[Entry]:
    """Return the runs of other studies that others finished meanwhile, and that are not here.

    Args:
        workspace: where a run went on.
        entries: of the ledger.
        since: the last entry before it began; nothing that it rests on was recorded later.
        study: the digest of its study. A run of the same one is not left out.
    """
    return [
        entry
        for entry in _runs(entries)
        if entry.sequence > since
        and entry.body.get("study") != study
        and not (workspace.runs / entry.body["id"]).exists()
    ]


def _runs(entries: Sequence[Entry]) -> list[Entry]:
    recorded_files(entries)
    return [entry for entry in entries if entry.kind == RUN_FINISHED]


def _away(run: Entry, entries: Sequence[Entry]) -> BrokenChain:
    decided = [
        entry
        for entry in entries
        if entry.kind == DECIDED and entry.body["study_digest"] == run.body.get("study")
    ]
    told = ""
    if decided:
        last = decided[-1]
        words = ", ".join(
            f"{one['word'].upper()} {one['candidate']}" for one in last.body["decisions"]
        )
        told = f"; the study {last.body['study']} was decided: {words} ({_of(last)})"
    return BrokenChain(
        f"the run {run.body['id']} is not in this workspace: {run.author} finished it at "
        f"{run.time:%Y-%m-%d %H:%M:%S}Z (ledger entry {run.sequence}){told}",
        hint="bring it from who ran it (liftgate data fetch FOLDER), then repeat: what was called "
        "there is not called again; if it was here before, restore it from a copy",
    )


def _of(entry: Entry) -> str:
    return f"ledger entry {entry.sequence}, by {entry.author}, {entry.time:%Y-%m-%d %H:%M:%S}Z"
