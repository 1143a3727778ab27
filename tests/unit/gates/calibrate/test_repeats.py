"""Variance components of a pilot with repeats."""

from __future__ import annotations

import numpy as np
import pytest

from liftgate.gates.calibrate.repeats import spread_of
from liftgate.gates.foreign import Matched, collect, match
from liftgate.protocols import Row
from liftgate.records import Scale, ScoreKind

SCALE = Scale(ScoreKind.UNBOUNDED, None, None)
ITEMS, REPEATS = 800, 4


def made(between: float, within: float, repeats: int = REPEATS) -> Matched:
    rng = np.random.default_rng(5)
    own = rng.normal(0, between**0.5, ITEMS)
    sides = []
    for shift in (0.0, 1.0):
        rows = [
            Row(
                item=f"q{n}",
                repeat=str(r),
                scores={"quality": float(shift * own[n] + rng.normal(0, (within / 2) ** 0.5))},
            )
            for n in range(ITEMS)
            for r in range(repeats)
        ]
        sides.append(collect(rows, metrics=["quality"], place="x", has_repeats=True))
    return match(*sides)


def test_the_parts_of_the_variance_are_found() -> None:
    found = spread_of(made(0.5, 2.0), "quality", SCALE, None)
    assert found is not None
    assert found.between == pytest.approx(0.5, abs=0.12)
    assert found.within == pytest.approx(2.0, rel=0.06)
    assert found.icc == pytest.approx(0.2, abs=0.05)


def test_noise_alone_leaves_nothing_between_items() -> None:
    found = spread_of(made(0.0, 2.0), "quality", SCALE, None)
    assert found is not None
    assert found.between == pytest.approx(0.0, abs=0.06)


def test_items_that_come_once_tell_nothing_of_repeats() -> None:
    assert spread_of(made(0.5, 2.0, repeats=1), "quality", SCALE, None) is None
