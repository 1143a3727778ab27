"""From the rows of a locked study to its decision, as one body for the ledger."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from liftgate.canon import plain
from liftgate.evals.plan import Plan
from liftgate.evals.prices import Prices
from liftgate.flow.case import Case, Rows, case_of
from liftgate.flow.deviation import deviation
from liftgate.flow.judge_cost import judge_costs
from liftgate.flow.judges import told
from liftgate.flow.looking import Looked, is_reached, look_at, up_to
from liftgate.flow.parts import Parts
from liftgate.flow.recorded import paid_among
from liftgate.flow.shown import about_items, about_ratios, scored_sides, shown_metric
from liftgate.gates import money, summary, usage
from liftgate.gates.candidates import exit_code, recommended
from liftgate.gates.judged import Standing
from liftgate.gates.sentences import error_statement, set_lines
from liftgate.records import (
    Decision,
    Failure,
    Scale,
)
from liftgate.store import Store
from liftgate.study import lock
from liftgate.study.changes import changes
from liftgate.study.design import Study
from liftgate.study.reuse import SetUse

DEVIATED = "deviated"
EXPLORATORY = "exploratory"
LATENCY = "latency_p95_ms"
NOT_SHOWN = (
    "These numbers compare this build of each system on these items; nothing was replicated: "
    "this build, not this method.",
    "Nothing here was measured in production.",
)


def decide_study(
    parts: Parts,
    plan: Plan,
    store: Store,
    locked: lock.Locked,
    use: SetUse,
    *,
    command: str,
    prices: Prices | None = None,
    unfinished: str | None = None,
    judged: Mapping[str, Standing] | None = None,
) -> dict[str, Any]:
    """Return the decision of a locked study as the body of its ledger entry.

    The same rows give the same bytes: nothing in it depends on when or how often it is made.

    Args:
        parts: of the study.
        plan: of the study.
        store: holds the rows.
        locked: what the ledger holds of the study.
        use: of its set of items.
        command: that makes the decision again.
        prices: by which calls without a cost of their own are priced.
        unfinished: why the run ended before its end. A study that looks once is then not looked
            at: what it has so far neither decides nor is shown, or going on would be a second look.
            The same holds of a study with several looks, before its first one.
        judged: metric -> standing of its judge.
    """

    def priced(one: Case) -> Case:
        return replace(one, rows=_priced(one, parts, prices or Prices()))

    case = priced(case_of(parts, plan, store, use.alpha, judged))
    spent = case
    if not is_reached(case) if case.looks is not None else unfinished is not None:
        case = replace(case, rows=Rows((), ()), unseen=True)
    looked = look_at(case, labels_of(parts.study, locked))
    pairs, decisions = looked.pairs, looked.decisions
    if case.looks is not None:
        case, spent = up_to(case, looked.items), _paid(spent, looked.items, locked, store)
    deviated, first = (
        deviation(parts, store, locked, use, judged, priced) if locked.amendments else (None, None)
    )
    head = _head(case, locked, decisions)
    if parts.tags:
        head["dataset"] = {**head["dataset"], "tags": dict(parts.tags)}
    return {
        **head,
        "error_statement": _error_statement(case, decisions, use),
        **_about_arms(case, parts, plan),
        **_about_money(spent, parts, prices, store),
        **_about_costs(case, spent, looked, prices),
        **about_items(case, pairs, store),
        **about_ratios(case, pairs),
        **_about_looks(case, looked),
        **_about_judges(judged),
        **judge_costs(parts.scorers, spent.rows.observations, store, prices or Prices()),
        "set_use": use.as_json(),
        "deviation": deviated,
        "not_shown": [*_unfinished(unfinished, looked), *told(judged or {}), *NOT_SHOWN],
        "planned": _planned(parts.study, parts),
        "done": _done(parts.study, case),
        "rows": _bound_rows(case, first, store),
        "reproduce": command,
    }


def _paid(case: Case, items: int, locked: lock.Locked, store: Store) -> Case:
    """Return a case with the rows of a look, and what the study itself paid for beyond it."""
    among = {item.id for item in case.items[:items]}
    rows = paid_among(case.rows.observations, among, locked, store)
    return replace(case, rows=replace(case.rows, observations=rows))


def _about_judges(judged: Mapping[str, Standing] | None) -> dict[str, Any]:
    """Return the ledger entries that judged metrics rest on; nothing where there are none."""
    if not judged:
        return {}
    return {
        "judges": {
            metric: {
                "calibrated": one.calibrated,
                "drawn": one.drawn,
                "items_drawn": len(one.chances),
                "answers_labelled": len(one.labels),
                "refusal": one.refusal,
            }
            for metric, one in judged.items()
        }
    }


def _unfinished(why: str | None, looked: Looked) -> list[str]:
    if why is None or (looked.look is not None and looked.settled):
        return []
    return [f"Not run to its end: {why}. What it has so far decides nothing."]


def _priced(case: Case, parts: Parts, prices: Prices) -> Rows:
    """Return a case's rows with what each call cost, as far as that is known."""
    if not prices.rows:
        return case.rows
    systems = {arm.fingerprint: arm.system for arm in parts.arms}
    return replace(case.rows, observations=prices.priced(case.rows.observations, systems))


def _about_money(case: Case, parts: Parts, prices: Prices | None, store: Store) -> dict[str, Any]:
    """Return cost and tokens of each arm; of a study that was cut short, too."""
    trials = {
        arm.name: [row.trial for row in case.rows.observations if row.arm == arm.fingerprint]
        for arm in parts.arms
    }
    cost = {"cost": {name: usage.cost(found) for name, found in trials.items()}}
    if prices is None or not prices.rows:
        return cost
    table = store.put_json(prices.as_json())
    told = {"currency": prices.currency, "digest": prices.digest, "table": table}
    return {**cost, "prices": told}


def _about_costs(case: Case, spent: Case, looked: Looked, prices: Prices | None) -> dict[str, Any]:
    """Return cost per item and per success, and what stopping early saved; nothing if unknown."""
    if case.looks is not None and not looked.items:
        return {}
    study = case.study
    arms = (case.baseline, *case.candidates)
    claimed = [side for claim in study.claims() for side in scored_sides(study, claim.metric)]
    success = money.success_of(list(dict.fromkeys([*claimed, *study.scorers])), case.scales)
    shown = success.metric if success else shown_metric(study)
    pairs = {arm.name: looked.pairs[arm.name][shown] for arm in case.candidates}
    found = money.costs(pairs, case.rows.observations, arms, success)
    if found is None:
        return {}
    saved = None
    if case.looks is not None and looked.settled:
        made = {
            arm.name: [r.trial for r in spent.rows.observations if r.arm == arm.fingerprint]
            for arm in arms
        }
        currency = prices.currency if prices is not None and prices.rows else None
        saved = money.saved(made, len(case.items) * study.repeats, currency)
    return {"money": {**found, "saved": saved}}


def labels_of(study: Study, locked: lock.Locked) -> list[str]:
    """Return what voids the error statement before any result."""
    labels = [DEVIATED] if locked.deviated else []
    return [*labels, EXPLORATORY] if study.exploratory else labels


def _about_looks(case: Case, looked: Looked) -> dict[str, Any]:
    """Return how far a study with several looks went; nothing for one that looks once."""
    if case.looks is None:
        return {}
    arms = len(case.arms)
    planned = len(case.items)
    return {
        "looks": {
            "taken": looked.look,
            "of": len(case.looks.ends),
            "items": looked.items,
            "planned_items": planned,
            "settled": looked.settled,
            "trials": looked.items * case.study.repeats * arms,
            "trials_saved": (planned - looked.items) * case.study.repeats * arms,
            "path": list(looked.path),
        }
    }


def _head(case: Case, locked: lock.Locked, decisions: tuple[Decision, ...]) -> dict[str, Any]:
    study = case.study
    claims = study.every_claim()
    level = study.decision
    return {
        "liftgate": 1,
        "study": study.study,
        "hypothesis": study.hypothesis,
        "owner": study.owner,
        "study_digest": locked.digest,
        "lock": {"sequence": locked.sequence, "time": locked.time.isoformat()},
        "dataset": {
            "name": study.dataset.source,
            "digest": locked.body["dataset"]["digest"],
            "items": len(case.items),
            "clusters": len({item.cluster for item in case.items if item.cluster is not None})
            + sum(item.cluster is None for item in case.items),
        },
        "alpha": case.alpha,
        "alpha_hold": level.alpha_hold,
        "population": level.population.value,
        "design": study.stopping.plan,
        "exit_code": exit_code(decisions),
        "recommended": recommended(decisions, claims[0].id),
        "decisions": plain(decisions),
        "claims": plain(claims),
        "scales": plain({**case.scales, **_ratio_scales(case)}),
    }


def _ratio_scales(case: Case) -> dict[str, Scale]:
    ratios = case.ratios
    return {} if ratios is None else {name: ratios.scale(name) for name in case.study.ratios}


def _error_statement(case: Case, decisions: tuple[Decision, ...], use: SetUse) -> str:
    said = error_statement(
        case.study.every_claim(),
        decisions,
        alpha=case.alpha,
        alpha_hold=case.study.decision.alpha_hold,
    )
    return " ".join([said, *set_lines(use.number, case.alpha, exposed=use.exposed)])


def _about_arms(case: Case, parts: Parts, plan: Plan) -> dict[str, Any]:
    trials = {
        arm.name: [row.trial for row in case.rows.observations if row.arm == arm.fingerprint]
        for arm in parts.arms
    }
    measures = {
        arm.name: [m for m in case.rows.measures if m.arm == arm.fingerprint] for arm in parts.arms
    }
    whole = [one.name for one in plan.passes if not one.first_token]
    latency_name = whole[0] if whole else LATENCY
    return {
        "arms": [
            {
                **plain(arm),
                "measures": {m.name: m.value for m in measures[arm.name] if m.pass_number is None},
            }
            for arm in parts.arms
        ],
        "changes": {
            arm.name: [
                {"path": change["path"], "baseline": change["old"], "candidate": change["new"]}
                for change in _changes(case.study, case.baseline.name, arm.name)
            ]
            for arm in case.candidates
        },
        "failures": {
            arm.name: usage.failures(case.rows.observations, arm.fingerprint) for arm in parts.arms
        },
        "latency": {
            arm.name: usage.latency(trials[arm.name], measures[arm.name], latency_name)
            for arm in parts.arms
        },
    }


def _changes(study: Study, old: str, new: str) -> list[dict[str, Any]]:
    """Return what differs between two arms, their parts in the study aside."""
    plans = [study.arm(name).model_dump(mode="json", exclude={"role"}) for name in (old, new)]
    return [change.as_json() for change in changes(*plans)]


def _planned(study: Study, parts: Parts) -> dict[str, Any]:
    outcomes = study.outcomes
    return {
        "plan": study.stopping.plan,
        "items": len(parts.dataset.items),
        "repeats": study.repeats,
        "trials": len(parts.dataset.items) * study.repeats * len(parts.arms),
        "passes": _passes(study),
        "retries": {kind.value: getattr(outcomes, kind.value).retries for kind in Failure},
        "seed": study.seed,
    }


def _done(study: Study, case: Case) -> dict[str, Any]:
    rows = case.rows
    taken = [m for m in rows.measures if m.pass_number is not None]
    return {
        "plan": study.stopping.plan,
        "items": len({row.item for row in rows.observations}),
        "repeats": len({row.repeat for row in rows.observations}),
        "trials": len(rows.observations),
        "passes": len({m.pass_number for m in taken}),
        "retries": sum(row.trial.attempt > 1 for row in rows.observations),
        "seed": study.seed,
    }


def _passes(study: Study) -> int:
    counts = [claim.params.get("passes") for claim in study.claims()]
    return max((count for count in counts if isinstance(count, int)), default=0)


def _bound_rows(case: Case, first: Case | None, store: Store) -> dict[str, Any]:
    """Return the digest of the rows that decide, and the files of the runs that hold them."""
    runs = case.rows.runs() | (first.rows.runs() if first else set())
    return {
        **summary.bound_rows(case.rows.observations, list(case.study.scorers)),
        "files": {
            name: recorded
            for name, recorded in store.files().items()
            if name.partition("/")[0] in runs
        },
    }
