from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from liftgate.errors import DataError, LiftgateError
from liftgate.evals.plan import OutcomeRules, ordered
from liftgate.evals.run import START_SECONDS, execute
from liftgate.evals.select import select, unfinished
from liftgate.records import Answer, Failure, Item
from liftgate.store import Store
from tests.unit.evals.looked_at import crash, flaky, measures, outcomes, runs, yes


def test_every_item_is_called_once_for_each_arm_and_repeat_and_then_never_again(bench) -> None:
    base, cand = (
        bench.system("base", yes),
        bench.system("cand", lambda t, n: Answer("no", 3, 4, 0.1)),
    )
    plan = bench.plan(base, cand, repeats=2)
    first = bench.run(plan)
    assert (first.called, first.reused, first.failed, first.scored) == (24, 0, 0, 24)
    assert first.run is not None
    assert first.run.complete
    assert sorted(base.calls) == sorted(f"q{n}" for n in range(6) for _ in range(2))
    found = bench.look(select, plan)
    assert [(o.item, o.arm, o.repeat) for o in found] == [
        (f"i{n}", arm, r)
        for n in range(6)
        for arm in ("sha256:base", "sha256:cand")
        for r in (0, 1)
    ]
    assert {o.scores["match"].value for o in found if o.arm == "sha256:base"} == {1.0}
    assert {o.scores["match"].value for o in found if o.arm == "sha256:cand"} == {0.0}
    assert {(o.trial.tokens_in, o.trial.tokens_out, o.trial.cost) for o in found} == {
        (None, None, None),
        (3, 4, 0.1),
    }
    before = bench.look(runs)
    second = bench.run(plan)
    assert (second.run, second.called, second.reused) == (None, 0, 24)
    assert bench.look(runs) == before
    assert (base.started, base.closed) == (1, 1)
    assert bench.look(unfinished, plan) == ()


def test_a_second_study_with_the_same_baseline_calls_it_no_more(bench) -> None:
    base = bench.system("base", yes)
    bench.run(bench.plan(base, bench.system("first", yes)))
    base.calls.clear()
    second = bench.system("second", yes)
    done = bench.run(bench.plan(base, second, study="study-2"))
    assert base.calls == []
    assert (done.called, done.reused) == (6, 6)


def test_a_changed_label_buys_no_call_and_only_new_scores(bench) -> None:
    base = bench.system("base", yes)
    bench.run(bench.plan(base))
    relabelled = [replace(item, target="no") for item in bench.items(6)]
    changed = bench.plan(base, items=[*bench.items(3), *relabelled[3:]], study="study-2")
    done = bench.run(changed)
    assert (len(base.calls), done.called, done.scored) == (6, 0, 3)
    values = [o.scores["match"].value for o in bench.look(select, changed)]
    assert values == [1.0, 1.0, 1.0, 0.0, 0.0, 0.0]


def test_a_new_scorer_scores_what_is_stored(bench) -> None:
    base = bench.system("base", lambda t, n: {"b": [1, 2.0], "a": t})
    bench.run(bench.plan(base, scorers={}))
    scorer = bench.scorer(lambda output, target: float(output["b"] == [1, 2]))
    plan = bench.plan(base, scorers={"match": scorer})
    done = bench.run(plan)
    assert (done.called, done.scored, scorer.calls) == (0, 6, 6)
    assert {value for _, _, value in outcomes(bench, plan).values()} == {1.0}


def test_a_candidates_trials_from_before_the_lock_are_not_used_and_are_run_again(bench) -> None:
    cand = bench.system("cand", yes)
    bench.run(bench.plan(cand))
    lock = datetime.now(UTC)
    plan = bench.plan(cand, study="study-2")
    locked = replace(plan, arms=(replace(plan.arms[0], admissible_after=lock),))
    assert bench.look(select, locked) == ()
    done = bench.run(locked)
    assert (done.called, done.reused) == (6, 0)
    assert all(o.trial.started_at >= lock for o in bench.look(select, locked))
    old = bench.look(select, plan)
    assert all(o.trial.started_at < lock for o in old)
    assert bench.run(locked).called == 0


def test_failures_are_retried_as_often_as_the_lock_allows_and_the_last_attempt_counts(
    bench,
) -> None:
    base, cand = bench.system("base", flaky(crash)), bench.system("cand", flaky(crash))
    plan = bench.plan(base, cand, items=4, outcomes=OutcomeRules(5.0, {Failure.CRASH: 2}))
    done = bench.run(plan)
    assert base.calls.count("q0") == 1
    assert base.calls.count("q2") == 3
    assert base.calls.count("q3") == 3
    assert sorted(base.calls) == sorted(cand.calls)
    assert (done.called, done.failed) == (2 * (1 + 2 + 3 + 3), 2)
    found = {(o.item, o.arm): o.trial for o in bench.look(select, plan)}
    assert found["i2", "sha256:base"].failure is None
    assert found["i2", "sha256:base"].attempt == 3
    last = found["i3", "sha256:base"]
    assert (last.failure, last.message, last.output_digest) == (
        Failure.CRASH,
        "RuntimeError: boom",
        None,
    )
    assert bench.run(plan).called == 0


def test_a_study_with_more_retries_adds_attempts_and_leaves_the_first_study_as_it_was(
    bench,
) -> None:
    base = bench.system("base", flaky(crash))
    strict = bench.plan(base, items=3, outcomes=OutcomeRules(5.0, {}))
    bench.run(strict)
    before = bench.look(select, strict)
    lenient = bench.plan(
        base, items=3, study="study-2", outcomes=OutcomeRules(5.0, {Failure.CRASH: 2})
    )
    assert bench.run(lenient).called == 1 + 2
    assert {o.trial.failure for o in bench.look(select, lenient)} == {None}
    assert bench.look(select, strict) == before
    assert [o.trial.failure for o in before] == [None, Failure.CRASH, Failure.CRASH]


def test_items_that_share_an_input_share_a_call_and_keep_their_own_labels(bench) -> None:
    twins = [
        Item("a", {"text": "q1"}, "yes", "c"),
        Item("b", {"text": "q1"}, "no", "c"),
        Item("c", {"text": "q1"}, "yes", "c"),
    ]
    base = bench.system("base", yes)
    plan = bench.plan(base, items=twins)
    done = bench.run(plan)
    assert (base.calls, done.called, done.scored) == (["q1"], 1, 2)
    assert [v for _, _, v in outcomes(bench, plan).values()] == [1.0, 0.0, 1.0]
    assert bench.run(plan).run is None


def test_arms_alternate_item_by_item_in_an_order_that_the_seed_decides(bench) -> None:
    log = []

    def logged(name):
        return bench.system(name, lambda text, times: log.append((text, name)) or "yes")

    plan = bench.plan(logged("a"), logged("b"), logged("c"), items=bench.items(9, cluster=3))
    bench.run(plan)
    turns = [log[n : n + 3] for n in range(0, 27, 3)]
    assert all(len({text for text, _ in turn}) == 1 for turn in turns)
    assert all({name for _, name in turn} == {"a", "b", "c"} for turn in turns)
    assert {turn[0][1] for turn in turns} == {"a", "b", "c"}
    order = [turn[0][0] for turn in turns]
    assert order == [item.input["text"] for item in ordered(plan.dataset.items, plan.seed)]
    clusters = [int(text[1:]) % 3 for text in order]
    assert sorted(clusters) != clusters or order != sorted(order)
    assert [clusters[n] for n in range(0, 9, 3)] == list(dict.fromkeys(clusters))
    backwards = tuple(reversed(plan.dataset.items))
    assert ordered(backwards, plan.seed) == ordered(plan.dataset.items, plan.seed)
    assert ordered(plan.dataset.items, 8) != ordered(plan.dataset.items, 7)


@pytest.mark.parametrize(
    ("own", "asked", "most"), [((1, 1), None, 1), ((4, 2), None, 4), ((1, 16), 3, 3)]
)
def test_calls_in_flight_stay_within_what_systems_and_users_say(bench, own, asked, most) -> None:
    async def short():
        await asyncio.sleep(0.005)
        return "yes"

    systems = [
        bench.system(f"s{n}", lambda text, times: short(), concurrency=c) for n, c in enumerate(own)
    ]
    plan = bench.plan(*systems, items=12, concurrency=asked)
    bench.run(plan)
    (run,) = bench.look(runs)
    assert run.manifest["concurrency"] == {f"s{n}": asked or c for n, c in enumerate(own)}
    in_flight = [o.trial.in_flight for o in bench.look(select, plan)]
    assert max(in_flight) == most
    for system, limit in zip(systems, own, strict=True):
        assert system.most_flying <= (asked or limit)


def test_a_system_that_takes_one_call_at_once_gets_one_and_others_go_on(bench) -> None:
    async def short():
        await asyncio.sleep(0.005)
        return "yes"

    alone, free = (bench.system(name, lambda text, times: short()) for name in ("alone", "free"))
    alone.most_in_flight = 1
    bench.run(bench.plan(alone, free, items=12, concurrency=4))
    (run,) = bench.look(runs)
    assert run.manifest["concurrency"] == {"alone": 1, "free": 4}
    assert alone.most_flying == 1
    assert alone.flying + free.flying == 0


def test_two_systems_that_take_one_call_each_are_asked_side_by_side(bench) -> None:
    together = []

    async def short(one, other):
        await asyncio.sleep(0.005)
        together.append(systems[other].flying)
        return "yes"

    systems = {}
    for name, other in (("a", "b"), ("b", "a")):
        systems[name] = bench.system(name, lambda text, times, n=name, o=other: short(n, o))
        systems[name].most_in_flight = 1
    bench.run(bench.plan(*systems.values(), items=12, concurrency=2))
    assert [system.most_flying for system in systems.values()] == [1, 1]
    assert any(together)


def test_progress_tells_counts_and_nothing_else(bench) -> None:
    told = []
    plan = bench.plan(bench.system("base", flaky(crash)), items=3, outcomes=OutcomeRules(5.0, {}))
    bench.run(plan, progress=told.append)
    assert [(p.stage, p.done, p.total) for p in told] == [("trials", n, 3) for n in range(4)]
    assert [p.failed for p in told] == sorted(p.failed for p in told)
    assert told[-1].failed == 2
    assert told[-1].rate is not None
    assert told[-1].seconds_left == 0.0
    assert {field for p in told for field in vars(p)} == {
        "stage",
        "done",
        "total",
        "reused",
        "failed",
        "rate",
        "seconds_left",
    }


def test_a_stopping_rule_sees_old_and_new_observations_and_ends_the_run(bench) -> None:
    base = bench.system("base", yes)
    seen = []

    def stop(observations):
        seen.extend(o.item for o in observations)
        return "enough" if len(seen) >= 3 else None

    plan = bench.plan(base)
    first = bench.run(plan, stop=stop)
    assert (first.stopped, first.called, len(seen)) == ("enough", 3, 3)
    assert first.run is not None
    assert first.run.complete
    seen.clear()
    again = bench.run(plan, stop=stop)
    assert (again.stopped, again.called, again.run) == ("enough", 0, None)
    assert len(base.calls) == 3
    assert bench.run(plan).called == 3


def test_a_cancelled_run_keeps_what_was_finished_and_the_next_goes_on(bench) -> None:
    async def answer(text):
        if len(base.calls) == 4:
            task.cancel()
        await asyncio.sleep(0)
        return "yes"

    task = None
    base = bench.system("base", lambda text, times: answer(text))
    plan = bench.plan(base, items=10)

    async def go():
        nonlocal task
        with Store.open(bench.home) as store:
            task = asyncio.ensure_future(execute(plan, store, manifest={}))
            await task

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(go())
    (run,) = bench.look(runs)
    assert not run.complete
    known = len(bench.look(select, plan))
    assert known == 3
    assert base.closed == 1
    done = bench.run(plan)
    assert (done.reused, done.called) == (3, 7)
    assert len(base.calls) == 11


def test_a_store_that_can_no_longer_write_ends_the_run_with_its_own_error(
    bench, monkeypatch
) -> None:
    from liftgate.store import RunWriter

    def refuse(self, trial, output=None, **kept):
        raise LiftgateError("no space")

    monkeypatch.setattr(RunWriter, "add_trial", refuse)
    base = bench.system("base", yes)
    with pytest.raises(LiftgateError, match="no space"):
        bench.run(bench.plan(base))
    assert base.closed == 1
    assert len(base.calls) == 1


def test_measures_are_taken_once_for_each_study_and_never_taken_over(bench) -> None:
    base = bench.system("base", yes, measures={"index_mb": 12.5})
    plan = bench.plan(base)
    bench.run(plan)
    bench.run(plan)
    found = {m.name: m for m in bench.look(measures, plan)}
    assert set(found) == {"index_mb", START_SECONDS}
    assert (found["index_mb"].value, found["index_mb"].pass_number) == (12.5, None)
    assert base.measured == 1
    other = replace(plan, study="study-2")
    done = bench.run(other)
    assert (done.called, base.measured) == (0, 2)
    assert {m.study for m in bench.look(measures, other)} == {"study-2"}


def test_a_measure_with_the_engines_own_name_is_refused(bench) -> None:
    with pytest.raises(DataError, match="'start_seconds', a name that is taken"):
        bench.run(bench.plan(bench.system("base", yes, measures={START_SECONDS: 1.0})))


def test_a_system_that_cannot_start_ends_the_run_before_any_call(bench) -> None:
    class Broken(bench.system):
        async def start(self):
            raise DataError("no model file")

    base, broken = bench.system("base", yes), Broken("broken", yes)
    with pytest.raises(DataError, match="no model file"):
        bench.run(bench.plan(base, broken))
    assert base.calls == []
    assert base.closed == 1


def test_a_fault_in_closing_is_noted_and_harms_nothing(bench) -> None:
    class Sticky(bench.system):
        async def close(self):
            raise OSError("busy")

    done = bench.run(bench.plan(Sticky("sticky", yes)))
    assert done.notes == ("arm sticky: closing it raised OSError: busy",)
    assert done.run is not None
    assert done.run.complete


def test_two_arms_of_one_fingerprint_are_refused(bench) -> None:
    plan = bench.plan(bench.system("same", yes))
    twin = replace(plan.arms[0], arm=replace(plan.arms[0].arm, name="twin"))
    with pytest.raises(DataError, match="'same' and 'twin' are the same system"):
        replace(plan, arms=(plan.arms[0], twin))
