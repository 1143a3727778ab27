"""Raters' errors on gold items: who has changed, and what cannot be told."""

from __future__ import annotations

import json
from dataclasses import asdict

import numpy as np
import pytest

from liftgate.errors import DataError, NotEnoughData
from liftgate.stats import pettitt, rater_drift

STEADY = [0, 1, 0, -1, 0, 0, 1, 0, -1, 0, 0, 1]


def test_a_rater_whose_level_changes_comes_first():
    found = rater_drift({"ann": STEADY, "bob": [0, 0, 0, 1, 0, 0, 2, 2, 1, 2, 2, 2]})
    assert [one.rater for one in found] == ["bob", "ann"]
    assert (found[0].sort, found[0].after) == ("level", 6)
    assert found[0].adjusted < 0.05 < found[1].adjusted
    assert (found[0].before_change, round(found[0].after_change, 2)) == (pytest.approx(1 / 6), 1.83)


def test_a_rater_who_becomes_careless_on_both_sides_is_found_by_the_size_of_the_errors():
    careless = [0] * 8 + [2, -2, 2, -2, 2, -2, 2, -2]
    (found,) = rater_drift({"ann": careless})
    assert (found.sort, found.after, found.exact) == ("care", 8, 8)
    assert found.adjusted < 0.01


def test_a_rater_who_was_off_from_the_beginning_has_not_drifted():
    (found,) = rater_drift({"ann": [2] * 12})
    assert (found.mean_error, found.exact, found.p_value) == (2.0, 0, None)
    assert found.reason == "all errors are alike: nothing has changed"


def test_with_few_gold_items_no_change_can_be_shown():
    (found,) = rater_drift({"ann": [0, 0, 0, 2, 2, 2, 2]})
    assert found.p_value is None
    assert found.reason == "gold items rated: 7; below 8 no change can be shown"
    (empty,) = rater_drift({"ann": []})
    assert (empty.gold, empty.mean_error) == (0, None)
    assert rater_drift({}) == ()


def test_p_values_are_adjusted_for_the_number_of_raters_tested():
    drifted = [0] * 6 + [1] * 6
    (alone,) = rater_drift({"ann": drifted})
    many = rater_drift({"ann": drifted, "bob": STEADY, "cem": STEADY[::-1], "dan": [0, 0]})
    assert many[0].rater == "ann"
    assert many[0].p_value == alone.p_value
    assert many[0].adjusted == pytest.approx(3 * alone.p_value)
    assert [one.adjusted for one in many[1:]] == sorted(
        (one.adjusted for one in many[1:]), key=lambda p: 2 if p is None else p
    )


def test_the_result_is_plain_json_and_the_same_again():
    first = rater_drift({"ann": np.array(STEADY)}, seed=3)
    assert first == rater_drift({"ann": STEADY}, seed=3)
    json.dumps([asdict(one) for one in first], allow_nan=False)


@pytest.mark.parametrize(
    "errors", [[1.0, float("nan")] * 5, [[1, 2]] * 5, ["a"] * 9, [float("inf")] * 9]
)
def test_errors_that_are_no_finite_numbers_are_refused(errors):
    with pytest.raises(DataError, match="errors of ann"):
        rater_drift({"ann": errors})


def test_too_few_draws_and_too_few_values_are_refused():
    with pytest.raises(DataError, match="draws: got 100"):
        rater_drift({"ann": STEADY}, draws=100)
    with pytest.raises(NotEnoughData, match="expected at least 2"):
        pettitt([1.0])
