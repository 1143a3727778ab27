"""Simulated worlds: pilot rows, drawn as whole clusters with weights that put effects in place."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from liftgate.errors import NotEnoughData
from liftgate.gates.calibrate.quantities import Quantity
from liftgate.gates.calibrate.rows import Floats, Rows
from liftgate.gates.calibrate.tilt import tilted

ALL_KEPT = "discordance and correlation kept"
SPREADS_KEPT = "discordance kept, correlation not"
MEANS_ONLY = "means only: neither discordance nor correlation could be kept"
FEWEST_EFFECTIVE = 20.0
"""Weights that vary as much as this many equal ones would: fewer are single rows, not a world."""


@dataclass(frozen=True)
class Placed:
    """A quantity with its true mean over items in a world."""

    quantity: Quantity
    mean: float
    name: str = ""
    """Who asks for it, for errors: a claim's title."""


@dataclass(frozen=True, eq=False)
class World:
    """Rows with their weights: a population of clusters with known effects."""

    rows: Rows
    weights: Floats
    kept: str
    """What of the pilot's second moments the weights keep."""

    def mean(self, quantity: Quantity) -> float:
        """Return the true mean over items of a quantity."""
        column = self.rows.columns[quantity]
        return float(self.weights @ column.sums / (self.weights @ column.sizes))

    @property
    def effective(self) -> float:
        """How many equally weighted rows would vary as little (Kish 1965)."""
        return float(1 / np.sum(self.weights**2))

    def draw(self, runs: int, units: int, rng: np.random.Generator) -> NDArray[np.intp]:
        """Draw whole clusters with replacement; returns row numbers, shape (runs, units).

        By the alias method (Walker 1977, ACM TOMS 3, 253–256): each cell of equal width holds at
        most two rows, so that a draw needs no search.
        """
        share, other = self._cells
        place = rng.random((runs, units))
        place *= share.size
        cell = place.astype(np.intp)
        place -= cell
        return np.where(place < share.take(cell), cell, other.take(cell))

    @cached_property
    def _cells(self) -> tuple[Floats, NDArray[np.intp]]:
        """For each cell the share of its own row, and the row that has the rest."""
        count = self.weights.size
        share, other = self.weights * count, np.arange(count)
        small = [int(row) for row in np.flatnonzero(share < 1)]
        large = [int(row) for row in np.flatnonzero(share >= 1)]
        while small and large:
            low, high = small.pop(), large[-1]
            other[low] = high
            share[high] -= 1 - share[low]
            if share[high] < 1:
                small.append(large.pop())
        # What is left over is 1 but for rounding.
        share[[*small, *large]] = 1.0
        return share, other


def world(rows: Rows, placed: Sequence[Placed], start: Floats | None = None) -> World:
    """Return the world nearest to the pilot in which some quantities have given means.

    Rows are tilted exponentially. Beside the means, the second moments ``E d²`` and ``E d·d'`` of
    all differences stay the pilot's where that is possible, then the ``E d²`` alone, else none;
    ``World.kept`` says which.

    Args:
        rows: the pilot's.
        placed: the true means.
        start: shape (rows,): weights of the rows before the tilt; None: all alike.

    Raises:
        NotEnoughData: no weights reach the means, or only those of fewer than 20 rows; the message
            names who asks for them.
    """
    base = np.full(rows.sizes.size, 1 / rows.sizes.size) if start is None else start / start.sum()
    means = [_centred(rows, one) for one in placed]
    wanted: tuple[tuple[str, list[Floats]], ...] = (
        (ALL_KEPT, _second(rows, base, cross=True)),
        (SPREADS_KEPT, _second(rows, base, cross=False)),
        (MEANS_ONLY, []),
    )
    for kept, more in wanted:
        weights = tilted(base, np.column_stack([*means, *more]))
        made = None if weights is None else World(rows, weights, kept)
        if made is not None and made.effective >= FEWEST_EFFECTIVE:
            return made
    raise NotEnoughData(
        f"the items cannot show {_listed(placed)}: no weighting of their {rows.clusters} clusters "
        "has that mean, beyond single ones",
        hint="a larger pilot, or one whose systems differ more, reaches farther; without a pilot "
        "the gate is simulated over a grid of assumed spreads",
    )


def _centred(rows: Rows, one: Placed) -> Floats:
    column = rows.columns[one.quantity]
    return column.sums - one.mean * column.sizes


def _second(rows: Rows, base: Floats, *, cross: bool) -> list[Floats]:
    """Return what keeps spreads, products between metrics, and the size of clusters."""
    moved = [q for q in rows.columns if q.inside is None and q == q.difference]
    found = []
    for quantity in moved:
        column = rows.columns[quantity]
        found.append(_kept_share(column.squares, rows.sizes, base))
        if rows.clustered:
            found.append(_kept(column.sums**2, base))
    if rows.clustered:
        found.append(_kept(rows.sizes, base))
    if cross:
        for one, other in combinations(moved, 2):
            found.append(_kept(rows.columns[one].sums * rows.columns[other].sums, base))
    return found


def _kept(values: Floats, base: Floats) -> Floats:
    return values - float(base @ values)


def _kept_share(values: Floats, sizes: Floats, base: Floats) -> Floats:
    return values - float(base @ values / (base @ sizes)) * sizes


def _listed(placed: Iterable[Placed]) -> str:
    return ", ".join(f"{one.name or one.quantity.metric} at {_number(one.mean)}" for one in placed)


def _number(value: float) -> str:
    return f"{value:+.4g}".replace("-", "−") if value else "0"
