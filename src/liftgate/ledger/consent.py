"""What people consent to by their signature: approvals, forecasts, records, waivers, policies.

Each is a statement about an entry, in an entry of kind ``statement``, so ``ledger verify`` checks
them as all others. Which key has which role is the trust file's word alone: never the statement's,
a file's or the environment's. The trust file itself must be the one that the ledger tells of.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from liftgate.canon import canonical, parse, sha256, short
from liftgate.errors import BrokenChain, DataError, NotAllowed
from liftgate.ledger import dsse, statements
from liftgate.ledger.keys import Key
from liftgate.ledger.protocol import Chain
from liftgate.ledger.trust import Trust, Trusted
from liftgate.records import Entry

APPROVAL, FORECAST, RECORD, WAIVER, POLICY = "approval", "forecast", "record", "waiver", "policy"
DELEGATION, CONFLICT, GLASS, REVIEW = "delegation", "conflict", "break-glass", "review"
ACT, CONSUMER, DRILL, REPRODUCTION = "act", "consumer", "drill", "reproduction"
ACTIVATION = "activation"
CALIBRATION, DRAW = "calibration", "draw"
PROTOCOL = "protocol"
"""The author's signature under a locked study: ``liftgate.ledger.statements``."""
_URI = "urn:liftgate:predicate:{}:v1"
_PREFIX, _SUFFIX = _URI.split("{}")
_MACHINE = "key {!r} is a machine's: it may draft and measure, not sign"
CHANGED = "keys.changed"
"""Kind of the entry that tells of a new version of the trust file."""


@dataclass(frozen=True)
class Consent:
    """One signed act of a ledger."""

    sequence: int
    about: int
    """The entry that it is about."""
    act: str
    said: Mapping[str, Any]
    by: tuple[Trusted, ...]
    """Trusted keys of people whose signature counts."""
    faults: tuple[str, ...]
    """Why others do not count."""
    time: datetime
    """No earlier than any entry before it."""
    machines: tuple[Trusted, ...] = ()
    """Trusted keys of machines that signed it: nobody's consent."""


def give(
    chain: Chain,
    entry: Entry,
    act: str,
    said: Mapping[str, Any],
    keys: Sequence[Key],
    trust: Trust,
    *,
    evidence: str | None = None,
    now: datetime | None = None,
) -> Entry:
    """Sign an act about an entry and append it.

    Args:
        chain: the ledger.
        entry: what it is about.
        act: one of the constants.
        said: what is consented to.
        keys: of the signers.
        trust: the trust file.
        evidence: digest of the exact set of evidence; the first subject.
        now: for the time of the entry; None: now.

    Raises:
        NotAllowed: a key is not trusted, is a machine's, revoked, or out of its time.
    """
    tip = chain.tip
    time = now or datetime.now(UTC)
    latest = max(time, tip.time) if tip else time
    for key in keys:
        why = refusal(key, trust, latest)
        if why:
            raise NotAllowed(f"signature: {why}", hint="the trust file: liftgate keys list")
    envelope = dsse.sign(statements.TYPE, payload(entry, act, said, evidence=evidence), keys)
    return _append(chain, entry, _URI.format(act), envelope, time)


def payload(
    entry: Entry, act: str, said: Mapping[str, Any], *, evidence: str | None = None
) -> bytes:
    """Return the bytes that are signed for an act about an entry; see ``give``."""
    subjects = [] if evidence is None else [_subject("evidence", evidence)]
    return canonical(
        {
            "_type": statements.STATEMENT,
            "subject": [*subjects, _subject(f"ledger entry {entry.sequence}", entry.leaf)],
            "predicateType": _URI.format(act),
            "predicate": dict(said),
        }
    )


def add(chain: Chain, envelope: dsse.Envelope, trust: Trust) -> Entry:
    """Append a statement that was signed elsewhere.

    Raises:
        DataError: it is no statement about an entry.
        BrokenChain: a signature is not its key's, or the entry is not in this ledger.
        NotAllowed: no trusted key signed it, or one that is a machine's, revoked or out of time.
    """
    tip = chain.tip
    now = datetime.now(UTC)
    latest = max(now, tip.time) if tip else now
    number, leaf, uri = statements.about(parse(envelope.payload))
    entry = chain.entry(number)
    if entry.leaf != leaf:
        raise BrokenChain(
            f"statement: it is about entry {number} with the leaf {short(leaf)}…, which is not in "
            "this ledger"
        )
    signers = dsse.signers(envelope, trust.public)
    if len(signers) < len(envelope.signatures) or not signers:
        strangers = len(envelope.signatures) - len(signers)
        raise NotAllowed(
            f"statement: {len(envelope.signatures)} signatures, {strangers} of them by keys that "
            "are not in the trust file",
            hint="an owner trusts a key: liftgate keys trust",
        )
    for key in signers:
        known = trust.of(key)
        why = f"key {key.name!r} is a machine's" if known.machine else known.fault_at(latest)
        if why:
            raise NotAllowed(f"statement: {why}", hint="the trust file: liftgate keys list")
    return _append(chain, entry, uri, envelope, now)


def _append(chain: Chain, entry: Entry, uri: str, envelope: dsse.Envelope, time: datetime) -> Entry:
    body = {"about": entry.sequence, "predicate": uri, "envelope": envelope.as_json()}
    return chain.append(statements.KIND, body, refs={"entry": entry.leaf}, time=time)


def refusal(key: Key, trust: Trust, time: datetime) -> str:
    """Say why a key may not sign for a person, or return an empty text."""
    for known in trust.keys:
        if known.key.id == key.public.id:
            if known.machine:
                return _MACHINE.format(key.public.name)
            return known.fault_at(time)
    return f"key {key.public.name!r} is not in the trust file"


def given(entries: Iterable[Entry], trust: Trust) -> list[Consent]:
    """Return every signed act of a verified ledger, in order.

    Raises:
        BrokenChain: a signature in the name of a trusted key is not its, or a statement is about
            an entry that is not there; the trust file is not the one that the ledger tells of.
    """
    leaves: list[str] = []
    latest: datetime | None = None
    found = []
    versions = [sha256(one.payload) for one in trust.envelopes]
    told = ""
    first: dict[tuple[str, str], datetime] = {}
    for entry in entries:
        latest = entry.time if latest is None else max(latest, entry.time)
        leaves.append(entry.leaf)
        if entry.kind == CHANGED:
            told = _known_version(entry, versions)
        if entry.kind == statements.KIND:
            one = _read(entry, leaves, latest, trust)
            if one is not None:
                found += _from_first(one, _payload(entry), first)
    if trust.version and told != trust.digest:
        raise BrokenChain(
            f"trust file: its version {trust.version} is not the last that this ledger tells of",
            hint="take the trust file that `liftgate keys trust` wrote in this workspace",
        )
    return found


def _from_first(one: Consent, said: str, first: dict[tuple[str, str], datetime]) -> list[Consent]:
    """Return a consent, for each signer from when that person first said these very words.

    Said again is not said later, whatever other signatures the copy carries or lacks.
    """
    times: dict[datetime, list[Trusted]] = {}
    for signer in one.by:
        made = first.setdefault((said, signer.who), one.time)
        times.setdefault(made, []).append(signer)
    return [replace(one, by=tuple(by), time=made) for made, by in times.items()] or [one]


def _payload(entry: Entry) -> str:
    return sha256(dsse.read(entry.body["envelope"], statements.TYPE).payload)


def _known_version(entry: Entry, versions: Sequence[str]) -> str:
    told = str(entry.refs.get("trust"))
    if told not in versions:
        raise BrokenChain(
            f"trust file: ledger entry {entry.sequence} tells of the version {short(told)}…, "
            "which it does not hold: it is another's, or an old copy"
        )
    return told


def _read(entry: Entry, leaves: Sequence[str], time: datetime, trust: Trust) -> Consent | None:
    uri = entry.body.get("predicate")
    if not isinstance(uri, str) or not (uri.startswith(_PREFIX) and uri.endswith(_SUFFIX)):
        return None
    place = f"ledger entry {entry.sequence}"
    try:
        envelope = dsse.read(entry.body.get("envelope"), statements.TYPE)
        payload = parse(envelope.payload)
        number, leaf, signed_uri = statements.about(payload)
        signers = dsse.signers(envelope, trust.public)
        said = payload.get("predicate")
        if signed_uri != uri or not isinstance(said, dict):
            raise BrokenChain("its entry says another predicate than what was signed")
    except (DataError, BrokenChain, ValueError) as error:
        raise BrokenChain(f"{place}: {error}") from error
    if not 1 <= number < entry.sequence or leaves[number - 1] != leaf:
        raise BrokenChain(f"{place}: what it signs is about an entry that is not in this ledger")
    known = [trust.of(key) for key in signers]
    faults = [fault for one in known if (fault := one.fault_at(time))]
    faults += [_MACHINE.format(one.key.name) for one in known if one.machine]
    strangers = len(envelope.signatures) - len(signers)
    if strangers:
        faults.append(f"{strangers} by keys that are not in the trust file")
    counted = tuple(one for one in known if not one.fault_at(time))
    machines = tuple(one for one in counted if one.machine)
    people = tuple(one for one in counted if not one.machine)
    act = uri[len(_PREFIX) : -len(_SUFFIX)]
    evidence = payload["subject"][0].get("digest", {}).get("sha256")
    said = {**said, "_evidence": f"sha256:{evidence}"} if len(payload["subject"]) > 1 else said
    return Consent(entry.sequence, number, act, said, people, tuple(faults), time, machines)


def _subject(name: str, of: str) -> dict[str, Any]:
    return {"name": name, "digest": {"sha256": of.removeprefix("sha256:")}}
