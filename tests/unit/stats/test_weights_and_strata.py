"""Means over items that count differently, and over items drawn stratum by stratum."""

import numpy as np
import pytest

from liftgate import stats
from liftgate.errors import DataError, NotEnoughData
from liftgate.stats.kinds import ScoreKind
from liftgate.stats.linearised import LinearTest
from liftgate.stats.units import units_of

G, U = ScoreKind.GRADED, ScoreKind.UNBOUNDED
UNIT = (0, 1)


def scores(n=40, seed=1):
    rng = np.random.default_rng(seed)
    return rng.random(n), rng.random(n)


@pytest.mark.parametrize("options", [{"kind": G, "score_range": UNIT}, {"kind": U}])
def test_equal_weights_and_one_stratum_change_nothing(options):
    plain = stats.paired_difference(*scores(), **options)
    assert stats.paired_difference(*scores(), weight=[3] * 40, **options) == plain
    assert stats.paired_difference(*scores(), stratum=["a"] * 40, **options) == plain


@pytest.mark.parametrize("options", [{"kind": G, "score_range": UNIT}, {"kind": U}])
@pytest.mark.parametrize("cluster", [None, np.arange(40) // 2])
def test_nearly_equal_weights_give_nearly_the_plain_answer(options, cluster):
    weight = np.ones(40)
    weight[0] += 1e-7
    options = {**options, "cluster": cluster, "null": 0.05}
    plain = stats.paired_difference(*scores(), **options)
    found = stats.paired_difference(*scores(), weight=weight, **options)
    for name in ("value", "low", "high", "p_value", "df"):
        assert getattr(found, name) == pytest.approx(getattr(plain, name), rel=0.01, abs=2e-3), name
    assert found.method.startswith("paired weighted mean")


def test_a_weighted_mean_is_weighted_and_says_how_many_items_that_is():
    ours, theirs = scores()
    weight = np.linspace(1, 3, 40)
    found = stats.paired_difference(ours, theirs, kind=U, weight=weight)
    assert found.value == pytest.approx(np.average(ours - theirs, weights=weight))
    size = weight.sum() ** 2 / (weight**2).sum()
    assert found.warnings[0] == f"weights: 40 items count as {size:.1f} equal ones (Kish)"
    assert found.method == "paired weighted mean"


def test_the_scale_of_the_weights_does_not_matter():
    weight = np.linspace(1, 3, 40)
    one = stats.paired_difference(*scores(), kind=U, weight=weight)
    other = stats.paired_difference(*scores(), kind=U, weight=1000 * weight)
    assert (one.low, one.high) == pytest.approx((other.low, other.high), rel=1e-12)


def test_degrees_of_freedom_are_those_of_the_quadratic_form():
    """Against the trace formula with full matrices: weights vary inside clusters, three strata."""
    rng = np.random.default_rng(5)
    codes = np.repeat(np.arange(18), 4)
    strata = codes // 6
    weight = rng.lognormal(0, 0.3, 72)
    weight /= weight.mean()
    found = units_of(72, codes, weight, strata)
    residual = np.zeros((18, 72))
    for unit in range(18):
        inside = strata == unit // 6
        total = weight[codes == unit].sum()
        residual[unit] = weight * (codes == unit)
        residual[unit] -= total / weight[inside].sum() * weight * inside
    middle = np.diag(found.factors) @ residual @ residual.T
    assert found.df == pytest.approx(np.trace(middle) ** 2 / np.trace(middle @ middle), rel=1e-7)
    assert np.trace(middle) == pytest.approx((weight**2).sum())


def test_a_stratified_variance_is_the_textbooks():
    rng = np.random.default_rng(7)
    stratum = np.repeat([0, 1, 2], [10, 20, 30])
    values = stratum + rng.normal(0, 0.3, 60)
    found = stats.mean(values, kind=U, stratum=stratum)
    parts = [values[stratum == h] for h in range(3)]
    variance = sum((p.size / 60) ** 2 * p.var(ddof=1) / p.size for p in parts)
    assert found.se == pytest.approx(variance**0.5)
    assert found.se < stats.mean(values, kind=U).se / 2


def test_declared_shares_move_the_estimate():
    stratum = ["easy"] * 30 + ["hard"] * 10
    values = [0.9, 1.0] * 15 + [0.1, 0.2] * 5
    weight = stats.stratum_weights(stratum, {"easy": 0.5, "hard": 0.5})
    found = stats.mean(values, kind=G, score_range=UNIT, stratum=stratum, weight=weight)
    assert found.value == pytest.approx(0.55)


def test_small_strata_and_rare_differences_are_warned_about():
    rng = np.random.default_rng(2)
    stratum = np.repeat(np.arange(10), 2)
    found = stats.mean(rng.normal(size=20), kind=U, stratum=stratum)
    assert "smallest stratum has 2 units" in found.warnings[0]
    lost = np.zeros(100)
    lost[:3] = 1
    found = stats.paired_difference(
        1 - lost, np.ones(100), kind="binary", weight=rng.random(100) + 0.5
    )
    assert "only 3 of 100 values differ" in found.warnings[1]
    assert found.high > 0 > found.low


def test_no_difference_at_all_gives_an_honest_interval_under_weights():
    found = stats.paired_difference(
        np.ones(50), np.ones(50), kind="binary", weight=np.linspace(1, 2, 50)
    )
    assert (found.value, found.p_value) == (0.0, 1.0)
    assert found.low == pytest.approx(-found.high)
    assert 0.01 < found.high < 0.1


def test_a_relative_margin_takes_weights():
    ours, theirs = scores()
    weight = np.linspace(1, 3, 40)
    found = stats.paired_contrast(ours, theirs, 0.1, kind=U, weight=weight)
    assert found.value == pytest.approx(np.average(ours - 0.9 * theirs, weights=weight))
    with pytest.raises(NotEnoughData, match="baseline: got a mean of -"):
        stats.paired_contrast(ours, theirs - 0.5, 0.1, kind=U, weight=1.2 - theirs)


def test_noninferiority_hands_weights_and_strata_on():
    options = {"kind": U, "weight": np.linspace(1, 3, 40), "stratum": np.arange(40) % 3}
    found = stats.paired_noninferiority(*scores(), 0.1, **options)
    same = stats.paired_difference(*scores(), null=-0.1, alternative="greater", **options)
    assert found == same


def test_quantiles_and_ratios_have_no_weighted_method():
    from liftgate.stats.kinds import ClaimShape, UnitDesign
    from liftgate.stats.table import choose

    for claim in (ClaimShape.QUANTILE, ClaimShape.RATIO, ClaimShape.SET_METRIC):
        with pytest.raises(NotEnoughData, match="over weighted units: refused always"):
            choose(G, UnitDesign.WEIGHTED, claim)


BAD = {
    "weight of another length": ({"weight": [1, 2]}, DataError, "weight: got 2 weights, expected"),
    "weight of zero": (
        {"weight": [0] + [1] * 39},
        DataError,
        "weight: got 0 at position 0, expected numbers above 0",
    ),
    "negative weight": ({"weight": [1] * 39 + [-1]}, DataError, "weight: got -1 at position 39"),
    "weight NaN": ({"weight": [float("nan")] * 40}, DataError, "weight: got nan at position 0"),
    "one huge weight": (
        {"weight": [1000] + [1] * 39},
        NotEnoughData,
        "the largest with 96 % of the weight, .* degrees of freedom, expected at least 5",
    ),
    "stratum of another length": (
        {"stratum": [1, 2]},
        DataError,
        r"stratum: got shape \(2,\), expected one label for each of 40 items",
    ),
    "stratum without a label": (
        {"stratum": ["a", None] * 20},
        DataError,
        "stratum: got a missing label",
    ),
    "a stratum of one": (
        {"stratum": ["a"] * 39 + ["b"]},
        NotEnoughData,
        "stratum: got one item in 'b', expected at least two in each stratum",
    ),
    "a stratum of one cluster": (
        {"stratum": ["a"] * 36 + ["b"] * 4, "cluster": np.arange(40) // 4},
        NotEnoughData,
        "stratum: got one cluster in 'b'",
    ),
    "a cluster in two strata": (
        {"stratum": ["a"] * 18 + ["b"] * 22, "cluster": np.arange(40) // 4},
        DataError,
        "stratum: got a cluster in two strata, 'b' and 'a'",
    ),
}


@pytest.mark.parametrize(("options", "error", "message"), BAD.values(), ids=BAD)
def test_a_design_that_makes_no_sense_is_refused(options, error, message):
    with pytest.raises(error, match=message):
        stats.paired_difference(*scores(), kind=U, **options)
    with pytest.raises(error, match=message):
        stats.mean(scores()[0], kind=U, **options)


def test_equal_values_inside_each_stratum_are_refused_without_a_range():
    stratum = [0, 1] * 20
    with pytest.raises(NotEnoughData, match="inside each stratum, expected some spread"):
        stats.mean(stratum, kind=U, stratum=stratum)


@pytest.mark.parametrize(
    ("shares", "message"),
    [
        ({"a": 0.5, "b": 0.6}, "expected numbers above 0 that add up to 1"),
        ({"a": 1.0}, "shares: got none for 'b'"),
        ({"a": 0.5, "b": 0.3, "c": 0.2}, "shares: got one without items, 'c'"),
        ({"a": 1.0, "b": 0.0}, "expected numbers above 0"),
    ],
)
def test_shares_that_are_not_of_these_strata_are_refused(shares, message):
    with pytest.raises(DataError, match=message):
        stats.stratum_weights(["a", "b", "a"], shares)
    with pytest.raises(NotEnoughData, match="stratum: got no items"):
        stats.stratum_weights([], shares)


@pytest.mark.parametrize(
    ("values", "score_range", "expected"),
    [
        ([0, 1, 1, 0], None, ScoreKind.BINARY),
        ([True, False], None, ScoreKind.BINARY),
        ([0.0, 1.0], (0, 1), ScoreKind.GRADED),
        ([0, 0.5], None, ScoreKind.UNBOUNDED),
        (["a"], None, ScoreKind.UNBOUNDED),
        ([], None, ScoreKind.UNBOUNDED),
    ],
)
def test_a_kind_that_is_not_given_follows_from_range_and_values(values, score_range, expected):
    from liftgate.stats.inputs import check_kind

    assert check_kind(None, score_range, values) is expected
    assert check_kind("graded", None, values) is ScoreKind.GRADED


def test_calls_without_a_kind_give_what_the_kind_gives():
    ones, zeros = [1, 0, 1, 1] * 10, [0, 0, 1, 1] * 10
    found = stats.paired_difference(ones, zeros)
    assert found == stats.paired_difference(ones, zeros, kind="binary")
    assert stats.paired_noninferiority(ones, zeros, 0.1).method == found.method
    assert stats.mean(ones).method == "Clopper–Pearson"
    assert stats.relative_lift(ones, zeros).value == pytest.approx(0.5)
    assert stats.paired_contrast(*scores(), 0.1, score_range=UNIT).method.endswith("pseudo items")
    assert stats.paired_difference(*scores()).method == "paired t"


def family(**changes):
    return LinearTest(
        **{"top": 1.0, "variance": (0.01, 0.002, 0.001), "df": 20.0, "n": 9, "clusters": 9}
        | changes
    )


@pytest.mark.parametrize("variance", [(0.01, 0.002, 0.001), (0.01, -0.015, 0.01), (0.04, 0, 0)])
@pytest.mark.parametrize("side", ["greater", "less"])
def test_a_limit_is_the_value_whose_tail_is_alpha(variance, side):
    tests = family(variance=variance)
    limit = tests.limit(stats.Alternative(side), 0.05)
    assert tests.tail(limit, stats.Alternative(side)) == pytest.approx(0.05, rel=1e-6)


def test_tails_never_fall_as_the_null_moves_towards_the_alternative():
    tests = family(variance=(0.3, -0.2, 0.2))
    tails = [tests.tail(null, stats.Alternative.GREATER) for null in np.linspace(-30, 30, 200)]
    assert (np.diff(tails) >= -1e-12).all()


def test_where_no_value_is_rejected_the_limit_is_the_end_or_unbounded():
    tests = family(variance=(0.3, 0.0, 2.0))
    assert tests.limit(stats.Alternative.GREATER, 0.05) is None
    assert family(variance=(0.3, 0, 2), bounds=(-1, 2)).limit(stats.Alternative.LESS, 0.05) == 2
