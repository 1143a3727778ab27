"""What no family touches inside a text: whatever a letter more or less would make something else.

Only ASCII is looked at, by fixed rules, so that a newer Unicode database changes no bytes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from liftgate.records import Json

Span = tuple[int, int]
OPTION = re.compile(r"^([ \t]*\(?)([A-Z])([.):]\)?[ \t]+)(\S.*)$", re.MULTILINE)
"""A line that offers an answer: ``B) Paris``, ``(B) Paris``, ``B. Paris``."""
_WHOLE = (
    re.compile(r"```.*?(?:```|\Z)", re.DOTALL),
    re.compile(r"`[^`\n]*`"),
    re.compile(r'"[^"\n]{1,80}"'),
    re.compile(r"\{[^{}\n]{1,80}\}"),
    re.compile(r"<[^<>\n]{1,80}>"),
    re.compile(r"\$[^$\n]{1,200}\$"),
    OPTION,
)
_TOKEN = re.compile(r"\S+")
_CODE = frozenset("_/\\@=#~^|+*")
_EDGES = "\"'.,;:!?()[]{}<>"


def protected(text: str, target: Json) -> list[Span]:
    """Return the spans that must stay as they are, sorted and without overlap.

    Protected are code (fenced, between backticks, identifiers, paths), addresses, placeholders,
    tags, formulas, short quotations, lines that offer an option, words with a digit, words in
    capitals (a single letter is an option's, several are a name), and the target's own texts.
    """
    return _merged([*_found(text), *_of_target(text, target)])


def outside(spans: Sequence[Span], start: int, end: int) -> bool:
    """Whether a stretch of text touches none of the spans."""
    return all(end <= first or start >= last for first, last in spans)


def free_words(text: str, spans: Sequence[Span], least: int = 1) -> list[Span]:
    """Return the words of ASCII letters that may be changed, each whole between plain neighbours.

    A letter with an accent beside it, or a mark that joins it, keeps a word as it is.
    """
    words = []
    at = 0
    for found in re.finditer(rf"[A-Za-z]{{{least},}}", text):
        start, end = found.span()
        while at < len(spans) and spans[at][1] <= start:
            at += 1
        if at < len(spans) and spans[at][0] < end:
            continue
        if _plain(text, start - 1) and _plain(text, end):
            words.append((start, end))
    return words


def texts_in(value: Json) -> Iterator[str]:
    """Yield every text in a JSON value."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for one in value.values():
            yield from texts_in(one)
    elif isinstance(value, Sequence):
        for one in value:
            yield from texts_in(one)


def _found(text: str) -> Iterator[Span]:
    for pattern in _WHOLE:
        yield from (found.span() for found in pattern.finditer(text))
    for found in _TOKEN.finditer(text):
        if _is_literal(found[0]):
            yield found.span()


def _is_literal(token: str) -> bool:
    word = token.strip(_EDGES)
    if any(letter.isdecimal() or letter in _CODE for letter in word):
        return True
    if "://" in token or "." in word or "(" in word or ":" in word:
        return True
    return word != word.lower() and (word.isupper() or word[1:] != word[1:].lower())


def _of_target(text: str, target: Json) -> Iterator[Span]:
    for wanted in texts_in(target):
        if wanted.strip():
            pattern = re.compile(re.escape(wanted.strip()), re.IGNORECASE)
            yield from (found.span() for found in pattern.finditer(text))


def _merged(spans: Sequence[Span]) -> list[Span]:
    merged: list[Span] = []
    for start, end in sorted(spans):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        elif end > start:
            merged.append((start, end))
    return merged


def _plain(text: str, at: int) -> bool:
    if at < 0 or at >= len(text):
        return True
    return text[at] in " \t\n\r.,;:!?()[]-'\"/“”‘’—–…"
