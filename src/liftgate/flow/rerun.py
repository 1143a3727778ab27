"""A run's scores and those of its reruns as arrays, and the tolerance that the lock declares."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from statistics import fmean
from typing import Any

import numpy as np

from liftgate.flow.recorded_scores import scored_as
from liftgate.flow.shadow import key, parts
from liftgate.gates.pairs import clusters_of
from liftgate.gates.sameness import Floats, Reruns
from liftgate.records import Claim, Item, Part, Role, Scale, ScoreKind
from liftgate.study.design import Study

Rows = Mapping[str, Mapping[str, Any]]
"""Key of arm, item and repeat -> what came of the trial."""


def tolerances(study: Study) -> tuple[dict[str, float], list[str]]:
    """Return metric -> declared tolerance, and why some metric of a deciding claim has none.

    ``reproduction.tolerance`` declares it; else the smallest absolute margin of a non-inferiority
    or equivalence claim on the metric, which declares a loss of that size to be no loss.
    """
    declared = {} if study.reproduction is None else dict(study.reproduction.tolerance)
    wanted = _deciding(study)
    found: dict[str, float] = {}
    lacking = []
    for metric, claims in wanted.items():
        margins = [m for claim in claims if (m := _margin(claim)) is not None]
        size = declared.get(metric, min(margins, default=None))
        if study.scorers[metric].tries is not None:
            lacking.append(f"{metric}: it is read over several tries of an item")
        elif size is None:
            lacking.append(f"{metric}: the lock declares no tolerance (reproduction.tolerance)")
        else:
            found[metric] = size
    return found, lacking


def reruns(
    study: Study,
    items: Sequence[Item],
    scales: Mapping[str, Mapping[str, Any]],
    sizes: Mapping[str, float],
    rows: tuple[Rows, Rows, Rows],
) -> Iterator[Reruns]:
    """Yield each arm's scores on each metric, and each candidate's differences to the baseline.

    Args:
        study: as it was locked.
        items: of the dataset; only those enter that the original asked an arm.
        scales: metric -> scale, as the lock holds them.
        sizes: metric -> tolerance.
        rows: of the original, of the rerun, and of a second rerun.
    """
    made = {parts(one)[:2] for one in rows[0]}
    for metric, size in sizes.items():
        scale = Scale(**{**scales[metric], "kind": ScoreKind(scales[metric]["kind"])})

        def scores(
            arm: str, chosen: Sequence[Item], metric: str = metric, scale: Scale = scale
        ) -> list[Floats]:
            return [_scores(study, scale, arm, metric, chosen, one) for one in rows]

        judged = []
        for arm in study.arms:
            chosen = [item for item in items if (arm, item.id) in made]
            old, new, again = scores(arm, chosen)
            # Only one side of a pair carries a judge's preference.
            if not np.isnan(old).all():
                judged.append(arm)
                yield Reruns(arm, metric, scale, old, new, again, size, clusters_of(chosen))
        for arm in judged:
            baseline = study.baseline
            if baseline not in judged or study.arms[arm].role is not Role.CANDIDATE:
                continue
            both = [i for i in items if {(arm, i.id), (baseline, i.id)} <= made]
            sides = zip(scores(arm, both), scores(baseline, both), strict=True)
            old, new, again = (ours - theirs for ours, theirs in sides)
            name = f"{arm} - {baseline}"
            apart = _difference(scale)
            yield Reruns(name, metric, apart, old, new, again, size, clusters_of(both))


def _deciding(study: Study) -> dict[str, list[Claim]]:
    found: dict[str, list[Claim]] = defaultdict(list)
    for claim in study.claims():
        if claim.part in (Part.PRIMARY, Part.GUARDRAIL) and claim.metric in study.scorers:
            found[claim.metric].append(claim)
    return dict(found)


def _margin(claim: Claim) -> float | None:
    margin = claim.params.get("margin")
    absolute = isinstance(margin, (int, float)) and not isinstance(margin, bool)
    return float(margin) if absolute and margin > 0 else None  # type: ignore[arg-type,operator]


def _scores(
    study: Study, scale: Scale, arm: str, metric: str, items: Iterable[Item], rows: Rows
) -> Floats:
    """One score an item, repeats averaged; NaN where one of them is missing."""
    value_of = scored_as(study, scale)

    def value(row: Mapping[str, Any] | None) -> float:
        if row is None:
            return float("nan")
        return value_of(row["failure"], *row["scores"].get(metric, (None, None)))

    found = []
    for item in items:
        values = [value(rows.get(key(arm, item.id, repeat))) for repeat in range(study.repeats)]
        found.append(fmean(values) if not any(np.isnan(values)) else float("nan"))
    return np.array(found, dtype=float)


def _difference(scale: Scale) -> Scale:
    if scale.low is None or scale.high is None:
        return Scale(ScoreKind.UNBOUNDED)
    width = scale.high - scale.low
    return Scale(ScoreKind.GRADED, -width, width)
