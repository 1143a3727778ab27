"""``liftgate keys``: make, trust, revoke and list signing keys."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from liftgate.cli import complete, options
from liftgate.cli.result import prints, show

if TYPE_CHECKING:
    from liftgate.ledger.trust import Trust, Trusted


_OWNERS = options.sign_with("Your key, an owner's; repeatable.", multiple=True, required=True)


@click.group()
def keys() -> None:
    """Make signing keys, and say whose count for what.

    A private key stays in a folder of its owner (LIFTGATE_KEYS, else the user's configuration). The
    trust file says which public key counts, for which roles, from when to when; each change of it
    is signed by its owners. Nothing of this is needed to run a study.
    """


@keys.command()
@click.argument("name")
@click.option(
    "--days", metavar="X", type=float, default=365, show_default=True, help="How long it is valid."
)
@click.option(
    "--out", type=options.FILE, metavar="FILE", help="Public record. Default: NAME.pub.json."
)
@prints("name", "id", "valid_until", "private", "public")
def new(*, name: str, days: float, out: Path | None, as_json: bool) -> int:
    """Make a key of your own, and write its public record for others to trust.

    Exit codes: 0 made, 2 wrong use, or a key of this name exists.
    """
    from liftgate.flow.keys import make
    from liftgate.ledger.keys import folder

    public, path = make(name, days=days, out=out)
    private = folder() / f"{name}.json"
    body = {
        "name": name,
        "id": public.id,
        "valid_until": public.valid_until.isoformat(),
        "private": str(private),
        "public": str(path),
    }
    show(
        body,
        f"Key {name}, valid until {public.valid_until:%Y-%m-%d}: {public.id}",
        f"Private: {private} (keep it to yourself)",
        f"Public:  {path}",
        as_json=as_json,
    )
    return 0


@keys.command()
@click.argument("file", type=options.FILE)
@click.option("--role", "roles", multiple=True, metavar="ROLE", help="What it is for; repeatable.")
@click.option("--person", metavar="NAME", help="Whose key it is; default: the key's own name.")
@click.option("--service", is_flag=True, help="A machine holds it: never a person's consent.")
@click.option("--as-owner", is_flag=True, help="It may sign changes of the trust file.")
@click.option(
    "--quorum",
    metavar="N",
    type=click.IntRange(min=1),
    help="Owners that a change needs from now on.",
)
@_OWNERS
@options.TRUST
@prints("version", "digest")
def trust(
    *,
    file: Path,
    roles: tuple[str, ...],
    person: str | None,
    service: bool,
    as_owner: bool,
    quorum: int | None,
    sign_with: tuple[str, ...],
    given: Path | None,
    as_json: bool,
) -> int:
    """Trust the key of a public record. The signers of the first version become its owners.

    People are counted, not keys: whoever has several names each with --person.

    Exit codes: 0 trusted, 1 too few owners have signed, 2 wrong use or no public record, 3 the
    trust file was altered.
    """
    from liftgate.flow.keys import Role
    from liftgate.flow.keys import trust as add
    from liftgate.store import Workspace

    role = Role(roles, service, as_owner, quorum, person)
    made = add(Workspace.locate(), file, role, sign_with=sign_with, given=given)
    _changed(made, as_json=as_json)
    return 0


@keys.command()
@click.argument("name", shell_complete=complete.trusted_keys)
@options.REASON
@click.option("--at", metavar="TIME", help="Since when it does not count (ISO 8601). Default: now.")
@_OWNERS
@options.TRUST
@prints("version", "digest")
def revoke(
    *,
    name: str,
    reason: str,
    at: str | None,
    sign_with: tuple[str, ...],
    given: Path | None,
    as_json: bool,
) -> int:
    """Revoke a key for good: what it signs from a time on is refused by ledger verify.

    Exit codes: 0 revoked, 1 too few owners have signed, 2 wrong use or no such key, 3 the trust
    file was altered.
    """
    from liftgate.flow.keys import revoke as remove
    from liftgate.store import Workspace

    made = remove(
        Workspace.locate(), name, reason=reason, sign_with=sign_with, at=_time(at), given=given
    )
    _changed(made, as_json=as_json)
    return 0


@keys.command(name="list")
@options.TRUST
@prints("version", "digest", "quorum", "owners", "keys", "own")
def list_keys(*, given: Path | None, as_json: bool) -> int:
    """List the keys of the trust file, and your own.

    Exit codes: 0 listed, 2 wrong use, 3 the trust file was altered.
    """
    from liftgate.flow.keys import listed
    from liftgate.ledger.keys import own_names
    from liftgate.store import Workspace

    found = listed(Workspace.locate(), given)
    own = own_names()
    show(_body(found, own), _lines(found, own), as_json=as_json)
    return 0


def _changed(made: Trust, *, as_json: bool) -> None:
    said = f"Trust file, version {made.version}: {made.digest}"
    show({"version": made.version, "digest": made.digest}, said, as_json=as_json)


def _lines(found: Trust, own: list[str]) -> Iterator[str]:
    if found.version:
        owners = f"{found.quorum} of {len(found.people(found.owners))} owners"
        yield f"Trust file, version {found.version}; a change needs {owners}"
    else:
        yield "Nobody is trusted yet; no signature is asked for."
    for one in found.keys:
        yield _line(found, one)
    yield f"Your own: {', '.join(own) or 'none'}"


def _body(found: Trust, own: list[str]) -> dict[str, Any]:
    return {
        "version": found.version,
        "digest": found.digest,
        "quorum": found.quorum,
        "owners": list(found.owners),
        "keys": [one.as_json() for one in found.keys],
        "own": own,
    }


def _line(found: Trust, one: Trusted) -> str:
    from liftgate.figures.text import one_line

    marks = [*one.roles, *([f"of {one.person}"] if one.person else [])]
    if one.key.id in found.owners:
        marks.append("owner")
    if one.service:
        marks.append("service")
    state = f"valid {one.key.valid_from:%Y-%m-%d} to {one.key.valid_until:%Y-%m-%d}"
    if one.revoked_at is not None:
        state = f"revoked {one.revoked_at:%Y-%m-%d %H:%M:%SZ} ({one_line(one.reason, 60)})"
    return f"  {one.key.name}  {one.key.id[:12]}  {', '.join(marks) or 'no role'}  {state}"


def _time(text: str | None) -> datetime | None:
    from liftgate.errors import DataError
    from liftgate.ledger.keys import moment

    try:
        return None if text is None else moment(text)
    except ValueError as error:
        raise DataError(f"--at: {error}", hint="e.g. 2026-11-27T09:00:00+00:00") from error
