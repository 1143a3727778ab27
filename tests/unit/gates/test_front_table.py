"""A study's arms on the front, and a slice in which a candidate harms."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pytest

from liftgate.errors import NotEnoughData
from liftgate.flow.front import _slices
from liftgate.gates.front import COST, LATENCY, Question, front
from liftgate.records import (
    Arm,
    Observation,
    Pairing,
    Pairs,
    Role,
    Scale,
    ScoreKind,
    Trial,
)

N = 240
ARMS = (
    Arm("full", Role.BASELINE, "python:x:y", {}, "sha256:a"),
    Arm("small", Role.CANDIDATE, "python:x:y", {}, "sha256:b"),
)
LOCALES = ("de", "en", "fr", "ja")


def pairs(candidate, baseline):
    items = tuple(f"q{n}" for n in range(len(candidate)))
    none = ()
    return Pairs(
        metric="f1",
        items=items,
        candidate=np.asarray(candidate, dtype=np.float64),
        baseline=np.asarray(baseline, dtype=np.float64),
        cluster=None,
        scale=Scale(ScoreKind.GRADED, 0.0, 1.0, True),
        slices={"locale": np.array([LOCALES[n % 4] for n in range(len(items))], dtype=object)},
        pairing=Pairing(len(items), none, none, none, 0, 0, 0, 0, 0, 0, 1, 1),
    )


def rows(seconds, cost=None):
    """One trial of each arm on each item; ``seconds`` and ``cost`` by arm."""
    rng = np.random.default_rng(2)
    start = datetime(2026, 11, 27, tzinfo=UTC)
    for arm in ARMS:
        for n in range(N):
            trial = Trial(
                key=f"{arm.name}{n}",
                attempt=1,
                run="r",
                arm=arm.fingerprint,
                input_digest="d",
                repeat=0,
                started_at=start,
                seconds=seconds[arm.name] * (1 + 0.1 * rng.random()),
                output_digest="o",
                cost=None if cost is None else cost[arm.name] * (1 + 0.01 * rng.random()),
                in_flight=2,
            )
            yield Observation(f"q{n}", arm.fingerprint, 0, trial, {})


def asked(quality, seconds, measures, cost=None):
    rng = np.random.default_rng(1)
    item = rng.random(N) * 0.3
    full = np.clip(quality["full"] + item + rng.normal(0, 0.02, N), 0, 1)
    small = np.clip(quality["small"] + item + rng.normal(0, 0.02, N), 0, 1)
    return Question(
        metric="f1",
        pairs={"small": pairs(small, full)},
        arms=ARMS,
        observations=tuple(rows(seconds, cost)),
        measures=measures,
        alpha=0.05,
    )


SIZES = {"full": {"weights_mb": 270.0, "start_seconds": 1.0}, "small": {"weights_mb": 98.0}}


def test_quality_latency_cost_and_memory_make_the_front():
    found = front(
        asked(
            {"full": 0.4, "small": 0.3},
            {"full": 0.2, "small": 0.1},
            SIZES,
            {"full": 0.002, "small": 0.001},
        )
    )
    assert found["objectives"] == ["f1", LATENCY, COST, "weights_mb"]
    assert found["exact"] == ["weights_mb"]
    assert [p["standing"] for p in found["places"]] == ["on the front", "on the front"]
    assert found["means"]["full"][LATENCY]["estimate"]["n"] == N
    assert found["means"]["small"][LATENCY]["value"] == pytest.approx(105, abs=1)
    assert found["means"]["full"]["weights_mb"] == {"value": 270.0, "estimate": None, "reason": ""}
    assert found["load"]["full"] == {"median": 2.0, "most": 2}
    assert found["left_out"] == [
        {
            "name": "start_seconds",
            "reason": "an exact measure that is no size; which way is better is open",
        }
    ]


def test_a_variant_that_is_worse_and_saves_nothing_is_dominated():
    found = front(asked({"full": 0.4, "small": 0.3}, {"full": 0.1, "small": 0.2}, {}))
    by_name = {p["system"]: p for p in found["places"]}
    assert by_name["small"]["standing"] == "dominated"
    assert by_name["small"]["dominated_by"] == ["full"]
    assert {one["name"] for one in found["left_out"]} == {COST, "memory"}
    assert "not measured" in found["left_out"][-1]["reason"]


def test_items_of_which_something_is_unknown_are_left_out_and_counted():
    question = asked({"full": 0.4, "small": 0.3}, {"full": 0.1, "small": 0.2}, {})
    question.pairs["small"].candidate[:7] = np.nan
    found = front(question)
    assert (found["items"], found["n"], found["dropped"]) == (N, N - 7, 7)


def test_weighted_items_are_refused():
    question = asked({"full": 0.4, "small": 0.3}, {"full": 0.1, "small": 0.2}, {})
    object.__setattr__(question.pairs["small"], "weight", np.ones(N))
    with pytest.raises(NotEnoughData, match="weights"):
        front(question)


@pytest.mark.parametrize(("harm", "flagged"), [(0.06, {"ja"}), (0.0, set())])
def test_a_planted_harm_of_six_points_in_one_locale_is_flagged_though_the_mean_is_not_worse(
    harm, flagged
):
    rng = np.random.default_rng(4)
    size = 480
    base = rng.uniform(0.3, 0.7, size)
    locale = np.arange(size) % 4
    shift = np.where(locale == 3, -harm, 0.015)
    found = pairs(base + shift + rng.normal(0, 0.05, size), base)
    assert (found.candidate - found.baseline).mean() > -0.03
    told = _slices(found, "small", "locale", 0.03, 0.05)
    assert {row["value"] for row in told if not row["kept"]["rejected"]} == flagged
    assert {row["value"] for row in told if row["harm"]["reading"] == "shown-worse"} == flagged


def test_without_a_margin_only_harm_is_looked_for():
    found = pairs(np.full(80, 0.5), np.linspace(0.4, 0.6, 80))
    assert all(row["kept"] is None for row in _slices(found, "small", "locale", None, 0.05))
