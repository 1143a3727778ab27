"""inspect_ai: Logs of inspect_ai, packed (``.eval``) or as JSON; finished, crashed or retried."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from liftgate.canon import sha256_of_file
from liftgate.errors import DataError
from liftgate.importers.cells import shown
from liftgate.importers.inspect_ai.archive import Archive
from liftgate.importers.inspect_ai.samples import Samples, texts_of
from liftgate.importers.inspect_ai.stated import checks
from liftgate.importers.inspect_ai.traces import trace_of_sample
from liftgate.importers.json_text import document, loaded
from liftgate.importers.log import Entry, Fields, Log, LogImporter, one_of_many
from liftgate.protocols import Head, TakeTexts, TakeTrace
from liftgate.records import Columns

__all__ = ["read_inspect_log"]

VERSION = 2
_HEADER, _START = "header.json", "_journal/start.json"
_ITEM, _SYSTEM, _REPEAT, _ERROR = "id", "model", "epoch", "error"
_CONTENT = "input and target"
_MOST_PLANNED = 10_000_000
"""Samples times epochs that a header may plan; more is no plan."""


def _mine(head: Head) -> bool:
    if head.path.suffix.lower() == ".eval":
        return True
    return {"version", "status", "eval"} <= head.keys or {"eval", "plan"} <= head.keys


def _read(path: Path, columns: Columns) -> Log:
    if path.suffix.lower() == ".eval":
        header, samples = _read_packed(path, columns)
    else:
        header, samples = _read_json(path, columns)
    return _log(path, header, samples)


def _read_packed(path: Path, columns: Columns) -> tuple[Mapping[str, Any], Samples]:
    if not path.stat().st_size:
        raise DataError(f"{path}: is empty; expected a log of inspect_ai")
    with Archive(path) as archive:
        header = _header(path, archive)
        samples = _samples(header, columns)
        for name in archive.names():
            if name.startswith("samples/") and name.endswith(".json"):
                place = f"{path}: {name}"
                samples.add(loaded(archive.read(name), place), place)
    return header, samples


def _header(path: Path, archive: Archive) -> Mapping[str, Any]:
    """Return the header; that of a crashed run is what was written at its start."""
    found = {}
    for name in (_START, _HEADER):
        if name in archive.names():
            place = f"{path}: {name}"
            found[name] = _checked(loaded(archive.read(name), place), place)
    if not found:
        raise DataError(
            f"{path}: is a ZIP archive without {_HEADER} or {_START}; expected a log of inspect_ai"
        )
    return found.get(_HEADER) or {**found[_START], "status": "crashed"}


def _checked(header: Any, place: str) -> Mapping[str, Any]:
    if not isinstance(header, dict) or not isinstance(header.get("eval"), dict):
        raise DataError(f"{place}: got {shown(header)}, expected the header of a log")
    if header.get("version") != VERSION:
        raise DataError(
            f"{place}: states schema version {shown(header.get('version'))}, expected {VERSION}",
            hint="let the tool rewrite it: inspect log convert LOG --to eval --output-dir NEW",
        )
    return header


def _read_json(path: Path, columns: Columns) -> tuple[Mapping[str, Any], Samples]:
    samples: Samples | None = None

    def add(sample: Any, before: Mapping[str, Any]) -> None:
        nonlocal samples
        if samples is None:
            samples = _samples(before, columns)
        samples.add(sample, f"{path}: sample {len(samples.entries) + 1}")

    header = _checked(document(path, {("samples",): add}), str(path))
    return header, samples or _samples(header, columns)


def _samples(header: Mapping[str, Any], columns: Columns) -> Samples:
    stated = _stated_clusters(header)
    return Samples(Fields(columns, *stated), clusters={name: {} for name in sorted(stated)})


def _stated_clusters(header: Mapping[str, Any]) -> set[str]:
    """Return the metadata keys by which the log's own errors are clustered."""
    scorers = (header.get("eval") or {}).get("scorers") or ()
    metrics = [metric for scorer in scorers for metric in _metrics(scorer.get("metrics"))]
    named = (((metric.get("options") or {}).get("cluster")) for metric in metrics)
    return {name for name in named if isinstance(name, str)}


def _metrics(found: Any) -> Iterator[Mapping[str, Any]]:
    if isinstance(found, dict) and "name" not in found:
        for inner in found.values():
            yield from _metrics(inner)
    elif isinstance(found, dict):
        yield found
    elif isinstance(found, list):
        for inner in found:
            yield from _metrics(inner)


def _log(path: Path, header: Mapping[str, Any], samples: Samples) -> Log:
    about = header["eval"]
    model = about.get("model")
    status = str(header.get("status"))
    entries = list(samples.entries.values())
    whole = status == "success" and len(entries) >= _total(header)
    absent = [] if whole else list(_absent(about, samples))
    many = any(entry.repeat != "1" for entry in entries)
    for entry in [*entries, *absent]:
        entry.system = model if isinstance(model, str) else None
    clusters = [name for name in samples.clusters if name in samples.fields.seen]
    left_out = {
        name: f"no number: {', '.join(map(repr, list(odd)[:3]))}"
        for name, odd in samples.odd.items()
        if not samples.numeric.get(name)
    }
    version = (about.get("packages") or {}).get("inspect_ai", "unknown")
    return Log(
        path=path,
        digest=sha256_of_file(path),
        format=f"log of inspect_ai {version}, schema {VERSION}, status {status}",
        entries=[*entries, *absent] if entries else [],
        metrics=tuple(name for name in samples.numeric if name not in left_out),
        names=Columns(
            item=_ITEM,
            system=_SYSTEM if isinstance(model, str) else None,
            repeat=_REPEAT if many else None,
            cluster=clusters[0] if len(clusters) == 1 else None,
            error=_ERROR,
            content=_CONTENT,
        ),
        fields=tuple(samples.fields.seen),
        facts=_facts(about, header),
        left_out=left_out,
        checks={"": tuple(checks(header.get("results"), samples))},
        notes={"": tuple(_notes(path, header, samples, len(absent)))},
        metric_notes=_metric_notes(path, samples),
        traces=lambda take: _read_traces(path, take),
        texts=lambda take, _: _read_texts(path, take),
    )


def _read_traces(path: Path, take: TakeTrace) -> None:
    """Hand over what was done in each sample."""

    def one(sample: Mapping[str, Any], place: str) -> None:
        take(str(sample["id"]), str(sample.get("epoch", 1)), trace_of_sample(sample, place))

    _each_sample(path, one)


def _read_texts(path: Path, take: TakeTexts) -> None:
    """Hand over the texts of each sample."""

    def one(sample: Mapping[str, Any], _: str) -> None:
        take(str(sample["id"]), str(sample.get("epoch", 1)), texts_of(sample))

    _each_sample(path, one)


def _each_sample(path: Path, one: Callable[[Mapping[str, Any], str], None]) -> None:
    """Read the samples once more, one in memory at a time."""
    if path.suffix.lower() != ".eval":
        document(path, {("samples",): lambda sample, _: one(sample, f"{path}: {sample['id']}")})
        return
    with Archive(path) as archive:
        for name in archive.names():
            if name.startswith("samples/") and name.endswith(".json"):
                place = f"{path}: {name}"
                one(loaded(archive.read(name), place), place)


def _total(header: Mapping[str, Any]) -> int:
    """Return how many samples a finished log says that it has."""
    return int((header.get("results") or {}).get("total_samples") or 0)


def _absent(about: Mapping[str, Any], samples: Samples) -> Iterator[Entry]:
    """Yield what a run planned and its log does not hold: missing, not left out."""
    ids = (about.get("dataset") or {}).get("sample_ids") or ()
    epochs = int((about.get("config") or {}).get("epochs") or 1)
    if epochs * len(ids) > _MOST_PLANNED:
        raise DataError(
            f"{samples.place}: plans {len(ids)} samples in {epochs} epochs, expected at most "
            f"{_MOST_PLANNED} in all"
        )
    for epoch in range(1, epochs + 1):
        for item in map(str, ids):
            if (item, epoch) not in samples.entries:
                yield Entry(item=item, repeat=str(epoch), scores={})


def _facts(about: Mapping[str, Any], header: Mapping[str, Any]) -> dict[str, str]:
    dataset = about.get("dataset") or {}
    plan = header.get("plan") or {}
    steps = [str(step.get("solver")) for step in plan.get("steps") or ()]
    found = {
        "model": about.get("model"),
        "task": about.get("task"),
        "task version": about.get("task_version"),
        "dataset": dataset.get("name"),
        "epochs": (about.get("config") or {}).get("epochs"),
        "solver": " → ".join(steps),
        "inspect_ai": (about.get("packages") or {}).get("inspect_ai"),
        "commit": (about.get("revision") or {}).get("commit"),
    }
    return {name: str(value) for name, value in found.items() if value not in {None, ""}}


def _notes(path: Path, header: Mapping[str, Any], samples: Samples, absent: int) -> Iterator[str]:
    status = header.get("status")
    if absent:
        yield (
            f"{path}: the run ended as {status!r}; {absent} of the planned samples are not in the "
            "log and count as missing."
        )
    elif _total(header) > len(samples.entries):
        yield (
            f"{path}: the log says that it has {_total(header)} samples, and holds "
            f"{len(samples.entries)}; which ones are gone it does not say."
        )
    if header.get("invalidated"):
        yield f"{path}: its maker marked this log as invalidated."
    failed = sum(1 for entry in samples.entries.values() if entry.error is not None)
    if failed:
        yield (
            f"{path}: {failed} of {len(samples.entries)} samples failed. The log's own means leave "
            "out what was not scored; here a failure scores the worst of the range."
        )
    if samples.cancelled:
        yield (
            f"{path}: {samples.cancelled} samples were cancelled because another one failed; they "
            "count as missing."
        )


def _metric_notes(path: Path, samples: Samples) -> dict[str, list[str]]:
    notes: dict[str, list[str]] = {}
    for name, times in samples.untold.items():
        notes.setdefault(name, []).append(
            f"{path}: {name} is NaN in {times} samples: missing here, left out of the log's mean."
        )
    for name, odd in samples.odd.items():
        told = ", ".join(f"{value!r} ({times})" for value, times in odd.items())
        notes.setdefault(name, []).append(
            f"{path}: {name} has values that are no numbers and count as missing: {told}."
        )
    return notes


def _choose(paths: Sequence[Path]) -> Path:
    """Of one task's run and its retries take the last; other logs are runs of their own."""
    headers = [(path, _read_header(path)) for path in paths]
    tasks = {header["eval"].get("task_id") for _, header in headers}
    if len(tasks) > 1 or None in tasks:
        return one_of_many(paths)
    return max(headers, key=lambda found: str(found[1]["eval"].get("created")))[0]


def _read_header(path: Path) -> Mapping[str, Any]:
    if path.suffix.lower() == ".eval":
        with Archive(path) as archive:
            return _header(path, archive)
    return _checked(document(path, {("samples",): lambda *_: None}), str(path))


read_inspect_log = LogImporter(_mine, _read, _choose)
