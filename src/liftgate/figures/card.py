"""What a notebook shows of a result: a sentence, a table, a picture with its numbers.

The card takes its colours from the notebook, light or dark, and holds no script. Every text is
escaped here, so that callers hand over plain values.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from enum import Enum
from typing import Any

from liftgate.figures.figure import Cell, Figure
from liftgate.figures.text import escape, one_line

_LONGEST = 300
_MOST = 20
STYLE = (
    ".liftgate-card{color:inherit;max-width:44rem;overflow-wrap:break-word}"
    ".liftgate-card p{margin:.2em 0 .6em}"
    ".liftgate-card table{border-collapse:collapse;color:inherit;background:none;margin:.3em 0}"
    ".liftgate-card th,.liftgate-card td{text-align:left;vertical-align:top;padding:.15em .7em;"
    "border-bottom:1px solid rgba(128,128,128,.35);background:none}"
    ".liftgate-card svg{display:block;width:100%;max-width:30rem;overflow:visible}"
    ".liftgate-card svg text{font:12px system-ui,sans-serif}"
    ".liftgate-card svg .label{font-weight:600}"
)


@dataclass(frozen=True)
class Table:
    """A heading line and rows of plain values."""

    header: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]


def card(
    title: str,
    sentence: str = "",
    table: Table | None = None,
    figures: Sequence[Figure] = (),
) -> str:
    """Return the HTML of one result.

    Args:
        title: what it is, for instance the record's name.
        sentence: what it says, in words.
        table: its values.
        figures: pictures; the numbers of each come folded under it.
    """
    parts = [f"<style>{STYLE}</style>", f"<p><strong>{escape(one_line(title, _LONGEST))}</strong>"]
    parts.append(f"<br>{escape(one_line(sentence, 4 * _LONGEST))}</p>" if sentence else "</p>")
    if table is not None and table.rows:
        parts.append(_table(table.header, table.rows))
    parts += [_figure(figure) for figure in figures]
    return f'<div class="liftgate-card">{"".join(parts)}</div>'


def record_table(record: object) -> Table:
    """Return the fields of a record that say something, each with its value in short words."""
    assert is_dataclass(record)
    shown = [
        (field.name.replace("_", " "), words(value))
        for field in fields(record)
        if field.repr and (value := getattr(record, field.name)) not in (None, "", (), {})
    ]
    return Table(("", ""), tuple(shown))


def words(value: Any) -> str:
    """Return any value of a record in a few words; what is long is counted, not listed."""
    if isinstance(value, Enum):
        return str(value.value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.4g}".replace("-", "−")
    if isinstance(value, Mapping):
        told = [f"{key}: {words(one)}" for key, one in list(value.items())[:_MOST]]
        return one_line("; ".join([*told, *(["…"] if len(value) > _MOST else [])]), _LONGEST)
    if isinstance(value, (Sequence, set, frozenset)) and not isinstance(value, (str, bytes)):
        if any(is_dataclass(one) for one in value):
            return f"{len(value):,} × {type(next(iter(value))).__name__}"
        told = [words(one) for one in list(value)[:_MOST]]
        return one_line(", ".join([*told, *(["…"] if len(value) > _MOST else [])]), _LONGEST)
    if is_dataclass(value):
        rows = record_table(value).rows
        return one_line("; ".join(f"{name}: {told}" for name, told in rows), _LONGEST)
    return one_line(str(value), _LONGEST)


def _table(header: Sequence[str], rows: Sequence[Sequence[Cell]], factor: float = 1.0) -> str:
    head = "".join(f'<th scope="col">{escape(name)}</th>' for name in header)
    body = "".join(_row(row, factor) for row in rows)
    return (f"<table><thead><tr>{head}</tr></thead>" if any(header) else "<table>") + (
        f"<tbody>{body}</tbody></table>"
    )


def _row(row: Sequence[Cell], factor: float) -> str:
    first, *rest = row
    cells = "".join(f"<td>{_cell(cell, factor)}</td>" for cell in rest)
    return f'<tr><th scope="row">{_cell(first, factor)}</th>{cells}</tr>'


def _cell(cell: Cell, factor: float) -> str:
    if isinstance(cell, float):
        return escape(f"{cell * factor:.3g}".replace("-", "−"))
    return "" if cell is None else escape(one_line(str(cell), _LONGEST))


def _figure(figure: Figure) -> str:
    unit = f", in {figure.unit.name}" if figure.unit.name else ""
    numbers = _table(figure.header, figure.rows, figure.unit.factor)
    head = f"<summary>Numbers{escape(unit)}</summary>"
    return f"<figure>{figure.svg}</figure><details>{head}{numbers}</details>"
