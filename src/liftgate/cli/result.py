"""What a command prints: lines for people, or with ``--json`` one JSON object and nothing else."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, TypeVar

import click

from liftgate.cli.text import visible

F = TypeVar("F", bound=Callable[..., Any])


class JsonOption(click.Option):
    """The option ``--json``, which names the members of the object that is printed."""

    def __init__(self, *args: Any, keys: tuple[str, ...] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.keys = keys


def prints(*keys: str) -> Callable[[F], F]:
    """Give a command ``--json``, and say of which members its object consists.

    Args:
        keys: the members, in their order; one that ends in ``?`` is there only where there is
            something to say; a last ``…`` stands for more.
    """
    named = ", ".join(keys).replace(", …", " and more")
    return click.option(
        "--json",
        "as_json",
        is_flag=True,
        cls=JsonOption,
        keys=keys,
        help=f"Print one JSON object: {named}.",
    )


def as_text(body: Mapping[str, Any]) -> str:
    """Return a result as JSON, in ASCII: what a foreign text holds cannot move a cursor."""
    return json.dumps(body, indent=2, allow_nan=False)


def print_json(body: Mapping[str, Any]) -> None:
    """Print a result as JSON, the only thing that a command prints on stdout then."""
    click.echo(as_text(body))


def print_line(body: Mapping[str, Any]) -> None:
    """Print a result as JSON on one line: whoever reads a command that serves waits for no more."""
    click.echo(json.dumps(json.loads(as_text(body))))


@contextlib.contextmanager
def until_stopped() -> Iterator[None]:
    """Serve until Ctrl-C, which is the end that is meant, and no error."""
    try:
        yield
    except KeyboardInterrupt:
        click.echo("Stopped.", err=True)


def show(body: Mapping[str, Any], *lines: str | Iterable[str], as_json: bool) -> None:
    """Print a result: as JSON, or in lines whose foreign characters are named."""
    if as_json:
        print_json(body)
        return
    for one in lines:
        for line in (one,) if isinstance(one, str) else one:
            click.echo(visible(line))
