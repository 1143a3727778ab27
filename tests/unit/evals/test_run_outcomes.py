"""What a call came to: failures, time-outs, answers that cannot be scored."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from liftgate.errors import SystemFailed
from liftgate.evals.plan import OutcomeRules
from liftgate.evals.select import select
from liftgate.records import Failure, Item, Missing, Outcome
from liftgate.store import Store
from tests.unit.evals.looked_at import outcomes, yes


@pytest.mark.parametrize(
    ("error", "failure"),
    [
        (SystemFailed("no", kind="refusal"), Failure.REFUSAL),
        (SystemFailed("no", kind="unparsable"), Failure.UNPARSABLE),
        (SystemFailed("no", kind="sulking"), Failure.CRASH),
        (ValueError("no"), Failure.CRASH),
        (TimeoutError("no"), Failure.CRASH),
        (asyncio.CancelledError(), Failure.CRASH),
    ],
)
def test_each_way_to_fail_is_an_outcome_of_its_kind(bench, error, failure) -> None:
    def fail(text, times):
        raise error

    plan = bench.plan(bench.system("base", fail), items=1, outcomes=OutcomeRules(5.0, {}))
    assert bench.run(plan).failed == 1
    assert outcomes(bench, plan) == {("i0", "sha256:base"): (failure, None, None)}


def test_an_answer_in_vain_a_wrong_type_and_a_hang_are_outcomes_too(bench) -> None:
    async def hang():
        await asyncio.sleep(60)

    async def stubborn():
        while True:
            try:
                await asyncio.sleep(0.2)
                return "late"
            except asyncio.CancelledError:
                continue

    answers = {"q0": lambda: {1, 2}, "q1": hang, "q2": stubborn, "q3": lambda: "yes"}
    base = bench.system("base", lambda text, times: answers[text]())
    plan = bench.plan(base, items=4, outcomes=OutcomeRules(0.05, {Failure.TIMEOUT: 0}))
    bench.run(plan)
    found = {o.item: o.trial for o in bench.look(select, plan)}
    assert found["i0"].failure is Failure.UNPARSABLE
    assert found["i0"].message == "wrong type: $: got set, expected a JSON value"
    assert found["i1"].failure is found["i2"].failure is Failure.TIMEOUT
    assert found["i1"].message == "no answer within 0.05 s"
    assert found["i1"].seconds >= 0.05
    assert found["i3"].failure is None


def test_answers_that_another_time_out_would_not_have_allowed_are_not_used(bench) -> None:
    async def slow(text):
        await asyncio.sleep(0.2 if text == "q0" else 0)
        return "yes"

    base = bench.system("base", lambda text, times: slow(text))
    patient = bench.plan(base, items=2, outcomes=OutcomeRules(5.0, {}))
    hasty = bench.plan(base, items=2, study="study-2", outcomes=OutcomeRules(0.05, {}))
    bench.run(patient)
    assert bench.run(hasty).called == 1
    assert [o.trial.failure for o in bench.look(select, hasty)] == [Failure.TIMEOUT, None]
    assert [o.trial.failure for o in bench.look(select, patient)] == [None, None]
    assert bench.run(patient).called == 0


@pytest.mark.parametrize(
    ("judge", "outcome", "reason"),
    [
        (lambda o, t: Missing("cannot say"), Outcome.ABSTAINED, "cannot say"),
        (lambda o, t: float("nan"), Outcome.FAILED, "got nan, expected a finite number"),
        (lambda o, t: 0.5, Outcome.FAILED, "got 0.5, expected 0 or 1 as its scale declares"),
        (lambda o, t: "good", Outcome.FAILED, "got str, expected a number or Missing(reason)"),
        (lambda o, t: None, Outcome.FAILED, "got NoneType, expected a number or Missing(reason)"),
        (lambda o, t: 1 / 0, Outcome.FAILED, "ZeroDivisionError: division by zero"),
        (lambda o, t: asyncio.sleep(9), Outcome.FAILED, "no score within 0.05 s"),
    ],
)
def test_what_could_not_be_scored_is_missing_with_its_reason_and_never_zero(
    bench, judge, outcome, reason
) -> None:
    scorer = bench.scorer(judge)
    plan = bench.plan(
        bench.system("base", yes),
        items=1,
        scorers={"match": scorer},
        outcomes=OutcomeRules(0.05, {}),
    )
    bench.run(plan)
    (found,) = bench.look(select, plan)
    score = found.scores["match"]
    assert (score.outcome, score.value, score.reason) == (outcome, None, reason)
    assert found.failure("match") is None
    again = bench.run(plan)
    assert again.called == 0
    assert again.scored == (1 if outcome is Outcome.FAILED else 0)


def test_a_scorer_that_recovers_replaces_its_failure(bench) -> None:
    broken = iter([True])
    scorer = bench.scorer(lambda o, t: 1 / 0 if next(broken, False) else 1.0)
    plan = bench.plan(bench.system("base", yes), items=1, scorers={"match": scorer})
    bench.run(plan)
    bench.run(plan)
    assert outcomes(bench, plan) == {("i0", "sha256:base"): (None, Outcome.VALUE, 1.0)}
    assert bench.run(plan).run is None


def test_of_two_scores_of_one_answer_the_first_stays_the_one_that_counts(bench) -> None:
    plan = bench.plan(bench.system("base", yes), items=1)
    bench.run(plan)
    with Store.open(bench.home) as store:
        (score,) = store.scores(plan.scorers[0].fingerprint)
        with store.begin(plan.study, {}) as writer:
            writer.add_score(replace(score, run=writer.run, value=0.0))
            writer.finish(complete=True)
        assert {one.value for one in store.scores(score.scorer)} == {1.0, 0.0}
    assert outcomes(bench, plan) == {("i0", "sha256:base"): (None, Outcome.VALUE, 1.0)}


def test_an_answer_that_a_scorer_cannot_read_is_the_systems_failure_for_that_metric_alone(
    bench,
) -> None:
    def strict(output, target):
        raise SystemFailed("got text, expected a list", kind="unparsable")

    plan = bench.plan(
        bench.system("base", yes),
        items=1,
        scorers={"strict": bench.scorer(strict), "match": bench.scorer(lambda o, t: 1.0)},
    )
    bench.run(plan)
    (found,) = bench.look(select, plan)
    assert found.failure("strict") is Failure.UNPARSABLE
    assert found.scores["strict"].reason == "got text, expected a list"
    assert found.failure("match") is None
    assert bench.run(plan).run is None


def test_async_scorers_and_numpy_values_are_understood(bench) -> None:
    import numpy as np

    async def judge(output, target):
        return np.float64(1.0)

    plan = bench.plan(bench.system("base", yes), items=1, scorers={"m": bench.scorer(judge)})
    bench.run(plan)
    (found,) = bench.look(select, plan)
    assert found.scores["m"].value == 1.0


def test_a_scorer_sees_only_what_its_score_is_kept_for(bench) -> None:
    seen = []

    class Nosy(bench.scorer):
        def score(self, answer, item):
            seen.append(item)
            return 1.0

    item = Item("a", {"text": "q"}, "yes", "c", {"s": "t"}, 2.0, {"secret": 1})
    bench.run(bench.plan(bench.system("base", yes), items=[item], scorers={"m": Nosy(None)}))
    assert seen == [Item("a", {"text": "q"}, "yes")]
