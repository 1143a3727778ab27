"""The questions: every telling heading of the documentation, with its own section as the answer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from examples.docsearch import corpus
from examples.docsearch.rest import Section
from liftgate import Item

HEADING_WORDS = 3


def folder(path: str) -> str:
    """Return the top folder of a path; pages of no folder are together in ``top``."""
    head, _, rest = path.partition("/")
    return head if rest else "top"


def questions(sections: Sequence[Section]) -> list[Item]:
    """Return an item for each heading of at least three words that no other section carries."""
    carried = Counter(section.heading.casefold() for section in sections)
    return [
        Item(
            id=section.id,
            input={"query": section.heading},
            target=[section.id],
            cluster=section.path,
            slices={"folder": folder(section.path)},
        )
        for section in sections
        if len(section.heading.split()) >= HEADING_WORDS
        and carried[section.heading.casefold()] == 1
    ]


def items() -> list[Item]:
    """Return the dataset of the study; ``prepare.py`` must have made the corpus."""
    return questions(corpus.read())
