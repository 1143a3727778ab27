"""One measured figure with its band, and the experiment that measures it."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from liftgate.stats.inputs import Floats
from liftgate.stats.kinds import Mark

ALPHA = 0.05
EXACT_BAND = 0.05
"""Exact and anytime-exact methods of nominal 5 %."""
BINARY_BAND = 0.057
ASYMPTOTIC_BAND = 0.06
"""Asymptotic methods of nominal 5 %, right-or-wrong pairs excepted."""
ERRORS = 3.0
"""Monte-Carlo standard errors that a figure may lie outside its band."""


Hits = Floats | NDArray[np.bool_]
"""Which samples count, as truth values or as 0 and 1."""


class What(StrEnum):
    """What is measured."""

    ERROR = "one-sided error"
    """Rejections of a null that is exactly true, as a gate tests it at alpha = 5 %."""
    COVERAGE = "two-sided coverage"
    """Share of the 95 % intervals, as ``compare`` shows them, that hold the truth."""
    FAMILY = "any false rejection"
    """Chance that at least one of several true nulls is rejected at alpha = 5 %."""
    FALSE_DISCOVERIES = "share of false discoveries"
    SHIP = "false ship"
    """Chance that a whole gate ships something that it must not."""
    HOLD = "false hold"


@dataclass(frozen=True)
class Found:
    """A measured share.

    Args:
        value: the share.
        runs: simulated samples; 0: enumerated, without Monte-Carlo error.
        refused: share of the runs in which the method declined, which is never an error.
        note: where a worst figure was found.
    """

    value: float
    runs: int
    refused: float = 0.0
    note: str = ""
    measured_se: float | None = None
    """Standard error where runs are not independent; None: binomial."""

    def se(self, at: float | None = None) -> float:
        """Return the Monte-Carlo standard error of a share, by default of the one that was found.

        Args:
            at: another true share.
        """
        if self.measured_se is not None:
            return self.measured_se
        share = self.value if at is None else at
        return math.sqrt(share * (1 - share) / self.runs) if self.runs else 0.0


@dataclass(frozen=True, kw_only=True)
class Cell:
    """One figure: what is measured, and where it must lie.

    Args:
        name: unique.
        what: error or coverage.
        low: the least that passes, None: no bound.
        high: the most that passes.
        nominal: what the method aims at.
        gap: why the method is known to miss this band, and what would close the gap.
    """

    name: str
    what: What = What.ERROR
    low: float | None = None
    high: float | None = None
    nominal: float = ALPHA
    gap: str = ""

    def passes(self, found: Found) -> bool:
        """Whether a figure lies in the band, or no more than 3 standard errors outside."""
        slack = 1e-12
        if self.high is not None and found.value > self.high + ERRORS * found.se(self.high) + slack:
            return False
        low = self.low
        return low is None or found.value >= low - ERRORS * found.se(low) - slack


class Bench:
    """What an experiment works with.

    Args:
        runs: samples to draw.
        seed: of the draws.
        long: whether the long form is measured, with finer grids and larger n.
    """

    def __init__(self, runs: int, seed: int, *, long: bool = False) -> None:
        self.runs = runs
        self.rng = np.random.default_rng(seed)
        self.long = long

    def batches(self, most: int, runs: int | None = None) -> Iterator[int]:
        """Yield how many samples to draw next, at most ``most`` at a time."""
        total = self.runs if runs is None else runs
        for start in range(0, total, most):
            yield min(most, total - start)


Measure = Callable[[Bench], Sequence[Found]]


@dataclass(frozen=True, kw_only=True)
class Experiment:
    """One method in one world; its cells are filled from the same samples.

    Args:
        methods: rows of the method table, or functions, that are exercised.
        world: what is simulated, in words.
        n: items, or the range of them, in words.
        mark: of the method.
        cells: what is filled, in the order of ``measure``'s answer.
        measure: does the work.
        short: samples of the short form; 0: enumerated.
        long: samples of the long form.
        seed: of the samples.
        domain: what the figure holds for, where that is less than the world says.
        needs: name of the real data without which it is skipped; empty: simulated.
    """

    methods: tuple[str, ...]
    world: str
    n: str
    mark: Mark
    cells: tuple[Cell, ...]
    measure: Measure = field(repr=False)
    short: int = 0
    long: int = 0
    seed: int = 1
    domain: str = ""
    needs: str = ""


def shares(hits: Sequence[float], runs: int, refused: float = 0.0) -> list[Found]:
    """Return counted hits as shares of the runs."""
    return [Found(float(hit) / runs, runs, refused / runs) for hit in hits]


def counted(
    bench: Bench, most: int, draw: Callable[[np.random.Generator, int], Sequence[Hits]]
) -> list[Found]:
    """Return the share of hits of each column, drawn in batches.

    Args:
        bench: runs and the source of the draws.
        most: samples of a batch.
        draw: returns one array of hits, shape (samples,), for each cell.
    """
    total: Floats | None = None
    for size in bench.batches(most):
        found = np.array([float(np.sum(hits)) for hits in draw(bench.rng, size)])
        total = found if total is None else total + found
    assert total is not None
    return shares(total.tolist(), bench.runs)
