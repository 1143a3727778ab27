"""junit: Test results as JUnit XML: each test is an item that passed (1) or failed (0).

An error is the system's failure, a skipped test a missing score. Several results of one test are
its tries. What a file counts of itself (tests, failures, errors, skipped) is counted again.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from xml.parsers import expat

from liftgate.canon import sha256_of_file
from liftgate.errors import DataError
from liftgate.importers.aggregates import check
from liftgate.importers.cells import shown
from liftgate.importers.log import Entry, Fields, Log, LogImporter, one_of_many, score_of
from liftgate.protocols import Head, RowTexts, TakeTexts
from liftgate.records import Check, Columns

__all__ = ["read_junit"]

PASSED, TIME = "passed", "time_ms"
_COUNTS = ("tests", "failures", "errors", "skipped")
_OUTCOMES = ("skipped", "failure", "error")
"""From mild to grave: the gravest of a test's counts."""
_MOST_TEXT = 100_000
"""Characters that are kept of what a test says."""
_PIECE = 2**18
_GROUPED = re.compile(r"\d{1,3}(,\d{3})+(\.\d*)?")


def _mine(head: Head) -> bool:
    start = head.start.decode("utf-8", errors="replace")
    return "<testsuite" in start.partition("<testcase")[0]


@dataclass
class _Case:
    """One result of one test."""

    suite: str
    group: str
    name: str
    seconds: str | None
    outcome: str = ""
    says: str = ""

    @property
    def item(self) -> str:
        return f"{self.group}::{self.name}" if self.group else self.name

    def becomes(self, outcome: str, message: str) -> None:
        """Take another outcome, unless a graver one stands."""
        if not self.outcome or _OUTCOMES.index(outcome) > _OUTCOMES.index(self.outcome):
            self.outcome, self.says = outcome, message[:_MOST_TEXT]


@dataclass
class _Reader:
    """Takes the elements of a file in their order."""

    path: Path
    cases: list[_Case] = field(default_factory=list)
    stated: list[dict[str, str]] = field(default_factory=list)
    """What each outermost suite says of itself."""
    _suites: list[str] = field(default_factory=list)
    _inside: list[str] = field(default_factory=list)
    _case: _Case | None = None
    _place: Any = None

    def read(self) -> None:
        parser = self._place = expat.ParserCreate()
        # Else every line is a call: a text of empty lines would take time by its square.
        parser.buffer_text = True
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._text
        parser.StartDoctypeDeclHandler = self._refuse
        try:
            with self.path.open("rb") as file:
                while piece := file.read(_PIECE):
                    parser.Parse(piece, False)
            parser.Parse(b"", True)
        except expat.ExpatError as error:
            raise DataError(f"{self.path}: is no whole XML file ({error})") from error

    def _start(self, name: str, given: dict[str, str]) -> None:
        if not self._inside and name not in {"testsuites", "testsuite"}:
            raise DataError(f"{self.path}: begins with <{name[:80]}>, expected <testsuites>")
        self._inside.append(name)
        if name == "testsuite":
            if not self._suites:
                self.stated.append(given)
            self._suites.append(given.get("name", ""))
        elif name == "testcase":
            self._begin(given)
        elif name in _OUTCOMES and self._case is not None:
            self._case.becomes(name, given.get("message", ""))

    def _begin(self, given: dict[str, str]) -> None:
        if not given.get("name") or self._case is not None or not self._suites:
            line = self._place.CurrentLineNumber
            raise DataError(f"{self.path}:{line}: a <testcase> without a name or out of its place")
        group = given.get("classname", "")
        self._case = _Case(self._suites[-1], group, given["name"], given.get("time"))

    def _end(self, name: str) -> None:
        self._inside.pop()
        if name == "testsuite":
            self._suites.pop()
        elif name == "testcase" and self._case is not None:
            self.cases.append(self._case)
            self._case = None

    def _text(self, text: str) -> None:
        case = self._case
        if case is not None and self._inside[-1] == case.outcome and len(case.says) < _MOST_TEXT:
            case.says += text[:_MOST_TEXT]

    def _refuse(self, *_: Any) -> None:
        raise DataError(
            f"{self.path}: declares a document type, expected none",
            hint="test runners write none; its entities could be made to fill the memory",
        )


def _read(path: Path, columns: Columns) -> Log:
    found = _cases(path)
    fields = Fields(columns)
    timed = any(case.seconds is not None for case in found.cases)
    entries = []
    for case, repeat in _tried(found.cases):
        entries.append(
            Entry(
                item=case.item,
                scores=_scores(case, path),
                repeat=repeat,
                error=(case.says.strip() or "error") if case.outcome == "error" else None,
                fields=fields.take({"suite": case.suite, "classname": case.group}),
            )
        )
    return Log(
        path=path,
        digest=sha256_of_file(path),
        format="JUnit XML",
        entries=entries,
        metrics=(PASSED, TIME) if timed else (PASSED,),
        names=Columns(
            item="classname and name",
            repeat="repeat" if any(entry.repeat != "1" for entry in entries) else None,
            error="error",
        ),
        fields=tuple(fields.seen),
        facts={"suites": ", ".join(dict.fromkeys(s.get("name", "") for s in found.stated))},
        lower_is_better=(TIME,),
        checks={"": tuple(_checks(found))},
        texts=lambda take, _: _texts(path, take),
    )


def _cases(path: Path) -> _Reader:
    found = _Reader(path)
    found.read()
    return found


def _tried(cases: Sequence[_Case]) -> Iterator[tuple[_Case, str]]:
    """Number the results of each test."""
    seen: Counter[str] = Counter()
    for case in cases:
        seen[case.item] += 1
        yield case, str(seen[case.item])


def _scores(case: _Case, path: Path) -> dict[str, float | None]:
    passed = {"": 1.0, "failure": 0.0}.get(case.outcome)
    if case.seconds is None or case.outcome in {"error", "skipped"}:
        return {PASSED: passed}
    # Surefire groups thousands by a comma; any other comma would be a decimal one.
    text = case.seconds.replace(",", "") if _GROUPED.fullmatch(case.seconds) else case.seconds
    try:
        value = float(text)
    except ValueError:
        raise DataError(
            f"{path}: {case.item}: time: got {shown(case.seconds)}, expected seconds"
        ) from None
    return {PASSED: passed, TIME: score_of(1000 * value, str(path), f"{case.item}: time")}


def _checks(found: _Reader) -> Iterator[Check]:
    kinds = Counter(case.outcome for case in found.cases)
    counted = {
        "tests": len(found.cases),
        "failures": kinds["failure"],
        "errors": kinds["error"],
        "skipped": kinds["skipped"],
    }
    for name in _COUNTS:
        texts = [suite[name] for suite in found.stated if name in suite]
        if len(texts) == len(found.stated) and all(one.isdecimal() for one in texts):
            stated = sum(map(int, texts))
            yield check(PASSED, name, stated, counted[name], "the tests give another number")


def _texts(path: Path, take: TakeTexts) -> None:
    for case, repeat in _tried(_cases(path).cases):
        take(case.item, repeat, RowTexts(case.item, "", case.says.strip()))


read_junit = LogImporter(_mine, _read, one_of_many)
