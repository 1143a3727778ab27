"""The trust file: which public key belongs to which person, for which roles, from when to when.

It is a list of versions, each a DSSE envelope. A version must be signed by at least ``quorum`` of
the owners that the version *before* it names, the first by its own; so nobody alone changes what
others agreed upon. Whoever verifies pins the file by keeping a copy: the last version of an older
copy must be found in a newer one.

A person may have several keys, and counts once. Keys of one person stay keys of one person: a later
version may find that two are the same one's, never that they are not.

Only the binding of keys is here; what a role may do is not.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from liftgate.canon import canonical, parse, sha256, short
from liftgate.errors import BrokenChain, DataError, NotAllowed, UnknownName
from liftgate.ledger import dsse
from liftgate.ledger.dsse import Envelope
from liftgate.ledger.keys import Key, PublicKey, checked_name, moment
from liftgate.outputs import write_whole
from liftgate.records.notebook import Card

FILE = "trust.json"
TYPE = "application/vnd.liftgate.trust+json"
FORMAT = 1
_FIELDS = {"liftgate", "version", "time", "previous", "quorum", "owners", "keys"}
_ALIKE = str.maketrans({"0": "o", "1": "l", "i": "l", ".": "", "-": "", "_": ""})
_NUMBER = re.compile(r"[-._]?\d+$")
AUTOMATION = "automation"
"""The role of machines: they draft and measure, and never sign, waive or weaken."""
GENESIS = "sha256:" + "0" * 64


@dataclass(frozen=True)
class Trusted:
    """A public key, as the trust file has it."""

    key: PublicKey
    roles: tuple[str, ...] = ()
    service: bool = False
    """Whether a machine holds it: it may draft and measure, and is never a person's consent."""
    revoked_at: datetime | None = None
    reason: str = ""
    person: str = ""
    """Whose key it is, as the owners of the file say; empty: of whoever is called as it is."""

    @property
    def who(self) -> str:
        """Whose key it is, without case: keys of one person count once."""
        return (self.person or self.key.name).casefold()

    @property
    def machine(self) -> bool:
        """Whether a machine holds it, by its mark or by its role."""
        return self.service or AUTOMATION in self.roles

    def fault_at(self, time: datetime) -> str:
        """Say why a signature made at a time does not count, or return an empty text."""
        if time < self.key.valid_from:
            return f"key {self.key.name!r} is valid only from {self.key.valid_from.isoformat()} on"
        if self.revoked_at is not None and time >= self.revoked_at:
            why = f" ({self.reason})" if self.reason else ""
            return f"key {self.key.name!r} was revoked at {self.revoked_at.isoformat()}{why}"
        if time >= self.key.valid_until:
            return f"key {self.key.name!r} was valid until {self.key.valid_until.isoformat()}"
        return ""

    def as_json(self) -> dict[str, Any]:
        """Return the record of the key in a version."""
        return {
            **self.key.as_json(),
            "roles": list(self.roles),
            "service": self.service,
            "revoked_at": self.revoked_at.isoformat() if self.revoked_at else None,
            "reason": self.reason,
            **({"person": self.person} if self.person else {}),
        }


@dataclass(frozen=True)
class Trust(Card):
    """The last version of a trust file, with all versions before it."""

    version: int = 0
    quorum: int = 1
    owners: tuple[str, ...] = ()
    """Ids of the keys that may sign the next version."""
    keys: tuple[Trusted, ...] = ()
    envelopes: tuple[Envelope, ...] = ()

    @property
    def digest(self) -> str:
        """The digest of the last version's payload."""
        return sha256(self.envelopes[-1].payload) if self.envelopes else GENESIS

    @property
    def public(self) -> tuple[PublicKey, ...]:
        """Every key that was ever trusted, revoked ones too."""
        return tuple(one.key for one in self.keys)

    def of(self, key: PublicKey) -> Trusted:
        """Return what is said of a key.

        Raises:
            UnknownName: nothing.
        """
        return self.named(key.id)

    def named(self, name: str) -> Trusted:
        """Return the key of a name or id.

        Raises:
            UnknownName: there is none.
        """
        for one in self.keys:
            if name in {one.key.id, one.key.name}:
                return one
        raise UnknownName("trusted key", name, [one.key.name for one in self.keys])

    def with_key(self, added: Trusted) -> Trust:
        """Return it with a key more, or with other roles for a known key.

        A known key of which no person is said stays its person's.

        Raises:
            DataError: another key has the name or one like it; a revoked key would come back; its
                person's name reads like another's, or nobody said whose key it is and its name
                looks like a second one of somebody.
        """
        for known in self.keys:
            if known.key.id == added.key.id and not added.person:
                added = replace(added, person=known.person)
        for known in self.keys:
            if known.key.name == added.key.name and known.key.id != added.key.id:
                raise DataError(f"key {added.key.name!r}: another key has this name")
            if known.key.id != added.key.id and _seen(known.key.name) == _seen(added.key.name):
                raise DataError(
                    f"key {added.key.name!r}: it reads like {known.key.name!r}, another key's name",
                    hint="make a key whose name nobody takes for another's: liftgate keys new",
                )
            if known.key.id == added.key.id and known.revoked_at is not None:
                raise DataError(f"key {added.key.name!r}: it was revoked, and stays so")
        self._check_person(added)
        others = tuple(one for one in self.keys if one.key.id != added.key.id)
        return replace(self, keys=(*others, added))

    def without(self, name: str, *, at: datetime, reason: str) -> Trust:
        """Return it with a key revoked from a time on.

        Raises:
            UnknownName: no such key.
            DataError: it was revoked before, or too few owners would be left.
        """
        found = self.named(name)
        if found.revoked_at is not None:
            raise DataError(f"key {found.key.name!r}: it is revoked already")
        owners = tuple(owner for owner in self.owners if owner != found.key.id)
        left = len(self.people(owners))
        if left < self.quorum:
            raise DataError(
                f"key {found.key.name!r}: without it {left} owners are left, and a change "
                f"needs {self.quorum}",
                hint="name another owner first: liftgate keys trust FILE --as-owner",
            )
        revoked = replace(found, revoked_at=at, reason=reason)
        keys = tuple(revoked if one == found else one for one in self.keys)
        return replace(self, keys=keys, owners=owners)

    def people(self, ids: Iterable[str]) -> frozenset[str]:
        """Return whose keys some are; see ``Trusted.who``."""
        wanted = set(ids)
        return frozenset(one.who for one in self.keys if one.key.id in wanted)

    def _check_person(self, added: Trusted) -> None:
        is_known = any(one.key.id == added.key.id for one in self.keys)
        for known in self.keys:
            if known.key.id == added.key.id or known.who == added.who:
                continue
            if _seen(known.who) == _seen(added.who):
                raise DataError(
                    f"person {added.who!r}: it reads like {known.who!r}, another person",
                    hint="write one person's name in one way: --person NAME",
                )
            if not added.person and not is_known and _of_one(added, known):
                raise DataError(
                    f"key {added.key.name!r}: is it another key of {known.who!r}?",
                    hint=f"say whose it is: --person {known.who}, or another person's name",
                )

    def sealed(self, by: Sequence[Key], *, now: datetime | None = None) -> Trust:
        """Return it as the next version, signed.

        Raises:
            NotAllowed: too few of the owners of the version before sign.
        """
        payload = canonical(
            {
                "liftgate": FORMAT,
                "version": self.version + 1,
                "time": (now or datetime.now(UTC)).replace(microsecond=0),
                "previous": self.digest,
                "quorum": self.quorum,
                "owners": list(self.owners),
                "keys": [one.as_json() for one in self.keys],
            }
        )
        envelope = dsse.sign(TYPE, payload, by)
        try:
            return read([*(one.as_json() for one in self.envelopes), envelope.as_json()], "trust")
        except BrokenChain as error:
            raise NotAllowed(
                str(error), hint="sign with: --sign-with KEY, once for each"
            ) from error


def _seen(name: str) -> str:
    """Return what the eye makes of a name: no case, no punctuation, 0 for o and 1 or i for l."""
    return name.casefold().translate(_ALIKE)


def _of_one(added: Trusted, known: Trusted) -> bool:
    """Whether a key's name looks like another one of somebody's: ``bob-laptop``, ``bob2``."""
    one, other = added.key.name.casefold(), known.key.name.casefold()
    return (
        _NUMBER.sub("", one) == _NUMBER.sub("", other)
        or re.split("[-._]", one)[0] == known.who
        or re.split("[-._]", other)[0] == added.who
    )


def load(path: Path) -> Trust:
    """Read a trust file; one that is not there trusts nobody.

    Raises:
        DataError: it is none.
        BrokenChain: a version was altered, or signed by too few.
    """
    if not path.is_file():
        return Trust()
    try:
        fields = json.loads(path.read_bytes())
        versions = fields["versions"]
        if fields["liftgate"] != FORMAT or not isinstance(versions, list):
            raise ValueError(f"expected format {FORMAT} and a list of versions")
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise DataError(f"{path}: no trust file ({error})") from error
    return read(versions, str(path))


def save(trust: Trust, path: Path) -> None:
    """Write a trust file; it is whole at every time."""
    text = {"liftgate": FORMAT, "versions": [one.as_json() for one in trust.envelopes]}
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, json.dumps(text, indent=2) + "\n")


def read(versions: Sequence[Any], place: str) -> Trust:
    """Read the versions of a trust file, each checked against the one before it.

    Raises:
        DataError: one is malformed.
        BrokenChain: one was altered, or signed by too few owners.
    """
    trust = Trust()
    for version in versions:
        trust = _next(trust, dsse.read(version, TYPE), place)
    return trust


def _next(before: Trust, envelope: Envelope, place: str) -> Trust:
    number = before.version + 1
    where = f"{place}: version {number}"
    fields = _fields(envelope, where)
    if fields["version"] != number or fields["previous"] != before.digest:
        raise BrokenChain(
            f"{where}: it follows {short(str(fields['previous']))}…, expected "
            f"{short(before.digest)}…: a version was left out or altered"
        )
    keys = tuple(_trusted(one, where) for one in _list(fields, "keys", where))
    owners = tuple(_list(fields, "owners", where))
    quorum = fields["quorum"]
    persons = len({one.who for one in keys if one.key.id in owners})
    if type(quorum) is not int or not 1 <= quorum <= persons:
        raise DataError(f"{where}: got the quorum {quorum!r}, expected 1 to {persons}")
    if len({one.key.id for one in keys}) < len(keys) or len({o.key.name for o in keys}) < len(keys):
        raise DataError(f"{where}: two keys have one name, or one key has two")
    if not set(owners) <= {one.key.id for one in keys if one.revoked_at is None}:
        raise DataError(f"{where}: an owner's key is not listed, or is revoked")
    _refuse_return(before, keys, where)
    rules = before if before.version else Trust(quorum=quorum, owners=owners, keys=keys)
    allowed = [one for one in rules.keys if one.key.id in rules.owners]
    time = _moment(fields["time"], where)
    signed = dsse.signers(envelope, [one.key for one in allowed if not one.fault_at(time)])
    count = len(rules.people(key.id for key in signed))
    if count < rules.quorum:
        raise BrokenChain(
            f"{where}: signed by {count} of its owners, expected {rules.quorum} of "
            f"{', '.join(one.key.name for one in allowed) or 'nobody'}"
        )
    return Trust(number, quorum, owners, keys, (*before.envelopes, envelope))


def _refuse_return(before: Trust, keys: Sequence[Trusted], where: str) -> None:
    """A key stays listed, and a revoked one revoked: else old signatures would change meaning."""
    now = {one.key.id: one for one in keys}
    for one in before.keys:
        kept = now.get(one.key.id)
        if kept is None:
            raise BrokenChain(f"{where}: key {one.key.name!r} is no longer listed; revoke it")
        if one.revoked_at is not None and (
            kept.revoked_at is None or kept.revoked_at > one.revoked_at
        ):
            raise BrokenChain(f"{where}: key {one.key.name!r} was revoked, and stays so")
    _refuse_parting(before, now, where)


def _refuse_parting(before: Trust, now: Mapping[str, Trusted], where: str) -> None:
    """Keys of one person stay so: else whoever signed twice would become two afterwards."""
    first: dict[str, Trusted] = {}
    for one in before.keys:
        other = first.setdefault(one.who, one)
        if now[other.key.id].who != now[one.key.id].who:
            raise BrokenChain(
                f"{where}: keys {other.key.name!r} and {one.key.name!r} were one person's, and "
                "stay so"
            )
        if one.person and not now[one.key.id].person:
            raise BrokenChain(f"{where}: key {one.key.name!r} was {one.person}'s, and stays so")


def _fields(envelope: Envelope, where: str) -> Mapping[str, Any]:
    try:
        fields = parse(envelope.payload)
    except ValueError as error:
        raise DataError(f"{where}: its payload is not JSON") from error
    if not isinstance(fields, dict) or set(fields) != _FIELDS or fields["liftgate"] != FORMAT:
        raise DataError(f"{where}: expected exactly the fields {', '.join(sorted(_FIELDS))}")
    return fields


def _trusted(fields: Any, where: str) -> Trusted:
    key = PublicKey.from_json(fields, where)
    roles = [checked_name(role) for role in _list(fields, "roles", where)]
    revoked, reason = fields.get("revoked_at"), fields.get("reason", "")
    if not isinstance(reason, str) or not isinstance(fields.get("service"), bool):
        raise DataError(f"{where}: key {key.name!r}: its reason or its service mark is none")
    at = _moment(revoked, where) if revoked is not None else None
    person = checked_name(fields["person"]) if "person" in fields else ""
    return Trusted(key, tuple(roles), fields["service"], at, reason, person)


def _list(fields: Mapping[str, Any], name: str, where: str) -> list[Any]:
    found = fields.get(name)
    if not isinstance(found, list) or any(isinstance(one, list) for one in found):
        raise DataError(f"{where}: {name}: got {found!r}, expected a list")
    if name == "owners" and not all(isinstance(one, str) for one in found):
        raise DataError(f"{where}: owners: expected ids of keys")
    return found


def _moment(text: Any, where: str) -> datetime:
    try:
        return moment(text)
    except ValueError as error:
        raise DataError(f"{where}: {error}") from error
