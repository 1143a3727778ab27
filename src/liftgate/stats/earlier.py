"""What earlier systems' results say about the next one's, item by item.

A prediction only: nothing that uses it may depend on its being right.
"""

from __future__ import annotations

import numpy as np

from liftgate.stats.inputs import Floats

_MOST_FACTORS = 4
_PENALTY = 1.0
_LEAST_VARIANCE = 0.02
_SLOPE_OF_ONE_SYSTEM = 0.5
"""How much of one system's deviations another repeats, before anything is known."""
_LEAST_SLOPE, _MOST_SLOPE = 0.1, 1.5


class EarlierResults:
    """Ridge prediction of a new system's scores from those of earlier systems.

    Before any result the prediction is the mean over all earlier systems, its deviations stretched
    by the slope with which the baseline, the system that the new one most resembles, follows the
    mean of the others. Results then move a slope
    on that mean and on up to four factors (singular vectors of the doubly centred earlier scores),
    by ridge regression towards no change. Items count by the inverse of m(1 − m), the shape of a
    bounded score's variance.

    Args:
        scores: shape (items, systems): earlier scores scaled to 0 … 1; the baseline comes first.
    """

    def __init__(self, scores: Floats) -> None:
        means = scores.mean(axis=1)
        spread = means - means.mean()
        slope = _baseline_slope(scores)
        self._prior = means.mean() + slope * spread
        factors = _factors(scores)
        self._features = np.column_stack([slope * spread, factors])
        self._weights = 1 / np.maximum(means * (1 - means), _LEAST_VARIANCE)
        self._weights *= self._weights.size / self._weights.sum()

    def predict(self, seen: Floats) -> Floats:
        """Return the prediction for every item, within 0 … 1.

        Args:
            seen: shape (n,): the new system's scores on the first n items.
        """
        n = seen.size
        if n == 0:
            return _inside(self._prior)
        weights = self._weights[:n]
        rest = seen - self._prior[:n]
        share = weights / weights.sum()
        level, centre = float(share @ rest), share @ self._features[:n]
        known = self._features[:n] - centre
        squares = known.T @ (weights[:, None] * known) + _PENALTY * np.eye(known.shape[1])
        slopes = np.linalg.solve(squares, known.T @ (weights * (rest - level)))
        moved = self._prior + level + (self._features - centre) @ slopes
        return _inside(moved)


def _inside(values: Floats) -> Floats:
    clipped: Floats = np.clip(values, 0.0, 1.0)
    return clipped


def _baseline_slope(scores: Floats) -> float:
    """Return the slope of the first system on the mean of the others, within 0.1 … 1.5."""
    if scores.shape[1] < 2:
        return _SLOPE_OF_ONE_SYSTEM
    centred = scores - scores.mean(axis=0)
    others = centred[:, 1:].mean(axis=1)
    squares = float(others @ others)
    slope = float(others @ centred[:, 0]) / squares if squares > 0 else 0.0
    return min(max(slope, _LEAST_SLOPE), _MOST_SLOPE)


def _factors(scores: Floats) -> Floats:
    """Return up to four factors, shape (items, factors), on the scale of the scores."""
    systems = scores.shape[1]
    centred = scores - scores.mean(axis=0)
    centred = centred - centred.mean(axis=1, keepdims=True)
    kept = min(_MOST_FACTORS, systems - 1)
    if kept < 1:
        return np.zeros((scores.shape[0], 0))
    vectors, sizes, _ = np.linalg.svd(centred, full_matrices=False)
    kept = min(kept, sizes.size)
    found: Floats = vectors[:, :kept] * sizes[:kept] / np.sqrt(systems - 1)
    return found
