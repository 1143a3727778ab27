"""Breaking the glass: a release in an emergency, within a scope, until a time, reviewed afterwards.

It sets every condition aside that a policy does not keep, and nothing of the ledger's integrity.
When its time is over the conditions hold again by themselves: nobody has to remember it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from liftgate.gates.condition import Condition, State, met, not_met
from liftgate.gates.policy import GlassPlan
from liftgate.gates.rights import Signer, folded, signed_by


@dataclass(frozen=True)
class Glass:
    """One signed act of breaking the glass."""

    sequence: int
    scope: str
    acceptor: str
    """Who bears the risk."""
    reason: str
    made: datetime
    until: datetime
    signers: tuple[Signer, ...]
    reviews: tuple[Signer, ...] = ()
    bearer: str = ""
    """The person whom the acceptor's key belongs to; empty: it is nobody's whom we know."""

    def reviewed(self) -> Signer | None:
        """Return who reviewed it first: a person who neither did it nor bears its risk."""
        own = {one.who for one in self.signers} | {folded(self.acceptor), folded(self.bearer)}
        for one in self.reviews:
            if not own & one.names and not one.machine:
                return one
        return None


def glass_fault(plan: GlassPlan, glass: Glass) -> str:
    """Say why it never held, or return an empty text."""
    if glass.until > glass.made + timedelta(hours=plan.longest_hours):
        return f"it holds longer than {plan.longest_hours} hours"
    signed = signed_by("break-glass", plan.approvals, glass.signers, author_may=True)
    return "" if signed.state is State.MET else f"signed by too few: {signed.why}"


def under_glass(
    parts: Sequence[Condition], plan: GlassPlan, glasses: Iterable[Glass], now: datetime
) -> list[Condition]:
    """Return conditions as they count while a glass is broken, and one for each broken glass.

    Args:
        parts: as they are.
        plan: of the policy.
        glasses: of the study.
        now: the time that counts.
    """
    valid = [one for one in glasses if glass_fault(plan, one) == ""]
    active = [one for one in valid if one.made <= now < one.until]
    kept = [_aside(one, plan, active) for one in parts]
    return [*kept, *_told(plan, valid, now)]


def review_due(plan: GlassPlan, glass: Glass) -> datetime:
    """Return until when it is to be reviewed."""
    return glass.made + timedelta(hours=plan.review_hours)


def _aside(one: Condition, plan: GlassPlan, active: Sequence[Glass]) -> Condition:
    if one.counts is State.MET or not active or one.name in plan.never:
        return one
    last = active[-1]
    said = (
        f"glass broken for {last.scope}: {last.reason} ({last.acceptor}, until {_at(last.until)})"
    )
    return one.waived(last.sequence, said)


def _told(plan: GlassPlan, valid: Iterable[Glass], now: datetime) -> Iterator[Condition]:
    for one in valid:
        name = f"break-glass:{one.sequence}"
        state = f"holds until {_at(one.until)}"
        if now >= one.until:
            state = f"expired at {_at(one.until)}, held again"
        due = review_due(plan, one)
        by = one.reviewed()
        if by is not None:
            late = by.time is not None and by.time > due
            yield met(name, f"{state}; reviewed by {by.name}{', too late' if late else ''}")
        elif now >= due:
            yield not_met(name, f"{state}; not reviewed by {_at(due)}: liftgate rights review")
        else:
            yield met(name, f"{state}; to be reviewed by {_at(due)}")


def _at(time: datetime) -> str:
    return f"{time:%Y-%m-%d %H:%M}"
