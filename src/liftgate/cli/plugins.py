"""``liftgate plugins``: what names a study may use, and which package brings each."""

from __future__ import annotations

import json
from dataclasses import asdict

import click

from liftgate.plugins import KINDS, catalogue


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print the list as JSON.")
def plugins(*, as_json: bool) -> int:
    """List the plug-ins that are installed, by kind."""
    found = catalogue()
    if as_json:
        click.echo(json.dumps({"plugins": [asdict(listing) for listing in found]}, indent=2))
        return 0
    width = max((len(listing.name) for listing in found), default=0)
    for kind in KINDS:
        click.secho(kind, bold=True)
        for listing in found:
            if listing.kind == kind:
                click.echo(f"  {listing.name:<{width}}  {listing.package} {listing.version}")
    return 0
