"""A line for a table cell: a handful of numbers in the order in which they came."""

from __future__ import annotations

from collections.abc import Sequence

from liftgate.errors import DataError
from liftgate.figures.axis import Axis, span
from liftgate.figures.figure import Figure, Unit, finite, picture, tag


def sparkline(
    values: Sequence[float],
    *,
    title: str,
    limit: float | None = None,
    unit: Unit | None = None,
) -> Figure:
    """Draw values as dots on a line, from the first to the last, with an optional limit line.

    Raises:
        DataError: there are no values, or one is NaN or infinite.
    """
    if not values:
        raise DataError("sparkline: got no values, expected at least one")
    finite("sparkline", *values, limit)
    across = Axis(0, max(len(values) - 1, 1), 5, 115)
    low, high = span([*values, *([] if limit is None else [limit])])
    up = Axis(low, high, 27, 3)
    points = [(across.at(i), up.at(v)) for i, v in enumerate(values)]
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    line = {"class": "trace", "points": path, "fill": "none", "stroke": "currentColor"}
    parts = [tag("polyline", {**line, "stroke-width": 1.2})]
    if limit is not None:
        ends: dict[str, str | float] = {"x1": 0.0, "x2": 120.0, "y1": up.at(limit)}
        ends |= {"y2": up.at(limit), "stroke": "currentColor", "stroke-dasharray": "4 2.5"}
        parts.append(tag("line", {"class": "margin", **ends}))
    dot: dict[str, str | float] = {"class": "point", "r": 2.2, "fill": "currentColor"}
    parts.extend(tag("circle", {**dot, "cx": x, "cy": y}) for x, y in points)
    svg = picture((120, 30), title, f"{len(values)} values", parts, kind="spark")
    rows = tuple((str(i), v) for i, v in enumerate(values, start=1))
    return Figure(title, f"{len(values)} values", svg, ("number", "value"), rows, unit or Unit())
