"""What turns an answer into a number, and how far long work is."""

from __future__ import annotations

from collections.abc import Awaitable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol, runtime_checkable

from liftgate.records import (
    Answer,
    Failure,
    Item,
    Json,
    Judged,
    Missing,
    Scale,
)


@runtime_checkable
class Scorer(Protocol):
    """Turns an answer into a number, or says why it cannot.

    One that has an attribute ``needs_trace``, and it is true, is shown the answer's ``trace``;
    others see None there.
    """

    version: str
    """Changes whenever the same answer could get another score."""

    def scale(self, items: Sequence[Item]) -> Scale:
        """Declare the values that scores can take, from the items and never from results."""
        ...

    def score(self, answer: Answer, item: Item) -> float | Missing | Awaitable[float | Missing]:
        """Score one answer.

        Returns:
            The score, or ``Missing(reason)`` when the scorer abstains.

        Raises:
            SystemFailed: with kind ``unparsable`` when the *answer* has the wrong shape: an outcome
                of the system. Any other exception is a failure of the scorer: missing.
        """
        ...


@dataclass(frozen=True)
class SystemName:
    """A system as a study names it."""

    system: str
    """``plugin:rest``."""
    params: Mapping[str, Json] = field(default_factory=dict)
    files: tuple[str, ...] = ()
    packages: tuple[str, ...] = ()


@dataclass(frozen=True)
class Reply:
    """What became of asking a judge's system once; its failure is the judge's, not the arm's."""

    answer: Answer | None
    failure: Failure | None = None
    message: str = ""
    seconds: float = 0.0
    cost: float | None = None
    """None: not known, which is not zero."""
    reported: Mapping[str, Json] | None = None


class Ask(Protocol):
    """The handle by which a judge asks: budget, time-out and purse are somebody else's care."""

    async def __call__(self, number: int, parts: Mapping[str, Json]) -> Reply:
        """Ask the judge's system of a number, in the order of ``asks``, once."""
        ...


@runtime_checkable
class Judge(Protocol):
    """A scorer that asks systems. Its fingerprint is the digest of its identity.

    It scores by ``judge`` instead of ``score``.
    """

    version: str

    @property
    def identity(self) -> Mapping[str, Json]:
        """Model, prompt, rubric, decoding, votes, aggregation: another one is another judge."""
        ...

    def scale(self, items: Sequence[Item]) -> Scale:
        """Declare the values that scores can take."""
        ...

    async def judge(self, answer: Answer, item: Item, ask: Ask) -> Judged:
        """Judge one answer. Raises what the handle raises, and nothing else."""
        ...


@runtime_checkable
class Foreseeing(Protocol):
    """A judge that says beforehand what it will ask, so that its calls can be priced."""

    def foresee(
        self, item: Item, answers: Sequence[Answer | None]
    ) -> Sequence[tuple[int, Mapping[str, Json]]] | None:
        """Return the number of the system and the parts of each call about answers to an item.

        Args:
            item: as judges see it.
            answers: the one, or of a judge of pairs the two in one order; None: not there yet.

        Returns:
            None: how often it asks depends on what the answer will be.
        """
        ...


@runtime_checkable
class OfVerdicts(Protocol):
    """A judge of answers that are verdicts about an input part; people rate the part."""

    def part(self, item: Item) -> Json:
        """Return what verdicts on an item are about; None: there is no such part."""
        ...

    def counts(self, output: Json, label: float) -> float:
        """Return the score of a verdict about a part that people rate ``label``."""
        ...


@runtime_checkable
class PairJudge(Protocol):
    """A judge that compares two answers to one item. Its scores are the first one's, 0 to 1."""

    version: str

    @property
    def identity(self) -> Mapping[str, Json]:
        """As that of ``Judge``."""
        ...

    def scale(self, items: Sequence[Item]) -> Scale:
        """From 0 to 1: the preference for an arm."""
        ...

    async def judge_pair(self, first: Answer, second: Answer, item: Item, ask: Ask) -> Judged:
        """Judge two answers in this order. Raises what the handle raises, and nothing else."""
        ...


@runtime_checkable
class JudgeFactory(Protocol):
    """What a judge's parameters make: it becomes a ``Judge`` once its systems are known."""

    version: str

    @property
    def asks(self) -> Sequence[SystemName]:
        """The systems that it wants to ask, to be opened by whoever runs it."""
        ...

    def seated(self, root: Path, fingerprints: Sequence[str]) -> Judge | PairJudge:
        """Return the judge.

        Args:
            root: the folder from which its rubric is looked up.
            fingerprints: of the systems that it asks, in the order of ``asks``.

        Raises:
            StudyError: its rubric has faults.
            LiftgateError: its parameters do not fit the rubric; names the parameter first.
        """
        ...


@dataclass(frozen=True)
class Progress:
    """How far a stage of long work is. It holds no score, so that nobody can peek."""

    stage: str
    done: int
    """Finished in this stage, ``reused`` included."""
    total: int
    reused: int = 0
    """Known from earlier runs."""
    failed: int | None = 0
    """Of those finished now, how many the system failed; None: nothing that could fail is done."""
    rate: float | None = None
    """Finished per second in this run; None: too early to say."""
    seconds_left: float | None = None
