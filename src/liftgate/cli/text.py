"""Foreign text on a terminal: nothing in it may move the cursor, reorder or forge a line."""

from __future__ import annotations


def visible(text: str) -> str:
    """Return a text for one line of a terminal: what cannot be seen is named, line ends too."""
    return paragraphs(text).replace("\n", "⟨U+000A⟩").replace("\t", " ")


def paragraphs(text: str) -> str:
    """Return a text whose own line ends are meant; other control characters are named."""
    from liftgate.figures.text import visible as named

    return named(text)
