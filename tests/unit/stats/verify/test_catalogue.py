"""Every method has a measured cell, cells have names of their own, and kernels are what ships."""

from __future__ import annotations

import numpy as np
import pytest

from liftgate import stats
from liftgate.gates.calibrate import verified
from liftgate.stats.kinds import Alternative, ScoreKind
from liftgate.stats.score import PairedScore
from liftgate.stats.table import METHODS
from liftgate.stats.verify.catalogue import WITHOUT, experiments
from liftgate.stats.verify.cell import Mark, What
from liftgate.stats.verify.kernels import DIFFERENCE, Kernels
from liftgate.stats.verify.real import RealData

LISTED = [*experiments(), *verified.experiments(RealData())]
CELLS = [(one, cell) for one in LISTED for cell in one.cells]
GREATER, LESS = Alternative.GREATER, Alternative.LESS


def test_every_row_with_a_test_has_a_cell_or_a_reason():
    exercised = {method for one in LISTED for method in one.methods}
    rows = {row.name for row in METHODS if row.test is not None}
    assert rows - exercised - set(WITHOUT) == set()
    assert set(WITHOUT) <= rows - exercised


def test_names_are_unique():
    names = [cell.name for _, cell in CELLS]
    assert len(set(names)) == len(names)


def test_no_band_is_wider_than_the_goals():
    widest = {Mark.EXACT: 0.05, Mark.ANYTIME_EXACT: 0.05, Mark.ASYMPTOTIC: 0.06}
    for one, cell in CELLS:
        if cell.what is What.COVERAGE:
            assert cell.low is None or cell.low >= 0.92
        else:
            assert cell.high is not None
            assert cell.high <= widest[one.mark]
    scores = [cell for _, cell in CELLS if cell.name.startswith("paired score test, error, marg")]
    assert {cell.high for cell in scores} == {0.057}


def test_simulated_errors_of_the_long_form_have_twenty_thousand_samples():
    simulated = [one for one in LISTED if one.long or one.short]
    assert len(simulated) > 80
    assert all(one.long >= 20_000 for one in simulated)


@pytest.fixture
def pair():
    rng = np.random.default_rng(3)
    baseline = rng.random(60)
    return np.clip(baseline + rng.normal(0.02, 0.2, 60), 0, 1), baseline


def test_the_kernel_of_single_items_answers_as_the_function_does(pair):
    candidate, baseline = pair
    moved = candidate - baseline
    sums = [np.array([np.sum(moved**power)]) for power in (1, 2, 3)]
    tails = Kernels().singles(np.array([60.0]), *sums, DIFFERENCE, np.array([-0.02]))
    for found, side in zip(tails, (GREATER, LESS), strict=True):
        expected = stats.paired_difference(
            candidate,
            baseline,
            kind=ScoreKind.GRADED,
            score_range=(0, 1),
            null=-0.02,
            alternative=side,
        )
        assert found[0] == pytest.approx(expected.p_value, rel=1e-9)


def test_the_kernel_of_clusters_answers_as_the_function_does(pair):
    candidate, baseline = pair
    cluster = np.repeat(np.arange(12), 5)
    moved = candidate - baseline
    sums = np.bincount(cluster, weights=moved)[None, :]
    tails = Kernels().clusters(
        np.full((1, 12), 5.0), sums, np.array([np.sum(moved**2)]), DIFFERENCE, 0.0
    )
    for found, side in zip(tails, (GREATER, LESS), strict=True):
        expected = stats.paired_difference(
            candidate,
            baseline,
            kind=ScoreKind.GRADED,
            score_range=(0, 1),
            cluster=cluster,
            alternative=side,
        )
        assert found[0] == pytest.approx(expected.p_value, rel=1e-9)


def test_the_kernel_of_pairs_answers_as_the_object_does():
    found = Kernels().score(80, np.array([9.0]), np.array([4.0]), -0.03)
    assert found[0] == pytest.approx(PairedScore(80, 9, 4).statistic(-0.03), rel=1e-12)
