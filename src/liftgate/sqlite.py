"""Opening SQLite files the one way that liftgate uses them, and reading their errors."""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Iterable, Iterator
from pathlib import Path
from time import monotonic, sleep

WAIT_S = 30.0
"""How long to wait for another process that writes."""

# What a machine may do to a sound file; anything else that SQLite says means an unsound one.
_MACHINE = ("BUSY", "LOCKED", "FULL", "IOERR", "READONLY", "CANTOPEN", "PERM", "NOMEM", "PROTOCOL")


def connect(
    path: Path, *, read_only: bool = False, page_size: int | None = None
) -> sqlite3.Connection:
    """Open a file for explicit transactions: write-ahead log, every commit on disk.

    Args:
        path: the file; created unless ``read_only``.
        read_only: never write.
        page_size: bytes a page, for a file that does not exist yet; None: SQLite's own.

    Raises:
        sqlite3.Error: as SQLite says; ``is_machine_fault`` tells what kind it is.
    """
    mode = _read_mode(path) if read_only else "mode=rwc"
    connection = sqlite3.connect(
        f"{path.resolve().as_uri()}?{mode}",
        uri=True,
        timeout=WAIT_S,
        isolation_level=None,
        check_same_thread=False,
    )
    try:
        if not read_only:
            if page_size is not None:
                connection.execute(f"PRAGMA page_size = {page_size:d}")
            _use_wal(connection)
            connection.execute("PRAGMA synchronous = FULL")
    except sqlite3.Error:
        connection.close()
        raise
    return connection


@contextlib.contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """Write together what is written inside, or nothing of it; others wait meanwhile."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        with contextlib.suppress(sqlite3.Error):
            connection.execute("ROLLBACK")
        raise


def is_machine_fault(error: sqlite3.Error) -> bool:
    """Whether the machine refused (full, busy, not allowed), rather than the file being unsound."""
    return _named(error, _MACHINE) or isinstance(error, sqlite3.ProgrammingError)


def _use_wal(connection: sqlite3.Connection) -> None:
    """Switch to the write-ahead log; SQLite itself does not wait here for another process."""
    deadline = monotonic() + WAIT_S
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if not _named(error, ("BUSY", "LOCKED")) or monotonic() > deadline:
                raise
            sleep(0.02)
        else:
            return


def _named(error: sqlite3.Error, words: Iterable[str]) -> bool:
    name = getattr(error, "sqlite_errorname", "") or ""
    return any(name.startswith(f"SQLITE_{word}") for word in words)


def _read_mode(path: Path) -> str:
    """How to open for reading: a folder that cannot be written has no room for SQLite's locks."""
    wal = path.with_name(path.name + "-wal")
    if os.access(path.parent, os.W_OK) or wal.exists():
        return "mode=ro"
    return "mode=ro&immutable=1"
