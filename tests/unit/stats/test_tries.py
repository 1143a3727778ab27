"""Several tries of a task: what is refused, and that tasks are the unit."""

from __future__ import annotations

import math

import numpy as np
import pytest

from liftgate import stats
from liftgate.errors import DataError, NotEnoughData

DONE = [0, 1, 2, 3, 3, 2, 1, 0, 3, 2]


def test_the_number_is_the_mean_over_tasks_by_the_method_of_graded_scores() -> None:
    found = stats.pass_rate(DONE, 3, 2, joined="all")
    each = stats.of_tries(DONE, 3, 2, joined="all")
    assert each.tolist() == pytest.approx([0, 0, 1 / 3, 1, 1, 1 / 3, 0, 0, 1, 1 / 3])
    assert found.value == pytest.approx(each.mean())
    assert (found.n, found.method) == (10, "t with pseudo items")
    assert 0 <= found.low < found.value < found.high <= 1


def test_one_try_is_the_plain_share_and_more_k_ask_more_or_less() -> None:
    share = np.mean(DONE) / 3
    assert stats.pass_rate(DONE, 3, 1).value == pytest.approx(share)
    assert stats.pass_rate(DONE, 3, 1, joined="all").value == pytest.approx(share)
    every = stats.pass_rate(DONE, 3, 3, joined="all").value
    assert stats.pass_rate(DONE, 3, 3).value > share > every


def test_arms_are_compared_task_by_task_also_when_they_tried_unequally_often() -> None:
    better = [min(done + 1, 3) for done in DONE]
    found = stats.pass_rate_difference(better, 4, DONE, 3, 2, joined="all", level=0.9)
    ours, theirs = (stats.of_tries(c, n, 2, joined="all") for c, n in ((better, 4), (DONE, 3)))
    assert found.value == pytest.approx((ours - theirs).mean())
    assert found.method == "paired t with pseudo items"
    clustered = stats.pass_rate_difference(better, 4, DONE, 3, 2, cluster=[0, *range(8), 7])
    assert clustered.method == "paired CR2 with pseudo clusters"


@pytest.mark.parametrize(
    ("given", "kind", "words"),
    [
        (([1], [2], 3), NotEnoughData, "tries: got 2 at position 0, expected at least k = 3"),
        (([], [], 1), NotEnoughData, "successes"),
        (([3], [2], 1), DataError, "successes: got 3 of 2 tries at position 0"),
        (([0.5], [2], 1), DataError, "successes: got 0.5 at position 0, expected a whole number"),
        (([1], [-2], 1), DataError, "tries: got -2 at position 0"),
        (([1, 1], [2, 2, 2], 1), DataError, "tries: got 3 values for 2 tasks"),
        (([1], [2], 0), DataError, "k: got 0"),
        (([1], [2], True), DataError, "k: got True"),
        (([math.nan], [2], 1), DataError, "successes"),
    ],
)
def test_what_makes_no_sense_is_refused(given, kind, words) -> None:
    with pytest.raises(kind, match=words):
        stats.of_tries(*given)


def test_an_unknown_way_of_joining_and_too_few_tasks_are_refused() -> None:
    with pytest.raises(DataError, match="joined: got 'most', expected one of: any, all"):
        stats.pass_rate(DONE, 3, 2, joined="most")
    with pytest.raises(NotEnoughData):
        stats.pass_rate([1, 2, 3], 3, 2)
    with pytest.raises(DataError):
        stats.pass_rate_difference(DONE, 3, DONE[:-1], 3, 2)
