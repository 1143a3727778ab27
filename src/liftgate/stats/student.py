"""Tests of a mean by Student's t: single items or clusters, with two pseudo units at the null.

The estimand is the mean over items; clusters enter the variance only. The variance is CR2 for an
intercept under working independence (Bell & McCaffrey 2002, Survey Methodology 28, 169–181;
Pustejovsky & Tipton 2018, JBES 36, 672–683), its degrees of freedom are Satterthwaite's under the
same working model. With ``f_g`` the share of the items in cluster g and ``r_g`` the sum of its
residuals, the general matrices reduce to

    V  = Σ r_g² / (1 − f_g) / N²
    df = 1 / (Σ f_g² + (Σ a_g)² − Σ a_g²),   a_g = f_g² / (1 − f_g)

and for single items to the usual s²/n with n − 1.

Where the scores have a range, two pseudo units are added at (tested value ± h) before V and df are
taken. They keep a sample without variance from claiming certainty, and because they sit around the
*tested* value they never pull the estimate across it. T is then N·e / √(quadratic in e), e being
estimate − tested value, so that limits have a closed form (docs/adr/0002).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from liftgate.errors import NotEnoughData
from liftgate.stats.inputs import FEWEST_UNITS, Floats, Range, Sample
from liftgate.stats.kinds import Alternative

FEWEST_DF = 5.0
_MOST_TIES = 0.8
_PRIOR_WEIGHT = 0.25
"""How much the pseudo clusters count when the design effect is estimated; by simulation, ADR 2."""
_SKEW_SHARE = 0.2
"""Warn when skew may move the one-sided error by more than this share of its level."""


@dataclass(frozen=True, eq=False)
class Moments:
    """What the tests need of a sample.

    Args:
        sizes: shape (clusters,): items in each unit.
        sums: shape (clusters,): sum of the values in each unit.
        squares: sum over the items of the squared distance from the mean.
    """

    sizes: Floats
    sums: Floats
    squares: float

    @property
    def n(self) -> int:
        """Items."""
        return int(self.sizes.sum())

    @property
    def mean(self) -> float:
        """Mean over the items."""
        return float(self.sums.sum() / self.sizes.sum())


@dataclass(frozen=True, eq=False)
class StudentTest:
    """The family of t-tests of one mean.

    The squared denominator of T is ``a0 + a1·e + a2·e²`` for a distance e = estimate − null.
    """

    value: float
    n: int
    clusters: int
    df: float
    a0: float
    a1: float
    a2: float
    bounds: Range | None
    skewness: float = 0.0
    ties: float = 0.0

    @property
    def se(self) -> float:
        """Standard error at a null equal to the estimate, pseudo units included."""
        return math.sqrt(self.a0) / self.n

    def statistic(self, null: float) -> float:
        """Return T of one tested value; positive: the data lie above it."""
        return self._at(self.value - null)

    def tail(self, null: float, alternative: Alternative) -> float:
        """Return the one-sided p-value, over the hull where T turns back."""
        if alternative is Alternative.LESS:
            return self._mirrored().tail(-null, Alternative.GREATER)
        distance = self.value - null
        lowest = min(self._at(distance), self._farthest(), self._turning(distance))
        return _t_tail(self.df, lowest)

    def limit(self, alternative: Alternative, alpha: float) -> float:
        """Return the one-sided limit at ``alpha``; the end of the range where T never gets there.

        Solves N²e² = t²·(a0 + a1·e + a2·e²) for the smallest e > 0.
        """
        if alternative is Alternative.LESS:
            return -self._mirrored().limit(Alternative.GREATER, alpha)
        critical = _t_quantile(self.df, alpha)
        if self.bounds is not None and self._farthest() < critical:
            return self.bounds[0]
        square = critical**2
        lead = self.n**2 - square * self.a2
        slope = square * self.a1
        constant = square * self.a0
        root = math.sqrt(max(slope**2 + 4 * lead * constant, 0.0))
        return self.value - 2 * constant / (root - slope)

    def warn(self, alpha: float) -> tuple[str, ...]:
        """Say when skew may move the error rate, or when nearly all values tie."""
        found = []
        if abs(self._skew_shift(alpha)) > _SKEW_SHARE * alpha:
            found.append(
                f"skewed scores (skewness {self.skewness:.1f} over {self.clusters} units): the "
                f"one-sided error of {100 * alpha:.3g} % may be near "
                f"{100 * (alpha + abs(self._skew_shift(alpha))):.1f} % on one side"
            )
        if self.ties > _MOST_TIES:
            found.append(f"{math.floor(100 * self.ties)} % of the values are equal")
        return tuple(found)

    def _at(self, distance: float) -> float:
        square = self.a0 + self.a1 * distance + self.a2 * distance**2
        return self.n * distance / math.sqrt(square)

    def _farthest(self) -> float:
        """T of the lowest value that there is: what T tends to far out."""
        return math.inf if self.bounds is None else self._at(self.value - self.bounds[0])

    def _turning(self, distance: float) -> float:
        """T where it stops falling towards the left, for distances beyond that point."""
        if self.a1 <= 0:
            return math.inf
        turn = -2 * self.a0 / self.a1
        return self._at(turn) if distance < turn else math.inf

    def _mirrored(self) -> StudentTest:
        bounds = None if self.bounds is None else (-self.bounds[1], -self.bounds[0])
        return replace(self, value=-self.value, a1=-self.a1, bounds=bounds)

    def _skew_shift(self, alpha: float) -> float:
        """Return by how much skew moves a one-sided error, to first order.

        Edgeworth: γ·(2z² + 1)·φ(z) / (6√units) (Hall 1992, The Bootstrap and Edgeworth Expansion,
        section 2.6).
        """
        z = _t_quantile(math.inf, alpha)
        density = math.exp(-z * z / 2) / math.sqrt(2 * math.pi)
        return self.skewness * (2 * z * z + 1) * density / (6 * math.sqrt(self.clusters))


def moments(sample: Sample) -> Moments:
    """Return sizes, sums and squares of a sample, by cluster where there are clusters."""
    values = sample.values
    squares = float(np.sum((values - values.mean()) ** 2))
    if sample.codes is None:
        return Moments(np.ones_like(values), values, squares)
    sizes = np.bincount(sample.codes).astype(np.float64)
    sums = np.bincount(sample.codes, weights=values).astype(np.float64)
    return Moments(sizes, sums, squares)


def student(sample: Sample) -> StudentTest:
    """Return the family of tests for the mean of a sample.

    Raises:
        NotEnoughData: fewer than 5 degrees of freedom, or values without any spread and without a
            range that would bound what was not seen.
    """
    found = moments(sample)
    family = student_from(found, bounds=sample.bounds, pseudo=sample.pseudo)
    ties = _ties(sample.values) if sample.pseudo is not None else 0.0
    return replace(family, skewness=_skewness(found), ties=ties)


def student_from(found: Moments, *, bounds: Range | None, pseudo: float | None) -> StudentTest:
    """Return the family of tests from moments.

    Args:
        found: sizes, sums and squares.
        bounds: the ends between which the mean must lie; needed with ``pseudo``.
        pseudo: distance h of the pseudo units from the tested value; None: none are added.

    Raises:
        NotEnoughData: as ``student``.
    """
    check_units(found.sizes)
    if pseudo is None and _constant(found):
        raise NotEnoughData(
            f"all {found.n} values equal {found.mean:g}, expected some spread: without a declared "
            "range nothing bounds what was not seen",
            hint="Declare the range of the scores, if they have one.",
        )
    n, mean = found.n, found.mean
    size = 0.0 if pseudo is None else _pseudo_size(found, pseudo)
    h = 0.0 if pseudo is None else pseudo
    total = n + 2 * size
    residuals = found.sums - found.sizes * mean
    inflation = 1 / (1 - found.sizes / total)
    own = size**2 / (1 - size / total)
    pull = 2 * size / total
    return StudentTest(
        value=mean,
        n=n,
        clusters=int(found.sizes.size),
        df=_satterthwaite(np.append(found.sizes, [size, size]) / total),
        a0=float(np.sum(residuals**2 * inflation)) + 2 * own * h**2,
        a1=2 * pull * float(np.sum(residuals * found.sizes * inflation)),
        a2=pull**2 * float(np.sum(found.sizes**2 * inflation)) + 2 * own * (n / total) ** 2,
        bounds=bounds,
    )


def check_units(sizes: Floats) -> None:
    """Refuse fewer than 5 degrees of freedom, counted without pseudo units.

    Args:
        sizes: shape (clusters,): items in each unit.

    Raises:
        NotEnoughData: with the degrees of freedom.
    """
    units = int(sizes.size)
    df = _satterthwaite(sizes / sizes.sum()) if units > 1 else 0.0
    if df >= FEWEST_DF:
        return
    largest = 100 * float(sizes.max() / sizes.sum())
    clustered = bool(sizes.max() > 1)
    what = f"{units} clusters, the largest with {largest:.0f} % of the items," if clustered else ""
    raise NotEnoughData(
        f"got {what or f'{units} items,'} {df:.2g} degrees of freedom, "
        f"expected at least {FEWEST_DF:g}",
        hint="Collect items from more clusters of similar size."
        if clustered
        else f"Collect at least {FEWEST_UNITS} items.",
    )


def _pseudo_size(found: Moments, h: float) -> float:
    """Return the size κ of a pseudo unit, in items: 1 for single items.

    Whole clusters may move together although no sample shows it, so the unit starts as one
    cluster of the size in which the average item sits, K = Σ n_g² / N, all its items at ± h. Its
    sum of squares K²h² is then shrunk by the design effect D seen in the sample, a quarter of the
    pseudo units counted in: κ² = K·D with D = (Σ r_g² + K²h²/2) / (squares + Kh²/2), within
    1 … K. Many informative items pull D to their own; few leave it near K.
    """
    typical = float(np.sum(found.sizes**2) / np.sum(found.sizes))
    residuals = found.sums - found.sizes * found.mean
    between = float(np.sum(residuals**2)) + _PRIOR_WEIGHT * 2 * (typical * h) ** 2
    within = found.squares + _PRIOR_WEIGHT * 2 * typical * h**2
    return math.sqrt(typical * min(max(between / within, 1.0), typical))


def _satterthwaite(shares: Floats) -> float:
    squares = shares**2
    lever = squares / (1 - shares)
    df = float(1 / (np.sum(squares) + np.sum(lever) ** 2 - np.sum(lever**2)))
    # Equal units have exactly units − 1; rounding must neither refuse them nor be printed.
    return round(df, 9)


def _constant(found: Moments) -> bool:
    """Whether no unit differs from the mean by more than rounding."""
    residuals = np.abs(found.sums - found.sizes * found.mean)
    scale = float(np.max(np.abs(found.sums))) or 1.0
    return bool(np.max(residuals) <= 1e-12 * scale)


def _skewness(found: Moments) -> float:
    if _constant(found):
        return 0.0
    residuals = found.sums - found.sizes * found.mean
    spread = float(np.sqrt(np.mean(residuals**2)))
    return float(np.mean((residuals / spread) ** 3))


def _ties(values: Floats) -> float:
    """Return the share of the most frequent value."""
    counts = np.unique(values, return_counts=True)[1]
    return float(counts.max() / values.size)


def _t_tail(df: float, statistic: float) -> float:
    from scipy.special import stdtr

    if math.isinf(statistic):
        return 0.0 if statistic > 0 else 1.0
    return float(stdtr(df, -statistic))


def _t_quantile(df: float, alpha: float) -> float:
    from scipy.special import ndtri, stdtrit

    return float(-ndtri(alpha)) if math.isinf(df) else float(-stdtrit(df, alpha))
