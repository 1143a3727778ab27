"""Where rows come from: files, alone or as Croissant describes them, and Python."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from liftgate.errors import DataError
from liftgate.evals import croissant
from liftgate.plugins.local import load_attribute, place_of

PYTHON = "python:"
_BATCH = 1000
_LONGEST_CELL = 16_000_000
"""In characters; csv's own limit of 131,072 is less than a long document."""
TOO_DEEP = "nested too deeply"


@dataclass(frozen=True)
class Found:
    """One row with its place, or what is wrong there."""

    place: str
    """``file:line``."""
    row: Any = None
    fault: str | None = None


def read_source(source: str, *, root: Path) -> tuple[str, Iterator[Found]]:
    """Open a source and return a name for it with its rows; reading them may raise DataError too.

    Args:
        source: a path ending in ``.jsonl``, ``.csv`` or ``.parquet``, or in ``.json`` for a
            description in Croissant (``path:`` may stand before it); or
            ``python:package.module:attribute``.
        root: the folder from which both are looked up.

    Raises:
        DataError: there is no such file, or it is of no known kind.
        UnknownName: the Python module has no such attribute.
    """
    if source.startswith(PYTHON):
        return _python(source.removeprefix(PYTHON), root)
    name = source.removeprefix("path:").strip()
    path = root / name
    if not path.is_file():
        raise DataError(
            f"{name}: no such file",
            hint=f"files are looked up from the folder {root.resolve().name}/",
        )
    reader = _READERS.get(path.suffix.lower())
    if reader is None:
        raise DataError(
            f"{name}: got a file that ends in {path.suffix or 'nothing'!r}, "
            f"expected one of {', '.join(_READERS)}"
        )
    return path.stem, reader(path)


def _jsonl(path: Path) -> Iterator[Found]:
    for number, line in enumerate(_lines(path), 1):
        if not line.strip():
            continue
        place = f"{path.name}:{number}"
        try:
            yield Found(place, _decoded(line.rstrip("\r\n")))
        except json.JSONDecodeError as error:
            yield Found(f"{place}:{error.colno}", fault=f"not JSON: {error.msg}")
        except ValueError as error:
            yield Found(place, fault=str(error))
        except RecursionError:
            yield Found(place, fault=TOO_DEEP)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        raise ValueError(f"the key {twice!r} occurs twice")
    return found


def _finite(literal: str) -> float:
    raise ValueError(f"got {literal}, expected a finite number or null")


_decoded = json.JSONDecoder(object_pairs_hook=_unique, parse_constant=_finite).decode
"""``json.loads`` would make a decoder for each line."""


def _csv(path: Path) -> Iterator[Found]:
    csv.field_size_limit(_LONGEST_CELL)
    line = 1
    with closing(_lines(path)) as lines:
        reader = csv.reader(lines, strict=True)
        try:
            header = next(reader, [])
            _check_header(path, header)
            line = reader.line_num + 1
            for cells in reader:
                place, line = f"{path.name}:{line}", reader.line_num + 1
                if len(cells) == len(header):
                    yield _cells(place, dict(zip(header, cells, strict=True)))
                elif cells:
                    fault = f"got {len(cells)} cells, expected {len(header)} as in the header"
                    yield Found(place, fault=fault)
        except csv.Error as error:
            yield Found(f"{path.name}:{line}", fault=f"not CSV: {error}")


def _check_header(path: Path, header: Sequence[str]) -> None:
    if len(set(header)) != len(header) or not all(name.strip() for name in header):
        raise DataError(f"{path.name}:1: got the header {header}, expected one name a column")
    for group in ("input", "metadata"):
        if group in header and any(name.startswith(f"{group}.") for name in header):
            raise DataError(
                f"{path.name}:1: got both {group} and {group}.<name> columns, expected one kind"
            )


def _cells(place: str, cells: Mapping[str, str]) -> Found:
    """Make a row of text cells: ``input.<part>`` and ``metadata.<name>`` nest; empty is missing."""
    row: dict[str, Any] = {}
    for name, cell in cells.items():
        group, _, part = name.partition(".")
        value = cell if cell != "" else None
        if part and group in ("input", "metadata"):
            if value is not None:
                row.setdefault(group, {})[part] = value
        elif name == "weight" and value is not None:
            try:
                row[name] = float(value)
            except ValueError:
                return Found(place, fault=f"weight: got {value!r}, expected a number above 0")
        else:
            row[name] = value
    return Found(place, row)


def _parquet(path: Path) -> Iterator[Found]:
    import duckdb

    try:
        with duckdb.connect() as connection:
            rows = connection.execute("SELECT * FROM read_parquet(?)", [str(path)])
            names = [column[0] for column in rows.description or ()]
            number = 0
            while batch := rows.fetchmany(_BATCH):
                for values in batch:
                    number += 1
                    row = dict(zip(names, values, strict=True))
                    yield Found(f"{path.name}: row {number}", _without_null_parts(row))
    except duckdb.Error as error:
        raise DataError(f"{path.name}: cannot be read as Parquet: {error}") from error


def _without_null_parts(row: dict[str, Any]) -> dict[str, Any]:
    """Leave null parts of the input out: a Parquet struct has every part that any row has."""
    parts = row.get("input")
    if isinstance(parts, dict):
        row["input"] = {name: part for name, part in parts.items() if part is not None}
    return row


def _croissant(path: Path) -> Iterator[Found]:
    described = croissant.described(path)
    suffix = described.path.suffix.lower()
    if suffix not in _READERS or suffix == path.suffix.lower():
        raise DataError(
            f"{path.name}: describes {described.path.name}, expected a table of rows: "
            f"{', '.join(one for one in _READERS if one != '.json')}"
        )
    for found in _READERS[suffix](described.path):
        if not isinstance(found.row, dict):
            yield found
        elif lacking := sorted(set(described.columns) - set(found.row)):
            yield Found(found.place, fault=f"has no {', '.join(lacking)}, which is described")
        else:
            yield replace(found, row=described.row(found.row))


def _lines(path: Path) -> Generator[str, None, None]:
    """Yield decoded lines with their ends; only newlines end a line, as in every editor."""
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            start = 3 if number == 1 and line.startswith(b"\xef\xbb\xbf") else 0
            try:
                yield line[start:].decode("utf-8")
            except UnicodeDecodeError as error:
                raise DataError(
                    f"{path.name}:{number}: byte {error.start + 1} of the line is not UTF-8",
                    hint="save the file as UTF-8",
                ) from error


def _python(rest: str, root: Path) -> tuple[str, Iterator[Found]]:
    module, found = load_attribute(rest, root=root)
    place = f"{place_of(module)}:{rest.partition(':')[2]}"
    if callable(found):
        try:
            found = found()
        except Exception as error:
            raise DataError(f"{place}: raised {type(error).__name__}: {error}") from error
    if not isinstance(found, Iterable) or isinstance(found, (str, bytes, Mapping)):
        raise DataError(
            f"{place}: got {type(found).__name__}, expected an iterable of items or mappings"
        )
    return rest.partition(":")[2].rpartition(".")[2], _numbered(place, found)


def _numbered(place: str, rows: Iterable[Any]) -> Iterator[Found]:
    number = 0
    iterator = iter(rows)
    while True:
        try:
            row = next(iterator)
        except StopIteration:
            return
        except Exception as error:
            raise DataError(
                f"{place}: after {number} items it raised {type(error).__name__}: {error}"
            ) from error
        yield Found(f"{place}[{number}]", row)
        number += 1


_READERS: Mapping[str, Callable[[Path], Iterator[Found]]] = {
    ".jsonl": _jsonl,
    ".ndjson": _jsonl,
    ".csv": _csv,
    ".parquet": _parquet,
    ".json": _croissant,
}
