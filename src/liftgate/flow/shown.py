"""What a decision shows beside its verdicts: of items, of slices, of what ratios add up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from liftgate.canon import plain
from liftgate.flow.case import AllPairs, Case
from liftgate.gates import summary
from liftgate.gates.ratio_claims import counts, own_ratio
from liftgate.gates.robustness import robustness
from liftgate.records import Arm, Item, Pairs
from liftgate.store import Store
from liftgate.study.design import Study


def about_items(case: Case, pairs: AllPairs, store: Store) -> dict[str, Any]:
    """Return what a decision shows of items: health, means, slices, moves, robustness."""
    shown = shown_metric(case.study)
    moves = {
        arm.name: summary.moves(
            pairs[arm.name][shown],
            case.items,
            case.rows.observations,
            baseline=case.baseline.fingerprint,
            candidate=arm.fingerprint,
        )
        for arm in case.candidates
    }
    _keep_targets(case.items, moves, store)
    return {
        "health": {
            name: {metric: plain(one.pairing) for metric, one in metrics.items()}
            for name, metrics in pairs.items()
        },
        "means": _means(case, pairs),
        "slices": {arm.name: _slices(case, arm, pairs[arm.name], shown) for arm in case.candidates},
        "items": moves,
        **_about_robustness(pairs, shown),
    }


def _means(case: Case, pairs: AllPairs) -> dict[str, dict[str, Any]]:
    """Return each arm's mean on each metric, and its ratios of sums."""
    found = summary.arm_means(_with_floor(case, pairs), baseline=case.baseline.name)
    for name in case.study.ratios:
        for arm in (*case.candidates, *(() if case.floor is None else (case.floor,))):
            sides = case.ratio_pairs(name, arm, _asked(case, pairs))
            for side, label in (("baseline", case.baseline.name), ("candidate", arm.name)):
                if name not in found.setdefault(label, {}):
                    estimate = own_ratio(sides, side)
                    found[label][name] = None if estimate is None else plain(estimate)
    return found


def _slices(case: Case, arm: Arm, pairs: Mapping[str, Pairs], shown: str) -> dict[str, Any]:
    """Return the difference in every slice, of the primary's metric if items have it."""
    primary, names = case.study.claims()[0].metric, case.study.dataset.all_slices
    if primary in case.study.ratios:
        among = set(next(iter(pairs.values())).items)
        items = [item for item in case.items if item.id in among]
        return summary.ratio_slices(case.ratio_pairs(primary, arm, items), names)
    return summary.slice_table(pairs[shown], names)


def _asked(case: Case, pairs: AllPairs) -> list[Item]:
    """Return the items that a decision rests on."""
    among = set(next(iter(next(iter(pairs.values())).values())).items)
    return [item for item in case.items if item.id in among]


def about_ratios(case: Case, pairs: AllPairs) -> dict[str, Any]:
    """Return what each ratio adds up and over how many tries; nothing where there are none."""
    items = _asked(case, pairs)
    found: dict[str, Any] = {}
    for name, ratio in case.study.ratios.items():
        arms: dict[str, Any] = {}
        for arm in case.candidates:
            sides = case.ratio_pairs(name, arm, items)
            arms.setdefault(case.baseline.name, counts(sides, "baseline"))
            arms[arm.name] = counts(sides, "candidate")
        found[name] = {**plain(ratio), "arms": arms}
    return {"ratios": found} if found else {}


def _about_robustness(
    pairs: Mapping[str, Mapping[str, Pairs]], shown: str
) -> dict[str, dict[str, Any]]:
    """Return how families of perturbations changed the scores; nothing for other items."""
    found = {name: robustness(metrics[shown]) for name, metrics in pairs.items()}
    kept = {name: one for name, one in found.items() if one is not None}
    return {"robustness": kept} if kept else {}


def _with_floor(
    case: Case, pairs: Mapping[str, Mapping[str, Pairs]]
) -> Mapping[str, Mapping[str, Pairs]]:
    """Return the pairs with those of the floor against the baseline."""
    if case.floor is None:
        return pairs
    some = next(iter(pairs.values()))
    asked = {metric: set(one.items) for metric, one in some.items()}
    return {
        **pairs,
        case.floor.name: {
            metric: case.pairs(case.floor, metric, [i for i in case.items if i.id in among])
            for metric, among in asked.items()
        },
    }


def shown_metric(study: Study) -> str:
    """Return the metric by which items are shown: the primary's, if items have it."""
    return (*scored_sides(study, study.claims()[0].metric), *study.scorers)[0]


def scored_sides(study: Study, metric: str) -> tuple[str, ...]:
    """Return the scored metrics that a claimed one rests on: itself, or a ratio's sides."""
    ratio = study.ratios.get(metric)
    sides = (metric,) if ratio is None else (ratio.per, ratio.of)
    return tuple(side for side in sides if side in study.scorers)


def _keep_targets(items: Sequence[Item], moves: Mapping[str, Any], store: Store) -> None:
    """Keep the targets that a report shows; inputs are kept with the dataset."""
    rows = [row for one in moves.values() for row in (*one["gains"], *one["losses"])]
    shown = {row["item"] for row in rows if row["target"] is not None}
    for item in items:
        if item.id in shown:
            store.put_json({"target": item.target})
