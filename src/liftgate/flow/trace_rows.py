"""The rows behind a number of a large decision: told by arrays, made when they are looked at.

A trace of a small decision lists every row as a record. Of a million trials that would take
gigabytes, so here the order of the rows comes from arrays, each page of them from the store, and
the digest of all rows from lines that are made and hashed item by item.
"""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import Any, overload

import numpy as np
from numpy.typing import NDArray

from liftgate.canon import canonical
from liftgate.errors import DataError
from liftgate.evals.plan import BoundArm, BoundScorer, Plan
from liftgate.evals.select import select
from liftgate.flow.recorded import bound_items
from liftgate.flow.recorded_scores import KeptItems, Marked, kept_items, marks_of
from liftgate.lineage.reference import Sort, Target
from liftgate.lineage.rows import Line, item_lines
from liftgate.records import Dataset, Entry, Failure, Item, Observation, Outcome
from liftgate.store import Seen, Store
from liftgate.store.columns import FAILURES, OUTCOMES

LARGE = 20_000
"""Trials of a decision from which on its rows are told by arrays."""
_SORTS = (Sort.CLAIM, Sort.SLICE, Sort.MEAN, Sort.EXPLORATORY)
_CHUNK = 1_000
_KEPT_LINES = 200
_KEPT = 2
"""Decisions whose rows stay in memory."""
_KEPT_ORDERS = 4
_VALUE = 1 + OUTCOMES.index(Outcome.VALUE)
_UNPARSABLE = 1 + OUTCOMES.index(Outcome.UNPARSABLE)

Tell = Callable[[str], None]


@dataclass(frozen=True, eq=False)
class LargeRows:
    """A large decision's rows."""

    plan: Plan
    kept: KeptItems
    store: Store
    marks: dict[tuple[str, str], Marked] = field(default_factory=dict)
    """(arm, metric) -> what became of the tries; what is read is added."""
    lines: dict[str, RowLines] = field(default_factory=dict)
    """Reference -> its lines, as far as somebody looked at them."""
    digests: list[str] = field(default_factory=list)
    """The digest of all rows, once it was made."""

    def of(self, arm: BoundArm, scorer: BoundScorer) -> Marked:
        """Return what became of an arm's tries by a scorer, read when first asked for."""
        key = arm.arm.name, scorer.name
        if key not in self.marks:
            self.marks[key] = marks_of(arm, scorer, self.plan, self.kept, self.store)
        return self.marks[key]

    def items(self, places: Sequence[int]) -> list[Item]:
        """Return some items; those whose input is gone are left out."""
        items = []
        for at in places:
            try:
                items.append(self.kept.whole(at, self.store))
            except DataError:
                continue
        return items

    def observations(self, places: Sequence[int]) -> tuple[Observation, ...]:
        """Return what was observed of some items; those whose input is gone are left out."""
        items = self.items(places)
        plan = replace(self.plan, dataset=Dataset(self.plan.dataset.name, tuple(items)))
        return select(replace(plan, pauses=()), self.store, few=True) if items else ()


class KeptRows:
    """The rows of the large decisions that were looked at last; one reader at a time."""

    def __init__(self, seen: Seen) -> None:
        self._seen = seen
        self._rows: OrderedDict[tuple[str, ...], LargeRows] = OrderedDict()
        self.turn = threading.RLock()

    def of(self, entry: Entry, plan: Plan, home: Path, erased: Collection[str]) -> LargeRows:
        """Return the rows of a decision as they are in the store now.

        Args:
            entry: of the decision.
            plan: the decision's, as it was recorded; with any dataset.
            home: of the workspace.
            erased: digests of values that were erased, as the ledger says.

        Raises:
            DataError: the dataset was not kept, or was erased.
        """
        with self.turn:
            store = Store.open(home, read_only=True, seen=self._seen)
            key = (entry.leaf, str(len(erased)), *sorted(store.files().values()))
            if key in self._rows:
                store.close()
            else:
                kept = kept_items(entry.body["dataset"]["digest"], store).without(erased)
                self._rows[key] = LargeRows(plan, _bound(kept, entry.body, plan.seed), store)
            self._rows.move_to_end(key)
            while len(self._rows) > _KEPT:
                self._rows.popitem(last=False)
            return self._rows[key]


def _bound(kept: KeptItems, body: Mapping[str, Any], seed: int) -> KeptItems:
    """Return the items whose rows a decision binds."""
    among = bound_items(body, kept.items, seed)
    if among is None:
        return kept
    return kept.some([at for at, name in enumerate(kept.names) if name in among])


def refusal(target: Target, plan: Plan) -> str:
    """Return why the rows behind a number cannot be told by arrays; empty: they can."""
    if plan.pairwise:
        return "the study is judged in pairs"
    if target.sort not in _SORTS or target.is_measure:
        return f"they are those of a {target.sort.value}"
    if target.metric not in {one.name for one in plan.single}:
        return f"{target.metric} is made of several"
    return ""


class RowLines(Sequence[Line]):
    """The lines behind a number, in their order; a page of them is made when it is looked at."""

    def __init__(
        self,
        rows: LargeRows,
        target: Target,
        arms: Mapping[str, str],
        failure_scores: Mapping[Failure, float | None],
    ) -> None:
        """Find the order of the lines.

        Args:
            rows: of the decision.
            target: the number.
            arms: arm name -> fingerprint, in the order of the columns.
            failure_scores: what each kind of failure counts as.
        """
        self._rows, self._target, self._arms = rows, target, arms
        self._scored = failure_scores
        scorer = next(one for one in rows.plan.single if one.name == target.metric)
        bound = {one.arm.name: one for one in rows.plan.arms}
        found = [rows.of(bound[name], scorer) for name in arms]
        self.runs = frozenset[str]().union(*(one.runs for one in found))
        there = np.logical_or.reduce([one.seen for one in found])
        there &= _concerned(rows.kept, target)[:, None]
        places, repeats = np.nonzero(there)
        if len(found) > 1:
            order = _largest_first([self._cells(one, places, repeats) for one in found])
            places, repeats = places[order], repeats[order]
        self._places, self._repeats = places.astype(np.int32), repeats.astype(np.int32)
        self._made: dict[tuple[int, int], Line] = {}

    def __len__(self) -> int:
        return len(self._places)

    @overload
    def __getitem__(self, at: int) -> Line: ...

    @overload
    def __getitem__(self, at: slice) -> tuple[Line, ...]: ...

    def __getitem__(self, at: int | slice) -> Line | tuple[Line, ...]:
        if not isinstance(at, slice):
            return self[at : at + 1 or None][0]
        places, repeats = self._places[at].tolist(), self._repeats[at].tolist()
        wanted = list(zip(places, repeats, strict=True))
        lacking = sorted({place for place, repeat in wanted if (place, repeat) not in self._made})
        for start in range(0, len(lacking), _CHUNK):
            self._make(lacking[start : start + _CHUNK], keep=len(wanted))
        return tuple(self._made[one] for one in wanted)

    def _make(self, places: Sequence[int], keep: int) -> None:
        names = self._rows.kept.names
        at = {names[place]: place for place in places}
        lines = item_lines(
            self._rows.observations(places),
            self._target.metric,
            self._arms,
            list(at),
            failure_scores=self._scored,
        )
        if len(self._made) > max(keep, _KEPT_LINES):
            self._made.clear()
        self._made |= {(at[line.item], line.repeat): line for line in lines}
        for place in places:  # the input of an item is lost: its line says no more than that
            for repeat in range(self._rows.plan.repeats):
                self._made.setdefault((place, repeat), Line(names[place], repeat, {}))

    def _cells(
        self, marks: Marked, places: NDArray[np.int64], repeats: NDArray[np.int64]
    ) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
        """Return the values of an arm's cells, NaN: none; and whether each is without a mark."""
        scores = [self._scored.get(kind) for kind in FAILURES]
        failed = np.array([np.nan, *(np.nan if one is None else one for one in scores)])
        failure, outcome = marks.failure[places, repeats], marks.outcome[places, repeats]
        said = np.where(outcome == _VALUE, marks.value[places, repeats], np.nan)
        value = np.where(failure > 0, failed[failure], said)
        return value, (failure == 0) & (outcome == _VALUE)


def lines_of(
    rows: LargeRows,
    target: Target,
    arms: Mapping[str, str],
    failure_scores: Mapping[Failure, float | None],
) -> RowLines:
    """Return the lines behind a number; their order is kept for the next page of them."""
    if target.reference not in rows.lines:
        if len(rows.lines) >= _KEPT_ORDERS:
            rows.lines.clear()
        rows.lines[target.reference] = RowLines(rows, target, arms, failure_scores)
    return rows.lines[target.reference]


def _largest_first(
    cells: Sequence[tuple[NDArray[np.float64], NDArray[np.bool_]]],
) -> NDArray[np.int64]:
    """Return the order of ``lineage.rows.largest_first``."""
    (before, plain), (after, also) = cells[0], cells[1]
    both = ~(np.isnan(before) | np.isnan(after))
    size = np.where(both, -np.abs(np.nan_to_num(after) - np.nan_to_num(before)), 0.0)
    return np.lexsort((size, both & plain & also))


def _concerned(kept: KeptItems, target: Target) -> NDArray[np.bool_]:
    if target.slice is None or target.slice_name is None:
        return np.ones(len(kept.names), dtype=np.bool_)
    name = target.slice_name
    mine = np.array([facts["slices"].get(name) == target.slice for facts in kept.facts])
    return np.asarray(mine[kept.which], dtype=np.bool_)


def rows_digest(rows: LargeRows, metrics: Sequence[str], tell: Tell) -> str:
    """Return the digest of all rows of a decision, as ``gates.summary.bound_rows`` makes it.

    A line begins with the item's id, so lines that are made in the order of the ids are sorted.
    """
    kept, plan = rows.kept, rows.plan
    scorers = {one.name: one for one in plan.single}
    columns = [
        (arm.arm.fingerprint, name, rows.of(arm, scorers[name]))
        for arm in plan.arms
        for name in sorted(set(metrics))
    ]
    heads = [canonical(name).decode() for name in kept.names]
    order = sorted(range(len(heads)), key=lambda at: f"{heads[at]},".encode())
    hasher = hashlib.sha256()
    for start in range(0, len(order), _CHUNK):
        tell(f"{start:,} of {len(order):,} items are hashed.")
        places = order[start : start + _CHUNK]
        reasons = _reasons(rows, places, columns)
        parts = [(arm, name, _part(marks, places)) for arm, name, marks in columns]
        for at, place in enumerate(places):
            lines = []
            for arm, name, part in parts:
                for repeat, (value, outcome, failure, seen) in enumerate(part[at]):
                    if seen:
                        key = (place, arm, repeat, name)
                        said = _said(value, outcome, failure, reasons.get(key, ""))
                        lines.append(f'[{heads[place]},"{arm}",{repeat},{_text(name)},{said}]')
            hasher.update(b"".join(sorted(f"{line}\n".encode() for line in lines)))
    return "sha256:" + hasher.hexdigest()


def _part(marks: Marked, places: Sequence[int]) -> list[list[tuple[Any, ...]]]:
    columns = [
        array[places].tolist() for array in (marks.value, marks.outcome, marks.failure, marks.seen)
    ]
    return [list(zip(*four, strict=True)) for four in zip(*columns, strict=True)]


@lru_cache(maxsize=10_000)
def _text(value: Any) -> str:
    return canonical(value).decode()


def _said(value: float, outcome: int, failure: int, reason: str) -> str:
    """Return the end of a line: value, failure, reason."""
    if failure:
        return f"null,{_text(FAILURES[failure - 1].value)},null"
    if outcome == _UNPARSABLE:
        return f"null,{_text(Failure.UNPARSABLE.value)},null"
    if outcome == _VALUE:
        return f"{_text(value)},null,null"
    said = "not scored" if not outcome else f"{OUTCOMES[outcome - 1].value}: {reason}"
    return f"null,null,{_text(said)}"


def _reasons(
    rows: LargeRows, places: Sequence[int], columns: Sequence[tuple[str, str, Marked]]
) -> dict[tuple[int, str, int, str], str]:
    """Return why scores are missing, of those that say why."""
    silent = [0, _VALUE, _UNPARSABLE]
    asked = [
        place
        for place in places
        if any(
            bool(np.any((marks.failure[place] == 0) & ~np.isin(marks.outcome[place], silent)))
            for _, _, marks in columns
        )
    ] if any(_speaks(marks, silent) for _, _, marks in columns) else []  # fmt: skip
    at = {rows.kept.names[place]: place for place in asked}
    return {
        (at[seen.item], seen.arm, seen.repeat, name): score.reason
        for seen in rows.observations(asked)
        for name, score in seen.scores.items()
    }


def _speaks(marks: Marked, silent: Sequence[int]) -> bool:
    return bool(np.any(~np.isin(marks.outcome, silent)))
