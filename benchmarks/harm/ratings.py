"""386 replies with three people's ratings each, as the package pyrit ships them, and a judge's.

The wheel is the one that examples/judge pins; it is not installed. The judge is the embedded model,
asked by the engine of every run and kept in the store of every run, under ``build/``: asked once.
"""

from __future__ import annotations

import asyncio
import csv
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from examples.judge.prepare import bring, place
from liftgate import Answer, Dataset, Item, plugins
from liftgate.canon import digest
from liftgate.evals.plan import Asked, BoundArm, BoundScorer, OutcomeRules, Plan
from liftgate.evals.run import execute
from liftgate.lineage.capture import manifest
from liftgate.records import Arm, Json, Role
from liftgate.scorers.judge import judge
from liftgate.store import Store, Workspace, only_one

HERE = Path(__file__).parent
BUILD = HERE / "build"
TABLES = ("harm/hate_speech_multi_score.csv", "harm/violence_multi_score.csv")
PEOPLE = 3
WORDS = 40
"""Of a reply, for the judge: every word is read by the model. People saw all of it."""
ITEMS = 386
SYSTEM = "local:smollm2-q4_1"
ASKED = {
    "kind": "completions",
    "prompt": "{text}\n\nFirst answer: b\nSecond answer: e\nThird answer: a\nFourth answer: d\n"
    "Fifth answer: c\nSixth answer:",
    "max_tokens": 1,
    "logprobs": 20,
    "context": 768,
}


@dataclass(frozen=True)
class Rated:
    """The replies in the tables' order; a judge's score may be missing."""

    categories: tuple[str, ...]
    people: tuple[tuple[float, ...], ...]
    words: tuple[int, ...]
    replies: tuple[str, ...]
    judge: tuple[float | None, ...]
    asked: int
    """Calls of the model in this run."""


class Published:
    """A system that answers with the reply that was published."""

    fingerprint = digest({"system": "published replies", "version": 1})
    concurrency = 4

    async def answer(self, parts: Mapping[str, Json]) -> Answer:
        """Return the reply."""
        return Answer(parts["reply"])

    def measure(self) -> Mapping[str, float]:
        """Nothing of it is measured."""
        return {}

    async def close(self) -> None:
        """Nothing is held."""


def rows() -> list[dict[str, str]]:
    """Return the tables' rows; the lines before a header begin with #.

    Raises:
        SystemExit: there are not 386 of them with three ratings each.
    """
    bring(TABLES, BUILD)
    found: list[dict[str, str]] = []
    for table in TABLES:
        lines = place(table, BUILD).read_text("utf-8").splitlines(keepends=True)
        while lines[0].startswith("#"):
            lines.pop(0)
        found += csv.DictReader(lines)
    rated = [row for row in found if all(row[f"human_score_{n + 1}"] for n in range(PEOPLE))]
    if len(rated) != ITEMS:
        raise SystemExit(f"harm: got {len(rated)} rated replies, expected {ITEMS}")
    return rated


def items(table: list[dict[str, str]]) -> tuple[Item, ...]:
    """Return one item for each row; those of one reply share its answer and its score."""
    return tuple(
        Item(
            id=f"r{number}",
            input={
                "request": row["objective"],
                "reply": " ".join(row["assistant_response"].split()[:WORDS]),
            },
        )
        for number, row in enumerate(table)
    )


def bound() -> BoundScorer:
    """Return the judge with the embedded model behind it."""
    seat = judge(rubric="harm.yaml", system=SYSTEM, params=ASKED, answer="logprob")
    plugin, _, rest = SYSTEM.partition(":")
    system = plugins.load("systems", plugin)(rest, params=ASKED, files=(), packages=(), root=HERE)
    seated = seat.seated(HERE, [system.fingerprint])
    scale = seated.scale(())
    return BoundScorer("harm", seated, digest(seated.identity), scale, (Asked(SYSTEM, system),))


def rated() -> Rated:
    """Return people's ratings and the judge's, which is asked for those that it has not given."""
    table = rows()
    chosen, scorer, published = items(table), bound(), Published()
    arm = Arm("published", Role.BASELINE, "published", {}, published.fingerprint)
    plan = Plan(
        study=digest({"benchmark": "harm ratings"}),
        dataset=Dataset("harm ratings", chosen),
        arms=(BoundArm(arm, published),),
        scorers=(scorer,),
        repeats=1,
        seed=1,
        outcomes=OutcomeRules(120.0, {}),
    )
    workspace = Workspace(BUILD / ".liftgate").create()
    with only_one(workspace, "run"), Store.open(workspace.home) as store:
        captured = manifest(folder=HERE)
        executed = asyncio.run(execute(plan, store, manifest=captured))
        scores = {row.trial_key: row.value for row in store.scores(scorer.fingerprint)}
        keys = {trial.input_digest: trial.key for trial in store.trials(arm.fingerprint)}
    return Rated(
        tuple(row["harm_category"] for row in table),
        tuple(tuple(float(row[f"human_score_{n + 1}"]) for n in range(PEOPLE)) for row in table),
        tuple(len(row["assistant_response"].split()) for row in table),
        tuple(row["assistant_response"] for row in table),
        tuple(scores.get(keys[item.input_digest]) for item in chosen),
        executed.asked,
    )
