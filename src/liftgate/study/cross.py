"""What one section of a study demands of another.

The checks walk over whatever parts are well-formed by themselves, so that a study with a mistyped
key still hears that its primary claim names no scorer: all faults at once.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from liftgate.errors import did_you_mean
from liftgate.protocols import JudgeFactory
from liftgate.records import Part, Role, Status
from liftgate.study import params
from liftgate.study.items import DatasetPlan
from liftgate.study.plan import ArmPlan, ClaimPlan, ReproductionPlan, ScorerPlan, latency_quantile
from liftgate.study.problems import Problem
from liftgate.study.ratios import RatioPlan, ratio_claim, ratio_problems
from liftgate.study.source import Path

SECTIONS = (
    (Part.GUARDRAIL, "guardrails"),
    (Part.WATCH, "watch"),
    (Part.SECONDARY, "secondary"),
)
RESERVED = frozenset({"primary", "guardrails", "watch", "secondary"})
_PAIRED = frozenset(
    {"superior", "non_inferior", "equivalent", "each_non_inferior", "none_shown_worse"}
)
M = TypeVar("M", bound=BaseModel)


@dataclass(frozen=True)
class Outline:
    """The well-formed parts of a study; None for a section that could not be read."""

    roles: Mapping[str, Role] | None
    metrics: tuple[str, ...] | None
    slices: tuple[str, ...] | None
    claims: tuple[tuple[Part, Path, Any], ...]
    judged: frozenset[str] = frozenset()
    """Metrics that a judge scores."""
    plan: str | None = None
    """The stopping plan."""
    ratios: Mapping[str, RatioPlan | None] = field(default_factory=dict)
    """Metrics that are ratios of sums; None: one that could not be read."""


def problems(given: Mapping[str, Any]) -> list[Problem]:
    """Return what is wrong between the sections of a study.

    Args:
        given: the study's fields, as JSON values or as models; malformed ones are passed over.
    """
    outline = _outline(given)
    found = [*_roles(outline), *_floor(outline), *_names(outline), *_tries(given)]
    found += _ratios(given, outline)
    found += _tolerances(given, outline)
    for part, path, node in outline.claims:
        about = [*_known(node, outline), *_judged_once(part, node, outline)]
        claim = _valid(ClaimPlan, node)
        if claim is not None:
            about += _claim(part, claim)
            if claim.quantity in outline.ratios:
                about += ratio_claim(claim.quantity, claim.rule, outline.plan)
        found += [p.under(*path) for p in about]
    return found


def _outline(given: Mapping[str, Any]) -> Outline:
    arms = given.get("arms")
    roles = None
    if isinstance(arms, Mapping):
        plans = {name: _valid(ArmPlan, arm) for name, arm in arms.items()}
        if all(plans.values()):
            roles = {name: plan.role for name, plan in plans.items() if plan}
    scorers = given.get("scorers")
    ratios = _ratio_plans(given)
    dataset = _valid(DatasetPlan, given.get("dataset"))
    return Outline(
        roles,
        tuple(map(str, scorers)) if isinstance(scorers, Mapping) else None,
        dataset.all_slices if dataset else None,
        tuple(_claims(given.get("claims"))),
        frozenset(_judged(scorers, ratios)),
        _plan(given.get("stopping")),
        ratios,
    )


def _ratio_plans(given: Mapping[str, Any]) -> dict[str, RatioPlan | None]:
    nodes = given.get("ratios", given.get("ratio_plans"))
    if not isinstance(nodes, Mapping):
        return {}
    return {str(name): _valid(RatioPlan, node) for name, node in nodes.items()}


def _judged(scorers: Any, ratios: Mapping[str, RatioPlan | None]) -> Iterator[str]:
    """Yield what a judge scores, ratios of such metrics included."""
    own = set(_judges(scorers))
    yield from own
    for name, plan in ratios.items():
        if plan is not None and own & {plan.of, plan.per}:
            yield name


def _judges(scorers: Any) -> Iterator[str]:
    for name, node in scorers.items() if isinstance(scorers, Mapping) else ():
        plan = _valid(ScorerPlan, node)
        if plan is not None and isinstance(
            params.make("scorers", plan.scorer, plan.params), JudgeFactory
        ):
            yield str(name)


def _plan(stopping: Any) -> str | None:
    node = dict(stopping) if isinstance(stopping, (Mapping, BaseModel)) else {}
    return node.get("plan")


def _claims(given: Any) -> Iterator[tuple[Part, Path, Any]]:
    nodes = dict(given) if isinstance(given, (Mapping, BaseModel)) else {}
    for part in (Part.PRIMARY, Part.FLOOR):
        if nodes.get(part.value) is not None:
            yield part, ("claims", part.value), nodes[part.value]
    for part, section in SECTIONS:
        listed = nodes.get(section)
        for number, node in enumerate(listed if isinstance(listed, (list, tuple)) else ()):
            yield part, ("claims", section, number), node


def _valid(model: type[M], given: Any) -> M | None:
    try:
        return model.model_validate(given)
    except ValidationError:
        return None


def _roles(outline: Outline) -> Iterator[Problem]:
    if outline.roles is None:
        return
    roles = list(outline.roles.values())
    baselines = [name for name, role in outline.roles.items() if role is Role.BASELINE]
    if len(baselines) != 1:
        got = f"the baselines {', '.join(baselines)}" if baselines else "no baseline"
        yield Problem(("arms",), f"got {got}, expected exactly one arm with role: baseline")
    if Role.CANDIDATE not in roles:
        yield Problem(("arms",), "got no candidate, expected an arm with role: candidate")


def _floor(outline: Outline) -> Iterator[Problem]:
    """A floor arm and the claim about it belong together; it is about the primary's metric."""
    nodes = {part: node for part, _, node in outline.claims}
    floors = [name for name, role in (outline.roles or {}).items() if role is Role.FLOOR]
    if len(floors) > 1:
        yield Problem(("arms",), f"got the floors {', '.join(floors)}, expected at most one")
    if outline.roles is not None and Part.FLOOR in nodes and not floors:
        yield Problem(("claims", "floor"), "no arm has role: floor, expected one")
    if floors and Part.FLOOR not in nodes:
        yield Problem(
            ("claims", "floor"),
            f"not given; the arm {floors[0]!r} is a floor, which the baseline must beat, e.g. "
            "floor: {metric: …, superior: {by: 0.0}}",
        )
    floor, primary = (
        _valid(ClaimPlan, nodes.get(part)) if part in nodes else None
        for part in (Part.FLOOR, Part.PRIMARY)
    )
    if floor is None:
        return
    if floor.rule != "superior":
        yield Problem(
            ("claims", "floor", floor.rule),
            f"got the rule {floor.rule!r}, expected 'superior': the baseline must be better",
            on_key=True,
        )
    if primary is not None and floor.metric != primary.metric:
        yield Problem(
            ("claims", "floor", "metric"),
            f"got {floor.quantity!r}, expected {primary.quantity!r} as in claims.primary",
        )


def _ratios(given: Mapping[str, Any], outline: Outline) -> Iterator[Problem]:
    if outline.metrics is None or not outline.ratios:
        return
    scorers = given["scorers"]
    plans = {str(name): _valid(ScorerPlan, node) for name, node in scorers.items()}
    joined = {name for name, plan in plans.items() if plan is not None and plan.tries is not None}
    yield from ratio_problems(
        outline.ratios, outline.metrics, judged=outline.judged, joined=frozenset(joined)
    )


def _names(outline: Outline) -> Iterator[Problem]:
    for metric in outline.ratios:
        if metric in RESERVED or latency_quantile(metric) is not None:
            yield Problem(
                ("ratios", metric),
                f"the name {metric!r} is taken by liftgate, expected another",
                on_key=True,
            )
    for metric in outline.metrics or ():
        if metric in RESERVED or latency_quantile(metric) is not None:
            yield Problem(
                ("scorers", metric),
                f"the name {metric!r} is taken by liftgate, expected another",
                on_key=True,
            )


def _tries(given: Mapping[str, Any]) -> Iterator[Problem]:
    """Check that as many tries are made as a metric asks about."""
    repeats, scorers = given.get("repeats", 1), given.get("scorers")
    if isinstance(repeats, bool) or not isinstance(repeats, int):
        return
    for metric, node in scorers.items() if isinstance(scorers, Mapping) else ():
        plan = _valid(ScorerPlan, node)
        tries = None if plan is None else plan.tries
        if tries is not None and tries.k > repeats:
            yield Problem(
                ("scorers", metric, "over_repeats"),
                f"{tries.text} needs {tries.k} tries of each item, got repeats: {repeats}",
            )


def _tolerances(given: Mapping[str, Any], outline: Outline) -> Iterator[Problem]:
    """Check that tolerances are of metrics that the study scores."""
    plan = _valid(ReproductionPlan, given.get("reproduction"))
    if plan is None or outline.metrics is None:
        return
    for metric in plan.tolerance:
        for problem in _one_of("tolerance", metric, outline.metrics, "scorers"):
            yield problem.under("reproduction")


def _known(node: Any, outline: Outline) -> Iterator[Problem]:
    """Check the names that a claim uses, however its rule may look."""
    claim = dict(node) if isinstance(node, (Mapping, BaseModel)) else {}
    metric, by_slice = claim.get("metric"), claim.get("by_slice")
    metrics, slices = outline.metrics, outline.slices
    if isinstance(metric, str) and metrics is not None and latency_quantile(metric) is None:
        known = (*metrics, *(name for name in outline.ratios if name not in metrics))
        place = "scorers and ratios" if outline.ratios else "scorers"
        others = ["latency_p95_ms", "ttft_p95_ms"]
        if "within" in claim:
            others.append(f"measure: {metric} for a quantity of the arm as a whole")
        yield from _one_of("metric", metric, known, place, *others)
    if isinstance(by_slice, str) and slices is not None:
        yield from _one_of("by_slice", by_slice, slices, "dataset.slices")


def _judged_once(part: Part, node: Any, outline: Outline) -> Iterator[Problem]:
    """Refuse a judged claim that decides at several looks: labels are looked at once."""
    claim = dict(node) if isinstance(node, (Mapping, BaseModel)) else {}
    metric = str(claim.get("metric"))
    if part is Part.WATCH or metric not in outline.judged or outline.plan in (None, "fixed"):
        return
    yield Problem(
        ("metric",),
        f"{metric} is judged, and people's labels are looked at once; expected stopping: "
        f"{{plan: fixed}} instead of {outline.plan}, or the claim under claims.watch",
    )


def _one_of(
    key: str, name: str, known: tuple[str, ...], place: str, *others: str
) -> Iterator[Problem]:
    if name not in known:
        listed = " or ".join([f"one of {place} ({', '.join(known) or 'none'})", *others])
        near = did_you_mean(name, [*known, *others])
        yield Problem((key,), f"got {name!r}, expected {listed}", near)


def _claim(part: Part, claim: ClaimPlan) -> Iterator[Problem]:
    rule = params.make("rules", claim.rule, claim.params)
    yield from _part(part, claim, watch=rule.status is Status.WATCH)
    yield from _slices(claim, over_slices=rule.over_slices)
    if claim.measure is not None:
        yield from _measure(part, claim)
    elif latency_quantile(claim.quantity) is not None:
        yield from _latency(claim)
    else:
        yield from _no_passes(claim, "only latency_p…_ms and ttft_p…_ms are taken in passes")


def _part(part: Part, claim: ClaimPlan, *, watch: bool) -> Iterator[Problem]:
    if watch and part is not Part.WATCH:
        yield Problem(
            (claim.rule,),
            f"the rule {claim.rule!r} controls no error, expected it under claims.watch only",
            on_key=True,
        )
    if part is Part.WATCH and not watch:
        yield Problem(
            (claim.rule,),
            f"got the rule {claim.rule!r}, expected a rule that watches, e.g. none_shown_worse",
            on_key=True,
        )


def _slices(claim: ClaimPlan, *, over_slices: bool) -> Iterator[Problem]:
    if over_slices and claim.by_slice is None:
        yield Problem(("by_slice",), f"not given; the rule {claim.rule!r} needs one of the slices")
    if claim.by_slice is not None and not over_slices:
        yield Problem(
            ("by_slice",),
            f"the rule {claim.rule!r} is not about slices, expected a rule such as "
            "each_non_inferior, or no by_slice",
            on_key=True,
        )


def _measure(part: Part, claim: ClaimPlan) -> Iterator[Problem]:
    if part is Part.PRIMARY:
        yield Problem(
            ("measure",), "a measure has no error rate, expected a metric in the primary claim"
        )
    if claim.rule in _PAIRED:
        yield Problem(
            (claim.rule,),
            f"the rule {claim.rule!r} compares the scores of items, expected 'within' for a "
            "measure",
            on_key=True,
        )
    yield from _no_passes(claim, "a measure is exact")


def _latency(claim: ClaimPlan) -> Iterator[Problem]:
    if claim.rule != "within":
        yield Problem(
            (claim.rule,),
            f"got the rule {claim.rule!r}, expected 'within' for {claim.quantity}",
            on_key=True,
        )
    elif claim.params.get("passes") is None:
        yield Problem(
            (claim.rule, "passes"),
            f"not given; {claim.quantity} is taken in separate passes, e.g. passes: 7",
        )
    limit = claim.params.get("limit")
    if isinstance(limit, (int, float)) and limit <= 0:
        yield Problem(
            (claim.rule, "limit"), f"got {limit:g} for {claim.quantity}, expected more than 0 ms"
        )


def _no_passes(claim: ClaimPlan, why: str) -> Iterator[Problem]:
    if claim.rule != "within":
        return
    for key in ("passes", "items"):
        if claim.params.get(key) is not None:
            yield Problem((claim.rule, key), f"{why}, expected no {key}", on_key=True)
