"""Foreign text on a terminal: nothing in it may move the cursor, reorder or forge a line."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from liftgate.store import Contents


def visible(text: str) -> str:
    """Return a text for one line of a terminal: what cannot be seen is named, line ends too."""
    return paragraphs(text).replace("\n", "⟨U+000A⟩").replace("\t", " ")


def paragraphs(text: str) -> str:
    """Return a text whose own line ends are meant; other control characters are named."""
    from liftgate.figures.text import visible as named

    return named(text)


def contents_sentence(contents: Contents) -> str:
    """Say what became of answers and traces."""
    lost = f"{contents.lost:,} lost"
    if contents.lost:
        lost += " (gone without having been erased: was the blob store copied with the rest?)"
    return f"Answers and traces: {contents.kept:,} kept, {contents.erased:,} erased, {lost}"
