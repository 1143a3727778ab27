"""Methods exercised through the functions that people call, one sample at a time."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from liftgate.errors import NotEnoughData
from liftgate.stats.estimate import Estimate
from liftgate.stats.inputs import Floats
from liftgate.stats.kinds import Alternative, Mark, ScoreKind
from liftgate.stats.paired import paired_contrast, paired_difference
from liftgate.stats.single import mean, passes_limit, quantile
from liftgate.stats.verify.cell import (
    ALPHA,
    ASYMPTOTIC_BAND,
    EXACT_BAND,
    Bench,
    Cell,
    Experiment,
    Found,
    What,
)

Rng = np.random.Generator
Estimator = Callable[[Rng, float], Estimate]
"""(source, level) -> the estimate of one sample."""
_ONE_SIDED = 1 - 2 * ALPHA
UNIT: dict[str, Any] = {"kind": ScoreKind.GRADED, "score_range": (0.0, 1.0)}
BINARY: dict[str, Any] = {"kind": ScoreKind.BINARY}
OPEN: dict[str, Any] = {"kind": ScoreKind.UNBOUNDED}


def limits(
    name: str,
    world: str,
    n: str,
    estimate: Estimator,
    truth: float | Callable[[], float],
    *,
    methods: tuple[str, ...] | None = None,
    mark: Mark = Mark.ASYMPTOTIC,
    covers: bool = False,
    runs: tuple[int, int] = (600, 20_000),
    gap: str = "",
    domain: str = "",
) -> Experiment:
    """Return an experiment whose errors are the sides on which the limits miss the truth.

    Args:
        name: of the method, and of its cells.
        world: in words.
        n: in words.
        estimate: draws one sample and gives its estimate.
        truth: what is estimated, or how it is found.
        methods: rows of the table, where not ``name`` alone.
        mark: of the method.
        covers: whether 95 % coverage is measured too.
        runs: of the short and the long form.
        gap: why an error cell is known to miss its band.
        domain: what the figures hold for.
    """
    band = EXACT_BAND if mark is Mark.EXACT else ASYMPTOTIC_BAND

    def measure(bench: Bench) -> list[Found]:
        true = truth() if callable(truth) else truth
        below = above = outside = refused = 0
        for size in bench.batches(200):
            for _ in range(size):
                state = bench.rng.bit_generator.state
                try:
                    found = estimate(bench.rng, _ONE_SIDED)
                except NotEnoughData:
                    refused += 1
                    continue
                below += found.low is not None and true < found.low
                above += found.high is not None and true > found.high
                if covers:
                    # The same sample again, as it is shown.
                    bench.rng.bit_generator.state = state
                    shown = estimate(bench.rng, 0.95)
                    outside += shown.low is not None and true < shown.low
                    outside += shown.high is not None and true > shown.high
        share, kept = refused / bench.runs, max(1, bench.runs - refused)
        results = [Found(each / bench.runs, bench.runs, share) for each in (below, above)]
        return [*results, Found(1 - outside / kept, kept, share)] if covers else results

    cells = [
        Cell(name=f"{name}, error, {side}: {world}", high=band, gap=gap)
        for side in ("greater", "less")
    ]
    if covers:
        low = 0.949 if mark is Mark.EXACT else 0.935
        cells.append(
            Cell(name=f"{name}, coverage: {world}", what=What.COVERAGE, low=low, nominal=0.95)
        )
    return Experiment(
        methods=methods or (name,),
        world=world,
        n=n,
        mark=mark,
        cells=tuple(cells),
        measure=measure,
        short=runs[0],
        long=runs[1],
        seed=17,
        domain=domain,
    )


# --- worlds --------------------------------------------------------------------------------------


def skewed(rng: Rng, n: int) -> Floats:
    """Return costs: lognormal, mean e^0.18."""
    return rng.lognormal(0, 0.6, n)


def proportional(rng: Rng, n: int, ratio: float) -> tuple[Floats, Floats]:
    """Return scores whose candidate mean is (1 − ratio) times the baseline's, within 0 … 1."""
    baseline = rng.uniform(0.2, 0.9, n)
    return (1 - ratio) * baseline + rng.uniform(-0.1, 0.1, n), baseline


def proportional_clusters(rng: Rng, clusters: int, ratio: float) -> tuple[Floats, Floats, Floats]:
    """Return such scores in clusters of 2 to 8 items that share a part of the difference."""
    cluster = np.repeat(np.arange(clusters), np.resize([2, 4, 6, 8], clusters))
    baseline = rng.uniform(0.2, 0.85, cluster.size)
    shared = rng.uniform(-1, 1, clusters)[cluster]
    noise = 0.08 * (0.6 * shared + 0.8 * rng.uniform(-1, 1, cluster.size))
    return (1 - ratio) * baseline + noise, baseline, cluster.astype(np.float64)


def experiments() -> Iterator[Experiment]:
    """Yield the experiments through functions."""
    yield from _differences()
    yield from _covariate()
    yield from _contrasts()
    yield from _exact()


def _differences() -> Iterator[Experiment]:
    cost = math.exp(0.18)
    for n in (30, 100):
        yield limits(
            "paired t",
            f"differences of lognormal costs, n = {n}",
            str(n),
            lambda r, level, n=n: paired_difference(  # type: ignore[misc]
                skewed(r, n), skewed(r, n), level=level, **OPEN
            ),
            0.0,
            covers=True,
        )
    yield limits(
        "t",
        "lognormal costs of one arm, n = 100",
        "100",
        lambda r, level: mean(skewed(r, 100), level=level, **OPEN),
        cost,
        covers=True,
    )


def kept_share(rng: Rng, n: int, baseline: float | Floats = 0.8) -> tuple[Floats, Floats]:
    """Return right-or-wrong scores of which the candidate keeps 90 %, and gains none."""
    right = (rng.random(n) < baseline).astype(np.float64)
    return (rng.random(n) < 0.9) * right, right


def kept_in_clusters(rng: Rng, clusters: int) -> tuple[Floats, Floats, Floats]:
    """Return such scores in clusters of 2 to 8 items, which keep 80 % or all."""
    cluster = np.repeat(np.arange(clusters), np.resize([2, 4, 6, 8], clusters))
    right = (rng.random(cluster.size) < 0.8).astype(np.float64)
    kept = rng.choice([0.8, 1.0], clusters)[cluster]
    return (rng.random(cluster.size) < kept) * right, right, cluster.astype(np.float64)


def _covariate() -> Iterator[Experiment]:
    """Two equal systems answered on 60 of 240 items, four earlier systems on all of them."""

    def scores(rng: Rng) -> Floats:
        ease = rng.normal(0, 1.3, 240)
        return np.asarray(1 / (1 + np.exp(-(ease + rng.normal(0, 1.5, (6, 240))))))

    def estimate(rng: Rng, level: float, options: dict[str, Any]) -> Estimate:
        table = scores(rng)
        return paired_difference(
            table[0, :60], table[1, :60], covariate=table[2:].T, level=level, **options
        )

    for kind, options in (("graded", UNIT), ("unbounded", OPEN)):
        yield limits(
            "paired difference with a covariate",
            f"{kind} scores of two equal systems, 4 earlier ones as covariate",
            "60 of 240",
            lambda r, v, options=options: estimate(r, v, options),  # type: ignore[misc]
            0.0,
            methods=("paired_difference",),
            runs=(300, 20_000),
        )


def _contrasts() -> Iterator[Experiment]:
    def single(rng: Rng, level: float) -> Estimate:
        return paired_contrast(*proportional(rng, 80, 0.1), 0.1, level=level, **OPEN)

    def clustered(rng: Rng, level: float) -> Estimate:
        candidate, baseline, cluster = proportional_clusters(rng, 24, 0.1)
        return paired_contrast(candidate, baseline, 0.1, cluster=cluster, level=level, **OPEN)

    def clustered_binary(rng: Rng, level: float) -> Estimate:
        candidate, baseline, cluster = kept_in_clusters(rng, 40)
        return paired_contrast(candidate, baseline, 0.1, cluster=cluster, level=level, **BINARY)

    def binary(rng: Rng, level: float) -> Estimate:
        return paired_contrast(*kept_share(rng, 100), 0.1, level=level, **BINARY)

    world = "a margin of 10 % of the baseline"
    yield limits(
        "contrast t with pseudo items", f"right or wrong, {world}, only losses", "100", binary, 0.0
    )
    yield limits("contrast t", world, "80", single, 0.0)
    yield limits(
        "contrast CR2 with pseudo clusters",
        f"right or wrong, {world}, only losses, uneven clusters",
        "40 clusters",
        clustered_binary,
        0.0,
    )
    yield limits("contrast CR2", world, "24 clusters", clustered, 0.0)


def _exact() -> Iterator[Experiment]:
    def passes(rng: Rng, level: float) -> Estimate:
        alternative = Alternative.LESS
        return passes_limit(rng.lognormal(0, 1, 7), limit=1.0, level=level, alternative=alternative)

    for share, n in ((0.5, 60), (0.95, 100), (0.95, 300)):
        yield limits(
            "order statistics",
            f"the {100 * share:g} % quantile, n = {n}",
            str(n),
            lambda r, v, n=n, share=share: quantile(r.random(n), share, level=v),  # type: ignore[misc]
            share,
            mark=Mark.EXACT,
            covers=True,
        )
    yield limits(
        "sign test over passes",
        "the median of 7 passes at its limit",
        "7 passes",
        passes,
        1.0,
        mark=Mark.EXACT,
    )
