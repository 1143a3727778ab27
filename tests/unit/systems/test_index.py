"""An index of embeddings: what is nearest, what it costs, and what is no vector."""

from __future__ import annotations

import asyncio
import json

import pytest

from liftgate.errors import DataError, LiftgateError
from liftgate.evals.calls import call
from liftgate.records import Failure
from liftgate.systems.index import open_system
from liftgate.systems.rag import open_system as open_rag
from liftgate.testing import Act, StubServer

VECTORS = {"north": [0, 2], "east": [3, 0], "also east": [1, 0], "south": [0, -1], "ne": [1, 1.1]}


def answer(asked):
    """Embed by the table; a number is its own bad vector."""
    given = asked.body["input"]
    rows = [VECTORS.get(text, [1, 0]) for text in given]
    if "bad" in given:
        rows = [[0, 0]]
    if "long" in given:
        rows = [[1, 2, 3]]
    data = [{"index": n, "embedding": row} for n, row in enumerate(rows)]
    usage = {"prompt_tokens": len(given), "total_tokens": len(given)}
    return Act(body=json.dumps({"data": data, "usage": usage}).encode())


@pytest.fixture
def server():
    with StubServer(answer) as serving:
        yield serving


@pytest.fixture
def passages(tmp_path):
    rows = [{"id": text, "text": text} for text in ("north", "east", "also east", "south")]
    (tmp_path / "p.jsonl").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    return tmp_path


def stage(server, **params):
    embedder = {
        "system": "openai:tiny",
        "params": {"base_url": server.url, "kind": "embeddings"},
    }
    return {"embedder": embedder, **params}


def opened(server, root, file="p.jsonl", **params):
    made = stage(server, **params)
    return open_system(file, params=made, files=[], packages=[], root=root)


def use(system, *queries):
    async def go():
        try:
            await system.start()
            return [await call(system, {"text": query}, 30.0) for query in queries]
        finally:
            await system.close()

    return asyncio.run(go())


def test_the_nearest_come_first_by_angle_and_ties_in_the_order_of_the_file(server, passages):
    (made,) = use(opened(server, passages, k=3, batch=3), "ne")
    found = made.answer.output
    assert [one["id"] for one in found] == ["north", "east", "also east"]
    assert found[0]["score"] == pytest.approx(1.1 / (1 + 1.1**2) ** 0.5)
    assert found[1]["score"] == found[2]["score"]
    # Two batches of passages, then the query; the query's tokens alone are the call's.
    assert [len(one.body["input"]) for one in server.asked] == [3, 1, 1]
    assert made.answer.tokens_in == 1
    assert made.reported["calls"][0]["system"] == "openai:tiny"


def test_passages_are_embedded_once(server, passages):
    made = use(opened(server, passages, k=1), "east", "north", "south")
    assert [one.answer.output[0]["id"] for one in made] == ["east", "north", "south"]
    assert len(server.asked) == 1 + 3


def test_it_is_a_retriever_whose_embedder_is_priced_by_its_own_name(server, passages):
    (passages / "index_stage.py").write_text(
        "def write():\n    return lambda parts: parts['context']\n", encoding="utf-8"
    )
    params = {
        "retriever": {"system": "index:p.jsonl", "params": stage(server, k=2)},
        "generator": {"system": "python:index_stage:write"},
        "join": "+",
    }
    system = open_rag("any", params=params, files=[], packages=[], root=passages)
    (made,) = use(system, "ne")
    assert made.answer.output == "north+east"
    (paid,) = made.reported["calls"]
    assert (paid["stage"], paid["system"]) == ("retriever", "openai:tiny")


@pytest.mark.parametrize(("query", "told"), [("bad", "length 0"), ("long", "got 3 numbers")])
def test_what_is_no_vector_is_unparsable(server, passages, query, told):
    (made,) = use(opened(server, passages), query)
    assert (made.failure, told in made.message) == (Failure.UNPARSABLE, True), made.message


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "no passages"),
        ("{", "p.jsonl:1: no JSON"),
        ('{"id": 1}', "p.jsonl:1: expected"),
        ('{"id": 1, "text": "a"}\n{"id": "1", "text": "b"}', "p.jsonl:2: the id '1' is there"),
    ],
)
def test_a_wrong_file_is_refused_with_its_line(server, passages, text, told):
    (passages / "p.jsonl").write_text(text, encoding="utf-8")
    with pytest.raises(DataError, match=told):
        opened(server, passages)


def test_passages_that_cannot_be_embedded_end_the_run(server, passages):
    (passages / "p.jsonl").write_text('{"id": 1, "text": "bad"}', encoding="utf-8")
    with pytest.raises(DataError, match="embedding the passages failed: got a vector of length 0"):
        use(opened(server, passages), "north")


def test_its_fingerprint_follows_the_passages_and_all_parameters(server, passages):
    first = opened(server, passages).fingerprint
    assert first == opened(server, passages).fingerprint
    # Texts that are embedded together may come out in other last digits.
    assert first != opened(server, passages, batch=1).fingerprint
    assert first != opened(server, passages, k=3).fingerprint
    (passages / "p.jsonl").write_text('{"id": 1, "text": "north"}', encoding="utf-8")
    assert first != opened(server, passages).fingerprint
    with pytest.raises(LiftgateError):
        opened(server, passages, embeder={})
