"""Families that change letters: typos, casing and white space, confusables."""

from __future__ import annotations

from collections.abc import Callable

from liftgate.perturbations.protect import Span, free_words, outside, protected, texts_in
from liftgate.perturbations.subject import Changed, NotApplicable, Subject, with_text

LEAST_WORD = 4
"""Shorter words are left alone: of ``not``, a typo makes ``no`` or ``now``."""
_ROWS = ("qwertyuiop", "asdfghjkl", "zxcvbnm")
CONFUSABLE = {
    "A": "А",
    "B": "В",
    "C": "С",
    "E": "Е",
    "H": "Н",
    "I": "І",
    "J": "Ј",
    "K": "К",
    "M": "М",
    "O": "О",
    "P": "Р",
    "S": "Ѕ",
    "T": "Т",
    "X": "Х",
    "a": "а",
    "c": "с",
    "e": "е",
    "i": "і",
    "j": "ј",
    "o": "о",
    "p": "р",
    "s": "ѕ",
    "x": "х",
    "y": "у",
}
"""Latin letters and Cyrillic ones that look alike (Unicode Technical Standard 39)."""
_BACK = {ord(other): latin for latin, other in CONFUSABLE.items()}

Edit = Callable[[str, str, Subject], tuple[str, int, int]]
"""(text, a name of its place, subject) -> new text, how much was changed, of how much."""


def typos(subject: Subject) -> Changed:
    """Give a share of the words one typo each: a neighbouring key, two letters swapped, one lost.

    Words of fewer than 4 letters, first letters and protected spans stay. No typo makes a word that
    the item holds elsewhere.
    """
    return _edited(subject, _typos, "words")


def casing(subject: Subject) -> Changed:
    """Change the case of a share of the words, and widen a share of the spaces between words.

    Line ends and indentation stay: in them, white space has a meaning.
    """
    return _edited(subject, _casing, "words and spaces")


def confusables(subject: Subject) -> Changed:
    """Replace a share of the letters by letters of another alphabet that look the same."""
    return _edited(subject, _confusables, "letters")


def skeleton(text: str) -> str:
    """Return a text with every confusable letter as its Latin twin.

    >>> skeleton("раsѕ")
    'pass'
    """
    return text.translate(_BACK)


def _edited(subject: Subject, edit: Edit, what: str) -> Changed:
    changed, total, parts = 0, 0, dict(subject.input)
    for place, text in subject.texts():
        new, edits, of = edit(text, "/".join(map(str, place)), subject)
        changed, total = changed + edits, total + of
        if new != text:
            parts = with_text(parts, place, new)
    if not changed:
        raise NotApplicable(f"no {what} in it may be changed")
    return Changed(parts, subject.target, f"{changed} of {total} {what}")


def _typos(text: str, place: str, subject: Subject) -> tuple[str, int, int]:
    words = free_words(text, protected(text, subject.target), LEAST_WORD)
    if not words:
        return text, 0, 0
    known = {
        word.casefold()
        for one in (*texts_in(subject.input), *texts_in(subject.target))
        for word in one.split()
    }
    new: dict[Span, str] = {}
    # Where a word admits no typo, the next in the drawn order takes its place.
    wanted = min(len(words), max(1, round(subject.rate * len(words))))
    for number in subject.lots.order(len(words), f"{place} words"):
        if len(new) == wanted:
            break
        start, end = words[number]
        found = _typo(text[start:end], known, f"{place} {number}", subject)
        if found is not None:
            new[words[number]] = found
    return _replaced(text, new), len(new), len(words)


def _typo(word: str, known: set[str], purpose: str, subject: Subject) -> str | None:
    lots = subject.lots
    kinds = (_neighbour, _transposed, _dropped)
    for attempt in range(6):
        at = 1 + lots.below(len(word) - 1, f"{purpose} letter", attempt)
        kind = kinds[lots.below(len(kinds), f"{purpose} kind", attempt)]
        new = kind(word, at, lots.unit(f"{purpose} key", attempt))
        if new != word and new.casefold() not in known:
            return new
    return None


def _neighbour(word: str, at: int, lot: float) -> str:
    letter = word[at].lower()
    row = next(row for row in _ROWS if letter in row)
    place = row.index(letter)
    beside = [row[i] for i in (place - 1, place + 1) if 0 <= i < len(row)]
    new = beside[int(lot * len(beside))]
    return word[:at] + (new.upper() if word[at].isupper() else new) + word[at + 1 :]


def _transposed(word: str, at: int, lot: float) -> str:  # noqa: ARG001 - one signature for all
    first = at if at + 1 < len(word) else at - 1
    if first == 0:
        return word
    return word[:first] + word[first + 1] + word[first] + word[first + 2 :]


def _dropped(word: str, at: int, lot: float) -> str:  # noqa: ARG001 - one signature for all
    return word[:at] + word[at + 1 :]


def _casing(text: str, place: str, subject: Subject) -> tuple[str, int, int]:
    spans = protected(text, subject.target)
    words = free_words(text, spans)
    gaps = [
        (end, end + 1)
        for _, end in words
        if text[end : end + 1] == " "
        and text[end + 1 : end + 2] not in ("", " ", "\n", "\t", "\r")
        and outside(spans, end, end + 2)
    ]
    if not words:
        return text, 0, 0
    new: dict[Span, str] = {}
    for number in subject.lots.some(len(words), subject.rate, f"{place} words"):
        start, end = words[number]
        new[words[number]] = _recased(text[start:end], subject.lots.unit(f"{place} case", number))
    if gaps:
        for number in subject.lots.some(len(gaps), subject.rate, f"{place} gaps"):
            new[gaps[number]] = "  "
    return _replaced(text, new), len(new), len(words) + len(gaps)


def _recased(word: str, lot: float) -> str:
    """Return another casing of a word; every word has at least one."""
    forms = [form for form in (word.upper(), word.lower(), word.swapcase()) if form != word]
    return forms[int(lot * len(forms))]


def _confusables(text: str, place: str, subject: Subject) -> tuple[str, int, int]:
    words = free_words(text, protected(text, subject.target), 2)
    letters = [at for start, end in words for at in range(start, end) if text[at] in CONFUSABLE]
    if not letters:
        return text, 0, 0
    chosen = subject.lots.some(len(letters), subject.rate, f"{place} letters")
    new = {(letters[n], letters[n] + 1): CONFUSABLE[text[letters[n]]] for n in chosen}
    return _replaced(text, new), len(new), len(letters)


def _replaced(text: str, new: dict[Span, str]) -> str:
    pieces, at = [], 0
    for start, end in sorted(new):
        pieces += [text[at:start], new[start, end]]
        at = end
    return "".join([*pieces, text[at:]])
