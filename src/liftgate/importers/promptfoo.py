"""promptfoo: Results of promptfoo, ``-o results.json`` or ``.jsonl``.

A test is what has the same variables and asserts; its rows under one prompt and provider are its
repeats, because the log does not number them. A system is a provider with a prompt.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count
from math import isfinite
from operator import attrgetter
from pathlib import Path
from typing import Any, TypedDict

import msgspec

from liftgate.canon import sha256, sha256_of_file
from liftgate.errors import DataError
from liftgate.importers.aggregates import check
from liftgate.importers.cells import readable, shown, text
from liftgate.importers.json_text import Decode, document, lines
from liftgate.importers.log import (
    NO_FIELDS,
    Entry,
    Fields,
    Log,
    LogImporter,
    canonical_text,
    content_of,
    is_number,
    one_of_many,
    score_of,
)
from liftgate.protocols import Head, RowTexts, TakeTexts
from liftgate.records import Check, Columns

__all__ = ["read_promptfoo"]

VERSION = 3
_ERROR = 2
"""``failureReason`` of a row that could not be answered; 1 is a failed assert, which is a score."""
_OWN = ("pass", "score")
_RUNTIME = frozenset({"sessionId"})
"""Variables that promptfoo makes anew in each run."""
_SHORT, _LONG = 60, 80
_ROW = frozenset({"promptIdx", "testIdx", "gradingResult", "failureReason", "testCase"})


_Case = TypedDict(
    "_Case", {"vars": Any, "description": Any, "metadata": Any, "assert": Any}, total=False
)


class _Prompt(TypedDict, total=False):
    raw: Any
    label: Any


class _Row(TypedDict, total=False):
    """What a comparison needs of a row; the rest is passed over unread."""

    promptIdx: Any
    testIdx: Any
    prompt: _Prompt
    provider: Any
    vars: msgspec.Raw
    testCase: _Case
    failureReason: Any
    error: Any
    success: Any
    score: Any
    namedScores: Any


_decode = msgspec.json.Decoder(_Row).decode
_decode_any = msgspec.json.decode
_encode = msgspec.json.Encoder(order="sorted").encode
_finite = json.JSONEncoder(allow_nan=False).encode


def _content(variables: Any, asserts: Any, *, plain: bool) -> bytes:
    """Return the canonical text of a test, in a tenth of the time that ``content_of`` takes.

    Args:
        variables: of the test.
        asserts: of the test.
        plain: both were read the quick way, so that no NaN, which would be written as null, is
            among them.
    """
    parts = (variables, asserts)
    try:
        if not plain:
            _finite(parts)
        return _encode(parts)
    except (ValueError, OverflowError, RecursionError, msgspec.MsgspecError):
        return canonical_text(parts).encode()


def _mine(head: Head) -> bool:
    if head.path.suffix.lower() == ".jsonl":
        return len(head.keys & _ROW) > 2
    return {"evalId", "results"} <= head.keys


@dataclass(slots=True)
class _Answer:
    """One row, as far as it is needed; its entry's item is still the test's label."""

    test: int
    column: int
    entry: Entry


@dataclass
class _Answers:
    """All rows of a log."""

    fields: Fields
    rows: list[_Answer] = field(default_factory=list)
    names: dict[str, None] = field(default_factory=dict)
    """Named scores, in order of appearance."""
    odd: dict[str, list[str]] = field(default_factory=dict)
    """Score -> its values that are no number, as texts; they are missing."""
    known: set[str] = field(default_factory=set)
    """Names of metadata that were seen."""
    columns: dict[int, tuple[str, str]] = field(default_factory=dict)
    """Number of a column -> the labels of its provider and its prompt."""

    def add(self, row: Any, place: str) -> None:
        if not isinstance(row, dict) or not isinstance(row.get("promptIdx"), int):
            raise DataError(f"{place}: got {shown(row)}, expected a row of results with promptIdx")
        case, variables = row.get("testCase") or {}, row.get("vars")
        plain = isinstance(variables, msgspec.Raw)
        if isinstance(variables, msgspec.Raw):
            variables = None if case.get("vars") else _decode_any(variables)
        variables = case.get("vars") or variables or {}
        if not _RUNTIME.isdisjoint(variables):
            variables = {name: v for name, v in variables.items() if name not in _RUNTIME}
        column, prompt = row["promptIdx"], row.get("prompt") or {}
        if column not in self.columns:
            provider = row.get("provider") or {}
            self.columns[column] = (
                str(provider.get("label") or provider.get("id") or "?"),
                str(prompt.get("label") or prompt.get("raw") or ""),
            )
        failed = row.get("failureReason") == _ERROR
        entry = Entry(
            item=_label(variables, case.get("description")),
            scores={} if failed else self._scores(row, place),
            error=_failure(row) if failed else None,
            content=sha256(_content(variables, case.get("assert"), plain=plain)),
            prompt=sha256(str(prompt.get("raw")).encode("utf-8", "surrogatepass")),
            fields=self._fields(case, variables),
        )
        self.rows.append(_Answer(int(row.get("testIdx") or 0), column, entry))

    def _fields(self, case: Mapping[str, Any], variables: Mapping[str, Any]) -> Mapping[str, Any]:
        own = case.get("metadata") or {}
        seen = self.fields.seen
        if not self.fields.wanted and variables.keys() <= seen.keys() and own.keys() <= self.known:
            return NO_FIELDS
        self.known.update(own)
        return self.fields.take(_facts_of(case, variables))

    def _scores(self, row: Mapping[str, Any], place: str) -> dict[str, float | None]:
        found: dict[str, float | None] = {}
        passed, score = row.get("success"), row.get("score")
        if isinstance(passed, bool):
            found["pass"] = float(passed)
        else:
            self.odd.setdefault("pass", []).append(shown(passed))
        if _is_plain(score):
            found["score"] = score
        elif is_number(score):
            found["score"] = score_of(score, place, "score")
        elif score is not None:
            self.odd.setdefault("score", []).append(shown(score))
        named = row.get("namedScores")
        for name, value in named.items() if named else ():
            if is_number(value):
                self.names.setdefault(name, None)
                found[_named(name)] = value if _is_plain(value) else score_of(value, place, name)
            elif value is not None:
                self.odd.setdefault(_named(name), []).append(shown(value))
        return found


def _is_plain(value: Any) -> bool:
    """Say whether a score can stand as it is, which most do."""
    return type(value) is float and isfinite(value)


def _named(name: str) -> str:
    return name if name not in _OWN else f"named.{name}"


def _failure(row: Mapping[str, Any]) -> str:
    return str(row.get("error") or "an error without a message")


def _facts_of(case: Mapping[str, Any], variables: Mapping[str, Any]) -> dict[str, Any]:
    own = {name: value for name, value in (case.get("metadata") or {}).items() if name[:1] != "_"}
    return {**variables, **own, "description": case.get("description")}


def _label(variables: Mapping[str, Any], description: Any) -> str:
    """Name a test by its variables, or by a short form of them that still tells them apart."""
    if len(variables) == 1:
        told = text(next(iter(variables.values()))) or ""
    else:
        told = ", ".join([f"{name}={text(value) or ''}" for name, value in variables.items()])
    told = " ".join(told.split())
    if told and len(told) <= _SHORT:
        return told
    digest = content_of(variables).removeprefix("sha256:")[:8]
    start = " ".join(str(description or told or "test").split())[:_SHORT]
    return f"{start}… {digest}" if variables else start


def _read(path: Path, columns: Columns) -> Log:
    answers = _Answers(Fields(columns))
    top = _each(path, answers.add, _decode)
    if path.suffix.lower() != ".jsonl":
        _check_version(path, top)
    return _log(path, answers, top)


def _each(
    path: Path, take: Callable[[Any, str], None], decode: Decode = msgspec.json.decode
) -> Mapping[str, Any]:
    """Hand over every row with its place, in the file's order; return what is around them."""
    if path.suffix.lower() == ".jsonl":
        for number, row in lines(path, decode=decode):
            take(row, f"{path}:{number}")
        return {}
    counted = count(1)
    where = ("results", "results")
    return document(path, {where: lambda row, _: take(row, f"{path}: result {next(counted)}")})


def _texts(path: Path, answers: _Answers, take: TakeTexts, system: str | None) -> None:
    """Hand over the texts of every row, named as it was named when the file was read."""
    entries = (answer.entry for answer in answers.rows)

    def one(row: Any, _: str) -> None:
        entry = next(entries)
        if system in {None, entry.system}:
            take(entry.item, entry.repeat, _texts_of(row))

    _each(path, one)


def _texts_of(row: Mapping[str, Any]) -> RowTexts:
    case, prompt = row.get("testCase") or {}, row.get("prompt") or {}
    variables = case.get("vars") or row.get("vars")
    asserts = [one for one in case.get("assert") or () if isinstance(one, dict)]
    equal = [one.get("value") for one in asserts if one.get("type") == "equals"]
    reason = (row.get("gradingResult") or {}).get("reason")
    return RowTexts(
        input=readable(prompt.get("raw") or variables),
        target=readable(equal[0]) if len(equal) == 1 else "",
        output=readable((row.get("response") or {}).get("output")),
        reasons={"asserts": readable(reason)} if reason else {},
    )


def _check_version(path: Path, top: Mapping[str, Any]) -> None:
    results = top.get("results")
    version = results.get("version") if isinstance(results, dict) else None
    if version != VERSION:
        raise DataError(
            f"{path}: states results version {shown(version)}, expected {VERSION}",
            hint="export it again with a newer promptfoo: promptfoo export eval ID -o results.json",
        )


def _log(path: Path, answers: _Answers, top: Mapping[str, Any]) -> Log:
    systems = _systems(answers.columns)
    repeated = _bring_together(answers.rows, systems)
    metrics = (*_OWN, *map(_named, answers.names))
    version = (top.get("metadata") or {}).get("promptfooVersion")
    told = f" {version}" if version else ""
    return Log(
        path=path,
        digest=sha256_of_file(path),
        format=f"results of promptfoo{told}",
        entries=[row.entry for row in answers.rows],
        metrics=metrics,
        names=Columns(
            item="vars",
            system="provider",
            repeat="repeat" if repeated else None,
            error="error",
            content="vars and assert",
        ),
        fields=tuple(answers.fields.seen),
        facts={"promptfoo": str(version)} if version else {},
        left_out={
            name: f"no number for a row but {values[0]}"
            for name, values in answers.odd.items()
            if name not in metrics
        },
        metric_notes={
            name: [f"{path}: {name} is no number but {values[0]} in {len(values)} rows: missing."]
            for name, values in answers.odd.items()
        },
        texts=lambda take, system: _texts(path, answers, take, system),
        checks={
            name: tuple(_checks(top, answers.rows, column)) for column, name in systems.items()
        },
        notes={name: tuple(_notes(path, answers, column)) for column, name in systems.items()},
    )


def _systems(columns: Mapping[int, tuple[str, str]]) -> dict[int, str]:
    """Name every column of the log: by its provider, its prompt, or both, as far as they differ."""
    providers = {provider for provider, _ in columns.values()}
    prompts = list(dict.fromkeys(columns[number][1] for number in sorted(columns)))
    named = {}
    for number, (provider, prompt) in columns.items():
        place = f"prompt-{prompts.index(prompt) + 1}"
        if len(prompts) == 1:
            named[number] = provider
        else:
            named[number] = place if len(providers) == 1 else f"{provider}/{place}"
    doubled = {name for name, times in Counter(named.values()).items() if times > 1}
    return {
        number: f"{name}/column-{number}" if name in doubled else name
        for number, name in named.items()
    }


def _bring_together(rows: Iterable[_Answer], systems: Mapping[int, str]) -> bool:
    """Give every row its item, system and repeat; return whether any test was repeated.

    Two tests with the same variables are told apart by their asserts.
    """
    tests = {row.entry.content: row.entry.item for row in rows}
    doubled: set[str] = set()
    if len(set(tests.values())) < len(tests):
        doubled = {label for label, times in Counter(tests.values()).items() if times > 1}
    seen: dict[int, dict[str | None, int]] = {column: {} for column in systems}
    repeated = False
    for row in sorted(rows, key=attrgetter("column", "test")):
        entry, counts = row.entry, seen[row.column]
        before = counts.get(entry.content, 0)
        counts[entry.content] = before + 1
        if entry.item in doubled:
            entry.item += f" ({str(entry.content).removeprefix('sha256:')[:8]})"
        entry.system = systems[row.column]
        entry.repeat = str(before + 1) if before else "1"
        repeated = repeated or before > 0
    return repeated


def _checks(top: Mapping[str, Any], rows: Sequence[_Answer], column: int) -> Iterator[Check]:
    """Hold the totals that promptfoo prints for a column against its rows."""
    prompts = (top.get("results") or {}).get("prompts") or []
    if column >= len(prompts):
        return
    stated = prompts[column].get("metrics") or {}
    mine = [row.entry.scores for row in rows if row.column == column]
    totals = {"pass": stated.get("testPassCount"), "score": stated.get("score")}
    totals |= {_named(name): total for name, total in (stated.get("namedScores") or {}).items()}
    for name, total in totals.items():
        found = sum(scores.get(name) or 0.0 for scores in mine)
        yield check(name, "sum", total, found, "the rows give another sum")


def _notes(path: Path, answers: _Answers, column: int) -> Iterator[str]:
    mine = [row for row in answers.rows if row.column == column]
    failed = sum(1 for row in mine if row.entry.error is not None)
    if failed:
        yield (
            f"{path}: {failed} of {len(mine)} rows are errors, which the tool counts as score 0; "
            "here a failure scores the worst of the range."
        )
    prompt = answers.columns[column][1]
    if any(other != prompt for _, other in answers.columns.values()):
        told = prompt if len(prompt) <= _LONG else f"{prompt[:_LONG]}…"
        system = mine[0].entry.system
        yield f"{path}: the prompt of {system} is {json.dumps(told, ensure_ascii=False)}."


read_promptfoo = LogImporter(_mine, _read, one_of_many)
