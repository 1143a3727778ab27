"""How often a false statement is made of a Pareto front, at the edge of what is true.

Fixed seeds; nominal 5 % for all statements of one front together.
"""

from __future__ import annotations

import math

import numpy as np
import pytest

from liftgate.stats import Objective, pareto_front
from liftgate.stats.front import Standing

RUNS, N, ALPHA = 300, 60, 0.05
SLACK = 3 * math.sqrt(ALPHA * (1 - ALPHA) / RUNS)


def drawn(rng, *levels):
    """Scores of systems on the same items in several objectives: (objectives, systems, items)."""
    item = rng.normal(0, 1, (len(levels[0]), 1, N))
    return (
        np.array(levels).T[:, :, None] + item + rng.normal(0, 1, (len(levels[0]), len(levels), N))
    )


def fronts(seed, *levels):
    rng = np.random.default_rng(seed)
    for _ in range(RUNS):
        rows = drawn(rng, *levels)
        yield pareto_front(
            [f"s{n}" for n in range(len(levels))],
            [Objective(name=f"o{k}", values=values) for k, values in enumerate(rows)],
            alpha=ALPHA,
            draws=100,
        )


def rate(found):
    return sum(found) / RUNS


def test_a_dominated_system_is_seldom_shown_on_the_front():
    """s0 equals s1 in both objectives, the edge of being dominated, and s2 is far away."""
    wrong = [
        any(p.standing is Standing.ON_FRONT for p in front.places[:2])
        for front in fronts(1, (0, 0), (0, 0), (-3, -3))
    ]
    assert rate(wrong) <= ALPHA + SLACK


def test_looking_at_many_objectives_does_not_make_a_front():
    """Of eight equal objectives one always seems to speak for somebody."""
    wrong = [
        any(p.standing is Standing.ON_FRONT for p in front.places)
        for front in fronts(5, (0,) * 8, (0,) * 8)
    ]
    assert rate(wrong) <= ALPHA + SLACK


def test_a_system_on_the_front_is_seldom_shown_dominated():
    """s1 is far better in one objective and equal in the other: no domination is shown by it."""
    wrong = [front.places[0].standing is Standing.DOMINATED for front in fronts(2, (0, 0), (3, 0))]
    assert rate(wrong) <= ALPHA + SLACK


def test_what_is_true_is_shown_often_enough_to_be_of_use():
    shown = [
        [p.standing for p in front.places] == [Standing.ON_FRONT, Standing.ON_FRONT]
        for front in fronts(3, (0.8, 0), (0, 0.8))
    ]
    assert rate(shown) > 0.8


@pytest.mark.parametrize("seed", [4])
def test_the_share_of_resamples_alone_would_err_far_more_often(seed):
    """Reading "95 % of resamples" as a proof, s1 equal to s0 in one objective and smaller."""
    wrong = [front.places[0].share >= 1 - ALPHA for front in fronts(seed, (0, 0), (0, 0))]
    assert rate(wrong) > ALPHA + SLACK
