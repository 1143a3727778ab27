"""Independent units with item weights, clusters and strata: what variance and df need of them.

The weights are known design weights w (mean 1 over the items) that say how much an item counts, not
how precise it is, so the working model is that of independent items with one variance. Under it a
unit g of a stratum with weight W has residual sum r_g with

    E r_g² ∝ v_g = q_g·(1 − 2·f_g) + f_g²·Q,   q_g = Σ w²,  f_g = W_g / W,  Q = Σ q_g

and the variance of the mean is ``Σ k_g·r_g² / n²`` with k_g = q_g / v_g, which is unbiased under
the working model: CR2 (Bell & McCaffrey 2002, Survey Methodology 28, 169–181) reduced to one factor
a unit, and CR2 itself where weights are constant within units. Degrees of freedom are
Satterthwaite's under the same model (Pustejovsky & Tipton 2018, JBES 36, 672–683). Without weights
all of it is what ``student`` uses. Strata are blocks of their own: variances add (Cochran 1977,
Sampling Techniques, section 5.4).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from liftgate.errors import NotEnoughData
from liftgate.stats.inputs import FEWEST_UNITS, Codes, Floats, Sample

FEWEST_DF = 5.0


@dataclass(frozen=True, eq=False)
class Units:
    """The independent units of a sample.

    Args:
        weights: shape (n,), mean 1; None: all 1.
        codes: shape (n,), unit of each item; None: every item is its own.
        strata: shape (n,), stratum of each item; None: one stratum.
        totals: shape (units,), weight of each unit.
        squares: shape (units,), sum of squared item weights.
        blocks: shape (units,), stratum of each unit.
        factors: shape (units,), k.
        expected: E of the variance under the working model, up to a constant.
        spread: its variance on the same scale, halved.
    """

    weights: Floats | None
    codes: Codes | None
    strata: Codes | None
    totals: Floats
    squares: Floats
    blocks: Codes
    factors: Floats
    expected: float
    spread: float
    n: int

    @property
    def clusters(self) -> int:
        """Independent units."""
        return int(self.totals.size)

    @property
    def df(self) -> float:
        """Satterthwaite's degrees of freedom."""
        # Equal units have exactly units − 1; rounding must neither refuse them nor be printed.
        return round(self.expected**2 / self.spread, 9)

    def df_with(self, pseudo: float) -> float:
        """Return the degrees of freedom with two pseudo units of expected square ``pseudo``."""
        return float((self.expected + 2 * pseudo) ** 2 / (self.spread + 2 * pseudo**2))

    def mean(self, values: Floats) -> float:
        """Return the weighted mean."""
        return float(np.mean(values if self.weights is None else self.weights * values))

    def residuals(self, values: Floats) -> Floats:
        """Return each unit's weighted sum of distances from its stratum's mean, shape (units,)."""
        return self._by_unit(self._weighted(self._centred(values)))

    def within(self, values: Floats) -> float:
        """Return the sum of squared weighted distances from the stratum's mean, over items."""
        return float(np.sum(self._weighted(self._centred(values)) ** 2))

    def covariance(self, one: Floats, other: Floats) -> float:
        """Return the covariance of two means from the units' residual sums."""
        return float(np.sum(self.factors * one * other)) / self.n**2

    @property
    def typical_item(self) -> float:
        """Weight of the item in which the average weight sits, Σw² / Σw."""
        return float(np.sum(self.squares) / self.n)

    @property
    def typical_unit(self) -> float:
        """Weight of the unit in which the average weight sits."""
        return float(np.sum(self.totals**2) / self.n)

    def _weighted(self, values: Floats) -> Floats:
        return values if self.weights is None else self.weights * values

    def _centred(self, values: Floats) -> Floats:
        if self.strata is None:
            return values - self.mean(values)
        size = np.bincount(self.strata, weights=self.weights)
        sums = np.bincount(self.strata, weights=self._weighted(values))
        return np.asarray(values - (sums / size)[self.strata], dtype=np.float64)

    def _by_unit(self, values: Floats) -> Floats:
        if self.codes is None:
            return values
        return np.bincount(self.codes, weights=values).astype(np.float64)


def units_of(
    n: int,
    codes: Codes | None = None,
    weights: Floats | None = None,
    strata: Codes | None = None,
) -> Units:
    """Return the units of n items.

    Raises:
        NotEnoughData: fewer than 5 degrees of freedom.
    """
    ones = np.ones(n)
    items = ones if weights is None else weights
    if codes is None:
        totals, squares = items, items**2
    else:
        totals = np.bincount(codes, weights=items).astype(np.float64)
        squares = np.bincount(codes, weights=items**2).astype(np.float64)
    blocks = _blocks(codes, strata, totals.size)
    factors, expected, spread = _working(totals, squares, blocks)
    found = Units(weights, codes, strata, totals, squares, blocks, factors, expected, spread, n)
    _check_df(found)
    return found


def units_in(sample: Sample) -> Units:
    """Return the units of a sample; raises as ``units_of``."""
    return units_of(sample.values.size, sample.codes, sample.weights, sample.strata)


def effective_size(weights: Floats) -> float:
    """Return Kish's effective number of items, (Σw)² / Σw² (Kish 1965, Survey Sampling)."""
    return float(np.sum(weights) ** 2 / np.sum(weights**2))


def _blocks(codes: Codes | None, strata: Codes | None, units: int) -> Codes:
    """Return the stratum of each unit; a unit lies in one stratum."""
    if strata is None:
        return np.zeros(units, dtype=np.int64)
    if codes is None:
        return strata
    found = np.empty(units, dtype=np.int64)
    found[codes] = strata
    return found


def _working(totals: Floats, squares: Floats, blocks: Codes) -> tuple[Floats, float, float]:
    """Return k of each unit, and mean and half the variance of Σ k·r² under the working model."""

    def total(values: Floats) -> Floats:
        return np.bincount(blocks, weights=values).astype(np.float64)

    share = totals / total(totals)[blocks]
    whole = total(squares)
    own = squares * (1 - 2 * share) + share**2 * whole[blocks]
    factors = squares / own
    # Residual sums of two units g ≠ h of one stratum have covariance f_g·f_h·Q − f_g·q_h − f_h·q_g:
    # its square, summed over all pairs, is made of four sums; the diagonal is then put right.
    shares, crossed = total(factors * share**2), total(factors * share * squares)
    pairs = (whole * shares) ** 2 + 2 * shares * total(factors * squares**2)
    pairs += 2 * crossed**2 - 4 * whole * shares * crossed
    diagonal = total(factors**2 * (share**2 * whole[blocks] - 2 * share * squares) ** 2)
    spread = float(np.sum(pairs - diagonal)) + float(np.sum(squares**2))
    return factors, float(np.sum(whole)), spread


def _check_df(units: Units) -> None:
    df = units.df if units.clusters > 1 else 0.0
    if df >= FEWEST_DF:
        return
    strata = int(units.blocks.max()) + 1
    what = f"{units.clusters} {'items' if units.codes is None else 'clusters'}"
    what += f" in {strata} strata" if strata > 1 else ""
    largest = 100 * float(units.totals.max() / units.totals.sum())
    raise NotEnoughData(
        f"got {what}, the largest with {largest:.0f} % of the weight, {df:.2g} degrees of freedom, "
        f"expected at least {FEWEST_DF:g}",
        hint=f"Collect at least {FEWEST_UNITS} units, of similar weight.",
    )
