"""A new study passes lint at once, whatever its author answers."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from liftgate.errors import DataError, StudyError
from liftgate.study.lint import lint
from liftgate.study.load import loads
from liftgate.study.scaffold import Answers, scaffold


def test_a_new_study_has_neither_faults_nor_warnings() -> None:
    study = loads(scaffold(Answers("mine", 0.05)))
    found = lint(study)
    assert (found.faults, found.warnings) == ((), ())
    assert study.study == "mine"
    assert study.claims()[0].params["target"] == 0.05


def test_a_new_study_plans_to_look_early() -> None:
    study = loads(scaffold(Answers("mine", 0.05)))
    assert (study.stopping.plan, study.stopping.looks) == ("planned-looks", 5)


def test_the_answers_stand_in_the_study() -> None:
    answers = Answers(
        "mine", 0.1, "It: 'is' # \"better\"\n", "no", "a b.jsonl", "python:a:b", "python:a:c"
    )
    study = loads(scaffold(answers))
    assert study.hypothesis == answers.hypothesis
    assert study.owner == "no"
    assert study.dataset.source == "a b.jsonl"
    assert study.arm("baseline").system == "python:a:b"
    assert study.arm("candidate").system == "python:a:c"


@settings(deadline=None, derandomize=True, max_examples=50)
@given(hypothesis=st.text(min_size=1), gain=st.floats(min_value=1e-300, max_value=1e300))
def test_any_text_and_any_gain_survive(hypothesis: str, gain: float) -> None:
    study = loads(scaffold(Answers("mine", gain, hypothesis)))
    assert study.hypothesis == hypothesis
    assert study.claims()[0].params["target"] == gain


@pytest.mark.parametrize("gain", [0.0, -1.0, float("nan"), float("inf")])
def test_the_gain_must_be_worth_something(gain: float) -> None:
    with pytest.raises(DataError, match="expected a gain above 0"):
        scaffold(Answers("mine", gain))


def test_an_answer_that_does_not_fit_is_refused() -> None:
    with pytest.raises(StudyError) as caught:
        scaffold(Answers("my study", 0.05))
    assert [fault.path for fault in caught.value.faults] == ["study"]


def test_every_comment_is_meant_for_the_author() -> None:
    text = scaffold(Answers("mine", 0.05))
    assert text.count("#") > 8
    assert "TODO" not in text
