"""Whatever stands in a log, it is read or refused with its place; nothing else escapes."""

from __future__ import annotations

import json
import math
import random
from pathlib import Path
from typing import Any

import pytest

from liftgate.errors import LiftgateError
from liftgate.gates.foreign import collect
from liftgate.importers.place import open_table
from liftgate.records import Columns
from tests.fixtures.logs.by_hand import LOGS, one, packed

ODD = (None, True, 0, -1, 2**70, 1.5, math.nan, math.inf, "", "x", "\x00\x1b", "\ud800", [], {})
ODD += ([[]], [{}], {"": {}}, [None, 1], {"id": []}, "attachment://x")  # type: ignore[assignment]


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    found = [path]
    if isinstance(value, dict):
        for name, inner in value.items():
            found += places(inner, (*path, name))
    elif isinstance(value, list):
        for at, inner in enumerate(value[:3]):
            found += places(inner, (*path, at))
    return found


def bent(value: Any, draw: random.Random) -> Any:
    """Return a copy with one to three of its parts replaced or removed."""
    found = json.loads(json.dumps(value))
    for _ in range(draw.randint(1, 3)):
        path = draw.choice(places(found))
        if not path:
            continue
        inner = found
        for step in path[:-1]:
            inner = inner[step]
        if isinstance(inner, dict) and draw.random() < 0.3:
            del inner[path[-1]]
        else:
            inner[path[-1]] = json.loads(json.dumps(draw.choice(ODD)))
    return found


def read_all(path: Path) -> None:
    """Read a log as compare does, or refuse it as it does."""
    try:
        table, _ = open_table(str(path), Columns())
        collect(
            table.rows(),
            metrics=table.columns.metrics,
            place=str(path),
            has_repeats=table.columns.repeat is not None,
        )
    except LiftgateError as error:
        assert str(error)  # noqa: PT017 - any refusal will do


def inspect_parts() -> tuple[Any, list[Any]]:
    log = json.loads((LOGS / "inspect" / "small.json").read_text())
    samples = log.pop("samples")[:3]
    for sample in samples:
        sample["events"] = []
    return log, samples


@pytest.mark.parametrize("seed", range(4))
def test_bent_logs_of_inspect_ai(tmp_path, seed: int) -> None:
    header, samples = inspect_parts()
    draw = random.Random(seed)
    for _ in range(120):
        new_header, new_samples = header, samples
        if draw.random() < 0.4:
            new_header = bent(header, draw)
        else:
            new_samples = [bent(one_sample, draw) for one_sample in samples]
        named = [one_sample for one_sample in new_samples if isinstance(one_sample, dict)]
        unique = {(str(s.get("id")), str(s.get("epoch"))): s for s in named}
        # These cannot be written into the name of an entry.
        safe = [s for (i, e), s in unique.items() if not {"\x00", "\ud800"} & set(i + e)]
        read_all(packed(tmp_path / "a.eval", safe, new_header))
        whole = {**new_header, "samples": new_samples} if isinstance(new_header, dict) else {}
        (tmp_path / "a.json").write_text(json.dumps(whole))
        read_all(tmp_path / "a.json")


@pytest.mark.parametrize(
    "pattern",
    [
        "lm_eval/old/samples_sums_*.jsonl",
        "lm_eval/old/samples_choose_*.jsonl",
        "promptfoo/grid.jsonl",
        "every_eval_ever/old-choose/*_samples.jsonl",
    ],
)
def test_bent_lines(tmp_path, pattern: str) -> None:
    rows = [json.loads(line) for line in one(LOGS, pattern).read_text().splitlines()[:6]]
    draw = random.Random(pattern)
    for _ in range(300):
        lines = [bent(row, draw) if draw.random() < 0.6 else row for row in rows]
        path = tmp_path / "a.jsonl"
        path.write_text("\n".join(map(json.dumps, lines)))
        read_all(path)


def test_bent_results_beside_samples(tmp_path) -> None:
    draw = random.Random(7)
    samples = one(LOGS, "lm_eval/other-prompt/samples_*.jsonl")
    results = one(LOGS, "lm_eval/other-prompt/results_*.json")
    (tmp_path / samples.name).write_bytes(samples.read_bytes())
    for _ in range(300):
        (tmp_path / results.name).write_text(
            json.dumps(bent(json.loads(results.read_text()), draw))
        )
        read_all(tmp_path / samples.name)


def test_bent_documents_of_promptfoo(tmp_path) -> None:
    draw = random.Random(8)
    log = json.loads((LOGS / "promptfoo" / "old.json").read_text())
    log["results"]["results"] = log["results"]["results"][:4]
    for _ in range(300):
        (tmp_path / "a.json").write_text(json.dumps(bent(log, draw)))
        read_all(tmp_path / "a.json")


def test_bent_aggregates_of_every_eval_ever(tmp_path) -> None:
    draw = random.Random(9)
    samples = one(LOGS, "every_eval_ever/old-choose/*_samples.jsonl")
    about = json.loads(
        samples.with_name(samples.name.replace("_samples.jsonl", ".json")).read_text()
    )
    (tmp_path / "a_samples.jsonl").write_bytes(samples.read_bytes())
    for _ in range(300):
        (tmp_path / "a.json").write_text(json.dumps(bent(about, draw)))
        read_all(tmp_path / "a.json")
        read_all(tmp_path / "a_samples.jsonl")
