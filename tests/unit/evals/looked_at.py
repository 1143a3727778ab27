"""What a run left in the store, as tests look at it."""

from __future__ import annotations

from liftgate.evals.select import select


def yes(text, times):
    return "yes"


def measures(plan, store):
    return store.measures(plan.study)


def runs(store):
    return store.runs()


def outcomes(bench, plan, metric="match"):
    """Item -> (arm, failure for the metric, outcome, value) for what counts."""
    return {
        (o.item, o.arm): (
            o.failure(metric),
            o.scores[metric].outcome if metric in o.scores else None,
            o.scores[metric].value if metric in o.scores else None,
        )
        for o in bench.look(select, plan)
    }


def flaky(fails):
    """A system that fails as often as its item's number says, in the given way."""

    def answer(text, times):
        if times <= int(text[1:]):
            fails()
        return "yes"

    return answer


def crash():
    raise RuntimeError("boom")
