"""Error rates of the guaranteed modes: at most their level, and wrong variants that are caught.

Binary scores are enumerated: every table's answer, weighed at many true discordances, without
Monte-Carlo error. The betting bound is simulated with fixed seeds where it is hardest.
"""

import math
from pathlib import Path

import numpy as np
import pytest

from liftgate import stats
from liftgate.stats import betting_bound, staircase
from liftgate.stats.betting_bound import BettingBound
from liftgate.stats.exact import ClopperPearson, PairedExact, _at_least, paired_z
from liftgate.stats.kinds import Alternative
from liftgate.stats.score import PairedScore, Wilson

ALPHA = 0.05
GREATER, LESS = Alternative.GREATER, Alternative.LESS


# --- binary pairs, by enumeration ----------------------------------------------------------------


def tables(n):
    return [(b, c) for b in range(n + 1) for c in range(n + 1 - b)]


def chances(n, picked, difference, discordances):
    """The probability of a set of tables at each discordance, from log-factorials."""
    gained, lost = np.array(picked).reshape(-1, 2).T
    same = n - gained - lost
    log = np.concatenate([[0.0], np.cumsum(np.log(np.arange(1, n + 1)))])
    found = []
    for discordance in discordances:
        shares = ((discordance + difference) / 2, (discordance - difference) / 2, 1 - discordance)
        terms = log[n] - log[gained] - log[lost] - log[same]
        for count, share in zip((gained, lost, same), shares, strict=True):
            terms = terms + count * math.log(max(share, 1e-300))
        found.append(float(np.exp(terms).sum()))
    return np.array(found)


def size_of(p_value, n, null):
    """The largest chance of a wrong rejection over the discordance, at the null and below it."""
    rejected = [t for t in tables(n) if p_value(n, *t, null) <= ALPHA]
    worst = 0.0
    for difference in (null, null - 0.0003, null - 0.02):
        grid = np.linspace(max(abs(difference), 1e-6), 1 - 1e-9, 800)
        worst = max(worst, float(chances(n, rejected, difference, grid).max(initial=0)))
    return worst


def exact_p(n, gained, lost, null):
    # Far tables are decided by the score test, against the exact one where it rejects.
    rough = PairedScore(n, gained, lost).tail(null, GREATER)
    if n > 20 and not 0.002 < rough < 0.3:
        return rough
    return PairedExact(n, gained, lost).tail(null, GREATER)


def estimated_p(n, gained, lost, null):
    """A wrong variant: the discordance put at its estimate instead of at its worst."""
    extreme = float(paired_z(n, gained, lost, null))
    least = _at_least(n, extreme, null)
    discordance = max(abs(null), (gained + lost) / n)
    share = (discordance - abs(null)) / (1 - abs(null))
    angle = np.array([2 * math.asin(math.sqrt(share))])
    return float(staircase.probabilities(least, null, angle)[0])


@pytest.mark.parametrize(
    ("n", "null"),
    [(10, 0), (10, -0.1), (10, 0.1), (30, 0), (30, -0.02), (30, -0.1), (60, -0.02)],
)
def test_the_exact_test_never_errs_more_often_than_its_level(n, null):
    size = size_of(exact_p, n, null)
    assert size <= ALPHA
    # Not by never rejecting: discreteness alone keeps it below the level.
    assert size > (0.02 if n == 10 else 0.04)


def test_a_null_between_grid_values_keeps_the_level_too():
    assert 0.02 < size_of(exact_p, 14, -0.0333) <= ALPHA


def test_the_score_test_and_an_estimated_discordance_are_caught():
    assert size_of(lambda *t: PairedScore(*t[:3], slack=0).tail(t[3], GREATER), 30, -0.1) > 0.06
    assert size_of(estimated_p, 30, -0.1) > 0.0505


@pytest.mark.parametrize(("n", "level"), [(10, 0.95), (16, 0.9), (20, 0.95)])
def test_exact_limits_cover_at_least_at_their_level(n, level):
    low = {t: PairedExact(n, *t).limit(GREATER, (1 - level) / 2) for t in tables(n)}
    for difference in np.linspace(-0.55, 0.55, 23) + 0.00013:
        covered = [(b, c) for b, c in low if low[(b, c)] <= difference <= -low[(c, b)]]
        grid = np.linspace(abs(difference) + 1e-6, 1 - 1e-9, 60)
        assert chances(n, covered, difference, grid).min() >= level


# --- one proportion, by enumeration --------------------------------------------------------------


def proportion_size(family, n, null):
    ways = [math.comb(n, x) * null**x * (1 - null) ** (n - x) for x in range(n + 1)]
    return sum(w for x, w in enumerate(ways) if family(n, x).tail(null, GREATER) <= ALPHA)


@pytest.mark.parametrize("n", [5, 30, 100])
def test_clopper_pearson_never_errs_more_often_than_its_level(n):
    nulls = np.linspace(0.005, 0.995, 199)
    sizes = [proportion_size(ClopperPearson, n, float(null)) for null in nulls]
    assert 0.02 < max(sizes) <= ALPHA


def test_wilson_is_caught():
    nulls = np.linspace(0.005, 0.995, 199)
    assert max(proportion_size(Wilson, 30, float(null)) for null in nulls) > 0.08


# --- the betting bound, simulated ----------------------------------------------------------------


def rate(draw, null, *, runs, seed, side=GREATER, bounds=(-1.0, 1.0)):
    rng = np.random.default_rng(seed)
    return (
        sum(BettingBound(draw(rng), bounds).tail(null, side) <= ALPHA for _ in range(runs)) / runs
    )


def exceeds(found, runs):
    return found > ALPHA + 3 * math.sqrt(ALPHA * (1 - ALPHA) / runs)


def seldom_lost(rng, n=100, share=0.02):
    return np.where(rng.random(n) < share, -1.0, 0.0)


def skewed(rng, n=60):
    return rng.choice([-0.9, 0.05, 0.2], n, p=[0.1, 0.5, 0.4])


WORLDS = {
    "pairs lost seldom": (seldom_lost, -0.02),
    "a long tail of losses": (skewed, 0.015),
    "even odds": (lambda rng: rng.choice([-1.0, 1.0], 40), 0.0),
    "sorted by score": (
        lambda rng: np.sort(rng.choice([-1.0, 0, 1], 200, p=[0.05, 0.9, 0.05])),
        0.0,
    ),
}


@pytest.mark.parametrize("name", WORLDS)
def test_the_betting_bound_keeps_its_level_on_either_side(name):
    draw, truth = WORLDS[name]
    for side in (GREATER, LESS):
        assert not exceeds(rate(draw, truth, runs=1500, seed=5, side=side), 1500)


def test_bets_in_an_order_chosen_by_the_scores_are_caught(monkeypatch):
    monkeypatch.setattr(betting_bound, "_orders", lambda n: np.arange(n)[None, :])
    draw, truth = WORLDS["sorted by score"]
    assert exceeds(rate(draw, truth, runs=500, seed=5), 500)


def test_a_capital_that_starts_at_twenty_is_caught(monkeypatch):
    honest = BettingBound._log_capital
    monkeypatch.setattr(
        BettingBound, "_log_capital", lambda self, null: honest(self, null) + math.log(20)
    )
    assert exceeds(rate(seldom_lost, -0.02, runs=500, seed=5), 500)


REAL = Path(__file__).parents[3] / "shared" / "data" / "alpaca_eval.parquet"


@pytest.mark.skipif(not REAL.exists(), reason="real evaluation data is not beside the project")
def test_the_betting_bound_covers_real_graded_pairs():
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
    covered, runs = 0, 0
    for _ in range(15):
        one, other = scores[rng.choice(len(scores), 2, replace=False)]
        truth = float(np.mean(one - other))
        for _ in range(20):
            drawn = rng.integers(0, len(items), 50)
            found = stats.paired_difference(
                one[drawn],
                other[drawn],
                kind=stats.ScoreKind.GRADED,
                score_range=(0, 1),
                guarantee=True,
            )
            covered += found.low <= truth <= found.high
            runs += 1
    assert covered / runs >= 0.95
