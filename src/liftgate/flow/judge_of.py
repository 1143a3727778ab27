"""A study's judge by its name, and what people can label for it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from liftgate.errors import StudyError, UnknownName
from liftgate.evals.labels import subject
from liftgate.evals.pairwise import known_pairs, order_effect, pairs_of
from liftgate.evals.plan import BoundScorer, Plan, jobs
from liftgate.evals.select import look
from liftgate.flow.parts import Parts, parts_of
from liftgate.flow.study import Opened, find, open_study
from liftgate.protocols import OfVerdicts
from liftgate.records import Json, Observation, Rubric, RubricScale, trial_key
from liftgate.store import Store, Workspace

_EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class JudgeOf:
    """A judge of a study that was opened."""

    opened: Opened
    parts: Parts
    bound: BoundScorer

    @property
    def judge(self) -> Any:
        """The scorer."""
        return self.bound.scorer

    @property
    def rubric(self) -> Rubric:
        """What it judges by."""
        rubric: Rubric = self.judge.rubric
        return rubric

    @property
    def span(self) -> tuple[float, float]:
        """The ends of its scores."""
        low, high = self.bound.scale.low, self.bound.scale.high
        assert low is not None
        assert high is not None
        return low, high

    def plan(self, workspace: Workspace) -> Plan:
        """Return the study's plan; of a study that was never locked all trials count."""
        locked = find(self.opened.study, workspace)
        since = _EARLIEST if locked is None else locked.time
        return self.parts.plan("" if locked is None else locked.digest, since)


def judge_of(name: str) -> JudgeOf:
    """Open a judge by ``STUDY.yaml@METRIC``, or ``STUDY.yaml`` where it has one judge.

    Raises:
        StudyError: faults of the study, or it has no judge.
        UnknownName: no judge of that name.
    """
    path, _, metric = name.rpartition("@") if "@" in Path(name).name else (name, "", "")
    opened = open_study(Path(path))
    parts = parts_of(opened)
    known = {one.name: one for one in parts.scorers if one.is_judge}
    if not known:
        raise StudyError(
            f"{path}: no scorer of this study is a judge",
            hint="a judge is a scorer of the study: {scorer: judge, rubric: NAME, system: …}",
        )
    if not metric and len(known) > 1:
        raise UnknownName("judge", "", known, hint=f"name one: {path}@{min(known)}")
    chosen = metric or next(iter(known))
    if chosen not in known:
        raise UnknownName("judge", chosen, known)
    return JudgeOf(opened, parts, known[chosen])


def subjects(made: JudgeOf, plan: Plan, store: Store) -> dict[str, set[str]]:
    """Return everything that can be labelled, with the items that it is about."""
    counted = look(plan, store).counted
    found: dict[str, set[str]] = {}
    if made.bound.of_pairs:
        for pair in pairs_of(jobs(plan), counted):
            for first, second in pair.orders:
                found.setdefault(subject(first.key, second.key), set()).add(pair.item.id)
        return found
    for job in jobs(plan):
        if job.key in counted and counted[job.key].failure is None:
            found.setdefault(job.key, set()).update(item.id for item in job.items)
    return found


def order(made: JudgeOf, plan: Plan, store: Store) -> dict[str, Any]:
    """Return how far a judge of pairs likes the first place."""
    if not made.bound.of_pairs:
        return {}
    pairs = pairs_of(jobs(plan), look(plan, store).counted)
    return {"by_position": order_effect(pairs, known_pairs(store.scores(made.bound.fingerprint)))}


def counted_scale(made: JudgeOf) -> RubricScale:
    """Return the scale of what labels count: the rubric's, or whether a label is the positive one.

    Of verdicts it says whether one is right.
    """
    scale = made.rubric.scale
    if isinstance(made.judge, OfVerdicts):
        words = zip(scale.anchors, ("wrong", "right"), strict=True)
        anchors = tuple(replace(a, value=float(n), label=w) for n, (a, w) in enumerate(words))
        return replace(scale, anchors=anchors)
    if made.judge.settings.positive is None:
        return scale
    chosen = scale.named(made.judge.settings.positive)
    assert chosen is not None
    anchors = tuple(replace(a, value=float(a.value == chosen.value)) for a in scale.anchors)
    return replace(scale, anchors=anchors)


def counted(made: JudgeOf, values: Mapping[str, float], said: Said) -> dict[str, float]:
    """Return trial -> label in the units of the score.

    1 for the positive label where there is one; of pairs the candidate's trial, and how far it is
    preferred, whichever stood first. What people say of the part that verdicts are about counts
    for every arm's verdict on it.

    Args:
        made: the judge.
        values: subject -> what people say of it.
        said: every arm's answers, for a judge of verdicts.
    """
    if made.bound.of_pairs:
        return preferred(made, values)
    if isinstance(made.judge, OfVerdicts):
        judge, rated = made.judge, said.rated(values)
        return {key: judge.counts(said.outputs[key], value) for key, value in rated.items()}
    positive = made.judge.settings.positive
    if positive is None:
        return dict(values)
    chosen = made.rubric.scale.named(positive)
    assert chosen is not None
    return {key: float(value == chosen.value) for key, value in values.items()}


@dataclass(frozen=True)
class Said:
    """Answers by trial, and the items that they are about."""

    outputs: Mapping[str, Json]
    items: Mapping[str, Collection[str]]

    @classmethod
    def of(cls, made: JudgeOf, rows: Sequence[Observation], store: Store) -> Said:
        """Return the answers of a study's rows; of none that no label needs to read."""
        if not isinstance(made.judge, OfVerdicts):
            return cls({}, {})
        outputs: dict[str, Json] = {}
        items: dict[str, set[str]] = {}
        for row in rows:
            if row.trial.failure is None:
                outputs[row.trial.key] = store.output(str(row.trial.output_digest))
                items.setdefault(row.trial.key, set()).add(row.item)
        return cls(outputs, items)

    def rated(self, values: Mapping[str, float]) -> dict[str, float]:
        """Return trial -> what people say of its item's part, whichever row they said it of."""
        by_item: dict[str, list[float]] = {}
        for key, value in values.items():
            for item in self.items[key]:
                by_item.setdefault(item, []).append(value)
        found = {}
        for key, items in self.items.items():
            known = [value for item in sorted(items) for value in by_item.get(item, ())]
            if known:
                found[key] = values.get(key, float(np.mean(known)))
        return found


def preferred(made: JudgeOf, values: Mapping[str, float]) -> dict[str, float]:
    """Return the candidate's trial -> how far people prefer it, the mean over both orders."""
    base = {
        trial_key(made.parts.baseline.fingerprint, item.input_digest, repeat)
        for item in made.parts.dataset.items
        for repeat in range(made.opened.study.repeats)
    }
    found: dict[str, list[float]] = {}
    for key, value in values.items():
        first, _, second = key.partition(" ")
        if first in base:
            found.setdefault(second, []).append(1 - value)
        else:
            found.setdefault(first, []).append(value)
    return {key: float(np.mean(some)) for key, some in found.items()}
