"""What answers speak of, as a few numbers each: covariates of people's labels that cost no call.

Latent semantic analysis: counts of words, damped and weighted by how rare a word is, brought to
length 1, centred, and turned into the principal components of all texts (Salton & Buckley 1988,
Information Processing & Management 24, 513–523; Deerwester et al. 1990, JASIS 41, 391–407). No
label is seen, so that whatever the components miss is corrected by the labels as with any judge.
"""

from __future__ import annotations

import math
import re
from array import array
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from liftgate.errors import DataError
from liftgate.stats.inputs import Floats

if TYPE_CHECKING:
    from scipy.sparse import csr_array

COMPONENTS = 16
"""Chosen on the 386 replies of ``benchmarks/harm``, among 8, 12, 16, 24 and 32."""
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")
_FEWEST_TEXTS = 3
"""Texts that a word must be in."""
_LARGEST_SHARE = 0.5
"""Words in more of the texts than this tell nothing apart."""
_MOST_WORDS = 600
_LONGEST = 100_000
"""Characters of a text that are read."""
_BLOCK = 4_096
"""Texts at a time, so that memory grows with the words in the texts and not with all that count."""
_DIGITS = 9
"""Kept of a component, whose last digits depend on the machine's linear algebra."""


def word_components(texts: Sequence[str | None], most: int = COMPONENTS) -> Floats:
    """Return principal components of the words in some texts, the strongest first.

    The same texts give the same numbers. Texts without spaces between words give few or none.

    Args:
        texts: N texts; None: not known.
        most: components, at most.

    Returns:
        Shape (N, k), k at most ``most``: each column has mean 0 over the known texts; NaN in the
        rows of those not known. No columns where no word is in three texts.

    Raises:
        DataError: ``most`` is below 1.
    """
    if most < 1:
        raise DataError(f"most: got {most}, expected at least 1 component")
    known = [text for text in texts if text is not None]
    weights = _weights(known)
    if not weights:
        return np.zeros((len(texts), 0))
    axes = _components(list(_blocks(known, weights)), most)
    found = np.full((len(texts), axes.shape[1]), np.nan)
    found[[text is not None for text in texts]] = axes
    return found


def _counted(text: str) -> Counter[str]:
    return Counter(_WORD.findall(text[:_LONGEST].casefold()))


def _weights(texts: Sequence[str]) -> dict[str, float]:
    """Return the words that count, the most frequent ones, each with its rarity."""
    # Texts are counted twice: the counts of all of them take many times the memory of the texts.
    spread = Counter(word for text in texts for word in _counted(text))
    most = _LARGEST_SHARE * len(texts)
    kept = [(-n, word) for word, n in spread.items() if _FEWEST_TEXTS <= n <= most]
    return {word: float(np.log(len(texts) / -n)) for n, word in sorted(kept)[:_MOST_WORDS]}


def _blocks(texts: Sequence[str], weights: dict[str, float]) -> Iterator[csr_array]:
    """Yield one row a text, shape (texts, words), each of length 1 or 0."""
    from scipy.sparse import csr_array

    place = {word: at for at, word in enumerate(weights)}
    for start in range(0, len(texts), _BLOCK):
        some = texts[start : start + _BLOCK]
        values, places, ends = array("d"), array("i"), array("i", [0])
        for text in some:
            row = {
                place[word]: math.log1p(count) * weights[word]
                for word, count in _counted(text).items()
                if word in place
            }
            length = math.hypot(*row.values())
            values.extend(value / length for value in row.values())
            places.extend(row)
            ends.append(len(places))
        yield csr_array((values, places, ends), shape=(len(some), len(place)))


def _components(blocks: Sequence[csr_array], most: int) -> Floats:
    """Return the scores on the first principal axes, each axis with its largest part positive."""
    from scipy.linalg import eigh

    texts, width = sum(block.shape[0] for block in blocks), blocks[0].shape[1]
    mean = sum(block.sum(axis=0) for block in blocks) / texts
    # No word is in more than half of the texts, so that little is lost in the difference.
    squares = sum((block.T @ block).toarray() for block in blocks) - texts * np.outer(mean, mean)
    spread, axes = eigh(squares, subset_by_index=[max(width - most, 0), width - 1])
    axes = axes[:, spread > 1e-9 * spread[-1]][:, ::-1]
    # Of parts that differ by rounding alone the first is the largest.
    largest = np.argmax(np.round(np.abs(axes), _DIGITS), axis=0)
    axes = axes * np.sign(axes[largest, range(axes.shape[1])])
    scores = np.concatenate([block @ axes for block in blocks])
    return np.asarray(np.round(scores - mean @ axes, _DIGITS))
