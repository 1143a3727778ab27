"""Planned looks with alpha spending: the error over all looks together."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from liftgate.stats.inputs import Floats
from liftgate.stats.kinds import Mark, ScoreKind
from liftgate.stats.looks import LookStatus
from liftgate.stats.planned import PlannedLooks
from liftgate.stats.verify.cell import (
    ALPHA,
    ASYMPTOTIC_BAND,
    EXACT_BAND,
    Bench,
    Cell,
    Experiment,
    Found,
    counted,
)
from liftgate.stats.verify.clustered import UNEVEN, moved, whole_losses
from liftgate.stats.verify.graded import pair_numbers
from liftgate.stats.verify.kernels import DIFFERENCE, Kernels
from liftgate.stats.verify.real import (
    ALPACA,
    RealData,
    Resampled,
    mean_and_worst,
    ordered_pairs,
)

LOOKS = np.arange(1, 6) / 5
PLANNED = "PlannedLooks"
SCORE, T, CR2 = (
    "paired score test",
    "paired t with pseudo items",
    "paired CR2 with pseudo clusters",
)


def experiments(kernels: Kernels, real: RealData) -> Iterator[Experiment]:
    """Yield the experiments with planned looks."""
    yield _brownian(kernels)
    for discordance in (0.025, 0.1, 0.4):
        yield _binary(kernels, discordance, 200)
    yield _binary(kernels, 0.1, 200, -0.03)
    for planned in (100, 200, 500):
        yield _real(kernels, real, planned)
    yield _rare_losses(kernels, 200)
    yield _clusters(kernels)
    yield _cluster_losses(kernels)
    yield _exact(kernels)
    yield from _history()


def crossed(kernels: Kernels, p_values: Sequence[Floats], alpha: float = ALPHA) -> Floats:
    """Return which runs reject at any of the five looks.

    Args:
        kernels: its boundaries are used.
        p_values: one array of fixed-n p-values for each look.
        alpha: over all looks.
    """
    from scipy.special import ndtr

    # z reaches its boundary exactly where p does not pass the boundary's tail.
    spent = ndtr(-np.asarray(kernels.boundaries(LOOKS, alpha)))
    hits = [p <= level for p, level in zip(p_values, spent, strict=True)]
    return np.asarray(np.any(hits, axis=0), dtype=np.float64)


def _ends(planned: int) -> list[int]:
    return [round(share * planned) for share in LOOKS]


def _brownian(kernels: Kernels) -> Experiment:
    def draw(rng: np.random.Generator, runs: int) -> list[Floats]:
        times = np.arange(1, 11) / 10
        z = np.cumsum(rng.normal(0, np.sqrt(0.1), (runs, 10)), axis=1) / np.sqrt(times)
        passed = (z >= kernels.boundaries(times, ALPHA)).any(axis=1)
        return [np.asarray(passed, dtype=np.float64)]

    return Experiment(
        methods=(PLANNED,),
        world="a Brownian motion, 10 looks",
        n="",
        mark=Mark.EXACT,
        cells=(Cell(name="spending boundaries, error over 10 looks", high=EXACT_BAND),),
        measure=lambda bench: counted(bench, 20_000, draw),
        short=40_000,
        long=400_000,
        seed=41,
    )


def _binary(kernels: Kernels, discordance: float, planned: int, null: float = 0.0) -> Experiment:
    def draw(rng: np.random.Generator, runs: int) -> list[Floats]:
        from scipy.special import ndtr

        ends = _ends(planned)
        steps = np.diff([0, *ends])
        cells = [(discordance + null) / 2, (discordance - null) / 2, 1 - discordance]
        drawn = np.cumsum([rng.multinomial(step, cells, runs) for step in steps], axis=0)
        up, down = [], []
        for end, part in zip(ends, drawn, strict=True):
            gained, lost = part[:, 0].astype(np.float64), part[:, 1].astype(np.float64)
            up.append(ndtr(-kernels.score(end, gained, lost, null)))
            down.append(ndtr(-kernels.score(end, lost, gained, -null)))
        return [crossed(kernels, up), crossed(kernels, down)]

    at = f", difference {null:g}" if null else ""
    return _both_sides(
        f"{SCORE}, 5 looks, error, {100 * discordance:g} % discordant{at}",
        (SCORE, PLANNED),
        f"{100 * discordance:g} % discordant, difference {null:g}, 5 looks",
        planned,
        lambda bench: counted(bench, 10_000, draw),
    )


def _both_sides(
    name: str,
    methods: tuple[str, ...],
    world: str,
    planned: int | str,
    measure: Callable[[Bench], Sequence[Found]],
    runs: tuple[int, int] = (10_000, 100_000),
) -> Experiment:
    return Experiment(
        methods=methods,
        world=world,
        n=f"{planned}" if isinstance(planned, str) else f"{planned} planned",
        mark=Mark.ASYMPTOTIC,
        cells=tuple(
            Cell(name=f"{name}, {side}", high=ASYMPTOTIC_BAND) for side in ("greater", "less")
        ),
        measure=measure,
        short=runs[0],
        long=runs[1],
        seed=42,
    )


def _real(kernels: Kernels, real: RealData, planned: int) -> Experiment:
    def measure(bench: Bench) -> list[Found]:
        differences = ordered_pairs(real.alpaca)
        drawn, ends = Resampled(differences), _ends(planned)

        def hits(rng: np.random.Generator, runs: int, pairs: NDArray[np.int64]) -> Floats:
            p_values = []
            for end, sums in zip(ends, drawn.power_sums(rng, runs, ends, pairs), strict=True):
                size = np.full(sums[0].shape, float(end))
                tails = kernels.singles(size, *sums, DIFFERENCE, drawn.truths[pairs])
                p_values.append(tails[0])
            return crossed(kernels, p_values)

        pairs = pair_numbers(differences, long=bench.long, short=80)
        return list(mean_and_worst(bench, hits, pairs))

    return Experiment(
        methods=(T, PLANNED),
        world="real pairs: AlpacaEval, resampled, 5 looks; at the true difference, both sides",
        n=f"{planned} planned",
        mark=Mark.ASYMPTOTIC,
        cells=(
            Cell(
                name=f"{T}, 5 looks, error on real pairs, mean, N = {planned}",
                high=ASYMPTOTIC_BAND,
            ),
            Cell(
                name=f"{T}, 5 looks, error on real pairs, worst, N = {planned}",
                high=ASYMPTOTIC_BAND,
            ),
        ),
        measure=measure,
        short=2000,
        long=20_000,
        seed=43 + planned,
        needs=ALPACA,
    )


def _rare_losses(kernels: Kernels, planned: int) -> Experiment:
    rate = 0.02

    def draw(rng: np.random.Generator, runs: int) -> list[Floats]:
        ends = _ends(planned)
        steps = np.diff([0, *ends])
        lost = np.cumsum([rng.binomial(step, rate, runs) for step in steps], axis=0)
        up, down = [], []
        for end, count in zip(ends, lost.astype(np.float64), strict=True):
            size, null = np.full(runs, float(end)), np.full(runs, -rate)
            tails = kernels.singles(size, -count, count, -count, DIFFERENCE, null)
            up.append(tails[0])
            down.append(tails[1])
        return [crossed(kernels, up), crossed(kernels, down)]

    return _both_sides(
        f"{T}, 5 looks, error where losses are rare",
        (T, PLANNED),
        "everything ties but 2 % losses of all, 5 looks, tested at −0.02",
        planned,
        lambda bench: counted(bench, 10_000, draw),
    )


def _by_look(
    kernels: Kernels, rows: tuple[Floats, Floats, Floats], per_item: Floats, null: float
) -> list[Floats]:
    """Return both sides' crossings; ``per_item`` holds each cluster's sum of squares."""
    sizes, sums, _ = rows
    up, down = [], []
    for end in _ends(sizes.shape[1]):
        squares = per_item[:, :end].sum(axis=1)
        tails = kernels.clusters(sizes[:, :end], sums[:, :end], squares, DIFFERENCE, null)
        up.append(tails[0])
        down.append(tails[1])
    return [crossed(kernels, up), crossed(kernels, down)]


def _clusters(kernels: Kernels) -> Experiment:
    def draw(rng: np.random.Generator, runs: int) -> list[Floats]:
        order = rng.permuted(np.tile(np.tile(UNEVEN, 2), (runs, 1)), axis=1)
        sizes, sums, squares = moved(rng, order, shared=1.0)
        # Whole clusters gain or lose, so that a cluster's squares are its size.
        assert np.allclose(np.abs(sums).sum(axis=1), squares)
        return _by_look(kernels, (sizes, sums, squares), np.abs(sums), 0.0)

    return _both_sides(
        f"{CR2}, 5 looks, error, 28 uneven clusters",
        (CR2, PLANNED),
        "28 uneven clusters that move as one, 5 looks by clusters",
        "28 clusters",
        lambda bench: counted(bench, 5000, draw),
        (5000, 40_000),
    )


def _cluster_losses(kernels: Kernels) -> Experiment:
    def draw(rng: np.random.Generator, runs: int) -> list[Floats]:
        rows = whole_losses(rng, runs)
        return _by_look(kernels, rows, -rows[1], -0.03)

    return _both_sides(
        f"{CR2}, 5 looks, error where whole clusters are lost seldom",
        (CR2, PLANNED),
        "30 clusters of 8, each lost whole with a chance of 3 %, tested at −0.03",
        "30 clusters",
        lambda bench: counted(bench, 5000, draw),
        (5000, 40_000),
    )


def _exact(kernels: Kernels) -> Experiment:
    """The exact test with boundaries that hold whatever the dependence between the looks."""
    ends, times, shares = (20, 40), (0.5, 1.0), (0.12, 0.12, 0.76)

    def measure(bench: Bench) -> list[Found]:
        from scipy.special import ndtr

        spent = ndtr(-np.asarray(kernels.union(times, ALPHA)))
        known: dict[tuple[int, int, int], bool] = {}
        wrong = 0
        for size in bench.batches(5000):
            steps = np.cumsum([bench.rng.multinomial(20, shares, size) for _ in ends], axis=0)
            hit = np.zeros(size, dtype=np.bool_)
            for end, level, part in zip(ends, spent, steps, strict=True):
                for run, (gained, lost, _) in enumerate(part.tolist()):
                    key = (end, gained, lost)
                    if key not in known:
                        known[key] = kernels.exact(end, gained, lost, 0.0) <= level
                    hit[run] |= known[key]
            wrong += int(hit.sum())
        return [Found(wrong / bench.runs, bench.runs)]

    return Experiment(
        methods=("exact unconditional test", PLANNED),
        world="24 % discordant, no difference, 2 looks with union boundaries",
        n="40 planned",
        mark=Mark.EXACT,
        cells=(Cell(name="exact unconditional test, 2 looks, error", high=EXACT_BAND),),
        measure=measure,
        short=5000,
        long=100_000,
        seed=44,
    )


def _history() -> Iterator[Experiment]:
    """The object itself with a covariate: earlier systems' scores on the same items."""
    yield _object(ScoreKind.GRADED, _graded_history)
    yield _object(ScoreKind.BINARY, _binary_history)


def _graded_history(rng: np.random.Generator) -> tuple[Floats, Floats, Floats]:
    noise = rng.normal(0, 1.5, (7, 100))
    scores = 1 / (1 + np.exp(-(rng.normal(0, 1.3, 100) + noise)))
    return scores[0], scores[1], scores[1:].T


def _binary_history(rng: np.random.Generator) -> tuple[Floats, Floats, Floats]:
    chance = 1 / (1 + np.exp(-rng.normal(0, 1.3, 100)))
    scores = (rng.random((7, 100)) < chance).astype(np.float64)
    return scores[0], scores[1], scores[1:].T


def _object(
    kind: ScoreKind, world: Callable[[np.random.Generator], tuple[Floats, Floats, Floats]]
) -> Experiment:
    def measure(bench: Bench) -> list[Found]:
        ends = [50, 100]
        above = below = 0
        for size in bench.batches(100):
            for _ in range(size):
                candidate, baseline, history = world(bench.rng)
                span = (0, 1) if kind is ScoreKind.GRADED else None
                test = PlannedLooks(ends, kind=kind, score_range=span, covariate=history)
                start, status = 0, LookStatus.CONTINUE
                for end in ends:
                    status = test.update(candidate[start:end], baseline[start:end])
                    start = end
                    if status is not LookStatus.CONTINUE:
                        break
                above += status is LookStatus.REJECTED
                below += status is LookStatus.HARM
        return [Found(each / bench.runs, bench.runs) for each in (above, below)]

    return _both_sides(
        f"planned looks with history, error, {kind.value}",
        (PLANNED,),
        f"{kind.value} scores of two equal systems, 6 earlier systems as covariate, 2 looks",
        100,
        measure,
        (150, 20_000),
    )
