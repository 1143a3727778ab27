"""Real rows for a gate's replay: runs of one system against each other, arms exchanged, harm.

Three kinds, which answer different questions and are never mixed. Repeat A/A: repeats of one
system, split at random into a baseline and candidates. Label swap: the arms of a real comparison
exchanged at random. Both are the exact null of every difference. Planted harm: either of them with
scores of the candidate replaced by the worst until one claim sits at its margin.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from liftgate.errors import NotEnoughData
from liftgate.gates.calibrate.quantities import GREATER, Asked, ClaimTests, OneTest
from liftgate.gates.calibrate.rows import Floats
from liftgate.gates.sequence import UNLABELLED
from liftgate.records import Pairing, Pairs, Scale, ScoreKind
from liftgate.stats import ClaimShape

Integers = NDArray[np.int64]


class Kind(StrEnum):
    """What is replayed."""

    REPEAT_AA = "repeat-aa"
    LABEL_SWAP = "label-swap"
    PLANTED_HARM = "planted-harm"


@dataclass(frozen=True, eq=False)
class Material:
    """Scores whose columns may be exchanged: repeats of one arm, or the arms themselves.

    Args:
        kind: repeat A/A or label swap.
        of: whose rows they are, in words.
        scores: metric -> shape (items, columns), in the locked order; NaN: missing.
        scales: metric -> scale of one column.
        cluster: shape (items,): cluster numbers in order of appearance; None: each its own.
        slices: slice's name -> shape (items,).
        sides: the baseline and the candidates that the columns are dealt to.
        independent: runs, or data sets, that are independent of each other.
    """

    kind: Kind
    of: str
    scores: Mapping[str, Floats]
    scales: Mapping[str, Scale]
    cluster: Integers | None
    slices: Mapping[str, NDArray[np.object_]]
    sides: int
    independent: int

    def __post_init__(self) -> None:
        columns = next(iter(self.scores.values())).shape[1]
        if columns < self.sides:
            raise NotEnoughData(
                f"{self.of}: {columns} columns of scores, expected at least {self.sides}"
            )
        if not any(self._varies(metric) for metric in self.scores):
            raise NotEnoughData(_STILL[self.kind].format(of=self.of))

    @property
    def items(self) -> int:
        """How many items there are."""
        return int(next(iter(self.scores.values())).shape[0])

    @property
    def codes(self) -> Integers:
        """Shape (items,): each item's cluster, a number of its own where it has none."""
        return np.arange(self.items) if self.cluster is None else self.cluster

    @property
    def still(self) -> tuple[str, ...]:
        """Metrics that never differ between the columns: their claims are not tried."""
        return tuple(metric for metric in self.scores if not self._varies(metric))

    @property
    def whole(self) -> bool:
        """Whether no score is missing."""
        return not any(bool(np.isnan(s).any()) for s in self.scores.values())

    @property
    def side_scales(self) -> dict[str, Scale]:
        """The scale of a side's scores: of several columns averaged, 0 and 1 become graded."""
        columns = next(iter(self.scores.values())).shape[1]
        if columns // self.sides == 1:
            return dict(self.scales)
        return {
            metric: replace(scale, kind=ScoreKind.GRADED)
            if scale.kind is ScoreKind.BINARY
            else scale
            for metric, scale in self.scales.items()
        }

    def deal(self, runs: int, rng: np.random.Generator) -> dict[str, Floats]:
        """Deal the columns of each cluster to the sides at random.

        Returns:
            Metric -> shape (runs, items, sides); the first side is the baseline. All metrics of a
            cluster are dealt alike, so that their correlation stays.
        """
        codes = self.codes
        columns = next(iter(self.scores.values())).shape[1]
        order = rng.random((runs, int(codes.max()) + 1, columns)).argsort(axis=2)[:, codes]
        size = columns // self.sides
        kept = order[..., : size * self.sides]
        return {
            metric: np.take_along_axis(np.broadcast_to(scores, order.shape), kept, axis=2)
            .reshape(runs, self.items, self.sides, size)
            .mean(axis=3)
            for metric, scores in self.scores.items()
        }

    def pairs(self, dealt: Mapping[str, Floats], candidate: int) -> dict[str, Pairs]:
        """Return the pairs of one candidate in some runs, one run after the other.

        Args:
            dealt: metric -> shape (runs, items, sides).
            candidate: from 1.
        """
        runs = next(iter(dealt.values())).shape[0]
        codes = self.codes
        count = int(codes.max()) + 1
        cluster = (np.arange(runs)[:, None] * count + codes).ravel()
        names = tuple(map(str, range(runs * self.items)))
        scales = self.side_scales
        return {
            metric: Pairs(
                metric=metric,
                items=names,
                candidate=scores[..., candidate].ravel(),
                baseline=scores[..., 0].ravel(),
                cluster=None if self.cluster is None else cluster,
                scale=scales[metric],
                slices={name: np.tile(labels, runs) for name, labels in self.slices.items()},
                pairing=Pairing(len(names)),
            )
            for metric, scores in dealt.items()
        }

    def _varies(self, metric: str) -> bool:
        scores = self.scores[metric]
        known = np.nan_to_num(scores, nan=-np.inf)
        return bool((known != known[:, :1]).any())


_STILL = {
    Kind.REPEAT_AA: "{of}: every repeat has the same scores; the difference of a deterministic "
    "system from itself is 0, which proves nothing",
    Kind.LABEL_SWAP: "{of}: the arms have the same scores on every item, so that exchanging them "
    "changes nothing",
}


@dataclass(frozen=True)
class Harm:
    """One claim's boundary, reached by replacing the candidate's scores by the worst.

    Args:
        tests: the claim.
        test: the null that is made just true.
        share: of the items, each by itself, that lose their score.
        worst: what they score instead.
    """

    tests: ClaimTests
    test: OneTest
    share: float
    worst: float

    @property
    def title(self) -> str:
        """How people call it."""
        inside = self.test.quantity.inside
        return self.tests.claim.title + (f" = {inside[1]}" if inside is not None else "")

    def plant(
        self, dealt: Mapping[str, Floats], material: Material, rng: np.random.Generator
    ) -> dict[str, Floats]:
        """Return the runs in which the first candidate is worse by the margin, in expectation."""
        metric = self.test.quantity.metric
        scores = dealt[metric].copy()
        struck = rng.random(scores.shape[:2]) < self.share
        struck &= _inside(material, self.test)
        scores[..., 1] = np.where(struck, self.worst, scores[..., 1])
        return {**dealt, metric: scores}


def harms(asked: Asked, material: Material) -> tuple[tuple[Harm, ...], dict[str, str]]:
    """Return the boundaries at which harm can be planted, and why not at the others.

    Under a random deal every column of an item is as likely to be the candidate's, so that the
    expected loss is the share of items times the mean distance of all columns from the worst.
    """
    found: list[Harm] = []
    refused: dict[str, str] = {}
    for tests in asked.tests:
        for test in tests.rejects:
            if test.alternative is not GREATER or _no_loss(test):
                continue
            try:
                found.append(_harm(tests, test, material))
            except NotEnoughData as error:
                refused[tests.claim.id] = str(error)
    return tuple(found), refused


def _no_loss(test: OneTest) -> bool:
    """Whether a test is no claim that little may be lost."""
    shape, ratio = test.quantity.shape, test.quantity.ratio
    if shape is ClaimShape.CONTRAST:
        return ratio <= 0
    return shape is ClaimShape.MEAN or test.null >= 0


def _harm(tests: ClaimTests, test: OneTest, material: Material) -> Harm:
    metric = test.quantity.metric
    scale, scores = material.scales[metric], material.scores[metric]
    if scale.worst is None:
        raise NotEnoughData("its scores have no worst value that could be planted")
    inside = scores[_inside(material, test)]
    mean = float(np.nanmean(inside)) if inside.size else scale.worst
    room = abs(mean - scale.worst)
    relative = test.quantity.shape is ClaimShape.CONTRAST
    wanted = test.quantity.ratio * abs(mean) if relative else -test.null
    if wanted > room:
        raise NotEnoughData(
            f"a candidate that is wrong everywhere loses {room:.3g}, less than the margin of "
            f"{wanted:.3g}: the claim cannot fail on these items"
        )
    return Harm(tests, test, wanted / room, scale.worst)


def _inside(material: Material, test: OneTest) -> NDArray[np.bool_]:
    place = test.quantity.inside
    if place is None:
        return np.ones(material.items, dtype=np.bool_)
    labels: Iterable[object] = material.slices[place[0]]
    return np.array([(UNLABELLED if x is None else str(x)) == place[1] for x in labels])


def numbered(cluster: Integers | None) -> Integers | None:
    """Return cluster numbers in order of appearance, from 0."""
    if cluster is None:
        return None
    _, first, codes = np.unique(cluster, return_index=True, return_inverse=True)
    return np.argsort(np.argsort(first))[codes].astype(np.int64)


def side_by_side(cluster: Integers | None, items: int, seed: int) -> Integers:
    """Return a random order of the items in which those of a cluster stand side by side."""
    codes = np.arange(items) if cluster is None else cluster
    ranks = np.random.default_rng(seed).permutation(int(codes.max(initial=0)) + 1)
    return np.argsort(ranks[codes], kind="stable")


def only(materials: Sequence[Material], kind: Kind) -> tuple[Material, ...]:
    """Return those of a kind."""
    return tuple(one for one in materials if one.kind is kind)
