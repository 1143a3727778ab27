"""Where a foreign table lies: FILE, FOLDER or FILE@SYSTEM, as people type it."""

from __future__ import annotations

from pathlib import Path

from liftgate import plugins
from liftgate.errors import DataError
from liftgate.protocols import ForeignTable, Importer
from liftgate.records import Columns


def open_table(name: str, columns: Columns) -> tuple[ForeignTable, str | None]:
    """Open the table that somebody named.

    Args:
        name: FILE, FOLDER (with one table in it) or FILE@SYSTEM.
        columns: those that the user named.

    Returns:
        The table and the system that was asked for, if any.

    Raises:
        DataError: nothing is there, or no importer knows the suffix; and as the importer says.
        UnknownName: a named column or system is not in the file.
    """
    path, system = find(name)
    importer: Importer = plugins.load("importers", _suffix(path))
    return importer(path, columns, system), system


def find(name: str) -> tuple[Path, str | None]:
    """Split what was typed into an existing file and a system.

    A file whose own name has an ``@`` wins over the reading as FILE@SYSTEM.

    Raises:
        DataError: there is no such file, a folder does not hold exactly one table, or the suffix
            has no importer.
    """
    whole = Path(name)
    if whole.exists():
        return _file(whole), None
    for at, mark in enumerate(name):
        if mark == "@" and at and name[at + 1 :] and Path(name[:at]).exists():
            return _file(Path(name[:at])), name[at + 1 :]
    raise DataError(
        f"{name}: no such file or folder",
        hint="name a table (FILE), a folder with one table in it, or FILE@SYSTEM",
    )


def _file(path: Path) -> Path:
    if path.is_dir():
        return _only_table(path)
    if not path.is_file():
        raise DataError(f"{path}: is not a file; a table is read twice, so a pipe will not do")
    if _suffix(path) not in plugins.names("importers"):
        raise DataError(
            f"{path}: cannot tell what is in a file with the suffix {path.suffix!r}; "
            f"expected one of {_known()}",
            hint="give the file the suffix of what is in it",
        )
    return path


def _only_table(folder: Path) -> Path:
    tables = sorted(
        path
        for path in folder.iterdir()
        if path.is_file()
        and not path.name.startswith(".")
        and _suffix(path) in plugins.names("importers")
    )
    if len(tables) == 1:
        return tables[0]
    if not tables:
        raise DataError(f"{folder}: a folder without a table; expected one of {_known()}")
    listed = ", ".join(repr(path.name) for path in tables[:10])
    more = f" and {len(tables) - 10} more" if len(tables) > 10 else ""
    raise DataError(
        f"{folder}: a folder with {len(tables)} tables ({listed}{more}); expected exactly one",
        hint=f"name the file, e.g. {tables[0]}",
    )


def _suffix(path: Path) -> str:
    return path.suffix.lower().removeprefix(".")


def _known() -> str:
    return ", ".join(f".{name}" for name in plugins.names("importers"))
