"""What is said where a side has no score at all."""

from __future__ import annotations

import math

import pytest

from liftgate.errors import NotEnoughData
from liftgate.records import Alternative
from tests.unit.gates.test_evidence import evidence


@pytest.mark.parametrize("side", ["candidate", "baseline"])
def test_a_side_without_any_score_can_t_tell_instead_of_showing_its_worst_case(side: str) -> None:
    none, some = [math.nan] * 20, [0.0, 1.0] * 10
    sides = {"candidate": some, "baseline": some} | {side: none}
    found = evidence(sides["candidate"], sides["baseline"])
    for ask in (Alternative.GREATER, Alternative.LESS):
        with pytest.raises(NotEnoughData, match=f"can't tell: no score, for none of 20 .* {side}"):
            found.difference(alternative=ask)
        with pytest.raises(NotEnoughData, match="can't tell: no score"):
            found.relative_difference(0.1, alternative=ask)
    if side == "candidate":
        with pytest.raises(NotEnoughData, match="can't tell: no score"):
            found.mean(limit=0.5)
