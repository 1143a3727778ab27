"""Tests of a mean by Student's t: single items or clusters, guarded against what was not seen.

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
*tested* value they never pull the estimate across it (docs/adr/0002). One more unit at the end of
the range that is worst for the question enters by a half in V and whole in the skewness: the losses
that a sample is too small to show are the ones that make a t lie (docs/adr/0008).

The tests themselves, and how skew is corrected, are in ``hall``.

Everything works on many samples at once: leading axes are samples, the last axis is their units.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from liftgate.errors import NotEnoughData
from liftgate.stats.hall import Guard, OneSided, StudentTests, skew_shift
from liftgate.stats.inputs import FEWEST_UNITS, Floats, Range, Sample
from liftgate.stats.kinds import Alternative

FEWEST_DF = 5.0
_MOST_TIES = 0.8
_PRIOR_WEIGHT = 0.25
"""How much the pseudo clusters count when the design effect is estimated; by simulation, ADR 2."""
WORST_WEIGHT = 0.5
"""How much the unit at the worst end counts in the variance; by simulation, ADR 8."""
_SKEW_SHARE = 0.2
"""Warn when skew may move the one-sided error by more than this share of its level."""


@dataclass(frozen=True, eq=False)
class Moments:
    """What the tests need of one sample, or of many.

    Args:
        sizes: shape (clusters,) or (…, clusters): items in each unit.
        sums: shape (…, clusters): sum of the values in each unit.
        squares: shape (…): sum over the items of the squared distance from the mean.
    """

    sizes: Floats
    sums: Floats
    squares: Floats

    @cached_property
    def n(self) -> Floats:
        """Items, shape (…)."""
        n: Floats = self.sizes.sum(axis=-1)
        return n

    @cached_property
    def mean(self) -> Floats:
        """Mean over the items, shape (…)."""
        mean: Floats = self.sums.sum(axis=-1) / self.n
        return mean

    @cached_property
    def residuals(self) -> Floats:
        """Sum of the distances from the mean in each unit, shape (…, clusters)."""
        return np.asarray(self.sums - self.sizes * self.mean[..., None])

    @cached_property
    def own_df(self) -> Floats:
        """Degrees of freedom without pseudo units, of the shape of ``n``."""
        return _satterthwaite(self.sizes / self.n[..., None])

    @property
    def clusters(self) -> int:
        """Independent units."""
        return int(self.sums.shape[-1])


@dataclass(frozen=True, eq=False)
class StudentTest:
    """The family of t-tests of one mean: ``StudentTests`` of a single sample."""

    tests: StudentTests
    ties: float = 0.0

    @property
    def value(self) -> float:
        """The mean over items."""
        return float(self.tests.value)

    @property
    def n(self) -> int:
        """Items."""
        return int(self.tests.n)

    @property
    def clusters(self) -> int:
        """Independent units."""
        return self.tests.clusters

    @property
    def df(self) -> float:
        """Degrees of freedom, pseudo units included."""
        return float(self.tests.df)

    @property
    def se(self) -> float:
        """Standard error at a null equal to the estimate, pseudo units included."""
        return float(self.tests.se)

    def tail(self, null: float, alternative: Alternative) -> float:
        """Return the one-sided p-value of a null."""
        return float(self.tests.tail(null, alternative))

    def limit(self, alternative: Alternative, alpha: float) -> float:
        """Return the one-sided limit at ``alpha``."""
        return float(self.tests.limit(alternative, alpha))

    def warn(self, alpha: float) -> tuple[str, ...]:
        """Say when skew without a range may move the error rate, or when nearly all values tie."""
        found = []
        skew = float(self.tests.lower.skew)
        shift = abs(skew_shift(skew, alpha))
        if self.tests.lower.lowest is None and shift > _SKEW_SHARE * alpha:
            found.append(
                f"skewed scores (skewness {skew * math.sqrt(self.clusters):.1f} over "
                f"{self.clusters} units): uncorrected, the one-sided error of {100 * alpha:.3g} % "
                f"would be near {100 * (alpha + shift):.1f} % on one side; the correction knows "
                "only the skew that these values show, since no range is declared"
            )
        if self.ties > _MOST_TIES:
            found.append(f"{math.floor(100 * self.ties)} % of the values are equal")
        return tuple(found)


def moments(sample: Sample) -> Moments:
    """Return sizes, sums and squares of a sample, by cluster where there are clusters."""
    values = sample.values
    squares = np.asarray(((values - values.mean()) ** 2).sum())
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
    family = student_from(moments(sample), bounds=sample.bounds, pseudo=sample.pseudo)
    return family if sample.pseudo is None else replace(family, ties=_ties(sample.values))


def student_from(found: Moments, *, bounds: Range | None, pseudo: float | None) -> StudentTest:
    """Return the family of tests from the moments of one sample.

    Args:
        found: sizes, sums and squares.
        bounds: the ends between which the mean must lie; needed with ``pseudo``.
        pseudo: distance h of the pseudo units from the tested value; None: none are added.

    Raises:
        NotEnoughData: as ``student``.
    """
    check_units(found)
    if pseudo is None and _constant(found):
        raise NotEnoughData(
            f"all {int(found.n)} values equal {float(found.mean):g}, expected some spread: without "
            "a declared range nothing bounds what was not seen",
            hint="Declare the range of the scores, if they have one.",
        )
    guard = None if pseudo is None or bounds is None else Guard(bounds, pseudo)
    return StudentTest(student_tests(found, guard))


def student_tests(found: Moments, guard: Guard | None) -> StudentTests:
    """Return the families of tests of many samples at once; nothing is refused here.

    Args:
        found: arrays over the samples.
        guard: the range and the pseudo units; None: values without a range.
    """
    value, n = found.mean, found.n
    size = np.zeros_like(value) if guard is None else _pseudo_size(found, guard.h)
    total = n + 2 * size
    shares = found.sizes / total[..., None]
    sums = _residual_sums(found, 1 / (1 - shares))
    df = found.own_df
    if guard is not None:
        pseudo = np.broadcast_to((size / total)[..., None], (*value.shape, 2))
        shares = np.broadcast_to(shares, found.sums.shape)
        df = _satterthwaite(np.concatenate([shares, pseudo], axis=-1))
    flipped = None if guard is None else Guard((-guard.bounds[1], -guard.bounds[0]), guard.h)
    h = 0.0 if guard is None else guard.h
    return StudentTests(
        value=value,
        n=n,
        clusters=found.clusters,
        df=df,
        own_df=found.own_df,
        se=np.sqrt(sums.inflated + 2 * size**2 / (1 - size / total) * h**2) / n,
        lower=_one_sided((value, n), df, guard, size, sums),
        upper=_one_sided((-value, n), df, flipped, size, sums.mirrored()),
    )


@dataclass(frozen=True, eq=False)
class _ResidualSums:
    """Sums over the units, each of shape (…); ``r`` is a unit's residual, ``w`` its inflation."""

    squares: Floats
    cubes: Floats
    inflated: Floats
    """Σ w·r²."""
    slope: Floats
    """Σ w·r·size."""
    lever: Floats
    """Σ w·size²."""

    def mirrored(self) -> _ResidualSums:
        return replace(self, cubes=-self.cubes, slope=-self.slope)


def _residual_sums(found: Moments, inflation: Floats) -> _ResidualSums:
    residuals, sized = found.residuals, found.sizes * inflation
    squares = residuals**2
    return _ResidualSums(
        squares=squares.sum(axis=-1),
        cubes=(squares * residuals).sum(axis=-1),  # ** 3 is fifty times slower
        inflated=(squares * inflation).sum(axis=-1),
        slope=(residuals * sized).sum(axis=-1),
        lever=(found.sizes * sized).sum(axis=-1),
    )


def _one_sided(
    mean: tuple[Floats, Floats], df: Floats, guard: Guard | None, size: Floats, sums: _ResidualSums
) -> OneSided:
    value, n = mean
    total = n + 2 * size
    own = size**2 / (1 - size / total)
    pull = 2 * size / total
    h = 0.0 if guard is None else guard.h
    worst = np.zeros_like(value) if guard is None else guard.bounds[0] - value
    squares = sums.squares + size**2 * (2 * h**2 + worst**2)
    with np.errstate(divide="ignore", invalid="ignore"):
        skew = np.where(squares > 0, (sums.cubes + (size * worst) ** 3) / squares**1.5, 0.0)
    return OneSided(
        value=value,
        n=n,
        df=df,
        a0=sums.inflated + own * (2 * h**2 + WORST_WEIGHT * worst**2),
        a1=2 * pull * sums.slope,
        a2=pull**2 * sums.lever + 2 * own * (n / total) ** 2,
        skew=skew,
        lowest=None if guard is None else guard.bounds[0],
    )


def check_units(found: Moments) -> None:
    """Refuse fewer than 5 degrees of freedom, counted without pseudo units.

    Args:
        found: of one sample.

    Raises:
        NotEnoughData: with the degrees of freedom.
    """
    sizes, units = found.sizes, found.clusters
    df = float(found.own_df) if units > 1 else 0.0
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


def _pseudo_size(found: Moments, h: float) -> Floats:
    """Return the size κ of a pseudo unit, in items: 1 for single items.

    Whole clusters may move together although no sample shows it, so the unit starts as one
    cluster of the size in which the average item sits, K = Σ n_g² / N, all its items at ± h. Its
    sum of squares K²h² is then shrunk by the design effect D seen in the sample, a quarter of the
    pseudo units counted in: κ² = K·D with D = (Σ r_g² + K²h²/2) / (squares + Kh²/2), within
    1 … K. Many informative items pull D to their own; few leave it near K.
    """
    typical = (found.sizes**2).sum(axis=-1) / found.n
    between = (found.residuals**2).sum(axis=-1) + _PRIOR_WEIGHT * 2 * (typical * h) ** 2
    within = found.squares + _PRIOR_WEIGHT * 2 * typical * h**2
    effect = np.minimum(np.maximum(between / within, 1.0), typical)
    return np.broadcast_to(np.sqrt(typical * effect), found.mean.shape)


def _satterthwaite(shares: Floats) -> Floats:
    squares = shares**2
    lever = squares / (1 - shares)
    total = lever.sum(axis=-1) ** 2 - (lever**2).sum(axis=-1)
    # Equal units have exactly units − 1; rounding must neither refuse them nor be printed.
    return np.asarray(np.round(1 / (squares.sum(axis=-1) + total), 9))


def _constant(found: Moments) -> bool:
    """Whether no unit differs from the mean by more than rounding."""
    scale = float(np.abs(found.sums).max()) or 1.0
    return bool(np.abs(found.residuals).max() <= 1e-12 * scale)


def _ties(values: Floats) -> float:
    """Return the share of the most frequent value."""
    counts = np.unique(values, return_counts=True)[1]
    return float(counts.max() / values.size)
