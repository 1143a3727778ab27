"""How often a rerun that is not the same is called the same, at the edge of the tolerance."""

from __future__ import annotations

import numpy as np

from liftgate.gates.sameness import Reruns, Same, sameness
from liftgate.records import Scale, ScoreKind

BINARY = Scale(ScoreKind.BINARY, 0, 1)
RUNS, ITEMS, ALPHA, TOLERANCE = 300, 250, 0.05, 0.06


def shown(lost, rng):
    """Whether a rerun that answers wrongly a share of all items more is shown to be the same."""
    truth = (rng.random(ITEMS) < 0.6).astype(float)

    def run(loses):
        noise = rng.random(ITEMS) < 0.01
        answers = np.where((truth == 1) & (rng.random(ITEMS) < loses / 0.6), 0.0, truth)
        return np.where(noise, 1 - answers, answers)

    made = Reruns("a", "m", BINARY, run(0), run(lost), run(lost), TOLERANCE)
    return sameness(made, alpha=ALPHA).same is Same.SHOWN


def test_at_the_edge_of_the_tolerance_it_is_rarely_called_the_same():
    rng = np.random.default_rng(20261127)
    # The noise takes 2 % of a shift back: this one is of exactly the tolerance.
    rate = np.mean([shown(TOLERANCE / 0.98, rng) for _ in range(RUNS)])
    assert rate <= ALPHA + 3 * np.sqrt(ALPHA * (1 - ALPHA) / RUNS)


def test_without_any_change_it_is_mostly_called_the_same():
    rng = np.random.default_rng(20261128)
    assert np.mean([shown(0.0, rng) for _ in range(100)]) >= 0.85
