"""Ratios of sums, metrics of a whole set, and several claims at once."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence

import numpy as np

from liftgate.stats.estimate import Estimate
from liftgate.stats.inputs import Floats
from liftgate.stats.kinds import Mark
from liftgate.stats.multiplicity import benjamini_hochberg, holm
from liftgate.stats.ratios import ratio, ratio_difference
from liftgate.stats.set_metrics import (
    auroc,
    auroc_difference,
    ece,
    ece_difference,
    macro_f1,
    macro_f1_difference,
)
from liftgate.stats.sign_flips import max_t
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
from liftgate.stats.verify.estimates import Rng, limits

RATIO, RATIO_CLUSTERS = "ratio by Fieller's contrast", "ratio by Fieller's contrast over clusters"
GAP, GAP_CLUSTERS = (
    "difference of ratios by jackknife",
    "difference of ratios by jackknife over clusters",
)
ONE, ONE_CLUSTERS = "jackknife by item", "jackknife by cluster"
TWO, TWO_CLUSTERS = "paired jackknife by item", "paired jackknife by cluster"
_COST = math.exp(0.125)


def experiments() -> Iterator[Experiment]:
    """Yield the experiments with ratios, set metrics and families of claims."""
    yield from _ratios()
    yield from _f1()
    yield from _auroc()
    yield from _ece()
    yield from _families()


# --- ratios --------------------------------------------------------------------------------------


def statements(rng: Rng, n: int, clusters: int | None = None) -> list[Floats]:
    """Return supported and all statements of two arms, and clusters that share their ease."""
    cluster = np.arange(n) if clusters is None else np.repeat(np.arange(clusters), n // clusters)
    ease = rng.beta(4, 2, int(cluster.max()) + 1)[cluster]
    below = [1 + rng.poisson(np.exp(rng.normal(1.2, 0.8, n))) for _ in range(2)]
    above = [rng.binomial(size, ease) for size in below]
    return [each.astype(np.float64) for each in (above[0], below[0], above[1], below[1], cluster)]


def costs(rng: Rng, n: int = 100) -> list[Floats]:
    """Return lognormal costs and successes (60 %) of two arms."""
    found: list[Floats] = []
    for _ in range(2):
        found += [rng.lognormal(0, 0.5, n), (rng.random(n) < 0.6).astype(np.float64)]
    return found


def _ratios() -> Iterator[Experiment]:
    def supported(rng: Rng, level: float) -> Estimate:
        above, below, *_ = statements(rng, 60)
        return ratio(above, below, ratio_range=(0, 1), level=level)

    def supported_clusters(rng: Rng, level: float) -> Estimate:
        above, below, _, _, cluster = statements(rng, 120, 15)
        return ratio(above, below, cluster=cluster, level=level)

    def cost(rng: Rng, level: float) -> Estimate:
        return ratio(*costs(rng)[:2], level=level)

    def gap(rng: Rng, level: float) -> Estimate:
        return ratio_difference(*statements(rng, 60)[:4], ratio_range=(0, 1), level=level)

    def cost_gap(rng: Rng, level: float) -> Estimate:
        return ratio_difference(*costs(rng), level=level)

    def gap_clusters(rng: Rng, level: float) -> Estimate:
        *arms, cluster = statements(rng, 120, 15)
        return ratio_difference(*arms, cluster=cluster, level=level)

    yield limits(RATIO, "supported statements of all", "60", supported, 4 / 6)
    yield limits(RATIO, "cost per success", "100", cost, _COST / 0.6, covers=True)
    yield limits(RATIO_CLUSTERS, "supported statements", "15 clusters", supported_clusters, 4 / 6)
    yield limits(GAP, "supported statements of all", "60", gap, 0.0)
    yield limits(GAP, "cost per success", "100", cost_gap, 0.0)
    yield limits(GAP_CLUSTERS, "supported statements", "15 clusters", gap_clusters, 0.0)


# --- metrics of a whole set ----------------------------------------------------------------------


def guesses(rng: Rng, n: int = 200) -> list[Floats]:
    """Return truth and the labels of two arms that are equally good; three classes."""
    shares = (0.6, 0.25, 0.15)
    truth = rng.choice(3, n, p=shares)
    ease = rng.beta(3, 1.5, n)
    arms = [np.where(rng.random(n) < ease, truth, rng.choice(3, n, p=shares)) for _ in range(2)]
    return [each.astype(np.float64) for each in (truth, *arms)]


def true_f1() -> float:
    """Return the arms' macro-F1: with ease 2/3, a label is right beyond chance that often."""
    shares = np.array([0.6, 0.25, 0.15])
    right = shares * (2 / 3 + shares / 3)
    # Labels have the shares of the truth, so that precision and recall of a class are equal.
    return float(np.mean(right / shares))


def _f1() -> Iterator[Experiment]:
    def one(rng: Rng, level: float) -> Estimate:
        truth, arm, _ = guesses(rng)
        return macro_f1(truth, arm, level=level)

    def two(rng: Rng, level: float) -> Estimate:
        return macro_f1_difference(*guesses(rng), level=level)

    yield limits(ONE, "macro-F1, three classes", "200", one, true_f1, covers=True)
    yield limits(TWO, "macro-F1, equal arms", "200", two, 0.0, covers=True)


def ranked(rng: Rng, n: int, share: float, distance: float) -> list[Floats]:
    """Return truth and the scores of two arms that share half of their variance."""
    positive = (rng.random(n) < share).astype(np.float64)
    common = rng.normal(0, 0.7, n)
    return [positive, *(positive * distance + common + rng.normal(0, 0.7, n) for _ in range(2))]


def ranked_in_clusters(rng: Rng, clusters: int = 40) -> tuple[Floats, Floats, Floats, Floats]:
    """Return pages whose six items share the truth and a part of the score."""
    cluster = np.repeat(np.arange(clusters), 6)
    positive = (rng.random(clusters) < 0.4).astype(np.float64)[cluster]
    shared = rng.normal(0, 0.7, clusters)[cluster]
    arms = [1.5 * positive + shared + rng.normal(0, 0.7, cluster.size) for _ in range(2)]
    return positive, arms[0], arms[1], cluster.astype(np.float64)


def true_auroc(distance: float) -> float:
    """Return the AUROC of normal scores whose variance is 0.98 in either class."""
    return 0.5 * math.erfc(-distance / math.sqrt(0.98) / 2)


def _auroc() -> Iterator[Experiment]:
    def one(n: int, share: float, distance: float) -> Callable[[Rng, float], Estimate]:
        def estimate(rng: Rng, level: float) -> Estimate:
            positive, score, _ = ranked(rng, n, share, distance)
            return auroc(positive > 0, score, level=level)

        return estimate

    def two(rng: Rng, level: float) -> Estimate:
        positive, first, second = ranked(rng, 100, 0.3, 2.0)
        return auroc_difference(positive > 0, first, second, level=level)

    def clustered(rng: Rng, level: float) -> Estimate:
        positive, score, _, cluster = ranked_in_clusters(rng)
        return auroc(positive > 0, score, cluster=cluster, level=level)

    def two_clustered(rng: Rng, level: float) -> Estimate:
        positive, first, second, cluster = ranked_in_clusters(rng)
        return auroc_difference(positive > 0, first, second, cluster=cluster, level=level)

    for n, share, distance in ((100, 0.3, 2.0), (300, 0.06, 1.0)):
        world = f"AUROC, {100 * share:g} % positive, distance {distance:g}"
        yield limits(ONE, world, str(n), one(n, share, distance), true_auroc(distance))
    yield limits(TWO, "AUROC, equal arms", "100", two, 0.0)
    yield limits(ONE_CLUSTERS, "AUROC, pages", "40 clusters", clustered, true_auroc(1.5))
    yield limits(TWO_CLUSTERS, "AUROC, pages, equal arms", "40 clusters", two_clustered, 0.0)


def sure(rng: Rng, n: int) -> tuple[Floats, Floats]:
    """Return right or wrong and an overconfident confidence."""
    confidence = rng.beta(4, 1.5, n)
    return (rng.random(n) < confidence**2).astype(np.float64), confidence


def true_ece(bins: int = 10) -> float:
    """Return the calibration error of ``sure`` in equal bins, from two million items."""
    confidence = np.random.default_rng(0).beta(4, 1.5, 2_000_000)
    where = np.minimum((confidence * bins).astype(np.int64), bins - 1)
    off = np.bincount(where, weights=confidence - confidence**2)
    return float(np.abs(off).sum() / confidence.size)


def _ece() -> Iterator[Experiment]:
    def one(rng: Rng, level: float) -> Estimate:
        return ece(*sure(rng, 800), level=level)

    def two(rng: Rng, level: float) -> Estimate:
        return ece_difference(*sure(rng, 800), *sure(rng, 800), level=level)

    domain = "refused where the error may be mostly noise"
    yield limits(ONE, "calibration error, overconfident arm", "800", one, true_ece, domain=domain)
    yield limits(TWO, "calibration error, equal arms", "800", two, 0.0, domain=domain)


# --- several claims ------------------------------------------------------------------------------


def _families() -> Iterator[Experiment]:
    yield _family("holm", "5 true nulls, independent", 0.0, holm, What.FAMILY)
    yield _family("holm", "5 true nulls, correlated 0.7", 0.7, holm, What.FAMILY)
    yield _family(
        "benjamini_hochberg",
        "10 claims, 6 of them true nulls, correlated 0.5",
        0.5,
        benjamini_hochberg,
        What.FALSE_DISCOVERIES,
        shifts=(0.0,) * 6 + (3.0,) * 4,
    )
    for clustered in (False, True):
        yield _max_t(clustered=clustered)


def _family(
    name: str,
    world: str,
    shared: float,
    adjust: Callable[[Sequence[float]], tuple[float, ...]],
    what: What,
    shifts: tuple[float, ...] = (0.0,) * 5,
) -> Experiment:
    def measure(bench: Bench) -> list[Found]:
        from scipy.special import ndtr

        null = np.array(shifts) == 0
        wrong = 0.0
        for size in bench.batches(2000):
            common = math.sqrt(shared) * bench.rng.normal(size=(size, 1))
            own = math.sqrt(1 - shared) * bench.rng.normal(size=(size, null.size))
            for p_values in ndtr(-(common + own + np.array(shifts))).tolist():
                rejected = np.array(adjust(p_values)) <= ALPHA
                false = int((rejected & null).sum())
                share = false / max(1, int(rejected.sum()))
                wrong += share if what is What.FALSE_DISCOVERIES else false > 0
        return [Found(wrong / bench.runs, bench.runs)]

    return Experiment(
        methods=(name,),
        world=world,
        n=f"{len(shifts)} claims",
        mark=Mark.EXACT,
        cells=(Cell(name=f"{name}: {world}", what=what, high=EXACT_BAND),),
        measure=measure,
        short=10_000,
        long=100_000,
        seed=71,
    )


def slices(rng: Rng) -> tuple[Floats, Floats]:
    """Return eight correlated columns of skewed differences in 40 clusters of 3; none differs."""
    cluster = np.repeat(np.arange(40), 3)
    common = rng.exponential(1, 40)[cluster, None] - 1
    return 0.6 * common + 0.8 * rng.normal(0, 1, (120, 8)), cluster.astype(np.float64)


def _max_t(*, clustered: bool) -> Experiment:
    def measure(bench: Bench) -> list[Found]:
        wrong = 0
        for size in bench.batches(100):
            for _ in range(size):
                if clustered:
                    values, cluster = slices(bench.rng)
                    found = max_t(values, np.zeros_like(values), cluster=cluster, draws=199)
                else:
                    values = bench.rng.normal(size=(60, 1)) + bench.rng.normal(size=(60, 8))
                    found = max_t(values, np.zeros_like(values), draws=199)
                wrong += min(found) <= ALPHA
        return [Found(wrong / bench.runs, bench.runs)]

    world = "8 slices, 40 clusters, skewed" if clustered else "8 slices, symmetric"
    return Experiment(
        methods=("max_t",),
        world=world,
        n="120 items" if clustered else "60 items",
        mark=Mark.ASYMPTOTIC if clustered else Mark.EXACT,
        cells=(
            Cell(
                name=f"max_t: {world}",
                what=What.FAMILY,
                high=ASYMPTOTIC_BAND if clustered else EXACT_BAND,
            ),
        ),
        measure=measure,
        short=600,
        long=20_000,
        seed=72,
    )
