"""``liftgate ui``: the pages of a workspace, in the browser."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from liftgate.cli import options
from liftgate.cli.result import print_line, prints, until_stopped
from liftgate.errors import DataError


@click.command()
@click.argument(
    "folder",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    default=".",
)
@options.PORT
@options.HOST
@click.option("--off-loopback", is_flag=True, help="Let other machines in, by a link of a role.")
@options.HOSTNAME
@click.option(
    "--open/--no-open",
    "opened",
    default=None,
    help="Open the page in the browser. Default: when started from a terminal, on this machine "
    "only.",
)
@prints("workspace", "links")
def ui(
    *,
    folder: Path,
    port: int,
    host: str,
    off_loopback: bool,
    name: str | None,
    opened: bool | None,
    as_json: bool,
) -> int:
    """Look at a workspace in the browser: studies, decisions, documents; Ctrl-C stops.

    FOLDER is where to look for the workspace (.liftgate, there or above); default: here. Nothing
    is loaded from elsewhere, and nothing is signed here: keys stay with people.

    On this machine everybody may look. With --off-loopback a link is printed for each role: reader
    and lead.

    Exit codes: 0 stopped, 2 wrong use or no workspace, 3 the ledger was altered.
    """
    from liftgate.store import FOLDER, Workspace
    from liftgate.web.serve import Address, serve_app
    from liftgate.web.ui.app import make_ui_app
    from liftgate.web.ui.door import new_tokens
    from liftgate.web.ui.shell import Site
    from liftgate.web.ui.warm import warm

    workspace = Workspace.locate(folder)
    if not workspace.exists:
        raise DataError(
            f"{folder}: there is no workspace (.liftgate) in it or above it",
            hint="run a study first, or name the folder in which it was run",
        )
    # With LIFTGATE_HOME the workspace lies apart from what was made in it.
    inside = workspace.home.name == FOLDER
    site = Site(workspace, workspace.home.parent if inside else folder.resolve())
    # Who asks for a page shall not wait for long behind a thread that computes another.
    sys.setswitchinterval(0.001)
    site.index.now()
    warm(site)
    tokens = new_tokens() if off_loopback else None

    def ready(origin: str) -> None:
        links = {"all": f"{origin}/"}
        if tokens is not None:
            links = {role.value: f"{origin}/enter/{token}" for role, token in tokens.items()}
        if as_json:
            print_line({"workspace": str(workspace.home), "links": links})
        elif tokens is None:
            click.echo(f"{links['all']}\nServing; Ctrl-C stops.")
        else:
            for role, link in links.items():
                click.echo(f"  {role:<6}  {link}")
            click.echo("Serving; Ctrl-C stops.")
        wanted = opened if opened is not None else sys.stdout.isatty() and tokens is None
        if wanted:
            click.launch(next(reversed(links.values())))

    with until_stopped():
        serve_app(
            lambda hosts: make_ui_app(site, hosts=hosts, tokens=tokens),
            Address(host, port, off_loopback, name),
            ready,
        )
    return 0
