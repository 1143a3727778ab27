"""What stopping early saves against the full run, and whether the decision is the same.

AlpacaEval replayed: an arm is a system of that leaderboard, and its answer is whether the judge
preferred it on the item (recorded; weighted_alpaca_eval_gpt4_turbo, a preference above 0.5). Each
pair is run through `liftgate run` three times, from nothing: one look at all items, five planned
looks, unlimited looks. Then the summarise example, with the model itself, as it stands and
with one look; that needs `make demo-llm` before, and its interpreter:

    LIFTGATE_MODELS=.venv-llm/models .venv-llm/bin/python benchmarks/stopping_saves.py

Calls are those that were made, by the runs themselves. Another decision than the full run's is
shown as it is: looking early costs a little power.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import yaml

from liftgate.flow.run import run_study

ROOT = Path(__file__).resolve().parent.parent
DATA = Path(os.environ.get("LIFTGATE_DATA", ROOT.parent / "shared" / "data"))
PLANS: dict[str, dict[str, Any]] = {
    "one look": {"plan": "fixed"},
    "5 planned looks": {"plan": "planned-looks", "looks": 5},
    "unlimited looks": {"plan": "anytime"},
}
PAIRS = (
    ("gpt-3.5-turbo-1106", "FuseChat-Llama-3.2-3B-Instruct"),
    ("gpt-3.5-turbo-1106", "claude-2"),
    ("claude-2.1", "claude-2"),
    ("claude-instant-1.2", "claude-2"),
    ("claude-2", "claude-2.1"),
    ("claude-2", "gpt-3.5-turbo-1106"),
)
"""Baseline and candidate: from a plain gain over a small one to plain harm, chosen by the full
means alone."""
WORDS = {0: "SHIP", 1: "HOLD", 4: "INCONCLUSIVE"}
REPLAY = '''
"""A system of the leaderboard: whether it was preferred, item by item, as it was recorded."""
import json
from pathlib import Path


def recorded(name):
    wins = json.loads(Path(__file__).with_name("outcomes.json").read_text("utf-8"))[name]
    return lambda parts: "won" if wins[parts["item"]] else "lost"
'''


def outcomes() -> dict[str, dict[str, bool]]:
    """Return system -> item -> whether it was preferred, on the items that all systems have."""
    import duckdb

    table = DATA / "alpaca_eval.parquet"
    rows = duckdb.execute(
        "select system, item, preference > 0.5 from read_parquet(?) "
        "where judge = 'weighted_alpaca_eval_gpt4_turbo' and preference between 0 and 1",
        [str(table)],
    ).fetchall()
    found: dict[str, dict[str, bool]] = {}
    for system, item, won in rows:
        found.setdefault(system, {})[str(item)] = bool(won)
    named = {name for pair in PAIRS for name in pair}
    if lacking := sorted(named - set(found)):
        sys.exit(f"no system {lacking[0]!r}; there are: {', '.join(sorted(found))}")
    shared = set.intersection(*(set(found[name]) for name in named))
    return {name: {item: found[name][item] for item in sorted(shared)} for name in named}


def study(baseline: str, candidate: str, stopping: dict[str, Any]) -> dict[str, Any]:
    def arm(role: str, name: str) -> dict[str, Any]:
        return {
            "role": role,
            "system": "python:replay:recorded",
            "params": {"name": name},
            "files": ["outcomes.json"],
        }

    return {
        "liftgate": 1,
        "study": "alpaca",
        "hypothesis": "The candidate is preferred more often.",
        "dataset": {"source": "items.jsonl"},
        "arms": {"old": arm("baseline", baseline), "new": arm("candidate", candidate)},
        "scorers": {"won": {"scorer": "exact"}},
        "outcomes": {
            **{kind: {"score": "worst"} for kind in ("timeout", "crash", "refusal", "unparsable")},
            "scorer_failed": "missing",
            "missing_label": "missing",
        },
        "claims": {"primary": {"metric": "won", "superior": {"target": 0.05}}},
        "stopping": stopping,
        "seed": 1,
    }


def run(file: Path) -> tuple[int, int, int]:
    """Run a study in a workspace of its own; return exit code, calls made, items decided on."""
    with tempfile.TemporaryDirectory() as home:
        os.environ["LIFTGATE_HOME"] = home
        found = run_study(file, report=False)
    looks = found.body.get("looks")
    items = looks["items"] if looks else found.body["dataset"]["items"]
    return found.body["exit_code"], found.executed.called, items


def rows(name: str, full: tuple[int, int, int], plan: str, one: tuple[int, int, int]) -> str:
    code, called, items = one
    saved = 1 - called / full[1]
    same = "same" if code == full[0] else "another"
    return f"{name:<58} {plan:<16} {WORDS[code]:<13} {items:>6} {called:>6} {saved:>6.0%} {same}"


def replayed(folder: Path) -> Iterator[str]:
    found = outcomes()
    items = next(iter(found.values()))
    (folder / "replay.py").write_text(REPLAY, "utf-8")
    (folder / "outcomes.json").write_text(json.dumps(found, sort_keys=True), "utf-8")
    lines = [json.dumps({"id": i, "input": {"item": i}, "target": "won"}) + "\n" for i in items]
    (folder / "items.jsonl").write_text("".join(lines), "utf-8")
    for baseline, candidate in PAIRS:
        full = None
        for plan, stopping in PLANS.items():
            file = folder / "study.yaml"
            file.write_text(yaml.safe_dump(study(baseline, candidate, stopping)), "utf-8")
            one = run(file)
            full = full or one
            yield rows(f"{baseline} → {candidate}", full, plan, one)


def summarised(folder: Path) -> Iterator[str]:
    example = ROOT / "examples" / "summarise"
    sys.path.insert(0, str(ROOT))
    full = None
    for plan, stopping in (("one look", {"plan": "fixed"}), ("3 planned looks", None)):
        body = yaml.safe_load((example / "study.yaml").read_text("utf-8"))
        body["stopping"] = stopping or body["stopping"]
        file = folder / "summarise.yaml"
        file.write_text(yaml.safe_dump(body), "utf-8")
        shutil.copytree(example / "pilot", folder / "pilot", dirs_exist_ok=True)
        one = run(file)
        full = full or one
        yield rows("summarise: f16 → q4_1", full, plan, one)


def main() -> None:
    print(f"{'pair':<58} {'plan':<16} {'decision':<13} {'items':>6} {'calls':>6} {'saved':>6}")
    with tempfile.TemporaryDirectory() as folder:
        if (DATA / "alpaca_eval.parquet").is_file():
            for line in replayed(Path(folder)):
                print(line, flush=True)
        else:
            print("AlpacaEval: skipped, the data is not there")
        if find_spec("xllamacpp") is None or "LIFTGATE_MODELS" not in os.environ:
            print("summarise: skipped; run it by .venv-llm/bin/python after make demo-llm")
            return
        for line in summarised(Path(folder)):
            print(line, flush=True)


if __name__ == "__main__":
    main()
