"""Where a foreign table lies: FILE, FOLDER or FILE@SYSTEM, as people type it, and what reads it.

A suffix belongs to one importer, or to several formats that are told apart by content: an importer
named ``SUFFIX.FORMAT`` is asked whether a file is its own. One yes is taken, two are an error, and
with none the importer named ``SUFFIX`` takes the file, if there is one.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from liftgate import plugins
from liftgate.errors import DataError
from liftgate.importers.json_text import HEAD, keys_of, refuse_wide
from liftgate.protocols import ForeignTable, Head, Importer, Recognising
from liftgate.records import Columns

_TEXT = frozenset({"csv", "tsv", "json", "jsonl", "ndjson"})
"""Suffixes of files that are text, by whatever importer they are read."""


def open_table(name: str, columns: Columns) -> tuple[ForeignTable, str | None]:
    """Open the table that somebody named.

    Args:
        name: FILE, FOLDER (with one table or one run in it) or FILE@SYSTEM.
        columns: those that the user named.

    Returns:
        The table and the system that was asked for, if any.

    Raises:
        DataError: nothing is there, or no importer knows the suffix; and as the importer says.
        UnknownName: a named column or system is not in the file.
    """
    path, system = find(name)
    format_name = _format(path)
    importer: Importer = plugins.load("importers", format_name)
    table = importer(path, columns, system)
    if not table.format and _shared(_suffix(path)):
        table = replace(table, format="a plain table (no log format recognised)")
    return table, system


def find(name: str) -> tuple[Path, str | None]:
    """Split what was typed into an existing file and a system.

    A file whose own name has an ``@`` wins over the reading as FILE@SYSTEM.

    Raises:
        DataError: there is no such file, a folder does not hold exactly one table or run, or
            nothing reads the file.
    """
    whole = Path(name)
    if _exists(whole):
        return _file(whole), None
    for at, mark in enumerate(name):
        if mark == "@" and at and name[at + 1 :] and _exists(Path(name[:at])):
            return _file(Path(name[:at])), name[at + 1 :]
    raise DataError(
        f"{name}: no such file or folder",
        hint="name a table (FILE), a folder with one table in it, or FILE@SYSTEM",
    )


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:  # a system's name can be longer than any file's
        return False


def _file(path: Path) -> Path:
    if path.is_dir():
        return _only_table(path)
    if not path.is_file():
        raise DataError(f"{path}: is not a file; a table is read twice, so a pipe will not do")
    if _suffix(path) not in _suffixes():
        raise DataError(
            f"{path}: cannot tell what is in a file with the suffix {path.suffix!r}; "
            f"expected one of {_known()}",
            hint="give the file the suffix of what is in it",
        )
    return path


def _format(path: Path) -> str:
    """Return the name of the importer that reads a file.

    Raises:
        DataError: no format is recognised, or more than one.
    """
    suffix = _suffix(path)
    if suffix in _TEXT:
        with path.open("rb") as file:
            refuse_wide(file.read(4), str(path))
    found = _recognised(path)
    if len(found) > 1:
        raise DataError(
            f"{path}: could be read by several importers: {', '.join(found)}; expected one",
            hint="remove the package of the one that is wrong, or rename the file",
        )
    if found:
        return found[0]
    if suffix in plugins.names("importers"):
        return suffix
    formats = ", ".join(name.removeprefix(f"{suffix}.") for name in _shared(suffix))
    raise DataError(
        f"{path}: is no .{suffix} file of a known format; expected one of: {formats}" + _seen(path),
        hint="rows of scores go into .csv, .jsonl or .parquet",
    )


def _recognised(path: Path) -> list[str]:
    shared = _shared(_suffix(path))
    if not shared:
        return []
    head = _head(path)
    found = []
    for name in shared:
        importer = plugins.load("importers", name)
        if isinstance(importer, Recognising) and importer.recognises(head):
            found.append(name)
    return found


def _head(path: Path) -> Head:
    with path.open("rb") as file:
        start = file.read(HEAD)
    return Head(path=path, start=start, keys=keys_of(start))


def _seen(path: Path) -> str:
    head = _head(path)
    if not head.start.strip():
        return "; it is empty"
    names = sorted(head.keys)
    more = f" and {len(names) - 10} more" if len(names) > 10 else ""
    return f"; it begins with the names {', '.join(map(repr, names[:10]))}{more}" if names else ""


def _only_table(folder: Path) -> Path:
    candidates = sorted(
        path
        for path in folder.iterdir()
        if path.is_file() and not path.name.startswith(".") and _suffix(path) in _suffixes()
    )
    tables = [(path, name) for path in candidates if (name := _reads(path))]
    if len(tables) == 1:
        return tables[0][0]
    if not tables:
        inner = sorted(path.name for path in folder.iterdir() if path.is_dir())
        raise DataError(
            f"{folder}: a folder without a table or log; expected one of {_known()}",
            hint=f"name the folder of one run: {folder / inner[0]}" if inner else "",
        )
    formats = {name.rpartition(".")[2] for _, name in tables}
    if len(formats) == 1 and "." in tables[0][1]:
        importer: Recognising = plugins.load("importers", tables[0][1])
        return importer.choose([path for path, _ in tables])
    listed = ", ".join(repr(path.name) for path, _ in tables[:10])
    more = f" and {len(tables) - 10} more" if len(tables) > 10 else ""
    raise DataError(
        f"{folder}: a folder with {len(tables)} tables ({listed}{more}); expected exactly one",
        hint=f"name the file, e.g. {tables[0][0]}",
    )


def _reads(path: Path) -> str:
    """Return the importer of a file in a folder; empty when it is no table but something beside."""
    found = _recognised(path)
    if found:
        return found[0]
    return _suffix(path) if _suffix(path) in plugins.names("importers") else ""


def _suffix(path: Path) -> str:
    return path.suffix.lower().removeprefix(".")


def _shared(suffix: str) -> list[str]:
    return [name for name in plugins.names("importers") if name.startswith(f"{suffix}.")]


def _suffixes() -> set[str]:
    return {name.partition(".")[0] for name in plugins.names("importers")}


def _known() -> str:
    return ", ".join(f".{suffix}" for suffix in sorted(_suffixes()))
