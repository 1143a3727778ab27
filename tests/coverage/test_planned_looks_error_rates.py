"""Measured error of planned looks, one-sided at the boundary, and of wrong variants of them.

A rate passes when it is within its band plus three Monte-Carlo standard errors.
"""

import math

import numpy as np
import pytest

from liftgate import stats
from liftgate.stats import spending
from liftgate.stats.kinds import Alternative, ScoreKind
from liftgate.stats.looks import LookRule, LookTrack

ALPHA = 0.05
BAND = 0.06
"""What an asymptotic method of nominal 5 % may reach."""
UNIT = {"kind": ScoreKind.GRADED, "score_range": (0, 1)}
TIMES = np.arange(1, 11) / 10


def exceeds(rate, runs, band=BAND):
    return rate > band + 3 * math.sqrt(band * (1 - band) / runs)


# --- Brownian motion -----------------------------------------------------------------------------


def paths(drift, runs, seed):
    steps = np.random.default_rng(seed).normal(drift / 10, math.sqrt(0.1), (runs, 10))
    return np.cumsum(steps, axis=1) / np.sqrt(TIMES)


def test_the_boundaries_keep_their_level():
    z = paths(0.0, 100_000, 41)
    rate = np.mean((z >= spending.boundaries(TIMES, ALPHA)).any(axis=1))
    assert not exceeds(rate, len(z), ALPHA)


def test_a_fixed_critical_value_at_every_look_is_caught():
    rate = np.mean((paths(0.0, 2000, 41) >= 1.645).any(axis=1))
    assert exceeds(rate, 2000, BAND)
    assert rate > 0.13


def test_boundaries_for_looks_that_were_thought_independent_lose_power_only():
    union = np.mean((paths(0.0, 50_000, 42) >= spending.union_boundaries(TIMES, ALPHA)).any(axis=1))
    assert union < 0.045


class Normal:
    """The tests of a mean whose estimate is normal with known standard error."""

    def __init__(self, value, se):
        self.value, self.se = value, se
        self.n = self.clusters = 100
        self.df = None

    def tail(self, null, alternative):
        sign = 1 if alternative is Alternative.GREATER else -1
        return 0.5 * math.erfc(sign * (self.value - null) / self.se / math.sqrt(2))

    def limit(self, alternative, alpha):
        from scipy.special import ndtri

        sign = 1 if alternative is Alternative.GREATER else -1
        return self.value + sign * float(ndtri(alpha)) * self.se

    def warn(self, _alpha):
        return ()


@pytest.mark.parametrize("drift", [0.0, 1.5, 2.5])
def test_the_value_after_an_early_stop_is_median_unbiased_and_the_plain_mean_is_not(drift):
    runs, times = 400, np.array([0.3, 0.6, 1.0])
    rng = np.random.default_rng(43)
    above = outside = 0
    plain = []
    for _ in range(runs):
        track, sum_ = LookTrack(LookRule(alpha=ALPHA, harm_alpha=1e-9), 3), 0.0
        for step, time in zip(np.diff(times, prepend=0), times, strict=True):
            sum_ += rng.normal(drift * step, math.sqrt(step))
            track.add(Normal(sum_ / time, 1 / math.sqrt(time)), float(time))
            if track.status is not stats.LookStatus.CONTINUE:
                break
        above += track.value()[0] > drift
        plain.append(sum_ / time)
        outside += track.limits()[0] > drift
    error = math.sqrt(0.25 / runs)
    assert abs(above / runs - 0.5) < 3 * error
    if drift == 2.5:
        assert np.mean(plain) - drift > 3 * np.std(plain) / math.sqrt(runs)
    assert not exceeds(outside / runs, runs, ALPHA)


# --- real tests at the looks ---------------------------------------------------------------------


def graded(rng, n=100):
    baseline = rng.beta(2, 2, n)
    return tuple(np.clip(baseline + rng.normal(0, 0.2, n), 0, 1) for _ in range(2)), {}


def binary(rng, n=100):
    baseline = rng.random(n) < 0.5
    candidate = np.where(rng.random(n) < 0.3, rng.random(n) < 0.5, baseline)
    return (candidate.astype(float), baseline.astype(float)), {}


def clustered(rng, sizes=(6,) * 20):
    sizes = rng.permutation(np.array(sizes))
    cluster = np.repeat(np.arange(sizes.size), sizes)
    common = rng.uniform(-1, 1, sizes.size)[cluster]
    move = 0.55 * common + 0.84 * rng.uniform(-1, 1, cluster.size)
    return (0.5 + move / 4, np.full(cluster.size, 0.5)), {"cluster": cluster}


def uneven(rng):
    return clustered(rng, (3, 12, 8, 20, 5, 9, 14, 7, 11, 6, 10, 4, 16, 9) * 2)


def historical(rng, n=100):
    difficulty = rng.normal(0, 1, n)
    scores = 1 / (1 + np.exp(-(difficulty + rng.normal(0, 1.5, (7, n)))))
    return (scores[0], scores[1]), {"covariate": scores[1:].T}


def historical_binary(rng, n=100):
    difficulty = rng.normal(0, 1.5, n)
    scores = (rng.random((7, n)) < 1 / (1 + np.exp(-difficulty))).astype(float)
    return (scores[0], scores[1]), {"covariate": scores[1:].T}


def ends(n, cluster, looks=5):
    if cluster is None:
        return [round(n * (look + 1) / looks) for look in range(looks)]
    whole = np.flatnonzero(np.diff(cluster)) + 1
    wanted = [n * (look + 1) / looks for look in range(looks - 1)]
    return [*(int(whole[np.argmin(np.abs(whole - end))]) for end in wanted), n]


def shown(world, runs, seed, kind=UNIT):
    """The shares of runs in which the null was rejected, and in which harm was shown."""
    rng = np.random.default_rng(seed)
    found = []
    for _ in range(runs):
        (candidate, baseline), lock = world(rng)
        looks = ends(candidate.size, lock.get("cluster"))
        test, start = stats.PlannedLooks(looks, **kind, **lock), 0
        for end in looks:
            status = test.update(candidate[start:end], baseline[start:end])
            start = end
            if status is not stats.LookStatus.CONTINUE:
                break
        found.append(status)
    return [
        sum(status is wanted for status in found) / runs
        for wanted in (stats.LookStatus.REJECTED, stats.LookStatus.HARM)
    ]


BINARY = {"kind": ScoreKind.BINARY}
RANGELESS = {"kind": ScoreKind.UNBOUNDED}
"""The plain t: nothing that guards a bounded score hides what is planted."""
WORLDS = {
    "graded": (graded, 600, UNIT),
    "unbounded": (graded, 600, RANGELESS),
    "binary": (binary, 1000, BINARY),
    "20 equal clusters": (clustered, 400, UNIT),
    "28 uneven clusters": (uneven, 300, UNIT),
    "graded with history": (historical, 300, UNIT),
    "unbounded with history": (historical, 300, RANGELESS),
    "binary with history": (historical_binary, 300, BINARY),
}


@pytest.mark.parametrize("name", WORLDS)
def test_planned_looks_keep_their_level_in_both_directions(name):
    world, runs, kind = WORLDS[name]
    assert not any(exceeds(rate, runs) for rate in shown(world, runs, 44, kind))


def test_a_fixed_critical_value_in_the_real_test_is_caught(monkeypatch):
    monkeypatch.setattr(spending, "boundaries", lambda times, _alpha: np.full(len(times), 1.645))
    assert exceeds(shown(graded, 600, 45, RANGELESS)[0], 600)


def test_ignored_clusters_are_caught():
    def ignoring(rng):
        return clustered(rng, (10,) * 20)[0], {}

    assert exceeds(shown(ignoring, 400, 46)[0], 400)


def test_a_history_that_saw_the_answers_is_caught(monkeypatch):
    """Fitted without cross-fitting, many covariates explain noise."""
    from liftgate.stats import history

    def many(rng):
        (candidate, baseline), _ = historical(rng)
        return (candidate, baseline), {"covariate": rng.normal(size=(100, 40))}

    def seen(values, table, _groups):
        rows = table - table.mean(axis=0)
        return rows @ np.linalg.lstsq(rows, values - values.mean(), rcond=None)[0]

    monkeypatch.setattr(history, "cross_fitted", seen)
    assert exceeds(shown(many, 150, 47, RANGELESS)[0], 150)
