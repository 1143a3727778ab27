"""Operating characteristic: how often each outcome comes, against the true effect."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TypeAlias

from liftgate.errors import DataError
from liftgate.figures.axis import Axis, span, ticks
from liftgate.figures.figure import Figure, Unit, finite, picture, tag
from liftgate.figures.text import escape

Band: TypeAlias = tuple[float, float, float]
"""A share with its lower and upper limit."""

_WIDTH, _HEIGHT = 480.0, 300.0
_LEFT, _RIGHT, _TOP, _BOTTOM = 44.0, 84.0, 14.0, 46.0
_CLOSEST = 13.0
"""Least distance between two lines of text."""
_DASHES = {"SHIP": "", "HOLD": "2 3", "can't tell": "7 3"}
HEADER = (
    "true effect",
    "ships",
    "from",
    "to",
    "is held",
    "from",
    "to",
    "can't tell",
    "from",
    "to",
)


@dataclass(frozen=True)
class Outcome:
    """How often each outcome comes at one true effect."""

    effect: float
    """In stored units."""
    ship: Band
    hold: Band
    open: Band


def outcomes(
    rows: Sequence[Outcome],
    *,
    title: str,
    description: str = "",
    unit: Unit | None = None,
    axis: str = "true effect",
) -> Figure:
    """Draw the shares of three outcomes as lines with bands; each line has its own dashes.

    Args:
        rows: at least two, effects ascending.
        title: what the plot shows, for people and screen readers.
        description: how to read it.
        unit: how effects are scaled on the axis.
        axis: what stands under the axis.

    Raises:
        DataError: fewer than two effects, not ascending, or a number that is NaN or infinite.
    """
    effects = [row.effect for row in rows]
    finite("outcomes", *effects, *(x for row in rows for x in (*row.ship, *row.hold, *row.open)))
    if len(rows) < 2 or any(b <= a for a, b in pairwise(effects)):
        raise DataError(f"outcomes: got the effects {effects}, expected two or more, ascending")
    shown = unit or Unit()
    across = Axis(*span(effects, padding=0.0), _LEFT, _WIDTH - _RIGHT)
    up = Axis(0.0, 1.0, _HEIGHT - _BOTTOM, _TOP)
    series = {
        "SHIP": [row.ship for row in rows],
        "HOLD": [row.hold for row in rows],
        "can't tell": [row.open for row in rows],
    }
    parts = _frame(across, up, shown, axis)
    for name, bands in series.items():
        parts += _line(name, effects, bands, across, up)
    parts += _names({name: bands[-1][0] for name, bands in series.items()}, across, up)
    svg = picture((_WIDTH, _HEIGHT), title, description, parts, kind="outcomes")
    data = tuple((row.effect, *row.ship, *row.hold, *row.open) for row in rows)
    return Figure(title, description, svg, HEADER, data, shown)


def _frame(across: Axis, up: Axis, unit: Unit, name: str) -> list[str]:
    bottom, right = up.at(0.0), across.end
    parts = []
    for share in (0.0, 0.25, 0.5, 0.75, 1.0):
        y = up.at(share)
        faint: dict[str, str | float] = {
            "stroke": "currentColor",
            "stroke-width": 0.5,
            "stroke-opacity": 0.3,
        }
        parts.append(tag("line", {"x1": across.start, "y1": y, "x2": right, "y2": y, **faint}))
        parts.append(_words(across.start - 6, y + 4, f"{100 * share:.0f} %", "end"))
    for value, text in ticks(across.low * unit.factor, across.high * unit.factor):
        x = across.at(value / unit.factor)
        mark: dict[str, str | float] = {
            "stroke": "currentColor",
            "x1": x,
            "y1": bottom,
            "x2": x,
            "y2": bottom + 4,
        }
        parts.append(tag("line", {"class": "axis", **mark}))
        parts.append(_words(x, bottom + 17, text, "middle"))
    if across.low < 0 < across.high:
        x = across.at(0.0)
        zero: dict[str, str | float] = {
            "stroke": "currentColor",
            "stroke-width": 0.8,
            "stroke-opacity": 0.6,
        }
        parts.append(
            tag("line", {"class": "zero", "x1": x, "y1": _TOP, "x2": x, "y2": bottom, **zero})
        )
    return [*parts, _words((across.start + right) / 2, bottom + 36, name, "middle")]


def _line(
    name: str, effects: Sequence[float], bands: Sequence[Band], across: Axis, up: Axis
) -> list[str]:
    xs = [across.at(effect) for effect in effects]
    upper = [f"{x:.1f},{up.at(high):.1f}" for x, (_, _, high) in zip(xs, bands, strict=True)]
    lower = [f"{x:.1f},{up.at(low):.1f}" for x, (_, low, _) in zip(xs, bands, strict=True)]
    middle = [f"{x:.1f},{up.at(value):.1f}" for x, (value, _, _) in zip(xs, bands, strict=True)]
    area = {"points": " ".join([*upper, *reversed(lower)]), "fill": "currentColor"}
    pen: dict[str, str | float] = {"fill": "none", "stroke": "currentColor", "stroke-width": 1.8}
    dashes = {"stroke-dasharray": _DASHES[name]} if _DASHES[name] else {}
    return [
        tag("polygon", {"class": "band", **area, "fill-opacity": 0.15}),
        tag("polyline", {"class": "trace", "points": " ".join(middle), **pen, **dashes}),
    ]


def _names(last: dict[str, float], across: Axis, up: Axis) -> list[str]:
    """Write each line's name at its end, no two on top of each other."""
    parts: list[str] = []
    free = -_CLOSEST
    for name, share in sorted(last.items(), key=lambda pair: -pair[1]):
        y = max(up.at(share) + 4, free + _CLOSEST)
        parts.append(_words(across.end + 6, y, name, "start"))
        free = y
    return parts


def _words(x: float, y: float, text: str, anchor: str) -> str:
    place: dict[str, str | float] = {"x": x, "y": y, "text-anchor": anchor}
    look: dict[str, str | float] = {"class": "tick", "fill": "currentColor", "font-size": 12.0}
    return tag("text", {**place, **look}, escape(text))
