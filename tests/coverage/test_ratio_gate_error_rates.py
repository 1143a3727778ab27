"""False ships of claims about ratios of sums, through rules and gate, at the edge of the claim.

The truth lies exactly on the boundary. What people do instead goes through the same count and must
be caught by it: the items' own ratios averaged, and amounts that are missing left out.
"""

from __future__ import annotations

import math

import numpy as np

from liftgate import plugins
from liftgate.errors import NotEnoughData
from liftgate.gates.decide import decide
from liftgate.gates.evidence import PairsEvidence
from liftgate.gates.ratio_claims import RatioEvidence, complete
from liftgate.gates.ratio_rows import RatioPairs, Tries
from liftgate.records import (
    Alternative,
    Claim,
    DecisionWord,
    Pairing,
    Pairs,
    Part,
    Population,
    Ratio,
    Scale,
    ScoreKind,
)
from liftgate.stats.looks import Crossing, LookRule
from liftgate.stats.sums import Sums, TwoArms, ratio_jackknife

ALPHA, RUNS, N = 0.05, 200, 120
COST = Scale(ScoreKind.UNBOUNDED, higher_is_better=False)
SHARE = Scale(ScoreKind.GRADED, 0.0, 1.0)


def tries(above, below, missing=None, most=np.inf):
    over, under = (np.asarray(one, dtype=float)[:, None] for one in (above, below))
    gone = np.zeros(over.shape, dtype=bool) if missing is None else missing[:, None]
    return Tries(
        np.where(gone, 0.0, over), np.where(gone, most, over), under, under, np.zeros_like(gone)
    )


def pairs(ratio, scale, candidate, baseline, cluster=None):
    count = candidate.failed.shape[0]
    items = tuple(f"i{n}" for n in range(count))
    return RatioPairs(ratio, items, candidate, baseline, cluster, scale, {})


def cost_per_success(rng, rise=1.1, most=None, **options):
    """Two equal arms, the candidate's price raised: its ratio is the baseline's times that."""
    success = [(rng.random(N) < 0.6).astype(float) for _ in range(2)]
    cost = [rng.lognormal(0, 0.4, N) * np.where(one > 0, 1.0, 2.0) for one in success]
    cost[0] = cost[0] * rise
    # What is dear is what gets lost.
    lost = None if most is None else cost[0] > np.quantile(cost[0], 0.95)
    ours = tries(cost[0], success[0], lost, most or np.inf)
    ratio = Ratio("cost_per_right", "cost", "right", most=most)
    return pairs(ratio, COST, ours, tries(cost[1], success[1]), **options)


def supported(rng):
    """A candidate better on short answers and worse on long ones: 5 points fewer statements hold.

    Its items' own ratios are only 0.8 points lower on average.
    """
    below = np.where(rng.random((2, N)) < 0.5, 2, 12)
    chance = np.where(below[0] == 2, 0.90, 0.85 - 0.8 / 12)
    above = rng.binomial(below[0], chance), rng.binomial(below[1], 0.85)
    ratio = Ratio("supported", "faithful", "statements", (0.0, 1.0))
    return pairs(ratio, SHARE, *(tries(a, b) for a, b in zip(above, below, strict=True)))


def averaged(one: RatioPairs) -> PairsEvidence:
    """The wrong way: every item's own ratio, as if each were a score."""
    scores = [side.of_low[:, 0] / side.per_low[:, 0] for side in (one.candidate, one.baseline)]
    made = Pairs("supported", one.items, *scores, None, SHARE, {}, Pairing(len(one.items)))
    return PairsEvidence(made, ALPHA)


def ships(make, rule, seed=3, runs=RUNS, **params):
    claim = Claim("primary", Part.PRIMARY, "ratio", rule, params, Population.NEW_ITEMS)
    rules = {"primary": plugins.load("rules", rule)(**params)}
    rng = np.random.default_rng(seed)
    count = 0
    for _ in range(runs):
        found = decide(
            [claim], {"new": {"primary": make(rng)}}, rules, alpha=ALPHA, alpha_hold=ALPHA
        )
        count += found[0].word is DecisionWord.SHIP
    return count / runs


def too_often(rate, runs, band=0.055):
    return rate > band + 3 * math.sqrt(band * (1 - band) / runs)


def test_cost_per_success_at_the_edge_of_ten_percent_ships_no_more_than_alpha():
    rate = ships(lambda g: RatioEvidence(cost_per_success(g), ALPHA), "non_inferior", margin="10%")
    assert not too_often(rate, RUNS), rate
    power = ships(
        lambda g: RatioEvidence(cost_per_success(g, rise=0.75), ALPHA),
        "non_inferior",
        margin="10%",
        runs=50,
    )
    assert power > 0.6, power


def family_of(arms):
    """Return the tests at a look, or None where the method declines so early."""
    try:
        return ratio_jackknife(arms)
    except NotEnoughData:
        return None


def looked(rng, cluster, *, peeked=False):
    """Return whether four looks reject; peeked: at alpha each, as if it were the only one."""
    one = cost_per_success(rng)
    arms = [
        Sums("per", side.of_low[:, 0], side.per_low[:, 0], cluster, None, 1 - 2 * ALPHA)
        for side in (one.candidate, one.baseline)
    ]
    both = TwoArms(*arms, kept=1.1)
    ends = (30, 60, 90, N)
    families = [family_of(both.up_to(end, cluster[:end])) for end in ends]
    if peeked:
        return any(one and one.tail(0.0, Alternative.LESS) <= ALPHA for one in families)
    claim = Crossing(LookRule(ALPHA, alternative=Alternative.LESS))
    for end, family in zip(ends, families, strict=True):
        claim.add(family, end / N)
    return claim.rejected_at is not None


def test_planned_looks_at_a_ratio_over_clusters_keep_alpha_and_peeking_is_caught():
    rng, cluster, runs = np.random.default_rng(4), np.arange(N) // 3, 500
    rate = sum(looked(rng, cluster) for _ in range(runs)) / runs
    assert not too_often(rate, runs), rate
    wrong = sum(looked(rng, cluster, peeked=True) for _ in range(runs)) / runs
    assert too_often(wrong, runs), wrong


def test_statements_at_the_edge_ship_no_more_than_alpha_and_averaged_ratios_are_caught():
    def ours(rng):
        return RatioEvidence(supported(rng), ALPHA)

    rate = ships(ours, "non_inferior", margin=0.05)
    assert not too_often(rate, RUNS), rate
    wrong = ships(lambda g: averaged(supported(g)), "non_inferior", margin=0.05, runs=50)
    assert too_often(wrong, 50), wrong


def test_dear_amounts_that_are_missing_count_their_most_and_leaving_them_out_is_caught():
    def ours(rng, kept=lambda one: one):
        return RatioEvidence(kept(cost_per_success(rng, rise=1.1, most=20.0)), ALPHA)

    rate = ships(ours, "non_inferior", margin="10%", runs=100)
    assert rate < ALPHA, rate
    wrong = ships(lambda g: ours(g, complete), "non_inferior", margin="10%", runs=100)
    assert too_often(wrong, 100), wrong


def test_harm_is_shown_of_equal_arms_no_more_than_alpha():
    def make(rng):
        return RatioEvidence(cost_per_success(rng, rise=1.0), ALPHA)

    claim = Claim("primary", Part.PRIMARY, "r", "non_inferior", {}, Population.NEW_ITEMS)
    rules = {"primary": plugins.load("rules", "non_inferior")(margin=0.05)}
    rng, held = np.random.default_rng(9), 0
    for _ in range(200):
        found = decide(
            [claim], {"new": {"primary": make(rng)}}, rules, alpha=ALPHA, alpha_hold=ALPHA
        )
        held += found[0].word is DecisionWord.HOLD
    assert not too_often(held / 200, 200), held
