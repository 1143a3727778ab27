"""What every system does, whoever wrote it: run over all that are registered."""

from __future__ import annotations

import asyncio
import json
import sys

import pytest

from liftgate import plugins
from liftgate.errors import LiftgateError
from liftgate.evals.calls import call
from liftgate.protocols import Startable, System
from liftgate.records import Answer, Failure

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
"""
EXAMPLES = {"python": "contract_sut:make"}
"""Name -> what stands behind it; the system must know ``suffix``, ``crash`` and ``hang``."""


@pytest.fixture(params=plugins.names("systems"))
def opened(request, tmp_path, monkeypatch):
    assert request.param in EXAMPLES, f"give {request.param} an example in this file"
    monkeypatch.setattr(sys, "path", list(sys.path))
    (tmp_path / "contract_sut.py").write_text(PYTHON, encoding="utf-8")
    sys.modules.pop("contract_sut", None)

    def again(*, params=None, files=(), packages=(), rest=EXAMPLES[request.param]):
        return plugins.load("systems", request.param)(
            rest, params=params or {}, files=files, packages=packages, root=tmp_path
        )

    return again


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
    assert [json.dumps(answer.output) for answer in answers] == ['["q?"]'] * 3


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
    assert fine.answer == Answer(["q!"])


def test_its_measures_are_finite_numbers_by_name(opened) -> None:
    async def ask(system):
        return dict(system.measure())

    found = use(opened(), ask)
    assert found
    assert all(isinstance(name, str) and isinstance(v, float) for name, v in found.items())


def test_it_may_be_closed_twice(opened) -> None:
    async def ask(system):
        await system.close()

    use(opened(), ask)


@pytest.mark.parametrize(
    "wrong", [{"params": {"sufix": "?"}}, {"files": ["gone"]}, {"rest": "contract_sut:mak"}]
)
def test_what_cannot_be_opened_is_an_error_for_the_caller(opened, wrong) -> None:
    with pytest.raises(LiftgateError):
        opened(**wrong)
