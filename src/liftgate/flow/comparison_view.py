"""The comparison of recorded arms: which there are, and what is read of one while people wait."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, NamedTuple
from urllib.parse import urlencode

from liftgate.errors import NotAllowed, UnknownName
from liftgate.flow.flip_view import filter_of, list_view
from liftgate.flow.recorded_scores import KeptItems
from liftgate.flow.recorded_sides import RecordedSides, open_recorded
from liftgate.flow.study_index import StudyIndex
from liftgate.store import Workspace

PAGE = 50
_OPEN = 3
"""Comparisons that are kept open; the one that was looked at longest ago is closed."""
_SETS = 2


class Asked(NamedTuple):
    """Which comparison."""

    entry: int
    candidate: str | None
    metric: str | None
    """None: the primary one."""


class Openings:
    """The comparisons that are open; each is read once, by who asks for it first."""

    def __init__(self, index: StudyIndex, workspace: Workspace) -> None:
        self._index = index
        self._workspace = workspace
        self._guard = threading.Lock()
        self._sides: OrderedDict[tuple[int, str | None], RecordedSides] = OrderedDict()
        self._ready: OrderedDict[Asked, Future[RecordedSides]] = OrderedDict()
        self._items: OrderedDict[str, KeptItems] = OrderedDict()
        self._reading = threading.Lock()

    def of(
        self, study: str, asked: Asked, tell: Callable[[str], None] = lambda _: None
    ) -> RecordedSides:
        """Return a comparison with a metric read, once it is.

        Args:
            study: its name.
            asked: which decision, candidate and metric.
            tell: told what is waited for.

        Raises:
            UnknownName: no such study, decision, candidate or metric.
            NotAllowed: the study was not looked at yet.
            BrokenChain: something is not what was recorded.
        """
        known = self._index.study(study)
        if asked.entry not in [one.sequence for one in known.decisions]:
            raise UnknownName(
                "decision entry", str(asked.entry), [str(d.sequence) for d in known.decisions]
            )
        future, mine = self._claimed(asked)
        if not future.done():
            tell(
                f"{known.planned:,} trials of {study[:120]} are being read; they need not be read "
                "again for the next filter."
            )
        if mine:
            self._read(asked, tuple(known.locks), future)
        return future.result()

    def last(self, study: str) -> int:
        """Return the entry of a study's last decision.

        Raises:
            UnknownName: there is no such study.
            NotAllowed: it is not decided.
        """
        known = self._index.study(study)
        if known.decision is None:
            raise NotAllowed(
                f"{study}: no look was made yet; no arm's scores are shown before one",
                hint="run the study to its end, or to its first planned look",
            )
        return known.decision.sequence

    def _claimed(self, asked: Asked) -> tuple[Future[RecordedSides], bool]:
        with self._guard:
            found = self._ready.get(asked)
            if found is not None:
                self._ready.move_to_end(asked)
                return found, False
            found = self._ready[asked] = Future()
            return found, True

    def _read(self, asked: Asked, locks: tuple[int, ...], future: Future[RecordedSides]) -> None:
        try:
            with self._reading:
                sides = self._opened(asked, locks)
                metric = asked.metric or sides.metrics[0]
                # What the first page shows is made here, so that nobody waits for it.
                list_view(sides, filter_of(sides, [("metric", metric)]))
        except BaseException as error:  # noqa: BLE001 - whoever waits is told
            with self._guard:
                self._ready.pop(asked, None)
            future.set_exception(error)
        else:
            future.set_result(sides)
            self._forget()

    def _opened(self, asked: Asked, locks: tuple[int, ...]) -> RecordedSides:
        key = asked.entry, asked.candidate
        if key in self._sides:
            self._sides.move_to_end(key)
        else:
            self._sides[key] = open_recorded(
                self._workspace,
                self._index.ledger(),
                locks,
                *key,
                items=self._items,
                seen=self._index.seen,
            )
        return self._sides[key]

    def _forget(self) -> None:
        """Close what was looked at longest ago; who still has it goes on."""
        with self._guard:
            while len(self._sides) > _OPEN:
                key, _ = self._sides.popitem(last=False)
                for asked in [a for a in self._ready if (a.entry, a.candidate) == key]:
                    del self._ready[asked]
            while len(self._items) > _SETS:
                self._items.popitem(last=False)


def decided_view(index: StudyIndex, *, text: str, page: int) -> dict[str, Any]:
    """Return the studies with a decision, the latest first: what can be compared."""
    low = text.lower()
    found = sorted(
        (one for one in index.now().values() if one.decision and low in one.name.lower()),
        key=lambda one: one.decisions[-1].time,
        reverse=True,
    )
    pages = max(1, -(-len(found) // PAGE))
    page = min(page, pages)
    return {
        "text": text,
        "studies": len(found),
        "rows": [
            {
                "study": one.name,
                "time": one.decisions[-1].time.isoformat(),
                "candidates": [
                    {
                        "name": name,
                        "word": word,
                        "address": "/comparison?"
                        + urlencode({"study": one.name, "candidate": name}),
                    }
                    for name, word in one.decisions[-1].words.items()
                ],
            }
            for one in found[(page - 1) * PAGE : page * PAGE]
        ],
        "page": page,
        "pages": pages,
        "previous": urlencode({"q": text, "page": page - 1}) if page > 1 else None,
        "next": urlencode({"q": text, "page": page + 1}) if page < pages else None,
    }
