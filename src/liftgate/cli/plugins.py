"""``liftgate plugins``: what names a study may use, and which package brings each."""

from __future__ import annotations

from dataclasses import asdict

import click

from liftgate.cli.result import print_json, prints
from liftgate.plugins import KINDS, catalogue


@click.command()
@prints("plugins")
def plugins(*, as_json: bool) -> int:
    """List the plug-ins that are installed, by kind.

    Exit codes: 0 listed, 2 wrong use.
    """
    found = catalogue()
    if as_json:
        print_json({"plugins": [asdict(listing) for listing in found]})
        return 0
    width = max((len(listing.name) for listing in found), default=0)
    for kind in KINDS:
        click.secho(kind, bold=True)
        for listing in found:
            if listing.kind == kind:
                click.echo(f"  {listing.name:<{width}}  {listing.package} {listing.version}")
    return 0
