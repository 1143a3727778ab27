"""``liftgate keys``: make, trust, revoke and list signing keys."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from liftgate.ledger.trust import Trust, Trusted

_FILE = click.Path(dir_okay=False, path_type=Path)
_TRUST = click.option(
    "--trust", "given", type=_FILE, metavar="FILE", help="Another trust file than the workspace's."
)
_SIGN = click.option(
    "--sign-with", multiple=True, required=True, metavar="KEY", help="An owner's key; repeatable."
)


@click.group()
def keys() -> None:
    """Make signing keys, and say whose count for what.

    A private key stays in a folder of its owner (LIFTGATE_KEYS, else the user's configuration). The
    trust file says which public key counts, for which roles, from when to when; each change of it
    is signed by its owners. Nothing of this is needed to run a study.
    """


@keys.command()
@click.argument("name")
@click.option("--days", type=float, default=365, show_default=True, help="How long it is valid.")
@click.option("--out", type=_FILE, metavar="FILE", help="Public record; default: NAME.pub.json.")
def new(*, name: str, days: float, out: Path | None) -> int:
    """Make a key of your own, and write its public record for others to trust."""
    from liftgate.flow.keys import make
    from liftgate.ledger.keys import folder

    public, path = make(name, days=days, out=out)
    click.echo(f"Key {name}, valid until {public.valid_until:%Y-%m-%d}: {public.id}")
    click.echo(f"Private: {folder() / f'{name}.json'} (keep it to yourself)")
    click.echo(f"Public:  {path}")
    return 0


@keys.command()
@click.argument("file", type=_FILE)
@click.option("--role", "roles", multiple=True, metavar="ROLE", help="What it is for; repeatable.")
@click.option(
    "--person", default="", metavar="NAME", help="Whose key it is; default: the key's own name."
)
@click.option("--service", is_flag=True, help="A machine holds it: never a person's consent.")
@click.option("--owner", is_flag=True, help="It may sign changes of the trust file.")
@click.option(
    "--quorum", type=click.IntRange(min=1), help="Owners that a change needs from now on."
)
@_SIGN
@_TRUST
def trust(
    *,
    file: Path,
    roles: tuple[str, ...],
    person: str,
    service: bool,
    owner: bool,
    quorum: int | None,
    sign_with: tuple[str, ...],
    given: Path | None,
) -> int:
    """Trust the key of a public record. The signers of the first version become its owners.

    People are counted, not keys: whoever has several names each with --person.
    """
    from liftgate.flow.keys import Role
    from liftgate.flow.keys import trust as add
    from liftgate.store import Workspace

    role = Role(roles, service, owner, quorum, person)
    made = add(Workspace.locate(), file, role, sign_with=sign_with, given=given)
    click.echo(f"Trust file, version {made.version}: {made.digest}")
    return 0


@keys.command()
@click.argument("name")
@click.option("--reason", required=True, metavar="TEXT", help="Why.")
@click.option("--at", metavar="TIME", help="Since when it does not count (ISO 8601); default: now.")
@_SIGN
@_TRUST
def revoke(
    *, name: str, reason: str, at: str | None, sign_with: tuple[str, ...], given: Path | None
) -> int:
    """Revoke a key for good: what it signs from a time on is refused by ledger verify."""
    from liftgate.flow.keys import revoke as remove
    from liftgate.store import Workspace

    made = remove(
        Workspace.locate(), name, reason=reason, sign_with=sign_with, at=_time(at), given=given
    )
    click.echo(f"Trust file, version {made.version}: {made.digest}")
    return 0


@keys.command(name="list")
@_TRUST
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
def list_keys(*, given: Path | None, as_json: bool) -> int:
    """List the keys of the trust file, and your own."""
    from liftgate.flow.keys import listed
    from liftgate.ledger.keys import own_names
    from liftgate.store import Workspace

    found = listed(Workspace.locate(), given)
    own = own_names()
    if as_json:
        click.echo(json.dumps(_body(found, own), indent=2))
        return 0
    if found.version:
        click.echo(
            f"Trust file, version {found.version}; a change needs {found.quorum} of "
            f"{len(found.people(found.owners))} owners"
        )
    else:
        click.echo("Nobody is trusted yet; no signature is asked for.")
    for one in found.keys:
        click.echo(_line(found, one))
    click.echo(f"Your own: {', '.join(own) or 'none'}")
    return 0


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
