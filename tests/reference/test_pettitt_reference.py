"""Pettitt's statistic against pyhomogeneity and against its definition, term by term."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from liftgate.stats import pettitt

REFERENCE = json.loads(Path(__file__).with_name("stats_pettitt.json").read_text("utf-8"))


@pytest.mark.parametrize("name", REFERENCE["series"])
def test_the_statistic_and_the_place_are_those_of_the_peer(name):
    found = pettitt(REFERENCE["series"][name])
    assert found.statistic == REFERENCE["statistic"][name]
    assert found.after == REFERENCE["after"][name]


@pytest.mark.parametrize("name", REFERENCE["series"])
def test_the_statistic_is_the_sum_of_signs_that_defines_it(name):
    x = np.array(REFERENCE["series"][name], float)
    sums = [abs(np.sign(x[:k, None] - x[None, k:]).sum()) for k in range(1, x.size)]
    assert pettitt(x).statistic == max(sums)


def test_the_nile_changes_after_the_twenty_eighth_year():
    assert pettitt(REFERENCE["series"]["nile"]).after == 28
