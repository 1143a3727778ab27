"""How often a rater who does not drift is called drifting, and how often one who does is found."""

from __future__ import annotations

import math

import numpy as np

from liftgate.stats import pettitt, rater_drift

RUNS, GOLD, RATERS = 250, 16, 5


def steady(rng):
    """Errors of a five-step scale: mostly right, sometimes a step off; many ties."""
    return rng.choice([-1, 0, 1], GOLD, p=[0.15, 0.7, 0.15])


def alarms(drifting, seed, runs=RUNS):
    rng = np.random.default_rng(seed)
    first = any_alarm = 0
    for _ in range(runs):
        errors = {f"r{n}": steady(rng) for n in range(RATERS)}
        if drifting:
            errors["r2"] = errors["r2"] + np.where(np.arange(GOLD) < GOLD // 2, 0, 1)
        found = rater_drift(errors, draws=199, seed=int(rng.integers(1 << 30)))
        first += found[0].rater == "r2"
        any_alarm += any((one.adjusted or 1) <= 0.05 for one in found if one.p_value is not None)
    return any_alarm / runs, first / runs


def test_without_drift_any_of_five_raters_is_called_drifting_at_most_as_often_as_said():
    error, _ = alarms(drifting=False, seed=1)
    assert error <= 0.05 + 3 * math.sqrt(0.05 * 0.95 / RUNS)


def test_a_rater_who_becomes_one_step_milder_half_way_is_named_first():
    _, first = alarms(drifting=True, seed=2, runs=120)
    assert first >= 0.85


def test_pettitts_own_approximation_would_not_do_with_ties_and_few_gold_items():
    """A planted wrong variant: 2·exp(−6K²/(n³ + n²)) is far from its level here."""
    rng = np.random.default_rng(3)
    n, wrong = GOLD, 0
    for _ in range(2_000):
        k = pettitt(steady(rng)).statistic
        wrong += 2 * math.exp(-6 * k**2 / (n**3 + n**2)) <= 0.05
    assert not 0.03 <= wrong / 2_000 <= 0.07


def test_taking_the_better_of_two_tests_without_doubling_is_caught():
    """A planted wrong variant: half of the reported p-value errs more than said."""
    rng = np.random.default_rng(4)
    found = [rater_drift({"a": rng.normal(0, 1, 24)}, draws=199)[0].p_value for _ in range(600)]
    assert np.mean(np.array(found) / 2 <= 0.05) > 0.05 + 2 * math.sqrt(0.05 * 0.95 / 600)
    assert np.mean(np.array(found) <= 0.05) <= 0.05 + 3 * math.sqrt(0.05 * 0.95 / 600)
