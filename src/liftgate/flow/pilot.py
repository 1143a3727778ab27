"""A study's pilot: two tables of scores from before, aligned as ``compare`` aligns them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from liftgate.errors import DataError, UnknownName
from liftgate.gates.calibrate.repeats import RepeatSpread, columns, spread_of
from liftgate.gates.foreign import Collected, Matched, collect, match
from liftgate.gates.foreign_scores import pairs_of, scale_of
from liftgate.importers.place import open_table
from liftgate.protocols import ForeignTable
from liftgate.records import Columns, Item, Pairs, Scale, ScoreKind
from liftgate.study.design import Study
from liftgate.study.plan import PilotPlan

_CUT_SEED = 20261126


@dataclass(frozen=True, eq=False)
class Pilot:
    """A pilot's aligned scores, and what had to be assumed to use them."""

    pairs: Mapping[str, Pairs]
    """Metric -> pairs, all of the same items."""
    assumptions: tuple[str, ...]
    repeats: Mapping[str, Mapping[str, NDArray[np.float64]]]
    """Table -> metric -> shape (items, repeats); the mean over repeats is in ``pairs``."""


def read_pilot(
    study: Study, root: Path, items: Sequence[Item], scales: Mapping[str, Scale]
) -> Pilot:
    """Read the pilot that a study names.

    Clusters and slices come from the tables' columns of the names that the study gives its
    dataset's, else from the planned items of the same ids.

    Args:
        study: with a pilot.
        root: the folder from which its tables are looked up.
        items: the planned ones.
        scales: metric -> scale, for the metrics that are needed.

    Raises:
        DataError: a table that cannot be read, scores outside the study's scale, or two tables
            that do not belong together.
        UnknownName: a table lacks one of the metrics.
    """
    plan = study.pilot
    assert plan is not None
    sides = _sides(plan, study, root, tuple(scales))
    matched = _with_facts(match(*sides), study, items)
    crash = study.outcomes.crash.score
    failure = None if isinstance(crash, str) else crash
    for metric, scale in scales.items():
        _check_scale(matched, metric, scale, failure)
    said: list[str] = []
    if any(item.cluster is not None for item in items) and matched.cluster is None:
        matched = replace(matched, cluster=_cut(len(matched.items), items))
        said.append(
            "the pilot's items carry no cluster: those of one cluster are drawn as if they were "
            "independent, which overstates power where they are not"
        )
    pairs = {
        metric: pairs_of(
            matched,
            metric,
            scale=_of_one_try(scale) if (tries := study.scorers[metric].tries) else scale,
            failure_score=failure,
            tries=tries,
        )
        for metric, scale in scales.items()
    }
    some = next(iter(pairs.values())).pairing
    repeats = max(some.repeats_baseline, some.repeats_candidate)
    if repeats != study.repeats:
        said.append(
            f"the pilot has {repeats} repeats of an item and {study.repeats} are planned: its "
            "spread is taken as it is"
        )
    return Pilot(pairs, tuple(said), _repeats(plan, matched, scales, failure))


def _of_one_try(scale: Scale) -> Scale:
    """Return the scale of the tries of which the planned score is made: right or wrong."""
    return replace(scale, kind=ScoreKind.BINARY)


def _repeats(
    plan: PilotPlan, matched: Matched, scales: Mapping[str, Scale], failure: float | None
) -> dict[str, dict[str, NDArray[np.float64]]]:
    sides = {
        plan.baseline: (matched.baseline, matched.at_baseline),
        plan.candidate: (matched.candidate, matched.at_candidate),
    }
    return {
        name: {
            metric: columns(side, at, metric, scale.worst if failure is None else failure)
            for metric, scale in scales.items()
        }
        for name, (side, at) in sides.items()
    }


def repeat_spread(study: Study, root: Path, scales: Mapping[str, Scale]) -> RepeatSpread | None:
    """Return how much the repeats of an item differ on the primary's metric.

    Args:
        study: with a pilot.
        root: the folder from which its tables are looked up.
        scales: metric -> scale.

    Returns:
        None where one of the tables holds every item once.
    """
    metric = study.claim_plans.primary.quantity
    if study.pilot is None or metric not in scales or study.scorers[metric].tries is not None:
        return None
    matched = match(*_sides(study.pilot, study, root, (metric,)))
    crash = study.outcomes.crash.score
    failure = None if isinstance(crash, str) else crash
    return spread_of(matched, metric, scales[metric], failure)


def _sides(
    plan: PilotPlan, study: Study, root: Path, metrics: tuple[str, ...]
) -> tuple[Collected, Collected]:
    wanted = (study.dataset.cluster, *study.dataset.slices)
    found = []
    for name in (plan.baseline, plan.candidate):
        place = str(root / name)
        table, _ = open_table(place, Columns())
        _check_metrics(table, metrics)
        known = {*table.left_out, *_used(table)}
        columns = Columns(
            item=table.columns.item,
            metrics=metrics,
            system=table.columns.system,
            repeat=table.columns.repeat,
            cluster=study.dataset.cluster if study.dataset.cluster in known else None,
            slices=tuple(s for s in wanted[1:] if s in known),
            error=table.columns.error,
        )
        table, _ = open_table(place, columns)
        repeats = table.columns.repeat is not None
        found.append(collect(table.rows(), metrics=metrics, place=name, has_repeats=repeats))
    return found[0], found[1]


def _used(table: ForeignTable) -> tuple[str, ...]:
    columns = table.columns
    one = (columns.item, columns.system, columns.repeat, columns.cluster, columns.error)
    return (*(name for name in one if name), *columns.metrics, *columns.slices)


def _check_metrics(table: ForeignTable, metrics: Sequence[str]) -> None:
    known = [*_used(table), *table.left_out]
    for metric in metrics:
        if metric not in known:
            raise UnknownName(f"column of the pilot's table {table.path.name}", metric, known)


def _with_facts(matched: Matched, study: Study, items: Sequence[Item]) -> Matched:
    """Fill in clusters and slices from the planned items where the tables have none."""
    known = {item.id: item for item in items}
    shared = [name for name in matched.items if name in known]
    if 2 * len(shared) < len(matched.items):
        return matched
    cluster = matched.cluster
    if cluster is None and any(item.cluster is not None for item in items):
        numbers: dict[tuple[str, str], int] = {}
        keys = [_cluster_key(name, known.get(name)) for name in matched.items]
        cluster = np.array([numbers.setdefault(key, len(numbers)) for key in keys], dtype=np.int64)
    slices = dict(matched.slices)
    for name in study.dataset.slices:
        if name not in slices:
            labels = [known[i].slices.get(name) if i in known else None for i in matched.items]
            slices[name] = np.array(labels, dtype=np.object_)
    return replace(matched, cluster=cluster, slices=slices)


def _cluster_key(name: str, item: Item | None) -> tuple[str, str]:
    if item is None or item.cluster is None:
        return ("item", name)
    return ("cluster", item.cluster)


def _cut(count: int, items: Sequence[Item]) -> NDArray[np.int64]:
    """Put items at random into clusters of the planned sizes."""
    planned: dict[tuple[str, str], int] = {}
    for item in items:
        key = _cluster_key(item.id, item)
        planned[key] = planned.get(key, 0) + 1
    sizes = list(planned.values())
    codes = np.repeat(np.arange(len(sizes)), sizes)
    copies = -(-count // len(codes))
    long = np.concatenate([codes + copy * len(sizes) for copy in range(copies)])[:count]
    return np.random.default_rng(_CUT_SEED).permutation(long).astype(np.int64)


def _check_scale(matched: Matched, metric: str, scale: Scale, failure: float | None) -> None:
    bounds = None if scale.low is None or scale.high is None else (scale.low, scale.high)
    found = scale_of(
        matched,
        metric,
        higher_is_better=scale.higher_is_better,
        bounds=bounds,
        failure_score=failure,
    )
    single = max(matched.baseline.repeats.max(), matched.candidate.repeats.max()) == 1
    if scale.kind is ScoreKind.BINARY and found.kind is not ScoreKind.BINARY and single:
        raise DataError(
            f"{metric}: the study's scorer gives {scale.low:g} or {scale.high:g}, the pilot has "
            "other scores",
            hint="make the pilot with the study's scorer, or leave the pilot out",
        )
