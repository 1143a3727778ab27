"""Systems in another process: what is said to them, and what becomes of those that misbehave."""

from __future__ import annotations

import asyncio
import json
import os
import sys
import textwrap

import pytest

from liftgate.errors import DataError
from liftgate.evals.calls import call
from liftgate.records import Answer, Failure, Step, StepKind, Trace, trace_of
from liftgate.systems.lines import open_system

WORKER = """
    import json, os, sys, time

    first = json.loads(sys.stdin.readline())
    params = first["params"]
    if "sufix" in params:
        print(json.dumps({"error": "unknown parameter: sufix"}), flush=True)
        sys.exit(1)
    print(json.dumps({"ready": True, "measures": {"size_mb": 2}, "concurrency": 4}), flush=True)
    held = []
    for line in sys.stdin:
        asked = json.loads(line)
        text = asked["input"]["text"]
        said = {"id": asked["id"], "output": text + params.get("suffix", "!") + str(os.getpid())}
        if text == "die":
            sys.stderr.write("x" * 100000 + " the reason")
            os._exit(3)
        if text == "hang":
            time.sleep(3600)
        if text == "garbage":
            print("Loading model...", flush=True)
            continue
        if text == "refuse":
            said = {"id": asked["id"], "error": "no", "kind": "refusal", "reported": {"usage": {}}}
        if text == "nothing":
            said = {"id": asked["id"]}
        if text == "tokens":
            said |= {"tokens_in": 3, "cost": 0.5, "reported": {"usage": {"x": 1}}}
        trace = {"steps": [{"kind": "tool", "name": "refund", "input": {"amount": 4}}]}
        if text == "traced":
            said |= {"trace": trace}
        if text == "badly traced":
            said |= {"trace": {"steps": [{"kind": "spell"}]}}
        if text == "refused on the way":
            said = {"id": asked["id"], "error": "no", "kind": "refusal", "trace": trace}
        if text == "wait":
            held.append(said)
            continue
        print(json.dumps(said), flush=True)
        while held:
            print(json.dumps(held.pop()), flush=True)
"""


@pytest.fixture
def opened(tmp_path):
    (tmp_path / "worker.py").write_text(textwrap.dedent(WORKER), encoding="utf-8")

    def again(rest=f"{sys.executable} worker.py", **params):
        return open_system(rest, params=params, files=[], packages=[], root=tmp_path)

    return again


def ask(system, *texts, timeout_s=30.0, at_once=False):
    async def go():
        await system.start()
        try:
            calls = [call(system, {"text": text}, timeout_s) for text in texts]
            return await asyncio.gather(*calls) if at_once else [await one for one in calls]
        finally:
            await system.close()

    return asyncio.run(go())


def test_it_is_started_once_and_knows_its_parameters(opened) -> None:
    system = opened(suffix="?")
    first, second = ask(system, "a", "b")
    assert first.answer.output.startswith("a?")
    assert first.answer.output[2:] == second.answer.output[2:]
    assert (system.concurrency, dict(system.measure())) == (4, {"size_mb": 2.0})


def test_answers_come_in_any_order(opened) -> None:
    found = ask(opened(), "wait", "wait", "last", at_once=True)
    assert [one.answer.output[:5].rstrip("0123456789") for one in found] == [
        "wait!",
        "wait!",
        "last!",
    ]


def test_what_it_reports_is_kept_and_what_it_refuses_is_an_outcome(opened) -> None:
    tokens, refused, nothing = ask(opened(), "tokens", "refuse", "nothing")
    output = tokens.answer.output
    assert tokens.answer == Answer(output, tokens_in=3, cost=0.5, reported={"usage": {"x": 1}})
    assert (refused.failure, refused.message) == (Failure.REFUSAL, "no")
    assert refused.reported == {"usage": {}}
    assert nothing.failure is Failure.UNPARSABLE


def test_a_process_that_dies_fails_its_call_with_its_last_words_and_is_started_again(
    opened,
) -> None:
    before, died, after = ask(opened(), "a", "die", "a")
    assert died.failure is Failure.CRASH
    assert died.message.startswith("the process ended (exit code 3): …xxx")
    assert died.message.endswith("the reason")
    assert len(died.message) < 400
    assert before.answer.output != after.answer.output


def test_all_calls_of_a_process_that_dies_are_crashes(opened) -> None:
    found = ask(opened(), "wait", "die", at_once=True)
    assert [one.failure for one in found] == [Failure.CRASH] * 2


def test_a_line_that_is_no_json_is_a_crash_and_ends_the_process(opened) -> None:
    garbage, after = ask(opened(), "garbage", "a")
    assert garbage.failure is Failure.CRASH
    assert "Loading model..." in garbage.message
    assert after.failure is None


def test_a_process_that_hangs_is_left_behind_and_killed_at_the_end(opened) -> None:
    first, hung, after = ask(opened(), "a", "hang", "a", timeout_s=5.0)
    assert (first.failure, hung.failure, after.failure) == (None, Failure.TIMEOUT, None)
    with pytest.raises(ProcessLookupError):
        os.kill(int(first.answer.output.removeprefix("a!")), 0)


def test_closing_kills_it(opened) -> None:
    (found,) = ask(opened(), "a")
    with pytest.raises(ProcessLookupError):
        os.kill(int(found.answer.output.removeprefix("a!")), 0)


def test_one_that_is_never_ready_ends_the_run_before_its_first_call(opened, tmp_path) -> None:
    async def start(system):
        try:
            await system.start()
        finally:
            await system.close()

    with pytest.raises(DataError, match="unknown parameter: sufix"):
        asyncio.run(start(opened(sufix="?")))
    (tmp_path / "broken.py").write_text("raise SystemExit('no weights')", encoding="utf-8")
    with pytest.raises(DataError, match=r"not ready.*exit code 1.*no weights") as told:
        asyncio.run(start(opened(f"{sys.executable} broken.py")))
    assert '{"ready": true}' in told.value.hint


@pytest.mark.parametrize("rest", ["", "no-such-program-anywhere x", "'"])
def test_what_is_no_command_cannot_be_opened(opened, rest) -> None:
    with pytest.raises(DataError, match="process:"):
        opened(rest)


def test_its_fingerprint_follows_its_command_its_parameters_and_its_script(
    opened, tmp_path
) -> None:
    first = opened().fingerprint
    assert first == opened().fingerprint
    assert first != opened(suffix="?").fingerprint
    assert first != opened(f"{sys.executable} worker.py --fast").fingerprint
    with (tmp_path / "worker.py").open("a", encoding="utf-8") as file:
        file.write("\n# changed\n")
    assert first != opened().fingerprint


def test_a_line_may_carry_a_trace_of_an_answer_or_of_a_failure(opened) -> None:
    async def go():
        system = opened()
        try:
            texts = ("traced", "refused on the way", "badly traced")
            return [await call(system, {"text": text}, 10.0) for text in texts]
        finally:
            await system.close()

    traced, refused, bad = asyncio.run(go())
    expected = Trace((Step(StepKind.TOOL, "refund", {"amount": 4}),))
    assert traced.answer.trace == expected
    assert trace_of(json.loads(refused.trace_data)) == expected
    assert (refused.failure, bad.failure) == (Failure.REFUSAL, Failure.UNPARSABLE)
    assert "trace.steps[0].kind: got 'spell'" in bad.message
