"""How far people's labels of one study go with its judge beside them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from liftgate.canon import plain
from liftgate.errors import DataError, NotEnoughData
from liftgate.flow.signals import Signals
from liftgate.gates import judge_errors
from liftgate.gates.judge_errors import Drawn
from liftgate.records import Item, Observation

WITHOUT_WORDS = "multiplier_without_words"


@dataclass(frozen=True)
class Wanted:
    """What the next study's interval shall be."""

    half_width: float
    level: float


@dataclass(frozen=True)
class Known:
    """Rows with the judge's scores, labels by trial, chances by item."""

    rows: Sequence[Observation]
    labels: Mapping[str, float]
    chances: Mapping[str, float]
    signals: Signals
    same: Mapping[str, frozenset[str]]
    """Candidate's fingerprint -> items on which its answers are the baseline's."""
    differing: bool = False
    """Whether labels were drawn only from the others."""
    ratings: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    """Trial -> person -> rating, where a label is the mean of these."""
    compared: bool = False
    """Whether they are about the candidate's preference, which says both arms' scores."""

    def differences(self, metric: str, pair: tuple[str, str]) -> tuple[dict[str, float], ...]:
        """Return item -> difference of two arms: of the labels, and of the judge's scores."""
        labels: dict[str, dict[str, list[float]]] = {}
        judged: dict[str, dict[str, list[float]]] = {}
        for row in self.rows:
            label, score = self.labels.get(row.trial.key), row.scores.get(metric)
            if label is not None:
                labels.setdefault(row.item, {}).setdefault(row.arm, []).append(label)
            if score is not None and score.value is not None:
                judged.setdefault(row.item, {}).setdefault(row.arm, []).append(score.value)
        if self.compared:
            return tuple(_net(found, pair[0]) for found in (labels, judged))
        return tuple(_differences(found, pair) for found in (labels, judged))


def worth_of(
    metric: str, items: Sequence[Item], pair: tuple[str, str], known: Known, request: Wanted
) -> dict[str, Any]:
    """Return how far labels of a difference go with the judge, or why that is not known.

    Args:
        metric: the judge's.
        items: locked ones.
        pair: fingerprints of candidate and baseline.
        known: rows, labels and chances.
        request: of the next study's interval.
    """
    if not known.chances:
        return {"reason": "the labels were not drawn: liftgate label draw"}
    ours, theirs = known.differences(metric, pair)
    middle = float(np.mean(list(theirs.values()))) if theirs else 0.0
    same = known.same.get(pair[0], frozenset())
    differing = 1 - len(same) / len(items)
    passed, reach = (same, differing) if known.differing else (frozenset(), 1.0)
    labelled = [
        item.id
        for item in items
        if item.id in ours and item.id in known.chances and item.id not in passed
    ]
    covariate, features = _covariates(known.signals, items, pair)
    drawn = Drawn(
        label=np.array([ours[item] for item in labelled], dtype=float),
        labelled=labelled,
        judge=np.array([theirs.get(item.id, middle) for item in items], dtype=float),
        item=[item.id for item in items],
        cluster=_clusters(items),
        chance=np.array([known.chances[item] for item in labelled], dtype=float),
        covariate=covariate,
        features=features,
        same=[item.id for item in items if item.id in same] if known.differing else None,
    )
    try:
        found = replace(
            judge_errors.worth(drawn),
            differing=differing,
            **_disagreement(known, pair, passed, reach),
        )
    except (NotEnoughData, DataError) as error:
        return {"reason": str(error)}
    needed = judge_errors.needed(found, request.half_width, level=request.level)
    return {**plain(found), **_without_words(drawn), "needed": needed}


def _without_words(drawn: Drawn) -> dict[str, float]:
    """Return the multiplier of the judge without the words of the answers, where there are some."""
    if drawn.features is None:
        return {}
    return {WITHOUT_WORDS: judge_errors.worth(replace(drawn, features=None)).multiplier}


def _disagreement(
    known: Known, pair: tuple[str, str], passed: frozenset[str], reach: float
) -> dict[str, Any]:
    """Return σ² of one person's difference of two arms, and how many people a label has.

    A person's leniency towards both answers leaves the difference as it is, so that differences
    are taken first.

    Args:
        known: with the ratings.
        pair: fingerprints of candidate and baseline.
        passed: items whose labels do not count, since the answers are the same.
        reach: share of the others; over all items σ² is so much of theirs.
    """
    ours, theirs = (
        {
            (row.item, row.repeat): row.trial.key
            for row in known.rows
            if row.arm == arm and row.item not in passed
        }
        for arm in pair
    )
    found: list[list[float]] = []
    for place, key in ours.items():
        mine = known.ratings.get(key, {})
        other = known.ratings.get(theirs.get(place, ""), {})
        found.append([mine[rater] - other[rater] for rater in sorted(mine.keys() & other.keys())])
    freedom = sum(len(some) - 1 for some in found if some)
    if not freedom:
        return {}
    within = sum(float(np.var(some)) * len(some) for some in found if some) / freedom
    repeats = 1 + max(repeat for _, repeat in ours)
    people = 1 / float(np.mean([1 / len(some) for some in found if some]))
    return {"disagreement": reach * within / repeats, "raters": people}


def _clusters(items: Sequence[Item]) -> list[str] | None:
    if all(item.cluster is None for item in items):
        return None
    return [f"item {i.id}" if i.cluster is None else f"cluster {i.cluster}" for i in items]


def _differences(
    found: Mapping[str, Mapping[str, Sequence[float]]], pair: tuple[str, str]
) -> dict[str, float]:
    ours, theirs = pair
    return {
        item: float(np.mean(some[ours]) - np.mean(some[theirs]))
        for item, some in found.items()
        if ours in some and theirs in some
    }


def _net(found: Mapping[str, Mapping[str, Sequence[float]]], candidate: str) -> dict[str, float]:
    """Return the preference less that for the other arm: 2p − 1."""
    return {
        item: float(2 * np.mean(some[candidate]) - 1)
        for item, some in found.items()
        if candidate in some
    }


def _covariates(
    signals: Signals, items: Sequence[Item], pair: tuple[str, str]
) -> tuple[NDArray[np.float64] | None, NDArray[np.float64] | None]:
    """Return differences of what else is known, strong and weak; gaps are taken for the mean."""
    width = max(map(len, signals.values.values()), default=0)
    nothing = (np.nan,) * width
    ours, theirs = (
        np.array([signals.values.get((arm, item.id), nothing) for item in items], dtype=float)
        for arm in pair
    )
    if not width:
        return None, None
    table = ours - theirs
    known = ~np.isnan(table)
    means = np.where(known, table, 0).sum(axis=0) / np.maximum(known.sum(axis=0), 1)
    strong, weak = np.split(np.where(known, table, means), [width - signals.weak], axis=1)
    return strong, weak if signals.weak else None
