"""What answers cost: unknown is never 0, and failures' cost is part of a success's."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest

from liftgate import stats
from liftgate.canon import canonical
from liftgate.gates.money import costs, saved, success_of
from liftgate.gates.pairs import align
from liftgate.records import (
    Arm,
    Failure,
    Item,
    Observation,
    Outcome,
    Role,
    Scale,
    Score,
    ScoreKind,
    Trial,
    trial_key,
)

BINARY = Scale(ScoreKind.BINARY, 0.0, 1.0)
GRADED = Scale(ScoreKind.GRADED, 0.0, 1.0)
START = datetime(2026, 1, 1, tzinfo=UTC)
N = 60
ITEMS = [Item(f"q{k:02d}", {"text": str(k)}, target="t") for k in range(N)]
ARMS = (
    Arm("old", Role.BASELINE, "python:a:a", {}, "B"),
    Arm("new", Role.CANDIDATE, "python:a:a", {}, "C"),
)
RNG = np.random.default_rng(4)
PAID = {"B": RNG.lognormal(-5, 0.6, N), "C": RNG.lognormal(-5.5, 0.6, N)}
RIGHT = {"B": RNG.random(N) < 0.6, "C": RNG.random(N) < 0.75}
HIT = success_of(["hit"], {"hit": BINARY})


def rows(paid=PAID, right=RIGHT, unknown=()):
    found = []
    for arm in ("B", "C"):
        for k, one in enumerate(ITEMS):
            key = trial_key(arm, one.input_digest, 0)
            cost = None if (arm, k) in unknown else float(paid[arm][k])
            trial = Trial(key, 1, "r", arm, one.input_digest, 0, START, 0.1, "sha256:o", cost=cost)
            value = float(right[arm][k])
            score = Score(key, 1, "r", "s", one.target_digest, "r", Outcome.VALUE, value)
            found.append(Observation(one.id, arm, 0, trial, {"hit": score}))
    return found


def of(observations, success=HIT, items=ITEMS, scale=BINARY):
    pairs = align(
        items,
        observations,
        baseline="B",
        candidate="C",
        metric="hit",
        scale=scale,
        failure_scores=dict.fromkeys(Failure),
    )
    return costs({"new": pairs}, observations, ARMS, success)


def test_a_success_costs_all_that_was_paid_over_the_successes() -> None:
    found = of(rows())
    assert found["success"] == "hit"
    for name, arm in (("old", "B"), ("new", "C")):
        one = found["arms"][name]
        assert one["per_item"]["value"] == pytest.approx(PAID[arm].mean())
        assert one["per_1000"]["value"] == pytest.approx(1000 * PAID[arm].mean())
        assert one["per_success"]["value"] == pytest.approx(PAID[arm].sum() / RIGHT[arm].sum())
        # Neither the mean of the successes' own costs, nor that of the items' ratios.
        wrong = PAID[arm][RIGHT[arm]].mean()
        assert abs(one["per_success"]["value"] - wrong) > 0.1 * wrong
        assert one["per_success"]["estimate"]["p_value"] is None
    canonical(found)


def test_intervals_are_those_of_the_methods_and_a_thousand_is_a_thousand_times_one() -> None:
    found = of(rows())
    ratio = stats.ratio(PAID["C"], RIGHT["C"].astype(float))
    shown = found["arms"]["new"]["per_success"]["estimate"]
    assert (shown["low"], shown["high"]) == (ratio.low, ratio.high)
    one = found["differences"]["new"]["per_item"]["estimate"]
    many = found["differences"]["new"]["per_1000"]["estimate"]
    for end in ("low", "value", "high"):
        assert many[end] == pytest.approx(1000 * one[end])
    difference = stats.ratio_difference(
        PAID["C"], RIGHT["C"].astype(float), PAID["B"], RIGHT["B"].astype(float)
    )
    shown = found["differences"]["new"]["per_success"]["estimate"]
    assert (shown["value"], shown["low"]) == (difference.value, difference.low)


def test_an_item_of_unknown_cost_is_left_out_and_said_and_never_counts_as_free() -> None:
    gone = {("C", 0), ("C", 7)}
    one = of(rows(unknown=gone))["arms"]["new"]["per_item"]
    kept = [k for k in range(N) if ("C", k) not in gone]
    assert one["value"] == pytest.approx(PAID["C"][kept].mean())
    assert one["estimate"]["warnings"][-1] == (
        "2 of 60 items left out: a cost or a score is not known"
    )


def test_an_arm_of_unknown_cost_has_no_number_and_no_difference() -> None:
    found = of(rows(unknown={("C", k) for k in range(N)}))
    one = found["arms"]["new"]
    assert (one["per_item"]["value"], one["per_item"]["estimate"]) == (None, None)
    assert one["per_item"]["reason"] == "the cost of no item is known"
    assert found["differences"]["new"]["per_item"]["value"] is None
    assert found["arms"]["old"]["per_item"]["value"] is not None
    everything = {(arm, k) for arm in "BC" for k in range(N)}
    assert of(rows(unknown=everything)) is None


def test_without_a_success_there_is_no_cost_of_one() -> None:
    never = {"B": RIGHT["B"], "C": np.zeros(N, dtype=bool)}
    found = of(rows(right=never))
    assert found["arms"]["new"]["per_success"] == {
        "value": None,
        "estimate": None,
        "reason": "there is no success",
    }
    assert found["differences"]["new"]["per_success"]["reason"] == "there is no success"
    rare = {**never, "C": np.arange(N) == 3}
    assert "denominator" in of(rows(right=rare))["arms"]["new"]["per_success"]["reason"]


def test_a_graded_metric_has_no_successes() -> None:
    assert success_of(["f1"], {"f1": GRADED}) is None
    assert success_of(["f1", "hit"], {"f1": GRADED, "hit": BINARY}).metric == "hit"
    found = of(rows(), success=None, scale=GRADED)
    assert "right or wrong" in found["arms"]["old"]["per_success"]["reason"]


def test_a_constant_cost_is_shown_without_an_interval() -> None:
    found = of(rows(paid={"B": np.full(N, 2.0), "C": PAID["C"]}))
    one = found["arms"]["old"]["per_item"]
    assert (one["value"], one["estimate"]) == (2.0, None)
    assert one["reason"]


def test_items_of_one_cluster_widen_the_interval() -> None:
    grouped = [replace(one, cluster=f"c{k // 5}") for k, one in enumerate(ITEMS)]
    level = np.repeat(RNG.lognormal(-5, 1.0, N // 5), 5)
    paid = {"B": PAID["B"], "C": level}
    alone = of(rows(paid=paid))["arms"]["new"]["per_item"]["estimate"]
    together = of(rows(paid=paid), items=grouped)["arms"]["new"]["per_item"]["estimate"]
    assert together["clusters"] == N // 5
    assert together["high"] - together["low"] > 1.5 * (alone["high"] - alone["low"])


def test_weights_enter_the_means_and_refuse_the_ratio() -> None:
    weighted = [replace(one, weight=1.0 + k % 3) for k, one in enumerate(ITEMS)]
    one = of(rows(), items=weighted)["arms"]["new"]
    weight = np.array([1.0 + k % 3 for k in range(N)])
    assert one["per_item"]["value"] == pytest.approx(np.average(PAID["C"], weights=weight))
    assert "weights" in one["per_success"]["reason"]


def test_what_was_saved_is_what_the_calls_not_made_would_have_cost() -> None:
    made = {
        "old": [row.trial for row in rows() if row.arm == "B"],
        "new": [row.trial for row in rows() if row.arm == "C"],
    }
    found = saved(made, 100, "USD")
    assert found["calls"] == 80
    assert found["about"] == pytest.approx(40 * (PAID["B"].mean() + PAID["C"].mean()))
    assert saved(made, N) is None
    unpriced = [replace(trial, cost=None) for trial in made["new"]]
    assert saved({**made, "new": unpriced}, 100) is None
