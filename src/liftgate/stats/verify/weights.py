"""Items that count differently: declared weights, and strata drawn one by one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from liftgate.errors import NotEnoughData
from liftgate.stats.estimate import Estimate
from liftgate.stats.inputs import Floats
from liftgate.stats.paired import paired_contrast, paired_difference
from liftgate.stats.single import mean
from liftgate.stats.verify.cell import Experiment
from liftgate.stats.verify.estimates import (
    BINARY,
    OPEN,
    UNIT,
    Rng,
    kept_share,
    limits,
    proportional,
)
from liftgate.stats.weighted import stratum_weights


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
    """Yield the experiments with weights and strata."""
    yield from _weights()
    yield from _stratified()


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
