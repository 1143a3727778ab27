"""The guaranteed modes against brute force and scipy; the generator is named inside the JSON."""

import json
from pathlib import Path

import numpy as np
import pytest

from liftgate.stats.betting_bound import BettingBound
from liftgate.stats.exact import GRID, ClopperPearson, PairedExact
from liftgate.stats.kinds import Alternative

VALUES = json.loads((Path(__file__).parent / "stats_exact.json").read_text())
GREATER, LESS = Alternative.GREATER, Alternative.LESS


@pytest.mark.parametrize("case", VALUES["paired_exact"], ids=str)
def test_the_p_value_of_one_null_is_that_of_brute_force_rounded_up(case):
    family, at = PairedExact(*case["table"]), round(GRID * case["null"])
    ours = family._p(at, at, 0.0)
    if case["p"] > 0.5:
        assert -1e-9 < ours - case["p"] <= 1e-3 + 2e-6
    else:
        # At most the tolerance of the supremum above it, or the floor of all p-values.
        assert -1e-9 < ours - case["p"] <= 4.1e-6
    assert family.tail(case["null"], GREATER) >= ours


@pytest.mark.parametrize("case", VALUES["paired_exact_low"], ids=str)
def test_the_limit_is_that_of_looking_at_every_grid_value(case):
    ours = PairedExact(*case["table"]).limit(GREATER, case["alpha"])
    assert ours == pytest.approx(case["low"], abs=1e-9)


@pytest.mark.parametrize("case", VALUES["clopper_pearson"], ids=str)
def test_clopper_pearson_agrees_with_scipy(case):
    family = ClopperPearson(case["n"], case["ones"])
    ours = [family.limit(a, (1 - case["level"]) / 2) for a in (GREATER, LESS)]
    assert ours == pytest.approx(case["ends"], abs=1e-10)
    assert family.tail(0.3, GREATER) == pytest.approx(case["p"], rel=1e-9)


def test_the_capital_agrees_with_plain_python():
    family = BettingBound(np.array(VALUES["betting"]["values"]), (0.0, 1.0))
    for case in VALUES["betting"]["capitals"]:
        ours = family.tail(case["null"], GREATER)
        assert ours == pytest.approx(min(1.0, 1 / case["capital"]), rel=1e-9)
