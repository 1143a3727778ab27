"""How the public names are used, for the type checker: checked by ``make check``, never run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import assert_type

import liftgate
from liftgate import (
    Answer,
    Claim,
    Comparison,
    Item,
    LiftgateError,
    Missing,
    Question,
    Scale,
    Study,
    StudyRun,
    api,
    compare_tables,
    run_study,
)
from liftgate.protocols import Scorer, System
from liftgate.records import Entry, Json, ScoreKind


class Length:
    """A scorer of a stranger."""

    version = "1"

    def scale(self, items: Sequence[Item]) -> Scale:
        return Scale(ScoreKind.UNBOUNDED, low=0.0)

    def score(self, answer: Answer, item: Item) -> float | Missing:
        if not isinstance(answer.output, str):
            return Missing("no text")
        return float(len(answer.output))


class Echo:
    """A system of a stranger."""

    fingerprint = "sha256:" + "0" * 64
    concurrency = 1

    async def answer(self, parts: Mapping[str, Json]) -> Answer:
        return Answer(output=parts["text"])

    def measure(self) -> Mapping[str, float]:
        return {}

    async def close(self) -> None:
        return None


async def use(item: Item) -> float | Missing:
    """Pass strangers where the doors' types are asked for."""
    system: System = Echo()
    scorer: Scorer = Length()
    answer = await system.answer(item.input)
    assert_type(answer, Answer)
    assert_type(answer.cost, float | None)
    assert_type(item.input_digest, str)
    found = scorer.score(answer, item)
    return found if isinstance(found, (float, Missing)) else await found


def decide(file: Path) -> str:
    """Run a study, and compare two tables, as a notebook would."""
    run = run_study(file, concurrency=2, report=False)
    assert_type(run, StudyRun)
    assert_type(run.report, Path | None)
    compared = compare_tables("old.csv", "new.csv", Question(alpha=0.025))
    assert_type(compared, Comparison)
    study = Study(study="made-here")
    assert_type(study.claims(), tuple[Claim, ...])
    return study.digest()


def command_line(file: Path) -> int:
    """Do what commands do, with the types of what they return."""
    workspace = api.Workspace.locate()
    kept = api.lock_study(file, workspace)
    assert_type(kept.added, Entry | None)
    simulated = api.simulate_gate(file, api.GateRequest(runs=100))
    assert_type(simulated.seed, int)
    status = api.gate_status(api.standing_picture(file, workspace))
    assert_type(status.exit_code, int)
    found = api.trace_reference("4:new.primary", workspace)
    assert_type(found.entry, Entry)
    with api.open_batch(workspace, "b1") as room:
        assert_type(api.batch_labels(room, "csv", everything=True), str)
    return api.verify_ledger(workspace).entries


def fail() -> None:
    """Catch everything that liftgate raises on purpose by one name."""
    try:
        Item(id="1", input={"text": "hello"}, target=None, slices={"language": "en"})
    except LiftgateError as error:
        assert_type(error.hint, str)
    assert_type(liftgate.__version__, str)
