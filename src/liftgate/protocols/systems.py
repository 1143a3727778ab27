"""What answers, and what it may be handed: a budget, a purse."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from liftgate.records import (
    Answer,
    Json,
)


@runtime_checkable
class System(Protocol):
    """Something that answers: the thing under test.

    A system is opened by a factory ``open_system(rest, *, params, files, packages, root)``, where
    ``rest`` is what stands behind ``plugin:`` in the study.
    """

    fingerprint: str
    """Digest of everything that can change an answer."""
    concurrency: int
    """How many calls may be in flight unless the user says otherwise."""

    async def answer(self, parts: Mapping[str, Json]) -> Answer:
        """Answer one item's input parts.

        Raises:
            SystemFailed: with ``kind`` refusal, unparsable or crash; any other exception counts
                as crash.
        """
        ...

    def measure(self) -> Mapping[str, float]:
        """Return exact quantities of the system as a whole, e.g. ``{"index_mb": 12.5}``."""
        ...

    async def close(self) -> None:
        """Give resources back."""
        ...


class SystemFactory(Protocol):
    """Opens a system."""

    def __call__(
        self,
        rest: str,
        *,
        params: Mapping[str, Json],
        files: Sequence[str],
        packages: Sequence[str],
        root: Path,
    ) -> System:
        """Open the system; relative files and modules are looked up from ``root``."""
        ...


@runtime_checkable
class Startable(Protocol):
    """A system that has something costly to do once, before its first call: load, build an index.

    The time that it takes is no call's time. A study whose trials are all known never starts it.
    """

    async def start(self) -> None:
        """Get ready; may be called again and then does nothing.

        Raises:
            LiftgateError: the system cannot be used at all; the run ends before its first call.
        """
        ...


@runtime_checkable
class Bounded(Protocol):
    """A system that takes only so many calls at once, whatever the user asks for."""

    most_in_flight: int
    """Further calls wait outside it, and their waiting is nobody's time."""


class TryAgain(Exception):
    """A fault of the transport, not of the system: the same request may be sent again.

    Args:
        message: what happened.
        after_s: how long the server asks to wait; None: it does not say.
        throttled: whether the server said that it gets too much.
    """

    def __init__(
        self, message: str, *, after_s: float | None = None, throttled: bool = False
    ) -> None:
        super().__init__(message)
        self.after_s = after_s
        self.throttled = throttled


@dataclass(frozen=True)
class Sent:
    """What came back from one request."""

    value: Any
    tokens: int | None = None
    """Taken from the endpoint's budget, in and out; None: the server does not say."""


class Budget(Protocol):
    """What an endpoint takes: requests and tokens a minute, and how many requests at once."""

    async def send(self, request: Callable[[], Awaitable[Sent]], *, tokens: int) -> Any:
        """Wait until a request fits in, send it, and again as long as it raises ``TryAgain``.

        Waiting is not counted as the system's time.

        Args:
            request: sends once.
            tokens: what it is expected to take.

        Returns:
            The value of what came back.

        Raises:
            SystemFailed: ``crash``; the tries are used up. Other errors come through as they are.
        """
        ...


@dataclass(frozen=True)
class Expected:
    """What a call will take, before it is made."""

    tokens_in: int
    tokens_out: int | None = None
    """At most; None: nothing bounds it."""


@runtime_checkable
class Metered(Protocol):
    """A system that calls a shared endpoint. The engine hands one budget to all that share it."""

    endpoint: str
    """Where calls go; systems of equal endpoints share a budget."""
    model: str
    """The name by which prices are looked up."""

    def use(self, budget: Budget) -> None:
        """Take the budget through which every request is to be sent."""
        ...

    def expect(self, parts: Mapping[str, Json]) -> Expected:
        """Return what a call will take."""
        ...


@runtime_checkable
class Identified(Protocol):
    """A system that says what its fingerprint is made of, so that a change of it can be named."""

    @property
    def identity(self) -> Mapping[str, Json]:
        """What the fingerprint digests; it holds no secret."""
        ...


@runtime_checkable
class Describing(Protocol):
    """A system behind something that says of itself what it is: a server, a service."""

    async def describe(self) -> Mapping[str, Json]:
        """Return what it says, raw, without secrets; asked once a run, before the first call.

        Whatever it raises is noted as not captured, and ends no run.
        """
        ...


@runtime_checkable
class Composed(Protocol):
    """A system made of others. The engine hands budgets to those among them that need one."""

    @property
    def stages(self) -> Mapping[str, System]:
        """The systems by their stage's name."""
        ...

    @property
    def names(self) -> Mapping[str, str]:
        """Stage -> its system, ``plugin:rest``, by which prices are looked up."""
        ...


@runtime_checkable
class Staged(Composed, Protocol):
    """A system that first retrieves, then answers: its generator can be asked with other texts.

    Its stages are called ``retriever`` and ``generator``; an answer's trace has a step of each,
    the retrieval's output being a list of ``{"id", "text"}``.
    """

    def with_context(self, parts: Mapping[str, Json], texts: Sequence[str]) -> Mapping[str, Json]:
        """Return the generator's input for an item, had these texts been retrieved."""
        ...
