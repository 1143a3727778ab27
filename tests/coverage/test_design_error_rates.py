"""Measured error rates of weights, strata, ratios, set metrics and max-T.

One-sided at the tested boundary, nominal 5 %, with fixed seeds; a method passes within its band
plus three Monte-Carlo standard errors. A refusal rejects nothing and counts as such. Wrong methods
go through the same harness and must be caught by it.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytest

from liftgate import stats
from liftgate.errors import NotEnoughData
from liftgate.stats.kinds import ScoreKind

ALPHA = 0.05
BAND = 0.06
"""What an asymptotic method of nominal 5 % may reach."""
U = {"kind": ScoreKind.UNBOUNDED, "level": 0.9}
SHARES = np.array([0.4, 0.3, 0.2, 0.1])
LEVELS = np.array([0.0, 0.3, -0.3, 0.1])


@dataclass(frozen=True)
class Rates:
    """How often the true value lies below the lower and above the upper limit."""

    below: float
    above: float
    runs: int
    refused: float

    def exceeds(self, band=BAND):
        slack = 3 * math.sqrt(band * (1 - band) / self.runs)
        return max(self.below, self.above) > band + slack


def simulate(
    estimate: Callable[[np.random.Generator], stats.Estimate], truth: float, runs: int = 2000
) -> Rates:
    rng = np.random.default_rng(17)
    below = above = refused = 0
    for _ in range(runs):
        try:
            found = estimate(rng)
        except NotEnoughData:
            refused += 1
            continue
        below += found.low is not None and truth < found.low
        above += found.high is not None and truth > found.high
    return Rates(below / runs, above / runs, runs, refused / runs)


# --- weights and strata --------------------------------------------------------------------------


def weighted(rng, n=60):
    return rng.normal(0, 1, n), rng.lognormal(0, 0.6, n)


def in_clusters(rng, clusters=20):
    cluster = np.repeat(np.arange(clusters), 6)
    own, shared = rng.uniform(-1, 1, cluster.size), rng.uniform(-1, 1, clusters)
    weight = rng.lognormal(0, 0.4, cluster.size)
    return 0.5 + (0.6 * shared[cluster] + 0.8 * own) / 3, weight, cluster


def test_weighted_means_keep_their_level():
    def single(rng):
        values, weight = weighted(rng)
        return stats.mean(values, weight=weight, **U)

    def clustered(rng):
        values, weight, cluster = in_clusters(rng)
        return stats.mean(
            values, weight=weight, cluster=cluster, score_range=(0, 1), kind="graded", level=0.9
        )

    assert not simulate(single, 0.0).exceeds()
    assert not simulate(clustered, 0.5).exceeds()


def test_weights_that_are_left_out_of_the_variance_are_caught():
    def wrong(rng):
        values, weight = weighted(rng)
        found = stats.mean(values, **U)
        shift = np.average(values, weights=weight) - found.value
        return type(found)(**{**vars(found), "low": found.low + shift, "high": found.high + shift})

    assert simulate(wrong, 0.0, runs=1000).exceeds()


def stratified(rng, sizes, spread):
    stratum = np.repeat(np.arange(len(sizes)), sizes)
    noise = rng.normal(0, 1, stratum.size) * np.resize(spread, len(sizes))[stratum]
    return np.resize(LEVELS, len(sizes))[stratum] + noise, stratum


@pytest.mark.parametrize("sizes", [(10, 10, 10, 10), (5, 10, 20, 40), (60, 20, 10, 4)])
@pytest.mark.parametrize("spread", [(0.2,), (0.1, 0.1, 0.1, 0.3)])
def test_stratified_means_keep_their_level(sizes, spread):
    def estimate(rng):
        values, stratum = stratified(rng, sizes, spread)
        return stats.mean(values, stratum=stratum, **U)

    assert not simulate(estimate, float(np.average(LEVELS, weights=sizes))).exceeds()


def drawn_at_random(rng, *, declared):
    """Strata whose sizes are chance, so that only declared shares are the population's."""
    stratum = rng.choice(4, 60, p=SHARES)
    values = LEVELS[stratum] + rng.normal(0, 0.15, 60)
    if np.bincount(stratum, minlength=4).min() < 2:
        raise NotEnoughData("a stratum is too small")
    weight = stats.stratum_weights(stratum, dict(enumerate(SHARES))) if declared else None
    return stats.mean(values, stratum=stratum, weight=weight, **U)


def test_declared_shares_keep_the_level_where_the_strata_were_not_fixed():
    assert not simulate(lambda rng: drawn_at_random(rng, declared=True), SHARES @ LEVELS).exceeds()


def test_shares_taken_from_a_plain_sample_are_caught():
    found = simulate(lambda rng: drawn_at_random(rng, declared=False), SHARES @ LEVELS)
    assert found.exceeds(0.12)


# --- ratios --------------------------------------------------------------------------------------


def statements(rng, n=60, clusters=None):
    cluster = np.arange(n) if clusters is None else np.repeat(np.arange(clusters), n // clusters)
    ease = rng.beta(4, 2, cluster.max() + 1)[cluster]
    below = [1 + rng.poisson(np.exp(rng.normal(1.2, 0.8, n))) for _ in range(2)]
    above = [rng.binomial(size, ease) for size in below]
    return above[0], below[0], above[1], below[1], cluster


def costs(rng, n=100):
    ease = rng.normal(0, 1, n)
    won = 1 / (1 + np.exp(-ease - 0.3))
    arm = [(np.exp(rng.normal(-0.3 * ease, 0.5)), (rng.random(n) < won) * 1.0) for _ in range(2)]
    return *arm[0], *arm[1]


COST = float(np.divide(*(side.sum() for side in costs(np.random.default_rng(0), 2_000_000)[:2])))
RATIOS = {
    "statements": (lambda r: stats.ratio(*statements(r)[:2], level=0.9), 4 / 6, BAND),
    "statements in a range": (
        lambda r: stats.ratio(*statements(r)[:2], ratio_range=(0, 1), level=0.9),
        4 / 6,
        BAND,
    ),
    "statements, 15 clusters": (
        lambda r: (s := statements(r, 120, 15), stats.ratio(*s[:2], cluster=s[4], level=0.9))[1],
        4 / 6,
        BAND,
    ),
    "cost of a success": (lambda r: stats.ratio(*costs(r)[:2], level=0.9), COST, 0.07),
    "difference, statements": (
        lambda r: stats.ratio_difference(*statements(r)[:4], level=0.9),
        0.0,
        BAND,
    ),
    "difference, 15 clusters": (
        lambda r: (
            s := statements(r, 120, 15),
            stats.ratio_difference(*s[:4], cluster=s[4], ratio_range=(0, 1), level=0.9),
        )[1],
        0.0,
        BAND,
    ),
    "difference, cost": (lambda r: stats.ratio_difference(*costs(r), level=0.9), 0.0, BAND),
}


@pytest.mark.parametrize("name", RATIOS)
def test_ratios_keep_their_level(name):
    estimate, truth, band = RATIOS[name]
    assert not simulate(estimate, truth).exceeds(band)


def test_statements_counted_as_if_independent_are_caught():
    def wrong(rng):
        above, below = statements(rng)[:2]
        ones = np.zeros(below.sum())
        ones[: above.sum()] = 1
        return stats.proportion(ones, level=0.9)

    assert simulate(wrong, 4 / 6, runs=1000).exceeds(0.08)


# --- metrics of a whole set ----------------------------------------------------------------------


def guesses(rng, n=200, shares=(0.6, 0.25, 0.15)):
    truth = rng.choice(3, n, p=shares)
    ease = rng.beta(3, 1.5, n)
    arms = [np.where(rng.random(n) < ease, truth, rng.choice(3, n, p=shares)) for _ in range(2)]
    return truth, *arms


def ranked(rng, n=100, share=0.3, distance=2.0):
    positive = rng.random(n) < share
    common = rng.normal(0, 0.7, n)
    arms = [positive * distance + common + rng.normal(0, 0.7, n) for _ in range(2)]
    return positive, *arms


def ranked_in_clusters(rng, clusters=40):
    """Pages whose items share truth and part of the score."""
    cluster = np.repeat(np.arange(clusters), 6)
    positive = (rng.random(clusters) < 0.5)[cluster]
    common = rng.normal(0, 0.7, clusters)[cluster]
    return positive, positive * 1.5 + common + rng.normal(0, 0.7, cluster.size), cluster


def sure(rng, n=1000, *, calibrated=False):
    confidence = rng.beta(4, 1.5, n)
    chance = confidence if calibrated else confidence**2
    return (rng.random(n) < chance) * 1.0, confidence


def true_f1():
    from liftgate.stats.left_out import macro_f1

    truth, arm, _ = guesses(np.random.default_rng(0), 500_000)
    return macro_f1(truth, arm, np.arange(truth.size)).value


def true_auroc(distance):
    """The score's own variance is 0.7² + 0.7² in either class."""
    return 0.5 * math.erfc(-distance / math.sqrt(0.98) / 2)


def true_ece(bins=10):
    _, confidence = sure(np.random.default_rng(0), 2_000_000)
    where = np.minimum((confidence * bins).astype(int), bins - 1)
    return float(np.abs(np.bincount(where, confidence - confidence**2)).sum() / confidence.size)


SETS = {
    "macro-F1": (lambda r: stats.macro_f1(*guesses(r)[:2], level=0.9), true_f1),
    "macro-F1, difference": (
        lambda r: stats.macro_f1_difference(*guesses(r), level=0.9),
        lambda: 0.0,
    ),
    "AUROC 0.92": (lambda r: stats.auroc(*ranked(r)[:2], level=0.9), lambda: true_auroc(2.0)),
    "AUROC, few positives": (
        lambda r: stats.auroc(*ranked(r, 300, 0.06, 1.0)[:2], level=0.9),
        lambda: true_auroc(1.0),
    ),
    "AUROC, difference": (lambda r: stats.auroc_difference(*ranked(r), level=0.9), lambda: 0.0),
    "AUROC, clusters": (
        lambda r: (s := ranked_in_clusters(r), stats.auroc(*s[:2], cluster=s[2], level=0.9))[1],
        lambda: true_auroc(1.5),
    ),
    "calibration error": (lambda r: stats.ece(*sure(r), level=0.9), true_ece),
    "calibration error, difference": (
        lambda r: stats.ece_difference(*sure(r), *sure(r), level=0.9),
        lambda: 0.0,
    ),
    "calibration error of a calibrated arm": (
        lambda r: stats.ece(*sure(r, 400, calibrated=True), level=0.9),
        lambda: 0.0,
    ),
}


@pytest.mark.parametrize("name", SETS)
def test_set_metrics_keep_their_level(name):
    estimate, truth = SETS[name]
    found = simulate(estimate, truth(), runs=1500)
    assert not found.exceeds()
    assert found.refused < 0.3 or "calibrated" in name


def test_an_auroc_over_ignored_clusters_is_caught():
    found = simulate(
        lambda r: stats.auroc(*ranked_in_clusters(r)[:2], level=0.9), true_auroc(1.5), runs=600
    )
    assert found.exceeds(0.1)


def test_an_auroc_without_its_logit_is_caught():
    from liftgate.stats.jackknife import Replicates, jackknife
    from liftgate.stats.kinds import Alternative
    from liftgate.stats.left_out import auroc

    truth = true_auroc(3.0)

    def plain(rng):
        positive, score, _ = ranked(rng, 200, 0.2, 3.0)
        found = auroc(positive, score, np.arange(200))
        return jackknife(
            Replicates(found.value, found.without, np.ones(200), positive.astype(int), (0.0, 1.0))
        ).tail(truth, Alternative.GREATER)

    rng = np.random.default_rng(5)
    assert sum(plain(rng) <= ALPHA for _ in range(600)) / 600 > 0.1


def test_a_calibration_error_that_is_never_refused_is_caught(monkeypatch):
    from liftgate.stats import jackknife

    monkeypatch.setattr(jackknife, "_MOST_BIAS", math.inf)
    found = simulate(lambda r: stats.ece(*sure(r, 400, calibrated=True), level=0.9), 0.0, runs=300)
    assert found.below > 0.7


# --- many at once --------------------------------------------------------------------------------


def slices(rng):
    """Eight correlated columns of skewed differences in clusters; no true difference in any."""
    cluster = np.repeat(np.arange(40), 3)
    common = rng.exponential(1, 40)[cluster, None] - 1
    values = 0.6 * common + 0.8 * rng.normal(0, 1, (120, 8))
    return values, np.zeros_like(values), cluster


def test_max_t_keeps_the_chance_of_any_false_rejection():
    rng = np.random.default_rng(3)
    runs = 800
    wrong = alone = 0
    for _ in range(runs):
        ours, theirs, cluster = slices(rng)
        wrong += min(stats.max_t(ours, theirs, cluster=cluster, draws=199)) <= ALPHA
        alone += min(stats.max_t(ours, theirs, draws=199)) <= ALPHA
    assert wrong / runs <= BAND + 3 * math.sqrt(BAND * (1 - BAND) / runs)
    assert alone / runs > 0.12  # Clusters that are ignored are caught.


def test_the_bootstrap_misses_where_few_items_differ_and_says_so():
    rng = np.random.default_rng(4)
    missed = warned = 0
    for _ in range(300):
        lost = (rng.random(100) < 0.015) * 1.0
        found = stats.bootstrap(lost, draws=1000)
        missed += not found.low <= 0.015 <= found.high
        warned += bool(found.warnings)
    assert warned == 300
    assert missed / 300 > 0.15  # Nominal 5 %.
