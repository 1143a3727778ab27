"""Clusters and repeats: CR2 with Satterthwaite's degrees of freedom."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

from liftgate.errors import NotEnoughData
from liftgate.stats.hall import Guard
from liftgate.stats.inputs import Floats
from liftgate.stats.kinds import Mark
from liftgate.stats.student import FEWEST_DF
from liftgate.stats.verify.cell import (
    ALPHA,
    ASYMPTOTIC_BAND,
    Bench,
    Cell,
    Experiment,
    Found,
    Hits,
    What,
    counted,
)
from liftgate.stats.verify.kernels import DIFFERENCE, UNIT, Kernels
from liftgate.stats.verify.real import EVALPERF, RealData

RANGED, UNRANGED = "paired CR2 with pseudo clusters", "paired CR2"
REPOSITORIES = np.array([231.0, 75, 44, 34, 32, 22, 22, 19, 10, 8, 2, 1])
"""Items of the 12 repositories of SWE-bench Verified: the largest holds 46 %, df 4.5."""
UNEVEN = np.array([3.0, 12, 8, 30, 5, 9, 14, 7, 11, 6, 10, 4, 16, 9])
Rows = tuple[Floats, Floats, Floats]
"""(sizes, sums) of shape (runs, clusters), and sums of squares of shape (runs,)."""
Draw = Callable[[np.random.Generator, int], Rows]


def experiments(kernels: Kernels, real: RealData) -> Iterator[Experiment]:
    """Yield the experiments with clusters and repeats."""
    yield _experiment(
        kernels,
        "12 unequal clusters, sizes drawn from those of 12 repositories",
        lambda rng, runs: moved(rng, REPOSITORIES[rng.integers(0, 12, (runs, 12))]),
        domain="refused below 5 degrees of freedom; a refusal is never an error",
    )
    yield _experiment(
        kernels,
        "14 uneven clusters",
        lambda rng, runs: moved(rng, np.tile(UNEVEN, (runs, 1))),
    )
    yield _experiment(
        kernels,
        "30 equal clusters that move as one",
        lambda rng, runs: moved(rng, np.full((runs, 30), 8.0), shared=1.0),
    )
    yield _experiment(
        kernels, "30 clusters, whole ones lost seldom", whole_losses, null=-0.03, covers=False
    )
    yield _experiment(
        kernels,
        "20 clusters of unbounded differences",
        lambda rng, runs: _normal(rng, np.full((runs, 20), 6.0)),
        method=UNRANGED,
        guard=None,
    )
    yield _experiment(
        kernels,
        "one arm, 30 clusters of right or wrong answers",
        lambda rng, runs: _rates(rng, np.full((runs, 30), 6.0)),
        method="CR2 with pseudo clusters",
        guard=UNIT,
        null=0.7,
    )
    yield _experiment(
        kernels,
        "one arm, 20 clusters of unbounded scores",
        lambda rng, runs: _normal(rng, rng.choice([3.0, 6.0, 12.0], (runs, 20))),
        method="CR2",
        guard=None,
    )
    for tasks, repeats in ((118, 4), (40, 4)):
        yield _repeats(kernels, real, tasks, repeats)


def moved(rng: np.random.Generator, sizes: Floats, shared: float = 0.6) -> Rows:
    """Return clusters of differences −1, 0, 1 whose chances move together; no true difference.

    Args:
        rng: source of the draws.
        sizes: shape (runs, clusters).
        shared: how far a cluster's chance of a gain moves; 1: the cluster gains or loses whole.
    """
    if shared == 1.0:
        whole = rng.choice([-1.0, 0.0, 1.0], sizes.shape, p=[0.3, 0.4, 0.3])
        return sizes, sizes * whole, (sizes * np.abs(whole)).sum(axis=1)
    tilt = shared * rng.uniform(-1, 1, sizes.shape)
    count = sizes.astype(np.int64)
    gained = rng.binomial(count, 0.2 * (1 + tilt))
    lost = rng.binomial(count - gained, 0.2 * (1 - tilt) / (1 - 0.2 * (1 + tilt)))
    squares = np.asarray((gained + lost).sum(axis=1), dtype=np.float64)
    return sizes, np.asarray(gained - lost, dtype=np.float64), squares


def whole_losses(rng: np.random.Generator, runs: int) -> Rows:
    """Return 30 clusters of 8, each lost whole with a chance of 3 %; the difference is −0.03."""
    sizes = np.full((runs, 30), 8.0)
    lost = (rng.random(sizes.shape) < 0.03) * sizes
    return sizes, -lost, lost.sum(axis=1)


def _normal(rng: np.random.Generator, sizes: Floats) -> Rows:
    effect = 0.6 * rng.normal(size=sizes.shape)
    sums = sizes * effect + np.sqrt(sizes) * rng.normal(size=sizes.shape)
    within = rng.chisquare(np.maximum(sizes - 1, 1e-9)) + sums**2 / sizes
    return sizes, sums, within.sum(axis=1)


def _rates(rng: np.random.Generator, sizes: Floats) -> Rows:
    ones = rng.binomial(sizes.astype(np.int64), rng.beta(2.8, 1.2, sizes.shape)).astype(np.float64)
    return sizes, ones, ones.sum(axis=1)


def _refused(sizes: Floats) -> Floats:
    """Return which runs have fewer than 5 degrees of freedom, as the rule counts them."""
    share = sizes / sizes.sum(axis=1, keepdims=True)
    lever = share**2 / (1 - share)
    square = lever**2
    own = 1 / (np.sum(share**2, axis=1) + np.sum(lever, axis=1) ** 2 - np.sum(square, axis=1))
    return np.asarray(own < FEWEST_DF - 1e-9, dtype=np.float64)


def _experiment(
    kernels: Kernels,
    world: str,
    draw: Draw,
    *,
    method: str = RANGED,
    guard: Guard | None = DIFFERENCE,
    null: float = 0.0,
    covers: bool = True,
    domain: str = "",
) -> Experiment:
    def hits(rng: np.random.Generator, runs: int) -> list[Hits]:
        sizes, sums, squares = draw(rng, runs)
        up, down = kernels.clusters(sizes, sums, squares, guard, null)
        refused = _refused(sizes)
        inside = ((up > ALPHA / 2) & (down > ALPHA / 2)).astype(np.float64)
        return [up <= ALPHA, down <= ALPHA, np.where(refused > 0, 0.0, inside), refused]

    def measure(bench: Bench) -> list[Found]:
        above, below, inside, refused = counted(bench, 4000, hits)
        share, kept = refused.value, max(1, round(bench.runs * (1 - refused.value)))
        found = [Found(one.value, one.runs, share) for one in (above, below)]
        if covers:
            found.append(Found(inside.value * bench.runs / kept, kept, share))
        return found

    cells = [
        Cell(name=f"{method}, error, {side}: {world}", high=ASYMPTOTIC_BAND)
        for side in ("greater", "less")
    ]
    if covers:
        cells.append(
            Cell(
                name=f"{method}, coverage: {world}",
                what=What.COVERAGE,
                low=0.935,
                nominal=0.95,
            )
        )
    return Experiment(
        methods=(method,),
        world=world,
        n="",
        mark=Mark.ASYMPTOTIC,
        cells=tuple(cells),
        measure=measure,
        short=4000,
        long=40_000,
        seed=31,
        domain=domain,
    )


def _repeats(kernels: Kernels, real: RealData, tasks: int, repeats: int) -> Experiment:
    def measure(bench: Bench) -> list[Found]:
        if real.evalperf is None:
            raise NotEnoughData("EvalPerf is not at hand")
        rates = real.evalperf

        def hits(rng: np.random.Generator, runs: int) -> list[Hits]:
            system = rng.integers(0, len(rates), runs)
            chosen: NDArray[np.int64] = (
                rng.integers(0, rates.shape[1], (runs, tasks))
                if tasks < rates.shape[1]
                else np.tile(np.arange(rates.shape[1]), (runs, 1))
            )
            chance = rates[system[:, None], chosen]
            one, other = (rng.binomial(repeats, chance) for _ in range(2))
            average = (one - other) / repeats
            size = np.full(runs, float(tasks))
            sums = average.sum(axis=1), (average**2).sum(axis=1), (average**2 * average).sum(axis=1)
            up, down = kernels.singles(size, *sums, DIFFERENCE, np.zeros(runs))
            # Repeat k of one run beside repeat k of the other: a row each, clustered by task.
            again = [rng.random((runs, tasks, repeats)) < chance[..., None] for _ in range(2)]
            rows = again[0].astype(np.float64) - again[1]
            sizes = np.full((runs, tasks), float(repeats))
            squares = (rows**2).sum(axis=(1, 2))
            left, right = kernels.clusters(sizes, rows.sum(axis=2), squares, DIFFERENCE, 0.0)
            return [up <= ALPHA, down <= ALPHA, left <= ALPHA, right <= ALPHA]

        up, down, left, right = counted(bench, 1000, hits)
        return [max(up, down, key=_value), max(left, right, key=_value)]

    what = f"{tasks} tasks × {repeats} repeats"
    return Experiment(
        methods=("paired t with pseudo items", RANGED),
        world="real A/A: EvalPerf, two runs of one system at its true pass rates",
        n=what,
        mark=Mark.ASYMPTOTIC,
        cells=(
            Cell(name=f"repeats averaged inside the item, error, {what}", high=ASYMPTOTIC_BAND),
            Cell(name=f"repeats as clusters, error, {what}", high=ASYMPTOTIC_BAND),
        ),
        measure=measure,
        short=2000,
        long=20_000,
        seed=33,
        needs=EVALPERF,
    )


def _value(found: Found) -> float:
    return found.value
