"""What signed statements of a ledger say of lent roles, conflicts, waivers and broken glass.

Whoever may append may append a statement; one that no trusted key signed, or that lacks what its
act says, is passed over.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from liftgate.canon import digest
from liftgate.errors import DataError, Refused, UnknownName
from liftgate.flow.checkpoints import trust_file
from liftgate.flow.policies import current, refuse, refuse_machines, signer_of, signers_of
from liftgate.gates.glass import Glass
from liftgate.gates.lending import Declared, Lent, lending_fault, with_lent
from liftgate.gates.policy import SHIPPED, Policy, shipped
from liftgate.gates.rights import Signer
from liftgate.gates.waivers import SetAside
from liftgate.ledger import Ledger, consent
from liftgate.ledger.consent import Consent
from liftgate.ledger.keys import Key, load_key, moment
from liftgate.ledger.trust import Trust
from liftgate.ledger.trust import load as load_trust
from liftgate.records import Entry
from liftgate.store import Workspace

LENT = "rights.lent"
"""Kind of the entry that says that a role is lent to somebody."""
_FOREIGN = (KeyError, TypeError, ValueError, AttributeError)


def lent(consents: Iterable[Consent], trust: Trust) -> list[Lent]:
    """Return every signed delegation, whether it counts or not."""
    return [made for one in consents if one.act == consent.DELEGATION for made in _lent(one, trust)]


def _lent(one: Consent, trust: Trust) -> Iterator[Lent]:
    for sender in signers_of([one]):
        try:
            until, to = moment(one.said["until"]), str(one.said["to"])
            yield Lent(
                one.sequence, str(one.said["role"]), sender, to, one.time, until, person(to, trust)
            )
        except _FOREIGN:
            continue


def person(key: str, trust: Trust) -> str:
    """Return whose key a name or id is; one that nobody trusts stands for itself."""
    try:
        return trust.named(key).who
    except UnknownName:
        return key


def declared(consents: Iterable[Consent], trust: Trust) -> list[Declared]:
    """Return every signed declaration of a conflict of interest, whether it counts or not."""
    found = []
    for one in consents:
        if one.act != consent.CONFLICT:
            continue
        for by in signers_of([one]):
            said = one.said
            if all(isinstance(said.get(name), str) for name in ("who", "study", "reason")):
                who = person(said["who"], trust)
                found.append(Declared(one.sequence, who, by, said["study"], said["reason"]))
    return found


def set_aside(mine: Iterable[Consent]) -> Iterator[SetAside]:
    """Yield the waivers among consents; signatures under the same words are one waiver."""
    for group in grouped(mine, consent.WAIVER):
        said = group[0].said
        try:
            yield SetAside(
                group[-1].sequence,
                tuple(str(name) for name in said["conditions"]),
                moment(said["until"]),
                group[0].time,
                str(said["owner"]),
                str(said["reason"]),
                signers_of(group),
            )
        except _FOREIGN:
            continue


def glasses(mine: Iterable[Consent], consents: Sequence[Consent], trust: Trust) -> Iterator[Glass]:
    """Yield the broken glasses among consents, each with its reviews."""
    for group in grouped(mine, consent.GLASS):
        said, numbers = group[0].said, {one.sequence for one in group}
        reviews = [one for one in consents if one.act == consent.REVIEW and one.about in numbers]
        try:
            yield Glass(
                group[0].sequence,
                str(said["scope"]),
                str(said["acceptor"]),
                str(said["reason"]),
                group[0].time,
                moment(said["until"]),
                signers_of(group),
                signers_of(reviews),
                person(str(said["acceptor"]), trust),
            )
        except _FOREIGN:
            continue


def roles_of(
    key: Key, trust: Trust, consents: Iterable[Consent], policy: Policy, now: datetime
) -> tuple[str, ...]:
    """Return the roles in which a key may sign now: its own, and those that are lent to it.

    Raises:
        UnknownName: the key is not in the trust file.
    """
    signer = replace(signer_of(trust.of(key.public)), time=now)
    return with_lent([signer], lent(consents, trust), policy)[0].roles


def delegate(
    workspace: Workspace,
    *,
    role: str,
    to: str,
    until: datetime,
    reason: str,
    sign_with: str,
    given: Path | None = None,
) -> Entry:
    """Lend a role of one's own to somebody until a time.

    Raises:
        Refused: a machine, a role that the key has not, that is never lent, or for too long.
        DataError: no reason, or a time that is past.
        UnknownName: nobody of that name is trusted.
    """
    if not reason.strip():
        raise DataError("reason: got none, a delegation says why")
    key = load_key(sign_with)
    trust = load_trust(trust_file(workspace, given))
    policy = current(workspace, given) or shipped(SHIPPED[0])
    receiver = trust.named(to)
    with Ledger.open(workspace.create().home) as ledger:
        act = f"lend {role} to {to}"
        refuse_machines(ledger, act, [key], trust)
        now = _now(ledger)
        if until <= now:
            raise DataError(f"until: got {until.isoformat()}, which is past")
        sender = own_signer(key, trust)
        asked = Lent(0, role, sender, receiver.key.id, now, until, receiver.who)
        fault = lending_fault(policy, asked)
        if receiver.machine:
            fault = f"key {receiver.key.name!r} is a machine's"
        # The entry is written a moment later than it was asked for.
        if fault and until - timedelta(seconds=1) > now:
            refuse(ledger, act, key, fault)
        said = {
            "role": role,
            "to": receiver.key.id,
            "name": receiver.key.name,
            "until": until.isoformat(),
            "reason": reason,
        }
        entry = ledger.append(LENT, said)
        consent.give(ledger, entry, consent.DELEGATION, said, [key], trust)
    return entry


def declare(
    workspace: Workspace,
    study: str,
    *,
    who: str,
    reason: str,
    sign_with: str,
    given: Path | None = None,
) -> Entry:
    """Declare a conflict of interest: somebody's signature does not count for a study.

    Args:
        workspace: whose ledger.
        study: name of a study, or the number of a proposal's entry.
        who: name of the key whose owner has it; one's own, or another's if the policy lets one.
        reason: why.
        sign_with: name of one's own key.
        given: another trust file.

    Raises:
        Refused: it is another's, and the policy gives the key no role that may say so.
        UnknownName: no such study, entry or trusted key.
        DataError: no reason.
    """
    if not reason.strip():
        raise DataError("reason: got none, a conflict of interest has one")
    key = load_key(sign_with)
    trust = load_trust(trust_file(workspace, given))
    policy = current(workspace, given) or shipped(SHIPPED[0])
    other = trust.named(who)
    with Ledger.open(workspace.home) as ledger:
        entry, name = _subject(ledger, study)
        act = f"declare a conflict of interest of {who}"
        refuse_machines(ledger, act, [key], trust)
        mine = own_signer(key, trust)
        if other.who != mine.who and not set(mine.roles) & set(policy.conflicts_by):
            wanted = " or ".join(policy.conflicts_by) or "nobody"
            refuse(ledger, act, key, f"of another one only {wanted} says it")
        said = {"study": name, "who": other.key.id, "name": other.key.name, "reason": reason}
        return consent.give(ledger, entry, consent.CONFLICT, said, [key], trust)


def own_signer(key: Key, trust: Trust) -> Signer:
    """Return a key of one's own as a signer with the roles of the trust file.

    Raises:
        Refused: it is not in the trust file.
    """
    try:
        return signer_of(trust.of(key.public))
    except UnknownName as error:
        raise Refused(f"key {key.public.name!r} is not in the trust file") from error


def _subject(ledger: Ledger, study: str) -> tuple[Entry, str]:
    """Return the entry of a study's first lock, or of a proposal, and how it is called."""
    if study.isdecimal():
        return ledger.entry(int(study)), f"entry {int(study)}"
    locks = [e for e in ledger.entries("study.locked") if e.body.get("name") == study]
    if not locks:
        known = [str(e.body.get("name")) for e in ledger.entries("study.locked")]
        raise UnknownName("study", study, known)
    return locks[0], study


def grouped(mine: Iterable[Consent], act: str) -> list[list[Consent]]:
    """Return signatures under an act; those under the same words about the same entry together."""
    groups: dict[str, list[Consent]] = {}
    for one in mine:
        if one.act == act and one.by:
            groups.setdefault(digest({"about": one.about, "said": one.said}), []).append(one)
    return list(groups.values())


def _now(ledger: Ledger) -> datetime:
    tip = ledger.tip
    now = datetime.now(UTC)
    return max(now, tip.time) if tip else now
