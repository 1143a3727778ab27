"""Who has signed for a study as plain values: who, in which role, by which key, and if it counts.

Whether a signature is about the evidence as it is now is known only once that was looked at; until
then it is said that it was not compared.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from liftgate.canon import short
from liftgate.documents.page import clip
from liftgate.gates import waivers
from liftgate.ledger import consent
from liftgate.ledger.consent import Consent
from liftgate.records import Entry

VALID, STALE, VOID, EXPIRED, SIGNED = "valid", "stale", "does not count", "expired", "not compared"
_ACTS = {
    consent.PROTOCOL: "signed the locked study",
    consent.FORECAST: "gave a forecast",
    consent.APPROVAL: "approved",
    consent.RECORD: "signed the decision record",
    consent.WAIVER: "waived",
}


_WAIVERS = {waivers.OPEN: VALID, waivers.EXPIRED: EXPIRED, waivers.VOID: VOID}
_NO_WAIVER = "it lacks what a waiver says"


@dataclass(frozen=True)
class Ground:
    """What signatures are held against."""

    held: int
    """Entry of the lock or amendment that holds."""
    decision: int | None
    """Entry of the last decision."""
    policy: str
    """Digest of the policy in force."""
    evidence: str | None = None
    """Digest of the evidence as it is now; None: it was not looked at."""
    uncounted: Mapping[int, str] = field(default_factory=dict)
    """Entry of an approval -> why the gate counts nobody who signed it."""
    waivers: Mapping[int, tuple[str, str]] = field(default_factory=dict)
    """Entry of a signature under a waiver -> what that does, and why or until when."""


def signature_view(one: Consent, entries: Sequence[Entry], ground: Ground) -> dict[str, Any]:
    """Return one signature, and whether it counts."""
    said = {k: v for k, v in one.said.items() if isinstance(v, str) and not k.startswith("_")}
    state, why = state_of(one, ground)
    return {
        "entry": one.sequence,
        "about": one.about,
        "time": entries[one.sequence - 1].time.isoformat(),
        "act": _ACTS.get(one.act, one.act),
        "role": clip(str(said.get("role", "")), 80),
        "by": [clip(signer.key.name, 120) for signer in one.by],
        "keys": [short(signer.key.id) for signer in one.by],
        "note": clip(str(said.get("note") or said.get("reason") or ""), 500),
        "state": state,
        "why": why,
        "faults": [clip(text, 300) for text in one.faults],
        "address": f"/audit/entry?n={one.sequence}",
    }


def state_of(one: Consent, ground: Ground) -> tuple[str, str]:
    """Return whether a signature counts, and why not."""
    if not one.by:
        return VOID, "no key whose word counts"
    if one.act == consent.PROTOCOL:
        return (VALID, "") if one.about == ground.held else (STALE, "about an earlier lock")
    if one.act == consent.WAIVER:
        state, why = ground.waivers.get(one.sequence, (waivers.VOID, _NO_WAIVER))
        return _WAIVERS[state], why
    if one.act not in (consent.APPROVAL, consent.RECORD):
        return VALID, ""
    if one.act == consent.APPROVAL and one.sequence in ground.uncounted:
        return VOID, ground.uncounted[one.sequence]
    if one.about != ground.decision:
        return STALE, "about an earlier decision"
    if one.act == consent.APPROVAL and one.said.get("policy") != ground.policy:
        return STALE, "about another policy"
    if ground.evidence is None:
        return SIGNED, "the evidence was not looked at yet"
    if one.said.get("_evidence") != ground.evidence:
        return STALE, "about other evidence"
    return VALID, ""
