"""Without a pilot: rows in which the two systems differ by as much as is assumed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from liftgate.errors import NotEnoughData
from liftgate.records import Item, Pairing, Pairs, Scale, ScoreKind

SPREADS = (0.05, 0.1, 0.2, 0.4)
"""Discordance of right-or-wrong scores; standard deviation of a graded difference over its range's
width."""
BETWEEN_METRICS = 0.5
"""Assumed correlation of the metrics' differences, before they are cut to their scales."""
WITHIN_CLUSTER = 0.2
"""Assumed correlation between the items of a cluster, before they are cut."""
_FEWEST_ITEMS = 2000
_SEED = 20261126

Floats = NDArray[np.float64]


def assumed_pairs(
    items: Sequence[Item], scales: Mapping[str, Scale], spread: float
) -> dict[str, Pairs]:
    """Return made-up scores of two systems for the planned items, several times over.

    Clusters and slices are the dataset's. Each metric's difference comes from a normal variable;
    these are correlated between metrics and between items of a cluster. A right-or-wrong score
    changes in a share ``spread`` of the items, to the better as often as to the worse.

    Args:
        items: the planned ones.
        scales: metric -> scale.
        spread: see ``SPREADS``.

    Raises:
        NotEnoughData: a metric without a range: nothing says how much its scores spread.
    """
    copies = max(1, -(-_FEWEST_ITEMS // len(items)))
    rng = np.random.default_rng(_SEED)
    cluster, codes = _clusters(items, copies)
    names = tuple(f"{item.id}/{copy}" for copy in range(copies) for item in items)
    slices = {
        name: np.array([item.slices.get(name) for item in items] * copies, dtype=np.object_)
        for name in sorted({name for item in items for name in item.slices})
    }
    shared = _normal(rng, codes)
    found = {}
    for metric, scale in scales.items():
        own = _normal(rng, codes)
        mixed = np.sqrt(BETWEEN_METRICS) * shared + np.sqrt(1 - BETWEEN_METRICS) * own
        before, after = _scores(metric, scale, spread, mixed, rng)
        found[metric] = Pairs(
            metric=metric,
            items=names,
            candidate=after,
            baseline=before,
            cluster=cluster,
            scale=scale,
            slices=slices,
            pairing=Pairing(len(names)),
        )
    return found


def _clusters(
    items: Sequence[Item], copies: int
) -> tuple[NDArray[np.int64] | None, NDArray[np.int64]]:
    """Return the cluster of each item, None where each is its own, and the same as numbers."""
    numbers: dict[tuple[str, str], int] = {}
    keys = [
        ("item", item.id) if item.cluster is None else ("cluster", item.cluster) for item in items
    ]
    once = np.array([numbers.setdefault(key, len(numbers)) for key in keys], dtype=np.int64)
    codes = np.concatenate([once + copy * len(numbers) for copy in range(copies)])
    return (None if len(numbers) == len(items) else codes), codes


def _normal(rng: np.random.Generator, codes: NDArray[np.int64]) -> Floats:
    """Return standard normal numbers, correlated within each cluster."""
    between = rng.standard_normal(int(codes.max()) + 1)[codes]
    single = rng.standard_normal(codes.size)
    mixed = np.sqrt(WITHIN_CLUSTER) * between + np.sqrt(1 - WITHIN_CLUSTER) * single
    return np.asarray(mixed, dtype=np.float64)


def _scores(
    metric: str, scale: Scale, spread: float, normal: Floats, rng: np.random.Generator
) -> tuple[Floats, Floats]:
    if scale.low is None or scale.high is None or scale.kind is ScoreKind.UNBOUNDED:
        raise NotEnoughData(
            f"{metric}: its scores have no range, so that nothing says how much they spread",
            hint="give the study a pilot: two tables of scores, baseline and candidate",
        )
    if scale.kind is ScoreKind.BINARY:
        # Ranks, so that the share is exactly the assumed one.
        rank = (np.argsort(np.argsort(normal)) + 0.5) / normal.size
        same = (rng.random(normal.size) < 0.5).astype(np.float64)
        won, lost = rank > 1 - spread / 2, rank < spread / 2
        before = np.where(won, 0.0, np.where(lost, 1.0, same))
        after = np.where(won, 1.0, np.where(lost, 0.0, same))
        width = scale.high - scale.low
        return scale.low + width * before, scale.low + width * after
    middle, half = (scale.low + scale.high) / 2, (scale.high - scale.low) / 2
    move = np.clip(spread * normal, -1.0, 1.0) * half
    return middle - move, middle + move
