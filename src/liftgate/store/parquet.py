"""Rows into Parquet and back, by DuckDB alone: no pandas, no pyarrow, no extension fetched."""

from __future__ import annotations

import contextlib
import tempfile
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cache
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from liftgate.errors import BrokenChain, LiftgateError
from liftgate.records import Measure, Score, Trial
from liftgate.store.tables import Row, Table

if TYPE_CHECKING:
    import duckdb
    from numpy.typing import NDArray

AnyTable = Table[Trial] | Table[Score] | Table[Measure]
Arrays = Mapping[str, "NDArray[Any]"]
_LONGEST_LINE = 1_048_576
_ROW_GROUP = 8_192
_STAGED = 2_000
"""Rows of a staged file: DuckDB holds a file in memory, up to 64 MB of it."""


class Writer:
    """Writes the tables of a run into a folder; a context manager, of one DuckDB for all.

    DuckDB works in a thread of its own: while it makes one table, the next is staged.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._open = contextlib.ExitStack()
        self._connection: duckdb.DuckDBPyConnection | None = None
        self._thread: ThreadPoolExecutor | None = None
        self._going: list[Future[None]] = []

    def __enter__(self) -> Writer:
        return self

    def __exit__(self, *_: object) -> None:
        if self._thread is not None:
            self._thread.shutdown(cancel_futures=True)
        self._open.close()

    def write(self, table: AnyTable, rows: Iterable[Row]) -> int:
        """Begin to write a table's rows to ``<table>.parquet``; no file when there are none.

        Args:
            table: what the rows are of.
            rows: in the table's order, which is kept.

        Returns:
            The number of rows.

        Raises:
            LiftgateError: the machine refuses; ``finish`` may raise it, too.
        """
        rest = iter(rows)
        first = next(rest, None)
        if first is None:
            return 0
        if self._thread is None:
            self._thread = ThreadPoolExecutor(1)
            self._going.append(self._thread.submit(self._connect))
        parts, count, longest = _stage(table, chain([first], rest), self._folder)
        self._going.append(
            self._thread.submit(self._convert, table, parts, max(longest + 1, _LONGEST_LINE))
        )
        return count

    def finish(self) -> None:
        """Return when all files are written; raises as ``write`` does."""
        for one in self._going:
            one.result()

    def _connect(self) -> None:
        # One thread keeps the order and takes less memory. A limit of it would make DuckDB
        # refuse runs.
        self._connection = self._open.enter_context(_duckdb(self._folder, threads="1"))

    def _convert(self, table: AnyTable, parts: Sequence[Path], longest: int) -> None:
        target = self._folder / table.file
        columns = ", ".join(column.write for column in table.columns)
        types = ", ".join(f"{name}: '{kind}'" for name, kind in table.staged().items())
        sources = ", ".join(_quoted(_literal(part)) for part in parts)
        assert self._connection is not None
        with _writable(target):
            self._connection.execute(
                f"COPY (SELECT {columns} FROM read_json([{sources}], "  # noqa: S608
                f"hive_partitioning = false, format = 'newline_delimited', "
                f"maximum_object_size = {longest}, "
                f"columns = {{{types}}})) "
                f"TO {_quoted(str(target))} (FORMAT parquet, COMPRESSION zstd, "
                f"ROW_GROUP_SIZE {_ROW_GROUP})"
            )
        for part in parts:
            part.unlink()


class Reader:
    """Reads files of finished runs, by one DuckDB that is started when it is needed.

    Safe for threads: each question is asked by a cursor of its own.
    """

    def __init__(self) -> None:
        self._turn = threading.Lock()
        self._open = contextlib.ExitStack()
        self._connection: duckdb.DuckDBPyConnection | None = None

    def close(self) -> None:
        """Give the memory back; another question starts it again."""
        with self._turn:
            self._open.close()
            self._connection = None

    def read(
        self,
        table: AnyTable,
        files: Sequence[Path],
        where: str,
        value: str,
        *,
        among: Mapping[str, Sequence[str]] | None = None,
        only: Sequence[str] | None = None,
    ) -> list[Row]:
        """Return the rows of some files in which the column ``where`` has a value.

        Args:
            table: what the files hold.
            files: to read.
            where: a column.
            value: what it is to hold.
            among: other columns, and the values of which each is to hold one.
            only: these columns alone; None: all.

        Raises:
            BrokenChain: a file is not readable Parquet, or lacks a column.
        """
        columns = ", ".join(c.read for c in table.columns if only is None or c.name in only)
        query = f"SELECT {columns} FROM {rows_of(table)} WHERE {where} = ?"  # noqa: S608 - own names
        asked: list[object] = [value]
        for name, values in (among or {}).items():
            query += f" AND {name} IN (SELECT unnest(?::VARCHAR[]))"
            asked.append(list(values))
        return self._asked(files, query, asked)

    def count(self, file: Path) -> int:
        """Return how many rows a file holds, which it says without being read.

        Raises:
            BrokenChain: it is not readable Parquet.
        """
        asked = "SELECT count(*) FROM read_parquet(?, hive_partitioning = false)"
        ((found,),) = self._asked([file], asked, [])
        return int(found)

    def distinct(self, table: AnyTable, files: Sequence[Path], names: Sequence[str]) -> list[str]:
        """Return the different texts that stand in any of some columns, in no order.

        Raises:
            BrokenChain: a file is not readable Parquet, or lacks a column.
        """
        found: set[str] = set()
        for name in names:
            query = f"SELECT DISTINCT {name} FROM {rows_of(table)} WHERE {name} IS NOT NULL"  # noqa: S608
            found.update(text for (text,) in self._asked(files, query, []))
        return list(found)

    def held(self, name: str, files: Sequence[Path]) -> dict[Path, frozenset[str]]:
        """Return, for each file, the different texts of a column.

        Raises:
            BrokenChain: a file is not readable Parquet, or lacks the column.
        """
        query = (
            f"SELECT filename, {name} FROM read_parquet(?, hive_partitioning = false, "  # noqa: S608
            "filename = true, union_by_name = true) GROUP BY ALL"
        )
        found: dict[Path, set[str]] = {}
        for place, text in self._asked(files, query, []):
            found.setdefault(Path(place), set()).add(text)
        return {path: frozenset(texts) for path, texts in found.items()}

    def columns(self, files: Sequence[Path], query: str, asked: Sequence[object]) -> Arrays:
        """Return what a query over some files gives, as one array for each column.

        Args:
            files: given to the query's first parameter.
            query: gives numbers without gaps.
            asked: its other parameters.

        Raises:
            BrokenChain: a file is not readable Parquet, or lacks a column.
        """
        with self._cursor() as cursor, _readable(files):
            found: Arrays = cursor.execute(query, [_listed(files), *asked]).fetchnumpy()
            return found

    def _asked(self, files: Sequence[Path], query: str, asked: Sequence[object]) -> list[Row]:
        if not files:
            return []
        with self._cursor() as cursor, _readable(files):
            found: list[Row] = cursor.execute(query, [_listed(files), *asked]).fetchall()
            return found

    @contextlib.contextmanager
    def _cursor(self) -> Iterator[duckdb.DuckDBPyConnection]:
        with self._turn:
            if self._connection is None:
                self._connection = self._open.enter_context(
                    _duckdb(Path(tempfile.gettempdir()), **_SETTINGS)
                )
            cursor = self._connection.cursor()
        with contextlib.closing(cursor):
            yield cursor


_SETTINGS = {"enable_external_file_cache": "false"}
"""What is kept of a file would count twice: the machine's own cache holds it."""


def _listed(files: Sequence[Path]) -> list[str]:
    return [_literal(path) for path in files]


def rows_of(table: AnyTable) -> str:
    """Return what to read from; columns that older files lack are null there."""
    later = [c for c in table.columns if c.later]
    if not later:
        return "read_parquet(?, hive_partitioning = false)"
    nulls = ", ".join(f"NULL::{table.staged()[c.name]} AS {c.name}" for c in later)
    files = "read_parquet(?, hive_partitioning = false, union_by_name = true)"
    return f"(SELECT {nulls} WHERE false UNION ALL BY NAME SELECT * FROM {files})"  # noqa: S608


def _stage(table: AnyTable, rows: Iterable[Row], folder: Path) -> tuple[list[Path], int, int]:
    """Write rows as JSON lines, whose numbers are read back exactly, into files of some size.

    Returns:
        The files in the order of their rows, the number of rows, and the longest line in bytes, or
        0 where all are short.
    """
    from msgspec.json import Encoder

    encode, made = Encoder().encode_lines, _line(table.name, table.names)
    parts: list[Path] = []
    count = longest = 0
    rest = iter(rows)
    while some := list(islice(rest, _STAGED)):
        parts.append(folder / f"{table.name}.{len(parts)}.jsonl")
        lines = encode([made(*row) for row in some])
        parts[-1].write_bytes(lines)
        count += len(some)
        if len(lines) > _LONGEST_LINE:
            longest = max(longest, *map(len, lines.split(b"\n")))
    return parts, count, longest


@cache
def _line(name: str, columns: tuple[str, ...]) -> Callable[..., object]:
    """Return what makes a line of a row: a mapping of the columns, that costs less than a dict."""
    from msgspec import defstruct

    return defstruct(name, columns, gc=False)


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
