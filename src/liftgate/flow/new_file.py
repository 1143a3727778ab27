"""Files that a command is told to write: one that is there already is left as it is."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from liftgate.errors import DataError


def refuse_existing(path: Path | None, *, hint: str = "name another file") -> None:
    """Refuse a file that exists, before anything is done that would have to be undone.

    Raises:
        DataError: the file exists.
    """
    if path is not None and path.exists():
        raise _exists(path, hint)


def write_new(
    path: Path, content: str | Iterable[bytes], *, hint: str = "name another file"
) -> None:
    """Write a file that is not there yet.

    Args:
        path: the file.
        content: a text, written as UTF-8 as it is, or pieces.
        hint: what to do where it exists.

    Raises:
        DataError: the file exists.
    """
    try:
        with path.open("xb") as file:
            file.writelines([content.encode()] if isinstance(content, str) else content)
    except FileExistsError as error:
        raise _exists(path, hint) from error


def _exists(path: Path, hint: str) -> DataError:
    return DataError(f"{path}: exists already, and is left as it is", hint=hint)
