"""A rule's parameters are its grammar in a study file: each is refused with its name."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest

from liftgate.errors import DataError
from liftgate.records import Claim, Margin, Part, Population, Reading, Scale, ScoreKind
from liftgate.rules._reading import margin_of
from liftgate.rules.each_non_inferior import each_non_inferior
from liftgate.rules.equivalent import equivalent
from liftgate.rules.non_inferior import non_inferior
from liftgate.rules.none_shown_worse import none_shown_worse
from liftgate.rules.superior import superior
from liftgate.rules.within import within
from liftgate.testing.stated import StatedEvidence

WRONG: list[tuple[Callable[..., Any], dict[str, Any], str]] = [
    (superior, {"by": -0.01}, "by: got -0.01"),
    (superior, {"by": math.inf}, "by: got inf"),
    (superior, {"by": 0.02, "target": 0.02}, "target: got 0.02, expected more than 0.02"),
    (superior, {"target": math.nan}, "target: got nan"),
    *[
        (factory, {"margin": margin}, "margin: got")
        for factory in (non_inferior, equivalent, each_non_inferior)
        for margin in (0, -0.02, math.nan, math.inf, True, "2", "0%", "100%", "-2%", "two %", "")
    ],
    (each_non_inferior, {"margin": 0.02, "min_clusters": 1}, "min_clusters: got 1"),
    (none_shown_worse, {"min_clusters": 1}, "min_clusters: got 1"),
    (within, {"limit": math.nan}, "limit: got nan"),
    (within, {"limit": 1.0, "passes": 1}, "passes: got 1"),
    (within, {"limit": 1.0, "items": 0}, "items: got 0"),
]


@pytest.mark.parametrize(("factory", "params", "message"), WRONG)
def test_a_parameter_that_makes_no_sense_is_refused_by_name(
    factory: Callable[..., Any], params: dict[str, Any], message: str
) -> None:
    with pytest.raises(DataError) as hit:
        factory(**params)
    assert message in str(hit.value)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (0.02, Margin(value=0.02)),
        (2, Margin(value=2.0)),
        ("2%", Margin(value=0.02, relative=True)),
        (" 2.5 % ", Margin(value=0.025, relative=True)),
    ],
)
def test_a_margin_is_a_number_or_a_share_of_the_baseline(
    given: float | str, expected: Margin
) -> None:
    assert margin_of(given) == expected


def claim(rule: str, margin: float | str) -> Claim:
    params = {"margin": margin}
    return Claim("g", Part.GUARDRAIL, "mrr", rule, params, Population.NEW_ITEMS)


def test_a_relative_margin_is_a_share_of_the_baseline() -> None:
    evidence = StatedEvidence(value=-0.008, se=0.001, baseline=0.5)
    kept = non_inferior(margin="2%").judge(claim("non_inferior", "2%"), "new", evidence)
    lost = non_inferior(margin="1%").judge(claim("non_inferior", "1%"), "new", evidence)
    assert kept.rejected
    assert kept.reading is Reading.EQUIVALENT
    assert ", but worse" in kept.reason
    assert "candidate − 98 % of the baseline" in kept.reason
    assert kept.planned == pytest.approx(0.01)
    assert not lost.rejected
    assert lost.reading is Reading.INFERIOR


def test_a_relative_margin_where_lower_is_better_is_told_the_other_way_round() -> None:
    scale = Scale(ScoreKind.UNBOUNDED, higher_is_better=False)
    evidence = StatedEvidence(value=0.0, se=0.001, scale=scale)
    verdict = non_inferior(margin="2%").judge(claim("non_inferior", "2%"), "new", evidence)
    assert "102 % of the baseline − candidate" in verdict.reason


def test_relative_equivalence_needs_both_sides() -> None:
    for value, within_both in ((0.0, True), (0.02, False), (-0.02, False)):
        evidence = StatedEvidence(value=value, se=0.001, baseline=0.5)
        verdict = equivalent(margin="2%").judge(claim("equivalent", "2%"), "new", evidence)
        assert verdict.rejected == within_both
        assert verdict.estimate is not None
        assert verdict.p_value == verdict.estimate.p_value


def test_fewer_passes_than_planned_are_inadmissible() -> None:
    one = Claim("g", Part.GUARDRAIL, "latency_p95_ms", "within", {}, Population.NEW_ITEMS)
    evidence = StatedEvidence(per_pass=(50.0,) * 6)
    verdict = within(limit=100, passes=7).judge(one, "new", evidence)
    assert verdict.reading is Reading.INADMISSIBLE
    assert "6 passes were measured, 7 were planned" in verdict.reason


def test_a_reason_says_what_was_got_and_what_was_needed() -> None:
    evidence = StatedEvidence(value=0.112, se=0.014, n=1560, clusters=227)
    verdict = superior(by=0.02).judge(claim("superior", 0), "new", evidence)
    assert verdict.reason == (
        "+11.2 points (90 % limits 8.9 to 13.5; n 1,560 in 227 clusters): superior; "
        "a lower limit above 2 points was needed"
    )
