"""Constructed evidence: what a candidate and the baseline would score on the planned items.

Nothing here is drawn from data. Each metric is put at a chosen shift from the baseline, so that the
truth of every claim is known, and a gate that is asked about it can be right or wrong.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from liftgate.gates.calibrate.rows import Floats
from liftgate.records import Claim, Failure, Scale, ScoreKind

Flags = NDArray[np.bool_]

STEPS = (0.01, 0.02, 0.03, 0.05, 0.08, 0.12, 0.18, 0.25, 0.35, 0.5)
"""Shifts that are tried, as shares of a score's range."""
NOISE = 0.03
"""How much the arms differ without any shift: items that change, or parts of a range."""
_SEED = 20261126


@dataclass(frozen=True, eq=False)
class Scored:
    """One metric on the planned items, in the locked order; each array has shape (items,)."""

    name: str
    baseline: Floats
    candidate: Floats
    """As the scorer gave it, before failures and gaps."""
    failed: Flags | None = None
    failure: Failure | None = None
    missing: Flags | None = None


@dataclass(frozen=True, eq=False)
class Measured:
    """One measure, or the quantity of each pass, of both arms."""

    name: str
    baseline: tuple[float, ...]
    candidate: tuple[float, ...]
    by_pass: bool


Column = Scored | Measured
Sheet = Mapping[str, Column]
"""Metric or measure -> one candidate's column."""


@dataclass(frozen=True, eq=False)
class Scene:
    """What all candidates show, and how people would call it."""

    name: str
    sheets: tuple[Sheet, ...]


@dataclass(frozen=True, eq=False)
class Stage:
    """The planned items on which scenes are set.

    Args:
        clusters: shape (items,): cluster numbers, in the locked order.
        slices: slice's name -> shape (items,).
        scales: metric -> scale.
        levels: metric -> where the baseline stands, as a share of the range from the worst.
    """

    clusters: NDArray[np.int64]
    slices: Mapping[str, NDArray[np.str_]]
    scales: Mapping[str, Scale]
    levels: Mapping[str, float]

    @property
    def items(self) -> int:
        """How many items there are."""
        return self.clusters.size

    def lots(self, name: str) -> Floats:
        """Return one lot in (0, 1) for each item: an evenly spread random order."""
        rng = np.random.default_rng([_SEED, *name.encode()])
        return (rng.permutation(self.items) + 0.5) / self.items

    def scored(self, metric: str, shift: float | Floats, noise: float = NOISE) -> Scored:
        """Return a metric at a shift.

        Args:
            metric: its name.
            shift: of all items, or shape (items,); larger is better; a share of the range, or a
                number of units without one.
            noise: how much the arms differ beside that.
        """
        scale = self.scales[metric]
        before, after = self._shares(metric, scale, np.full(self.items, shift), noise)
        return Scored(metric, _in_units(before, scale), _in_units(after, scale))

    def together(self, metric: str, share: float) -> Scored:
        """Return a metric in which whole clusters win or lose, a share of them winning."""
        scale = self.scales[metric]
        count = int(self.clusters.max()) + 1
        lots = np.random.default_rng([_SEED, 1]).permutation(count) + 0.5
        won = (lots < share * count)[self.clusters]
        if scale.kind is ScoreKind.BINARY:
            before = (~won).astype(np.float64)
            return Scored(metric, _in_units(before, scale), _in_units(1 - before, scale))
        middle = self.levels[metric]
        width = 0.2 if bounded(scale) else max(abs(middle), 1.0) * 0.2
        before = middle + NOISE * (self.lots(metric) - 0.5)
        after = before + np.where(won, width, -width)
        if bounded(scale):
            before, after = np.clip(before, 0, 1), np.clip(after, 0, 1)
        return Scored(metric, _in_units(before, scale), _in_units(after, scale))

    def _shares(
        self, metric: str, scale: Scale, shifts: Floats, noise: float
    ) -> tuple[Floats, Floats]:
        """Return baseline and candidate as shares of the range from the worst."""
        level = self.levels[metric]
        lots, again = self.lots(metric), self.lots(metric + " again") - 0.5
        if scale.kind is ScoreKind.BINARY:
            best = lots < level
            # A few change in any case, as often to the better as to the worse.
            place = np.where(best, (lots / max(level, 1e-9)), (1 - lots) / max(1 - level, 1e-9))
            still = np.abs(shifts) < 1
            moved = np.where(best, -shifts / max(level, 1e-9), shifts / max(1 - level, 1e-9))
            changed = place < moved + np.where(still, noise, 0.0)
            return best.astype(np.float64), (best ^ changed).astype(np.float64)
        if not bounded(scale):
            unit = max(abs(level), 1.0)
            before = level + 0.1 * unit * (lots - 0.5)
            return before, before + shifts + 2 * noise * unit * again
        before = np.clip(level + 0.2 * (lots - 0.5), 0.0, 1.0)
        return before, np.clip(before + shifts + noise * again, 0.0, 1.0)


def width_of(scale: Scale) -> float:
    """Return the width of a scale's range; 1 where it has none: shifts are units then."""
    if not bounded(scale) or scale.low is None or scale.high is None:
        return 1.0
    return scale.high - scale.low


def bounded(scale: Scale) -> bool:
    """Whether a scale has both ends."""
    ends = scale.low is not None and scale.high is not None
    return ends and scale.kind is not ScoreKind.UNBOUNDED


def _in_units(shares: Floats, scale: Scale) -> Floats:
    if not bounded(scale):
        return shares if scale.higher_is_better else -shares
    assert scale.low is not None
    assert scale.high is not None
    width = scale.high - scale.low
    found = scale.low + width * shares if scale.higher_is_better else scale.high - width * shares
    return np.clip(found, scale.low, scale.high)


def numbers(claim: Claim) -> Iterator[float]:
    """Yield the numbers among a claim's parameters: margins, limits, gains; shares as such."""
    for value in claim.params.values():
        if isinstance(value, bool):
            continue
        if isinstance(value, (int, float)) and value:
            yield float(value)
        elif isinstance(value, str) and value.strip().endswith("%"):
            yield float(value.strip().removesuffix("%")) / 100


def shifts(scale: Scale, level: float, claims: Iterable[Claim]) -> tuple[float, ...]:
    """Return the shifts at which a metric is tried: evenly spread, and around what is claimed."""
    width = width_of(scale)
    if bounded(scale):
        found = [0.0, -1.0, 1.0, *STEPS, *(-step for step in STEPS)]
    else:
        found = [0.0, *(s * max(abs(level), 1.0) * k for s in STEPS for k in (-1.0, 1.0))]
    for claim in claims:
        for number in numbers(claim):
            share = abs(number) / width
            found += [sign * k * share for k in (0.5, 1.5, 2.0, 3.0) for sign in (-1.0, 1.0)]
            if bounded(scale):
                # Halfway between the margin and the loss of everything.
                found.append(-(share + level) / 2)
                found += _around(scale, level, number, width)
    return tuple(sorted(set(found)))


def _around(scale: Scale, level: float, limit: float, width: float) -> list[float]:
    """Return shifts that put the candidate's own mean on both sides of a limit."""
    assert scale.low is not None
    assert scale.high is not None
    at = (limit - scale.low) / width if scale.higher_is_better else (scale.high - limit) / width
    if not 0 <= at <= 1:
        return []
    return [target - level for target in (at / 2, (1 + at) / 2, at * 0.8, at + 0.2 * (1 - at))]


def values(claim: Claim) -> tuple[float, ...]:
    """Return the values at which a measure is tried, around what is claimed."""
    found = [0.0, 1.0, 1e9]
    for number in numbers(claim):
        step = max(abs(number), 1.0) / 2
        found += [number / 2, number - step, number + step, number * 1.5]
    return tuple(sorted(set(found)))
