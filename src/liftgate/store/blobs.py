"""Texts, answers and targets by digest: deduplicated, compressed, erasable.

The key of a value is the digest of its canonical bytes. Everything else in a workspace holds only
digests, so erasing a value here breaks no chain; what is left is a tombstone.
"""

from __future__ import annotations

import contextlib
import json
import sqlite3
import threading
import zlib
from collections.abc import Collection, Iterable, Iterator
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path
from typing import NamedTuple

from liftgate.canon import canonical, parse, sha256, short
from liftgate.errors import BrokenChain, DataError, LiftgateError, NotAllowed
from liftgate.records import Json
from liftgate.sqlite import connect, is_machine_fault, transaction

FILE = "blobs.db"
_BATCH_ROWS = 200
_BATCH_BYTES = 4_000_000
_AT_ONCE = 100
_ASKED = 10_000
_SHORTEST_PACKED = 100
"""Bytes; what is shorter does not get smaller."""
_SCHEMA = """CREATE TABLE IF NOT EXISTS blob (
  id INTEGER PRIMARY KEY,
  digest TEXT NOT NULL UNIQUE,
  codec TEXT NOT NULL,
  data BLOB,
  erased_at TEXT
) STRICT"""


class Contents(NamedTuple):
    """What became of some values."""

    kept: int
    erased: int
    """Erased for good, by somebody who meant it."""
    lost: int
    """Gone without a tombstone: the file was lost, cut or not copied with the rest."""


class Blobs:
    """The blob store of a workspace. Values wait in memory until a batch is full or ``flush``."""

    def __init__(self, folder: Path, *, read_only: bool) -> None:
        self.path = folder / FILE
        self.read_only = read_only
        self._lock = threading.RLock()
        """Guards what waits; held for moments only."""
        self._disk = threading.RLock()
        """Guards the file; taken before ``_lock`` where both are."""
        self._pending: dict[str, bytes] = {}
        self._going: dict[str, bytes] = {}
        """What is being written just now."""
        self._pending_bytes = 0
        self._connection: sqlite3.Connection | None = None

    def put(self, value: Json) -> str:
        """Keep a JSON value and return its digest. A value that was erased stays erased.

        Raises:
            DataError: not a JSON value.
            NotAllowed: the store was opened for reading only.
            LiftgateError: a batch could not be written.
        """
        key = self.hold(value)
        if len(self._pending) >= _BATCH_ROWS or self._pending_bytes >= _BATCH_BYTES:
            self.flush()
        return key

    def hold(self, value: Json) -> str:
        """Do as ``put`` does, but leave the writing to somebody's ``flush``: touches no disk."""
        return self.hold_data(canonical(value))

    def hold_data(self, data: bytes) -> str:
        """Do as ``hold`` does with the canonical bytes of a value."""
        if self.read_only:
            raise NotAllowed(f"{self.path}: opened for reading only")
        key = sha256(data)
        with self._lock:
            if key not in self._pending and key not in self._going:
                self._pending[key] = data
                self._pending_bytes += len(data)
        return key

    def get(self, digest: str) -> Json:
        """Return a value.

        Raises:
            DataError: it is not there, or was erased; the message says which and when.
            BrokenChain: its bytes are not those that the digest names.
        """
        value: Json = parse(self.data(digest))
        return value

    def data(self, digest: str) -> bytes:
        """Return the canonical bytes of a value; raises as ``get`` does."""
        data = self._waiting(digest)
        return _unpacked(digest, self._row(digest)) if data is None else data

    def state(self, digest: str) -> str:
        """Return ``kept``, ``erased`` or ``unknown``."""
        if self._waiting(digest) is not None:
            return "kept"
        row = self._row(digest)
        if row is None:
            return "unknown"
        return "kept" if row[2] is None else "erased"

    def count(self, digests: Iterable[str]) -> Contents:
        """Return how many of some different values are kept, were erased, or are gone."""
        wanted = list(digests)
        for digest in wanted:
            if self._waiting(digest) is not None:
                self.flush()
                break
        there = erased = 0
        if self._connection is not None or self.path.is_file():
            with self._disk, self._readable():
                for at in range(0, len(wanted), _ASKED):
                    chunk = json.dumps(wanted[at : at + _ASKED])
                    found = self._open().execute(
                        "SELECT count(*), count(erased_at) FROM blob "
                        "WHERE digest IN (SELECT value FROM json_each(?))",
                        (chunk,),
                    )
                    row: tuple[int, int] = found.fetchone()
                    there, erased = there + row[0], erased + row[1]
        return Contents(there - erased, erased, len(wanted) - there)

    def fetch(self, other: Blobs, never: Collection[str]) -> int:
        """Copy the values of another store that this one never had; each is checked on the way.

        Args:
            other: whence.
            never: digests of values that were erased, as the ledger says: they stay away, and of
                these alone a tombstone is taken over, else any folder could keep values out.

        Returns:
            How many were copied.

        Raises:
            BrokenChain: bytes there are not those that their digest names.
            LiftgateError: the machine refuses.
        """
        count = last = 0
        while rows := other._rows(last):
            last = rows[-1][0]
            new = [row for row in rows if self._row(row[1]) is None]
            told = [row for row in new if row[4] and row[1] in never]
            kept = [row[1:4] for row in new if not row[4] and row[1] not in never]
            for digest, codec, data in kept:
                _unpacked(digest, (codec, data, None))
            with self._disk, self._written(len(new)):
                self._insert(kept)
                self._open().executemany(
                    "INSERT INTO blob (digest, codec, erased_at) VALUES (?, 'erased', ?) "
                    "ON CONFLICT (digest) DO NOTHING",
                    [(digest, erased_at) for _, digest, _, _, erased_at in told],
                )
            count += len(kept)
        return count

    def erase(self, digest: str) -> None:
        """Remove a value for good, from the file too; its digest stays as a tombstone.

        Raises:
            DataError: there is no such value.
            NotAllowed: the store was opened for reading only.
            LiftgateError: see ``empty_log``.
        """
        if self.read_only:
            raise NotAllowed(f"{self.path}: opened for reading only")
        with self._disk, self._written(1):
            self.flush()
            connection = self._open()
            if self._row(digest) is None:
                raise DataError(f"blob {short(digest)}…: there is no such value in {FILE}")
            connection.execute(
                "UPDATE blob SET data = NULL, codec = 'erased', erased_at = ? "
                "WHERE digest = ? AND erased_at IS NULL",
                (datetime.now(UTC).isoformat(timespec="seconds"), digest),
            )
        self.empty_log()

    def empty_log(self) -> None:
        """Empty the write-ahead log: until then it still holds what was erased.

        Raises:
            LiftgateError: another process reads the file just now, and keeps the log from it.
        """
        with self._disk, self._written(0):
            busy, *_ = self._open().execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        if busy:
            raise LiftgateError(
                f"{self.path.name}: erased, and its log still holds what was erased: another "
                "process reads it",
                hint="end what reads this workspace (liftgate ui, a report), then erase again",
            )

    def flush(self) -> None:
        """Write what waits, in one transaction; on disk when this returns.

        Raises:
            LiftgateError: the machine refuses; what waits is kept in memory and tried again.
        """
        with self._disk:
            with self._lock:
                self._going, self._pending = self._pending, {}
                size, self._pending_bytes = self._pending_bytes, 0
            if not self._going:
                return
            try:
                # Packing takes long; whoever adds more meanwhile does not wait for it.
                with self._written(len(self._going)):
                    self._insert([(key, *_packed(data)) for key, data in self._going.items()])
            except LiftgateError:
                with self._lock:
                    self._pending = self._going | self._pending
                    self._pending_bytes += size
                raise
            finally:
                with self._lock:
                    self._going = {}

    def close(self) -> None:
        """Write what waits and give the file back."""
        with self._disk:
            try:
                self.flush()
            finally:
                if self._connection is not None:
                    self._connection.close()
                    self._connection = None

    def _insert(self, rows: list[tuple[str, str, bytes]]) -> None:
        connection = self._open()
        with transaction(connection):
            for start in range(0, len(rows), _AT_ONCE):
                some = rows[start : start + _AT_ONCE]
                marks = ", ".join(["(?, ?, ?)"] * len(some))
                connection.execute(
                    f"INSERT INTO blob (digest, codec, data) VALUES {marks} "  # noqa: S608 - marks
                    "ON CONFLICT (digest) DO NOTHING",
                    [*chain.from_iterable(some)],
                )

    def _waiting(self, digest: str) -> bytes | None:
        with self._lock:
            found = self._pending.get(digest)
            return self._going.get(digest) if found is None else found

    @contextlib.contextmanager
    def _written(self, count: int) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise LiftgateError(
                f"{self.path}: {count} values could not be written: {error}",
                hint="make room, then run again; what was written before is safe",
            ) from error

    def _row(self, digest: str) -> tuple[str, bytes | None, str | None] | None:
        if self._connection is None and not self.path.is_file():
            return None
        with self._disk, self._readable():
            row = self._open().execute(
                "SELECT codec, data, erased_at FROM blob WHERE digest = ?", (digest,)
            )
            found: tuple[str, bytes | None, str | None] | None = row.fetchone()
        return found

    def _rows(self, after: int) -> list[tuple[int, str, str, bytes, str | None]]:
        """Return some values and tombstones, in the order of their numbers."""
        if not self.path.is_file():
            return []
        with self._disk, self._readable():
            return (
                self._open()
                .execute(
                    "SELECT id, digest, codec, data, erased_at FROM blob "
                    "WHERE id > ? ORDER BY id LIMIT ?",
                    (after, _BATCH_ROWS),
                )
                .fetchall()
            )

    @contextlib.contextmanager
    def _readable(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            kind = LiftgateError if is_machine_fault(error) else BrokenChain
            raise kind(f"{self.path.name}: cannot be read ({error})") from error

    def _open(self) -> sqlite3.Connection:
        if self._connection is None:
            connection = connect(self.path, read_only=self.read_only)
            if not self.read_only:
                connection.execute("PRAGMA secure_delete = ON")
                connection.execute(_SCHEMA)
            self._connection = connection
        return self._connection


def _packed(data: bytes) -> tuple[str, bytes]:
    if len(data) < _SHORTEST_PACKED:
        return "raw", data
    packed = zlib.compress(data, 6)
    return ("zlib", packed) if len(packed) < len(data) else ("raw", data)


def _unpacked(digest: str, row: tuple[str, bytes | None, str | None] | None) -> bytes:
    """Unpack a stored value and check it against its digest."""
    if row is None:
        raise DataError(f"blob {short(digest)}…: there is no such value in {FILE}")
    codec, data, erased_at = row
    if erased_at is not None:
        raise DataError(f"blob {short(digest)}…: erased on {erased_at}")
    try:
        plain = zlib.decompress(data or b"") if codec == "zlib" else bytes(data or b"")
    except zlib.error as error:
        raise BrokenChain(f"blob {short(digest)}…: cannot be unpacked ({error})") from error
    if sha256(plain) != digest:
        raise BrokenChain(f"blob {short(digest)}…: its bytes hash to {short(sha256(plain))}…")
    return plain
