"""A ledger that a process has verified, and keeps up with: only what is new is checked again.

Of each entry everything but its body is kept. A body is read from the ledger when somebody looks
into it, and must then still have the leaf that was verified: whoever alters an entry afterwards
cannot have it shown. What nobody reads again may be altered unnoticed; ``verify`` finds that.
"""

from __future__ import annotations

import sys
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from liftgate.canon import canonical, short
from liftgate.errors import BrokenChain, UnknownName
from liftgate.ledger.chain import Walk, unseal
from liftgate.ledger.stored import Ledger
from liftgate.records import Entry

_KEPT_BYTES = 4_000_000
"""Bytes of bodies, as they are stored, that stay in memory."""
_LOOKED_UP = frozenset(
    {"about", "act", "batch", "digest", "files", "id", "model", "name", "predicate", "study"}
    | {"study_digest"}
)
"""Fields of bodies by which entries are looked up: short values of them stay in memory."""
_SHORT = 400
_NO_REFS: Mapping[str, str] = {}
_KEPT = (
    "nothing was added to it, and what was called is kept in this workspace: bring the ledger back "
    "that has those entries (liftgate ledger verify --against a checkpoint tells), then run the "
    "same command again"
)
_RESTORE = "restore the ledger from a copy, then start liftgate anew"


class KnownEntries:
    """The entries of a workspace's ledger, each of them verified once by this process."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self._reader = _Reader(home)
        self._turn = self._reader.turn
        self.replaced: str = ""
        """Why what was verified before counts no more; empty: the ledger only ever grew."""
        self._forget()

    def _forget(self) -> None:
        self._walk = Walk()
        self._entries: list[Entry] = []
        self.examined: datetime | None = None
        """When the whole ledger, with all that is stored beside its entries, was verified."""
        self.whole = 0
        """How many entries there were then."""
        self.known: datetime | None = None
        """When what came last was verified."""

    def refresh(self, take: Callable[[Entry], None] | None = None) -> bool:
        """Verify what was added; the first time, everything.

        Args:
            take: told of each entry that is new, in order.

        Returns:
            Whether the ledger is another than the one that was known, so that all of it is new:
            ``replaced`` then says so for as long as this process lives.

        Raises:
            BrokenChain: names the first bad entry and what differs; all before it stay known.
            LedgerError: the ledger cannot be read.
        """
        with self._turn:
            if not Ledger.exists(self._home):
                anew = bool(self._entries)
                if anew:
                    self._replaced("the ledger is gone")
                return anew
            ledger = self._reader.opened()
            if self._walk.entries != len(self._entries):
                self._forget()  # an entry was sound, and could not be read: it is not passed over
            fault = self._broken_off(ledger)
            if fault:
                self._replaced(fault)
            for entry in ledger.going_on(self._walk):
                size = self._walk.size
                light = replace(
                    entry,
                    kind=sys.intern(entry.kind),
                    author=sys.intern(entry.author),
                    body=_Body(self._reader, entry),
                    refs=entry.refs or _NO_REFS,
                )
                self._reader.keep(entry.leaf, size, entry.body)
                self._entries.append(light)
                self.known = datetime.now(UTC)
                if take is not None:
                    take(light)
            self.known = datetime.now(UTC)
            if self.examined is None:
                ledger.examine_rest(self._walk)
                self.examined, self.whole = self.known, len(self._entries)
            return bool(fault)

    def go_on(self, take: Callable[[Entry], None] | None = None) -> None:
        """Do as ``refresh`` does, for whoever adds to what is known: a replaced ledger is refused.

        Raises:
            BrokenChain: as ``refresh``, or the ledger is another than the one that was known.
            LedgerError: the ledger cannot be read.
        """
        if self.refresh(take):
            raise BrokenChain(f"the ledger was replaced: {self.replaced}", hint=_KEPT)

    def now(self) -> list[Entry]:
        """Return the entries that are known, in order; ``refresh`` brings those that were added."""
        with self._turn:
            return list(self._entries)

    def _broken_off(self, ledger: Ledger) -> str:
        """Return why a ledger does not go on from the entries that are known; empty: it does."""
        count = len(self._entries)
        if count == 0:
            return ""
        last = ledger.size
        if last < count:
            return f"the ledger has {last:,} entries now"
        leaf = ledger.sealed(count).leaf
        return "" if leaf == self._walk.leaf else f"entry {count} is another one now"

    def _replaced(self, fault: str) -> None:
        at, count = self.known, len(self._entries)
        self._forget()
        self.replaced = (
            f"{fault}; at {at:%Y-%m-%d %H:%M:%S}Z this process had verified {count:,} entries that "
            "it does not continue: somebody replaced the ledger, or cut it"
        )

    def close(self) -> None:
        """Give the database back; it is opened again when it is needed."""
        self._reader.close()


class _Reader:
    """Reads bodies of entries that were verified, and keeps those that were asked for last.

    Entries travel: a trace or a checker of documents holds them after whoever made them has ended.
    So the ledger is given back when it is closed here, or else when no entry refers to it any more.
    """

    def __init__(self, home: Path) -> None:
        self.turn = threading.RLock()
        self._home = home
        self._ledger: Ledger | None = None
        self._bodies: OrderedDict[str, tuple[int, Mapping[str, Any]]] = OrderedDict()
        """Leaf of an entry -> the size of its body, and the body."""
        self._kept_bytes = 0

    def __del__(self) -> None:
        self.close()

    def opened(self) -> Ledger:
        """Open the ledger that is there now: another file may have taken the place of the last."""
        with self.turn:
            self.close()
            self._ledger = Ledger.open(self._home, read_only=True)
            return self._ledger

    def close(self) -> None:
        """Give the database back; it is opened again when it is needed."""
        with self.turn:
            if self._ledger is not None:
                self._ledger.close()
                self._ledger = None

    def body(self, sequence: int, leaf: str) -> Mapping[str, Any]:
        """Return an entry's body.

        Args:
            sequence: of the entry.
            leaf: that was verified of it.

        Raises:
            BrokenChain: the entry is not the one that was verified.
        """
        with self.turn:
            found = self._bodies.get(leaf)
            if found is not None:
                self._bodies.move_to_end(leaf)
                return found[1]
            ledger = self._ledger or self.opened()
            try:
                line = ledger.sealed(sequence)
            except UnknownName as error:
                raise BrokenChain(f"{error}; it was verified", hint=_RESTORE) from error
            entry = unseal(line)
            if line.leaf != leaf:
                raise BrokenChain(
                    f"ledger entry {sequence}: it has the leaf {short(str(line.leaf))}…, the one "
                    f"that was verified had {short(leaf)}…",
                    hint=_RESTORE,
                )
            self.keep(leaf, len(line.data), entry.body)
            return entry.body

    def keep(self, leaf: str, size: int, body: Mapping[str, Any]) -> None:
        """Keep a body that was verified; those that were asked for longest ago give way."""
        before, _ = self._bodies.pop(leaf, (0, None))
        self._bodies[leaf] = size, body
        self._kept_bytes += size - before
        while self._kept_bytes > _KEPT_BYTES and len(self._bodies) > 1:
            _, (dropped, _) = self._bodies.popitem(last=False)
            self._kept_bytes -= dropped


class _Body(Mapping[str, Any]):
    """An entry's body, read when somebody looks into it."""

    __slots__ = ("_lacks", "_leaf", "_of", "_sequence", "_short")

    def __init__(self, of: _Reader, entry: Entry) -> None:
        self._of = of
        self._sequence, self._leaf = entry.sequence, entry.leaf
        self._short, self._lacks = _short(entry.body), _lacks(entry.body)

    def __getitem__(self, key: str) -> Any:
        if key in self._short:
            return self._short[key]
        if key in self._lacks:
            raise KeyError(key)
        return self._whole()[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._whole())

    def __len__(self) -> int:
        return len(self._whole())

    def _whole(self) -> Mapping[str, Any]:
        return self._of.body(self._sequence, self._leaf)

    def __repr__(self) -> str:
        return f"<the body of ledger entry {self._sequence}>"


def _short(body: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields of a body by which entries are looked up, as they were verified."""
    found: dict[str, Any] = {}
    for key in _LOOKED_UP & body.keys():
        value = body[key]
        if isinstance(value, str) and len(value) <= _SHORT:
            found[key] = sys.intern(value)
        elif isinstance(value, int) or (key == "files" and len(canonical(value)) <= _SHORT):
            found[key] = value
    return found


def _lacks(body: Mapping[str, Any]) -> frozenset[str]:
    """Return which of these fields a body has not; equal answers are one object."""
    found = _LOOKED_UP.difference(body)
    return _LACKING.setdefault(found, found)


_LACKING: dict[frozenset[str], frozenset[str]] = {}


def verified_entries(home: Path) -> Sequence[Entry]:
    """Verify a workspace's ledger in one walk, and return its entries; bodies are read when needed.

    Raises:
        BrokenChain: names the first bad entry and what differs.
        LedgerError: there is no ledger, or it cannot be read.
    """
    Ledger.open(home, read_only=True).close()
    known = KnownEntries(home)
    known.refresh()
    return known.now()
