"""``liftgate cosign``: sign on a machine of one's own what a file from elsewhere asks for."""

from __future__ import annotations

from pathlib import Path

import click

from liftgate.cli import options
from liftgate.cli.result import prints
from liftgate.cli.result import show as say

_FILE = click.argument("file", type=options.FILE)


@click.group()
def cosign() -> None:
    """Sign where your key is, not where the ledger is.

    `approve` and `waive` write a request with --request FILE. `cosign sign` shows what it says and
    signs exactly that; `cosign add` takes it into the ledger. Keys never travel.
    """


@cosign.command()
@_FILE
@prints("says", "signatures")
def show(*, file: Path, as_json: bool) -> int:
    """Show what a request asks one to sign, from the very bytes that would be signed.

    Exit codes: 0 shown, 2 no request, 3 a signature that is not its key's.
    """
    from liftgate.flow.cosign import read

    found = read(file)
    says, count = list(found.says()), len(found.signatures)
    say({"says": says, "signatures": count}, says, f"{count} signatures", as_json=as_json)
    return 0


@cosign.command()
@_FILE
@options.SOME_KEYS
@prints("file", "says", "signed_by", "signatures")
def sign(*, file: Path, sign_with: tuple[str, ...], as_json: bool) -> int:
    """Sign a request with your key; needs no ledger. The file gains the signature.

    Exit codes: 0 signed, 2 no request or no such key, 3 a signature that is not its key's.
    """
    from liftgate.flow.cosign import sign as give

    made = give(file, sign_with=sign_with)
    says, count = list(made.says()), len(made.signatures)
    say(
        {"file": str(file), "says": says, "signed_by": list(sign_with), "signatures": count},
        says,
        f"Signed by {', '.join(sign_with)}: {file} holds {count} signatures",
        as_json=as_json,
    )
    return 0


@cosign.command()
@_FILE
@options.TRUST
@prints("entry", "about")
def add(*, file: Path, given: Path | None, as_json: bool) -> int:
    """Take a signed request into the ledger.

    Exit codes: 0 taken, 1 a key that does not count, 2 no request, 3 a signature that is not its
    key's, or about an entry that is not in this ledger.
    """
    from liftgate.flow.cosign import add as take
    from liftgate.store import Workspace

    entry = take(Workspace.locate(), file, given)
    about = entry.body["about"]
    say(
        {"entry": entry.sequence, "about": about},
        f"Added: ledger entry {entry.sequence}, about entry {about}",
        as_json=as_json,
    )
    return 0
