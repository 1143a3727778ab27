"""What a picture is made of, and what it is made into."""

from __future__ import annotations

import base64
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from liftgate.errors import DataError
from liftgate.figures.standalone import standalone
from liftgate.figures.text import escape

Interval: TypeAlias = tuple[float | None, float | None]
"""Lower and upper limit in the units of the score; None: unbounded on that side."""

Cell: TypeAlias = str | float | None


@dataclass(frozen=True)
class Unit:
    """How a quantity is shown: its name and the factor from stored to shown numbers."""

    name: str = ""
    factor: float = 1.0


@dataclass(frozen=True)
class Figure:
    """A picture and the numbers behind it."""

    title: str
    description: str
    svg: str
    header: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    """One cell for each header, in the stored units; None: unbounded or not assessed."""
    unit: Unit = field(default_factory=Unit)

    def _repr_html_(self) -> str:
        """Show it at the end of a notebook's cell: a file of its own, whose style stays its own."""
        file = base64.b64encode(standalone(self.svg).encode()).decode()
        return (
            f'<figure><img alt="{escape(self.description)}" src="data:image/svg+xml;base64,{file}">'
            f"<figcaption>{escape(self.title)}</figcaption></figure>"
        )


def tag(name: str, attributes: Mapping[str, str | float], *children: str) -> str:
    """Return one element; attribute values are escaped, children are markup already."""
    written = "".join(f' {key}="{_attribute(value)}"' for key, value in attributes.items())
    return f"<{name}{written}>{''.join(children)}</{name}>" if children else f"<{name}{written}/>"


def picture(
    size: tuple[float, float], title: str, description: str, parts: Sequence[str], *, kind: str
) -> str:
    """Return the outer ``svg`` element, which scales with the width that it is given."""
    width, height = size
    frame = {"class": f"figure {kind}", "viewBox": f"0 0 {_short(width)} {_short(height)}"}
    named = (tag("title", {}, escape(title)), tag("desc", {}, escape(description)))
    return tag("svg", {**frame, "role": "img"}, *named, *parts)


def finite(place: str, *values: float | None) -> None:
    """Refuse what cannot be drawn.

    Raises:
        DataError: a value is NaN or infinite; an open end is None.
    """
    for value in values:
        if value is not None and not math.isfinite(value):
            raise DataError(f"{place}: got {value}, expected a finite number or None")


def _attribute(value: str | float) -> str:
    return escape(value) if isinstance(value, str) else _short(value)


def _short(value: float) -> str:
    text = f"{value:.2f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text
