"""Judges inside a run: asked through the engine, kept in the store, never asked twice."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from liftgate.errors import Unavailable
from liftgate.evals.cost import Purse
from liftgate.evals.plan import Asked, BoundScorer
from liftgate.evals.prices import Prices
from liftgate.evals.select import select
from liftgate.records import Answer, Outcome
from liftgate.scorers.judge import judge
from liftgate.store import Store

HERE = Path(__file__).parent


def yes(text, count):
    return "yes"


def approving(text, count):
    return '{"value": 1, "reason": "fine"}'


def with_judge(bench, model, *systems, items=6, **params):
    made = judge(rubric="task_success", system="python:x:y", **params)
    scorer = made.seated(HERE, [model.fingerprint] * len(made.asks))
    plan = bench.plan(*systems, items=items)
    asks = (Asked("python:x:y", model),)
    fingerprint = f"sha256:judge-{len(made.asks)}-{made.settings.votes}"
    bound = BoundScorer("good", scorer, fingerprint, scorer.scale(()), asks)
    return replace(plan, scorers=(*plan.scorers, bound))


def test_each_answer_is_judged_once_and_what_was_said_is_in_the_blob_store(bench) -> None:
    model = bench.system("judge", approving)
    plan = with_judge(bench, model, bench.system("base", yes), votes=2, aggregate="mean")

    done = bench.run(plan)

    assert (done.asked, len(model.calls)) == (12, 12)
    assert (model.started, model.closed) == (1, 1)
    rows = bench.look(select, plan)
    assert {row.scores["good"].value for row in rows} == {1.0}
    score = rows[0].scores["good"]
    with Store.open(bench.home, read_only=True) as store:
        detail = store.output(score.detail_digest)
    assert [vote["raw"] for vote in detail["votes"]] == [approving("", 0)] * 2
    again = bench.run(plan)
    assert (again.run, again.asked, model.started) == (None, 0, 1)


def test_prose_is_a_failed_score_that_the_next_run_tries_again(bench) -> None:
    replies = ["I would say yes."]
    model = bench.system(
        "judge", lambda text, count: replies.pop() if replies else approving("", 0)
    )
    plan = with_judge(bench, model, bench.system("base", yes), items=1)

    bench.run(plan)
    (row,) = bench.look(select, plan)
    assert row.scores["good"].outcome is Outcome.FAILED
    assert "I would say yes." in row.scores["good"].reason

    bench.run(plan)
    (row,) = bench.look(select, plan)
    assert row.scores["good"].value == 1.0


def test_a_judges_failure_is_no_failure_of_the_arm(bench) -> None:
    def down(text, count):
        raise RuntimeError("no connection")

    plan = with_judge(bench, bench.system("judge", down), bench.system("base", yes), items=1)

    done = bench.run(plan)

    (row,) = bench.look(select, plan)
    assert (done.failed, row.failure("good")) == (0, None)
    assert row.scores["good"].reason == "the judge's system: crash: RuntimeError: no connection"


def test_a_judge_that_cannot_be_asked_at_all_ends_the_run_and_scores_nothing(bench) -> None:
    def no_key(text, count):
        raise Unavailable("the key is refused")

    plan = with_judge(bench, bench.system("judge", no_key), bench.system("base", yes), items=2)

    with pytest.raises(Unavailable, match="the key is refused"):
        bench.run(plan)

    rows = bench.look(select, plan)
    assert rows
    assert all("good" not in row.scores for row in rows)


def test_a_new_judge_scores_known_answers_side_by_side_without_calling_the_arms(bench) -> None:
    import asyncio

    async def slowly():
        await asyncio.sleep(0.002)
        return approving("", 0)

    base = bench.system("base", yes)
    bench.run(bench.plan(base, items=12))
    model = bench.system("judge", lambda text, count: slowly(), concurrency=4)

    done = bench.run(with_judge(bench, model, base, items=12))

    assert (done.called, done.asked) == (0, 12)
    assert 1 < model.most_flying <= 4


def test_a_judge_shares_the_budget_of_an_arm_at_the_same_endpoint(bench) -> None:
    def metered(name, answer):
        system = bench.system(name, answer)
        system.endpoint, system.model, system.budgets = "http://one", name, []
        system.use = system.budgets.append
        system.expect = lambda parts: None
        return system

    base, model = metered("base", yes), metered("judge", approving)

    bench.run(with_judge(bench, model, base, items=1))

    assert base.budgets == model.budgets
    assert len(base.budgets) == 1


def test_money_for_the_judge_is_counted_and_its_end_ends_the_run(bench) -> None:
    model = bench.system("judge", lambda text, count: Answer(approving("", 0), cost=1.0))
    plan = with_judge(bench, model, bench.system("base", yes))

    done = bench.run(plan, purse=Purse(Prices("USD"), 3.5))

    assert done.cut_short
    assert "the judge python:x:y could bring the cost above 3.5 USD" in done.stopped
    assert len(model.calls) == 3
    scored = [row.scores["good"] for row in bench.look(select, plan) if "good" in row.scores]
    with Store.open(bench.home, read_only=True) as store:
        votes = [store.output(score.detail_digest)["votes"][0] for score in scored]
    assert [vote["cost"] for vote in votes] == [1.0] * 3
    assert json.dumps(votes)


def test_where_money_is_short_answers_that_are_paid_are_judged_before_new_ones_are_asked(
    bench,
) -> None:
    base = bench.system("base", lambda text, count: Answer("yes", cost=1.0))
    bench.run(bench.plan(base, items=4))
    asked = len(base.calls)
    model = bench.system("judge", lambda text, count: Answer(approving("", 0), cost=1.0))
    plan = with_judge(bench, model, base, items=12)

    done = bench.run(plan, purse=Purse(Prices("USD"), 4.5))

    assert (asked, len(base.calls) - asked) == (4, 0)
    assert len(model.calls) == 4
    assert done.cut_short
