"""What the methods answer, and how an estimate says where it came from."""

import numpy as np
import pytest

from liftgate import stats
from liftgate.stats.hall import Guard, OneSided
from liftgate.stats.kinds import (
    Alternative,
    ClaimShape,
    Design,
    Mark,
    Population,
    ScoreKind,
    UnitDesign,
)
from liftgate.stats.student import Moments, student_from, student_tests

B, G, U = ScoreKind.BINARY, ScoreKind.GRADED, ScoreKind.UNBOUNDED
UNIT = (0, 1)


def table(n, gained, lost):
    candidate = np.array([1] * gained + [0] * (n - gained))
    baseline = np.array([0] * gained + [1] * lost + [0] * (n - gained - lost))
    return candidate, baseline


def test_an_estimate_says_where_it_came_from():
    found = stats.paired_noninferiority(*table(200, 12, 9), 0.05, kind=B, level=0.9)
    assert (found.method, found.n, found.clusters) == ("paired score test", 200, 200)
    assert (found.level, found.alternative, found.null) == (0.9, Alternative.GREATER, -0.05)
    assert (found.design, found.population) == (Design.FIXED, Population.NEW_ITEMS)
    assert (found.mark, found.df, found.warnings) == (Mark.ASYMPTOTIC, None, ())
    assert found.value == pytest.approx(0.015)
    assert found.se > 0


def test_words_may_be_given_as_text():
    found = stats.paired_difference(*table(30, 5, 4), kind="binary", alternative="less")
    assert found.alternative is Alternative.LESS


def test_no_disagreement_at_all_gives_no_evidence_and_an_honest_interval():
    found = stats.paired_difference(*table(100, 0, 0), kind=B, level=0.9)
    assert (found.value, found.p_value) == (0.0, 1.0)
    # Solving n²λ² = z²·(n·λ·(1 − λ) + ½) for the limit of an empty table.
    n, z = 100, 1.6448536
    a, b, c = n**2 + n * z**2, -n * z**2, -(z**2) / 2
    assert found.high == pytest.approx((-b + (b**2 - 4 * a * c) ** 0.5) / (2 * a), rel=1e-6)
    assert found.low == -found.high
    assert "disagree on only 0 of 100 items" in found.warnings[0]


def test_few_items_are_warned_about():
    assert "only 12 items" in stats.paired_difference(*table(12, 3, 1), kind=B).warnings[0]


def test_all_gained_reaches_the_end_of_the_range():
    found = stats.paired_difference(*table(20, 20, 0), kind=B)
    assert found.high == 1.0
    assert 0.6 < found.low < 1


def test_clusters_of_one_item_are_single_items():
    candidate, baseline = table(40, 9, 4)
    own = stats.paired_difference(candidate, baseline, kind=B, cluster=np.arange(40))
    assert own == stats.paired_difference(candidate, baseline, kind=B)


def test_the_estimand_is_the_mean_over_items_not_over_clusters():
    values = np.array([1.0] * 10 + [0.0] * 10 + [0.5, 0.1, 0.9, 0.4, 0.2, 0.6, 0.3])
    cluster = [0] * 5 + [1] * 5 + [2] * 5 + [3] * 5 + list(range(4, 11))
    found = stats.mean(values, kind=G, score_range=UNIT, cluster=cluster)
    assert found.value == pytest.approx(values.mean())
    assert (found.n, found.clusters) == (27, 11)


def test_copying_every_item_five_times_adds_no_evidence_when_copies_are_clusters():
    rng = np.random.default_rng(3)
    candidate, baseline = rng.integers(0, 2, (2, 60))
    once = stats.paired_difference(candidate, baseline, kind=G, score_range=UNIT)
    cluster = np.repeat(np.arange(60), 5)
    copied = stats.paired_difference(
        np.repeat(candidate, 5), np.repeat(baseline, 5), kind=G, score_range=UNIT, cluster=cluster
    )
    assert (copied.low, copied.high) == pytest.approx((once.low, once.high))
    assert (copied.p_value, copied.df) == pytest.approx((once.p_value, once.df))


def test_the_pseudo_cluster_shrinks_to_what_the_sample_shows():
    """κ is a whole cluster when nothing was seen, and one item's worth of spread when much was."""
    sizes = np.full(50, 8.0)

    def margin_of(sums, squares):
        found = student_from(Moments(sizes, sums, squares), bounds=(-1, 1), pseudo=0.5)
        return found.se * found.n

    nothing = margin_of(np.zeros(50), 0.0)
    assert nothing**2 == pytest.approx(2 * 64 * 0.25 / (1 - 8 / 416), rel=1e-9)
    rng = np.random.default_rng(0)
    values = rng.choice([-1.0, 1.0], size=(50, 8))
    sums = values.sum(axis=1)
    residual = sums - sums.mean()
    plain = float(np.sum(residual**2)) / (1 - 8 / 400)
    total = float(np.sum((values - values.mean()) ** 2))
    added = margin_of(sums, total) ** 2 - plain
    assert 0.9 * 2 * 8 * 0.25 < added < 2 * 64 * 0.25 / 4


def one_sided(a1, value=0.1, skew=0.0):
    return OneSided(
        *map(np.asarray, (value, 20.0, 7.0, 1.0, a1, 110.0, skew)),
        lowest=-1.0,
    )


@pytest.mark.parametrize("skew", [-0.4, -0.1, 0.0, 0.2])
def test_where_the_statistic_turns_back_the_hull_is_taken(skew):
    """A family whose T rises, then falls: far nulls must not become acceptable again."""
    family = one_sided(-6.0, skew=skew)
    nulls = np.linspace(-0.99, 0.09, 200)
    distance = 0.1 - nulls
    raw = 20 * distance / np.sqrt(1 - 6 * distance + 110 * distance**2)
    assert (np.diff(raw) > 0).any()
    hull = family.tail(nulls)
    assert (np.diff(hull) >= 0).all()
    for alpha in (0.2, 0.1, 0.05, 0.04, 0.01):
        assert ((hull <= alpha) == (nulls <= family.limit(alpha))).all()
    others = one_sided(6.0, value=-0.1, skew=skew).tail(np.linspace(-0.9, 0.9, 100))
    assert (np.diff(others) >= 0).all()


def test_many_samples_at_once_are_the_samples_one_by_one():
    rng = np.random.default_rng(8)
    sizes = rng.integers(1, 9, (5, 14)).astype(float)
    sums = sizes * rng.uniform(-1, 1, (5, 14))
    squares = rng.uniform(5, 20, 5)
    guard = Guard((-1.0, 1.0), 0.5)
    many = student_tests(Moments(sizes, sums, squares), guard)
    for row in range(5):
        found = Moments(sizes[row], sums[row], squares[row])
        one = student_from(found, bounds=guard.bounds, pseudo=guard.h)
        for way in (Alternative.GREATER, Alternative.LESS):
            assert many.tail(-0.02, way)[row] == pytest.approx(one.tail(-0.02, way), rel=1e-12)
            assert many.limit(way, 0.05)[row] == pytest.approx(one.limit(way, 0.05), rel=1e-12)
        assert many.df[row] == pytest.approx(one.df)


def test_losses_that_nobody_saw_are_bounded_by_the_rule_of_three():
    found = stats.paired_difference(
        np.ones(1000), np.ones(1000), kind=G, score_range=UNIT, level=0.9
    )
    assert found.low == pytest.approx(-3 / 1000, rel=0.02)
    assert found.high == -found.low


def test_a_mirrored_score_gives_the_mirrored_answer():
    rng = np.random.default_rng(5)
    cost = rng.gamma(2, 1, (2, 80))
    plain = stats.paired_contrast(*cost, -0.1, kind=U, alternative=Alternative.LESS)
    flipped = stats.paired_contrast(
        *-cost, -0.1, kind=U, alternative=Alternative.GREATER, mirrored=True
    )
    assert flipped.p_value == pytest.approx(plain.p_value)
    assert flipped.value == pytest.approx(-plain.value)


def test_the_lift_of_a_weak_baseline_is_unbounded():
    baseline = np.array([0.0] * 28 + [0.2, 0.3])
    candidate = np.linspace(0, 1, 30)
    found = stats.relative_lift(candidate, baseline, kind=G, score_range=UNIT)
    assert found.high is None
    assert found.low >= -1
    assert found.value == pytest.approx(candidate.mean() / baseline.mean() - 1)


def test_the_lift_stays_within_what_the_range_allows():
    rng = np.random.default_rng(2)
    one, other = rng.uniform(1, 1.2, (2, 6))
    found = stats.relative_lift(one, other, kind=G, score_range=(1, 5), level=0.999)
    assert -0.8 <= found.low < found.value < found.high <= 4


def test_the_sign_test_over_passes_counts_passes_within_the_limit():
    within = stats.passes_limit([31, 28, 35, 30, 29, 33, 40], limit=50, level=0.9)
    assert (within.p_value, within.value, within.high) == (2**-7, 31, 40)
    assert (within.method, within.mark, within.n) == ("sign test over passes", Mark.EXACT, 7)
    touching = stats.passes_limit([31, 28, 35, 30, 29, 33, 50], limit=50, level=0.9)
    assert touching.p_value == 8 / 2**7
    above = stats.passes_limit([31, 28, 35], limit=20, alternative=Alternative.GREATER)
    assert above.p_value == 2**-3


def test_two_passes_cannot_bound_anything_at_five_percent():
    found = stats.passes_limit([3, 4], limit=50, level=0.9)
    assert (found.low, found.high, found.value) == (None, None, 3.5)
    assert "unbounded below and above" in found.warnings[0]


def test_72_values_bound_a_p95_and_71_do_not():
    assert stats.quantile(range(71), 0.95).high is None
    assert stats.quantile(range(72), 0.95).high == 71
    assert stats.quantile(range(20), 0.95).value == 18


@pytest.mark.parametrize(
    ("candidates", "alpha", "passes"), [(1, 0.05, 5), (6, 0.05, 7), (7, 0.05, 8), (1, 0.25, 2)]
)
def test_passes_needed_let_holm_still_pass(candidates, alpha, passes):
    assert stats.passes_needed(candidates, alpha) == passes
    assert stats.holm([2.0**-passes] + [1.0] * (candidates - 1))[0] <= alpha


def test_a_mean_without_a_limit_has_no_p_value():
    assert stats.proportion([1, 0, 1]).p_value is None
    assert stats.mean([1, 0, 1], kind=B, null=0.4).p_value is not None


def test_skew_and_ties_are_warned_about():
    values = np.array([0.0] * 95 + [1.0] * 5)
    assert stats.mean(values, kind=G, score_range=UNIT, level=0.9).warnings == (
        "95 % of the values are equal",
    )
    unbounded = stats.mean(values, kind=U, level=0.9).warnings
    assert "skewness 4.1 over 100 units" in unbounded[0]
    calm = np.linspace(0, 1, 100)
    assert stats.mean(calm, kind=G, score_range=UNIT).warnings == ()


def test_holm_keeps_the_order_and_never_falls():
    assert stats.holm([0.03, 0.01, 0.5]) == pytest.approx((0.06, 0.03, 0.5))
    assert stats.holm([0.04, 0.03]) == pytest.approx((0.06, 0.06))
    assert stats.holm([]) == ()


def test_units_needed_scale_the_standard_error():
    pilot = stats.paired_difference(*table(100, 12, 8), kind=B)
    needed = stats.units_needed(pilot, effect=0.04, null=0.0, alpha=0.05)
    reach = 1.6448536 + 0.8416212
    assert needed == int(np.ceil(100 * (pilot.se * reach / 0.04) ** 2))
    assert stats.units_needed(pilot, effect=-0.04, null=0.0, alpha=0.05) == needed
    assert stats.units_needed(pilot, effect=0.0, null=0.0, alpha=0.05) is None
    assert stats.units_needed(pilot, effect=0.9, null=0.0, alpha=0.05) >= 1
    assert stats.detectable(pilot, alpha=0.05) == pytest.approx(pilot.se * reach)
    assert stats.units_needed(stats.quantile([1, 2], 0.5), effect=1, null=0, alpha=0.05) is None


def test_units_needed_are_clusters_where_items_are_clustered():
    rng = np.random.default_rng(1)
    values = np.repeat(rng.uniform(0, 1, 30), 4)
    clustered = stats.mean(values, kind=G, score_range=UNIT, cluster=np.repeat(np.arange(30), 4))
    own = stats.mean(values[::4], kind=G, score_range=UNIT)
    options = {"effect": 0.6, "null": 0.5, "alpha": 0.05}
    assert stats.units_needed(clustered, **options) == stats.units_needed(own, **options)


def test_the_units_of_a_sample_are_its_design():
    from liftgate.stats.inputs import Sample
    from liftgate.stats.table import build, choose

    sample = Sample(np.array([0.2, 0.4] * 10), np.repeat(np.arange(10), 2), (0.0, 1.0), 0.5)
    row = choose(G, sample.units, ClaimShape.MEAN)
    assert row.units is UnitDesign.CLUSTERED
    assert build(row, sample).clusters == 10
