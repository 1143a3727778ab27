"""Human labels with judges, and rates corrected for a judge's errors."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from liftgate.stats.detector import corrected_rate
from liftgate.stats.estimate import Estimate
from liftgate.stats.inputs import Codes, Floats
from liftgate.stats.kinds import ScoreKind
from liftgate.stats.ppi import judged_difference, judged_mean
from liftgate.stats.verify.cell import Experiment
from liftgate.stats.verify.estimates import Rng, limits

_ITEMS = 600
_PPI = "cross-fitted PPI"


def experiments() -> Iterator[Experiment]:
    """Yield the experiments with labels and judges: the truth is one half, or no difference."""
    for n in (50, 150):
        world = f"a judge too kind, {n} labels"
        yield limits(_PPI, world, f"{n}", one_arm(n), 0.5, covers=n == 50)
    yield limits(f"paired {_PPI}", "equal arms, unequal bias", "80 labels", two_arms(80), 0.0)
    yield limits(f"{_PPI} over clusters", "whole answers", "40 answers", answers, 0.5)
    yield limits(f"{_PPI} over clusters", "single statements", "200 statements", statements, 0.5)
    yield limits(f"{_PPI} by stored chances", "doubtful ones drawn more", "150", chances, 0.5)
    yield limits(f"paired {_PPI} over clusters", "whole answers", "40 answers", pairs, 0.0)
    yield limits(f"paired {_PPI} by stored chances", "0.1 to 0.4", "150", pairs_by_chance, 0.0)
    for rate, se, sp in ((0.1, 0.85, 0.9), (0.5, 0.8, 0.7)):
        yield limits(
            "rate corrected for a detector's errors",
            f"rate {rate:g}, sensitivity {se:g}, specificity {sp:g}",
            "400, 120 labels",
            detector(rate, se, sp),
            rate,
        )


def judged(rng: Rng, shared: Floats | None = None, bias: float = 0.5) -> tuple[Floats, Floats]:
    """Return right-or-wrong labels with mean one half, and what a biased judge says of them."""
    hidden = rng.normal(size=_ITEMS)
    if shared is not None:
        hidden = 0.7 * shared + 0.7 * hidden
    return (hidden > 0).astype(np.float64), hidden + bias + rng.normal(0, 0.9, _ITEMS)


def one_arm(n: int) -> Callable[[Rng, float], Estimate]:
    """Return an estimator of one arm's mean from n random labels."""

    def estimate(rng: Rng, level: float) -> Estimate:
        label, judge = judged(rng)
        drawn = rng.permutation(_ITEMS)[:n]
        return judged_mean(label[drawn], drawn, judge=judge, kind=ScoreKind.BINARY, level=level)

    return estimate


def two_arms(n: int) -> Callable[[Rng, float], Estimate]:
    """Return an estimator of the difference of two arms that are equally good."""

    def estimate(rng: Rng, level: float) -> Estimate:
        return difference(rng, rng.permutation(_ITEMS)[:n], level)

    return estimate


def difference(
    rng: Rng,
    drawn: Codes,
    level: float,
    cluster: Codes | None = None,
    probability: Floats | None = None,
) -> Estimate:
    """Return the estimate of a difference that is 0; in clusters each arm has its own luck."""
    arms = []
    for bias in (0.4, 0.0):
        shared = rng.normal(size=_ITEMS) if cluster is None else _by_answer(rng, cluster)
        arms.append(judged(rng, shared, bias))
    (ours, our_judge), (theirs, their_judge) = arms
    return judged_difference(
        ours[drawn],
        theirs[drawn],
        drawn,
        candidate_judge=our_judge,
        baseline_judge=their_judge,
        cluster=cluster,
        probability=probability,
        kind=ScoreKind.BINARY,
        level=level,
    )


def _answers() -> Codes:
    return np.repeat(np.arange(_ITEMS // 5), 5).astype(np.int64)


def _by_answer(rng: Rng, cluster: Codes) -> Floats:
    return np.asarray(rng.normal(size=int(cluster.max()) + 1)[cluster])


def _whole(rng: Rng, cluster: Codes) -> Codes:
    return np.flatnonzero(np.isin(cluster, rng.permutation(int(cluster.max()) + 1)[:40]))


def answers(rng: Rng, level: float) -> Estimate:
    """Return the estimate from 40 of 120 answers, all five statements of each labelled."""
    cluster = _answers()
    return _in_clusters(rng, level, cluster, _whole(rng, cluster))


def statements(rng: Rng, level: float) -> Estimate:
    """Return the estimate from 200 of 600 statements, drawn one by one."""
    return _in_clusters(rng, level, _answers(), rng.permutation(_ITEMS)[:200])


def _in_clusters(rng: Rng, level: float, cluster: Codes, drawn: Codes) -> Estimate:
    label, judge = judged(rng, _by_answer(rng, cluster))
    return judged_mean(
        label[drawn], drawn, judge=judge, cluster=cluster, kind=ScoreKind.BINARY, level=level
    )


def chances(rng: Rng, level: float) -> Estimate:
    """Return the estimate from items drawn the more often the less sure the judge is."""
    label, judge = judged(rng)
    chance = np.clip(0.08 + 0.32 * np.exp(-np.abs(judge - 0.5)), 0, 1)
    drawn = np.flatnonzero(rng.random(_ITEMS) < chance)
    return judged_mean(
        label[drawn],
        drawn,
        judge=judge,
        probability=chance[drawn],
        kind=ScoreKind.BINARY,
        level=level,
    )


def pairs(rng: Rng, level: float) -> Estimate:
    """Return the difference from 40 of 120 answers."""
    cluster = _answers()
    return difference(rng, _whole(rng, cluster), level, cluster)


def pairs_by_chance(rng: Rng, level: float) -> Estimate:
    """Return the difference from items with chances that were drawn before the answers."""
    chance = rng.uniform(0.1, 0.4, _ITEMS)
    drawn = np.flatnonzero(rng.random(_ITEMS) < chance)
    return difference(rng, drawn, level, probability=chance[drawn])


def detector(rate: float, se: float, sp: float) -> Callable[[Rng, float], Estimate]:
    """Return an estimator of a true rate from 400 verdicts and 120 labels of other items."""

    def estimate(rng: Rng, level: float) -> Estimate:
        label = np.repeat([1.0, 0.0], [40, 80])
        known = rng.random(label.size) < np.where(label == 1, se, 1 - sp)
        flagged = rng.random(400) < np.where(rng.random(400) < rate, se, 1 - sp)
        return corrected_rate(
            flagged, calibration_flagged=known, calibration_label=label, level=level
        )

    return estimate
