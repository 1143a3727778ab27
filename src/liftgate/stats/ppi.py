"""Human labels on some items, judges on all: cross-fitted prediction-powered estimates.

N items are locked, all with judge scores and covariates x; n of them, drawn at random or with known
chances π, have human labels y (of one arm, or the difference of two). With g a prediction of y from
x and a slope λ,

    θ̂ = Σ (y − λ·g)/π / Σ 1/π  +  λ · mean over all N of g

so that the labels correct whatever is wrong with the judges (Angelopoulos et al. 2023, Science 382,
669–674; λ: Angelopoulos, Duchi & Zrnic 2023, PPI++; cross-fitting: Zrnic & Candès 2024, PNAS 121).
g is a ridge regression on all judges and covariates that has not seen the item's fold; λ is the
least-squares slope within 0 … 1, so that useless judges are left out. Its variance for *new* items
has two parts, what labelling all N would leave and what labelling only n adds:

    V = Σ r_y²·π/π² / (Σ 1/π)²  +  Σ (1 − π)·r_e²/π² / (Σ 1/π)²,   e = y − λ·g,  r: less its mean

(Horvitz & Thompson 1952, JASA 47; Hájek 1971). For clusters labelled as a whole the r are sums over
clusters; where single items of clusters were drawn, the covariance of y inside clusters is added to
the first part. e is then scaled so that the method of the table (t with pseudo units, CR2, weighted
mean), which knows nothing of judges, finds V and gives interval and p-value from its own test.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike

from liftgate.errors import DataError
from liftgate.stats.estimate import Estimate
from liftgate.stats.inputs import Codes, Floats, Range, Sample
from liftgate.stats.kinds import Alternative, ClaimShape, ScoreKind
from liftgate.stats.labelled import Labelled, kind_and_span, label_values, labelled_items
from liftgate.stats.paired import estimate_from
from liftgate.stats.regression import cross_fitted, slope
from liftgate.stats.same_answers import (
    labelled_differences,
    shape_beside,
    whole_beside,
    within_reach,
)

_NOTHING = 1e-12


@dataclass(frozen=True, kw_only=True)
class Rectified:
    """Labels after what the judges explain has been taken out.

    All variances are those of the estimate.
    """

    values: Floats
    """Shape (n,): their weighted mean is θ̂, their spread gives a method for plain values V."""
    slope: float
    whole: float
    """Variance that labelling every locked item would leave."""
    plain: float
    """What labelling only n of them adds without judges."""
    rest: float
    """What it adds with them."""

    @property
    def multiplier(self) -> float:
        """How many labels without judges one label with them is worth, at these n and N."""
        return float((self.whole + self.plain) / (self.whole + self.rest))


def judged_mean(
    label: ArrayLike,
    labelled: ArrayLike,
    *,
    judge: ArrayLike | None = None,
    covariate: ArrayLike | None = None,
    features: ArrayLike | None = None,
    item: ArrayLike | None = None,
    cluster: ArrayLike | None = None,
    probability: ArrayLike | None = None,
    kind: ScoreKind | None = None,
    score_range: Sequence[float] | None = None,
    level: float = 0.95,
    alternative: Alternative = Alternative.TWO_SIDED,
    null: float | None = None,
) -> Estimate:
    """Estimate the mean of human labels over new items from labels on some and judges on all.

    Args:
        label: shape (n,), human labels of items drawn at random from the locked ones.
        labelled: shape (n,), the item of each label: a name in ``item``, or a position.
        judge: shape (N,) or (N, judges), scores of all N locked items, on any scale.
        covariate: shape (N,) or (N, k), what else is known of all of them, such as lengths.
        features: shape (N, k), many weak covariates, such as ``word_components`` of the answers.
            They are penalised apart, so that useless ones cost next to nothing.
        item: shape (N,), names of the locked items; None: they are 0 … N − 1.
        cluster: shape (N,), a label for each locked item, such as the answer that a statement is
            in. Items of one label are not independent.
        probability: shape (n,), the stored chance with which each labelled item was drawn; None:
            all had the same.
        kind: of the labels, as in ``mean``.
        score_range: ends of the labels, declared before the data.
        level: two-sided confidence of (low, high).
        alternative: of the p-value.
        null: as in ``mean``.

    Returns:
        ``n`` is the number of labels, ``clusters`` that of labelled clusters.

    Raises:
        NotEnoughData: no labels (judges alone are no evidence), fewer than 50 labels, fewer than 20
            labelled clusters, or unbounded labels that are all equal.
        DataError: labels of unknown items or several of one item, judge scores that are missing,
            lengths that differ, labels outside kind or range, chances outside (0, 1].
    """
    found, span = kind_and_span(kind, score_range, label)
    items = labelled_items(
        label_values("label", label, found, span),
        labelled,
        judge=judge,
        covariate=covariate,
        features=features,
        item=item,
        cluster=cluster,
        probability=probability,
    )
    return estimate_of(
        ClaimShape.JUDGED_MEAN, found, items, span, level=level, alternative=alternative, null=null
    )


def judged_difference(
    candidate_label: ArrayLike,
    baseline_label: ArrayLike,
    labelled: ArrayLike,
    *,
    candidate_judge: ArrayLike | None = None,
    baseline_judge: ArrayLike | None = None,
    covariate: ArrayLike | None = None,
    features: ArrayLike | None = None,
    item: ArrayLike | None = None,
    cluster: ArrayLike | None = None,
    probability: ArrayLike | None = None,
    same: ArrayLike | None = None,
    kind: ScoreKind | None = None,
    score_range: Sequence[float] | None = None,
    level: float = 0.95,
    alternative: Alternative = Alternative.TWO_SIDED,
    null: float = 0.0,
) -> Estimate:
    """Estimate the mean difference candidate − baseline of human labels over new items.

    The difference of the labels is regressed on the difference of each judge's scores and on the
    covariates. Where one judge compares the two answers directly, pass its verdicts as
    ``covariate``.

    Args:
        candidate_label: shape (n,), human labels of the candidate's answers.
        baseline_label: shape (n,), of the baseline's answers to the same items.
        labelled: as in ``judged_mean``.
        candidate_judge: shape (N,) or (N, judges), scores of the candidate's answers.
        baseline_judge: the same judges on the baseline's answers.
        covariate: as in ``judged_mean``.
        features: as in ``judged_mean``, of the difference.
        item: as in ``judged_mean``.
        cluster: as in ``judged_mean``.
        probability: as in ``judged_mean``.
        same: shape (k,), items to which both arms gave the same answer, named as ``labelled``:
            their difference is 0, labelled or not (``same_answers``). None: none is known.
        kind: of the labels, as in ``paired_difference``.
        score_range: ends of one arm's labels, declared before the data.
        level: two-sided confidence of (low, high).
        alternative: of the p-value.
        null: tested difference.

    Raises:
        NotEnoughData: as ``judged_mean``; with ``same``, neither 50 nor all of the other items
            labelled.
        DataError: as ``judged_mean``; judges of one arm only, or other shapes for the two arms.
    """
    found, span = kind_and_span(kind, score_range, candidate_label, baseline_label)
    ours = label_values("candidate_label", candidate_label, found, span)
    theirs = label_values("baseline_label", baseline_label, found, span)
    if ours.size != theirs.size:
        raise DataError(
            f"candidate_label: got {ours.size} labels and baseline_label {theirs.size}, expected "
            "both arms' answers to each item labelled",
            hint="Label both answers of an item, or neither.",
        )
    items = labelled_differences(
        ours - theirs,
        labelled,
        same,
        judge=_judge_difference(candidate_judge, baseline_judge),
        covariate=covariate,
        features=features,
        item=item,
        cluster=cluster,
        probability=probability,
    )
    width = None if span is None else span[1] - span[0]
    return estimate_of(
        ClaimShape.JUDGED_DIFFERENCE,
        found,
        items,
        None if width is None else (-width, width),
        level=level,
        alternative=alternative,
        null=null,
    )


def rectify(items: Labelled) -> Rectified:
    """Return the labels with what judges and covariates explain taken out.

    Args:
        items: at least 50 labels.
    """
    values, weights = items.values, 1 / items.share
    groups = np.arange(values.size) if items.codes is None else items.codes
    units, total = int(groups.max()) + 1, float(weights.sum())
    away = _predicted(items, groups)
    share = slope(values, away, weights**2 * (1 - items.share) if items.weighted else None)
    adjusted = values - share * away
    # Of items of the same answers nothing is unknown: q² of the rest's variance is left.
    per = (items.reach / total) ** 2
    centre, ours = _about_mean(values, weights, total)
    whole = _whole(items, ours, groups) / total**2 if items.same is None else whole_beside(items)
    plain = _added(items, ours, groups) * per
    # One slope was fitted.
    middle, left = _about_mean(adjusted, weights, total)
    rest = _added(items, left, groups) * per * (units - 1) / (units - 2)
    if rest >= plain:
        share, middle, left, rest = 0.0, centre, ours, plain
    middle *= items.reach
    found = _square(left, groups) / total**2
    if found <= _NOTHING * (whole + rest):
        # Judges that are never wrong leave nothing to scale; the labels' own shape stays.
        left = ours
        found = _square(ours, groups) / total**2
    if items.same is not None and items.same.items:
        left = shape_beside(items, left)
        found = _square(left, groups) / total**2
    adjusted = np.full_like(adjusted, middle)
    if found > 0:
        adjusted = middle + left / weights * math.sqrt((whole + rest) / found)
    return Rectified(values=adjusted, slope=share, whole=whole, plain=plain, rest=rest)


def estimate_of(
    claim: ClaimShape,
    kind: ScoreKind,
    items: Labelled,
    bounds: Range | None,
    *,
    level: float,
    alternative: Alternative,
    null: float | None,
) -> Estimate:
    """Return the estimate of rectified labels by the row of the method table.

    Args:
        claim: a judged mean or difference.
        kind: of the labels.
        items: at least 50 labels.
        bounds: ends of the labels, or of their differences; None: unbounded.
        level: two-sided confidence of (low, high).
        alternative: of the p-value.
        null: tested value; None: none.

    Raises:
        NotEnoughData: the method's own refusal.
    """
    found = rectify(items)
    weights = 1 / items.share if items.weighted else None
    bounds = None if bounds is None else within_reach(items, bounds, null)
    sample = Sample(
        values=found.values,
        codes=items.codes,
        bounds=bounds,
        pseudo=None if bounds is None else _pseudo(claim, bounds),
        weights=None if weights is None else weights / weights.mean(),
    )
    estimate = estimate_from(claim, kind, sample, level=level, alternative=alternative, null=null)
    return replace(estimate, warnings=(*items.notes, *_says(items, found), *estimate.warnings))


def _pseudo(claim: ClaimShape, bounds: Range) -> float:
    """Half of one arm's range, as in ``mean`` and ``paired_difference``."""
    width = bounds[1] - bounds[0]
    return width / 2 if claim is ClaimShape.JUDGED_MEAN else width / 4


def _says(items: Labelled, found: Rectified) -> Iterator[str]:
    n = items.values.size
    if items.same is not None and items.same.items == 0:
        yield f"the difference of each of {n} items is known: by labels, or equal answers"
        return
    if items.same is not None:
        yield f"{items.same.items} items count 0 without a label: the arms' answers are the same"
    if found.slope == 0:
        yield (
            "judges and covariates do not predict the labels: the estimate is that of "
            f"{n} labels alone"
        )
    else:
        yield (
            f"{n} labels of {items.items} items count as {n * found.multiplier:.0f} without judges"
        )


def _judge_difference(ours: ArrayLike | None, theirs: ArrayLike | None) -> Floats | None:
    if ours is None and theirs is None:
        return None
    if ours is None or theirs is None:
        missing = "candidate_judge" if ours is None else "baseline_judge"
        raise DataError(
            f"{missing}: got None, expected the judges' scores of both arms",
            hint="Let the same judges score both arms.",
        )
    try:
        one, other = (np.asarray(side, dtype=np.float64) for side in (ours, theirs))
    except (TypeError, ValueError) as error:
        raise DataError(f"candidate_judge: got values that are not numbers ({error})") from error
    if one.shape != other.shape:
        raise DataError(
            f"candidate_judge: got shape {one.shape} and baseline_judge {other.shape}, expected "
            "the same judges on the same items"
        )
    return np.asarray(one - other)


def _predicted(items: Labelled, groups: Codes) -> Floats:
    if not items.table.size:
        return np.zeros_like(items.values)
    return cross_fitted(items.values, items.table, groups, items.weak)


def _about_mean(values: Floats, weights: Floats, total: float) -> tuple[float, Floats]:
    """Return the weighted mean, and the weighted distances from it."""
    mean = float((weights * values).sum()) / total
    return mean, np.asarray(weights * (values - mean))


def _square(residuals: Floats, groups: Codes) -> float:
    return float((np.bincount(groups, weights=residuals) ** 2).sum())


def _whole(items: Labelled, residuals: Floats, groups: Codes) -> float:
    """Return the part of V that labelling every item would leave, times (Σ 1/π)²."""
    if items.codes is None:
        return float((items.share * residuals**2).sum())
    if not items.whole:
        own = float((items.share * residuals**2).sum())
        between = _square(residuals, groups) - float((residuals**2).sum())
        return own + max(between, 0.0)
    first = items.chance_of_cluster()
    return float((first * np.bincount(groups, weights=residuals) ** 2).sum())


def _added(items: Labelled, residuals: Floats, groups: Codes) -> float:
    """Return the part of V that labelling only some items adds, times (Σ 1/π)²."""
    if items.codes is None or not items.whole:
        return float(((1 - items.share) * residuals**2).sum())
    first = items.chance_of_cluster()
    return float(((1 - first) * np.bincount(groups, weights=residuals) ** 2).sum())
