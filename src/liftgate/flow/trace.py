"""``trace``: from a printed number to the rows that it was made of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from liftgate.errors import LiftgateError
from liftgate.evals.prices import read_prices
from liftgate.evals.select import select
from liftgate.flow.recorded import dataset_of, locked_at, plan_of
from liftgate.gates.summary import bound_rows
from liftgate.ledger import Ledger
from liftgate.lineage.reference import Sort, Target
from liftgate.lineage.rows import Line, item_lines, largest_first, measure_lines
from liftgate.lineage.trace import Trace, trace
from liftgate.records import Entry, Failure, Observation, Scale
from liftgate.store import Store, Workspace
from liftgate.study.design import Study


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
            return _with_rows(found, found.target, entries, store, workspace)
        except LiftgateError as error:
            return replace(found, notes=(*found.notes, f"the rows cannot be listed: {error}"))


def _with_rows(
    found: Trace, target: Target, entries: Sequence[Entry], store: Store, workspace: Workspace
) -> Trace:
    body = found.entry.body
    arms = {a["name"]: a["fingerprint"] for a in body["arms"] if a["name"] in target.arms}
    if target.is_measure:
        measures = store.measures(body["study_digest"])
        return replace(found, lines=measure_lines(measures, target.metric, arms))
    locked = locked_at(body, entries, found.entry.sequence)
    study = Study(**locked.model)
    dataset, notes = dataset_of(body, study, store)
    plan = plan_of(body, locked, study, dataset)
    observations = select(plan, store)
    bound = bound_rows(observations, list(study.scorers))
    if bound["digest"] != body["rows"]["digest"]:
        notes = (*notes, "the rows selected now are not those that the decision bound: see rows")
    if target.sort is Sort.COST:
        observations, told = _priced(observations, body, workspace)
        notes = (*notes, *told)
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
    named = set(arms.values())
    trials = [row.trial for row in observations if row.arm in named]
    digests = {trial.output_digest for trial in trials} | {trial.trace_digest for trial in trials}
    return replace(
        found,
        lines=_sorted(lines, target),
        notes=(*found.notes, *notes),
        contents=store.contents(digest for digest in digests if digest is not None),
    )


def _priced(
    observations: tuple[Observation, ...], body: Mapping[str, Any], workspace: Workspace
) -> tuple[tuple[Observation, ...], tuple[str, ...]]:
    """Price the calls by the decision's table, where the workspace still has it."""
    recorded = body.get("prices")
    if recorded is None:
        return observations, ()
    path = workspace.prices
    if not path.is_file() or (prices := read_prices(path)).digest != recorded["digest"]:
        told = f"the decision's price table ({recorded['digest']}) is not the workspace's"
        return observations, (f"{told}: only what systems reported themselves is listed",)
    systems = {arm["fingerprint"]: arm["system"] for arm in body["arms"]}
    return prices.priced(observations, systems), ()


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
    if len(target.arms) < 2 or target.sort is Sort.JUDGE_COST:
        return tuple(lines)
    return tuple(largest_first(lines, *target.arms))
