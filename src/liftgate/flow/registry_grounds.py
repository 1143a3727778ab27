"""Whether the ledger's own words on moved aliases hold: on which decision, and approved by whom.

Whoever may append can append that an alias was moved. So an audit believes no such entry: the
decision that it names must be there and ship, those who had to sign must have signed, and a
rollback must have gone to what the ledger had left to go back to.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from liftgate.flow.asides import Asides
from liftgate.flow.authors import locks_of
from liftgate.flow.lending import lent
from liftgate.flow.policies import effective, in_force, signers_of
from liftgate.flow.registry import BEGUN
from liftgate.flow.standing import DECISION
from liftgate.gates.condition import State
from liftgate.gates.demands import risks_of, shipping
from liftgate.gates.escalation import Asked, escalated
from liftgate.gates.lending import with_lent
from liftgate.gates.policy import TIERS
from liftgate.ledger import consent
from liftgate.ledger.consent import Consent
from liftgate.ledger.trust import Trust
from liftgate.records import Entry

_SHIP = "ship"
_FOREIGN = (KeyError, TypeError, ValueError, AttributeError, IndexError)


@dataclass(frozen=True)
class Grounds:
    """A verified ledger with the signatures that count."""

    entries: Sequence[Entry]
    consents: Sequence[Consent]
    trust: Trust

    def faults(self, moves: Sequence[Entry]) -> Iterator[tuple[Entry, str]]:
        """Yield moves of one model's aliases that nothing in the ledger accounts for, and why."""
        left: dict[str, str | None] = {}
        for move in moves:
            try:
                why = self.fault(move, left)
                left |= {step["alias"]: step["after"] for step in move.body["steps"]}
            except _FOREIGN:
                why = "it is not as liftgate writes one"
            if why:
                yield move, why

    def fault(self, move: Entry, left: Mapping[str, str | None]) -> str:
        """Say why nothing accounts for a move, or return an empty text.

        Args:
            move: its entry, as liftgate writes one.
            left: alias -> where the moves before it had left it.
        """
        begun = self.entries[int(move.body["begun"]) - 1]
        parts = ("registry", "model", "steps", "ground")
        same = all(begun.body.get(part) == move.body[part] for part in parts)
        if begun.kind != BEGUN or begun.sequence >= move.sequence or not same:
            return "no entry says that it was begun"
        ground, served = move.body["ground"], move.body["steps"][-1]
        if "rolled_back" in ground:
            known = {after for alias, after in left.items() if alias != served["alias"]}
            return "" if served["after"] in known else "it went back to what no decision had left"
        if served["after"] != move.body["tagged"]:
            return "it is about another version than the one that it moved to"
        return self._undecided(ground) or self._unsigned(move, ground)

    def _undecided(self, ground: Mapping[str, Any]) -> str:
        found = self.entries[int(ground["decision"]) - 1]
        if found.kind != DECISION or found.leaf != ground["leaf"]:
            return f"entry {found.sequence} is not the decision that it names"
        words = {one["candidate"]: one["word"] for one in found.body["decisions"]}
        prints = {one["name"]: one["fingerprint"] for one in found.body["arms"]}
        arm = ground["arm"]
        if words.get(arm) != _SHIP or prints.get(arm) != ground["fingerprint"]:
            return f"the decision (entry {found.sequence}) does not ship {arm}"
        return ""

    def _unsigned(self, move: Entry, ground: Mapping[str, Any]) -> str:
        """Say which approvals of its time are missing."""
        decision = self.entries[int(ground["decision"]) - 1]
        past = [one for one in self.entries if one.sequence < move.sequence]
        signed = [one for one in self.consents if one.sequence < move.sequence]
        name, digest = decision.body["study"], decision.body["study_digest"]
        held = [e for e in locks_of(past, name) if e.body["study_digest"] == digest]
        if not held:
            return f"the lock of {name} is not before it"
        model = held[-1].body["study"]
        policy = effective(in_force(past, signed), str(model["tier"]))
        if policy.digest() != ground["policy"]:
            return "it names another policy than the one that held"
        risks = risks_of(policy, decision.body["changes"], model, shipping(decision.body))
        plan = policy.tier(max((one.tier for one in risks.values()), key=TIERS.index))
        before = Asides(past, signed, self.trust)
        if not plan.approvals or before.set_aside(name, "approvals", move.time):
            return ""
        mine = [
            one
            for one in signed
            if one.act == consent.APPROVAL
            and one.about == decision.sequence
            and one.said.get("policy") == ground["policy"]
            and one.said.get("_evidence") == ground["evidence"]
        ]
        asked = Asked(
            since=decision.time,
            now=move.time,
            signers=with_lent(signers_of(mine, role=True), lent(signed, self.trust), policy),
            authors=before.authors(name),
            conflicts=before.conflicts(name),
        )
        found = escalated(asked.signed("approvals", plan.approvals), plan.escalation, asked)
        return "" if found.state is State.MET else f"its approvals are missing: {found.why}"
