"""Two arms on the same items: differences, non-inferiority, relative margins.

Arrays are oriented so that larger is better, one entry an item, the same item at the same place in
both. Repeats are averaged inside the item before they come here.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike

from liftgate.errors import DataError, NotEnoughData
from liftgate.stats import inputs, table
from liftgate.stats.course import Course, PlannedCourse, over_looks
from liftgate.stats.estimate import Estimate
from liftgate.stats.history import adjusted_sample
from liftgate.stats.inputs import Floats, Range, Sample
from liftgate.stats.inversion import invert
from liftgate.stats.kinds import Alternative, ClaimShape, Design, ScoreKind


def paired_difference(
    candidate: ArrayLike,
    baseline: ArrayLike,
    *,
    kind: ScoreKind | str | None = None,
    score_range: Sequence[float] | None = None,
    cluster: ArrayLike | None = None,
    weight: ArrayLike | None = None,
    stratum: ArrayLike | None = None,
    covariate: ArrayLike | None = None,
    level: float = 0.95,
    alternative: Alternative | str = Alternative.TWO_SIDED,
    null: float = 0.0,
    guarantee: bool = False,
    course: Course | None = None,
) -> Estimate:
    """Estimate the mean over items of candidate − baseline.

    Args:
        candidate: shape (n,), scores of the candidate.
        baseline: shape (n,), scores of the baseline on the same items.
        kind: binary (0 and 1), graded (``score_range`` is required) or unbounded (must be None).
            None, a convenience where nothing is decided: graded when ``score_range`` is given, else
            binary when every value is 0 or 1, else unbounded. A gate always passes it.
        score_range: ends of the scores, declared before the data.
        cluster: shape (n,), a label for each item; items of one label are not independent.
        weight: shape (n,), above 0: how much each item counts, known before the data. The estimand
            is then Σ w·d / Σ w; a warning gives Kish's effective number of items.
        stratum: shape (n,), a label for each item, where a fixed number of items was drawn from
            each stratum, or where the weights give the population's shares of the strata
            (``stratum_weights``). Without weights a stratum's share is that of its items.
        covariate: shape (N,) or (N, k), N > n: what is known of N items drawn alike, such as
            earlier systems' scores, of which the first n are those answered here. The difference
            is regressed on it (``history``; Deng et al. 2013; Angelopoulos et al. 2023): the
            interval narrows as far as it predicts. With N = n there is nothing to learn from it.
        level: two-sided confidence of (low, high); 0.9 gives the one-sided 5 % limits.
        alternative: of the p-value; both limits are always given.
        null: tested difference, strictly inside ± the width of the range.
        guarantee: take the method whose level is proven whatever the distribution: the exact
            unconditional test (binary, at most 500 items) or the betting bound (graded). To be
            decided before the data.
        course: how often the analysis looks, the items then being in the locked order; None: once.

    Raises:
        NotEnoughData: no items, fewer than 5 degrees of freedom, one cluster, a stratum with fewer
            than two units, or unbounded differences that are all equal; with a guarantee: more
            than 500 binary items, clusters, unbounded scores.
        DataError: NaN, lengths that differ, values outside the kind or range, an option that makes
            no sense; the message names argument, got and expected.
    """
    kind = inputs.check_kind(kind, score_range, candidate, baseline)
    span = inputs.score_span(kind, score_range)
    ours, theirs = inputs.pair(candidate, baseline, kind, span)
    width = None if span is None else span[1] - span[0]
    sample = inputs.sample_of(
        ours - theirs,
        cluster=cluster,
        weight=weight,
        stratum=stratum,
        bounds=None if width is None else (-width, width),
        pseudo=None if width is None else width / 2,
    )
    if covariate is not None:
        _check_plain(sample, course, guarantee=guarantee)
        kind, sample = adjusted_sample(kind, sample, covariate)
    return estimate_from(
        ClaimShape.DIFFERENCE,
        kind,
        sample,
        level=level,
        alternative=alternative,
        null=null,
        guarantee=guarantee,
        course=course,
    )


def paired_noninferiority(
    candidate: ArrayLike,
    baseline: ArrayLike,
    margin: float,
    *,
    kind: ScoreKind | str | None = None,
    score_range: Sequence[float] | None = None,
    cluster: ArrayLike | None = None,
    weight: ArrayLike | None = None,
    stratum: ArrayLike | None = None,
    level: float = 0.95,
    guarantee: bool = False,
) -> Estimate:
    """Test whether the candidate is worse by less than a margin: null −margin, greater.

    Args:
        candidate: as in ``paired_difference``.
        baseline: as in ``paired_difference``.
        margin: in points of the score, at least 0 and below the width of the range.
        kind: as in ``paired_difference``.
        score_range: as in ``paired_difference``.
        cluster: as in ``paired_difference``.
        weight: as in ``paired_difference``.
        stratum: as in ``paired_difference``.
        level: as in ``paired_difference``.
        guarantee: as in ``paired_difference``.

    Raises:
        NotEnoughData: as ``paired_difference``.
        DataError: as ``paired_difference``, or a negative margin.
    """
    if not margin >= 0:
        raise DataError(f"margin: got {margin!r}, expected a number of points, 0 or more")
    return paired_difference(
        candidate,
        baseline,
        kind=kind,
        score_range=score_range,
        cluster=cluster,
        weight=weight,
        stratum=stratum,
        level=level,
        alternative=Alternative.GREATER,
        null=-margin,
        guarantee=guarantee,
    )


def paired_contrast(
    candidate: ArrayLike,
    baseline: ArrayLike,
    ratio: float,
    *,
    kind: ScoreKind | str | None = None,
    score_range: Sequence[float] | None = None,
    cluster: ArrayLike | None = None,
    weight: ArrayLike | None = None,
    stratum: ArrayLike | None = None,
    level: float = 0.95,
    alternative: Alternative | str = Alternative.TWO_SIDED,
    mirrored: bool = False,
    guarantee: bool = False,
    course: Course | None = None,
) -> Estimate:
    """Estimate the mean over items of candidate − (1 − ratio)·baseline, and test it against 0.

    This is a relative margin. The contrast is linear, so nothing is divided. It stands for "worse
    by less than the share ``ratio`` of the baseline" only where the baseline's true mean is
    above 0.

    A score for which lower is better comes here with its sign flipped: then ``mirrored`` is true,
    the flipped baseline must lie below 0, and "at most the share r more" is ``ratio = −r``.

    Args:
        candidate: as in ``paired_difference``.
        baseline: as in ``paired_difference``.
        ratio: share of the baseline that may be lost, below 1; negative asks for a gain.
        kind: as in ``paired_difference``.
        score_range: as in ``paired_difference``.
        cluster: as in ``paired_difference``.
        weight: as in ``paired_difference``.
        stratum: as in ``paired_difference``.
        level: as in ``paired_difference``.
        alternative: as in ``paired_difference``.
        mirrored: the scores' sign was flipped so that larger is better.
        guarantee: as in ``paired_difference``; the betting bound for binary scores, too.
        course: as in ``paired_difference``.

    Raises:
        NotEnoughData: as ``paired_difference``, or a baseline mean not above 0 (below 0 when
            mirrored).
        DataError: as ``paired_difference``, or a ratio that is not below 1.
    """
    if not (math.isfinite(ratio) and ratio < 1):
        raise DataError(f"ratio: got {ratio!r}, expected a share of the baseline below 1")
    kind = inputs.check_kind(kind, score_range, candidate, baseline)
    span = inputs.score_span(kind, score_range)
    ours, theirs = inputs.pair(candidate, baseline, kind, span)
    weights = inputs.item_weights(weight, ours.size)
    check_baseline(theirs if weights is None else weights * theirs, mirrored=mirrored)
    bounds = contrast_bounds(span, 1 - ratio)
    if bounds is not None and not bounds[0] < 0 < bounds[1]:
        raise DataError(
            f"ratio: got {ratio:g}, but scores within {span} can never differ by that share",
            hint="Such a margin is met or missed before any data; use a smaller one.",
        )
    sample = inputs.sample_of(
        ours - (1 - ratio) * theirs,
        cluster=cluster,
        weight=weight,
        stratum=stratum,
        bounds=bounds,
        pseudo=quarter(bounds),
    )
    return estimate_from(
        ClaimShape.CONTRAST,
        kind,
        sample,
        level=level,
        alternative=alternative,
        null=0.0,
        guarantee=guarantee,
        course=course,
    )


def _check_plain(sample: Sample, course: Course | None, *, guarantee: bool) -> None:
    """Refuse what does not go with a covariate. Raises DataError."""
    others = {
        "weight": sample.weights is not None,
        "stratum": sample.strata is not None,
        "guarantee": guarantee,
        "course": course is not None,
    }
    for name, given in others.items():
        if given:
            raise DataError(
                f"covariate: got it together with {name}, expected one of the two",
                hint="PlannedLooks takes a covariate of all planned items."
                if name == "course"
                else f"Leave out {name} or the covariate.",
            )


def estimate_from(
    claim: ClaimShape,
    kind: ScoreKind,
    sample: Sample,
    *,
    level: float,
    alternative: Alternative | str,
    null: float | None,
    guarantee: bool = False,
    course: Course | None = None,
) -> Estimate:
    """Walk the method table: choose the row, build its tests, invert them along the course.

    Args:
        claim: which quantity is estimated.
        kind: what values the scores can take.
        sample: the items, for a sequential course in the locked order.
        level: two-sided confidence; each limit is one-sided at ``(1 − level) / 2``.
        alternative: of the p-value.
        null: the tested value; None: no test is asked for.
        guarantee: whether the level must be proven.
        course: how often the analysis looks; None: once.

    Raises:
        NotEnoughData: the row refuses.
        DataError: ``level``, ``alternative`` or ``null`` make no sense.
    """
    level, alternative = inputs.check_level(level), inputs.check_alternative(alternative)
    tested = None if null is None else inputs.check_null("null", null, sample.bounds)
    sample, design = _along(course, sample)
    row = table.choose(kind, sample.units, claim, guarantee=guarantee, design=design)
    if isinstance(course, PlannedCourse):
        return over_looks(
            course,
            row,
            lambda prefix: table.build(row, prefix),
            sample,
            level=level,
            alternative=alternative,
            null=0.0 if tested is None else tested,
        )
    return invert(
        table.build(row, sample),
        method=row.name,
        mark=row.mark,
        level=level,
        alternative=alternative,
        null=tested,
        design=design,
    )


def _along(course: Course | None, sample: Sample) -> tuple[Sample, Design]:
    """Return the sample as its course needs it, and the design that the course is."""
    if isinstance(course, PlannedCourse):
        return sample, Design.PLANNED_LOOKS
    if course is None:
        return sample, Design.FIXED
    largest = course.largest_cluster
    if sample.codes is None and largest > 1:
        # So far every cluster has one item, but larger ones may come.
        sample = replace(sample, codes=np.arange(sample.values.size))
    return replace(sample, largest_cluster=largest), Design.ANYTIME


def contrast_bounds(span: Range | None, rho: float) -> Range | None:
    """Return the ends of candidate − ρ·baseline, or None for scores without a range."""
    return None if span is None else inputs.contrast_range(span, rho)


def quarter(bounds: Range | None) -> float | None:
    """Return h: half the score range for a difference, whose own range is twice as wide."""
    return None if bounds is None else (bounds[1] - bounds[0]) / 4


def check_baseline(baseline: Floats, *, mirrored: bool) -> None:
    """Refuse a baseline of which a share means nothing. Raises NotEnoughData."""
    average = float(baseline.mean())
    if (-average if mirrored else average) > 0:
        return
    raise NotEnoughData(
        f"baseline: got a mean of {average:g}, expected one {'below' if mirrored else 'above'} 0: "
        "a share of it means nothing otherwise",
        hint="Use a margin in points.",
    )
