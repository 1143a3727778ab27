"""What people are shown: any thing that a rubric can be asked of, not only answers of systems.

A subject has context that is shown beside it and no, one or two sides: a survey's question has
none, an answer or a design has one, a pair of answers two. Where a side comes from (``origin``)
stays on the server; nothing in it may be shown.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import zip_longest
from pathlib import Path
from typing import Any

from liftgate.canon import digest
from liftgate.errors import DataError
from liftgate.records import Json

MOST_FAULTS = 20
QUESTION = "Question"
"""What a context without a name of its own is called; everywhere, lest gold be told apart by it."""


@dataclass(frozen=True)
class Side:
    """One thing to look at."""

    content: Json
    origin: Mapping[str, Json] = field(default_factory=dict)
    """Whence it comes, e.g. the trial's key; never shown."""


@dataclass(frozen=True)
class Subject:
    """One thing to be rated."""

    key: str
    """Its identity; says nothing about an arm."""
    item: str
    """What is drawn: subjects that share one are drawn together and rated by the same people."""
    shown: Mapping[str, Json] = field(default_factory=dict)
    """Named context, in the order in which it is shown."""
    sides: tuple[Side, ...] = ()
    stratum: str = ""
    harm: str = ""
    """A category of content that a rater is warned of and may refuse; empty: none known."""


@dataclass(frozen=True)
class Gold:
    """A subject whose right value is known, mixed in unseen."""

    subject: Subject
    value: float
    """Of a pair: the first side's."""


def subject_key(item: str, *trials: str) -> str:
    """Return the identity of an answer, or a pair of answers, to an item."""
    return digest([item, *trials])


def context(parts: Mapping[str, Json]) -> dict[str, Json]:
    """Return the parts of an input under the names that raters see."""
    return dict(parts) if len(parts) != 1 else {QUESTION: next(iter(parts.values()))}


def as_text(value: Json) -> str:
    """Return a JSON value as text for people: messages line by line, other structures indented."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if _is_messages(value):
        return "\n\n".join(f"{one['role']}: {as_text(one['content'])}" for one in value)  # type: ignore[index,union-attr,call-overload]
    return json.dumps(value, ensure_ascii=False, indent=2)


def read_subjects(path: Path) -> tuple[Subject, ...]:
    """Read things to be rated from a JSONL file.

    A line has ``id``, and may have ``input`` (text, or named texts), ``answer`` or ``answers`` (a
    pair), ``item`` (lines that share it are drawn together), ``stratum`` and ``harm``. A line with
    ``item`` and ``trial`` (of a pair also ``other`` and ``second``), as ``liftgate label draw``
    writes them, needs no id.

    Raises:
        DataError: lists up to 20 faults, each with its line.
    """
    return tuple(subject for subject, _ in _read(path, with_value=False))


def read_gold(path: Path) -> tuple[Gold, ...]:
    """Read subjects with a known ``value`` from a JSONL file; otherwise as ``read_subjects``.

    Raises:
        DataError: lists up to 20 faults, each with its line.
    """
    return tuple(Gold(subject, value) for subject, value in _read(path, with_value=True))


_KEYS = {"id", "input", "answer", "answers", "item", "stratum", "harm", "value"}
_DRAWN = {"trial", "other", "second"}
"""Of a file of drawn labels: the key of the answer's trial; of a pair those of the other one."""
_EMPTY = {"rater", "abstained"}
"""Columns of an empty file of labels: passed over while they hold nothing."""


def _read(path: Path, *, with_value: bool) -> list[tuple[Subject, float]]:
    found: dict[str, tuple[Subject, float]] = {}
    faults = []
    for number, row in _lines(path):
        try:
            subject = _subject(row)
            if subject.key in found:
                raise DataError(f"id: {subject.key!r} is there already")
            found[subject.key] = subject, _value(row, wanted=with_value)
        except DataError as error:
            faults.append(f"{path}:{number}: {error}")
    if faults:
        more = [f"… and {len(faults) - MOST_FAULTS} more"] if len(faults) > MOST_FAULTS else []
        raise DataError("\n".join([*faults[:MOST_FAULTS], *more]))
    if not found:
        raise DataError(f"{path}: got no lines, expected at least one thing to rate")
    return list(found.values())


def _lines(path: Path) -> Iterator[tuple[int, Any]]:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror})") from error
    except UnicodeDecodeError as error:
        raise DataError(f"{path}: cannot be read ({error})") from error
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            try:
                yield number, json.loads(line)
            except ValueError as error:
                raise DataError(f"{path}:{number}: got {line[:40]!r}, expected JSON") from error


def _subject(row: Any) -> Subject:
    if not isinstance(row, dict):
        raise DataError(f"got {type(row).__name__}, expected an object")
    unknown = sorted(set(row) - _KEYS - _DRAWN - {name for name in _EMPTY if row.get(name) is None})
    if unknown:
        raise DataError(
            f"got the unknown key {unknown[0]!r}, expected one of: {', '.join(sorted(_KEYS))}"
        )
    trials = [key for key in (_word(row, "trial"), _word(row, "other")) if key]
    key = subject_key(_word(row, "item"), *trials) if trials else _word(row, "id")
    if not key:
        raise DataError("id: missing, expected text")
    given = row.get("input", {})
    shown = context(given) if isinstance(given, dict) else {QUESTION: given}
    lone = [row[name] for name in ("answer", "second") if name in row]
    answers = row.get("answers", lone)
    if not isinstance(answers, list) or len(answers) > 2:
        raise DataError("answers: expected a list of two")
    return Subject(
        key=key,
        item=_word(row, "item") or key,
        shown=shown,
        sides=tuple(
            Side(answer, {"trial": trial} if trial else {})
            for answer, trial in zip_longest(answers, trials[: len(answers)])
        ),
        stratum=_word(row, "stratum"),
        harm=_word(row, "harm"),
    )


def _value(row: dict[str, Any], *, wanted: bool) -> float:
    value = row.get("value")
    if wanted and (isinstance(value, bool) or not isinstance(value, (int, float))):
        raise DataError(f"value: got {value!r}, expected a number: what the right rating is")
    if not wanted and value is not None:
        raise DataError("value: only lines of a gold file have one")
    return float(value or 0.0)


def _word(row: dict[str, Any], name: str) -> str:
    value = row.get(name, "")
    if not isinstance(value, str):
        raise DataError(f"{name}: got {value!r}, expected text")
    return value


def _is_messages(value: Json) -> bool:
    return (
        isinstance(value, (list, tuple))
        and bool(value)
        and all(isinstance(one, Mapping) and {"role", "content"} <= set(one) for one in value)
    )
