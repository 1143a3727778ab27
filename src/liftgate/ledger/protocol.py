"""The door of the ledger: what every implementation does, whatever database lies behind it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Any, Protocol, runtime_checkable

from liftgate.ledger.chain import Checked, Sealed
from liftgate.ledger.merkle import Tree
from liftgate.ledger.stored import Draft
from liftgate.records import Entry


@runtime_checkable
class Chain(Protocol):
    """An append-only chain of entries, numbered from 1 without a gap."""

    def append(
        self,
        kind: str,
        body: Mapping[str, Any],
        *,
        refs: Mapping[str, str] | None = None,
        author: str | None = None,
        time: datetime | None = None,
    ) -> Entry:
        """Add one entry after the tip; it is on disk when this returns.

        Args:
            kind: what happened, e.g. ``run.finished``.
            body: JSON values.
            refs: named digests of other things.
            author: who; None: the user of this machine.
            time: when, aware; None: now.

        Raises:
            DataError: the body holds something that JSON does not know, or a naive time.
            BrokenChain: the tip is not what was recorded; nothing is built upon it.
            LedgerError: the entry could not be written; the chain is as before.
        """
        ...

    def append_all(self, drafts: Iterable[Draft]) -> int:
        """Add entries after the tip in one transaction: all of them or none.

        Returns:
            How many were added; they are on disk.

        Raises:
            DataError, BrokenChain, LedgerError: as ``append``.
        """
        ...

    def entries(self, kind: str | None = None) -> Iterator[Entry]:
        """Yield entries in order, all or those of one kind."""
        ...

    def entry(self, sequence: int) -> Entry:
        """Return one entry.

        Raises:
            UnknownName: there is no entry of that number.
        """
        ...

    def sealed(self, sequence: int) -> Sealed:
        """Return an entry as it is stored, unchecked.

        Raises:
            UnknownName: there is no entry of that number.
        """
        ...

    @property
    def tree(self) -> Tree:
        """The Merkle tree over the entries that are there now; leaf i is entry i + 1."""
        ...

    @property
    def tip(self) -> Entry | None:
        """The last entry, or None when there is none."""
        ...

    def verify(self) -> int:
        """Check every entry and every link.

        Returns:
            The number of entries.

        Raises:
            BrokenChain: names the first bad entry and what differs.
        """
        ...

    def examine(
        self, sizes: Iterable[int] = (), tell: Callable[[int], None] | None = None
    ) -> Checked:
        """Check as ``verify`` does, and return all that was found on the way.

        Args:
            sizes: of earlier trees whose roots are wanted.
            tell: told from time to time how many entries were checked.

        Raises:
            BrokenChain: names the first bad entry and what differs.
        """
        ...

    def only_one(self, study: str) -> AbstractContextManager[None]:
        """Let one process at a time run a study, of all who share the ledger.

        Raises:
            NotAllowed: another one runs it; says who, where and since when.
        """
        ...

    def close(self) -> None:
        """Give the database back."""
        ...
