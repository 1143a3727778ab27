"""What changed between two texts, word by word, in bounded time whatever the texts are."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

_WORD = re.compile(r"\s+|\w+|[^\w\s]")
MOST_WORDS = 1500
"""Words of the differing middle of either text that are aligned; the table grows by the square."""


@dataclass(frozen=True)
class Piece:
    """A run of words of one side."""

    text: str
    changed: bool


@dataclass(frozen=True)
class WordDiff:
    """Two texts as pieces; the pieces of a side, joined, are its text."""

    baseline: tuple[Piece, ...]
    candidate: tuple[Piece, ...]
    aligned: bool
    """False: the differing middles are too long to align and are marked as a whole."""


def word_diff(baseline: str, candidate: str) -> WordDiff:
    """Mark the words that are not in a longest common subsequence of the two texts.

    Equal beginnings and ends are set aside first. The rest is aligned by the recurrence
    L[i, j] = max(L[i-1, j], L[i, j-1], L[i-1, j-1] + [a_i = b_j]) (Wagner and Fischer, 1974), a row
    at a time.
    """
    before, after = _WORD.findall(baseline), _WORD.findall(candidate)
    start = 0
    while start < min(len(before), len(after)) and before[start] == after[start]:
        start += 1
    end = 0
    while end < min(len(before), len(after)) - start and before[-1 - end] == after[-1 - end]:
        end += 1
    middle = before[start : len(before) - end], after[start : len(after) - end]
    aligned = max(map(len, middle)) <= MOST_WORDS
    kept = _common(*middle) if aligned else (set[int](), set[int]())
    sides = [
        _pieces(words, {*range(start), *(start + at for at in own)}, len(words) - end)
        for words, own in zip((before, after), kept, strict=True)
    ]
    return WordDiff(sides[0], sides[1], aligned)


def _pieces(words: list[str], same: set[int], end: int) -> tuple[Piece, ...]:
    found: list[tuple[list[str], bool]] = []
    for at, word in enumerate(words):
        changed = at < end and at not in same
        if not found or found[-1][1] != changed:
            found.append(([], changed))
        found[-1][0].append(word)
    return tuple(Piece("".join(run), changed) for run, changed in found)


def _common(before: list[str], after: list[str]) -> tuple[set[int], set[int]]:
    """Return the places, on each side, of a longest common subsequence."""
    if not before or not after:
        return set(), set()
    numbers: dict[str, int] = {}
    mine = np.array([numbers.setdefault(w, len(numbers)) for w in before])
    theirs = np.array([numbers.setdefault(w, len(numbers)) for w in after])
    table = np.zeros((len(before) + 1, len(after) + 1), dtype=np.int16)
    for row, word in enumerate(mine, start=1):
        best = np.maximum(table[row - 1, 1:], table[row - 1, :-1] + (theirs == word))
        table[row, 1:] = np.maximum.accumulate(best)
    places: tuple[set[int], set[int]] = (set(), set())
    i, j = len(before), len(after)
    while i and j:
        if mine[i - 1] == theirs[j - 1]:
            i, j = i - 1, j - 1
            places[0].add(i)
            places[1].add(j)
        elif table[i - 1, j] >= table[i, j - 1]:
            i -= 1
        else:
            j -= 1
    return places
