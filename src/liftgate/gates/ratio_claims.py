"""What a rule may ask about a ratio of sums: the same questions as about a mean over items."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TypedDict

import numpy as np
from numpy.typing import NDArray

from liftgate import stats
from liftgate.errors import DataError, NotEnoughData
from liftgate.gates.evidence import DESCRIPTIVE_LEVEL
from liftgate.gates.measures import check_alpha
from liftgate.gates.ratio_rows import RatioPairs, Tries, sums
from liftgate.gates.sequence import Looks
from liftgate.protocols import Evidence
from liftgate.records import Alternative, Design, Estimate, Population, Scale
from liftgate.stats.course import PlannedCourse

OTHER = {
    Alternative.GREATER: Alternative.LESS,
    Alternative.LESS: Alternative.GREATER,
    Alternative.TWO_SIDED: Alternative.TWO_SIDED,
}


class _Options(TypedDict):
    """What both methods need beside the sums."""

    ratio_range: tuple[float, float] | None
    cluster: NDArray[np.int64] | None
    level: float


@dataclass(frozen=True, eq=False)
class RatioEvidence:
    """Both arms' sums of one ratio, asked about by one claim; see ``PairsEvidence``.

    Args:
        pairs: in the locked order where the study looks more than once.
        alpha: one-sided level of the study.
        population: what the study speaks about.
        looks: where the study looks; None: once, at all items.
        by_slice: the slice of the claim.
        guarantee: whether only methods with a proven level may answer: then none does.
        refusal: why nothing may be asked; empty: everything may.
    """

    pairs: RatioPairs
    alpha: float
    population: Population = Population.NEW_ITEMS
    looks: Looks | None = None
    by_slice: str | None = None
    guarantee: bool = False
    refusal: str = ""

    def __post_init__(self) -> None:
        check_alpha(self.alpha)

    @property
    def design(self) -> Design:
        """How often the study looks."""
        return Design.FIXED if self.looks is None else self.looks.design

    @property
    def scale(self) -> Scale | None:
        """The ratio's scale."""
        return self.pairs.scale

    @property
    def clusters(self) -> int:
        """How many clusters the items form."""
        return self.pairs.units

    def difference(
        self, *, null: float = 0.0, alternative: Alternative = Alternative.GREATER
    ) -> Estimate:
        """Candidate's ratio − baseline's ratio, oriented so that larger is better.

        A try in which the system failed enters at the worst for its arm; what is missing at the
        worst for the question.

        Raises:
            NotEnoughData: no items, an amount without the end that it needs, weights, unlimited
                looks, a guarantee, or the method's own refusal.
            DataError: ``alternative`` is two-sided; a claim asks in one direction.
        """
        return self._compared(null, alternative, 1.0)

    def relative_difference(
        self, ratio: float, *, alternative: Alternative = Alternative.GREATER
    ) -> Estimate:
        """The contrast of the arms' ratios, candidate − (1 − ratio) × baseline, against 0.

        Where lower is better it is (1 + ratio) × baseline − candidate.

        Raises:
            NotEnoughData: as ``difference``, or a baseline whose ratio is not above 0.
            DataError: as ``difference``; ``ratio`` is not within −1 and 1.
        """
        if not -1 < ratio < 1:
            raise DataError(f"ratio: got {ratio:g}, expected a share between -1 and 1")
        better = self.pairs.scale.higher_is_better
        return self._compared(0.0, alternative, 1 - ratio if better else 1 + ratio)

    def mean(self, *, limit: float, alternative: Alternative = Alternative.LESS) -> Estimate:
        """The candidate's own ratio against a limit, what failed at its highest.

        What is missing enters high or low, as is worst for the question.

        Raises:
            NotEnoughData: as ``difference``; planned looks.
        """
        self._check()
        if self.looks is not None:
            raise NotEnoughData(f"{self.pairs.ratio.name}: a ratio of its own is looked at once")
        up = one_sided(alternative) is Alternative.LESS
        self._check_null(limit, self.pairs.scale.low, self.pairs.scale.high)
        # A failure counts against the limit whatever is asked: it is no missing amount.
        over, under = sums(self.pairs, "candidate", up=up, failed_up=True)
        found = stats.ratio(over, under, null=limit, alternative=alternative, **self._options())
        return self._stamped(found, ("candidate",))

    def passes(
        self,
        *,
        limit: float,  # noqa: ARG002 - the door's signature
        alternative: Alternative = Alternative.LESS,  # noqa: ARG002
    ) -> Estimate:
        """Refuse: sums over items are not passes over the items."""
        raise NotEnoughData(f"{self.pairs.ratio.name} is a ratio of sums over items, not of passes")

    def measured(self) -> float:
        """Refuse: a ratio of sums is not an exact measure."""
        raise NotEnoughData(f"{self.pairs.ratio.name} is a ratio of sums; it is no exact measure")

    def slices(self) -> Mapping[str, Evidence]:
        """The same evidence for each value of the claim's slice, sorted by name.

        Raises:
            DataError: the claim names no slice, or one that the items do not carry.
        """
        if self.by_slice is None:
            raise DataError(f"{self.pairs.ratio.name}: the claim names no slice; expected by_slice")
        name = self.by_slice
        planned = () if self.looks is None else self.looks.slices.get(name, ())
        values = sorted({*self.pairs.labels(name), *map(str, planned)})
        return {value: self.within(name, value) for value in values}

    def within(self, name: str, value: str) -> RatioEvidence:
        """Return the same evidence for one value of a slice."""
        mask = np.array([label == value for label in self.pairs.labels(name)], dtype=np.bool_)
        looks = None if self.looks is None else self.looks.within(name, value)
        return replace(self, pairs=self.pairs.take(mask), looks=looks, by_slice=None)

    def descriptive(self) -> Estimate | None:
        """The 95 % interval of the difference with missing amounts left out, or None.

        It carries no p-value, so that nothing can be decided by it.
        """
        kept = complete(self.pairs)
        once = replace(
            self,
            pairs=kept,
            alpha=(1 - DESCRIPTIVE_LEVEL) / 2,
            looks=None,
            guarantee=False,
            refusal="",
        )
        try:
            found = once.difference()
        except NotEnoughData:
            return None
        dropped = len(self.pairs.items) - len(kept.items)
        note = f"{dropped} items left out, an amount being missing: descriptive only"
        warnings = (*found.warnings, note) if dropped else found.warnings
        if self.looks is not None:
            warnings = (*warnings, "as if these items had been looked at once: descriptive only")
        return replace(found, alternative=Alternative.TWO_SIDED, p_value=None, warnings=warnings)

    def _compared(self, null: float, alternative: Alternative, kept: float) -> Estimate:
        self._check()
        against = one_sided(alternative) is Alternative.GREATER
        scale = self.pairs.scale
        better = scale.higher_is_better
        if scale.low is not None and scale.high is not None:
            least = scale.low - kept * scale.high
            most = scale.high - kept * scale.low
            self._check_null(null, *((least, most) if better else (-most, -least)))
        found = self._estimate(
            kept,
            null if better else -null,
            alternative if better else OTHER[alternative],
            up=against != better,
        )
        return self._stamped(found if better else mirrored(found), ("candidate", "baseline"))

    def _estimate(
        self, kept: float, null: float, alternative: Alternative, *, up: bool
    ) -> Estimate:
        """Return candidate's ratio − ``kept`` · baseline's, as it is.

        Args:
            kept: share of the baseline's.
            null: tested value.
            alternative: of the p-value.
            up: whether what is missing of the candidate makes its ratio as large as it can.
        """
        # A failure counts against its arm whatever is asked: it is no missing amount.
        worst = not self.pairs.scale.higher_is_better
        ours = sums(self.pairs, "candidate", up=up, failed_up=worst)
        theirs = sums(self.pairs, "baseline", up=not up, failed_up=worst)
        return stats.ratio_difference(
            *ours,
            *theirs,
            null=null,
            alternative=alternative,
            kept=kept,
            course=self._course(),
            **self._options(),
        )

    def _check(self) -> None:
        pairs = self.pairs
        name = pairs.ratio.name
        if self.refusal:
            raise NotEnoughData(f"{name}: {self.refusal}")
        if not pairs.items:
            raise NotEnoughData(f"{name}: there are no items")
        if pairs.weight is not None:
            raise NotEnoughData(
                f"{name}: the items carry weights, and a ratio of sums already says what counts "
                "how much"
            )
        if self.guarantee:
            raise NotEnoughData(f"{name}: no method for a ratio of sums is guaranteed")

    def _check_null(self, null: float, low: float | None, high: float | None) -> None:
        """Refuse a tested value that the ratio cannot pass: it needs no data to be true."""
        if (low is not None and null <= low) or (high is not None and null >= high):
            raise NotEnoughData(
                f"{self.pairs.ratio.name}: the tested value {null:g} is one that the ratio cannot "
                "pass, so that no data could reject or confirm it"
            )

    def _course(self) -> PlannedCourse | None:
        course = None if self.looks is None else self.looks.course()
        if course is None or isinstance(course, PlannedCourse):
            return course
        raise NotEnoughData(
            f"{self.pairs.ratio.name}: no test of a ratio of sums holds at unlimited looks"
        )

    def _options(self) -> _Options:
        pairs, scale = self.pairs, self.pairs.scale
        own = pairs.cluster is None or pairs.units == len(pairs.items)
        return {
            "ratio_range": None
            if scale.low is None or scale.high is None
            else (scale.low, scale.high),
            "cluster": None if own else pairs.cluster,
            "level": 1 - 2 * self.alpha,
        }

    def _stamped(self, found: Estimate, sides: tuple[str, ...]) -> Estimate:
        """Say for which population the study asked, and what did not enter as itself."""
        notes = []
        for side in sides:
            tries = getattr(self.pairs, side)
            missing = int((~tries.known & ~tries.failed).sum())
            failed = int((~tries.known & tries.failed).sum())
            if missing:
                notes.append(
                    f"{missing} missing tries of the {side} entered at their worst for the claim"
                )
            if failed:
                notes.append(f"{failed} failed tries of the {side} entered at the ratio's worst")
        return replace(found, population=self.population, warnings=(*found.warnings, *notes))


def complete(pairs: RatioPairs) -> RatioPairs:
    """Return the items of which nothing is missing on either side; failures are no gaps."""
    kept = [(side.known | side.failed).all(axis=1) for side in (pairs.candidate, pairs.baseline)]
    return pairs.take(np.asarray(kept[0] & kept[1]))


def own_ratio(pairs: RatioPairs, side: str) -> Estimate | None:
    """Return one arm's ratio with its 95 % interval, missing tries left out, or None."""
    known = (getattr(pairs, side).known | getattr(pairs, side).failed).all(axis=1)
    kept = pairs.take(np.asarray(known))
    evidence = RatioEvidence(kept, alpha=(1 - DESCRIPTIVE_LEVEL) / 2)
    if not kept.items or kept.weight is not None:
        return None
    try:
        up = not pairs.scale.higher_is_better
        over, under = sums(kept, side, up=up, failed_up=up)
        return stats.ratio(over, under, **evidence._options())  # noqa: SLF001 - of this module
    except NotEnoughData:
        return None


def counts(pairs: RatioPairs, side: str) -> dict[str, float | int | None]:
    """Return what one arm's tries add up to, as far as they are known.

    Returns:
        ``of`` and ``per`` (sums over known tries; None where there is none), ``tries``, ``failed``
        and ``missing`` (tries of which an amount is not known).
    """
    tries: Tries = getattr(pairs, side)
    known = tries.known
    some = bool(known.any())
    return {
        "of": float(tries.of_low[known].sum()) if some else None,
        "per": float(tries.per_low[known].sum()) if some else None,
        "tries": int(known.size),
        "failed": int(tries.failed.sum()),
        "missing": int((~known & ~tries.failed).sum()),
    }


def mirrored(estimate: Estimate) -> Estimate:
    """Return an estimate of the same with its sign turned: larger is better where lower was."""

    def turned(value: float | None) -> float | None:
        return None if value is None else -value

    return replace(
        estimate,
        value=-estimate.value,
        low=turned(estimate.high),
        high=turned(estimate.low),
        null=-estimate.null if estimate.null else 0.0,
        alternative=OTHER[estimate.alternative],
    )


def one_sided(alternative: Alternative) -> Alternative:
    """Return an alternative that has a direction. Raises DataError for a two-sided one."""
    if alternative is Alternative.TWO_SIDED:
        raise DataError(
            "alternative: got two-sided, expected greater or less: what a missing amount is worst "
            "for depends on the direction"
        )
    return alternative
