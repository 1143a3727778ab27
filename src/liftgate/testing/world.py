"""Items, and systems whose true success rates are set beforehand."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from liftgate.errors import DataError, SystemFailed
from liftgate.records import Item, Json

Answer = Callable[[Mapping[str, Json]], Any]
Factory = Callable[..., Answer]
RIGHT = "right"
WRONG = "wrong"


@dataclass(frozen=True)
class Faults:
    """How often, as a share of the items, a system fails in each way; always on the same items."""

    crash: float = 0.0
    """It raises an error."""
    refusal: float = 0.0
    wrong_type: float = 0.0
    """It answers with something that is no JSON value."""
    hang: float = 0.0
    """It does not answer within ``hang_s``."""
    hang_s: float = 3600.0

    def __post_init__(self) -> None:
        rates = (self.crash, self.refusal, self.wrong_type, self.hang)
        if min(rates) < 0 or sum(rates) > 1:
            raise DataError(f"faults: got the rates {rates}, expected shares with a sum up to 1")

    def of(self, lot: float) -> str | None:
        """Return the way in which an item fails that drew a lot in [0, 1), or None."""
        for kind in ("crash", "refusal", "wrong_type", "hang"):
            rate = getattr(self, kind)
            if lot < rate:
                return kind
            lot -= rate
        return None


@dataclass(frozen=True)
class World:
    """A set of items and what systems make of them; all follows from the seed.

    A system succeeds on an item with probability ``success`` plus the item's ease plus the system's
    ``effect``. The ease lies within -spread and spread; half of it is shared by a cluster. An
    item's outcome under a system is drawn once, so that a second call gives the same answer.
    """

    seed: int
    size: int = 200
    clusters: int | None = None
    """None: every item is its own."""
    success: float = 0.6
    spread: float = 0.2
    slices: int = 3
    """Items fall into so many values of the slice ``topic``, whole clusters at a time."""

    def __post_init__(self) -> None:
        low, high = self.success - self.spread, self.success + self.spread
        if not (self.spread >= 0 and low >= 0 and high <= 1):
            raise DataError(
                f"world: got success {self.success} with spread {self.spread}, expected both "
                "ends within 0 and 1"
            )

    def items(self) -> list[Item]:
        """Return the items: a question, the label ``right``, and the slice ``topic``."""
        return [self._item(number) for number in range(self.size)]

    def system(
        self,
        name: str,
        *,
        effect: float = 0.0,
        agreement: float = 0.5,
        faults: Faults | None = None,
        seconds: float = 0.0,
        measures: Mapping[str, float] | None = None,
    ) -> Factory:
        """Return a factory of a system that answers ``right`` or ``wrong``.

        Args:
            name: two systems of one name draw the same lots.
            effect: what is added to every item's probability of success; exactly the true mean
                difference to a system of effect 0.
            agreement: the probability that an item is decided by a lot that all systems share: at
                1 only as many items differ between systems as must.
            faults: how it fails; None: never.
            seconds: how long an answer takes.
            measures: what its ``measure()`` gives.

        Raises:
            DataError: the effect would take a probability out of [0, 1].
        """
        low = self.success - self.spread + effect
        high = self.success + self.spread + effect
        if low < 0 or high > 1:
            raise DataError(
                f"effect: got {effect}, which takes success to [{low:g}, {high:g}], "
                "expected within [0, 1]"
            )
        shape = _Shape(self, name, effect, agreement, faults or Faults(), seconds)

        def factory() -> Answer:
            return Answerer(shape, dict(measures or {}))

        return factory

    def succeeds(self, name: str, number: int, *, effect: float, agreement: float) -> bool:
        """Return whether a system succeeds on an item: the truth that its answers show."""
        shared = self.lot("agree", "", number) < agreement
        lot = self.lot("outcome", "all" if shared else name, number)
        return lot < self.success + self._ease(number) + effect

    def _item(self, number: int) -> Item:
        cluster = self._cluster(number)
        topic = int(self.lot("topic", "", cluster) * self.slices)
        return Item(
            id=f"item-{number:05d}",
            input={"text": f"question {number} of world {self.seed}"},
            target=RIGHT,
            cluster=None if self.clusters is None else f"cluster-{cluster}",
            slices={"topic": f"topic-{topic}"},
            metadata={"number": number},
        )

    def _cluster(self, number: int) -> int:
        return number if self.clusters is None else number % self.clusters

    def _ease(self, number: int) -> float:
        own = self.lot("ease", "item", number)
        shared = self.lot("ease", "cluster", self._cluster(number))
        return self.spread * (own + shared - 1.0)

    def lot(self, purpose: str, name: str, number: int) -> float:
        """Return a number in [0, 1) that follows from the seed and from what it is for."""
        text = f"{self.seed}\n{purpose}\n{name}\n{number}".encode()
        return int.from_bytes(hashlib.sha256(text).digest()[:6], "big") / 2**48


@dataclass(frozen=True)
class _Shape:
    world: World
    name: str
    effect: float
    agreement: float
    faults: Faults
    seconds: float


class Answerer:
    """A system of a world: ``answer(parts)``, with ``measure()``."""

    def __init__(self, shape: _Shape, measures: Mapping[str, float]) -> None:
        self._shape = shape
        self._measures = measures

    def __call__(self, parts: Mapping[str, Json]) -> Any:
        """Answer a question of the world, or fail as planned."""
        shape = self._shape
        number = int(str(parts["text"]).split()[1])
        time.sleep(shape.seconds)
        fault = shape.faults.of(shape.world.lot("fault", shape.name, number))
        if fault is not None:
            return _fail(fault, shape.faults.hang_s)
        right = shape.world.succeeds(
            shape.name, number, effect=shape.effect, agreement=shape.agreement
        )
        return RIGHT if right else WRONG

    def measure(self) -> Mapping[str, float]:
        """Return the measures that were set."""
        return self._measures


def _fail(kind: str, hang_s: float) -> Any:
    if kind == "crash":
        raise RuntimeError("a planned crash")
    if kind == "refusal":
        raise SystemFailed("a planned refusal", kind="refusal")
    if kind == "hang":
        time.sleep(hang_s)
    return object()
