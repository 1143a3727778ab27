"""Items to which two arms gave the same answer: whoever rates it blind says the same of both."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from liftgate.errors import StudyError
from liftgate.flow.judge_of import JudgeOf
from liftgate.protocols import OfVerdicts
from liftgate.records import Observation, Part
from liftgate.store import Store

_Answers = dict[str, dict[str, list[Any]]]


def same_answers(
    made: JudgeOf, rows: Sequence[Observation], store: Store
) -> Mapping[str, frozenset[str]]:
    """Return candidate's fingerprint -> items on which its answers are the baseline's.

    Over repeats the same answers as often, in any order; a failure is the same as another of its
    kind; of verdicts those that count alike whatever people say of the part.

    Args:
        made: the judge whose metric is labelled.
        rows: selected ones, all arms'.
        store: holds the answers.
    """
    found: _Answers = {}
    for row in rows:
        found.setdefault(row.arm, {}).setdefault(row.item, []).append(_said(made, row, store))
    theirs = found.get(made.parts.baseline.fingerprint, {})
    return {
        arm.fingerprint: frozenset(
            item
            for item, answers in found.get(arm.fingerprint, {}).items()
            if sorted(map(repr, answers)) == sorted(map(repr, theirs.get(item, ())))
        )
        for arm in made.parts.candidates
    }


def needs_all(made: JudgeOf) -> str:
    """Return why labels of items whose answers differ would not do, or an empty text."""
    study, metric = made.opened.study, made.bound.name
    for claim in study.every_claim():
        if claim.metric != metric or claim.part is Part.WATCH:
            continue
        if claim.rule == "within" or claim.part is Part.FLOOR:
            return f"the claim {claim.id} is about {metric} itself and not about a difference"
    for name, ratio in study.ratios.items():
        if metric in (ratio.of, ratio.per):
            return f"{name} is a ratio of sums over all items"
    if made.judge.needs_trace:
        return "answers are rated against what was retrieved, which can differ where they do not"
    return ""


def refuse_needing_all(made: JudgeOf) -> None:
    """Refuse to draw only items whose answers differ where a claim needs the others.

    Raises:
        StudyError: a claim on the metric itself, a ratio of it, or sources of each arm's own.
    """
    why = needs_all(made)
    if why:
        raise StudyError(
            f"{made.opened.study.file}: labels are needed of all items, not only of those whose "
            f"answers differ: {why}",
            hint="draw without --differing",
        )


def _said(made: JudgeOf, row: Observation, store: Store) -> tuple[Any, ...]:
    trial = row.trial
    if trial.failure is not None:
        return ("failed", trial.failure.value)
    if isinstance(made.judge, OfVerdicts):
        output = store.output(str(trial.output_digest))
        return tuple(made.judge.counts(output, value) for value in made.rubric.scale.values)
    return (trial.input_digest, trial.output_digest)
