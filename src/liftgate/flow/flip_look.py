"""What the pages of a comparison look at: two sides, wherever they come from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from liftgate.gates.pairs import Floats
from liftgate.gates.sequence import UNLABELLED
from liftgate.protocols import RowTexts
from liftgate.records import Pairs

Integers = NDArray[np.int64]
SIDES = ("baseline", "candidate")


@dataclass(frozen=True)
class Told:
    """One row as people read it."""

    repeat: str
    texts: RowTexts
    trace: Mapping[str, Any] | None


@dataclass(frozen=True)
class Rated:
    """What one person said of one answer."""

    side: str
    repeat: str
    rater: str
    """A pseudonym."""
    value: float | None
    """None: the rater declined."""
    reason: str
    of_pair: bool
    """Whether the answer was rated against another one."""


class Doors(NamedTuple):
    """The addresses of the pages."""

    list: str
    list_json: str
    item: str
    item_json: str
    codes: str
    whole: str | None
    """Of the whole comparison as JSON; None: there is none."""


class Texts(Protocol):
    """The texts of both sides, read when an item is looked at."""

    has_texts: Sequence[bool]
    """Whether there are texts at all, of each side."""
    searched: str
    """What a search looks in, in words."""

    def of(self, side: int, item: str) -> tuple[Told, ...]:
        """Return the rows of an item, by their repeat."""

    def items_with(self, text: str) -> frozenset[str]:
        """Return the items with a text in any row, capitals or not."""

    def rated(self, item: str) -> tuple[Rated, ...] | None:
        """Return what people said of an item's answers; None: nobody could have."""


class Look(Protocol):
    """Two sides opened for looking."""

    doors: Doors
    about: tuple[tuple[str, str], ...]
    """What every address begins with."""
    names: tuple[str, str]
    digests: tuple[str, str]
    sentence: str
    notes: Sequence[str]
    alpha: float
    texts: Texts
    how_to_code: str
    """How failures are drawn by lot to be coded: a command, or empty."""
    estimates: dict[tuple[Any, ...], dict[str, Any]]
    """What was estimated for a filter; the sides do not change while they are looked at."""

    @property
    def metrics(self) -> Sequence[str]:
        """The metrics by which items are compared."""

    @property
    def items(self) -> Sequence[str]:
        """The matched items, in the order of their ids."""

    @property
    def place(self) -> Mapping[str, int]:
        """Item -> its place among the items."""

    def pairs(self, metric: str) -> Pairs:
        """Return a metric's pairs. Raises UnknownName."""

    def labels(self, name: str) -> tuple[tuple[str, ...], Integers]:
        """Return a slice's values, sorted, and for each item the place of its value; shape (n,)."""

    def gain(self, metric: str) -> Floats:
        """Return candidate − baseline, larger is better; shape (n,), NaN where a score lacks."""

    def tries(self, metric: str, side: int, at: int) -> tuple[float | None, ...]:
        """Return the scores of an item's rows on one side."""

    def drawn(self, item: str) -> Sequence[Mapping[str, Any]]:
        """Return the entries of batches in which an item was drawn to have its failure coded."""


def gain_of(pairs: Pairs) -> Floats:
    """Return candidate − baseline, larger is better; shape (n,), NaN where a score lacks."""
    sign = 1.0 if pairs.scale.higher_is_better else -1.0
    return np.asarray(sign * (pairs.candidate - pairs.baseline), dtype=np.float64)


def coded(found: NDArray[np.object_]) -> tuple[tuple[str, ...], Integers]:
    """Return a slice's values, sorted, and the place of each item's value; shape (n,)."""
    texts = [UNLABELLED if label is None else str(label) for label in found]
    values = tuple(sorted(set(texts)))
    place = {value: at for at, value in enumerate(values)}
    return values, np.fromiter((place[text] for text in texts), np.int64, len(texts))
