"""Labels where the two arms' answers differ, beside items where they are the same.

Where both arms gave the same answer, whoever labels it blind says the same of both: the difference
is 0 and needs no label. With D of N items on which the answers differ, n of these labelled, and θ̂_D
the cross-fitted prediction-powered estimate over them (``ppi``),

    θ̂ = q·θ̂_D,   q = D/N,   V = s_y²/N + q²·s_e²·(1/n − 1/D)

s_y² the variance of all N differences, zeros among them; s_e² that of what the judges leave of a
label among the D. It is the stratified estimate with one stratum known (Cochran 1977, Sampling
Techniques, sections 5.3 and 5.5: labels go where the spread is, none where there is none). Drawn
from all items, q·n of the labels would fall where something can differ: the second part would be
1/q times as large.
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from liftgate.errors import DataError, NotEnoughData
from liftgate.stats.inputs import Codes, Floats, Range, array_of, labels
from liftgate.stats.labelled import FEWEST_LABELS, Labelled, Same, labelled_items, places_of

_CROSS = 3.4
"""How much the product of both errors counts in the skewness of a one-sided test."""


def labels_beside(
    values: Floats,
    labelled: ArrayLike,
    same: ArrayLike,
    *,
    judge: ArrayLike | None,
    covariate: ArrayLike | None,
    features: ArrayLike | None = None,
    item: ArrayLike | None,
    cluster: ArrayLike | None,
    probability: ArrayLike | None,
) -> Labelled:
    """Return checked labels of differences, those of equal answers 0.

    A label of an item whose answers are the same is passed over: its difference is known.

    Args:
        values: shape (n,), differences of the two arms' labels.
        labelled: shape (n,), the item of each: a name in ``item``, or a position.
        same: shape (k,), the items to which both arms gave the same answer, named in the same way.
        judge: as in ``labelled_items``, of all N items; so are the others.
        covariate: as there.
        features: as there.
        item: as there.
        cluster: as there.
        probability: as there.

    Raises:
        NotEnoughData: as ``labelled_items``: of the items whose answers differ neither 50 nor all
            have a label; the answers are the same everywhere.
        DataError: as there; an unknown item among those of the same answer, or one twice.
    """
    total = _total(judge, covariate, features, item)
    alike = np.zeros(total, dtype=bool)
    names = array_of("same", same)
    alike[places_of(names, names.size, item, total, name="same")] = True
    places = places_of(labelled, values.size, item, total)
    if alike.all():
        raise NotEnoughData(
            f"same: got all {total} items, so that no label can tell a difference",
            hint="Compare arms that answer differently.",
        )
    if not alike.any():
        return labelled_items(
            values,
            labelled,
            judge=judge,
            covariate=covariate,
            features=features,
            item=item,
            cluster=cluster,
            probability=probability,
        )
    ours = ~alike[places]
    differing = np.flatnonzero(~alike)
    if int(ours.sum()) == differing.size:
        found = np.zeros(total)
        found[places[ours]] = values[ours]
        everything = labelled_items(
            found,
            np.arange(total),
            judge=judge,
            covariate=covariate,
            features=features,
            item=None,
            cluster=cluster,
            probability=None,
        )
        return replace(everything, same=Same(0, None))
    if int(ours.sum()) < FEWEST_LABELS:
        raise NotEnoughData(
            f"got {int(ours.sum())} labels of the {differing.size} items whose answers differ, "
            f"expected {min(FEWEST_LABELS, differing.size)} or more",
            hint="Label more of these items, or all of them.",
        )
    among = np.full(total, -1, dtype=np.int64)
    among[differing] = np.arange(differing.size)
    some = labelled_items(
        values[ours],
        among[places[ours]],
        judge=_part(judge, differing),
        covariate=_part(covariate, differing),
        features=_part(features, differing),
        item=None,
        cluster=_part(cluster, differing),
        probability=_part(probability, np.flatnonzero(ours)),
    )
    codes = _codes(cluster, total, places[ours], np.flatnonzero(alike))
    return replace(some, same=Same(total - differing.size, codes))


def _total(
    judge: ArrayLike | None,
    covariate: ArrayLike | None,
    features: ArrayLike | None,
    item: ArrayLike | None,
) -> int:
    for some in (item, judge, covariate, features):
        if some is not None:
            return int(np.shape(some)[0])
    raise DataError("judge: got neither judge scores nor covariates, expected one of them")


def _part(given: ArrayLike | None, places: NDArray[np.int64]) -> NDArray[np.generic] | None:
    return None if given is None else np.asarray(given)[places]


def _codes(
    cluster: ArrayLike | None, total: int, ours: NDArray[np.int64], same: NDArray[np.int64]
) -> Codes | None:
    """Return the clusters of the labelled items and, after them, of those of the same answer."""
    if cluster is None:
        return None
    found, codes = labels("cluster", cluster, total)
    if found.size == total:
        return None
    return np.unique(codes[np.concatenate([ours, same])], return_inverse=True)[1].astype(np.int64)


def labelled_differences(
    values: Floats, labelled: ArrayLike, same: ArrayLike | None, **known: ArrayLike | None
) -> Labelled:
    """Return checked labels of differences, with or without items of the same answers.

    Args:
        values: shape (n,).
        labelled: as in ``labels_beside``.
        same: as there; None or empty: no answers are known to be the same.
        known: what ``labelled_items`` takes beside.
    """
    if same is None or np.size(same) == 0:
        return labelled_items(values, labelled, **known)
    return labels_beside(values, labelled, same, **known)


def whole_beside(items: Labelled) -> float:
    """Return the variance that labelling every item would leave, zeros among them: s_y²/N."""
    same = items.same
    assert same is not None
    weights = np.concatenate([_weights(items), np.ones(same.items)])
    values = np.concatenate([items.values, np.zeros(same.items)])
    total = float(weights.sum())
    residuals = weights * (values - float(np.sum(weights * values)) / total)
    found = float(np.sum(residuals**2 / weights))
    codes = same.codes if same.items else items.codes
    if codes is not None:
        between = np.bincount(codes, weights=residuals) ** 2
        found += max(float(between.sum() - np.sum(residuals**2)), 0.0)
    return found / total**2


def within_reach(items: Labelled, bounds: Range, null: float | None) -> Range:
    """Return the ends of a mean difference that is 0 wherever the answers are the same.

    That is the share of the items whose answers differ, among new items with three standard errors
    more; and the tested value lies within.
    """
    if items.same is None:
        return bounds
    total, reach = items.items + items.same.items, items.reach
    reach = min(1.0, reach + 3 * math.sqrt(reach * (1 - reach) / total))
    far = abs(null or 0.0)
    return min(reach * bounds[0], -far), max(reach * bounds[1], far)


def shape_beside(items: Labelled, residuals: Floats) -> Floats:
    """Return weighted residuals that are as skewed as the estimate q·θ̂_D is, for Hall's test.

    The labels' own skew is not it: where nearly all of them are +1, theirs is negative, and that of
    a mean over mostly zeros positive. With m and s² mean and variance among the D, the estimate
    q·m has the third moment, and the covariance with its own variance, of q³·Σ(d − m)³/n³ +
    m³·q(1 − q)(1 − 2q)/N² and of products of both errors, C = q²(1 − q)·m·s²/(n·N): 6·C and 4·C.
    In the one-sided error (Hall 1992, The Bootstrap and Edgeworth Expansion, section 2.4) they
    count as 3.4·C together, for levels of 2.5 to 5 %.

    Args:
        items: single ones; in clusters the labels' own skew stays.
        residuals: shape (n,), weighted distances from the mean among the D.
    """
    same = items.same
    assert same is not None
    if items.codes is not None:
        return residuals if np.any(residuals) else _alternating(residuals.size)
    weights = 1 / items.share
    total, reach = float(weights.sum()), items.reach
    mean = float(np.sum(weights * items.values)) / total
    per_label = float(np.sum(residuals**2)) / total**2
    n_all = items.items + same.items
    own = float(np.sum(residuals**3)) / total**3 * reach**3
    of_items = mean**3 * reach * (1 - reach) * (1 - 2 * reach) / n_all**2
    both = reach**2 * (1 - reach) * mean * per_label / n_all
    variance = reach**2 * per_label + mean**2 * reach * (1 - reach) / n_all
    if variance <= 0:
        return residuals
    return _skewed(items.values.size, (own + of_items + _CROSS * both) / variance**1.5)


def _weights(items: Labelled) -> Floats:
    weights = 1 / items.share
    return np.asarray(weights * items.items / weights.sum())


def _alternating(n: int) -> Floats:
    return np.where(np.arange(n) % 2 == 0, 1.0, -1.0) - (n % 2) / n


def _skewed(n: int, skew: float) -> Floats:
    """Return n numbers of mean 0 whose mean has some skewness, as near as their form allows.

    They are normal scores with a quadratic part (Fleishman 1978, Psychometrika 43, 521–532).
    """
    ranks = (np.arange(n) + 0.5) / n
    from scipy.special import ndtri

    scores = ndtri(ranks)
    square = scores**2 - np.mean(scores**2)

    def of(part: float) -> tuple[Floats, float]:
        found = (1 - abs(part)) * scores + part * square
        return found, float(np.sum(found**3) / np.sum(found**2) ** 1.5)

    low, high = -1.0, 1.0
    for _ in range(40):
        middle = (low + high) / 2
        low, high = (middle, high) if of(middle)[1] < skew else (low, middle)
    return of((low + high) / 2)[0]
