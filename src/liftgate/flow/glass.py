"""``break-glass``, and the count of all that was set aside."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from liftgate.errors import DataError
from liftgate.flow.asides import NO_STUDY, Asides
from liftgate.flow.checkpoints import trust_file
from liftgate.flow.lending import glasses, own_signer
from liftgate.flow.policies import refuse, refuse_machines
from liftgate.flow.standing import picture
from liftgate.gates.glass import glass_fault, review_due
from liftgate.gates.rights import signed_by
from liftgate.gates.waivers import EXPIRED, OPEN, VOID
from liftgate.ledger import Ledger, consent
from liftgate.ledger.keys import load_key
from liftgate.ledger.trust import load as load_trust
from liftgate.records import Entry
from liftgate.records.notebook import Card
from liftgate.store import Workspace


@dataclass(frozen=True)
class Emergency:
    """What is released in an emergency."""

    scope: str
    """What it is released to."""
    reason: str
    acceptor: str
    """Name of the key of whoever bears the risk."""
    until: datetime


@dataclass(frozen=True)
class Exceptional(Card):
    """A waiver or a broken glass, for counting."""

    kind: str
    sequence: int
    study: str
    what: str
    owner: str
    reason: str
    made: datetime
    until: datetime
    state: str
    """open, expired, or void: it never set anything aside."""
    review: str
    """of a broken glass: reviewed, due, late or overdue; else empty."""
    why: str = ""
    """Why it is void."""


def break_glass(
    file: Path,
    workspace: Workspace,
    asked: Emergency,
    *,
    sign_with: str,
    given: Path | None = None,
) -> tuple[Entry, datetime]:
    """Release a change although its gate does not pass, within a scope and until a time.

    Returns:
        The entry; until when somebody else must have reviewed it.

    Raises:
        Refused: a machine, a role that may not, or a time that is too long.
        DataError: no scope or reason, or a time that is past.
        UnknownName: the risk's acceptor is nobody whom the trust file knows.
        LockedError, BrokenChain: what was altered is released by nobody.
    """
    if not asked.scope.strip() or not asked.reason.strip():
        raise DataError("break-glass: expected a scope and a reason")
    key = load_key(sign_with)
    seen = picture(file, workspace, given)
    acceptor = seen.trust.named(asked.acceptor)
    plan = seen.policy.break_glass
    act = f"break the glass for {seen.locked.name}"
    with Ledger.open(workspace.home) as ledger:
        refuse_machines(ledger, act, [key], seen.trust)
        if acceptor.machine:
            refuse(ledger, act, key, f"{asked.acceptor} is a machine, and bears no risk")
        signed = signed_by(
            "break-glass", plan.approvals, [own_signer(key, seen.trust)], author_may=True
        )
        if signed.state.value != "met":
            refuse(ledger, act, key, f"the policy asks for {', '.join(plan.approvals)}")
        if asked.until <= seen.now:
            raise DataError(f"until: got {asked.until.isoformat()}, which is past")
        if asked.until > seen.now + timedelta(hours=plan.longest_hours):
            refuse(ledger, act, key, f"it holds {plan.longest_hours} hours at most")
        said = {
            "study": seen.locked.name,
            "scope": asked.scope,
            "reason": asked.reason,
            "acceptor": asked.acceptor,
            "until": asked.until.isoformat(),
        }
        entry = consent.give(ledger, seen.held, consent.GLASS, said, [key], seen.trust)
    return entry, entry.time + timedelta(hours=plan.review_hours)


def exceptions(workspace: Workspace, given: Path | None = None) -> list[Exceptional]:
    """Return every waiver and every broken glass of a ledger, in order.

    Raises:
        LedgerError: there is no ledger yet.
        BrokenChain: an entry or a signature was altered.
    """
    trust = load_trust(trust_file(workspace, given))
    with Ledger.open(workspace.home, read_only=True) as ledger:
        ledger.verify()
        entries = list(ledger.entries())
    asides = Asides(entries, consent.given(entries, trust), trust)
    now = max([datetime.now(UTC), *(entry.time for entry in entries)])
    found = [*_waivers(asides, now), *_broken(asides, now)]
    return sorted(found, key=lambda one: one.sequence)


def counted(found: list[Exceptional]) -> dict[str, Any]:
    """Return how many there are of each kind and state, and how many reviews are late."""
    return {
        "waivers": dict(Counter(one.state for one in found if one.kind == "waiver")),
        "break_glass": dict(Counter(one.state for one in found if one.kind == "break-glass")),
        "reviews": dict(Counter(one.review for one in found if one.review)),
    }


def _waivers(asides: Asides, now: datetime) -> list[Exceptional]:
    return [
        Exceptional(
            "waiver", one.sequence, study, ", ".join(one.conditions), one.owner, one.reason,
            one.made, one.until, judged.state, "", judged.why if judged.state == VOID else "",
        )
        for one, study, judged in asides.waivers(now)
    ]  # fmt: skip


def _broken(asides: Asides, now: datetime) -> list[Exceptional]:
    found = []
    about = {one.sequence: one.about for one in asides.consents}
    for one in glasses(asides.consents, asides.consents, asides.trust):
        study = asides.study_of(about[one.sequence])
        plan = asides.policy(study).break_glass
        void = glass_fault(plan, one) if study else NO_STUDY
        by, due = one.reviewed(), review_due(plan, one)
        review = "overdue" if now >= due else "due"
        if by is not None:
            review = "late" if by.time is not None and by.time > due else "reviewed"
        found.append(
            Exceptional(
                "break-glass", one.sequence, study, one.scope, one.acceptor,
                one.reason, one.made, one.until, VOID if void else _state(one.until, now),
                "" if void else review, void,
            )
        )  # fmt: skip
    return found


def _state(until: datetime, now: datetime) -> str:
    return OPEN if now < until else EXPIRED
