"""Planned looks against rpact (R) and against multivariate normal probabilities of scipy."""

import json
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import multivariate_normal, norm

from liftgate.stats import spending

RPACT = json.loads((Path(__file__).parent / "planned_looks.json").read_text())


def name(case):
    return f"{len(case['fractions'])} looks, alpha {case['alpha']}"


@pytest.mark.parametrize("case", RPACT["designs"], ids=name)
def test_boundaries_and_spent_error_are_rpacts(case):
    # Spending less than 1e-8 is beyond rpact's own accuracy (it says Inf or 6.16794 for 6.16800).
    clear = np.array(case["spent"]) > 1e-8
    found = spending.boundaries(case["fractions"], case["alpha"])
    expected = np.array(case["z"], dtype=float)
    assert found[clear] == pytest.approx(expected[clear], abs=2e-5)
    assert spending.spent(case["fractions"], case["alpha"]) == pytest.approx(
        case["spent"], abs=2e-8
    )


@pytest.mark.parametrize("case", RPACT["designs"], ids=name)
def test_power_under_a_drift_is_rpacts(case):
    found = spending.passage_probabilities(case["fractions"], case["z"], case["drift"])
    assert found.sum() == pytest.approx(case["power"], abs=1e-6)


def stage(case):
    return f"ended at {case['final_stage']} of {len(case['fractions'])}"


@pytest.mark.parametrize("case", RPACT["finals"], ids=stage)
def test_anytime_p_values_are_the_least_of_rpacts_repeated_ones(case):
    found = spending.anytime_p(case["z"], case["fractions"])
    expected = np.minimum.accumulate(case["repeated_p"])
    told = expected < spending.LARGEST_ALPHA
    assert found[told] == pytest.approx(expected[told], rel=1e-4, abs=1e-6)
    assert (found[~told] >= spending.LARGEST_ALPHA).all()


@pytest.mark.parametrize("case", RPACT["finals"], ids=stage)
def test_median_unbiased_drift_is_rpacts(case):
    looks = case["final_stage"]
    drift = spending.median_drift(case["z"][looks - 1], case["fractions"][:looks], case["alpha"])
    assert drift / np.sqrt(160) == pytest.approx(case["median_unbiased"], abs=2e-6)


@pytest.mark.parametrize("case", RPACT["finals"], ids=stage)
def test_repeated_lower_limits_are_rpacts(case):
    looks = len(case["z"])
    z, n = np.array(case["z"]), 40 * np.arange(1, looks + 1)
    bound = spending.boundaries(case["fractions"], case["alpha"])[:looks]
    assert (z - bound) / np.sqrt(n) == pytest.approx(case["low"], abs=2e-5)


@pytest.mark.parametrize("fractions", [(0.3, 0.6, 1.0), (0.1, 0.15, 0.9, 1.0)])
def test_boundaries_spend_what_multivariate_normal_probabilities_say(fractions):
    times = np.array(fractions)
    z = spending.boundaries(times, 0.05)
    correlation = np.sqrt(np.minimum.outer(times, times) / np.maximum.outer(times, times))
    for looks in range(2, times.size + 1):
        stays = multivariate_normal.cdf(
            z[:looks], cov=correlation[:looks, :looks], abseps=1e-7, releps=1e-7, maxpts=2_000_000
        )
        assert 1 - stays == pytest.approx(spending.spent(times, 0.05)[looks - 1], abs=2e-6)


def test_the_published_boundaries_of_five_equal_looks_are_found():
    """Two-sided 5 % O'Brien–Fleming type (Lan & DeMets 1983; Jennison & Turnbull 2000, ch. 7)."""
    found = spending.boundaries(np.arange(1, 6) / 5, 0.025)
    assert found == pytest.approx([4.877, 3.357, 2.680, 2.290, 2.031], abs=1e-3)


def test_one_look_is_the_fixed_test():
    assert spending.boundaries([1.0], 0.05)[0] == pytest.approx(norm.isf(0.05), abs=1e-12)
    assert spending.anytime_p([1.3], [1.0])[-1] == pytest.approx(norm.sf(1.3), rel=1e-5)
