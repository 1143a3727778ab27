"""What a batch has shown so far: labels, agreement, drift, what is to be settled, the pace."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from math import isnan, nan
from statistics import median
from typing import TYPE_CHECKING

from liftgate.errors import NotEnoughData
from liftgate.humans.batch import Batch
from liftgate.humans.draw import TaskKind, turned
from liftgate.humans.ratings import Act, ActKind, refused, standing
from liftgate.records import RubricKind

if TYPE_CHECKING:
    from liftgate.stats.agreement import RaterReport
    from liftgate.stats.drift import RaterDrift


@dataclass(frozen=True)
class Label:
    """What one rater says of one subject, as it stands."""

    rater: str
    task: int
    subject: str
    item: str
    kind: TaskKind
    swapped: bool
    """Of a pair: whether the second side was shown first."""
    value: float | None
    """Of a pair, about the first side, however it was shown; None: abstained."""
    reason: str
    """Why there is no value."""
    comment: str
    at: datetime | None
    """None: the rater never acted: the category was refused."""
    seconds: float | None


@dataclass(frozen=True)
class Dispute:
    """A subject on which raters differ, or that nobody could rate."""

    subject: str
    values: Mapping[str, float | None]
    """Rater -> value; None: abstained."""
    spread: float
    """Largest minus smallest; of a nominal scale, how many different values."""


@dataclass(frozen=True)
class Agreed:
    """The agreement of the raters on what all of them rate."""

    subjects: int
    """Rated by at least two."""
    report: RaterReport | None
    reason: str = ""
    """Why there is no report."""


@dataclass(frozen=True)
class Pace:
    """How far one rater is."""

    rater: str
    done: int
    skipped: int
    left_out: int
    """Of refused categories."""
    total: int
    median_seconds: float | None
    repeats: int
    """Repeated subjects rated twice."""
    consistent: int
    """Of these, with the same value."""
    last: datetime | None


def labels(batch: Batch, acts: Sequence[Act]) -> list[Label]:
    """Return what stands, by rater and task; refused categories are abstentions, too."""
    found = []
    for rater in batch.raters:
        own = [act for act in acts if act.rater == rater]
        stands, unwanted = standing(own), refused(own)
        for number in range(1, len(batch.tasks[rater]) + 1):
            act = stands.get(number)
            harm = batch.subjects[batch.tasks[rater][number - 1].subject].harm
            if act is not None:
                found.append(_label(batch, rater, number, act))
            elif harm in unwanted:
                found.append(_label(batch, rater, number, None))
    return found


def settled(acts: Iterable[Act]) -> dict[str, Act]:
    """Return subject -> the lead's last word on it."""
    return {act.subject: act for act in acts if act.kind is ActKind.ADJUDICATED}


def agreement(batch: Batch, found: Sequence[Label], *, seed: int = 0) -> Agreed:
    """Return alpha, kappa, AC1 and raw agreement on what everybody rates, first ratings only."""
    rows = _shared(found)
    table = [[row.get(rater, nan) for rater in batch.raters] for row in rows.values()]
    both = sum(sum(not isnan(value) for value in row) > 1 for row in table)
    if len(batch.raters) < 2 or not both:
        return Agreed(both, None, "Nothing was rated by two raters yet")
    from liftgate.stats.agreement import rater_report

    kinds = {RubricKind.BINARY: "nominal"}
    kind = batch.rubric.scale.kind
    try:
        report = rater_report(table, kinds.get(kind, kind.value), seed=seed)
    except NotEnoughData as error:
        return Agreed(both, None, str(error))
    return Agreed(both, report)


def drift(batch: Batch, found: Sequence[Label]) -> tuple[RaterDrift, ...]:
    """Return each rater's errors on gold items, tested for a change; the most suspicious first.

    On a nominal scale an error is 1, whatever the value.
    """
    from liftgate.stats.drift import rater_drift

    errors: dict[str, list[float]] = {rater: [] for rater in batch.raters}
    nominal = batch.rubric.scale.kind is RubricKind.NOMINAL
    for label in sorted(found, key=lambda one: (one.rater, one.task)):
        if label.kind is TaskKind.GOLD and label.value is not None:
            error = label.value - batch.gold[label.subject]
            errors[label.rater].append(float(error != 0) if nominal else error)
    return rater_drift(errors, seed=batch.wishes.seed)


def disputes(batch: Batch, found: Sequence[Label], acts: Iterable[Act]) -> list[Dispute]:
    """Return what the lead should settle, the widest disagreement first.

    A subject that two or more have rated, and not alike; or that all of its raters passed over.
    """
    done = settled(acts)
    asked: dict[str, int] = {}
    for tasks in batch.tasks.values():
        for task in tasks:
            if task.kind in (TaskKind.PLAIN, TaskKind.SHARED):
                asked[task.subject] = asked.get(task.subject, 0) + 1
    rows: dict[str, dict[str, float | None]] = {}
    for label in found:
        if label.kind in (TaskKind.PLAIN, TaskKind.SHARED) and label.subject not in done:
            rows.setdefault(label.subject, {})[label.rater] = label.value
    nominal = batch.rubric.scale.kind is RubricKind.NOMINAL
    queue = []
    for subject, values in rows.items():
        known = [value for value in values.values() if value is not None]
        passed = not known and len(values) == asked[subject]
        if len(set(known)) > 1 or passed:
            width = len(set(known)) if nominal else max(known, default=0) - min(known, default=0)
            queue.append(Dispute(subject, values, float(width)))
    return sorted(queue, key=lambda one: (-one.spread, one.subject))


def paces(batch: Batch, acts: Sequence[Act], found: Sequence[Label]) -> list[Pace]:
    """Return how far each rater is, by name: nobody is ranked by speed."""
    return [_pace(batch, rater, acts, found) for rater in sorted(batch.raters)]


def _pace(batch: Batch, rater: str, acts: Sequence[Act], found: Sequence[Label]) -> Pace:
    own = [label for label in found if label.rater == rater]
    seconds = [label.seconds for label in own if label.seconds is not None]
    first = {
        label.subject: label.value
        for label in own
        if label.kind in (TaskKind.PLAIN, TaskKind.SHARED)
    }
    again = [
        (first[label.subject], label.value)
        for label in own
        if label.kind is TaskKind.REPEAT and label.value is not None
        if first.get(label.subject) is not None
    ]
    return Pace(
        rater=rater,
        done=sum(label.at is not None for label in own),
        skipped=sum(label.at is not None and label.value is None for label in own),
        left_out=sum(label.at is None for label in own),
        total=len(batch.tasks[rater]),
        median_seconds=median(seconds) if seconds else None,
        repeats=len(again),
        consistent=sum(one == two for one, two in again),
        last=max((act.at for act in acts if act.rater == rater), default=None),
    )


def _shared(found: Iterable[Label]) -> dict[str, dict[str, float]]:
    rows: dict[str, dict[str, float]] = {}
    for label in found:
        if label.kind is TaskKind.SHARED and label.value is not None:
            rows.setdefault(label.subject, {})[label.rater] = label.value
    return dict(sorted(rows.items()))


def _label(batch: Batch, rater: str, number: int, act: Act | None) -> Label:
    task = batch.tasks[rater][number - 1]
    subject = batch.subjects[task.subject]
    value = act.value if act is not None else None
    if value is not None and task.swapped:
        value = turned(value, batch.rubric)
    return Label(
        rater=rater,
        task=number,
        subject=task.subject,
        item=subject.item,
        kind=task.kind,
        swapped=task.swapped,
        value=value,
        reason=f"does not want to see {subject.harm}" if act is None else act.reason,
        comment="" if act is None else act.comment,
        at=None if act is None else act.at,
        seconds=None if act is None else act.seconds,
    )
