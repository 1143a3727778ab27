"""What answers speak of, as a few numbers each: covariates of people's labels that cost no call.

Latent semantic analysis: counts of words, damped and weighted by how rare a word is, brought to
length 1, centred, and turned into the principal components of all texts (Salton & Buckley 1988,
Information Processing & Management 24, 513–523; Deerwester et al. 1990, JASIS 41, 391–407). No
label is seen, so that whatever the components miss is corrected by the labels as with any judge.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

import numpy as np

from liftgate.errors import DataError
from liftgate.stats.inputs import Floats

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
    known = [place for place, text in enumerate(texts) if text is not None]
    counts = [Counter(_WORD.findall((texts[place] or "")[:_LONGEST].casefold())) for place in known]
    weights = _weights(counts)
    if not weights:
        return np.zeros((len(texts), 0))
    found = np.full((len(texts), 0), np.nan)
    axes = _components(_table(counts, weights), most)
    found = np.full((len(texts), axes.shape[1]), np.nan)
    found[known] = axes
    return found


def _weights(counts: Sequence[Counter[str]]) -> dict[str, float]:
    """Return the words that count, the most frequent ones, each with its rarity."""
    spread = Counter(word for one in counts for word in one)
    most = _LARGEST_SHARE * len(counts)
    kept = [(-n, word) for word, n in spread.items() if _FEWEST_TEXTS <= n <= most]
    return {word: float(np.log(len(counts) / -n)) for n, word in sorted(kept)[:_MOST_WORDS]}


def _table(counts: Sequence[Counter[str]], weights: dict[str, float]) -> Floats:
    """Return one row a text, shape (texts, words), each of length 1 before it is centred."""
    place = {word: at for at, word in enumerate(weights)}
    table = np.zeros((len(counts), len(place)))
    for row, one in zip(table, counts, strict=True):
        for word, count in one.items():
            if word in place:
                row[place[word]] = np.log1p(count) * weights[word]
    lengths = np.sqrt(np.sum(table**2, axis=1, keepdims=True))
    table /= np.where(lengths > 0, lengths, 1.0)
    return np.asarray(table - table.mean(axis=0))


def _components(table: Floats, most: int) -> Floats:
    """Return the scores on the first principal axes, each axis with its largest part positive."""
    from scipy.linalg import eigh

    width = table.shape[1]
    span = [max(width - most, 0), width - 1]
    spread, axes = eigh(table.T @ table, subset_by_index=span)
    axes = axes[:, spread > 1e-9 * spread[-1]][:, ::-1]
    axes = axes * np.sign(axes[np.argmax(np.abs(axes), axis=0), range(axes.shape[1])])
    return np.round(table @ axes, _DIGITS)
