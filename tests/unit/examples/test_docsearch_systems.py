"""Ranking, fusing and pooling, on numbers small enough to check by hand."""

from __future__ import annotations

import numpy as np
import pytest

from examples.docsearch import demo, embed, systems
from examples.docsearch.rest import Section


class Fixed:
    """A search that always ranks alike."""

    def __init__(self, ranking: list[int], size: float) -> None:
        self.ranking, self.size = ranking, size

    def rank(self, query: str, depth: int) -> list[int]:
        return self.ranking[:depth]

    def measure(self) -> dict[str, float]:
        return {"index_mb": self.size}


def test_the_best_come_first_and_ties_in_order_of_place() -> None:
    assert systems.best(np.array([0.1, 0.5, 0.5, 0.9, 0.1]), 4) == [3, 1, 2, 0]


def test_fusion_adds_reciprocal_ranks() -> None:
    # 2: 1/61 + 1/62; 1: 1/62 + 1/63; 5: 1/61; 4: 1/63
    assert systems.fuse([[2, 1, 4], [5, 2, 1]], 10) == [2, 1, 5, 4]
    assert systems.fuse([[2, 1, 4], [5, 2, 1]], 2) == [2, 1]


def test_fusion_breaks_ties_in_corpus_order_and_takes_empty_rankings() -> None:
    assert systems.fuse([[7], [3]], 10) == [3, 7]
    assert systems.fuse([[], []], 10) == []


def test_a_fused_search_asks_its_members_and_adds_up_their_memory() -> None:
    search = systems.Fusion([Fixed([0, 1], 1.5), Fixed([1, 2], 2.0)])
    assert search.rank("anything", 3) == [1, 0, 2]
    assert search.measure() == {"index_mb": 3.5}


def test_an_answer_is_the_ids_of_the_k_best_sections() -> None:
    sections = [Section("a.txt", number, "", "") for number in (1, 2, 3)]
    answering = systems.Answering(sections, Fixed([2, 0, 1], 0.0), k=2)
    assert answering({"query": "anything"}) == ["a.txt#3", "a.txt#1"]
    with pytest.raises(ValueError, match="got 0, expected at least 1"):
        systems.Answering(sections, Fixed([], 0.0), k=0)


def test_words_are_lower_case_runs_of_word_characters() -> None:
    assert systems.words("The QuerySet.select_related() API") == [
        "the",
        "queryset",
        "select_related",
        "api",
    ]


def test_pooling_is_the_unit_mean_of_the_tokens_that_count() -> None:
    states = np.array([[1.0, 0.0], [3.0, 8.0], [99.0, 99.0]], dtype=np.float32)
    pooled = embed.pool(states, np.array([1, 1, 0]))
    np.testing.assert_allclose(pooled, np.array([2.0, 4.0]) / np.hypot(2.0, 4.0), rtol=1e-6)


def test_pooling_nothing_gives_zeros_and_no_nan() -> None:
    assert embed.pool(np.zeros((2, 3), dtype=np.float32), np.array([0, 0])).tolist() == [0, 0, 0]


def test_an_index_is_known_by_its_texts() -> None:
    assert embed.index_key(["a", "b"]) == embed.index_key(["a", "b"])
    assert len({embed.index_key(t) for t in (["a", "b"], ["b", "a"], ["ab"], [])}) == 4


@pytest.fixture
def counting(tmp_path, monkeypatch):
    """An encoder that counts its texts and gives up after a while."""
    read: list[str] = []

    class Encoder:
        patience = 99

        def __call__(self, text: str):
            if len(read) >= self.patience:
                raise KeyboardInterrupt
            read.append(text)
            return np.array([float(len(text)), 1.0], dtype=np.float32)

    monkeypatch.setattr(embed, "BUILD", tmp_path)
    monkeypatch.setattr(embed, "CHUNK", 2)
    monkeypatch.setattr(embed, "Encoder", Encoder)
    monkeypatch.setattr(embed.os, "cpu_count", lambda: 1)
    return Encoder, read


def test_an_index_that_was_stopped_goes_on_where_it_was(counting, tmp_path) -> None:
    encoder, read = counting
    texts = ["a", "bb", "ccc", "dddd", "eeeee"]
    encoder.patience = 3
    with pytest.raises(KeyboardInterrupt):
        embed.index(texts)
    assert read == ["a", "bb", "ccc"]
    encoder.patience = 99
    assert embed.index(texts)[:, 0].tolist() == [1, 2, 3, 4, 5]
    assert read[3:] == ["ccc", "dddd", "eeeee"]
    assert [path.suffix for path in tmp_path.iterdir()] == [".npy"]


def test_an_index_is_computed_once(counting) -> None:
    _, read = counting
    first = embed.index(["a", "bb", "ccc"])
    assert embed.index(["a", "bb", "ccc"]).tolist() == first.tolist()
    assert len(read) == 3


def test_a_model_file_that_is_not_the_pinned_one_is_refused(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(embed, "BUILD", tmp_path)
    with pytest.raises(FileNotFoundError, match=r"model\.onnx is not there yet"):
        embed.model_file(embed.MODEL)
    (tmp_path / embed.MODEL).write_bytes(b"another model")
    with pytest.raises(ValueError, match=r"model\.onnx: got sha256:.*expected sha256:8199"):
        embed.model_file(embed.MODEL)


@pytest.mark.parametrize(("code", "word"), [(0, "SHIP"), (1, "HOLD"), (4, "INCONCLUSIVE")])
def test_a_demonstration_that_decided_names_the_decision(code: int, word: str) -> None:
    assert demo.outcome(code, f'{{"exit_code": {code}}}') == word


@pytest.mark.parametrize(
    ("code", "answer"),
    [
        (1, "Traceback: something broke"),
        (1, '{"exit_code": 2}'),
        (2, '{"exit_code": 2}'),
        (0, "[]"),
    ],
)
def test_a_crash_is_not_taken_for_a_hold(code: int, answer: str) -> None:
    assert demo.outcome(code, answer) is None
