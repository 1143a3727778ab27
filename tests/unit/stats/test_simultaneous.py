from __future__ import annotations

import itertools

import numpy as np
import pytest

from liftgate import stats
from liftgate.errors import DataError, NotEnoughData


def test_limits_of_an_unsure_count_hold_whatever_it_is() -> None:
    (unsure,) = stats.simultaneous_shares([(2, 5)], 20)
    each = [stats.simultaneous_shares([(k, k)], 20)[0] for k in range(2, 6)]

    assert unsure.low == min(one.low for one in each)
    assert unsure.high == max(one.high for one in each)


def test_what_was_looked_for_and_not_found_widens_the_limits() -> None:
    few = stats.simultaneous_shares([(3, 3)], 20)[0]
    many = stats.simultaneous_shares([(3, 3)], 20, comparisons=40)[0]

    assert many.low < few.low < 0.15 < few.high < many.high


def _all_hold(shares, draws: int, *, comparisons: int | None) -> float:
    """The share of simulated samples of 40 in which every limit holds."""
    rng = np.random.default_rng(3)
    tables = rng.multinomial(40, shares, size=draws)
    known: dict[int, tuple[float, float]] = {}

    def holds(count: int, share: float) -> bool:
        if count not in known:
            wanted = len(shares) if comparisons is None else comparisons
            one = stats.simultaneous_shares([(count, count)], 40, comparisons=wanted)[0]
            known[count] = (one.low, one.high)
        return known[count][0] <= share <= known[count][1]

    good = [all(map(holds, map(int, table), shares)) for table in tables]
    return float(np.mean(good))


def test_all_limits_hold_together_and_would_not_without_the_correction() -> None:
    shares = [0.3, 0.2, 0.15, *[0.05] * 7]

    assert _all_hold(shares, 3000, comparisons=None) >= 0.95
    assert _all_hold(shares, 3000, comparisons=1) < 0.93  # the planted mistake


def test_ranges_hold_every_order_that_the_intervals_allow() -> None:
    intervals = [(0.4, 0.6), (0.1, 0.45), (0.0, 0.07), (0.05, 0.2)]
    ends = [np.linspace(low, high, 7).tolist() for low, high in intervals]
    seen: list[set[int]] = [set() for _ in intervals]
    for values in itertools.product(*ends):
        for at, value in enumerate(values):
            seen[at].add(1 + sum(other > value for other in values))

    assert stats.rank_ranges(intervals) == tuple((min(s), max(s)) for s in seen)


def test_equal_quantities_share_all_ranks() -> None:
    assert stats.rank_ranges([(0.1, 0.1)] * 3) == ((1, 3),) * 3


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: stats.simultaneous_shares([(1, 1)], 0), NotEnoughData, "n: got 0 units"),
        (lambda: stats.simultaneous_shares([(3, 2)], 5), DataError, "got \\(3, 2\\)"),
        (lambda: stats.simultaneous_shares([(3, 6)], 5), DataError, "≤ 5"),
        (lambda: stats.simultaneous_shares([(-1, 2)], 5), DataError, "got \\(-1, 2\\)"),
        (
            lambda: stats.simultaneous_shares([(1, 1)] * 2, 5, comparisons=1),
            DataError,
            "got 1 for 2 counts",
        ),
        (lambda: stats.simultaneous_shares([(1, 1)], 5, level=1.0), DataError, "level"),
        (lambda: stats.rank_ranges([(1.0, 0.0)]), DataError, "low ≤ high"),
        (lambda: stats.rank_ranges([(float("nan"), 0.0)]), DataError, "low ≤ high"),
    ],
)
def test_what_is_no_sample_is_refused(call, error, message) -> None:
    with pytest.raises(error, match=message):
        call()
