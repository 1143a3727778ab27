"""What components of words cost, where each answer has a hundred of them.

python benchmarks/words.py    (make bench-judges)

Words are drawn from 8,000, the n-th most frequent with a chance of 1 / n. Memory is the most that
Python and numpy hold at once beside the answers.
"""

from __future__ import annotations

import time
import tracemalloc

import numpy as np

from liftgate import stats

ANSWERS = (400, 10_000, 100_000)
LETTERS = "abcdefghijklmnopqrst"


def main() -> None:
    """Print one line for each number of answers."""
    rng = np.random.default_rng(15)
    known = np.array([a + b + c for a in LETTERS for b in LETTERS for c in LETTERS])
    often = 1 / np.arange(1, known.size + 1)
    stats.word_components(["one two", "two three", "three one"] * 3)  # imports what it needs
    for answers in ANSWERS:
        drawn = rng.choice(known, (answers, 100), p=often / often.sum())
        texts = [" ".join(row) for row in drawn.tolist()]
        began = time.process_time()
        stats.word_components(texts)
        took = time.process_time() - began
        tracemalloc.start()
        stats.word_components(texts)
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        print(
            f"components of words, {answers:,} answers of 100 words: {took:.2f} s of processor, "
            f"at most {most / 1e6:.0f} MB beside the answers",
            flush=True,
        )


if __name__ == "__main__":
    main()
