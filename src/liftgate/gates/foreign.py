"""Aligning the rows of two foreign tables: one entry an item, nothing dropped in silence."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from liftgate.errors import DataError
from liftgate.figures.text import quoted
from liftgate.protocols import Row

_LISTED = 10
_EXAMPLES = 3

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Collected:
    """One side's rows as columns; row order is the file's, item numbers count first appearances."""

    place: str
    items: Mapping[str, int]
    at: Integers
    """Shape (rows,): the item number of each row."""
    scores: Mapping[str, Floats]
    """Metric -> shape (rows,); NaN: missing."""
    failed: NDArray[np.bool_]
    repeats: Integers
    """Shape (items,): rows of each item."""
    facts: Facts
    counted: frozenset[str] = frozenset()
    """Metrics that are known of failed rows, too: what was done before the failure was done."""

    def failed_on(self, metric: str) -> NDArray[np.bool_]:
        """Return the rows whose score of a metric is a failure's; shape (rows,)."""
        return np.zeros_like(self.failed) if metric in self.counted else self.failed


@dataclass(eq=False)
class Facts:
    """What is true of an item whatever a system does: item number -> value."""

    cluster: dict[int, str] = field(default_factory=dict)
    slices: dict[str, dict[int, str]] = field(default_factory=dict)
    content: dict[int, str] = field(default_factory=dict)
    prompt: dict[int, str] = field(default_factory=dict)
    unsteady: set[int] = field(default_factory=set)
    """Items whose rows, on one side, carry more than one content."""


def collect(
    rows: Iterable[Row],
    *,
    metrics: Sequence[str],
    place: str,
    has_repeats: bool,
    counted: frozenset[str] = frozenset(),
) -> Collected:
    """Gather one side's rows.

    Args:
        rows: of one system.
        metrics: those to keep.
        place: how errors call this side.
        has_repeats: whether a column tells the repeats of an item apart.
        counted: metrics that are known of failed rows, too.

    Raises:
        DataError: no rows; an item (and repeat) that comes twice; an item in two clusters or
            two slices.
    """
    items: dict[str, int] = {}
    labels: dict[str, int] = {}
    at, repeat = array("q"), array("q")
    failed = array("b")
    scores = {metric: array("d") for metric in metrics}
    facts = Facts()
    for row in rows:
        number = items.setdefault(row.item, len(items))
        at.append(number)
        repeat.append(labels.setdefault(row.repeat or "", len(labels)))
        failed.append(row.error is not None)
        for metric, column in scores.items():
            value = row.scores[metric]
            column.append(np.nan if value is None else value)
        _note_facts(facts, row, number, place)
    if not items:
        raise DataError(f"{place}: has no rows; expected at least one row of scores")
    rows_at = _integers(at)
    _refuse_doubles(items, rows_at, _integers(repeat), place, has_repeats=has_repeats)
    return Collected(
        place=place,
        items=items,
        at=rows_at,
        scores={metric: _floats(column) for metric, column in scores.items()},
        failed=np.frombuffer(failed, dtype=np.int8).astype(np.bool_),
        repeats=np.bincount(rows_at),
        facts=facts,
        counted=counted,
    )


def _integers(values: array[int]) -> Integers:
    return np.frombuffer(values, dtype=np.int64)


def _floats(values: array[float]) -> Floats:
    return np.frombuffer(values, dtype=np.float64)


def _note_facts(facts: Facts, row: Row, number: int, place: str) -> None:
    if row.cluster is not None:
        _same(facts.cluster, number, row.cluster, (place, row.item), "cluster")
    for name, value in row.slices.items():
        values = facts.slices.setdefault(name, {})
        _same(values, number, value, (place, row.item), f"slice {name!r}")
    content = row.content
    if content is not None and facts.content.setdefault(number, content) != content:
        facts.unsteady.add(number)
    if row.prompt is not None:
        facts.prompt.setdefault(number, row.prompt)


def _same(
    known: dict[int, str], number: int, value: str, place: tuple[str, str], what: str
) -> None:
    if known.setdefault(number, value) != value:
        where, item = place
        before, now = quoted(known[number]), quoted(value)
        raise DataError(
            f"{where}: item {quoted(item)} is in the {what} {before} and in {now}; expected one",
            hint=f"the {what} is a fact about the item: give it one value in all its rows",
        )


def _refuse_doubles(
    items: Mapping[str, int], at: Integers, repeat: Integers, place: str, *, has_repeats: bool
) -> None:
    keys = at * (int(repeat.max()) + 1) + repeat
    found, first, count = np.unique(keys, return_index=True, return_counts=True)
    doubled = np.unique(at[first[count > 1]])
    if not doubled.size:
        return
    names = list(items)
    listed = listing(sorted(names[number] for number in doubled))
    extra = int(keys.size - found.size)
    many = f"{doubled.size} items come" if doubled.size > 1 else "1 item comes"
    rows = f"{extra} rows" if extra > 1 else "1 row"
    if has_repeats:
        raise DataError(
            f"{place}: {many} twice under one repeat ({rows} too many): {listed}",
            hint="keep one row for each item and repeat",
        )
    raise DataError(
        f"{place}: {many} more than once ({rows} too many): {listed}",
        hint="if these are repeated tries of one item, say which column counts them: "
        "--repeat COLUMN; else keep one row an item, or name the right id: --item COLUMN",
    )


def listing(names: Sequence[str], most: int = _LISTED) -> str:
    """Return the first names, quoted and cut, and how many more there are."""
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(map(quoted, names[:most])) + more


@dataclass(frozen=True, eq=False)
class Matched:
    """The items of both sides, in the order of their ids, whatever the order of the rows."""

    items: tuple[str, ...]
    baseline: Collected
    candidate: Collected
    at_baseline: Integers
    """Shape (n,): item numbers on the baseline's side."""
    at_candidate: Integers
    only_baseline: tuple[str, ...]
    only_candidate: tuple[str, ...]
    changed: tuple[str, ...]
    cluster: Integers | None
    slices: Mapping[str, NDArray[np.object_]]
    reworded: tuple[str, ...] = ()
    """Of ``items``, those that were put to the two systems in different words."""


def match(baseline: Collected, candidate: Collected) -> Matched:
    """Find the items that both sides have, and say what was not paired.

    Raises:
        DataError: fewer than half of the smaller side's items match; every match changed; the two
            sides put an item into different clusters or slices.
    """
    common = sorted(baseline.items.keys() & candidate.items.keys())
    _refuse_strangers(baseline, candidate, len(common))
    changed = {name for name in common if _changed(name, baseline, candidate)}
    if len(changed) == len(common):
        each = f"{len(common)} items" if len(common) > 1 else "1 item"
        raise DataError(
            f"the {each} that both sides name all have a different input on each side, e.g. "
            f"{listing(common, _EXAMPLES)}; expected the same items",
            hint="compare runs of one version of the dataset",
        )
    kept = tuple(name for name in common if name not in changed)
    return Matched(
        items=kept,
        baseline=baseline,
        candidate=candidate,
        at_baseline=np.array([baseline.items[name] for name in kept], dtype=np.int64),
        at_candidate=np.array([candidate.items[name] for name in kept], dtype=np.int64),
        only_baseline=tuple(sorted(baseline.items.keys() - candidate.items.keys())),
        only_candidate=tuple(sorted(candidate.items.keys() - baseline.items.keys())),
        changed=tuple(sorted(changed)),
        cluster=_clusters(kept, baseline, candidate),
        slices=_slices(kept, baseline, candidate),
        reworded=tuple(name for name in kept if _reworded(name, baseline, candidate)),
    )


def _refuse_strangers(baseline: Collected, candidate: Collected, common: int) -> None:
    smaller = min(len(baseline.items), len(candidate.items))
    if 2 * common >= smaller:
        return
    raise DataError(
        f"these are not the same items: {common} of {len(baseline.items)} and "
        f"{len(candidate.items)} match, expected at least half of the smaller side; "
        f"{baseline.place} has {listing(_strangers(baseline, candidate), _EXAMPLES)}, "
        f"{candidate.place} has {listing(_strangers(candidate, baseline), _EXAMPLES)}",
        hint="compare two runs over one dataset, or name the column that holds its ids on "
        "both sides: --item COLUMN",
    )


def _strangers(side: Collected, other: Collected) -> list[str]:
    return sorted(side.items.keys() - other.items.keys())


def _changed(name: str, baseline: Collected, candidate: Collected) -> bool:
    here, there = baseline.items[name], candidate.items[name]
    if here in baseline.facts.unsteady or there in candidate.facts.unsteady:
        return True
    return _differ(baseline.facts.content.get(here), candidate.facts.content.get(there))


def _reworded(name: str, baseline: Collected, candidate: Collected) -> bool:
    prompts, others = baseline.facts.prompt, candidate.facts.prompt
    return _differ(prompts.get(baseline.items[name]), others.get(candidate.items[name]))


def _differ(before: str | None, after: str | None) -> bool:
    return before is not None and after is not None and before != after


def _clusters(items: Sequence[str], baseline: Collected, candidate: Collected) -> Integers | None:
    """Return a cluster number for each item; an item without a cluster is its own."""
    found = _facts(items, baseline, candidate, baseline.facts.cluster, candidate.facts.cluster)
    if all(value is None for value in found):
        return None
    numbers: dict[tuple[str, str], int] = {}
    known = zip(items, found, strict=True)
    keys = [("item", item) if c is None else ("cluster", c) for item, c in known]
    return np.array([numbers.setdefault(key, len(numbers)) for key in keys], dtype=np.int64)


def _slices(
    items: Sequence[str], baseline: Collected, candidate: Collected
) -> dict[str, NDArray[np.object_]]:
    names = sorted(baseline.facts.slices.keys() | candidate.facts.slices.keys())
    sides = baseline.facts.slices, candidate.facts.slices
    found = {name: [side.get(name, {}) for side in sides] for name in names}
    return {
        name: np.array(_facts(items, baseline, candidate, *found[name]), dtype=np.object_)
        for name in names
    }


def _facts(
    items: Sequence[str],
    baseline: Collected,
    candidate: Collected,
    before: Mapping[int, str],
    after: Mapping[int, str],
) -> list[str | None]:
    return [
        _one_fact(name, before.get(baseline.items[name]), after.get(candidate.items[name]))
        for name in items
    ]


def _one_fact(name: str, before: str | None, after: str | None) -> str | None:
    if before is not None and after is not None and before != after:
        raise DataError(
            f"item {quoted(name)} has the cluster or slice {quoted(before)} in the baseline and "
            f"{quoted(after)} in the candidate; expected one value",
            hint="a cluster or slice is a fact about the item, not about the system",
        )
    return before if before is not None else after
