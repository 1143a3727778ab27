"""What an optimisation report is about: arms on the Pareto front, and slice by slice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from liftgate import plugins
from liftgate.canon import plain
from liftgate.errors import NotEnoughData
from liftgate.evals.prices import Prices
from liftgate.flow.case import Case, case_of
from liftgate.flow.recorded import dataset_of, locked_at, parts_of_record, plan_of
from liftgate.gates.evidence import PairsEvidence
from liftgate.gates.front import Question, front
from liftgate.protocols import Rule
from liftgate.records import Claim, Entry, Pairs, Part, Population, Verdict
from liftgate.store import Store
from liftgate.study.design import Study

AS_ONCE = (
    "The study looked more than once. Here every item it has is taken as if it had been looked at "
    "once: the levels are those of a single look, and describe."
)
_MARGINS = ("non_inferior", "each_non_inferior", "equivalent")


def front_table(entry: Entry, entries: Sequence[Entry], store: Store) -> dict[str, Any]:
    """Return the front of a decision's arms, as JSON values; the rows are selected again.

    Raises:
        NotEnoughData: no metric of items, weighted items, too few items.
        BrokenChain: no entry before the decision locked its study.
        DataError: the dataset cannot be brought back.
    """
    case = _case(entry, entries, store)
    body = entry.body
    metric = _metric(case.study)
    pairs = {arm.name: case.pairs(arm, metric, case.items) for arm in case.candidates}
    alpha = float(body["alpha"])
    found = front(
        Question(
            metric=metric,
            pairs=pairs,
            arms=(case.baseline, *case.candidates),
            observations=case.rows.observations,
            measures={arm["name"]: arm["measures"] for arm in body["arms"]},
            alpha=alpha,
            repeats=case.study.repeats,
        )
    )
    margin = _margin(case.study, metric)
    currency = (body.get("prices") or {}).get("currency", "")
    notes = [AS_ONCE] if case.looks is not None else []
    if metric in case.judged:
        notes.append(f"{metric} is a judge's, as it gave it, not corrected by people's labels.")
    return {
        **found,
        "baseline": case.baseline.name,
        "currency": currency,
        "latency": {name: body["latency"].get(name, {}) for name in found["means"]},
        "margin": margin,
        "slices": [
            row
            for arm in case.candidates
            for name in case.study.dataset.all_slices
            for row in _slices(pairs[arm.name], arm.name, name, margin, alpha)
        ],
        "notes": notes,
    }


def _case(entry: Entry, entries: Sequence[Entry], store: Store) -> Case:
    body = entry.body
    locked = locked_at(body, entries, entry.sequence)
    study = Study(**locked.model)
    dataset, _ = dataset_of(body, study, store)
    parts = parts_of_record(body, locked, study, dataset)
    case = case_of(parts, plan_of(body, locked, study, dataset), store, float(body["alpha"]))
    kept = (body.get("prices") or {}).get("table")
    if kept is None:
        return case
    table: Any = store.output(kept)
    systems = {arm.fingerprint: arm.system for arm in parts.arms}
    rows = Prices.from_json(table).priced(case.rows.observations, systems)
    return replace(case, rows=replace(case.rows, observations=rows))


def _metric(study: Study) -> str:
    """Return the quality: the primary's metric, if items have it."""
    primary = study.claims()[0].metric
    return primary if primary in study.scorers else next(iter(study.scorers))


def _margin(study: Study, metric: str) -> float | str | None:
    """Return the margin that a deciding claim declares for a metric; the primary's first."""
    for claim in study.claims():
        deciding = claim.part in (Part.PRIMARY, Part.GUARDRAIL)
        if deciding and claim.metric == metric and claim.rule in _MARGINS:
            margin = claim.params.get("margin")
            if isinstance(margin, (int, float, str)):
                return margin
    return None


def _slices(
    pairs: Pairs, candidate: str, name: str, margin: float | str | None, alpha: float
) -> list[dict[str, Any]]:
    """Return the verdict on each value of a slice, by the rules that a claim would ask.

    Non-inferiority of each slice needs no correction where all are needed; harm is corrected over
    the slices by Holm, within the rule.
    """
    harm = _judged(pairs, candidate, name, "none_shown_worse", {}, alpha)
    kept = None
    if margin is not None:
        kept = _judged(pairs, candidate, name, "each_non_inferior", {"margin": margin}, alpha)
    parts = {part.slice: part for part in kept.parts} if kept is not None else {}
    return [
        {
            "candidate": candidate,
            "slice": name,
            "value": part.slice,
            "harm": _told(part),
            "kept": _told(parts[part.slice]) if part.slice in parts else None,
            "all_kept": None if kept is None else kept.rejected,
        }
        for part in (harm.parts if harm is not None else ())
    ]


def _judged(
    pairs: Pairs,
    candidate: str,
    name: str,
    rule: str,
    params: Mapping[str, Any],
    alpha: float,
) -> Verdict | None:
    made: Rule = plugins.load("rules", rule)(**params)
    claim = Claim(
        id=f"slices.{name}",
        part=Part.WATCH,
        metric=pairs.metric,
        rule=rule,
        params=params,
        population=Population.NEW_ITEMS,
        by_slice=name,
    )
    evidence = PairsEvidence(pairs, alpha, by_slice=name)
    try:
        return made.judge(claim, candidate, evidence)
    except NotEnoughData:
        return None


def _told(part: Verdict) -> dict[str, Any]:
    return {
        "reading": part.reading.value,
        "status": part.status.value,
        "rejected": part.rejected,
        "reason": part.reason,
        "estimate": None if part.estimate is None else plain(part.estimate),
    }
