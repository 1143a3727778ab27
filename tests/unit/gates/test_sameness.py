"""Equivalence of a rerun: against scipy's tests, at its refusals, and for what cancels out."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import ttest_1samp

from liftgate.errors import DataError
from liftgate.gates.sameness import Reruns, Same, joined, sameness
from liftgate.records import Scale, ScoreKind

BINARY = Scale(ScoreKind.BINARY, 0, 1)
COST = Scale(ScoreKind.UNBOUNDED)


def flipped(values, share, rng):
    return np.where(rng.random(len(values)) < share, 1 - values, values)


def noisy(n=400, share=0.02, tolerance=0.06, seed=1, again=None):
    rng = np.random.default_rng(seed)
    truth = (rng.random(n) < 0.6).astype(float)
    old, new, more = (flipped(truth, share, rng) for _ in range(3))
    return Reruns("new", "right", BINARY, old, new, more if again is None else again, tolerance)


@pytest.mark.parametrize("shift", [0.0, 0.3, 0.45, 0.7, -0.45])
def test_the_verdict_is_that_of_two_one_sided_t_tests(shift):
    rng = np.random.default_rng(5)
    old = rng.normal(10, 2, 80)
    new = old + rng.normal(shift, 1, 80)
    # So noisy a system that the floor never decides.
    again = new + rng.normal(0, 9, 80)
    found = sameness(Reruns("a", "cost", COST, old, new, again, 0.5), alpha=0.05)
    up = ttest_1samp(new - old, 0.5, alternative="less").pvalue
    down = ttest_1samp(new - old, -0.5, alternative="greater").pvalue
    assert (found.same is Same.SHOWN) == (max(up, down) <= 0.05)
    interval = ttest_1samp(new - old, 0).confidence_interval(0.9)
    # Our interval allows for skewness, which these values have little of.
    assert found.shift[1:] == pytest.approx(tuple(interval), abs=0.01)


def test_noise_alone_is_shown_to_be_the_same_and_says_how_far_items_move():
    found = sameness(noisy(), alpha=0.05)
    assert found.same is Same.SHOWN
    assert found.changed == pytest.approx(0.04, abs=0.02)
    assert found.floor == pytest.approx(0.04, abs=0.02)


def test_changes_that_cancel_out_in_the_mean_are_not_noise():
    made = noisy(share=0.0)
    swapped = made.rerun.copy()
    ones, zeros = np.flatnonzero(swapped == 1)[:60], np.flatnonzero(swapped == 0)[:60]
    swapped[ones], swapped[zeros] = 0, 1
    found = sameness(replace(made, rerun=swapped, again=swapped), alpha=0.05)
    assert found.shift[0] == 0
    assert found.same is Same.DIFFERENT
    assert "above what two reruns differ by" in found.reason


def test_the_same_changes_of_a_system_that_changes_as_much_by_itself_are_no_sign():
    made = noisy(share=0.3, n=3000, tolerance=0.08)
    assert sameness(made, alpha=0.05).same is Same.SHOWN
    still = replace(made, again=made.rerun)
    assert sameness(still, alpha=0.05).same is Same.DIFFERENT


def test_few_items_cannot_tell_and_the_items_that_it_says_would():
    found = sameness(noisy(n=60), alpha=0.05)
    assert found.same is Same.CANNOT_TELL
    assert found.items_needed > 60
    shown = [
        sameness(noisy(n=found.items_needed, seed=seed), alpha=0.05).same is Same.SHOWN
        for seed in range(12)
    ]
    assert sum(shown) >= 7


def test_missing_scores_count_at_their_worst():
    made = noisy()
    gone = made.rerun.copy()
    gone[:4] = np.nan
    assert sameness(replace(made, rerun=gone), alpha=0.05).same is Same.SHOWN
    gone[:40] = np.nan
    assert sameness(replace(made, rerun=gone), alpha=0.05).same is Same.CANNOT_TELL


def test_a_missing_score_of_the_rerun_counts_as_the_loss_that_it_may_be():
    made = noisy(share=0.0)
    gone = made.rerun.copy()
    gone[np.flatnonzero(made.original == 1)[:60]] = np.nan
    found = sameness(replace(made, rerun=gone), alpha=0.05)
    assert found.same is Same.CANNOT_TELL
    assert "not lower by" in found.reason
    assert "not higher by" not in found.reason


def test_a_missing_second_rerun_is_no_noise_to_be_excused_by():
    made = noisy(share=0.0)
    swapped, gone = made.rerun.copy(), made.rerun.copy()
    ones, zeros = np.flatnonzero(swapped == 1)[:30], np.flatnonzero(swapped == 0)[:30]
    swapped[ones], swapped[zeros] = 0, 1
    gone[[*ones, *zeros]] = np.nan
    assert sameness(replace(made, rerun=swapped, again=gone), alpha=0.05).same is Same.CANNOT_TELL


def test_changes_of_as_many_items_as_the_tolerance_are_not_shown_to_be_noise():
    made = noisy(share=0.0)
    swapped = made.rerun.copy()
    ones, zeros = np.flatnonzero(swapped == 1)[:11], np.flatnonzero(swapped == 0)[:11]
    swapped[ones], swapped[zeros] = 0, 1
    found = sameness(replace(made, rerun=swapped, again=swapped), alpha=0.05)
    assert found.same is Same.CANNOT_TELL
    assert found.reason.startswith("not shown: no more change of items")


def test_a_missing_score_without_an_end_to_put_in_its_place_cannot_tell():
    values = np.arange(30.0)
    gone = values + np.random.default_rng(1).normal(0, 0.01, 30)
    gone[0] = np.nan
    found = sameness(Reruns("a", "cost", COST, values, gone, gone, 1.0), alpha=0.05)
    assert found.same is Same.CANNOT_TELL
    assert "1 scores are missing" in found.reason


def test_equal_scores_need_no_test_and_one_cluster_or_one_item_is_refused():
    made = noisy(n=4)
    equal = replace(made, rerun=made.original)
    assert sameness(equal, alpha=0.05).same is Same.SHOWN
    one = noisy(n=40, share=0.3)
    found = sameness(replace(one, cluster=np.zeros(40, dtype=np.int64)), alpha=0.05)
    assert (found.same, found.clusters) == (Same.CANNOT_TELL, 1)
    empty = np.array([])
    found = sameness(Reruns("a", "m", BINARY, empty, empty, empty, 0.1), alpha=0.05)
    assert found.same is Same.CANNOT_TELL


def test_a_tolerance_as_wide_as_the_scale_is_no_demand():
    found = sameness(noisy(tolerance=1.0), alpha=0.05)
    assert found.same is Same.CANNOT_TELL
    assert "as wide as the scale" in found.reason


@pytest.mark.parametrize("size", [0.0, -1.0, float("nan"), float("inf")])
def test_a_tolerance_that_is_none_is_refused(size):
    with pytest.raises(DataError, match="tolerance"):
        noisy(tolerance=size)


def test_lengths_that_differ_and_a_wrong_alpha_are_refused():
    with pytest.raises(DataError, match="shapes"):
        noisy(again=np.zeros(3))
    with pytest.raises(DataError, match="alpha"):
        sameness(noisy(), alpha=0.7)


def test_one_that_differs_decides_and_one_unknown_leaves_it_open():
    shown = sameness(noisy(), alpha=0.05)
    open_ = replace(shown, same=Same.CANNOT_TELL)
    differs = replace(shown, same=Same.DIFFERENT)
    assert joined([shown, shown]) is Same.SHOWN
    assert joined([shown, open_]) is Same.CANNOT_TELL
    assert joined([open_, differs, shown]) is Same.DIFFERENT
    assert joined([]) is Same.CANNOT_TELL
