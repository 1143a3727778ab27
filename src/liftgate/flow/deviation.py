"""What an amended study says of its first lock: both analyses are shown."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from liftgate.canon import plain
from liftgate.evals.plan import Plan
from liftgate.flow.case import Case, case_of
from liftgate.flow.looking import look_at, up_to
from liftgate.flow.parts import Parts
from liftgate.flow.scorers import bound_scorers
from liftgate.gates.judged import Standing
from liftgate.store import Store
from liftgate.study.design import Study
from liftgate.study.lock import Locked
from liftgate.study.reuse import SetUse


def deviation(
    parts: Parts,
    store: Store,
    locked: Locked,
    use: SetUse,
    judged: Mapping[str, Standing] | None = None,
    priced: Callable[[Case], Case] = lambda case: case,
) -> tuple[dict[str, Any], Case | None]:
    """Return the amendments with what the first lock would say, and the case that says it.

    The first lock's analysis is made by its own plan: its time-out, retries, repeats and passes
    select the rows and measures. Where these are not all there, a reason stands instead of numbers.
    ``priced`` puts to its rows what each call cost, for claims about costs.
    """
    original = locked.original
    shown: dict[str, Any] = {"study_digest": original["study_digest"], "decisions": []}
    case = None
    reason = _not_comparable(parts, original)
    if not reason:
        first = _first(parts, original)
        plan = first.plan(original["study_digest"], locked.time)
        share = use.alpha / parts.study.decision.alpha
        case = priced(case_of(first, plan, store, share * first.study.decision.alpha, judged))
        reason = _not_run(case, plan)
    if reason or case is None:
        shown["reason"], case = reason, None
    else:
        looked = look_at(case, ())
        shown["decisions"] = plain(looked.decisions)
        if case.looks is not None:
            case = up_to(case, looked.items)
        shown["claims"] = plain(case.study.every_claim())
    amendments = [amendment.as_json() for amendment in locked.amendments]
    return {"amendments": amendments, "original": shown}, case


def _first(parts: Parts, original: Mapping[str, Any]) -> Parts:
    """Return the parts as the first lock names them; systems and items are those of today."""
    study = Study(**original["study"])
    return replace(
        parts,
        study=study,
        arms=tuple(replace(arm, role=study.arm(arm.name).role) for arm in parts.arms),
        scorers=bound_scorers(study, parts.dataset, parts.root),
    )


def _not_comparable(parts: Parts, original: Mapping[str, Any]) -> str:
    """Say why the first lock's analysis cannot be made from today's parts, or nothing."""
    if original["dataset"]["digest"] != parts.dataset.digest:
        return "the first lock's dataset is not the present one"
    if original["arms"] != {arm.name: arm.fingerprint for arm in parts.arms}:
        return "the first lock's systems are not the present ones"
    if original["scorers"] != {scorer.name: scorer.fingerprint for scorer in parts.scorers}:
        return "the first lock's scorers are not the present ones"
    return ""


def _not_run(case: Case, plan: Plan) -> str:
    """Say what the first lock's plan still lacks, or nothing."""
    wanted = len(plan.dataset.items) * plan.repeats * len(plan.arms)
    if case.looks is None and len(case.rows.observations) < wanted:
        found = len(case.rows.observations)
        return f"the first lock was not run to its end: {found:,} of {wanted:,} trials"
    taken = {(m.arm, m.name, m.pass_number) for m in case.rows.measures}
    measured = {claim.metric for claim in case.study.claims() if claim.is_measure}
    lacking = [
        arm.name
        for arm in case.candidates
        if any((arm.fingerprint, name, None) not in taken for name in measured)
        or any(_passes(taken, arm.fingerprint, one.name) < one.passes for one in plan.passes)
    ]
    if lacking:
        return f"the first lock was not run to its end: measures of {', '.join(lacking)} lack"
    return ""


def _passes(taken: set[tuple[str, str, int | None]], arm: str, name: str) -> int:
    return sum(one[:2] == (arm, name) for one in taken)
