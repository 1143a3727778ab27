from __future__ import annotations

from dataclasses import replace

import pytest

from liftgate.records import Estimate, Scale, ScoreKind
from liftgate.rules.wording import listed, number, percent, telling
from liftgate.testing.stated import StatedEvidence

POINTS = telling(Scale(ScoreKind.GRADED, 0.0, 1.0))
PLAIN = telling(None)


def estimate(value: float, se: float, **changes: object) -> Estimate:
    return replace(StatedEvidence(value=value, se=se).difference(), **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.0, "0"), (1560, "1,560"), (-0.02, "−0.02"), (123456.7, "123,457"), (2.0, "2")],
)
def test_numbers_keep_their_meaning_digits(value: float, text: str) -> None:
    assert number(value) == text


def test_a_negative_zero_has_no_sign() -> None:
    assert number(-0.0001, decimals=2, signed=True) == "0.00"


def test_scores_from_0_to_1_are_told_in_points_and_others_in_their_own_unit() -> None:
    assert POINTS.named(0.02) == "2 points"
    assert PLAIN.named(0.02) == "0.02"


def test_an_interval_shows_as_many_digits_as_it_makes_meaningful() -> None:
    assert POINTS.interval(estimate(0.112, 0.014)) == (
        "+11.2 points (90 % limits 8.9 to 13.5; n 400)"
    )
    assert PLAIN.interval(estimate(-120.0, 30.0), signed=False) == (
        "−120 (90 % limits −169 to −71; n 400)"
    )


def test_a_limit_never_seems_to_touch_a_value_that_it_does_not_touch() -> None:
    close = estimate(0.02, 0.01, low=0.00004)
    assert "limits 0.004 to" in POINTS.interval(close)


def test_an_open_limit_is_called_unbounded() -> None:
    assert "limits unbounded to" in POINTS.interval(estimate(0.0, 0.01, low=None))


def test_lists_and_shares_read_as_people_write_them() -> None:
    assert listed([]) == ""
    assert listed(["a"]) == "a"
    assert listed(["a", "b", "c"]) == "a, b and c"
    assert percent(0.05) == "5 %"
    assert percent(0.9) == "90 %"
    assert percent(0.025) == "2.5 %"
