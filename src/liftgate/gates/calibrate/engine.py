"""The whole gate, run many times: claims, candidates, looks and corrections together."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import ceil

import numpy as np
from numpy.typing import NDArray

from liftgate.gates.calibrate.kernels import Asking, Drawn, Kernel, kernels
from liftgate.gates.calibrate.looks import Bet, Followed, Tested
from liftgate.gates.calibrate.quantities import Asked, ClaimTests, OneTest, Quantity
from liftgate.gates.calibrate.rows import Floats, Rows
from liftgate.gates.calibrate.world import World
from liftgate.records import Design, Scale

Integers = NDArray[np.int64]
Flags = NDArray[np.bool_]

SHIP, HOLD, OPEN = 0, 1, 2
_CELLS = 1_000_000
"""Drawn clusters at a time: what a chunk of runs may hold in memory."""

Tick = Callable[[int], None]
"""Told how many runs have just been finished."""


@dataclass(frozen=True, eq=False)
class Plan:
    """How the gate is used: what is fixed before its results.

    Args:
        asked: the claims' tests.
        scales: metric -> scale.
        alpha: largest chance of a false ship, one-sided, for the whole study.
        alpha_hold: largest chance of a false hold of one candidate.
        candidates: how many share alpha.
        units: planned clusters; items where each is its own.
        looks: shares of the units at which the gate looks, rising, the last one 1; with unlimited
            looks, how finely stopping is resolved.
        design: once, at planned looks with alpha spending, or unlimited looks by betting.
        guarantee: whether only methods with a proven level may answer.
    """

    asked: Asked
    scales: Mapping[str, Scale]
    alpha: float
    alpha_hold: float
    candidates: int
    units: int
    looks: tuple[float, ...] = (1.0,)
    design: Design = Design.FIXED
    guarantee: bool = False

    @property
    def prefixes(self) -> tuple[int, ...]:
        """Units at each look."""
        return tuple(max(1, ceil(share * self.units - 1e-9)) for share in self.looks)


@dataclass(frozen=True, eq=False)
class Outcomes:
    """What became of every run."""

    words: Integers
    """Shape (runs, candidates): SHIP, HOLD or OPEN."""
    passed: Integers
    """Shape (claims,): runs in which the first candidate's claim was rejected by the last look."""
    shares: Floats
    """Shape (runs,): share of the planned items that were asked until the gate stopped."""


class Engine:
    """The gate's composition over arrays of runs.

    Args:
        plan: how the gate is used.
        rows: the world's rows, which all its worlds share.
    """

    def __init__(self, plan: Plan, rows: Rows) -> None:
        self.plan = plan
        self._kernels: dict[Quantity, Kernel] = kernels(
            rows, plan.asked.tested(), plan.scales, Asking(plan.design, plan.guarantee)
        )

    def outcomes(
        self,
        worlds: Sequence[World],
        runs: int,
        rng: np.random.Generator,
        tick: Tick | None = None,
    ) -> Outcomes:
        """Run the gate.

        Args:
            worlds: one for each candidate; their clusters are drawn independently.
            runs: how often.
            rng: the source of the draws.
            tick: told of finished runs.
        """
        words, shares = [], []
        passed = np.zeros(len(self.plan.asked.tests), dtype=np.int64)
        for size in self._chunks(runs):
            draws = [w.draw(size, self.plan.units, rng) for w in worlds]
            found = [self.judged(w, rows) for w, rows in zip(worlds, draws, strict=True)]
            rejected = np.stack([p for p, _ in found], axis=1)
            harms = np.stack([h for _, h in found], axis=1)
            asked = np.cumsum(worlds[0].rows.sizes[draws[0]], axis=1)
            ends = asked[:, [prefix - 1 for prefix in self.plan.prefixes]] / asked[:, -1:]
            word, at = self.stopped(rejected, harms)
            words.append(word)
            passed += (rejected[:, 0, :, -1] <= self.plan.alpha).sum(axis=0)
            shares.append(np.take_along_axis(ends, at[:, None], axis=1)[:, 0])
            if tick is not None:
                tick(size)
        return Outcomes(np.concatenate(words), passed, np.concatenate(shares))

    def rejections(
        self,
        world: World,
        test: OneTest,
        runs: int,
        rng: np.random.Generator,
        tick: Tick | None = None,
    ) -> Floats:
        """Return the p-value of one test at the end of each run, shape (runs,)."""
        found = []
        for size in self._chunks(runs):
            rows = world.draw(size, self.plan.units, rng)
            found.append(self.tested(world, rows, test))
            if tick is not None:
                tick(size)
        return np.concatenate(found)

    def tested(self, world: World, rows: NDArray[np.intp], test: OneTest) -> Floats:
        """Return the p-value of one test at the end of each run of drawn rows, shape (runs,)."""
        return self._followed(world, rows, test.quantity).p_values(test)[:, -1]

    def judged(self, world: World, rows: NDArray[np.intp]) -> tuple[Floats, Floats]:
        """Return p-values of the claims and of their harms in drawn rows.

        Args:
            world: whose rows were drawn.
            rows: shape (runs, units).

        Returns:
            Two arrays of shape (runs, claims, looks); harms are corrected inside a claim only.
        """
        cache: dict[Quantity, Followed] = {}

        def drawn_of(quantity: Quantity) -> Followed:
            if quantity not in cache:
                cache[quantity] = self._followed(world, rows, quantity)
            return cache[quantity]

        claims = self.plan.asked.tests
        rejects = [self._claim(t, drawn_of) for t in claims]
        harms = [self._harm(t, drawn_of) for t in claims]
        return np.stack(rejects, axis=1), np.stack(harms, axis=1)

    def words(self, rejects: Floats, harms: Floats) -> Integers:
        """Return the words at one look.

        Args:
            rejects: shape (runs, candidates, claims): p-values of what a ship must reject.
            harms: the same shape: p-values of "no harm".

        Returns:
            Shape (runs, candidates).
        """
        plan = self.plan
        worst = rejects.max(axis=2)
        passed = (worst <= plan.alpha) & (holm(worst) <= plan.alpha)
        # Claims that are not simulated keep their place in the family, with a p-value of 1.
        lacking = plan.asked.family - harms.shape[2]
        family = np.pad(harms, ((0, 0), (0, 0), (0, lacking)), constant_values=1.0)
        held = (holm(family) <= plan.alpha_hold).any(axis=2)
        return np.where(held, HOLD, np.where(passed, SHIP, OPEN))

    def stopped(self, rejects: Floats, harms: Floats) -> tuple[Integers, Integers]:
        """Return the words at the look at which all candidates are decided, and that look.

        Args:
            rejects: shape (runs, candidates, claims, looks): p-values of what a ship must reject.
            harms: the same shape: p-values of "no harm".
        """
        runs, last = rejects.shape[0], rejects.shape[3] - 1
        words = np.full(rejects.shape[:2], OPEN)
        at = np.full(runs, last)
        running = np.ones(runs, dtype=np.bool_)
        for look in range(last + 1):
            now = self.words(rejects[..., look], harms[..., look])
            words = np.where(running[:, None], now, words)
            at = np.where(running, look, at)
            running &= (now == OPEN).any(axis=1)
        return words, at

    def _claim(self, tests: ClaimTests, drawn_of: Callable[[Quantity], Followed]) -> Floats:
        found = [drawn_of(t.quantity).p_values(t) for t in tests.rejects]
        return np.asarray(np.max(np.stack(found), axis=0))

    def _harm(self, tests: ClaimTests, drawn_of: Callable[[Quantity], Followed]) -> Floats:
        found = [drawn_of(t.quantity).p_values(t) for t in tests.harms]
        return np.asarray(np.minimum(len(found) * np.min(np.stack(found), axis=0), 1.0))

    def _followed(self, world: World, rows: NDArray[np.intp], quantity: Quantity) -> Followed:
        column = world.rows.columns[quantity]
        drawn = Drawn(column, rows)
        kernel, looks = self._kernels[quantity], self.plan.prefixes
        if self.plan.design is not Design.ANYTIME:
            return Tested(kernel, drawn, looks)
        return Bet(kernel.ends, drawn, looks, float(column.sizes.max()))

    def _chunks(self, runs: int) -> Iterator[int]:
        most = max(1, _CELLS // self.plan.units)
        for start in range(0, runs, most):
            yield min(most, runs - start)


def holm(p_values: Floats) -> Floats:
    """Return Holm's adjusted p-values along the last axis, as ``stats.holm`` does for one row."""
    count = p_values.shape[-1]
    order = np.argsort(p_values, axis=-1, kind="stable")
    sorted_p = np.take_along_axis(p_values, order, axis=-1)
    scaled = np.minimum(sorted_p * np.arange(count, 0, -1), 1.0)
    raised = np.maximum.accumulate(scaled, axis=-1)
    result = np.empty_like(raised)
    np.put_along_axis(result, order, raised, axis=-1)
    return result
