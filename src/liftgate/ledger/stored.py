"""What every stored ledger does alike; a database only reads and adds rows.

The chain is the truth. Hashes of complete subtrees are kept beside it so that proofs are quick;
``examine`` checks them, and what is missing of them is computed.
"""

from __future__ import annotations

import contextlib
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from liftgate.errors import BrokenChain, LedgerError, UnknownName
from liftgate.ledger import turn
from liftgate.ledger.author import default_author
from liftgate.ledger.chain import Checked, Sealed, Walk, entry_of, seal, unseal
from liftgate.ledger.closed import Closed
from liftgate.ledger.merkle import Tree
from liftgate.ledger.place import is_database, place_of
from liftgate.records import Entry

_OFTEN = 1000


@dataclass(frozen=True)
class Draft:
    """An entry before it has a place in the chain."""

    kind: str
    body: Mapping[str, Any]
    refs: Mapping[str, str] = field(default_factory=dict)
    author: str | None = None
    time: datetime | None = None


class Ledger(ABC):
    """The ledger of a workspace; a context manager. See ``Chain`` for the door."""

    read_only: bool
    place: str
    """What the ledger is called in messages."""

    @classmethod
    def open(cls, home: Path, *, read_only: bool = False, mine: bool = True) -> Ledger:
        """Open the ledger of a workspace, creating it unless ``read_only``.

        ``LIFTGATE_LEDGER``, else the one line of ``home/ledger.url``, names a PostgreSQL database;
        else it is ``home/ledger.db``.

        Args:
            home: the workspace's ``.liftgate`` folder.
            read_only: never write; the ledger must exist.
            mine: whether it is the workspace that is worked in; see ``place_of``.

        Raises:
            LedgerError: there is no ledger to read, it cannot be opened, or it takes no entries.
            BrokenChain: what is there is not a ledger.
        """
        place = place_of(home, mine=mine)
        found = kind_of(place).open_at(place, read_only=read_only)
        try:
            # Before calls are made and paid for, not only when what they gave is written down.
            mark = None if read_only else found.closed
            if mark is not None:
                raise mark.error(found.place)
        except BaseException:
            found.close()
            raise
        return found

    @classmethod
    def open_existing(cls, home: Path) -> Ledger:
        """Open a ledger that is there; a mistyped command makes none.

        Raises:
            LedgerError: there is none, or it cannot be opened.
            BrokenChain: what is there is not a ledger.
        """
        return cls.open(home, read_only=not cls.exists(home))

    @classmethod
    def exists(cls, home: Path, *, mine: bool = True) -> bool:
        """Whether a workspace has a ledger; see ``open``."""
        place = place_of(home, mine=mine)
        return kind_of(place).exists_at(place)

    @classmethod
    @abstractmethod
    def open_at(cls, place: str, *, read_only: bool) -> Ledger:
        """Open the ledger at a path or URL."""

    @classmethod
    @abstractmethod
    def exists_at(cls, place: str) -> bool:
        """Whether there is a ledger at a path or URL."""

    def append(
        self,
        kind: str,
        body: Mapping[str, Any],
        *,
        refs: Mapping[str, str] | None = None,
        author: str | None = None,
        time: datetime | None = None,
    ) -> Entry:
        """Add one entry after the tip; see ``Chain.append``."""
        return unseal(self._add([Draft(kind, body, refs or {}, author, time)])[-1])

    def append_all(self, drafts: Iterable[Draft]) -> int:
        """Add entries in one transaction, all or none; see ``Chain.append_all``."""
        return len(self._add(drafts))

    def entries(self, kind: str | None = None) -> Iterator[Entry]:
        """Yield entries in order, all or those of one kind."""
        for line in self._lines(kind):
            yield unseal(line)

    def of_kinds(self, *kinds: str) -> list[Entry]:
        """Return the entries of some kinds in order, as of now; no other is read."""
        last = self.size  # what comes meanwhile may rest on an entry of a kind that was read
        found = [e for kind in kinds for e in self.entries(kind) if e.sequence <= last]
        return sorted(found, key=lambda entry: entry.sequence)

    def entry(self, sequence: int) -> Entry:
        """Return one entry; raises UnknownName when there is none of that number."""
        return unseal(self.sealed(sequence))

    def sealed(self, sequence: int) -> Sealed:
        """Return the stored line of an entry; raises UnknownName when there is none."""
        line = self._line(sequence)
        if line is None:
            last = self.tip.sequence if self.tip else 0
            known = [f"1 to {last}"] if last else []
            raise UnknownName("ledger entry", str(sequence), known)
        return line

    @property
    def tip(self) -> Entry | None:
        """The last entry, or None when there is none."""
        line = self._line(None)
        return None if line is None else unseal(line)

    @property
    def size(self) -> int:
        """How many entries there are, by the number of the last; it is not checked."""
        line = self._line(None)
        return line.sequence if line is not None and isinstance(line.sequence, int) else 0

    @property
    def tree(self) -> Tree:
        """The Merkle tree over the entries that are there now."""
        tip = self.tip
        return Tree(tip.sequence if tip else 0, self._leaves, self._stored)

    def verify(self) -> int:
        """Check every entry, every link, the guards and the file; see ``Chain.verify``."""
        return self.examine().entries

    def examine(
        self, sizes: Iterable[int] = (), tell: Callable[[int], None] | None = None
    ) -> Checked:
        """Do as ``verify`` does, and return all that was found; see ``Chain.examine``."""
        walk = Walk(frozenset(sizes))
        for _ in walk.over(self._lines(None)):
            if tell is not None and walk.entries % _OFTEN == 0:
                tell(walk.entries)
        return self.examine_rest(walk)

    def going_on(self, walk: Walk) -> Iterator[Entry]:
        """Yield the entries behind those of a walk, each once it was checked.

        Args:
            walk: stands at an entry of this ledger; it is moved on.

        Raises:
            BrokenChain: names the first bad entry and what differs.
        """
        for line, fields in walk.over(self._lines(None, walk.entries), exact=True):
            yield entry_of(line, fields)

    def examine_rest(self, walk: Walk) -> Checked:
        """Check what is stored beside the entries, all of which were walked over, and the storage.

        Raises:
            BrokenChain: says what is unsound.
        """
        found = walk.found()
        for place, node in self._all_stored():
            if found.nodes.get(place) != node:
                level, number = place
                first, last = (number << level) + 1, (number + 1) << level
                raise BrokenChain(
                    f"{self.place}: the stored hash over entries {first} to {last} is not theirs",
                    hint="the entries are sound; restore the file, or delete table 'subtree'",
                )
        self._examine_storage()
        return found

    @property
    @abstractmethod
    def closed(self) -> Closed | None:
        """Why it takes no entries; None: it does."""

    @abstractmethod
    def refuse_to_close(self) -> None:
        """Raise NotAllowed unless who opened it may close it."""

    def close_after(self, last: Sealed | None, mark: Closed | None) -> bool:
        """Let nobody add entries from now on, or, without a mark, let everybody again.

        Returns:
            False, and nothing is done, when its last line is no longer the one named.
        """
        with self._transaction():
            if self._line(None) != last:
                return False
            self._mark(mark)
        return True

    def lines(self, first: int) -> Iterator[Sealed]:
        """Yield entries as they are stored, unchecked, from a number on."""
        return self._lines(None, first - 1)

    def carry(self, lines: Sequence[Sealed], last: Sealed | None, mark: Closed) -> None:
        """Add lines of another ledger as they are, while everybody else is kept out by a mark.

        Raises:
            LedgerError: its last line is not the one named, or the mark is another.
        """
        with self._transaction():
            if self._line(None) != last or self.closed != mark:
                raise LedgerError(
                    f"{self.place}: somebody else changed it meanwhile",
                    hint="see who, then run the same command again",
                )
            self._mark(None)
            self._grow(last, lines)
            self._mark(mark)

    @contextlib.contextmanager
    def only_one(self, study: str) -> Iterator[None]:
        """Let one process at a time run a study, of all who share the ledger; never waits.

        A process that dies, or loses the database, holds it no longer.

        Raises:
            NotAllowed: another one runs it; says who, where and since when.
            LedgerError: that cannot be found out.
        """
        with self._turn(study, turn.mine()) as holder:
            if holder is not None:
                raise turn.refusal(study, holder)
            yield

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _add(self, drafts: Iterable[Draft]) -> list[Sealed]:
        if self.read_only:
            raise LedgerError(f"{self.place}: opened for reading only")
        with self._transaction():
            tip = self._line(None)
            if tip is not None:
                unseal(tip)
            lines = list(_sealed(tip, drafts))
            self._grow(tip, lines)
        return lines

    def _grow(self, tip: Sealed | None, lines: Sequence[Sealed]) -> None:
        """Add lines after the tip, and the subtrees that they complete."""
        if lines:
            self._insert(lines)
            grown = Tree(lines[-1].sequence, self._leaves, self._stored)
            self._insert_nodes(list(grown.completed(tip.sequence if tip else 0)))

    @abstractmethod
    def close(self) -> None:
        """Give the database back."""

    @abstractmethod
    def _turn(self, study: str, said: str) -> contextlib.AbstractContextManager[str | None]:
        """Take the turn until it ends; yields what its holder said where another one has it."""

    @abstractmethod
    def _transaction(self) -> contextlib.AbstractContextManager[None]:
        """Let nobody else write until it ends; undo everything when it ends by an error."""

    @abstractmethod
    def _lines(self, kind: str | None, after: int = 0) -> Iterator[Sealed]:
        """Yield lines in order, all or those of one kind, from behind an entry on."""

    @abstractmethod
    def _line(self, sequence: int | None) -> Sealed | None:
        """Return a line, or the last one; None when there is none."""

    @abstractmethod
    def _leaves(self, first: int, last: int) -> Sequence[bytes]:
        """Return the leaf hashes of indices (from 0) up to, not including, ``last``."""

    @abstractmethod
    def _stored(self, level: int, first: int, last: int) -> dict[int, bytes]:
        """Return number -> hash of the stored subtrees of a level in a range."""

    @abstractmethod
    def _all_stored(self) -> Iterable[tuple[tuple[int, int], bytes]]:
        """Yield every stored subtree."""

    @abstractmethod
    def _insert(self, lines: Sequence[Sealed]) -> None:
        """Add lines."""

    @abstractmethod
    def _insert_nodes(self, nodes: Sequence[tuple[int, int, bytes]]) -> None:
        """Add hashes of complete subtrees: level, number, hash."""

    @abstractmethod
    def _mark(self, mark: Closed | None) -> None:
        """Put a mark in the place of the one that is there; None: take that away."""

    @abstractmethod
    def _examine_storage(self) -> None:
        """Raise BrokenChain unless the storage is whole and refuses changes."""


def kind_of(place: str) -> type[Ledger]:
    """Return the implementation for a place; it is imported only when it is used.

    Raises:
        LedgerError: nothing keeps a ledger there.
    """
    found: Any
    if is_database(place):
        found = import_module("liftgate.ledger.postgres").PostgresLedger
    else:
        found = import_module("liftgate.ledger.sqlite").SqliteLedger
    assert isinstance(found, type)
    assert issubclass(found, Ledger)
    return found


def leaf_bytes(leaf: Any) -> bytes:
    """Return the 32 bytes of a leaf's text.

    Raises:
        BrokenChain: it is no leaf.
    """
    try:
        found = bytes.fromhex(leaf.removeprefix("sha256:"))
    except (AttributeError, ValueError):
        found = b""
    if len(found) != 32:
        raise BrokenChain(f"ledger: got the leaf {leaf!r}, expected 'sha256:' and 64 hex digits")
    return found


def _sealed(tip: Sealed | None, drafts: Iterable[Draft]) -> Iterator[Sealed]:
    line = tip
    for draft in drafts:
        line = seal(
            line,
            draft.kind,
            draft.body,
            refs=draft.refs,
            author=default_author() if draft.author is None else draft.author,
            time=draft.time or datetime.now(UTC),
        )
        yield line
