"""What the importers of logs share: from entries of a log to a checked foreign table."""

from __future__ import annotations

import gc
import json
import math
import shlex
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from liftgate.canon import sha256
from liftgate.errors import DataError, LiftgateError, UnknownName
from liftgate.importers.cells import failure, text
from liftgate.protocols import ForeignTable, Head, Row, TakeTexts, TakeTrace
from liftgate.records import Check, Columns

T = TypeVar("T")

_LISTED = 20
NO_FIELDS: Mapping[str, Any] = {}


@dataclass(slots=True)
class Entry:
    """One row of a log: one try of one item by one system."""

    item: str
    scores: Mapping[str, float | None]
    """Metric -> value; an absent metric is missing like None."""
    repeat: str | None = None
    system: str | None = None
    error: str | None = None
    content: str | None = None
    prompt: str | None = None
    fields: Mapping[str, Any] = field(default_factory=lambda: NO_FIELDS)
    """What ``--item``, ``--cluster``, ``--slice`` … may name beside the log's own columns."""


@dataclass
class Log:
    """A log, read."""

    path: Path
    digest: str
    format: str
    """What it was recognised as, for people."""
    entries: list[Entry]
    metrics: tuple[str, ...]
    names: Columns
    """How the log itself calls its parts: item, repeat, error, content; the cluster that it
    states."""
    fields: tuple[str, ...] = ()
    """Every name that was seen among the fields."""
    facts: dict[str, str] = field(default_factory=dict)
    lower_is_better: tuple[str, ...] = ()
    left_out: dict[str, str] = field(default_factory=dict)
    """Name of a score -> why it is no metric."""
    checks: Mapping[str, Sequence[Check]] = field(default_factory=dict)
    """System -> the aggregates that the log states of it; under ``""`` of the log's only one."""
    notes: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """System -> what a reader must know; under ``""`` of the whole log."""
    metric_notes: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """Metric -> what a reader of it must know."""
    traces: Callable[[TakeTrace], None] | None = None
    """Reads the file again for what was done in each sample, by the log's own item and repeat."""
    texts: Callable[[TakeTexts, str | None], None] | None = None
    """The same for what people read of each sample, of one system where the log has several."""


@dataclass(frozen=True)
class LogImporter:
    """An importer of a format that is recognised by its content."""

    mine: Callable[[Head], bool]
    """Whether a file is of this format."""
    read: Callable[[Path, Columns], Log]
    """Reads a file; of the columns it only needs to know which fields to keep."""
    stands_for: Callable[[Sequence[Path]], Path]
    """Of several files in one folder, the one to read."""

    def recognises(self, head: Head) -> bool:
        """Say whether a file is of this format."""
        return self.mine(head)

    def choose(self, paths: Sequence[Path]) -> Path:
        """Return the file that stands for a folder.

        Raises:
            DataError: the files do not make one run.
        """
        return self.stands_for(paths)

    def __call__(self, path: Path, columns: Columns, system: str | None = None) -> ForeignTable:
        """Read a log.

        Raises:
            DataError: with the place, what was got, what was expected and what to type.
            UnknownName: a named column or system is not in the log.
        """
        with many_small_objects(), _of_another_shape(path):
            log = self.read(path, columns)
        return table(log, columns, system)


@contextmanager
def many_small_objects() -> Iterator[None]:
    """Let nobody look for cycles among rows that have none: a sixth of the reading time."""
    collects = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collects:
            gc.enable()


@contextmanager
def _of_another_shape(path: Path) -> Iterator[None]:
    """Refuse a log in which a list stands for an object, or the like, wherever that is."""
    try:
        yield
    except LiftgateError:
        raise
    except (AttributeError, TypeError, ValueError, LookupError, ArithmeticError) as error:
        raise _not_shaped(path, error) from error
    except RecursionError as error:
        raise _not_shaped(path, error) from error


def _not_shaped(path: Path, error: Exception) -> DataError:
    return DataError(
        f"{path}: has a part of another shape than its format has ({error})",
        hint="was it edited by hand, or written by a newer version of the tool?",
    )


def one_of_many(paths: Sequence[Path]) -> Path:
    """Refuse to choose: the files of a folder are separate runs.

    Raises:
        DataError: always.
    """
    listed = ", ".join(repr(path.name) for path in paths[:10])
    more = f" and {len(paths) - 10} more" if len(paths) > 10 else ""
    raise DataError(
        f"{paths[0].parent}: a folder with {len(paths)} logs ({listed}{more}); expected one",
        hint=f"name the file, e.g. {shlex.quote(str(paths[0]))}",
    )


class Fields:
    """Keeps of an item's own facts only what somebody named, and remembers every name."""

    def __init__(self, columns: Columns, *also: str | None) -> None:
        named = (columns.item, columns.cluster, columns.repeat, columns.error, columns.system)
        names = (*named, *columns.slices, *also)
        self.wanted = {name for name in names if name is not None}
        self.seen: dict[str, None] = {}

    def take(self, found: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return the wanted members; names are those of the mapping."""
        if not found.keys() <= self.seen.keys():
            self.seen.update(dict.fromkeys(found))
        if not self.wanted or self.wanted.isdisjoint(found):
            return NO_FIELDS
        return {name: value for name, value in found.items() if name in self.wanted}


def content_of(*parts: Any) -> str:
    """Return the digest of JSON values, the same whatever the order of names."""
    return sha256(canonical_text(parts).encode())


# Made once: ``json.dumps`` with options of its own makes an encoder for each call.
canonical_text = json.JSONEncoder(sort_keys=True, ensure_ascii=True, separators=(",", ":")).encode
"""Writes a JSON value, the same text whatever the order of names."""


def score_of(value: Any, place: str, name: str) -> float | None:
    """Read a score that is a number; NaN is a score that could not be told: None.

    Raises:
        DataError: an infinite value.
    """
    found = float(value)
    if math.isfinite(found):
        return found
    if math.isnan(found):
        return None
    raise DataError(
        f"{place}: {name}: got {found}, expected a finite number",
        hint="no mean can be made of an infinite score; score the item again",
    )


def is_number(value: Any) -> bool:
    """Say whether a value is a number or true or false."""
    return isinstance(value, (int, float))


# From a log to a table --------------------------------------------------------------------------


def table(log: Log, columns: Columns, system: str | None) -> ForeignTable:
    """Settle the columns of a log and check that what was named is there.

    Raises:
        DataError: no rows, no metric, or several systems and none asked for.
        UnknownName: a named column or system is not in the log.
    """
    if not log.entries:
        raise DataError(
            f"{log.path}: a log without a sample ({log.format}); expected at least one",
            hint="was the run stopped before its first sample?",
        )
    settled, guessed = _settled(log, columns)
    which = _system(log, settled, system)
    used = {*settled.metrics, settled.cluster, settled.item, *settled.slices, settled.repeat}
    left = {name: "for --cluster or --slice" for name in log.fields if name not in used}
    left |= {name: "not named" for name in log.metrics if name not in used}
    return ForeignTable(
        path=log.path,
        digest=log.digest,
        columns=settled,
        guessed=guessed,
        left_out=log.left_out | left,
        rows=lambda: _rows(log, settled, which),
        format=log.format,
        system=which,
        lower_is_better=tuple(m for m in log.lower_is_better if m in settled.metrics),
        facts=log.facts,
        checks=tuple(one for one in _of(log.checks, which) if one.metric in settled.metrics),
        traces=_traces(log, settled),
        texts=_texts(log, settled, which),
        notes=(
            *_of(log.notes, which),
            *(note for metric in settled.metrics for note in log.metric_notes.get(metric, ())),
        ),
    )


def _traces(log: Log, settled: Columns) -> Callable[[TakeTrace], None] | None:
    """Return the reader of traces, where rows are named as the log itself names them."""
    read, own = log.traces, (log.names.item, log.names.repeat)
    if read is None or (settled.item, settled.repeat) != own:
        return None

    def traces(take: TakeTrace) -> None:
        with many_small_objects(), _of_another_shape(log.path):
            read(take if settled.repeat else lambda item, _, trace: take(item, None, trace))

    return traces


def _texts(log: Log, settled: Columns, system: str | None) -> Callable[[TakeTexts], None] | None:
    """Return the reader of texts, where rows are named as the log itself names them."""
    read, own = log.texts, (log.names.item, log.names.repeat)
    if read is None or (settled.item, settled.repeat) != own:
        return None

    def texts(take: TakeTexts) -> None:
        with many_small_objects(), _of_another_shape(log.path):
            one = take if settled.repeat else lambda item, _, found: take(item, None, found)
            read(one, system)

    return texts


def _of(found: Mapping[str, Sequence[T]], system: str | None) -> tuple[T, ...]:
    return (*found.get("", ()), *(found.get(system, ()) if system else ()))


def _settled(log: Log, named: Columns) -> tuple[Columns, tuple[str, ...]]:
    own = log.names
    known = _own(own) | set(log.fields)
    single = (named.item, named.cluster, named.repeat, named.error, named.system)
    for name in (*(n for n in single if n is not None), *named.slices):
        if name not in known:
            raise UnknownName(f"column of {log.path}", name, known | set(log.metrics))
    for name in named.metrics:
        if name not in log.metrics:
            raise _no_such_metric(log, name, known)
    if not log.metrics:
        raise _nothing_to_compare(log)
    settled = Columns(
        item=named.item or own.item,
        metrics=named.metrics or log.metrics,
        system=named.system or own.system,
        repeat=named.repeat or own.repeat,
        cluster=named.cluster or own.cluster,
        slices=named.slices,
        error=named.error or own.error,
        content=own.content,
    )
    # What a format fixes is no guess; which scores and which cluster are meant is one.
    guessed = () if named.metrics else ("metrics",)
    if named.cluster is None and own.cluster is not None:
        guessed = (*guessed, "cluster")
    return settled, guessed


def _own(own: Columns) -> set[str]:
    named = (own.item, own.system, own.repeat, own.cluster, own.error)
    return {name for name in named if name is not None}


def _no_such_metric(log: Log, name: str, known: Iterable[str]) -> Exception:
    if name in log.left_out:
        return DataError(
            f"{log.path}: {name} is no metric: {log.left_out[name]}",
            hint=f"choose among: {', '.join(log.metrics) or 'none'}",
        )
    return UnknownName(f"column of {log.path}", name, {*log.metrics, *known})


def _nothing_to_compare(log: Log) -> DataError:
    rest = "; ".join(f"{name!r}: {why}" for name, why in log.left_out.items())
    return DataError(
        f"{log.path}: a log without a number for each sample ({rest or 'no scores at all'})",
        hint="score it with the tool first, then compare",
    )


def _system(log: Log, settled: Columns, asked: str | None) -> str | None:
    if settled.system != log.names.system and settled.system is not None:
        name = settled.system
        found = {text(entry.fields.get(name)) or "" for entry in log.entries}
    else:
        found = {entry.system or "" for entry in log.entries}
    known = sorted(found - {""})
    if asked is not None:
        if asked not in known:
            raise UnknownName(f"system of {log.path}", asked, known[:_LISTED])
        return asked
    if len(known) > 1:
        listed = ", ".join(map(repr, known[:_LISTED]))
        more = f" and {len(known) - _LISTED} more" if len(known) > _LISTED else ""
        pair = " ".join(shlex.quote(f"{log.path}@{name}") for name in known[:2])
        raise DataError(
            f"{log.path}: holds {len(known)} systems ({listed}{more}); expected one for each side",
            hint=f"name both sides: liftgate compare {pair}",
        )
    return known[0] if known else None


def _rows(log: Log, settled: Columns, system: str | None) -> Iterator[Row]:
    own = log.names

    def reader(
        name: str | None, mine: str | None, attribute: str, read: Callable[[Any], str | None]
    ) -> Callable[[Entry], str | None]:
        if name is None:
            return lambda _: None
        if name == mine:
            return lambda entry: getattr(entry, attribute)
        return lambda entry: read(entry.fields.get(name))

    read_item = reader(settled.item, own.item, "item", text)
    read_system = reader(settled.system, own.system, "system", text)
    read_repeat = reader(settled.repeat, own.repeat, "repeat", text)
    read_error = reader(settled.error, own.error, "error", failure)
    read_cluster = reader(settled.cluster, None, "", text)
    metrics, sliced = settled.metrics, settled.slices
    asked = frozenset(metrics)
    for entry in log.entries:
        of_system = read_system(entry)
        if system is not None and of_system is not None and of_system != system:
            continue
        item = read_item(entry)
        if item is None:
            raise DataError(
                f"{log.path}: {entry.item!r} has no {settled.item}, expected an item id"
            )
        scores = entry.scores
        if not asked <= scores.keys():
            scores = {name: scores.get(name) for name in metrics}
        slices = {name: text(entry.fields.get(name)) for name in sliced} if sliced else {}
        yield Row(
            item=item,
            scores=scores,
            system=of_system,
            repeat=read_repeat(entry),
            cluster=read_cluster(entry),
            slices={name: one for name, one in slices.items() if one is not None} if sliced else {},
            error=read_error(entry),
            content=entry.content,
            prompt=entry.prompt,
        )
