"""The descriptive bootstrap, Benjamini-Hochberg and max-T."""

import itertools

import numpy as np
import pytest

from liftgate import stats
from liftgate.errors import DataError, NotEnoughData
from liftgate.stats import resampling


def discrete(n=400, seed=1):
    rng = np.random.default_rng(seed)
    return rng.integers(0, 2, n).astype(float), rng.integers(0, 2, n).astype(float)


def test_drawing_counts_and_drawing_places_have_one_distribution():
    """The same data, tied and with its ties broken by next to nothing."""
    ours, theirs = discrete()
    counted = stats.bootstrap(ours, theirs, draws=40_000)
    jitter = 1e-9 * np.random.default_rng(2).random(400)
    placed = stats.bootstrap(ours + jitter, theirs, draws=40_000)
    se = (ours - theirs).std() / 20
    assert counted.low == pytest.approx(counted.value - 1.96 * se, abs=0.004)
    assert (placed.low, placed.high) == pytest.approx((counted.low, counted.high), abs=0.004)


@pytest.mark.parametrize("step", [1.0, 0.1, 1 / 3])
@pytest.mark.parametrize("weights", [(0.5, 0.3, 0.2), (0.97, 0.02, 0.01), (0.0005, 0.9, 0.0995)])
def test_sums_on_a_lattice_have_the_moments_and_tails_of_drawn_counts(step, weights):
    distinct = 0.7 + step * np.array([0, 1, 3])
    counts = np.round(np.array(weights) * 2000).astype(int)
    rng = np.random.default_rng(6)
    lattice = resampling._lattice_sums(rng, distinct, counts, 100_000)
    drawn = resampling._sums(rng, distinct[:, None], counts, np.zeros((2000, 1)), 100_000)[:, 0]
    spread = drawn.std()
    assert lattice.mean() == pytest.approx(drawn.mean(), abs=0.02 * spread)
    assert lattice.std() == pytest.approx(spread, rel=0.02)
    tails = [0.001, 0.025, 0.5, 0.975, 0.999]
    ours, theirs = (np.quantile(sums, tails) for sums in (lattice, drawn))
    assert ours == pytest.approx(theirs, abs=0.2 * spread + step)


def test_values_on_no_lattice_are_drawn_by_their_counts():
    rng = np.random.default_rng(6)
    counts = np.array([500, 300, 200])
    assert resampling._lattice_sums(rng, np.array([0, 1, np.pi]), counts, 100) is None
    assert resampling._lattice_sums(rng, np.array([0, 1e-7, 1]), counts, 100) is None
    found = stats.bootstrap(np.repeat([0, 1, np.pi], counts))
    assert found.low < found.value < found.high


def test_equal_values_have_an_interval_without_width():
    found = stats.bootstrap([0.3] * 50)
    assert (found.low, found.high) == pytest.approx((0.3, 0.3))
    assert "only 0 of 50" in found.warnings[0]


@pytest.mark.parametrize("values", [discrete()[0], np.random.default_rng(3).random(400)])
def test_clusters_are_drawn_whole(values):
    cluster = np.repeat(np.arange(40), 10)
    values = np.repeat(values[:40], 10)
    found = stats.bootstrap(values, cluster=cluster, draws=4_000)
    alone = stats.bootstrap(values, draws=4_000)
    assert (found.n, found.clusters, alone.clusters) == (400, 40, 400)
    assert found.high - found.low > 2.5 * (alone.high - alone.low)


def test_uneven_clusters_keep_the_mean_over_items():
    sizes = np.array([1, 2, 3, 4] * 20)
    cluster = np.repeat(np.arange(80), sizes)
    values = np.repeat((sizes == 4).astype(float), sizes)
    found = stats.bootstrap(values, cluster=cluster)
    assert found.value == pytest.approx(0.4)
    assert found.low < 0.4 < found.high < 0.55


def test_one_seed_gives_one_interval_and_another_another():
    values = np.random.default_rng(3).random(50)
    assert stats.bootstrap(values, seed=1) == stats.bootstrap(values, seed=1)
    assert stats.bootstrap(values, seed=1) != stats.bootstrap(values, seed=2)


def test_rare_differences_are_warned_about_and_no_estimate_is_returned():
    ours = np.zeros(200)
    ours[:4] = 1
    found = stats.bootstrap(ours, np.zeros(200))
    assert "only 4 of 200 units differ" in found.warnings[0]
    assert not isinstance(found, stats.Estimate)
    assert not hasattr(found, "p_value")
    assert stats.bootstrap(*discrete()).warnings == ()


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: stats.bootstrap([]), NotEnoughData, "candidate: got no items"),
        (lambda: stats.bootstrap([1, 2], [1]), DataError, "candidate: got 2 scores and baseline 1"),
        (lambda: stats.bootstrap([1, float("nan")]), DataError, "candidate: got nan"),
        (lambda: stats.bootstrap([1, 2], draws=10), DataError, "draws: got 10, expected at least"),
        (lambda: stats.bootstrap([1, 2], level=2), DataError, "level: got 2"),
        (lambda: stats.bootstrap([1, 2], cluster=[1, 1]), NotEnoughData, "cluster: got one"),
        (lambda: stats.benjamini_hochberg([0.1, 2]), DataError, "p_values: got 2 at position 1"),
        (lambda: stats.benjamini_hochberg([None]), DataError, "p_values: got None at position 0"),
        (lambda: stats.max_t([], []), NotEnoughData, "candidate: got no items"),
        (lambda: stats.max_t([1] * 9, [1] * 8), DataError, r"candidate: got shape \(9, 1\) and"),
        (lambda: stats.max_t([[[1]]], [[[1]]]), DataError, r"candidate: got an array of shape \(1"),
        (lambda: stats.max_t([[1], [1, 2]], [0, 0]), DataError, "candidate: got values that make"),
        (
            lambda: stats.paired_difference([[1], [1, 2]], [0, 0]),
            DataError,
            "candidate: got values",
        ),
        (lambda: stats.max_t([1] * 5, [0] * 5), NotEnoughData, "member: got 5 units in column 0"),
        (lambda: stats.max_t([1] * 9, [0] * 9, draws=9), DataError, "draws: got 9, expected at"),
        (
            lambda: stats.max_t([1] * 9, [0] * 9, null=float("nan")),
            DataError,
            "null: got nan, expected a finite",
        ),
        (
            lambda: stats.max_t([1] * 9, [0] * 9, member=[1] * 9),
            DataError,
            r"member: got shape \(9,\) of int64, expected true or false of shape \(9, columns\)",
        ),
        (
            lambda: stats.max_t([[1, 1]] * 9, [[0, 0]] * 9, member=[[True] * 3] * 9),
            DataError,
            "member: got 3 columns for 2 columns of scores",
        ),
    ],
)
def test_a_wrong_argument_is_named(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_benjamini_hochberg_is_never_above_holm_and_keeps_the_order():
    p = [0.04, 0.001, 0.3, 0.02, 1.0]
    found = stats.benjamini_hochberg(p)
    assert found == pytest.approx((0.2 / 3, 0.005, 0.375, 0.05, 1.0))
    assert all(ours <= holm for ours, holm in zip(found, stats.holm(p), strict=True))
    assert stats.benjamini_hochberg([]) == ()


def metrics(n=60, columns=4, shared=0.9, seed=5):
    rng = np.random.default_rng(seed)
    common = rng.normal(0, 1, (n, 1))
    return common * shared + rng.normal(0, 1, (n, columns)) * (1 - shared)


def test_max_t_of_one_column_is_the_sign_flip_test_over_all_flips():
    values = np.array([0.9, -0.2, 0.5, 0.4, 0.1, 0.7, -0.3, 0.6])
    sums = [np.dot(signs, values) for signs in itertools.product([-1, 1], repeat=8)]
    exact = np.mean(np.array(sums) >= values.sum() - 1e-12)
    found = stats.max_t(values, np.zeros(8), alternative="greater", draws=40_000)
    assert found[0] == pytest.approx(exact, abs=0.003)


def test_max_t_costs_less_than_holm_where_columns_move_together():
    shift = metrics() + 0.28
    adjusted = stats.max_t(shift, np.zeros_like(shift), seed=1)
    alone = [stats.max_t(column, np.zeros(60), seed=1)[0] for column in shift.T]
    assert all(a >= b - 0.005 for a, b in zip(adjusted, alone, strict=True))
    assert max(adjusted) < 0.7 * max(stats.holm(alone))


def test_adjusted_p_values_are_stepped_down_and_seeded():
    shift = metrics(shared=0.1) + np.array([0.6, 0.0, 0.3, 0.1])
    found = stats.max_t(shift, np.zeros_like(shift), draws=999, seed=3)
    assert found == stats.max_t(shift, np.zeros_like(shift), draws=999, seed=3)
    assert found[0] == 1 / 1000
    assert found[0] <= found[2] <= found[3] <= found[1]


def test_clusters_are_flipped_whole():
    values = np.repeat(np.random.default_rng(8).normal(0.7, 1, 12), 10)
    alone = stats.max_t(values, np.zeros(120), seed=1)[0]
    together = stats.max_t(values, np.zeros(120), cluster=np.repeat(np.arange(12), 10), seed=1)[0]
    assert 5 * alone < together < 1


def test_slices_of_one_metric_and_a_slice_without_any_difference():
    rng = np.random.default_rng(4)
    values = rng.normal(0, 1, 90)
    values[:30] += 1.5
    values[60:] = 0
    member = np.repeat(np.eye(3, dtype=bool), 30, axis=0)
    found = stats.max_t(values, np.zeros(90), member=member, alternative="greater")
    assert found[0] < 0.01 < found[1]
    assert found[2] == 1.0


@pytest.mark.parametrize("alternative", ["greater", "less", "two-sided"])
def test_a_null_and_a_direction_are_those_of_the_shifted_data(alternative):
    values = metrics() + 0.2
    moved = stats.max_t(values - 0.5, np.zeros_like(values), alternative=alternative)
    found = stats.max_t(values, np.zeros_like(values), null=0.5, alternative=alternative)
    assert found == pytest.approx(moved)


def test_p95_of_fifty_items_has_no_upper_limit():
    found = stats.quantile(np.arange(50.0), 0.95)
    assert found.high is None
    assert any("bound" in warning for warning in found.warnings)
