"""Every check of a gate broken on purpose, one at a time: a check that nobody misses is none.

A mutant is killed by a scene about which it decides otherwise than the unbroken gate. One that no
scene of the battery kills names a check that cannot bite: a margin that nothing can exceed, a claim
that another one always decides before, a rule that passes whatever it is shown.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from liftgate.errors import LiftgateError
from liftgate.gates.calibrate.battery import Battery
from liftgate.gates.calibrate.broken import Checks, Court, Words
from liftgate.gates.calibrate.scenes import Scene, bounded, width_of
from liftgate.gates.calibrate.standins import COUNTED_AS_PASSED
from liftgate.protocols import Rule
from liftgate.records import Claim, DecisionWord, Failure, Scale

MakeRule = Callable[[Claim], Rule]
Tick = Callable[[int, int], None]


@dataclass(frozen=True)
class Mutant:
    """The gate with one check broken."""

    name: str
    """Unique, e.g. ``guardrails.0: left out``."""
    title: str
    checks: Checks
    advice: str
    """What to do when nothing kills it."""
    scenes: Callable[[Battery], Iterator[Scene]] = Battery.levelled

    @property
    def claim(self) -> str:
        """The id of the claim that is broken, or what else is."""
        return self.name.split(":")[0]


@dataclass(frozen=True)
class Tried:
    """What became of one mutant."""

    name: str
    title: str
    killed: bool
    scene: str = ""
    """That killed it."""
    before: Words = ()
    after: Words = ()
    advice: str = ""


def mutate(
    checks: Checks,
    candidates: int,
    levels: Mapping[str, float],
    make: MakeRule,
    tick: Tick | None = None,
) -> tuple[Tried, ...]:
    """Break every check and show each mutant the scenes.

    Args:
        checks: the unbroken gate.
        candidates: how many there are.
        levels: metric -> where a pilot's baseline stands, as a share of its range from the worst.
        make: makes a claim's rule from its parameters.
        tick: told how many mutants are done, of how many.
    """
    court = Court()
    battery = Battery(checks, candidates, court, levels)
    found = [_stuck(checks, name, why) for name, why in battery.stuck.items()]
    # A claim that never passes would hide what the others do.
    passing = {c.id: COUNTED_AS_PASSED for c in checks.claims if c.id in battery.stuck}
    whole = replace(checks, rules={**checks.rules, **passing})
    listed = [one for one in mutants(whole, candidates, make) if one.claim not in battery.stuck]
    if battery.stuck:
        # What all claims share cannot be tried on a gate that never ships.
        listed = [one for one in listed if one.claim in checks.rules]
    for number, one in enumerate(listed):
        found.append(_tried(whole, one, battery))
        if tick is not None:
            tick(number + 1, len(listed))
    return tuple(found)


def mutants(checks: Checks, candidates: int, make: MakeRule) -> Iterator[Mutant]:
    """Yield every mutant of a gate."""
    for claim in checks.claims:
        yield from _of_claim(checks, claim, make)
    if candidates > 1:
        yield Mutant(
            "all: candidates do not share alpha",
            "each candidate is tested as if it were the only one",
            replace(checks, over_candidates=False),
            "the items are too few, or the candidates too alike, for Holm's correction to matter",
            Battery.barely,
        )
    if any(not c.is_measure for c in checks.claims):
        yield from _of_harm(checks)
    if any(c.metric in checks.scales for c in checks.claims):
        yield from _of_outcomes(checks)
        yield from _of_design(checks)


def _of_claim(checks: Checks, claim: Claim, make: MakeRule) -> Iterator[Mutant]:
    rules = {**checks.rules, claim.id: COUNTED_AS_PASSED}
    yield Mutant(
        f"{claim.id}: left out",
        f"{claim.title} passes whatever it is shown",
        replace(checks, rules=rules),
        "nothing that a candidate can do makes this claim alone stop it: narrow its margin or "
        "limit, take another rule, or remove it if another claim always decides before it",
    )
    widened = _widened(checks, claim, make)
    if widened is not None:
        yield Mutant(
            f"{claim.id}: widened",
            f"{claim.title} with a margin or limit near the end of the scale",
            replace(checks, rules={**checks.rules, claim.id: widened}),
            "the declared margin or limit is already as wide as the scale: narrow it to the "
            "largest loss that you would accept",
        )
    # A limit on the candidate's own mean is the same limit whichever way is better.
    if claim.metric in checks.scales and "limit" not in claim.params:
        yield Mutant(
            f"{claim.id}: turned round",
            f"{claim.title} takes worse for better",
            replace(checks, turned=frozenset({claim.id})),
            "this claim does not care which way is better: declare the metric's direction, or take "
            "a rule that has one",
        )
    yield Mutant(
        f"{claim.id}: reads the wrong arm",
        f"{claim.title} reads the baseline's scores as the candidate's",
        replace(checks, swapped=frozenset({claim.id})),
        "this claim passes for either arm: what it asks is true of the baseline by far",
    )


def _widened(checks: Checks, claim: Claim, make: MakeRule) -> Rule | None:
    params = dict(claim.params)
    scale = checks.scales.get(claim.metric)
    if isinstance(params.get("margin"), str):
        params["margin"] = f"{100 * _most_of_the_baseline(scale):.6g}%"
    elif "margin" in params and scale is not None:
        params["margin"] = 0.99 * width_of(scale) if bounded(scale) else 1e6
    elif "limit" in params:
        params["limit"] = _far_limit(checks, claim)
    else:
        return None
    try:
        return make(replace(claim, params=params))
    except LiftgateError:
        return None


def _most_of_the_baseline(scale: Scale | None) -> float:
    """Return nearly the largest share of a baseline that scores of a scale can lose."""
    if scale is None or scale.low is None or scale.high is None or scale.low <= 0:
        return 0.99
    return 0.99 * (1 - scale.low / scale.high)


def _far_limit(checks: Checks, claim: Claim) -> float:
    scale = checks.scales.get(claim.metric)
    if scale is None or not bounded(scale):
        return 1e12
    assert scale.low is not None
    assert scale.high is not None
    return scale.high - 0.001 * (scale.high - scale.low)


def _of_harm(checks: Checks) -> Iterator[Mutant]:
    yield Mutant(
        "all: harm is not tested",
        "no candidate is held for harm that was shown",
        replace(checks, harm=False),
        "no claim of this gate can show harm: no rule of it gives a p-value for harm",
    )
    family = sum(not c.is_measure for c in checks.claims)
    if family > 1:
        yield Mutant(
            "all: harms do not share alpha_hold",
            "each claim's harm is tested as if it were the only one",
            replace(checks, over_harms=False),
            "only one of the claims can show harm at all: see which rules test none",
            Battery.slightly,
        )


def _of_outcomes(checks: Checks) -> Iterator[Mutant]:
    yield Mutant(
        "all: missing scores are left out",
        "items without a score drop out instead of counting worst",
        replace(checks, missing_worst=False),
        "no score that is missing changes a verdict: the margins are too wide for it",
        Battery.gaps,
    )
    for kind in Failure:
        yield Mutant(
            f"outcomes.{kind.value}: left out",
            f"trials that end in {kind.value} drop out instead of having a score",
            replace(checks, failures=checks.failures - {kind}),
            f"a candidate may end in {kind.value} as often as it likes: declare a score that hurts "
            f"(outcomes: {kind.value}: {{score: worst}})",
            lambda battery, kind=kind: battery.failing(kind),  # type: ignore[misc]
        )


def _of_design(checks: Checks) -> Iterator[Mutant]:
    if np.unique(checks.clusters).size < checks.clusters.size:
        yield Mutant(
            "all: clusters are ignored",
            "items of a cluster are taken as independent",
            replace(checks, clustered=False),
            "no verdict depends on the clusters: too few items share one; leave them out",
            Battery.together,
        )
    if checks.looks is not None:
        yield Mutant(
            "all: looks are free",
            "every look is tested at the full alpha, as if it were the only one",
            replace(checks, spending=False),
            "no early look could decide anything: plan fewer looks, or one",
            Battery.early,
        )


def _tried(whole: Checks, mutant: Mutant, battery: Battery) -> Tried:
    court = battery.court
    for scene in mutant.scenes(battery):
        before, after = court.words(whole, scene), court.words(mutant.checks, scene)
        if before != after:
            return Tried(mutant.name, mutant.title, True, scene.name, before, after)
    return Tried(mutant.name, mutant.title, False, advice=mutant.advice)


def _stuck(checks: Checks, claim_id: str, why: str) -> Tried:
    claim = next(c for c in checks.claims if c.id == claim_id)
    return Tried(
        f"{claim_id}: never passes",
        f"a gate that never ships, for want of {claim.title}",
        False,
        advice=f"no evidence on the planned items makes it pass ({why})",
    )


def unread(metrics: Iterable[str], claims: Sequence[Claim]) -> Iterator[Tried]:
    """Yield a surviving mutant for each metric that is scored and that no deciding claim reads."""
    read = {c.metric for c in claims if c.part.value in {"primary", "guardrail"}}
    later = {c.metric for c in claims if c.part.value == "secondary"}
    watched = {c.metric for c in claims if c.part.value == "watch"}
    for metric in metrics:
        if metric in read or metric in later:
            continue
        only = (
            "it is only watched, which stops nothing" if metric in watched else "no claim reads it"
        )
        yield Tried(
            f"scorers.{metric}: lost",
            f"a candidate that is worst on {metric} everywhere",
            False,
            advice=f"{only}: make it a guardrail, or leave the scorer out",
        )


def survivors(found: Iterable[Tried]) -> tuple[Tried, ...]:
    """Return the mutants that nothing killed."""
    return tuple(one for one in found if not one.killed)


def changed(one: Tried) -> tuple[DecisionWord, DecisionWord]:
    """Return the first candidate's word that a mutant changed, before and after."""
    return next((a, b) for a, b in zip(one.before, one.after, strict=True) if a != b)
