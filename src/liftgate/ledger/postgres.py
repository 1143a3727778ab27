"""The ledger of a team in PostgreSQL, through psycopg 3 (extra ``postgres``).

The same bytes and leaves as in SQLite, in the first schema of the connection's search path. Writers
take an advisory lock for the time of one append, so that they make one gapless chain. Triggers
refuse UPDATE, DELETE, TRUNCATE and an INSERT anywhere but after the tip, from the table's owner
too; a role that shall only append is granted SELECT and INSERT and nothing else.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from liftgate.errors import BrokenChain, LedgerError, NotAllowed
from liftgate.ledger.chain import Sealed
from liftgate.ledger.closed import SAYS, Closed
from liftgate.ledger.place import without_password
from liftgate.ledger.stored import Ledger, leaf_bytes

if TYPE_CHECKING:
    import psycopg

_WAIT_S = 30
_TABLES = """
CREATE TABLE liftgate_entry (
  sequence bigint PRIMARY KEY,
  kind text NOT NULL,
  data bytea NOT NULL,
  leaf text NOT NULL
);
CREATE INDEX liftgate_entry_kind ON liftgate_entry (kind, sequence);
CREATE TABLE liftgate_subtree (
  level integer NOT NULL,
  number bigint NOT NULL,
  hash bytea NOT NULL,
  PRIMARY KEY (level, number)
);
"""
_REFUSE = """
BEGIN
  RAISE EXCEPTION 'a ledger entry is never changed or removed' USING ERRCODE = 'LG001';
END
"""
_ONLY_APPEND = """
BEGIN
  IF NEW.sequence IS DISTINCT FROM
     (SELECT coalesce(max(sequence), 0) + 1 FROM liftgate_entry) THEN
    RAISE EXCEPTION 'a ledger entry is only added after the last' USING ERRCODE = 'LG001';
  END IF;
  RETURN NEW;
END
"""
_FUNCTIONS = {"liftgate_refuse": _REFUSE, "liftgate_only_append": _ONLY_APPEND}
_TRIGGERS = {
    "liftgate_entry_is_never_changed": (
        "BEFORE DELETE OR UPDATE ON {table} FOR EACH ROW",
        "liftgate_refuse",
    ),
    "liftgate_entry_is_never_truncated": (
        "BEFORE TRUNCATE ON {table} FOR EACH STATEMENT",
        "liftgate_refuse",
    ),
    "liftgate_entry_is_only_appended": (
        "BEFORE INSERT ON {table} FOR EACH ROW",
        "liftgate_only_append",
    ),
}
_CLOSED = "liftgate_entry_is_closed"
# The mark is the trigger's argument: whoever may read the catalogue may read it, and only the owner
# of the table may change it. No table of marks, so a role that appends needs no right more.
_REFUSE_CLOSED = f"""
BEGIN
  RAISE EXCEPTION '{SAYS}%', TG_ARGV[0] USING ERRCODE = 'LG002';
END
"""
_SELECT = "SELECT sequence, kind, data, leaf FROM liftgate_entry"
_FETCH = 2_000


class PostgresLedger(Ledger):
    """The chain of entries in a PostgreSQL database. See ``Chain`` for the door."""

    def __init__(self, connection: psycopg.Connection[Any], *, place: str, read_only: bool) -> None:
        self.place = place
        self.read_only = read_only
        self._connection = connection

    @classmethod
    def open_at(cls, place: str, *, read_only: bool) -> PostgresLedger:
        """Open the ledger at a URL; see ``Ledger.open``."""
        said = without_password(place)
        connection = _connect(place)
        found = cls(connection, place=said, read_only=read_only)
        try:
            if not read_only:
                found._create()
            elif not found.is_there:
                raise LedgerError(f"{said}: there is no ledger", hint="run a study first")
        except BaseException:
            connection.close()
            raise
        return found

    @classmethod
    def exists_at(cls, place: str) -> bool:
        """Whether the database holds the tables."""
        with cls(_connect(place), place=without_password(place), read_only=True) as found:
            return found.is_there

    def close(self) -> None:
        """Give the connection back."""
        self._connection.close()

    @property
    def is_there(self) -> bool:
        """Whether the database holds the tables."""
        # Not to_regclass: it may still remember that there was no table before the lock was had.
        return bool(
            self._all(
                "SELECT EXISTS (SELECT 1 FROM pg_class JOIN pg_namespace ON relnamespace ="
                " pg_namespace.oid WHERE relname = 'liftgate_entry'"
                " AND nspname = ANY (current_schemas(false)))"
            )[0][0]
        )

    def _create(self) -> None:
        """Make tables, functions and triggers unless they are there; two writers may do so."""
        if self.is_there:
            return
        with self._translated(), self._connection.transaction():
            self._connection.execute("SELECT pg_advisory_xact_lock(hashtext('liftgate_entry'))")
            if self.is_there:
                return
            self._connection.execute(_TABLES)
            for name, body in _FUNCTIONS.items():
                self._connection.execute(
                    f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $${body}$$"
                )
            for name, (event, function) in _TRIGGERS.items():
                self._connection.execute(
                    f"CREATE TRIGGER {name} {event.format(table='liftgate_entry')}"
                    f" EXECUTE FUNCTION {function}();"
                    f"ALTER TABLE liftgate_entry ENABLE ALWAYS TRIGGER {name}"
                )

    @contextlib.contextmanager
    def _turn(self, study: str, said: str) -> Iterator[str | None]:
        # A lock of the session: the server drops it with the connection. Whoever may connect sees
        # what a session is called, and not much more.
        ((key, taken),) = self._all(
            "SELECT key, pg_try_advisory_lock(key) FROM (SELECT hashtextextended("
            "'liftgate_entry'::regclass::oid::text || ' ' || %s, 0) AS key) AS asked",
            (study,),
        )
        if not taken:
            yield self._holder(key)
            return
        ((before,),) = self._all("SELECT current_setting('application_name')")
        self._all("SELECT set_config('application_name', %s, false)", (said,))
        try:
            yield None
        finally:
            # A server that went away has given it back already.
            with contextlib.suppress(LedgerError):
                self._all("SELECT pg_advisory_unlock(%s)", (key,))
                self._all("SELECT set_config('application_name', %s, false)", (before,))

    def _holder(self, key: int) -> str:
        found = self._all(
            "SELECT application_name FROM pg_locks JOIN pg_stat_activity USING (pid)"
            " WHERE locktype = 'advisory' AND objsubid = 1 AND granted"
            " AND (classid::bigint << 32) | objid::bigint = %s AND datname = current_database()",
            (key,),
        )
        return str(found[0][0]) if found else ""

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[None]:
        with self._translated(), self._connection.transaction():
            # Readers go on; a second writer waits here and then sees the new tip. LOCK TABLE would
            # ask for more rights than a role that only appends should have.
            self._connection.execute(
                "SELECT pg_advisory_xact_lock('liftgate_entry'::regclass::oid::bigint)"
            )
            yield

    def _line(self, sequence: int | None) -> Sealed | None:
        if sequence is None:
            rows = self._all(f"{_SELECT} ORDER BY sequence DESC LIMIT 1")
        elif sequence >= 2**63:
            rows = []
        else:
            rows = self._all(f"{_SELECT} WHERE sequence = %s", (sequence,))
        return _sealed(rows[0]) if rows else None

    def _lines(self, kind: str | None, after: int = 0) -> Iterator[Sealed]:
        """Yield rows, some thousand in memory at once; what is appended meanwhile comes too."""
        only = "" if kind is None else "AND kind = %s"
        last = after or None
        while True:
            since = "true" if last is None else "sequence > %s"
            values = [*([] if last is None else [last]), *([] if kind is None else [kind])]
            rows = self._all(
                f"{_SELECT} WHERE {since} {only} ORDER BY sequence LIMIT {_FETCH:d}", tuple(values)
            )
            yield from map(_sealed, rows)
            if len(rows) < _FETCH:
                return
            last = rows[-1][0]

    def _leaves(self, first: int, last: int) -> Sequence[bytes]:
        rows = self._all(
            "SELECT leaf FROM liftgate_entry WHERE sequence > %s AND sequence <= %s"
            " ORDER BY sequence",
            (first, last),
        )
        return [leaf_bytes(leaf) for (leaf,) in rows]

    def _stored(self, level: int, first: int, last: int) -> dict[int, bytes]:
        return dict(
            self._all(
                "SELECT number, hash FROM liftgate_subtree"
                " WHERE level = %s AND number >= %s AND number < %s",
                (level, first, last),
            )
        )

    def _all_stored(self) -> Iterable[tuple[tuple[int, int], bytes]]:
        rows = self._all("SELECT level, number, hash FROM liftgate_subtree")
        return [((level, number), node) for level, number, node in rows]

    def _insert(self, lines: Sequence[Sealed]) -> None:
        with self._connection.cursor() as cursor:
            if len(lines) == 1:
                cursor.execute("INSERT INTO liftgate_entry VALUES (%s, %s, %s, %s)", _row(lines[0]))
                return
            with cursor.copy("COPY liftgate_entry FROM STDIN (FORMAT binary)") as copy:
                copy.set_types(("int8", "text", "bytea", "text"))
                for line in lines:
                    copy.write_row(_row(line))

    def _insert_nodes(self, nodes: Sequence[tuple[int, int, bytes]]) -> None:
        if nodes:
            with self._connection.cursor() as cursor:
                cursor.executemany(
                    "INSERT INTO liftgate_subtree VALUES (%s, %s, %s) ON CONFLICT DO NOTHING", nodes
                )

    @property
    def closed(self) -> Closed | None:
        """Why it takes no entries; None: it does."""
        rows = self._all(
            "SELECT tgargs FROM pg_trigger WHERE tgname = %s"
            " AND tgrelid = 'liftgate_entry'::regclass",
            (_CLOSED,),
        )
        return Closed.read(bytes(rows[0][0]).rstrip(b"\0").decode()) if rows else None

    def refuse_to_close(self) -> None:
        """Raise NotAllowed unless the role owns the tables, as a member perhaps."""
        ((owner, mine),) = self._all(
            "SELECT pg_get_userbyid(relowner), pg_has_role(relowner, 'USAGE') FROM pg_class"
            " WHERE oid = 'liftgate_entry'::regclass"
        )
        if not mine:
            raise NotAllowed(
                f"{self.place}: this role may not close the ledger, only {owner!r}, who owns it",
                hint=f"let {owner} move it: name that role in the URL",
            )

    def _mark(self, mark: Closed | None) -> None:
        from psycopg import sql

        self._connection.execute(f"DROP TRIGGER IF EXISTS {_CLOSED} ON liftgate_entry")
        if mark is None:
            return
        self._connection.execute(
            "CREATE OR REPLACE FUNCTION liftgate_refuse_closed() RETURNS trigger LANGUAGE plpgsql"
            f" AS $${_REFUSE_CLOSED}$$"
        )
        self._connection.execute(
            sql.SQL(
                f"CREATE TRIGGER {_CLOSED} BEFORE INSERT ON liftgate_entry FOR EACH ROW"
                " EXECUTE FUNCTION liftgate_refuse_closed({})"
            ).format(sql.Literal(mark.text))
        )
        self._connection.execute(f"ALTER TABLE liftgate_entry ENABLE ALWAYS TRIGGER {_CLOSED}")

    def _examine_storage(self) -> None:
        functions = dict(
            self._all(
                "SELECT proname, prosrc FROM pg_proc WHERE pronamespace ="
                " (SELECT relnamespace FROM pg_class WHERE oid = 'liftgate_entry'::regclass)"
            )
        )
        for name, body in _FUNCTIONS.items():
            if functions.get(name) != body:
                raise BrokenChain(f"{self.place}: its guard {name!r} is missing or changed")
        rows = self._all(
            "SELECT tgname, tgenabled::text, pg_get_triggerdef(oid) FROM pg_trigger"
            " WHERE tgrelid = 'liftgate_entry'::regclass"
        )
        triggers = {name: (state, _defined(sql)) for name, state, sql in rows}
        for name, (event, function) in _TRIGGERS.items():
            expected = _defined(
                f"CREATE TRIGGER {name} {event.format(table='liftgate_entry')}"
                f" EXECUTE FUNCTION {function}()"
            )
            if triggers.get(name) != ("A", expected):
                raise BrokenChain(f"{self.place}: its guard {name!r} is missing or changed")

    def _all(self, sql: str, values: tuple[Any, ...] = ()) -> list[Any]:
        with self._translated():
            found: list[Any] = self._connection.execute(sql, values).fetchall()
        return found

    @contextlib.contextmanager
    def _translated(self) -> Iterator[None]:
        import psycopg

        try:
            yield
        except psycopg.errors.UndefinedTable as error:
            raise BrokenChain(f"{self.place}: not a sound ledger ({_said(error)})") from error
        except psycopg.Error as error:
            if error.sqlstate == "LG002":
                raise Closed.read(_said(error).removeprefix(SAYS)).error(self.place) from error
            raise LedgerError(
                f"{self.place}: {_said(error)}",
                hint="nothing was added; ask for the database's state, then repeat",
            ) from error


def _connect(url: str) -> psycopg.Connection[Any]:
    try:
        import psycopg
    except ImportError as error:
        raise LedgerError(
            f"{without_password(url)}: a ledger in PostgreSQL needs psycopg",
            hint='pip install "liftgate[postgres]"',
        ) from error
    try:
        connection = psycopg.connect(url, autocommit=True, connect_timeout=_WAIT_S)
        connection.execute(f"SET lock_timeout = '{_WAIT_S}s'")
    except psycopg.Error as error:
        shown = without_password(url)
        if shown.endswith("…"):
            # What libpq took for a port or a host may be a part of the password.
            raise LedgerError(
                f"{shown}: cannot be opened, expected postgresql://ROLE@HOST/DATABASE",
                hint="keep a password in ~/.pgpass, and leave it out of the URL",
            ) from None
        raise LedgerError(
            f"{shown}: {_said(error)}", hint="is the server up, the role allowed?"
        ) from error
    return connection


def _sealed(row: tuple[Any, ...]) -> Sealed:
    sequence, kind, data, leaf = row
    return Sealed(sequence, kind, bytes(data), leaf)


def _row(line: Sealed) -> tuple[Any, ...]:
    return (line.sequence, line.kind, line.data, line.leaf)


def _defined(sql: str) -> str:
    """Return a trigger's definition without the names of schemas."""
    return re.sub(r"\b[\w\"]+\.(?=liftgate_)", "", sql)


def _said(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__
