"""One rater's desk: what is on it now, and what may be done. What it shows is all that leaves."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from liftgate.errors import DataError
from liftgate.figures import visible
from liftgate.humans.batch import Batch, Kept
from liftgate.humans.draw import Task
from liftgate.humans.ratings import Act, ActKind, Ratings, refused, standing
from liftgate.humans.subjects import as_text
from liftgate.records import Json, RubricUnit

REASONS = (
    "I can't tell",
    "A text is missing or broken",
    "I don't want to rate this",
    "Something else (see my comment)",
)
"""Why a rater skips; keys 1 to 4."""
MOST_COMMENT = 4_000
ERASED = "[This text was erased.]"

Texts = Callable[[str], Json]
"""Digest -> text; ``ERASED`` for one that is gone."""


@dataclass(frozen=True)
class Place:
    """Where a rater stands."""

    seen: int
    """How many acts of this rater there are."""
    task: int | None
    """The next task, from 1; None: nothing is left, or the batch is closed."""
    done: int
    skipped: int
    refused: tuple[str, ...]
    """Categories that the rater does not want to see."""
    left_out: int
    """Tasks that are not shown because of that."""
    total: int
    undo: int | None
    """The task that an undoing would bring back."""
    closed: bool
    """Whether the batch takes nothing more."""


class Desk:
    """What one rater can see and do in a batch."""

    def __init__(self, batch: Batch, rater: str, ratings: Ratings, texts: Texts) -> None:
        """Sit down; raises UnknownName for somebody who is no rater of the batch."""
        self.batch = batch
        self.rater = rater
        self.tasks = batch.tasks_of(rater)
        self._ratings = ratings
        self._texts = texts

    def place(self) -> Place:
        """Return where the rater stands now."""
        acts = self._ratings.acts(self.rater)
        done, unwanted = standing(acts), refused(acts)
        open_tasks = [n for n in range(1, len(self.tasks) + 1) if n not in done]
        wanted = [n for n in open_tasks if self._subject(n).harm not in unwanted]
        closed = self._ratings.closed
        return Place(
            seen=len(acts),
            task=wanted[0] if wanted and not closed else None,
            done=len(done),
            skipped=sum(act.kind is ActKind.SKIPPED for act in done.values()),
            refused=tuple(sorted(unwanted)),
            left_out=len(open_tasks) - len(wanted),
            total=len(self.tasks),
            undo=None if closed else next(reversed(done), None),
            closed=closed,
        )

    def view(self) -> dict[str, Any]:
        """Return what the browser receives: texts, progress, and nothing of where they come from.

        The kind of a task is not told either: a gold or repeated one looks like any other.
        """
        place = self.place()
        return {
            "seen": place.seen,
            "total": place.total,
            "done": place.done,
            "skipped": place.skipped,
            "left_out": place.left_out,
            "refused": list(place.refused),
            "can_undo": place.undo is not None,
            "closed": place.closed,
            "task": None if place.task is None else self._screen(place.task),
        }

    def rate(self, task: int, value: float, *, request: str, seen: int, **more: Any) -> None:
        """Rate the task on the desk.

        Args:
            task: its number.
            value: one of the rubric's, as pressed: of a pair, about the side shown first.
            request: made by the browser, for doing it only once.
            seen: how many acts the browser knew.
            more: ``comment`` and ``seconds``.

        Raises:
            DataError: the rubric has no such value, or the task is another rater's or not next.
            Overtaken: another window was faster.
        """
        if self.batch.rubric.scale.at(value) is None:
            known = ", ".join(f"{one:g}" for one in self.batch.rubric.scale.values)
            raise DataError(f"value: got {value:g}, expected one of {known}")
        self._add(ActKind.RATED, task, request=request, seen=seen, value=float(value), **more)

    def skip(self, task: int, reason: str, *, request: str, seen: int, **more: Any) -> None:
        """Leave the task on the desk unrated; raises as ``rate`` does.

        Raises:
            DataError: no reason was given.
        """
        if reason not in REASONS:
            raise DataError(f"reason: got {reason!r}, expected one of {'; '.join(REASONS)}")
        self._add(ActKind.SKIPPED, task, request=request, seen=seen, reason=reason, **more)

    def undo(self, *, request: str, seen: int) -> None:
        """Take back the latest act that stands; the taking back is a row of its own.

        Raises:
            DataError: there is nothing to take back.
            Overtaken: another window was faster.
        """
        task = self._known(request) or self.place().undo
        if task is None:
            raise DataError("undo: nothing was rated yet")
        self._write(ActKind.UNDONE, task, request=request, seen=seen)

    def refuse(self, category: str, *, request: str, seen: int, back: bool = False) -> None:
        """Ask to be shown no more of a category, or take that back.

        Raises:
            DataError: nothing in the batch is of that category.
            Overtaken: another window was faster.
        """
        if not category or category not in {s.harm for s in self.batch.subjects.values()}:
            raise DataError(f"category: got {category!r}, expected one that the batch has")
        kind = ActKind.ALLOWED if back else ActKind.REFUSED
        self._write(kind, 0, request=request, seen=seen, reason=category)

    def draft(self, task: int, comment: str) -> None:
        """Keep an unfinished comment on the task on the desk; one on another task is let go."""
        if task == self.place().task:
            self._ratings.put_draft(self.rater, task, _bounded(comment))

    def _add(
        self,
        kind: ActKind,
        task: int,
        *,
        request: str,
        seen: int,
        comment: str = "",
        seconds: float | None = None,
        **more: Any,
    ) -> None:
        if not self._known(request):
            place = self.place()
            if place.seen == seen and place.task != task and not place.closed:
                raise DataError(f"task: got {task}, expected {place.task}, which is next")
        self._write(
            kind, task, request=request, seen=seen, comment=_bounded(comment),
            seconds=_sensible(seconds), **more,
        )  # fmt: skip

    def _write(self, kind: ActKind, task: int, *, request: str, seen: int, **more: Any) -> None:
        if not 8 <= len(request) <= 64:
            raise DataError("request: expected an id of 8 to 64 characters")
        subject = self.tasks[task - 1].subject if 1 <= task <= len(self.tasks) else ""
        self._ratings.add(
            Act(request, self.rater, kind, task, subject, **more),
            seen=seen,
        )

    def _known(self, request: str) -> int | None:
        """Return the task of a request that was stored already."""
        return next(
            (act.task for act in self._ratings.acts(self.rater) if act.request == request), None
        )

    def _subject(self, task: int) -> Kept:
        return self.batch.subjects[self.tasks[task - 1].subject]

    def _draft(self, task: int) -> str:
        """Return the unfinished comment, or that of the act on the task that was taken back."""
        draft = self._ratings.draft(self.rater, task)
        if draft is not None:
            return draft
        own = [a.comment for a in self._ratings.acts(self.rater) if a.task == task and a.comment]
        return own[-1] if own else ""

    def _screen(self, task: int) -> dict[str, Any]:
        return {
            "number": task,
            "draft": self._draft(task),
            **screen(self._subject(task), self.tasks[task - 1], self._texts),
        }


def screen(subject: Kept, task: Task, texts: Texts) -> dict[str, Any]:
    """Return what is shown of a subject: its texts, in the order in which they are shown."""
    sides = [visible(as_text(texts(digest))) for digest in subject.sides]
    if task.swapped:
        sides.reverse()
    return {
        "harm": subject.harm,
        "shown": [
            {"name": visible(name), "text": visible(as_text(texts(digest)))}
            for name, digest in subject.shown.items()
        ],
        "sides": [
            {"name": name, "text": text}
            for name, text in zip(side_names(len(sides)), sides, strict=True)
        ],
    }


def side_names(count: int) -> Sequence[str]:
    """Return what the sides are called on the page."""
    return ((), ("Answer",), ("First answer", "Second answer"))[count]


def rubric_view(batch: Batch) -> Mapping[str, Any]:
    """Return the rubric as a page shows it, with the keys that the page itself takes.

    Of a pair the value that favours the first side comes first, and the arrows give the ends. A
    letter that an anchor has claimed is not the page's: it takes another key then.
    """
    rubric = batch.rubric
    anchors = [
        {
            "value": a.value,
            "label": a.label,
            "meaning": a.meaning,
            "key": a.key.lower(),
            "arrow": "",
        }
        for a in rubric.scale.anchors
    ]
    if rubric.unit is RubricUnit.PAIR:
        anchors.reverse()
        anchors[0]["arrow"], anchors[-1]["arrow"] = "ArrowLeft", "ArrowRight"
    taken = {str(anchor["key"])[0] for anchor in anchors}
    return {
        "question": rubric.question,
        "instructions": rubric.instructions,
        "anchors": anchors,
        "examples": list(rubric.as_json()["examples"]),
        "reasons": list(REASONS),
        "commands": {
            name: letter if letter not in taken else other
            for name, (letter, other) in _COMMANDS.items()
        },
    }


_COMMANDS = {
    "undo": ("u", "Backspace"),
    "skip": ("s", "-"),
    "comment": ("c", "+"),
    "help": ("?", "?"),
}
"""What the page does -> its key, and its key where an anchor has claimed the first."""


def _bounded(comment: Any) -> str:
    if not isinstance(comment, str):
        raise DataError(f"comment: got {type(comment).__name__}, expected text")
    if len(comment) > MOST_COMMENT:
        raise DataError(f"comment: got {len(comment):,} characters, expected at most 4,000")
    return comment.encode("utf-8", "backslashreplace").decode("utf-8")


def _sensible(seconds: Any) -> float | None:
    """A browser's clock is evidence of nothing: what cannot be is not known."""
    if isinstance(seconds, bool) or not isinstance(seconds, (int, float)):
        return None
    return float(seconds) if 0 <= seconds < 86_400 else None
