"""``trace``: from a printed number to the rows, answers, runs, code and people behind it."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from liftgate.documents.audit import bound_numbers, record_of
from liftgate.documents.binding import CONSTANT
from liftgate.documents.facts import Facts
from liftgate.documents.sections import readable
from liftgate.errors import BrokenChain, DataError, LiftgateError, UnknownName
from liftgate.evals.plan import Plan
from liftgate.evals.prices import read_prices
from liftgate.evals.select import select
from liftgate.flow.checkpoints import trust_file
from liftgate.flow.impact import index_of
from liftgate.flow.ledger import ERASED
from liftgate.flow.ratios import Ratios, ratios_of
from liftgate.flow.recorded import bound_items, dataset_of, locked_at, paid_among, plan_of
from liftgate.flow.trace_rows import (
    LARGE,
    KeptRows,
    LargeRows,
    RowLines,
    Tell,
    lines_of,
    refusal,
    rows_digest,
)
from liftgate.flow.unseen import refuse_unseen
from liftgate.gates.summary import bound_rows
from liftgate.ledger import verified_entries
from liftgate.ledger.trust import Trust
from liftgate.ledger.trust import load as load_trust
from liftgate.lineage.behind import answers_behind, people_behind, runs_behind
from liftgate.lineage.impact import reopened_lines
from liftgate.lineage.reference import Sort, Target, targets
from liftgate.lineage.rows import Line, item_lines, largest_first, measure_lines
from liftgate.lineage.trace import Printed, Trace, trace
from liftgate.records import Dataset, Entry, Failure, Item, Observation, Scale
from liftgate.store import Seen, Store, Workspace
from liftgate.study.design import Study
from liftgate.study.lock import DECISION, Locked

ANSWERS = 3
"""Rows whose answers are shown unless more are asked for."""
_MARK = re.compile(r"(?P<file>.+)#m(?P<number>[1-9]\d*)")


def trace_reference(
    reference: str,
    workspace: Workspace,
    *,
    answers: int = ANSWERS,
    ledger: Sequence[Entry] | None = None,
    seen: Seen | None = None,
    kept: KeptRows | None = None,
    tell: Tell = lambda _: None,
) -> Trace:
    """Follow a reference to its entries, files, rows, runs and people; the chain is verified first.

    Rows are selected again from the store by the same rule as for the decision. What stands in the
    way of that becomes a note; the rest of the trace holds all the same.

    Args:
        reference: as beside a number; or ``card.md#m3``, the third bound number of a document.
        workspace: which is only read.
        answers: of how many rows to bring what was asked and answered.
        ledger: its entries, verified by this process; None: they are verified now.
        seen: what was seen of the files; None: each is hashed now.
        kept: keeps the rows of large decisions, which are then told by arrays; None: all rows are
            made.
        tell: told how far it is.

    Raises:
        NotAllowed: the decision's study was not looked at yet.
        DataError: the text is no reference, or the document was not built by ``doc build``.
        UnknownName: no such entry or number; names the nearest.
        BrokenChain: the ledger was altered, or it has not the entry that the document is from.
        LedgerError: there is no ledger yet.
    """
    entries = verified_entries(workspace.home) if ledger is None else ledger
    printed = _printed(reference, entries)
    if printed is not None:
        reference = printed.name.rpartition("#")[0]
    with Store.open(workspace.home, read_only=True, seen=seen) as store:
        found = replace(trace(reference, entries, store.file_state), printed=printed)
        reopened = reopened_lines(entries, found.entry.sequence)
        found = replace(found, notes=(*found.notes, *reopened))
        rows: _Rows | None = None
        if found.target is not None:
            refuse_unseen(found.entry.body)
            try:
                rows = _rows_behind(found, found.target, entries, store, workspace, (kept, tell))
            except LiftgateError as error:
                note = f"the rows cannot be listed: {error}"
                found = replace(found, notes=(*found.notes, note))
        if rows is not None:
            found, first = rows.trace, rows.trace.lines[:answers]
            shown = answers_behind(first, rows.items(first), _texts(store), readable)
            found = replace(found, answers=shown)
        if found.entry.kind != DECISION:
            return found
        return _with_people(found, entries, store, workspace, None if rows is None else rows.runs())


@dataclass(frozen=True)
class _Rows:
    """A trace with its rows, and what is looked up of them."""

    trace: Trace
    dataset: Sequence[Item] = ()
    large: LargeRows | None = None

    def items(self, lines: Sequence[Line]) -> Sequence[Item]:
        """Return the items of some lines, and perhaps more."""
        if self.large is None:
            return self.dataset
        large = self.large
        names = [line.item for line in lines]
        places = [bisect_left(large.kept.names, name) for name in names]
        return large.items(places)

    def runs(self) -> frozenset[str]:
        """Return the runs that hold the rows."""
        lines = self.trace.lines
        if isinstance(lines, RowLines):
            return lines.runs
        return frozenset(cell.run for line in lines for cell in line.cells.values())


def names_document(reference: str) -> bool:
    """Whether a reference is to a number of a document, so that its file is opened."""
    return _MARK.fullmatch(reference.strip()) is not None


def _printed(reference: str, entries: Sequence[Entry]) -> Printed | None:
    """Return what a document prints at a mark; None: the reference is to no document.

    Raises:
        DataError: no document of ``doc build``, or a constant, which rests on no evidence.
        UnknownName: it has no so many bound numbers.
        BrokenChain: this ledger has not the entry that it was built from.
    """
    asked = _MARK.fullmatch(reference.strip())
    if asked is None:
        return None
    file = Path(asked["file"])
    if not file.is_file():
        raise DataError(f"{file}: no such file", hint="trace FILE#m3, of a document of doc build")
    text = file.read_text(encoding="utf-8")
    record, _ = record_of(text, file.name)
    sequence = int(record["entry"])
    own = next((e for e in entries if e.sequence == sequence and e.kind == DECISION), None)
    if own is None or own.leaf != record["leaf"]:
        raise BrokenChain(f"{file.name}: built from entry {sequence}, which this ledger has not")
    numbers = bound_numbers(text)
    place = int(asked["number"])
    if place > len(numbers):
        raise UnknownName("number", f"m{place}", [f"m1 to m{len(numbers)}"] if numbers else [])
    one = numbers[place - 1]
    name = str(one.name)
    if name.startswith(CONSTANT):
        raise DataError(f"{file.name}:{one.line}: {name} is declared in the template, not evidence")
    expected = Facts(sequence, own.body, targets(own.body, sequence)).text(name)
    return Printed(str(file), one.line, f"m{place}", name, one.text, expected)


def _with_people(
    found: Trace,
    entries: Sequence[Entry],
    store: Store,
    workspace: Workspace,
    held: frozenset[str] | None,
) -> Trace:
    try:
        index = index_of(entries, store, load_trust(trust_file(workspace, None)))
    except LiftgateError as error:
        note = f"who signed cannot be told: {error}"
        found = replace(found, notes=(*found.notes, note))
        index = index_of(entries, store, Trust())
    runs = runs_behind(found.entry, index, held)
    return replace(found, runs=runs, people=people_behind(found.entry, index))


def _texts(store: Store) -> Any:
    def text(digest: str) -> str | None:
        return readable(store.output(digest)) if store.blob_state(digest) == "kept" else None

    return text


def _rows_behind(
    found: Trace,
    target: Target,
    entries: Sequence[Entry],
    store: Store,
    workspace: Workspace,
    large: tuple[KeptRows | None, Tell],
) -> _Rows:
    body = found.entry.body
    arms = {a["name"]: a["fingerprint"] for a in body["arms"] if a["name"] in target.arms}
    if target.is_measure:
        measures = store.measures(body["study_digest"])
        return _Rows(replace(found, lines=measure_lines(measures, target.metric, arms)))
    locked = locked_at(body, entries, found.entry.sequence)
    study = Study(**locked.model)
    kept, tell = large
    trials = body["dataset"]["items"] * len(body["arms"]) * study.repeats
    if (
        kept is not None
        and trials > LARGE
        and store.blob_state(body["dataset"]["digest"]) == "kept"
    ):
        with kept.turn:
            return _large(found, target, locked, workspace, (kept, tell), entries)
    dataset, notes = dataset_of(body, study, store)
    plan = plan_of(body, locked, study, dataset)
    traced = _all_rows(found, target, (study, plan, notes, locked), store, workspace)
    return _Rows(traced, dataset.items)


def _large(
    found: Trace,
    target: Target,
    locked: Locked,
    workspace: Workspace,
    large: tuple[KeptRows, Tell],
    entries: Sequence[Entry],
) -> _Rows:
    """Return the rows of a decision that is too large for a record of each."""
    kept, tell = large
    body, study = found.entry.body, Study(**locked.model)
    own = body["dataset"]
    tell(f"The rows of {own['items']:,} items are read.")
    plan = plan_of(body, locked, study, Dataset(own["name"], (Item("none", {}),)))
    refused = refusal(target, plan)
    if refused:
        raise DataError(f"{refused}, of too many trials for a page: use the command liftgate trace")
    erased = {str(one.body.get("digest")) for one in entries if one.kind == ERASED}
    rows = kept.of(found.entry, plan, workspace.home, erased)
    notes = [f"{rows.kept.erased} items were erased and are not listed"] if rows.kept.erased else []
    arms = {a["name"]: a["fingerprint"] for a in body["arms"] if a["name"] in target.arms}
    lines = lines_of(rows, target, arms, _failure_scores(study, body, target))
    if not rows.digests:
        rows.digests.append(rows_digest(rows, list(study.scorers), tell))
    if rows.digests[0] != body["rows"]["digest"]:
        notes.append(_OTHER_ROWS)
    notes += _of_tries(study, target)
    return _Rows(replace(found, lines=lines, notes=(*found.notes, *notes)), large=rows)


_OTHER_ROWS = "the rows selected now are not those that the decision bound: see rows"


def _of_tries(study: Study, target: Target) -> tuple[str, ...]:
    tries = study.scorers[target.metric].tries if target.metric in study.scorers else None
    if tries is None:
        return ()
    return (f"each row is one try; the number is {tries.text} over an item's tries",)


def _all_rows(
    found: Trace,
    target: Target,
    given: tuple[Study, Plan, tuple[str, ...], Locked],
    store: Store,
    workspace: Workspace,
) -> Trace:
    study, plan, notes, locked = given
    body, dataset = found.entry.body, plan.dataset
    arms = {a["name"]: a["fingerprint"] for a in body["arms"] if a["name"] in target.arms}
    observations = selected = select(plan, store)
    among = bound_items(body, dataset.items, study.seed)
    if among is not None:
        observations = tuple(row for row in selected if row.item in among)
    bound = bound_rows(observations, list(study.scorers))
    if bound["digest"] != body["rows"]["digest"]:
        notes = (*notes, _OTHER_ROWS)
    if among is not None and target.sort in (Sort.COST, Sort.JUDGE_COST):
        observations = paid_among(selected, among, locked, store)
    if target.sort is Sort.COST:
        observations, told = _priced(observations, body, workspace)
        notes = (*notes, *told)
    if target.metric in study.ratios:
        scales = {one.name: one.scale for one in plan.scorers}
        ratios = ratios_of(study, scales, observations, store)
        if {study.ratios[target.metric].of, study.ratios[target.metric].per} & {"cost"}:
            observations, told = _priced(observations, body, workspace)
            notes = (*notes, *told)
        found = replace(
            found, notes=(*found.notes, *notes), contents=_kept(observations, arms, store)
        )
        return _with_ratio(found, target, observations, ratios, dataset.items)
    notes = (*notes, *_of_tries(study, target))
    items = [item.id for item in dataset.items if _concerned(item.slices, target)]
    lines = item_lines(
        observations,
        target.metric,
        arms,
        items,
        failure_scores=_failure_scores(study, body, target),
    )
    return replace(
        found,
        lines=_sorted(lines, target),
        notes=(*found.notes, *notes),
        contents=_kept(observations, arms, store),
    )


def _kept(rows: Sequence[Observation], arms: Mapping[str, str], store: Store) -> Any:
    """Return what is kept of the answers and traces behind some rows."""
    named = set(arms.values())
    trials = [row.trial for row in rows if row.arm in named]
    digests = {trial.output_digest for trial in trials} | {trial.trace_digest for trial in trials}
    return store.contents(digest for digest in digests if digest is not None)


def _with_ratio(
    found: Trace, target: Target, rows: Sequence[Observation], ratios: Ratios, items: Sequence[Item]
) -> Trace:
    """Return the trace with what each try adds to both sums of a ratio."""
    known = {arm["name"]: arm["fingerprint"] for arm in found.entry.body["arms"]}
    arms = {name: known[name] for name in target.arms}
    concerned = [item.id for item in items if _concerned(item.slices, target)]
    columns, lines = ratios.lines(target.metric, arms, concerned, rows)
    return replace(found, lines=lines, columns=columns)


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
