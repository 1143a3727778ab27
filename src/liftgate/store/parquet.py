"""Rows into Parquet and back, by DuckDB alone: no pandas, no pyarrow, no extension fetched."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from liftgate.errors import BrokenChain, LiftgateError
from liftgate.records import Measure, Score, Trial
from liftgate.store.tables import Row, Table

if TYPE_CHECKING:
    import duckdb

AnyTable = Table[Trial] | Table[Score] | Table[Measure]
_LONGEST_LINE = 1_048_576
_ROW_GROUP = 8_192
_STAGED = 1_000
"""Rows written at a time."""


class Writer:
    """Writes the tables of a run into a folder; a context manager, of one DuckDB for all."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._open = contextlib.ExitStack()
        self._connection: duckdb.DuckDBPyConnection | None = None

    def __enter__(self) -> Writer:
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    def write(self, table: AnyTable, rows: Iterable[Row]) -> int:
        """Write a table's rows to ``<table>.parquet``; no file when there are none.

        Args:
            table: what the rows are of.
            rows: in the table's order, which is kept.

        Returns:
            The number of rows.

        Raises:
            LiftgateError: the machine refuses.
        """
        staged = self._folder / f"{table.name}.jsonl"
        try:
            count, longest = _stage(table, rows, staged)
            if count:
                self._convert(table, staged, max(longest + 1, _LONGEST_LINE))
        finally:
            staged.unlink(missing_ok=True)
        return count

    def _convert(self, table: AnyTable, source: Path, longest: int) -> None:
        target = self._folder / table.file
        columns = ", ".join(column.write for column in table.columns)
        types = ", ".join(f"{name}: '{kind}'" for name, kind in table.staged().items())
        if self._connection is None:
            # One thread keeps the order and takes less memory. A limit of it would make DuckDB
            # refuse runs.
            self._connection = self._open.enter_context(_duckdb(self._folder, threads="1"))
        with _writable(target):
            self._connection.execute(
                f"COPY (SELECT {columns} FROM read_json({_quoted(_literal(source))}, "  # noqa: S608
                f"hive_partitioning = false, format = 'newline_delimited', "
                f"maximum_object_size = {longest}, "
                f"columns = {{{types}}})) "
                f"TO {_quoted(str(target))} (FORMAT parquet, COMPRESSION zstd, "
                f"ROW_GROUP_SIZE {_ROW_GROUP})"
            )


def read(
    table: AnyTable,
    files: Sequence[Path],
    where: str,
    value: str,
    *,
    among: tuple[str, Sequence[str]] | None = None,
    only: Sequence[str] | None = None,
) -> list[Row]:
    """Return the rows of some files in which the column ``where`` has a value.

    Args:
        table: what the files hold.
        files: to read.
        where: a column.
        value: what it is to hold.
        among: another column, and the values of which it is to hold one.
        only: these columns alone; None: all.

    Raises:
        BrokenChain: a file is not readable Parquet, or lacks a column.
    """
    if not files:
        return []
    columns = ", ".join(c.read for c in table.columns if only is None or c.name in only)
    asked: list[object] = [[_literal(path) for path in files], value]
    with _duckdb(Path(tempfile.gettempdir())) as connection, _readable(files):
        query = f"SELECT {columns} FROM {_rows_of(table)} WHERE {where} = ?"  # noqa: S608 - own names
        if among is not None:
            query += f" AND {among[0]} IN (SELECT unnest(?::VARCHAR[]))"
            asked.append(list(among[1]))
        found: list[Row] = connection.execute(query, asked).fetchall()
        return found


def count(file: Path) -> int:
    """Return how many rows a file holds, which it says without being read.

    Raises:
        BrokenChain: it is not readable Parquet.
    """
    with _duckdb(Path(tempfile.gettempdir())) as connection, _readable([file]):
        asked = "SELECT count(*) FROM read_parquet(?, hive_partitioning = false)"
        (found,) = connection.execute(asked, [[_literal(file)]]).fetchall()[0]
    return int(found)


def distinct(table: AnyTable, files: Sequence[Path], names: Sequence[str]) -> list[str]:
    """Return the different texts that stand in any of some columns, in no order.

    Raises:
        BrokenChain: a file is not readable Parquet, or lacks a column.
    """
    if not files:
        return []
    listed: object = [_literal(path) for path in files]
    each = " UNION ".join(
        f"SELECT {name} AS found FROM {_rows_of(table)} WHERE {name} IS NOT NULL"  # noqa: S608
        for name in names
    )
    with _duckdb(Path(tempfile.gettempdir())) as connection, _readable(files):
        rows = connection.execute(each, [listed] * len(names)).fetchall()
    return [found for (found,) in rows]


@dataclass(frozen=True)
class Counting:
    """Which trials of some arms count, and whose score of them is asked."""

    arms: Mapping[str, int | None]
    """Fingerprint -> microseconds since 1970 before which no trial may have begun; None: any."""
    scorer: str
    timeout_s: float
    allowed: Mapping[str, int]
    """Kind of failure -> attempts that a key has, at most."""


def counted(
    trials: tuple[AnyTable, Sequence[Path]],
    scores: tuple[AnyTable, Sequence[Path]],
    asked: Counting,
    rows: int = 20_000,
) -> Iterator[list[Row]]:
    """Yield, some at a time and in no order, the trials that count with a scorer's scores.

    Args:
        trials: the table of trials and its files.
        scores: the table of scores and its files.
        asked: the rule, as ``evals.select`` states it for single rows.
        rows: how many at a time.

    Yields:
        Rows of arm, input digest (its bytes), repeat, failure, target digest (its bytes), outcome
        and value; the last three are null where there is no score.

    Raises:
        BrokenChain: a file is not readable Parquet, or lacks a column.
    """
    if not trials[1]:
        return
    values: list[object] = [[_literal(path) for path in trials[1]]]
    limits = []
    for arm, after in asked.arms.items():
        limits.append("(arm = ? AND epoch_us(started_at) >= ?)" if after is not None else "arm = ?")
        values += [arm] if after is None else [arm, after]
    values += [asked.timeout_s, asked.timeout_s]
    tried = " ".join("WHEN ? THEN ?" for _ in asked.allowed)
    values += [part for pair in asked.allowed.items() for part in pair]
    scored = _NO_SCORE
    if scores[1]:
        scored = f"SELECT * FROM {_rows_of(scores[0])} WHERE scorer = ? AND other_key IS NULL"  # noqa: S608
        values += [[_literal(path) for path in scores[1]], asked.scorer]
    query = _COUNTED.format(
        trials=_rows_of(trials[0]), limits=" OR ".join(limits), tried=tried or "WHEN '' THEN 1",
        scored=scored,
    )  # fmt: skip
    files = [*trials[1], *scores[1]]
    settings = {"memory_limit": "200MB", "preserve_insertion_order": "false"}
    with _duckdb(Path(tempfile.gettempdir()), **settings) as connection, _readable(files):
        found = connection.execute(query, values)
        while some := found.fetchmany(rows):
            yield some


_NO_SCORE = """SELECT '' AS trial_key, '' AS trial_run, 1 AS trial_attempt, '' AS target_digest,
  '' AS outcome, 0.0 AS value, '' AS run WHERE false"""
_COUNTED = """
WITH usable AS (
  SELECT key, run, attempt, arm, input_digest, repeat, failure,
    row_number() OVER (PARTITION BY key ORDER BY started_at, attempt, input_digest) AS turn
  FROM {trials}
  WHERE ({limits})
    AND CASE WHEN failure = 'timeout' THEN seconds >= ? ELSE seconds <= ? END
), counting AS (
  SELECT * FROM usable
  WHERE failure IS NULL OR turn >= CASE failure {tried} ELSE 1 END
  QUALIFY row_number() OVER (PARTITION BY key ORDER BY turn) = 1
), scored AS (
  SELECT trial_key, trial_run, trial_attempt, target_digest, outcome, value FROM ({scored})
  QUALIFY row_number() OVER (
    PARTITION BY trial_key, trial_run, trial_attempt, target_digest
    ORDER BY outcome = 'failed', run) = 1
)
SELECT arm, unhex(substr(input_digest, 8)), repeat, failure,
  unhex(substr(target_digest, 8)), outcome, value
FROM counting LEFT JOIN scored ON trial_key = key AND trial_run = run AND trial_attempt = attempt
"""


def _rows_of(table: AnyTable) -> str:
    """Return what to read from; columns that older files lack are null there."""
    later = [c for c in table.columns if c.later]
    if not later:
        return "read_parquet(?, hive_partitioning = false)"
    nulls = ", ".join(f"NULL::{table.staged()[c.name]} AS {c.name}" for c in later)
    files = "read_parquet(?, hive_partitioning = false, union_by_name = true)"
    return f"(SELECT {nulls} WHERE false UNION ALL BY NAME SELECT * FROM {files})"  # noqa: S608


def _stage(table: AnyTable, rows: Iterable[Row], path: Path) -> tuple[int, int]:
    """Write rows as JSON lines, whose numbers are read back exactly; return count and longest."""
    from msgspec.json import encode

    count = longest = 0
    rest = iter(rows)
    with path.open("wb") as file:
        while some := list(islice(rest, _STAGED)):
            lines = [encode(dict(zip(table.names, row, strict=True))) for row in some]
            file.write(b"\n".join([*lines, b""]))
            count += len(lines)
            longest = max(longest, *map(len, lines))
    return count, longest


@contextlib.contextmanager
def _duckdb(temporary: Path, **more: str) -> Iterator[duckdb.DuckDBPyConnection]:
    import duckdb

    settings: dict[str, Any] = {
        "autoinstall_known_extensions": "false",
        "autoload_known_extensions": "false",
        "temp_directory": str(temporary),
        **more,
    }
    with contextlib.closing(duckdb.connect(":memory:", config=settings)) as connection:
        yield connection


@contextlib.contextmanager
def _writable(target: Path) -> Iterator[None]:
    import duckdb

    try:
        yield
    except duckdb.Error as error:
        raise LiftgateError(f"{target.name} could not be written: {_first_line(error)}") from error


@contextlib.contextmanager
def _readable(files: Sequence[Path]) -> Iterator[None]:
    import duckdb

    try:
        yield
    except duckdb.Error as error:
        places = sorted({f"{path.parent.name}/{path.name}" for path in files})
        raise BrokenChain(
            f"{_named(error, places)}: cannot be read ({_first_line(error)})",
            hint="restore the file from a copy; liftgate ledger verify names every recorded one",
        ) from error


def _named(error: Exception, places: Sequence[str]) -> str:
    """Name the file of which DuckDB speaks, or all of them when it does not say."""
    return next((place for place in places if place in str(error)), ", ".join(places))


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0] if str(error) else type(error).__name__


def _literal(path: Path) -> str:
    """Return a path with the characters that DuckDB reads as patterns taken literally."""
    return "".join(f"[{c}]" if c in "[*?" else c for c in str(path))


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
