"""What earlier results say about new ones: fewer candidate calls at interim looks.

N items are planned; covariates (the baseline's scores, those of earlier systems) are known for all
of them before the candidate answers any, n have been answered. With g a prediction of the
difference d from the covariates and e = d − g,

    θ̂_n = mean over n of (d − g) + mean over all N of g
    V_n = Var(e)·(1/n − 1/N) + Var(d)/N

estimates the mean over *new* items: the second term keeps the sampling of the N items themselves.
(Writing Var(d) for Var(e) + Var(g) + 2·Cov(e, g) makes V_n right whether or not the slope is.) It
is the control variate of CUPED (Deng et al. 2013, WSDM) with the mean of the covariate known over
N, and prediction-powered inference (Angelopoulos et al. 2023, Science 382, 669–674) with the N
items as its unlabelled sample. At n = N it is the plain mean.

**Independent increments.** For n < m ≤ N, with the items in random order and g fixed,

    Cov(θ̂_n, θ̂_m) = Var(e)/m + 2·Cov(e, g)/N + Var(g)/N = V_m

since the means of e over n and over m have covariance Var(e)/m, and each has covariance Cov(e, g)/N
with the mean of g over N. Cov(θ̂_n, θ̂_m) = V_m is exactly the canonical joint distribution of group
sequential tests with information 1/V_n (Jennison & Turnbull 2000, section 3.1), so that

    t_n = V_N / V_n = 1 / (1 + (Var(e)/Var(d))·(N/n − 1))

is the information fraction: n/N without covariates, more with good ones.

Predictions are *cross-fitted*: each item's comes from a ridge regression that has not seen its
fold (whole clusters together), centred on the mean over N of the same regression, and a slope
between 0 and 1 is fitted on top (regress, do not subtract: useless predictions get slope 0). The
variances, hence t_n, are estimated, so the error rate is asymptotic; a t quantile on n items and
the pseudo items of the method table keep it for small n.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike

from liftgate.errors import DataError
from liftgate.stats.inputs import Codes, Floats, Sample
from liftgate.stats.kinds import ScoreKind
from liftgate.stats.regression import cross_fitted, slope

FEWEST_FITTED = 20
"""With fewer answered units nothing is fitted."""


@dataclass(frozen=True, eq=False)
class Adjusted:
    """Differences after what the covariates explain has been taken out.

    Args:
        values: shape (n,): their mean is θ̂_n; their spread is scaled so that a method for plain
            values finds V_n.
        fraction: information fraction t_n.
    """

    values: Floats
    fraction: float


def covariates(values: ArrayLike | None, planned: int) -> Floats | None:
    """Return covariates of all planned items, standardised, without constant columns.

    Args:
        values: shape (planned,) or (planned, k); None: no covariates.
        planned: items in all.

    Raises:
        DataError: another number of rows, or values that are not finite.
    """
    if values is None:
        return None
    table = np.asarray(values, dtype=np.float64)
    table = table[:, None] if table.ndim == 1 else table
    if table.ndim != 2 or table.shape[0] != planned:
        raise DataError(
            f"covariate: got shape {table.shape}, expected a row for each of {planned} planned "
            "items, answered or not"
        )
    if not np.isfinite(table).all():
        raise DataError(
            "covariate: got a value that is not finite, expected numbers for all planned items",
            hint="Leave out an earlier system that lacks items.",
        )
    spread = table.std(axis=0)
    kept = spread > 1e-12 * np.maximum(1.0, np.abs(table).max(axis=0))
    if not kept.any():
        return None
    standard: Floats = (table[:, kept] - table[:, kept].mean(axis=0)) / spread[kept]
    return standard


def adjusted_sample(
    kind: ScoreKind, sample: Sample, covariate: ArrayLike
) -> tuple[ScoreKind, Sample]:
    """Return a sample of differences with what the covariates explain taken out, and its kind.

    A right-or-wrong difference less its prediction is graded.

    Args:
        kind: of the scores.
        sample: n differences.
        covariate: shape (N,) or (N, k), N ≥ n, the first n for the sample's items.

    Raises:
        DataError: fewer rows than items, or values that are not finite.
    """
    rows = np.shape(covariate)[0] if np.ndim(covariate) else 0
    if rows < sample.values.size:
        raise DataError(
            f"covariate: got {rows} rows, expected at least {sample.values.size}, of which the "
            "first belong to the items"
        )
    table = covariates(covariate, rows)
    if table is None:
        return kind, sample
    values = adjust(sample.values, table, sample.codes).values
    if values is sample.values:
        return kind, sample
    graded = ScoreKind.GRADED if kind is ScoreKind.BINARY else kind
    return graded, replace(sample, values=values)


def adjust(values: Floats, table: Floats, codes: Codes | None) -> Adjusted:
    """Return adjusted differences of the answered items.

    Args:
        values: shape (n,): differences of the first n items in the locked order.
        table: shape (N, k): as ``covariates`` returns them.
        codes: shape (n,): cluster of each answered item; None: single items.
    """
    n, share = values.size, values.size / table.shape[0]
    groups = np.arange(n) if codes is None else codes
    units = n if codes is None else int(codes.max()) + 1
    if n == table.shape[0] or units < FEWEST_FITTED:
        return Adjusted(values, share)
    away = cross_fitted(values, table[:n], groups)
    adjusted = values - slope(values, away) * away
    own, plain = _variance(adjusted, groups), _variance(values, groups)
    if not 0 < own < plain:
        return Adjusted(values, share)
    total = own * (1 - share) + plain * share
    centre = adjusted.mean()
    scaled = centre + (adjusted - centre) * np.sqrt(total / own)
    return Adjusted(scaled, float(plain * share / total))


def _variance(values: Floats, groups: Codes) -> float:
    """Return the variance of the mean over items, by clusters, up to a common factor."""
    sums = np.bincount(groups, weights=values - values.mean())
    return float(np.sum(sums**2))
