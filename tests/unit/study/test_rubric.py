"""Rubric files: what is read, and what is refused with its place."""

from __future__ import annotations

from pathlib import Path

import pytest

from liftgate.errors import StudyError, UnknownName
from liftgate.records import RubricKind, RubricUnit, Shown
from liftgate.study.rubric import built_in_rubrics, find_rubric, load_rubric, loads_rubric

HERE = Path(__file__).parent
TONE = """\
liftgate: 1
rubric: tone
version: "1"
source: decided by the support team
question: Is the tone fit for a customer?
scale:
  kind: ordinal
  anchors:
    - value: 1
      label: rude
      meaning: It would offend.
      key: r
    - value: 2
      label: dry
      meaning: It is cold, and nobody would complain.
      key: d
    - value: 3
      label: warm
      meaning: It reads as if somebody cared.
      key: w
examples:
  - answer: What do you want?
    value: 1
    why: It would offend.
"""


def faults(text: str) -> list[str]:
    with pytest.raises(StudyError) as caught:
        loads_rubric(text, "tone.yaml")
    return [fault.text("tone.yaml") for fault in caught.value.faults]


def test_a_rubric_is_read_with_its_scale_and_examples() -> None:
    rubric = loads_rubric(TONE)

    assert (rubric.name, rubric.version) == ("tone", "1")
    assert rubric.scale.kind is RubricKind.ORDINAL
    assert rubric.scale.values == (1, 2, 3)
    assert rubric.scale.at(2) == rubric.scale.named(" DRY") == rubric.scale.named("d")
    assert rubric.scale.at(4) is None
    assert rubric.examples[0].why == "It would offend."
    assert rubric.shows == (Shown.INPUT,)


def test_a_changed_word_is_another_rubric_and_a_comment_is_not() -> None:
    first = loads_rubric(TONE).digest

    assert loads_rubric("# ours\n" + TONE).digest == first
    assert loads_rubric(TONE.replace("somebody cared", "somebody cares")).digest != first


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (
            "    - value: 2\n      label: dry\n      meaning: It is cold, and nobody would "
            "complain.\n      key: d\n",
            "",
            "tone.yaml:13:14: scale.anchors.1.value: got 3 after 1: the value 2 has no anchor; "
            "expected one for every whole number of an ordinal scale",
        ),
        (
            "      meaning: It would offend.\n      key: r\n",
            "      key: r\n",
            "tone.yaml:9:7: scale.anchors.0.meaning: not given; expected a sentence that says when "
            "the value is given",
        ),
        (
            "key: d",
            "key: R",
            "tone.yaml:16:12: scale.anchors.1.key: got 'R', the key of anchor 0 too, expected "
            "another",
        ),
        (
            "key: d",
            "key: dd",
            "tone.yaml:16:12: scale.anchors.1.key: got 'dd', expected one of a to z or 0 to 9",
        ),
        (
            "value: 1\n    why",
            "value: 7\n    why",
            "tone.yaml:23:12: examples.0.value: got 7, which has no anchor; expected one of 1, 2, "
            "3",
        ),
        (
            "kind: ordinal",
            "kind: binary",
            "tone.yaml:9:5: scale.anchors: got the values 1, 2, 3, expected 0 and 1 for a binary "
            "scale",
        ),
        (
            "question: Is",
            "qestion: Is",
            "tone.yaml:5:1: qestion: unknown key 'qestion'; known here:",
        ),
    ],
)
def test_a_fault_says_where_and_what_was_expected(old: str, new: str, expected: str) -> None:
    assert old in TONE

    found = faults(TONE.replace(old, new, 1))

    assert any(fault.startswith(expected) for fault in found), found


def test_a_rubric_over_pairs_needs_two_answers_in_its_examples() -> None:
    found = faults(TONE.replace("question:", "unit: pair\nquestion:"))

    assert found == [
        "tone.yaml:23:5: examples.0: not given: second; a rubric over pairs shows two answers"
    ]


def test_values_of_an_interval_scale_rise_and_may_lie_apart() -> None:
    wide = TONE.replace("ordinal", "interval").replace("- value: 3", "- value: 10")
    assert loads_rubric(wide).scale.high == 10

    assert "from low to high" in faults(wide.replace("- value: 10", "- value: 0"))[0]


def test_something_that_is_no_mapping_is_refused() -> None:
    assert faults("- a\n- b\n") == [
        "tone.yaml:1:1: got a list, expected a mapping with a rubric's keys"
    ]


@pytest.mark.parametrize("name", built_in_rubrics())
def test_a_built_in_rubric_has_source_examples_and_the_name_of_its_file(name: str) -> None:
    rubric = find_rubric(name, HERE)

    assert rubric.name == name
    assert any(year in rubric.source for year in ("2020", "2021", "2023", "2024"))
    assert rubric.examples
    assert (Shown.SOURCE in rubric.shows) == all(example.source for example in rubric.examples)
    assert (rubric.unit is RubricUnit.PAIR) == all(example.second for example in rubric.examples)


def test_the_built_in_rubrics_are_those_that_the_docs_name() -> None:
    assert built_in_rubrics() == (
        "citation_support",
        "factual_consistency",
        "groundedness",
        "helpfulness",
        "over_refusal",
        "preference",
        "refusal",
        "task_success",
    )


def test_an_unknown_rubric_is_refused_with_a_near_name() -> None:
    with pytest.raises(UnknownName, match="did you mean 'helpfulness'"):
        find_rubric("helpfullness", HERE)


def test_a_file_of_ones_own_is_found_from_the_studys_folder(tmp_path: Path) -> None:
    (tmp_path / "tone.yaml").write_text(TONE)

    assert find_rubric("tone.yaml", tmp_path) == load_rubric(tmp_path / "tone.yaml")
    with pytest.raises(StudyError, match="cannot be read"):
        find_rubric("tune.yaml", tmp_path)
