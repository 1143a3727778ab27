"""Judges of pairs: both orders, one preference, the liking for the first place measured."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest

from liftgate.evals.pairwise import known_pairs, order_effect, pairs_of, preferences
from liftgate.evals.plan import Asked, BoundScorer, jobs
from liftgate.evals.select import look, select
from liftgate.records import Outcome
from liftgate.scorers.judge import judge
from liftgate.store import Store

HERE = Path(__file__).parent


def shown(text):
    return re.findall(r"(?:first|second) answer>\n(.*)\n", text)


def likes_long(text, count):
    """Prefers the longer answer; of equally long ones the first."""
    first, second = shown(text)
    value = 1 if len(first) >= len(second) else 0
    return json.dumps({"value": value, "reason": "longer"})


def with_pairs(bench, model, *systems, items=4, **changes):
    made = judge(rubric="preference", system="python:x:y", mode="pairwise")
    scorer = made.seated(HERE, [model.fingerprint])
    bound = BoundScorer(
        "better", scorer, "sha256:pairs", scorer.scale(()), (Asked("python:x:y", model),)
    )
    return replace(bench.plan(*systems, items=items, **changes), scorers=(bound,))


def prefer(plan, rows):
    base, other = plan.arms
    return preferences(
        rows, "better", baseline=base.arm.fingerprint, candidate=other.arm.fingerprint
    )


def scores_of(plan, rows, arm):
    fingerprint = plan.arms[arm].arm.fingerprint
    return [r.scores["better"].value for r in prefer(plan, rows) if r.arm == fingerprint]


def test_each_pair_is_judged_in_both_orders_and_never_again(bench) -> None:
    model = bench.system("judge", likes_long)
    plan = with_pairs(
        bench,
        model,
        bench.system("base", lambda text, n: "short"),
        bench.system("new", lambda text, n: "much longer"),
    )

    done = bench.run(plan)

    assert done.asked == len(model.calls) == 8
    rows = bench.look(select, plan)
    assert scores_of(plan, rows, 1) == [1.0] * 4
    assert scores_of(plan, rows, 0) == [0.0] * 4
    assert bench.run(plan).run is None
    with Store.open(bench.home, read_only=True) as store:
        stored = store.scores("sha256:pairs")
        assert len({(s.trial_key, s.other_key) for s in stored}) == 8
        assert store.output(stored[0].detail_digest)["votes"][0]["why"] == "longer"


def test_a_liking_for_the_first_place_cancels_and_is_measured(bench) -> None:
    model = bench.system("judge", likes_long)
    plan = with_pairs(
        bench,
        model,
        bench.system("base", lambda text, n: "alike"),
        bench.system("new", lambda text, n: "equal" if text != "q0" else "much longer"),
    )
    bench.run(plan)

    rows = bench.look(select, plan)
    assert sorted(scores_of(plan, rows, 1)) == [0.5, 0.5, 0.5, 1.0]
    with Store.open(bench.home, read_only=True) as store:
        counted = look(plan, store).counted
        found = order_effect(
            pairs_of(jobs(plan), counted), known_pairs(store.scores("sha256:pairs"))
        )
    assert found == {"pairs": 4, "first_place": pytest.approx(0.375), "inconsistent": 0.75}


def test_a_failed_answer_needs_no_judge_and_the_other_is_preferred(bench) -> None:
    def breaks(text, count):
        if text in ("q0", "q1"):
            raise ValueError("no idea")
        return "fine"

    def also(text, count):
        if text in ("q1", "q2"):
            raise ValueError("no idea")
        return "fine"

    model = bench.system("judge", likes_long)
    plan = with_pairs(bench, model, bench.system("base", breaks), bench.system("new", also))

    done = bench.run(plan)

    assert done.asked == 2
    rows = bench.look(select, plan)
    assert scores_of(plan, rows, 1) == [1.0, 0.5, 0.0, 0.5]
    preferred = list(prefer(plan, rows))
    assert preferred
    assert all(row.trial.failure is None for row in preferred)


def test_one_order_that_failed_leaves_the_preference_failed_and_is_tried_again(bench) -> None:
    replies = ["Both are nice."]
    model = bench.system(
        "judge", lambda text, count: replies.pop() if replies else likes_long(text, 0)
    )
    plan = with_pairs(
        bench,
        model,
        bench.system("base", lambda text, n: "a"),
        bench.system("new", lambda text, n: "bb"),
        items=1,
    )
    bench.run(plan)
    row = next(r for r in bench.look(select, plan) if r.scores)
    assert row.scores["better"].outcome is Outcome.FAILED
    assert row.scores["better"].reason.startswith("one order: got 'Both are nice.'")

    assert bench.run(plan).asked == 1
    assert scores_of(plan, bench.look(select, plan), 1) == [1.0]
