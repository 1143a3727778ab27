"""Betting: unlimited looks at new items, and verdicts about exactly these items."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

import numpy as np

from liftgate.stats.inputs import Floats
from liftgate.stats.kinds import Mark
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
from liftgate.stats.verify.kernels import Kernels
from liftgate.stats.verify.real import ALPACA, RealData, ordered_pairs, skewness
from liftgate.stats.verify.sequential import LOOKS, crossed

THRESHOLD = -math.log(ALPHA)
_BOTH = -math.log(ALPHA / 2)
_N = 400
_LANES = 64
PAIRED = "paired betting e-process"
Draw = Callable[[np.random.Generator, int], tuple[Floats, Floats | None]]
"""Returns scaled scores of shape (runs, units), and sizes over the largest for clusters."""


def flips(rng: np.random.Generator, runs: int, up: float, down: float, n: int = _N) -> Floats:
    """Return differences of right-or-wrong answers, shape (runs, n)."""
    u = rng.random((runs, n))
    return np.where(u < up, 1.0, np.where(u > 1 - down, -1.0, 0.0))


def experiments(kernels: Kernels, real: RealData) -> Iterator[Experiment]:
    """Yield the experiments with bets."""
    for world, up, down in (
        ("20 % discordant", 0.1, 0.1),
        ("2 % discordant", 0.01, 0.01),
        ("worse by a margin of 0.03", 0.05, 0.08),
        ("only losses, 3 %", 0.0, 0.03),
    ):
        yield _process(
            kernels,
            PAIRED,
            world,
            lambda r, k, up=up, down=down: ((flips(r, k, up, down) + 1) / 2, None),  # type: ignore[misc]
            (up - down + 1) / 2,
        )
    yield _process(
        kernels,
        PAIRED,
        "a great loss in 2 % of the items, small gains else",
        lambda r, k: ((np.where(r.random((k, _N)) < 0.02, -0.98, 0.02) + 1) / 2, None),
        0.5,
    )
    yield _process(
        kernels,
        "betting e-process",
        "a rate of 0.97 at its limit",
        lambda r, k: ((r.random((k, _N)) < 0.97).astype(np.float64), None),
        0.97,
    )
    yield _process(
        kernels,
        "contrast betting e-process",
        "binary, candidate − 0.9 · baseline at 0",
        _contrast,
        0.9 / 1.9,
    )
    for name, world, wins in (
        (f"{PAIRED} over clusters", "uneven clusters that move as one", 0.25),
        ("betting e-process over clusters", "one arm, uneven clusters right or wrong whole", 0.5),
        ("contrast betting e-process over clusters", "uneven clusters, a contrast at 0", 0.4),
    ):
        yield _process(kernels, name, world, _clusters(wins), 0.5, units="60 clusters")
    yield _real(kernels, real)
    yield from _in_flight(kernels)
    for graded in (False, True):
        yield _finite(kernels, graded=graded)
    yield _finite_margin(kernels)
    yield _finite_clusters(kernels)


def _contrast(rng: np.random.Generator, runs: int) -> tuple[Floats, Floats | None]:
    baseline = rng.random((runs, _N)) < 0.6
    candidate = rng.random((runs, _N)) < 0.54
    return (candidate - 0.9 * baseline + 0.9) / 1.9, None


def _clusters(wins: float) -> Draw:
    def draw(rng: np.random.Generator, runs: int) -> tuple[Floats, Floats | None]:
        sizes = rng.choice([1, 2, 6, 12], (runs, 60)) / 12
        u = rng.random((runs, 60))
        whole = np.where(u < wins, 1.0, np.where(u > 1 - wins, 0.0, 0.5))
        return sizes * whole, sizes

    return draw


def ever(kernels: Kernels, shares: Floats, null: float, sizes: Floats | None, at: float) -> Floats:
    """Return which runs' capital against "mean ≤ null" ever reached a threshold, as 0 and 1."""
    peak = kernels.peak(shares, null, sizes=sizes, looks=[shares.shape[1]])[:, 0]
    return (peak >= at).astype(np.float64)


def _process(
    kernels: Kernels, name: str, world: str, draw: Draw, null: float, units: str = f"{_N} items"
) -> Experiment:
    def hits(rng: np.random.Generator, runs: int) -> list[Hits]:
        shares, sizes = draw(rng, runs)
        rest = (1.0 if sizes is None else sizes) - shares
        up = kernels.peak(shares, null, sizes=sizes, looks=[shares.shape[1]])[:, 0]
        down = kernels.peak(rest, 1 - null, sizes=sizes, looks=[shares.shape[1]])[:, 0]
        inside = (up < _BOTH) & (down < _BOTH)
        return [up >= THRESHOLD, down >= THRESHOLD, inside.astype(np.float64)]

    return Experiment(
        methods=(name,),
        world=f"{world}; a look after every unit",
        n=units,
        mark=Mark.ANYTIME_EXACT,
        cells=(
            Cell(name=f"{name}, error, greater: {world}", high=EXACT_BAND),
            Cell(name=f"{name}, error, less: {world}", high=EXACT_BAND),
            Cell(
                name=f"{name}, coverage: {world}",
                what=What.COVERAGE,
                low=0.949,
                nominal=0.95,
            ),
        ),
        measure=lambda bench: counted(bench, 1000, hits),
        short=1000,
        long=20_000,
        seed=51,
    )


def _real(kernels: Kernels, real: RealData) -> Experiment:
    def measure(bench: Bench) -> list[Found]:
        differences = ordered_pairs(real.alpaca)
        skewed = np.argsort(skewness(differences), kind="stable")[:20]

        def hits(rng: np.random.Generator, runs: int) -> list[Hits]:
            chosen = differences[rng.choice(skewed, runs)]
            drawn = rng.integers(0, chosen.shape[1], (runs, _N))
            values = np.take_along_axis(chosen, drawn, axis=1)
            nulls = (chosen.mean(axis=1) + 1) / 2
            peak = kernels.peak((values + 1) / 2, nulls, looks=[_N])[:, 0]
            return [(peak >= THRESHOLD).astype(np.float64)]

        return counted(bench, 1000, hits)

    return Experiment(
        methods=(PAIRED,),
        world="the 20 most skewed real pairs of AlpacaEval, mean over them; a look after each item",
        n=f"{_N} items",
        mark=Mark.ANYTIME_EXACT,
        cells=(Cell(name=f"{PAIRED}, error on the most skewed real pairs", high=EXACT_BAND),),
        measure=measure,
        short=1000,
        long=20_000,
        seed=52,
        needs=ALPACA,
    )


# --- calls in flight -----------------------------------------------------------------------------


def finished(rng: np.random.Generator, values: Floats) -> Floats:
    """Return when each call ends with 64 in flight, losses taking five times as long.

    Args:
        rng: source of the draws.
        values: shape (runs, n), differences in the locked order.
    """
    seconds = rng.exponential(1, values.shape) * np.where(values < 0, 5.0, 1.0)
    lanes = np.zeros((values.shape[0], _LANES))
    rows, done = np.arange(values.shape[0]), np.empty_like(values)
    for item in range(values.shape[1]):
        lane = lanes.argmin(axis=1)
        lanes[rows, lane] += seconds[:, item]
        done[:, item] = lanes[rows, lane]
    return done


def _in_flight(kernels: Kernels) -> Iterator[Experiment]:
    def entered(rng: np.random.Generator, runs: int) -> Floats:
        values = flips(rng, runs, 0.2, 0.2)
        order = kernels.entering(finished(rng, values), values)
        return np.take_along_axis(values, order, axis=1)

    def betting(rng: np.random.Generator, runs: int) -> list[Floats]:
        return [ever(kernels, (entered(rng, runs) + 1) / 2, 0.5, None, THRESHOLD)]

    def planned(rng: np.random.Generator, runs: int) -> list[Floats]:
        from scipy.special import ndtr

        values, p_values = entered(rng, runs), []
        for share in LOOKS:
            seen = values[:, : round(share * _N)]
            gained = (seen > 0).sum(axis=1).astype(np.float64)
            lost = (seen < 0).sum(axis=1).astype(np.float64)
            p_values.append(ndtr(-kernels.score(seen.shape[1], gained, lost, 0.0)))
        return [crossed(kernels, p_values)]

    for name, hits, band, mark in (
        (PAIRED, betting, EXACT_BAND, Mark.ANYTIME_EXACT),
        ("paired score test, 5 looks", planned, ASYMPTOTIC_BAND, Mark.ASYMPTOTIC),
    ):
        yield Experiment(
            methods=(PAIRED,) if mark is Mark.ANYTIME_EXACT else ("paired score test",),
            world="64 calls in flight, losses five times slower; the longest complete prefix",
            n=f"{_N} items",
            mark=mark,
            cells=(Cell(name=f"{name}, error with slow losses in flight", high=band),),
            measure=lambda bench, hits=hits: counted(bench, 1000, hits),  # type: ignore[misc]
            short=1000,
            long=20_000,
            seed=53,
        )


# --- exactly these items -------------------------------------------------------------------------

FINITE = "FiniteSetTest"
_ITEMS = 120


def even_set(rng: np.random.Generator, *, graded: bool) -> tuple[Floats, Floats, Floats]:
    """Return a candidate whose mean over the set is its baseline's, and three earlier systems."""
    ease = rng.beta(0.7, 1.2, _ITEMS)
    draw = [
        np.clip(ease + rng.normal(0, 0.2, _ITEMS), 0, 1)
        if graded
        else (rng.random(_ITEMS) < ease).astype(np.float64)
        for _ in range(5)
    ]
    candidate, baseline = draw[0].copy(), draw[1]
    if graded:
        for place in rng.permutation(_ITEMS):
            total = float(np.sum(candidate - baseline))
            candidate[place] = min(1.0, max(0.0, candidate[place] - total))
    else:
        surplus = int(np.sum(candidate - baseline))
        able = np.flatnonzero(candidate == float(surplus > 0))
        candidate[rng.choice(able, abs(surplus), replace=False)] = float(surplus < 0)
    order = rng.permutation(_ITEMS)
    return candidate[order], baseline[order], np.column_stack(draw[2:])[order]


def _verdicts(bench: Bench, wrong: Callable[[np.random.Generator], bool]) -> list[Found]:
    count = 0
    for size in bench.batches(100):
        count += sum(wrong(bench.rng) for _ in range(size))
    return [Found(count / bench.runs, bench.runs)]


def _set_experiment(
    name: str, world: str, wrong: Callable[[np.random.Generator], bool]
) -> Experiment:
    return Experiment(
        methods=(FINITE,),
        world=f"{world}; a look after every unit, drawn without replacement",
        n=f"{_ITEMS} items",
        mark=Mark.ANYTIME_EXACT,
        cells=(Cell(name=f"finite-set test, wrong verdict, {name}", high=EXACT_BAND),),
        measure=lambda bench: _verdicts(bench, wrong),
        short=300,
        long=20_000,
        seed=61,
        domain="these items and no others",
    )


def _finite(kernels: Kernels, *, graded: bool) -> Experiment:
    kind = "graded" if graded else "binary"

    def wrong(rng: np.random.Generator) -> bool:
        candidate, baseline, history = even_set(rng, graded=graded)
        test = kernels.finite_set(baseline, kind="graded", score_range=(0, 1), history=history)
        test.update(candidate)
        return test.status.reading.value in {"better", "worse"}

    world = f"{kind} scores whose means over the set are equal, 3 earlier systems"
    return _set_experiment(f"exact null, {kind}", world, wrong)


def _finite_margin(kernels: Kernels) -> Experiment:
    def wrong(rng: np.random.Generator) -> bool:
        candidate, baseline, history = even_set(rng, graded=False)
        right = np.flatnonzero(candidate == 1)
        candidate[rng.choice(right, 6, replace=False)] = 0
        test = kernels.finite_set(
            baseline, kind="binary", history=history, margin=0.05, level=1 - 2 * ALPHA
        )
        test.update(candidate)
        return bool(test.status.non_inferior)

    world = "worse by exactly the margin of 6 of 120 items"
    return _set_experiment("at the margin", world, wrong)


def _finite_clusters(kernels: Kernels) -> Experiment:
    def wrong(rng: np.random.Generator) -> bool:
        sizes = np.repeat(rng.choice([2, 4, 6], 20), 2)
        moved, order = np.tile([1.0, -1.0], 20), rng.permutation(40)
        values = np.repeat(moved[order], sizes[order])
        test = kernels.finite_set(
            (values < 0).astype(np.float64),
            kind="binary",
            cluster=np.repeat(np.arange(40), sizes[order]),
        )
        test.update((values > 0).astype(np.float64))
        return test.status.reading.value in {"better", "worse"}

    return _set_experiment("clusters", "whole clusters gained or lost, equal means", wrong)
