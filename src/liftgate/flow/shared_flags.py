"""Flags that everybody sees: entries of the ledger, by study and item; the last word holds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from liftgate.ledger import Ledger
from liftgate.records import Entry
from liftgate.store import Workspace

KIND = "item.flagged"
MOST = 50
"""Flags of a study that are listed, the latest first; an address holds no more."""


@dataclass(frozen=True)
class Flag:
    """Who flagged an item, and where that stands."""

    item: str
    entry: int
    author: str
    time: str


def flags_of(workspace: Workspace, study: str) -> Mapping[str, Flag]:
    """Return the flagged items of a study, the latest first.

    Raises:
        BrokenChain: an entry is not what was recorded.
    """
    with Ledger.open(workspace.home, read_only=True) as ledger:
        found = _standing(ledger.entries(kind=KIND), study)
    return {item: found[item] for item in list(found)[::-1][:MOST]}


def set_flag(
    workspace: Workspace, study: str, item: str, *, decision: int, on: bool, role: str
) -> Entry | None:
    """Flag an item for everybody, or take its flag off; None: it is so already.

    Args:
        workspace: whose ledger is written to.
        study: the study's name.
        item: its id.
        decision: entry of the decision that was looked at.
        on: whether it is flagged from now on.
        role: of the link by which whoever asks came in; a label, not a proof.

    Raises:
        BrokenChain: an entry is not what was recorded.
        LedgerError: the entry could not be written.
    """
    with Ledger.open(workspace.home) as ledger:
        if (item in _standing(ledger.entries(kind=KIND), study)) == on:
            return None
        body = {"study": study, "item": item, "decision": decision, "flagged": on, "role": role}
        return ledger.append(KIND, body)


def _standing(entries: Iterable[Entry], study: str) -> dict[str, Flag]:
    found: dict[str, Flag] = {}
    for entry in entries:
        item, on = entry.body.get("item"), entry.body.get("flagged")
        if entry.body.get("study") != study or not isinstance(item, str):
            continue  # whoever may append may append anything
        found.pop(item, None)
        if on is True:
            found[item] = Flag(item, entry.sequence, entry.author, entry.time.isoformat())
    return found
