"""Trials made again in a process and a store of their own, so that no study can count them."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from liftgate.errors import LiftgateError
from liftgate.evals.cost import Purse
from liftgate.evals.prices import Prices, read_prices
from liftgate.evals.run import execute
from liftgate.evals.select import select
from liftgate.flow.items import load_items
from liftgate.flow.parts import parts_of
from liftgate.flow.study import opened_on
from liftgate.lineage import datasets
from liftgate.records import Dataset, Observation
from liftgate.store import Store
from liftgate.study.design import Study
from liftgate.study.load import load

_LISTED = {"model": "listed model"}


def key_of(row: Observation, arm: str) -> str:
    """Return what the same trial is found by in another run: arm, item, repeat."""
    return key(arm, row.item, row.repeat)


def key(arm: str, item: str, repeat: int) -> str:
    """Return the key of a trial of an arm, by its name."""
    return json.dumps([arm, item, repeat])


def parts(text: str) -> tuple[str, str, int]:
    """Return arm, item and repeat of a key."""
    arm, item, repeat = json.loads(text)
    return str(arm), str(item), int(repeat)


def outcome_of(row: Observation) -> dict[str, Any]:
    """Return all of a trial that a reproduction compares."""
    return {
        "output": row.trial.output_digest,
        "failure": None if row.trial.failure is None else row.trial.failure.value,
        "scores": {name: [s.outcome.value, s.value] for name, s in sorted(row.scores.items())},
    }


def said(
    rows: Iterable[Observation], names: Mapping[str, str], manifest: Mapping[str, Any]
) -> dict[str, Any]:
    """Return by what the servers behind the arms can be told from others.

    Args:
        rows: with what each answer reported.
        names: fingerprint -> arm.
        manifest: of the run.
    """
    found: dict[str, dict[str, Any]] = {}
    for row in rows:
        for part in ("model", "system_fingerprint"):
            value = (row.trial.reported or {}).get(part)
            if isinstance(value, str) and row.arm in names:
                found.setdefault(names[row.arm], {}).setdefault(part, set()).add(value)
    told = {
        f"{arm}: {part}": sorted(values)
        for arm, parts_ in found.items()
        for part, values in parts_.items()
    }
    for arm, about in (manifest.get("endpoints") or {}).items():
        # What answers name as their model is another thing than what the server lists.
        told |= {f"{arm}: {_LISTED.get(name, name)}": value for name, value in about.items()}
    return told


def run_shadow(job: dict[str, Any]) -> dict[str, Any]:
    """Make trials again.

    Args:
        job: home (of the shadow store), root (of the code), data_root, study (file) or model,
            dataset (digest in the store ``data_home``, or None: its source), digest, items, arms,
            prices (file or None), max_cost, concurrency (or None: the systems' own).

    Returns:
        rows: key -> outcome; cost: what is known of it; stopped: why it ended early; said: arm ->
        what its server says of itself, and the models and fingerprints that its answers name;
        concurrency: arm -> calls in flight.

    Raises:
        LiftgateError: something cannot be opened or run.
    """
    study = Study(**job["model"]) if job["model"] is not None else load(Path(job["study"]))
    dataset = _dataset(job, study)
    wanted = set(job["items"])
    chosen = tuple(item for item in dataset.items if item.id in wanted)
    root = Path(job["root"])
    parts = parts_of(opened_on(study, root, Dataset(dataset.name, chosen)))
    plan = parts.plan(job["digest"], None, concurrency=job["concurrency"])
    arms = tuple(bound for bound in plan.arms if bound.arm.name in job["arms"])
    plan = replace(plan, arms=arms, passes=(), pauses=())
    prices = Prices() if job["prices"] is None else read_prices(Path(job["prices"]))
    with Store.open(Path(job["home"])) as store:
        executed = asyncio.run(
            execute(
                plan,
                store,
                manifest={},
                purse=Purse(prices, job["max_cost"]),
                say=lambda line: print(line, file=sys.stderr),  # noqa: T201
            )
        )
        found = select(plan, store)
    names = {bound.arm.fingerprint: bound.arm.name for bound in arms}
    systems = {bound.arm.fingerprint: bound.arm.system for bound in arms}
    costs = [row.trial.cost for row in prices.priced(found, systems)]
    return {
        "rows": {key_of(row, names[row.arm]): outcome_of(row) for row in found},
        "cost": sum(cost for cost in costs if cost is not None),
        "stopped": executed.stopped,
        "said": said(found, names, {} if executed.run is None else executed.run.manifest),
        "concurrency": {} if executed.run is None else executed.run.manifest["concurrency"],
    }


def _dataset(job: dict[str, Any], study: Study) -> Dataset:
    if job["dataset"] is None:
        return load_items(study.dataset, root=Path(job["data_root"]), name=None)
    with Store.open(Path(job["data_home"]), read_only=True) as store:
        return datasets.rebuild(job["dataset"], store, name="captured").dataset


def attempt(job: dict[str, Any]) -> dict[str, Any]:
    """Return what ``run_shadow`` does, or no rows and why it could not be made."""
    try:
        return run_shadow(job)
    except LiftgateError as error:
        nothing: dict[str, Any] = {"rows": {}, "cost": 0.0, "stopped": None, "said": {}}
        return {**nothing, "concurrency": {}, "error": str(error)}


def main() -> None:
    """Read a job from standard input, and write what came of it to the file it names."""
    job = json.load(sys.stdin)
    Path(job["out"]).write_text(json.dumps(attempt(job)), encoding="utf-8")


if __name__ == "__main__":
    main()
