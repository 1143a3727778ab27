"""Right-or-wrong scores, by enumeration: the figures carry no Monte-Carlo error."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from liftgate.stats.exact import ClopperPearson
from liftgate.stats.inputs import Floats
from liftgate.stats.kinds import Alternative, Mark
from liftgate.stats.verify.cell import (
    ALPHA,
    BINARY_BAND,
    EXACT_BAND,
    Bench,
    Cell,
    Experiment,
    Found,
    What,
)
from liftgate.stats.verify.kernels import Kernels
from liftgate.stats.verify.real import ALPACA, RealData, binarised
from liftgate.stats.verify.tables import chances, tables

SHIP_NULLS = (-0.2, -0.1, -0.075, -0.05, -0.03, -0.02, -0.01, 0.0)
"""Margins and no difference: what a ship must reject."""
HARM_NULLS = (0.005, 0.01, 0.02, 0.03, 0.05, 0.075, 0.1, 0.2)
"""Of the mirrored side: the margin at which harm is shown; also superiority by a declared gain."""
MOST_DISCORDANT = 0.95
_Z = 1.6448536269514722
_Z_BOTH = 1.959963984540054
_EXACT_NULLS = (-0.1, -0.02, 0.0)


def discordances(null: float, most: float = MOST_DISCORDANT, points: int = 90) -> Floats:
    """Return shares of pairs that differ, from few to ``most``, all that the null allows."""
    low = max(abs(null), 0.002)
    fine = np.geomspace(low, most, points)
    return np.unique(np.concatenate([fine, np.linspace(low, most, points)]))


def worst_size(
    n: int, rejected: Callable[[float], NDArray[np.bool_]], nulls: Sequence[float]
) -> Found:
    """Return the largest chance of rejecting a true null over nulls and discordances.

    Args:
        n: pairs.
        rejected: null -> which tables reject it, shape (tables,).
        nulls: tested differences.
    """
    worst, where = 0.0, ""
    for null in nulls:
        grid = discordances(null)
        size = chances(n, rejected(null), (grid + null) / 2, (grid - null) / 2)
        at = int(size.argmax())
        if size[at] > worst:
            worst = float(size[at])
            where = f"null {null:+.3g}, {100 * grid[at]:.3g} % discordant"
    return Found(worst, 0, note=where)


def experiments(kernels: Kernels, real: RealData) -> Iterator[Experiment]:
    """Yield the experiments with right-or-wrong scores."""
    for n in (30, 50, 100, 200, 500):
        yield _score_error(kernels, n, SHIP_NULLS, "margins and no difference")
    for n in (50, 100, 200, 500):
        yield _score_error(kernels, n, HARM_NULLS, "harm, or a gain beyond")
    for n in (30, 60):
        yield _exact_error(kernels, n)
    yield _exact_coverage(kernels, 30)
    for n in (30, 50, 100, 200, 500):
        yield _score_coverage(kernels, real, n)
    for n in (30, 50, 100, 200, 500):
        yield _proportion(n)


def _score_error(kernels: Kernels, n: int, nulls: tuple[float, ...], what: str) -> Experiment:
    def measure(_bench: Bench) -> list[Found]:
        gained, lost = tables(n)
        return [worst_size(n, lambda null: kernels.score(n, gained, lost, null) >= _Z, nulls)]

    return Experiment(
        methods=("paired score test",),
        world=f"every discordance up to {MOST_DISCORDANT:g}, nulls {nulls[0]:g} … {nulls[-1]:g}",
        n=str(n),
        mark=Mark.ASYMPTOTIC,
        cells=(Cell(name=f"paired score test, error, {what}, n = {n}", high=BINARY_BAND),),
        measure=measure,
        domain=f"discordance up to {MOST_DISCORDANT:g}",
    )


def _exact_error(kernels: Kernels, n: int) -> Experiment:
    def measure(bench: Bench) -> list[Found]:
        nulls = _EXACT_NULLS if bench.long else _EXACT_NULLS[1:2]
        return [worst_size(n, lambda null: _exactly_rejected(kernels, n, null, ALPHA), nulls)]

    return Experiment(
        methods=("exact unconditional test",),
        world="every discordance up to 0.95, nulls −0.1, −0.02 and 0",
        n=str(n),
        mark=Mark.EXACT,
        cells=(Cell(name=f"exact unconditional test, error, n = {n}", high=EXACT_BAND),),
        measure=measure,
    )


def _exactly_rejected(kernels: Kernels, n: int, null: float, alpha: float) -> NDArray[np.bool_]:
    """Return the tables that the exact test rejects; more gained pairs reject more (ADR 9)."""
    least = np.empty(n + 1, dtype=np.int64)
    for discordant in range(n + 1):
        low, high = 0, discordant + 1
        while low < high:
            middle = (low + high) // 2
            if kernels.exact(n, middle, discordant - middle, null) <= alpha:
                high = middle
            else:
                low = middle + 1
        least[discordant] = high
    gained, lost = tables(n)
    return np.asarray(gained >= least[(gained + lost).astype(np.int64)])


def _exact_coverage(kernels: Kernels, n: int) -> Experiment:
    def measure(bench: Bench) -> list[Found]:
        least = Found(1.0, 0)
        for null in (-0.1, -0.02, 0.0, 0.05) if bench.long else (-0.02,):
            grid = discordances(null)
            missed = chances(
                n,
                _exactly_rejected(kernels, n, null, ALPHA / 2),
                (grid + null) / 2,
                (grid - null) / 2,
            ) + chances(
                n,
                _exactly_rejected(kernels, n, -null, ALPHA / 2),
                (grid - null) / 2,
                (grid + null) / 2,
            )
            at = int(missed.argmax())
            if 1 - missed[at] < least.value:
                note = f"difference {null:+.3g}, {100 * grid[at]:.3g} % discordant"
                least = Found(float(1 - missed[at]), 0, note=note)
        return [least]

    return Experiment(
        methods=("exact unconditional test",),
        world="every discordance up to 0.95, differences −0.1 … +0.05",
        n=str(n),
        mark=Mark.EXACT,
        cells=(
            Cell(
                name=f"exact unconditional test, coverage, n = {n}",
                what=What.COVERAGE,
                low=0.949,
                nominal=0.95,
            ),
        ),
        measure=measure,
    )


def _score_coverage(kernels: Kernels, real: RealData, n: int) -> Experiment:
    def measure(bench: Bench) -> list[Found]:
        up, down = binarised(real.alpaca)
        most = {30: 1653, 50: 1653, 100: 1653, 200: 600, 500: 100}[n] if bench.long else 40
        some = np.random.default_rng(5).permutation(up.size)[:most]
        gained, lost = tables(n)
        covered = np.empty(some.size)
        for place, pair in enumerate(some):
            z = kernels.score(n, gained, lost, float(up[pair] - down[pair]))
            one = slice(int(pair), int(pair) + 1)
            covered[place] = chances(n, np.abs(z) < _Z_BOTH, up[one], down[one])[0]
        at = int(covered.argmin())
        differ = 100 * (up[some[at]] + down[some[at]])
        return [
            Found(float(covered.mean()), 0, note=f"{some.size} pairs"),
            Found(float(covered[at]), 0, note=f"a pair of which {differ:.3g} % differ"),
        ]

    mean = (0.945, 0.975) if n >= 100 else (None, None)
    return Experiment(
        methods=("paired score test",),
        world="real pairs: AlpacaEval, right or wrong at 0.5",
        n=str(n),
        mark=Mark.ASYMPTOTIC,
        cells=(
            Cell(
                name=f"paired score test, coverage on real pairs, mean, n = {n}",
                what=What.COVERAGE,
                low=mean[0],
                high=mean[1],
                nominal=0.95,
            ),
            Cell(
                name=f"paired score test, coverage on real pairs, worst, n = {n}",
                what=What.COVERAGE,
                low=0.935,
                nominal=0.95,
            ),
        ),
        measure=measure,
        needs=ALPACA,
    )


def _proportion(n: int) -> Experiment:
    def measure(_bench: Bench) -> list[Found]:
        truths = np.round(np.linspace(0.02, 0.98, 97), 4)
        error = np.array([_tails(n, float(p), ALPHA)[0] for p in truths])
        covered = np.array([1 - sum(_tails(n, float(p), ALPHA / 2)) for p in truths])
        worst, least = int(error.argmax()), int(covered.argmin())
        return [
            Found(float(error[worst]), 0, note=f"a share of {truths[worst]:g} tested from below"),
            Found(float(covered.mean()), 0),
            Found(float(covered[least]), 0, note=f"a share of {truths[least]:g}"),
        ]

    name = "Clopper–Pearson"
    return Experiment(
        methods=(name,),
        world="every share from 0.02 to 0.98, both sides",
        n=str(n),
        mark=Mark.EXACT,
        cells=(
            Cell(name=f"{name}, error, n = {n}", high=EXACT_BAND),
            Cell(
                name=f"{name}, coverage, mean, n = {n}",
                what=What.COVERAGE,
                low=0.945 if n >= 100 else None,
                nominal=0.95,
            ),
            Cell(
                name=f"{name}, coverage, worst, n = {n}",
                what=What.COVERAGE,
                low=0.949,
                nominal=0.95,
            ),
        ),
        measure=measure,
    )


def _tails(n: int, share: float, alpha: float) -> tuple[float, float]:
    """Return the chances of rejecting the true share from below and from above."""
    from scipy.special import gammaln

    ones = np.arange(n + 1.0)
    logs = gammaln(n + 1) - gammaln(ones + 1) - gammaln(n - ones + 1)
    chance = np.exp(logs + ones * np.log(share) + (n - ones) * np.log1p(-share))
    found = []
    for side in (Alternative.GREATER, Alternative.LESS):
        rejected = [ClopperPearson(n, int(one)).tail(share, side) <= alpha for one in ones]
        found.append(float(chance[np.array(rejected)].sum()))
    return found[0], found[1]
