"""``rights``: propose an act, answer it, review it, and say whether it may be done."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from liftgate.errors import DataError, UnknownName
from liftgate.flow.authors import called
from liftgate.flow.checkpoints import trust_file
from liftgate.flow.lending import declared, lent, own_signer, roles_of
from liftgate.flow.policies import current, difference, refuse, refuse_machines, signers_of
from liftgate.gates.acts import ActFacts, Proposal, stand_act
from liftgate.gates.condition import Condition
from liftgate.gates.lending import conflicts_of, with_lent
from liftgate.gates.policy import SHIPPED, Policy, shipped
from liftgate.gates.rights import Right, Scope, Signer, find
from liftgate.gates.weakening import weakens
from liftgate.ledger import Ledger, consent
from liftgate.ledger.consent import Consent
from liftgate.ledger.keys import load_key
from liftgate.ledger.trust import Trust
from liftgate.ledger.trust import load as load_trust
from liftgate.records import Entry
from liftgate.records.notebook import Card
from liftgate.store import Workspace

PROPOSED = "act.proposed"
CONSUMER = "consumer.registered"
PROPOSES, AGREES, OBJECTS = "proposes", "agrees", "objects"
_FOREIGN = (KeyError, TypeError, ValueError, AttributeError)


@dataclass(frozen=True)
class Asked:
    """What somebody wants to do, before it is written down."""

    words: str
    """The act in words, or its name."""
    title: str
    of: str = ""
    teams: tuple[str, ...] = ()
    weakening: bool | None = None
    """None: nobody said, so it counts as weakening where that makes a difference."""
    compare: tuple[str, str] | None = None
    """Two policies or studies; what is weakened is computed from them."""
    about: int | None = None
    authority: str = ""
    budget: tuple[float, float] | None = None


@dataclass(frozen=True)
class Act(Card):
    """A proposed act, the right that it falls under, and whether it may be done."""

    proposal: Proposal
    right: Right
    tree: Condition


@dataclass(frozen=True)
class _Seen:
    """What a ledger holds of acts; its chain and signatures were verified."""

    entries: tuple[Entry, ...]
    consents: tuple[Consent, ...]
    policy: Policy
    trust: Trust
    now: datetime


def propose(
    workspace: Workspace, asked: Asked, *, sign_with: str, given: Path | None = None
) -> Act:
    """Write down what somebody wants to do, signed; teams and weakening are computed.

    Raises:
        UnknownName: no right, or several, fit the words.
        DataError: no title; teams are spoken of and not named.
        Refused: a key that may not sign for a person.
    """
    if not asked.title.strip():
        raise DataError("title: got none, say what is to be done")
    key = load_key(sign_with)
    seen = _seen(workspace.create(), given)
    right, spoken = find(seen.policy.table(), asked.words)
    teams = tuple(dict.fromkeys([*asked.teams, *consumers(seen.entries, seen.consents, asked.of)]))
    if len(teams) < len(spoken.teams):
        raise DataError(
            f"{asked.words!r} speaks of {len(spoken.teams)} teams, {len(teams)} are named",
            hint="name each: --team NAME, or what they use: --of NAME",
        )
    weaker, why = _weakening(asked, right, workspace, spoken=spoken.weakening)
    body: dict[str, Any] = {
        "act": right.act,
        "title": asked.title,
        "of": asked.of,
        "teams": list(teams),
        "weakening": weaker,
        "weakening_why": why,
        "circumstances": sorted(spoken.circumstances),
        "authority": asked.authority,
        "budget": list(asked.budget) if asked.budget else None,
        "about": asked.about,
    }
    with Ledger.open(workspace.home) as ledger:
        refuse_machines(ledger, f"propose {right.act}", [key], seen.trust)
        refs = {} if asked.about is None else {"about": ledger.entry(asked.about).leaf}
        entry = ledger.append(PROPOSED, body, refs=refs)
        said = {"answer": PROPOSES, "act": right.act, "title": asked.title}
        consent.give(ledger, entry, consent.ACT, said, [key], seen.trust)
    return status(workspace, entry.sequence, given)


def answer(
    workspace: Workspace,
    number: int,
    *,
    objects: bool,
    role: str,
    note: str,
    sign_with: str,
    given: Path | None = None,
) -> Act:
    """Agree to a proposed act in a role, or object to it.

    Raises:
        Refused: a machine, the author, a conflict of interest, or a role that the key has not.
        DataError: an objection without a reason; not a proposal.
    """
    key = load_key(sign_with)
    seen = _seen(workspace, given)
    proposal, right = _proposal(seen, number)
    if objects and not note.strip():
        raise DataError("note: got none, an objection says why")
    facts = _facts(seen, proposal)
    act = f"{'object to' if objects else 'agree to'} entry {number} as {role}"
    with Ledger.open(workspace.home) as ledger:
        refuse_machines(ledger, act, [key], seen.trust)
        known = own_signer(key, seen.trust)
        if not objects and not right.author_may and known.names & facts.authors:
            refuse(ledger, act, key, f"key {known.name!r} proposed it: the author does not agree")
        if not objects and known.who in facts.conflicts:
            refuse(ledger, act, key, facts.conflicts[known.who])
        roles = roles_of(key, seen.trust, seen.consents, seen.policy, seen.now)
        if role not in roles:
            has = ", ".join(roles) or "none"
            refuse(
                ledger, act, key,
                f"the trust file gives key {known.name!r} not the role {role!r} but {has}",
            )  # fmt: skip
        said = {"answer": OBJECTS if objects else AGREES, "role": role, "note": note}
        said["said_at"] = seen.now.isoformat()
        entry = ledger.entry(number)
        consent.give(ledger, entry, consent.ACT, said, [key], seen.trust)
    return status(workspace, number, given)


def review(
    workspace: Workspace, number: int, *, note: str, sign_with: str, given: Path | None = None
) -> Entry:
    """Review afterwards what was done at once: an act, or a broken glass.

    Raises:
        Refused: a machine.
        DataError: no note, or an entry that is not reviewed.
    """
    if not note.strip():
        raise DataError("note: got none, a review says what was found")
    key = load_key(sign_with)
    seen = _seen(workspace, given)
    broken = {one.sequence for one in seen.consents if one.act == consent.GLASS}
    kinds = {entry.sequence: entry.kind for entry in seen.entries}
    if number not in broken and kinds.get(number) != PROPOSED:
        raise DataError(f"ledger entry {number}: neither a broken glass nor a proposed act")
    with Ledger.open(workspace.home) as ledger:
        refuse_machines(ledger, f"review entry {number}", [key], seen.trust)
        return consent.give(
            ledger, ledger.entry(number), consent.REVIEW, {"note": note}, [key], seen.trust
        )


def status(workspace: Workspace, number: int, given: Path | None = None) -> Act:
    """Return whether a proposed act may be done.

    Raises:
        DataError: the entry is no proposal.
    """
    seen = _seen(workspace, given)
    proposal, right = _proposal(seen, number)
    return Act(proposal, right, stand_act(right, _facts(seen, proposal)))


def register(
    workspace: Workspace, of: str, team: str, *, sign_with: str, given: Path | None = None
) -> Entry:
    """Say that a team uses a gate or a dataset: a change of it asks for the team's signature.

    Raises:
        Refused: the key has not the team's role, or is a machine's.
    """
    key = load_key(sign_with)
    trust = load_trust(trust_file(workspace, given))
    body = {"of": of, "team": team}
    with Ledger.open(workspace.create().home) as ledger:
        act = f"register {team} as a user of {of}"
        refuse_machines(ledger, act, [key], trust)
        if f"team-{team}" not in own_signer(key, trust).roles:
            refuse(ledger, act, key, f"the trust file does not give it the role team-{team}")
        entry = ledger.append(CONSUMER, body)
        consent.give(ledger, entry, consent.CONSUMER, body, [key], trust)
    return entry


def consumers(entries: Sequence[Entry], consents: Sequence[Consent], of: str) -> list[str]:
    """Return the teams that use something, as each of them signed."""
    told = {entry.sequence: entry.body for entry in entries if entry.kind == CONSUMER}
    found = []
    for one in consents:
        body = told.get(one.about, {})
        team = body.get("team")
        if one.act == consent.CONSUMER and of and body.get("of") == of and isinstance(team, str):
            roles = {role for signer in one.by for role in signer.roles}
            found += [team] if f"team-{team}" in roles else []
    return list(dict.fromkeys(found))


def _weakening(
    asked: Asked, right: Right, workspace: Workspace, *, spoken: bool
) -> tuple[bool, str]:
    if asked.compare is not None:
        found = difference(*asked.compare, workspace)
        paths = [one.path for one in found if one.effect.value == "weakened"]
        return weakens(found), ", ".join(paths) or "nothing is weakened"
    if asked.weakening is not None:
        return asked.weakening or spoken, "as whoever proposed it says"
    if spoken:
        return True, "as its words say"
    return bool(right.weakening), "nobody showed that it weakens nothing" if right.weakening else ""


def _seen(workspace: Workspace, given: Path | None) -> _Seen:
    trust = load_trust(trust_file(workspace, given))
    policy = current(workspace, given) or shipped(SHIPPED[0])
    if not Ledger.exists(workspace.home):
        return _Seen((), (), policy, trust, datetime.now(UTC))
    with Ledger.open(workspace.home, read_only=True) as ledger:
        ledger.verify()
        entries = tuple(ledger.entries())
    consents = tuple(consent.given(entries, trust))
    now = max([datetime.now(UTC), *(entry.time for entry in entries)])
    return _Seen(entries, consents, policy, trust, now)


def _proposal(seen: _Seen, number: int) -> tuple[Proposal, Right]:
    entry = next((e for e in seen.entries if e.sequence == number), None)
    if entry is None or entry.kind != PROPOSED:
        raise DataError(
            f"ledger entry {number}: got no proposed act", hint="liftgate rights propose"
        )
    body: Mapping[str, Any] = entry.body
    try:
        about = body["about"]
        kind = "" if about is None else seen.entries[int(about) - 1].kind
        scope = Scope(
            tuple(map(str, body["teams"])),
            bool(body["weakening"]),
            frozenset(map(str, body["circumstances"])),
        )
        budget = None if body["budget"] is None else tuple(map(float, body["budget"]))
        proposal = Proposal(
            number, str(body["act"]), str(body["title"]), entry.time, scope,
            str(body["authority"]), kind, None if budget is None else (budget[0], budget[1]),
            str(body["of"]),
        )  # fmt: skip
    except (*_FOREIGN, IndexError) as error:
        raise DataError(f"ledger entry {number}: not a proposal as liftgate writes it") from error
    for right in seen.policy.table():
        if right.act == proposal.act:
            return proposal, right
    raise UnknownName("decision right", proposal.act, [one.act for one in seen.policy.table()])


def _facts(seen: _Seen, proposal: Proposal) -> ActFacts:
    mine = [one for one in seen.consents if one.about == proposal.sequence]
    acts = [one for one in mine if one.act == consent.ACT]

    def said(word: str) -> tuple[Signer, ...]:
        found = signers_of((one for one in acts if one.said.get("answer") == word), role=True)
        return with_lent(found, lent(seen.consents, seen.trust), seen.policy)

    authors = signers_of(one for one in acts if one.said.get("answer") == PROPOSES)
    return ActFacts(
        proposal,
        seen.now,
        called(authors),
        said(AGREES),
        said(OBJECTS),
        signers_of(one for one in mine if one.act == consent.REVIEW),
        conflicts_of(
            declared(seen.consents, seen.trust), f"entry {proposal.sequence}", seen.policy
        ),
    )
