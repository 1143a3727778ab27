"""How far a judge is from people: agreement, errors, bias by slice and length, what labels save."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from liftgate import stats
from liftgate.canon import plain
from liftgate.errors import NotEnoughData
from liftgate.gates.pairs import Floats
from liftgate.records import Estimate, RubricKind, RubricScale, ScoreKind
from liftgate.stats.label_plan import LabelWorth

Body = dict[str, Any]
_BINARY = (0.0, 1.0)


@dataclass(frozen=True, eq=False)
class Rated:
    """Answers that both the judge and people rated, one entry an answer."""

    judge: Floats
    """Shape (n,), in the units of the score."""
    label: Floats
    """Shape (n,), people's, combined over raters."""
    item: Sequence[str]
    """Answers to one item are not independent."""
    arm: Sequence[str]
    length: Floats
    """Characters of the answer."""
    slices: Mapping[str, Sequence[str]]
    chance: Floats | None = None
    """Shape (n,), with which the item was drawn; None: all alike."""

    def part(self, mask: Sequence[bool] | np.ndarray[Any, Any]) -> Rated:
        """Return some of the answers: ``mask`` has shape (n,)."""
        keep = np.asarray(mask, dtype=bool)

        def few(values: Sequence[str]) -> list[str]:
            return [value for value, here in zip(values, keep, strict=True) if here]

        return Rated(
            self.judge[keep],
            self.label[keep],
            few(self.item),
            few(self.arm),
            self.length[keep],
            {name: few(values) for name, values in self.slices.items()},
            None if self.chance is None else self.chance[keep],
        )


def agreement(
    rated: Rated, scale: RubricScale, kind: RubricKind, *, level: float, seed: int
) -> Body:
    """Return alpha, kappa, AC1 and raw agreement of judge and people, and base rates.

    Both are taken to the nearest value of the scale, for a probability or a mean of votes is no
    category; the lower one where two are as near.
    """
    table = np.column_stack([nearest(rated.label, scale), nearest(rated.judge, scale)])
    return report(table, scale, kind, level=level, seed=seed)


def report(table: Floats, scale: RubricScale, kind: RubricKind, *, level: float, seed: int) -> Body:
    """Return the coefficients of a table of ratings, shape (answers, raters), NaN for none."""
    counts = stats.value_counts(table, categories=sorted(set(scale.values)))
    told = stats.rater_report(
        counts if table.shape[1] > 2 else table, measurement(kind), level=level, seed=seed
    )
    return dict(plain(told))


def measurement(kind: RubricKind) -> str:
    """Return the level of measurement at which alpha weighs disagreements."""
    return kind.value if kind in (RubricKind.ORDINAL, RubricKind.INTERVAL) else "nominal"


def nearest(values: Floats, scale: RubricScale) -> Floats:
    """Return each value's nearest value of the scale; NaN stays NaN."""
    known = np.array(sorted(set(scale.values)))
    gaps = np.isnan(values)
    away = np.abs(np.where(gaps, 0.0, values)[:, None] - known)
    return np.where(gaps, np.nan, known[away.argmin(axis=1)])


def errors(rated: Rated, scale: RubricScale, *, level: float) -> Body:
    """Return sensitivity and specificity with exact intervals, or why there are none."""
    if tuple(sorted(set(scale.values))) != _BINARY:
        return {"reason": "only a yes or no has sensitivity and specificity"}
    try:
        found = stats.sensitivity_specificity(
            nearest(rated.judge, scale), nearest(rated.label, scale), level=level
        )
    except NotEnoughData as error:
        return {"reason": str(error)}
    return {"sensitivity": plain(found[0]), "specificity": plain(found[1])}


def biases(rated: Rated, span: tuple[float, float], *, level: float) -> Body:
    """Return judge − people: over all, by arm, by slice, and for short and long answers."""

    def of(mask: Any) -> Body:
        return _bias(rated.part(mask), span, level)

    everything = np.ones(rated.judge.size, dtype=bool)
    middle = float(np.median(rated.length))
    return {
        "all": of(everything),
        "by_arm": _by(rated.arm, of),
        "by_slice": {name: _by(values, of) for name, values in sorted(rated.slices.items())},
        "by_length": {
            "median_characters": middle,
            "up_to_median": of(rated.length <= middle),
            "longer": of(rated.length > middle),
        },
    }


def _by(values: Sequence[str], of: Callable[[Any], Body]) -> Body:
    return {one: of([value == one for value in values]) for one in sorted(set(values))}


def _bias(rated: Rated, span: tuple[float, float], level: float) -> Body:
    if not rated.judge.size:
        return {"n": 0, "reason": "no labelled answers"}
    mean = float(np.average(rated.judge - rated.label, weights=_weights(rated)))
    body: Body = {"n": int(rated.judge.size), "value": mean, "low": None, "high": None}
    alone = len(set(rated.item)) == len(rated.item)
    try:
        found: Estimate = stats.paired_difference(
            rated.judge,
            rated.label,
            kind=ScoreKind.GRADED,
            score_range=span,
            cluster=None if alone else list(rated.item),
            weight=_weights(rated),
            level=level,
        )
    except NotEnoughData as error:
        return {**body, "reason": str(error)}
    return {**body, "value": found.value, "low": found.low, "high": found.high}


def _weights(rated: Rated) -> Floats | None:
    if rated.chance is None or bool((rated.chance == rated.chance[0]).all()):
        return None
    weights = 1 / rated.chance
    return np.asarray(weights / weights.mean())


@dataclass(frozen=True, eq=False)
class Drawn:
    """Differences of two arms, labelled on the drawn items and judged on all."""

    label: Floats
    """Shape (n,)."""
    labelled: Sequence[str]
    judge: Floats
    """Shape (N,)."""
    item: Sequence[str]
    cluster: Sequence[str] | None
    chance: Floats
    covariate: Floats | None = None
    """Shape (N, k), what else is known of all items."""
    features: Floats | None = None
    """Shape (N, k), components of the answers' words."""
    same: Sequence[str] | None = None
    """Items to which both arms gave the same answer, where labels were drawn from the others."""


def worth(drawn: Drawn) -> LabelWorth:
    """Return how far labels of the paired difference go with the judge. Raises NotEnoughData."""
    return stats.label_worth(
        drawn.label,
        list(drawn.labelled),
        judge=drawn.judge,
        covariate=drawn.covariate,
        features=drawn.features,
        item=list(drawn.item),
        cluster=None if drawn.cluster is None else list(drawn.cluster),
        probability=drawn.chance,
        same=None if drawn.same is None else list(drawn.same),
    )


def needed(found: LabelWorth, half_width: float, *, level: float, items: int | None = None) -> Body:
    """Return how many labels give an interval of some half-width, with the judge and without."""
    body: Body = {"half_width": half_width, "level": level, "items": items or found.items}
    ways = {"with_judge": (True, False), "without": (False, False)}
    if found.differing < 1:
        ways["differing"] = (True, True)
    for name, (judges, differing) in ways.items():
        try:
            body[name] = stats.labels_needed(
                found, half_width, items=items, level=level, judges=judges, differing=differing
            )
        except NotEnoughData as error:
            body[name], body[f"{name}_reason"] = None, f"{error}. {error.hint}"
    return body
