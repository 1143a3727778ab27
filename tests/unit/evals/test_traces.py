"""What a system did on its way: kept with its trial, shown to the scorers that ask for it."""

from __future__ import annotations

import math

import pytest

from liftgate.errors import DataError, SystemFailed
from liftgate.evals.select import select
from liftgate.records import Answer, Failure, Json, Missing, Outcome, Step, StepKind, Trace
from liftgate.store import Store

REFUND = Step(StepKind.TOOL, "refund", {"amount": 40}, "done", seconds=0.5, metadata={"turn": 1})
TRACE = Trace((Step(StepKind.MODEL, "m", tokens_in=3), REFUND), {"refund": {"type": "object"}})


class StepCounter:
    """Scores 1 when there was a tool call."""

    version = "1"
    needs_trace = True

    def __init__(self, scale) -> None:
        self._scale = scale
        self.seen: list[Json] = []

    def scale(self, items):
        return self._scale

    def score(self, answer, item):
        self.seen.append(answer.trace)
        if answer.trace is None:
            return Missing("no trace")
        return float(any(step.kind is StepKind.TOOL for step in answer.trace.steps))


def counter(bench):
    return StepCounter(bench.scorer(None).scale(()))


def answers(trace):
    return lambda text, times: Answer("yes", trace=trace)


def test_a_trace_is_kept_once_and_read_again_only_for_a_scorer_that_asks(bench) -> None:
    base, cand = bench.system("base", answers(None)), bench.system("cand", answers(TRACE))
    first = counter(bench)
    blind = bench.scorer(lambda output, target: 1.0)
    bench.run(bench.plan(base, cand, scorers={"steps": first, "blind": blind}))
    again = counter(bench)
    again.version = "2"
    plan = bench.plan(base, cand, scorers={"steps": again})
    assert bench.run(plan).called == 0
    assert again.seen.count(TRACE) == first.seen.count(TRACE) == 6
    assert again.seen.count(None) == 6
    found = bench.look(select, plan)
    outcomes = {o.arm: (o.scores["steps"].outcome, o.scores["steps"].value) for o in found}
    assert outcomes == {
        "sha256:base": (Outcome.ABSTAINED, None),
        "sha256:cand": (Outcome.VALUE, 1.0),
    }
    assert len({o.trial.trace_digest for o in found if o.arm == "sha256:cand"}) == 1


def test_a_scorer_that_does_not_ask_never_sees_a_trace(bench) -> None:
    seen = []

    class Blind(StepCounter):
        needs_trace = False

    scorer = Blind(bench.scorer(None).scale(()))
    scorer.seen = seen
    bench.run(
        bench.plan(
            bench.system("base", answers(TRACE)),
            bench.system("cand", answers(None)),
            scorers={"blind": scorer},
        )
    )
    assert seen == [None] * 12


def test_an_erased_trace_is_gone_and_the_row_stays(bench) -> None:
    plan = bench.plan(bench.system("base", answers(TRACE)), bench.system("cand", answers(None)))
    bench.run(plan)
    digest = next(o.trial.trace_digest for o in bench.look(select, plan) if o.trial.trace_digest)
    with Store.open(bench.home) as store:
        assert store.trace(digest) == TRACE
        store.erase(digest)
        with pytest.raises(DataError, match="erased on"):
            store.trace(digest)
    assert len(bench.look(select, plan)) == 12


def test_a_failed_call_keeps_what_was_done_before(bench) -> None:
    def fails(text, times):
        raise SystemFailed("gave up", kind="refusal", trace=TRACE)

    plan = bench.plan(bench.system("base", answers(None)), bench.system("cand", fails))
    bench.run(plan)
    rows = [o.trial for o in bench.look(select, plan) if o.arm == "sha256:cand"]
    assert {(row.failure, row.message) for row in rows} == {(Failure.REFUSAL, "gave up")}
    with Store.open(bench.home) as store:
        assert store.trace(rows[0].trace_digest) == TRACE


@pytest.mark.parametrize(
    ("trace", "words"),
    [
        ({"steps": []}, "trace: got dict, expected a Trace"),
        (Trace((Step("magic"),)), r"steps\[0\].kind: got 'magic', expected one of: model, tool"),
        (Trace((Step(StepKind.TOOL, input={"x": math.nan}),)), r"steps\[0\].input.x: got nan"),
        (Trace((Step(StepKind.TOOL, seconds=-1.0),)), r"steps\[0\].seconds: got -1.0"),
        (Trace((Step(StepKind.MODEL, tokens_in=1.5),)), r"steps\[0\].tokens_in: got 1.5"),
        (Trace((Step(StepKind.TOOL, name=7),)), r"steps\[0\].name: got a number, expected text"),
        (Trace((Step(StepKind.TOOL, metadata="x"),)), r"steps\[0\].metadata: got text"),
        (Trace(None), "trace: 'NoneType' object"),
        (Trace((), {"refund": "any"}), "trace.tools.refund: got text, expected a JSON schema"),
    ],
)
def test_a_trace_that_cannot_be_kept_is_the_systems_fault(bench, trace, words) -> None:
    def fails(text, times):
        raise SystemFailed("gave up", kind="refusal", trace=trace)

    plan = bench.plan(bench.system("base", answers(trace)), bench.system("cand", fails), items=1)
    bench.run(plan)
    base, cand = (o.trial for o in bench.look(select, plan))
    assert base.failure in (Failure.UNPARSABLE, Failure.CRASH)
    assert cand.failure is Failure.REFUSAL
    assert base.trace_digest is cand.trace_digest is None
    for row in (base, cand):
        with pytest.raises(DataError, match=words):
            raise DataError(row.message)
