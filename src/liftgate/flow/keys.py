"""``keys``: make one, trust it for roles, revoke it; every change is told to the ledger."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from liftgate.errors import DataError, NotAllowed
from liftgate.flow.checkpoints import trust_file
from liftgate.ledger import Ledger
from liftgate.ledger.keys import DAYS, PublicKey, checked_name, load_key, new_key
from liftgate.ledger.trust import AUTOMATION, Trust, Trusted, load, save
from liftgate.outputs import refuse_existing, write_new
from liftgate.store import Workspace

CHANGED = "keys.changed"


@dataclass(frozen=True)
class Role:
    """What a key is trusted for."""

    roles: tuple[str, ...] = ()
    service: bool = False
    owner: bool = False
    """Whether it may sign the next version of the trust file."""
    quorum: int | None = None
    """How many owners a change needs from now on; None: as before."""
    person: str | None = None
    """Whose key it is; None: of whoever is called as it is."""


def make(name: str, *, days: float = DAYS, out: Path | None = None) -> tuple[PublicKey, Path]:
    """Make a key of one's own, and write its public record to a file.

    Raises:
        DataError: a name that is none, or is taken; the file exists.
    """
    path = out or Path(f"{name}.pub.json")
    refuse_existing(path)
    key = new_key(name, days=days)
    write_new(path, json.dumps(key.public.as_json(), indent=2) + "\n")
    return key.public, path


def listed(workspace: Workspace, given: Path | None = None) -> Trust:
    """Return the trust file that holds."""
    return load(trust_file(workspace, given))


def trust(
    workspace: Workspace,
    public: Path,
    role: Role,
    *,
    sign_with: Sequence[str],
    given: Path | None = None,
) -> Trust:
    """Trust a key for roles, as the next version of the trust file.

    The first version is signed by its first owner; without ``owner`` the signers are the owners.

    Args:
        workspace: whose trust file and ledger.
        public: file with the public record.
        role: for what.
        sign_with: names of one's own keys.
        given: another trust file.

    Raises:
        DataError: no record, a name that is taken, a key that was revoked, or nobody said whose
            it is although it looks like a second one of somebody.
        NotAllowed: too few of the owners sign.
    """
    path = trust_file(workspace, given)
    before = load(path)
    keys = [load_key(name) for name in sign_with]
    try:
        key = PublicKey.from_json(json.loads(public.read_text(encoding="utf-8")), str(public))
    except ValueError as error:
        if isinstance(error, DataError):
            raise
        raise DataError(f"{public}: no record of a public key ({error})") from error
    person = "" if role.person is None else checked_name(role.person)
    added = Trusted(key, tuple(sorted(set(role.roles))), role.service, person=person)
    after = before.with_key(added)
    if not before.version:
        for own in keys:
            if own.public.id not in {one.key.id for one in after.keys}:
                after = after.with_key(Trusted(own.public))
        after = replace(after, owners=tuple(own.public.id for own in keys))
    if role.owner and (role.service or AUTOMATION in role.roles):
        raise NotAllowed(f"key {key.name!r}: a service is never an owner of the trust file")
    if role.owner and key.id not in after.owners:
        after = replace(after, owners=(*after.owners, key.id))
    if role.quorum is not None:
        after = replace(after, quorum=role.quorum)
    return _keep(workspace, path, after.sealed(keys), f"trusted {key.name}", key)


def revoke(
    workspace: Workspace,
    name: str,
    *,
    reason: str,
    sign_with: Sequence[str],
    at: datetime | None = None,
    given: Path | None = None,
) -> Trust:
    """Revoke a key: what it signs from a time on does not count; see ``Trust.without``."""
    path = trust_file(workspace, given)
    before = load(path)
    after = before.without(name, at=at or datetime.now(UTC), reason=reason)
    made = after.sealed([load_key(one) for one in sign_with])
    return _keep(workspace, path, made, f"revoked {name}", before.named(name).key)


def _keep(workspace: Workspace, path: Path, made: Trust, what: str, key: PublicKey) -> Trust:
    """Write the file, then tell the ledger: from here on no entry is older than the change."""
    save(made, path)
    with Ledger.open(workspace.create().home) as ledger:
        body = {"version": made.version, "change": what, "key": key.id, "name": key.name}
        ledger.append(CHANGED, body, refs={"trust": made.digest})
    return made
