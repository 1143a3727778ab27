"""lm_eval: Samples of lm-evaluation-harness (``samples_*.jsonl``), with the results beside them.

One line is one document under one filter. The results file of the same time stamp, when it lies in
the same folder, says the model, which way is better, and the aggregates to check against.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from liftgate.canon import sha256, sha256_of_file
from liftgate.errors import DataError
from liftgate.importers.aggregates import check, mean, mean_error
from liftgate.importers.cells import readable, shown
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

__all__ = ["read_lm_eval"]

_SAMPLES = re.compile(r"samples_(?P<task>.+)_(?P<stamp>\d{4}-\d\d-\d\dT[\d.-]+)\.jsonl")
_RESULTS = re.compile(r"results_(?P<stamp>\d{4}-\d\d-\d\dT[\d.-]+)\.json")
_NO_FILTER = "none"
_KNOWN = frozenset(
    ("doc_id", "doc", "target", "arguments", "resps", "filtered_resps", "filter", "metrics")
) | {"doc_hash", "prompt_hash", "target_hash"}


def _mine(head: Head) -> bool:
    if head.path.suffix.lower() == ".jsonl":
        return "doc_id" in head.keys and not head.keys.isdisjoint({"doc", "resps", "doc_hash"})
    return "results" in head.keys and not head.keys.isdisjoint(
        {"n-shot", "configs", "group_subtasks", "higher_is_better", "lm_eval_version"}
    )


@dataclass
class _Documents:
    """The documents of a samples file, their filters side by side."""

    path: Path
    fields: Fields
    entries: dict[str, Entry] = field(default_factory=dict)
    scores: dict[str, dict[str, float | None]] = field(default_factory=dict)
    """Document -> metric -> value."""
    seen: dict[str, set[str]] = field(default_factory=dict)
    """Filter -> documents."""
    bare: dict[str, tuple[str, str]] = field(default_factory=dict)
    """Our metric -> (its name, its filter) in the log."""
    odd: dict[str, str] = field(default_factory=dict)
    """Our metric -> the first value that is no number."""
    untold: dict[str, int] = field(default_factory=dict)
    repeats: int = 1

    def add(self, number: int, row: Mapping[str, Any]) -> None:
        if not isinstance(row.get("doc_id"), (int, str)):
            raise DataError(
                f"{self.path}:{number}: got no doc_id, expected one in every line of samples"
            )
        item, chain = str(row["doc_id"]), str(row.get("filter", _NO_FILTER))
        seen = self.seen.get(chain)
        if seen is None:
            seen = self.seen[chain] = set()
        if item in seen:
            raise DataError(
                f"{self.path}:{number}: document {item} comes twice under the filter {chain!r}",
                hint="were two runs written into one file? Keep one of them",
            )
        seen.add(item)
        scores = self.scores.get(item)
        if scores is None:
            scores = self.scores[item] = {}
        for name in _metric_names(row):
            if name in row:
                metric = name if chain == _NO_FILTER else f"{name},{chain}"
                if metric not in self.bare:
                    self.bare[metric] = name, chain
                value = row[name]
                if isinstance(value, float) and math.isfinite(value):
                    scores[metric] = value
                else:
                    self._score(metric, value, scores, number)
        if item not in self.entries:
            self.entries[item] = self._entry(item, row, scores)
            self._count(row.get("resps"))

    def _score(self, metric: str, value: Any, scores: dict[str, float | None], number: int) -> None:
        if not is_number(value):
            if value is not None and metric not in self.odd:
                self.odd[metric] = shown(value)
            return
        scores[metric] = score_of(value, f"{self.path}:{number}", metric)
        if scores[metric] is None:
            self.untold[metric] = self.untold.get(metric, 0) + 1

    def _entry(
        self, item: str, row: Mapping[str, Any], scores: Mapping[str, float | None]
    ) -> Entry:
        doc = row.get("doc")
        known = row.get("doc_hash")
        if known is None:
            content = content_of(doc, row.get("target"))
        else:
            content = sha256(f"{known} {row.get('target_hash')}".encode())
        prompt = row.get("prompt_hash")
        return Entry(
            item=item,
            scores=scores,
            content=content,
            prompt=None if prompt is None else str(prompt),
            fields=self.fields.take(doc if isinstance(doc, dict) else {}),
        )

    def _count(self, resps: Any) -> None:
        first = resps[0] if isinstance(resps, list) and resps else None
        # For log-likelihoods a pair stands where a repeat would: [["-0.3", "False"]].
        if isinstance(first, list) and not any(isinstance(one, list) for one in first):
            self.repeats = max(self.repeats, len(first))


def _metric_names(row: Mapping[str, Any]) -> Sequence[str]:
    listed = row.get("metrics")
    if isinstance(listed, list):
        return listed
    return [name for name, value in row.items() if name not in _KNOWN and is_number(value)]


def _read(path: Path, columns: Columns) -> Log:
    if path.suffix.lower() == ".json":
        path = _samples_of(path)
    documents = _Documents(path, Fields(columns))
    for number, row in lines(path):
        documents.add(number, row)
    results_path = _results_of(path)
    results = {} if results_path is None else document(results_path, {})
    return _log(path, documents, results, _task(path))


def _samples_of(results: Path) -> Path:
    """Return the samples file that belongs to a results file.

    Raises:
        DataError: there is none, or one for each of several tasks.
    """
    stamp = _RESULTS.fullmatch(results.name)
    beside = [(path, _SAMPLES.fullmatch(path.name)) for path in sorted(results.parent.iterdir())]
    found = [path for path, match in beside if match and stamp and match["stamp"] == stamp["stamp"]]
    if not found:
        raise DataError(
            f"{results}: holds only means, expected its samples_*.jsonl beside it",
            hint="run lm-eval with --log_samples; a comparison pairs single documents",
        )
    return found[0] if len(found) == 1 else _several(found)


def _several(paths: Sequence[Path]) -> Path:
    tasks = ", ".join(repr(match["task"]) for p in paths if (match := _SAMPLES.fullmatch(p.name)))
    raise DataError(
        f"{paths[0].parent}: holds the samples of {len(paths)} tasks ({tasks}); expected one",
        hint=f"a comparison is of one task: name its file on both sides, e.g. {paths[0]}",
    )


def _results_of(samples: Path) -> Path | None:
    match = _SAMPLES.fullmatch(samples.name)
    if match is None:
        return None
    path = samples.with_name(f"results_{match['stamp']}.json")
    return path if path.is_file() else None


def _task(path: Path) -> str | None:
    match = _SAMPLES.fullmatch(path.name)
    return match["task"] if match else None


def _log(path: Path, documents: _Documents, results: Mapping[str, Any], task: str | None) -> Log:
    left_out = {
        metric: f"no number for a document but {value}{_aggregated(results, task, metric)}"
        for metric, value in documents.odd.items()
    }
    metrics = tuple(metric for metric in documents.bare if metric not in left_out)
    model = results.get("model_name") or None
    for entry in documents.entries.values():
        entry.system = model
    better = (results.get("higher_is_better") or {}).get(task) or {}
    version = results.get("lm_eval_version")
    told = f"samples of lm-eval{f' {version}' if version else ''}{f', task {task}' if task else ''}"
    return Log(
        path=path,
        digest=sha256_of_file(path),
        format=told,
        entries=list(documents.entries.values()),
        metrics=metrics,
        names=Columns(item="doc_id", system="model" if model else None, content="doc and target"),
        fields=tuple(documents.fields.seen),
        facts=_facts(results, task),
        lower_is_better=tuple(m for m in metrics if better.get(documents.bare[m][0]) is False),
        left_out=left_out,
        checks={"": tuple(_checks(documents, metrics, results, task))},
        texts=lambda take, _: _texts(path, take),
        notes={"": tuple(_notes(path, documents, results, task))},
        metric_notes={
            metric: [f"{path}: {metric} is NaN in {times} documents, which count as missing."]
            for metric, times in documents.untold.items()
        },
    )


def _texts(path: Path, take: TakeTexts) -> None:
    """Hand over each document's texts, under its first filter."""
    seen: set[str] = set()
    for _, row in lines(path):
        item = str(row["doc_id"])
        if item in seen:
            continue
        seen.add(item)
        found = row.get("filtered_resps", row.get("resps"))
        only = found[0] if isinstance(found, list) and len(found) == 1 else found
        texts = RowTexts(readable(row.get("doc")), readable(row.get("target")), readable(only))
        take(item, None, texts)


def _aggregation(results: Mapping[str, Any], task: str | None, name: str) -> str:
    config = (results.get("configs") or {}).get(task) or {}
    for metric in config.get("metric_list") or ():
        if isinstance(metric, dict) and metric.get("metric") == name:
            return str(metric.get("aggregation") or "")
    return ""


def _aggregated(results: Mapping[str, Any], task: str | None, metric: str) -> str:
    how = _aggregation(results, task, metric.partition(",")[0])
    return f", aggregated by {how} over all documents" if how else ""


def _facts(results: Mapping[str, Any], task: str | None) -> dict[str, str]:
    found = {
        "model": results.get("model_name"),
        "task": task,
        "task version": (results.get("versions") or {}).get(task),
        "few-shot examples": (results.get("n-shot") or {}).get(task),
        "limit": (results.get("config") or {}).get("limit"),
        "generation": (results.get("config") or {}).get("gen_kwargs") or None,
        "system instruction": results.get("system_instruction_sha"),
        "chat template": results.get("chat_template_sha"),
        "lm-eval": results.get("lm_eval_version"),
        "commit": results.get("git_hash"),
    }
    return {name: str(value) for name, value in found.items() if value not in (None, "")}


def _checks(
    documents: _Documents, metrics: Sequence[str], results: Mapping[str, Any], task: str | None
) -> Iterator[Check]:
    stated = (results.get("results") or {}).get(task) or {}
    for metric in metrics:
        name, chain = documents.bare[metric]
        values = [scores.get(metric) for scores in documents.scores.values()]
        numbers = [value for value in values if value is not None]
        whole = len(numbers) == len(values)
        how = _aggregation(results, task, name)
        why = f"the log aggregates by {how}" if how not in {"", "mean"} else "the rows give another"
        found = mean(numbers) if whole else None
        if f"{name},{chain}" in stated:
            yield check(metric, "mean", stated[f"{name},{chain}"], found, why)
        error = stated.get(f"{name}_stderr,{chain}")
        if is_number(error):
            yield check(metric, "stderr", error, mean_error(numbers) if whole else None, why)


def _notes(
    path: Path, documents: _Documents, results: Mapping[str, Any], task: str | None
) -> Iterator[str]:
    if not results:
        yield (
            f"{path}: no results_*.json of the same time stamp lies beside it, so the model, the "
            "better direction and the log's own means are not known."
        )
    stated = ((results.get("n-samples") or {}).get(task) or {}).get("effective")
    if is_number(stated) and stated != len(documents.entries):
        yield (
            f"{path}: holds {len(documents.entries)} documents, its results say {stated}; which "
            "ones are gone they do not say."
        )
    if documents.repeats > 1:
        yield (
            f"{path}: each document was answered {documents.repeats} times, but the log keeps one "
            "score for them; how much answers vary is not in it."
        )


def _choose(paths: Sequence[Path]) -> Path:
    """A folder of one run: its one samples file."""
    samples = [path for path in paths if path.suffix.lower() == ".jsonl"]
    if len(samples) == 1:
        return samples[0]
    stamps = {match["stamp"] for path in samples if (match := _SAMPLES.fullmatch(path.name))}
    return _several(samples) if len(stamps) == 1 else one_of_many(samples or paths)


read_lm_eval = LogImporter(_mine, _read, _choose)
