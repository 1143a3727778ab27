"""From a name to a plug-in, through entry points, loaded only when asked for."""

from __future__ import annotations

from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from liftgate.errors import LiftgateError, UnknownName

KINDS = ("systems", "scorers", "rules", "importers")


@cache
def _entries(kind: str) -> dict[str, EntryPoint]:
    return {entry.name: entry for entry in entry_points(group=f"liftgate.{kind}")}


def names(kind: str) -> tuple[str, ...]:
    """Return the names of all plug-ins of a kind (one of ``KINDS``), sorted; loads none."""
    return tuple(sorted(_entries(kind)))


def load(kind: str, name: str) -> Any:
    """Return the factory that carries a name.

    Raises:
        UnknownName: no plug-in of that kind has the name.
        LiftgateError: the plug-in exists and cannot be imported; names its package.
    """
    entries = _entries(kind)
    if name not in entries:
        raise UnknownName(kind.removesuffix("s"), name, entries)
    entry = entries[name]
    try:
        return entry.load()
    except Exception as error:
        package = entry.dist.name if entry.dist else "an unknown package"
        raise LiftgateError(
            f"{kind.removesuffix('s')} {name!r} of {package} cannot be loaded: {error}",
            hint=f"reinstall {package}, or use another of: {', '.join(names(kind))}",
        ) from error
