"""Bad input is refused by name, with what was got and what was expected."""

import numpy as np
import pytest

from liftgate import stats
from liftgate.errors import DataError, NotEnoughData
from liftgate.stats.kinds import Alternative, ScoreKind

B, G, U = ScoreKind.BINARY, ScoreKind.GRADED, ScoreKind.UNBOUNDED
ONES = [1, 0, 1, 1, 0, 1, 0, 1]
ZEROS = [0, 0, 1, 0, 1, 1, 0, 0]
UNIT = (0, 1)

BAD_PAIRS = {
    "NaN in the candidate": (
        ([1, float("nan"), 1], [0, 0, 0], {"kind": B}),
        r"candidate: got nan at position 1 \(1 in all\), expected finite",
    ),
    "infinity in the baseline": (
        ([1.0] * 3, [0, 0, float("inf")], {"kind": U}),
        "baseline: got inf at position 2",
    ),
    "lengths": (([1, 0], [1], {"kind": B}), "candidate: got 2 scores and baseline 1"),
    "text": ((["yes", "no"], [1, 0], {"kind": B}), "candidate: got values that are not numbers"),
    "None": (([None, object()], [1, 0], {"kind": B}), "candidate: got values that are not numbers"),
    "two dimensions": (([[1, 0]], [[1, 0]], {"kind": B}), r"candidate: got an array of shape \(1,"),
    "neither 0 nor 1": (
        ([1, 0.5], [0, 0], {"kind": B}),
        "candidate: got 0.5 at position 1, expected 0 or 1",
    ),
    "outside the range": (
        ([0.5, 0.5], [0.5, 1.5], {"kind": G, "score_range": UNIT}),
        "baseline: got 1.5 at position 1, expected scores between 0 and 1",
    ),
    "graded without a range": ((ONES, ZEROS, {"kind": G}), "score_range: got None for graded"),
    "unbounded with a range": (
        (ONES, ZEROS, {"kind": U, "score_range": UNIT}),
        "score_range: got .* for unbounded scores, expected None",
    ),
    "binary in another range": (
        (ONES, ZEROS, {"kind": B, "score_range": (0, 2)}),
        "score_range: got .* for binary",
    ),
    "ends in the wrong order": (
        (ONES, ZEROS, {"kind": G, "score_range": (1, 0)}),
        r"score_range: got \(1, 0\)",
    ),
    "one end": ((ONES, ZEROS, {"kind": G, "score_range": (1,)}), "score_range: got"),
    "an infinite end": (
        (ONES, ZEROS, {"kind": G, "score_range": (0, float("inf"))}),
        "score_range: got",
    ),
    "cluster of another length": (
        (ONES, ZEROS, {"kind": B, "cluster": [1, 2]}),
        r"cluster: got shape \(2,\), expected one label for each of 8 items",
    ),
    "cluster without a label": (
        (ONES, ZEROS, {"kind": B, "cluster": ["a", None, *"bcdefg"]}),
        "cluster: got a missing label",
    ),
    "cluster with NaN": (
        (ONES, ZEROS, {"kind": B, "cluster": [1.0, float("nan"), 2, 2, 3, 3, 4, 4]}),
        "cluster: got a missing label",
    ),
    "level": ((ONES, ZEROS, {"kind": B, "level": 95}), "level: got 95, expected a confidence"),
    "null outside": (
        (ONES, ZEROS, {"kind": B, "null": -1}),
        "null: got -1, expected a value strictly between -1 and 1",
    ),
    "null NaN": ((ONES, ZEROS, {"kind": B, "null": float("nan")}), "null: got nan"),
    "kind": ((ONES, ZEROS, {"kind": "ordinal"}), "kind: got 'ordinal', expected one of binary"),
    "alternative": (
        (ONES, ZEROS, {"kind": B, "alternative": "bigger"}),
        "alternative: got 'bigger', expected one of two-sided",
    ),
}


@pytest.mark.parametrize(("call", "message"), BAD_PAIRS.values(), ids=BAD_PAIRS)
def test_a_wrong_argument_is_named(call, message):
    candidate, baseline, options = call
    with pytest.raises(DataError, match=message):
        stats.paired_difference(candidate, baseline, **options)


@pytest.mark.parametrize("margin", [-0.1, float("nan")])
def test_a_margin_below_zero_is_refused(margin):
    with pytest.raises(DataError, match="margin: got"):
        stats.paired_noninferiority(ONES, ZEROS, margin, kind=B)


@pytest.mark.parametrize("ratio", [1, 2.0, float("nan"), float("-inf")])
def test_a_ratio_that_is_no_share_is_refused(ratio):
    with pytest.raises(DataError, match="ratio: got"):
        stats.paired_contrast(ONES, ZEROS, ratio, kind=B)


def test_a_ratio_that_the_range_cannot_lose_is_refused():
    with pytest.raises(DataError, match=r"ratio: got 0.9, but scores within \(1.0, 5.0\)"):
        stats.paired_contrast([3] * 8, [4] * 8, 0.9, kind=G, score_range=(1, 5))


@pytest.mark.parametrize(
    "call",
    [
        lambda: stats.paired_difference([], [], kind=B),
        lambda: stats.mean([], kind=U),
        lambda: stats.proportion([]),
        lambda: stats.quantile([], 0.5),
        lambda: stats.passes_limit([], limit=1),
    ],
)
def test_zero_items_are_not_enough(call):
    with pytest.raises(NotEnoughData, match="got no items"):
        call()


@pytest.mark.parametrize("kind", list(ScoreKind))
def test_five_items_have_too_few_degrees_of_freedom_and_six_do(kind):
    span = UNIT if kind is G else None
    with pytest.raises(NotEnoughData, match=r"got 5 pairs|got 5 items, 4 degrees of freedom"):
        stats.paired_difference(ONES[:5], ZEROS[:5], kind=kind, score_range=span)
    assert stats.paired_difference(ONES[:6], ZEROS[:6], kind=kind, score_range=span).n == 6


def test_one_cluster_is_refused():
    with pytest.raises(NotEnoughData, match="got one cluster with all 8 items"):
        stats.paired_difference(ONES, ZEROS, kind=B, cluster=["a"] * 8)


def test_few_or_uneven_clusters_are_refused_with_their_degrees_of_freedom():
    values = np.linspace(0, 1, 60)
    even = np.arange(60) % 5
    with pytest.raises(NotEnoughData, match=r"got 5 clusters, .* 4 degrees of freedom"):
        stats.mean(values, kind=G, score_range=UNIT, cluster=even)
    uneven = np.minimum(np.arange(60), 12)
    with pytest.raises(NotEnoughData, match=r"13 clusters, the largest with 80 % .* 1.5 degrees"):
        stats.mean(values, kind=G, score_range=UNIT, cluster=uneven)


def test_differences_without_spread_need_a_range():
    with pytest.raises(NotEnoughData, match=r"all 8 values equal 0.1, expected some spread"):
        stats.paired_difference(np.full(8, 0.4), np.full(8, 0.3), kind=U)
    bounded = stats.paired_difference([1.0] * 8, [1.0] * 8, kind=G, score_range=UNIT)
    assert (bounded.value, bounded.p_value) == (0.0, 1.0)
    assert bounded.low == pytest.approx(-bounded.high)
    assert 0.4 < bounded.high < 0.7


@pytest.mark.parametrize(("baseline", "mirrored"), [([0] * 8, False), (ONES, True)])
def test_a_share_of_a_baseline_without_a_positive_mean_is_refused(baseline, mirrored):
    with pytest.raises(NotEnoughData, match="baseline: got a mean of"):
        stats.paired_contrast(ONES, baseline, 0.1, kind=B, mirrored=mirrored)
    if not mirrored:
        with pytest.raises(NotEnoughData, match="baseline: got a mean of 0"):
            stats.relative_lift(ONES, baseline, kind=B)


def test_a_quantile_over_clusters_is_refused():
    with pytest.raises(NotEnoughData, match="measure the quantile once in each"):
        stats.quantile(range(10), 0.9, cluster=[0, 0, *range(8)])


@pytest.mark.parametrize("q", [0, 1, 95, float("nan")])
def test_a_quantile_is_a_share(q):
    with pytest.raises(DataError, match="q: got"):
        stats.quantile([1, 2, 3], q)


def test_one_pass_is_refused_and_a_limit_has_a_side():
    with pytest.raises(NotEnoughData, match="got 1 pass, expected at least 2"):
        stats.passes_limit([12.0], limit=50)
    with pytest.raises(DataError, match="a limit has a side"):
        stats.passes_limit([1, 2], limit=3, alternative=Alternative.TWO_SIDED)
    with pytest.raises(DataError, match="limit: got nan"):
        stats.passes_limit([1, 2], limit=float("nan"))


@pytest.mark.parametrize("bad", [None, "0.1", float("nan"), -0.1, 1.1, True])
def test_holm_refuses_what_is_no_probability(bad):
    with pytest.raises(DataError, match=r"p_values: got .* at position 1, expected a number"):
        stats.holm([0.01, bad])


def test_planning_refuses_impossible_levels():
    pilot = stats.paired_difference(ONES, ZEROS, kind=B)
    with pytest.raises(DataError, match="alpha: got 0"):
        stats.units_needed(pilot, effect=0.1, null=0, alpha=0)
    with pytest.raises(DataError, match="power: got 1"):
        stats.detectable(pilot, alpha=0.05, power=1)
    with pytest.raises(DataError, match="expected more power than alpha"):
        stats.detectable(pilot, alpha=0.2, power=0.1)
    with pytest.raises(DataError, match="effect: got nan"):
        stats.units_needed(pilot, effect=float("nan"), null=0, alpha=0.05)
    with pytest.raises(NotEnoughData, match="order statistics: has no standard error"):
        stats.detectable(stats.quantile([1, 2, 3], 0.5), alpha=0.05)


@pytest.mark.parametrize(("candidates", "alpha"), [(0, 0.05), (1, 0), (1, 1.5)])
def test_passes_needed_refuses_nonsense(candidates, alpha):
    with pytest.raises(DataError, match=r"candidates: got|alpha: got"):
        stats.passes_needed(candidates, alpha)


@pytest.mark.parametrize("huge", [1e200, -3e150, float("inf")])
def test_scores_whose_squares_would_overflow_are_refused_by_place(huge):
    with pytest.raises(DataError, match=r"candidate: got .* at position 2 .* at most 1e100"):
        stats.paired_difference([1.0, 2.0, huge, 3.0] * 3, [0.0] * 12, kind=U)
