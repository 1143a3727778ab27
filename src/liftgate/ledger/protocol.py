"""The door of the ledger: what every implementation does, whatever database lies behind it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Protocol, runtime_checkable

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

    def entries(self, kind: str | None = None) -> Iterator[Entry]:
        """Yield entries in order, all or those of one kind."""
        ...

    def entry(self, sequence: int) -> Entry:
        """Return one entry.

        Raises:
            UnknownName: there is no entry of that number.
        """
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

    def close(self) -> None:
        """Give the database back."""
        ...
