"""Who decides when the signatures that an act needs do not come in time, or are objected to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from liftgate.gates.condition import Condition, State, all_of, met
from liftgate.gates.rights import Escalation, Signer, signed_by


@dataclass(frozen=True)
class Asked:
    """Signatures that were asked for, and what has come of it."""

    since: datetime
    """When they were asked for."""
    now: datetime
    signers: Sequence[Signer]
    objections: Sequence[Signer] = ()
    authors: frozenset[str] = frozenset()
    author_may: bool = False
    conflicts: Mapping[str, str] = field(default_factory=dict)

    def signed(
        self, name: str, wanted: Mapping[str, int], after: datetime | None = None
    ) -> Condition:
        """Return whether enough have signed, of those who did so no earlier than a time."""
        late = [
            one
            for one in self.signers
            if after is None or (one.time is not None and one.time >= after)
        ]
        return signed_by(
            name,
            wanted,
            late,
            authors=self.authors,
            author_may=self.author_may,
            conflicts=self.conflicts,
        )


def escalated(found: Condition, plan: Escalation | None, asked: Asked) -> Condition:
    """Return the condition of signatures once it may have gone to somebody else.

    A signature counts for those to whom it goes only from then on: whoever signed before did not
    decide in their place. An objection of a role that counts asks for them beside the others; time
    that has run out lets them sign instead.

    Args:
        found: whether enough of those who should have signed did.
        plan: None: it goes to nobody.
        asked: the signatures.
    """
    if plan is None:
        return found
    against = _objected(plan, asked.objections)
    if against is not None and against.time is not None:
        said = f"{against.name} objected"
        board = asked.signed("escalated", plan.to, against.time)
        return replace(all_of(found.name, (*found.parts, board)), why=f"{said}: {board.why}")
    if plan.after_hours is None or found.state is State.MET:
        return found
    due = asked.since + timedelta(hours=plan.after_hours)
    if asked.now < due:
        to = ", ".join(plan.to)
        return replace(found, parts=(*found.parts, met("escalates", f"to {to} at {_at(due)}")))
    instead = asked.signed("escalated", plan.to, due)
    if instead.state is State.MET:
        return Condition(found.name, State.MET, f"escalated at {_at(due)}", (instead,))
    why = f"{found.why}; escalated at {_at(due)}: {instead.why}"
    return Condition(found.name, found.state, why, (*found.parts, instead))


def _objected(plan: Escalation, objections: Iterable[Signer]) -> Signer | None:
    for one in objections:
        if not one.machine and set(one.roles) & set(plan.on_objection_of):
            return one
    return None


def _at(time: datetime) -> str:
    return f"{time:%Y-%m-%d %H:%M}"
