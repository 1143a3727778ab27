"""every_eval_ever: Samples in the interchange format Every Eval Ever, schema 0.3.

One line of ``NAME_samples.jsonl`` is one sample under one metric; ``NAME.json`` beside it holds the
aggregates and points to it.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from liftgate.canon import sha256_of_file
from liftgate.errors import DataError
from liftgate.importers.aggregates import check, mean, mean_error
from liftgate.importers.cells import readable, shown, text
from liftgate.importers.json_text import document, lines
from liftgate.importers.log import (
    Entry,
    Fields,
    Log,
    LogImporter,
    content_of,
    is_number,
    one_of_many,
    score_of,
)
from liftgate.protocols import Head, RowTexts, TakeTexts
from liftgate.records import Check, Columns

__all__ = ["read_every_eval_ever"]

VERSION = "0.3"
_END = "_samples.jsonl"
FAILURE_SCORE = "a_failure_scores"
"""Under which name our own exports say what a failed sample counts."""
_TRY = ("repeat", "epoch")
"""Names under which a sample's metadata may hold its try: ours, and that of inspect_ai's logs."""


def _mine(head: Head) -> bool:
    if head.path.suffix.lower() == ".jsonl":
        return {"schema_version", "evaluation_id", "sample_id"} <= head.keys
    return {"schema_version", "evaluation_id"} <= head.keys


class _Tries:
    """Tells which try of a sample a line is of: as its metadata says, else by counting."""

    def __init__(self) -> None:
        self._seen: Counter[tuple[str, str, str, str | None]] = Counter()

    def place(self, row: Mapping[str, Any], metric: str) -> tuple[str, str, str]:
        """Return a line's model, sample and try; each line is to be shown once, in order."""
        metadata = row.get("metadata")
        stated = None
        if isinstance(metadata, dict):
            stated = next((found for name in _TRY if (found := text(metadata.get(name)))), None)
        model, sample = row["model_id"], row["sample_id"]
        key = (model, sample, metric, stated)
        self._seen[key] += 1
        times = self._seen[key]
        if stated is None:
            return model, sample, str(times)
        return model, sample, stated if times == 1 else f"{stated}+{times - 1}"


@dataclass
class _Lines:
    """The rows of a samples file, brought together by sample and try."""

    path: Path
    fields: Fields
    unknown: frozenset[str] = frozenset()
    """Metrics whose −1 means that the score is not known."""
    version: str | None = None
    entries: dict[tuple[str, str, str], Entry] = field(default_factory=dict)
    """(model, sample, try) -> entry."""
    scores: dict[tuple[str, str, str], dict[str, float | None]] = field(default_factory=dict)
    tries: _Tries = field(default_factory=_Tries)
    metrics: dict[str, str] = field(default_factory=dict)
    """Metric -> the evaluation's name."""
    bare: set[str] = field(default_factory=set)
    """Metrics named by their evaluation, because their rows name no result."""

    def add(self, number: int, row: Mapping[str, Any]) -> None:
        place = f"{self.path}:{number}"
        self._check_version(row, place)
        for name in ("sample_id", "model_id", "evaluation_name"):
            if not isinstance(row.get(name), str):
                raise DataError(f"{place}: {name}: got {shown(row.get(name))}, expected a text")
        metric = row.get("evaluation_result_id") or row["evaluation_name"]
        if not row.get("evaluation_result_id"):
            self.bare.add(metric)
        self.metrics.setdefault(metric, row["evaluation_name"])
        at = self.tries.place(row, metric)
        if at not in self.entries:
            self.scores[at] = {}
            self.entries[at] = self._entry(row, at)
        if row.get("error"):
            self.entries[at].error = str(row["error"])
        self.scores[at][metric] = self._score(row, metric, place)

    def _check_version(self, row: Mapping[str, Any], place: str) -> None:
        version = row.get("schema_version")
        if not isinstance(version, str) or not version.startswith(f"{VERSION}."):
            raise DataError(
                f"{place}: states schema version {shown(version)}, expected {VERSION}.x"
            )
        if self.version is None:
            self.version = version
        if version != self.version:
            raise DataError(
                f"{place}: states schema version {version}, the lines before it {self.version}; "
                "expected one",
                hint="the lines come from two writers: keep them in two files",
            )

    def _score(self, row: Mapping[str, Any], metric: str, place: str) -> float | None:
        value = (row.get("evaluation") or {}).get("score")
        if value is None:
            return None
        if not is_number(value):
            raise DataError(f"{place}: score: got {shown(value)}, expected a number")
        found = score_of(value, place, "score")
        return None if found == -1.0 and metric in self.unknown else found

    def _entry(self, row: Mapping[str, Any], at: tuple[str, str, str]) -> Entry:
        given = row.get("input") or {}
        stated = row.get("sample_hash")
        parts = [stated] if stated is not None else [given.get("raw"), given.get("reference")]
        formatted = given.get("formatted")
        metadata = row.get("metadata")
        return Entry(
            item=at[1],
            scores=self.scores[at],
            system=at[0],
            repeat=at[2],
            content=content_of(*parts),
            prompt=None if formatted is None else content_of(formatted),
            fields=self.fields.take(metadata if isinstance(metadata, dict) else {}),
        )


def _read(path: Path, columns: Columns) -> Log:
    if path.suffix.lower() == ".json":
        about: Mapping[str, Any] = document(path, {})
        path = _samples_of(path, about)
    else:
        beside = path.with_name(path.name.removesuffix(_END) + ".json")
        known = path.name.endswith(_END) and beside.is_file()
        about = document(beside, {}) if known else {}
        if about:
            _check_digest(path, about)
    results = {_key(result): result for result in about.get("evaluation_results") or ()}
    unknown = frozenset(
        name
        for name, result in results.items()
        if (result.get("metric_config") or {}).get("has_unknown_level")
    )
    found = _Lines(path, Fields(columns), unknown, version=about.get("schema_version"))
    for number, row in lines(path):
        found.add(number, row)
    return _log(path, found, about, results)


def _key(result: Mapping[str, Any]) -> str:
    return str(result.get("evaluation_result_id") or result.get("evaluation_name"))


def _samples_of(aggregate: Path, about: Mapping[str, Any]) -> Path:
    """Return the samples file that an aggregate points to.

    Raises:
        DataError: it points to none, the file is not beside it, or it is not the file meant.
    """
    pointer = about.get("detailed_evaluation_results")
    if not isinstance(pointer, dict) or not isinstance(pointer.get("file_path"), str):
        raise DataError(
            f"{aggregate}: holds only aggregates, expected detailed_evaluation_results",
            hint="a comparison pairs single samples; ask its maker for the samples file",
        )
    # Only the name counts: a path inside the file leads nowhere else on this machine.
    name = pointer["file_path"].replace("\\", "/").rpartition("/")[2]
    path = aggregate.with_name(name) if name and name != ".." else aggregate
    if path == aggregate or not path.is_file():
        raise DataError(
            f"{aggregate}: points to the samples {shown(name)}, which are not beside it",
            hint="put that file into the same folder",
        )
    _check_digest(path, about)
    return path


def _check_digest(path: Path, about: Mapping[str, Any]) -> None:
    pointer = about.get("detailed_evaluation_results") or {}
    stated, algorithm = pointer.get("checksum"), pointer.get("hash_algorithm", "sha256")
    if not stated or algorithm not in {"sha256", "md5"}:
        return
    with path.open("rb") as file:
        found = hashlib.file_digest(
            file, lambda: hashlib.new(algorithm, usedforsecurity=False)
        ).hexdigest()
    if found != stated:
        raise DataError(
            f"{path}: is not the file that its aggregate describes ({algorithm} {found[:12]}…, "
            f"stated {shown(str(stated)[:12])})",
            hint="the samples were changed after the aggregate was written; get both again",
        )


def _log(
    path: Path, found: _Lines, about: Mapping[str, Any], results: Mapping[str, Mapping[str, Any]]
) -> Log:
    named = [metric for metric in found.metrics if metric not in found.bare]
    # Where rows name their results, one that names none has a 0 only because a number must stand.
    metrics = tuple(named or found.metrics)
    library = about.get("eval_library") or {}
    written = f", written by {library['name']} {library.get('version')}" if library else ""
    return Log(
        path=path,
        digest=sha256_of_file(path),
        format=f"Every Eval Ever {found.version}{written}",
        entries=list(found.entries.values()),
        metrics=metrics,
        names=Columns(
            item="sample_id",
            system="model_id",
            repeat="repeat" if any(at[2] != "1" for at in found.entries) else None,
            error="error",
            content="input and reference",
        ),
        fields=tuple(found.fields.seen),
        facts=_facts(about, found),
        lower_is_better=tuple(
            metric
            for metric in metrics
            if (results.get(metric, {}).get("metric_config") or {}).get("lower_is_better") is True
        ),
        checks={"": tuple(_checks(found, metrics, results))},
        notes={"": tuple(_notes(path, found, named, about))},
        metric_notes={metric: tuple(_kind_notes(path, metric, results)) for metric in metrics},
        texts=lambda take, model: _texts(path, take, model),
    )


def _texts(path: Path, take: TakeTexts, model: str | None) -> None:
    """Hand over each try's texts, once, of one model where one was asked for."""
    tries, seen = _Tries(), set[tuple[str, str, str]]()
    for _, row in lines(path):
        at = tries.place(row, row.get("evaluation_result_id") or row["evaluation_name"])
        if at not in seen and model in {None, at[0]}:
            seen.add(at)
            take(at[1], at[2], _texts_of(row))


def _texts_of(row: Mapping[str, Any]) -> RowTexts:
    given = row.get("input") or {}
    said = (row.get("output") or {}).get("raw")
    if said is None and row.get("messages"):
        said = row["messages"][-1].get("content")
    target = given.get("reference")
    return RowTexts(readable(given.get("raw")), readable(_only(target)), readable(_only(said)))


def _only(value: Any) -> Any:
    """Return the one element of a list of one; an empty list is nothing."""
    if isinstance(value, list) and len(value) < 2:
        return value[0] if value else None
    return value


def _facts(about: Mapping[str, Any], found: _Lines) -> dict[str, str]:
    models = sorted({at[0] for at in found.entries})
    told = {"evaluation": ", ".join(dict.fromkeys(found.metrics.values()))}
    if len(models) == 1:
        told["model"] = models[0]
    library = about.get("eval_library") or {}
    if library:
        told["library"] = f"{library.get('name')} {library.get('version')}"
    return told


def _checks(
    found: _Lines, metrics: Sequence[str], results: Mapping[str, Mapping[str, Any]]
) -> Iterator[Check]:
    for metric in metrics:
        details = (results.get(metric) or {}).get("score_details")
        if not isinstance(details, dict):
            continue
        failure = _failure_score(details)
        by_item: dict[tuple[str, str], list[float]] = {}
        for at, scores in found.scores.items():
            model, sample, _ = at
            value = scores.get(metric)
            if value is None and found.entries[at].error is not None:
                value = failure
            if value is not None:
                by_item.setdefault((model, sample), []).append(value)
        values = [mean(one) for one in by_item.values()]
        why = "the samples give another mean; how the score was made is not in the format"
        yield check(metric, "score", details.get("score"), mean(values), why)
        error = ((details.get("uncertainty") or {}).get("standard_error") or {}).get("value")
        if error is not None:
            why = "the samples give another sd / √n; how it was made is not in the format"
            yield check(metric, "standard_error", error, mean_error(values), why)


def _failure_score(details: Mapping[str, Any]) -> float | None:
    """Return what a failed sample counted in the stated score, where liftgate wrote it and says."""
    told = details.get("details")
    said = told.get(FAILURE_SCORE) if isinstance(told, dict) else None
    try:
        return None if said is None else float(said)
    except (TypeError, ValueError):
        return None


def _notes(
    path: Path, found: _Lines, named: Sequence[str], about: Mapping[str, Any]
) -> Iterator[str]:
    if named and found.bare:
        yield (
            f"{path}: rows of {', '.join(sorted(found.bare))} name no result; their 0 only fills "
            "a field and is not read as a score."
        )
    if not about:
        yield (
            f"{path}: no aggregate NAME.json lies beside NAME_samples.jsonl, so the better "
            "direction and the stated scores are not known."
        )


def _kind_notes(path: Path, metric: str, results: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    """Say what a score's stated type does to the reading of its numbers."""
    kind = (results.get(metric, {}).get("metric_config") or {}).get("score_type")
    if kind == "levels":
        yield f"{path}: {metric} counts levels; its mean takes them as equally far apart."
    elif kind not in {None, "binary", "continuous"}:
        yield (
            f"{path}: {metric} states the score type {shown(kind)}, which is not known here; its "
            "numbers are taken as they stand."
        )


def _choose(paths: Sequence[Path]) -> Path:
    """A folder of one run: an aggregate with its samples."""
    aggregates = [path for path in paths if path.suffix.lower() == ".json"]
    samples = [path for path in paths if path.suffix.lower() == ".jsonl"]
    if len(aggregates) == 1 and len(samples) <= 1:
        return aggregates[0]
    return one_of_many(samples if len(samples) > 1 and not aggregates else paths)


read_every_eval_ever = LogImporter(_mine, _read, _choose)
