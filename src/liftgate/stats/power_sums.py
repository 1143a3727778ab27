"""The t-tests of single items from three power sums: what ``student_tests`` gives, unit by unit.

A simulation tests many samples; with units of one item everything in the test but the mean is a
sum of squares or cubes, so that no array of items is needed for each test.
"""

from __future__ import annotations

import numpy as np

from liftgate.stats.hall import Guard, OneSided, StudentTests
from liftgate.stats.inputs import Floats
from liftgate.stats.student import WORST_WEIGHT


def single_tests(
    n: Floats, sums: Floats, squares: Floats, cubes: Floats, guard: Guard | None
) -> StudentTests:
    """Return the families of tests of many samples of single items; nothing is refused here.

    Args:
        n: shape (…): items.
        sums: shape (…): sum of the values.
        squares: shape (…): sum of their squares.
        cubes: shape (…): sum of their cubes.
        guard: the range and the pseudo units; None: values without a range.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = sums / n
        about = np.maximum(squares - n * mean**2, 0.0)
        third = cubes - 3 * mean * squares + 2 * n * mean**3
        size = 0.0 if guard is None else 1.0
        total = n + 2 * size
        inflation = 1 / (1 - 1 / total)
        units = n + 2 * size
        df = np.round(_df(units, total), 9)
        own_df = np.round(_df(n, n), 9)
        h = 0.0 if guard is None else guard.h
        own = size / (1 - size / total)
        flipped = None if guard is None else Guard((-guard.bounds[1], -guard.bounds[0]), guard.h)

        def one_sided(value: Floats, cubed: Floats, ends: Guard | None) -> OneSided:
            worst = np.zeros_like(value) if ends is None else ends.bounds[0] - value
            spread = about + size * (2 * h**2 + worst**2)
            skew = np.where(spread > 0, (cubed + size * worst**3) / spread**1.5, 0.0)
            return OneSided(
                value=value,
                n=n,
                df=df,
                a0=about * inflation + own * (2 * h**2 + WORST_WEIGHT * worst**2),
                a1=np.zeros_like(value),
                a2=(2 * size / total) ** 2 * n * inflation + 2 * own * (n / total) ** 2,
                skew=skew,
                lowest=None if ends is None else ends.bounds[0],
            )

        return StudentTests(
            value=mean,
            n=n,
            clusters=int(np.max(n, initial=0)),
            df=df,
            own_df=own_df,
            se=np.sqrt(about * inflation + 2 * own * h**2) / n,
            lower=one_sided(mean, third, guard),
            upper=one_sided(-mean, -third, flipped),
        )


def _df(units: Floats, total: Floats) -> Floats:
    """Satterthwaite's degrees of freedom of equal units: units − 1 where they are the total."""
    square = 1 / total**2
    lever = square / (1 - 1 / total)
    return np.asarray(1 / (units * square + (units**2 - units) * lever**2))
