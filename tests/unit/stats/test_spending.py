"""Boundaries and anytime p-values belong to one family of tests, ordered in alpha."""

import numpy as np
import pytest

from liftgate.errors import DataError
from liftgate.stats import spending

TEN = np.arange(1, 11) / 10


def test_a_hundred_looks_spend_exactly_alpha():
    times = np.arange(1, 101) / 100
    passed = spending.passage_probabilities(times, spending.boundaries(times, 0.05))
    assert np.cumsum(passed) == pytest.approx(spending.spent(times, 0.05), abs=1e-9)


def test_a_finer_integration_changes_nothing(monkeypatch):
    times = np.array([0.05, 0.06, 0.4, 0.97, 1.0])
    usual = spending.boundaries(times, 0.04)
    monkeypatch.setattr("liftgate.stats.passage._PANEL", 2.0)
    spending._step.cache_clear()
    try:
        assert spending.boundaries(times, 0.04) == pytest.approx(usual, abs=1e-9)
    finally:
        spending._step.cache_clear()


def test_every_boundary_falls_as_alpha_grows_up_to_the_largest_alpha():
    rng = np.random.default_rng(3)
    alphas = np.append(np.geomspace(1e-6, 0.3, 25), spending.LARGEST_ALPHA)
    for _ in range(20):
        times = np.append(np.sort(rng.uniform(0.05, 0.9, rng.integers(1, 6))), 1.0)
        if np.min(np.diff(times) / times[1:]) < 0.01:
            continue
        found, _ = spending._solve(times, alphas)
        assert (np.diff(found, axis=0) < 0).all()


@pytest.mark.parametrize("alpha", [0.3, 0.05, 0.025, 1e-4, 1e-8])
def test_a_z_at_its_boundary_has_a_p_value_of_alpha(alpha):
    z = spending.boundaries(TEN, alpha)
    for look in np.flatnonzero(z < 30):
        path = np.full(look + 1, -np.inf)
        path[look] = z[look]
        assert spending.anytime_p(path, TEN)[-1] == pytest.approx(alpha, rel=1e-4)


def test_p_values_never_rise_and_agree_with_the_verdict_at_every_alpha():
    rng = np.random.default_rng(5)
    steps = rng.normal(0.1, np.sqrt(0.1), (400, 10))
    z = np.cumsum(steps, axis=1) / np.sqrt(TEN)
    p = spending.anytime_p(z, TEN)
    assert p.shape == z.shape
    assert (np.diff(p, axis=1) <= 0).all()
    for alpha in (0.25, 0.1, 0.05, 0.01):
        rejected = np.logical_or.accumulate(z >= spending.boundaries(TEN, alpha), axis=1)
        clear = np.abs(p / alpha - 1) > 1e-4
        assert ((p <= alpha) == rejected)[clear].all()


def test_p_values_are_uniform_at_the_null_up_to_one():
    rng = np.random.default_rng(6)
    steps = rng.normal(0, np.sqrt(0.1), (40_000, 10))
    p = spending.anytime_p(np.cumsum(steps, axis=1) / np.sqrt(TEN), TEN)[:, -1]
    for level in (0.01, 0.05, 0.3, 0.5, 0.9):
        assert np.mean(p <= level) == pytest.approx(
            level, abs=4 * np.sqrt(level * (1 - level) / p.size)
        )


def test_the_union_boundaries_are_wider_and_agree_with_their_p_values():
    times = np.arange(1, 6) / 5
    wide = spending.union_boundaries(times, 0.05)
    assert (wide >= spending.boundaries(times, 0.05) - 1e-9).all()
    p = spending.union_anytime_p([-1, -1, wide[2] + 1e-6], times[:3])[-1]
    assert 0.999 * 0.05 <= p <= 0.051
    assert spending.union_anytime_p([-1, -1, -1], times[:3])[-1] == 1


def test_an_estimate_that_ended_at_the_first_look_needs_no_correction():
    assert spending.median_drift(6.0, [0.25], 0.05) == pytest.approx(6.0 / 0.5, abs=1e-6)


def test_an_early_end_pulls_the_estimate_towards_the_null():
    drift = spending.median_drift(3.0, [0.2, 0.4, 0.6], 0.05)
    assert 2.5 < drift < 3.0 / np.sqrt(0.6)


@pytest.mark.parametrize(
    ("fractions", "alpha", "said"),
    [
        ([], 0.05, "one fraction for each look"),
        ([[0.5, 1]], 0.05, "one fraction for each look"),
        ([0.5, 0.5], 0.05, "increasing shares"),
        ([0.0, 1], 0.05, "increasing shares"),
        ([0.5, 1.2], 0.05, "increasing shares"),
        ([0.5, float("nan")], 0.05, "increasing shares"),
        ([0.5, 0.50001, 1], 0.05, "apart"),
        ([0.5, 1], 0.0, "alpha: got 0.0"),
        ([0.5, 1], 0.4, "at most 0.3173"),
        ([0.5, 1], float("nan"), "alpha: got nan"),
    ],
)
def test_what_makes_no_design_is_refused(fractions, alpha, said):
    with pytest.raises(DataError, match=said):
        spending.boundaries(fractions, alpha)


@pytest.mark.parametrize("z", [1.0, [1, 2, 3], [float("nan"), 1]])
def test_what_is_no_path_of_z_is_refused(z):
    with pytest.raises(DataError, match="z: got shape"):
        spending.anytime_p(z, [0.5, 1])
    with pytest.raises(DataError, match="z: got shape"):
        spending.union_anytime_p(z, [0.5, 1])
    with pytest.raises(DataError, match="z: got shape"):
        spending.passage_probabilities([0.5, 1], z)
