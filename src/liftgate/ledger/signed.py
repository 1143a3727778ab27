"""Signed statements as entries: adding one, and judging all of a verified ledger.

When a statement was signed is said by the ledger, not by the signer: it counts as no earlier than
any entry before it, so a clock that is set back does not bring a revoked key to life again.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from liftgate.canon import canonical, parse, short
from liftgate.errors import BrokenChain, DataError, NotAllowed
from liftgate.ledger import dsse, statements
from liftgate.ledger.checkpoint import origin_of
from liftgate.ledger.keys import Key
from liftgate.ledger.protocol import Chain
from liftgate.ledger.trust import Trust
from liftgate.records import Entry


@dataclass(frozen=True)
class Signed:
    """One signed statement of a ledger."""

    sequence: int
    about: int
    predicate: str
    by: tuple[str, ...]
    """Names of the trusted keys that signed it."""
    roles: tuple[str, ...]


def attest(
    chain: Chain,
    sequence: int,
    predicate: str,
    keys: Sequence[Key],
    trust: Trust,
    *,
    now: datetime | None = None,
) -> tuple[Entry, dict[str, Any]]:
    """Sign a statement about an entry and append it; return its entry and the envelope.

    Raises:
        UnknownName: no such entry or predicate.
        DataError: the predicate does not fit the entry.
        NotAllowed: a key is revoked, expired or not valid yet.
    """
    time = now or datetime.now(UTC)
    tip = chain.tip
    least = max(time, tip.time) if tip else time
    for key in keys:
        fault = _own_fault(key, trust, least)
        if fault:
            raise NotAllowed(f"signature: {fault}", hint="sign with another key")
    made = statements.statement(chain.entry(sequence), predicate, origin=origin_of(chain))
    envelope = dsse.sign(statements.TYPE, canonical(made), keys).as_json()
    number, leaf, uri = statements.about(made)
    body = {"about": number, "predicate": uri, "envelope": envelope}
    return chain.append(statements.KIND, body, refs={"entry": leaf}, time=time), envelope


def judge(entries: Iterable[Entry], trust: Trust) -> list[Signed]:
    """Judge every signed statement of a ledger whose chain was verified before.

    Args:
        entries: all of them, in order.
        trust: whose signatures count.

    Raises:
        BrokenChain: a signature is not its key's, was made when the key did not count, or is about
            an entry that is not there; names the entry.
    """
    leaves: list[str] = []
    latest: datetime | None = None
    found = []
    for entry in entries:
        latest = entry.time if latest is None else max(latest, entry.time)
        leaves.append(entry.leaf)
        if entry.kind == statements.KIND:
            found.append(_judge(entry, leaves, latest, trust))
    return found


def read_envelope(text: str) -> dsse.Envelope:
    """Read an envelope with a statement from JSON.

    Raises:
        DataError: it is none.
    """
    try:
        fields = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise DataError(f"envelope: not JSON ({error})") from error
    return dsse.read(fields, statements.TYPE)


def _judge(entry: Entry, leaves: Sequence[str], time: datetime, trust: Trust) -> Signed:
    place = f"ledger entry {entry.sequence}"
    try:
        envelope = dsse.read(entry.body.get("envelope"), statements.TYPE)
        said = parse(envelope.payload)
        number, leaf, uri = statements.about(said)
        signers = dsse.signers(envelope, trust.public)
    except (DataError, BrokenChain, ValueError) as error:
        raise BrokenChain(f"{place}: {error}") from error
    if not 1 <= number < entry.sequence or leaves[number - 1] != leaf:
        raise BrokenChain(
            f"{place}: its statement is about entry {number} with the leaf {short(leaf)}…, "
            "which is not in this ledger"
        )
    for key in signers:
        fault = trust.of(key).fault_at(time)
        if fault:
            raise BrokenChain(f"{place}: its signature does not count: {fault}")
    roles = sorted({role for key in signers for role in trust.of(key).roles})
    return Signed(entry.sequence, number, uri, tuple(key.name for key in signers), tuple(roles))


def _own_fault(key: Key, trust: Trust, time: datetime) -> str:
    for known in trust.keys:
        if known.key.id == key.public.id:
            return known.fault_at(time)
    public = key.public
    if not public.valid_from <= time < public.valid_until:
        return f"key {public.name!r} is valid from {public.valid_from} until {public.valid_until}"
    return ""
