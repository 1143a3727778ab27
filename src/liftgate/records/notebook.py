"""How a record looks at the end of a notebook's cell, and in a plain interpreter."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from liftgate.stats.estimate import Estimate

if TYPE_CHECKING:
    from liftgate.figures import Figure
    from liftgate.figures.card import Table


class Card:
    """Shows a record as a table, with a picture where it holds an interval."""

    __slots__ = ()

    def _repr_html_(self) -> str:
        from liftgate.figures.card import card

        return card(type(self).__name__, self._says(), self._values(), self.figures())

    def figures(self) -> tuple[Figure, ...]:
        """Return the pictures of this record; ``liftgate.figures.png`` makes files of them."""
        return ()

    def _says(self) -> str:
        """Return what it says in a sentence."""
        said = getattr(self, "sentence", "")
        return str(said() if callable(said) else said)

    def _values(self) -> Table:
        """Return its values as a table."""
        from liftgate.figures.card import record_table

        return record_table(self)

    def _in_short(self, *parts: object) -> str:
        """Return a plain text for an interpreter: what matters, on one line."""
        from liftgate.figures.text import one_line

        told = "; ".join(str(part) for part in parts if part not in (None, ""))
        return one_line(f"<{type(self).__name__}: {told}>", 300)


class ModelCard:
    """Shows a model that people write as a file: its fields in short words."""

    __slots__ = ()

    def _repr_html_(self) -> str:
        from liftgate.figures.card import Table, card, words

        said = {name: getattr(self, name) for name in getattr(type(self), "model_fields")}  # noqa: B009
        rows = tuple(
            (name.replace("_", " "), words(value))
            for name, value in said.items()
            if value not in (None, "", (), [], {})
        )
        return card(type(self).__name__, "", Table(("", ""), rows))


@dataclass(frozen=True)
class Drawn:
    """One row of a picture."""

    name: str
    deciding: Estimate | None
    wide: Estimate | None
    share: bool = False
    """Whether the score runs from 0 to 1, and is shown in points; others stand alone."""


def differences(rows: Sequence[Drawn]) -> tuple[Figure, ...]:
    """Draw differences under their names, one picture for each unit; those without are left out."""
    from liftgate.figures import ForestRow, Margin, Unit, forest

    groups: dict[str, list[ForestRow]] = {}
    units: dict[str, Unit] = {}
    for drawn in rows:
        estimate, wide = drawn.deciding, drawn.wide
        if estimate is None:
            continue
        unit = Unit("points", 100.0) if drawn.share else Unit()
        key = "" if drawn.share else drawn.name
        units[key] = unit
        tested = Margin(estimate.null, f"tested {number(estimate.null, unit.factor)}")
        row = ForestRow(
            label=drawn.name,
            value=estimate.value,
            deciding=(estimate.low, estimate.high),
            wide=None if wide is None else (wide.low, wide.high),
            margins=(tested,) if estimate.null else (),
            text=number(estimate.value, unit.factor, signed=True),
        )
        groups.setdefault(key, []).append(row)
    about = "The thick bar has the limits that decide, the thin line is the 95 % interval."
    return tuple(
        forest(found, title="Difference, candidate − baseline", description=about, unit=units[key])
        for key, found in groups.items()
    )


def number(value: float | None, factor: float = 1.0, *, signed: bool = False) -> str:
    """Return a number in three digits with a true minus; None is said to be open."""
    if value is None:
        return "open"
    return f"{value * factor:{'+' if signed else ''}.3g}".replace("-", "−")


def interval(estimate: Estimate | None, factor: float = 1.0) -> str:
    """Return both ends of an estimate's interval in words; empty without an estimate."""
    if estimate is None:
        return ""
    low, high = (number(end, factor, signed=True) for end in (estimate.low, estimate.high))
    return f"{low} to {high}"
