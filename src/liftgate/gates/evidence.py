"""What a rule may ask: the one place that knows missing scores, and which way is better."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TypedDict

import numpy as np
from numpy.typing import NDArray

from liftgate import stats
from liftgate.errors import DataError, NotEnoughData
from liftgate.gates.measures import MeasureEvidence, check_alpha, measure_evidence
from liftgate.gates.pairs import Floats, clusters, complete, in_slice, slice_values
from liftgate.gates.sequence import Looks
from liftgate.protocols import Evidence
from liftgate.records import (
    Alternative,
    Design,
    Estimate,
    Pairs,
    Population,
    Scale,
    ScoreKind,
)
from liftgate.stats.course import Course

__all__ = ["DESCRIPTIVE_LEVEL", "MeasureEvidence", "PairsEvidence", "measure_evidence"]

DESCRIPTIVE_LEVEL = 0.95


class _Options(TypedDict):
    """What every method of the table needs to know beside the scores."""

    kind: ScoreKind
    score_range: tuple[float, float] | None
    cluster: NDArray[np.int64] | None
    weight: Floats | None
    level: float
    guarantee: bool
    course: Course | None


@dataclass(frozen=True, eq=False)
class PairsEvidence:
    """Paired scores of one metric, asked about by one claim.

    Args:
        pairs: one entry an item, in the score's own units.
        alpha: one-sided level of the study; limits are given at confidence ``1 − 2·alpha``.
        population: what the study speaks about. A fixed-n interval for new items also serves
            ``this-set``: it allows for a sampling error that a fixed set does not have.
        looks: where the study looks, the pairs then being those of the looks reached so far, in
            the locked order; None: once, at all items.
        by_slice: the slice of the claim.
        guarantee: whether only methods with a proven level may answer.
    """

    pairs: Pairs
    alpha: float
    population: Population = Population.NEW_ITEMS
    looks: Looks | None = None
    by_slice: str | None = None
    guarantee: bool = False

    def __post_init__(self) -> None:
        check_alpha(self.alpha)

    @property
    def design(self) -> Design:
        """How often the study looks."""
        return Design.FIXED if self.looks is None else self.looks.design

    @property
    def scale(self) -> Scale | None:
        """The metric's scale."""
        return self.pairs.scale

    @property
    def clusters(self) -> int:
        """How many clusters the items form."""
        return clusters(self.pairs)

    def difference(
        self, *, null: float = 0.0, alternative: Alternative = Alternative.GREATER
    ) -> Estimate:
        """Candidate − baseline, oriented so that larger is better.

        Raises:
            NotEnoughData: no items, a missing score on a scale without the end that it needs,
                weights, a design without a method, or the method's own refusal.
            DataError: ``alternative`` is two-sided; a claim asks in one direction.
        """
        candidate, baseline = self._sides(alternative)
        scale = self.pairs.scale
        if scale.low is not None and scale.high is not None:
            reach = scale.high - scale.low
            self._check_null(null, -reach, reach)
        estimate = stats.paired_difference(
            candidate, baseline, null=null, alternative=alternative, **self._options()
        )
        return self._stamped(estimate)

    def relative_difference(
        self, ratio: float, *, alternative: Alternative = Alternative.GREATER
    ) -> Estimate:
        """The contrast candidate − (1 − ratio) × baseline against 0, larger is better.

        Where lower is better the contrast is (1 + ratio) × baseline − candidate.

        Raises:
            NotEnoughData: as ``difference``, or a baseline without a positive mean.
            DataError: as ``difference``; ``ratio`` is not within −1 and 1.
        """
        if not -1 < ratio < 1:
            raise DataError(f"ratio: got {ratio:g}, expected a share between -1 and 1")
        candidate, baseline = self._sides(alternative, raw=True)
        mirrored = not self.pairs.scale.higher_is_better
        if mirrored:
            candidate, baseline, ratio = -candidate, -baseline, -ratio
        estimate = stats.paired_contrast(
            candidate,
            baseline,
            ratio,
            alternative=alternative,
            mirrored=mirrored,
            **self._options(flipped=mirrored),
        )
        return self._stamped(estimate)

    def mean(self, *, limit: float, alternative: Alternative = Alternative.LESS) -> Estimate:
        """The candidate's own mean against a limit, in the score's units.

        A missing score enters as the scale's end that is worst for the question: high for ``less``.
        """
        self._check_items("candidate")
        values = self._bound("candidate", high=_one_sided(alternative) is Alternative.LESS)
        self._check_null(limit, self.pairs.scale.low, self.pairs.scale.high)
        estimate = stats.mean(values, null=limit, alternative=alternative, **self._options())
        return self._stamped(estimate, sides=("candidate",))

    def passes(
        self,
        *,
        limit: float,  # noqa: ARG002 - the door's signature
        alternative: Alternative = Alternative.LESS,  # noqa: ARG002
    ) -> Estimate:
        """Refuse: scores of items are not passes over the items."""
        raise NotEnoughData(
            f"{self.pairs.metric} is scored item by item; a limit over separate passes needs a "
            "quantity measured once a pass"
        )

    def measured(self) -> float:
        """Refuse: a score is not an exact measure."""
        raise NotEnoughData(f"{self.pairs.metric} is scored item by item; it is no exact measure")

    def slices(self) -> Mapping[str, Evidence]:
        """The same evidence for each value of the claim's slice, sorted by name.

        Items without a value form the slice ``(none)``.

        Raises:
            DataError: the claim names no slice, or one that the items do not carry.
        """
        if self.by_slice is None:
            raise DataError(f"{self.pairs.metric}: the claim names no slice; expected by_slice")
        name = self.by_slice
        # A planned slice that no look has reached yet is not left out: it has no items.
        planned = () if self.looks is None else self.looks.slices.get(name, ())
        values = sorted({*slice_values(self.pairs, name), *map(str, planned)})
        return {value: self._within(name, value) for value in values}

    def descriptive(self) -> Estimate | None:
        """The 95 % interval of the difference with missing scores left out, or None.

        It carries no p-value, so that nothing can be decided by it.
        """
        kept = complete(self.pairs)
        alpha = (1 - DESCRIPTIVE_LEVEL) / 2
        try:
            once = replace(self, pairs=replace(kept, bounds=None), alpha=alpha, looks=None)
            found = replace(once, guarantee=False).difference()
        except NotEnoughData:
            return None
        dropped = len(self.pairs.items) - len(kept.items)
        note = f"{dropped} items left out, a score being missing: descriptive only"
        warnings = (*found.warnings, note) if dropped else found.warnings
        if self.looks is not None:
            warnings = (*warnings, "as if these items had been looked at once: descriptive only")
        return replace(found, alternative=Alternative.TWO_SIDED, p_value=None, warnings=warnings)

    def _within(self, name: str, value: str) -> PairsEvidence:
        looks = None if self.looks is None else self.looks.within(name, value)
        part = in_slice(self.pairs, name, value)
        return replace(self, pairs=part, looks=looks, by_slice=None)

    def _sides(self, alternative: Alternative, *, raw: bool = False) -> tuple[Floats, Floats]:
        """Candidate and baseline, missing ones at their worst for the question.

        Oriented so that larger is better, unless ``raw``.
        """
        self._check_items("candidate", "baseline")
        against = _one_sided(alternative) is Alternative.GREATER
        candidate_high = against != self.pairs.scale.higher_is_better
        candidate = self._bound("candidate", high=candidate_high)
        baseline = self._bound("baseline", high=not candidate_high)
        if raw or self.pairs.scale.higher_is_better:
            return candidate, baseline
        return self._flip(candidate), self._flip(baseline)

    def _check_items(self, *sides: str) -> None:
        """Refuse to tell anything of a side that has no score: its worst case is no evidence."""
        pairs = self.pairs
        if not pairs.items:
            raise NotEnoughData(f"{pairs.metric}: there are no items")
        for side in sides:
            if bool(np.isnan(getattr(pairs, side)).all()):
                raise NotEnoughData(
                    f"{pairs.metric}: can't tell: no score, for none of {len(pairs.items)} items "
                    f"the {side} has one"
                )

    def _check_null(self, null: float, low: float | None, high: float | None) -> None:
        """Refuse a tested value that the scores cannot pass: it needs no data to be true."""
        if (low is not None and null <= low) or (high is not None and null >= high):
            raise NotEnoughData(
                f"{self.pairs.metric}: the tested value {null:g} is one that the scores cannot "
                "pass, so that no data could reject or confirm it"
            )

    def _bound(self, side: str, *, high: bool) -> Floats:
        """One side's scores with every missing one at an end of the scale."""
        pairs, scale = self.pairs, self.pairs.scale
        values: Floats = getattr(pairs, side)
        gaps = np.isnan(values)
        if not bool(gaps.any()):
            return values
        end = scale.high if high else scale.low
        if end is None:
            raise NotEnoughData(
                f"{pairs.metric}: {int(gaps.sum())} of {len(values)} scores of the {side} are "
                f"missing, and the scale has no {'highest' if high else 'lowest'} value to put in "
                "their place; it needs a declared bound"
            )
        if pairs.bounds is None:
            return np.where(gaps, end, values)
        filled: Floats = getattr(pairs.bounds, f"{side}_{'high' if high else 'low'}")
        return filled

    def _flip(self, values: Floats) -> Floats:
        """Turn the scale round; one with two ends onto itself, so that 0 and 1 stay 0 and 1."""
        low, high = self.pairs.scale.low, self.pairs.scale.high
        return -values if low is None or high is None else (low + high) - values

    def _options(self, *, flipped: bool = False) -> _Options:
        low, high, kind = self.pairs.scale.low, self.pairs.scale.high, self.pairs.scale.kind
        ends = None
        if low is not None and high is not None and kind is not ScoreKind.UNBOUNDED:
            ends = (-high, -low) if flipped else (low, high)
        if kind is ScoreKind.BINARY and ends not in {None, (0.0, 1.0)}:
            # Two values other than 0 and 1, such as those of a mirrored scale.
            kind = ScoreKind.GRADED
        own = self.pairs.cluster is None or clusters(self.pairs) == len(self.pairs.items)
        return {
            "kind": kind,
            "score_range": ends,
            "cluster": None if own else self.pairs.cluster,
            "weight": self.pairs.weight,
            "level": 1 - 2 * self.alpha,
            "guarantee": self.guarantee,
            "course": None if self.looks is None else self.looks.course(),
        }

    def _stamped(
        self, estimate: Estimate, *, sides: tuple[str, ...] = ("candidate", "baseline")
    ) -> Estimate:
        """Say for which population the study asked, and which missing scores entered."""
        gaps = {side: int(np.isnan(getattr(self.pairs, side)).sum()) for side in sides}
        notes = [
            f"{count} missing scores of the {side} entered at their worst for the claim"
            for side, count in gaps.items()
            if count
        ]
        return replace(estimate, population=self.population, warnings=(*estimate.warnings, *notes))


def _one_sided(alternative: Alternative) -> Alternative:
    if alternative is Alternative.TWO_SIDED:
        raise DataError(
            "alternative: got two-sided, expected greater or less: what a missing score is worst "
            "for depends on the direction"
        )
    return alternative
