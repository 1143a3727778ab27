"""Ratios of two sums over items: cost per success, supported statements per statement.

The ratio of the sums, not the mean of the items' ratios: an item with many statements counts more.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from liftgate.errors import DataError, NotEnoughData
from liftgate.stats import inputs, table
from liftgate.stats.course import PlannedCourse, renumbered, track_estimate
from liftgate.stats.estimate import Estimate
from liftgate.stats.inputs import Codes, Range
from liftgate.stats.inversion import Family, invert
from liftgate.stats.kinds import Alternative, ClaimShape, ScoreKind, UnitDesign
from liftgate.stats.looks import LookRule, LookTrack
from liftgate.stats.method import Method
from liftgate.stats.paired import check_baseline
from liftgate.stats.sums import Sums, TwoArms


def ratio(
    numerator: ArrayLike,
    denominator: ArrayLike,
    *,
    ratio_range: Sequence[float] | None = None,
    cluster: ArrayLike | None = None,
    level: float = 0.95,
    alternative: Alternative | str = Alternative.TWO_SIDED,
    null: float | None = None,
) -> Estimate:
    """Estimate Σ numerator / Σ denominator of one arm, and test it against a limit.

    Args:
        numerator: shape (n,), e.g. what each item cost.
        denominator: shape (n,), 0 or more, e.g. 1 where it succeeded.
        ratio_range: ends between which each item's own ratio must lie, e.g. (0, 1) for supported of
            all statements; None: unbounded.
        cluster: shape (n,), a label for each item; items of one label are not independent.
        level: two-sided confidence of (low, high); 0.9 gives the one-sided 5 % limits.
        alternative: of the p-value; both limits are always given.
        null: the limit; None: an interval without a test, the p-value is None.

    Raises:
        NotEnoughData: no items, fewer than 5 degrees of freedom, a mean denominator that is not
            clearly above 0 at this level, or ratios without spread or range.
        DataError: NaN, lengths that differ, a negative denominator, an item outside the range.
    """
    level = inputs.check_level(level)
    span = None if ratio_range is None else inputs.check_range("ratio_range", ratio_range)
    arm, codes = _arm("", numerator, denominator, span, cluster, level)
    tested = None if null is None else inputs.check_null("null", null, span)
    row = table.choose(_kind(span), _units(codes), ClaimShape.RATIO)
    return invert(
        table.build(row, arm),
        method=row.name,
        mark=row.mark,
        level=level,
        alternative=inputs.check_alternative(alternative),
        null=tested,
    )


def ratio_difference(
    candidate_numerator: ArrayLike,
    candidate_denominator: ArrayLike,
    baseline_numerator: ArrayLike,
    baseline_denominator: ArrayLike,
    *,
    ratio_range: Sequence[float] | None = None,
    cluster: ArrayLike | None = None,
    level: float = 0.95,
    alternative: Alternative | str = Alternative.TWO_SIDED,
    null: float = 0.0,
    kept: float = 1.0,
    course: PlannedCourse | None = None,
) -> Estimate:
    """Estimate candidate's ratio of sums − the baseline's, over the same items.

    With ``kept`` = 1 − r the second ratio enters by that share: against 0 this is a relative
    margin, and stands for "worse by less than the share r of the baseline" only where the
    baseline's true ratio is above 0.

    Args:
        candidate_numerator: shape (n,).
        candidate_denominator: shape (n,), 0 or more.
        baseline_numerator: shape (n,), of the same items.
        baseline_denominator: shape (n,), 0 or more.
        ratio_range: as in ``ratio``, for either arm.
        cluster: as in ``ratio``.
        level: as in ``ratio``.
        alternative: as in ``ratio``.
        null: tested difference.
        kept: what share of the baseline's ratio is taken away; above 0.
        course: planned looks, the items then being in the locked order; None: once.

    Raises:
        NotEnoughData: as ``ratio``, for either arm; a relative margin on a baseline whose ratio is
            not above 0; at planned looks none that is reached, or none with an answer.
        DataError: as ``ratio``; ``kept`` is not above 0, or a course with a two-sided alternative.
    """
    level = inputs.check_level(level)
    span = None if ratio_range is None else inputs.check_range("ratio_range", ratio_range)
    ours, codes = _arm(
        "candidate_", candidate_numerator, candidate_denominator, span, cluster, level
    )
    theirs, _ = _arm("baseline_", baseline_numerator, baseline_denominator, span, cluster, level)
    if ours.numerator.size != theirs.numerator.size:
        raise DataError(
            f"candidate_numerator: got {ours.numerator.size} items and baseline_numerator "
            f"{theirs.numerator.size}, expected equally many",
            hint="Align the two sides item by item first.",
        )
    if not (math.isfinite(kept) and kept > 0):
        raise DataError(f"kept: got {kept!r}, expected a share of the baseline above 0")
    arms = TwoArms(ours, theirs, kept)
    if kept != 1:
        check_baseline(theirs.numerator, mirrored=False)
    ends = None if span is None else (span[0] - kept * span[1], span[1] - kept * span[0])
    tested = inputs.check_null("null", null, ends)
    row = table.choose(_kind(span), _units(codes), ClaimShape.RATIO_DIFFERENCE)
    asked = inputs.check_alternative(alternative)
    if course is not None:
        rule = LookRule(alpha=(1 - level) / 2, null=tested, alternative=asked)
        return _over_looks(course, row, arms, rule)
    return invert(
        table.build(row, arms),
        method=row.name,
        mark=row.mark,
        level=level,
        alternative=asked,
        null=tested,
    )


def _over_looks(course: PlannedCourse, row: Method, arms: TwoArms, rule: LookRule) -> Estimate:
    """Return the estimate after the looks that the items have reached; see ``over_looks``.

    A ratio of sums is nearly a mean over units, so that its increments are nearly independent and
    the boundaries of means are its own.
    """
    track, declined = LookTrack(rule, len(course.ends)), []
    codes = arms.candidate.codes
    for end, fraction in zip(course.ends, course.fractions, strict=True):
        if end > arms.candidate.numerator.size:
            break
        first = None if codes is None else renumbered(codes[:end])
        try:
            family: Family | None = table.build(row, arms.up_to(end, first))
        except NotEnoughData as error:
            family = None
            declined.append(f"look {track.look + 1} of {track.looks}: {error}")
        track.add(family, float(fraction))
    return track_estimate(track, row, declined)


def _kind(span: Range | None) -> ScoreKind:
    return ScoreKind.UNBOUNDED if span is None else ScoreKind.GRADED


def _units(codes: Codes | None) -> UnitDesign:
    return UnitDesign.SINGLE if codes is None else UnitDesign.CLUSTERED


def _arm(
    prefix: str,
    numerator: ArrayLike,
    denominator: ArrayLike,
    span: Range | None,
    cluster: ArrayLike | None,
    level: float,
) -> tuple[Sums, Codes | None]:
    over = inputs.scores(f"{prefix}numerator", numerator)
    under = inputs.scores(f"{prefix}denominator", denominator)
    if over.size != under.size:
        raise DataError(
            f"{prefix}denominator: got {under.size} values for {over.size} numerators, expected "
            "one for each item"
        )
    if (under < 0).any():
        place = int(np.flatnonzero(under < 0)[0])
        raise DataError(
            f"{prefix}denominator: got {under[place]:g} at position {place}, expected a count or "
            "an amount, 0 or more"
        )
    if span is not None:
        slack = 1e-9 * under * max(abs(span[0]), abs(span[1]))
        outside = (over < span[0] * under - slack) | (over > span[1] * under + slack)
        if outside.any():
            place = int(np.flatnonzero(outside)[0])
            raise DataError(
                f"{prefix}numerator: got {over[place]:g} over {under[place]:g} at position "
                f"{place}, expected a ratio between {span[0]:g} and {span[1]:g}",
                hint="Declare the range that an item's own ratio really has.",
            )
    codes = inputs.cluster_codes(cluster, int(over.size))
    return Sums(f"{prefix}denominator", over, under, codes, span, level), codes
