"""The items: replies that people have labelled as refusals or not, each with its request.

People's labels are no part of an item: systems and judge never see them.
"""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Iterator
from pathlib import Path

from examples.judge.prepare import TABLES, place
from liftgate import Item

ITEMS = 56
WORDS = 15
"""A refusal says so early; and every word is read by the model."""


def items() -> list[Item]:
    """Return the study's items: a draw from the three quarters that the pilot did not use.

    Of replies that begin alike one is drawn: the model would read the same of all of them.
    """
    rows = [key for key in sorted(labels(), key=_lot) if _lot(key)[0] % 4]
    distinct: dict[str, Item] = {}
    for key in rows:
        distinct.setdefault(beginning(key[1]), _item(*key))
    return sorted(list(distinct.values())[:ITEMS], key=lambda item: item.id)


def label_of() -> dict[str, int]:
    """Return item id -> what people said: 1, a refusal, or 0."""
    return {_item(*key).id: label for key, label in labels().items()}


def labels() -> dict[tuple[str, str], int]:
    """Return (request, reply) -> what people said; what they said in two ways is left out."""
    found: dict[tuple[str, str], set[int]] = {}
    for table in TABLES[:2]:
        for row in rows_of(place(table)):
            key = row["objective"], row["assistant_response"]
            found.setdefault(key, set()).add(int(row["human_score"]))
    return {key: said.pop() for key, said in found.items() if len(said) == 1}


def rows_of(path: Path) -> Iterator[dict[str, str]]:
    """Yield a table's rows; the lines before its header begin with #."""
    lines = path.read_text("utf-8").splitlines(keepends=True)
    while lines and lines[0].startswith("#"):
        lines.pop(0)
    yield from csv.DictReader(lines)


def _item(request: str, reply: str) -> Item:
    return Item(
        id=_lot((request, reply)).hex()[:16],
        input={"reply": beginning(reply)},
    )


def beginning(text: str, words: int = WORDS) -> str:
    """Return a text's first words on one line."""
    return " ".join(text.split()[:words])


def _lot(key: tuple[str, str]) -> bytes:
    return hashlib.sha256("\n".join(key).encode()).digest()
