"""Coding failures while looking: a word of the taxonomy for an item, kept in the address."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterable
from functools import cache
from typing import Any

from liftgate.documents.page import clip
from liftgate.errors import DataError
from liftgate.failures.coding import COLUMNS
from liftgate.failures.taxonomy import Taxonomy, load_taxonomy
from liftgate.flow.flip_look import Filter, Look
from liftgate.humans.sheets import harmless

_MOST = 50


def codes_of(given: Iterable[str]) -> tuple[tuple[str, str], ...]:
    """Read ``CODE:ITEM`` as an address has it; of an item the last one holds, empty takes it back.

    Raises:
        DataError: no colon in it.
        UnknownName: no such code.
    """
    found: dict[str, str] = {}
    for text in given:
        code, colon, item = text.partition(":")
        if not colon:
            raise DataError(f"code: got {text[:80]!r}, expected CODE:ITEM")
        found.pop(item, None)
        if code:
            found[item] = _taxonomy().code(code).name
    return tuple(found.items())[:_MOST]


def coding_of_list(look: Look, asked: Filter) -> dict[str, Any]:
    """Return how often each code was given, and where the sheet is."""
    counts = Counter(code for _, code in asked.codes)
    return {
        "codes": [
            {"code": code, "meaning": _taxonomy().code(code).meaning, "items": items}
            for code, items in counts.most_common()
        ],
        "items": [{"item": item, "code": code} for item, code in asked.codes],
        "sheet": asked.query() if asked.codes else None,
        "by_lot": look.how_to_code,
    }


def coding_of_item(look: Look, asked: Filter, item: str) -> dict[str, Any]:
    """Return the codes to choose from, the one that was chosen, and where the item was drawn."""
    chosen = dict(asked.codes).get(item)
    others = tuple((i, c) for i, c in asked.codes if i != item)
    return {
        "chosen": chosen,
        "meaning": "" if chosen is None else _taxonomy().code(chosen).meaning,
        "taxonomy": f"{_taxonomy().name} {_taxonomy().version}",
        "options": [
            {"code": one.name, "meaning": one.meaning, "group": one.group}
            for one in _taxonomy().codes.values()
        ],
        "others": [f"{code}:{name}" for name, code in others],
        "full": len(others) >= _MOST,
        "drawn": list(look.drawn(item)),
        "by_lot": look.how_to_code,
    }


def sheet_of(asked: Filter) -> str:
    """Return the codes of an address as the sheet that ``failures`` reads; the coder is open."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for item, code in asked.codes:
        row = [item, "", code, "", "", f"seen with {clip(asked.metric, 80)}"]
        writer.writerow([harmless(cell) for cell in row])
    return text.getvalue()


@cache
def _taxonomy() -> Taxonomy:
    return load_taxonomy()
