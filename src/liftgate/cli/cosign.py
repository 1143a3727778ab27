"""``liftgate cosign``: sign on a machine of one's own what a file from elsewhere asks for."""

from __future__ import annotations

from pathlib import Path

import click

from liftgate.cli.text import visible

_FILE = click.Path(dir_okay=False, path_type=Path)


@click.group()
def cosign() -> None:
    """Sign where your key is, not where the ledger is.

    `approve` and `waive` write a request with --request FILE. `cosign sign` shows what it says and
    signs exactly that; `cosign add` takes it into the ledger. Keys never travel.
    """


@cosign.command()
@click.argument("file", type=_FILE)
def show(*, file: Path) -> int:
    """Show what a request asks one to sign, from the very bytes that would be signed."""
    from liftgate.flow.cosign import read

    found = read(file)
    for line in found.says():
        click.echo(visible(line))
    click.echo(f"{len(found.signatures)} signatures")
    return 0


@cosign.command()
@click.argument("file", type=_FILE)
@click.option("--sign-with", multiple=True, required=True, metavar="KEY", help="Repeatable.")
def sign(*, file: Path, sign_with: tuple[str, ...]) -> int:
    """Sign a request with your key; needs no ledger. The file gains the signature."""
    from liftgate.flow.cosign import sign as give

    made = give(file, sign_with=sign_with)
    for line in made.says():
        click.echo(visible(line))
    click.echo(f"Signed by {', '.join(sign_with)}: {file} holds {len(made.signatures)} signatures")
    return 0


@cosign.command()
@click.argument("file", type=_FILE)
@click.option(
    "--trust", "given", type=_FILE, metavar="FILE", help="Another trust file than the workspace's."
)
def add(*, file: Path, given: Path | None) -> int:
    """Take a signed request into the ledger.

    Exit codes: 0 taken, 1 a key that does not count, 2 no request, 3 a signature that is not its
    key's, or about an entry that is not in this ledger.
    """
    from liftgate.flow.cosign import add as take
    from liftgate.store import Workspace

    entry = take(Workspace.locate(), file, given)
    click.echo(f"Added: ledger entry {entry.sequence}, about entry {entry.body['about']}")
    return 0
