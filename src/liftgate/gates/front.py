"""Quality, latency, cost and memory of a study's arms, and which of them lie on the Pareto front.

Nothing here decides. Every item counts that all arms answered and of which everything is known; the
others are left out and counted. Latency is the mean over items of an answer's seconds under the
load of the run, in ms; cost the mean cost of an item; memory an exact measure whose name ends in a
unit of size.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from liftgate import stats
from liftgate.canon import plain
from liftgate.errors import NotEnoughData
from liftgate.gates.evidence import DESCRIPTIVE_LEVEL
from liftgate.gates.pairs import Floats
from liftgate.records import Arm, Observation, Pairs, ScoreKind, Trial

SIZES = ("_kb", "_mb", "_gb", "_kib", "_mib", "_gib", "_bytes")
LATENCY, COST = "latency_mean_ms", "cost_per_item"


@dataclass(frozen=True)
class Question:
    """What the front is made of."""

    metric: str
    """The quality."""
    pairs: Mapping[str, Pairs]
    """Candidate's name -> pairs of the metric with the baseline, all of the same items."""
    arms: Sequence[Arm]
    """The baseline first."""
    observations: Sequence[Observation]
    """Counted trials, priced as far as prices are known."""
    measures: Mapping[str, Mapping[str, float]]
    """Arm's name -> exact measure -> value."""
    alpha: float
    repeats: int = 1


def front(asked: Question) -> dict[str, Any]:
    """Return the front as JSON values: objectives, places, what was left out, and why.

    Raises:
        NotEnoughData: the items carry weights, or too few are known of every arm.
    """
    some = next(iter(asked.pairs.values()))
    if some.weight is not None:
        raise NotEnoughData("the items carry weights, for which there is no method of a front here")
    quality = _quality(asked)
    latency = np.array([_of_items(a, asked, some.items, _milliseconds) for a in asked.arms])
    cost = np.array([_of_items(a, asked, some.items, _cost) for a in asked.arms])
    left_out = []
    sampled = {asked.metric: quality, LATENCY: latency}
    if np.isnan(cost).all(axis=1).any():
        left_out.append((COST, "the cost of no answer is known for some arm"))
    else:
        sampled[COST] = cost
    known = ~np.any([np.isnan(rows).any(axis=0) for rows in sampled.values()], axis=0)
    if not known.any():
        raise NotEnoughData("there is no item of which quality, latency and cost are all known")
    scale = some.scale
    span = None if scale.low is None or scale.high is None else (scale.low, scale.high)
    graded = scale.kind is ScoreKind.GRADED or (scale.kind is ScoreKind.BINARY and span != (0, 1))
    kind = ScoreKind.UNBOUNDED if span is None else ScoreKind.GRADED if graded else scale.kind
    objectives = [
        stats.Objective(
            name=asked.metric,
            values=quality[:, known],
            higher_is_better=scale.higher_is_better,
            kind=kind,
            score_range=span if kind is ScoreKind.GRADED else None,
        ),
        *(
            stats.Objective(name=name, values=rows[:, known], higher_is_better=False)
            for name, rows in sampled.items()
            if name != asked.metric
        ),
        *_sizes(asked, left_out),
    ]
    cluster = None if some.cluster is None else some.cluster[known]
    found = stats.pareto_front(
        [arm.name for arm in asked.arms], objectives, cluster=cluster, alpha=asked.alpha
    )
    body: dict[str, Any] = plain(found)
    return {
        **body,
        "metric": asked.metric,
        "items": len(some.items),
        "dropped": int((~known).sum()),
        "left_out": [{"name": name, "reason": why} for name, why in left_out],
        "means": {
            arm.name: {
                one.name: _mean(np.asarray(one.values)[at], one, cluster) for one in objectives
            }
            for at, arm in enumerate(asked.arms)
        },
        "load": _load(asked),
    }


def _quality(asked: Question) -> Floats:
    first = next(iter(asked.pairs.values()))
    rows = [first.baseline, *(asked.pairs[arm.name].candidate for arm in asked.arms[1:])]
    return np.array(rows, dtype=np.float64)


def _of_items(
    arm: Arm, asked: Question, items: Sequence[str], value: Callable[[Trial], float | None]
) -> Floats:
    """Return the mean over repeats for each item; NaN where one repeat is not known."""
    found: dict[str, list[float]] = defaultdict(list)
    for row in asked.observations:
        if row.arm == arm.fingerprint:
            one = value(row.trial)
            found[row.item].append(np.nan if one is None else one)
    means = [np.mean(found[i]) if len(found[i]) == asked.repeats else np.nan for i in items]
    return np.array(means, dtype=np.float64)


def _milliseconds(trial: Trial) -> float:
    return trial.seconds * 1000


def _cost(trial: Trial) -> float | None:
    return trial.cost


def _sizes(asked: Question, left_out: list[tuple[str, str]]) -> list[stats.Objective]:
    names = dict.fromkeys(name for found in asked.measures.values() for name in found)
    made = []
    for name in names:
        if not name.lower().endswith(SIZES):
            left_out.append((name, "an exact measure that is no size; which way is better is open"))
            continue
        told = [asked.measures.get(arm.name, {}).get(name) for arm in asked.arms]
        values = [value for value in told if value is not None]
        if len(values) < len(told):
            left_out.append((name, "not measured for every arm"))
            continue
        made.append(stats.Objective(name=name, values=values, higher_is_better=False))
    if not made:
        left_out.append(("memory", "not measured: no arm's measure() tells a size"))
    return made


def _mean(values: Floats, one: stats.Objective, cluster: Any) -> dict[str, Any]:
    """Return an arm's mean with its 95 % interval, or its exact value."""
    if values.ndim == 0:
        return {"value": float(values), "estimate": None, "reason": ""}
    try:
        found = stats.mean(
            values,
            kind=one.kind,
            score_range=one.score_range,
            cluster=cluster,
            level=DESCRIPTIVE_LEVEL,
        )
    except NotEnoughData as error:
        return {"value": float(values.mean()), "estimate": None, "reason": str(error)}
    return {"value": found.value, "estimate": {**plain(found), "p_value": None}, "reason": ""}


def _load(asked: Question) -> dict[str, dict[str, float]]:
    """Return how many calls were in flight when an arm's calls began."""
    flights = {
        arm.name: [r.trial.in_flight for r in asked.observations if r.arm == arm.fingerprint]
        for arm in asked.arms
    }
    return {
        name: {"median": float(np.median(found)), "most": max(found)}
        for name, found in flights.items()
        if found
    }
