"""Blame by counterfactual: counts, intervals, and what cannot be told."""

from __future__ import annotations

import itertools

import pytest

from liftgate import stats
from liftgate.canon import canonical
from liftgate.gates.attribution import Cause, Wrong, attribution


def wrong(found, gold, again=False, n=[0], cluster=None):  # noqa: B006 - counts the items
    n[0] += 1
    name = f"q{n[0]}"
    return Wrong(name, 0, cluster or name, found, gold, again)


@pytest.mark.parametrize(
    ("found", "gold", "cause"),
    [
        (False, True, Cause.RETRIEVAL),
        (None, True, Cause.RETRIEVAL),
        (True, True, Cause.BETWEEN),
        (False, False, Cause.GENERATION),
        (True, False, Cause.GENERATION),
        (None, False, Cause.GENERATION),
        (False, None, None),
        (True, None, None),
    ],
)
def test_the_truth_table_of_causes(found, gold, cause) -> None:
    for again in (True, False, None):
        assert wrong(found, gold, again).cause is cause


def test_shares_are_proportions_of_the_assessed_with_their_intervals() -> None:
    rows = [wrong(False, True)] * 0 + [
        *(wrong(False, True) for _ in range(30)),
        *(wrong(True, False) for _ in range(12)),
        *(wrong(False, False) for _ in range(3)),
        *(wrong(True, True) for _ in range(5)),
        *(wrong(True, None) for _ in range(7)),
    ]
    body = attribution(rows)
    canonical(body)
    assert (body["wrong"], body["assessed"]) == (57, 50)
    assert {name: one["count"] for name, one in body["causes"].items()} == {
        "retrieval": 30,
        "generation": 15,
        "between": 5,
    }
    assert body["generation_missed_too"] == 3
    expected = stats.proportion([1.0] * 30 + [0.0] * 20)
    shown = body["causes"]["retrieval"]["share"]
    assert shown["value"] == 0.6
    assert (shown["estimate"]["low"], shown["estimate"]["high"]) == (expected.low, expected.high)
    said = " ".join(body["not_identifiable"])
    assert "7 wrong answers have no counterfactual" in said
    assert "5 are right with the gold passages alone" in said
    assert "wrong label" in said


def test_what_asking_again_mends_is_taken_off_pair_by_pair() -> None:
    # Half come out right whatever they are given: the gold passages mend nothing beyond that.
    rows = [wrong(True, gold, again) for gold, again in itertools.product([True, False], repeat=2)]
    body = attribution(rows * 10)["mended"]
    assert (body["n"], body["gold"], body["again"]) == (40, 20, 20)
    assert body["difference"]["value"] == 0
    rows = [wrong(False, True, False) for _ in range(40)] + [wrong(False, True, True)]
    body = attribution(rows)["mended"]
    assert body["difference"]["value"] == pytest.approx(40 / 41)
    assert body["difference"]["estimate"]["low"] > 0.7


def test_without_the_control_chance_is_said_to_be_unknown() -> None:
    body = attribution([wrong(False, True, None) for _ in range(10)])
    assert body["mended"] is None
    assert any("by chance" in said for said in body["not_identifiable"])


def test_without_ids_the_two_ways_to_be_mended_are_said_to_be_one() -> None:
    body = attribution([wrong(None, True) for _ in range(10)])
    assert any("Of 10 put down to retrieval" in said for said in body["not_identifiable"])


def test_answers_of_one_cluster_count_as_such() -> None:
    rows = [wrong(False, (number % 3) != 0, cluster=f"c{number // 4}") for number in range(120)]
    together = attribution(rows)["causes"]["retrieval"]["share"]["estimate"]
    assert (together["n"], together["clusters"]) == (120, 30)


def test_nothing_wrong_is_no_error() -> None:
    body = attribution([])
    assert body["causes"]["retrieval"] == {
        "count": 0,
        "share": {
            "value": None,
            "estimate": None,
            "reason": "no wrong answer has a counterfactual",
        },
    }
    assert body["not_identifiable"] == []
