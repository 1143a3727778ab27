"""Whether a waiver sets conditions aside: one answer for the gate and for all who list waivers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from liftgate.gates.condition import State
from liftgate.gates.policy import WaiverPlan
from liftgate.gates.rights import Signer, signed_by

OPEN, EXPIRED, VOID = "open", "expired", "void"


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
class Judged:
    """What a waiver does."""

    state: str
    """``open``: it sets at least one condition aside; ``expired``: it did; ``void``: it never did.
    """
    faults: Mapping[str, str]
    """Condition that it names -> why it is not set aside; empty: it is."""

    @property
    def why(self) -> str:
        """Why a condition that it names is not set aside, or an empty text."""
        return next(filter(None, self.faults.values()), "" if self.faults else "it names nothing")

    def fault(self, name: str) -> str:
        """Say why it does not set a condition aside, or return an empty text."""
        return self.faults.get(name, "it is about something else")


def judge_waiver(
    plan: WaiverPlan,
    waiver: SetAside,
    *,
    now: datetime,
    authors: Iterable[str],
    conflicts: Mapping[str, str],
) -> Judged:
    """Say what a waiver does at a time.

    Args:
        plan: of the policy that holds for the study.
        waiver: a signed one, about the study.
        now: the time.
        authors: who made the study: they waive nothing of it.
        conflicts: person -> why there is a conflict of interest.
    """
    who = frozenset(authors)
    void = {name: _void(plan, waiver, name, who, conflicts) for name in waiver.conditions}
    if all(void.values()):
        return Judged(VOID, void)
    if now < waiver.until:
        return Judged(OPEN, void)
    over = f"it expired at {waiver.until.isoformat()}"
    return Judged(EXPIRED, {name: why or over for name, why in void.items()})


def _void(
    plan: WaiverPlan,
    waiver: SetAside,
    name: str,
    authors: frozenset[str],
    conflicts: Mapping[str, str],
) -> str:
    """Say why a waiver never set a condition aside, or return an empty text."""
    if name in plan.never or name.partition(":")[0] in plan.never:
        return f"{name} is never waived"
    if waiver.until > waiver.made + timedelta(days=plan.longest_days):
        return f"it holds longer than {plan.longest_days} days"
    signed = signed_by(
        "waiver", plan.approvals, waiver.signers, authors=authors, conflicts=conflicts
    )
    if signed.state is State.MET:
        return ""
    refused = [one.why for one in signed.parts if one.name == "not counted"]
    return f"signed by too few: {'; '.join([signed.why, *refused])}"
