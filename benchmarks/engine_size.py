"""What the engine needs for many items: memory, bytes on disk, and the time until it goes on.

Memory: a run over the N items of a file, by a system that answers at once, in a process of its own
for each N.
Resuming: a run of 200,000 keys (100,000 items, two arms), of which half are answered, until it
asks for the first of the others. No model is called; the rows are the store's own.

    python benchmarks/engine_size.py [--sizes 1000 10000 100000] [--items 100000]
"""

from __future__ import annotations

import argparse
import asyncio
import json
import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from liftgate.canon import canonical
from liftgate.evals.data import load_dataset
from liftgate.evals.plan import Agenda, BoundArm, BoundScorer, OutcomeRules, Plan
from liftgate.evals.run import execute
from liftgate.records import Answer, Arm, Outcome, Role, Score, Trial
from liftgate.scorers.exact import exact
from liftgate.store import Store

STUDY = "bench"


@dataclass
class Echo:
    """Answers at once with the question."""

    fingerprint: str
    concurrency: int = 64

    async def answer(self, parts: Any) -> Answer:
        """Answer one item."""
        await asyncio.sleep(0)
        return Answer(parts["text"])

    def measure(self) -> dict[str, float]:
        """Nothing."""
        return {}

    async def close(self) -> None:
        """Nothing."""


def plan_of(items: int, *systems: Echo) -> Plan:
    """Return a plan over the items of a file with as many short questions."""
    with tempfile.TemporaryDirectory() as name:
        with (Path(name) / "sums.jsonl").open("w") as file:
            for n in range(items):
                row = {"id": f"i{n}", "input": f"What is {n} + {n % 97}?", "target": "4"}
                print(json.dumps(row), file=file)
        dataset = load_dataset("sums.jsonl", root=Path(name))
    roles = (Role.BASELINE, Role.CANDIDATE)
    arms = tuple(
        BoundArm(Arm(s.fingerprint, role, "openai:m", {}, s.fingerprint), s)
        for s, role in zip(systems, roles, strict=False)
    )
    scorer = exact()
    scored = (BoundScorer("right", scorer, "exact-1", scorer.scale(dataset.items)),)
    return Plan(STUDY, dataset, arms, scored, 1, 1, OutcomeRules(60.0, {}))


def whole_run(items: int) -> None:
    """Run N items and print what it took."""
    with tempfile.TemporaryDirectory() as home:
        with Store.open(Path(home)) as store:
            done = asyncio.run(execute(plan_of(items, Echo("a")), store, manifest={}))
        assert (done.called, done.scored) == (items, items)
        files = [path for path in Path(home).rglob("*") if path.is_file()]
        sizes = {path.name: path.stat().st_size for path in files}
    rss = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"rss_mb": rss, **{name: size / items for name, size in sizes.items()}}))


def fill(home: Path, plan: Plan) -> None:
    """Write the rows of the first half of a plan's keys, as a run that was ended would have."""
    agenda = Agenda(plan)
    data = canonical("4")
    with Store.open(home) as store, store.begin(STUDY, {}) as writer:
        output = writer.keep(data)
        for number, job in enumerate(agenda.jobs()):
            if number >= agenda.total() // 2:
                break
            trial = Trial(
                job.key, 1, writer.run, job.arm.arm.fingerprint, job.input_digest, 0,
                datetime.now(UTC), 0.5, output, tokens_in=12, tokens_out=1,
            )  # fmt: skip
            writer.add_trial(trial, kept=True)
            target = job.items[0].target_digest
            writer.add_score(
                Score(job.key, 1, writer.run, "exact-1", target, writer.run, Outcome.VALUE, 1.0)
            )


def resume(home: Path, items: int) -> None:
    """Go on with a run and print the time until its first new request."""
    began = time.perf_counter()
    task: Any = None
    plan = plan_of(items, Echo("a"), Echo("b"))
    made, cpu = time.perf_counter(), time.process_time()
    reached: list[float] = []

    async def first(*_: object) -> Answer:
        reached.extend((time.perf_counter() - made, time.process_time() - cpu))
        task.cancel()
        await asyncio.sleep(60)
        raise AssertionError

    Echo.answer = first  # type: ignore[method-assign]

    async def go() -> None:
        nonlocal task
        with Store.open(home) as store:
            task = asyncio.ensure_future(execute(plan, store, manifest={}))
            await asyncio.wait({task})

    asyncio.run(go())
    found = {"items_s": made - began, "first_s": reached[0], "cpu_s": reached[1]}
    looked = time.perf_counter()
    for _ in plan.dataset.items:
        pass
    found["item_us"] = (time.perf_counter() - looked) / items * 1e6
    print(json.dumps(found))


def child(*words: str) -> dict[str, float]:
    """Run one part in a process of its own."""
    done = subprocess.run(
        [sys.executable, __file__, *words], check=True, stdout=subprocess.PIPE, text=True
    )
    return dict(json.loads(done.stdout.splitlines()[-1]))


def main() -> None:
    """Print one line for each size, and one for resuming."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="*", default=[1000, 10_000, 100_000])
    parser.add_argument("--items", type=int, default=100_000)
    parser.add_argument("--run", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--resume", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.run:
        whole_run(asked.run)
        return
    if asked.resume:
        resume(Path(asked.resume), asked.items)
        return
    for size in asked.sizes:
        found = child("--run", str(size))
        print(
            f"N = {size:>7,}: {found['rss_mb']:.0f} MB at most; a sample: "
            f"{found['scores.parquet']:.0f} B of scores, {found['trials.parquet']:.0f} B of "
            f"trials, {found['blobs.db']:.0f} B of answers",
            flush=True,
        )
    with tempfile.TemporaryDirectory() as home:
        fill(Path(home), plan_of(asked.items, Echo("a"), Echo("b")))
        words = ("--resume", home, "--items", str(asked.items))
        child(*words)
        found = child(*words)
    print(
        f"resume: {2 * asked.items:,} keys, half of them answered: {found['first_s']:.2f} s from "
        f"the call of the engine to the first new request, {found['cpu_s']:.2f} s of it CPU "
        f"({found['items_s']:.2f} s to read the items before it; "
        f"{found['item_us']:.1f} µs to make an item that is looked at)"
    )


if __name__ == "__main__":
    main()
