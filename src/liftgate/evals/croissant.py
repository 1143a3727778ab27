"""A data set described by a Croissant file (1.0 or 1.1): its rows, once its bytes are the stated.

What is read is the form that a table of rows needs: one record set whose fields are columns of one
file beside the description. The file must have the SHA-256 that is stated of it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from liftgate.canon import sha256_of_file
from liftgate.errors import DataError

_CONFORMS = "mlcommons.org/croissant/1."
_LARGEST = 16_000_000
"""Bytes of a description."""
_SOURCE, _EXTRACT = {"@id", "@type", "fileObject", "extract"}, {"@id", "@type", "column"}
"""What a source may say; a ``transform`` would make other values than those of the column."""
_SLICE = "slice_"
"""What liftgate's own cards put before the name of a slice."""


@dataclass(frozen=True)
class Described:
    """The file with the rows, and which column is what."""

    path: Path
    columns: Mapping[str, str]
    """Column of the file -> what a row calls it."""

    def row(self, found: Mapping[str, Any]) -> dict[str, Any]:
        """Return a row under the names of the description; an empty text is missing."""
        named = {name: found[column] for column, name in self.columns.items()}
        return {name: None if value == "" else value for name, value in named.items()}


def described(path: Path) -> Described:
    """Read a description and check the file that it describes.

    Raises:
        DataError: it is no Croissant file, describes something else than one table of rows in one
            file beside it, or the file is not the one that it describes.
    """
    told = _document(path)
    fields = _fields(told, path)
    files = {_column(one, path)[0] for one in fields}
    if len(files) != 1:
        raise DataError(f"{path.name}: its fields lie in {len(files)} files, expected one")
    columns = {_column(one, path)[1]: _name(one, path) for one in fields}
    if not len(fields) == len(columns) == len(set(columns.values())):
        raise DataError(f"{path.name}: got two fields of one name or column, expected one of each")
    return Described(_file(told, path, files.pop()), columns)


def _document(path: Path) -> Mapping[str, Any]:
    hint = "expected a description in Croissant 1, with conformsTo, distribution and recordSet"
    if path.stat().st_size > _LARGEST:
        raise DataError(f"{path.name}: has more than {_LARGEST:,} bytes", hint=hint)
    try:
        told = json.loads(path.read_bytes())
    except (ValueError, RecursionError) as error:
        raise DataError(f"{path.name}: is no JSON ({error})", hint=hint) from error
    stated = told.get("conformsTo") if isinstance(told, dict) else None
    versions = stated if isinstance(stated, list) else [stated]
    if not any(isinstance(one, str) and _CONFORMS in one for one in versions):
        raise DataError(f"{path.name}: conformsTo: got {str(stated)[:80]!r}", hint=hint)
    found: Mapping[str, Any] = told
    return found


def _fields(told: Mapping[str, Any], path: Path) -> Sequence[Mapping[str, Any]]:
    sets = told.get("recordSet")
    if not isinstance(sets, list) or len(sets) != 1 or not isinstance(sets[0], dict):
        count = len(sets) if isinstance(sets, list) else 0
        raise DataError(f"{path.name}: got {count} record sets, expected one")
    fields = sets[0].get("field")
    if not isinstance(fields, list) or not fields or not all(isinstance(f, dict) for f in fields):
        raise DataError(f"{path.name}: recordSet: got no fields, expected one for each column")
    return fields


def _name(field: Mapping[str, Any], path: Path) -> str:
    name = field.get("name")
    if not isinstance(name, str) or not name:
        raise DataError(f"{path.name}: a field without a name")
    # Names may be given with their record set before them: "items/id".
    return name.rpartition("/")[2].removeprefix(_SLICE)


def _column(field: Mapping[str, Any], path: Path) -> tuple[str, str]:
    """Return the id of a field's file, and its column there."""
    try:
        source = field["source"]
        file, column = source["fileObject"]["@id"], source["extract"]["column"]
        if not isinstance(file, str) or not isinstance(column, str):
            raise TypeError("no text")
        if source.keys() - _SOURCE or source["extract"].keys() - _EXTRACT:
            raise TypeError("values that are made, not read")
    except (KeyError, TypeError) as error:
        raise DataError(
            f"{path.name}: field {_name(field, path)!r}: expected a source with fileObject and "
            "extract.column, and nothing that changes what is read"
        ) from error
    return file, column


def _file(told: Mapping[str, Any], path: Path, wanted: str) -> Path:
    listed = told.get("distribution")
    objects = listed if isinstance(listed, list) else []
    found = [one for one in objects if isinstance(one, dict) and one.get("@id") == wanted]
    if len(found) != 1:
        raise DataError(f"{path.name}: distribution: {len(found)} files {wanted!r}, expected one")
    place = found[0].get("contentUrl")
    if not isinstance(place, str) or Path(place).name != place or place in {"", "..", "."}:
        raise DataError(
            f"{path.name}: contentUrl: got {str(place)[:80]!r}, expected a file beside it",
            hint="nothing is fetched; put the file into the same folder and name it",
        )
    file = path.with_name(place)
    if not file.is_file():
        raise DataError(f"{path.name}: describes {place}, which is not beside it")
    stated = found[0].get("sha256")
    actual = sha256_of_file(file).removeprefix("sha256:")
    if not isinstance(stated, str):
        raise DataError(f"{path.name}: {place}: no sha256 is stated, expected that of the file")
    if stated.lower() != actual:
        raise DataError(
            f"{place}: is not the file that {path.name} describes (sha256 {actual[:12]}…, stated "
            f"{stated[:12]}…)",
            hint="one of the two was changed; get both again",
        )
    return file
