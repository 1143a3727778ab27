"""Exponential tilting: the weights nearest to given ones under which some means are 0."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_MOST_STEPS = 100
_CLOSE = 1e-9
"""Largest standardised mean that counts as 0."""
_RIDGE = 1e-11


def tilted(start: Floats, features: Floats) -> Floats | None:
    """Return weights ``w ∝ start · exp(features @ λ)`` with ``features.T @ w = 0``.

    They are the weights with the least Kullback–Leibler divergence from ``start`` under which all
    means are 0 (Csiszár 1975, Annals of Probability 3, 146–158). λ minimises the convex
    log Σ start·exp(features @ λ); damped Newton steps find it.

    Args:
        start: shape (rows,), not negative, with a positive sum.
        features: shape (rows, k), each already less its target.

    Returns:
        Shape (rows,), of sum 1; None: no weights can do it, 0 lies outside the convex hull of the
        rows' features. At the hull's edge some rows have practically no weight left.
    """
    kept = start > 0
    weights = start[kept] / start[kept].sum()
    found = _solve(weights, *_standard(weights, features[kept]))
    if found is None:
        return None
    result = np.zeros_like(start)
    result[kept] = found
    return result


def _standard(weights: Floats, features: Floats) -> tuple[Floats, bool]:
    """Scale features to unit spread; those without any must already be at their target."""
    centre = weights @ features
    spread = np.sqrt(weights @ (features - centre) ** 2)
    size = np.abs(features).max(axis=0, initial=0.0)
    varies = spread > 1e-12 * np.maximum(size, 1e-300)
    fixed = bool(np.all(np.abs(centre[~varies]) <= 1e-12))
    return features[:, varies] / spread[varies], fixed


def _solve(start: Floats, features: Floats, possible: bool) -> Floats | None:  # noqa: FBT001
    if not possible:
        return None
    base = np.log(start)
    multipliers = np.zeros(features.shape[1])
    value, weights = _partition(base, features, multipliers)
    for _ in range(_MOST_STEPS):
        gradient = weights @ features
        if np.max(np.abs(gradient), initial=0.0) <= _CLOSE:
            return weights
        curve = (features * weights[:, None]).T @ features - np.outer(gradient, gradient)
        curve[np.diag_indices_from(curve)] += _RIDGE + _RIDGE * np.trace(curve)
        step = -np.linalg.solve(curve, gradient)
        slope = float(gradient @ step)
        size = 1.0
        while size > 1e-8:
            tried, new = _partition(base, features, multipliers + size * step)
            if tried <= value + 1e-4 * size * slope + 1e-15:
                break
            size /= 2
        else:
            return None
        multipliers = multipliers + size * step
        value, weights = tried, new
    return None


def _partition(base: Floats, features: Floats, multipliers: Floats) -> tuple[float, Floats]:
    exponent = base + features @ multipliers
    top = float(exponent.max())
    raw = np.exp(exponent - top)
    total = float(raw.sum())
    return top + float(np.log(total)), raw / total
