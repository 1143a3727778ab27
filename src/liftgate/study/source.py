"""A file for people as values with positions: the core schema of YAML 1.2 without its traps.

``no`` and dates stay text, ``010`` stays text, ``1e-3`` is a number. Anchors, aliases, tags and a
second document are faults: a study is read by people, and what they see must be what is locked.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypeAlias

import yaml

from liftgate.errors import Fault, StudyError

Path: TypeAlias = tuple[str | int, ...]
"""Where in a document: keys and list positions, from the top."""

MAX_DEPTH = 40
_LARGEST = 2**53
_NULL = frozenset({"", "~", "null", "Null", "NULL"})
_TRUE = frozenset({"true", "True", "TRUE"})
_FALSE = frozenset({"false", "False", "FALSE"})
_INTEGER = re.compile(r"[-+]?(0|[1-9][0-9]*)")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|(0|[1-9][0-9]*)(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_NOT_FINITE = re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")


class Mark(NamedTuple):
    """A position in a file, counted from 1."""

    line: int
    column: int


@dataclass(frozen=True)
class Source:
    """A parsed file: its values, and where each of them stands."""

    file: str
    text: str = field(repr=False)
    value: Any = None
    """Dicts, lists, text, numbers, booleans and None."""
    values: Mapping[Path, Mark] = field(default_factory=dict, repr=False)
    keys: Mapping[Path, Mark] = field(default_factory=dict, repr=False)
    faults: tuple[Fault, ...] = ()
    """What is wrong with the text itself."""
    unread: frozenset[Path] = frozenset()
    """Places whose value could not be read; nothing more is to be said about them."""

    def fault(
        self, path: Path, message: str, *, suggestion: str = "", on_key: bool = False
    ) -> Fault:
        """Return a fault with its position; a path that is not there gets its parent's.

        Args:
            path: where in the document.
            message: what was got and what was expected.
            suggestion: a near name.
            on_key: point at the key instead of its value.
        """
        return self.at(self.mark(path, on_key=on_key), path, message, suggestion=suggestion)

    def mark(self, path: Path, *, on_key: bool = False) -> Mark:
        """Return the position of a value, of its key, or of the nearest parent that exists."""
        if path in self.values:
            return self.keys.get(path, self.values[path]) if on_key else self.values[path]
        while path and path not in self.values:
            path = path[:-1]
        return self.keys.get(path) or self.values.get(path) or Mark(1, 1)

    def at(self, mark: Mark, path: Path, message: str, *, suggestion: str = "") -> Fault:
        """Return a fault at a given position, with that line of the file."""
        lines = self.text.splitlines()
        shown = lines[mark.line - 1] if mark.line <= len(lines) else ""
        return Fault(
            path=dotted(path),
            message=message,
            line=mark.line,
            column=mark.column,
            source=shown[:200],
            suggestion=suggestion,
        )


def dotted(path: Path) -> str:
    """Return a path as people read it, e.g. ``claims.guardrails.0.metric``."""
    return ".".join(str(part) for part in path)


def parse(text: str, file: str) -> Source:
    """Read YAML text.

    Args:
        text: the content of the file.
        file: its name, for messages.

    Returns:
        The values with their positions; faults that leave the rest readable are in ``.faults``.

    Raises:
        StudyError: the text is not YAML, empty, nested too deeply, or holds two documents.
    """
    reader = _Reader(Source(file, text))
    try:
        return reader.read(_events(text))
    except yaml.MarkedYAMLError as error:
        spot = error.problem_mark or error.context_mark
        mark = Mark(spot.line + 1, spot.column + 1) if spot else Mark(1, 1)
        raise _not_yaml(reader.source, mark, error.problem or str(error)) from error
    except yaml.reader.ReaderError as error:
        before = text[: error.position] if isinstance(error.position, int) else ""
        mark = Mark(before.count("\n") + 1, len(before) - before.rfind("\n"))
        raise _not_yaml(reader.source, mark, error.reason) from error


def _not_yaml(source: Source, mark: Mark, problem: str) -> StudyError:
    fault = source.at(mark, (), f"not YAML: {problem}")
    return StudyError(f"{source.file}: cannot be read", file=source.file, faults=[fault])


def _events(text: str) -> Iterator[Any]:
    # The C parser is 20 times as fast; the pure one gives the same events where it is not built.
    return iter(yaml.parse(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)))


def _mark(event: Any) -> Mark:
    return Mark(event.start_mark.line + 1, event.start_mark.column + 1)


class _Reader:
    """Builds values from the parser's events, noting positions and faults."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.values: dict[Path, Mark] = {}
        self.keys: dict[Path, Mark] = {}
        self.faults: list[Fault] = []
        self.unread: set[Path] = set()
        self.events: Iterator[Any] = iter(())

    def read(self, events: Iterator[Any]) -> Source:
        self.events = events
        next(events)  # the stream's start
        start = next(events)
        if isinstance(start, yaml.StreamEndEvent):
            raise self._fatal(Mark(1, 1), "the file is empty, expected a mapping")
        if start.version or start.tags:
            self._fault(
                (), start, "got a % directive, expected none: the file is YAML 1.2 as it is"
            )
        value = self._node(next(events), ())
        next(events)  # the document's end
        after = next(events)
        if not isinstance(after, yaml.StreamEndEvent):
            raise self._fatal(_mark(after), "got a second document, expected one")
        return Source(
            self.source.file,
            self.source.text,
            value,
            self.values,
            self.keys,
            tuple(self.faults),
            frozenset(self.unread),
        )

    def _node(self, event: Any, path: Path) -> Any:
        self.values[path] = _mark(event)
        if len(path) > MAX_DEPTH:
            raise self._fatal(_mark(event), f"nested deeper than {MAX_DEPTH} levels")
        if isinstance(event, yaml.AliasEvent):
            self._unreadable(path, event, f"got the alias *{event.anchor}, expected a value")
            return None
        if event.anchor:
            self._fault(
                path, event, f"got the anchor &{event.anchor}, expected a value without one"
            )
        if event.tag:
            self._fault(path, event, f"got the tag {event.tag}, expected a value without one")
        if isinstance(event, yaml.MappingStartEvent):
            return self._mapping(path)
        if isinstance(event, yaml.SequenceStartEvent):
            return self._sequence(path)
        return self._scalar(event, path)

    def _mapping(self, path: Path) -> dict[str, Any]:
        found: dict[str, Any] = {}
        while not isinstance(event := next(self.events), yaml.MappingEndEvent):
            if not isinstance(event, yaml.ScalarEvent):
                self._fault(path, event, "got a key that is not text, expected text")
                self._skip(event)
                self._skip(next(self.events))
                continue
            key = str(event.value)
            here = (*path, key)
            if event.anchor or event.tag:
                self._fault(
                    here, event, f"got the key {key!r} with an anchor or tag, expected text"
                )
            if key in found:
                first = self.keys[here]
                self._fault(
                    here, event, f"the key {key!r} is given twice, first on line {first.line}"
                )
                self._skip(next(self.events))
                continue
            self.keys[here] = _mark(event)
            found[key] = self._node(next(self.events), here)
        return found

    def _sequence(self, path: Path) -> list[Any]:
        found: list[Any] = []
        while not isinstance(event := next(self.events), yaml.SequenceEndEvent):
            found.append(self._node(event, (*path, len(found))))
        return found

    def _scalar(self, event: Any, path: Path) -> Any:
        text = str(event.value)
        if event.style or not event.implicit[0]:
            return text
        if text in _NULL:
            return None
        if text in _TRUE or text in _FALSE:
            return text in _TRUE
        if _INTEGER.fullmatch(text):
            return self._integer(text, event, path)
        if _FLOAT.fullmatch(text) or _NOT_FINITE.fullmatch(text):
            return self._float(text, event, path)
        return text

    def _integer(self, text: str, event: Any, path: Path) -> int | None:
        if len(text) > 17 or abs(int(text)) > _LARGEST:
            wanted = "a whole number up to 2^53 (or quoted text)"
            self._unreadable(path, event, f"got {text[:40]}, expected {wanted}")
            return None
        return int(text)

    def _float(self, text: str, event: Any, path: Path) -> float | None:
        value = math.nan if _NOT_FINITE.fullmatch(text) else float(text)
        if not math.isfinite(value):
            wanted = "a finite number (or quoted text)"
            self._unreadable(path, event, f"got {text[:40]}, expected {wanted}")
            return None
        return value

    def _skip(self, event: Any) -> None:
        starts = (yaml.MappingStartEvent, yaml.SequenceStartEvent)
        ends = (yaml.MappingEndEvent, yaml.SequenceEndEvent)
        depth = int(isinstance(event, starts))
        while depth:
            event = next(self.events)
            depth += isinstance(event, starts) - isinstance(event, ends)

    def _unreadable(self, path: Path, event: Any, message: str) -> None:
        self.unread.add(path)
        self._fault(path, event, message)

    def _fault(self, path: Path, event: Any, message: str) -> None:
        self.faults.append(self.source.at(_mark(event), path, message))

    def _fatal(self, mark: Mark, message: str) -> StudyError:
        fault = self.source.at(mark, (), message)
        return StudyError(
            f"{self.source.file}: cannot be read", file=self.source.file, faults=[fault]
        )
