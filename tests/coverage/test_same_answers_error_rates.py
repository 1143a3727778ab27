"""One-sided error of labels drawn where answers differ, and wrong ways that the count catches.

Short, seeded; ``benchmarks/label_draws.py`` runs longer and on real labels.
"""

from __future__ import annotations

import math

import numpy as np
import pytest

from liftgate import stats
from liftgate.stats import ppi

N, RUNS, ALPHA = 800, 600, 0.05
WORLDS = {
    "a third, balanced": (0.3, 0.5, 50, 1),
    "a third, mostly better": (0.3, 0.9, 50, 1),
    "one in eight, mostly better": (0.125, 0.9, 70, 1),
    "a third, nearly all better, in clusters": (0.3, 0.95, 100, 4),
}
"""Share of the items whose answers differ, of these those that are better, labels, cluster size."""


def in_clusters(rng, chance, size):
    """Return whether each item has something that has a chance of its own in each cluster."""
    if size == 1:
        return rng.random(N) < chance
    return rng.random(N) < np.repeat(rng.beta(3 * chance, 3 * (1 - chance), N // size), size)


def once(rng, share, better, labels, size):
    """Return one estimate with one-sided limits at 5 %."""
    differs, up = in_clusters(rng, share, size), in_clusters(rng, better, size)
    found = np.where(differs, np.where(up, 1.0, -1.0), 0.0)
    judge = np.where(differs, found + rng.normal(0, 1.5, N) + 0.3, 0.0)
    apart = np.flatnonzero(differs)
    drawn = rng.permutation(apart)[:labels]
    return stats.judged_difference(
        (found > 0)[drawn].astype(float),
        (found < 0)[drawn].astype(float),
        drawn,
        candidate_judge=judge,
        baseline_judge=np.zeros(N),
        same=np.flatnonzero(~differs),
        cluster=None if size == 1 else np.arange(N) // size,
        kind="graded",
        score_range=(0, 1),
        level=1 - 2 * ALPHA,
    )


def errors(world):
    """Return how often the truth lies below the interval, and above it."""
    share, better, *_ = WORLDS[world]
    rng = np.random.default_rng(4)
    truth = share * (2 * better - 1)
    found = [once(rng, *WORLDS[world]) for _ in range(RUNS)]
    return sum(f.low > truth for f in found) / RUNS, sum(f.high < truth for f in found) / RUNS


def most(share=ALPHA):
    return share + 3 * math.sqrt(share * (1 - share) / RUNS)


@pytest.mark.parametrize("world", WORLDS)
def test_the_error_is_held_on_both_sides(world) -> None:
    found = errors(world)
    print(world, found)
    assert max(found) <= most()


@pytest.mark.parametrize("world", list(WORLDS)[2:])
def test_the_labels_own_skew_in_place_of_the_estimates_is_caught(monkeypatch, world) -> None:
    monkeypatch.setattr(ppi, "shape_beside", lambda _, residuals: residuals)
    assert max(errors(world)) > most()


def test_taking_the_share_that_differs_for_known_is_caught(monkeypatch) -> None:
    monkeypatch.setattr(ppi, "whole_beside", lambda _: 0.0)
    assert max(errors("a third, mostly better")) > most()
