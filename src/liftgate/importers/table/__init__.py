"""Foreign tables: CSV, TSV, JSON Lines and Parquet, one row for each item (and repeat)."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from liftgate.canon import sha256, sha256_of_file
from liftgate.errors import DataError, UnknownName
from liftgate.importers.cells import content, failure, listed, number, readable, shown, text
from liftgate.importers.table.raw import Raw, Record, open_raw
from liftgate.importers.table.roles import Profile, left_out, profile, settle
from liftgate.protocols import ForeignTable, Row, RowTexts, TakeTexts
from liftgate.records import Columns

__all__ = ["read_table"]

_SYSTEMS_SHOWN = 20


def read_table(path: Path, columns: Columns, system: str | None = None) -> ForeignTable:
    """Read a CSV, TSV, JSON Lines or Parquet table; the importer behind these suffixes.

    Args:
        path: the file.
        columns: the columns that the user named; the others are guessed.
        system: only the rows of this system; None: the file must hold one system.

    Raises:
        DataError: with file and line, what was got, what was expected and what to type.
        UnknownName: a named column or system is not in the file.
    """
    raw = open_raw(path)
    found = profile(raw, columns)
    settled, guessed = settle(found, columns, str(path))
    _check_system(path, found, settled.system, system)
    return ForeignTable(
        path=path,
        digest=sha256_of_file(path),
        columns=settled,
        guessed=guessed,
        left_out=left_out(found, settled),
        rows=lambda: _rows(raw, settled, system),
        texts=_texts(raw, settled, system),
    )


def _check_system(path: Path, found: Profile, column: str | None, system: str | None) -> None:
    if column is None:
        if system is None:
            return
        raise DataError(
            f"{path}: was asked for the system {shown(system)} and has no system column; its "
            f"columns are {', '.join(map(repr, found.header))}",
            hint="say which column names the system: --system COLUMN",
        )
    known = sorted(found.labels[column])
    if system is not None and system not in known:
        raise UnknownName(f"system of {path}", system, known[:_SYSTEMS_SHOWN])
    if system is None and len(known) > 1:
        listed = ", ".join(map(repr, known[:_SYSTEMS_SHOWN]))
        more = f" and {len(known) - _SYSTEMS_SHOWN} more" if len(known) > _SYSTEMS_SHOWN else ""
        pair = " ".join(shlex.quote(f"{path}@{name}") for name in known[:2])
        raise DataError(
            f"{path}: column {column!r} names {len(known)} systems ({listed}{more}); "
            "expected one for each side",
            hint=f"name both sides: liftgate compare {pair}",
        )


def _rows(raw: Raw, columns: Columns, system: str | None) -> Iterator[Row]:
    where = {name: place for place, name in enumerate(raw.header)}
    item_at = where[columns.item or ""]
    read_system = _reader(columns.system, where, text)
    read_repeat = _reader(columns.repeat, where, text)
    read_cluster = _reader(columns.cluster, where, text)
    read_error = _reader(columns.error, where, failure)
    read_content = _reader(columns.content, where, _content_digest)
    metrics = [(name, where[name]) for name in columns.metrics]
    slices = [(name, where[name]) for name in columns.slices]
    for record in raw.records():
        cells = record[1]
        of_system = read_system(cells)
        if system is not None and of_system != system:
            continue
        yield Row(
            item=_item(raw, record, item_at),
            scores={name: _score(raw, record, name, at) for name, at in metrics},
            system=of_system,
            repeat=read_repeat(cells),
            cluster=read_cluster(cells),
            slices={name: label for name, at in slices if (label := text(cells[at])) is not None},
            error=read_error(cells),
            content=read_content(cells),
        )


_TEXTS = (
    ("input", "question", "prompt"),
    ("target", "expected", "reference"),
    ("output", "answer", "response", "completion"),
)
"""Names, in order of preference, of the columns that hold input, target and output."""
_REASONS = ("reason", "explanation", "rationale")
_RETRIEVED = ("retrieved_contexts", "retrieved_documents", "retrieved", "contexts", "documents")


def _texts(raw: Raw, columns: Columns, system: str | None) -> Callable[[TakeTexts], None] | None:
    """Return the reader of texts, or None where no column is named like one of them."""
    where = {name: place for place, name in enumerate(raw.header)}
    found = [next((where[n] for n in names if n in where), None) for names in _TEXTS]
    reasons = {name: where[name] for name in _REASONS if name in where}
    if found == [None, None, None]:
        return None
    documents_at = next((where[name] for name in _RETRIEVED if name in where), None)
    read_system = _reader(columns.system, where, text)
    read_repeat = _reader(columns.repeat, where, text)

    def read(take: TakeTexts) -> None:
        item_at = where[columns.item or ""]
        for record in raw.records():
            cells = record[1]
            if system is not None and read_system(cells) != system:
                continue
            parts = ["" if at is None else readable(cells[at]) for at in found]
            said = {name: told for name, at in reasons.items() if (told := readable(cells[at]))}
            documents = () if documents_at is None else listed(cells[documents_at])
            take(
                _item(raw, record, item_at),
                read_repeat(cells),
                RowTexts(parts[0], parts[1], parts[2], said, documents),
            )

    return read


_Read = Callable[[Sequence[Any]], str | None]


def _reader(name: str | None, where: dict[str, int], read: Callable[[Any], str | None]) -> _Read:
    if name is None:
        return lambda _: None
    at = where[name]
    return lambda cells: read(cells[at])


def _content_digest(value: Any) -> str | None:
    found = content(value)
    return None if found is None else sha256(found.encode("utf-8", "surrogatepass"))


def _item(raw: Raw, record: Record, at: int) -> str:
    found = text(record[1][at])
    if found is None:
        raise DataError(f"{raw.place(record[0])}: {raw.header[at]}: is empty, expected an item id")
    return found


def _score(raw: Raw, record: Record, metric: str, at: int) -> float | None:
    try:
        return number(record[1][at])
    except (ValueError, OverflowError) as error:
        raise DataError(
            f"{raw.place(record[0])}: {metric}: got {shown(record[1][at])}, expected a finite "
            "number, true or false",
            hint="leave the cell of a missing score empty (JSON: null); "
            f"if {metric!r} is no score, name those that are: --metric COLUMN",
        ) from error
