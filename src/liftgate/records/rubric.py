"""What a rating is about: one question, an anchored scale, examples. For judges and for people."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from functools import cached_property
from typing import Any

from liftgate.canon import digest
from liftgate.records.notebook import Card


class RubricKind(StrEnum):
    """The level of measurement of a rubric's values."""

    NOMINAL = "nominal"
    """Names without an order: kinds of failure."""
    BINARY = "binary"
    """No or yes, 0 or 1."""
    ORDINAL = "ordinal"
    """An order, its steps of unknown size: consecutive whole numbers."""
    INTERVAL = "interval"
    """Numbers whose differences mean something."""


class RubricUnit(StrEnum):
    """What is rated at a time."""

    ANSWER = "answer"
    STATEMENT = "statement"
    """One checkable sentence of an answer."""
    PAIR = "pair"
    """Two answers to one item, in an order: the value is the first one's."""


class Shown(StrEnum):
    """What whoever rates sees beside the answer."""

    INPUT = "input"
    SOURCE = "source"
    """The text that the answer is to be judged against, and nothing else is known."""
    REFERENCE = "reference"
    """The item's target."""


@dataclass(frozen=True)
class Anchor:
    """One value that a rating can take."""

    value: float
    label: str
    """One or two words; what a judge answers and what a button says."""
    meaning: str
    """When it is given, in a sentence."""
    key: str
    """The one letter or digit that gives it: what a rater presses, a judge's one-token answer."""


@dataclass(frozen=True)
class RubricScale:
    """The values of a rubric, each with its anchor, from low to high."""

    kind: RubricKind
    anchors: tuple[Anchor, ...]

    @property
    def values(self) -> tuple[float, ...]:
        """The values, in the order of the anchors."""
        return tuple(anchor.value for anchor in self.anchors)

    @property
    def low(self) -> float:
        """The smallest value."""
        return min(self.values)

    @property
    def high(self) -> float:
        """The largest value."""
        return max(self.values)

    def at(self, value: float) -> Anchor | None:
        """Return the anchor of a value, or None when the scale does not have it."""
        return next((anchor for anchor in self.anchors if anchor.value == value), None)

    def value_of(self, given: object) -> float | None:
        """Return the value that a label, a key or a number names; None: the scale has none such."""
        if isinstance(given, str):
            anchor = self.named(given)
            if anchor is not None:
                return anchor.value
            try:
                given = float(given)
            except ValueError:
                return None
        if not isinstance(given, (int, float)):
            return None
        anchor = self.at(float(given))
        return None if anchor is None else anchor.value

    def named(self, name: str) -> Anchor | None:
        """Return the anchor of a label or a key, whatever its case, or None."""
        wanted = name.strip().casefold()
        for anchor in self.anchors:
            if wanted in (anchor.label.casefold(), anchor.key.casefold()):
                return anchor
        return None


@dataclass(frozen=True)
class RubricExample:
    """One rated answer, for whoever rates; texts that do not apply are empty."""

    answer: str
    value: float
    why: str
    input: str = ""
    source: str = ""
    reference: str = ""
    second: str = ""
    """Of a pair: the other answer."""


@dataclass(frozen=True)
class Rubric(Card):
    """A question with an anchored scale. A changed word is another rubric: see ``digest``."""

    name: str
    version: str
    source: str
    """Where the idea comes from: paper, standard, or who decided."""
    question: str
    scale: RubricScale
    instructions: str = ""
    """What else whoever rates must know."""
    examples: tuple[RubricExample, ...] = ()
    unit: RubricUnit = RubricUnit.ANSWER
    shows: tuple[Shown, ...] = (Shown.INPUT,)
    higher_is_better: bool = True

    @cached_property
    def digest(self) -> str:
        """Digest of everything that whoever rates may see, and of the version."""
        return digest(self.as_json())

    def as_json(self) -> Mapping[str, Any]:
        """Return the rubric as JSON values."""
        return asdict(self)
