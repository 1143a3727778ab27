"""A run while it goes: rows into one SQLite file, committed in groups by a thread of its own.

A group is at most ``GROUP_ROWS`` rows or ``GROUP_S`` seconds old, so a killed process loses the
calls in flight and what it added in the last moments, nothing else. The thread keeps the disk's
slowness away from the event loop that makes the calls.
"""

from __future__ import annotations

import contextlib
import json
import sqlite3
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import cache
from itertools import chain
from pathlib import Path
from time import monotonic

from liftgate.canon import canonical
from liftgate.errors import BrokenChain, DataError, LiftgateError
from liftgate.records import Measure, Score, Trial
from liftgate.sqlite import connect, is_machine_fault
from liftgate.store.tables import TABLES, Row, Table, microseconds

GROUP_ROWS = 2000
GROUP_S = 0.05
_ABOUT = """CREATE TABLE about (
  run TEXT NOT NULL, study TEXT NOT NULL, started_at INTEGER NOT NULL, manifest BLOB NOT NULL
) STRICT"""
_AT_ONCE = 100
"""Rows a statement. SQLite lets go of Python's lock for each statement and must get it back from
the event loop, so many small ones would starve behind a busy run."""
AnyTable = Table[Trial] | Table[Score] | Table[Measure]


def create(
    path: Path, run: str, study: str, started_at: datetime, manifest: Mapping[str, object]
) -> None:
    """Make the file of a run, whole or not at all.

    Raises:
        DataError: the manifest is not JSON.
        LiftgateError: the machine refuses.
    """
    data = canonical(manifest)
    with reading(path):
        connection = connect(path)
        with contextlib.closing(connection):
            connection.execute("BEGIN IMMEDIATE")
            connection.execute(_ABOUT)
            for table in TABLES:
                connection.execute(table.schema())
            connection.execute(
                "INSERT INTO about VALUES (?, ?, ?, ?)",
                (run, study, microseconds(started_at.astimezone(UTC)), data),
            )
            connection.execute("COMMIT")


@contextlib.contextmanager
def reading(path: Path) -> Iterator[None]:
    """Translate SQLite's errors about the file of a run."""
    try:
        yield
    except sqlite3.Error as error:
        if is_machine_fault(error):
            raise LiftgateError(
                f"{path}: {error}", hint="make room, then run the same command again"
            ) from error
        raise BrokenChain(
            f"active run {path.stem}: its file cannot be read ({error})",
            hint=f"move {path.name} out of {path.parent} to go on without it",
        ) from error


def is_blank(path: Path) -> bool:
    """Whether a process died before its run's file held anything."""
    with reading(path), contextlib.closing(connect(path)) as connection:
        found: int = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
        return found == 0


def rows_with(
    path: Path,
    table: AnyTable,
    among: Mapping[str, Sequence[str]],
    only: Sequence[str] | None,
) -> list[Row]:
    """Return the rows of a run that goes on, as they were committed.

    Args:
        path: the file of the run.
        table: which.
        among: columns, and the values of which each is to hold one.
        only: these columns alone; None: all.
    """
    columns = ", ".join(name for name in table.names if only is None or name in only)
    asked = " AND ".join(f"{name} IN (SELECT value FROM json_each(?))" for name in among)  # noqa: S608
    query = f"SELECT {columns} FROM {table.name} WHERE {asked}"  # noqa: S608 - own names
    with reading(path), contextlib.closing(connect(path, read_only=True)) as connection:
        values = [json.dumps(list(some)) for some in among.values()]
        return connection.execute(query, values).fetchall()


class Committer:
    """Commits rows in groups. Any thread may add; one thread writes."""

    def __init__(self, path: Path, before: Callable[[], None]) -> None:
        """Start the thread; ``before`` runs ahead of every commit and writes what rows refer to."""
        self._path = path
        self._before = before
        self._waiting: list[tuple[AnyTable, Row]] = []
        self._since = 0.0
        self._added = 0
        self._committed = 0
        self._urgent = False
        self._closing = False
        self._failure: Exception | None = None
        self._guard = threading.RLock()
        self._changed = threading.Condition(self._guard)
        self._thread = threading.Thread(
            target=self._work, name=f"liftgate-{path.stem}", daemon=True
        )
        self._thread.start()

    def add(self, table: AnyTable, row: Row) -> None:
        """Hand a row over; it is on disk within ``GROUP_S`` or after ``flush``.

        Raises:
            LiftgateError: an earlier group could not be written.
        """
        with self._guard:
            if self._failure is not None:
                self._raise_failure()
            if self._closing:
                raise DataError(f"run {self._path.stem}: a row was added after its end")
            if not self._waiting:
                self._since = monotonic()
            self._waiting.append((table, row))
            self._added += 1
            if len(self._waiting) in (1, GROUP_ROWS):
                self._changed.notify_all()

    @property
    def is_behind(self) -> bool:
        """Whether more rows wait than two groups hold, so that whoever adds them should wait, too.

        Rows that wait are in memory, and lost when the process is killed.
        """
        return len(self._waiting) > 2 * GROUP_ROWS

    def flush(self) -> None:
        """Return when every row that was added is on disk; raises as ``add`` does."""
        with self._changed:
            self._urgent = True
            self._changed.notify_all()
            target = self._added
            self._changed.wait_for(lambda: self._failure is not None or self._committed >= target)
            self._raise_failure()

    def close(self) -> None:
        """Stop the thread after it has written what it can; never raises."""
        with self._changed:
            self._closing = True
            self._changed.notify_all()
        self._thread.join()

    def _raise_failure(self) -> None:
        if self._failure is None:
            return
        if isinstance(self._failure, sqlite3.IntegrityError):
            raise DataError(
                f"run {self._path.stem}: a row was added twice ({self._failure})"
            ) from self._failure
        raise LiftgateError(
            f"run {self._path.stem}: rows can no longer be written: {self._failure}; "
            f"{self._committed} rows are safe, {self._added - self._committed} are lost",
            hint="make room, then run the same command again: it goes on from the safe rows",
        ) from self._failure

    def _work(self) -> None:
        try:
            with contextlib.closing(connect(self._path)) as connection:
                while group := self._next_group():
                    self._before()
                    self._commit(connection, group)
        except (sqlite3.Error, OSError, LiftgateError) as error:
            with self._changed:
                self._failure = error
                self._changed.notify_all()

    def _next_group(self) -> list[tuple[AnyTable, Row]]:
        """Wait for a group that is full, old or wanted; an empty one means the end."""
        with self._changed:
            self._changed.wait_for(lambda: bool(self._waiting) or self._closing)
            self._changed.wait_for(self._is_due, timeout=self._since + GROUP_S - monotonic())
            group, self._waiting = self._waiting[:GROUP_ROWS], self._waiting[GROUP_ROWS:]
            self._urgent = self._urgent and bool(self._waiting)
            return group

    def _is_due(self) -> bool:
        return self._closing or self._urgent or len(self._waiting) >= GROUP_ROWS

    def _commit(self, connection: sqlite3.Connection, group: list[tuple[AnyTable, Row]]) -> None:
        connection.execute("BEGIN IMMEDIATE")
        for table in TABLES:
            rows = [row for owner, row in group if owner is table]
            for start in range(0, len(rows), _AT_ONCE):
                some = rows[start : start + _AT_ONCE]
                connection.execute(
                    _insert(table.name, len(table.columns), len(some)), [*chain.from_iterable(some)]
                )
        connection.execute("COMMIT")
        with self._changed:
            self._committed += len(group)
            self._changed.notify_all()


@cache
def _insert(table: str, columns: int, count: int) -> str:
    row = f"({', '.join('?' * columns)})"
    return f"INSERT INTO {table} VALUES {', '.join([row] * count)}"  # noqa: S608 - own names
