"""``ledger verify``, ``log`` and ``show``."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from liftgate.errors import BrokenChain, DataError, UnknownName
from liftgate.flow.checkpoints import checkpoints_of, trust_file
from liftgate.ledger import Checked, Ledger
from liftgate.ledger.checkpoint import Checkpoint, compare
from liftgate.ledger.signed import Signed, judge
from liftgate.ledger.statements import KIND as STATEMENT
from liftgate.ledger.trust import Trust
from liftgate.ledger.trust import load as load_trust
from liftgate.lineage.impact import REOPENED, reopenings
from liftgate.records import Entry, Json
from liftgate.records.notebook import Card
from liftgate.store import RUN_FINISHED, Contents, Store, Workspace

Tell = Callable[[str], None]

ACTIVATED = "gate_activated"
"""Kind of the entry that says that every check of a study's gate bites."""

CORRECTION = "correction"
"""Kind of the entry that says what another one should have said."""

ERASED = "content.erased"
"""Kind of the entry that says that a value is gone."""


@dataclass(frozen=True)
class Against:
    """One checkpoint that the ledger was compared with."""

    place: str
    size: int
    time: datetime
    signed_by: tuple[str, ...]
    """Names of trusted keys; empty: it is worth what the place is worth."""


@dataclass(frozen=True)
class Verified(Card):
    """What was found sound."""

    entries: int
    files: int
    """Files of runs whose bytes are those that the ledger recorded."""
    runs: int
    unrecorded: tuple[str, ...]
    """Finished runs that no entry names yet; nothing vouches for their files."""
    against: tuple[Against, ...] = ()
    statements: tuple[Signed, ...] = ()
    clock_went_back: tuple[int, ...] = ()
    """Entries whose time is earlier than that of an entry before them."""
    contents: Contents = field(default_factory=lambda: Contents(0, 0, 0))
    """What became of the answers and traces that the recorded runs name."""


def verify(
    workspace: Workspace,
    *,
    against: Sequence[str] = (),
    trust: Path | None = None,
    signed: bool = False,
    tell: Tell = lambda _: None,
) -> Verified:
    """Verify the chain, its signatures, then every file that a finished run recorded in it.

    Args:
        workspace: whose ledger.
        against: places of checkpoints: a file, ``git``, a folder with another ledger.
        trust: the trust file; None: the workspace's.
        signed: whether a checkpoint counts only if a trusted key signed it.
        tell: told how far it is.

    Raises:
        BrokenChain: names the first bad entry, the first missing or altered file, or the checkpoint
            that the ledger does not continue.
        DataError: a place without a checkpoint.
        LedgerError: there is no ledger yet.
    """
    trusted = load_trust(trust_file(workspace, trust))
    with Store.open(workspace.home, read_only=True) as store:
        found = [run.id for run in store.runs()]
        if found and not Ledger.exists(workspace.home):
            raise BrokenChain(
                f"{workspace.ledger.name}: missing, although there are {len(found)} finished runs",
                hint="restore the ledger from a copy",
            )
        with Ledger.open(workspace.home, read_only=True) as ledger:
            kept = [pair for place in against for pair in checkpoints_of(place, workspace)]
            size = ledger.size

            def walked(entries: int) -> None:
                tell(f"{entries:,} of {size:,} entries are verified.")

            examined = ledger.examine([one.size for _, one in kept], walked)
            compared = tuple(
                _compare(place, one, ledger, examined, trusted, signed=signed)
                for place, one in kept
            )
            statements = _statements(ledger, trusted)
            recorded = recorded_files(ledger.entries(RUN_FINISHED))
        files = store.verify(recorded, tell)
        tell("What became of answers and traces is counted.")
        contents = store.contents_of(recorded)
    unrecorded = tuple(run for run in found if run not in recorded)
    return Verified(
        examined.entries,
        files,
        len(recorded),
        unrecorded,
        compared,
        statements,
        examined.clock_went_back,
        contents,
    )


def _statements(ledger: Ledger, trusted: Trust) -> tuple[Signed, ...]:
    """Judge the signed statements; a ledger without any is not read a second time."""
    if next(ledger.entries(STATEMENT), None) is None:
        return ()
    return tuple(judge(ledger.entries(), trusted))


def _compare(
    place: str,
    kept: Checkpoint,
    ledger: Ledger,
    examined: Checked,
    trusted: Trust,
    *,
    signed: bool,
) -> Against:
    compare(kept, ledger, examined)
    names = []
    for key in kept.signers(trusted.public):
        fault = trusted.of(key).fault_at(kept.time)
        if fault:
            raise BrokenChain(f"{place}: its signature does not count: {fault}")
        names.append(key.name)
    if signed and not names:
        raise BrokenChain(
            f"{place}: no trusted key signed the checkpoint of {kept.size:,} entries",
            hint="name the right trust file with --trust, or leave --signed out",
        )
    return Against(place, kept.size, kept.time, tuple(names))


def recorded_files(entries: Iterable[Entry]) -> dict[str, Mapping[str, str]]:
    """Return run -> file -> digest, as the entries of finished runs say.

    Raises:
        BrokenChain: an entry of that kind says something else; somebody else wrote it.
    """
    found: dict[str, Mapping[str, str]] = {}
    for entry in entries:
        if entry.kind != RUN_FINISHED:
            continue
        files = entry.body.get("files")
        if not isinstance(files, Mapping) or not isinstance(entry.body.get("id"), str):
            raise BrokenChain(f"ledger entry {entry.sequence}: it names no run with files")
        found[entry.body["id"]] = files
    return found


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


def correct(workspace: Workspace, sequence: int, *, path: str, new: Json, reason: str) -> Entry:
    """Append a correction of one value of an entry; the entry stays as it is.

    Args:
        workspace: whose ledger.
        sequence: the entry that is wrong.
        path: where in its body, keys and numbers joined by dots.
        new: what it should say.
        reason: why.

    Raises:
        UnknownName: no such entry, or nothing at the path.
        DataError: no reason, or nothing would change.
    """
    if not reason.strip():
        raise DataError("reason: got none, a correction says why")
    with Ledger.open_existing(workspace.home) as ledger:
        entry = ledger.entry(sequence)
        old = _at(entry.body, path)
        if old == new:
            raise DataError(f"entry {sequence}: {path} says {new!r} already")
        change = {"path": path, "old": old, "new": new}
        body = {"corrects": sequence, "reason": reason, "changes": [change]}
        return ledger.append(CORRECTION, body, refs={"entry": entry.leaf})


def erase(workspace: Workspace, digest: str, *, reason: str) -> Entry:
    """Erase a text, an answer or a label for good; digests, scores and chain stay.

    The entry comes first: a process that dies between the two leaves a promise that can be kept by
    the same command, and no value that vanished without a word.

    Raises:
        DataError: no reason, or there is no such value.
    """
    if not reason.strip():
        raise DataError("reason: got none, an erasure says why")
    with Ledger.open_existing(workspace.home) as ledger, Store.open(workspace.home) as store:
        if store.blob_state(digest) == "unknown":
            raise DataError(f"blob {digest}: there is no such value")
        told = [e for e in ledger.entries(ERASED) if e.body.get("digest") == digest]
        made = told[0] if told else ledger.append(ERASED, {"digest": digest, "reason": reason})
        store.erase(digest)
    return made


def corrections(workspace: Workspace, sequence: int) -> list[Entry]:
    """Return the corrections of an entry, in order."""
    with Ledger.open(workspace.home, read_only=True) as ledger:
        return [e for e in ledger.entries(CORRECTION) if e.body.get("corrects") == sequence]


def reopened(workspace: Workspace, sequence: int) -> list[Entry]:
    """Return the entries by which a decision was reopened, in order."""
    with Ledger.open(workspace.home, read_only=True) as ledger:
        return reopenings(ledger.entries(REOPENED)).get(sequence, [])


def _at(body: Any, path: str) -> Any:
    value = body
    for word in path.split("."):
        if isinstance(value, list) and word.isdecimal() and int(word) < len(value):
            value = value[int(word)]
        elif isinstance(value, Mapping) and word in value:
            value = value[word]
        else:
            known = value if isinstance(value, Mapping) else []
            raise UnknownName("value", path, [str(name) for name in known])
    return value


def activation(workspace: Workspace, study_digest: str) -> Entry | None:
    """Return the last entry that activated the gate of a study of this digest, or None."""
    if not Ledger.exists(workspace.home):
        return None
    with Ledger.open(workspace.home, read_only=True) as ledger:
        found = [e for e in ledger.entries(ACTIVATED) if e.body["study_digest"] == study_digest]
    return found[-1] if found else None
