"""Coefficients of agreement: published examples, and peers on the same tables."""

import json
from pathlib import Path

import numpy as np
import pytest

from liftgate import stats
from liftgate.stats.rating_counts import RatingCounts

PEERS = json.loads((Path(__file__).parent / "stats_agreement.json").read_text())
X = None
KRIPPENDORFF_2011 = list(
    zip(
        [1, 2, 3, 3, 2, 1, 4, 1, 2, X, X, X],
        [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, X, 3],
        [X, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, X],
        [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, X],
        strict=True,
    )
)
"""Krippendorff 2011, Computing Krippendorff's alpha-reliability, section C."""
FLEISS_1971_FORM = np.array(
    [
        [0, 0, 0, 0, 14],
        [0, 2, 6, 4, 2],
        [0, 0, 3, 5, 6],
        [0, 3, 9, 2, 0],
        [2, 2, 8, 1, 1],
        [7, 7, 0, 0, 0],
        [3, 2, 6, 3, 0],
        [2, 5, 3, 2, 2],
        [6, 5, 2, 1, 0],
        [0, 2, 2, 3, 7],
    ]
)
"""Ten subjects, fourteen raters (widely printed as a worked example: kappa 0.210)."""


@pytest.mark.parametrize(
    ("measurement", "published"), [("nominal", 0.743), ("ordinal", 0.815), ("interval", 0.849)]
)
def test_alpha_gives_krippendorffs_own_example(measurement, published):
    assert stats.krippendorff_alpha(KRIPPENDORFF_2011, measurement) == pytest.approx(
        published, abs=1e-3
    )


def test_kappa_ac1_and_raw_agreement_give_gwets_values_for_the_same_ratings():
    # As the documentation of irrCAC prints them for Gwet's copy of this table.
    assert stats.fleiss_kappa(KRIPPENDORFF_2011) == pytest.approx(0.76117, abs=1e-5)
    assert stats.gwet_ac1(KRIPPENDORFF_2011) == pytest.approx(0.77544, abs=1e-5)
    assert stats.raw_agreement(KRIPPENDORFF_2011) == pytest.approx(0.81818, abs=1e-5)


def test_fleiss_kappa_gives_the_worked_example():
    counts = RatingCounts(FLEISS_1971_FORM, np.arange(1, 6))
    assert stats.fleiss_kappa(counts) == pytest.approx(0.210, abs=1e-3)


def test_where_one_category_rules_ac1_stays_high_and_kappa_falls_below_zero():
    # 118, 5, 2 and 0 of 125 items: the table of Gwet 2002, kappa −0.023 and AC1 0.941.
    first = [1] * 118 + [1] * 5 + [0] * 2
    second = [1] * 118 + [0] * 5 + [1] * 2
    assert stats.cohen_kappa(first, second) == pytest.approx(-0.023, abs=1e-3)
    both = np.column_stack([first, second])
    assert stats.gwet_ac1(both) == pytest.approx(0.941, abs=1e-3)


@pytest.mark.parametrize("case", PEERS["tables"], ids=lambda c: str(len(c["ratings"])))
def test_coefficients_are_those_of_the_peers(case):
    ratings = case["ratings"]
    for measurement, value in case["alpha"].items():
        assert stats.krippendorff_alpha(ratings, measurement) == pytest.approx(value, abs=1e-9)
    assert stats.fleiss_kappa(ratings) == pytest.approx(case["fleiss"], abs=1e-9)
    assert stats.gwet_ac1(ratings) == pytest.approx(case["ac1"], abs=1e-9)
    first, second = np.array(ratings, dtype=object)[:, :2].T
    assert stats.cohen_kappa(first, second) == pytest.approx(case["cohen"], abs=1e-9)


@pytest.mark.parametrize("case", PEERS["tables"], ids=lambda c: str(len(c["ratings"])))
def test_a_report_gives_the_same_values_from_patterns_as_the_sums_over_items(case):
    for measurement, value in case["alpha"].items():
        found = stats.rater_report(case["ratings"], measurement, draws=0)
        assert found.alpha.value == pytest.approx(value, abs=1e-9)
    two = len(case["ratings"][0]) == 2
    assert found.kappa.value == pytest.approx(case["cohen" if two else "fleiss"], abs=1e-9)
    assert found.ac1.value == pytest.approx(case["ac1"], abs=1e-9)
