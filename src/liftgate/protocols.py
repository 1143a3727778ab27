"""The doors: what a plug-in must be. A plug-in is one file and one entry-point line.

A plug-in is a *factory*, named under ``liftgate.systems``, ``liftgate.scorers``,
``liftgate.rules``, ``liftgate.importers`` or ``liftgate.exporters``. The keyword parameters of a
scorer's or rule's factory, with their annotations, are the grammar of its node in a study file:
the loader checks them and says where.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from liftgate.records import (
    Alternative,
    Answer,
    Check,
    Claim,
    Columns,
    Comparison,
    Design,
    Estimate,
    Item,
    Json,
    Missing,
    Population,
    Scale,
    Status,
    Verdict,
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
class Scorer(Protocol):
    """Turns an answer into a number, or says why it cannot."""

    version: str
    """Changes whenever the same answer could get another score."""

    def scale(self, items: Sequence[Item]) -> Scale:
        """Declare the values that scores can take, from the items and never from results."""
        ...

    def score(self, answer: Answer, item: Item) -> float | Missing | Awaitable[float | Missing]:
        """Score one answer.

        Returns:
            The score, or ``Missing(reason)`` when the scorer abstains.

        Raises:
            SystemFailed: with kind ``unparsable`` when the *answer* has the wrong shape: an outcome
                of the system. Any other exception is a failure of the scorer: missing.
        """
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


@dataclass(frozen=True)
class Progress:
    """How far a stage of long work is. It holds no score, so that nobody can peek."""

    stage: str
    done: int
    """Finished in this stage, ``reused`` included."""
    total: int
    reused: int = 0
    """Known from earlier runs."""
    failed: int | None = 0
    """Of those finished now, how many the system failed; None: nothing that could fail is done."""
    rate: float | None = None
    """Finished per second in this run; None: too early to say."""
    seconds_left: float | None = None


class Evidence(Protocol):
    """What a rule may ask about one claim, one candidate (and one slice).

    Missing scores enter every estimate as their worst value for the question asked: against the
    candidate for ``greater``, in its favour for ``less``.
    """

    @property
    def design(self) -> Design:
        """How often the study may look, as locked."""
        ...

    @property
    def population(self) -> Population:
        """What the study speaks about, as locked."""
        ...

    @property
    def alpha(self) -> float:
        """One-sided level of the study."""
        ...

    @property
    def scale(self) -> Scale | None:
        """The metric's scale, by which numbers are told; None: a measure in a unit of its own."""
        ...

    @property
    def clusters(self) -> int:
        """How many independent units there are: clusters of items, or separate passes."""
        ...

    def difference(
        self, *, null: float = 0.0, alternative: Alternative = Alternative.GREATER
    ) -> Estimate:
        """Candidate − baseline, oriented so that larger is better; limits at one-sided alpha.

        Raises:
            NotEnoughData: no admissible estimate; the reason is the verdict's.
        """
        ...

    def relative_difference(
        self, ratio: float, *, alternative: Alternative = Alternative.GREATER
    ) -> Estimate:
        """The contrast candidate − (1 − ratio) × baseline against 0 (a relative margin)."""
        ...

    def passes(self, *, limit: float, alternative: Alternative = Alternative.LESS) -> Estimate:
        """The candidate's per-pass quantity against a limit, by the sign test over passes."""
        ...

    def mean(self, *, limit: float, alternative: Alternative = Alternative.LESS) -> Estimate:
        """The candidate's own mean score against a limit, in the score's units."""
        ...

    def measured(self) -> float:
        """The candidate's exact measure. Raises NotEnoughData when it was not taken."""
        ...

    def slices(self) -> Mapping[str, Evidence]:
        """The same evidence restricted to each value of the claim's slice, sorted by name."""
        ...

    def descriptive(self) -> Estimate | None:
        """The 95 % interval of the difference with missing scores left out; never decides."""
        ...


class Rule(Protocol):
    """Turns estimates into the verdict of one claim. Pure: no I/O, no arithmetic of its own."""

    @property
    def status(self) -> Status:
        """How claims under this rule count; a verdict on a measure is ``measured`` regardless."""
        ...

    @property
    def over_slices(self) -> bool:
        """Whether the claim needs ``by_slice``."""
        ...

    def judge(self, claim: Claim, candidate: str, evidence: Evidence) -> Verdict:
        """Return the verdict; what cannot be estimated is inadmissible with the reason."""
        ...


@dataclass(frozen=True)
class Row:
    """One row of a foreign table or log."""

    item: str
    scores: Mapping[str, float | None]
    """Metric -> value; None: missing."""
    system: str | None = None
    repeat: str | None = None
    cluster: str | None = None
    slices: Mapping[str, str] = field(default_factory=dict)
    error: str | None = None
    """A system's failure, in its own words."""
    content: str | None = None
    """Digest of the item's input, when the table carries the input."""
    prompt: str | None = None
    """Digest of what the system was sent for it, when the log carries that too."""


@dataclass(frozen=True)
class ForeignTable:
    """A table or log that some other tool wrote, checked and ready to be read once more."""

    path: Path
    digest: str
    """SHA-256 of the file's bytes."""
    columns: Columns
    """What plays which part, guesses included."""
    guessed: tuple[str, ...]
    """The parts of ``columns`` that were guessed."""
    left_out: Mapping[str, str]
    """Column -> why it is not used."""
    rows: Callable[[], Iterator[Row]]
    """Reads the rows from the file, of one system when one was asked for. Raises DataError at the
    first bad cell, naming the line."""
    format: str = ""
    """What the file was recognised as, with the versions that it states; empty: a plain table."""
    system: str | None = None
    """Whose rows these are, when the log says so."""
    lower_is_better: tuple[str, ...] = ()
    """Metrics of which the log itself says that lower is better."""
    facts: Mapping[str, str] = field(default_factory=dict)
    """What the log says of its run: model, task, settings. Where two logs differ is shown."""
    checks: tuple[Check, ...] = ()
    """The aggregates that the log states, beside the same recomputed from its rows."""
    notes: tuple[str, ...] = ()
    """What a reader must know about the log, one sentence each."""


class Importer(Protocol):
    """Reads one kind of foreign table or log.

    Its entry-point name is the suffix of its files (``csv``), or ``SUFFIX.FORMAT``
    (``json.lm_eval``) for a suffix that formats share; then it is ``Recognising`` too.
    """

    def __call__(self, path: Path, columns: Columns, system: str | None) -> ForeignTable:
        """Check the whole file and settle its columns, guessing those that ``columns`` leaves open.

        Args:
            path: an existing file.
            columns: the columns that the user named.
            system: only rows of this system; None: the file must hold one system.

        Raises:
            DataError: with file and line, what was got, what was expected and what to type.
            UnknownName: a named column or system is not in the file.
        """
        ...


class Exporter(Protocol):
    """Writes a comparison in the format of another tool; its entry-point name is the format's."""

    def __call__(
        self, comparison: Comparison, *, seconds: int, version: str
    ) -> Mapping[str, bytes]:
        """Return the files: name -> content. Pure: no I/O, no clock.

        Args:
            comparison: what was compared.
            seconds: since 1970, when it was.
            version: liftgate's own.

        Raises:
            DataError: the comparison cannot be told in this format.
        """
        ...


@dataclass(frozen=True)
class Head:
    """The beginning of a file, from which an importer tells whether the file is its own."""

    path: Path
    start: bytes
    """At most the first MiB."""
    keys: frozenset[str]
    """The names in the first JSON object (the first line's, in JSON Lines), as far as ``start``
    goes; empty when the file does not begin with one."""


@runtime_checkable
class Recognising(Protocol):
    """An importer of a format that shares its suffix with others: it tells its files by content."""

    def recognises(self, head: Head) -> bool:
        """Say whether a file is of this format; never raises, never reads more than ``head``."""
        ...

    def choose(self, paths: Sequence[Path]) -> Path:
        """Return the file that stands for a folder with several files of this format, sorted.

        Raises:
            DataError: several do not make one run; says which file to name.
        """
        ...
