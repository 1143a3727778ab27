"""The harness behind ``liftgate stats verify`` sees wrong methods, and passes the shipped ones.

Every wrong variant goes through the very experiment that the shipped method passes.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from liftgate.gates.calibrate import verified
from liftgate.gates.pairs import complete
from liftgate.stats import drawing
from liftgate.stats.hall import Guard
from liftgate.stats.kinds import Alternative
from liftgate.stats.power_sums import single_tests
from liftgate.stats.verify.catalogue import experiments
from liftgate.stats.verify.kernels import Kernels, single_tails
from liftgate.stats.verify.real import RealData, ordered_pairs
from liftgate.stats.verify.run import Outcome, run

SHIPPED = Kernels()


def outcomes(part: str, kernels: Kernels = SHIPPED, *, share: float = 0.5, found=None):
    """Run the experiments of which a cell's name holds a word; cell -> outcome."""
    listed = list(experiments(kernels)) if found is None else list(found)
    some = [one for one in listed if any(part in cell.name for cell in one.cells)]
    assert some
    report = run(some, RealData(), share=share)
    return {line.cell.name: line.outcome for line in report.lines if part in line.cell.name}


def constant(_fractions, _alpha):
    return np.full(len(_fractions), 1.645)


def ignoring_clusters(sizes, sums, squares, guard, null):
    # Whole clusters of −1, 0 or 1: the sum of cubes is that of the values.
    total = sums.sum(axis=1)
    return single_tails(sizes.sum(axis=1), total, squares, total, guard, np.asarray(null))


def by_completion(finished, _values):
    return np.argsort(finished, axis=1)


def wald(n, gained, lost, null):
    moved = (gained - lost) / n
    variance = ((gained + lost) / n - moved**2) / n
    with np.errstate(divide="ignore", invalid="ignore"):
        z = (moved - null) / np.sqrt(variance)
    return np.where(variance > 0, z, np.where(moved > null, np.inf, 0.0))


def unguarded(n, sums, squares, cubes, _guard: Guard | None, null):
    tests = single_tests(n, sums, squares, cubes, None)
    up, down = (tests.tail(null, side) for side in (Alternative.GREATER, Alternative.LESS))
    return np.nan_to_num(up), np.nan_to_num(down)


PLANTED = {
    "1.645 at every look": ("spending boundaries", replace(SHIPPED, boundaries=constant)),
    "1.645 at every look of a score test": (
        "5 looks, error, 40 % discordant",
        replace(SHIPPED, boundaries=constant),
    ),
    "an ignored cluster": (
        "error, greater: 30 equal clusters",
        replace(SHIPPED, clusters=ignoring_clusters),
    ),
    "an ignored cluster at planned looks": (
        "5 looks, error, 28 uneven clusters, greater",
        replace(SHIPPED, clusters=ignoring_clusters),
    ),
    "completion order, bets": (
        "paired betting e-process, error with slow losses",
        replace(SHIPPED, entering=by_completion),
    ),
    "completion order, planned looks": (
        "5 looks, error with slow losses",
        replace(SHIPPED, entering=by_completion),
    ),
    "a Wald test": (
        "paired score test, error, margins and no difference, n = 50",
        replace(SHIPPED, score=wald),
    ),
    "a plain t where losses are rare": (
        "error where losses are rare, n = 100",
        replace(SHIPPED, singles=unguarded),
    ),
}


@pytest.mark.parametrize("planted", PLANTED)
def test_a_wrong_method_is_caught_where_the_shipped_one_passes(planted):
    part, broken = PLANTED[planted]
    assert set(outcomes(part).values()) == {Outcome.PASS}
    assert Outcome.MISS in outcomes(part, broken).values()


def test_a_null_called_impossible_at_its_edge_is_caught(monkeypatch):
    part = "wrong verdict, exact null, binary"
    assert set(outcomes(part).values()) == {Outcome.PASS}
    monkeypatch.setattr(drawing, "_SLACK", -1e-9)
    assert outcomes(part).popitem()[1] is Outcome.MISS


def test_missing_scores_that_are_dropped_are_caught():
    part = "missing scores"
    kept = outcomes(part, found=verified.experiments(RealData()))
    dropped = outcomes(part, found=verified.experiments(RealData(), prepare=complete))
    assert set(kept.values()) == {Outcome.PASS}
    assert set(dropped.values()) == {Outcome.MISS}


def test_a_missing_score_that_counts_as_wrong_for_both_arms_is_caught():
    def filled(pairs):
        return replace(pairs, candidate=np.nan_to_num(pairs.candidate, nan=1.0))

    found = outcomes("missing scores", found=verified.experiments(RealData(), prepare=filled))
    assert set(found.values()) == {Outcome.MISS}


def test_ordered_pairs_hold_both_directions():
    scores = np.array([[0.1, 0.9], [0.4, 0.2], [1.0, 0.0]])
    differences = ordered_pairs(scores)
    assert differences.shape == (6, 2)
    assert differences.sum() == pytest.approx(0.0)


def test_gates_hold_their_faces():
    part = "gate, 5 candidates, 5 planned looks"
    found = outcomes(part, found=verified.experiments(RealData()), share=0.3)
    assert len(found) == 4
    assert set(found.values()) == {Outcome.PASS}
