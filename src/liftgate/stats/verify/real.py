"""Real scores, when they are there, and samples from them in which the truth is known."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import permutations

import numpy as np
from numpy.typing import NDArray

from liftgate.errors import NotEnoughData
from liftgate.stats.inputs import Floats
from liftgate.stats.verify.cell import Bench, Found, Hits

ALPACA = "AlpacaEval"
EVALPERF = "EvalPerf"
PairHits = Callable[[np.random.Generator, int, NDArray[np.int64]], Hits]
"""(source, runs, which pairs) -> hits, shape (runs, pairs)."""


@dataclass(frozen=True, eq=False)
class RealData:
    """Tables of real scores.

    Args:
        alpaca: shape (systems, items): graded preferences in 0 … 1; None: not at hand.
        evalperf: shape (systems, tasks): share of samples that pass, the true rates of a real A/A;
            None: not at hand.
    """

    alpaca: Floats | None = None
    evalperf: Floats | None = None

    def has(self, name: str) -> bool:
        """Whether a named table is at hand; no name needs none."""
        return {ALPACA: self.alpaca, EVALPERF: self.evalperf}.get(name) is not None or not name


def ordered_pairs(scores: Floats | None) -> Floats:
    """Return the differences of all ordered pairs of systems, shape (pairs, items).

    With both orders there, one side of a test covers both sides.
    """
    if scores is None:
        raise NotEnoughData("real scores are not at hand")
    return np.stack([scores[i] - scores[j] for i, j in permutations(range(len(scores)), 2)])


def binarised(scores: Floats | None) -> tuple[Floats, Floats]:
    """Return the shares of gained and lost items of each unordered pair, right above 0.5."""
    if scores is None:
        raise NotEnoughData("real scores are not at hand")
    right = scores > 0.5
    first, second = np.triu_indices(len(right), 1)
    up = np.mean(right[first] & ~right[second], axis=1)
    return up, np.mean(~right[first] & right[second], axis=1)


def skewness(differences: Floats) -> Floats:
    """Return the skewness of each row; losses that are rare and large make it negative."""
    centred = differences - differences.mean(axis=1, keepdims=True)
    return np.asarray((centred**3).mean(axis=1) / (centred**2).mean(axis=1) ** 1.5)


class Resampled:
    """Items drawn with replacement, the same draws for every pair of a batch.

    Args:
        differences: shape (pairs, items).
    """

    def __init__(self, differences: Floats) -> None:
        self.truths = differences.mean(axis=1)
        self._powers = [np.ascontiguousarray(differences.T**power) for power in (1, 2, 3)]

    def power_sums(
        self,
        rng: np.random.Generator,
        runs: int,
        sizes: Sequence[int],
        pairs: NDArray[np.int64],
    ) -> list[tuple[Floats, Floats, Floats]]:
        """Return sums, squares and cubes by each number of items, each of shape (runs, pairs)."""
        items = self._powers[0].shape[0]
        counts = np.zeros((runs, items))
        rows = np.arange(runs)[:, None] * items
        found, before = [], 0
        chosen = [power[:, pairs] for power in self._powers]
        for size in sizes:
            drawn = rng.integers(0, items, (runs, size - before)) + rows
            counts += np.bincount(drawn.ravel(), minlength=runs * items).reshape(runs, items)
            sums, squares, cubes = (counts @ power for power in chosen)
            found.append((sums, squares, cubes))
            before = size
        return found


def rates(
    bench: Bench, hits: PairHits, pairs: NDArray[np.int64], runs: int
) -> tuple[Floats, float]:
    """Return the share of hits of each pair, shape (pairs,), and the error of their mean.

    Pairs share their draws, so that the error comes from the spread of the runs' means over pairs.
    """
    most = max(50, 600_000 // max(pairs.size, 797))
    total, square = np.zeros(pairs.size), 0.0
    for size in bench.batches(most, runs):
        found = hits(bench.rng, size, pairs)
        total += found.sum(axis=0)
        square += float(np.sum(found.mean(axis=1) ** 2))
    each = total / runs
    spread = max(0.0, square / runs - float(each.mean()) ** 2)
    return each, math.sqrt(spread / runs)


def mean_and_worst(
    bench: Bench, hits: PairHits, pairs: NDArray[np.int64], *, largest: bool = True
) -> tuple[Found, Found]:
    """Return the mean rate over pairs, and the rate of the worst pair without selection.

    The largest of many noisy rates is too large. So the 200 worst pairs of one stream are measured
    again on a second one, the 20 worst of those on a third, and the worst of those on a fourth,
    whose figure alone is given: it was not selected for being large.

    Args:
        bench: ``runs`` are those of the last two streams.
        hits: draws samples.
        pairs: which pairs there are.
        largest: whether the worst is the largest rate, else the smallest.
    """
    first = max(200, bench.runs // 20)
    sign = -1.0 if largest else 1.0
    found, error = rates(bench, hits, pairs, first)
    left, each = pairs, found
    for keep, runs in ((200, max(1000, bench.runs // 4)), (20, bench.runs), (1, bench.runs)):
        left = left[np.argsort(sign * each, kind="stable")[:keep]]
        each, _ = rates(bench, hits, left, runs)
    final = each
    mean = Found(float(found.mean()), first, note=f"{pairs.size} pairs", measured_se=error)
    note = f"worst of {pairs.size} pairs, measured on a fresh stream"
    return mean, Found(float(final[0]), bench.runs, note=note)
