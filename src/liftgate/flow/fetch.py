"""``data fetch``: what others who share the ledger ran, into this workspace."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from liftgate.errors import BrokenChain, DataError
from liftgate.flow.checkpoints import home_in
from liftgate.flow.ledger import ERASED, recorded_files
from liftgate.ledger import Ledger
from liftgate.records.notebook import Card
from liftgate.store import RUN_FINISHED, Store, Workspace, only_one
from liftgate.store.sharing import fetch as bring


@dataclass(frozen=True)
class Fetched(Card):
    """What was brought, and what is still away."""

    runs: tuple[str, ...]
    values: int
    """Inputs, answers, targets and traces."""
    erased: int
    """Values that this workspace still had, although the ledger says that they were erased."""
    missing: tuple[str, ...]
    """Runs of the ledger that are neither here nor there."""


def fetch(workspace: Workspace, folder: Path) -> Fetched:
    """Copy the runs that the ledger names and the values behind digests from another workspace.

    Every file is checked against the ledger, every value against its digest. What the ledger says
    was erased is not brought, and erased here, too.

    Args:
        workspace: where it is wanted.
        folder: of the other workspace, or a copy of it.

    Raises:
        DataError: there is no workspace in the folder.
        BrokenChain: the ledger is broken, or something there is not what was recorded.
        NotAllowed: a run is going here.
        LedgerError: there is no ledger.
    """
    other = Workspace(home_in(folder))
    with Ledger.open(workspace.home, read_only=True):
        # Only where there is one: else an empty workspace would be left behind.
        workspace = workspace.create()
    if not other.runs.is_dir() or other.home.samefile(workspace.home):
        raise DataError(f"{folder}: got no other workspace, expected the folder of one")
    with (
        only_one(workspace, "run"),
        Ledger.open(workspace.home, read_only=True) as ledger,
        Store.open(workspace.home) as store,
    ):
        ledger.verify()
        recorded = recorded_files(ledger.entries(RUN_FINISHED))
        for run, files in recorded.items():
            if any(Path(name).name != name for name in (run, *files)):
                raise BrokenChain(f"run {run}: the ledger names a path that leads elsewhere")
        told = {str(entry.body.get("digest")) for entry in ledger.entries(ERASED)}
        left = [digest for digest in sorted(told) if store.blob_state(digest) == "kept"]
        for digest in left:
            store.erase(digest)
        runs, values = bring(workspace, other, recorded, told)
    with Store.open(workspace.home, read_only=True) as store:
        here = {run.id for run in store.runs()}
    missing = tuple(run for run in recorded if run not in here)
    return Fetched(tuple(runs), values, len(left), missing)
