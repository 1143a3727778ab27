"""What raters did: one row an act, only ever added, on disk before the browser is told.

SQLite, write-ahead log, ``synchronous=FULL``, triggers that refuse UPDATE and DELETE. A rating is a
row, taking it back is another. Each act carries an id made by the browser and the number of rows
that the browser knew: sending it again after a lost answer adds nothing, and a window that another
one has overtaken is refused. Drafts of comments are kept beside, and may change.
"""

from __future__ import annotations

import contextlib
import sqlite3
import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Any

from liftgate.errors import BrokenChain, DataError, LiftgateError, NotAllowed
from liftgate.records.notebook import Card
from liftgate.sqlite import connect, is_machine_fault, transaction

FILE = "ratings.db"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SCHEMA = (
    """CREATE TABLE act (
  sequence INTEGER PRIMARY KEY,
  request TEXT NOT NULL UNIQUE,
  rater TEXT NOT NULL,
  kind TEXT NOT NULL,
  task INTEGER NOT NULL,
  subject TEXT NOT NULL,
  value REAL,
  reason TEXT NOT NULL,
  comment TEXT NOT NULL,
  seconds REAL,
  at INTEGER NOT NULL
) STRICT""",
    "CREATE INDEX act_rater ON act (rater, sequence)",
    """CREATE TRIGGER act_is_never_changed BEFORE UPDATE ON act
BEGIN SELECT RAISE(ABORT, 'a rating is never changed'); END""",
    """CREATE TRIGGER act_is_never_removed BEFORE DELETE ON act
BEGIN SELECT RAISE(ABORT, 'a rating is never removed'); END""",
    """CREATE TABLE draft (
  rater TEXT NOT NULL,
  task INTEGER NOT NULL,
  comment TEXT NOT NULL,
  PRIMARY KEY (rater, task)
) STRICT""",
    "CREATE TABLE batch (digest TEXT NOT NULL) STRICT",
)


class ActKind(StrEnum):
    """What somebody did."""

    RATED = "rated"
    SKIPPED = "skipped"
    """Declined to rate one subject, with a reason."""
    UNDONE = "undone"
    """Took back the latest act on a task that still stood."""
    REFUSED = "refused"
    """Wants to see no more of a category; the reason names it."""
    ALLOWED = "allowed"
    """Takes a refusal of a category back."""
    ADJUDICATED = "adjudicated"
    """The lead settled what raters disagreed on."""
    CLOSED = "closed"
    """Nothing is added any more."""


@dataclass(frozen=True)
class Act(Card):
    """One row."""

    request: str
    """Made by whoever acts, unique; the same request again is the same act."""
    rater: str
    kind: ActKind
    task: int = 0
    """Place in the rater's order, from 1; 0: about no task."""
    subject: str = ""
    value: float | None = None
    """Of a pair, about the side that was shown first; of the lead's word, about the first side."""
    reason: str = ""
    comment: str = ""
    seconds: float | None = None
    """How long the task was on the screen; None: not known."""
    at: datetime = _EPOCH
    sequence: int = 0
    """Given by the store, from 1."""


class Overtaken(DataError):
    """Another window of the same rater has acted since; nothing was added."""


_COLUMNS = tuple(field.name for field in fields(Act))


class Ratings:
    """The acts of one batch; safe to use from several threads and processes."""

    def __init__(self, path: Path, batch_digest: str) -> None:
        """Open the file, making it where it is not there.

        Raises:
            LiftgateError: the machine refuses.
            BrokenChain: the file belongs to another batch, or is no sound one.
        """
        self.path = path
        self._lock = threading.RLock()
        with self._translated():
            self._connection = connect(path)
            try:
                self._prepare(batch_digest)
            except BaseException:
                self._connection.close()
                raise

    def add(self, act: Act, *, seen: int | None) -> Act:
        """Add an act, on disk when this returns; the same request again returns the first row.

        Args:
            act: its time and sequence are given here.
            seen: how many rows of this rater the caller knew; None: does not matter.

        Raises:
            Overtaken: the rater has other rows by now.
            NotAllowed: the batch is closed.
            LiftgateError: the machine refuses; nothing was added.
        """
        with self._lock, self._translated(), transaction(self._connection):
            again = self._rows("request = ?", (act.request,))
            if again:
                return self._same(again[0], act)
            if self.closed:
                raise NotAllowed("the batch is closed", hint="the lead can draw another")
            count = self._connection.execute(
                "SELECT count(*) FROM act WHERE rater = ?", (act.rater,)
            ).fetchone()[0]
            if seen is not None and count != seen:
                raise Overtaken(
                    f"rater {act.rater}: another window has rated since; got {seen} acts known, "
                    f"expected {count}",
                    hint="reload the page",
                )
            at = (datetime.now(UTC) - _EPOCH) // timedelta(microseconds=1)
            values = (
                act.request, act.rater, act.kind.value, act.task, act.subject, act.value,
                act.reason, act.comment, act.seconds, at,
            )  # fmt: skip
            self._connection.execute(
                "INSERT INTO act (request, rater, kind, task, subject, value, reason, comment, "
                "seconds, at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                values,
            )
            if act.task and act.kind is not ActKind.UNDONE:
                self._connection.execute(
                    "DELETE FROM draft WHERE rater = ? AND task = ?", (act.rater, act.task)
                )
            return self._rows("request = ?", (act.request,))[0]

    def acts(self, rater: str | None = None) -> list[Act]:
        """Return all acts in order, or those of one rater."""
        with self._lock, self._translated():
            if rater is None:
                return self._rows("1 = 1", ())
            return self._rows("rater = ?", (rater,))

    @property
    def closed(self) -> bool:
        """Whether nothing is added any more."""
        with self._lock, self._translated():
            return bool(self._rows("kind = ?", (ActKind.CLOSED.value,)))

    def put_draft(self, rater: str, task: int, comment: str) -> None:
        """Keep an unfinished comment, on disk when this returns."""
        with self._lock, self._translated(), transaction(self._connection):
            self._connection.execute(
                "INSERT INTO draft (rater, task, comment) VALUES (?, ?, ?) "
                "ON CONFLICT (rater, task) DO UPDATE SET comment = excluded.comment",
                (rater, task, comment),
            )

    def draft(self, rater: str, task: int) -> str | None:
        """Return the unfinished comment on a task, or None when there is none."""
        with self._lock, self._translated():
            row = self._connection.execute(
                "SELECT comment FROM draft WHERE rater = ? AND task = ?", (rater, task)
            ).fetchone()
        return str(row[0]) if row else None

    def close(self) -> None:
        """Give the file back."""
        with self._lock:
            self._connection.close()

    def _same(self, first: Act, act: Act) -> Act:
        told = (first.rater, first.kind, first.task, first.subject, first.value, first.reason)
        if told != (act.rater, act.kind, act.task, act.subject, act.value, act.reason):
            raise DataError(f"request {act.request!r}: was another act before; nothing was added")
        return first

    def _rows(self, where: str, values: tuple[Any, ...]) -> list[Act]:
        query = f"SELECT {', '.join(_COLUMNS)} FROM act WHERE {where} ORDER BY sequence"  # noqa: S608
        return [_act(row) for row in self._connection.execute(query, values)]

    def _prepare(self, batch_digest: str) -> None:
        connection = self._connection
        with transaction(connection):
            if not connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
                for sql in _SCHEMA:
                    connection.execute(sql)
                connection.execute("INSERT INTO batch (digest) VALUES (?)", (batch_digest,))
            owner = connection.execute("SELECT digest FROM batch").fetchone()[0]
            guards = connection.execute(
                "SELECT count(*) FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'act'"
            ).fetchone()[0]
        if owner != batch_digest:
            raise BrokenChain(f"{FILE}: holds ratings of another batch ({owner})")
        if guards != 2:
            raise BrokenChain(f"{FILE}: its guards against changes are missing")

    @contextlib.contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            kind = LiftgateError if is_machine_fault(error) else BrokenChain
            raise kind(f"{self.path.name}: {error}") from error


def standing(acts: Iterable[Act]) -> dict[int, Act]:
    """Return task -> the act on it that stands, in the order in which they were done.

    An act on a task replaces what stood; an undoing removes what stands.
    """
    found: dict[int, Act] = {}
    for act in acts:
        if act.kind in (ActKind.RATED, ActKind.SKIPPED):
            found.pop(act.task, None)
            found[act.task] = act
        elif act.kind is ActKind.UNDONE:
            found.pop(act.task, None)
    return found


def refused(acts: Iterable[Act]) -> frozenset[str]:
    """Return the categories that a rater does not want to see."""
    found: set[str] = set()
    for act in acts:
        if act.kind is ActKind.REFUSED:
            found.add(act.reason)
        elif act.kind is ActKind.ALLOWED:
            found.discard(act.reason)
    return frozenset(found)


def _act(row: tuple[Any, ...]) -> Act:
    values = dict(zip(_COLUMNS, row, strict=True))
    values["kind"] = ActKind(values["kind"])
    values["at"] = _EPOCH + timedelta(microseconds=values["at"])
    return Act(**values)
