"""``failures``: draw failing items to be coded, and report what the codes say."""

from __future__ import annotations

import asyncio
import csv
import io
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from liftgate.canon import digest
from liftgate.errors import DataError, NotEnoughData, UnknownName
from liftgate.evals.select import select
from liftgate.evals.sources import read_source
from liftgate.failures.batch import DRAWN, batch_lines, drawn, line_digests, read_batch
from liftgate.failures.coding import COLUMNS, codings
from liftgate.failures.report import failure_report
from liftgate.failures.taxonomy import load_taxonomy
from liftgate.flow.failure_rating import as_codes, check_taxonomy
from liftgate.flow.parts import Parts, parts_of
from liftgate.flow.regress import verdict
from liftgate.flow.study import find, open_study
from liftgate.flow.suite import entries_of
from liftgate.humans.sheets import harmless, plain
from liftgate.ledger import Ledger
from liftgate.outputs import refuse_existing, write_new
from liftgate.records import Item, Observation
from liftgate.records.notebook import Card
from liftgate.store import Store, Workspace
from liftgate.study import lock

REPORTED = "failures.reported"


@dataclass(frozen=True)
class Drawing:
    """What is drawn."""

    count: int = 50
    seed: int = 0
    arm: str | None = None
    """None: the study's only candidate."""
    metric: str | None = None
    """None: the study's primary."""
    at_least: float | None = None
    """What does not fail; None: the best score of the scale."""


@dataclass(frozen=True)
class Drawn(Card):
    """A batch that was written."""

    batch: str
    drawn: int
    failing: int
    scored: int
    sheet: Path
    """An empty sheet for the coders."""


def draw_failures(
    file: Path, asked: Drawing, out: Path, workspace: Workspace, *, taxonomy: Path | None = None
) -> Drawn:
    """Draw failing items of one arm by lot, and write them with an empty sheet beside them.

    Raises:
        DataError: a file exists, or the study has several candidates and none is named.
        UnknownName: the study has no such arm or metric.
        NotEnoughData: nothing failed, or nothing was run.
        LockedError: the study is not locked, or not what was locked.
    """
    sheet = out.with_suffix(".codes.csv")
    for path in (out, sheet):
        refuse_existing(path)
    words = load_taxonomy(taxonomy)
    opened = open_study(file)
    parts = parts_of(opened)
    asyncio.run(_close(parts))
    locked = lock.verify(opened.study, find(opened.study, workspace), opened.body)
    name = _arm(parts, asked.arm)
    metric = asked.metric or opened.study.claims()[0].metric
    with Store.open(workspace.home, read_only=True) as store:
        rows = select(parts.plan(locked.digest, locked.time), store)
        failing, scored = _failing(parts, rows, name, metric, asked.at_least)
        if not failing:
            raise NotEnoughData(
                f"{name}: none of its {scored:,} scored items failed with {metric}",
                hint="run the study first, or say with --at-least what does not fail",
            )
        chosen = drawn(sorted(failing), asked.count, asked.seed)
        items = {item.id: item for item in parts.dataset.items}
        reads = opened.study.arm(name).reads
        shown = [_row(items[i].as_read(reads), *failing[i], store, metric) for i in chosen]
    about = {
        "study": locked.name,
        "study_digest": locked.digest,
        "metric": metric,
        "taxonomy": f"{words.name} {words.version}",
        "seed": asked.seed,
    }
    lines = batch_lines(shown, about)
    body = {
        "liftgate": 1,
        "batch": _batch_of(lines),
        **about,
        "arm": name,
        "failing": len(failing),
        "scored": scored,
        "items": chosen,
        "clustered": len({items[i].cluster or f"item {i}" for i in chosen}) < len(chosen),
        "taxonomy_digest": words.digest,
        "lines": line_digests(lines),
    }
    with Ledger.open(workspace.home) as ledger:
        known = [e for e in ledger.entries(kind=DRAWN) if dict(e.body) == body]
        if not known:
            ledger.append(DRAWN, body)
    write_new(out, b"\n".join(lines) + b"\n")
    write_new(sheet, _sheet(chosen))
    return Drawn(_batch_of(lines), len(chosen), len(failing), scored, sheet)


def report_failures(
    batch: Path, files: Sequence[Path], workspace: Workspace, *, taxonomy: Path | None = None
) -> dict[str, Any]:
    """Return what the codes of a batch say, as it is written into the ledger.

    Raises:
        DataError: the batch was edited or not drawn here; faults of the codes, all at once; another
            taxonomy than the batch was drawn for.
        NotEnoughData: not all of the batch is coded.
    """
    try:
        data = batch.read_bytes()
    except OSError as error:
        raise DataError(f"{batch}: cannot be read: {error.strerror}") from error
    known = [dict(e.body) for e in entries_of(workspace, DRAWN)]
    about = read_batch(data, str(batch), known)
    words = load_taxonomy(taxonomy)
    check_taxonomy(words, about)
    found = codings(as_codes(_rows(files), words), about["items"], words)
    report = failure_report(
        found,
        about["items"],
        words,
        failing=about["failing"],
        scored=about["scored"],
        seed=about["seed"],
    )
    body = {
        "liftgate": 1,
        **{key: about[key] for key in ("batch", "study", "arm", "metric", "taxonomy", "clustered")},
        **report,
        "codings": digest(
            sorted([c.item, c.coder, c.code, sorted(c.also), c.evidence, c.comment] for c in found)
        ),
    }
    with Ledger.open(workspace.home) as ledger:
        if not any(dict(e.body) == body for e in ledger.entries(kind=REPORTED)):
            ledger.append(REPORTED, body)
    return body


async def _close(parts: Parts) -> None:
    for system in parts.systems.values():
        await system.close()


def _arm(parts: Parts, name: str | None) -> str:
    candidates = parts.study.candidates
    if name is not None:
        parts.study.arm(name)
        return name
    if len(candidates) != 1:
        raise DataError(
            f"the study has the candidates {', '.join(candidates)}", hint="say which: --arm NAME"
        )
    return candidates[0]


Failed = tuple[Observation, str]


def _failing(
    parts: Parts, rows: Sequence[Observation], name: str, metric: str, at_least: float | None
) -> tuple[dict[str, Failed], int]:
    """Return each failing item's first failing trial with the reason, and how many were scored.

    What could not be scored is no failure.
    """
    scales = {scorer.name: scorer.scale for scorer in parts.scorers}
    if metric not in scales:
        raise UnknownName("metric", metric, scales)
    wanted = scales[metric].best if at_least is None else at_least
    if wanted is None:
        raise DataError(f"{metric}: has no best score", hint="say what does not fail: --at-least")
    print_of = {arm.name: arm.fingerprint for arm in parts.arms}[name]
    failing: dict[str, Failed] = {}
    scored: set[str] = set()
    for row in rows:
        if row.arm != print_of:
            continue
        told = verdict(row, metric, scales[metric], wanted)
        if told.startswith("not scored"):
            continue
        scored.add(row.item)
        if told:
            failing.setdefault(row.item, (row, told))
    return failing, len(scored)


def _row(item: Item, row: Observation, told: str, store: Store, metric: str) -> dict[str, Any]:
    output = row.trial.output_digest
    kept = output is not None and store.blob_state(output) == "kept"
    score = row.scores.get(metric)
    return {
        "item": item.id,
        "input": dict(item.input),
        "target": item.target,
        "output": store.output(str(output)) if kept else None,
        "failed": told,
        "score": None if score is None else score.value,
    }


def _batch_of(lines: Sequence[bytes]) -> str:
    return str(json.loads(lines[0])["batch"])


def _sheet(items: Sequence[str]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows([harmless(item), *("" for _ in COLUMNS[1:])] for item in items)
    return text.getvalue()


def _unguarded(row: Any) -> Any:
    return {key: plain(value) for key, value in row.items()} if isinstance(row, dict) else row


def _rows(files: Sequence[Path]) -> list[tuple[str, Any]]:
    found: list[tuple[str, Any]] = []
    for file in files:
        _, rows = read_source(file.name, root=file.parent)
        for one in rows:
            if one.fault is not None:
                raise DataError(f"{one.place}: {one.fault}")
            found.append((one.place, _unguarded(one.row) if file.suffix == ".csv" else one.row))
    return found
