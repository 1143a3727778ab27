"""What is to be run: the plan that ``execute`` and ``select`` share, and its fixed order."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from hashlib import sha256 as _sha256
from typing import NamedTuple

from liftgate.canon import canonical
from liftgate.errors import DataError
from liftgate.evals.limits import Limits
from liftgate.protocols import Judge, PairJudge, Scorer, System
from liftgate.records import Arm, Dataset, Failure, Item, Json, Role, Scale, trial_key
from liftgate.records.packed import input_digests, labels_of, some_of


@dataclass(frozen=True)
class BoundArm:
    """An arm with the system that answers for it."""

    arm: Arm
    system: System
    admissible_after: datetime | None = None
    """Trials that began before this (the lock) are not used; None: older ones may be."""
    reads: str | None = None
    """Which version of every item it is asked; None: the item as it is."""
    opening: Callable[[], System] | None = None
    """Opens the same system in another process; can be pickled. None: it is only in this one."""


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
    opening: Callable[[], Scorer] | None = None
    """Makes the same scorer in another process; can be pickled. None: it is only in this one."""

    @property
    def is_judge(self) -> bool:
        """Whether its scores are themselves measured, by a model."""
        return isinstance(self.scorer, (Judge, PairJudge))

    @property
    def of_pairs(self) -> bool:
        """Whether it compares two arms' answers."""
        return isinstance(self.scorer, PairJudge)


@dataclass(frozen=True)
class Question:
    """One call of a judge's system that is to be made."""

    scorer: BoundScorer
    asked: Asked | None
    """None: how often a judge asks about this answer is not known before it sees it."""
    parts: Mapping[str, Json]
    answer_tokens: int | None
    """Of answers that are not there yet and are not among the parts; None: nothing bounds them."""


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

    @cached_property
    def single(self) -> tuple[BoundScorer, ...]:
        """The scorers of single answers."""
        return tuple(scorer for scorer in self.scorers if not scorer.of_pairs)

    @cached_property
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


class Job(NamedTuple):
    """One key that the plan asks for, with the items that it answers for."""

    key: str
    arm: BoundArm
    repeat: int
    items: tuple[Item, ...]
    """More than one where items share their input."""
    place: int
    """Of the first of its items in the study's order."""
    input_digest: str
    """Digest of the input parts that all its items share."""


def ordered(items: Sequence[Item], seed: int) -> Sequence[Item]:
    """Return the items in the study's order: whole clusters, shuffled by the seed.

    Each cluster's place follows from its own name and the seed, so that neither the order of the
    file nor what else is in the set decides it.
    """
    return some_of(items, _order(items, seed))


def _order(items: Sequence[Item], seed: int) -> list[int]:
    def place(name: str, cluster: str | None) -> bytes:
        if cluster is None:
            # Nobody else is in its cluster, so that there is nothing to order within it.
            return _draw(seed, f"item {name}")
        return _draw(seed, f"cluster {cluster}") + _draw(seed, name)

    places = [place(name, cluster) for name, cluster in labels_of(items)]
    return sorted(range(len(items)), key=places.__getitem__)


def rotated(arms: tuple[BoundArm, ...], turn: int) -> tuple[BoundArm, ...]:
    """Return the arms, beginning with another one each turn."""
    start = turn % len(arms) if arms else 0
    return arms[start:] + arms[:start]


def jobs(plan: Plan) -> Iterator[Job]:
    """Yield every key of the plan in the order of its calls, arms side by side item by item."""
    return Agenda(plan).jobs()


class Agenda:
    """A plan's keys in the order of their calls; a job is made when its turn has come.

    Of each input it keeps 32 bytes, and of each item its number.
    """

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._items = ordered(plan.dataset.items, plan.seed)
        self._latest: dict[str | None, tuple[int, tuple[Item, ...]]] = {}
        """Version -> the number whose items were made last, for the next arms and repeats."""
        whole = self._whole()
        self._readings = {
            reads: whole if reads is None else self._reading(reads, whole)
            for reads in {bound.reads for bound in plan.arms}
        }
        self._numbers = range(len(whole.inputs))
        self._reads = {bound.arm.fingerprint: bound.reads for bound in plan.arms}

    def total(self, arm: str | None = None) -> int:
        """Return how many keys there are, in all or for one arm."""
        arms = self._reads if arm is None else (arm,)
        return self._plan.repeats * sum(self._readings[self._reads[a]].calls for a in arms)

    def among(self, arm: str, known: Container[bytes]) -> int:
        """Return how many of an arm's keys are among those that are known, by ``slot``."""
        return sum(
            slot(digest, repeat) in known
            for repeat in range(self._plan.repeats)
            for digest in self._readings[self._reads[arm]].inputs
            if digest is not None
        )

    def jobs(
        self,
        but: Mapping[str, Container[bytes]] | None = None,
        *,
        only: Mapping[str, Container[bytes]] | None = None,
    ) -> Iterator[Job]:
        """Yield the jobs in order.

        Args:
            but: arm's fingerprint -> slots to leave out.
            only: arm's fingerprint -> slots to keep; instead of ``but``.
        """
        keep = only is not None
        named = (but if only is None else only) or {}
        sets = {b.arm.fingerprint: named.get(b.arm.fingerprint, ()) for b in self._plan.arms}
        for bound, number, digest, repeat in self._turns():
            if (slot(digest, repeat) in sets[bound.arm.fingerprint]) is keep:
                yield self._job(bound, number, digest, repeat)

    def keys(self) -> Iterator[tuple[str, str]]:
        """Yield (arm's fingerprint, key) of every job, without making its items."""
        for bound, _, digest, repeat in self._turns():
            arm = bound.arm.fingerprint
            yield arm, trial_key(arm, f"sha256:{digest.hex()}", repeat)

    def _turns(self) -> Iterator[tuple[BoundArm, int, bytes, int]]:
        plan = self._plan
        for arms in _in_turn(plan):
            turns = [rotated(arms, turn) for turn in range(len(arms))]
            for number in self._numbers if arms else ():
                for repeat in range(plan.repeats):
                    for bound in turns[(plan.seed + number + repeat) % len(arms)]:
                        digest = self._readings[bound.reads].inputs[number]
                        if digest is not None:  # else asked with the earlier one that reads alike
                            yield bound, number, digest, repeat

    def _job(self, bound: BoundArm, number: int, digest: bytes, repeat: int) -> Job:
        reading = self._readings[bound.reads]
        places = reading.shared.get(digest) or (reading.first[number],)
        input_digest = f"sha256:{digest.hex()}"
        key = trial_key(bound.arm.fingerprint, input_digest, repeat)
        made, found = self._latest.get(bound.reads, (-1, ()))
        if made != number:
            found = tuple([self._items[place].as_read(bound.reads) for place in places])
            self._latest[bound.reads] = number, found
        return Job(key, bound, repeat, found, places[0], input_digest)

    def _whole(self) -> _Reading:
        """Return the items' inputs as they are."""
        first: dict[bytes, int] = {}
        shared: dict[bytes, list[int]] = {}
        for place, digest in enumerate(input_digests(self._items)):
            if first.setdefault(digest, place) != place:
                shared.setdefault(digest, [first[digest]]).append(place)
        return _Reading(_Inputs(first), array("q", first.values()), shared, len(first))

    def _reading(self, version: str, whole: _Reading) -> _Reading:
        """Return one version of the items' inputs, where several may be the same."""
        groups: dict[bytes, list[int]] = {}

        def asked() -> Iterator[bytes | None]:
            for digest, place in zip(whole.inputs, whole.first, strict=True):
                assert digest is not None
                seen = self._items[place].as_read(version)
                found = _sha256(canonical(seen.input)).digest()
                yield None if found in groups else found
                groups.setdefault(found, []).extend(whole.shared.get(digest) or (place,))

        inputs = _Inputs(asked())
        shared = {found: sorted(places) for found, places in groups.items() if len(places) > 1}
        return _Reading(inputs, whole.first, shared, len(groups))


class _Inputs:
    """Digests one after another; None where there is none."""

    _SIZE = 32
    _NONE = bytes(_SIZE)

    def __init__(self, digests: Iterable[bytes | None]) -> None:
        held = bytearray()
        for digest in digests:
            held += digest or self._NONE
        self._held = bytes(held)

    def __len__(self) -> int:
        return len(self._held) // self._SIZE

    def __iter__(self) -> Iterator[bytes | None]:
        return map(self.__getitem__, range(len(self)))

    def __getitem__(self, at: int) -> bytes | None:
        found = self._held[self._SIZE * at : self._SIZE * (at + 1)]
        return None if found == self._NONE else found


class _Reading(NamedTuple):
    """The inputs of all items in one version, in the study's order."""

    inputs: _Inputs
    """One for each different input of the items as they are; None: an earlier one reads alike."""
    first: Sequence[int]
    """The place of the first item of each."""
    shared: Mapping[bytes, Sequence[int]]
    """Input -> the places of its items, where there are several."""
    calls: int
    """How many different ones there are: the calls of an arm and repeat."""


def raw(digest: str) -> bytes:
    """Return the bytes that a digest of an input stands for: ``sha256:`` and hex digits."""
    return bytes.fromhex(digest[7:])


def slot(digest: bytes, repeat: int) -> bytes:
    """Return what stands for an arm's key: it follows from the input and the repeat."""
    return digest if repeat == 0 else digest + repeat.to_bytes(4, "big")


def _in_turn(plan: Plan) -> tuple[tuple[BoundArm, ...], ...]:
    """Return the arms that are asked side by side, group after group."""
    if not plan.baseline_first:
        return (plan.arms,)
    first = tuple(bound for bound in plan.arms if bound.arm.role is Role.BASELINE)
    return (first, tuple(bound for bound in plan.arms if bound.arm.role is not Role.BASELINE))


def drawn(plan: Plan, count: int | None) -> Sequence[Item]:
    """Return the items of a pass: the first ``count`` of an order of their own."""
    items = ordered(plan.dataset.items, plan.seed)
    if count is None:
        return items
    lots = [_draw(plan.seed, f"pass {name}") for name, _ in labels_of(items)]
    return some_of(items, sorted(range(len(items)), key=lots.__getitem__)[:count])


def _draw(seed: int, name: str) -> bytes:
    return _sha256(f"{seed}\n{name}".encode()).digest()
