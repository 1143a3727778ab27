"""A quantity followed over looks: what a test says by each of them, in every run.

The gate's stopping plan decides how: once (fixed n), by alpha spending at planned looks, or by a
betting e-process that may be read at any moment.
"""

from __future__ import annotations

from typing import Protocol

import numpy as np

from liftgate.gates.calibrate.kernels import Drawn, Kernel, Looks, admitted, p_values
from liftgate.gates.calibrate.quantities import OneTest
from liftgate.gates.calibrate.rows import Floats
from liftgate.records import Alternative
from liftgate.stats.betting import log_peak
from liftgate.stats.inputs import Range
from liftgate.stats.spending import anytime_p


class Followed(Protocol):
    """One quantity in drawn runs, with its tests at every look."""

    def p_values(self, test: OneTest) -> Floats:
        """Return by each look the smallest alpha at which the test would have rejected by then.

        Shape (runs, looks); 1 where the method declines.
        """
        ...


class Tested:
    """The fixed-n tests of the method table on the units so far, once or at planned looks.

    With more than one look, p becomes z = Φ⁻¹(1 − p), which is compared with the spending boundary
    of its information fraction: the share of the units, which are all drawn alike.

    Args:
        kernel: the quantity's tests.
        drawn: the drawn clusters.
        looks: units at each look.
    """

    def __init__(self, kernel: Kernel, drawn: Drawn, looks: Looks) -> None:
        self._drawn, self._looks = drawn, looks
        self._tests = kernel.tests(drawn, looks)

    def p_values(self, test: OneTest) -> Floats:
        """Return anytime p-values, shape (runs, looks)."""
        from scipy.special import ndtri

        found = p_values(self._drawn, self._looks, self._tests, test)
        if found.shape[1] == 1:
            return found
        with np.errstate(divide="ignore"):
            return anytime_p(-ndtri(found), np.array(self._looks) / self._looks[-1])


class Bet:
    """The betting e-process on the units so far.

    Args:
        ends: the least and the greatest value of the quantity.
        drawn: the drawn clusters.
        looks: units at each look; the largest capital runs over every unit between them too.
        largest: items of the largest cluster that may come.
    """

    def __init__(self, ends: Range, drawn: Drawn, looks: Looks, largest: float) -> None:
        low, high = ends
        self._ends, self._drawn, self._looks = ends, drawn, looks
        self._sizes = drawn.sizes / largest
        shares = (drawn.sums - low * drawn.sizes) / ((high - low) * largest)
        self._shares = np.clip(shares, 0.0, self._sizes)

    def p_values(self, test: OneTest) -> Floats:
        """Return 1 / the largest capital by each look, shape (runs, looks)."""
        low, high = self._ends
        null = (test.null - low) / (high - low)
        greater = test.alternative is Alternative.GREATER
        peak = log_peak(
            self._shares if greater else self._sizes - self._shares,
            null if greater else 1 - null,
            sizes=self._sizes,
            looks=np.array(self._looks),
        )
        found = admitted(np.exp(-peak), self._drawn, self._looks, test)
        return np.minimum.accumulate(found, axis=1)
