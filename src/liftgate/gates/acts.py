"""An act that was proposed under a decision right: may it be done, who is missing, until when."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from liftgate.gates.condition import Condition, State, all_of, cannot_tell, met, not_met
from liftgate.gates.escalation import Asked, escalated
from liftgate.gates.rights import Right, Scope, Signer, folded, needed


@dataclass(frozen=True)
class Proposal:
    """What somebody wants to do."""

    sequence: int
    act: str
    title: str
    made: datetime
    scope: Scope
    authority: str = ""
    """Of a recommendation: who decides in the end."""
    about: str = ""
    """Kind of the ledger entry that it is about; empty: of none."""
    budget: tuple[float, float] | None = None
    """Before and after."""
    of: str = ""
    """What is changed, chosen or shared: a gate, a dataset, a metric."""


@dataclass(frozen=True)
class ActFacts:
    """What is known of a proposed act; every signature in it was verified."""

    proposal: Proposal
    now: datetime
    authors: frozenset[str]
    """Persons who proposed it, with ids and names of their keys; empty: nobody signed it."""
    signers: tuple[Signer, ...] = ()
    objections: tuple[Signer, ...] = ()
    reviews: tuple[Signer, ...] = ()
    conflicts: Mapping[str, str] = field(default_factory=dict)


def scope_of(right: Right, proposal: Proposal) -> Scope:
    """Return what an act touches, with the circumstances that can be computed."""
    found = set(proposal.scope.circumstances)
    if right.unless == "uncatalogued" and proposal.of not in right.catalogue:
        found.add("uncatalogued")
    return Scope(proposal.scope.teams, proposal.scope.weakening, frozenset(found))


def stand_act(right: Right, facts: ActFacts) -> Condition:
    """Return whether an act may be done: met, not met, or nobody can tell; with the reasons.

    Args:
        right: the row that it falls under.
        facts: what is known.
    """
    proposal = facts.proposal
    parts = [_author(facts)]
    if right.about:
        said = f"about {proposal.about or 'nothing'}, expected {' or '.join(right.about)}"
        fits = proposal.about in right.about
        parts.append(met("about", proposal.about) if fits else cannot_tell("about", said))
    if right.recommend_only:
        parts.append(
            met("authority", f"{proposal.authority} decides; this is a recommendation")
            if proposal.authority
            else not_met("authority", "a recommendation names who decides in the end")
        )
    elif not _alone_by_budget(right, proposal):
        parts.append(_signatures(right, facts))
    parts += _review(right, facts)
    return all_of("act", parts)


def _author(facts: ActFacts) -> Condition:
    if facts.authors:
        return met("proposed", f"ledger entry {facts.proposal.sequence}")
    return cannot_tell("proposed", "whoever proposed it did not sign, so nobody can tell who it is")


def _alone_by_budget(right: Right, proposal: Proposal) -> bool:
    if right.alone_up_to is None or proposal.budget is None:
        return False
    before, after = proposal.budget
    return abs(after - before) <= right.alone_up_to


def _signatures(right: Right, facts: ActFacts) -> Condition:
    asked = Asked(
        since=facts.proposal.made,
        now=facts.now,
        signers=tuple(one for one in facts.signers if _noted(right, one)),
        objections=facts.objections,
        authors=facts.authors,
        author_may=right.author_may,
        conflicts=facts.conflicts,
    )
    wanted = needed(right, scope_of(right, facts.proposal))
    found = asked.signed("signatures", wanted)
    if right.lazy_days is not None and found.state is not State.MET:
        found = _lazy(right.lazy_days, found, facts, wanted)
    found = escalated(found, right.escalation, asked)
    notes = [met("not counted", f"{one.name} (no note)") for one in facts.signers
             if not _noted(right, one)]  # fmt: skip
    notes += [met("objection", f"{one.name}: {one.note}") for one in facts.objections]
    return Condition(found.name, found.state, found.why, (*found.parts, *notes))


def _noted(right: Right, one: Signer) -> bool:
    return one.claimed not in right.notes_of or bool(one.note.strip())


def _lazy(days: int, found: Condition, facts: ActFacts, wanted: Mapping[str, int]) -> Condition:
    """Agreement by silence of those who are affected; a word of one of them ends it."""
    against = [one for one in facts.objections if not one.machine and set(one.roles) & set(wanted)]
    end = facts.proposal.made + timedelta(days=days)
    if against:
        names = ", ".join(one.name for one in against)
        return Condition(found.name, State.NOT_MET, f"{names} objected", found.parts)
    if facts.now >= end:
        return met(found.name, f"nobody objected within {days} days")
    why = f"{found.why}; silence agrees at {end:%Y-%m-%d %H:%M}"
    return Condition(found.name, State.CANNOT_TELL, why, found.parts)


def _review(right: Right, facts: ActFacts) -> Iterator[Condition]:
    if right.review_hours is None or not facts.signers:
        return
    start = min((one.time for one in facts.signers if one.time), default=facts.proposal.made)
    due = start + timedelta(hours=right.review_hours)
    own = {one.who for one in facts.signers} | {folded(one) for one in facts.authors}
    by = [one for one in facts.reviews if not one.names & own and not one.machine]
    if by:
        late = by[0].time is not None and by[0].time > due
        yield met("review", f"by {by[0].name}{', too late' if late else ''}")
    elif facts.now >= due:
        yield not_met("review", f"nobody else reviewed it by {due:%Y-%m-%d %H:%M}")
    else:
        yield met("review", f"to be done by somebody else by {due:%Y-%m-%d %H:%M}")
