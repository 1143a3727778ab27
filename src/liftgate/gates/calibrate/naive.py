"""The gate that most teams have: ship when the candidate's mean is high enough."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from liftgate.gates.calibrate.engine import Plan
from liftgate.gates.calibrate.quantities import OneTest
from liftgate.gates.calibrate.world import World
from liftgate.records import Alternative

PEEKS = (0.2, 0.4, 0.6, 0.8, 1.0)
_CELLS = 1_000_000


def shipped(
    plan: Plan,
    world: World,
    tests: Sequence[OneTest],
    runs: int,
    rng: np.random.Generator,
) -> tuple[int, int]:
    """Count how often means alone would ship: looking once at the end, and at every fifth.

    A test is passed where the mean over items is at least its tested value (at most, for a limit).

    Args:
        plan: how many units there are.
        world: where they are drawn.
        tests: what must be passed.
        runs: how often.
        rng: the source of the draws.

    Returns:
        Ships at the end, and ships at any of five looks.
    """
    prefixes = [max(1, round(share * plan.units)) for share in PEEKS]
    most = max(1, _CELLS // plan.units)
    once = peeked = 0
    for start in range(0, runs, most):
        rows = world.draw(min(most, runs - start), plan.units, rng)
        passed = np.logical_and.reduce([_passed(world, rows, test, prefixes) for test in tests])
        once += int(passed[:, -1].sum())
        peeked += int(passed.any(axis=1).sum())
    return once, peeked


def _passed(
    world: World, rows: NDArray[np.intp], test: OneTest, prefixes: Sequence[int]
) -> NDArray[np.bool_]:
    """Return whether the mean passes at each look, shape (runs, looks)."""
    column = world.rows.columns[test.quantity]
    ends = [prefix - 1 for prefix in prefixes]
    sums = np.cumsum(column.sums[rows], axis=1)[:, ends]
    needed = test.null * np.cumsum(column.sizes[rows], axis=1)[:, ends]
    rounding = 1e-9 * np.maximum(np.abs(sums), 1.0)
    if test.alternative is Alternative.GREATER:
        return np.asarray(sums >= needed - rounding)
    return np.asarray(sums <= needed + rounding)
