"""Real rows for a replay: a finished study's from the store, else those of its pilot."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from liftgate.errors import NotEnoughData
from liftgate.flow.case import Case, case_of, refuse_tries
from liftgate.flow.parts import Parts, parts_of
from liftgate.flow.pilot import read_pilot
from liftgate.flow.study import find, open_study
from liftgate.gates.calibrate.replay import Integers, Kind, Material, numbered, side_by_side
from liftgate.gates.calibrate.rows import Floats
from liftgate.records import Arm, Item, Pairs, Scale
from liftgate.store import Store, Workspace
from liftgate.study import lock
from liftgate.study.design import Study
from liftgate.study.load import load

_NO_REPEATS = "{of}: one repeat of each item is stored, expected at least {least}"


@dataclass(frozen=True, eq=False)
class Found:
    """Rows for replays, and why there are none of a kind."""

    source: str
    items: tuple[Item, ...]
    """In the order in which the looks take them in; ids, clusters and slices only."""
    materials: tuple[Material, ...]
    refused: Mapping[Kind, str]
    notes: tuple[str, ...] = ()


def from_store(path: Path, metrics: Sequence[str]) -> Found | None:
    """Return the rows of a study that has run, or None when it has none yet.

    Raises:
        LockedError: the study is not what was locked.
        StudyError: what it names cannot be opened.
    """
    workspace = Workspace.locate()
    locked = find(load(path), workspace)
    if locked is None:
        return None
    opened = open_study(path)
    try:
        lock.verify(opened.study, locked, opened.body)
        parts = parts_of(opened)
        with Store.open(workspace.home, read_only=True) as store:
            plan = parts.plan(locked.digest, locked.time)
            case = case_of(parts, plan, store, opened.study.decision.alpha)
    finally:
        asyncio.run(_close(parts_of(opened)))
    return _of_case(case, metrics)


async def _close(parts: Parts) -> None:
    for system in parts.systems.values():
        await system.close()


def _of_case(case: Case, metrics: Sequence[str]) -> Found | None:
    arms = (case.baseline, *case.candidates)
    answered = [
        {row.item for row in case.rows.observations if row.arm == arm.fingerprint} for arm in arms
    ]
    both = set.intersection(*answered)
    if not both:
        return None
    kept = [item for item in case.items if item.id in both]
    order = _together(kept, case.study.seed) if case.looks is None else np.arange(len(kept))
    items = tuple(kept[at] for at in order)
    made = _Made()
    made.add(Kind.LABEL_SWAP, lambda: _swap_of(case, metrics, items))
    for arm in arms:
        made.add(Kind.REPEAT_AA, partial(_repeats_of, case, arm, metrics, items))
    notes = (
        (f"{len(kept)} of {len(case.items)} planned items were answered by every arm",)
        if len(kept) < len(case.items)
        else ()
    )
    return Found("the study's own rows", items, tuple(made.found), made.refused, notes)


def _repeats_of(case: Case, arm: Arm, metrics: Sequence[str], items: Sequence[Item]) -> Material:
    found = {
        metric: [case.repeat(arm, metric, items, n) for n in range(case.study.repeats)]
        for metric in metrics
    }
    scores = {m: np.stack([one.candidate for one in each], axis=1) for m, each in found.items()}
    scales = {metric: each[0].scale for metric, each in found.items()}
    some = next(iter(found.values()))[0]
    return _repeated(arm.name, scores, scales, some, 1 + len(case.candidates))


def _swap_of(case: Case, metrics: Sequence[str], items: Sequence[Item]) -> Material:
    found = {
        metric: [case.pairs(arm, metric, items) for arm in case.candidates] for metric in metrics
    }
    scores = {
        metric: np.stack([each[0].baseline, *(one.candidate for one in each)], axis=1)
        for metric, each in found.items()
    }
    names = " and ".join((case.baseline.name, *(arm.name for arm in case.candidates)))
    some = next(iter(found.values()))[0]
    scales = {metric: each[0].scale for metric, each in found.items()}
    return _swapped(names, scores, scales, some)


def from_pilot(
    study: Study, root: Path, planned: Sequence[Item], scales: Mapping[str, Scale]
) -> Found:
    """Return the rows of a study's pilot.

    Raises:
        NotEnoughData: the study has no pilot either.
        DataError: the pilot cannot be read, or does not fit the study.
    """
    if study.pilot is None:
        raise NotEnoughData(
            "there are no real rows to replay: the study has not been run here, and it names no "
            "pilot",
            hint="run the study, or give it a pilot: two tables of scores from before",
        )
    pilot = read_pilot(study, root, planned, scales)
    some = next(iter(pilot.pairs.values()))
    order = side_by_side(some.cluster, len(some.items), study.seed)
    made = _Made()
    names = f"{study.pilot.baseline} and {study.pilot.candidate}"
    made.add(
        Kind.LABEL_SWAP,
        lambda: _swapped(
            names,
            {m: np.stack([p.baseline, p.candidate], axis=1)[order] for m, p in pilot.pairs.items()},
            {m: p.scale for m, p in pilot.pairs.items()},
            some,
            order,
        ),
    )
    for name, scores in pilot.repeats.items():

        def repeats(name: str = name, scores: Mapping[str, Floats] = scores) -> Material:
            refuse_tries(study, scores)
            ordered = {metric: one[order] for metric, one in scores.items()}
            return _repeated(name, ordered, scales, some, len(study.arms), order)

        made.add(Kind.REPEAT_AA, repeats)
    notes = list(pilot.assumptions)
    if len(study.candidates) > 1:
        notes.append("the pilot has one candidate: the gate is replayed with one")
    notes.append(f"the gate is replayed on the pilot's {len(order)} items")
    return Found(
        "the pilot's tables", _items(some, order), tuple(made.found), made.refused, tuple(notes)
    )


class _Made:
    """Materials, and for each kind the first reason why there is none."""

    def __init__(self) -> None:
        self.found: list[Material] = []
        self.refused: dict[Kind, str] = {}

    def add(self, kind: Kind, make: Callable[[], Material]) -> None:
        try:
            self.found.append(make())
        except NotEnoughData as error:
            known = self.refused.get(kind)
            self.refused[kind] = str(error) if known is None else f"{known}; {error}"


def _repeated(
    of: str,
    scores: Mapping[str, Floats],
    scales: Mapping[str, Scale],
    some: Pairs,
    arms: int,
    order: Integers | None = None,
) -> Material:
    repeats = next(iter(scores.values())).shape[1]
    if repeats < 2:
        raise NotEnoughData(_NO_REPEATS.format(of=of, least=2))
    # With fewer repeats than arms there is one candidate: it has nobody to share alpha with.
    sides = arms if repeats >= arms else 2
    cluster, slices = _facts(some, order)
    return Material(
        Kind.REPEAT_AA,
        f"{repeats} repeats of {of}",
        scores,
        scales,
        cluster,
        slices,
        sides,
        repeats // sides,
    )


def _swapped(
    of: str,
    scores: Mapping[str, Floats],
    scales: Mapping[str, Scale],
    some: Pairs,
    order: Integers | None = None,
) -> Material:
    cluster, slices = _facts(some, order)
    sides = next(iter(scores.values())).shape[1]
    return Material(Kind.LABEL_SWAP, of, scores, scales, cluster, slices, sides, 1)


def _facts(
    some: Pairs, order: Integers | None
) -> tuple[Integers | None, dict[str, NDArray[np.object_]]]:
    at = np.arange(len(some.items)) if order is None else order
    cluster = None if some.cluster is None else numbered(some.cluster[at])
    return cluster, {name: labels[at] for name, labels in some.slices.items()}


def _together(items: Sequence[Item], seed: int) -> Integers:
    numbers: dict[tuple[str, str], int] = {}
    keys = [("item", i.id) if i.cluster is None else ("cluster", i.cluster) for i in items]
    codes = np.array([numbers.setdefault(key, len(numbers)) for key in keys], dtype=np.int64)
    return side_by_side(codes, len(items), seed)


def _items(some: Pairs, order: Integers) -> tuple[Item, ...]:
    return tuple(
        Item(
            some.items[at],
            {},
            cluster=None if some.cluster is None else str(some.cluster[at]),
            slices={n: str(v[at]) for n, v in some.slices.items() if v[at] is not None},
        )
        for at in order
    )
