"""Tests of ratios of two sums: cost per success, supported statements per statement.

The items (or clusters) are the sample, so numerator and denominator vary together. One arm's ratio
is tested through ``numerator − θ·denominator``: no division, limits are Fieller's. A difference of
two ratios has no such contrast, because the second ratio is unknown; its variance is that of the
leave-one-unit-out jackknife (Miller 1974, Biometrika 61, 1–15; Efron & Stein 1981, Annals of
Statistics 9, 586–596).
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from liftgate.errors import NotEnoughData
from liftgate.stats.inputs import Codes, Floats, Range
from liftgate.stats.kinds import ClaimShape, Mark, ScoreKind, UnitDesign
from liftgate.stats.linearised import LinearTest, sides, t_quantile, with_pseudo
from liftgate.stats.method import Method, refusal
from liftgate.stats.units import FEWEST_DF, Units, units_of
from liftgate.stats.weighted import pseudo_square

_NEAREST = 0.5
"""How much of a denominator's mean its own half-width may take in a difference of ratios."""


@dataclass(frozen=True, eq=False)
class Sums:
    """Numerators and denominators of one arm, one entry an item.

    Args:
        name: what messages call the denominators.
        numerator: shape (n,).
        denominator: shape (n,), 0 or more.
        codes: shape (n,), unit of each item; None: every item is its own.
        span: ends of an item's own ratio; None: unbounded.
        level: two-sided confidence at which the denominator must be clear of 0.
    """

    name: str
    numerator: Floats
    denominator: Floats
    codes: Codes | None
    span: Range | None
    level: float


def fieller(arm: Sums) -> LinearTest:
    """Return the family of tests of one ratio of sums.

    With a range for the items' own ratios, two pseudo units with the denominator in which the
    average denominator sits lie at (tested value ± half the range).

    Raises:
        NotEnoughData: fewer than 5 degrees of freedom, a mean denominator that is not clear of 0,
            or ratios that do not differ and have no range.
    """
    units = units_of(arm.numerator.size, arm.codes)
    top, bottom = units.mean(arm.numerator), units.mean(arm.denominator)
    over, under = units.residuals(arm.numerator), units.residuals(arm.denominator)
    _check_denominator(arm, units, bottom, under, nearest=1.0)
    ratio = top / bottom
    contrast = over - ratio * under
    if arm.span is None:
        _check_spread(contrast, arm.numerator, ratio)
    variance = (
        units.covariance(over, over),
        -2 * units.covariance(over, under),
        units.covariance(under, under),
    )
    lower, upper = sides(contrast / units.n)
    if arm.span is not None:
        spread = bottom * (arm.span[1] - arm.span[0]) / 2
        share = _pseudo_share(arm, ratio)
        variance = with_pseudo(top, bottom, variance, spread=spread, weight=share)
        ends = (bottom * (arm.span[0] - ratio), bottom * (arm.span[1] - ratio))
        lower, upper = sides(contrast / units.n, ends, spread, share)
    return LinearTest(
        top=top,
        bottom=bottom,
        variance=variance,
        df=units.df,
        n=units.n,
        clusters=units.clusters,
        bounds=arm.span,
        lower=lower,
        upper=upper,
        guarded=arm.span is not None,
    )


@dataclass(frozen=True, eq=False)
class TwoArms:
    """Candidate and baseline over the same items.

    Args:
        candidate: numerators and denominators.
        baseline: of the same items, with the same units and range.
        kept: what share of the baseline's ratio is taken away from the candidate's; 1: all of it.
    """

    candidate: Sums
    baseline: Sums
    kept: float = 1.0

    def up_to(self, end: int, codes: Codes | None) -> TwoArms:
        """Return the first items, with units numbered anew."""
        ours, theirs = (
            replace(
                arm, numerator=arm.numerator[:end], denominator=arm.denominator[:end], codes=codes
            )
            for arm in (self.candidate, self.baseline)
        )
        return TwoArms(ours, theirs, self.kept)


def ratio_jackknife(arms: TwoArms) -> LinearTest:
    """Return the family of tests of candidate's ratio − ``kept`` · baseline's ratio.

    Degrees of freedom are Satterthwaite's for units that count by their denominators, the larger
    share of the two arms.

    Raises:
        NotEnoughData: as ``fieller``, for either arm; here a denominator's half-width may take at
            most half of its mean, since the ratio must be nearly linear in it.
    """
    both = (arms.candidate, arms.baseline)
    units = units_of(both[0].numerator.size, both[0].codes)
    size = units.clusters
    left_out, value, shares = np.zeros(size), 0.0, np.zeros(size)
    for arm, share in zip(both, (1.0, -arms.kept), strict=True):
        under = units.residuals(arm.denominator)
        _check_denominator(arm, units, units.mean(arm.denominator), under, nearest=_NEAREST)
        over, below = (_by_unit(x, arm.codes) for x in (arm.numerator, arm.denominator))
        value += share * float(over.sum() / below.sum())
        left_out += share * (over.sum() - over) / (below.sum() - below)
        shares = np.maximum(shares, below / below.sum())
    change = left_out - left_out.mean()
    span = both[0].span
    if span is None:
        _check_spread(change, left_out, value)
    variance = (float(np.sum(change**2)) * (size - 1) / size, 0.0, 0.0)
    lower, upper = sides(-change)
    bounds = None
    if span is not None:
        bounds = (span[0] - arms.kept * span[1], span[1] - arms.kept * span[0])
        spread = (bounds[1] - bounds[0]) / 4
        weight = max(
            _pseudo_share(arm, float(arm.numerator.sum() / arm.denominator.sum())) for arm in both
        )
        variance = with_pseudo(value, 1.0, variance, spread=spread, weight=weight)
        lower, upper = sides(-change, (bounds[0] - value, bounds[1] - value), spread, weight)
    return LinearTest(
        top=value,
        variance=variance,
        df=satterthwaite(shares / shares.sum()),
        n=units.n,
        clusters=size,
        bounds=bounds,
        lower=lower,
        upper=upper,
        guarded=span is not None,
    )


def satterthwaite(shares: Floats) -> float:
    """Return the degrees of freedom of a mean over units with these shares, as in ``student``.

    Args:
        shares: shape (units,), summing to 1.

    Raises:
        NotEnoughData: fewer than 5.
    """
    squares = shares**2
    lever = squares / (1 - shares)
    df = float(1 / (np.sum(squares) + np.sum(lever) ** 2 - np.sum(lever**2)))
    if df < FEWEST_DF:
        raise NotEnoughData(
            f"got {shares.size} units, the largest with {100 * float(shares.max()):.0f} % of the "
            f"whole, {df:.2g} degrees of freedom, expected at least {FEWEST_DF:g}",
            hint="Collect more units of similar size.",
        )
    return round(df, 9)


def _by_unit(values: Floats, codes: Codes | None) -> Floats:
    return values if codes is None else np.bincount(codes, weights=values).astype(np.float64)


def _pseudo_share(arm: Sums, ratio: float) -> float:
    """Return the share of the denominators that one pseudo unit has, as in ``weighted_mean``."""
    assert arm.span is not None
    total = float(arm.denominator.sum())
    rest = arm.numerator - ratio * arm.denominator
    square = pseudo_square(
        float(np.sum(arm.denominator**2)) / total,
        float(np.sum(_by_unit(arm.denominator, arm.codes) ** 2)) / total,
        (arm.span[1] - arm.span[0]) / 2,
        _by_unit(rest, arm.codes),
        float(np.sum(rest**2)),
    )
    return math.sqrt(square) / total


def _check_denominator(
    arm: Sums, units: Units, mean: float, residuals: Floats, *, nearest: float
) -> None:
    half = t_quantile(units.df, (1 - arm.level) / 2) * math.sqrt(
        units.covariance(residuals, residuals)
    )
    if half < nearest * mean:
        return
    raise NotEnoughData(
        f"{arm.name}: got a mean of {mean:.4g} ± {half:.2g}, expected one clearly above 0: a ratio "
        "to it would say nothing",
        hint="Collect more items, or compare the numerators alone.",
    )


def _check_spread(contrast: Floats, values: Floats, ratio: float) -> None:
    scale = float(np.max(np.abs(values))) or 1.0
    if float(np.max(np.abs(contrast))) > 1e-12 * scale:
        return
    raise NotEnoughData(
        f"every unit gives the same {ratio:g}, expected some spread: without a declared range "
        "nothing bounds what was not seen",
        hint="Declare ratio_range, the ends of an item's own ratio, if it has them.",
    )


_FEW = "fewer than 6 units (df below 5)"
_ALL = tuple(ScoreKind)
_FIELLER = "Fieller 1954; Cochran 1977, chapter 6; Bell & McCaffrey 2002"
_DOMAIN_ONE = (
    "one-sided error at 5 %, the worse side, simulated at 20 / 50 / 200 items: statements in a "
    "range 0.5 / 2.2 / 4.0 %, lognormal cost per success 5.5 / 4.8 / 4.8 %; 10 and 20 clusters "
    "up to 5.2 %"
)
_DOMAIN_TWO = (
    "one-sided error at 5 %, the worse side, simulated at 20 / 50 / 200 items: statements in a "
    "range 0.0 / 0.7 / 3.6 %, cost per success 1.7 / 3.8 / 4.8 %; 10 and 20 clusters up to 3.6 %"
)
_JACKKNIFE = "Miller 1974; Efron & Stein 1981; Satterthwaite 1946"


def _rows() -> Iterator[Method]:
    for units, by in ((UnitDesign.SINGLE, "item"), (UnitDesign.CLUSTERED, "cluster")):
        suffix = "" if units is UnitDesign.SINGLE else " over clusters"
        yield Method(
            name=f"ratio by Fieller's contrast{suffix}",
            kinds=_ALL,
            units=units,
            claim=ClaimShape.RATIO,
            test=fieller,
            what=f"t on numerator − θ · denominator, CR2 by {by}; limits are the θ that it keeps; "
            "two pseudo units at θ ± half the ratios' range, where they have one",
            refuses=f"{_FEW}; a mean denominator within its own half-width of 0; ratios without "
            "spread or range",
            mark=Mark.ASYMPTOTIC,
            reference=_FIELLER,
            domain=_DOMAIN_ONE,
        )
        yield Method(
            name=f"difference of ratios by jackknife{suffix}",
            kinds=_ALL,
            units=units,
            claim=ClaimShape.RATIO_DIFFERENCE,
            test=ratio_jackknife,
            what=f"t with the variance of the ratios' difference when each {by} is left out in "
            "turn, the baseline's taken whole or, for a relative margin, in part; df by the "
            "denominators' shares; pseudo units as for one ratio",
            refuses=f"{_FEW}; a mean denominator within twice its half-width of 0; ratios without "
            "spread or range",
            mark=Mark.ASYMPTOTIC,
            reference=_JACKKNIFE,
            domain=_DOMAIN_TWO,
        )
    for units in (UnitDesign.WEIGHTED, UnitDesign.STRATIFIED):
        for claim in (ClaimShape.RATIO, ClaimShape.RATIO_DIFFERENCE):
            yield refusal(units, claim, "a ratio of sums already says what counts how much")


RATIO_ROWS = tuple(_rows())
