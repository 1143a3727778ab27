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
from liftgate.stats.weighted import stratum_weights

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


def weighted_pairs(rng: Rng, n: int) -> tuple[Floats, Floats, Floats]:
    """Return right-or-wrong pairs, 20 % discordant, no difference, with lognormal weights."""
    baseline = (rng.random(n) < 0.6).astype(np.float64)
    candidate = np.where(rng.random(n) < 0.4, (rng.random(n) < 0.6), baseline).astype(np.float64)
    return candidate, baseline, rng.lognormal(0, 0.5, n)


SIZES = (10, 15, 20, 40)
LEVELS = np.array([0.0, 0.3, -0.3, 0.1])
SHARES = {"0": 0.4, "1": 0.3, "2": 0.2, "3": 0.1}


def strata() -> Floats:
    """Return the stratum of each item."""
    return np.repeat(np.arange(4), SIZES)


def stratified(rng: Rng, scale: float = 0.2) -> Floats:
    """Return values around the strata's levels; one stratum spreads three times as much."""
    spread = np.array([1.0, 1.0, 1.0, 3.0]) * scale
    codes = strata().astype(np.int64)
    return LEVELS[codes] + spread[codes] * rng.normal(size=codes.size)


def experiments() -> Iterator[Experiment]:
    """Yield the experiments through functions."""
    yield from _differences()
    yield from _contrasts()
    yield from _weights()
    yield from _stratified()
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


def _weights() -> Iterator[Experiment]:
    world = "lognormal weights (σ = 0.5)"

    def difference(rng: Rng, level: float, options: dict[str, Any]) -> Estimate:
        candidate, baseline, weight = weighted_pairs(rng, 100)
        return paired_difference(candidate, baseline, weight=weight, level=level, **options)

    def contrast(rng: Rng, level: float) -> Estimate:
        candidate, baseline = proportional(rng, 80, 0.1)
        weight = rng.lognormal(0, 0.5, 80)
        return paired_contrast(candidate, baseline, 0.1, weight=weight, level=level, **OPEN)

    def contrast_binary(rng: Rng, level: float) -> Estimate:
        candidate, baseline = kept_share(rng, 100)
        weight = rng.lognormal(0, 0.5, 100)
        return paired_contrast(candidate, baseline, 0.1, weight=weight, level=level, **BINARY)

    def arm(rng: Rng, level: float) -> Estimate:
        cluster = np.repeat(np.arange(40), 4)
        values = (rng.random(160) < rng.beta(1.4, 0.6, 40)[cluster]).astype(np.float64)
        weight = rng.lognormal(0, 0.4, 160)
        return mean(values, weight=weight, cluster=cluster, level=level, **UNIT)

    yield limits(
        "paired weighted mean with pseudo units",
        f"right or wrong, 19 % discordant, {world}",
        "100",
        lambda r, v: difference(r, v, BINARY),
        0.0,
        covers=True,
    )
    yield limits("paired weighted mean", world, "100", lambda r, v: difference(r, v, OPEN), 0.0)
    yield limits(
        "contrast weighted mean with pseudo units",
        f"right or wrong, a margin of 10 %, only losses, {world}",
        "100",
        contrast_binary,
        0.0,
    )
    yield limits("contrast weighted mean", world, "80", contrast, 0.0)
    yield limits(
        "weighted mean with pseudo units",
        f"right or wrong, 40 clusters of 4, {world}",
        "40 clusters",
        arm,
        0.7,
    )
    yield limits(
        "weighted mean",
        f"normal values, {world}",
        "60",
        lambda r, v: mean(r.normal(size=60), weight=r.lognormal(0, 0.5, 60), level=v, **OPEN),
        0.0,
    )


def _stratified() -> Iterator[Experiment]:
    world = "four strata of 10 to 40 items that spread unequally"
    n = str(sum(SIZES))
    truth = float(np.average(LEVELS, weights=SIZES))

    codes = strata().astype(np.int64)
    rates = np.array([0.9, 0.5, 0.2, 0.7])

    def difference(rng: Rng, level: float) -> Estimate:
        moved = stratified(rng)
        return paired_difference(moved, np.zeros(moved.size), stratum=codes, level=level, **OPEN)

    def difference_binary(rng: Rng, level: float) -> Estimate:
        baseline = (rng.random(codes.size) < rates[codes]).astype(np.float64)
        again = (rng.random(codes.size) < rates[codes]).astype(np.float64)
        candidate = np.where(rng.random(codes.size) < 0.5, again, baseline)
        return paired_difference(candidate, baseline, stratum=codes, level=level, **BINARY)

    def contrast(rng: Rng, level: float) -> Estimate:
        baseline = np.array([0.3, 0.5, 0.6, 0.7])[codes] + rng.uniform(-0.1, 0.1, codes.size)
        noise = rng.uniform(-0.1, 0.1, codes.size)
        return paired_contrast(
            0.9 * baseline + noise, baseline, 0.1, stratum=codes, level=level, **OPEN
        )

    def contrast_binary(rng: Rng, level: float) -> Estimate:
        candidate, baseline = kept_share(rng, codes.size, rates[codes])
        return paired_contrast(candidate, baseline, 0.1, stratum=codes, level=level, **BINARY)

    def arm_binary(rng: Rng, level: float) -> Estimate:
        values = (rng.random(codes.size) < rates[codes]).astype(np.float64)
        return mean(values, stratum=codes, level=level, **UNIT)

    def declared(rng: Rng, level: float) -> Estimate:
        stratum = rng.choice(4, 60, p=list(SHARES.values()))
        if np.bincount(stratum, minlength=4).min() < 2:
            raise NotEnoughData("a stratum is too small")
        values = LEVELS[stratum] + rng.normal(0, 0.15, 60)
        weight = stratum_weights(stratum, SHARES)
        return mean(values, stratum=stratum, weight=weight, level=level, **OPEN)

    wrong = f"right or wrong, {world}"
    for name, where, estimate, true in (
        ("paired stratified mean with pseudo units", wrong, difference_binary, 0.0),
        ("paired stratified mean", world, difference, truth),
        ("contrast stratified mean with pseudo units", wrong, contrast_binary, 0.0),
        ("contrast stratified mean", world, contrast, 0.0),
        (
            "stratified mean with pseudo units",
            wrong,
            arm_binary,
            float(np.average(rates, weights=SIZES)),
        ),
    ):
        yield limits(name, where, n, estimate, true)
    yield limits(
        "stratified mean",
        world,
        n,
        lambda r, v: mean(stratified(r), stratum=strata(), level=v, **OPEN),
        truth,
        covers=True,
    )
    yield limits(
        "stratified mean",
        "shares declared, sizes left to chance",
        "60",
        declared,
        float(np.dot(list(SHARES.values()), LEVELS)),
    )


def _exact() -> Iterator[Experiment]:
    def contrast(rng: Rng, level: float) -> Estimate:
        return paired_contrast(*kept_share(rng, 200), 0.1, level=level, guarantee=True, **BINARY)

    def passes(rng: Rng, level: float) -> Estimate:
        alternative = Alternative.LESS
        return passes_limit(rng.lognormal(0, 1, 7), limit=1.0, level=level, alternative=alternative)

    yield limits(
        "contrast betting bound",
        "right or wrong, a margin of 10 % of the baseline, only losses",
        "200",
        contrast,
        0.0,
        mark=Mark.EXACT,
        covers=True,
        runs=(100, 20_000),
    )
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
