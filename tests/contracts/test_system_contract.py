"""What every system does, whoever wrote it: run over all that are registered."""

from __future__ import annotations

import asyncio
import json
import sys

import pytest

from liftgate import plugins
from liftgate.canon import digest
from liftgate.errors import LiftgateError
from liftgate.evals.calls import call
from liftgate.models.shelf import Shelf, copied
from liftgate.protocols import Identified, Startable, System
from liftgate.records import Answer, Failure
from liftgate.testing import Act, StubServer
from tests.unit.models import fake_runtime, tiny

PYTHON = """
import time


class Sut:
    def __init__(self, suffix):
        self.suffix = suffix

    def __call__(self, parts):
        if parts["text"] == "crash":
            raise RuntimeError("boom")
        if parts["text"] == "hang":
            time.sleep(1)
        return [parts["text"] + self.suffix]

    def measure(self):
        return {"size_mb": 1.5}


def make(suffix="!"):
    return Sut(suffix)


def find():
    return lambda parts: ["a passage about " + parts["text"]]


def embed(suffix="!"):
    sut = Sut(suffix)

    def vectors(parts):
        said = [t if t[-1] in "!?" else sut({"text": t})[0] for t in parts["text"]]
        return [[float(t[-1] == "!"), float(t[-1] == "?")] for t in said]

    return vectors
"""
PROCESS = """
import json, sys, time
params = json.loads(sys.stdin.readline())["params"]
if set(params) - {"suffix"}:
    print(json.dumps({"error": "unknown parameter"}), flush=True)
    sys.exit(1)
print(json.dumps({"ready": True, "measures": {"size_mb": 1.5}}), flush=True)
for line in sys.stdin:
    asked = json.loads(line)
    text = asked["input"]["text"]
    if text == "crash":
        sys.exit("boom")
    if text == "hang":
        time.sleep(1)
    said = {"id": asked["id"], "output": [text + params.get("suffix", "!")]}
    print(json.dumps(said), flush=True)
"""
FORM = {"type": "json_object"}


def act(asked):
    if asked.text.startswith("crash"):
        return Act(status=400, body=b"boom")
    return Act(json.dumps([asked.text]), never=asked.text.startswith("hang"))


def served(params):
    """Translate the contract's parameters into those of a model behind HTTP."""
    suffix = params.pop("suffix", "!")
    return {
        "base_url": SERVER[0].url,
        "prompt": "{text}" + suffix,
        "response_format": FORM,
        **params,
    }


def embedded(params):
    return {"prompt": "{text}" + params.pop("suffix", "!"), "response_format": FORM, **params}


def staged(params):
    """Give the contract's parameters to the second stage."""
    return {
        "retriever": {"system": "python:contract_sut:find"},
        "generator": {"system": "python:contract_sut:make", "params": params},
    }


def indexed(params):
    """Give the contract's parameters to the embedder."""
    embedder = {"system": "python:contract_sut:embed", "params": params}
    return {"embedder": embedder, "k": 1}


SERVER = []
EXAMPLES = {
    "python": ("contract_sut:make", dict, "contract_sut:mak"),
    "process": (f"{sys.executable} contract_process.py", dict, "no-such-program"),
    "openai": ("tiny", served, None),
    "local": ("tiny", embedded, "no-such-model"),
    "rag": ("both", staged, None),
    "index": ("contract_passages.jsonl", indexed, "no-such-file.jsonl"),
}
"""Name -> what stands behind it, what the contract's parameters are there, and what cannot stand
there; the system must know ``suffix``, ``crash`` and ``hang``."""
MEASURES_NOTHING = {"openai"}


@pytest.fixture(scope="module", autouse=True)
def server():
    with StubServer(act) as serving:
        SERVER[:] = [serving]
        yield


@pytest.fixture(params=plugins.names("systems"))
def opened(request, tmp_path, monkeypatch):
    assert request.param in EXAMPLES, f"give {request.param} an example in this file"
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.setenv("LIFTGATE_MODELS", str(tmp_path / "models"))
    fake_runtime.install(monkeypatch)
    weights = tiny.write(tmp_path / "tiny.gguf", metadata={})
    Shelf.locate().add("tiny", copied(weights), source="tiny", form="file")
    (tmp_path / "contract_sut.py").write_text(PYTHON, encoding="utf-8")
    (tmp_path / "contract_process.py").write_text(PROCESS, encoding="utf-8")
    passages = [json.dumps({"id": text, "text": text}) for text in ("q!", "q?")]
    (tmp_path / "contract_passages.jsonl").write_text("\n".join(passages), encoding="utf-8")
    sys.modules.pop("contract_sut", None)
    usual, translated, wrong = EXAMPLES[request.param]

    def again(*, params=None, files=(), packages=(), rest=usual):
        return plugins.load("systems", request.param)(
            rest,
            params=translated(dict(params or {})),
            files=files,
            packages=packages,
            root=tmp_path,
        )

    again.plugin, again.wrong = request.param, wrong
    return again


def plainly(answer):
    """Return an answer, of passages their texts."""
    return [one["text"] if isinstance(one, dict) else one for one in answer.output]


def use(system, ask):
    async def go():
        if isinstance(system, Startable):
            await system.start()
        try:
            return await ask(system)
        finally:
            await system.close()

    return asyncio.run(go())


def test_it_has_the_shape_of_a_system(opened) -> None:
    system = opened()
    assert isinstance(system, System)
    assert system.concurrency >= 1
    asyncio.run(system.close())


def test_its_fingerprint_is_a_digest_that_follows_its_parameters(opened) -> None:
    first, same, other = opened(), opened(), opened(params={"suffix": "?"})
    assert first.fingerprint == same.fingerprint != other.fingerprint
    assert first.fingerprint.startswith("sha256:")
    assert len(first.fingerprint) == 71


def test_it_answers_with_json_every_time(opened) -> None:
    async def ask(system):
        return [await system.answer({"text": "q"}) for _ in range(3)]

    answers = use(opened(params={"suffix": "?"}), ask)
    assert all(isinstance(answer, Answer) for answer in answers)
    assert [json.dumps(plainly(answer)) for answer in answers] == ['["q?"]'] * 3


def test_a_crash_is_an_outcome_and_the_system_goes_on(opened) -> None:
    async def ask(system):
        return [await call(system, {"text": text}, 30.0) for text in ("crash", "q")]

    crashed, fine = use(opened(), ask)
    assert (crashed.failure, crashed.answer) == (Failure.CRASH, None)
    assert "boom" in crashed.message
    assert fine.failure is None


def test_a_hang_is_an_outcome_and_the_next_call_is_answered(opened) -> None:
    async def ask(system):
        return [
            await call(system, {"text": text}, limit) for text, limit in (("hang", 0.05), ("q", 30))
        ]

    hung, fine = use(opened(), ask)
    assert hung.failure is Failure.TIMEOUT
    assert plainly(fine.answer) == ["q!"]


def test_its_measures_are_finite_numbers_by_name(opened) -> None:
    async def ask(system):
        return dict(system.measure())

    found = use(opened(), ask)
    assert bool(found) == (opened.plugin not in MEASURES_NOTHING)
    assert all(isinstance(name, str) and isinstance(v, float) for name, v in found.items())


def test_it_may_be_closed_twice(opened) -> None:
    async def ask(system):
        await system.close()

    use(opened(), ask)


@pytest.mark.parametrize("wrong", [{"params": {"sufix": "?"}}, {"files": ["gone"]}, {"rest": None}])
def test_what_cannot_be_opened_or_started_is_an_error_for_the_caller(opened, wrong) -> None:
    if "rest" in wrong:
        if opened.wrong is None:
            return  # any text may be a model's name
        wrong = {"rest": opened.wrong}

    async def ask(system):
        return None

    with pytest.raises(LiftgateError):
        use(opened(**wrong), ask)


def test_what_its_fingerprint_is_made_of_can_be_told(opened) -> None:
    system = opened(params={"suffix": "?"})
    assert isinstance(system, Identified)
    assert digest(system.identity) == system.fingerprint
