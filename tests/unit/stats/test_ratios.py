"""Ratios of two sums: one arm's and the difference of two."""

import numpy as np
import pytest

from liftgate import stats
from liftgate.errors import DataError, NotEnoughData
from liftgate.stats.kinds import Alternative

BOTH = (Alternative.GREATER, Alternative.LESS)


def statements(n=60, seed=3, chance=0.8):
    rng = np.random.default_rng(seed)
    below = 1 + rng.poisson(4, n)
    return rng.binomial(below, chance), below


def costs(n=60, seed=4):
    rng = np.random.default_rng(seed)
    return rng.lognormal(0, 0.5, n), (rng.random(n) < 0.7).astype(float)


def test_a_ratio_is_that_of_the_sums():
    above, below = costs()
    found = stats.ratio(above, below)
    assert found.value == pytest.approx(above.sum() / below.sum())
    assert (found.p_value, found.method) == (None, "ratio by Fieller's contrast")
    assert found.low < found.value < found.high
    assert found.high - found.value > found.value - found.low


@pytest.mark.parametrize("cluster", [None, np.arange(60) // 4])
@pytest.mark.parametrize("span", [None, (0, 1)])
def test_verdict_and_limits_of_a_ratio_invert_one_test(cluster, span):
    above, below = statements()
    options = {"cluster": cluster, "ratio_range": span, "level": 0.9}
    found = stats.ratio(above, below, **options)
    for end, side in zip((found.low, found.high), BOTH, strict=True):
        at = stats.ratio(above, below, null=end, alternative=side, **options)
        assert at.p_value == pytest.approx(0.05, rel=1e-6)


def test_denominators_of_one_give_the_plain_mean():
    values = costs()[0]
    one = stats.ratio(values, np.ones(60), null=1.0)
    mean = stats.mean(values, kind="unbounded", null=1.0)
    ours, theirs = ((e.value, e.low, e.high, e.p_value, e.df) for e in (one, mean))
    assert tuple(ours) == pytest.approx(tuple(theirs), rel=1e-9)


def test_a_difference_with_denominators_of_one_is_the_paired_difference():
    ours, theirs = costs()[0], costs(seed=5)[0]
    found = stats.ratio_difference(ours, np.ones(60), theirs, np.ones(60), null=0.1)
    plain = stats.paired_difference(ours, theirs, kind="unbounded", null=0.1)
    for name in ("value", "low", "high", "p_value", "df"):
        assert getattr(found, name) == pytest.approx(getattr(plain, name), rel=1e-8), name


def test_ratios_that_never_vary_need_a_range_and_then_have_an_honest_interval():
    below = statements()[1]
    with pytest.raises(NotEnoughData, match="every unit gives the same 1, expected some spread"):
        stats.ratio(below, below)
    found = stats.ratio(below, below, ratio_range=(0, 1), level=0.9)
    assert (found.value, found.high) == (1.0, 1.0)
    assert 0.9 < found.low < 0.99
    same = stats.ratio_difference(below, below, below, below, ratio_range=(0, 1))
    assert (same.value, same.p_value) == (0.0, 1.0)
    assert same.low == -same.high < -0.01
    with pytest.raises(NotEnoughData, match="every unit gives the same 0"):
        stats.ratio_difference(below, below, below, below)


def test_clusters_widen_a_ratio_whose_items_move_together():
    above, below = (np.repeat(side, 4) for side in statements(20))
    alone = stats.ratio(above, below)
    together = stats.ratio(above, below, cluster=np.repeat(np.arange(20), 4))
    assert together.clusters == 20
    assert together.high - together.low > 1.8 * (alone.high - alone.low)


@pytest.mark.parametrize("seen", [0, 1, 2])
def test_a_denominator_that_is_not_clear_of_zero_is_refused(seen):
    below = np.zeros(40)
    below[:seen] = 1
    with pytest.raises(NotEnoughData, match=r"denominator: got a mean of .* clearly above 0"):
        stats.ratio(np.ones(40), below)


def test_a_difference_asks_more_of_its_denominators_than_one_ratio():
    below = np.array([1.0] * 10 + [0.0] * 30)
    above = np.linspace(1, 2, 40)
    assert stats.ratio(above, below).low > 0
    with pytest.raises(NotEnoughData, match=r"baseline_denominator: got a mean of 0.25"):
        stats.ratio_difference(above, np.ones(40), above, below)


def test_few_units_and_a_few_huge_ones_are_refused():
    above, below = statements(5)
    with pytest.raises(NotEnoughData, match=r"5 items, .* 4 degrees of freedom"):
        stats.ratio(above, below)
    huge = np.ones(30)
    huge[0] = 300
    with pytest.raises(NotEnoughData, match=r"degrees of freedom, expected at least 5|clearly"):
        stats.ratio_difference(huge / 2, huge, huge / 3, huge, ratio_range=(0, 1))


ABOVE, BELOW = statements()
BAD = {
    "NaN": (([float("nan")], [1]), {}, "numerator: got nan at position 0"),
    "lengths": (([1, 2], [1]), {}, "denominator: got 1 values for 2 numerators"),
    "negative denominator": (
        ([1, 2], [1, -2]),
        {},
        "denominator: got -2 at position 1, expected a count or an amount",
    ),
    "outside the range": (
        ([1, 3], [1, 2]),
        {"ratio_range": (0, 1)},
        "numerator: got 3 over 2 at position 1, expected a ratio between 0 and 1",
    ),
    "range": ((ABOVE, BELOW), {"ratio_range": (1, 0)}, r"ratio_range: got \(1, 0\)"),
    "null outside": ((ABOVE, BELOW), {"ratio_range": (0, 1), "null": 1}, "null: got 1, expected"),
    "null infinite": ((ABOVE, BELOW), {"null": float("inf")}, "null: got inf"),
    "level": ((ABOVE, BELOW), {"level": 95}, "level: got 95"),
    "alternative": ((ABOVE, BELOW), {"alternative": "up"}, "alternative: got 'up'"),
}


@pytest.mark.parametrize(("given", "options", "message"), BAD.values(), ids=BAD)
def test_a_wrong_argument_is_named(given, options, message):
    with pytest.raises(DataError, match=message):
        stats.ratio(*given, **options)


def test_sides_of_other_lengths_and_no_items_are_refused():
    with pytest.raises(DataError, match="candidate_numerator: got 60 items and baseline_numer"):
        stats.ratio_difference(ABOVE, BELOW, ABOVE[1:], BELOW[1:])
    with pytest.raises(NotEnoughData, match="numerator: got no items"):
        stats.ratio([], [])
    with pytest.raises(DataError, match="null: got 1, expected a value strictly between -1 and 1"):
        stats.ratio_difference(ABOVE, BELOW, ABOVE, BELOW, ratio_range=(0, 1), null=1)


def left_out_one_by_one(ours, theirs, kept):
    """The jackknife by its definition: every item taken out in turn."""
    every = np.arange(ours[0].size)
    values = []
    for gone in every:
        some = every != gone
        one, other = (side[0][some].sum() / side[1][some].sum() for side in (ours, theirs))
        values.append(one - kept * other)
    values = np.array(values)
    size = values.size
    return np.sqrt((size - 1) / size * np.sum((values - values.mean()) ** 2))


@pytest.mark.parametrize("kept", [1.0, 1.1, 0.9])
def test_a_share_of_the_baselines_ratio_is_taken_away_and_left_out_with_it(kept):
    ours, theirs = costs(), costs(seed=5)
    found = stats.ratio_difference(*ours, *theirs, kept=kept)
    ratios = [side[0].sum() / side[1].sum() for side in (ours, theirs)]
    assert found.value == pytest.approx(ratios[0] - kept * ratios[1])
    assert found.se == pytest.approx(left_out_one_by_one(ours, theirs, kept), rel=1e-9)


def test_a_share_with_denominators_of_one_is_the_paired_contrast():
    ours, theirs = costs()[0], costs(seed=5)[0]
    one = np.ones(60)
    found = stats.ratio_difference(ours, one, theirs, one, kept=0.9)
    plain = stats.paired_contrast(ours, theirs, 0.1, kind="unbounded")
    for name in ("value", "low", "high", "p_value", "df"):
        assert getattr(found, name) == pytest.approx(getattr(plain, name), rel=1e-8), name


def test_a_share_that_is_none_and_a_baseline_without_a_ratio_above_0_are_refused():
    ours = costs()
    with pytest.raises(DataError, match="kept: got 0"):
        stats.ratio_difference(*ours, *ours, kept=0)
    with pytest.raises(NotEnoughData, match="a share of it means nothing"):
        stats.ratio_difference(*ours, -ours[0], ours[1], kept=0.9)


def test_planned_looks_take_the_items_so_far_and_what_was_rejected_stays_so():
    from liftgate.stats.course import PlannedCourse

    ours, theirs = costs(n=200), costs(n=200, seed=5)
    course = PlannedCourse((50, 100, 150, 200), np.array([0.25, 0.5, 0.75, 1.0]))
    ratios = {"level": 0.9, "alternative": "less", "null": 5.0, "course": course}
    half = stats.ratio_difference(*(x[:120] for x in (*ours, *theirs)), **ratios)
    assert (half.look, half.looks, half.n) == (2, 4, 100)
    whole = stats.ratio_difference(*ours, *theirs, **ratios)
    assert whole.look == 4
    assert half.p_value < 0.05
    assert whole.p_value < 0.05
    with pytest.raises(NotEnoughData, match="no look was taken yet"):
        stats.ratio_difference(*(x[:20] for x in (*ours, *theirs)), **ratios)
    with pytest.raises(DataError, match="two-sided"):
        stats.ratio_difference(*ours, *theirs, course=course)
