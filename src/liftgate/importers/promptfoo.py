"""promptfoo: Results of promptfoo, ``-o results.json`` or ``.jsonl``.

A test is what has the same variables and asserts; its rows under one prompt and provider are its
repeats, because the log does not number them. A system is a provider with a prompt.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from liftgate.errors import DataError
from liftgate.importers.cells import shown, text
from liftgate.importers.json_text import document, lines
from liftgate.importers.log import (
    Entry,
    Fields,
    Log,
    LogImporter,
    check,
    content_of,
    digest_of,
    is_number,
    one_of_many,
    score_of,
)
from liftgate.protocols import Head
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


def _mine(head: Head) -> bool:
    if head.path.suffix.lower() == ".jsonl":
        return len(head.keys & _ROW) > 2
    return {"evalId", "results"} <= head.keys


@dataclass(slots=True)
class _Answer:
    """One row, as far as it is needed."""

    test: int
    column: int
    label: str
    digest: str
    """Of the variables and the asserts."""
    provider: str
    prompt: str
    entry: Entry


@dataclass
class _Answers:
    """All rows of a log."""

    fields: Fields
    rows: list[_Answer] = field(default_factory=list)
    names: dict[str, None] = field(default_factory=dict)
    """Named scores, in order of appearance."""

    def add(self, row: Any, place: str) -> None:
        if not isinstance(row, dict) or not isinstance(row.get("promptIdx"), int):
            raise DataError(f"{place}: got {shown(row)}, expected a row of results with promptIdx")
        case = row.get("testCase") or {}
        variables = {
            name: value
            for name, value in (case.get("vars") or row.get("vars") or {}).items()
            if name not in _RUNTIME
        }
        asserts = case.get("assert")
        provider = row.get("provider") or {}
        prompt = row.get("prompt") or {}
        failed = row.get("failureReason") == _ERROR
        self.rows.append(
            _Answer(
                test=int(row.get("testIdx") or 0),
                column=row["promptIdx"],
                label=_label(variables, case.get("description")),
                digest=content_of(variables, asserts),
                provider=str(provider.get("label") or provider.get("id") or "?"),
                prompt=str(prompt.get("label") or prompt.get("raw") or ""),
                entry=Entry(
                    item="",
                    scores={} if failed else self._scores(row, place),
                    error=_failure(row) if failed else None,
                    content=content_of(variables, asserts),
                    prompt=content_of(prompt.get("raw")),
                    fields=self.fields.take(_facts_of(case, variables)),
                ),
            )
        )

    def _scores(self, row: Mapping[str, Any], place: str) -> dict[str, float | None]:
        found: dict[str, float | None] = {"pass": float(bool(row.get("success")))}
        if is_number(row.get("score")):
            found["score"] = score_of(row["score"], f"{place}: score")
        for name, value in (row.get("namedScores") or {}).items():
            if is_number(value):
                self.names.setdefault(name, None)
                found[name if name not in _OWN else f"named.{name}"] = score_of(
                    value, f"{place}: {name}"
                )
        return found


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
        told = ", ".join(f"{name}={text(value) or ''}" for name, value in variables.items())
    told = " ".join(told.split())
    if told and len(told) <= _SHORT:
        return told
    digest = content_of(variables).removeprefix("sha256:")[:8]
    start = " ".join(str(description or told or "test").split())[:_SHORT]
    return f"{start}… {digest}" if variables else start


def _read(path: Path, columns: Columns) -> Log:
    answers = _Answers(Fields(columns))
    top: Mapping[str, Any] = {}
    if path.suffix.lower() == ".jsonl":
        for number, row in lines(path):
            answers.add(row, f"{path}:{number}")
    else:
        where = ("results", "results")
        top = document(path, {where: lambda row, _: answers.add(row, _place(path, answers))})
        _check_version(path, top)
    return _log(path, answers, top)


def _place(path: Path, answers: _Answers) -> str:
    return f"{path}: result {len(answers.rows) + 1}"


def _check_version(path: Path, top: Mapping[str, Any]) -> None:
    results = top.get("results")
    version = results.get("version") if isinstance(results, dict) else None
    if version != VERSION:
        raise DataError(
            f"{path}: states results version {shown(version)}, expected {VERSION}",
            hint="export it again with a newer promptfoo: promptfoo export eval ID -o results.json",
        )


def _log(path: Path, answers: _Answers, top: Mapping[str, Any]) -> Log:
    systems = _systems(answers.rows)
    labels = _labels(answers.rows)
    repeated = False
    counts: Counter[tuple[int, str]] = Counter()
    for row in sorted(answers.rows, key=lambda row: (row.column, row.test)):
        counts[row.column, row.digest] += 1
        times = counts[row.column, row.digest]
        repeated = repeated or times > 1
        entry = row.entry
        entry.item, entry.system = labels[row.digest], systems[row.column]
        entry.repeat = str(times)
    metrics = (*_OWN, *(name if name not in _OWN else f"named.{name}" for name in answers.names))
    version = (top.get("metadata") or {}).get("promptfooVersion")
    told = f" {version}" if version else ""
    return Log(
        path=path,
        digest=digest_of(path),
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
        checks={
            name: tuple(_checks(top, answers.rows, column)) for column, name in systems.items()
        },
        notes={name: tuple(_notes(path, answers.rows, column)) for column, name in systems.items()},
    )


def _systems(rows: Iterable[_Answer]) -> dict[int, str]:
    """Name every column of the log: by its provider, its prompt, or both, as far as they differ."""
    columns = {row.column: row for row in rows}
    providers = {row.provider for row in columns.values()}
    prompts = list(dict.fromkeys(columns[number].prompt for number in sorted(columns)))
    named = {}
    for number, row in columns.items():
        place = f"prompt-{prompts.index(row.prompt) + 1}"
        if len(prompts) == 1:
            named[number] = row.provider
        else:
            named[number] = place if len(providers) == 1 else f"{row.provider}/{place}"
    doubled = {name for name, times in Counter(named.values()).items() if times > 1}
    return {
        number: f"{name}/column-{number}" if name in doubled else name
        for number, name in named.items()
    }


def _labels(rows: Iterable[_Answer]) -> dict[str, str]:
    """Name every test; two tests with the same variables are told apart by their asserts."""
    tests = {row.digest: row.label for row in rows}
    doubled = {label for label, times in Counter(tests.values()).items() if times > 1}
    return {
        digest: f"{label} ({digest.removeprefix('sha256:')[:8]})" if label in doubled else label
        for digest, label in tests.items()
    }


def _checks(top: Mapping[str, Any], rows: Sequence[_Answer], column: int) -> Iterator[Check]:
    """Hold the totals that promptfoo prints for a column against its rows."""
    prompts = (top.get("results") or {}).get("prompts") or []
    if column >= len(prompts):
        return
    stated = prompts[column].get("metrics") or {}
    mine = [row.entry.scores for row in rows if row.column == column]
    totals = {"pass": stated.get("testPassCount"), "score": stated.get("score")}
    totals |= {
        name if name not in _OWN else f"named.{name}": total
        for name, total in (stated.get("namedScores") or {}).items()
    }
    for name, total in totals.items():
        found = sum(scores.get(name) or 0.0 for scores in mine)
        yield check(name, "sum", total, found, "the rows give another sum")


def _notes(path: Path, rows: Sequence[_Answer], column: int) -> Iterator[str]:
    mine = [row for row in rows if row.column == column]
    failed = sum(1 for row in mine if row.entry.error is not None)
    if failed:
        yield (
            f"{path}: {failed} of {len(mine)} rows are errors, which the tool counts as score 0; "
            "here a failure scores the worst of the range."
        )
    if len({row.prompt for row in rows}) > 1:
        system, prompt = mine[0].entry.system, mine[0].prompt
        told = prompt if len(prompt) <= _LONG else f"{prompt[:_LONG]}…"
        yield f"{path}: the prompt of {system} is {json.dumps(told, ensure_ascii=False)}."


read_promptfoo = LogImporter(_mine, _read, one_of_many)
