"""The shipped methods that the experiments exercise, in one place.

An experiment takes its methods from here, so that a test can put a broken one into the same
harness and see it caught.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from liftgate.stats import betting, spending
from liftgate.stats.exact import PairedExact
from liftgate.stats.finite import FiniteSetTest
from liftgate.stats.hall import Guard
from liftgate.stats.inputs import Codes, Floats
from liftgate.stats.kinds import Alternative
from liftgate.stats.power_sums import single_tests
from liftgate.stats.score import SLACK, paired_z
from liftgate.stats.student import FEWEST_DF, Moments, student_tests

DIFFERENCE = Guard((-1.0, 1.0), 0.5)
"""Differences of scores in 0 … 1."""
UNIT = Guard((0.0, 1.0), 0.5)
"""Scores in 0 … 1."""


def score_z(n: int | Floats, gained: Floats, lost: Floats, null: float | Floats) -> Floats:
    """Return z of the paired score test, as ``PairedScore`` has it."""
    return paired_z(n, gained, lost, null, slack=SLACK)


def exact_tail(n: int, gained: int, lost: int, null: float) -> float:
    """Return the exact unconditional p-value of "at most ``null``"."""
    return PairedExact(n, gained, lost).tail(null, Alternative.GREATER)


def single_tails(
    n: Floats, sums: Floats, squares: Floats, cubes: Floats, guard: Guard | None, null: Floats
) -> tuple[Floats, Floats]:
    """Return the p-values of t on single items, greater and less."""
    tests = single_tests(n, sums, squares, cubes, guard)
    return tests.tail(null, Alternative.GREATER), tests.tail(null, Alternative.LESS)


def cluster_tails(
    sizes: Floats, sums: Floats, squares: Floats, guard: Guard | None, null: float
) -> tuple[Floats, Floats]:
    """Return the p-values of CR2 with Satterthwaite's df, greater and less; 1 below 5 df.

    Args:
        sizes: shape (runs, clusters).
        sums: shape (runs, clusters).
        squares: shape (runs,): sums of squares over the items.
        guard: range and pseudo clusters.
        null: tested mean.
    """
    n = sizes.sum(axis=1)
    about = np.maximum(squares - sums.sum(axis=1) ** 2 / n, 0.0)
    tests = student_tests(Moments(sizes, sums, about), guard)
    few = tests.own_df < FEWEST_DF
    up, down = tests.tail(null, Alternative.GREATER), tests.tail(null, Alternative.LESS)
    return np.where(few, 1.0, up), np.where(few, 1.0, down)


def prefix(_finished: Floats, _values: Floats) -> Codes:
    """Return the order in which results enter a test: the locked one, whenever they finish."""
    runs, n = _values.shape
    return np.broadcast_to(np.arange(n), (runs, n)).astype(np.int64)


@dataclass(frozen=True)
class Kernels:
    """The methods under test."""

    score: Callable[..., Floats] = score_z
    exact: Callable[[int, int, int, float], float] = exact_tail
    singles: Callable[..., tuple[Floats, Floats]] = single_tails
    clusters: Callable[..., tuple[Floats, Floats]] = cluster_tails
    boundaries: Callable[[Any, float], Floats] = spending.boundaries
    union: Callable[[Any, float], Floats] = spending.union_boundaries
    peak: Callable[..., Floats] = betting.log_peak
    finite_set: Callable[..., FiniteSetTest] = FiniteSetTest
    entering: Callable[[Floats, Floats], Codes] = prefix
    """From when results finish, and what they are, to the order in which they enter a test."""
