"""Foreign text made safe to look at: what cannot be seen is named, markup becomes text."""

from __future__ import annotations

import unicodedata
from html import escape as _escape

_KEPT = frozenset("\n\t\u200c\u200d")
"""Not printable by Python's book, and wanted: line ends, tabs, and the two joiners of scripts."""


def visible(text: str) -> str:
    """Return a text in which control, bidirectional and other unseen characters are named.

    A text that hides an override or a null byte shows ``⟨U+202E⟩`` or ``⟨U+0000⟩`` in its place,
    so that it can neither reorder the line it stands in nor break the document. Line ends become
    one kind; unpaired surrogates are named too, so that the result can always be encoded.
    """
    if text.isprintable():
        return text
    return "".join(_shown(c) for c in text.replace("\r\n", "\n"))


def escape(text: str) -> str:
    """Return a text for the inside of an element or of a quoted attribute, in XML and HTML."""
    return _escape(visible(text), quote=True)


def one_line(text: str, length: int) -> str:
    """Return a text on one line, cut to a number of characters with an ellipsis."""
    flat = " ".join(visible(text).split())
    return flat if len(flat) <= length else flat[: max(length - 1, 1)].rstrip() + "…"


_NAME = 80
"""Characters of a foreign name that a line shows."""


def quoted(name: str) -> str:
    """Return a foreign name in quotation marks, as Python writes it; a long one is shortened."""
    return repr(name if len(name) <= _NAME else one_line(name[: 2 * _NAME], _NAME))


def _shown(character: str) -> str:
    if character.isprintable() or character in _KEPT:
        return character
    if unicodedata.category(character) == "Zs":
        return character
    return f"⟨U+{ord(character):04X}⟩"
