"""Cross-fitted ridge regression: what covariates say about a score that has not seen them.

Each item's prediction comes from a regression fitted without its fold, whole clusters together, so
that the prediction is as good as for an item without a score. A slope on top then takes from the
prediction no more than it is worth: useless predictions get slope 0.

Many weak covariates beside a few strong ones would make one penalty wrong for both. So they form a
group of their own, whose scale is chosen beside the penalty, 0 among the choices. Where there is
such a group, generalised cross-validation counts each degree of freedom 1.4 times (Kim & Gu 2004,
JRSS B 66, 337–356), since it picks the noise of a group too often otherwise.
"""

from __future__ import annotations

import numpy as np

from liftgate.stats.inputs import Codes, Floats

_FOLDS = 10
_NARROW = 8
"""Columns up to which products of all pairs of them, item by item, are cheap to keep."""
_PENALTIES: Floats = np.geomspace(0.01, 100.0, 13)
"""Ridge penalties as shares of the number of items; generalised cross-validation picks one."""
_SCALES = (0.0, 0.1, 0.3, 1.0)
"""Scales of a weak group."""
_INFLATION = 1.4


def cross_fitted(values: Floats, table: Floats, groups: Codes, weak: int = 0) -> Floats:
    """Return each prediction's distance from the mean over all items of the same regression.

    Args:
        values: shape (n,), scores of the answered items.
        table: shape (n, k), their covariates less the covariates' means over *all* items.
        groups: shape (n,), number of each item's cluster; a cluster lies in one fold.
        weak: how many columns of the table, the last ones, are the group of weak covariates.
    """
    folds = groups % _FOLDS
    rows, target = table - table.mean(axis=0), values - values.mean()
    inside = (folds == np.arange(_FOLDS)[:, None]).astype(np.float64)
    width = rows.shape[1]
    # Sums over all items less those over a fold: one pass serves all folds.
    each = np.vstack([np.ones_like(target), target, target**2, rows.T, (rows * target[:, None]).T])
    left = _less(inside @ each.T)
    ones, total = left[:, 1], left[:, 2]
    sums, crossed = left[:, 3 : 3 + width], left[:, 3 + width :]
    count = np.maximum(left[:, 0], 2.0)
    squares = _less(_products(rows, inside))
    slopes = _ridge(
        squares - sums[:, :, None] * sums[:, None, :] / count[:, None, None],
        crossed - sums * (ones / count)[:, None],
        total - ones**2 / count,
        count,
        weak,
    )
    return np.asarray(np.einsum("ij,ij->i", table, slopes[folds]))


def _products(rows: Floats, inside: Floats) -> Floats:
    """Return the squares and products of the columns over each fold, shape (folds, k, k)."""
    width = rows.shape[1]
    if width > _NARROW:
        return np.stack([rows[one].T @ rows[one] for one in inside > 0])
    every = (rows[:, :, None] * rows[:, None, :]).reshape(-1, width * width)
    return (inside @ every).reshape(-1, width, width)


def _less(by_fold: Floats) -> Floats:
    """Return what each fold leaves of the whole."""
    return np.asarray(by_fold.sum(axis=0) - by_fold)


def slope(values: Floats, away: Floats, weights: Floats | None = None) -> float:
    """Return the least-squares slope of scores on predictions, within 0 … 1.

    Args:
        values: shape (n,).
        away: shape (n,), the predictions.
        weights: shape (n,); None: all alike.
    """
    if weights is None:
        centred, weighted = away - away.mean(), values - values.mean()
    else:
        total = weights.sum()
        centred = away - (weights * away).sum() / total
        weighted = weights * (values - (weights * values).sum() / total)
    spread = float((centred**2 if weights is None else weights * centred**2).sum())
    if spread <= 0:
        return 0.0
    return min(max(float((weighted * centred).sum()) / spread, 0.0), 1.0)


def _ridge(squares: Floats, crossed: Floats, total: Floats, count: Floats, weak: int) -> Floats:
    """Return the slopes of several regressions, shape (regressions, k).

    Penalty and scale of the weak group are those of least generalised cross-validation (Golub,
    Heath & Wahba 1979, Technometrics 21, 215–223).

    Args:
        squares: shape (regressions, k, k), centred squares and products of the covariates.
        crossed: shape (regressions, k), those of covariates and scores.
        total: shape (regressions,), centred squares of the scores.
        count: shape (regressions,), items.
        weak: columns of the weak group, the last ones.
    """
    if not weak:
        return _penalised(squares, crossed, total, count, 1.0)[0]
    scales = np.ones((len(_SCALES), crossed.shape[1]))
    scales[:, -weak:] = np.array(_SCALES)[:, None]
    tried = [
        _penalised(squares * one[:, None] * one, crossed * one, total, count, _INFLATION)
        for one in scales
    ]
    slopes = np.stack([found * one for (found, _), one in zip(tried, scales, strict=True)])
    best = np.argmin(np.stack([score for _, score in tried]), axis=0)
    return np.asarray(slopes[best, np.arange(best.size)])


def _penalised(
    squares: Floats, crossed: Floats, total: Floats, count: Floats, inflation: float
) -> tuple[Floats, Floats]:
    """Return the slopes under the best penalty, and the score by which it is the best."""
    square, axes = np.linalg.eigh(squares)
    square = np.maximum(square, 0.0)[:, None, :]
    onto = np.einsum("fij,fi->fj", axes, crossed)[:, None, :]
    penalty = count[:, None, None] * _PENALTIES[:, None]
    whole = square + penalty
    shrunk = onto / whole
    rest = total[:, None] - ((whole + penalty) * shrunk**2).sum(axis=2)
    left = 1 - inflation * (1 + (square / whole).sum(axis=2)) / count[:, None]
    score = np.divide(rest, left**2, out=np.full_like(rest, np.inf), where=left > 0)
    best, each = np.argmin(score, axis=1), np.arange(count.size)
    return np.einsum("fij,fj->fi", axes, shrunk[each, best]), score[each, best]
