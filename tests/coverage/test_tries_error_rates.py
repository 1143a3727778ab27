"""Measured one-sided errors of pass@k and pass^k over tasks; wrong variants are caught.

Tasks' chances of success are Beta(0.8, 0.6): many near 0 and 1. Fixed seeds; nominal 5 %.
"""

from __future__ import annotations

import math

import numpy as np
import pytest

from liftgate import stats

A, B, N, K = 0.8, 0.6, 5, 3
RUNS, BAND = 500, 0.06
SLACK = 3 * math.sqrt(BAND * (1 - BAND) / RUNS)


def moment(a: float, b: float) -> float:
    """E p^K of a Beta(a, b)."""
    return math.prod((a + j) / (a + b + j) for j in range(K))


TRUTH = {"all": moment(A, B), "any": 1 - moment(B, A)}


def worst_side(estimate, truth: float, tasks: int) -> float:
    rng = np.random.default_rng(23)
    below = above = 0
    for _ in range(RUNS):
        found = estimate(rng, tasks)
        below += truth < found.low
        above += truth > found.high
    return max(below, above) / RUNS


def drawn(rng, tasks):
    return rng.binomial(N, rng.beta(A, B, tasks))


@pytest.mark.parametrize("joined", ["any", "all"])
@pytest.mark.parametrize("tasks", [20, 100])
def test_one_arm_errs_as_stated(joined, tasks) -> None:
    def estimate(rng, tasks):
        return stats.pass_rate(drawn(rng, tasks), N, K, joined=joined, level=0.9)

    assert worst_side(estimate, TRUTH[joined], tasks) <= BAND + SLACK


def test_the_difference_of_two_arms_errs_as_stated() -> None:
    def estimate(rng, tasks):
        chance = rng.beta(A, B, tasks)
        other = np.where(rng.random(tasks) < 0.5, chance, rng.beta(A, B, tasks))
        arms = rng.binomial(N, chance), rng.binomial(N, other)
        return stats.pass_rate_difference(arms[0], N, arms[1], N, K, joined="all", level=0.9)

    assert worst_side(estimate, 0.0, 50) <= BAND + SLACK


def test_the_plug_in_is_caught() -> None:
    def estimate(rng, tasks):
        plugged = (drawn(rng, tasks) / N) ** K
        return stats.mean(plugged, kind="graded", score_range=(0, 1), level=0.9)

    assert worst_side(estimate, TRUTH["all"], 400) > BAND + SLACK


def test_tries_counted_as_if_they_were_tasks_are_caught() -> None:
    def estimate(rng, tasks):
        # Every choice of K of the N tries as an item of its own.
        each = stats.of_tries(drawn(rng, tasks), N, K, joined="all")
        rows = np.repeat(each, math.comb(N, K))
        return stats.mean(rows, kind="graded", score_range=(0, 1), level=0.9)

    assert worst_side(estimate, TRUTH["all"], 50) > BAND + SLACK
