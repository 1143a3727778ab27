"""Power and sample size against R: power.t.test, and every table of pairs counted."""

import json
import math
from pathlib import Path

import pytest

from liftgate import stats

R = json.loads((Path(__file__).parent / "sizing.json").read_text())


@pytest.mark.parametrize("row", R["graded"], ids=lambda r: f"{r['n']} at {r['effect']}")
def test_the_power_of_a_graded_difference_is_that_of_power_t_test(row) -> None:
    found = stats.power(row["n"], effect=row["effect"], sd=1, alpha=row["alpha"])
    assert found == pytest.approx(row["power"], abs=1e-7)


@pytest.mark.parametrize("row", R["sizes"], ids=lambda r: str(r["effect"]))
def test_the_size_for_a_graded_difference_is_that_of_power_t_test(row) -> None:
    found = stats.sample_size(effect=row["effect"], sd=1, power=row["wanted"])
    assert found == math.ceil(row["n"])


@pytest.mark.parametrize("row", R["binary"], ids=lambda r: f"{r['n']} of {r['discordance']}")
def test_the_power_of_a_paired_proportion_is_near_the_exact_one(row) -> None:
    found = stats.power(row["n"], effect=row["effect"], discordance=row["discordance"])
    # Counted, power moves in steps of a pair; the formula is smooth.
    assert found == pytest.approx(row["power"], abs=0.02)
