from __future__ import annotations

import asyncio
from dataclasses import replace
from itertools import pairwise

import pytest

from liftgate.errors import DataError
from liftgate.evals.passes import nearest_rank
from liftgate.evals.plan import OutcomeRules, PassPlan, drawn
from liftgate.records import Answer, Measure
from liftgate.store import Store

P95 = PassPlan(0.95, "latency_p95_ms", passes=3)
P50_FEW = PassPlan(0.5, "latency_p50_ms", passes=2, items=4)


def passes_of(bench, plan):
    def read(store):
        return [m for m in store.measures(plan.study) if m.pass_number is not None]

    return bench.look(read)


@pytest.mark.parametrize(
    ("quantile", "expected"),
    [(0.0, 1.0), (0.25, 1.0), (0.26, 2.0), (0.5, 2.0), (0.95, 4.0), (1.0, 4.0)],
)
def test_the_quantile_of_a_pass_is_one_of_its_values(quantile, expected) -> None:
    assert nearest_rank([4.0, 2.0, 1.0, 3.0], quantile) == expected


def test_each_pass_gives_one_row_for_each_arm_and_is_taken_once(bench) -> None:
    base, cand = bench.system("base", lambda t, n: "yes"), bench.system("cand", lambda t, n: "yes")
    plan = bench.plan(base, cand, passes=(P95, P50_FEW))
    first = bench.run(plan)
    assert first.called == 12
    assert first.timed == 2 + 3 * 6 * 2 + 2 * 4 * 2
    rows = passes_of(bench, plan)
    assert sorted((m.arm, m.name, m.pass_number) for m in rows) == sorted(
        (arm, name, number)
        for arm in ("sha256:base", "sha256:cand")
        for name, passes in (("latency_p95_ms", 3), ("latency_p50_ms", 2))
        for number in range(1, passes + 1)
    )
    assert all(m.value > 0 for m in rows)
    calls = len(base.calls)
    again = bench.run(plan)
    assert (again.run, again.timed, len(base.calls)) == (None, 0, calls)


def test_passes_of_another_study_are_never_taken_over(bench) -> None:
    plan = bench.plan(bench.system("base", lambda t, n: "yes"), passes=(P95,))
    bench.run(plan)
    done = bench.run(replace(plan, study="study-2"))
    assert (done.called, done.timed) == (0, 1 + 3 * 6)


def test_only_missing_passes_are_taken_and_rows_that_are_there_stay(bench) -> None:
    base, cand = bench.system("base", lambda t, n: "yes"), bench.system("cand", lambda t, n: "yes")
    plan = bench.plan(base, cand, passes=(P95,))
    with Store.open(bench.home) as store:
        writer = store.begin(plan.study, {})
        writer.add_measure(Measure("sha256:base", P95.name, 1e6, plan.study, writer.run, 1))
        writer.add_measure(Measure("sha256:cand", P95.name, 1e6, plan.study, writer.run, 1))
        writer.add_measure(Measure("sha256:base", P95.name, 1e6, plan.study, writer.run, 2))
        writer.finish(complete=False)
    done = bench.run(plan)
    assert done.timed == 2 + 2 * 6 * 2
    rows = {(m.arm, m.pass_number): m.value for m in passes_of(bench, plan)}
    assert len(rows) == len(passes_of(bench, plan)) == 6
    assert {key for key, value in rows.items() if value == 1e6} == {
        ("sha256:base", 1),
        ("sha256:cand", 1),
        ("sha256:base", 2),
    }


def test_arms_alternate_item_by_item_with_one_call_in_flight(bench) -> None:
    log = []

    def make(name):
        def answer(text, times):
            log.append((name, text))
            return "yes"

        return bench.system(name, answer, concurrency=8)

    systems = [make("a"), make("b")]
    plan = bench.plan(*systems, items=5, passes=(replace(P95, passes=2),))
    bench.run(plan)
    timed = log[-20:]
    pairs = [timed[n : n + 2] for n in range(0, 20, 2)]
    assert all({name for name, _ in pair} == {"a", "b"} for pair in pairs)
    assert all(pair[0][1] == pair[1][1] for pair in pairs)
    leaders = [pair[0][0] for pair in pairs]
    assert all(one != other for one, other in pairwise(leaders[:5]))
    assert leaders[:5] != leaders[5:]
    warm = log[-22:-20]
    assert [name for name, _ in warm] == ["a", "b"]
    assert all(system.most_flying <= 8 for system in systems)


def test_a_failed_call_counts_as_the_time_out(bench) -> None:
    async def slow():
        await asyncio.sleep(5)

    def answer(text, times):
        if text == "q0":
            raise RuntimeError
        return slow() if text == "q1" else "yes"

    plan = bench.plan(
        bench.system("base", answer),
        items=4,
        outcomes=OutcomeRules(0.2, {}),
        passes=(PassPlan(0.75, "p75", 1), PassPlan(0.5, "p50", 1)),
    )
    bench.run(plan)
    found = {m.name: m.value for m in passes_of(bench, plan)}
    assert found["p75"] == 200.0
    assert found["p50"] < 200.0


def test_the_items_of_a_pass_are_drawn_by_the_seed(bench) -> None:
    plan = bench.plan(bench.system("base", lambda t, n: "yes"), items=40)
    few = drawn(plan, 10)
    assert few == drawn(plan, 10)
    assert len({item.id for item in few}) == 10
    assert few != drawn(replace(plan, seed=8), 10)
    assert len(drawn(plan, 99)) == len(drawn(plan, None)) == 40


def test_progress_of_passes_counts_their_calls(bench) -> None:
    told = []
    plan = bench.plan(bench.system("base", lambda t, n: "yes"), passes=(P50_FEW,))
    bench.run(plan, progress=told.append)
    last = told[-1]
    assert (last.stage, last.done, last.total) == ("latency passes", 8, 8)


def streamed(first_s):
    return lambda text, times: Answer("yes", reported={"first_token_s": first_s})


def test_the_time_to_the_first_token_is_a_pass_s_own_quantity(bench) -> None:
    first = PassPlan(0.95, "ttft_p95_ms", passes=3)
    system = bench.system("streams", streamed(7.5))
    plan = bench.plan(system, passes=(P95, first))
    done = bench.run(plan)
    # Both quantities come from the same passes.
    assert done.timed == 1 + 3 * 6
    rows = {(m.name, m.pass_number): m.value for m in passes_of(bench, plan)}
    assert [rows["ttft_p95_ms", n] for n in (1, 2, 3)] == [7500.0] * 3
    assert all(rows["latency_p95_ms", n] < 7500 for n in (1, 2, 3))


def test_a_call_that_fails_has_no_first_token_before_the_time_out(bench) -> None:
    def answer(text, times):
        if text == "t3":
            raise ValueError("no")
        return Answer("yes", reported={"first_token_s": 0.001})

    texts = bench.plan(bench.system("any", answer)).dataset.items
    failing = texts[-1].input["text"]

    def on_last(text, times):
        return answer("t3" if text == failing else text, times)

    plan = bench.plan(
        bench.system("last", on_last), passes=(PassPlan(0.99, "ttft_p99_ms", passes=2),)
    )
    bench.run(plan)
    assert {m.value for m in passes_of(bench, plan)} == {1000 * plan.outcomes.timeout_s}


def test_a_system_that_does_not_say_when_its_first_token_came_is_refused(bench) -> None:
    plan = bench.plan(
        bench.system("silent", lambda t, n: "yes"),
        passes=(PassPlan(0.95, "ttft_p95_ms", passes=2),),
    )
    with pytest.raises(DataError, match="arm silent: its answers do not report first_token_s"):
        bench.run(plan)
    assert passes_of(bench, plan) == []
