"""What the grammar allows and a study should not do: faults that stop it, warnings that do not."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from liftgate.errors import Fault, StudyError
from liftgate.perturbations.dataset import CLEAN, PERTURBED
from liftgate.records import Claim, Part, Role
from liftgate.records.notebook import Card
from liftgate.study.design import Study
from liftgate.study.plan import latency_quantile
from liftgate.study.source import Path

_NO_BETTER = frozenset({"non_inferior", "equivalent", "each_non_inferior"})


@dataclass(frozen=True)
class Findings(Card):
    """What lint found, each with its position where the study was read from a file."""

    faults: tuple[Fault, ...] = ()
    warnings: tuple[Fault, ...] = ()


def lint(study: Study) -> Findings:
    """Look for what the grammar cannot see.

    Whether every outcome has a rule is a matter of the grammar: such a study does not even load.
    """
    claims = study.claims()
    faults = [*_worthwhile(study, claims[0])]
    for claim in claims:
        faults += _passes(study, claim)
    faults += [*_same_arms(study), *_same_passes(study, claims), *_unread(study)]
    faults += _one_version(study)
    return Findings(tuple(faults), tuple(_warnings(study, claims)))


def check(study: Study) -> Findings:
    """Return the findings of a study without lint faults. Raises StudyError with all of them."""
    found = lint(study)
    if found.faults:
        name = study.file or study.study
        count = "1 fault" if len(found.faults) == 1 else f"{len(found.faults)} faults"
        raise StudyError(f"{name}: {count}", file=study.file, faults=found.faults)
    return found


def least_passes(candidates: int, alpha: float) -> int:
    """Return the least number of passes with which a latency claim can still be shown.

    The sign test over R passes has p >= 2^-R, and Holm may ask alpha / K of the best candidate:
    R >= log2(K / alpha).
    """
    passes = 1
    while candidates * 2.0**-passes > alpha:
        passes += 1
    return passes


def _place(claim: Claim) -> Path:
    return ("claims", *(int(p) if p.isdecimal() else p for p in claim.id.split(".")))


def _worthwhile(study: Study, primary: Claim) -> Iterator[Fault]:
    if primary.rule != "superior":
        return
    if primary.params.get("target") is None:
        yield study.fault(
            (*_place(primary), "superior", "target"),
            "not given; expected the smallest gain worth having, in the units of the score, "
            "e.g. target: 0.05",
        )


def _passes(study: Study, claim: Claim) -> Iterator[Fault]:
    passes = claim.params.get("passes")
    if claim.part is Part.SECONDARY or latency_quantile(claim.metric) is None:
        return
    candidates, alpha = len(study.candidates), study.decision.alpha
    least = least_passes(candidates, alpha)
    if isinstance(passes, int) and passes < least:
        named = "1 candidate" if candidates == 1 else f"{candidates} candidates"
        yield study.fault(
            (*_place(claim), claim.rule, "passes"),
            f"got {passes}, expected at least {least}: fewer cannot show anything for {named} at "
            f"alpha {alpha:g}",
        )


def _unread(study: Study) -> Iterator[Fault]:
    """Of a perturbed item every arm is asked one version, never both."""
    if study.dataset.perturb is None:
        return
    for name, arm in study.arms.items():
        if arm.reads not in (CLEAN, PERTURBED):
            got = "not given" if arm.reads is None else f"got {arm.reads!r}"
            yield study.fault(
                ("arms", name, "reads"),
                f"{got}; the items are perturbed, expected {CLEAN} or {PERTURBED}",
            )


def _one_version(study: Study) -> Iterator[Fault]:
    """A judge of pairs shows one input beside two answers, so both must be answers to it."""
    baseline = next(arm for arm in study.arms.values() if arm.role is Role.BASELINE)
    other = next(
        ((name, arm) for name, arm in study.arms.items() if arm.reads != baseline.reads), None
    )
    for metric, scorer in study.scorers.items():
        if other is None or scorer.params.get("mode") != "pairwise":
            continue
        name, arm = other
        told = [one or "the items as they are" for one in (arm.reads, baseline.reads)]
        yield study.fault(
            ("scorers", metric, "mode"),
            f"got pairwise, but {name!r} reads {told[0]} and the baseline {told[1]}; expected arms "
            "that read one version: their answers stand beside one input",
        )


def _same_passes(study: Study, claims: tuple[Claim, ...]) -> Iterator[Fault]:
    """A metric is taken once: claims that disagree how cannot both be kept."""
    first: dict[str, Claim] = {}
    for claim in claims:
        if claim.is_measure or latency_quantile(claim.metric) is None:
            continue
        other = first.setdefault(claim.metric, claim)
        for key in ("passes", "items"):
            if claim.params.get(key) != other.params.get(key):
                yield study.fault(
                    (*_place(claim), claim.rule, key),
                    f"got {claim.params.get(key)}, expected {other.params.get(key)} as in "
                    f"{other.id}: {claim.metric} is taken once",
                )


def _warnings(study: Study, claims: tuple[Claim, ...]) -> Iterator[Fault]:
    primary = claims[0]
    if primary.rule in _NO_BETTER and study.floor is None:
        yield study.fault(
            _place(primary),
            "two useless systems are not inferior to each other: name a floor that the baseline "
            "must beat (an arm with role: floor, and claims.floor)",
        )
    if not any(claim.part is Part.GUARDRAIL for claim in claims):
        yield study.fault(
            ("claims",), "no guardrails: whatever else a candidate breaks does not stop it"
        )
    if study.decision.risk == "high" and study.decision.alpha > 0.025:
        yield study.fault(
            ("decision", "alpha"),
            f"got {study.decision.alpha:g} at high risk, where 0.025 is the custom",
        )


def _same_arms(study: Study) -> Iterator[Fault]:
    seen: dict[str, str] = {}
    for name, arm in study.arms.items():
        twin = seen.setdefault(repr(arm.model_dump(exclude={"role"})), name)
        if twin != name:
            yield study.fault(
                ("arms", name), f"the same system and parameters as {twin!r}, expected another"
            )
