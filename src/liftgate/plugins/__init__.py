"""From a name to a plug-in, through entry points, loaded only when asked for."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from liftgate.errors import LiftgateError, UnknownName
from liftgate.records.notebook import Card

KINDS = ("systems", "scorers", "rules", "importers", "exporters", "executors", "registries")


def singular(kind: str) -> str:
    """Return the word for one plug-in of a kind."""
    return kind.removesuffix("ies") + "y" if kind.endswith("ies") else kind.removesuffix("s")


@cache
def _entries(kind: str) -> dict[str, EntryPoint]:
    return {entry.name: entry for entry in entry_points(group=f"liftgate.{kind}")}


def names(kind: str) -> tuple[str, ...]:
    """Return the names of all plug-ins of a kind (one of ``KINDS``), sorted; loads none."""
    return tuple(sorted(_entries(kind)))


@dataclass(frozen=True)
class Listing(Card):
    """One plug-in that is installed."""

    kind: str
    """One of ``KINDS``."""
    name: str
    package: str
    version: str
    place: str
    """``module:attribute``."""


def catalogue() -> tuple[Listing, ...]:
    """Return all plug-ins, by kind and name; loads none."""
    return tuple(_listing(kind, _entries(kind)[name]) for kind in KINDS for name in names(kind))


def _listing(kind: str, entry: EntryPoint) -> Listing:
    package, version = (entry.dist.name, entry.dist.version) if entry.dist else ("", "")
    return Listing(kind, entry.name, package, version, entry.value)


def load(kind: str, name: str) -> Any:
    """Return the factory that carries a name.

    Raises:
        UnknownName: no plug-in of that kind has the name.
        LiftgateError: the plug-in exists and cannot be imported; names its package.
    """
    entries = _entries(kind)
    if name not in entries:
        raise UnknownName(singular(kind), name, entries)
    entry = entries[name]
    try:
        return entry.load()
    except Exception as error:
        package = entry.dist.name if entry.dist else "an unknown package"
        raise LiftgateError(
            f"{kind.removesuffix('s')} {name!r} of {package} cannot be loaded: {error}",
            hint=f"reinstall {package}, or use another of: {', '.join(names(kind))}",
        ) from error
