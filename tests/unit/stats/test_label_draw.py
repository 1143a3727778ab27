"""Chances of being drawn, and a draw that keeps them."""

from __future__ import annotations

import numpy as np
import pytest

from liftgate import stats
from liftgate.errors import DataError
from liftgate.stats.label_plan import LabelWorth


def test_without_a_difference_in_size_every_item_has_the_same_chance() -> None:
    assert stats.label_chances(np.zeros(200), 50) == pytest.approx(np.full(200, 0.25))
    assert stats.label_chances(np.full(200, 3.0), 50) == pytest.approx(np.full(200, 0.25))


def test_chances_follow_the_size_above_an_even_floor_and_sum_to_the_labels() -> None:
    size = np.concatenate([np.zeros(150), np.ones(50)])

    found = stats.label_chances(size, 60, even=0.5)

    assert found.sum() == pytest.approx(60)
    assert found[0] == pytest.approx(0.5 * 60 / 200)
    assert found[-1] == pytest.approx(0.5 * 60 / 200 + 0.5 * 60 / 50)


def test_no_chance_is_above_one_and_what_exceeds_it_goes_to_the_others() -> None:
    size = np.concatenate([np.ones(95), np.full(5, 100.0)])

    found = stats.label_chances(size, 60, even=0.2)

    assert found.max() == 1.0
    assert found.sum() == pytest.approx(60)


def test_a_systematic_draw_has_its_size_and_each_item_its_chance() -> None:
    chance = stats.label_chances(np.arange(40.0), 10)
    times = np.zeros(40)
    for seed in range(4000):
        drawn = stats.systematic_draw(chance, seed=seed)
        assert drawn.size == np.unique(drawn).size == 10
        times[drawn] += 1
    error = np.sqrt(chance * (1 - chance) / 4000)
    assert (np.abs(times / 4000 - chance) < 4.5 * error).all()


@pytest.mark.parametrize(
    ("size", "labels", "even", "message"),
    [
        ([1.0, -1.0], 1, 0.5, "size: got -1 at position 1"),
        ([1.0, 1.0], 3, 0.5, "labels: got 3, expected 1 to 2"),
        ([1.0, 1.0], 1, 0.0, "even: got 0.0"),
        ([1.0, float("nan")], 1, 0.5, "size"),
    ],
)
def test_wrong_sizes_are_refused(size, labels, even, message) -> None:
    with pytest.raises(DataError, match=message):
        stats.label_chances(size, labels, even=even)


@pytest.mark.parametrize("chance", [[0.5, 0.0], [0.5, 1.5], [0.5, 0.6]])
def test_wrong_chances_are_refused(chance) -> None:
    with pytest.raises(DataError, match="chance"):
        stats.systematic_draw(chance, seed=1)


def test_a_plan_read_both_ways_gives_the_same_number_of_labels() -> None:
    worth = LabelWorth(labels=100, items=800, multiplier=1.5, ceiling=2.0, spread=0.4, rest=0.2)

    width = stats.half_width(worth, 120)

    assert stats.labels_needed(worth, width) == 120
    assert stats.half_width(worth, 120, judges=False) > width
    with pytest.raises(DataError, match="labels: got 20, expected 50 to 800"):
        stats.half_width(worth, 20)
