"""Two embedders of words, without a model: every word counts alike, or rare words count more."""

from __future__ import annotations

import json
import math
import re
import zlib
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

PASSAGES = Path(__file__).parent / "build" / "passages.jsonl"
PLACES = 2048
"""Of a vector: a word's place is a digest of it, so that nothing is learned; two may share one."""
_WORD = re.compile(r"[a-z]+")

Embedder = Callable[[Mapping[str, Any]], list[list[float]]]


def words(text: str) -> list[str]:
    """Return a text's words of at least two letters; names are taken apart at ``_`` and ``.``."""
    return [word for word in _WORD.findall(text.lower()) if len(word) > 1]


def counted() -> Embedder:
    """Return the embedder by which every word counts as often as it stands there."""
    return _embedder(lambda _: 1.0)


def weighted() -> Embedder:
    """Return the embedder by which a word counts less, the more passages it stands in."""
    rows = [json.loads(line) for line in PASSAGES.read_text(encoding="utf-8").splitlines()]
    known = Counter(word for row in rows for word in set(words(row["text"])))
    return _embedder(lambda word: 1 + math.log((1 + len(rows)) / (1 + known[word])))


def _embedder(weight: Callable[[str], float]) -> Embedder:
    def embed(parts: Mapping[str, Any]) -> list[list[float]]:
        given = parts["text"]
        texts: Sequence[str] = [given] if isinstance(given, str) else given
        return [_vector(text, weight) for text in texts]

    return embed


def _vector(text: str, weight: Callable[[str], float]) -> list[float]:
    found = [0.0] * PLACES
    for word, count in Counter(words(text)).items():
        found[zlib.crc32(word.encode()) % PLACES] += weight(word) * (1 + math.log(count))
    return found if any(found) else [1.0, *found[1:]]
