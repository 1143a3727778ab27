"""Planned looks: what is locked is kept, what is rejected stays rejected, one test answers all."""

import itertools

import numpy as np
import pytest

from liftgate import stats
from liftgate.errors import DataError, NotEnoughData
from liftgate.stats.history import adjust, covariates
from liftgate.stats.kinds import Alternative, Design, ScoreKind
from liftgate.stats.looks import Crossing, LookRule, LookTrack
from liftgate.stats.spending import boundaries

UNIT = {"kind": ScoreKind.GRADED, "score_range": (0, 1)}
LOOKS = (40, 80, 120, 160, 200)


def arms(effect, n=200, seed=0, spread=0.15):
    rng = np.random.default_rng(seed)
    baseline = rng.uniform(0.3, 0.7, n)
    return np.clip(baseline + effect + rng.normal(0, spread, n), 0, 1), baseline


def taken(test, candidate, baseline, looks):
    """Take some looks and return the test."""
    start = test.look and test.looks[test.look - 1]
    for end in test.looks[test.look : test.look + looks]:
        test.update(candidate[start:end], baseline[start:end])
        start = end
    return test


def test_a_clear_gain_is_found_early_and_stays_found():
    candidate, baseline = arms(0.1)
    candidate[80:] = baseline[80:] - 0.05
    test = taken(stats.PlannedLooks(LOOKS, **UNIT), candidate, baseline, 2)
    assert test.status is stats.LookStatus.REJECTED
    early = test.estimate
    late = taken(test, candidate, baseline, 3)
    assert late.status is stats.LookStatus.REJECTED
    assert late.estimate.p_value <= early.p_value <= 0.05
    assert 0 < early.low <= late.estimate.low <= late.estimate.high


def test_a_clear_loss_is_harm():
    candidate, baseline = arms(-0.15)
    test = taken(stats.PlannedLooks(LOOKS, **UNIT), candidate, baseline, 2)
    assert test.status is stats.LookStatus.HARM
    assert test.harm_p_value <= 0.05
    assert test.estimate.high < 0
    assert test.estimate.p_value > 0.3


def test_harm_has_its_own_alpha_and_null():
    candidate, baseline = arms(-0.05, seed=2)
    options = {"harm_alpha": 1e-6, "harm_null": -0.2}
    test = taken(stats.PlannedLooks(LOOKS, **UNIT, **options), candidate, baseline, 5)
    assert test.status is stats.LookStatus.ENDED
    assert test.harm_p_value > 1e-6


def test_no_difference_ends_without_a_rejection():
    candidate, baseline = arms(0.0, seed=3)
    test = stats.PlannedLooks(LOOKS, **UNIT)
    assert test.status is stats.LookStatus.CONTINUE
    assert taken(test, candidate, baseline, 4).status is stats.LookStatus.CONTINUE
    assert taken(test, candidate, baseline, 1).status is stats.LookStatus.ENDED
    assert test.next_look is None


def test_the_estimate_says_its_design_and_both_values():
    candidate, baseline = arms(0.1)
    estimate = taken(stats.PlannedLooks(LOOKS, **UNIT), candidate, baseline, 2).estimate
    assert estimate.design is Design.PLANNED_LOOKS
    assert (estimate.look, estimate.looks, estimate.n) == (2, 5, 80)
    assert estimate.level == pytest.approx(0.9)
    plain = float(np.mean(candidate[:80] - baseline[:80]))
    assert "median-unbiased" in estimate.warnings[0]
    assert f"{plain:.6g}" in estimate.warnings[0]
    assert estimate.low < estimate.value <= plain


def test_one_look_is_the_fixed_test():
    candidate, baseline = arms(0.02)
    planned = taken(stats.PlannedLooks([200], **UNIT), candidate, baseline, 1).estimate
    fixed = stats.paired_difference(
        candidate, baseline, level=0.9, alternative=Alternative.GREATER, **UNIT
    )
    for name in ("low", "high", "p_value", "value"):
        assert getattr(planned, name) == pytest.approx(getattr(fixed, name), rel=1e-5, abs=1e-9)


@pytest.mark.parametrize("kind", ["binary", "graded"])
def test_verdict_p_value_and_limit_agree_for_every_margin(kind):
    rng = np.random.default_rng(7)
    scores = rng.random((2, 200))
    if kind == "binary":
        scores = (scores < 0.6).astype(float)
    options = {"kind": kind, "score_range": (0, 1)}
    for null in (-0.3, -0.12, -0.08, -0.05, -0.02, 0.0):
        test = taken(stats.PlannedLooks(LOOKS, null=null, **options), *scores, 5)
        estimate = test.estimate
        rejected = test.status is stats.LookStatus.REJECTED
        assert rejected == (estimate.p_value <= 0.05) == (estimate.low > null)


def test_a_smaller_alpha_never_gains_a_rejection():
    for seed in range(8):
        candidate, baseline = arms(0.025, seed=seed)
        said = [
            taken(stats.PlannedLooks(LOOKS, alpha=alpha, **UNIT), candidate, baseline, 5).status
            is stats.LookStatus.REJECTED
            for alpha in (0.3, 0.1, 0.05, 0.025, 0.01)
        ]
        assert said == sorted(said, reverse=True)


def test_less_is_the_mirror_image_of_greater():
    candidate, baseline = arms(0.03)
    up = taken(stats.PlannedLooks(LOOKS, **UNIT), candidate, baseline, 5).estimate
    down = taken(
        stats.PlannedLooks(LOOKS, alternative=Alternative.LESS, **UNIT), baseline, candidate, 5
    ).estimate
    assert [down.value, down.low, down.high, down.p_value] == pytest.approx(
        [-up.value, -up.high, -up.low, up.p_value]
    )


def test_nothing_that_leaves_is_a_numpy_scalar():
    candidate, baseline = arms(0.1)
    estimate = taken(stats.PlannedLooks(LOOKS, **UNIT), candidate, baseline, 2).estimate
    for name in ("value", "low", "high", "level", "null", "p_value", "se"):
        assert type(getattr(estimate, name)) is float


# --- clusters ------------------------------------------------------------------------------------


def test_looks_fall_on_whole_clusters():
    cluster = np.repeat(np.arange(50), 4)
    with pytest.raises(DataError, match="inside a cluster"):
        stats.PlannedLooks([42, 200], cluster=cluster, **UNIT)
    with pytest.raises(DataError, match="inside a cluster"):
        stats.cluster_fractions(cluster, [42, 200])
    with pytest.raises(DataError, match="expected 100"):
        stats.cluster_fractions(cluster, [40, 100])


def test_equal_clusters_have_the_share_of_the_items_as_information():
    cluster = np.repeat(np.arange(50), 4)
    assert stats.cluster_fractions(cluster, [40, 200]) == pytest.approx([0.2, 1])


def test_a_large_cluster_weighs_by_its_square():
    cluster = [0] * 6 + [1, 1, 2, 2]
    assert stats.cluster_fractions(cluster, [6, 8, 10]) == pytest.approx([36 / 44, 40 / 44, 1])


def test_clusters_use_the_clustered_row():
    candidate, baseline = arms(0.05)
    test = stats.PlannedLooks(LOOKS, cluster=np.repeat(np.arange(50), 4), **UNIT)
    estimate = taken(test, candidate, baseline, 3).estimate
    assert estimate.method == "paired CR2 with pseudo clusters"
    assert estimate.clusters == 30


def test_a_look_with_too_few_clusters_rejects_nothing_and_says_so():
    candidate, baseline = arms(0.2)
    test = stats.PlannedLooks((40, 200), cluster=np.repeat(np.arange(20), 10), **UNIT)
    taken(test, candidate, baseline, 1)
    assert test.status is stats.LookStatus.CONTINUE
    with pytest.raises(NotEnoughData, match="look 1 of 2"):
        test.estimate  # noqa: B018
    estimate = taken(test, candidate, baseline, 1).estimate
    assert test.status is stats.LookStatus.REJECTED
    assert any("look 1 of 2" in warning for warning in estimate.warnings)


# --- history -------------------------------------------------------------------------------------


def world(seed=0, n=400, systems=5):
    rng = np.random.default_rng(seed)
    difficulty = rng.normal(0, 1.0, n)
    scores = 1 / (1 + np.exp(-(difficulty + rng.normal(0, 2.0, (systems + 2, n)))))
    return scores[0], scores[1], scores[1:].T


def test_history_adds_information_and_the_last_look_is_the_plain_test():
    candidate, baseline, known = world()
    looks = (80, 160, 400)
    test = taken(stats.PlannedLooks(looks, covariate=known, **UNIT), candidate, baseline, 2)
    assert test.fractions[1] > 0.45
    assert (
        test.estimate.se
        < taken(stats.PlannedLooks(looks, **UNIT), candidate, baseline, 2).estimate.se
    )
    last = taken(test, candidate, baseline, 1).estimate
    fixed = stats.paired_difference(candidate, baseline, **UNIT)
    assert last.se == pytest.approx(fixed.se)
    assert test.fractions[-1] == 1


def test_useless_covariates_change_almost_nothing():
    candidate, baseline, _ = world()
    noise = np.random.default_rng(1).normal(size=(400, 5))
    found = adjust((candidate - baseline)[:200], covariates(noise, 400), None)
    assert found.fraction == pytest.approx(0.5, abs=0.02)
    assert found.values.mean() == pytest.approx((candidate - baseline)[:200].mean(), abs=0.005)


def test_the_information_is_what_the_variance_of_the_estimator_says():
    """Known linear world: Var(e)/Var(d) = ½, so t = 1 / (1 + ½·(N/n − 1))."""
    rng = np.random.default_rng(4)
    table = rng.normal(size=(20_000, 1))
    values = table[:, 0] + rng.normal(size=20_000)
    found = adjust(values[:5000], covariates(table, 20_000), None)
    assert found.fraction == pytest.approx(1 / (1 + 0.5 * 3), abs=0.02)
    variance = found.values.var() / 5000
    assert variance == pytest.approx(1 / 5000 - 1 / 20_000 + 2 / 20_000, rel=0.06)


def test_a_covariate_that_says_nothing_is_left_out():
    assert covariates(None, 4) is None
    assert covariates([1, 1, 1, 1], 4) is None
    assert covariates([[1, 0], [1, 1], [1, 0], [1, 1]], 4).shape == (4, 1)


@pytest.mark.parametrize("known", [np.zeros((3, 2)), np.zeros((4, 2, 2))])
def test_a_covariate_is_needed_for_every_planned_item(known):
    with pytest.raises(DataError, match="a row for each of 4 planned"):
        covariates(known, 4)


def test_a_covariate_that_is_not_a_number_is_refused():
    with pytest.raises(DataError, match="not finite"):
        covariates([1, float("nan"), 0, 1], 4)


# --- what is refused -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("looks", "options", "said"),
    [
        ([], {}, "looks: got"),
        ([40, 40], {}, "looks: got"),
        ([0, 40], {}, "looks: got"),
        ([10.5, 40], {}, "looks: got"),
        ([20, 40], {"alpha": 0.5}, "alpha: got 0.5"),
        ([20, 40], {"harm_alpha": 0.0}, "alpha: got 0.0"),
        ([20, 40], {"null": 1.0}, "null: got 1"),
        ([20, 40], {"harm_null": -2.0}, "harm_null: got -2"),
        ([20, 40], {"alternative": Alternative.TWO_SIDED}, "got two-sided"),
        ([20, 40], {"fractions": [0.5]}, "fractions: got 1"),
        ([20, 40], {"fractions": [0.5, 0.9]}, "the last 1"),
        ([20, 40], {"fractions": [0.5, 1], "covariate": np.arange(40)}, "one of the two"),
        ([20, 40], {"cluster": [1, 2]}, "cluster: got shape"),
    ],
)
def test_what_makes_no_design_is_refused(looks, options, said):
    with pytest.raises(DataError, match=said):
        stats.PlannedLooks(looks, **UNIT, **options)


def test_a_guarantee_is_refused_where_no_row_can_give_it():
    with pytest.raises(NotEnoughData, match="no guaranteed method"):
        stats.PlannedLooks(LOOKS, guarantee=True, kind="unbounded")


def test_looks_are_taken_where_the_lock_says():
    candidate, baseline = arms(0.0)
    test = stats.PlannedLooks(LOOKS, **UNIT)
    with pytest.raises(DataError, match="expected 40"):
        test.update(candidate[:50], baseline[:50])
    with pytest.raises(NotEnoughData, match="no look was taken"):
        test.estimate  # noqa: B018
    taken(test, candidate, baseline, 5)
    with pytest.raises(DataError, match="after the last of 5"):
        test.update(candidate[:40], baseline[:40])


@pytest.mark.parametrize("bad", [float("nan"), 1.5])
def test_scores_that_the_lock_rules_out_are_refused_and_nothing_is_added(bad):
    candidate, baseline = arms(0.0)
    test = stats.PlannedLooks(LOOKS, **UNIT)
    wrong = candidate[:40].copy()
    wrong[3] = bad
    with pytest.raises(DataError, match="candidate"):
        test.update(wrong, baseline[:40])
    assert test.look == 0
    taken(test, candidate, baseline, 1)
    assert test.look == 1


def test_a_track_takes_no_more_looks_than_planned():
    track = LookTrack(LookRule(alpha=0.05), 1)
    track.add(None, 1.0)
    assert track.status is stats.LookStatus.ENDED
    with pytest.raises(DataError, match="one more than the 1"):
        track.add(None, 1.0)


# --- the union bound -----------------------------------------------------------------------------


class Exact:
    """A family whose p-value at 0 is given."""

    value, n, clusters, se, df = 0.1, 10, 10, 0.05, None

    def __init__(self, p):
        self._p = p

    def tail(self, _null, _alternative):
        return self._p

    def limit(self, _alternative, _alpha):
        return None

    def warn(self, _alpha):
        return ()


def test_exact_p_values_are_compared_with_what_each_look_may_spend():
    side = Crossing(LookRule(alpha=0.05, union=True))
    for fraction, p in itertools.zip_longest((0.5, 1.0), (0.006, 0.044)):
        side.add(Exact(p), fraction)
    assert side.rejected_at == 2
    assert 0.044 < side.p_value <= 0.05
    assert side.boundaries[1] > boundaries([0.5, 1.0], 0.05)[1]
    assert side.limit(Alternative.GREATER) is None


def test_a_guarantee_takes_the_exact_test_at_every_look():
    rng = np.random.default_rng(4)
    test = stats.PlannedLooks([40, 80], kind="binary", guarantee=True)
    test.update((rng.random(40) < 0.9).astype(int), (rng.random(40) < 0.4).astype(int))
    assert test.estimate.mark.value == "exact"
    with pytest.raises(NotEnoughData, match="covariate: got one where a guarantee"):
        stats.PlannedLooks([4, 8], kind="binary", covariate=np.arange(8.0), guarantee=True)
