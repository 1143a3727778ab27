"""The three tables of a run: how a record becomes a row and a row a record, exactly.

One description serves both engines: SQLite while the run goes, Parquet when it is done. Times are
whole microseconds since 1970 in SQLite and timestamps in UTC in Parquet; both are exact.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import Enum, StrEnum
from functools import cached_property
from operator import attrgetter, itemgetter
from typing import Any, Generic, NamedTuple, TypeVar

from liftgate.canon import canonical, parse
from liftgate.errors import DataError
from liftgate.records import Failure, Measure, Outcome, Score, Trial

R = TypeVar("R", Trial, Score, Measure)
Row = tuple[Any, ...]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_SMALL = 2**53


class Kind(StrEnum):
    """What a column holds."""

    TEXT = "text"
    REAL = "real"
    INTEGER = "integer"
    TIME = "time"
    JSON = "json"


_SQLITE = {
    Kind.TEXT: "TEXT",
    Kind.REAL: "REAL",
    Kind.INTEGER: "INTEGER",
    Kind.TIME: "INTEGER",
    Kind.JSON: "TEXT",
}
_DUCKDB = {
    Kind.TEXT: "VARCHAR",
    Kind.REAL: "DOUBLE",
    Kind.INTEGER: "BIGINT",
    Kind.TIME: "BIGINT",
    Kind.JSON: "VARCHAR",
}


_PLAIN: dict[Kind, type] = {Kind.TEXT: str, Kind.REAL: float, Kind.INTEGER: int}


@dataclass(frozen=True)
class Column:
    """One column; it carries the name of the record's field."""

    name: str
    kind: Kind = Kind.TEXT
    optional: bool = False
    free: bool = False
    """Free text: what is not valid Unicode is written as escapes instead of being refused."""
    later: bool = False
    """Older files lack the column; their rows have no value there."""

    @property
    def read(self) -> str:
        """The DuckDB expression that gives the stored value back as it was written."""
        return f"epoch_us({self.name})" if self.kind is Kind.TIME else self.name

    @property
    def write(self) -> str:
        """The DuckDB expression that turns a staged value into the Parquet one."""
        return (
            f"make_timestamptz({self.name}) AS {self.name}"
            if self.kind is Kind.TIME
            else (self.name)
        )


class _Looks(NamedTuple):
    """What is to be looked at in a row: the places of values that are stored as they are."""

    texts: Callable[[Row], tuple[str, ...]]
    """As they are when all are ASCII."""
    numbers: list[int]
    """As they are when they are small."""
    reals: list[int]
    """As they are when they are finite."""
    others: list[tuple[int, Column]]
    """To be turned into what is stored."""


@dataclass(frozen=True)
class Table(Generic[R]):
    """One table of a run."""

    name: str
    record: Callable[..., R]
    columns: tuple[Column, ...]
    order: tuple[str, ...]
    """How rows are sorted in the Parquet file."""
    decode: Mapping[str, Callable[[Any], Any]]
    unique: tuple[str, ...] = ()

    @property
    def file(self) -> str:
        """The name of the Parquet file."""
        return f"{self.name}.parquet"

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The names of the columns, in the order of a row."""
        return tuple(column.name for column in self.columns)

    def row(self, record: R) -> Row:
        """Return a record's row.

        Raises:
            DataError: a NaN, a naive time, a wrong type or a missing value; names the field.
        """
        values = self._values(record)
        # Of rows whose values are of the same types, nearly all need the same few looks.
        kinds = tuple(map(type, values))
        quick = self._quick.get(kinds)
        if quick is None:
            quick = self._quick[kinds] = self._of_kinds(kinds)
        texts, numbers, reals, others = quick
        if (
            "".join(texts(values)).isascii()
            # Generators would cost more than such short lists.
            and all([-_SMALL < values[at] < _SMALL for at in numbers])  # noqa: C419
            and all([values[at] - values[at] == 0.0 for at in reals])  # noqa: C419
        ):
            row = list(values)
            for at, column in others:
                row[at] = _stored(row[at], column, self.name)
            return tuple(row)
        return self._careful(values)

    def _of_kinds(self, kinds: tuple[type, ...]) -> _Looks:
        """Return which columns of a row need which look, by the types of its values."""
        texts: list[int] = []
        looks = _Looks(lambda _: (), [], [], [])
        for at, (kind, (plain, column)) in enumerate(zip(kinds, self._plain, strict=True)):
            if kind is plain and kind is not type(None):
                {str: texts, int: looks.numbers, float: looks.reals}[kind].append(at)
            elif kind is not type(None) or not column.optional:
                looks.others.append((at, column))
        if len(texts) > 1:
            return looks._replace(texts=itemgetter(*texts))
        # Of one place alone, an itemgetter gives no tuple.
        looks.others.extend((at, self.columns[at]) for at in texts)
        return looks

    def _careful(self, values: Row) -> Row:
        row: list[Any] = []
        for value, (kind, column) in zip(values, self._plain, strict=True):
            if value is None:
                plain = column.optional
            else:
                # What needs no second look, which is nearly everything.
                plain = type(value) is kind and (
                    value.isascii()
                    if kind is str
                    else value - value == 0.0
                    if kind is float
                    else -_SMALL < value < _SMALL
                )
            if plain:
                row.append(value)
            else:
                row.append(_stored(value, column, self.name))
        return tuple(row)

    @cached_property
    def _quick(self) -> dict[tuple[type, ...], _Looks]:
        """Types of a row's values -> which looks they need."""
        return {}

    @cached_property
    def _plain(self) -> tuple[tuple[Any, Column], ...]:
        """The columns, each with the type of values that are stored as they are."""
        return tuple((_PLAIN.get(column.kind), column) for column in self.columns)

    @cached_property
    def _values(self) -> Callable[[R], Row]:
        return attrgetter(*self.names)

    def record_of(self, row: Row) -> R:
        """Return a row's record, equal to the one that was written."""
        values = dict(zip(self.names, row, strict=True))
        for name, decode in self.decode.items():
            if values[name] is not None:
                values[name] = decode(values[name])
        return self.record(**values)

    def schema(self) -> str:
        """Return the SQLite statement that makes the table."""
        lines = [
            f"{c.name} {_SQLITE[c.kind]}{'' if c.optional else ' NOT NULL'}" for c in self.columns
        ]
        if self.unique:
            lines.append(f"UNIQUE ({', '.join(self.unique)})")
        return f"CREATE TABLE {self.name} ({', '.join(lines)}) STRICT"

    def staged(self) -> dict[str, str]:
        """Return column -> DuckDB type of the rows on their way into Parquet."""
        return {column.name: _DUCKDB[column.kind] for column in self.columns}


def microseconds(time: datetime) -> int:
    """Return whole microseconds since 1970 in UTC; exact."""
    return (time - _EPOCH) // _MICROSECOND


def moment(microseconds_since_1970: int) -> datetime:
    """Return the aware UTC time of a number of microseconds; exact."""
    return _EPOCH + timedelta(microseconds=microseconds_since_1970)


def _stored(value: Any, column: Column, table: str) -> Any:
    if value is None and column.optional:
        return None
    try:
        return _CHECKS[column.kind](value, column)
    except (TypeError, ValueError, OverflowError) as error:
        raise DataError(f"{table}.{column.name}: got {value!r}, expected {error}") from error


def _text(value: Any, column: Column) -> str:
    if isinstance(value, Enum):
        value = value.value
    if type(value) is str and value.isascii():
        return value
    if not isinstance(value, str):
        raise TypeError("text")
    try:
        value.encode("utf-8")
    except UnicodeEncodeError:
        if not column.free:
            raise ValueError("valid Unicode") from None
        return value.encode("utf-8", "backslashreplace").decode("utf-8")
    return str(value)


def _real(value: Any, column: Column) -> float:
    if type(value) is float and value - value == 0.0:
        return value
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise TypeError("a number" + (" or None" if column.optional else ""))
    if not math.isfinite(value):
        raise ValueError("a finite number" + (" or None" if column.optional else ""))
    return float(value)


def _integer(value: Any, column: Column) -> int:
    if type(value) is int and -_SMALL < value < _SMALL:
        return value
    if isinstance(value, bool) or not isinstance(value, int) or not -(2**63) <= value < 2**63:
        raise TypeError("an integer of at most 64 bits" + (" or None" if column.optional else ""))
    return int(value)


def _time(value: Any, column: Column) -> int:
    if not isinstance(value, datetime) or value.tzinfo is None:
        raise TypeError("an aware time" + (" or None" if column.optional else ""))
    return microseconds(value)


def _json(value: Any, column: Column) -> str:
    if type(value) is not dict and not isinstance(value, Mapping):
        raise TypeError("a mapping of JSON values" + (" or None" if column.optional else ""))
    return canonical(value).decode()


_CHECKS = {
    Kind.TEXT: _text,
    Kind.REAL: _real,
    Kind.INTEGER: _integer,
    Kind.TIME: _time,
    Kind.JSON: _json,
}


class Attempt(NamedTuple):
    """What of a trial's row says whether it counts, in the order of the table's columns."""

    attempt: int
    input_digest: str
    repeat: int
    started_at: int
    """Microseconds since 1970."""
    seconds: float
    failure: str | None


TRIALS: Table[Trial] = Table(
    name="trials",
    record=Trial,
    columns=(
        Column("key"),
        Column("attempt", Kind.INTEGER),
        Column("run"),
        Column("arm"),
        Column("input_digest"),
        Column("repeat", Kind.INTEGER),
        Column("started_at", Kind.TIME),
        Column("seconds", Kind.REAL),
        Column("output_digest", optional=True),
        Column("failure", optional=True),
        Column("message", free=True),
        Column("tokens_in", Kind.INTEGER, optional=True),
        Column("tokens_out", Kind.INTEGER, optional=True),
        Column("cost", Kind.REAL, optional=True),
        Column("in_flight", Kind.INTEGER),
        Column("reported", Kind.JSON, optional=True, later=True),
        Column("trace_digest", optional=True, later=True),
    ),
    order=("arm", "input_digest", "repeat", "started_at", "attempt"),
    decode={"started_at": moment, "failure": Failure, "reported": parse},
    unique=("key", "attempt"),
)

SCORES: Table[Score] = Table(
    name="scores",
    record=Score,
    columns=(
        Column("trial_key"),
        Column("trial_attempt", Kind.INTEGER),
        Column("trial_run"),
        Column("scorer"),
        Column("target_digest"),
        Column("run"),
        Column("outcome"),
        Column("value", Kind.REAL, optional=True),
        Column("reason", free=True),
        Column("detail_digest", optional=True, later=True),
        Column("other_key", optional=True, later=True),
        Column("other_attempt", Kind.INTEGER, optional=True, later=True),
        Column("other_run", optional=True, later=True),
    ),
    order=("scorer", "trial_key", "trial_run", "trial_attempt", "target_digest"),
    decode={"outcome": Outcome},
)

MEASURES: Table[Measure] = Table(
    name="measures",
    record=Measure,
    columns=(
        Column("arm"),
        Column("name"),
        Column("value", Kind.REAL),
        Column("study"),
        Column("run"),
        Column("pass_number", Kind.INTEGER, optional=True),
    ),
    order=("study", "arm", "name", "pass_number"),
    decode={},
)

TABLES: tuple[Table[Trial] | Table[Score] | Table[Measure], ...] = (TRIALS, SCORES, MEASURES)
