"""The words of a verdict, reading by reading."""

from __future__ import annotations

import pytest

from liftgate.documents.comparison_words import needed_words, rough, word
from liftgate.figures import Unit
from liftgate.records import (
    Alternative,
    Estimate,
    Margin,
    Needed,
    Reading,
    Status,
    Verdict,
)

POINTS = Unit("points", 100.0)
MARGIN = Margin(value=0.02)
SHARE = Margin(value=0.02, relative=True)


def verdict(reading: Reading, low: float, high: float) -> Verdict:
    estimate = Estimate(
        value=(low + high) / 2,
        low=low,
        high=high,
        level=0.9,
        alternative=Alternative.GREATER,
        null=0.0,
        p_value=0.5,
        method="by hand",
        n=100,
        clusters=100,
    )
    return Verdict(
        claim="acc",
        candidate="candidate",
        status=Status.STATISTICAL,
        rejected=False,
        reading=reading,
        reason="by hand",
        estimate=estimate,
    )


@pytest.mark.parametrize(
    ("reading", "limits", "margin", "said"),
    [
        (Reading.SUPERIOR, (0.01, 0.05), None, "better"),
        (Reading.INFERIOR, (-0.05, -0.01), None, "worse"),
        (Reading.INCONCLUSIVE, (-0.05, 0.01), None, "can't tell"),
        (Reading.INADMISSIBLE, (0.01, 0.05), None, "can't tell"),
        (Reading.SUPERIOR, (0.01, 0.05), MARGIN, "better"),
        (Reading.SUPERIOR, (0.001, 0.01), MARGIN, "better, by less than 2 points"),
        (Reading.NON_INFERIOR, (-0.01, 0.05), MARGIN, "not worse by 2 points or more"),
        (Reading.NON_INFERIOR, (-0.01, -0.001), MARGIN, "not worse by 2 points or more, but worse"),
        (Reading.EQUIVALENT, (-0.01, 0.01), MARGIN, "no difference of 2 points or more"),
        (
            Reading.EQUIVALENT,
            (-0.01, -0.001),
            MARGIN,
            "no difference of 2 points or more, but worse",
        ),
        (Reading.INFERIOR, (-0.09, -0.03), MARGIN, "worse by more than 2 points"),
        (Reading.INFERIOR, (-0.09, -0.01), MARGIN, "worse, by how much is open"),
        (
            Reading.INCONCLUSIVE,
            (-0.05, 0.01),
            MARGIN,
            "can't tell whether it is worse by 2 points or more",
        ),
        (Reading.NON_INFERIOR, (0.01, 0.05), SHARE, "not worse by 2 % of the baseline or more"),
        (Reading.INFERIOR, (-0.05, -0.01), SHARE, "worse by more than 2 % of the baseline"),
    ],
)
def test_every_reading_has_its_words(
    reading: Reading, limits: tuple[float, float], margin: Margin | None, said: str
) -> None:
    assert word(verdict(reading, *limits), margin, POINTS) == said


@pytest.mark.parametrize(
    ("items", "said"),
    [(7, "7"), (99, "99"), (100, "100"), (101, "110"), (1292, "1,300"), (105_763, "110,000")],
)
def test_a_planned_number_is_rounded_up_to_two_digits(items: int, said: str) -> None:
    assert rough(items) == said


def test_a_number_that_cannot_be_reached_is_not_printed() -> None:
    needed = Needed(question="that it is better", effect=1e-9, null=0.0, items=None)
    assert needed_words(needed) == "no reachable number of items would show that it is better"
