"""Betting tests against values written out item by item elsewhere; see stats_betting.py."""

import json
import math
from pathlib import Path

import numpy as np
import pytest

from liftgate.stats import EProcess, FiniteSetTest
from liftgate.stats.kinds import Alternative

KNOWN = json.loads((Path(__file__).parent / "stats_betting.json").read_text())


@pytest.mark.parametrize("case", KNOWN["new_items"], ids=lambda case: f"n={len(case['baseline'])}")
def test_an_e_process_is_the_mixture_in_exact_arithmetic(case):
    def fed(**options):
        process = EProcess(kind="binary", largest_cluster=case["largest_cluster"], **options)
        process.update(case["candidate"], case["baseline"], cluster=case["cluster"])
        return process

    for test in case["tests"]:
        status = fed(null=test["null"], alternative="greater").status
        assert status.p_value == pytest.approx(test["p"], rel=1e-10)
    estimate = fed().estimate
    assert (estimate.low, estimate.high) == pytest.approx((case["low"], case["high"]), abs=1e-8)


@pytest.mark.parametrize("case", KNOWN["fixed_sets"], ids=lambda case: f"N={len(case['baseline'])}")
def test_a_finite_set_test_is_the_one_in_plain_loops(case):
    used = case["used"]
    test = FiniteSetTest(
        case["baseline"], kind="graded", score_range=(0, 1), history=np.array(case["history"])
    )
    test.update(case["candidate"][:used])
    for known in case["log_peaks"]:
        side = Alternative.GREATER if known["sign"] > 0 else Alternative.LESS
        ours = test._path(known["difference"], side)[-1]
        assert ours == pytest.approx(known["value"], rel=1e-9, abs=1e-9)
    both = [k["value"] for k in case["log_peaks"] if k["difference"] == 0]
    assert test.estimate.p_value == pytest.approx(min(1, 2 * math.exp(-max(both))))
