"""What the pages of a comparison look at: two sides, wherever they come from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple, Protocol
from urllib.parse import urlencode

import numpy as np
from numpy.typing import NDArray

from liftgate.gates.pairs import Floats
from liftgate.gates.sequence import UNLABELLED
from liftgate.protocols import RowTexts
from liftgate.records import Pairs

Integers = NDArray[np.int64]
SIDES = ("baseline", "candidate")
SLICE = "slice."


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


@dataclass(frozen=True)
class Filter:
    """What is looked at; every field stands in the address."""

    metric: str
    move: str = "changed"
    slices: tuple[tuple[str, str], ...] = ()
    text: str = ""
    page: int = 1
    diff: bool = True
    flags: tuple[str, ...] = ()
    flagged: bool = False
    people: bool = True
    """Whether what people said of the answers is shown."""
    codes: tuple[tuple[str, str], ...] = ()
    """Item -> how it fails, by a code of the taxonomy."""
    about: tuple[tuple[str, str], ...] = ()
    """What the sides are of, where the pages do not say."""

    def query(self, **changes: Any) -> str:
        """Return the address's query with some fields changed; what is as at first is left out."""
        found = replace(self, **changes) if changes else self
        pairs: list[tuple[str, str]] = [*found.about, ("metric", found.metric)]
        pairs += [("move", found.move)] if found.move != "changed" else []
        pairs += [(SLICE + name, value) for name, value in found.slices]
        pairs += [("q", found.text)] if found.text else []
        pairs += [("page", str(found.page))] if found.page > 1 else []
        pairs += [] if found.diff else [("diff", "off")]
        pairs += [("flag", item) for item in found.flags]
        pairs += [("flagged", "1")] if found.flagged else []
        pairs += [] if found.people else [("people", "off")]
        pairs += [("code", f"{code}:{item}") for item, code in found.codes]
        return urlencode(pairs)


class Texts(Protocol):
    """The texts of both sides, read when an item is looked at."""

    @property
    def has_texts(self) -> Sequence[bool]:
        """Whether there are texts at all, of each side."""

    @property
    def searched(self) -> str:
        """What a search looks in, in words."""

    def of(self, side: int, item: str) -> tuple[Told, ...]:
        """Return the rows of an item, by their repeat."""

    def items_with(self, text: str) -> frozenset[str]:
        """Return the items with a text in any row, capitals or not."""

    def rated(self, item: str) -> tuple[Rated, ...] | None:
        """Return what people said of an item's answers; None: nobody could have."""


class Look(Protocol):
    """Two sides opened for looking."""

    estimates: dict[tuple[Any, ...], dict[str, Any]]
    """What was estimated for a filter; the sides do not change while they are looked at."""

    @property
    def doors(self) -> Doors:
        """The addresses of the pages."""

    @property
    def about(self) -> tuple[tuple[str, str], ...]:
        """What every address begins with."""

    @property
    def names(self) -> tuple[str, str]:
        """Of the baseline and of the candidate."""

    @property
    def digests(self) -> tuple[str, str]:
        """What tells the two apart for good: of the files, or of the systems."""

    @property
    def sentence(self) -> str:
        """What was found, in one sentence."""

    @property
    def notes(self) -> Sequence[str]:
        """What a reader must know."""

    @property
    def alpha(self) -> float:
        """The level that was decided at; nothing here is decided."""

    @property
    def texts(self) -> Texts:
        """The texts of both sides."""

    @property
    def how_to_code(self) -> str:
        """How failures are drawn by lot to be coded: a command, or empty."""

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
