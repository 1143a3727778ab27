"""A decision's dataset and plan again, from what was recorded: nothing is opened or called."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from liftgate.errors import BrokenChain, DataError, SystemFailed
from liftgate.evals.plan import BoundScorer, Plan, ordered
from liftgate.flow.items import load_items
from liftgate.flow.parts import Parts
from liftgate.lineage import datasets
from liftgate.records import (
    Answer,
    Arm,
    Dataset,
    Entry,
    Item,
    Json,
    Observation,
    Role,
    Scale,
    ScoreKind,
)
from liftgate.store import Store
from liftgate.study import lock
from liftgate.study.design import Study


@dataclass
class Recorded:
    """A system of which only the fingerprint is at hand: enough to select its rows."""

    fingerprint: str
    concurrency: int = 1

    async def answer(self, parts: Mapping[str, Json]) -> Answer:  # noqa: ARG002 - the door's signature
        """Refuse: a trace calls nothing."""
        raise SystemFailed("a recorded system answers nothing")

    def measure(self) -> Mapping[str, float]:
        """Return nothing: a trace measures nothing."""
        return {}

    async def close(self) -> None:
        """Do nothing."""


def locked_at(body: Mapping[str, Any], entries: Sequence[Entry], sequence: int) -> lock.Locked:
    """Return the study as it was locked when a decision was made.

    Args:
        body: of the decision's entry.
        entries: of the ledger, in order; of all of them the study's locks are looked at.
        sequence: of the decision's entry.

    Raises:
        BrokenChain: no entry before it locked the study.
    """
    before = (entry for entry in entries if entry.sequence < sequence)
    locked = lock.current(before, body["study"])
    if locked is None or locked.digest != body["study_digest"]:
        raise BrokenChain(f"entry {sequence}: no entry before it locked its study")
    return locked


def dataset_of(
    body: Mapping[str, Any], study: Study, store: Store, *, root: Path | None = None
) -> tuple[Dataset, tuple[str, ...]]:
    """Return a decision's dataset, and notes on what is lacking.

    It comes from the blobs, or from its source if that still gives the same, looked up from
    ``root`` (None: the working directory).

    Raises:
        DataError: neither gives the dataset that was decided on.
    """
    digest, name = body["dataset"]["digest"], body["dataset"]["name"]
    if store.blob_state(digest) == "kept":
        kept = datasets.rebuild(digest, store, name=name)
        lost = len(kept.erased)
        return kept.dataset, (f"{lost} items were erased and are not listed",) if lost else ()
    dataset = load_items(study.dataset, root=root or Path.cwd(), name=name)
    if dataset.digest != digest:
        raise DataError(
            f"dataset {name}: it was not kept with the decision, and its source gives "
            f"{dataset.digest} now, expected {digest}",
            hint="restore the dataset's source, then trace again",
        )
    return dataset, ()


def parts_of_record(
    body: Mapping[str, Any], locked: lock.Locked, study: Study, dataset: Dataset
) -> Parts:
    """Return the parts of a decision's study, as recorded: its systems can answer nothing."""
    arms = tuple(
        Arm(a["name"], Role(a["role"]), a["system"], a["params"], a["fingerprint"])
        for a in body["arms"]
    )
    recorded = locked.body
    scorers = tuple(
        BoundScorer(
            metric,
            study.scorer(metric),
            recorded["scorers"][metric],
            Scale(**{**scale, "kind": ScoreKind(scale["kind"])}),
        )
        for metric, scale in recorded["scales"].items()
    )
    systems = {arm.name: Recorded(arm.fingerprint) for arm in arms}
    return Parts(study, Path.cwd(), dataset, arms, systems, scorers)


def plan_of(body: Mapping[str, Any], locked: lock.Locked, study: Study, dataset: Dataset) -> Plan:
    """Return the plan of a decision, as recorded: it selects rows and can call nothing."""
    return parts_of_record(body, locked, study, dataset).plan(locked.digest, locked.time)


def bound_items(body: Mapping[str, Any], items: Sequence[Item], seed: int) -> frozenset[str] | None:
    """Return the ids of the items whose rows a decision binds; None: those of all.

    With several looks these are the items of the deciding one. A decision that tells of more items
    than it looked at binds all of them: one about a finite set, whose baseline answered them, or
    one that was made before rows beyond a look were left out.

    Args:
        body: of the decision's entry.
        items: of its dataset.
        seed: of its study.
    """
    looks = body.get("looks")
    if looks is None or body["done"]["items"] > looks["items"]:
        return None
    return frozenset(item.id for item in ordered(tuple(items), seed)[: looks["items"]])


def bound_among(
    rows: Sequence[Observation], body: Mapping[str, Any], items: Sequence[Item], seed: int
) -> tuple[Observation, ...]:
    """Return those of some rows that a decision binds; see ``bound_items``."""
    among = bound_items(body, items, seed)
    return tuple(row for row in rows if among is None or row.item in among)


def paid_among(
    rows: Sequence[Observation], among: Collection[str], locked: lock.Locked, store: Store
) -> tuple[Observation, ...]:
    """Return rows of some items, and those beyond them that the study's own runs made."""
    runs = {run.id for run in store.runs() if run.study in locked.digests}
    return tuple(row for row in rows if row.item in among or row.trial.run in runs)
