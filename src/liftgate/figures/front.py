"""Pareto picture: two objectives, one point a system, its standing by its shape and in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from liftgate.figures.axis import Axis, span, ticks
from liftgate.figures.figure import Cell, Figure, Interval, Unit, finite, picture, tag
from liftgate.figures.text import escape, one_line

_WIDTH, _HEIGHT = 400.0, 300.0
_LEFT, _RIGHT, _TOP, _BOTTOM = 52.0, 388.0, 30.0, 240.0
HEADER = ("system", "standing", "x", "x lower", "x upper", "y", "y lower", "y upper")


@dataclass(frozen=True, kw_only=True)
class FrontPoint:
    """One system in two objectives, in stored units."""

    label: str
    standing: str
    """``on the front``, ``dominated``, or anything else: open."""
    x: float
    y: float
    x_interval: Interval | None = None
    """None: exact."""
    y_interval: Interval | None = None


@dataclass(frozen=True)
class FrontAxis:
    """One objective."""

    name: str
    unit: Unit
    higher_is_better: bool


def pareto(
    points: Sequence[FrontPoint],
    *,
    x: FrontAxis,
    y: FrontAxis,
    title: str,
    description: str = "",
) -> Figure:
    """Draw systems in two objectives, with the intervals of both.

    A filled circle is shown on the front, an open one is not distinguishable, a cross is shown
    dominated; the same stands in words beside each point and in the data.

    Raises:
        DataError: a number is NaN or infinite.
    """
    for point in points:
        finite(f"point {point.label!r}", *_numbers(point, "x"), *_numbers(point, "y"))
    across = Axis(*_ends(points, "x"), _LEFT, _RIGHT)
    up = Axis(*_ends(points, "y"), _BOTTOM, _TOP)
    parts = [*_frame(across, up, x, y)]
    for place, point in enumerate(points):
        parts.extend(_point(point, across, up, place))
    said = " ".join([description, *(f"{p.label}: {p.standing}." for p in points)]).strip()
    svg = picture((_WIDTH, _HEIGHT), title, said, parts, kind="pareto")
    return Figure(title, said, svg, HEADER, tuple(_data(p) for p in points), y.unit)


def _ends(points: Sequence[FrontPoint], side: str) -> tuple[float, float]:
    return span([n for p in points for n in _numbers(p, side) if n is not None], padding=0.12)


def _numbers(point: FrontPoint, side: str) -> tuple[float | None, ...]:
    interval: Interval | None = getattr(point, f"{side}_interval")
    return (getattr(point, side), *(interval or ()))


def _frame(across: Axis, up: Axis, x: FrontAxis, y: FrontAxis) -> list[str]:
    parts = [
        _line(_LEFT, _BOTTOM, _RIGHT, _BOTTOM),
        _line(_LEFT, _TOP, _LEFT, _BOTTOM),
    ]
    for value, text in ticks(across.low * x.unit.factor, across.high * x.unit.factor, about=4):
        at = across.at(value / x.unit.factor)
        parts += [_line(at, _BOTTOM, at, _BOTTOM + 4), _words("tick", at, _BOTTOM + 17, text)]
    for value, text in ticks(up.low * y.unit.factor, up.high * y.unit.factor, about=4):
        at = up.at(value / y.unit.factor)
        parts += [_line(_LEFT - 4, at, _LEFT, at), _words("tick", _LEFT - 7, at + 4, text, "end")]
    right, above = "→" if x.higher_is_better else "←", "↑" if y.higher_is_better else "↓"
    parts.append(_words("label", _RIGHT, _BOTTOM + 36, f"{_named(x)}, better {right}", "end"))
    parts.append(_words("label", 4, 16, f"{_named(y)}, better {above}", "start"))
    key = "● on the front · ○ not distinguishable · ✕ dominated"
    return [*parts, _words("tick", 4, _HEIGHT - 6, key, "start")]


def _named(axis: FrontAxis) -> str:
    unit = f" ({axis.unit.name})" if axis.unit.name else ""
    return one_line(axis.name, 34) + unit


def _point(point: FrontPoint, across: Axis, up: Axis, place: int) -> list[str]:
    x, y = across.at(point.x), up.at(point.y)
    parts = []
    if point.x_interval is not None:
        low, high = point.x_interval
        left = across.start if low is None else across.at(low)
        parts.append(_bar(left, y, across.end if high is None else across.at(high), y))
    if point.y_interval is not None:
        low, high = point.y_interval
        bottom = up.start if low is None else up.at(low)
        parts.append(_bar(x, bottom, x, up.end if high is None else up.at(high)))
    parts.append(_mark(point.standing, x, y))
    # Labels of neighbours stand on different sides of their points.
    under = place % 2 == 1
    toward_end = x > (_LEFT + _RIGHT) / 2
    anchor, shift = ("end", -8) if toward_end else ("start", 8)
    text = one_line(point.label, 24)
    return [*parts, _words("label", x + shift, y + (17 if under else -9), text, anchor)]


def _mark(standing: str, x: float, y: float) -> str:
    if standing == "dominated":
        cross = f"M{x - 5:.2f} {y - 5:.2f}l10 10M{x - 5:.2f} {y + 5:.2f}l10 -10"
        pen: dict[str, str | float] = {"stroke": "currentColor", "stroke-width": 2.4}
        return tag("path", {"class": "mark dominated", "d": cross, "fill": "none", **pen})
    on_front = standing == "on the front"
    shape: dict[str, str | float] = {
        "class": "mark front" if on_front else "mark open",
        "cx": x,
        "cy": y,
        "r": 5.5,
        "fill": "currentColor" if on_front else "none",
        "stroke": "currentColor",
        "stroke-width": 2.0,
    }
    return tag("circle", shape)


def _line(x1: float, y1: float, x2: float, y2: float) -> str:
    shape: dict[str, str | float] = {"class": "axis", "x1": x1, "y1": y1, "x2": x2, "y2": y2}
    return tag("line", {**shape, "stroke": "currentColor"})


def _bar(x1: float, y1: float, x2: float, y2: float) -> str:
    shape: dict[str, str | float] = {"class": "wide", "x1": x1, "y1": y1, "x2": x2, "y2": y2}
    return tag("line", {**shape, "stroke": "currentColor", "stroke-width": 1.5})


def _words(kind: str, x: float, y: float, text: str, anchor: str = "middle") -> str:
    place: dict[str, str | float] = {"class": kind, "x": x, "y": y, "text-anchor": anchor}
    return tag("text", {**place, "fill": "currentColor"}, escape(text))


def _data(point: FrontPoint) -> tuple[Cell, ...]:
    x, y = point.x_interval or (point.x, point.x), point.y_interval or (point.y, point.y)
    return (point.label, point.standing, point.x, *x, point.y, *y)
