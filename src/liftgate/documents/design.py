"""A study's design as its lock holds it: tables, a checklist, and the answers of an OSF form."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from liftgate.canon import plain
from liftgate.documents.numbers import count, percent, significant, unit_of
from liftgate.documents.words import demand_words
from liftgate.records import Claim, Failure, Part, Role
from liftgate.study.changes import changes
from liftgate.study.design import Study
from liftgate.study.lock import POWER, Locked

OSF = "osf.json"
_COUNTS = {
    Part.PRIMARY: "a ship needs it",
    Part.GUARDRAIL: "a ship needs it",
    Part.FLOOR: "the primary is inadmissible without it",
    Part.WATCH: "watched, decides nothing",
    Part.SECONDARY: "tested in order once the primary is won, never changes the decision",
}
_PLANS = {
    "fixed": "The results are looked at once, when all items are done.",
    "planned-looks": "The results are looked at {looks} times, at times fixed by the lock; the "
    "error is shared among the looks.",
    "anytime": "The results may be looked at at any time; the method keeps its level however often "
    "that is.",
}


def design_table(locked: Locked) -> dict[str, Any]:
    """Return what a lock says of its study, as JSON values for a document.

    Args:
        locked: the study as the ledger holds it, amendments included.
    """
    study = Study(**locked.model)
    scales = locked.body["scales"]
    claims = [_claim(claim, scales) for claim in study.every_claim()]
    table: dict[str, Any] = {
        "study": study.study,
        "owner": study.owner,
        "tier": study.tier,
        "hypothesis": study.hypothesis,
        "exploratory": bool(study.exploratory),
        "digest": locked.digest,
        "sequence": locked.sequence,
        "time": locked.time.isoformat(),
        "dataset": _dataset(study, locked.body["dataset"]),
        "arms": [_arm(study, name, locked.body["arms"][name]) for name in study.arms],
        "changes": [one for name in study.candidates for one in _changes(study, name)],
        "metrics": [_metric(name, study, scales[name]) for name in study.scorers],
        "claims": claims,
        "outcomes": list(_outcomes(study)),
        "level": _level(study),
        "trials": locked.body["dataset"]["items"] * study.repeats * len(study.arms),
        "repeats": study.repeats,
        "seed": study.seed,
        "plan": study.stopping.plan,
        "stopping": _stopping(study),
        "power": power_words(locked.body.get(POWER)),
        "amendments": [_amendment(one.as_json()) for one in locked.amendments],
    }
    table["checklist"] = [{"text": t, "met": m} for t, m in _checklist(study, locked, claims)]
    table["osf"] = osf_answers(table)
    return table


def companions(table: Mapping[str, Any]) -> Mapping[str, str]:
    """Return the answers of the OSF form as a file for machines."""
    return {OSF: json.dumps(table["osf"], indent=2, ensure_ascii=False) + "\n"}


def _claim(claim: Claim, scales: Mapping[str, Any]) -> dict[str, Any]:
    told = plain(claim)
    unit = unit_of(claim.metric, scales.get(claim.metric))
    return {
        **told,
        "demand": demand_words(told, unit),
        "counts": _COUNTS[claim.part],
        "over": f"over the slices of {claim.by_slice}" if claim.by_slice else "over all items",
    }


def _dataset(study: Study, told: Mapping[str, Any]) -> dict[str, Any]:
    plan = study.dataset
    return {
        "source": plan.source,
        "digest": told["digest"],
        "items": told["items"],
        "cluster": plan.cluster or "",
        "slices": list(plan.all_slices),
        "perturbed": list(plan.perturb.families) if plan.perturb else [],
    }


def _arm(study: Study, name: str, fingerprint: str) -> dict[str, Any]:
    plan = study.arm(name)
    params = json.dumps(plan.params, ensure_ascii=False, sort_keys=True)
    return {
        "name": name,
        "role": plan.role.value,
        "system": plan.system,
        "params": params,
        "fingerprint": fingerprint,
    }


def _changes(study: Study, name: str) -> Iterator[dict[str, Any]]:
    plans = [
        study.arm(arm).model_dump(mode="json", exclude={"role"}) for arm in (study.baseline, name)
    ]
    for change in changes(*plans):
        told = change.as_json()
        yield {
            "candidate": name,
            "path": told["path"],
            "baseline": told["old"],
            "value": told["new"],
        }


def _metric(name: str, study: Study, scale: Mapping[str, Any]) -> dict[str, Any]:
    low, high = scale["low"], scale["high"]
    ends = ["unbounded" if end is None else significant(float(end)) for end in (low, high)]
    return {
        "name": name,
        "scorer": study.scorers[name].scorer,
        "kind": scale["kind"],
        "range": f"{ends[0]} to {ends[1]}",
        "better": "higher" if scale["higher_is_better"] else "lower",
    }


def _outcomes(study: Study) -> Iterator[dict[str, str]]:
    for kind in Failure:
        rule = getattr(study.outcomes, kind.value)
        score = "the worst score" if rule.score == "worst" else significant(float(rule.score))
        after = f" after {significant(rule.after_s)} s" if kind is Failure.TIMEOUT else ""
        tried = f", tried again up to {count(rule.retries)} times" if rule.retries else ""
        yield {"outcome": f"{kind.value}{after}", "counts": f"{score}{tried}"}
    for name in ("scorer_failed", "missing_label"):
        yield {"outcome": name.replace("_", " "), "counts": "worst for the claim and arm concerned"}


def _level(study: Study) -> dict[str, Any]:
    level = study.decision
    return {
        "alpha": level.alpha,
        "alpha_hold": level.alpha_hold,
        "population": level.population.value,
        "risk": level.risk,
    }


def _stopping(study: Study) -> str:
    return _PLANS[study.stopping.plan].format(looks=count(study.stopping.looks))


def power_words(power: Mapping[str, Any] | None) -> str:
    """Return what a lock recorded of the study's size, in a sentence."""
    if power is None:
        return "The lock is from before sizes were judged."
    if "worlds" not in power:
        reason = power.get("reason") or "it was not asked"
        return f"The size is {power['size']}: {reason}."
    rates = [world["ship"] / world["runs"] for world in power["worlds"]]
    low, high = percent(round(min(rates), 3)), percent(round(max(rates), 3))
    span = low if low == high else f"{low} to {high}"
    runs = count(sum(world["runs"] for world in power["worlds"]))
    return (
        f"A candidate at the primary's target ships in {span} of {runs} simulated uses of this "
        f"design; {percent(power['wanted'])} is wanted, below {percent(power['least'])} at best a "
        f"lock is refused."
    )


def _amendment(one: Mapping[str, Any]) -> dict[str, Any]:
    return {**one, "paths": [change["path"] for change in one["changes"]]}


def _checklist(
    study: Study, locked: Locked, claims: Sequence[Mapping[str, Any]]
) -> Iterator[tuple[str, bool]]:
    """Yield what a machine can see of a design: each item is met, or it is not."""
    parts = {claim["part"] for claim in claims}
    primary = study.claims()[0]
    power = locked.body.get(POWER) or {}
    yield "The hypothesis is written down.", bool(study.hypothesis.strip())
    yield "Somebody owns the study.", bool(study.owner)
    yield (
        "The primary claim names the effect worth having, or the margin.",
        any(primary.params.get(key) for key in ("target", "margin", "limit")),
    )
    yield "A guardrail protects what must not get worse.", Part.GUARDRAIL.value in parts
    equality = primary.rule in ("non_inferior", "equivalent", "each_non_inferior")
    yield (
        "Where no difference is claimed, a floor shows that the baseline is worth comparing with.",
        not equality or Part.FLOOR.value in parts,
    )
    yield (
        "Items that are not independent are named as clusters, or there is nothing to name.",
        bool(study.dataset.cluster) or study.dataset.source.startswith("python:"),
    )
    yield "Slices are declared in which harm would be seen.", bool(study.dataset.all_slices)
    yield "Every arm names its build by a fingerprint.", all(locked.body["arms"].values())
    yield "The size was judged before the lock, and is enough.", power.get("size") == "enough"
    yield "The planned size rests on a pilot.", study.pilot is not None
    yield "It can ship: it is not declared exploratory.", not study.exploratory
    yield "No amendment was made after results were seen.", not locked.deviated


def osf_answers(table: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return sections, headings and answers of the form "OSF Preregistration"."""
    made = {"Study Information": _information, "Design Plan": _plan, "Sampling Plan": _sampling}
    made |= {"Variables": _variables, "Analysis Plan": _analysis, "Other": _other}
    return [
        {
            "section": section,
            "questions": [{"heading": h, "answer": " ".join(a.split())} for h, a in write(table)],
        }
        for section, write in made.items()
    ]


def _information(t: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    yield "Title", t["study"]
    yield "Authors", t["owner"] or "Nobody is named in the study file."
    candidates = [one["name"] for one in t["arms"] if one["role"] == Role.CANDIDATE]
    baseline = next(one["name"] for one in t["arms"] if one["role"] == Role.BASELINE)
    yield (
        "Description",
        f"The study decides whether {' or '.join(candidates)} may ship in place of {baseline}. It "
        f"was locked in entry {t['sequence']} of the ledger, digest {t['digest']}.",
    )
    yield "Hypotheses", t["hypothesis"]


def _plan(t: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    yield "Study type", "Experiment: every arm answers every item."
    yield (
        "Blinding",
        "A scorer sees an answer and the item's target, not the arm that gave it. While it runs, "
        "the study shows no arm's scores before a planned look.",
    )
    yield "Is there any additional blinding in this study?", "None that the study file states."
    yield (
        "Study design",
        f"Within items (paired): {len(t['arms'])} arms on the same items; answers of each arm to "
        f"each item: {count(t['repeats'])}.",
    )
    yield (
        "Randomization",
        f"Nothing is assigned: each item meets every arm. The order of the calls is drawn with "
        f"seed {t['seed']}.",
    )


def _sampling(t: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    told = t["dataset"]
    yield "Existing Data", "Registration prior to creation of data."
    yield (
        "Explanation of existing data",
        "The items exist and are fixed by their digest. Answers of candidates count only from the "
        "lock on; those of the baseline may be older.",
    )
    yield (
        "Data collection procedures",
        f"Items of {told['source']}, digest {told['digest']}. A call that fails is tried again as "
        "often as the outcome rules below say, alike for every arm.",
    )
    named = f"; {told['cluster']} names their clusters" if told["cluster"] else ""
    yield (
        "Sample size",
        f"{count(told['items'])} items{named}; {count(t['trials'])} calls in all.",
    )
    yield "Sample size rationale", t["power"]
    yield "Stopping rule", t["stopping"]


def _variables(t: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    arms = "; ".join(f"{one['name']} ({one['role']}): {one['system']}" for one in t["arms"])
    yield "Manipulated variables", f"The system that answers: {arms}."
    metrics = "; ".join(
        f"{one['name']} by {one['scorer']}, {one['kind']}, {one['range']}, {one['better']} is "
        "better"
        for one in t["metrics"]
    )
    yield "Measured variables", f"{metrics}."
    yield "Indices", "None: no metrics are joined into one."


def _analysis(t: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    demands = "; ".join(
        f"{one['id']}: {one['metric']} {one['demand']}, {one['over']}" for one in t["claims"]
    )
    yield (
        "Statistical models",
        f"Paired estimates of the candidate minus the baseline, with clusters in the variance. "
        f"Claims: {demands}.",
    )
    yield "Transformations", "None: scores are analysed in their own units."
    level = t["level"]
    yield (
        "Inference criteria",
        f"One-sided level {significant(level['alpha'])} for a false ship of the whole study, "
        f"{significant(level['alpha_hold'])} for a false hold. A ship needs every deciding "
        "claim at the full level (intersection-union), and Holm over the candidates. Conclusions "
        f"are about {level['population'].replace('-', ' ')}.",
    )
    yield "Data exclusion", "No item is left out after the lock."
    rules = "; ".join(f"{one['outcome']}: {one['counts']}" for one in t["outcomes"])
    yield "Missing data", f"{rules}."
    slices = ", ".join(t["dataset"]["slices"])
    yield (
        "Exploratory analysis",
        f"Differences within {slices} are shown without correction and decide nothing."
        if slices
        else "None is planned.",
    )


def _other(t: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    told = [
        f"Entry {one['sequence']}, after seeing {one['seen']}: {one['reason']} "
        f"({', '.join(one['paths'])})."
        for one in t["amendments"]
    ]
    yield "Other", " ".join(told) or "No amendment was made."
