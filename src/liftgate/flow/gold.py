"""What a retriever should have found for an item, where somebody has said so."""

from __future__ import annotations

from collections.abc import Mapping

from liftgate.errors import DataError
from liftgate.records import Item, Json

CONTEXT, DOCUMENTS = "context", "documents"
"""The parts of an item's target (or of its metadata) that hold the gold passages and their ids."""


def _label(item: Item, part: str) -> Json:
    if isinstance(item.target, Mapping) and item.target.get(part) is not None:
        return item.target[part]
    return item.metadata.get(part)


def gold_passages(item: Item) -> tuple[str, ...] | None:
    """Return the gold passages of an item, or None where it has none.

    Raises:
        DataError: they are no texts.
    """
    given = _label(item, CONTEXT)
    if given is None:
        return None
    texts = [given] if isinstance(given, str) else given
    if not isinstance(texts, (list, tuple)) or not all(isinstance(one, str) for one in texts):
        raise DataError(f"item {item.id}: {CONTEXT}: expected text or a list of texts")
    return tuple(str(one) for one in texts) or None


def gold_documents(item: Item) -> set[str] | None:
    """Return the ids of an item's gold documents, or None where it names none."""
    given = _label(item, DOCUMENTS)
    if isinstance(given, Mapping):
        given = [name for name, grade in given.items() if isinstance(grade, (int, float)) and grade]
    listed = given if isinstance(given, (list, tuple)) else [] if given is None else [given]
    return {str(one) for one in listed} or None
