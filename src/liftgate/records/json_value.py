"""The type of a JSON value, and what people call one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeAlias

Json: TypeAlias = "bool | int | float | str | Sequence[Json] | Mapping[str, Json] | None"

_NAMES = {
    "NoneType": "null",
    "str": "text",
    "bool": "true or false",
    "int": "a number",
    "float": "a number",
}


def name_of(value: object) -> str:
    """Return what a JSON value is, for people: ``text``, ``a list``, ``null``."""
    if isinstance(value, Mapping):
        return "a mapping"
    if isinstance(value, (list, tuple)):
        return "a list"
    return _NAMES.get(type(value).__name__, type(value).__name__)
