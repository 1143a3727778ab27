"""From a study's rows to what people rate: answers, or pairs of answers of two arms."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from liftgate.errors import DataError, UnknownName
from liftgate.evals.select import select
from liftgate.flow.recorded import dataset_of, locked_at, plan_of
from liftgate.flow.report import KIND, choose, study_name
from liftgate.humans.subjects import Side, Subject, context, subject_key
from liftgate.records import Entry, Item, Json, Observation, Role, Rubric, RubricUnit, Shown
from liftgate.store import Store
from liftgate.study.design import Study

_SOURCE_PARTS = ("source", "context", "document", "passages")

Answers = Mapping[str, Observation]
"""Arm's fingerprint -> its observation of one item."""


def subjects_of_study(
    source: str,
    rubric: Rubric,
    entries: Sequence[Entry],
    store: Store,
    *,
    stratify: str | None,
    harm: str | None,
) -> tuple[tuple[Subject, ...], str, tuple[str, ...]]:
    """Return what a study's last decision, or one run, gives to rate.

    The rows are those that the decision selected, first repeats only. An item on which an arm
    failed is left out: a failure has its declared score and needs no rating.

    Args:
        source: a study's file or name, or a run's id.
        rubric: says whether answers or pairs are rated, and what is shown beside them.
        entries: of the ledger, verified.
        store: holds the rows and texts.
        stratify: a slice or a field of the metadata whose values are strata.
        harm: the same, for categories that raters are warned of.

    Returns:
        Subjects, the study's digest, notes on what was left out.

    Raises:
        UnknownName: no study and no run of that name; no item has that slice or field.
        LiftgateError: nothing was decided yet.
        DataError: no rows, or a rubric that asks about single statements.
    """
    if rubric.unit is RubricUnit.STATEMENT:
        raise DataError(
            f"rubric {rubric.name}: asks about single statements, which a run does not hold",
            hint="write the statements into a .jsonl file, one a line, and draw from that",
        )
    decision, run = _decision(source, entries, store)
    locked = locked_at(decision.body, entries, decision.sequence)
    study = Study(**locked.model)
    dataset, notes = dataset_of(decision.body, study, store)
    for name in (stratify, harm):
        _expect_label(dataset.items, name)
    plan = plan_of(decision.body, locked, study, dataset)
    by_role = sorted(plan.arms, key=lambda bound: bound.arm.role is not Role.BASELINE)
    arms = [bound.arm.fingerprint for bound in by_role]
    versions = {bound.arm.fingerprint: study.arm(bound.arm.name).reads for bound in by_role}
    by_item: dict[str, dict[str, Observation]] = {}
    for seen in select(plan, store):
        if seen.repeat == 0 and (run is None or seen.trial.run == run):
            by_item.setdefault(seen.item, {})[seen.arm] = seen
    subjects: list[Subject] = []
    left_out = 0
    for item in dataset.items:
        answers = by_item.get(item.id, {})
        whole = len(answers) == len(arms) and all(
            answers[arm].trial.failure is None for arm in arms
        )
        left_out += not whole
        if whole:
            labels = {"stratum": _label(item, stratify), "harm": _label(item, harm)}
            as_read = {arm: item.as_read(versions[arm]) for arm in arms}
            subjects += _subjects(as_read, answers, rubric, store, labels)
    if not subjects:
        raise DataError(f"{source}: got no item that every arm answered, expected at least one")
    if left_out:
        notes = (
            *notes,
            f"{left_out} items that an arm failed on, or that have no row, are left out",
        )
    return tuple(subjects), str(decision.body["study_digest"]), notes


def _decision(source: str, entries: Sequence[Entry], store: Store) -> tuple[Entry, str | None]:
    """The decision whose rows are rated, and the run, where one was named."""
    decisions = [entry for entry in entries if entry.kind == KIND]
    run = next((run for run in store.runs() if run.id == source), None)
    if run is None:
        return choose(decisions, study=study_name(source), entry=None), None
    of_run = [entry for entry in decisions if entry.body["study_digest"] == run.study]
    return choose(of_run, study=None, entry=None), run.id


def _subjects(
    as_read: Mapping[str, Item],
    answers: Answers,
    rubric: Rubric,
    store: Store,
    labels: Mapping[str, str],
) -> Iterator[Subject]:
    """Yield the subjects of an item, given as each arm reads it, the baseline first."""
    baseline, *candidates = as_read

    def side(arm: str) -> Side:
        trial = answers[arm].trial
        assert trial.output_digest is not None
        origin: dict[str, Json] = {
            "trial": trial.key,
            "attempt": trial.attempt,
            "run": trial.run,
            "target": as_read[arm].target_digest,
        }
        return Side(store.output(trial.output_digest), origin)

    def subject(*keys: str) -> Subject:
        item, sides = as_read[keys[-1]], tuple(side(arm) for arm in keys)
        key = subject_key(item.id, *(str(one.origin["trial"]) for one in sides))
        return Subject(key, item.id, _shown(item, rubric), sides, **labels)

    if rubric.unit is RubricUnit.PAIR:
        for candidate in candidates:
            yield subject(candidate, baseline)
    else:
        for arm in as_read:
            yield subject(arm)


def _shown(item: Item, rubric: Rubric) -> dict[str, Json]:
    """The context that the rubric wants shown, under names of our own or of the input's parts."""
    shown: dict[str, Json] = {}
    source = _source(item) if Shown.SOURCE in rubric.shows else None
    if Shown.INPUT in rubric.shows:
        parts = {name: value for name, value in item.input.items() if name != source}
        shown.update(context(parts))
    if source is not None:
        shown["Source"] = item.input.get(source, item.metadata.get(source))
    if Shown.REFERENCE in rubric.shows:
        shown["Reference answer"] = item.target
    return shown


def _source(item: Item) -> str:
    """The name of the part of an item that holds its source text."""
    for name in _SOURCE_PARTS:
        if name in item.input or name in item.metadata:
            return name
    raise DataError(
        f"item {item.id!r}: the rubric shows a source, and no part or metadata is named one of "
        + ", ".join(_SOURCE_PARTS)
    )


def _expect_label(items: Sequence[Item], name: str | None) -> None:
    """Refuse a name that no item has: it would give one stratum, or warn of nothing."""
    known = {key for item in items for key in (*item.slices, *item.metadata)}
    if name is not None and name not in known:
        raise UnknownName("slice or field of the items", name, known)


def _label(item: Item, name: str | None) -> str:
    if name is None:
        return ""
    value: Any = item.slices.get(name, item.metadata.get(name))
    return "" if value is None else str(value)
