"""Where models live: what a registry of models must be able to do for a decision."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol


@dataclass(frozen=True)
class ModelVersion:
    """One version of a registered model, as the registry tells of it."""

    model: str
    version: str
    source: str
    """Where its files came from, in the registry's own words."""
    run: str | None = None
    """Id of the training run that made it."""
    tags: Mapping[str, str] = field(default_factory=dict)


class Registry(Protocol):
    """A registry of models; every call may raise ``Unavailable``."""

    place: str
    """Its address, without a name or a password."""

    def models(self) -> Iterator[str]:
        """Yield the names of all registered models."""
        ...

    def aliases(self, model: str) -> Mapping[str, str]:
        """Return alias -> version. Raises UnknownName: no such model."""
        ...

    def version(self, model: str, version: str) -> ModelVersion:
        """Return one version. Raises UnknownName: there is none."""
        ...

    def files(self, model: str, version: str) -> Mapping[str, str]:
        """Return path -> ``sha256:…`` of a version's files; empty: it has none.

        Raises:
            Unavailable: whether it has any cannot be told: they could not be read.
        """
        ...

    def tag(self, model: str, version: str, tags: Mapping[str, str | None]) -> None:
        """Write tags on a version; None: take the tag away, if it is there."""
        ...

    def point(self, model: str, alias: str, version: str | None) -> None:
        """Let an alias point at a version; None: remove the alias, if it is there."""
        ...

    def run(self, run: str) -> Mapping[str, Any]:
        """Return all that is known of a training run, as JSON. Raises UnknownName."""
        ...

    def runs(self, experiment: str) -> Iterator[str]:
        """Yield the ids of an experiment's runs. Raises UnknownName."""
        ...


class RegistryFactory(Protocol):
    """Opens a registry by what follows its name in an address."""

    def __call__(self, place: str) -> Registry:
        """Open it. Raises Unavailable: its package is missing, or it does not answer."""
        ...
