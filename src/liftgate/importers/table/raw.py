"""The raw rows of a CSV, JSON Lines or Parquet file, read as a stream, every fault with its line.

The whole file is read once before anything is made of it, so a broken last line leaves nothing
half-read; no more than one row and one buffer are held at a time.
"""

from __future__ import annotations

import csv
import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn, TextIO

from liftgate.errors import DataError
from liftgate.importers.cells import shown

_LONGEST = 16 * 2**20
"""Characters of the longest field or JSON line; a longer one is a quote that was never closed."""

_ROWS_AT_ONCE = 5_000

Record = tuple[int, Sequence[Any]]
"""(line or row number, cells in the order of the header)."""


@dataclass(frozen=True)
class Raw:
    """A file's header and a way to read its records from the start."""

    path: Path
    header: tuple[str, ...]
    unit: str
    """What a place counts: ``line`` or ``row``."""
    records: Callable[[], Iterator[Record]]

    def place(self, number: int) -> str:
        """Return the place of a record: ``file:12``, or ``file: row 12`` for Parquet."""
        if self.unit == "line":
            return f"{self.path}:{number}"
        return f"{self.path}: {self.unit} {number}"


def open_raw(path: Path) -> Raw:
    """Open a table by its suffix.

    Raises:
        DataError: empty, another format than its suffix says, or a header that cannot be used.
    """
    with path.open("rb") as file:
        start = file.read(4)
    if not start.strip():
        raise _empty(path)
    _check_start(path, start)
    suffix = path.suffix.lower().removeprefix(".")
    if suffix == "parquet":
        return _open_parquet(path)
    if suffix in {"jsonl", "ndjson"}:
        return _open_json_lines(path)
    return _open_delimited(path)


def _empty(path: Path) -> DataError:
    return DataError(f"{path}: is empty; expected a header and at least one row of scores")


def _check_start(path: Path, start: bytes) -> None:
    is_parquet = path.suffix.lower() == ".parquet"
    if is_parquet != start.startswith(b"PAR1"):
        got = "another format" if is_parquet else "Parquet"
        raise DataError(
            f"{path}: its suffix says {path.suffix[1:] or 'nothing'}, its first bytes say {got}",
            hint="rename the file to what it is: .csv, .tsv, .jsonl, .ndjson or .parquet",
        )
    if start.startswith((b"\xff\xfe", b"\xfe\xff")):
        _not_utf8(f"{path}:1", "UTF-16")
    if start.startswith((b"PK\x03\x04", b"\x1f\x8b")):
        raise DataError(
            f"{path}: is compressed or a spreadsheet, expected plain text",
            hint="unpack it, or export it as CSV",
        )


def _not_utf8(place: str, guess: str) -> NoReturn:
    raise DataError(
        f"{place}: is not UTF-8 text",
        hint=f"convert the file: iconv -f {guess} -t UTF-8 OLD > NEW",
    )


def _text_lines(path: Path, file: TextIO) -> Iterator[str]:
    for number, line in enumerate(iter(lambda: file.readline(_LONGEST), ""), 1):
        if len(line) == _LONGEST:
            raise DataError(
                f"{path}:{number}: is longer than {_LONGEST // 2**20} MiB of text; "
                "expected one row a line"
            )
        if not line.isascii():
            _check_utf8(path, number, line)
        yield line


def _check_utf8(path: Path, number: int, line: str) -> None:
    # surrogateescape lets a bad byte through as a lone surrogate, so that its line can be named.
    try:
        line.encode("utf-8")
    except UnicodeEncodeError:
        _not_utf8(f"{path}:{number}", "LATIN1")


def _open_text(path: Path, newline: str) -> TextIO:
    return path.open(encoding="utf-8-sig", errors="surrogateescape", newline=newline)


# CSV --------------------------------------------------------------------------------------------


def _open_delimited(path: Path) -> Raw:
    with _open_text(path, "") as file:
        first = next((line for line in _text_lines(path, file) if line.strip()), "")
    delimiter = _delimiter(path, first)
    first_row = next(_csv_rows(path, delimiter), None)
    if first_row is None:
        raise _empty(path)
    header = _header(path, first_row[1])
    return Raw(path, header, "line", lambda: _delimited_records(path, delimiter, len(header)))


def _delimiter(path: Path, first_line: str) -> str:
    if path.suffix.lower() == ".tsv":
        return "\t"
    if "," in first_line:
        return ","
    return next((mark for mark in "\t;|" if mark in first_line), ",")


def _csv_rows(path: Path, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """Yield (first line of the row, its fields); blank lines are passed over."""
    before = csv.field_size_limit(_LONGEST)
    start = 1
    try:
        with _open_text(path, "") as file:
            reader = csv.reader(_text_lines(path, file), delimiter=delimiter, strict=True)
            for row in reader:
                if row:
                    yield start, row
                start = reader.line_num + 1
    except csv.Error as error:
        raise DataError(
            f"{path}:{start}: the row that starts here cannot be read ({_csv_reason(error)})",
            hint='a field with a quote in it is written "like ""this"""; look for one that is open',
        ) from error
    finally:
        csv.field_size_limit(before)


def _csv_reason(error: csv.Error) -> str:
    reason = str(error)
    if "unexpected end of data" in reason:
        return "a quote is opened and never closed"
    if "field larger" in reason:
        return f"a field is longer than {_LONGEST // 2**20} MiB: a quote is never closed"
    return reason


def _delimited_records(path: Path, delimiter: str, width: int) -> Iterator[Record]:
    rows = _csv_rows(path, delimiter)
    next(rows)
    for number, row in rows:
        if len(row) != width:
            raise DataError(
                f"{path}:{number}: got {len(row)} fields, expected {width} as in the header "
                f"(the row is {shown(delimiter.join(row))})"
            )
        yield number, row


def _header(path: Path, names: Iterable[str]) -> tuple[str, ...]:
    header = tuple(name.strip() for name in names)
    doubled = [name for name, count in Counter(header).items() if count > 1]
    if doubled:
        raise DataError(
            f"{path}:1: the header names {', '.join(map(shown, doubled))} more than once",
            hint="give every column a name of its own",
        )
    return tuple(name or f"column {place}" for place, name in enumerate(header, 1))


# JSON Lines -------------------------------------------------------------------------------------


def _open_json_lines(path: Path) -> Raw:
    names: dict[str, None] = {}
    for _, record in _json_records(path):
        names.update(dict.fromkeys(record))
    header = tuple(names)

    def records() -> Iterator[Record]:
        for number, record in _json_records(path):
            yield number, [record.get(name) for name in header]

    return Raw(path, header, "line", records)


def _json_records(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    with _open_text(path, "\n") as file:
        for number, line in enumerate(_text_lines(path, file), 1):
            if line.strip():
                yield number, _json_object(f"{path}:{number}", line)


def _json_object(place: str, line: str) -> dict[str, Any]:
    try:
        found = json.loads(line, parse_constant=_no_constant, object_pairs_hook=_no_doubles)
        if isinstance(found, dict):
            if "\\ud" in line.lower():
                json.dumps(found, ensure_ascii=False).encode()  # half a character is no text
            return _no_doubles(list(_flat(found)))
    except RecursionError as error:
        raise DataError(f"{place}: is nested too deeply to be a row of scores") from error
    except ValueError as error:
        raise DataError(
            f"{place}: is not a JSON object on one line ({error}); got {shown(line.strip())}",
            hint="write one object a line; jq -c '.[]' turns a JSON list into lines",
        ) from error
    raise DataError(
        f'{place}: got {shown(line.strip())}, expected a JSON object: {{"item": "q1", "acc": 1}}',
        hint="jq -c '.[]' turns a JSON list into lines",
    )


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON; leave a missing score out or write null")


def _no_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        doubled = [name for name, count in Counter(name for name, _ in pairs).items() if count > 1]
        raise ValueError(f"the name {shown(doubled[0])} comes more than once")
    return found


def _flat(found: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, Any]]:
    """Yield nested names with dots: {"scores": {"acc": 1}} gives scores.acc."""
    for name, value in found.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{before}{name}.")
        else:
            yield f"{before}{name}", value


# Parquet ----------------------------------------------------------------------------------------


def _open_parquet(path: Path) -> Raw:
    header = next(_parquet_batches(path))
    return Raw(path, _header(path, header), "row", lambda: _parquet_records(path))


def _parquet_records(path: Path) -> Iterator[Record]:
    batches = _parquet_batches(path)
    next(batches)
    number = 0
    for batch in batches:
        for row in batch:
            number += 1
            yield number, row


def _parquet_batches(path: Path) -> Iterator[Sequence[Any]]:
    """Yield the header, then lists of rows; a time with a zone comes as text, in UTC."""
    import duckdb

    # A name such as a[1].parquet is one file, not a pattern.
    literal = "".join(f"[{mark}]" if mark in "*?[" else mark for mark in str(path))
    try:
        with duckdb.connect(config={"threads": 1}) as connection:
            found = connection.execute("SELECT * FROM read_parquet(?)", [literal])
            named = [str(column[0]) for column in found.description or ()]
            zoned = [c[0] for c in found.description or () if "TIME ZONE" in str(c[1])]
            if zoned:
                # As Python values they would need a package of time zones.
                connection.execute("SET TimeZone = 'UTC'")
                names = ['"' + name.replace('"', '""') + '"' for name in zoned]
                casts = ", ".join(f"CAST({name} AS VARCHAR) AS {name}" for name in names)
                asked = f"SELECT * REPLACE ({casts}) FROM read_parquet(?)"  # noqa: S608 - quoted
                found = connection.execute(asked, [literal])
            yield named
            while batch := found.fetchmany(_ROWS_AT_ONCE):
                yield batch
    except duckdb.Error as error:
        reason = str(error).strip().splitlines()[0]
        raise DataError(f"{path}: is not a Parquet file that can be read ({reason})") from error
