"""What judges cost: said before the first call, limited, and no call asked twice for a verdict."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from liftgate.errors import DataError
from liftgate.evals.cost import Purse
from liftgate.evals.plan import Asked, BoundScorer
from liftgate.evals.prices import Price, Prices
from liftgate.evals.select import select
from liftgate.protocols import Expected
from liftgate.records import Answer
from liftgate.scorers.judge import judge

HERE = Path(__file__).parent
NAME = "openai:judge"
PRICES = Prices("USD", (Price(NAME, date(2020, 1, 1), 1e6, 1e6, 1e6),))
"""A token costs 1, in or out."""
TOKENS = 10
"""Of any prompt; an answer has at most 3."""


def yes(text, count):
    return "yes"


def metered(system):
    system.endpoint, system.model = "http://one", "judge"
    system.use = lambda budget: None
    system.expect = lambda parts: Expected(TOKENS, 3)
    return system


def judged(bench, reply, *arms, items=4, unpriced=False, **params):
    """Return a plan with a metered judge, and its model."""
    model = metered(bench.system("judge", lambda text, count: reply))
    seat = judge(**{"rubric": "task_success", "system": NAME, **params})
    scorer = seat.seated(HERE, [model.fingerprint] * len(seat.asks))
    name = "openai:unknown" if unpriced else NAME
    asks = (Asked(name, model),) * len(seat.asks)
    plan = bench.plan(*(arms or (bench.system("base", yes),)), items=items)
    bound = BoundScorer("good", scorer, "sha256:judge", scorer.scale(()), asks)
    return replace(plan, scorers=(*plan.scorers, bound)), model


def lines(bench, plan, purse):
    told = []
    bench.run(plan, purse=purse, say=told.append)
    return [line for line in told if line.startswith("Cost of the judge")]


VALUE = '{"value": 1, "reason": "fine"}'


def test_what_a_judge_may_cost_is_said_before_its_first_call(bench) -> None:
    plan, model = judged(bench, VALUE, votes=2, aggregate="mean")
    before = []

    def say(line):
        if line.startswith("Cost of the judge"):
            before.append((line, len(model.calls)))

    bench.run(plan, purse=Purse(PRICES), say=say)

    # 4 answers, 2 votes, 10 tokens in and 3 out; the arm does not say how long its answers are.
    line = "Cost of the judge good: about 104 USD for 8 calls, the answers' own length not counted"
    assert before == [(line, 0)]
    assert lines(bench, plan, Purse(PRICES)) == []


def test_the_length_that_an_arm_allows_itself_is_part_of_the_prompt(bench) -> None:
    plan, _ = judged(bench, VALUE, metered(bench.system("base", yes)))

    # 4 calls of 10 in, 3 out, and an answer of at most 3 tokens that the judge reads.
    assert lines(bench, plan, Purse(PRICES)) == [
        "Cost of the judge good: at most 64 USD for 4 calls"
    ]


def test_only_what_is_not_judged_yet_is_counted(bench) -> None:
    base = bench.system("base", yes)
    bench.run(bench.plan(base, items=4))
    plan, model = judged(bench, VALUE, base)

    assert lines(bench, plan, Purse(PRICES)) == [
        "Cost of the judge good: at most 52 USD for 4 calls"
    ]
    assert (len(base.calls), len(model.calls)) == (4, 4)


def test_a_limit_on_a_judge_that_nobody_could_count_is_refused_before_the_first_call(bench) -> None:
    base = bench.system("base", lambda text, count: Answer("yes", cost=1.0))
    plan, model = judged(bench, VALUE, base, unpriced=True)

    with pytest.raises(DataError, match="judge good: a most of 100 was set, and there is no price"):
        bench.run(plan, purse=Purse(PRICES, 100.0))

    assert base.calls == model.calls == []


def test_what_the_judge_spends_ends_a_run_at_its_limit(bench) -> None:
    plan, model = judged(bench, Answer(VALUE, tokens_in=10, tokens_out=3))

    done = bench.run(plan, purse=Purse(PRICES, 30.0))

    assert done.cut_short
    assert len(model.calls) == 2, "a third one could cost 13 more"


def test_how_often_statements_are_judged_is_not_pretended_to_be_known(bench) -> None:
    plan, _ = judged(bench, VALUE, rubric="groundedness", source="text")

    assert lines(bench, plan, Purse(PRICES)) == [
        "Cost of the judge good: not known before its first answers (4 answers to judge)"
    ]


def test_both_orders_of_a_pair_are_counted(bench) -> None:
    from liftgate.records import Role

    arms = bench.system("base", yes), bench.system("new", lambda text, count: "no")
    plan, model = judged(bench, '{"value": 1}', *arms, rubric="preference", mode="pairwise")
    roles = (Role.BASELINE, Role.CANDIDATE)
    bound = [
        replace(b, arm=replace(b.arm, role=role)) for b, role in zip(plan.arms, roles, strict=True)
    ]
    plan = replace(plan, arms=tuple(bound))

    told = lines(bench, plan, Purse(PRICES))

    assert told == [
        "Cost of the judge good: about 104 USD for 8 calls, the answers' own length not counted"
    ]
    assert len(model.calls) == 8


def test_a_part_is_rated_once_for_the_verdicts_of_all_arms(bench) -> None:
    arms = (
        bench.system("base", lambda text, count: "refused"),
        bench.system("new", lambda text, count: "complied"),
        bench.system("odd", lambda text, count: "I would say that it complied."),
    )
    verdicts = {"rubric": "refusal", "mode": "verdict", "source": "text"}
    plan, model = judged(bench, '{"value": 0}', *arms, **verdicts)

    told = lines(bench, plan, Purse(PRICES))

    assert told == ["Cost of the judge good: at most 52 USD for 4 calls"]
    assert len(model.calls) == 4
    found = {
        name: {row.scores["good"].value for row in bench.look(select, plan) if name in row.arm}
        for name in ("base", "new", "odd")
    }
    # Nobody refused: "refused" is wrong, "complied" is right, a sentence is no verdict at all.
    assert found == {"base": {0.0}, "new": {1.0}, "odd": {0.0}}
    assert not any("I would say that it complied" in text for text in model.calls)
