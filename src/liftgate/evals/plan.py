"""What is to be run: the plan that ``execute`` and ``select`` share, and its fixed order."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from liftgate.errors import DataError
from liftgate.evals.limits import Limits
from liftgate.protocols import Judge, PairJudge, Scorer, System
from liftgate.records import Arm, Dataset, Failure, Item, Role, Scale, trial_key


@dataclass(frozen=True)
class BoundArm:
    """An arm with the system that answers for it."""

    arm: Arm
    system: System
    admissible_after: datetime | None = None
    """Trials that began before this (the lock) are not used; None: older ones may be."""
    reads: str | None = None
    """Which version of every item it is asked; None: the item as it is."""


@dataclass(frozen=True)
class Asked:
    """A system that a judge asks."""

    name: str
    """``plugin:rest``: the name by which a price is looked up."""
    system: System


@dataclass(frozen=True)
class BoundScorer:
    """A scorer with its name in the study, which is the metric's name."""

    name: str
    scorer: Scorer | Judge | PairJudge
    fingerprint: str
    """Digest of everything that can change a score: plug-in, version, parameters."""
    scale: Scale
    asks: tuple[Asked, ...] = ()
    """The systems that a judge asks."""

    @property
    def is_judge(self) -> bool:
        """Whether its scores are themselves measured, by a model."""
        return isinstance(self.scorer, (Judge, PairJudge))

    @property
    def of_pairs(self) -> bool:
        """Whether it compares two arms' answers."""
        return isinstance(self.scorer, PairJudge)


@dataclass(frozen=True)
class OutcomeRules:
    """How long an answer may take, and how often each kind of failure is tried again."""

    timeout_s: float
    retries: Mapping[Failure, int]
    """A kind that is not named is never tried again."""

    def allowed(self, failure: Failure) -> int:
        """Return how many attempts a key has, at most, when the last one failed in this way."""
        return 1 + self.retries.get(failure, 0)


@dataclass(frozen=True)
class PassPlan:
    """A latency metric that is taken from separate passes over the items."""

    quantile: float
    """Between 0 and 1, e.g. 0.95."""
    name: str
    """The measure's name, e.g. ``latency_p95_ms``."""
    passes: int
    items: int | None = None
    """How many items, drawn by the seed, make one pass; None: all."""

    @property
    def first_token(self) -> bool:
        """Whether the time to the first token is taken, rather than that to the whole answer."""
        return self.name.startswith("ttft_")


@dataclass(frozen=True)
class Plan:
    """Everything that a run must know, and nothing about claims or decisions."""

    study: str
    """Digest of the locked study."""
    dataset: Dataset
    arms: tuple[BoundArm, ...]
    scorers: tuple[BoundScorer, ...]
    repeats: int
    seed: int
    outcomes: OutcomeRules
    passes: tuple[PassPlan, ...] = ()
    concurrency: int | None = None
    """Calls in flight; None: what the systems say."""
    pauses: tuple[int, ...] = ()
    """After how many items, in the study's order, to finish what is in flight before going on: the
    planned looks, so that nothing is called that a look may show to be unneeded."""
    baseline_first: bool = False
    """Whether the baseline answers all items before a candidate is asked."""
    limits: Limits = field(default_factory=Limits)
    """Of each endpoint, shared by the arms that call it."""

    @property
    def single(self) -> tuple[BoundScorer, ...]:
        """The scorers of single answers."""
        return tuple(scorer for scorer in self.scorers if not scorer.of_pairs)

    @property
    def pairwise(self) -> tuple[BoundScorer, ...]:
        """The judges of pairs of answers."""
        return tuple(scorer for scorer in self.scorers if scorer.of_pairs)

    def __post_init__(self) -> None:
        names = {bound.arm.fingerprint: bound.arm.name for bound in self.arms}
        for bound in self.arms:
            if names[bound.arm.fingerprint] != bound.arm.name:
                raise DataError(
                    f"arms {bound.arm.name!r} and {names[bound.arm.fingerprint]!r} are the same "
                    "system with the same parameters; expected something to compare",
                    hint="change the parameters of one, or name another system",
                )


@dataclass(frozen=True)
class Job:
    """One key that the plan asks for, with the items that it answers for."""

    key: str
    arm: BoundArm
    repeat: int
    items: tuple[Item, ...]
    """More than one where items share their input."""
    place: int = 0
    """Of the first of its items in the study's order."""

    @property
    def input_digest(self) -> str:
        """Digest of the input parts that all its items share."""
        return self.items[0].input_digest


def ordered(items: tuple[Item, ...], seed: int) -> tuple[Item, ...]:
    """Return the items in the study's order: whole clusters, shuffled by the seed.

    Each cluster's place follows from its own name and the seed, so that neither the order of the
    file nor what else is in the set decides it.
    """

    def place(item: Item) -> tuple[bytes, bytes]:
        cluster = f"item {item.id}" if item.cluster is None else f"cluster {item.cluster}"
        return _draw(seed, cluster), _draw(seed, item.id)

    return tuple(sorted(items, key=place))


def rotated(arms: tuple[BoundArm, ...], turn: int) -> tuple[BoundArm, ...]:
    """Return the arms, beginning with another one each turn."""
    start = turn % len(arms) if arms else 0
    return arms[start:] + arms[:start]


def jobs(plan: Plan) -> Iterator[Job]:
    """Yield every key of the plan in the order of its calls, arms side by side item by item."""
    items = ordered(plan.dataset.items, plan.seed)
    places = {item.id: place for place, item in enumerate(items)}
    versions = {bound.reads for bound in plan.arms}
    sharing = {reads: _sharing(items, reads) for reads in versions}
    whole = _sharing(items, None)
    for arms in _in_turn(plan):
        for number, group in enumerate(whole.values()):
            for repeat in range(plan.repeats):
                for bound in rotated(arms, plan.seed + number + repeat):
                    asked = group[0].as_read(bound.reads).input_digest
                    alike = sharing[bound.reads][asked]
                    if alike[0].id != group[0].id:
                        continue  # another item has this arm's version of it, and was asked first
                    key = trial_key(bound.arm.fingerprint, asked, repeat)
                    yield Job(key, bound, repeat, tuple(alike), places[alike[0].id])


def _sharing(items: tuple[Item, ...], reads: str | None) -> dict[str, list[Item]]:
    """Return the items of each input, as an arm reads them, in the study's order."""
    found: dict[str, list[Item]] = {}
    for item in items:
        seen = item.as_read(reads)
        found.setdefault(seen.input_digest, []).append(seen)
    return found


def _in_turn(plan: Plan) -> tuple[tuple[BoundArm, ...], ...]:
    """Return the arms that are asked side by side, group after group."""
    if not plan.baseline_first:
        return (plan.arms,)
    first = tuple(bound for bound in plan.arms if bound.arm.role is Role.BASELINE)
    return (first, tuple(bound for bound in plan.arms if bound.arm.role is not Role.BASELINE))


def drawn(plan: Plan, count: int | None) -> tuple[Item, ...]:
    """Return the items of a pass: the first ``count`` of an order of their own."""
    items = ordered(plan.dataset.items, plan.seed)
    if count is None:
        return items
    by_lot = sorted(items, key=lambda item: _draw(plan.seed, f"pass {item.id}"))
    return tuple(by_lot[:count])


def _draw(seed: int, name: str) -> bytes:
    return hashlib.sha256(f"{seed}\n{name}".encode()).digest()
