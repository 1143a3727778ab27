"""Numbers as text: never more digits than meaningful, never touching a line they do not touch."""

import pytest

from liftgate.documents.numbers import (
    POINTS,
    EstimateText,
    alike,
    count,
    decimals_for,
    fixed,
    moment,
    p_value,
    percent,
    quantity,
    significant,
    unit_of,
)
from liftgate.figures import Unit

UNIT_SCALE = {"low": 0.0, "high": 1.0}


def estimate(value, low, high, **changes):
    found = {"value": value, "low": low, "high": high, "level": 0.9, "null": 0.0}
    return {**found, "n": 1560, "clusters": 227, **changes}


def test_scores_from_0_to_1_are_shown_in_points():
    assert unit_of("recall_at_5", UNIT_SCALE) == POINTS
    assert unit_of("rating", {"low": 1.0, "high": 5.0}) == Unit("")


@pytest.mark.parametrize(
    ("metric", "unit"),
    [("latency_p95_ms", "ms"), ("index_mb", "MB"), ("seconds", "s"), ("mrr", ""), ("items", "")],
)
def test_a_metric_carries_its_unit_as_the_last_word_of_its_name(metric, unit):
    assert unit_of(metric, None).name == unit


@pytest.mark.parametrize(
    ("value", "decimals", "signed", "text"),
    [
        (1560, 0, False, "1,560"),
        (-3.14159, 2, False, "−3.14"),
        (3.14159, 1, True, "+3.1"),
        (0.0, 1, True, "0.0"),
        (-0.001, 1, True, "0.0"),
        (1234567.8, 1, False, "1,234,567.8"),
    ],
)
def test_fixed_has_thousands_a_true_minus_and_no_signed_zero(value, decimals, signed, text):
    assert fixed(value, decimals, signed=signed) == text


@pytest.mark.parametrize(
    ("width", "decimals"), [(3.4, 1), (0.34, 2), (34, 0), (340, 0), (None, 1), (0, 1), (1e-12, 6)]
)
def test_decimals_follow_the_half_width_of_the_interval(width, decimals):
    assert decimals_for(width) == decimals


def test_an_estimate_in_points_has_one_number_of_decimals():
    words = EstimateText(estimate(0.1101, 0.0889, 0.1313), POINTS)
    assert words.text == "+11.0 points (90 %: +8.9 to +13.1)"
    assert words.size == "n 1,560 in 227 clusters"
    assert EstimateText(estimate(0.1, 0.0, 0.2, clusters=1560), POINTS).size == "n 1,560"


def test_a_limit_that_only_nearly_touches_the_tested_value_shows_more_decimals():
    words = EstimateText(estimate(0.0004, -0.01996, 0.0207, null=-0.02), POINTS)
    assert words.limits == "−1.996 to +2.070"
    touching = EstimateText(estimate(0.0004, -0.02, 0.0207, null=-0.02), POINTS)
    assert touching.limits == "−2.0 to +2.1"


def test_an_open_end_is_called_unbounded():
    words = EstimateText(estimate(11.84, None, 14.21, null=400.0), Unit("ms"), signed=False)
    assert words.text == "11.8 ms (90 %: unbounded to 14.2)"


@pytest.mark.parametrize(
    ("p", "against", "text"),
    [
        (1e-9, None, "< 0.001"),
        (0.9999, None, "> 0.999"),
        (0.0234, None, "0.023"),
        (0.0497, 0.05, "0.0497"),
        (0.04999, 0.05, "0.04999"),
        (0.05, 0.05, "0.050"),
        (None, None, ""),
    ],
)
def test_p_values_never_seem_to_equal_a_level_that_they_do_not(p, against, text):
    assert p_value(p, against=against) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (2.391, "2.391"),
        (231.50001, "231.5"),
        (1234567, "1,234,567"),
        (0.00012345, "0.0001234"),
    ],
)
def test_exact_quantities_have_four_digits_and_no_trailing_zeros(value, text):
    assert significant(value).rstrip("5") == text.rstrip("5")


def test_what_was_not_measured_says_so():
    assert quantity(None, POINTS) == "not measured"
    assert count(None) == "not measured"
    assert quantity(0.5, POINTS) == "50 points"


def test_percentages_keep_their_digits():
    assert [percent(x) for x in (0.95, 0.9, 0.05, 0.025, 0.98)] == [
        "95 %",
        "90 %",
        "5 %",
        "2.5 %",
        "98 %",
    ]


def test_times_are_told_in_utc_and_other_text_is_left_alone():
    assert moment("2026-11-23T12:20:31+01:00") == "2026-11-23 11:20 UTC"
    assert moment("yesterday") == "yesterday"


def test_values_of_one_quantity_share_their_decimals():
    assert alike([11.84, 12.0, 9.1]) == "11.8, 12.0, 9.1"
    assert alike([6.3, 5.9, 6.02]) == "6.30, 5.90, 6.02"
    assert alike([1500.0, 900.0]) == "1,500, 900"
    assert alike([0.0]) == "0"
    assert alike([]) == ""
