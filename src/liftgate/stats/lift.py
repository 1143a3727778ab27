"""The relative lift of a mean: for showing; claims use the contrast."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from liftgate.stats import inputs, table
from liftgate.stats.estimate import Estimate
from liftgate.stats.inputs import Floats, Range, Sample
from liftgate.stats.inversion import p_value
from liftgate.stats.kinds import Alternative, ClaimShape, ScoreKind
from liftgate.stats.paired import check_baseline, contrast_bounds, quarter
from liftgate.stats.student import Moments, StudentTest, moments, student_from

_DOUBLINGS = 40
_HALVINGS = 100


def relative_lift(
    candidate: ArrayLike,
    baseline: ArrayLike,
    *,
    kind: ScoreKind | str | None = None,
    score_range: Sequence[float] | None = None,
    cluster: ArrayLike | None = None,
    level: float = 0.95,
    alternative: Alternative | str = Alternative.TWO_SIDED,
    null: float = 0.0,
) -> Estimate:
    """Estimate candidate mean / baseline mean − 1, for showing; a claim uses the contrast.

    The limits hold every lift whose contrast is not rejected (Fieller 1954, JRSS B 16, 175–185),
    so they agree with ``paired_contrast``; None: unbounded, the baseline is not clearly above 0.
    Scores are in their own orientation (not flipped), since the baseline must be positive.

    Args:
        candidate: as in ``paired_difference``.
        baseline: as in ``paired_difference``; mean above 0.
        kind: as in ``paired_difference``.
        score_range: as in ``paired_difference``.
        cluster: as in ``paired_difference``.
        level: as in ``paired_difference``.
        alternative: as in ``paired_difference``.
        null: tested lift, strictly inside what the range allows.

    Raises:
        NotEnoughData: as ``paired_contrast``.
        DataError: as ``paired_difference``.
    """
    kind = inputs.check_kind(kind, score_range, candidate, baseline)
    level = inputs.check_level(level)
    alternative = inputs.check_alternative(alternative)
    span = inputs.score_span(kind, score_range)
    ours, theirs = inputs.pair(candidate, baseline, kind, span)
    check_baseline(theirs, mirrored=False)
    codes = inputs.cluster_codes(cluster, ours.size)
    family = _LiftTest(ours, theirs, codes, span)
    inputs.check_null("null", null, (family.ends[0] - 1, family.ends[1] - 1))
    row = table.choose(kind, Sample(ours, codes).units, ClaimShape.CONTRAST)
    tail = (1 - level) / 2
    here = family.at(family.ratio)
    return Estimate(
        value=family.ratio - 1,
        low=family.limit(Alternative.GREATER, tail),
        high=family.limit(Alternative.LESS, tail),
        level=level,
        alternative=alternative,
        null=null,
        p_value=p_value(family.at(1 + null), 0.0, alternative),
        method=row.name,
        n=here.n,
        clusters=here.clusters,
        mark=row.mark,
        df=here.df,
    )


class _LiftTest:
    """The contrasts candidate − ρ·baseline against 0, for every ratio ρ."""

    def __init__(
        self, ours: Floats, theirs: Floats, codes: inputs.Codes | None, span: Range | None
    ) -> None:
        self._ours = moments(Sample(ours, codes))
        self._theirs = moments(Sample(theirs, codes))
        self._cross = float(np.sum((ours - ours.mean()) * (theirs - theirs.mean())))
        self._span = span
        self.ratio = float(self._ours.mean / self._theirs.mean)

    def at(self, rho: float) -> StudentTest:
        """Return the tests of the contrast with one ratio."""
        bounds = contrast_bounds(self._span, rho)
        squares = self._ours.squares - 2 * rho * self._cross + rho**2 * self._theirs.squares
        sums = self._ours.sums - rho * self._theirs.sums
        found = Moments(self._ours.sizes, sums, np.maximum(squares, 0.0))
        return student_from(found, bounds=bounds, pseudo=quarter(bounds))

    def limit(self, alternative: Alternative, alpha: float) -> float | None:
        """Return the limit of the lift, or None where no ratio on that side is rejected."""
        kept, rejected = self.ratio, self._bracket(alternative, alpha)
        if rejected is None:
            end = self.ends[0 if alternative is Alternative.GREATER else 1]
            return end - 1 if math.isfinite(end) else None
        for _ in range(_HALVINGS):
            middle = (rejected + kept) / 2
            if middle in {rejected, kept}:
                break
            if self.at(middle).tail(0.0, alternative) <= alpha:
                rejected = middle
            else:
                kept = middle
        return rejected - 1

    def _bracket(self, alternative: Alternative, alpha: float) -> float | None:
        """Return a rejected ratio, looking ever farther from the estimate."""
        down = alternative is Alternative.GREATER
        lowest, highest = self.ends
        for power in range(-10, _DOUBLINGS):
            step = 2.0**power
            rho = max(self.ratio - step, lowest) if down else min(self.ratio + step, highest)
            if self.at(rho).tail(0.0, alternative) <= alpha:
                return rho
            if rho in {lowest, highest}:
                return None
        return None

    @property
    def ends(self) -> Range:
        """Return the least and the greatest ratio that the range of the scores allows."""
        if self._span is None or self._span[0] < 0:
            return (-math.inf, math.inf)
        low, high = self._span
        return (low / high, high / low if low > 0 else math.inf)
