"""Tests from power sums are the tests from the items themselves."""

from __future__ import annotations

import numpy as np
import pytest

from liftgate.stats.hall import Guard
from liftgate.stats.kinds import Alternative
from liftgate.stats.power_sums import single_tests
from liftgate.stats.student import Moments, student_tests


@pytest.mark.parametrize("guard", [None, Guard((-1.0, 1.0), 0.5), Guard((-4.0, 7.0), 2.75)])
@pytest.mark.parametrize("items", [7, 60])
def test_single_items_give_the_same_tests_from_power_sums(guard: Guard | None, items: int) -> None:
    rng = np.random.default_rng(items)
    values = np.round(np.clip(rng.standard_exponential((40, items)) - 1.2, -1, 1), 2)
    values[0] = 0.25
    values[1, 1:] = 0.0
    about = ((values - values.mean(axis=1, keepdims=True)) ** 2).sum(axis=1)
    whole = student_tests(Moments(np.ones(items), values, about), guard)
    sums = [(values**power).sum(axis=1) for power in (1, 2, 3)]
    short = single_tests(np.full(40, float(items)), *sums, guard)
    kept = slice(None) if guard is not None else slice(1, None)
    for name in ("value", "df", "own_df", "se"):
        assert np.broadcast_to(getattr(short, name), 40)[kept] == pytest.approx(
            np.broadcast_to(getattr(whole, name), 40)[kept], rel=1e-9, abs=1e-12
        )
    for alternative in (Alternative.GREATER, Alternative.LESS):
        for null in (-0.3, 0.0, 0.2):
            expected = whole.tail(null, alternative)[kept]
            assert short.tail(null, alternative)[kept] == pytest.approx(expected, abs=1e-10)
