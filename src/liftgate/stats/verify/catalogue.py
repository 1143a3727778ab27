"""All experiments with the statistics core, and the rows of the method table without one."""

from __future__ import annotations

from collections.abc import Iterator

from liftgate.stats.verify import (
    bets,
    binary,
    clustered,
    estimates,
    graded,
    judges,
    sequential,
    sets,
    weights,
)
from liftgate.stats.verify.cell import Experiment
from liftgate.stats.verify.kernels import Kernels
from liftgate.stats.verify.real import RealData

WITHOUT: dict[str, str] = {}
"""Row of the method table -> why no experiment exercises it."""


def experiments(
    kernels: Kernels | None = None, real: RealData | None = None
) -> Iterator[Experiment]:
    """Yield every experiment with the statistics core.

    Args:
        kernels: the methods under test; None: those that ship.
        real: real scores; None: none are at hand, and what needs them is not measured.
    """
    tested, data = kernels or Kernels(), real or RealData()
    yield from binary.experiments(tested, data)
    yield from graded.experiments(tested, data)
    yield from clustered.experiments(tested, data)
    yield from sequential.experiments(tested, data)
    yield from bets.experiments(tested, data)
    yield from estimates.experiments()
    yield from weights.experiments()
    yield from sets.experiments()
    yield from judges.experiments()
