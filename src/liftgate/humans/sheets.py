"""The way by file: a sheet for a rater without a browser, and the labels that leave a batch.

A sheet has one row a screen with the texts as the page would show them; the rater fills in value,
reason and comment. Each row carries a check over the batch, the task and the texts: a row whose
texts were edited, or that was moved to another batch or rater, is noticed.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from liftgate.canon import digest, short
from liftgate.errors import BrokenChain, DataError
from liftgate.humans.batch import Batch
from liftgate.humans.desk import REASONS, Texts, screen
from liftgate.humans.draw import LEAD, TaskKind
from liftgate.humans.ratings import Act, ActKind, Ratings, standing
from liftgate.humans.results import Label, settled

FORMATS = ("csv", "jsonl")
MOST_FAULTS = 20
_FILLED = ("value", "reason", "comment")
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "'")


def sheet(batch: Batch, rater: str, texts: Texts) -> list[dict[str, Any]]:
    """Return a rater's screens as rows to be filled in.

    Raises:
        UnknownName: the batch has no such rater.
    """
    rows = []
    for number, task in enumerate(batch.tasks_of(rater), 1):
        shown = screen(batch.subjects[task.subject], task, texts)
        parts = [*shown["shown"], *shown["sides"]]
        row: dict[str, Any] = {"batch": batch.id, "rater": rater, "task": number}
        row["warning"] = shown["harm"]
        row["texts"] = "\n\n".join(f"{part['name']}:\n{part['text']}" for part in parts)
        row["check"] = _check(batch, rater, number, row["texts"])
        rows.append({**row, **dict.fromkeys(_FILLED, "")})
    return rows


def take_in(
    batch: Batch, rows: Sequence[Mapping[str, Any]], ratings: Ratings, texts: Texts
) -> tuple[int, int]:
    """Keep what a filled sheet says; rows without value and reason are left for later.

    Bringing in the same sheet again adds nothing; a changed value is a new act.

    Returns:
        Acts added, and rows that were empty.

    Raises:
        BrokenChain: a row is not as it was handed out.
        DataError: up to 20 faults, each with its row; nothing is kept then.
    """
    acts: list[Act] = []
    faults = []
    empty = 0
    handed: dict[str, list[dict[str, Any]]] = {}
    for number, row in enumerate(rows, 1):
        try:
            act = _act(batch, row, handed, texts, number)
        except DataError as error:
            faults.append(f"row {number}: {error}")
            continue
        if act is None:
            empty += 1
        else:
            acts.append(act)
    places = [(act.rater, act.task) for act in acts]
    faults += [f"task {task} of {rater}: is there twice" for rater, task in _twice(places)]
    if faults:
        more = [f"… and {len(faults) - MOST_FAULTS} more"] if len(faults) > MOST_FAULTS else []
        raise DataError("\n".join([*faults[:MOST_FAULTS], *more]))
    return _keep(acts, ratings), empty


def label_rows(
    batch: Batch, found: Sequence[Label], acts: Sequence[Act], *, everything: bool = False
) -> list[dict[str, Any]]:
    """Return what a batch gives away: one row a rating that stands, and the lead's last words.

    The first columns are those of a file of labels. A pair's value is about its first trial,
    whatever side was shown first. No row names an arm; a trial's key leads to it in the workspace,
    for whoever may look.

    Args:
        batch: the batch.
        found: its labels.
        acts: all of its acts.
        everything: repeated and gold subjects, too, which are about the raters.
    """
    wanted = set(TaskKind) if everything else {TaskKind.PLAIN, TaskKind.SHARED}
    rows = [
        _label_row(batch, label.subject, label.rater, label.value, label.at)
        | {
            "abstained": label.reason if label.value is None else None,
            "comment": label.comment,
            "kind": label.kind.value,
            "task": label.task,
            "swapped": label.swapped,
            "seconds": label.seconds,
        }
        for label in found
        if label.kind in wanted
    ]
    for subject, act in sorted(settled(acts).items()):
        rows.append(
            _label_row(batch, subject, LEAD, act.value, act.at)
            | {"comment": act.reason, "kind": "adjudicated"}
        )
    return rows


def write(rows: Sequence[Mapping[str, Any]], form: str) -> str:
    """Return rows as CSV or JSONL text; no cell of a CSV can be taken for a formula."""
    if form == "jsonl":
        return "".join(json.dumps(row, ensure_ascii=False, allow_nan=False) + "\n" for row in rows)
    made = io.StringIO()
    if rows:
        writer = csv.DictWriter(made, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows({name: harmless(value) for name, value in row.items()} for row in rows)
    return made.getvalue()


def read(text: str, form: str) -> list[dict[str, Any]]:
    """Return the rows of a CSV or JSONL text that ``write`` wrote.

    Raises:
        DataError: it is neither.
    """
    if form == "jsonl":
        return list(_objects(text))
    reader = csv.DictReader(io.StringIO(text, newline=""), restkey="", strict=True)
    try:
        found = list(reader)
    except csv.Error as error:
        raise DataError(f"line {reader.line_num}: {error}") from error
    return [{name: plain(value) for name, value in row.items()} for row in found]


def _label_row(
    batch: Batch, key: str, rater: str, value: float | None, at: datetime | None
) -> dict[str, Any]:
    """One row; what is not known, such as the trial of a survey's line, is None."""
    subject = batch.subjects[key]
    first, second = (*subject.origins, {}, {})[:2]
    return {
        "item": subject.item,
        "trial": first.get("trial"),
        "other": second.get("trial"),
        "rater": rater,
        "value": value,
        "abstained": None,
        "comment": "",
        "at": None if at is None else at.isoformat(),
        "batch": batch.id,
        "subject": key,
        "kind": "",
        "task": None,
        "swapped": None,
        "seconds": None,
        "stratum": subject.stratum,
        "probability": subject.probability,
        "attempt": first.get("attempt"),
        "run": first.get("run"),
        "other_attempt": second.get("attempt"),
        "other_run": second.get("run"),
    }


def _act(
    batch: Batch,
    row: Mapping[str, Any],
    handed: dict[str, list[dict[str, Any]]],
    texts: Texts,
    number: int,
) -> Act | None:
    rater, task = str(row.get("rater", "")), _task(row)
    if rater not in handed:
        handed[rater] = sheet(batch, rater, texts) if rater in batch.tasks else []
    if row.get("batch") != batch.id or not 1 <= task <= len(handed[rater]):
        raise BrokenChain(
            f"row {number}: names batch {row.get('batch')!r}, rater {rater!r}, task {task}; "
            f"batch {batch.id} has no such task",
            hint="bring back the sheet of this batch, its columns batch, rater and task untouched",
        )
    out = handed[rater][task - 1]
    given = str(row.get("texts", "")).replace("\r\n", "\n")
    if row.get("check") != out["check"] or _check(batch, rater, task, given) != out["check"]:
        raise BrokenChain(
            f"row {number}: was edited: its texts or its check are not those handed out for task "
            f"{task} of {rater}",
            hint="fill in value, reason and comment only",
        )
    value, reason = _value(batch, row.get("value")), str(row.get("reason") or "").strip()
    comment = str(row.get("comment") or "").strip()
    if value is None and not reason:
        return None
    if value is not None and reason:
        raise DataError("has a value and a reason to skip, expected one of them")
    if value is None and reason not in REASONS:
        reason, comment = REASONS[-1], "; ".join(filter(None, [reason, comment]))
    told = [batch.id, rater, task, value, reason, comment]
    kind = ActKind.SKIPPED if value is None else ActKind.RATED
    subject = batch.tasks[rater][task - 1].subject
    request = f"file-{short(digest(told), 32)}"
    return Act(request, rater, kind, task, subject, value, reason, comment)


def _keep(acts: Sequence[Act], ratings: Ratings) -> int:
    """Add acts whose outcome does not stand yet."""
    added = 0
    for act in acts:
        own = ratings.acts(act.rater)
        stands = standing(own).get(act.task)
        if stands is not None and (stands.value, stands.reason, stands.comment) == (
            act.value,
            act.reason,
            act.comment,
        ):
            continue
        again = sum(one.request.startswith(act.request) for one in own)
        request = f"{act.request}-{again}" if again else act.request
        ratings.add(Act(**{**act.__dict__, "request": request}), seen=len(own))
        added += 1
    return added


def _check(batch: Batch, rater: str, task: int, texts: str) -> str:
    return short(digest([batch.digest, rater, task, texts]), 16)


def _task(row: Mapping[str, Any]) -> int:
    try:
        return int(str(row.get("task")))
    except ValueError as error:
        raise DataError(f"task: got {row.get('task')!r}, expected a whole number") from error


def _value(batch: Batch, given: Any) -> float | None:
    """Return a value that was filled in as number, key or label."""
    text = "" if given is None else str(given).strip()
    if not text:
        return None
    scale = batch.rubric.scale
    anchor = scale.named(text)
    if anchor is None:
        try:
            anchor = scale.at(float(text))
        except ValueError:
            anchor = None
    if anchor is None:
        known = ", ".join(f"{one.value:g} ({one.label})" for one in scale.anchors)
        raise DataError(f"value: got {text!r}, expected one of {known}")
    return anchor.value


def _twice(places: Sequence[tuple[str, int]]) -> list[tuple[str, int]]:
    return sorted({place for place in places if places.count(place) > 1})


def _objects(text: str) -> Iterator[dict[str, Any]]:
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            try:
                row = json.loads(line)
            except ValueError as error:
                raise DataError(f"line {number}: expected JSON") from error
            if not isinstance(row, dict):
                raise DataError(f"line {number}: expected an object")
            yield row


def harmless(value: Any) -> Any:
    """A cell as text that no spreadsheet runs: what could begin a formula gets an apostrophe."""
    if isinstance(value, (list, dict)):
        value = json.dumps(value, ensure_ascii=False)
    if isinstance(value, str) and value.startswith(_FORMULA):
        return "'" + value
    return value


def plain(value: Any) -> Any:
    """A cell as it was before ``harmless``; what somebody typed is left as it is."""
    guarded = isinstance(value, str) and value[:1] == "'" and value[1:].startswith(_FORMULA)
    return value[1:] if guarded else value
