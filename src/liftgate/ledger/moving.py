"""Moving a ledger to another storage: copied as it is, verified, then closed where it was.

Every step may be the last one of a process. What the target holds of the ledger is what the next
process finds, so going on is the same as beginning, and so is coming back to a former place.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import islice

from liftgate.errors import BrokenChain, DataError, LedgerError
from liftgate.ledger.author import default_author
from liftgate.ledger.chain import Sealed
from liftgate.ledger.checkpoint import origin_of
from liftgate.ledger.closed import ARRIVING, MOVED, Closed
from liftgate.ledger.merkle import is_consistent
from liftgate.ledger.stored import Ledger

BATCH = 10_000
"""Entries a transaction: what a killed process does again at most."""

Told = Callable[[int, int], None]
"""Told how many entries are at the target, and how many there are."""


@dataclass(frozen=True)
class Ends:
    """A ledger where it is, and the place where it shall be."""

    source: Ledger
    target: Ledger | None
    """None: nothing is there yet."""


@dataclass(frozen=True)
class Found:
    """What was found at both ends before anything is done."""

    entries: int
    """Of the source, verified."""
    held: int
    """How many of them the target has already."""
    old: int
    """Size of the earlier tree that the target must be shown to continue."""
    old_root: bytes
    followed: bool
    """Whether the move was made before, perhaps by somebody else: only this workspace follows."""


@dataclass(frozen=True)
class Moved:
    """What was shown at the target."""

    entries: int
    root: bytes
    origin: str
    copied: int
    old: int
    """The proof of consistency is from the tree of this size."""
    proof: int
    """How many hashes it has."""


def look(ends: Ends, to: str) -> Found:
    """Verify the source, and see what the target holds; changes nothing.

    Args:
        ends: both ledgers, open for reading at least.
        to: the target, as it may be shown.

    Raises:
        BrokenChain: the source does not verify.
        LedgerError: it is empty, or has moved elsewhere; the target holds something else.
    """
    source, target = ends.source, ends.target
    last = source.sealed(source.tip.sequence) if source.tip else None
    there = target.sealed(target.tip.sequence) if target is not None and target.tip else None
    if last is None:
        raise LedgerError(
            f"{source.place}: it is empty, there is nothing to move",
            hint="name the new place in ledger.url, or run a study first",
        )
    mark = source.closed
    if mark is not None and (mark.why != MOVED or mark.place != to):
        raise mark.error(source.place)
    further = target.closed if mark is not None and target is not None else None
    if target is not None and further is not None and further.why == MOVED:
        raise further.error(target.place)
    held = there.sequence if there else 0
    old = max(min(held, last.sequence), 1)
    checked = source.examine([old])
    if target is not None and there is not None:
        _same_beginning(ends, old, ahead=held > last.sequence and mark is None)
    followed = mark is not None and held >= last.sequence
    return Found(checked.entries, held, old, checked.roots[old], followed=followed)


def move(source: Ledger, target: Ledger, found: Found, to: str, told: Told) -> Moved:
    """Copy, verify, close the source and open the target; pointing there is left to the caller.

    Args:
        source: open for writing.
        target: open for writing.
        found: what ``look`` found.
        to: the target, as it may be shown.
        told: told of the copying.

    Raises:
        BrokenChain: what arrived is not the ledger; it stays closed, and the source open.
        LedgerError: a server is gone, or somebody else writes to the target.
        DataError: both are the same place.
    """
    before = target.closed
    if found.followed and (before is None or before.why == ARRIVING):
        shown = _shown(source, target, found)
        _open(target)
        return shown
    mark = _keep_out(source, target, found)
    copied, closed = 0, False
    while not closed:
        # Again if somebody added to it while it was copied and verified: that is fetched, too.
        copied += _copy(source, target, mark, told)
        shown = _shown(source, target, found)
        gone = Closed(MOVED, to, _now(), default_author())
        last = target.sealed(shown.entries)
        closed = source.closed is not None or source.close_after(last, gone)
    _open(target)
    return replace(shown, copied=copied)


def _same_beginning(ends: Ends, size: int, *, ahead: bool) -> None:
    """Refuse a target that does not begin as the source does, or that goes on beyond it."""
    assert ends.target is not None
    mine, theirs = ends.source.sealed(size), ends.target.sealed(size)
    if mine.leaf != theirs.leaf:
        raise LedgerError(
            f"{ends.target.place}: it holds another ledger, {origin_of(ends.target)}; "
            f"this one is {origin_of(ends.source)}",
            hint="name an empty database, or a schema of its own (?options=-csearch_path%3DNAME)",
        )
    if ahead:
        raise LedgerError(
            f"{ends.target.place}: it holds this ledger and goes on beyond it, "
            f"from entry {size + 1}",
            hint="it is the later one: copying would lose its end; see who writes there",
        )


def _keep_out(source: Ledger, target: Ledger, found: Found) -> Closed:
    """Close the target to everybody else, and make sure that it is not the source itself."""
    before = target.closed
    mark = Closed(ARRIVING, source.place, _now(), default_author(), secrets.token_hex(8))
    there = target.sealed(found.held) if found.held else None
    if not target.close_after(there, mark):
        raise LedgerError(
            f"{target.place}: somebody else changed it meanwhile",
            hint="see who, then run the same command again",
        )
    if source.closed == mark:
        target.close_after(there, before)
        raise DataError(f"place: got {target.place}, where the ledger is already")
    return mark


def _copy(source: Ledger, target: Ledger, mark: Closed, told: Told) -> int:
    """Copy what the target does not have yet; return how many entries."""
    tip = target.tip
    last = target.sealed(tip.sequence) if tip else None
    have = last.sequence if last else 0
    first, total = have, max(have, source.tip.sequence if source.tip else 0)
    for lines in _batches(source.lines(have + 1)):
        target.carry(lines, last, mark)
        last, have = lines[-1], have + len(lines)
        told(have, max(total, have))
    return have - first


def _batches(lines: Iterator[Sealed]) -> Iterator[Sequence[Sealed]]:
    while batch := list(islice(lines, BATCH)):
        yield batch


def _shown(source: Ledger, target: Ledger, found: Found) -> Moved:
    """Verify the target as a whole, against the source's head and by a proof of consistency."""
    tip = source.tip
    size = tip.sequence if tip else 0
    checked = target.examine([size])
    head = source.tree.root(size)
    if checked.entries < size or checked.roots[size] != head:
        raise BrokenChain(
            f"{target.place}: what arrived is not the ledger: of {checked.entries:,} entries, "
            f"expected {size:,} under the root {head.hex()[:12]}…",
            hint="the source is as it was; empty the target and run the same command again",
        )
    tree = target.tree
    proof = tree.consistency(found.old, checked.entries)
    new = (checked.entries, tree.root(checked.entries))
    if new[1] != checked.root or not is_consistent((found.old, found.old_root), new, proof):
        raise BrokenChain(
            f"{target.place}: it does not continue the ledger's first {found.old:,} entries",
            hint="the source is as it was; empty the target and run the same command again",
        )
    return Moved(checked.entries, checked.root, origin_of(target), 0, found.old, len(proof))


def _open(target: Ledger) -> None:
    """Let everybody add entries at the new place."""
    while target.closed is not None:
        tip = target.tip
        target.close_after(target.sealed(tip.sequence) if tip else None, None)


def _now() -> str:
    return f"{datetime.now(UTC):%Y-%m-%d %H:%M:%SZ}"
