"""The plug-in for embedded models, but for the runtime itself (see tests/llm)."""

from __future__ import annotations

import asyncio

import pytest

from liftgate.errors import DataError, SystemFailed, Unavailable, UnknownName
from liftgate.models import memory, runtime
from liftgate.models.shelf import Shelf, copied
from liftgate.protocols import Bounded
from liftgate.study.params import BadParams
from liftgate.systems.local import open_system
from tests.unit.models import fake_runtime, tiny


@pytest.fixture
def shelf(tmp_path, monkeypatch):
    monkeypatch.setenv("LIFTGATE_MODELS", str(tmp_path / "shelf"))
    given = tiny.write(tmp_path / "tiny.gguf")
    Shelf.locate().add("tiny", copied(given), source="tiny", form="file")
    return Shelf.locate()


@pytest.fixture
def opened(shelf, tmp_path, monkeypatch):
    fake_runtime.install(monkeypatch)

    def again(model="tiny", **params):
        params = {"context": 64, **params}
        return open_system(model, params=params, files=[], packages=[], root=tmp_path)

    return again


def ask(system, *texts):
    async def go():
        try:
            return [await system.answer({"text": text}) for text in texts]
        finally:
            await system.close()

    return asyncio.run(go())


def test_a_chat_is_asked_greedily_without_the_cache_of_what_came_before(opened) -> None:
    (answer,) = ask(opened(prompt="Say {text}", max_tokens=7, logprobs=2), "hello")
    (server,) = fake_runtime.Server.made
    assert server.asked == [
        {
            "messages": [{"role": "user", "content": "Say hello"}],
            "temperature": 0.0,
            "max_tokens": 7,
            "logprobs": True,
            "top_logprobs": 2,
            "cache_prompt": False,
        }
    ]
    assert answer.output["content"] == '["Say hello"]'
    assert (answer.tokens_in, answer.tokens_out) == (3, 2)
    assert answer.reported["system_fingerprint"] == "xllamacpp 1.0 AVX2 FMA"


def test_it_is_loaded_once_with_one_slot_and_one_thread_on_loopback(opened) -> None:
    ask(opened(), "a", "b")
    (server,) = fake_runtime.Server.made
    params = server.params
    assert (params.n_ctx, params.n_parallel, params.hostnames) == (64, 1, ["127.0.0.1"])
    assert (params.cpuparams.n_threads, params.cpuparams_batch.n_threads) == (1, 1)
    assert (params.cache_prompt, params.cache_ram_mib, params.ui) == (False, 0, False)


def test_slots_say_how_many_calls_it_takes_and_share_out_the_context(opened) -> None:
    system = opened(slots=3)
    assert isinstance(system, Bounded)
    assert (system.concurrency, system.most_in_flight) == (3, 3)
    ask(system, "a")
    assert fake_runtime.Server.made[-1].params.n_ctx == 3 * 64


def test_the_fingerprint_follows_weights_runtime_template_and_request(
    opened, shelf, tmp_path, monkeypatch
) -> None:
    usual = opened()
    assert usual.fingerprint == opened(temperature=0.0, slots=1).fingerprint
    others = [opened(**change).fingerprint for change in ({"max_tokens": 3}, {"slots": 2})]
    others.append(opened(chat_template="other").fingerprint)
    changed = tiny.write(tmp_path / "other.gguf", metadata={**tiny.METADATA, "x": 1})
    shelf.add("other", copied(changed), source="other", form="file")
    others.append(opened("other").fingerprint)
    shelf.add("label", copied(shelf.path("tiny")), source="tiny", form="file")
    assert opened("label").fingerprint == usual.fingerprint
    monkeypatch.setattr("liftgate.systems.local.runtime_version", lambda: "2.0")
    others.append(opened().fingerprint)
    assert len({usual.fingerprint, *others}) == 6


def test_a_request_that_the_runtime_refuses_is_a_crash_of_the_system(opened) -> None:
    with pytest.raises(SystemFailed, match="local:tiny: boom"):
        ask(opened(), "crash")


def test_without_the_runtime_it_says_what_to_install(shelf, tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(runtime, "PACKAGE", "no-such-runtime")
    with pytest.raises(Unavailable, match="no-such-runtime, which is not installed") as caught:
        open_system("tiny", params={}, files=[], packages=[], root=tmp_path)
    assert "liftgate[local]" in caught.value.hint


def test_weights_that_changed_between_opening_and_loading_end_the_run(opened, shelf) -> None:
    system = opened()
    path = shelf.path("tiny")
    data = path.read_bytes()
    path.unlink()
    path.write_bytes(data + b"\0")
    with pytest.raises(Unavailable, match="changed while it was in use"):
        ask(system, "a")


def test_weights_that_are_not_those_that_were_added_are_refused(opened, shelf) -> None:
    path = shelf.path("tiny")
    path.unlink()
    path.write_bytes(tiny.gguf(metadata={}))
    with pytest.raises(DataError, match="its weights changed"):
        opened()


def test_a_model_larger_than_the_memory_is_refused(opened, monkeypatch) -> None:
    monkeypatch.setattr(runtime, "available_bytes", lambda: 100_000_000)
    with pytest.raises(DataError, match="does not fit: it takes about 168 MB, and 100 MB"):
        opened()


def test_a_context_beyond_the_training_is_refused(opened) -> None:
    with pytest.raises(DataError, match="got 129 tokens, expected at most 128"):
        opened(context=129)


def test_an_unknown_model_is_refused_with_the_command_that_brings_one(opened) -> None:
    with pytest.raises(UnknownName, match="no local model named 'tinny'") as caught:
        opened("tinny")
    assert "liftgate models add" in caught.value.hint


@pytest.mark.parametrize(
    ("params", "said"),
    [
        ({"max_token": 3}, "max_token"),
        ({"slots": 0}, "slots"),
        ({"temperature": -1.0}, "temperature"),
        ({"extra": {"cache_prompt": True}}, "cache_prompt"),
        ({"extra": {"max_tokens": 1}}, "max_tokens"),
        ({"kind": "completions", "messages": []}, "messages"),
        ({"base_url": "http://x"}, "base_url"),
    ],
)
def test_wrong_parameters_are_named(opened, params, said) -> None:
    with pytest.raises(BadParams, match=said):
        opened(**params)


@pytest.mark.parametrize(
    ("machine", "container", "left"),
    [
        ("MemAvailable:  2000 kB\n", None, 2_048_000),
        ("MemAvailable:  2000 kB\n", ("1000000", "400000"), 600_000),
        ("MemAvailable:  2000 kB\n", ("max", "400000"), 2_048_000),
        ("", None, None),
    ],
)
def test_the_memory_that_is_left_is_the_machines_or_the_containers(
    tmp_path, monkeypatch, machine, container, left
) -> None:
    names = [tmp_path / name for name in ("meminfo", "limit", "used")]
    for path, text in zip(names, (machine, *(container or ())), strict=False):
        path.write_text(text, encoding="ascii")
    monkeypatch.setattr(memory, "_MACHINE", names[0])
    monkeypatch.setattr(memory, "_CONTAINERS", ((str(names[1]), str(names[2])),))
    assert memory.available_bytes() == left


def test_a_form_of_the_answer_is_refused_where_the_runtime_does_not_heed_it(opened) -> None:
    form = {"type": "json_object"}
    with pytest.raises(BadParams, match=r"response_format: got one with kind completions"):
        opened(kind="completions", response_format=form)
    opened(kind="chat", response_format=form)
