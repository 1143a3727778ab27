"""Cross-fitted ridge regression: what covariates say about a score that has not seen them.

Each item's prediction comes from a regression fitted without its fold, whole clusters together, so
that the prediction is as good as for an item without a score. A slope on top then takes from the
prediction no more than it is worth: useless predictions get slope 0.
"""

from __future__ import annotations

import numpy as np

from liftgate.stats.inputs import Codes, Floats

_FOLDS = 10
_PENALTIES: Floats = np.geomspace(0.01, 100.0, 13)
"""Ridge penalties as shares of the number of items; generalised cross-validation picks one."""


def cross_fitted(values: Floats, table: Floats, groups: Codes) -> Floats:
    """Return each prediction's distance from the mean over all items of the same regression.

    Args:
        values: shape (n,), scores of the answered items.
        table: shape (n, k), their covariates less the covariates' means over *all* items.
        groups: shape (n,), number of each item's cluster; a cluster lies in one fold.
    """
    folds = groups % _FOLDS
    found = np.zeros_like(values)
    for fold in range(_FOLDS):
        out = folds == fold
        if out.any():
            found[out] = table[out] @ _ridge(table[~out], values[~out])
    return found


def slope(values: Floats, away: Floats, weights: Floats | None = None) -> float:
    """Return the least-squares slope of scores on predictions, within 0 … 1.

    Args:
        values: shape (n,).
        away: shape (n,), the predictions.
        weights: shape (n,); None: all alike.
    """
    w = np.ones_like(values) if weights is None else weights
    centred = away - np.average(away, weights=w)
    spread = float(np.sum(w * centred**2))
    if spread <= 0:
        return 0.0
    found = float(np.sum(w * (values - np.average(values, weights=w)) * centred)) / spread
    return min(max(found, 0.0), 1.0)


def _ridge(rows: Floats, values: Floats) -> Floats:
    """Return slopes; the penalty is that of least generalised cross-validation.

    Golub, Heath & Wahba 1979, Technometrics 21, 215–223.
    """
    n = values.size
    centred = rows - rows.mean(axis=0)
    target = values - values.mean()
    square, axes = np.linalg.eigh(centred.T @ centred)
    square = np.maximum(square, 0.0)
    onto = axes.T @ (centred.T @ target)
    penalty = n * _PENALTIES[:, None]
    shrunk = onto / (square + penalty)
    rest = float(target @ target) - np.sum((square + 2 * penalty) * shrunk**2, axis=1)
    freedom = 1 + np.sum(square / (square + penalty), axis=1)
    best = int(np.argmin(rest / (1 - freedom / n) ** 2))
    slopes: Floats = axes @ shrunk[best]
    return slopes
