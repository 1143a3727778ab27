"""A registry of models in memory, which fails where a test wants it to."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Any

from liftgate.errors import Unavailable, UnknownName
from liftgate.protocols import ModelVersion

_NONE: Mapping[str, str] = MappingProxyType({})


class MemoryRegistry:
    """Models, versions, aliases and runs, with a hook before each change.

    Args:
        before: called with what is about to be changed (``tag`` or the alias); may raise.
    """

    place = "memory:"

    def __init__(self, before: Callable[[str], None] = lambda _: None) -> None:
        self.before = before
        self.pointing: dict[str, dict[str, str]] = {}
        self.versions: dict[tuple[str, str], ModelVersion] = {}
        self.contents: dict[tuple[str, str], dict[str, str]] = {}
        self.unreadable: set[tuple[str, str]] = set()
        """Versions whose files the storage does not give."""
        self.told: dict[str, dict[str, Any]] = {}

    def add(
        self, model: str, version: str, files: Mapping[str, str] = MappingProxyType({})
    ) -> None:
        """Register a version with digests of its files."""
        self.pointing.setdefault(model, {})
        self.versions[model, version] = ModelVersion(model, version, f"store/{model}/{version}")
        self.contents[model, version] = dict(files)

    def models(self) -> Iterator[str]:
        """Yield the names of all models."""
        return iter(sorted(self.pointing))

    def aliases(self, model: str) -> Mapping[str, str]:
        """Return alias -> version."""
        if model not in self.pointing:
            raise UnknownName("model", model, self.pointing)
        return dict(self.pointing[model])

    def version(self, model: str, version: str) -> ModelVersion:
        """Return one version."""
        if (model, version) not in self.versions:
            raise UnknownName(f"version of {model}", version, ())
        return self.versions[model, version]

    def files(self, model: str, version: str) -> Mapping[str, str]:
        """Return path -> digest."""
        if (model, version) in self.unreadable:
            raise Unavailable("registry memory: the storage said 403 Forbidden")
        return dict(self.contents[model, version])

    def tag(self, model: str, version: str, tags: Mapping[str, str | None]) -> None:
        """Write tags on a version; None takes one away."""
        self.before("tag")
        held = self.versions[model, version]
        after = {name: value for name, value in {**held.tags, **tags}.items() if value is not None}
        self.versions[model, version] = ModelVersion(model, version, held.source, held.run, after)

    def point(self, model: str, alias: str, version: str | None) -> None:
        """Let an alias point at a version; None: remove it."""
        self.before(alias)
        if version is None:
            self.pointing[model].pop(alias, None)
        else:
            self.pointing[model][alias] = version

    def run(self, run: str) -> Mapping[str, Any]:
        """Return what is known of a run."""
        if run not in self.told:
            raise UnknownName("run", run, self.told)
        return self.told[run]

    def runs(self, experiment: str) -> Iterator[str]:
        """Yield the ids of an experiment's runs: all, in this registry."""
        del experiment
        return iter(self.told)


def unreachable(_: str) -> None:
    """Fail as a registry does that went away. Raises Unavailable."""
    raise Unavailable("registry memory: it went away")
