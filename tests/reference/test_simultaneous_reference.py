"""Simultaneous shares against statsmodels and sums of exact fractions; the JSON says how."""

import json
from pathlib import Path

import pytest

from liftgate import stats

CASES = json.loads((Path(__file__).parent / "stats_simultaneous.json").read_text())["cases"]


@pytest.mark.parametrize("case", CASES, ids=str)
@pytest.mark.parametrize("peer", ["statsmodels", "summed"])
def test_each_limit_is_clopper_and_pearsons_at_bonferronis_level(case, peer):
    if case[peer] is None:
        return  # too many terms to sum
    (ours,) = stats.simultaneous_shares(
        [(case["ones"], case["ones"])],
        case["n"],
        comparisons=case["comparisons"],
        level=case["level"],
    )

    assert [ours.low, ours.high] == pytest.approx(case[peer], abs=1e-10)
