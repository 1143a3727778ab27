"""References: names with dots, slices with dots, near names, and what is no reference."""

from __future__ import annotations

import pytest

from liftgate.errors import DataError, UnknownName
from liftgate.lineage.reference import Sort, resolve, split, targets


@pytest.mark.parametrize(
    ("text", "expected"),
    [("4", (4, None)), (" 12:a.b ", (12, "a.b")), ("4:a:b.c", (4, "a:b.c"))],
)
def test_a_reference_is_a_number_and_perhaps_a_name(text, expected):
    assert split(text) == expected


@pytest.mark.parametrize("text", ["", "x", "4:", ":a", "-1", "0", "4.5:a", "²:a", "0:a"])
def test_what_is_no_reference_is_refused_with_the_grammar(text):
    with pytest.raises(DataError, match=r"expected ENTRY, ENTRY:CANDIDATE\.CLAIM"):
        split(text)


def test_every_number_of_a_decision_has_a_reference_in_the_order_of_the_report(body):
    assert list(targets(body, 4)) == [
        "4:new.v2.primary",
        "4:new.v2.guardrails.0",
        "4:new.v2.guardrails.1",
        "4:new.v2.watch.0",
        "4:new.v2.watch.0.de",
        "4:new.v2.watch.0.docs/a.b",
        "4:old.f1",
        "4:old.mb",
        "4:old.latency_p50_ms",
        "4:new.v2.f1",
        "4:new.v2.mb",
        "4:new.v2.primary.en",
    ]


def test_a_claim_carries_both_arms_its_limits_and_its_reading(body):
    target = resolve(body, 4, "new.v2.primary")
    assert (target.sort, target.arms, target.metric) == (Sort.CLAIM, ("old", "new.v2"), "f1")
    assert target.estimate["value"] == 0.2
    assert (target.reading, target.reason) == ("superior", "because")
    assert not target.is_measure


def test_a_slice_of_a_claim_names_slice_and_value(body):
    target = resolve(body, 4, "new.v2.watch.0.docs/a.b")
    assert (target.sort, target.slice_name, target.slice) == (Sort.SLICE, "lang", "docs/a.b")


def test_measures_and_passes_rest_on_measure_rows(body):
    exact = resolve(body, 4, "new.v2.guardrails.0")
    assert (exact.is_measure, exact.value) == (True, 3.5)
    assert resolve(body, 4, "new.v2.guardrails.1").is_measure
    assert resolve(body, 4, "old.mb").sort is Sort.MEASURE


def test_an_arms_own_quantities_rest_on_that_arm_alone(body):
    mean = resolve(body, 4, "old.f1")
    assert (mean.sort, mean.arms, mean.descriptive["value"]) == (Sort.MEAN, ("old",), 0.5)
    assert resolve(body, 4, "new.v2.f1").descriptive is None
    latency = resolve(body, 4, "old.latency_p50_ms")
    assert (latency.sort, latency.value) == (Sort.LATENCY, 1.5)


def test_an_exploratory_slice_is_marked_as_such(body):
    target = resolve(body, 4, "new.v2.primary.en")
    assert (target.sort, target.slice_name, target.slice) == (Sort.EXPLORATORY, "lang", "en")
    assert target.estimate is None
    assert target.descriptive["value"] == 0.3


def test_an_unknown_name_lists_the_near_ones(body):
    with pytest.raises(UnknownName) as caught:
        resolve(body, 4, "new.v2.primry")
    assert caught.value.suggestion == "4:new.v2.primary"
    assert len(caught.value.known) == 8
    assert "lists all 12" in caught.value.hint
