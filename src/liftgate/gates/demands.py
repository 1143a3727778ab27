"""What a policy demands of one decision, evaluated three-valued with the tree of reasons."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from liftgate.gates.condition import Condition, State, all_of, cannot_tell, met, not_met
from liftgate.gates.escalation import Asked, escalated
from liftgate.gates.glass import Glass, under_glass
from liftgate.gates.policy import TIERS, EntryNeed, Policy, TierPlan, WaiverPlan
from liftgate.gates.rests_on import labels_vouched
from liftgate.gates.rights import Signer, folded, larger, signed_by, unknown_author
from liftgate.gates.risk import Risk, risk_of
from liftgate.records.notebook import Card

_SHIP = "ship"
_UNDECIDED = "undecided"
_SIGNED = ("run.reproduced", "drill.rollback")
"""Kinds of entries that a command can sign: where decisions are signed, so are these."""


@dataclass(frozen=True)
class Told:
    """What another entry of the ledger says, as far as a policy asks for it."""

    sequence: int
    kind: str
    time: datetime
    study: str | None = None
    verdict: str | None = None
    candidates: tuple[str, ...] = ()
    """Fingerprints of the arms that it ships."""
    signers: tuple[Signer, ...] = ()
    """Who signed a statement about it."""
    why: str = ""
    """Why it says nothing yet; empty: it says what it says."""


@dataclass(frozen=True)
class SetAside:
    """A signed waiver."""

    sequence: int
    conditions: tuple[str, ...]
    until: datetime
    made: datetime
    owner: str
    reason: str
    signers: tuple[Signer, ...]


@dataclass(frozen=True)
class Facts:
    """What is known of one decision; every signature in it was verified."""

    body: Mapping[str, Any]
    """Of the decision's entry."""
    study: Mapping[str, Any]
    """The model of the locked study."""
    items: int
    decided: datetime
    now: datetime
    reopened: tuple[str, ...] = ()
    """Why it must be looked at again, one sentence each."""
    changed: str = ""
    """What of the evidence is no longer what was decided on; empty: nothing."""
    unchecked: str = ""
    """Why nobody can tell whether the decision follows from its rows; empty: it does."""
    authors: frozenset[str] = frozenset()
    author_signed: bool = False
    approvals: tuple[Signer, ...] = ()
    """Of exactly this evidence under exactly this policy."""
    stale: tuple[str, ...] = ()
    """Who approved something else, in words."""
    uncounted: tuple[str, ...] = ()
    """Signatures that do not count, and why."""
    weakened: tuple[str, ...] = ()
    """Paths at which the study was weakened after its lock."""
    activated: int | None = None
    """Entry that says that every check of the gate bites."""
    activated_by: tuple[Signer, ...] = ()
    """Who signed that."""
    forecast: int | None = None
    """Entry of a signed forecast from before the first decision."""
    record: int | None = None
    others: tuple[Told, ...] = ()
    labelled: Mapping[str, Mapping[int, Sequence[Signer]]] = field(default_factory=dict)
    """Judged metric -> entry of its draw and its labels -> who signed that."""
    waivers: tuple[SetAside, ...] = field(default=())
    glasses: tuple[Glass, ...] = ()
    conflicts: Mapping[str, str] = field(default_factory=dict)
    """Person -> why there is a conflict of interest."""


@dataclass(frozen=True)
class Standing(Card):
    """How a decision stands under a policy."""

    policy: Policy
    tier: str
    risks: Mapping[str, Risk]
    """Candidate -> its risk."""
    tree: Condition

    @property
    def exit_code(self) -> int:
        """0: it ships and the policy is met; 1: something is not; 4: nobody can tell."""
        return {State.MET: 0, State.NOT_MET: 1, State.CANNOT_TELL: 4}[self.tree.counts]

    def as_json(self) -> dict[str, Any]:
        """Return everything as JSON values."""
        return {
            "policy": {"name": self.policy.policy, "digest": self.policy.digest()},
            "tier": self.tier,
            "risks": {
                name: {"tier": risk.tier, "why": risk.why} for name, risk in self.risks.items()
            },
            "standing": self.tree.as_json(),
            "exit_code": self.exit_code,
        }


def stand(policy: Policy, facts: Facts) -> Standing:
    """Evaluate what a policy demands of a decision. The same facts give the same bytes."""
    risks = risks_of(policy, facts.body["changes"], facts.study, shipping(facts.body))
    tier = max((risk.tier for risk in risks.values()), key=TIERS.index)
    plan = policy.tier(tier)
    parts = [_decision(facts.body), *_reopened(facts), _evidence(facts)]
    parts += _about_study(plan, facts)
    parts += [*_about_entries(plan, facts), *_about_people(plan, facts)]
    waived = _waived(parts, policy, facts)
    counted = under_glass(waived, policy.break_glass, facts.glasses, facts.now)
    return Standing(policy, tier, risks, all_of("gate", counted))


def shipping(body: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the candidates that ship; all where none does."""
    ships = [one["candidate"] for one in body["decisions"] if one["word"] == _SHIP]
    return tuple(ships or [one["candidate"] for one in body["decisions"]])


def risks_of(
    policy: Policy,
    changes: Mapping[str, Sequence[Mapping[str, Any]]],
    study: Mapping[str, Any],
    candidates: Sequence[str],
) -> dict[str, Risk]:
    """Return candidate -> risk of its change from the baseline."""
    declared = str(study["decision"].get("risk", "normal"))
    return {name: risk_of(policy, changes[name], declared=declared) for name in candidates}


def _decision(body: Mapping[str, Any]) -> Condition:
    words = {one["candidate"]: one["word"] for one in body["decisions"]}
    said = ", ".join(f"{name}: {word}" for name, word in words.items())
    left_out = tuple(
        cannot_tell("not assessed", f"{one['candidate']}: {claim}")
        for one in body["decisions"]
        for claim in one.get("not_assessed", ())
    )
    if _SHIP in words.values():
        found = met("decision", said)
    elif all(word == "hold" for word in words.values()):
        found = not_met("decision", said)
    else:
        found = cannot_tell("decision", said)
    return replace(found, parts=left_out)


def _reopened(facts: Facts) -> Iterator[Condition]:
    """Nothing where a decision was never reopened."""
    if facts.reopened:
        yield not_met("reopened", "; ".join(facts.reopened))


def _evidence(facts: Facts) -> Condition:
    if facts.changed:
        return not_met("evidence", f"stale: {facts.changed}; run the study again")
    if facts.unchecked:
        return cannot_tell("evidence", facts.unchecked)
    return met("evidence", "is what was decided on")


def _about_study(plan: TierPlan, facts: Facts) -> Iterator[Condition]:
    if plan.guardrails:
        count = len(facts.study["claims"].get("guardrails", []))
        yield _least("guardrails", count, plan.guardrails)
    if plan.largest_alpha is not None:
        alpha = float(facts.body["alpha"])
        said = f"{alpha:g}, at most {plan.largest_alpha:g}"
        yield met("alpha", said) if alpha <= plan.largest_alpha else not_met("alpha", said)
    if plan.least_items:
        yield _least("items", facts.items, plan.least_items)
    if plan.fresh_days is not None:
        yield _fresh("fresh", facts.decided, plan.fresh_days, facts.now)
    if plan.gate_activated:
        yield _activated(plan, facts)
    if plan.signs:
        yield from (labels_vouched(metric, of) for metric, of in facts.labelled.items())


def _activated(plan: TierPlan, facts: Facts) -> Condition:
    if facts.activated is None:
        return cannot_tell("gate-activated", "not assessed: liftgate gate activate STUDY")
    said = f"ledger entry {facts.activated}"
    if plan.signs and not facts.activated_by:
        why = f"{said} is signed by nobody: liftgate gate activate STUDY --sign-with KEY"
        return not_met("gate-activated", why)
    return met("gate-activated", said)


def _about_entries(plan: TierPlan, facts: Facts) -> Iterator[Condition]:
    prints = {arm["name"]: arm["fingerprint"] for arm in facts.body["arms"]}
    wanted = {prints[name] for name in shipping(facts.body)}
    for name, days in plan.studies.items():
        mine = [
            one
            for one in facts.others
            if one.kind == "decision" and (one.study or "").partition("-")[0] == name
        ]
        found = _study_needed(f"study:{name}", mine, wanted, days, facts.now)
        if plan.signs and found.state is State.MET and not _vouched(mine, wanted, facts):
            why = f"{found.why}, and nobody but the author of this study signed it"
            found = not_met(found.name, why)
        yield found
    for name, need in plan.entries.items():
        mine = [
            one
            for one in facts.others
            if one.kind == need.kind and one.study in (None, facts.body["study"])
        ]
        found = _entry_needed(f"entry:{name}", mine, need, facts)
        if plan.signs and found.state is State.MET and need.kind in _SIGNED and not _by(mine[-1]):
            said = f"ledger entry {mine[-1].sequence} is signed by nobody: --sign-with KEY"
            found = not_met(found.name, said)
        yield found


def _by(told: Told) -> list[Signer]:
    return [one for one in told.signers if not one.machine]


def _vouched(mine: Sequence[Told], wanted: set[str], facts: Facts) -> bool:
    """Whether somebody else than the author signed under the last decision that is asked for.

    It is another study's, so nobody decides it again from its rows here.
    """
    last = [one for one in mine if wanted <= set(one.candidates)][-1]
    authors = {folded(one) for one in facts.authors}
    return any(not one.names & authors and one.who not in facts.conflicts for one in _by(last))


def _study_needed(
    name: str, mine: Sequence[Told], wanted: set[str], days: int, now: datetime
) -> Condition:
    about = [one for one in mine if wanted <= set(one.candidates) or one.verdict != _SHIP]
    if not about:
        return cannot_tell(name, "not assessed: no such study ships exactly these candidates")
    last = about[-1]
    if last.verdict != _SHIP:
        return not_met(name, f"ledger entry {last.sequence} says {last.verdict}")
    return _fresh(name, last.time, days, now)


def _entry_needed(name: str, mine: Sequence[Told], need: EntryNeed, facts: Facts) -> Condition:
    if not mine:
        return cannot_tell(name, f"not assessed: the ledger holds no {need.kind}")
    last = mine[-1]
    if last.why or (last.verdict == _UNDECIDED and _UNDECIDED not in need.accept):
        return cannot_tell(name, last.why or f"ledger entry {last.sequence} says {_UNDECIDED}")
    if need.accept and last.verdict not in need.accept:
        return not_met(name, f"ledger entry {last.sequence} says {last.verdict}")
    signed = signed_by(
        "signed", need.signed, last.signers, authors=facts.authors, conflicts=facts.conflicts
    )
    if signed.state is not State.MET:
        return not_met(name, f"ledger entry {last.sequence} is signed by too few: {signed.why}")
    return _fresh(name, last.time, need.days, facts.now)


def _about_people(plan: TierPlan, facts: Facts) -> Iterator[Condition]:
    if plan.author_signs:
        yield (
            met("author", "signed the locked study")
            if facts.author_signed
            else cannot_tell("author", "did not sign the locked study: liftgate sign STUDY")
        )
    if plan.forecast:
        yield (
            cannot_tell("forecast", "none was signed before the result")
            if facts.forecast is None
            else met("forecast", f"ledger entry {facts.forecast}")
        )
    if plan.record:
        yield (
            not_met("record", "no signed decision record: liftgate sign STUDY --record FILE")
            if facts.record is None
            else met("record", f"ledger entry {facts.record}")
        )
    wanted = dict(plan.approvals)
    if facts.weakened:
        wanted = larger(wanted, plan.weakening)
    if not wanted:
        return
    if plan.author_signs and not facts.author_signed:
        yield unknown_author("approvals")
        return
    asked = Asked(
        since=facts.decided,
        now=facts.now,
        signers=facts.approvals,
        authors=facts.authors,
        conflicts=facts.conflicts,
    )
    found = escalated(asked.signed("approvals", wanted), plan.escalation, asked)
    notes = [met("stale", text) for text in facts.stale]
    notes += [met("not counted", text) for text in facts.uncounted]
    notes += [met("weakened", path) for path in facts.weakened]
    missing = {State.NOT_MET: "stale" if facts.stale else "", State.MET: ""}.get(found.state, "")
    why = f"{found.why} ({missing})" if missing else found.why
    yield Condition(found.name, found.state, why, (*found.parts, *notes))


def _waived(parts: Sequence[Condition], policy: Policy, facts: Facts) -> list[Condition]:
    found = []
    for one in parts:
        kept = one
        for waiver in facts.waivers:
            if one.state is not State.MET and waiver_fault(policy, facts, waiver, one.name) == "":
                said = f"{waiver.reason} ({waiver.owner}, until {waiver.until:%Y-%m-%d %H:%M})"
                kept = one.waived(waiver.sequence, said)
        found.append(kept)
    return found


def waiver_fault(policy: Policy, facts: Facts, waiver: SetAside, name: str) -> str:
    """Say why a waiver does not set a condition aside, or return an empty text."""
    if name not in waiver.conditions:
        return "it is about something else"
    if facts.now >= waiver.until:
        return f"it expired at {waiver.until.isoformat()}"
    return void_waiver(policy.waivers, waiver, name, facts.authors, facts.conflicts)


def void_waiver(
    plan: WaiverPlan,
    waiver: SetAside,
    name: str,
    authors: Iterable[str],
    conflicts: Mapping[str, str],
) -> str:
    """Say why a waiver never set a condition aside, or return an empty text.

    Args:
        plan: of the policy that holds for the study.
        waiver: a signed one.
        name: of one of its conditions.
        authors: who made the study: they waive nothing of it.
        conflicts: person -> why there is a conflict of interest.
    """
    if name in plan.never or name.partition(":")[0] in plan.never:
        return f"{name} is never waived"
    if waiver.until > waiver.made + timedelta(days=plan.longest_days):
        return f"it holds longer than {plan.longest_days} days"
    signed = signed_by(
        "waiver", plan.approvals, waiver.signers, authors=authors, conflicts=conflicts
    )
    return "" if signed.state is State.MET else f"signed by too few: {signed.why}"


def _least(name: str, count: int, least: int) -> Condition:
    said = f"{count}, at least {least}"
    return met(name, said) if count >= least else not_met(name, said)


def _fresh(name: str, time: datetime, days: int, now: datetime) -> Condition:
    age = now - time
    said = f"{age.days} days old, at most {days}"
    return met(name, said) if age <= timedelta(days=days) else not_met(name, said)
