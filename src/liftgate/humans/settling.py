"""The lead's word where raters differ: seen as blindly as by raters, kept as one row more."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from liftgate.errors import DataError, UnknownName
from liftgate.humans.batch import Batch
from liftgate.humans.desk import Texts, rubric_view, screen
from liftgate.humans.draw import LEAD, Task, TaskKind, rank, turned
from liftgate.humans.ratings import Act, ActKind, Ratings
from liftgate.humans.results import disputes, labels
from liftgate.records import RubricUnit


def settle_view(batch: Batch, subject: str, ratings: Ratings, texts: Texts) -> dict[str, Any]:
    """Return what the lead sees of a disputed subject: texts without arms, and what was said.

    Raises:
        UnknownName: the batch has no such subject, or nobody differs on it.
    """
    acts = ratings.acts()
    found = labels(batch, acts)
    dispute = next((d for d in disputes(batch, found, acts) if d.subject == subject), None)
    if dispute is None:
        raise UnknownName(
            "disputed subject", subject, [d.subject for d in disputes(batch, found, acts)][:5]
        )
    swapped = lead_swapped(batch, subject)
    said = [
        {
            "rater": label.rater,
            "label": _label(batch, label.value, swapped=swapped) or label.reason,
            "comment": label.comment,
        }
        for label in found
        if label.subject == subject and label.kind in (TaskKind.PLAIN, TaskKind.SHARED)
    ]
    return {
        "subject": subject,
        "request": f"settle-{batch.id}-{subject[-12:]}-{len(acts)}",
        "screen": screen(batch.subjects[subject], Task(subject, TaskKind.SHARED, swapped), texts),
        "rubric": rubric_view(batch),
        "said": said,
    }


def settle(
    batch: Batch,
    subject: str,
    ratings: Ratings,
    *,
    value: float,
    reason: str,
    request: str,
    as_shown: bool = False,
) -> Act:
    """Keep the lead's value for a subject.

    Args:
        batch: the batch.
        subject: its key.
        ratings: where it is kept.
        value: one of the rubric's.
        reason: why; the reader of a label wants to know.
        request: for doing it only once.
        as_shown: whether the value of a pair is about the side that ``settle_view`` showed first,
            and not about the first side.

    Raises:
        UnknownName: the batch has no such subject.
        DataError: no reason, a subject that is gold, or a value that the rubric does not have.
    """
    if subject not in batch.subjects:
        raise UnknownName("subject", subject, batch.order[:5])
    if subject in batch.gold:
        raise DataError(f"subject {subject}: is gold, its value is known")
    if batch.rubric.scale.at(value) is None:
        known = ", ".join(f"{one:g}" for one in batch.rubric.scale.values)
        raise DataError(f"value: got {value:g}, expected one of {known}")
    if not reason.strip():
        raise DataError("reason: got none, expected why this value is right")
    if as_shown and lead_swapped(batch, subject):
        value = turned(value, batch.rubric)
    act = Act(request, LEAD, ActKind.ADJUDICATED, 0, subject, value, reason.strip())
    return ratings.add(act, seen=None)


def lead_swapped(batch: Batch, subject: str) -> bool:
    """Whether the lead sees the second side of a pair first."""
    if batch.rubric.unit is not RubricUnit.PAIR:
        return False
    return bool(rank(batch.wishes.seed, "side", LEAD, subject)[0] % 2)


def find_subject(batch: Batch, name: str) -> str:
    """Return the key of a subject by its key, the beginning of it, or its item's id.

    Raises:
        UnknownName: none, or several.
    """
    keys: Sequence[str] = [
        key
        for key in batch.order
        if key == name
        or (len(name) >= 6 and key.removeprefix("sha256:").startswith(name))
        or batch.subjects[key].item == name
    ]
    if len(keys) != 1:
        raise UnknownName(
            "single subject", name, keys[:5] or batch.order[:5], hint="liftgate rate status BATCH"
        )
    return keys[0]


def _label(batch: Batch, value: float | None, *, swapped: bool) -> str:
    """The anchor's label of a value, about the side that is shown first."""
    if value is None:
        return ""
    anchor = batch.rubric.scale.at(turned(value, batch.rubric) if swapped else value)
    return anchor.label if anchor is not None else f"{value:g}"
