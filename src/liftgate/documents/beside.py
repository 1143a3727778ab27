"""The files beside a document: made from the same facts, and made again to be checked."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from liftgate.documents import croissant, design, front_pictures, model_card, publication
from liftgate.documents.facts import Facts
from liftgate.errors import UnknownName


@dataclass(frozen=True)
class Source:
    """What a document is built from, beside its facts."""

    leaf: str
    """The digest of the entry."""
    time: str
    """When the entry was made, in ISO format."""
    seen: int = 0
    """How many entries the ledger had."""
    about: Mapping[str, Any] | None = None
    """What people say, which no ledger knows; None: nothing."""


def head(sort: str, facts: Facts, source: Source, *, arm: str) -> str:
    """Return the head that a document of a sort carries; empty for most.

    Raises:
        UnknownName: there is no such sort.
        DataError: people have not said what the sort needs.
    """
    if sort not in SORTS:
        raise UnknownName("sort of files", sort, SORTS)
    if sort == CROISSANT:
        croissant.said_of(source.about or {})
    return model_card.front_matter(facts, arm) if sort == MODEL_CARD else ""


def companions(
    sorts: Iterable[str], facts: Facts, source: Source, *, arm: str
) -> Mapping[str, str]:
    """Return the files of some sorts, by their path from the document.

    Raises:
        UnknownName: there is no such sort.
    """
    made: dict[str, str] = {}
    for sort in sorts:
        if sort not in SORTS:
            raise UnknownName("sort of files", sort, SORTS)
        made.update(SORTS[sort](facts, source, arm))
    return made


def _model_card(facts: Facts, source: Source, arm: str) -> Mapping[str, str]:
    return model_card.companions(facts, arm, leaf=source.leaf, time=source.time)


def _croissant(facts: Facts, source: Source, _arm: str) -> Mapping[str, str]:
    return croissant.companions(facts.table("dataset"), source.about or {})


def _osf(facts: Facts, _source: Source, _arm: str) -> Mapping[str, str]:
    return design.companions(facts.table("design"))


def _front(facts: Facts, _source: Source, _arm: str) -> Mapping[str, str]:
    return front_pictures.companions(facts.table("front"))


def _publication(facts: Facts, source: Source, _arm: str) -> Mapping[str, str]:
    return publication.companions(facts, source.about or {})


MODEL_CARD, CROISSANT = "model-card", "croissant"
SORTS: dict[str, Callable[[Facts, Source, str], Mapping[str, str]]] = {
    MODEL_CARD: _model_card,
    CROISSANT: _croissant,
    "osf": _osf,
    "front": _front,
    "publication": _publication,
}
