"""The ledger in one SQLite file.

Write-ahead log, ``synchronous=FULL``, a STRICT table, triggers that refuse UPDATE and DELETE, and
one transaction that reads the tip and adds the entry, so that several processes write one gapless
chain. Every commit is moved into the main file at once: a copy of ``ledger.db`` is whole.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, NoReturn

from liftgate.errors import BrokenChain, LedgerError, UnknownName
from liftgate.ledger.author import default_author
from liftgate.ledger.chain import Sealed, check, seal, unseal
from liftgate.records import Entry
from liftgate.sqlite import connect, is_machine_fault

FILE = "ledger.db"
_GUARDS = {
    "entry": """CREATE TABLE entry (
  sequence INTEGER PRIMARY KEY,
  kind TEXT NOT NULL,
  data BLOB NOT NULL,
  leaf TEXT NOT NULL
) STRICT""",
    "entry_is_never_changed": """CREATE TRIGGER entry_is_never_changed BEFORE UPDATE ON entry
BEGIN SELECT RAISE(ABORT, 'a ledger entry is never changed'); END""",
    "entry_is_never_removed": """CREATE TRIGGER entry_is_never_removed BEFORE DELETE ON entry
BEGIN SELECT RAISE(ABORT, 'a ledger entry is never removed'); END""",
}
"""The schema of format 1, as SQLite keeps it; verified literally, so never edited."""
_SELECT = "SELECT sequence, kind, data, leaf FROM entry"


class Ledger:
    """The chain of entries in ``home/ledger.db``; a context manager. See ``Chain`` for the door."""

    def __init__(self, path: Path, *, read_only: bool) -> None:
        self.path = path
        self.read_only = read_only
        self._connection = self._connect()

    @classmethod
    def open(cls, home: Path, *, read_only: bool = False) -> Ledger:
        """Open the ledger of a workspace, creating it unless ``read_only``.

        Args:
            home: the workspace's ``.liftgate`` folder.
            read_only: never write; the ledger must exist.

        Raises:
            LedgerError: there is no ledger to read, or it cannot be opened.
            BrokenChain: the file is not a ledger.
        """
        path = Path(home) / FILE
        if read_only and not path.is_file():
            raise LedgerError(
                f"{path}: there is no ledger", hint="run a study first, or set LIFTGATE_HOME"
            )
        return cls(path, read_only=read_only)

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
        if self.read_only:
            raise LedgerError(f"{self.path}: opened for reading only")
        author = default_author() if author is None else author
        with self._transaction():
            tip = self._line("ORDER BY sequence DESC LIMIT 1")
            if tip is not None:
                unseal(tip)
            line = seal(
                tip, kind, body, refs=refs or {}, author=author, time=time or datetime.now(UTC)
            )
            self._connection.execute(
                "INSERT INTO entry (sequence, kind, data, leaf) VALUES (?, ?, ?, ?)",
                (line.sequence, line.kind, line.data, line.leaf),
            )
        return unseal(line)

    def entries(self, kind: str | None = None) -> Iterator[Entry]:
        """Yield entries in order, all or those of one kind."""
        where = "WHERE kind = ? ORDER BY sequence" if kind is not None else "ORDER BY sequence"
        for line in self._lines(where, () if kind is None else (kind,)):
            yield unseal(line)

    def entry(self, sequence: int) -> Entry:
        """Return one entry; raises UnknownName when there is none of that number."""
        line = self._line("WHERE sequence = ?", (sequence,))
        if line is None:
            last = self.tip.sequence if self.tip else 0
            known = [f"1 to {last}"] if last else []
            raise UnknownName("ledger entry", str(sequence), known)
        return unseal(line)

    @property
    def tip(self) -> Entry | None:
        """The last entry, or None when there is none."""
        line = self._line("ORDER BY sequence DESC LIMIT 1")
        return None if line is None else unseal(line)

    def verify(self) -> int:
        """Check every entry, every link, the guards and the file; see ``Chain.verify``."""
        count = check(self._lines("ORDER BY sequence"))
        with self._translated():
            found = dict(self._connection.execute("SELECT name, sql FROM sqlite_master"))
            sound = self._connection.execute("PRAGMA integrity_check(1)").fetchone()[0]
        for name, sql in _GUARDS.items():
            if _text(found.get(name.encode())) != sql:
                raise BrokenChain(f"{self.path.name}: its guard {name!r} is missing or changed")
        if _text(sound) != "ok":
            raise BrokenChain(f"{self.path.name}: SQLite finds: {_text(sound)}")
        return count

    def close(self) -> None:
        """Give the file back."""
        self._connection.close()

    def __enter__(self) -> Ledger:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _connect(self) -> sqlite3.Connection:
        """Open the file; small pages leave little room where a flipped byte would mean nothing."""
        with self._translated():
            if not self.read_only:
                self.path.parent.mkdir(parents=True, exist_ok=True)
            connection = connect(self.path, read_only=self.read_only, page_size=512)
            # Text that is no longer UTF-8 must reach the check, not raise on the way.
            connection.text_factory = bytes
            if not self.read_only:
                connection.execute("PRAGMA wal_autocheckpoint = 1")
                self._create(connection)
            return connection

    def _create(self, connection: sqlite3.Connection) -> None:
        """Make the tables unless they are there; two processes may do so at once."""
        try:
            if connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
                return
            connection.execute("BEGIN IMMEDIATE")
            if not connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
                for sql in _GUARDS.values():
                    connection.execute(sql)
                connection.execute("PRAGMA user_version = 1")
            connection.execute("COMMIT")
        except sqlite3.Error:
            connection.close()
            raise

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[None]:
        with self._translated():
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._connection.execute("COMMIT")
            except BaseException:
                with contextlib.suppress(sqlite3.Error):
                    self._connection.execute("ROLLBACK")
                raise

    def _line(self, tail: str, values: tuple[Any, ...] = ()) -> Sealed | None:
        return next(self._lines(tail, values), None)

    def _lines(self, tail: str, values: tuple[Any, ...] = ()) -> Iterator[Sealed]:
        """Yield rows; where one cannot be read, the error names the last that could."""
        place = self.path.name
        with self._translated(place):
            cursor = self._connection.execute(f"{_SELECT} {tail}", values)
        while True:
            with self._translated(place):
                row = cursor.fetchone()
            if row is None:
                return
            place = f"{self.path.name}, after entry {row[0]}"
            yield Sealed(row[0], _text(row[1]), row[2], _text(row[3]))

    @contextlib.contextmanager
    def _translated(self, place: str = "") -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            self._raise(error, place or self.path.name)

    def _raise(self, error: sqlite3.Error, place: str) -> NoReturn:
        if is_machine_fault(error):
            raise LedgerError(
                f"{self.path}: {error}",
                hint="nothing was added; make room or wait for the other process, then repeat",
            ) from error
        raise BrokenChain(
            f"{place}: not a sound ledger ({error})", hint="restore the ledger from a copy"
        ) from error


def _text(value: Any) -> Any:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else value
