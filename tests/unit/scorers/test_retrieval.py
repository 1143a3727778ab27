from __future__ import annotations

from math import log2

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from liftgate.errors import DataError, SystemFailed
from liftgate.records import Answer, Item, Missing, ScoreKind
from liftgate.scorers.retrieval import mrr, ndcg, precision, ranking_of, recall

RANKING = ["d", "b", "x", "a"]


@pytest.mark.parametrize(
    ("scorer", "target", "expected"),
    [
        (recall(k=2), ["a", "b"], 0.5),
        (recall(k=4), ["a", "b"], 1.0),
        (recall(k=2), "b", 1.0),
        (recall(k=1), "b", 0.0),
        (recall(k=100), {"a": 1, "q": 2, "x": 0}, 0.5),
        (precision(k=2), ["a", "b"], 0.5),
        (precision(k=8), ["a", "b"], 0.25),
        (mrr(), ["a", "x"], 1 / 3),
        (mrr(k=2), ["a", "x"], 0.0),
        (mrr(), "nowhere", 0.0),
        (ndcg(k=2), {"d": 1, "b": 3}, (1 + 3 / log2(3)) / (3 + 1 / log2(3))),
        (ndcg(gain="exp"), {"d": 1, "b": 3}, (1 + 7 / log2(3)) / (7 + 1 / log2(3))),
        (ndcg(), {"d": 2, "b": -1}, 1.0),
        (ndcg(k=1), {"b": 1}, 0.0),
    ],
)
def test_formulas_by_hand(score, scorer, target, expected) -> None:
    assert score(scorer, RANKING, target) == pytest.approx(expected, abs=1e-12)


def test_ties_are_ordered_by_the_greater_id_as_in_trec_eval() -> None:
    rows = [
        {"id": "a", "score": 1.0},
        {"id": "c", "score": 1},
        {"id": "b", "score": 2.0},
        {"id": "B", "score": 1.0},
    ]
    assert ranking_of(rows) == ["b", "c", "a", "B"]


def test_a_list_of_ids_is_ranked_as_it_stands() -> None:
    assert ranking_of(["a", "c", 7]) == ["a", "c", "7"]


@pytest.mark.parametrize("scorer", [recall(k=5), precision(k=5), mrr(), ndcg()])
@pytest.mark.parametrize("output", [None, []])
def test_a_missing_or_empty_ranking_scores_zero(score, scorer, output) -> None:
    assert score(scorer, output, "a") == 0.0


@pytest.mark.parametrize(
    "output",
    [
        "a",
        {"a": 1},
        ["a", "a"],
        [{"id": "a", "score": 1}, {"id": "a", "score": 2}],
        [{"id": "a"}],
        [{"id": "a", "score": "high"}],
        [{"id": "a", "score": True}],
        ["a", {"id": "b", "score": 1}],
        [["a"]],
        [1.5],
    ],
)
def test_what_is_no_ranking_is_unparsable(score, output) -> None:
    with pytest.raises(SystemFailed) as caught:
        score(recall(k=5), output, "a")
    assert caught.value.kind == "unparsable"


def test_a_label_without_a_relevant_document_is_missing_with_its_reason(score) -> None:
    assert score(mrr(), ["a"], None) == Missing("no label")
    assert score(mrr(), ["a"], {"a": 0}) == Missing("no relevant document in the label")
    assert score(mrr(), ["a"], []) == Missing("no relevant document in the label")


@pytest.mark.parametrize("target", [{"a": "high"}, [1.5], True])
def test_a_label_of_the_wrong_type_is_a_fault_of_the_data(score, target) -> None:
    with pytest.raises(DataError, match="target"):
        score(mrr(), ["a"], target)


@pytest.mark.parametrize("make", [recall, precision, mrr, ndcg])
def test_k_below_one_is_refused(make) -> None:
    with pytest.raises(DataError, match="k: got 0, expected at least 1"):
        make(k=0)


def test_an_unknown_gain_is_refused() -> None:
    with pytest.raises(DataError, match="gain: got 'log'"):
        ndcg(gain="log")


def items(*targets):
    return [Item(str(n), {"text": "q"}, target=target) for n, target in enumerate(targets)]


@pytest.mark.parametrize(
    ("scorer", "targets", "kind"),
    [
        (recall(k=5), ("a", ["b"], {"c": 2, "d": 0}), ScoreKind.BINARY),
        (recall(k=5), ("a", None), ScoreKind.BINARY),
        (recall(k=5), ("a", ["b", "c"]), ScoreKind.GRADED),
        (recall(k=5), (None, None), ScoreKind.GRADED),
        (precision(k=5), ("a",), ScoreKind.GRADED),
        (precision(k=1), ("a",), ScoreKind.BINARY),
        (mrr(), ("a",), ScoreKind.GRADED),
        (mrr(k=1), ("a",), ScoreKind.BINARY),
        (ndcg(k=1), ("a",), ScoreKind.GRADED),
    ],
)
def test_the_scale_follows_from_the_labels_and_never_from_results(scorer, targets, kind) -> None:
    scale = scorer.scale(items(*targets))
    assert (scale.kind, scale.low, scale.high) == (kind, 0.0, 1.0)


IDS = st.lists(st.sampled_from("abcdefgh"), unique=True, max_size=8)
GRADES = st.dictionaries(st.sampled_from("abcdefgh"), st.integers(-1, 4), min_size=1)
SCORERS = [recall(k=3), precision(k=3), mrr(k=3), ndcg(k=3), ndcg(gain="exp"), mrr()]


@settings(deadline=None, max_examples=60, derandomize=True)
@given(IDS, GRADES)
def test_every_score_lies_on_its_scale_and_the_ideal_ranking_is_never_beaten(
    ranking, grades
) -> None:
    item = Item("i", {"text": "q"}, target=grades)
    best = sorted(grades, key=lambda one: -grades[one])
    for scorer in SCORERS:
        got = scorer.score(Answer(ranking), item)
        ideal = scorer.score(Answer(best), item)
        if isinstance(ideal, Missing):
            assert got == ideal
        else:
            assert 0.0 <= got <= ideal <= 1.0
