"""Systems of two stages: what each sees, what is kept of it, and whose fault a failure is."""

from __future__ import annotations

import asyncio

import pytest

from liftgate.errors import DataError, LiftgateError, SystemFailed, Unavailable
from liftgate.evals.calls import call
from liftgate.evals.prices import Price, Prices
from liftgate.protocols import Composed, Metered, Staged
from liftgate.records import Failure, StepKind, Trial
from liftgate.study.params import BadParams
from liftgate.systems.rag import open_system, passages_of
from liftgate.testing import Act, StubServer

STAGES = """
from liftgate import Answer, Refused


def find(output=None):
    def retrieve(parts):
        if parts.get("text") == "crash":
            raise RuntimeError("no index")
        return output if output is not None else [
            {"id": "low", "text": "second", "score": 0.1},
            {"id": "high", "text": "first", "score": 0.9},
        ]
    return retrieve


def write(cost=None):
    def answer(parts):
        if parts["text"] == "boom":
            raise ValueError("no words")
        if parts["text"] == "refuse":
            raise Refused("I will not")
        return Answer(parts["context"], 7, 3, cost)
    return answer
"""


@pytest.fixture
def opened(tmp_path):
    (tmp_path / "rag_stages.py").write_text(
        STAGES.replace(
            "from liftgate import Answer, Refused",
            "from liftgate import Answer\n"
            "from liftgate.errors import SystemFailed\n\n\n"
            "def Refused(text):\n    return SystemFailed(text, kind='refusal')\n",
        ),
        encoding="utf-8",
    )

    def make(*, find=None, write=None, generator=None, retriever=None, name="any", **params):
        made = {
            "retriever": retriever or {"system": "python:rag_stages:find", "params": find or {}},
            "generator": generator or {"system": "python:rag_stages:write", "params": write or {}},
            **params,
        }
        return open_system(name, params=made, files=[], packages=[], root=tmp_path)

    return make


def use(system, parts, timeout_s=30.0):
    async def go():
        try:
            return await call(system, parts, timeout_s)
        finally:
            await system.close()

    return asyncio.run(go())


def test_the_generator_sees_the_texts_and_the_trace_holds_both_stages(opened) -> None:
    system = opened(join=" | ")
    assert isinstance(system, Staged)
    assert isinstance(system, Composed)
    assert not isinstance(system, Metered)
    made = use(system, {"text": "q"})
    assert made.answer.output == "first | second"
    found, said = made.answer.trace.steps
    assert (found.kind, found.name) == (StepKind.RETRIEVAL, "python:rag_stages:find")
    assert [(one["id"], one["text"], one["score"]) for one in found.output] == [
        ("high", "first", 0.9),
        ("low", "second", 0.1),
    ]
    assert (said.kind, said.name) == (StepKind.GENERATION, "python:rag_stages:write")
    # What the generator was given beside the passages; they stand in the step before.
    assert said.input == {"text": "q"}
    assert (said.output, said.tokens_in, said.tokens_out) == ("first | second", 7, 3)
    assert found.seconds > 0 < said.seconds
    assert (made.answer.tokens_in, made.answer.tokens_out) == (7, 3)


def test_only_the_first_passages_are_given_and_all_are_kept(opened) -> None:
    made = use(opened(top=1), {"text": "q"})
    assert made.answer.output == "first"
    assert len(made.answer.trace.steps[0].output) == 2


def test_a_counterfactual_is_the_generator_s_own_input(opened) -> None:
    system = opened(top=1, join="; ")
    assert system.with_context({"text": "q"}, ["a", "b"]) == {"text": "q", "context": "a; b"}


@pytest.mark.parametrize(
    ("text", "kind", "told", "steps"),
    [
        ("crash", Failure.CRASH, "retriever: RuntimeError: no index", ["retrieval"]),
        ("boom", Failure.CRASH, "generator: ValueError: no words", ["retrieval", "generation"]),
        ("refuse", Failure.REFUSAL, "generator: I will not", ["retrieval", "generation"]),
    ],
)
def test_a_failure_names_its_stage_and_keeps_what_was_done(opened, text, kind, told, steps) -> None:
    system = opened()

    async def go():
        with pytest.raises(SystemFailed) as caught:
            await system.answer({"text": text})
        await system.close()
        return caught.value

    error = asyncio.run(go())
    assert (error.kind, str(error)) == (kind.value, told)
    assert [step.kind.value for step in error.trace.steps] == steps
    assert error.trace.steps[-1].error == told.partition(": ")[2]


@pytest.mark.parametrize(
    "output", ["text", 7, [{"id": "a"}], [["x"]], [{"text": "a", "score": "high"}], {"a": "b"}]
)
def test_what_is_no_list_of_passages_is_the_retriever_s_unparsable_answer(opened, output) -> None:
    made = use(opened(find={"output": output}), {"text": "q"})
    assert made.failure is Failure.UNPARSABLE
    assert made.message.startswith("retriever: got ")


def test_a_text_without_an_id_is_known_by_its_content_and_order_needs_every_score() -> None:
    one, other, same = passages_of(["a", "b", "a"])
    assert one.id == same.id != other.id
    listed = passages_of([{"text": "a", "score": 0.1}, {"text": "b"}])
    assert [passage.text for passage in listed] == ["a", "b"]
    assert passages_of([]) == []


def test_the_retriever_sees_the_query_alone_and_a_taken_part_is_refused(opened) -> None:
    seen = use(opened(query="text"), {"text": "q", "style": "kind"})
    assert seen.answer.trace.steps[0].input == {"text": "q"}
    assert seen.answer.trace.steps[1].input == {"text": "q", "style": "kind"}
    for parts, told in (({"context": "mine", "text": "q"}, "has a part 'context'"),
                        ({"style": "kind"}, "no part 'text'")):  # fmt: skip
        made = use(opened(query="text"), parts)
        assert (made.failure, told in made.message) == (Failure.CRASH, True), made.message


def test_its_fingerprint_follows_both_stages_and_not_its_name(opened) -> None:
    first = opened()
    assert first.fingerprint == opened(name="other").fingerprint
    others = {
        first.fingerprint,
        opened(find={"output": ["x"]}).fingerprint,
        opened(write={"cost": 1.0}).fingerprint,
        opened(top=1).fingerprint,
        opened(join=" ").fingerprint,
    }
    assert len(others) == 5
    # A stage's own parameters stand in the identity, so that a change of one can be named.
    assert first.identity["generator"]["attribute"] == "write"


@pytest.mark.parametrize(
    ("params", "path"),
    [
        ({"generator": {"system": "openai:m", "params": {"temprature": 1}}}, "generator.params"),
        ({"generator": {"system": "python"}}, "generator"),
        ({"generator": {"system": "python:rag_stages:write", "parms": {}}}, "generator"),
        ({"top": 0}, "top"),
        ({"tops": 1}, "tops"),
    ],
)
def test_wrong_parameters_are_named_with_their_stage(opened, params, path) -> None:
    with pytest.raises(BadParams) as caught:
        opened(**params)
    paths = [".".join(map(str, problem.path)) for problem in caught.value.problems]
    assert any(found.startswith(path) for found in paths), paths


@pytest.mark.parametrize("system", ["nowhere:x", "python:rag_stages:gone"])
def test_a_stage_that_cannot_be_opened_is_named(opened, system) -> None:
    with pytest.raises(LiftgateError, match=r"^retriever: no "):
        opened(retriever={"system": system})


def behind(server, **params):
    return {"system": "openai:tiny", "params": {"base_url": server.url, **params}}


def test_the_calls_of_both_stages_are_priced_by_their_own_models(opened) -> None:
    with StubServer(lambda asked: Act('["found"]')) as server:
        retriever = behind(server, response_format={"type": "json_object"})
        system = opened(
            retriever={**retriever, "system": "openai:small"},
            generator=behind(server, prompt="{context}: {text}", stream=True),
        )
        made = use(system, {"text": "q"})
    assert server.asked[1].text == "found: q"
    calls = made.reported["calls"]
    assert [(one["stage"], one["system"]) for one in calls] == [
        ("retriever", "openai:small"),
        ("generator", "openai:tiny"),
    ]
    # Its first token comes after the retrieval.
    first = made.reported["first_token_s"]
    assert first > made.answer.trace.steps[0].seconds
    trial = Trial("k", 1, "r", "a", "d", 0, made.started_at, 1.0, "o", reported=made.reported)
    since = made.started_at.date()
    rows = (Price("tiny", since, 1e6, 0.0, 1e6), Price("small", since, 1e9, 0.0, 1e9))
    small, tiny = (one["usage"]["prompt_tokens"] for one in calls)
    assert Prices("EUR", rows).cost("rag:any", trial) == pytest.approx(1000 * small + tiny)
    assert Prices("EUR", rows[:1]).cost("rag:any", trial) is None


def test_a_stage_s_own_word_on_its_cost_is_the_answer_s(opened) -> None:
    made = use(opened(write={"cost": 0.25}), {"text": "q"})
    assert made.answer.cost == 0.25
    # A plain function that says nothing of tokens or money is no call that has a price.
    assert [one["stage"] for one in made.reported["calls"]] == ["generator"]
    assert use(opened(), {"text": "q"}).answer.cost is None


def test_an_endpoint_that_no_call_can_mend_ends_the_run(opened) -> None:
    body = b'{"error": {"message": "no"}}'
    with StubServer(lambda asked: Act(status=401, body=body)) as server:
        system = opened(generator=behind(server, prompt="{context}"))
        with pytest.raises(Unavailable):
            use(system, {"text": "q"})


def test_a_refusal_of_the_generator_is_paid_for(opened) -> None:
    with StubServer(lambda asked: Act(message={"refusal": "no"})) as server:
        made = use(opened(generator=behind(server, prompt="{context}")), {"text": "q"})
    assert (made.failure, made.message) == (Failure.REFUSAL, "generator: no")
    assert made.reported["calls"][0]["usage"]["prompt_tokens"] > 0


def test_measures_stand_under_their_stage(opened, tmp_path) -> None:
    (tmp_path / "rag_index.py").write_text(
        "def find():\n"
        "    answer = lambda parts: ['x']\n"
        "    answer.measure = lambda: {'index_mb': 12.5}\n"
        "    return answer\n"
    )
    system = opened(retriever={"system": "python:rag_index:find"})

    async def go():
        await system.start()
        found = dict(system.measure())
        await system.close()
        return found

    assert asyncio.run(go()) == {"retriever_index_mb": 12.5}


def test_a_part_that_the_item_lacks_is_an_error_of_the_study(opened) -> None:
    system = opened(query="question")
    with pytest.raises(DataError, match="no part 'question', only: text"):
        asyncio.run(system.answer({"text": "q"}))
