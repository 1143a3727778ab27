"""A decision, and what it is worth, in words for people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from liftgate.protocols import Evidence
from liftgate.records import (
    Claim,
    Decision,
    DecisionWord,
    Mark,
    Part,
    Population,
    Reading,
    Status,
    Verdict,
)
from liftgate.rules.wording import listed, number, percent, telling

WEAKEST_FIRST = (Mark.ASYMPTOTIC, Mark.EXACT, Mark.ANYTIME_EXACT)

_MARKS = {
    Mark.EXACT: "every test in it holds its level exactly",
    Mark.ANYTIME_EXACT: "every test in it holds its level exactly at any stopping time",
    Mark.ASYMPTOTIC: "it rests on at least one test that holds its level only approximately",
}
_VOIDS = {
    "unlocked": "the study was not locked before its results",
    "deviated": "the study was amended after results had been seen",
    "exploratory": "the study is declared exploratory",
    "unassessed": "a claim of the lock was not assessed",
}


@dataclass(frozen=True)
class Told:
    """What a sentence needs to know beside the decision."""

    claims: Mapping[str, Claim]
    evidence: Mapping[str, Evidence]
    candidates: int
    passed: bool
    """Whether the candidate would ship if nothing voided the statement."""


def sentence_of(decision: Decision, told: Told) -> str:
    """Return a decision in one sentence."""
    if decision.word is DecisionWord.SHIP:
        return _ships(decision, told)
    if decision.word is DecisionWord.HOLD:
        return _held(decision, told)
    if told.passed:
        return (
            f"{decision.candidate} may not ship: every claim passed, but the error statement is "
            f"void ({_voids(decision.voids)})."
        )
    return _cannot_tell(decision, told)


def error_statement(
    claims: Sequence[Claim], decisions: Sequence[Decision], *, alpha: float, alpha_hold: float
) -> str:
    """Return what a study's decisions guarantee, what they do not, and how the rate is known.

    Args:
        claims: of the lock, in its order.
        decisions: one for each candidate.
        alpha: largest chance of a false ship, one-sided, for the whole study.
        alpha_hold: largest chance of a false hold of one candidate.
    """
    inside = [c for c in claims if _counts(c, decisions)]
    if not inside:
        text = "No claim of this study is statistical: there is no error rate to state."
        return " ".join([text, *_outside(claims, inside), *_void_lines(decisions)])
    lines = [
        _false_ship(inside, len(decisions), alpha),
        _populations(inside),
        f"False hold: a candidate that does no harm is held with a probability of at most "
        f"{percent(alpha_hold)}.",
        *_mark_line(decisions),
        *_outside(claims, inside),
        *_void_lines(decisions),
    ]
    return " ".join(lines)


def set_lines(number: int, alpha: float, *, exposed: bool) -> list[str]:
    """Return what is to be said of a set that was used before; nothing of its first use."""
    if number == 1:
        return []
    lines = [
        f"This is use {number} of this set for a ship decision, and spends {percent(alpha)}: false "
        "ships add up over the uses of a set."
    ]
    if exposed:
        lines.append(
            "The set is exposed: an earlier study's results on its items could be seen before this "
            "one was locked, and a candidate made with them in view is not covered."
        )
    return lines


def _ships(decision: Decision, told: Told) -> str:
    primary = next(v for v in decision.verdicts if told.claims[v.claim].part is Part.PRIMARY)
    guards = sum(claim.part is Part.GUARDRAIL for claim in told.claims.values())
    held = {0: "", 1: "; its guardrail held"}.get(guards, "; every guardrail held")
    return f"{decision.candidate} ships: {_effect(primary, told)}{held}."


def _held(decision: Decision, told: Told) -> str:
    verdicts = [v for v in decision.verdicts if v.claim in decision.harms]
    verdicts += [v for v in decision.verdicts if _is_broken(v, told)]
    others = listed([told.claims[verdict.claim].title for verdict in verdicts[1:]])
    said = _harm(verdicts[0], told) + (f"; also against it: {others}" if others else "")
    void = f" (the error statement is void too: {_voids(decision.voids)})" if decision.voids else ""
    return f"{decision.candidate} is held: {said}{void}."


def _is_broken(verdict: Verdict, told: Told) -> bool:
    part = told.claims[verdict.claim].part
    return verdict.reading is Reading.BROKEN and part in {Part.PRIMARY, Part.GUARDRAIL}


def _harm(verdict: Verdict, told: Told) -> str:
    if verdict.reading is Reading.BROKEN:
        return f"{told.claims[verdict.claim].metric} is over its limit: {verdict.reason}"
    if verdict.parts:
        worst = min(verdict.parts, key=lambda p: 1.0 if p.harm_p is None else p.harm_p)
        return f"harm is shown in the slice {worst.slice} on {_effect(worst, told)}"
    return f"harm is shown on {_effect(verdict, told)}"


def _cannot_tell(decision: Decision, told: Told) -> str:
    start = f"can't tell whether {decision.candidate} should ship"
    binding = next((v for v in decision.verdicts if v.claim == decision.binding), None)
    why = "" if binding is None else f": {_shortfall(binding, decision, told)}"
    more = _more(binding, decision)
    void = f"; the error statement is void too: {_voids(decision.voids)}" if decision.voids else ""
    return f"{start}{why}{more}{void}."


def _shortfall(binding: Verdict, decision: Decision, told: Told) -> str:
    metric = told.claims[binding.claim].metric
    if binding.rejected and decision.p_holm is not None and decision.p_worst is not None:
        return (
            f"every claim passes alone, but not after the correction for {told.candidates} "
            f"candidates ({metric}: p {decision.p_worst:.3g}, corrected {decision.p_holm:.3g})"
        )
    if told.claims[binding.claim].part is Part.FLOOR:
        return (
            "the baseline was not shown better than the floor, so that nothing can be learned by "
            f"comparing with it: {metric} {binding.reason}"
        )
    return f"{metric} {binding.reason}"


def _more(binding: Verdict | None, decision: Decision) -> str:
    if binding is None or decision.units_needed is None:
        return ""
    pilot = next((p for p in binding.parts if not p.rejected), binding)
    where = " in each open slice" if binding.parts else ""
    if pilot.estimate is not None and decision.units_needed <= pilot.estimate.clusters:
        have = _items(pilot, pilot.estimate.clusters)
        return (
            f"; {have} were enough to show the planned effect with 80 % power, so that the true "
            "one is probably smaller"
        )
    return f"; about {_items(pilot, decision.units_needed)}{where} would tell"


def _items(pilot: Verdict, units: int) -> str:
    """Return a number of units as items, in clusters of the size that they have now."""
    estimate = pilot.estimate
    if estimate is None or estimate.n == estimate.clusters:
        return f"{number(units)} items"
    items = round(units * estimate.n / estimate.clusters)
    return f"{number(items)} items in {number(units)} clusters"


def _effect(verdict: Verdict, told: Told) -> str:
    """Return a claim's effect in words; without a plain difference, its whole reason."""
    claim = told.claims[verdict.claim]
    relative = isinstance(claim.params.get("margin"), str)
    if verdict.estimate is None or relative or claim.rule == "within":
        return f"{claim.metric} {verdict.reason}"
    scale = told.evidence[claim.id].scale
    return f"{claim.metric} {telling(scale).interval(verdict.estimate)}"


def _voids(voids: Sequence[str]) -> str:
    return listed([_void(label) for label in voids])


def _void(label: str) -> str:
    meaning = _VOIDS.get(label)
    return label if meaning is None else f"{label}: {meaning}"


def _counts(claim: Claim, decisions: Sequence[Decision]) -> bool:
    if claim.part not in {Part.PRIMARY, Part.GUARDRAIL, Part.FLOOR}:
        return False
    return any(
        v.claim == claim.id and v.status is Status.STATISTICAL
        for decision in decisions
        for v in decision.verdicts
    )


def _false_ship(inside: Sequence[Claim], candidates: int, alpha: float) -> str:
    titles = listed([claim.title for claim in inside])
    joined = "; every one must pass" if len(inside) > 1 else ""
    over = f" and all {candidates} candidates (Holm)" if candidates > 1 else ""
    return (
        f"False ship: if any of the claims below is false for a candidate, it ships with a "
        f"probability of at most {percent(alpha)}, one-sided, for the whole study{over}. "
        f"The claims: {titles}{joined}."
    )


def _populations(inside: Sequence[Claim]) -> str:
    found = {claim.population for claim in inside}
    if found == {Population.NEW_ITEMS}:
        return "They speak about new items like these."
    if found == {Population.THIS_SET}:
        return "They speak about these items only, not about new ones."
    fixed = listed([c.title for c in inside if c.population is Population.THIS_SET])
    return f"They speak about new items like these, except {fixed}: about these items only."


def _mark_line(decisions: Sequence[Decision]) -> list[str]:
    marks = {decision.mark for decision in decisions}
    found = next((mark for mark in WEAKEST_FIRST if mark in marks), None)
    return [] if found is None else [f"Marked {found.value}: {_MARKS[found]}."]


def _outside(claims: Sequence[Claim], inside: Sequence[Claim]) -> list[str]:
    rest = [f"{c.title} ({_why_outside(c)})" for c in claims if c not in inside]
    return [f"Outside the statement: {listed(rest)}."] if rest else []


def _why_outside(claim: Claim) -> str:
    if claim.part in {Part.WATCH, Part.SECONDARY}:
        return claim.part.value
    return "measured exactly" if claim.is_measure else "not assessed"


def _void_lines(decisions: Sequence[Decision]) -> list[str]:
    return [
        f"Void for {decision.candidate}: {_voids(decision.voids)}."
        for decision in decisions
        if decision.voids
    ]
