"""Error rates of tests that are read after every item, at the tested boundary.

Seeded simulations; a rate passes when it is within its level plus three Monte-Carlo standard
errors. Wrong variants go through the same harness and must be caught by it.
"""

import math

import numpy as np
import pytest

from liftgate.stats import EProcess, FiniteSetTest, betting, drawing
from liftgate.stats.drawing import Drawing
from liftgate.stats.kinds import Alternative

ALPHA = 0.05
RUNS = 3000
N = 400
THRESHOLD = -math.log(ALPHA)


def exceeds(wrong, band=ALPHA):
    """Whether a share of wrong runs is above a band and three Monte-Carlo errors."""
    runs = len(wrong)
    return np.mean(wrong) > band + 3 * math.sqrt(band * (1 - band) / runs)


def ever(shares, null, sizes=None):
    """Whether each run's capital against "mean ≤ null" ever reached 1/alpha."""
    peak = betting.log_peak(shares, null, sizes=sizes, looks=[shares.shape[1]])[:, 0]
    return peak >= THRESHOLD


# --- new items, read after every one -------------------------------------------------------------


def flips(rng, up, down, runs=RUNS, n=N):
    """Differences of right-or-wrong answers, shape (runs, n)."""
    u = rng.random((runs, n))
    return np.where(u < up, 1.0, np.where(u > 1 - down, -1.0, 0.0))


def rare_losses(rng):
    """Small gains nearly always, a great loss seldom, nothing on average: strong skew."""
    return np.where(rng.random((RUNS, N)) < 0.02, -0.98, 0.02)


WORLDS = {
    "20 % discordant": (lambda rng: (flips(rng, 0.1, 0.1) + 1) / 2, 0.5),
    "2 % discordant": (lambda rng: (flips(rng, 0.01, 0.01) + 1) / 2, 0.5),
    "worse by the margin": (lambda rng: (flips(rng, 0.05, 0.08) + 1) / 2, 0.485),
    "only losses, at the margin": (lambda rng: (flips(rng, 0, 0.03) + 1) / 2, 0.485),
    "graded and skewed": (lambda rng: (rare_losses(rng) + 1) / 2, 0.5),
    "a rate at its limit": (lambda rng: (rng.random((RUNS, N)) < 0.97).astype(float), 0.97),
}


@pytest.mark.parametrize("name", WORLDS)
def test_a_null_is_seldom_rejected_however_often_one_looks(name):
    draw, null = WORLDS[name]
    assert not exceeds(ever(draw(np.random.default_rng(41)), null))


def test_the_object_rejects_when_the_kernel_does():
    rng = np.random.default_rng(42)
    differences = flips(rng, 0.14, 0.08, runs=40)
    expected = ever((differences + 1) / 2, 0.5)
    assert 0 < expected.sum() < 40
    for run, rejected in zip(differences, expected, strict=True):
        process = EProcess(kind="graded", score_range=(0, 1), alternative="greater", level=0.9)
        for start in range(0, N, 80):
            part = run[start : start + 80]
            process.update((part > 0).astype(float), (part < 0).astype(float))
        assert bool(process.status.rejected) is bool(rejected)


def test_the_limits_of_all_looks_together_hold_the_truth():
    rng = np.random.default_rng(43)
    shares = (flips(rng, 0.15, 0.09) + 1) / 2
    truth = (0.06 + 1) / 2
    tail = -math.log(ALPHA / 2)
    above = betting.log_peak(shares, truth, looks=[N])[:, 0] >= tail
    below = betting.log_peak(1 - shares, 1 - truth, looks=[N])[:, 0] >= tail
    assert not exceeds(above | below)


def test_power_is_what_the_docs_say():
    rng = np.random.default_rng(44)
    won = ever((flips(rng, 0.125, 0.075) + 1) / 2, 0.5)
    assert 0.3 < np.mean(won) < 0.5


def test_a_fixed_n_test_that_is_peeked_at_is_caught():
    differences = flips(np.random.default_rng(45), 0.1, 0.1)
    counts = np.arange(1, N + 1)
    z = np.cumsum(differences, axis=1) / np.sqrt(np.maximum(np.cumsum(differences**2, axis=1), 1))
    assert exceeds((z[:, counts >= 30] >= 1.645).any(axis=1))


def test_a_stake_chosen_afterwards_is_caught():
    shares = (flips(np.random.default_rng(46), 0.1, 0.1) + 1) / 2
    best = np.zeros(RUNS, dtype=bool)
    for stake in betting.FRACTIONS:
        gains = shares / 0.5 - 1
        alone = betting.log_mixture(
            gains, stakes=np.array([stake]), weights=np.ones(1), looks=[N], peak=True
        )
        best |= alone[:, 0] >= THRESHOLD
    assert exceeds(best)


def test_completion_order_is_caught():
    """64 calls in flight, losses five times slower: taken as they complete, wins come first."""
    rng = np.random.default_rng(47)
    differences = flips(rng, 0.2, 0.2, runs=500)
    seconds = rng.exponential(1, differences.shape) * np.where(differences < 0, 5, 1)
    completed = np.empty_like(differences)
    for run in range(len(differences)):
        lanes = np.zeros(64)
        done = np.empty(N)
        for item in range(N):
            lane = lanes.argmin()
            lanes[lane] += seconds[run, item]
            done[item] = lanes[lane]
        completed[run] = differences[run, done.argsort()]
    assert exceeds(ever((completed + 1) / 2, 0.5))
    assert not exceeds(ever((differences + 1) / 2, 0.5))


# --- clusters ------------------------------------------------------------------------------------

LARGEST = 12


def clustered(rng, runs=2000, clusters=60):
    """Uneven clusters whose items all move together; no true difference."""
    sizes = rng.choice([1, 2, 6, LARGEST], (runs, clusters))
    moved = flips(rng, 0.25, 0.25, runs, clusters)
    return sizes, moved


def test_clusters_that_move_together_keep_the_level():
    sizes, moved = clustered(np.random.default_rng(51))
    share = sizes / LARGEST
    assert not exceeds(ever(share * (moved + 1) / 2, 0.5, sizes=share))


def test_an_ignored_cluster_is_caught():
    sizes, moved = clustered(np.random.default_rng(51))
    items = [np.repeat(m, s)[:200] for m, s in zip(moved, sizes, strict=True)]
    table = np.zeros((len(items), 200))
    for row, values in zip(table, items, strict=True):
        row[: values.size] = values
    assert exceeds(ever((table + 1) / 2, 0.5))


# --- exactly these items: the null that is exactly true ------------------------------------------

ITEMS = 120


def even_set(rng, graded=False):
    """A candidate whose mean over the set is its baseline's, with three earlier systems."""
    ease = rng.beta(0.7, 1.2, ITEMS)
    draw = [
        np.clip(ease + rng.normal(0, 0.2, ITEMS), 0, 1)
        if graded
        else (rng.random(ITEMS) < ease).astype(float)
        for _ in range(5)
    ]
    candidate, baseline = draw[0].copy(), draw[1]
    if graded:
        for place in rng.permutation(ITEMS):
            total = float(np.sum(candidate - baseline))
            candidate[place] = min(1.0, max(0.0, candidate[place] - total))
    else:
        surplus = int(np.sum(candidate - baseline))
        able = np.flatnonzero(candidate == (surplus > 0))
        candidate[rng.choice(able, abs(surplus), replace=False)] = surplus < 0
    order = rng.permutation(ITEMS)
    return candidate[order], baseline[order], np.column_stack(draw[2:])[order]


def verdicts(rng, runs=400, graded=False, **options):
    """Whether each run on an even set gave a verdict, with a look after every item."""
    wrong = []
    for _ in range(runs):
        candidate, baseline, history = even_set(rng, graded)
        test = FiniteSetTest(
            baseline, kind="graded", score_range=(0, 1), history=history, **options
        )
        test.update(candidate)
        wrong.append(test.status.reading.value in {"better", "worse"})
    return np.array(wrong)


@pytest.mark.parametrize("graded", [False, True])
def test_equal_means_over_a_set_seldom_give_a_verdict(graded):
    wrong = verdicts(np.random.default_rng(61), graded=graded)
    assert not exceeds(wrong)
    assert wrong.any()  # a boundary: a test that never rejects would be broken


def test_the_margin_is_kept_where_the_set_is_worse_by_exactly_that():
    rng = np.random.default_rng(62)
    wrong = []
    for _ in range(400):
        candidate, baseline, history = even_set(rng)
        lost = rng.choice(np.flatnonzero(candidate == 1), 6, replace=False)
        candidate[lost] = 0  # worse by 6 of 120 items
        test = FiniteSetTest(baseline, kind="binary", history=history, margin=0.05, level=0.9)
        test.update(candidate)
        wrong.append(test.status.non_inferior)
    assert not exceeds(np.array(wrong))


def test_a_null_called_impossible_at_its_edge_is_caught(monkeypatch):
    """≤ for < in the logic of impossible nulls: right on every set whose means differ."""
    monkeypatch.setattr(drawing, "_SLACK", -1e-9)
    assert exceeds(verdicts(np.random.default_rng(61), runs=100))


def test_a_prediction_that_knows_its_result_is_caught(monkeypatch):
    honest = Drawing._bet

    def knowing(self, sums, start, end):
        self._predicted[start:end] = 0.9 * sums[start:end]
        return honest(self, sums, start, end)

    monkeypatch.setattr(Drawing, "_bet", knowing)
    assert exceeds(verdicts(np.random.default_rng(61), runs=100))


def even_clusters(rng, clusters=40):
    """Whole clusters won or lost, as many items of the one as of the other, in random order."""
    sizes = np.repeat(rng.choice([2, 4, 6], clusters // 2), 2)
    moved = np.tile([1.0, -1.0], clusters // 2)
    order = rng.permutation(clusters)
    labels = np.repeat(np.arange(clusters), sizes[order])
    values = np.repeat(moved[order], sizes[order])
    return (values > 0).astype(float), (values < 0).astype(float), labels


@pytest.mark.parametrize("known", [True, False])
def test_clusters_of_a_set_are_drawn_whole_or_caught(known):
    rng, wrong = np.random.default_rng(63), []
    for _ in range(400):
        candidate, baseline, labels = even_clusters(rng)
        test = FiniteSetTest(baseline, kind="binary", cluster=labels if known else None)
        test.update(candidate)
        wrong.append(test.status.reading.value in {"better", "worse"})
    assert exceeds(np.array(wrong)) is not known


def test_a_set_in_an_order_chosen_by_result_is_caught():
    rng, wrong = np.random.default_rng(64), []
    for _ in range(100):
        candidate, baseline, history = even_set(rng)
        late = np.argsort(rng.random(ITEMS) - 0.3 * (candidate - baseline))
        test = FiniteSetTest(baseline[late], kind="binary", history=history[late])
        test.update(candidate[late])
        wrong.append(test.status.reading is not test.status.reading.EQUAL)
    assert exceeds(np.array(wrong))


def test_sides_are_those_of_the_words():
    process = EProcess(kind="binary")
    process.update(np.ones(60), np.zeros(60))
    assert process.status.rejected == (Alternative.GREATER,)
