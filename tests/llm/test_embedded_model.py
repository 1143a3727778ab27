"""The embedded model itself: run by ``make test-llm``, which brings its runtime and weights."""

from __future__ import annotations

import asyncio
import json
import math
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from liftgate.errors import DataError, SystemFailed
from liftgate.evals.calls import call
from liftgate.models.gguf import read_header
from liftgate.models.runtime import Loading, load
from liftgate.models.shelf import Shelf
from liftgate.records import Failure
from liftgate.systems import openai
from liftgate.systems.local import open_system

MODEL = "smollm2-q4_1"
CAPITAL = "What is the capital of France?"
PROMPTS = [CAPITAL, "Name a colour.", "What is 2 + 2?", "Write one word."]
SCHEMA = {
    "type": "object",
    "properties": {"score": {"type": "integer", "minimum": 0, "maximum": 5}},
    "required": ["score"],
    "additionalProperties": False,
}
FORM = {"type": "json_schema", "json_schema": {"name": "rating", "schema": SCHEMA}}


def opened(model=MODEL, **params):
    params = {"max_tokens": 12, "context": 512, **params}
    return open_system(model, params=params, files=[], packages=[], root=Path())


def ask(system, texts):
    async def go():
        try:
            return [await system.answer({"text": text}) for text in texts]
        finally:
            await system.close()

    return asyncio.run(go())


@pytest.fixture(scope="module")
def first():
    return [answer.output for answer in ask(opened(), PROMPTS)]


def test_its_answers_repeat_whatever_was_asked_before(first) -> None:
    backwards = ask(opened(), [*reversed(PROMPTS), *PROMPTS])
    outputs = [answer.output for answer in backwards]
    assert outputs[:4][::-1] == outputs[4:] == first
    assert len(set(first)) == 4


def test_tokens_are_counted_and_the_runtime_named_and_no_folder_is(first) -> None:
    (answer,) = ask(opened(), [CAPITAL])
    assert answer.tokens_in > 10
    assert answer.tokens_out == 12
    assert answer.reported["model"] == MODEL
    assert answer.reported["system_fingerprint"].startswith("xllamacpp 2026.")
    assert str(Shelf.locate().home) not in json.dumps(answer.reported)


def test_both_forms_of_the_weights_answer_and_are_different_systems(first) -> None:
    full = opened("smollm2-f16")
    assert full.fingerprint != opened().fingerprint
    assert full.measure()["weights_mb"] > 2 * opened().measure()["weights_mb"]
    (answer,) = ask(full, [CAPITAL])
    assert "Paris" in answer.output


def test_logprobs_are_of_probabilities(first) -> None:
    (answer,) = ask(opened(logprobs=3, max_tokens=3), [CAPITAL])
    tokens = answer.output["logprobs"]["content"]
    assert "".join(token["token"] for token in tokens) == answer.output["content"]
    for token in tokens:
        likely = [other["logprob"] for other in token["top_logprobs"]]
        assert len(likely) == 3
        assert likely == sorted(likely, reverse=True)
        assert token["logprob"] == likely[0]
        assert 0 < sum(map(math.exp, likely)) <= 1 + 1e-6


def test_an_answer_has_the_shape_that_was_asked_for() -> None:
    answers = ask(opened(response_format=FORM, max_tokens=32), ["Rate this from 0 to 5: good."])
    (score,) = answers[0].output.values()
    assert list(answers[0].output) == ["score"]
    assert score in range(6)


def test_json_that_is_cut_off_is_unparsable() -> None:
    with pytest.raises(SystemFailed) as caught:
        ask(opened(response_format=FORM, max_tokens=2), ["Rate this: good."])
    assert caught.value.kind == "unparsable"
    assert caught.value.reported["finish_reason"] == "length"


def test_completions_go_on_from_the_prompt() -> None:
    (answer,) = ask(opened(kind="completions", max_tokens=3), ["The capital of France is"])
    assert "Paris" in answer.output


def test_a_prompt_that_does_not_fit_is_an_outcome_and_the_next_one_is_answered(first) -> None:
    system = opened()

    async def go():
        try:
            return [await call(system, {"text": text}, 60) for text in ("word " * 900, CAPITAL)]
        finally:
            await system.close()

    long, next_one = asyncio.run(go())
    assert long.failure is Failure.CRASH
    assert "context size" in long.message
    assert next_one.answer.output == first[0]


def test_a_call_that_takes_too_long_is_left_behind_and_changes_no_answer(first) -> None:
    system = opened(max_tokens=200)

    async def go():
        try:
            await system.start()
            slow = await call(system, {"text": "Write a long story."}, 0.2)
            return slow, await system.answer({"text": CAPITAL})
        finally:
            await system.close()

    slow, answer = asyncio.run(go())
    assert slow.failure is Failure.TIMEOUT
    assert answer.output.startswith(first[0])


def test_another_chat_template_is_another_system(first) -> None:
    template = "{% for message in messages %}{{ message['content'] }} is{% endfor %}"
    other = opened(chat_template=template, max_tokens=3)
    assert other.fingerprint != opened(max_tokens=3).fingerprint
    (answer,) = ask(other, ["The capital of France"])
    assert answer.output != first[0]


def test_a_file_that_the_runtime_does_not_know_is_refused_by_name(tmp_path) -> None:
    whole = Shelf.locate().path(MODEL).read_bytes()
    cut = tmp_path / "cut.gguf"
    header = read_header(Shelf.locate().path(MODEL))
    cut.write_bytes(whole[: header.data + 1_000_000])
    with pytest.raises(DataError, match="local model 'cut': the runtime does not load it"):
        load("cut", cut, Loading(context=512))


def test_it_is_served_to_the_openai_system_and_answers_alike_until_ctrl_c(first) -> None:
    command = [sys.executable, "-m", "liftgate", "models", "serve", MODEL, "--context", "512"]
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
    ) as serving:
        try:
            address = re.search(r"http://127\.0\.0\.1:\d+/v1", serving.stdout.readline())[0]
            params = {"base_url": address, "temperature": 0.0, "max_tokens": 12}
            system = openai.open_system(MODEL, params=params, files=[], packages=[], root=Path())
            outputs = [answer.output for answer in ask(system, PROMPTS)]
        finally:
            serving.send_signal(signal.SIGINT)
            _, err = serving.communicate(timeout=60)
    assert outputs == first
    assert serving.returncode == 0
    assert err == "Stopped.\n"


def test_a_taken_port_is_said() -> None:
    server = load(MODEL, Shelf.locate().path(MODEL), Loading(context=512))
    port = int(server.listening_address.rpartition(":")[2])
    with pytest.raises(DataError, match=f"port {port} is taken"):
        load(MODEL, Shelf.locate().path(MODEL), Loading(context=512), port=port)
