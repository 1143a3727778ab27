"""Who has signed for a study as plain values: who, in which role, by which key, and if it counts.

Whether a signature is about the evidence as it is now is known only once that was looked at; until
then it is said that it was not compared.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from liftgate.canon import short
from liftgate.documents.page import clip
from liftgate.flow.policies import signers_of
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
    barred: Mapping[str, str] = field(default_factory=dict)
    """Folded name of who may not approve or waive here -> why."""


def signature_view(one: Consent, entries: Sequence[Entry], ground: Ground) -> dict[str, Any]:
    """Return one signature, and whether it counts."""
    said = {k: v for k, v in one.said.items() if isinstance(v, str) and not k.startswith("_")}
    state, why = state_of(one, ground)
    if one.by and (barred := _barred(one, ground)):
        state, why = VOID, barred
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


def state_of(one: Consent, ground: Ground, now: datetime | None = None) -> tuple[str, str]:
    """Return whether a signature counts, and why not."""
    if not one.by:
        return VOID, "no key whose word counts"
    if one.act == consent.PROTOCOL:
        return (VALID, "") if one.about == ground.held else (STALE, "about an earlier lock")
    if one.act == consent.WAIVER:
        return _until(one.said, now or datetime.now(UTC))
    if one.act not in (consent.APPROVAL, consent.RECORD):
        return VALID, ""
    if one.about != ground.decision:
        return STALE, "about an earlier decision"
    if one.act == consent.APPROVAL and one.said.get("policy") != ground.policy:
        return STALE, "about another policy"
    if ground.evidence is None:
        return SIGNED, "the evidence was not looked at yet"
    if one.said.get("_evidence") != ground.evidence:
        return STALE, "about other evidence"
    return VALID, ""


def _barred(one: Consent, ground: Ground) -> str:
    """Return why nobody of those who approved or waived may; empty: somebody may."""
    if one.act not in (consent.APPROVAL, consent.WAIVER):
        return ""
    whys = [
        next((ground.barred[name] for name in sorted(signer.names) if name in ground.barred), "")
        for signer in signers_of([one])
    ]
    return "; ".join(dict.fromkeys(whys)) if all(whys) else ""


def _until(said: Mapping[str, Any], now: datetime) -> tuple[str, str]:
    try:
        until = datetime.fromisoformat(str(said.get("until")))
    except ValueError:
        return VOID, "it does not say until when"
    until = until if until.tzinfo else until.replace(tzinfo=UTC)
    return (VALID if now < until else EXPIRED), f"until {until:%Y-%m-%d %H:%M}"
