"""Forest plot: one row an estimate, with its deciding interval, its 95 % interval and its margins.

Each row stands on two lines, words above and interval below, so that the plot stays readable on a
narrow screen, where labels beside the intervals would be cut.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from liftgate.figures.axis import Axis, span, ticks
from liftgate.figures.figure import Cell, Figure, Interval, Unit, finite, picture, tag
from liftgate.figures.text import escape, one_line

_WIDTH = 400.0
_SIDE = 8.0
_ROW = 54.0
_LABEL, _VALUE = 7.7, 6.4
"""Widths of an average character of the labels and of the numbers, in view-box units."""
HEADER = ("", "estimate", "lower limit", "upper limit", "95 % lower", "95 % upper", "margin")


@dataclass(frozen=True)
class Margin:
    """A line that an interval is read against."""

    value: float
    text: str
    """Shown at the line, e.g. ``margin −2.0``."""
    fails: Literal["below", "above"] = "below"
    """The side on which the claim fails; it is shaded."""


@dataclass(frozen=True, kw_only=True)
class ForestRow:
    """One estimate; with ``value=None`` a row of words."""

    label: str
    value: float | None
    deciding: Interval | None = None
    """The limits that decide; None: exact, without an interval."""
    wide: Interval | None = None
    """The 95 % interval, descriptive; None: not shown."""
    margins: tuple[Margin, ...] = ()
    text: str = ""
    """The numbers in words, shown at the right."""
    reason: str = ""
    """Why there is no value."""


def forest(
    rows: Sequence[ForestRow],
    *,
    title: str,
    description: str = "",
    zero: float | None = 0.0,
    unit: Unit | None = None,
) -> Figure:
    """Draw estimates under each other on one axis.

    Args:
        rows: values and limits in stored units; a limit of None is drawn as an arrow.
        title: what the plot shows, for people and screen readers.
        description: how to read it; the rows' texts are added.
        zero: where the full line of "no difference" stands; None: no such line.
        unit: how the axis is named and scaled.

    Raises:
        DataError: a number is NaN or infinite.
    """
    for row in rows:
        finite(f"row {row.label!r}", *_numbers(row))
    shown = unit or Unit()
    axis = Axis(*domain_of(rows, zero), _SIDE, _WIDTH - _SIDE)
    height = _ROW * len(rows) + 44
    parts = [*_grid(axis, height, shown)]
    for place, row in enumerate(rows):
        parts.extend(_row(row, axis, 4 + place * _ROW, zero))
    said = " ".join([description, *(f"{r.label}: {r.text or r.reason}." for r in rows)]).strip()
    svg = picture((_WIDTH, height), title, said, parts, kind="forest")
    return Figure(title, said, svg, HEADER, tuple(_data(row) for row in rows), shown)


def interval_bar(row: ForestRow, *, domain: tuple[float, float], zero: float | None = 0.0) -> str:
    """Return one row as a small picture for a table cell, whose text says the same numbers."""
    finite(f"row {row.label!r}", *_numbers(row), *domain)
    axis = Axis(*domain, 6, 134)
    parts = [] if zero is None else [_line("zero", axis.at(zero), 1, axis.at(zero), 21)]
    for margin in row.margins:
        x = axis.at(margin.value)
        parts.append(_line("margin", x, 1, x, 21))
    parts.extend(_marks(row, axis, 11))
    frame = {"class": "figure bar", "viewBox": "0 0 140 22", "aria-hidden": "true"}
    return tag("svg", frame, *parts)


def domain_of(rows: Iterable[ForestRow], zero: float | None = 0.0) -> tuple[float, float]:
    """Return the ends of an axis that holds every number of some rows, in stored units."""
    numbers = [n for row in rows for n in _numbers(row) if n is not None]
    return span([*numbers, *([] if zero is None else [zero])])


def _numbers(row: ForestRow) -> tuple[float | None, ...]:
    margins = (margin.value for margin in row.margins)
    return (row.value, *(row.deciding or ()), *(row.wide or ()), *margins)


def _grid(axis: Axis, height: float, unit: Unit) -> list[str]:
    bottom = height - 36
    parts = [_line("axis", axis.start, bottom, axis.end, bottom)]
    for value, text in ticks(axis.low * unit.factor, axis.high * unit.factor):
        x = axis.at(value / unit.factor)
        parts.append(_line("axis", x, bottom, x, bottom + 4))
        parts.append(_words("tick", x, bottom + 16, text, "middle"))
    if unit.name:
        parts.append(_words("tick unit", axis.end, bottom + 30, unit.name, "end"))
    return parts


def _row(row: ForestRow, axis: Axis, top: float, zero: float | None) -> list[str]:
    parts = [part for margin in row.margins for part in _margin(margin, axis, top)]
    if zero is not None and row.value is not None:
        parts.append(_line("zero", axis.at(zero), top + 19, axis.at(zero), top + 37))
    across = _WIDTH - 2 * _SIDE
    text = one_line(row.text, int(0.7 * across / _VALUE))
    room = int((across - len(text) * _VALUE - 8) / _LABEL)
    parts.append(_words("label", _SIDE, top + 14, one_line(row.label, room)))
    if row.value is None:
        words = one_line(
            f"not assessed: {row.reason}" if row.reason else "not assessed", int(across / _VALUE)
        )
        return [*parts, _words("absent", _SIDE, top + 33, words)]
    parts.append(_words("value", _WIDTH - _SIDE, top + 14, text, "end"))
    return [*parts, *_marks(row, axis, top + 28)]


def _margin(margin: Margin, axis: Axis, top: float) -> list[str]:
    x = axis.at(margin.value)
    left, right = (axis.start, x) if margin.fails == "below" else (x, axis.end)
    shade: dict[str, str | float] = {
        "class": "fails",
        "x": left,
        "y": top + 19,
        "width": right - left,
        "height": 18.0,
    }
    anchor = "middle"
    if x - axis.start < 50:
        anchor = "start"
    elif axis.end - x < 50:
        anchor = "end"
    return [
        tag("rect", {**shade, "fill": "currentColor", "fill-opacity": 0.07}),
        _line("margin", x, top + 19, x, top + 37),
        _words("margin-text", x, top + 47, one_line(margin.text, 40), anchor),
    ]


def _marks(row: ForestRow, axis: Axis, y: float) -> list[str]:
    assert row.value is not None
    parts = []
    if row.wide is not None:
        parts.extend(_bar("wide", row.wide, axis, y))
    if row.deciding is not None:
        parts.extend(_bar("deciding", row.deciding, axis, y))
    x = axis.at(row.value)
    if row.deciding is None:
        diamond = f"M{x - 5:.2f} {y:.2f}l5 -5 5 5 -5 5z"
        return [*parts, tag("path", {"class": "exact", "d": diamond, "fill": "currentColor"})]
    point: dict[str, str | float] = {
        "class": "point",
        "cx": x,
        "cy": y,
        "r": 4.0,
        "fill": "currentColor",
    }
    return [*parts, tag("circle", point)]


def _bar(kind: str, interval: Interval, axis: Axis, y: float) -> list[str]:
    low, high = interval
    left = axis.start if low is None else axis.at(low)
    right = axis.end if high is None else axis.at(high)
    parts = [_line(kind, left, y, right, y)]
    if low is None:
        parts.append(_arrow(kind, axis.start, y, 6))
    if high is None:
        parts.append(_arrow(kind, axis.end, y, -6))
    return parts


def _arrow(kind: str, x: float, y: float, back: int) -> str:
    path = f"M{x + back:.2f} {y - 5:.2f}L{x - back / 3:.2f} {y:.2f}L{x + back:.2f} {y + 5:.2f}z"
    return tag("path", {"class": f"arrow {kind}", "d": path, "fill": "currentColor"})


_STROKES = {"deciding": (5.0, ""), "wide": (1.5, ""), "margin": (1.6, "4 2.5"), "zero": (1.0, "")}


def _line(kind: str, x1: float, y1: float, x2: float, y2: float) -> str:
    width, dashes = _STROKES.get(kind, (1.0, ""))
    shape: dict[str, str | float] = {"class": kind, "x1": x1, "y1": y1, "x2": x2, "y2": y2}
    pen: dict[str, str | float] = {"stroke": "currentColor", "stroke-width": width}
    return tag("line", {**shape, **pen, **({"stroke-dasharray": dashes} if dashes else {})})


def _words(kind: str, x: float, y: float, text: str, anchor: str = "start") -> str:
    place: dict[str, str | float] = {"class": kind, "x": x, "y": y, "text-anchor": anchor}
    return tag("text", {**place, "fill": "currentColor"}, escape(text))


def _data(row: ForestRow) -> tuple[Cell, ...]:
    low, high = row.deciding or (row.value, row.value)
    wide = row.wide or (None, None)
    margins = " and ".join(margin.text for margin in row.margins)
    if row.value is None:
        return (row.label, f"not assessed: {row.reason}", None, None, None, None, margins)
    return (row.label, row.value, low, high, *wide, margins)
