"""``rate close``: no more acts; what stands becomes score rows and is bound in the ledger."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from liftgate.canon import canonical, digest_lines, sha256, short
from liftgate.errors import DataError
from liftgate.flow.rating import Room, opened
from liftgate.humans import results, sheets
from liftgate.humans.batch import Batch
from liftgate.humans.draw import LEAD, TaskKind
from liftgate.humans.ratings import Act, ActKind
from liftgate.ledger import Ledger
from liftgate.lineage.capture import manifest
from liftgate.records import Entry, Outcome, Rubric, Score
from liftgate.records.notebook import Card
from liftgate.store import RUN_FINISHED, Store, Workspace, only_one, run_body

CLOSED = "rating.closed"
"""Kind of the ledger entry that binds the labels of a batch."""


@dataclass(frozen=True)
class Closed(Card):
    """A batch that takes no more acts."""

    entry: Entry
    added: bool
    """False: it was closed before."""


def close_batch(workspace: Workspace, batch: str, *, incomplete: bool = False) -> Closed:
    """Close a batch for good; doing it again changes nothing.

    A rating of a trial, or of a pair of trials, becomes a score row of the store, whose scorer is
    the rater; ratings of things that are no trials stay labels.

    Args:
        workspace: where it lies.
        batch: its id.
        incomplete: close it although tasks are open.

    Raises:
        DataError: tasks are open.
        BrokenChain: the batch or the ledger is not what was recorded.
    """
    with (
        only_one(workspace, "run"),
        opened(workspace, batch) as room,
        Ledger.open(workspace.home) as ledger,
    ):
        before = _closed(ledger, batch)
        if before is not None:
            return Closed(before, added=False)
        lacking = _open_tasks(room)
        if lacking and not incomplete:
            raise DataError(
                f"batch {batch}: {lacking} tasks are open, expected none",
                hint="wait for the raters, or say --incomplete",
            )
        room.ratings.add(Act(f"close-{batch}", LEAD, ActKind.CLOSED), seen=None)
        acts = room.ratings.acts()
        found = results.labels(room.batch, acts)
        rows = sheets.label_rows(room.batch, found, acts, everything=True)
        run, scores = _keep_scores(workspace, ledger, room, found)
        body = {
            "liftgate": 1,
            "name": batch,
            "batch": batch,
            "digest": room.batch.digest,
            "labels": digest_lines(rows),
            "rows": len(rows),
            "acts": len(acts),
            "open": lacking,
            "run": run,
            "scores": scores,
        }
        entry = ledger.append(CLOSED, body, refs={"batch": room.batch.digest})
        return Closed(entry, added=True)


def rater_fingerprint(rater: str, rubric: Rubric) -> str:
    """Return the fingerprint of a rater as a scorer: a pseudonym, and what was asked."""
    return f"human:{rater}:{short(rubric.digest)}"


def _closed(ledger: Ledger, batch: str) -> Entry | None:
    return next((e for e in ledger.entries(kind=CLOSED) if e.body["batch"] == batch), None)


def _open_tasks(room: Room) -> int:
    acts = room.ratings.acts()
    paces = results.paces(room.batch, acts, results.labels(room.batch, acts))
    return sum(pace.total - pace.done - pace.left_out for pace in paces)


def _keep_scores(
    workspace: Workspace, ledger: Ledger, room: Room, found: list[results.Label]
) -> tuple[str | None, int]:
    """Write a run of score rows; None where nothing that was rated is a trial of a study."""
    batch = room.batch
    if not any("run" in origin for s in batch.subjects.values() for origin in s.origins):
        return None, 0
    captured: dict[str, Any] = {
        **manifest(packages=[], seeds={}, concurrency={}, folder=Path.cwd()),
        "rating": batch.id,
    }
    with Store.open(workspace.home) as store:
        writer = store.begin(batch.source, captured)
        count = 0
        for score, detail in _scores(batch, found, room.ratings.acts(), writer.run):
            writer.add_score(score, detail=detail)
            count += 1
        run = writer.finish(complete=True)
        if not count:
            return None, 0
        ledger.append(RUN_FINISHED, run_body(run), refs=dict(run.files))
        return run.id, count


def _scores(
    batch: Batch, found: list[results.Label], acts: list[Act], run: str
) -> Iterator[tuple[Score, bytes]]:
    """Yield each score with its detail: a comment is a text, which can be erased from the blobs."""
    first = {TaskKind.PLAIN, TaskKind.SHARED}
    said = [
        (label.subject, label.rater, label.value, label.reason, label.comment)
        for label in found
        if label.kind in first
    ]
    said += [
        (subject, LEAD, act.value, act.reason, "")
        for subject, act in sorted(results.settled(acts).items())
    ]
    for subject, rater, value, reason, comment in said:
        origins = batch.subjects[subject].origins
        if not origins or any("run" not in origin for origin in origins):
            continue
        origin: Any = origins[0]
        other: Any = origins[1] if len(origins) == 2 else {}
        detail = canonical({"liftgate": 1, "comment": comment}) if comment else b""
        score = Score(
            trial_key=origin["trial"],
            trial_attempt=origin["attempt"],
            trial_run=origin["run"],
            scorer=rater_fingerprint(rater, batch.rubric),
            target_digest=origin["target"],
            run=run,
            outcome=Outcome.ABSTAINED if value is None else Outcome.VALUE,
            value=value,
            reason=reason,
            other_key=other.get("trial"),
            other_attempt=other.get("attempt"),
            other_run=other.get("run"),
            detail_digest=sha256(detail) if detail else None,
        )
        yield score, detail
