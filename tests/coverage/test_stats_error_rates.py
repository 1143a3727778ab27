"""Measured error rates, one-sided at the tested boundary, as a gate uses the tests.

Binary pairs are enumerated: no Monte-Carlo error. The rest is simulated with fixed seeds and passes
when the rate is within its band plus three Monte-Carlo standard errors. Wrong methods go through
the same harness and must be caught by it.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from liftgate import stats
from liftgate.stats.kinds import Alternative, ScoreKind
from liftgate.stats.score import PairedScore

ALPHA = 0.05
BAND = 0.06
"""What an asymptotic method of nominal 5 % may reach."""
UNIT = {"kind": ScoreKind.GRADED, "score_range": (0, 1)}
GREATER, LESS = Alternative.GREATER, Alternative.LESS


@dataclass(frozen=True)
class Rate:
    """A measured rate of wrong rejections with its Monte-Carlo error."""

    value: float
    runs: int

    def exceeds(self, band):
        return self.value > band + 3 * math.sqrt(band * (1 - band) / self.runs)


def simulate(p_value: Callable[[np.random.Generator], float], *, runs: int, seed: int) -> Rate:
    rng = np.random.default_rng(seed)
    wrong = sum(p_value(rng) <= ALPHA for _ in range(runs))
    return Rate(wrong / runs, runs)


# --- binary pairs, by enumeration ----------------------------------------------------------------


def size_of(p_value, n, null):
    """The largest chance of a wrong rejection over the discordance, all tables enumerated."""
    gained, lost = np.meshgrid(np.arange(n + 1), np.arange(n + 1), indexing="ij")
    inside = gained + lost <= n
    gained, lost = gained[inside], lost[inside]
    rejected = np.array(
        [p_value(n, int(b), int(c), null) <= ALPHA for b, c in zip(gained, lost, strict=True)]
    )
    gained, lost = gained[rejected], lost[rejected]
    same = n - gained - lost
    log = np.concatenate([[0.0], np.cumsum(np.log(np.arange(1, n + 1)))])
    ways = log[n] - log[gained] - log[lost] - log[same]
    worst = 0.0
    for discordance in np.linspace(max(abs(null), 0.01), 0.99, 99):
        shares = (discordance + null) / 2, (discordance - null) / 2, 1 - discordance
        terms = [
            count * np.log(max(share, 1e-300))
            for count, share in zip((gained, lost, same), shares, strict=True)
        ]
        worst = max(worst, float(np.exp(ways + sum(terms)).sum()))
    return worst


def score_p(n, gained, lost, null):
    return PairedScore(n, gained, lost).tail(null, GREATER)


def wald_p(n, gained, lost, null):
    difference = (gained - lost) / n
    variance = ((gained + lost) / n - difference**2) / n
    if variance == 0:
        return 1.0 if difference <= null else 0.0
    return 0.5 * math.erfc((difference - null) / math.sqrt(2 * variance))


@pytest.mark.parametrize(
    ("n", "null", "band"),
    [(30, 0, 0.06), (30, -0.1, 0.075), (60, 0, 0.06), (60, -0.05, 0.06), (100, -0.02, 0.06)],
)
def test_the_paired_score_test_keeps_its_level_at_every_discordance(n, null, band):
    assert size_of(score_p, n, null) <= band


def test_a_wald_test_is_caught():
    assert size_of(wald_p, 60, -0.05) > 0.15


# --- graded scores and clusters, simulated -------------------------------------------------------


def ties(rng, n=100):
    """Scores on a coarse grid, about 80 % of the pairs tied; no true difference."""
    baseline = rng.choice([0, 0.25, 0.5, 1], n)
    other = rng.choice([0, 0.25, 0.5, 1], n)
    return np.where(rng.random(n) < 0.2, other, baseline), baseline


def grouped(rng, clusters, shared, size=None):
    """Scores whose differences share a part within each cluster; no true difference."""
    sizes = np.full(clusters, 6) if size is None else size(rng)
    cluster = np.repeat(np.arange(clusters), sizes)
    own = rng.uniform(-1, 1, cluster.size)
    common = rng.uniform(-1, 1, clusters)[cluster]
    move = (math.sqrt(shared) * common + math.sqrt(1 - shared) * own) / 4
    return 0.5 + move, np.full(cluster.size, 0.5), cluster


def uneven(rng):
    return np.array([3, 12, 8, 30, 5, 9, 14, 7, 11, 6, 10, 4, 16, 9])


def rare_flips(rng, clusters=30, size=8, rate=0.03):
    """Whole clusters are lost together, seldom; the true difference is −rate."""
    cluster = np.repeat(np.arange(clusters), size)
    lost = (rng.random(clusters) < rate)[cluster]
    return np.where(lost, 0.0, 1.0), np.ones(cluster.size), cluster


def difference_p(world, alternative, null=0.0, **options):
    def p_value(rng):
        candidate, baseline, *cluster = world(rng)
        return stats.paired_difference(
            candidate,
            baseline,
            cluster=cluster[0] if cluster else None,
            alternative=alternative,
            null=null,
            **(options or UNIT),
        ).p_value

    return p_value


WORLDS = {
    "many ties": difference_p(ties, GREATER),
    "30 clusters, ICC 0.3": difference_p(lambda rng: grouped(rng, 30, 0.3), GREATER),
    "14 uneven clusters, ICC 0.3": difference_p(lambda rng: grouped(rng, 14, 0.3, uneven), LESS),
    "30 clusters, all shared": difference_p(lambda rng: grouped(rng, 30, 1.0), GREATER),
    "clusters lost seldom, as a margin": difference_p(rare_flips, GREATER, null=-0.03),
}


@pytest.mark.parametrize("name", WORLDS)
def test_means_keep_their_level(name):
    assert not simulate(WORLDS[name], runs=4000, seed=11).exceeds(BAND)


def test_a_relative_margin_keeps_its_level():
    def p_value(rng):
        baseline = rng.uniform(0.2, 0.9, 80)
        candidate = np.clip(0.9 * baseline + rng.uniform(-0.1, 0.1, 80), 0, 1)
        return stats.paired_contrast(candidate, baseline, 0.1, alternative=GREATER, **UNIT).p_value

    assert not simulate(p_value, runs=4000, seed=12).exceeds(BAND)


def test_passes_keep_their_level_when_half_of_all_passes_break_the_limit():
    def p_value(rng):
        return stats.passes_limit(rng.lognormal(0, 1, 7), limit=1.0).p_value

    assert not simulate(p_value, runs=4000, seed=13).exceeds(ALPHA)


def test_an_ignored_cluster_is_caught():
    def p_value(rng):
        candidate, baseline, _ = grouped(rng, 30, 0.3)
        return stats.paired_difference(candidate, baseline, alternative=GREATER, **UNIT).p_value

    assert simulate(p_value, runs=2000, seed=14).exceeds(BAND)


def test_a_plain_t_is_caught_where_clusters_are_lost_seldom():
    def p_value(rng):
        candidate, baseline, cluster = rare_flips(rng)
        if (candidate == 1).all():
            return 0.0  # No spread: a plain t is certain that nothing is ever lost.
        return stats.paired_difference(
            candidate,
            baseline,
            kind=ScoreKind.UNBOUNDED,
            cluster=cluster,
            null=-0.03,
            alternative=GREATER,
        ).p_value

    assert simulate(p_value, runs=1000, seed=15).value > 0.2


# --- planning ------------------------------------------------------------------------------------


def test_the_units_needed_give_the_power_that_was_asked_for():
    rng = np.random.default_rng(21)

    def pair(n):
        baseline = rng.random(n) < 0.6
        flips = rng.random(n)
        candidate = np.where(flips < 0.10, True, np.where(flips > 0.95, False, baseline))
        return candidate.astype(int), baseline.astype(int)

    effect = 0.10 * 0.4 - 0.05 * 0.6
    options = {"kind": ScoreKind.BINARY, "alternative": GREATER}
    pilot = stats.paired_difference(*pair(20_000), **options)
    n = stats.units_needed(pilot, effect=effect, null=-0.02, alpha=ALPHA)
    runs = 2000
    won = sum(
        stats.paired_difference(*pair(n), null=-0.02, **options).p_value <= ALPHA
        for _ in range(runs)
    )
    assert won / runs == pytest.approx(0.8, abs=0.03)


# --- real pairs ----------------------------------------------------------------------------------

REAL = Path(__file__).parents[3] / "shared" / "data" / "alpaca_eval.parquet"


@pytest.mark.skipif(not REAL.exists(), reason="real evaluation data is not beside the project")
def test_real_graded_pairs_keep_near_their_level():
    """Resampled with replacement, so that the true difference is known; see docs/adr/0002."""
    import duckdb

    rows = duckdb.sql(
        f"select system, item, preference from '{REAL}' "
        "where judge = 'weighted_alpaca_eval_gpt4_turbo' and preference between 0 and 1 "
        "order by system, item"
    ).fetchall()
    table: dict[str, dict[int, float]] = {}
    for system, item, preference in rows:
        table.setdefault(system, {})[item] = preference
    items = sorted(set.intersection(*(set(found) for found in table.values())))
    scores = np.array([[found[i] for i in items] for found in table.values()])
    rng = np.random.default_rng(31)
    rates = []
    for _ in range(12):
        one, other = scores[rng.choice(len(scores), 2, replace=False)]
        truth = float(np.mean(one - other))

        def p_value(rng, one=one, other=other, truth=truth):
            drawn = rng.integers(0, len(items), 200)
            return stats.paired_difference(
                one[drawn], other[drawn], null=truth, alternative=GREATER, **UNIT
            ).p_value

        rates.append(simulate(p_value, runs=400, seed=32).value)
    assert not Rate(float(np.mean(rates)), 12 * 400).exceeds(0.055)
    assert max(rates) < 0.12
