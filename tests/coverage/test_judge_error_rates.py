"""Coverage of labels with judges, of corrected rates, and wrong ways that the harness catches.

Short, seeded; ``benchmarks/judges.py`` runs longer and on real labels.
"""

import math

import numpy as np
import pytest

from liftgate import stats
from liftgate.errors import NotEnoughData
from liftgate.stats.kinds import Alternative
from liftgate.stats.rogan_gladen import Detected, rogan_gladen

RUNS = 300
LOCKED = 600
TRUTH = 0.6


def band(share, runs=RUNS):
    """Three Monte-Carlo standard errors."""
    return 3 * math.sqrt(share * (1 - share) / runs)


def answers(rng, clusters=None):
    """Labels, and a judge that is 8 points too kind and moderately good."""
    if clusters is None:
        hidden = rng.random(LOCKED)
    else:
        hidden = np.where(
            rng.random(LOCKED) < 0.6, rng.random(clusters.max() + 1)[clusters], rng.random(LOCKED)
        )
    label = (hidden < TRUTH).astype(float)
    return label, label + 0.08 + rng.normal(0, 0.6, LOCKED)


def covered(found):
    return found.low <= TRUTH <= found.high


def share_covered(one, runs=RUNS, seed=1):
    rng = np.random.default_rng(seed)
    return sum(covered(one(rng)) for _ in range(runs)) / runs


def with_judge(rng, n=80):
    label, judge = answers(rng)
    drawn = rng.permutation(LOCKED)[:n]
    return stats.judged_mean(label[drawn], drawn, judge=judge, kind="binary")


def judge_alone(rng):
    return stats.mean(answers(rng)[1], kind="unbounded")


def judge_for_labels(rng, n=80):
    """Labels where there are some, the judge's score elsewhere."""
    label, judge = answers(rng)
    drawn = rng.permutation(LOCKED)[:n]
    judge[drawn] = label[drawn]
    return stats.mean(judge, kind="unbounded")


def fitted_on_itself(rng, n=60):
    """Ordinary regression on twenty columns of noise, its predictions tried on its own items."""
    label, judge = answers(rng)
    drawn = rng.permutation(LOCKED)[:n]
    table = np.column_stack([judge, rng.normal(size=(LOCKED, 20))])
    table -= table.mean(axis=0)
    here = table[drawn]
    slopes = np.linalg.lstsq(here - here.mean(axis=0), label[drawn] - label[drawn].mean())[0]
    return stats.mean(label[drawn] - here @ slopes, kind="unbounded")


def with_features(rng, *, tell, n=60):
    """A judge and sixteen weak columns, of which four tell something or none."""
    label, judge = answers(rng)
    drawn = rng.permutation(LOCKED)[:n]
    features = rng.normal(size=(LOCKED, 16))
    features[:, :4] += tell * label[:, None]
    return stats.judged_mean(label[drawn], drawn, judge=judge, features=features, kind="binary")


def by_chance(rng, *, stored=True):
    label, judge = answers(rng)
    # Drawn by what another judge said, who has no place in the regression.
    other = label + rng.normal(0, 0.6, LOCKED)
    chance = np.clip(0.3 - 0.25 * (other - TRUTH), 0.05, 0.9)
    drawn = np.flatnonzero(rng.random(LOCKED) < chance)
    probability = chance[drawn] if stored else None
    return stats.judged_mean(
        label[drawn], drawn, judge=judge, probability=probability, kind="binary"
    )


def statements(rng, *, known=True, whole=True):
    cluster = np.repeat(np.arange(LOCKED // 6), 6)
    label, judge = answers(rng, cluster)
    if whole:
        drawn = np.flatnonzero(np.isin(cluster, rng.permutation(LOCKED // 6)[:40]))
    else:
        drawn = rng.permutation(LOCKED)[:300]
    return stats.judged_mean(
        label[drawn], drawn, judge=judge, cluster=cluster if known else None, kind="binary"
    )


@pytest.mark.parametrize(
    "one",
    [
        with_judge,
        by_chance,
        statements,
        lambda rng: statements(rng, whole=False),
        lambda rng: with_features(rng, tell=0.0),
        lambda rng: with_features(rng, tell=1.0),
    ],
    ids=[
        "random labels",
        "stored chances",
        "whole answers",
        "single statements",
        "useless features",
        "telling features",
    ],
)
def test_intervals_from_labels_and_a_biased_judge_cover(one):
    assert share_covered(one) >= 0.95 - band(0.95)


@pytest.mark.parametrize(
    ("one", "most"),
    [
        (judge_alone, 0.5),
        (judge_for_labels, 0.6),
        (fitted_on_itself, 0.88),
        (lambda rng: by_chance(rng, stored=False), 0.9),
        (lambda rng: statements(rng, known=False), 0.9),
    ],
    ids=[
        "judge alone",
        "judge for missing labels",
        "fitted on itself",
        "chances forgotten",
        "clusters forgotten",
    ],
)
def test_wrong_ways_are_caught(one, most):
    assert share_covered(one) < most


def test_a_judge_saves_labels_and_a_useless_one_costs_none():
    rng = np.random.default_rng(3)
    alone, judged, useless, unit_slope = [], [], [], []
    for _ in range(RUNS):
        label, judge = answers(rng)
        drawn = rng.permutation(LOCKED)[:60]
        noise = rng.normal(size=(LOCKED, 3))
        here = label[drawn]
        alone.append(here.mean())
        judged.append(stats.judged_mean(here, drawn, judge=judge, kind="binary").value)
        useless.append(stats.judged_mean(here, drawn, judge=noise, kind="binary").value)
        unit_slope.append(here.mean() - noise[drawn, 0].mean() + noise[:, 0].mean())
    variance = np.var(alone)
    assert variance / np.var(judged) > 1.25
    assert variance / np.var(useless) > 0.95
    assert variance / np.var(unit_slope) < 0.5


def test_the_paired_difference_keeps_its_level_at_a_null_that_is_true():
    rng = np.random.default_rng(5)
    wrong = 0
    for _ in range(RUNS):
        arms = (rng.random((2, LOCKED)) < TRUTH).astype(float)
        judges = arms + rng.normal(0, 0.6, arms.shape) + [[0.08], [0.0]]
        drawn = rng.permutation(LOCKED)[:80]
        found = stats.judged_difference(
            *arms[:, drawn],
            drawn,
            candidate_judge=judges[0],
            baseline_judge=judges[1],
            kind="binary",
            alternative="greater",
        )
        wrong += found.p_value <= 0.05
    assert wrong / RUNS <= 0.05 + band(0.05)


def corrected(rng, *, rate, se, sp, known=False):
    n, positives, negatives = 600, 60, 90
    flagged = rng.binomial(1, rate * se + (1 - rate) * (1 - sp), n).sum()
    hits, passed = rng.binomial(positives, se), rng.binomial(negatives, sp)
    if known:
        hits, passed = 1000 * hits, 1000 * passed
        positives, negatives = 1000 * positives, 1000 * negatives
    return rogan_gladen(Detected(int(flagged), n, hits, positives, passed, negatives, 0.95))


@pytest.mark.parametrize(("rate", "se", "sp"), [(0.1, 0.9, 0.95), (0.4, 0.8, 0.8), (0.7, 0.9, 0.7)])
def test_a_corrected_rate_keeps_its_level_on_both_sides(rate, se, sp):
    rng = np.random.default_rng(7)
    wrong = dict.fromkeys((Alternative.GREATER, Alternative.LESS), 0)
    runs, refused = 1000, 0
    for _ in range(runs):
        try:
            family = corrected(rng, rate=rate, se=se, sp=sp)
        except NotEnoughData:
            refused += 1
            continue
        for side in wrong:
            wrong[side] += family.tail(rate, side) <= 0.05
    assert max(wrong.values()) / runs <= 0.06 + band(0.06, runs)
    assert refused < 10  # and a test that never rejects would keep its level too
    assert min(wrong.values()) / runs >= 0.02


def test_errors_of_the_judge_taken_for_known_are_caught():
    rng = np.random.default_rng(7)
    runs = 300
    wrong = sum(
        min(family.tail(0.4, side) for side in (Alternative.GREATER, Alternative.LESS)) <= 0.025
        for family in (corrected(rng, rate=0.4, se=0.8, sp=0.8, known=True) for _ in range(runs))
    )
    assert wrong / runs > 0.15
