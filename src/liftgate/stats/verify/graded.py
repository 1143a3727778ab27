"""Graded scores of single items: t with pseudo items, and the guaranteed betting bound."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from liftgate.stats.betting_bound import BettingBound
from liftgate.stats.inputs import Floats
from liftgate.stats.kinds import Alternative, Mark
from liftgate.stats.verify.cell import (
    ALPHA,
    ASYMPTOTIC_BAND,
    EXACT_BAND,
    Bench,
    Cell,
    Experiment,
    Found,
    Hits,
    What,
    counted,
)
from liftgate.stats.verify.kernels import DIFFERENCE, UNIT, Kernels
from liftgate.stats.verify.real import (
    ALPACA,
    RealData,
    Resampled,
    mean_and_worst,
    ordered_pairs,
    skewness,
)
from liftgate.stats.verify.tables import chances, tables

T = "paired t with pseudo items"


def experiments(kernels: Kernels, real: RealData) -> Iterator[Experiment]:
    """Yield the experiments with graded scores of single items."""
    for n in (50, 100, 200, 500):
        yield _real_error(kernels, real, n)
    for n in (30, 50, 100, 200, 500):
        yield _real_coverage(kernels, real, n)
    for n in (30, 100, 200, 500):
        yield _rare_losses(kernels, n)
        yield _few_differ(kernels, n)
    for n in (30, 100):
        yield _one_arm(kernels, n)
    for n in (50, 100, 200):
        yield _bound_on_real(real, n)
    yield _bound_rare(60)
    yield _bound_contrast(200)


def pair_numbers(differences: Floats, *, long: bool, short: int = 160) -> NDArray[np.int64]:
    """Return which pairs are measured: all in the long form, else the most skewed and others."""
    if long:
        return np.arange(len(differences))
    skew = np.argsort(skewness(differences), kind="stable")
    return np.unique(np.concatenate([skew[: short // 4], skew[:: max(1, len(skew) // short)]]))


def _real_error(kernels: Kernels, real: RealData, n: int) -> Experiment:
    def measure(bench: Bench) -> list[Found]:
        differences = ordered_pairs(real.alpaca)
        drawn = Resampled(differences)

        def hits(rng: np.random.Generator, runs: int, pairs: NDArray[np.int64]) -> Hits:
            ((sums, squares, cubes),) = drawn.power_sums(rng, runs, (n,), pairs)
            size = np.full(sums.shape, float(n))
            tails = kernels.singles(size, sums, squares, cubes, DIFFERENCE, drawn.truths[pairs])
            return tails[0] <= ALPHA

        return list(mean_and_worst(bench, hits, pair_numbers(differences, long=bench.long)))

    return Experiment(
        methods=(T,),
        world="real pairs: AlpacaEval, resampled; tested at the true difference, both sides",
        n=str(n),
        mark=Mark.ASYMPTOTIC,
        cells=(
            Cell(name=f"{T}, error on real pairs, mean, n = {n}", high=ASYMPTOTIC_BAND),
            Cell(name=f"{T}, error on real pairs, worst, n = {n}", high=ASYMPTOTIC_BAND),
        ),
        measure=measure,
        short=2000,
        long=20_000,
        seed=101 + n,
        needs=ALPACA,
    )


def _real_coverage(kernels: Kernels, real: RealData, n: int) -> Experiment:
    def measure(bench: Bench) -> list[Found]:
        differences = ordered_pairs(real.alpaca)
        drawn = Resampled(differences)

        def hits(rng: np.random.Generator, runs: int, pairs: NDArray[np.int64]) -> Hits:
            ((sums, squares, cubes),) = drawn.power_sums(rng, runs, (n,), pairs)
            size = np.full(sums.shape, float(n))
            up, down = kernels.singles(size, sums, squares, cubes, DIFFERENCE, drawn.truths[pairs])
            return (up > ALPHA / 2) & (down > ALPHA / 2)

        pairs = pair_numbers(differences, long=bench.long)
        return list(mean_and_worst(bench, hits, pairs, largest=False))

    mean = (0.945, 0.975) if n >= 100 else (None, None)
    return Experiment(
        methods=(T,),
        world="real pairs: AlpacaEval, resampled",
        n=str(n),
        mark=Mark.ASYMPTOTIC,
        cells=(
            Cell(
                name=f"{T}, coverage on real pairs, mean, n = {n}",
                what=What.COVERAGE,
                low=mean[0],
                high=mean[1],
                nominal=0.95,
            ),
            Cell(
                name=f"{T}, coverage on real pairs, worst, n = {n}",
                what=What.COVERAGE,
                low=0.935 if n >= 100 else 0.92,
                nominal=0.95,
            ),
        ),
        measure=measure,
        short=2000,
        long=20_000,
        seed=202 + n,
        needs=ALPACA,
    )


def _three_valued(kernels: Kernels, n: int, up: Floats, down: Floats) -> tuple[float, int]:
    """Return the worst error of t on scores that only gain or lose all, and where."""
    gained, lost = tables(n)
    size = np.full(gained.shape, float(n))
    worst, where = 0.0, 0
    for place, (win, lose) in enumerate(zip(up, down, strict=True)):
        null = np.asarray(win - lose)
        tails = kernels.singles(size, gained - lost, gained + lost, gained - lost, DIFFERENCE, null)
        for rejected in tails:
            one = np.array([win]), np.array([lose])
            chance = float(chances(n, rejected <= ALPHA, *one)[0])
            if chance > worst:
                worst, where = chance, place
    return worst, where


def _rare_losses(kernels: Kernels, n: int) -> Experiment:
    def measure(bench: Bench) -> list[Found]:
        counts = np.arange(0.5, 10.01, 0.25 if bench.long and n < 500 else 1.5)
        down = counts / n
        worst, where = _three_valued(kernels, n, np.zeros(down.size), down)
        return [Found(worst, 0, note=f"{counts[where]:g} losses expected")]

    return Experiment(
        methods=(T,),
        world="everything ties but rare losses of all: 0.5 to 10 expected",
        n=str(n),
        mark=Mark.ASYMPTOTIC,
        cells=(Cell(name=f"{T}, error where losses are rare, n = {n}", high=ASYMPTOTIC_BAND),),
        measure=measure,
    )


_TIES_GAP = (
    "scores that gain or lose all are right-or-wrong scores: the score test of binary scores keeps "
    "5.7 % there"
)


def _few_differ(kernels: Kernels, n: int) -> Experiment:
    def measure(bench: Bench) -> list[Found]:
        grid = np.geomspace(0.004, 0.2, 5)
        if bench.long and n < 500:
            grid = np.union1d(grid, np.geomspace(0.004, 0.2, 24))
        shares = np.array([0.1, 0.25, 0.4, 0.5] if bench.long else [0.25, 0.4])
        up = np.concatenate([grid * share for share in shares])
        down = np.concatenate([grid * (1 - share) for share in shares])
        worst, where = _three_valued(kernels, n, up, down)
        return [Found(worst, 0, note=f"{100 * (up[where] + down[where]):.3g} % differ")]

    return Experiment(
        methods=(T,),
        world="more than 80 % tie, the rest gain or lose all: 0.4 to 20 % differ",
        n=str(n),
        mark=Mark.ASYMPTOTIC,
        cells=(
            Cell(
                name=f"{T}, error among ties, n = {n}",
                high=ASYMPTOTIC_BAND,
                gap=_TIES_GAP if n in {100, 200} else "",
            ),
        ),
        measure=measure,
    )


def _one_arm(kernels: Kernels, n: int) -> Experiment:
    shape = (5.0, 0.8)
    truth = shape[0] / sum(shape)

    def draw(rng: np.random.Generator, runs: int) -> list[Hits]:
        scores = rng.beta(*shape, (runs, n))
        sums = scores.sum(axis=1), (scores**2).sum(axis=1), (scores**2 * scores).sum(axis=1)
        about = np.full(runs, truth)
        up, down = kernels.singles(np.full(runs, float(n)), *sums, UNIT, about)
        return [up <= ALPHA, down <= ALPHA, (up > ALPHA / 2) & (down > ALPHA / 2)]

    return Experiment(
        methods=("t with pseudo items",),
        world="one arm's scores, most near 1 with a tail of low ones (beta 5, 0.8)",
        n=str(n),
        mark=Mark.ASYMPTOTIC,
        cells=(
            Cell(name=f"t with pseudo items, error, greater, n = {n}", high=ASYMPTOTIC_BAND),
            Cell(name=f"t with pseudo items, error, less, n = {n}", high=ASYMPTOTIC_BAND),
            Cell(
                name=f"t with pseudo items, coverage, n = {n}",
                what=What.COVERAGE,
                low=0.935 if n >= 100 else 0.92,
                nominal=0.95,
            ),
        ),
        measure=lambda bench: counted(bench, 5000, draw),
        short=5000,
        long=40_000,
        seed=7,
    )


def _bound_on_real(real: RealData, n: int) -> Experiment:
    def measure(bench: Bench) -> list[Found]:
        differences = ordered_pairs(real.alpaca)
        skew = np.argsort(skewness(differences), kind="stable")
        some = np.concatenate([skew[:10], skew[:: len(skew) // 30]])
        wrong = covered = 0
        for size in bench.batches(200):
            for _ in range(size):
                pair = int(bench.rng.choice(some))
                values = differences[pair][bench.rng.integers(0, differences.shape[1], n)]
                bound, truth = BettingBound(values, (-1.0, 1.0)), float(differences[pair].mean())
                up, down = (
                    bound.tail(truth, Alternative.GREATER),
                    bound.tail(truth, Alternative.LESS),
                )
                wrong += up <= ALPHA
                covered += up > ALPHA / 2 and down > ALPHA / 2
        return [Found(hits / bench.runs, bench.runs) for hits in (wrong, covered)]

    name = "paired betting bound"
    return Experiment(
        methods=(name,),
        world="real pairs: AlpacaEval, resampled; the 10 most skewed and 30 more, mean over them",
        n=str(n),
        mark=Mark.EXACT,
        cells=(
            Cell(name=f"{name}, error on real pairs, n = {n}", high=EXACT_BAND),
            Cell(
                name=f"{name}, coverage on real pairs, n = {n}",
                what=What.COVERAGE,
                low=0.949,
                nominal=0.95,
            ),
        ),
        measure=measure,
        short=400,
        long=20_000,
        seed=9,
        needs=ALPACA,
    )


def _bound_rare(n: int) -> Experiment:
    def draw_one(rng: np.random.Generator, world: int) -> tuple[Floats, float]:
        if world == 0:
            return np.where(rng.random(n) < 0.03, -1.0, 0.0), -0.03
        return rng.choice([-0.9, 0.05, 0.2], n, p=[0.1, 0.5, 0.4]), 0.015

    def measure(bench: Bench) -> list[Found]:
        wrong = [0, 0, 0, 0]
        for size in bench.batches(200):
            for _ in range(size):
                for world in (0, 1):
                    values, truth = draw_one(bench.rng, world)
                    bound = BettingBound(values, (-1.0, 1.0))
                    wrong[2 * world] += bound.tail(truth, Alternative.GREATER) <= ALPHA
                    wrong[2 * world + 1] += bound.tail(truth, Alternative.LESS) <= ALPHA
        return [Found(max(wrong) / bench.runs, bench.runs, note="worst of 2 worlds × 2 sides")]

    return Experiment(
        methods=("betting bound", "paired betting bound"),
        world="rare losses of all; a long tail of losses; both sides",
        n=str(n),
        mark=Mark.EXACT,
        cells=(Cell(name=f"betting bound, error where losses are rare, n = {n}", high=EXACT_BAND),),
        measure=measure,
        short=300,
        long=20_000,
        seed=10,
    )


def _bound_contrast(n: int) -> Experiment:
    """Candidate − 0.9 · baseline, in −0.9 … 1, where the candidate keeps 90 % of the right ones."""

    def measure(bench: Bench) -> list[Found]:
        above = below = outside = 0
        for size in bench.batches(200):
            for _ in range(size):
                right = bench.rng.random(n) < 0.8
                kept = right & (bench.rng.random(n) < 0.9)
                bound = BettingBound(kept - 0.9 * right, (-0.9, 1.0))
                up, down = (bound.tail(0.0, s) for s in (Alternative.GREATER, Alternative.LESS))
                above += up <= ALPHA
                below += down <= ALPHA
                outside += min(up, down) <= ALPHA / 2
        runs = bench.runs
        return [Found(share, runs) for share in (above / runs, below / runs, 1 - outside / runs)]

    name, world = "contrast betting bound", "right or wrong, a margin of 10 %, only losses"
    return Experiment(
        methods=(name,),
        world=world,
        n=str(n),
        mark=Mark.EXACT,
        cells=(
            Cell(name=f"{name}, error, greater: {world}", high=EXACT_BAND),
            Cell(name=f"{name}, error, less: {world}", high=EXACT_BAND),
            Cell(name=f"{name}, coverage: {world}", what=What.COVERAGE, low=0.949, nominal=0.95),
        ),
        measure=measure,
        short=300,
        long=20_000,
        seed=11,
    )
