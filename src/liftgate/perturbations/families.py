"""The families by name, each with its contract."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from liftgate.errors import UnknownName
from liftgate.perturbations.context import irrelevant_context
from liftgate.perturbations.order import order
from liftgate.perturbations.spelling import casing, confusables, typos
from liftgate.perturbations.subject import Changed, Subject

IDENTITY = "identity"
"""The family that changes nothing: whatever differs under it is noise."""


class Contract(StrEnum):
    """What a perturbation does to the right answer."""

    INVARIANT = "invariant"
    """It stays what it was."""
    DIRECTIONAL = "directional"
    """It moves in a known way, and the target moves along."""


@dataclass(frozen=True)
class Family:
    """One way of changing items."""

    name: str
    contract: Contract
    keeps: str
    """What must not change, in words."""
    rate: float | None
    """The share that is changed unless said otherwise; None: there is no such share."""
    change: Callable[[Subject], Changed]


def identity(subject: Subject) -> Changed:
    """Change nothing."""
    return Changed(subject.input, subject.target, "nothing")


FAMILIES: Mapping[str, Family] = {
    family.name: family
    for family in (
        Family(IDENTITY, Contract.INVARIANT, "everything", None, identity),
        Family(
            "typos",
            Contract.INVARIANT,
            "the first letter of every word, words under 4 letters, protected spans",
            0.1,
            typos,
        ),
        Family(
            "casing",
            Contract.INVARIANT,
            "the letters but for their case, lines and indentation, protected spans",
            0.3,
            casing,
        ),
        Family(
            "confusables",
            Contract.INVARIANT,
            "how the text looks, protected spans",
            0.1,
            confusables,
        ),
        Family(
            "context",
            Contract.INVARIANT,
            "the whole text, to which a sentence is added",
            None,
            irrelevant_context,
        ),
        Family(
            "order",
            Contract.DIRECTIONAL,
            "which option is right: its letter moves along; of examples, the examples",
            None,
            order,
        ),
    )
}


def family(name: str) -> Family:
    """Return a family. Raises UnknownName."""
    if name not in FAMILIES:
        raise UnknownName("family of perturbations", name, FAMILIES)
    return FAMILIES[name]
