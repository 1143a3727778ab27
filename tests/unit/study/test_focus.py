"""What a scorer looks at: a part of the target, or what was retrieved."""

from __future__ import annotations

import pytest

from liftgate.errors import DataError, SystemFailed
from liftgate.records import Answer, Item, Missing, ScoreKind, Step, StepKind, Trace
from liftgate.scorers.exact import exact
from liftgate.scorers.retrieval import mrr, recall
from liftgate.study.focus import FocusedScorer

ITEM = Item("q1", {"text": "q"}, target={"answer": "yes", "documents": ["a", "b"]})


def traced(*outputs):
    steps = [Step(StepKind.RETRIEVAL, output=output) for output in outputs]
    return Answer("yes", trace=Trace((Step(StepKind.TOOL, output=["c"]), *steps)))


def test_a_part_of_the_target_is_the_label() -> None:
    scorer = FocusedScorer(exact(), "answer")
    assert scorer.score(Answer("yes"), ITEM) == 1.0
    assert scorer.score(Answer("no"), ITEM) == 0.0
    assert isinstance(FocusedScorer(exact(), "none").score(Answer("yes"), ITEM), Missing)
    assert isinstance(scorer.score(Answer("yes"), Item("x", {})), Missing)
    assert not scorer.needs_trace
    with pytest.raises(DataError, match="expected a mapping with 'answer'"):
        scorer.score(Answer("yes"), Item("x", {}, target="yes"))


def test_the_retrieval_is_scored_as_if_it_were_the_answer() -> None:
    passages = [{"id": "x", "text": "…"}, {"id": "b", "text": "…"}]
    scorer = FocusedScorer(recall(k=2), "documents", retrieval=True)
    assert scorer.needs_trace
    assert scorer.score(traced(passages), ITEM) == 0.5
    first = FocusedScorer(mrr(), "documents", retrieval=True)
    assert first.score(traced(passages), ITEM) == 0.5
    # The passages of a second search come behind, and what was found twice counts once.
    assert scorer.score(traced([{"id": "x"}], ["x", "a"]), ITEM) == 0.5
    assert first.version == mrr().version


def test_the_scale_follows_the_labels_that_are_seen() -> None:
    one = Item("q", {}, target={"answer": "yes", "documents": ["a"]})
    scorer = FocusedScorer(recall(k=2), "documents", retrieval=True)
    assert scorer.scale([one]).kind is ScoreKind.BINARY
    assert scorer.scale([one, ITEM]).kind is ScoreKind.GRADED


@pytest.mark.parametrize(
    "answer",
    [
        Answer("yes"),
        Answer("yes", trace=Trace((Step(StepKind.TOOL, output=["a"]),))),
        traced("a"),
        traced([{"text": "no id"}]),
        traced([True]),
    ],
)
def test_an_answer_without_a_retrieval_is_unparsable_for_it_and_for_no_other(answer) -> None:
    scorer = FocusedScorer(recall(k=2), "documents", retrieval=True)
    with pytest.raises(SystemFailed) as caught:
        scorer.score(answer, ITEM)
    assert caught.value.kind == "unparsable"
    assert FocusedScorer(exact(), "answer").score(answer, ITEM) == 1.0
