"""The ledger in one SQLite file.

Write-ahead log, ``synchronous=FULL``, STRICT tables, triggers that refuse UPDATE, DELETE and an
INSERT anywhere but after the tip, and one transaction that reads the tip and adds the entry, so
that several processes write one gapless chain. An append is one synchronisation; the log is moved
into the main file when the ledger is closed, so a closed ``ledger.db`` is whole.
"""

from __future__ import annotations

import contextlib
import os
import re
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, NoReturn

from liftgate.canon import digest
from liftgate.errors import BrokenChain, LedgerError, NotAllowed
from liftgate.filelock import FileLock
from liftgate.ledger.chain import Sealed
from liftgate.ledger.closed import SAYS, Closed
from liftgate.ledger.merkle import Tree
from liftgate.ledger.stored import Ledger, leaf_bytes
from liftgate.sqlite import connect, is_machine_fault, transaction

_FIRST_GUARDS = {
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
# REPLACE removes a row without firing the trigger on DELETE: only the one on INSERT stops it.
_SECOND_GUARDS = {
    "entry_is_only_appended": """CREATE TRIGGER entry_is_only_appended BEFORE INSERT ON entry
WHEN NEW.sequence IS NOT (SELECT coalesce(max(sequence), 0) + 1 FROM entry)
BEGIN SELECT RAISE(ABORT, 'a ledger entry is only added after the last'); END""",
    "subtree": """CREATE TABLE subtree (
  level INTEGER NOT NULL,
  number INTEGER NOT NULL,
  hash BLOB NOT NULL,
  PRIMARY KEY (level, number)
) STRICT, WITHOUT ROWID""",
}
"""What format 2 adds. Subtrees are derived, and checked against the entries."""
_GUARDS = {1: _FIRST_GUARDS, 2: {**_FIRST_GUARDS, **_SECOND_GUARDS}}
_FORMAT = 2
_CLOSED = "entry_is_closed"
# Of a damaged file SQLite may speak in bytes that are no text.
_SQLITE_SAYS = (sqlite3.Error, UnicodeDecodeError)
_SELECT = "SELECT sequence, kind, data, leaf FROM entry"


class SqliteLedger(Ledger):
    """The chain of entries in ``home/ledger.db``; a context manager. See ``Chain`` for the door."""

    def __init__(self, path: Path, *, read_only: bool) -> None:
        self.path = path
        self.place = path.name
        self.read_only = read_only
        self._file: tuple[int, int] | None = None
        self._connection = self._connect()
        self._file = _file_at(path)

    @classmethod
    def open_at(cls, place: str, *, read_only: bool) -> SqliteLedger:
        """Open the ledger in a file; see ``Ledger.open``."""
        path = Path(place)
        if read_only and not path.is_file():
            raise LedgerError(
                f"{path}: there is no ledger", hint="run a study first, or set LIFTGATE_HOME"
            )
        return cls(path, read_only=read_only)

    @classmethod
    def exists_at(cls, place: str) -> bool:
        """Whether the file is there."""
        return Path(place).is_file()

    def close(self) -> None:
        """Give the file back."""
        self._connection.close()

    def _connect(self) -> sqlite3.Connection:
        """Open the file, with pages that are quick to read through."""
        with self._translated():
            if not self.read_only:
                self.path.parent.mkdir(parents=True, exist_ok=True)
            connection = connect(self.path, read_only=self.read_only, page_size=4096)
            # Text that is no longer UTF-8 must reach the check, not raise on the way.
            connection.text_factory = bytes
            if not self.read_only:
                try:
                    self._create(connection)
                except BaseException:
                    connection.close()
                    raise
            return connection

    def _create(self, connection: sqlite3.Connection) -> None:
        """Make what is missing of the tables; two processes may do so at once."""
        if _format(connection) >= _FORMAT:
            return
        with transaction(connection):
            found = _format(connection)
            if found == 0 and connection.execute("SELECT 1 FROM sqlite_master").fetchone():
                raise sqlite3.DatabaseError("it holds other tables")
            for name, sql in _GUARDS[_FORMAT].items():
                if found < _FORMAT and name not in _GUARDS.get(found, {}):
                    connection.execute(sql)
            if found < _FORMAT:
                connection.execute(f"PRAGMA user_version = {_FORMAT:d}")
        if found:
            self._connection = connection
            self._fill_subtrees()

    def _fill_subtrees(self) -> None:
        """Store the subtrees of a file that had none."""
        with self._transaction():
            tip = self._line(None)
            tree = Tree(tip.sequence if tip else 0, self._leaves, lambda *_: {})
            self._insert_nodes(list(tree.completed(0)))

    @contextlib.contextmanager
    def _turn(self, study: str, said: str) -> Iterator[str | None]:
        # Beside the file itself: workspaces may share it by a link.
        there = self.path.resolve()
        lock = FileLock(there.with_name(f"{there.name}.{digest(study)[7:23]}.lock"))
        try:
            taken = lock.acquire()
        except OSError as error:
            raise LedgerError(f"{lock.path}: {error.strerror or error}") from error
        if not taken:
            yield lock.said()
            return
        lock.say(said)
        try:
            yield None
        finally:
            with contextlib.suppress(OSError):  # a file that is left keeps nobody out
                lock.release(remove=True)

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[None]:
        if self._file is not None and _file_at(self.path) != self._file:
            raise LedgerError(
                f"{self.place}: the file was replaced while it was open; nothing was added",
                hint="bring back the ledger that belongs here, then run the same command again",
            )
        with self._translated(), transaction(self._connection):
            yield

    def _line(self, sequence: int | None) -> Sealed | None:
        if sequence is None:
            return next(self._rows("ORDER BY sequence DESC LIMIT 1", ()), None)
        return next(self._rows("WHERE sequence = ?", (sequence,)), None)

    def _lines(self, kind: str | None, after: int = 0) -> Iterator[Sealed]:
        # A row whose number is below 1 is no entry; the check must meet it.
        asked: list[tuple[str, int | str]] = [("sequence > ?", after)] if after else []
        asked += [] if kind is None else [("kind = ?", kind)]
        where = f"WHERE {' AND '.join(text for text, _ in asked)} " if asked else ""
        return self._rows(f"{where}ORDER BY sequence", tuple(value for _, value in asked))

    def _rows(self, tail: str, values: tuple[Any, ...]) -> Iterator[Sealed]:
        """Yield rows; where one cannot be read, the error names the last that could."""
        last = None
        try:
            for sequence, kind, data, leaf in self._connection.execute(f"{_SELECT} {tail}", values):
                yield Sealed(sequence, _text(kind), data, _text(leaf))
                last = sequence
        except _SQLITE_SAYS as error:
            self._raise(error, self.place if last is None else f"{self.place}, after entry {last}")

    def _leaves(self, first: int, last: int) -> Sequence[bytes]:
        with self._translated():
            rows = self._connection.execute(
                "SELECT leaf FROM entry WHERE sequence > ? AND sequence <= ? ORDER BY sequence",
                (first, last),
            ).fetchall()
        return [leaf_bytes(_text(leaf)) for (leaf,) in rows]

    def _stored(self, level: int, first: int, last: int) -> dict[int, bytes]:
        with self._translated():
            if _format(self._connection) < 2:
                return {}
            rows = self._connection.execute(
                "SELECT number, hash FROM subtree WHERE level = ? AND number >= ? AND number < ?",
                (level, first, last),
            )
            return dict(rows.fetchall())

    def _all_stored(self) -> Iterable[tuple[tuple[int, int], bytes]]:
        with self._translated():
            if _format(self._connection) < 2:
                return []
            rows = self._connection.execute("SELECT level, number, hash FROM subtree").fetchall()
        return [((level, number), node) for level, number, node in rows]

    def _insert(self, lines: Sequence[Sealed]) -> None:
        self._connection.executemany(
            "INSERT INTO entry (sequence, kind, data, leaf) VALUES (?, ?, ?, ?)",
            [(line.sequence, line.kind, line.data, line.leaf) for line in lines],
        )

    def _insert_nodes(self, nodes: Sequence[tuple[int, int, bytes]]) -> None:
        self._connection.executemany(
            "INSERT INTO subtree (level, number, hash) VALUES (?, ?, ?)"
            " ON CONFLICT (level, number) DO NOTHING",
            nodes,
        )

    @property
    def closed(self) -> Closed | None:
        """Why it takes no entries; None: it does."""
        with self._translated():
            row = self._connection.execute(
                "SELECT sql FROM sqlite_master WHERE type = 'trigger' AND name = ?", (_CLOSED,)
            ).fetchone()
        said = re.search(f"'{SAYS}(.*)'\\)", _text(row[0])) if row else None
        if row and said is None:
            return Closed("closed", _text(row[0]), "", "")
        return Closed.read(said[1]) if said else None

    def refuse_to_close(self) -> None:
        """Raise NotAllowed unless the file may be written."""
        if not os.access(self.path, os.W_OK):
            raise NotAllowed(
                f"{self.path}: may not be written, so the ledger cannot be closed here",
                hint="let its owner move it",
            )

    def _mark(self, mark: Closed | None) -> None:
        self._connection.execute(f"DROP TRIGGER IF EXISTS {_CLOSED}")
        if mark is not None:
            self._connection.execute(
                f"CREATE TRIGGER {_CLOSED} BEFORE INSERT ON entry\n"
                f"BEGIN SELECT RAISE(ABORT, '{SAYS}{mark.text}'); END"
            )

    def _examine_storage(self) -> None:
        with self._translated():
            rows = self._connection.execute("SELECT name, type, tbl_name, sql FROM sqlite_master")
            found = {_text(name): tuple(map(_text, rest)) for name, *rest in rows}
            sound = self._connection.execute("PRAGMA integrity_check(1)").fetchone()[0]
            written = _format(self._connection)
        for name, sql in _GUARDS.get(written, _GUARDS[_FORMAT]).items():
            kind = "trigger" if sql.startswith("CREATE TRIGGER") else "table"
            if found.get(name) != (kind, name if kind == "table" else "entry", sql):
                raise BrokenChain(f"{self.place}: its guard {name!r} is missing or changed")
        if _text(sound) != "ok":
            raise BrokenChain(f"{self.place}: SQLite finds: {_text(sound)}")

    @contextlib.contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except _SQLITE_SAYS as error:
            self._raise(error, self.place)

    def _raise(self, error: Exception, place: str) -> NoReturn:
        if str(error).startswith(SAYS):
            raise Closed.read(str(error).removeprefix(SAYS)).error(self.place) from error
        if isinstance(error, sqlite3.Error) and is_machine_fault(error):
            raise LedgerError(
                f"{self.path}: {error}",
                hint="nothing was added; make room or wait for the other process, then repeat",
            ) from error
        raise BrokenChain(
            f"{place}: not a sound ledger ({error})", hint="restore the ledger from a copy"
        ) from error


def _file_at(path: Path) -> tuple[int, int] | None:
    """Return which file lies at a path; what is added to one that was removed is lost."""
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return found.st_dev, found.st_ino


def _text(value: Any) -> Any:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else value


def _format(connection: sqlite3.Connection) -> int:
    found: int = connection.execute("PRAGMA user_version").fetchone()[0]
    return found
