"""Human labels on some items, judges on all: the difference of two ratios of sums.

What stands below the line (how many statements an answer holds) is known of all N items, what
stands above it (how many of them people call supported) of the labelled ones only. With preliminary
ratios R̃ from the labels alone, the first-order expansion of the ratios

    θ̂ = R̃_c − κ·R̃_b + PPI mean of z,   z = (n_c − R̃_c·d_c)/d̄_c − κ·(n_b − R̃_b·d_b)/d̄_b

is one step of Newton's towards the estimate (linearised ratios: Woodruff 1971, JASA 66, 411–414;
Cochran 1977, chapter 6): an error of R̃ cancels to first order, and the variance is that of the PPI
mean of z, which ``ppi`` gives. The judge's z, from its own n, and d/d̄ are its covariates. What is
known of an answer beside, such as components of its words, tells something of the *share* n/d: as
weak covariates of z they are multiplied by d/d̄.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike

from liftgate.errors import DataError, NotEnoughData
from liftgate.stats import inputs
from liftgate.stats.estimate import Estimate
from liftgate.stats.inputs import Floats
from liftgate.stats.kinds import Alternative, ClaimShape, ScoreKind
from liftgate.stats.labelled import label_values, labelled_items, places_of
from liftgate.stats.linearised import t_quantile
from liftgate.stats.paired import check_baseline
from liftgate.stats.ppi import estimate_of

_NEAREST = 0.5
"""How much of a denominator's mean its own half-width may take, as for ``ratio_difference``."""


def judged_ratio_difference(
    candidate_label: ArrayLike,
    baseline_label: ArrayLike,
    labelled: ArrayLike,
    *,
    candidate_denominator: ArrayLike,
    baseline_denominator: ArrayLike,
    candidate_judge: ArrayLike,
    baseline_judge: ArrayLike,
    covariate: ArrayLike | None = None,
    candidate_features: ArrayLike | None = None,
    baseline_features: ArrayLike | None = None,
    item: ArrayLike | None = None,
    cluster: ArrayLike | None = None,
    probability: ArrayLike | None = None,
    level: float = 0.95,
    alternative: Alternative = Alternative.TWO_SIDED,
    null: float = 0.0,
    kept: float = 1.0,
) -> Estimate:
    """Estimate candidate's ratio of sums − ``kept`` · the baseline's, by people's labels.

    Args:
        candidate_label: shape (n,), numerators by people's labels, e.g. supported statements.
        baseline_label: shape (n,), of the baseline's answers to the same items.
        labelled: as in ``judged_difference``.
        candidate_denominator: shape (N,), 0 or more, of all locked items.
        baseline_denominator: shape (N,), 0 or more.
        candidate_judge: shape (N,), the judge's numerators of all locked items.
        baseline_judge: shape (N,).
        covariate: as in ``judged_difference``.
        candidate_features: shape (N, k), many weak covariates of the candidate's answers, such as
            ``word_components``; they are multiplied by the denominator over its mean.
        baseline_features: shape (N, k), the same of the baseline's.
        item: as in ``judged_difference``.
        cluster: as in ``judged_difference``.
        probability: as in ``judged_difference``.
        level: two-sided confidence of (low, high).
        alternative: of the p-value.
        null: tested difference.
        kept: as in ``ratio_difference``.

    Raises:
        NotEnoughData: as ``judged_difference``; a mean denominator that is not clearly above 0; a
            relative margin on a baseline without a positive ratio.
        DataError: as ``judged_difference``, a negative denominator, or features of one arm only.
    """
    sides = (
        _Side("candidate", candidate_label, candidate_denominator, candidate_judge),
        _Side("baseline", baseline_label, baseline_denominator, baseline_judge),
    )
    total = sides[0].below.size
    if any(array.size != total for side in sides for array in (side.below, side.judge)):
        raise DataError(
            "candidate_denominator: got arrays of different lengths, expected one denominator and "
            f"one judge's numerator of each arm for each of {total} locked items"
        )
    if sides[0].label.size != sides[1].label.size:
        raise DataError(
            f"candidate_label: got {sides[0].label.size} labels and baseline_label "
            f"{sides[1].label.size}, expected both arms' answers to each item labelled"
        )
    if kept != 1:
        check_baseline(sides[1].label, mirrored=False)
    at = places_of(labelled, sides[0].label.size, item, total)
    weights = 1.0 if probability is None else 1 / np.asarray(probability, dtype=np.float64)
    value, labels, judges = 0.0, np.zeros(at.size), np.zeros(total)
    lengths: list[Floats] = []
    for side, share in zip(sides, (1.0, -kept), strict=True):
        side.check(level)
        below = side.below[at]
        if not float(np.sum(weights * below)) > 0:
            raise NotEnoughData(f"{side.name}_denominator: got 0 on every labelled item")
        ratio = float(np.sum(weights * side.label) / np.sum(weights * below))
        mean = float(side.below.mean())
        value += share * ratio
        labels += share * (side.label - ratio * below) / mean
        judges += share * (side.judge - ratio * side.below) / mean
        lengths.append(side.below / mean)
    known = [np.column_stack([lengths[0] - kept * lengths[1]])]
    if covariate is not None:
        known.append(np.asarray(covariate, dtype=np.float64).reshape(total, -1))
    items = labelled_items(
        value + labels,
        labelled,
        judge=judges,
        covariate=np.column_stack(known),
        features=_features(candidate_features, baseline_features, lengths, kept),
        item=item,
        cluster=cluster,
        probability=probability,
    )
    return estimate_of(
        ClaimShape.JUDGED_DIFFERENCE,
        ScoreKind.UNBOUNDED,
        items,
        None,
        level=level,
        alternative=alternative,
        null=null,
    )


def _features(
    ours: ArrayLike | None, theirs: ArrayLike | None, lengths: list[Floats], kept: float
) -> Floats | None:
    """Return the difference of both arms' features, each times d/d̄."""
    if ours is None and theirs is None:
        return None
    if ours is None or theirs is None:
        missing = "candidate_features" if ours is None else "baseline_features"
        raise DataError(f"{missing}: got None, expected the same features of both arms' answers")
    try:
        one, other = (np.asarray(side, dtype=np.float64) for side in (ours, theirs))
    except (TypeError, ValueError) as error:
        raise DataError(f"candidate_features: got values that are not numbers ({error})") from error
    if one.shape != other.shape or one.ndim != 2 or one.shape[0] != lengths[0].size:
        raise DataError(
            f"candidate_features: got shape {one.shape} and baseline_features {other.shape}, "
            f"expected a row for each of {lengths[0].size} items and as many columns"
        )
    return one * lengths[0][:, None] - kept * other * lengths[1][:, None]


class _Side:
    """One arm's labels, denominators and judge, checked."""

    def __init__(self, name: str, label: ArrayLike, below: ArrayLike, judge: ArrayLike) -> None:
        self.name = name
        self.label = label_values(f"{name}_label", label, ScoreKind.UNBOUNDED, None)
        self.below = inputs.scores(f"{name}_denominator", below)
        self.judge = inputs.scores(f"{name}_judge", judge)
        if (self.below < 0).any():
            place = int(np.flatnonzero(self.below < 0)[0])
            raise DataError(
                f"{name}_denominator: got {self.below[place]:g} at position {place}, expected a "
                "count or an amount, 0 or more"
            )

    def check(self, level: float) -> None:
        """Refuse a mean denominator that is not clear of 0."""
        mean, size = float(self.below.mean()), self.below.size
        spread = float(self.below.std(ddof=1)) / math.sqrt(size) if size > 1 else math.inf
        half = t_quantile(float(max(size - 1, 1)), (1 - level) / 2) * spread
        if half < _NEAREST * mean:
            return
        raise NotEnoughData(
            f"{self.name}_denominator: got a mean of {mean:.4g} ± {half:.2g}, expected one clearly "
            "above 0: a ratio to it would say nothing",
            hint="Collect more items, or compare the numerators alone.",
        )
