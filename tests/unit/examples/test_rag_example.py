"""The questions of the RAG example, its passages, and its search without a model."""

from __future__ import annotations

import json

import pytest

from examples.rag import demo, prepare, signatures, systems


@pytest.fixture(scope="module")
def found():
    return signatures.functions()


@pytest.fixture
def functions(found, monkeypatch):
    """Return what is read of the packages, once for all tests: it takes a second."""
    monkeypatch.setattr(signatures, "functions", lambda: found)
    return found


def test_a_question_gives_what_its_passage_does_not_hold_and_asks_what_it_does(functions) -> None:
    known = {one.name: one for one in functions}
    for item in signatures.items():
        one = known[item.id]
        name, _, default = item.target["answer"].partition("=")
        assert f"{name}={default}" in one.passage
        assert one.described not in one.passage
        assert "<" not in one.signature, "an address, another one in every process"
        assert item.input["query"] == f"{one.parameter} {one.described}"
        assert item.target["documents"] == [one.name]


def test_the_draw_takes_few_of_one_module_and_depends_on_no_order(functions, monkeypatch) -> None:
    first = signatures.items()
    monkeypatch.setattr(signatures, "functions", lambda: functions[::-1])
    second = signatures.items()
    assert [item.id for item in first] == [item.id for item in second]
    assert len(first) == signatures.ITEMS
    modules = [item.cluster for item in first]
    assert max(modules.count(one) for one in modules) <= signatures.OF_ONE_MODULE


def test_rare_words_count_more_only_where_that_is_asked(tmp_path, monkeypatch) -> None:
    path = tmp_path / "build" / "passages.jsonl"
    for module in (systems, prepare):
        monkeypatch.setattr(module, "PASSAGES", path)
    monkeypatch.setattr(
        prepare,
        "functions",
        lambda: [
            signatures.Function(f"m.f{n}", "m", "(x)", text, "", "x", "1")
            for n, text in enumerate(["array of zeros", "array of ones", "array of zeta"])
        ],
    )
    prepare.main()
    assert [json.loads(line)["id"] for line in path.read_text().splitlines()] == [
        "m.f0",
        "m.f1",
        "m.f2",
    ]
    [common], [rare] = (systems.weighted()({"text": [word]}) for word in ("array", "zeta"))
    assert max(common) < max(rare)
    [common], [rare] = (systems.counted()({"text": [word]}) for word in ("array", "zeta"))
    assert max(common) == max(rare) == 1.0


def test_a_text_without_words_still_has_a_vector() -> None:
    [vector] = systems.counted()({"text": "…"})
    assert sum(vector) == 1.0


@pytest.mark.parametrize(
    ("code", "answer", "valid"),
    [
        (4, '{"exit_code": 4}', True),
        (1, '{"exit_code": 0}', False),
        (1, "Traceback", False),
        (3, '{"exit_code": 3}', False),
    ],
)
def test_only_a_decision_that_is_there_counts_as_one(code, answer, valid) -> None:
    assert (demo.decided(code, answer) is not None) is valid
