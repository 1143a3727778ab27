"""An e-process: one test behind verdict, p-value and limits, read after any item."""

import math
from dataclasses import FrozenInstanceError

import numpy as np
import pytest

from liftgate.errors import DataError, NotEnoughData
from liftgate.stats import EProcess, betting
from liftgate.stats.gambler import betting_family
from liftgate.stats.inputs import Sample
from liftgate.stats.kinds import Alternative, Design, Mark, Population

GREATER, LESS = Alternative.GREATER, Alternative.LESS
UNIT = {"kind": "graded", "score_range": (0, 1)}


def pairs(n, gained, lost, seed=0):
    rng = np.random.default_rng(seed)
    u, baseline = rng.random(n), (rng.random(n) < 0.5).astype(float)
    return np.where(u < gained, 1.0, np.where(u > 1 - lost, 0.0, baseline)), baseline


def fed(*batches, cluster=None, **options):
    process = EProcess(**{"kind": "binary", **options})
    for place, batch in enumerate(batches):
        labels = {} if cluster is None else {"cluster": cluster[place]}
        process.update(*batch, **labels)
    return process


# --- the arithmetic ------------------------------------------------------------------------------


def test_the_capital_is_the_mixture_of_products_written_out():
    shares = np.array([[0.5, 1.0, 0.0, 0.75, 0.5], [1.0, 1.0, 1.0, 1.0, 1.0]])
    written = sum(
        weight * np.cumprod(1 - c + c * shares / 0.4, axis=1)
        for c, weight in zip(betting.FRACTIONS, betting.WEIGHTS, strict=True)
    )
    assert np.exp(betting.log_capital(shares, 0.4)) == pytest.approx(written)
    assert betting.log_capital(shares, 0.4, looks=[2, 5]) == pytest.approx(
        np.log(written)[:, [1, 4]]
    )
    highest = np.maximum(np.maximum.accumulate(np.log(written), axis=1), 0)
    assert betting.log_peak(shares, 0.4) == pytest.approx(highest)


def test_the_weights_are_a_prior_over_stakes_that_never_owe():
    assert betting.WEIGHTS.sum() == pytest.approx(1)
    assert np.all((betting.FRACTIONS > 0) & (betting.FRACTIONS < 1))


def test_long_runs_of_one_kind_neither_overflow_nor_vanish():
    for share, null in [(1.0, 1e-6), (0.0, 1e-6), (0.0, 1.0), (1.0, 0.5)]:
        found = betting.log_capital(np.full((1, 20_000), share), null)
        assert np.all(np.isfinite(found))
    up = betting.log_capital(np.ones((1, 20_000)), 0.5)[0, -1]
    c, weight = betting.FRACTIONS[-1], betting.WEIGHTS[-1]
    assert up == pytest.approx(20_000 * math.log(1 + c) + math.log(weight))


def test_a_lost_run_can_still_be_won_back():
    shares = np.concatenate([np.zeros(400), np.ones(4000)])[None, :]
    exact = [
        math.log(w) + 400 * math.log1p(-c) + 4000 * math.log1p(c)
        for c, w in zip(betting.FRACTIONS, betting.WEIGHTS, strict=True)
    ]
    assert betting.log_capital(shares, 0.5)[0, -1] == pytest.approx(np.logaddexp.reduce(exact))


def test_units_of_size_0_change_nothing():
    shares = np.array([[0.5, 0.0, 0.2, 0.0]])
    sizes = np.array([[1.0, 0.0, 0.5, 0.0]])
    padded = betting.log_capital(shares, 0.3, sizes=sizes)
    plain = betting.log_capital(shares[:, [0, 2]], 0.3, sizes=sizes[:, [0, 2]])
    assert padded[0, [0, 2]] == pytest.approx(plain[0])
    assert padded[0, 3] == padded[0, 2] == pytest.approx(plain[0, -1])


def test_many_runs_at_once_are_the_runs_one_by_one():
    rng = np.random.default_rng(3)
    shares, nulls = rng.random((700, 90)), rng.uniform(0.1, 0.9, 700)
    together = betting.log_peak(shares, nulls, looks=[10, 90])
    for run in (0, 311, 699):
        alone = betting.log_peak(shares[run : run + 1], nulls[run], looks=[10, 90])
        assert together[run] == pytest.approx(alone[0])


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: betting.log_capital([0.5], 0.5), r"shares: got shape \(1,\)"),
        (lambda: betting.log_capital([[1.5]], 0.5), "shares: got a value outside"),
        (lambda: betting.log_capital([[float("nan")]], 0.5), "shares: got a value outside"),
        (lambda: betting.log_capital([[0.5]], 0.0), "null: got 0.0"),
        (lambda: betting.log_capital([[0.5]], [0.2, 0.3]), r"null: got shape \(2,\)"),
        (lambda: betting.log_capital([[0.5]], 0.5, sizes=[2.0]), "sizes: got a value outside"),
        (lambda: betting.log_capital([[0.5]], 0.5, sizes=[0.4]), "shares: got a value outside"),
        (lambda: betting.log_capital([[0.5]], 0.5, sizes=[1, 1]), r"sizes: got shape \(2,\)"),
        (lambda: betting.log_capital([[0.5]], 0.5, looks=[2]), "looks: got"),
        (lambda: betting.log_capital([[0.5] * 3], 0.5, looks=[2, 1]), "looks: got"),
    ],
)
def test_the_kernel_names_what_does_not_fit(call, message):
    with pytest.raises(DataError, match=message):
        call()


# --- one object, one answer ----------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(6))
def test_the_limits_are_where_the_p_value_crosses_the_tail(seed):
    data = pairs(300, 0.16, 0.06, seed)
    both = fed(data).estimate
    assert both.low < both.value < both.high
    for limit, side in ((both.low, GREATER), (both.high, LESS)):
        for nudge, rejected in ((-1e-6, side is GREATER), (1e-6, side is LESS)):
            p = fed(data, null=limit + nudge, alternative=side).status.p_value
            assert (p <= 0.025) is rejected


def test_a_superior_candidate_is_non_inferior_at_every_margin():
    data = pairs(600, 0.3, 0.05)
    peaks = [
        fed(data, null=-margin, alternative="greater").status.p_value
        for margin in (0, 0.01, 0.02, 0.05, 0.2)
    ]
    assert peaks[0] <= 0.025
    assert peaks == sorted(peaks, reverse=True)


def test_batches_make_no_difference():
    candidate, baseline = pairs(257, 0.2, 0.05)
    whole = fed((candidate, baseline))
    single = fed(*((candidate[i : i + 1], baseline[i : i + 1]) for i in range(257)))
    assert whole.status == single.status
    assert whole.estimate == single.estimate


def test_a_rejected_null_stays_rejected_and_limits_only_tighten():
    process = EProcess(kind="binary")
    candidate, baseline = pairs(200, 0.3, 0.02)
    process.update(candidate, baseline)
    first, limits = process.status, process.estimate
    assert first.rejected == (GREATER,)
    assert not first.running
    process.update([0] * 60, [1] * 30 + [0] * 30)
    later = process.status
    assert later.rejected == (GREATER,)
    assert later.p_value <= first.p_value
    assert process.estimate.low >= limits.low
    assert process.estimate.high <= limits.high


def test_arms_exchanged_mirror_the_answer():
    candidate, baseline = pairs(150, 0.2, 0.05)
    one, other = fed((candidate, baseline)).estimate, fed((baseline, candidate)).estimate
    assert (one.low, one.value, one.high) == pytest.approx((-other.high, -other.value, -other.low))
    assert one.p_value == pytest.approx(other.p_value)


def test_a_range_only_scales():
    candidate, baseline = pairs(150, 0.2, 0.05)
    one = fed((candidate, baseline)).estimate
    wide = fed((1 + 4 * candidate, 1 + 4 * baseline), kind="graded", score_range=(1, 5)).estimate
    assert wide.low == pytest.approx(4 * one.low, abs=1e-7)
    assert wide.p_value == pytest.approx(one.p_value)


def test_an_estimate_says_what_it_is():
    process = fed(pairs(300, 0.3, 0.02), level=0.9)
    found = process.estimate
    assert (found.design, found.population, found.mark) == (
        Design.ANYTIME,
        Population.NEW_ITEMS,
        Mark.ANYTIME_EXACT,
    )
    assert (found.n, found.clusters, found.level, found.null) == (300, 300, 0.9, 0.0)
    assert "stop that depends on the results" in found.warnings[0]
    for name in ("value", "low", "high", "p_value"):
        assert type(getattr(found, name)) is float
    with pytest.raises(FrozenInstanceError):
        process.status.n = 3


def test_before_any_item_nothing_is_rejected_and_there_is_no_estimate():
    process = EProcess(kind="binary")
    assert (process.status.n, process.status.p_value, process.status.running) == (0, 1.0, True)
    with pytest.raises(NotEnoughData, match="estimate: got no items"):
        process.estimate  # noqa: B018


def test_a_mean_is_tested_against_a_limit():
    safe = fed((np.zeros(200),), claim="mean", null=0.05, alternative="less")
    assert safe.status.rejected == (LESS,)
    assert safe.estimate.low == 0
    # With no failure seen the capital is a mixture of (1 + c·(1/(1 − m) − 1))^n.
    m = safe.estimate.high
    grown = betting.WEIGHTS @ (1 + betting.FRACTIONS * (1 / (1 - m) - 1)) ** 200
    assert grown == pytest.approx(40, rel=1e-4)


def test_a_relative_margin_is_a_contrast_tested_against_0():
    candidate, baseline = pairs(800, 0.04, 0.04)
    found = fed((candidate, baseline), claim="contrast", ratio=0.15, alternative="greater")
    assert found.estimate.value == pytest.approx(np.mean(candidate - 0.85 * baseline))
    by_hand = (candidate - 0.85 * baseline + 0.85) / 1.85
    peak = betting.log_peak(by_hand[None, :], 0.85 / 1.85, looks=[800])[0, 0]
    assert found.status.p_value == pytest.approx(math.exp(-peak))
    flipped = EProcess(
        kind="graded",
        score_range=(-1, 0),
        claim="contrast",
        ratio=-0.15,
        mirrored=True,
    )
    flipped.update(-candidate, -baseline)
    assert flipped.estimate.value == pytest.approx(np.mean(-candidate + 1.15 * baseline))


# --- clusters ------------------------------------------------------------------------------------


def test_clusters_of_one_item_are_single_items():
    data = pairs(120, 0.2, 0.05)
    single = fed(data).estimate
    ones = fed(data, cluster=[np.arange(120)], largest_cluster=1).estimate
    assert (ones.low, ones.high, ones.p_value) == (single.low, single.high, single.p_value)


def test_a_cluster_counts_once_and_items_keep_their_weight():
    candidate, baseline = pairs(120, 0.2, 0.05)
    labels = np.repeat(np.arange(30), 4)
    found = fed((candidate, baseline), cluster=[labels], largest_cluster=5)
    sums = (candidate - baseline).reshape(30, 4).sum(axis=1)
    written = betting.WEIGHTS @ np.cumprod(1 + betting.FRACTIONS[:, None] * sums / 5, axis=1)
    assert found.estimate.value == pytest.approx(np.mean(candidate - baseline))
    assert (found.status.n, found.status.clusters) == (120, 30)
    p = fed(
        (candidate, baseline), cluster=[labels], largest_cluster=5, alternative="greater"
    ).status.p_value
    assert p == pytest.approx(min(1, 1 / written.max()))


def test_clusters_arrive_whole():
    process = EProcess(kind="binary", largest_cluster=3)
    process.update([1, 0], [0, 0], cluster=["a", "b"])
    with pytest.raises(DataError, match="cluster: got 'b' again, expected whole clusters"):
        process.update([1, 0], [0, 0], cluster=["c", "b"])
    with pytest.raises(DataError, match="cluster: got 4 items of 'd', expected at most 3"):
        process.update([1] * 5, [0] * 5, cluster=["e", "d", "d", "d", "d"])
    assert process.status.n == 2  # a refused update leaves nothing behind
    process.update([1] * 2, [0] * 2, cluster=["e", "d"])
    assert process.status.clusters == 4


def test_bets_are_scaled_by_the_cluster_that_the_lock_allows_not_by_the_largest_seen():
    codes = np.repeat(np.arange(40), 3)
    values = np.where(np.arange(120) % 5 == 0, -1.0, 1.0)
    asked = {
        size: betting_family(Sample(values, codes, (-1.0, 1.0), largest_cluster=size))
        for size in (3, 6)
    }
    tails = {size: one.tail(0.0, Alternative.GREATER) for size, one in asked.items()}
    # Twice the cluster that may come halves every bet: it takes more to be sure.
    assert tails[3] < 0.01 * tails[6]


def test_labels_and_the_largest_cluster_go_together():
    with pytest.raises(DataError, match="no largest_cluster was declared"):
        EProcess(kind="binary").update([1], [0], cluster=["a"])
    with pytest.raises(DataError, match="cluster: got None, expected labels"):
        EProcess(kind="binary", largest_cluster=2).update([1], [0])
    with pytest.raises(DataError, match="cluster: got a missing label"):
        EProcess(kind="binary", largest_cluster=2).update([1, 1], [0, 0], cluster=["a", None])


# --- refusals ------------------------------------------------------------------------------------

BAD_OPTIONS = {
    "unbounded": ({"kind": "unbounded"}, NotEnoughData, "kind: got unbounded scores"),
    "kind": ({"kind": "ordinal"}, DataError, "kind: got 'ordinal'"),
    "no range": ({"kind": "graded"}, DataError, "score_range: got None"),
    "quantile": ({"claim": "quantile"}, NotEnoughData, "claim: got a quantile"),
    "claim": ({"claim": "median"}, DataError, "claim: got 'median'"),
    "null outside": ({"null": 1.0}, DataError, "null: got 1, expected a value strictly"),
    "mean without null": ({"claim": "mean"}, DataError, "null: got None for a mean"),
    "ratio": ({"claim": "contrast", "ratio": 1}, DataError, "ratio: got 1"),
    "no ratio": ({"claim": "contrast"}, DataError, "ratio: got None"),
    "ratio of a difference": ({"ratio": 0.1}, DataError, "ratio: got 0.1 for a difference"),
    "null of a contrast": (
        {"claim": "contrast", "ratio": 0.1, "null": 0.2},
        DataError,
        "null: got 0.2 for a contrast",
    ),
    "level": ({"level": 1.0}, DataError, "level: got 1.0"),
    "alternative": ({"alternative": "up"}, DataError, "alternative: got 'up'"),
    "largest cluster 0": ({"largest_cluster": 0}, DataError, "largest_cluster: got 0"),
    "half a cluster": ({"largest_cluster": 2.5}, DataError, "largest_cluster: got 2.5"),
}


@pytest.mark.parametrize(("options", "error", "message"), BAD_OPTIONS.values(), ids=BAD_OPTIONS)
def test_an_option_that_makes_no_sense_is_named(options, error, message):
    with pytest.raises(error, match=message):
        EProcess(**{"kind": "binary", **options})


BAD_UPDATES = {
    "NaN": (([1, float("nan")], [0, 0]), DataError, "candidate: got nan at position 1"),
    "range": (([1, 2], [0, 0]), DataError, "candidate: got 2 at position 1"),
    "not binary": (([1, 0], [0, 0.5]), DataError, "baseline: got 0.5 at position 1"),
    "lengths": (([1, 0], [0]), DataError, "candidate: got 2 scores and baseline 1"),
    "empty": (([], []), NotEnoughData, "candidate: got no items"),
    "no baseline": (([1],), DataError, "baseline: got None, expected scores"),
}


@pytest.mark.parametrize(("batch", "error", "message"), BAD_UPDATES.values(), ids=BAD_UPDATES)
def test_bad_scores_are_named_and_leave_nothing_behind(batch, error, message):
    process = fed(([1, 0], [0, 0]))
    before = process.status
    with pytest.raises(error, match=message):
        process.update(*batch)
    assert process.status == before


def test_a_mean_takes_no_baseline():
    with pytest.raises(DataError, match="baseline: got scores, expected None"):
        EProcess(kind="binary", claim="mean", null=0.5).update([1], [0])


def test_a_covariate_is_refused_with_what_it_would_cost():
    with pytest.raises(NotEnoughData, match=r"covariate: refused .* costs more calls"):
        EProcess(kind="binary").update([1], [0], covariate=[0.3])


def test_a_share_of_a_baseline_without_a_positive_mean_is_refused():
    process = fed(([0, 1], [0, 0]), claim="contrast", ratio=0.1)
    with pytest.raises(NotEnoughData, match="baseline: got a mean of 0, expected one above 0"):
        process.estimate  # noqa: B018


def test_looks_that_exclude_each_other_are_reported_not_averaged():
    won, lost = ([1] * 60, [0] * 60), ([0] * 400, [1] * 400)
    process = fed(won, lost)
    assert process.status.rejected == (GREATER, LESS)
    with pytest.raises(NotEnoughData, match="limits: one look excluded everything below"):
        process.estimate  # noqa: B018
