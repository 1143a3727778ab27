"""``ledger checkpoint``, ``prove`` and ``check``."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from liftgate.errors import DataError, LedgerError
from liftgate.ledger import Ledger, anchors, proof
from liftgate.ledger.checkpoint import Checkpoint, compare, origin_of, take
from liftgate.ledger.keys import load_key
from liftgate.ledger.trust import FILE as TRUST_FILE
from liftgate.records import Entry
from liftgate.records.notebook import Card
from liftgate.store import Workspace

GIT = "git"
TRUST_VARIABLE = "LIFTGATE_TRUST"


@dataclass(frozen=True)
class Kept(Card):
    """A checkpoint, and where it was put."""

    checkpoint: Checkpoint
    places: tuple[str, ...]


@dataclass(frozen=True)
class Destinations:
    """Where a checkpoint shall be kept."""

    file: Path | None = None
    git: bool = False
    ledger: Path | None = None
    """A folder with another workspace."""


def keep_checkpoint(
    workspace: Workspace, to: Destinations, *, sign_with: Sequence[str] = ()
) -> Kept:
    """Verify the ledger, take a checkpoint of it, and put it where it shall be kept.

    A place that keeps an earlier checkpoint of this ledger takes the new one only if the ledger
    continues the earlier one.

    Raises:
        BrokenChain: the ledger is broken, or does not continue an earlier checkpoint.
        LedgerError: it is empty; git refuses.
        UnknownName: no key of that name.
    """
    keys = [load_key(name) for name in sign_with]
    with Ledger.open(workspace.home, read_only=True) as ledger:
        origin = origin_of(ledger)
        # A file is one ledger's; notes and other ledgers may keep checkpoints of several.
        earlier = [*_in_file(to), *(one for one in _elsewhere(to) if one.origin == origin)]
        found = ledger.examine([one.size for one in earlier])
        for one in earlier:
            compare(one, ledger, found)
        made = take(ledger, found)
    for key in keys:
        made = made.signed(key)
    places = []
    if to.file is not None:
        anchors.add_to_file(to.file, made)
        places.append(str(to.file))
    if to.git:
        places.append(f"git note of commit {anchors.add_note(Path.cwd(), made)[:12]}")
    if to.ledger is not None:
        with Ledger.open(home_in(to.ledger), mine=False) as other:
            number = anchors.add_to_ledger(other, made)
        places.append(f"{to.ledger}, entry {number}")
    return Kept(made, tuple(places))


def checkpoints_of(place: str, workspace: Workspace) -> list[tuple[str, Checkpoint]]:
    """Return the checkpoints that a place keeps, each with the place's name.

    Args:
        place: a file, ``git`` or a folder with another ledger.
        workspace: whose ledger they are about; only from folders and git, others' are left out.

    Raises:
        DataError: there is none.
    """
    path = Path(place)
    found: Sequence[Checkpoint]
    if place == GIT and not path.exists():
        found = _own(anchors.read_notes(Path.cwd()), workspace)
    elif path.is_dir():
        with Ledger.open(home_in(path), read_only=True, mine=False) as other:
            other.verify()
            found = _own(anchors.read_ledger(other), workspace)
    else:
        found = anchors.read_file(path)
    if not found:
        raise DataError(f"{place}: it keeps no checkpoint of this ledger")
    return [(place, one) for one in found]


def prove_entry(workspace: Workspace, sequence: int, size: int | None = None) -> dict[str, Any]:
    """Return the proof that an entry is in the ledger; see ``liftgate.ledger.proof``."""
    with Ledger.open(workspace.home, read_only=True) as ledger:
        return proof.prove_entry(ledger, sequence, size)


def prove_growth(workspace: Workspace, since: Path) -> dict[str, Any]:
    """Return the proof that the ledger continues the last checkpoint of a file."""
    kept = anchors.read_file(since)[-1]
    with Ledger.open(workspace.home, read_only=True) as ledger:
        return proof.prove_growth(ledger, kept.size)


def check_proof(file: Path, against: Path) -> Entry | int:
    """Check a proof against a file with checkpoints; needs no ledger.

    Returns:
        The entry that is proven, or the size that the ledger has grown to.

    Raises:
        DataError: no proof, or none of the checkpoints is of its size.
        BrokenChain: it proves nothing.
    """
    try:
        given = json.loads(file.read_text(encoding="utf-8"))
        size, old = given["size"], given.get("old")
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        said = f"no member {error}" if isinstance(error, KeyError) else error
        raise DataError(f"{file}: no proof ({said})") from error
    kept = {one.size: one for one in anchors.read_file(against)}
    if old is not None:
        return proof.check_growth(given, _of_size(kept, old, against), kept.get(size))
    return proof.check_entry(given, _of_size(kept, size, against))


def trust_file(workspace: Workspace, given: Path | None) -> Path:
    """Return which trust file holds: the one named, ``LIFTGATE_TRUST``, else the workspace's.

    Raises:
        LedgerError: one is named and is not there.
    """
    named = given or (Path(os.environ[TRUST_VARIABLE]) if TRUST_VARIABLE in os.environ else None)
    if named is not None and not named.is_file():
        raise LedgerError(f"{named}: there is no trust file", hint="liftgate keys trust makes one")
    return named or workspace.home / TRUST_FILE


def _in_file(to: Destinations) -> tuple[Checkpoint, ...]:
    return anchors.read_file(to.file) if to.file is not None and to.file.is_file() else ()


def _elsewhere(to: Destinations) -> list[Checkpoint]:
    found: list[Checkpoint] = []
    if to.git:
        found += anchors.read_notes(Path.cwd())
    if to.ledger is not None and Ledger.exists(home_in(to.ledger), mine=False):
        with Ledger.open(home_in(to.ledger), read_only=True, mine=False) as other:
            found += anchors.read_ledger(other)
    return found


def _own(found: Sequence[Checkpoint], workspace: Workspace) -> list[Checkpoint]:
    with Ledger.open(workspace.home, read_only=True) as ledger:
        origin = origin_of(ledger)
    return [one for one in found if one.origin == origin]


def home_in(folder: Path) -> Path:
    """Find a workspace's own folder in one that was named."""
    inner = folder / ".liftgate"
    return inner if inner.is_dir() else folder


def _of_size(kept: dict[int, Checkpoint], size: Any, place: Path) -> Checkpoint:
    if size not in kept:
        sizes = ", ".join(f"{number:,}" for number in sorted(kept))
        raise DataError(f"{place}: got checkpoints of {sizes} entries, the proof needs {size}")
    return kept[size]
