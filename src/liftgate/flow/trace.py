"""``trace``: from a printed number to the rows that it was made of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from liftgate.errors import BrokenChain, DataError, LiftgateError, SystemFailed
from liftgate.evals.data import load_dataset
from liftgate.evals.plan import Plan
from liftgate.evals.select import select
from liftgate.flow.parts import Parts
from liftgate.flow.scorers import bound_scorers
from liftgate.gates.summary import bound_rows
from liftgate.ledger import Ledger
from liftgate.lineage import datasets
from liftgate.lineage.reference import Target
from liftgate.lineage.rows import Line, item_lines, largest_first, measure_lines
from liftgate.lineage.trace import Trace, trace
from liftgate.records import Answer, Arm, Dataset, Entry, Failure, Json, Role, Scale
from liftgate.store import Store, Workspace
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


def trace_reference(reference: str, workspace: Workspace) -> Trace:
    """Follow a reference to its entries, files and rows; the chain is verified first.

    Rows are selected again from the store by the same rule as for the decision. What stands in the
    way of that becomes a note; the rest of the trace holds all the same.

    Raises:
        DataError: the text is no reference.
        UnknownName: no such entry or number; names the nearest.
        BrokenChain: the ledger was altered.
        LedgerError: there is no ledger yet.
    """
    with Ledger.open(workspace.home, read_only=True) as ledger:
        ledger.verify()
        entries = list(ledger.entries())
    with Store.open(workspace.home, read_only=True) as store:
        found = trace(reference, entries, store.file_state)
        if found.target is None:
            return found
        try:
            return _with_rows(found, found.target, entries, store)
        except LiftgateError as error:
            return replace(found, notes=(*found.notes, f"the rows cannot be listed: {error}"))


def _with_rows(found: Trace, target: Target, entries: Sequence[Entry], store: Store) -> Trace:
    body = found.entry.body
    arms = {a["name"]: a["fingerprint"] for a in body["arms"] if a["name"] in target.arms}
    if target.is_measure:
        measures = store.measures(body["study_digest"])
        return replace(found, lines=measure_lines(measures, target.metric, arms))
    locked = _locked(body, entries, found.entry.sequence)
    study = Study(**locked.model)
    dataset, notes = _dataset(body, study, store)
    plan = _plan(body, locked, study, dataset)
    observations = select(plan, store)
    bound = bound_rows(observations, list(study.scorers))
    if bound["digest"] != body["rows"]["digest"]:
        notes = (*notes, "the rows selected now are not those that the decision bound: see rows")
    tries = study.scorers[target.metric].tries if target.metric in study.scorers else None
    if tries is not None:
        notes = (*notes, f"each row is one try; the number is {tries.text} over an item's tries")
    items = [item.id for item in dataset.items if _concerned(item.slices, target)]
    lines = item_lines(
        observations,
        target.metric,
        arms,
        items,
        failure_scores=_failure_scores(study, body, target),
    )
    return replace(found, lines=_sorted(lines, target), notes=(*found.notes, *notes))


def _locked(body: Mapping[str, Any], entries: Sequence[Entry], sequence: int) -> lock.Locked:
    """The study as it was locked when the decision was made."""
    locked = lock.current(entries[: sequence - 1], body["study"])
    if locked is None or locked.digest != body["study_digest"]:
        raise BrokenChain(f"entry {sequence}: no entry before it locked its study")
    return locked


def _dataset(
    body: Mapping[str, Any], study: Study, store: Store
) -> tuple[Dataset, tuple[str, ...]]:
    """The decision's dataset: from the blobs, or from its source if that still gives the same."""
    digest, name = body["dataset"]["digest"], body["dataset"]["name"]
    if store.blob_state(digest) == "kept":
        kept = datasets.rebuild(digest, store, name=name)
        lost = len(kept.erased)
        return kept.dataset, (f"{lost} items were erased and are not listed",) if lost else ()
    source = study.dataset
    dataset = load_dataset(
        source.source, root=Path.cwd(), name=name, cluster=source.cluster, slices=source.slices
    )
    if dataset.digest != digest:
        raise DataError(
            f"dataset {name}: it was not kept with the decision, and its source gives "
            f"{dataset.digest} now, expected {digest}",
            hint="restore the dataset's source, then trace again",
        )
    return dataset, ()


def _plan(body: Mapping[str, Any], locked: lock.Locked, study: Study, dataset: Dataset) -> Plan:
    """The plan of the decision, as recorded: it selects rows and can call nothing."""
    arms = tuple(
        Arm(a["name"], Role(a["role"]), a["system"], a["params"], a["fingerprint"])
        for a in body["arms"]
    )
    recorded = locked.body
    scorers = tuple(
        replace(bound, fingerprint=recorded["scorers"][bound.name])
        for bound in bound_scorers(study, dataset)
    )
    systems = {arm.name: Recorded(arm.fingerprint) for arm in arms}
    return Parts(study, Path.cwd(), dataset, arms, systems, scorers).plan(
        locked.digest, locked.time
    )


def _failure_scores(
    study: Study, body: Mapping[str, Any], target: Target
) -> dict[Failure, float | None]:
    """What each kind of failure counts as on the target's metric; nothing for a latency."""
    if target.metric not in body["scales"]:
        return {}
    scale = Scale(**body["scales"][target.metric])
    declared = {kind: getattr(study.outcomes, kind.value).score for kind in Failure}
    return {
        kind: scale.worst if isinstance(score, str) else score for kind, score in declared.items()
    }


def _concerned(slices: Mapping[str, str], target: Target) -> bool:
    if target.slice is None or target.slice_name is None:
        return True
    return slices.get(target.slice_name) == target.slice


def _sorted(lines: Sequence[Line], target: Target) -> tuple[Line, ...]:
    if len(target.arms) < 2:
        return tuple(lines)
    return tuple(largest_first(lines, *target.arms))
