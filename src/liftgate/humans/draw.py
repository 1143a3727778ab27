"""Drawing a batch: which items, who rates what, in which order, on which side.

Every choice follows from the seed through SHA-256 of (seed, what is chosen, its name), so that a
batch can be drawn again anywhere and no choice depends on the order of a file. Items are a
stratified random sample without replacement, allocated in proportion (largest remainders; Cochran
1977, Sampling Techniques, chapter 5); each keeps its probability of having been drawn, by which an
estimate is weighted.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from liftgate.errors import DataError
from liftgate.humans.subjects import Gold, Subject
from liftgate.records import Rubric, RubricKind, RubricUnit

LEAD = "lead"
_PSEUDONYM = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,39}")


class TaskKind(StrEnum):
    """Why a rater is shown something; raters are never told."""

    PLAIN = "plain"
    SHARED = "shared"
    """Rated by everybody: what agreement is computed from."""
    REPEAT = "repeat"
    """Shown to the same rater before; of a pair with its sides exchanged."""
    GOLD = "gold"


@dataclass(frozen=True)
class Task:
    """One screen of one rater."""

    subject: str
    kind: TaskKind
    swapped: bool = False
    """Of a pair: whether the second side is shown first."""


@dataclass(frozen=True)
class Wishes:
    """What a batch is asked to be."""

    raters: tuple[str, ...]
    items: int
    """Different items over all raters, gold apart."""
    overlap: int = 0
    """Of these, how many everybody rates."""
    repeats: int = 0
    """How many tasks each rater sees a second time."""
    seed: int = 0


@dataclass(frozen=True)
class Drawn:
    """What was drawn."""

    subjects: tuple[Subject, ...]
    """In the order of the pool; without gold."""
    probability: Mapping[str, float]
    """Item -> probability of having been drawn."""
    tasks: Mapping[str, tuple[Task, ...]]
    """Rater -> screens in order."""
    strata: Mapping[str, tuple[int, int]]
    """Stratum -> (items drawn, items there were)."""


def draw(
    pool: Sequence[Subject], rubric: Rubric, wishes: Wishes, gold: Sequence[Gold] = ()
) -> Drawn:
    """Draw a batch.

    Args:
        pool: everything that could be rated.
        rubric: what is asked.
        wishes: how many, by whom.
        gold: shown to everybody, spread evenly over each rater's order.

    Raises:
        DataError: a rubric that people cannot answer by single keys, raters that are no
            pseudonyms, numbers that do not fit the pool, or a subject without the sides that the
            rubric asks about.
    """
    check_rubric(rubric)
    _check(pool, rubric, wishes, gold)
    by_item: dict[str, list[Subject]] = {}
    for subject in pool:
        by_item.setdefault(subject.item, []).append(subject)
    chosen, probability, strata = _sample(by_item, wishes)
    shared = set(
        sorted(chosen, key=lambda item: rank(wishes.seed, "shared", item))[: wishes.overlap]
    )
    assigned = _assigned([item for item in chosen if item not in shared], by_item, wishes)
    paired = rubric.unit is RubricUnit.PAIR
    tasks = {}
    for rater in wishes.raters:
        own = [
            Task(subject.key, TaskKind.SHARED if item in shared else TaskKind.PLAIN)
            for item in chosen
            if item in shared or assigned[item] == rater
            for subject in by_item[item]
        ]
        tasks[rater] = _ordered(own, gold, rater, wishes, paired=paired)
    subjects = tuple(subject for subject in pool if subject.item in probability)
    return Drawn(subjects, probability, tasks, strata)


def rank(seed: int, *names: str) -> bytes:
    """Return where something stands in a random order that the seed decides."""
    text = "\x1f".join([str(seed), *names])
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()


def check_rubric(rubric: Rubric) -> None:
    """Refuse a rubric that cannot be answered by keys: one for each value, or two for each.

    Raises:
        DataError: keys that are missing, longer than two characters or shared; a nominal
            rubric about pairs, whose values cannot be turned when the sides are exchanged.
    """
    anchors = rubric.scale.anchors
    keys = [anchor.key.casefold() for anchor in anchors]
    size = 2 if keys and len(keys[0]) == 2 else 1
    for anchor, key in zip(anchors, keys, strict=True):
        place = f"rubric {rubric.name}, anchor {anchor.label!r}: key"
        if len(key) != size or not key.isalnum():
            wanted = "two letters or digits" if size == 2 else "one letter or digit"
            raise DataError(f"{place}: got {anchor.key!r}, expected {wanted}")
        if keys.count(key) > 1:
            raise DataError(f"{place}: got {anchor.key!r} twice, expected one key an anchor")
    if len(anchors) < 2:
        raise DataError(f"rubric {rubric.name}: got {len(anchors)} anchors, expected at least 2")
    if rubric.unit is RubricUnit.PAIR:
        if rubric.scale.kind is RubricKind.NOMINAL:
            raise DataError(f"rubric {rubric.name}: a pair needs an ordered scale, got nominal")
        for value in rubric.scale.values:
            if rubric.scale.at(turned(value, rubric)) is None:
                raise DataError(
                    f"rubric {rubric.name}: got the value {value:g} without its mirror image "
                    f"{turned(value, rubric):g}; a pair's sides are exchanged, so its scale must "
                    "be symmetric"
                )


def turned(value: float, rubric: Rubric) -> float:
    """Return what a pair's value means for the other side."""
    return rubric.scale.low + rubric.scale.high - value


def _check(pool: Sequence[Subject], rubric: Rubric, wishes: Wishes, gold: Sequence[Gold]) -> None:
    check_raters(wishes.raters)
    items = len({subject.item for subject in pool})
    if not 1 <= wishes.items <= items:
        raise DataError(f"n: got {wishes.items}, expected 1 to {items}, the items that there are")
    if not 0 <= wishes.overlap <= wishes.items:
        raise DataError(f"overlap: got {wishes.overlap}, expected 0 to {wishes.items}")
    if wishes.overlap and len(wishes.raters) < 2:
        raise DataError("overlap: one rater has nobody to agree with; expected 0")
    if wishes.repeats < 0:
        raise DataError(f"repeats: got {wishes.repeats}, expected 0 or more")
    paired = rubric.unit is RubricUnit.PAIR
    seen = set()
    for subject in (*pool, *(one.subject for one in gold)):
        if subject.key in seen:
            raise DataError(
                f"subjects: got {subject.key!r} twice, expected each once, in pool and gold"
            )
        seen.add(subject.key)
        if paired != (len(subject.sides) == 2):
            raise DataError(
                f"subject {subject.key!r}: got {len(subject.sides)} answers, expected "
                + ("two: the rubric asks about pairs" if paired else "at most one")
            )
    for one in gold:
        if rubric.scale.at(one.value) is None:
            raise DataError(
                f"gold {one.subject.key!r}: got the value {one.value:g}, expected one of "
                + ", ".join(f"{value:g}" for value in rubric.scale.values)
            )


def check_raters(raters: Sequence[str]) -> None:
    """Refuse names that are no pseudonyms, and names that are there twice.

    Raises:
        DataError: names the rater.
    """
    if not raters:
        raise DataError("raters: got none, expected at least one pseudonym")
    for rater in raters:
        if not _PSEUDONYM.fullmatch(rater) or rater.casefold() == LEAD:
            raise DataError(
                f"raters: got {rater!r}, expected a pseudonym of letters, digits, - and _, "
                f"other than {LEAD}"
            )
        if [one.casefold() for one in raters].count(rater.casefold()) > 1:
            raise DataError(f"raters: got {rater!r} twice, expected different pseudonyms")


def _sample(
    by_item: Mapping[str, Sequence[Subject]], wishes: Wishes
) -> tuple[list[str], dict[str, float], dict[str, tuple[int, int]]]:
    strata: dict[str, list[str]] = {}
    for item, subjects in by_item.items():
        strata.setdefault(subjects[0].stratum, []).append(item)
    sizes = allocated({name: len(items) for name, items in strata.items()}, wishes.items)
    chosen: list[str] = []
    probability = {}
    for name in sorted(strata):
        items = sorted(strata[name], key=lambda item: rank(wishes.seed, "item", item))
        for item in items[: sizes[name]]:
            chosen.append(item)
            probability[item] = sizes[name] / len(items)
    return chosen, probability, {n: (sizes[n], len(strata[n])) for n in sorted(strata)}


def allocated(sizes: Mapping[str, int], total: int) -> dict[str, int]:
    """Share a total out in proportion to sizes, by largest remainders, at least 1 where possible.

    Args:
        sizes: stratum -> items that there are.
        total: at most their sum.
    """
    whole = sum(sizes.values())
    least = 1 if total >= len(sizes) else 0
    given = {name: max(least, total * size // whole) for name, size in sizes.items()}
    by_rest = sorted(sizes, key=lambda n: (-(total * sizes[n] % whole), n))
    while sum(given.values()) > total:
        name = max((n for n in sizes if given[n] > least), key=lambda n: (given[n], n))
        given[name] -= 1
    while sum(given.values()) < total:
        name = next(n for n in by_rest if given[n] < sizes[n])
        by_rest.append(by_rest.pop(by_rest.index(name)))
        given[name] += 1
    return given


def _assigned(
    items: Sequence[str], by_item: Mapping[str, Sequence[Subject]], wishes: Wishes
) -> dict[str, str]:
    """Deal the items that only one rates, stratum by stratum, so that shares differ by one."""
    dealt = sorted(
        items, key=lambda item: (by_item[item][0].stratum, rank(wishes.seed, "deal", item))
    )
    raters = sorted(wishes.raters, key=lambda rater: rank(wishes.seed, "dealer", rater))
    return {item: raters[place % len(raters)] for place, item in enumerate(dealt)}


def _ordered(
    own: Sequence[Task], gold: Sequence[Gold], rater: str, wishes: Wishes, *, paired: bool
) -> tuple[Task, ...]:
    seed = wishes.seed
    line = sorted(own, key=lambda task: rank(seed, "order", rater, task.subject))
    golden = sorted(
        (Task(one.subject.key, TaskKind.GOLD) for one in gold),
        key=lambda task: rank(seed, "order", rater, task.subject),
    )
    if paired:
        line, golden = (_sided(tasks, rater, seed) for tasks in (line, golden))
    again = _repeats(line, rater, wishes, paired=paired)
    half = (len(line) + 1) // 2
    line = [*line[:half], *_spread(line[half:], again, rank(seed, "repeat", rater))]
    return tuple(_spread(line, golden, rank(seed, "gold", rater)))


def _repeats(line: Sequence[Task], rater: str, wishes: Wishes, *, paired: bool) -> list[Task]:
    """Choose among a rater's first third what comes again in the second half."""
    first = line[: len(line) // 3]
    if wishes.repeats > len(first):
        raise DataError(
            f"repeats: got {wishes.repeats}, expected at most {len(first)}, a third of what "
            f"{rater} rates, so that each comes again long after the first time"
        )
    picked = sorted(first, key=lambda task: rank(wishes.seed, "again", rater, task.subject))
    return [
        Task(task.subject, TaskKind.REPEAT, paired and not task.swapped)
        for task in picked[: wishes.repeats]
    ]


def _sided(tasks: Sequence[Task], rater: str, seed: int) -> list[Task]:
    """Exchange the sides of half of the pairs."""
    places = sorted(tasks, key=lambda task: rank(seed, "side", rater, task.subject))
    start = rank(seed, "side", rater)[0] % 2
    swapped = {task.subject for place, task in enumerate(places) if (place + start) % 2}
    return [Task(task.subject, task.kind, task.subject in swapped) for task in tasks]


def _spread(line: Sequence[Task], more: Sequence[Task], chance: bytes) -> list[Task]:
    """Mix tasks in, one into each of as many equal stretches, at a random place of each."""
    mixed: list[Task] = []
    for place, task in enumerate(more):
        start, stop = (len(line) * n // len(more) for n in (place, place + 1))
        turn = int.from_bytes(
            hashlib.sha256(chance + bytes([place % 256, place // 256])).digest()[:8]
        )
        at = start + turn % (stop - start + 1)
        mixed += [*line[start:at], task, *line[at:stop]]
    return mixed if more else list(line)
