"""Interval over looks: how a claim's limits moved as items came in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from liftgate.errors import DataError
from liftgate.figures.axis import Axis, span, ticks
from liftgate.figures.figure import Cell, Figure, Unit, finite, picture, tag
from liftgate.figures.forest import Margin
from liftgate.figures.text import escape, one_line

_WIDTH, _HEIGHT = 400.0, 220.0
_LEFT, _RIGHT, _TOP, _BOTTOM = 46.0, 14.0, 22.0, 44.0
_CLOSEST = 34.0
"""Least distance between two numbers of items under the axis."""
HEADER = ("look", "items", "value", "lower limit", "upper limit", "shown")


@dataclass(frozen=True, kw_only=True)
class Look:
    """What one look showed of a claim, in stored units."""

    look: int
    items: int
    value: float | None
    """None: the method gave nothing so early."""
    low: float | None = None
    """None: unbounded."""
    high: float | None = None
    shown: bool = False
    """Whether the claim was shown by this look."""


def looks(
    path: Sequence[Look],
    *,
    title: str,
    planned: int,
    tested: Margin | None = None,
    zero: float | None = 0.0,
    description: str = "",
    unit: Unit | None = None,
) -> Figure:
    """Draw the limits of a claim at each look, against the items so far.

    A filled circle marks a look by which the claim was shown, an open one a look by which it was
    not; a limit that is unbounded runs to the edge and ends in an arrow.

    Args:
        path: at least one look, items ascending.
        title: what the plot shows, for people and screen readers.
        planned: items that were planned in all, the end of the axis.
        tested: the value that the limits are read against, with the side that fails.
        zero: where the line of "no difference" stands; None: no such line.
        description: how to read it; the numbers are added.
        unit: how the values are named and scaled.

    Raises:
        DataError: no look, items that do not rise or pass the planned ones, a number that is NaN or
            infinite.
    """
    items = [look.items for look in path]
    if not path or any(b <= a for a, b in pairwise(items)) or items[0] < 1 or items[-1] > planned:
        raise DataError(
            f"looks: got looks after {items} of {planned} items, expected one or more, ascending"
        )
    numbers = [n for look in path for n in (look.value, look.low, look.high)]
    finite("looks", *numbers, None if tested is None else tested.value)
    shown = unit or Unit()
    lines = [n for n in (zero, None if tested is None else tested.value) if n is not None]
    across = Axis(0.0, float(planned), _LEFT, _WIDTH - _RIGHT)
    up = Axis(*span([*(n for n in numbers if n is not None), *lines]), _HEIGHT - _BOTTOM, _TOP)
    parts = [*_frame(across, up, shown, zero), *_tested(tested, across, up)]
    for look in path:
        parts += _interval(look, across, up)
    parts += _items(items, planned, across)
    said = " ".join([description, *(_said(look, shown) for look in path)]).strip()
    svg = picture((_WIDTH, _HEIGHT), title, said, parts, kind="looks")
    return Figure(title, said, svg, HEADER, tuple(_data(look) for look in path), shown)


def _frame(across: Axis, up: Axis, unit: Unit, zero: float | None) -> list[str]:
    parts = [_line("axis", across.start, up.start, across.end, up.start)]
    for value, text in ticks(up.low * unit.factor, up.high * unit.factor):
        y = up.at(value / unit.factor)
        parts.append(_line("axis", across.start - 4, y, across.start, y))
        parts.append(_words("tick", across.start - 7, y + 4, text, "end"))
    if zero is not None:
        parts.append(_line("zero", across.start, up.at(zero), across.end, up.at(zero)))
    if unit.name:
        parts.append(_words("tick unit", 2, _TOP - 9, unit.name, "start"))
    return parts


def _tested(tested: Margin | None, across: Axis, up: Axis) -> list[str]:
    if tested is None:
        return []
    y = up.at(tested.value)
    top, bottom = (y, up.start) if tested.fails == "below" else (up.end, y)
    shade: dict[str, str | float] = {
        "class": "fails",
        "x": across.start,
        "y": top,
        "width": across.end - across.start,
        "height": bottom - top,
        "fill": "currentColor",
        "fill-opacity": 0.07,
    }
    text = one_line(f"- - {tested.text}", 40)
    return [
        tag("rect", shade),
        _line("margin", across.start, y, across.end, y),
        _words("margin-text", across.end, _TOP - 9, text, "end"),
    ]


def _interval(look: Look, across: Axis, up: Axis) -> list[str]:
    x = across.at(look.items)
    if look.value is None:
        return [_words("absent", x, up.start - 6, "–", "middle")]
    bottom = up.start if look.low is None else up.at(look.low)
    top = up.end if look.high is None else up.at(look.high)
    parts = [_line("deciding", x, top, x, bottom)]
    if look.low is None:
        parts.append(_arrow(x, up.start, -6))
    if look.high is None:
        parts.append(_arrow(x, up.end, 6))
    circle: dict[str, str | float] = {"cx": x, "cy": up.at(look.value), "r": 4.5}
    pen: dict[str, str | float] = {"stroke": "currentColor", "stroke-width": 1.5}
    if look.shown:
        return [*parts, tag("circle", {"class": "shown", **circle, **pen, "fill": "currentColor"})]
    return [*parts, tag("circle", {"class": "open", **circle, **pen, "fill": "none"})]


def _items(items: Sequence[int], planned: int, across: Axis) -> list[str]:
    """Write the numbers of items under the axis, the last and the planned ones first."""
    y = _HEIGHT - _BOTTOM
    parts: list[str] = []
    taken: list[float] = []
    for count in (planned, items[-1], *items[:-1]):
        x = across.at(count)
        parts.append(_line("axis", x, y, x, y + 4))
        if all(abs(x - other) >= _CLOSEST for other in taken):
            taken.append(x)
            anchor = "end" if count == planned else "middle"
            parts.append(_words("tick", x, y + 17, f"{count:,}", anchor))
    return [*parts, _words("tick", (across.start + across.end) / 2, y + 35, "items", "middle")]


def _said(look: Look, unit: Unit) -> str:
    if look.value is None:
        return f"Look {look.look}, {look.items:,} items: nothing yet."

    def text(number: float | None) -> str:
        return "unbounded" if number is None else f"{number * unit.factor:.3g}".replace("-", "−")

    state = "shown" if look.shown else "not shown"
    limits = f"limits {text(look.low)} to {text(look.high)}"
    return f"Look {look.look}, {look.items:,} items: {text(look.value)}, {limits}, {state}."


def _data(look: Look) -> tuple[Cell, ...]:
    word = "yes" if look.shown else "no"
    return (f"{look.look}", f"{look.items:,}", look.value, look.low, look.high, word)


_STROKES = {"deciding": (3.0, ""), "margin": (1.6, "4 2.5"), "zero": (1.0, "")}


def _line(kind: str, x1: float, y1: float, x2: float, y2: float) -> str:
    width, dashes = _STROKES.get(kind, (1.0, ""))
    shape: dict[str, str | float] = {"class": kind, "x1": x1, "y1": y1, "x2": x2, "y2": y2}
    pen: dict[str, str | float] = {"stroke": "currentColor", "stroke-width": width}
    return tag("line", {**shape, **pen, **({"stroke-dasharray": dashes} if dashes else {})})


def _arrow(x: float, y: float, back: float) -> str:
    path = f"M{x - 5:.2f} {y + back:.2f}L{x:.2f} {y - back / 3:.2f}L{x + 5:.2f} {y + back:.2f}z"
    return tag("path", {"class": "arrow deciding", "d": path, "fill": "currentColor"})


def _words(kind: str, x: float, y: float, text: str, anchor: str) -> str:
    place: dict[str, str | float] = {"class": kind, "x": x, "y": y, "text-anchor": anchor}
    return tag("text", {**place, "fill": "currentColor"}, escape(text))
