"""One arm alone: means, proportions, quantiles, and limits over separate passes."""

from __future__ import annotations

import math
from collections.abc import Sequence

from numpy.typing import ArrayLike

from liftgate.errors import DataError
from liftgate.stats import inputs
from liftgate.stats.course import Course
from liftgate.stats.estimate import Estimate
from liftgate.stats.inputs import Sample
from liftgate.stats.kinds import Alternative, ClaimShape, ScoreKind
from liftgate.stats.paired import estimate_from


def mean(
    values: ArrayLike,
    *,
    kind: ScoreKind | str | None = None,
    score_range: Sequence[float] | None = None,
    cluster: ArrayLike | None = None,
    weight: ArrayLike | None = None,
    stratum: ArrayLike | None = None,
    level: float = 0.95,
    alternative: Alternative | str = Alternative.TWO_SIDED,
    null: float | None = None,
    guarantee: bool = False,
    course: Course | None = None,
) -> Estimate:
    """Estimate one arm's mean over items, and test it against a limit.

    Args:
        values: shape (n,).
        kind: binary (0 and 1), graded (``score_range`` is required) or unbounded (must be None);
            None as in ``paired_difference``.
        score_range: ends of the scores, declared before the data.
        cluster: shape (n,), a label for each item; items of one label are not independent.
        weight: as in ``paired_difference``.
        stratum: as in ``paired_difference``.
        level: two-sided confidence of (low, high); 0.9 gives the one-sided 5 % limits.
        alternative: of the p-value; both limits are always given.
        null: the limit, strictly inside the range; None: an interval without a test, the p-value
            is None.
        guarantee: take the method whose level is proven whatever the distribution: Clopper–Pearson
            (binary) or the betting bound (graded). To be decided before the data.
        course: how often the analysis looks, the items then being in the locked order; None: once.

    Raises:
        NotEnoughData: no items, fewer than 5 degrees of freedom (unclustered binary scores and
            guaranteed methods need none), one cluster, a stratum with fewer than two units, or
            unbounded values that are all equal; with a guarantee: clusters, unbounded scores.
        DataError: NaN, values outside the kind or range, an option that makes no sense.
    """
    kind = inputs.check_kind(kind, score_range, values)
    span = inputs.score_span(kind, score_range)
    array = inputs.scores("values", values)
    inputs.check_values("values", array, kind, span)
    sample = inputs.sample_of(
        array,
        cluster=cluster,
        weight=weight,
        stratum=stratum,
        bounds=span,
        pseudo=None if span is None else (span[1] - span[0]) / 2,
    )
    return estimate_from(
        ClaimShape.MEAN,
        kind,
        sample,
        level=level,
        alternative=alternative,
        null=null,
        guarantee=guarantee,
        course=course,
    )


def proportion(
    values: ArrayLike,
    *,
    cluster: ArrayLike | None = None,
    level: float = 0.95,
    alternative: Alternative | str = Alternative.TWO_SIDED,
    null: float | None = None,
    guarantee: bool = False,
) -> Estimate:
    """Estimate the share of ones among scores of 0 and 1: ``mean`` of the binary kind.

    Args:
        values: shape (n,), each 0 or 1.
        cluster: as in ``mean``.
        level: as in ``mean``.
        alternative: as in ``mean``.
        null: as in ``mean``.
        guarantee: as in ``mean``.

    Raises:
        NotEnoughData: as ``mean``.
        DataError: as ``mean``.
    """
    return mean(
        values,
        kind=ScoreKind.BINARY,
        cluster=cluster,
        level=level,
        alternative=alternative,
        null=null,
        guarantee=guarantee,
    )


def quantile(
    values: ArrayLike,
    q: float,
    *,
    cluster: ArrayLike | None = None,
    level: float = 0.95,
    alternative: Alternative | str = Alternative.TWO_SIDED,
    null: float | None = None,
) -> Estimate:
    """Estimate a quantile over independent items by order statistics.

    Args:
        values: shape (n,).
        q: which quantile, in (0, 1); 0.95 for p95.
        cluster: shape (n,); a real clustering is refused, the count would not be binomial.
        level: two-sided confidence; an end that n cannot bound is None, with a warning.
        alternative: of the p-value.
        null: tested value of the quantile; None: no test.

    Raises:
        NotEnoughData: no items, or clusters of several items.
        DataError: NaN, or ``q`` or ``level`` outside (0, 1).
    """
    array = inputs.scores("values", values)
    sample = Sample(
        values=array,
        codes=inputs.cluster_codes(cluster, array.size),
        quantile=inputs.check_probability("q", q),
    )
    return estimate_from(
        ClaimShape.QUANTILE,
        ScoreKind.UNBOUNDED,
        sample,
        level=level,
        alternative=alternative,
        null=null,
    )


def passes_limit(
    values: ArrayLike,
    *,
    limit: float,
    alternative: Alternative | str = Alternative.LESS,
    level: float = 0.95,
) -> Estimate:
    """Test a quantity measured once a pass (a pass's p95) against a limit, by the sign test.

    The null is that the median pass is not within the limit. With all R passes within it
    p = 2^−R, and the largest pass is an upper limit at confidence 1 − 2^−R. A pass that equals the
    limit counts as outside.

    Args:
        values: shape (R,), one number a separate pass, in any unit.
        limit: in the same unit.
        alternative: less (the quantity must stay below) or greater.
        level: two-sided confidence of (low, high), limits of the median pass; an end that R passes
            cannot bound is None.

    Returns:
        The estimate; ``value`` is the median pass, ``n`` the number of passes.

    Raises:
        NotEnoughData: no pass, or one.
        DataError: NaN, a limit that is not finite, or a two-sided alternative.
    """
    if inputs.check_alternative(alternative) is Alternative.TWO_SIDED:
        raise DataError("alternative: got two-sided, expected less or greater: a limit has a side")
    inputs.check_null("limit", limit, None)
    array = inputs.scores("values", values)
    return estimate_from(
        ClaimShape.PASSES,
        ScoreKind.UNBOUNDED,
        Sample(values=array),
        level=level,
        alternative=alternative,
        null=limit,
    )


def passes_needed(candidates: int, alpha: float) -> int:
    """Return how many passes a limit needs so that Holm over the candidates can still pass.

    All passes within the limit give p = 2^−R; the smallest of K p-values must reach alpha / K, so
    R = ⌈log2(K / alpha)⌉.

    Args:
        candidates: K, at least 1.
        alpha: one-sided level of the study.

    Raises:
        DataError: no candidate, or an alpha outside (0, 1).
    """
    if candidates < 1:
        raise DataError(f"candidates: got {candidates}, expected at least 1")
    needed = math.log2(candidates / inputs.check_probability("alpha", alpha))
    # An exact power of two must not be rounded up by the logarithm.
    return max(2, math.ceil(round(needed, 9)))
