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
from collections.abc import Mapping
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
    rows = {"judge": judge, "covariate": covariate, "features": features, "cluster": cluster}
    total = _total(item, rows)
    _check_chances(probability, values.size)
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


def _total(item: ArrayLike | None, rows: Mapping[str, ArrayLike | None]) -> int:
    """Return how many items there are; raises DataError for rows that are not one for each."""
    sizes = {name: np.shape(some) for name, some in rows.items() if some is not None}
    shape = np.shape(item) if item is not None else next(iter(sizes.values()), ())
    if not shape:
        raise DataError("judge: got neither judge scores nor covariates, expected one of them")
    for name, found in sizes.items():
        if found[:1] != shape[:1]:
            raise DataError(
                f"{name}: got shape {found}, expected a row for each of {shape[0]} locked items, "
                "labelled or not"
            )
    return int(shape[0])


def _check_chances(probability: ArrayLike | None, n: int) -> None:
    if probability is not None and np.shape(probability) != (n,):
        raise DataError(
            f"probability: got shape {np.shape(probability)}, expected one number for each of {n} "
            "labels"
        )


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
    found = _spread(items, np.concatenate([items.values, np.zeros(same.items)]))[1]
    return found / (items.items + same.items) ** 2


def _spread(items: Labelled, values: Floats) -> tuple[float, float]:
    """Return N·s² of all items' values, without clusters and with what they add.

    Args:
        items: with those of the same answers.
        values: of the labelled items and, after them, of those of the same answers.
    """
    same = items.same
    assert same is not None
    weights = 1 / items.share
    weights = np.concatenate([weights * (items.items / weights.sum()), np.ones(same.items)])
    residuals = weights * (values - float(np.sum(weights * values)) / float(weights.sum()))
    own = float(np.sum(residuals**2 / weights))
    codes = same.codes if same.items else items.codes
    if codes is None:
        return own, own
    between = float(_products(codes, residuals).sum())
    if items.codes is not None and items.whole:
        # Of a cluster labelled as a whole, two items were drawn with the chance of one.
        ours = _products(items.codes, residuals[: items.values.size])
        between -= float((1 - items.chance_of_cluster()) @ ours)
    return own, own + max(between, 0.0)


def _products(codes: Codes, residuals: Floats) -> Floats:
    """Return the sum of products of two different items in each cluster."""
    sums, own = (np.bincount(codes, weights=some) for some in (residuals, residuals**2))
    return np.asarray(sums**2 - own)


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

    In clusters their sums take the place of the distances, and N is divided by how much clusters
    add to the variance of q.

    Args:
        items: with those of the same answers, at least one.
        residuals: shape (n,), weighted distances from the mean among the D.
    """
    same = items.same
    assert same is not None
    weights, codes = 1 / items.share, items.codes
    sums = residuals if codes is None else np.bincount(codes, weights=residuals)
    total, reach = float(weights.sum()), items.reach
    mean = float(np.sum(weights * items.values)) / total
    per_label = float(np.sum(sums**2)) / total**2
    alone, clustered = _spread(items, np.repeat([1.0, 0.0], [residuals.size, same.items]))
    n_all = (items.items + same.items) * alone / clustered
    own = float(np.sum(sums**3)) / total**3 * reach**3
    of_items = mean**3 * reach * (1 - reach) * (1 - 2 * reach) / n_all**2
    both = reach**2 * (1 - reach) * mean * per_label / n_all
    variance = reach**2 * per_label + mean**2 * reach * (1 - reach) / n_all
    third = own + of_items + _CROSS * both
    found = _skewed(sums.size, third / variance**1.5 if variance > 0 else 0.0)
    return found if codes is None else (found / np.bincount(codes))[codes]


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
