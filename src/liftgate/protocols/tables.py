"""Reading and writing the tables and logs of other tools."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol, runtime_checkable

from liftgate.records import (
    Check,
    Columns,
    Comparison,
    Json,
    Trace,
)


@dataclass(slots=True)
class Row:
    """One row of a foreign table or log; not frozen, which would triple the time to make one."""

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
class RowTexts:
    """What people read of one row: never scored, never compared by a rule, hostile to a page."""

    input: str = ""
    target: str = ""
    output: str = ""
    reasons: Mapping[str, str] = field(default_factory=dict)
    """Scorer -> what it said of its score."""
    retrieved: Sequence[Json] = ()
    """What was retrieved for the answer, where the table says so beside it."""


TakeTexts = Callable[[str, str | None, RowTexts], None]
"""Takes a row's item, its repeat and its texts."""


TakeTrace = Callable[[str, str | None, Trace], None]
"""Takes a row's item, its repeat and its trace."""


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
    traces: Callable[[TakeTrace], None] | None = None
    """Reads the file once more and hands over what was done on the way to each row's answer; None:
    the log does not say. Raises DataError as ``rows`` does."""
    texts: Callable[[TakeTexts], None] | None = None
    """Reads the file once more and hands over what people read of each row; None: it has no texts
    that this importer knows. Raises DataError as ``rows`` does."""


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


@dataclass(frozen=True)
class ToldRow:
    """A row of a side, with what people read of it."""

    row: Row
    texts: RowTexts | None
    """None: the file has no texts that its importer knows."""
    trace: Trace | None = None


@dataclass(frozen=True)
class ToldSide:
    """The rows behind one side of a comparison."""

    rows: Callable[[], Iterator[ToldRow]]
    """Yields the rows of the items that were paired, item by item. May be called again."""
    has_content: bool = False
    """Whether the content of a row can be held against that of the other side."""


class Exporter(Protocol):
    """Writes a comparison in the format of another tool; its entry-point name is the format's."""

    def __call__(
        self,
        comparison: Comparison,
        *,
        baseline: ToldSide,
        candidate: ToldSide,
        seconds: int,
        version: str,
    ) -> Iterator[tuple[str, Iterable[bytes]]]:
        """Yield the files: a name, ``/`` between folders, and the content in pieces.

        The pieces of a file are taken, all of them, before the next file is asked for, so that a
        file may tell what an earlier one came to. No I/O beyond the rows, no clock.

        Args:
            comparison: what was compared.
            baseline: its rows.
            candidate: its rows.
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
