"""``ledger verify``, ``log`` and ``show``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from liftgate.errors import BrokenChain
from liftgate.ledger import Ledger
from liftgate.records import Entry
from liftgate.store import RUN_FINISHED, Store, Workspace

ACTIVATED = "gate_activated"
"""Kind of the entry that says that every check of a study's gate bites."""


@dataclass(frozen=True)
class Verified:
    """What was found sound."""

    entries: int
    files: int
    """Files of runs whose bytes are those that the ledger recorded."""
    runs: int
    unrecorded: tuple[str, ...]
    """Finished runs that no entry names yet; nothing vouches for their files."""


def verify(workspace: Workspace) -> Verified:
    """Verify the chain, then every file that a finished run recorded in it.

    Raises:
        BrokenChain: names the first bad entry, or the first missing or altered file.
        LedgerError: there is no ledger yet.
    """
    with Store.open(workspace.home, read_only=True) as store:
        found = [run.id for run in store.runs()]
        if found and not workspace.ledger.is_file():
            raise BrokenChain(
                f"{workspace.ledger.name}: missing, although there are {len(found)} finished runs",
                hint="restore the ledger from a copy",
            )
        with Ledger.open(workspace.home, read_only=True) as ledger:
            entries = ledger.verify()
            recorded = recorded_files(ledger)
        files = store.verify(recorded)
    unrecorded = tuple(run for run in found if run not in recorded)
    return Verified(entries, files, len(recorded), unrecorded)


def recorded_files(ledger: Ledger) -> dict[str, Mapping[str, str]]:
    """Return run -> file -> digest, as the entries of finished runs say."""
    return {str(e.body["id"]): e.body["files"] for e in ledger.entries(kind=RUN_FINISHED)}


def entries(
    workspace: Workspace, *, kind: str | None = None, last: int | None = None
) -> list[Entry]:
    """Return entries in order: all, those of a kind, the last so many.

    Raises:
        BrokenChain: an entry is not what was recorded.
        LedgerError: there is no ledger yet.
    """
    with Ledger.open(workspace.home, read_only=True) as ledger:
        found = list(ledger.entries(kind))
    return found if last is None else found[len(found) - min(last, len(found)) :]


def entry(workspace: Workspace, sequence: int) -> Entry:
    """Return one entry.

    Raises:
        UnknownName: there is none of that number.
        BrokenChain: it is not what was recorded.
        LedgerError: there is no ledger yet.
    """
    with Ledger.open(workspace.home, read_only=True) as ledger:
        return ledger.entry(sequence)


def activation(workspace: Workspace, study_digest: str) -> Entry | None:
    """Return the last entry that activated the gate of a study of this digest, or None."""
    if not workspace.ledger.is_file():
        return None
    with Ledger.open(workspace.home, read_only=True) as ledger:
        found = [e for e in ledger.entries(ACTIVATED) if e.body["study_digest"] == study_digest]
    return found[-1] if found else None
