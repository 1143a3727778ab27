"""How a result of the statistics looks at the end of a notebook's cell: a table, no script."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from enum import Enum
from html import escape
from typing import Any

_MOST = 12
"""So many values of a list are shown; a longer one is counted."""


class Shown:
    """Shows the fields of a result as a table."""

    __slots__ = ()

    def _repr_html_(self) -> str:
        assert is_dataclass(self)
        found = {field.name: getattr(self, field.name) for field in fields(self) if field.repr}
        rows = {name.replace("_", " "): words(value) for name, value in found.items()}
        return html_table({"": type(self).__name__, **rows})


def html_table(rows: Mapping[str, str]) -> str:
    """Return a table of names and texts, escaped; empty texts are left out."""
    cells = "".join(
        f'<tr><th scope="row">{escape(name)}</th><td>{escape(text)}</td></tr>'
        for name, text in rows.items()
        if text
    )
    return f"<table>{cells}</table>"


def words(value: Any) -> str:
    """Return a value in a few words; an estimate by its limits, a long list by its length."""
    if value is None:
        return ""
    if isinstance(value, Enum):
        return str(value.value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.4g}"
    if hasattr(value, "tolist"):
        # An array of numpy's, which this module does without: an estimate costs no numpy.
        return words(value.tolist())
    if isinstance(value, Mapping):
        return _together([f"{words(name)} {words(one)}" for name, one in value.items()])
    if isinstance(value, Sequence) and not isinstance(value, str):
        return _together([words(one) for one in value])
    if is_dataclass(value):
        return _record(value)
    return str(value)


def _together(texts: list[str]) -> str:
    return "; ".join(texts) if len(texts) <= _MOST else f"{len(texts):,} values"


def _record(value: Any) -> str:
    if hasattr(value, "low") and hasattr(value, "high"):
        low, high = ("open" if end is None else words(end) for end in (value.low, value.high))
        middle = f"{words(value.value)}, " if hasattr(value, "value") else ""
        return f"{middle}{low} to {high}"
    return ", ".join(f"{f.name} {words(getattr(value, f.name))}" for f in fields(value))
