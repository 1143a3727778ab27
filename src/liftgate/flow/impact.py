"""``impact``: what rests on a thing that turned out wrong, and marking it to be looked at again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from liftgate.canon import plain
from liftgate.errors import DataError, LiftgateError
from liftgate.flow.checkpoints import trust_file
from liftgate.ledger import Ledger, consent
from liftgate.ledger.trust import Trust
from liftgate.ledger.trust import load as load_trust
from liftgate.lineage.impact import REOPENED, Impact, Index, impact, reopening
from liftgate.lineage.thing import parse_thing
from liftgate.records import Entry
from liftgate.records.notebook import Card
from liftgate.store import Store, Workspace


@dataclass(frozen=True)
class Found(Card):
    """What rests on a thing, and the entry that was just written about it."""

    impact: Impact
    entry: Entry | None = None

    @property
    def exit_code(self) -> int:
        """0 nothing is left to be marked, 1 something is, 4 nobody can tell."""
        if self.impact.open:
            return 1
        return 4 if self.impact.untold else 0

    def as_json(self) -> dict[str, Any]:
        """Return everything as JSON values."""
        found = self.impact
        return {
            "liftgate": 1,
            "thing": str(found.thing),
            "decisions": found.decisions,
            "affected": plain(found.affected),
            "cannot_tell": {str(number): why for number, why in found.untold.items()},
            "marked_in": self.entry.sequence if self.entry else None,
            "exit_code": self.exit_code,
        }


def impact_of(text: str, workspace: Workspace, *, given: Path | None = None) -> Found:
    """Return the decisions that rest on a thing; the chain is verified first.

    Args:
        text: the thing, ``KIND:NAME``.
        workspace: whose ledger.
        given: another trust file than the workspace's, for whose signatures count.

    Raises:
        DataError: the text names no thing.
        UnknownName: no such kind, or the ledger knows nothing of that name.
        BrokenChain: the ledger was altered.
    """
    thing = parse_thing(text)
    trust = load_trust(trust_file(workspace, given))
    with (
        Store.open(workspace.home, read_only=True) as store,
        Ledger.open(workspace.home, read_only=True) as ledger,
    ):
        ledger.verify()
        return Found(impact(thing, index_of(list(ledger.entries()), store, trust)))


def reopen(text: str, workspace: Workspace, *, reason: str, given: Path | None = None) -> Found:
    """Mark the decisions that rest on a thing to be looked at again, by one entry for all.

    Those that are marked for it already are not marked again; where none is left, nothing is
    written.

    Raises:
        DataError: no reason, or the text names no thing.
        UnknownName: no such kind, or the ledger knows nothing of that name.
        BrokenChain: the ledger was altered.
    """
    if not reason.strip():
        raise DataError("reason: got none, a reopening says why")
    thing = parse_thing(text)
    trust = load_trust(trust_file(workspace, given))
    with Store.open(workspace.home, read_only=True) as store, Ledger.open(workspace.home) as ledger:
        ledger.verify()
        entries = list(ledger.entries())
        found = impact(thing, index_of(entries, store, trust))
        if not found.open:
            return Found(found)
        refs = {f"decision {one.entry}": one.leaf for one in found.open}
        entry = ledger.append(REOPENED, reopening(found, reason), refs=refs)
        marked = impact(thing, index_of([*entries, entry], store, trust))
    return Found(marked, entry)


def index_of(entries: Sequence[Entry], store: Store, trust: Trust) -> Index:
    """Arrange a verified ledger for looking up what decisions rest on."""
    return Index(entries, _signers(entries, trust), lambda digest: _raters(digest, store))


def _signers(entries: Sequence[Entry], trust: Trust) -> Mapping[int, list[tuple[int, str]]]:
    """Return entry -> names and ids of the keys that signed about it and count."""
    found: dict[int, list[tuple[int, str]]] = {}
    for one in consent.given(entries, trust):
        for signer in (*one.by, *one.machines):
            names = [(one.sequence, signer.key.name), (one.sequence, signer.key.id)]
            found.setdefault(one.about, []).extend(names)
    return found


def _raters(digest: str, store: Store) -> tuple[str, ...] | None:
    if store.blob_state(digest) != "kept":
        return None
    found: Any = store.output(digest)
    try:
        return tuple(sorted({str(row["rater"]) for row in found["rows"]}))
    except (KeyError, TypeError) as error:
        raise LiftgateError(f"labels {digest}: not as liftgate keeps them ({error!r})") from error
