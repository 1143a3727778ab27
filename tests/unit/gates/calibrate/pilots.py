"""Made-up pilots for the tests of the simulation."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from liftgate.records import Claim, Pairing, Pairs, Part, Population, Scale, ScoreKind

NEW = Population.NEW_ITEMS
Floats = NDArray[np.float64]

SCALES = {
    "right": Scale(ScoreKind.BINARY, 0.0, 1.0),
    "wrong": Scale(ScoreKind.BINARY, 0.0, 1.0, higher_is_better=False),
    "quality": Scale(ScoreKind.GRADED, 1.0, 5.0),
    "cost": Scale(ScoreKind.UNBOUNDED, None, None, higher_is_better=False),
}


def claim(
    name: str, part: Part, metric: str, rule: str, by_slice: str | None = None, **params: object
) -> Claim:
    return Claim(name, part, metric, rule, params, NEW, by_slice=by_slice)  # type: ignore[arg-type]


def pilot(items: int, *, clustered: bool, seed: int = 1) -> dict[str, Pairs]:
    """Return correlated metrics of two systems; clusters of one to five items."""
    rng = np.random.default_rng(seed)
    cluster = np.sort(rng.integers(0, items // 3, items)) if clustered else None
    shared = rng.normal(size=items)
    if cluster is not None:
        shared = 0.6 * rng.normal(size=items // 3)[cluster] + 0.8 * shared

    def moved() -> Floats:
        return np.asarray(0.7 * shared + 0.7 * rng.normal(size=items))

    def binary() -> tuple[Floats, Floats]:
        change, same = moved(), (rng.random(items) < 0.6).astype(float)
        won, lost = change > 1.0, change < -1.1
        return (
            np.where(won, 1.0, np.where(lost, 0.0, same)),
            np.where(won, 0.0, np.where(lost, 1.0, same)),
        )

    base = rng.integers(1, 6, items).astype(float)
    scores = {
        "right": binary(),
        "wrong": binary(),
        "quality": (np.clip(base + np.round(moved()), 1, 5), base),
        "cost": (np.exp(0.3 * moved() + 1), np.exp(rng.normal(1, 0.3, items))),
    }
    half = np.array(["a" if n % 3 else "b" for n in range(items)], dtype=np.object_)
    return {
        metric: Pairs(
            metric=metric,
            items=tuple(f"q{n}" for n in range(items)),
            candidate=after,
            baseline=before,
            cluster=cluster,
            scale=SCALES[metric],
            slices={"half": half},
            pairing=Pairing(items),
        )
        for metric, (after, before) in scores.items()
    }


def again(pairs: dict[str, Pairs], rows: NDArray[np.intp], *, clustered: bool) -> dict[str, Pairs]:
    """Return the pairs that a draw of rows stands for, item by item."""
    some = next(iter(pairs.values()))
    codes = np.arange(len(some.items)) if some.cluster is None or not clustered else None
    if codes is None:
        codes = np.unique(some.cluster, return_inverse=True)[1]
    count = int(codes.max()) + 1
    places = [np.flatnonzero(codes == row % count) for row in rows]
    at = np.concatenate(places)
    swapped = np.repeat(rows >= count, [len(p) for p in places])
    cluster = np.repeat(np.arange(len(rows)), [len(p) for p in places])
    return {
        metric: Pairs(
            metric=metric,
            items=tuple(map(str, range(len(at)))),
            candidate=np.where(swapped, one.baseline[at], one.candidate[at]),
            baseline=np.where(swapped, one.candidate[at], one.baseline[at]),
            cluster=cluster if clustered else None,
            scale=one.scale,
            slices={name: labels[at] for name, labels in one.slices.items()},
            pairing=Pairing(len(at)),
        )
        for metric, one in pairs.items()
    }
