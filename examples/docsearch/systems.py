"""The systems of the study: full-text search, embeddings, and the rank fusion of both.

Each is a factory ``(k=10) -> search``, where ``search({"query": text})`` is the list of the ids of
the k best sections, best first, and ``search.measure()`` says what it holds in memory.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from examples.docsearch import corpus, embed
from examples.docsearch.rest import Section

RANK_CONSTANT = 60
DEPTH = 100
"""How far down each ranking the fusion looks."""
_WORD = re.compile(r"\w+")
_MB = 1e6


class Search(Protocol):
    """A search over the corpus."""

    def rank(self, query: str, depth: int) -> list[int]:
        """Return the numbers of the best sections, best first; equal scores in corpus order."""
        ...

    def measure(self) -> dict[str, float]:
        """Return ``index_mb``: what answering holds in memory, in 10^6 bytes."""
        ...


def words(text: str) -> list[str]:
    """Split a text into lower-case words; ``select_related()`` is one word."""
    return _WORD.findall(text.lower())


def best(scores: NDArray[np.float32], depth: int) -> list[int]:
    """Return the places of the highest scores, highest first; ties in order of place."""
    order = np.argsort(-scores, kind="stable")[:depth]
    return [int(place) for place in order]


def fuse(rankings: Sequence[Sequence[int]], depth: int) -> list[int]:
    """Merge rankings by reciprocal rank fusion; ties in corpus order.

    Every ranking gives 1 / (60 + rank) to what it holds (Cormack, Clarke and Buettcher, "Reciprocal
    rank fusion outperforms Condorcet and individual rank learning methods", SIGIR 2009).
    """
    credit: dict[int, float] = defaultdict(float)
    for ranking in rankings:
        for rank, place in enumerate(ranking, start=1):
            credit[place] += 1.0 / (RANK_CONSTANT + rank)
    return sorted(credit, key=lambda place: (-credit[place], place))[:depth]


class FullText:
    """BM25 over lower-case words: k1 1.5, b 0.75, no stemming, no stop words."""

    def __init__(self, texts: Sequence[str]) -> None:
        import bm25s

        self._index = bm25s.BM25(method="lucene", k1=1.5, b=0.75, backend="numpy")
        self._index.index([words(text) for text in texts], show_progress=False)
        self._known = frozenset(self._index.vocab_dict)
        self._size = len(texts)

    def rank(self, query: str, depth: int) -> list[int]:
        """Return the best sections; a query without a known word finds nothing."""
        asked = [word for word in words(query) if word in self._known]
        return best(self._index.get_scores(asked), min(depth, self._size)) if asked else []

    def measure(self) -> dict[str, float]:
        """Return the bytes of the postings and of the vocabulary."""
        postings = sum(
            int(self._index.scores[name].nbytes) for name in ("data", "indices", "indptr")
        )
        vocabulary = sum(len(word.encode()) for word in self._known)
        return {"index_mb": (postings + vocabulary) / _MB}


class Embeddings:
    """Cosine similarity of MiniLM vectors, every section compared."""

    def __init__(self, texts: Sequence[str]) -> None:
        self._vectors = embed.index(texts)
        self._encode = embed.Encoder()

    def rank(self, query: str, depth: int) -> list[int]:
        """Return the best sections by cosine; vectors have unit length."""
        return best(self._vectors @ self._encode(query), depth)

    def measure(self) -> dict[str, float]:
        """Return the bytes of the vectors, and of the model files that a query needs."""
        files = (embed.MODEL, embed.TOKENIZER)
        model = sum(embed.model_file(name).stat().st_size for name in files)
        return {"index_mb": (self._vectors.nbytes + model) / _MB}


class Fusion:
    """Several searches, merged by reciprocal rank."""

    def __init__(self, members: Sequence[Search]) -> None:
        self._members = tuple(members)

    def rank(self, query: str, depth: int) -> list[int]:
        """Return the best sections by the members' ranks, each looked at 100 deep."""
        return fuse([member.rank(query, DEPTH) for member in self._members], depth)

    def measure(self) -> dict[str, float]:
        """Return the sum of what the members hold."""
        return {"index_mb": sum(member.measure()["index_mb"] for member in self._members)}


class Answering:
    """What liftgate calls: one item's input parts in, section ids out."""

    def __init__(self, sections: Sequence[Section], search: Search, k: int) -> None:
        if k < 1:
            raise ValueError(f"k: got {k}, expected at least 1")
        self._ids = [section.id for section in sections]
        self._search = search
        self._k = k

    def __call__(self, parts: Mapping[str, str]) -> list[str]:
        """Return the ids of the k best sections, best first."""
        return [self._ids[place] for place in self._search.rank(parts["query"], self._k)]

    def measure(self) -> dict[str, float]:
        """Return what answering holds in memory."""
        return self._search.measure()


def _texts(sections: Sequence[Section]) -> list[str]:
    return [section.body for section in sections]


def bm25(k: int = 10) -> Answering:
    """Open the full-text search."""
    sections = corpus.read()
    return Answering(sections, FullText(_texts(sections)), k)


def dense(k: int = 10) -> Answering:
    """Open the embedding search."""
    sections = corpus.read()
    return Answering(sections, Embeddings(_texts(sections)), k)


def fusion(k: int = 10) -> Answering:
    """Open the fusion of both."""
    sections = corpus.read()
    texts = _texts(sections)
    return Answering(sections, Fusion([FullText(texts), Embeddings(texts)]), k)
