from __future__ import annotations

from typing import Any

import pytest

from liftgate.errors import DataError, StudyError
from liftgate.records import Item
from liftgate.study.design import Study
from liftgate.study.lint import lint


def fields(**changes: Any) -> dict[str, Any]:
    arm = {"system": "python:m:f"}
    return {
        "liftgate": 1,
        "study": "robust",
        "hypothesis": "It keeps its quality.",
        "dataset": {"source": "items.jsonl", "perturb": {"families": ["typos"]}},
        "arms": {
            "clean": {"role": "baseline", "reads": "clean", **arm},
            "perturbed": {"role": "candidate", "reads": "perturbed", **arm},
        },
        "scorers": {"right": {"scorer": "exact"}},
        "outcomes": {
            **{kind: {"score": "worst"} for kind in ("timeout", "crash", "refusal", "unparsable")},
            "scorer_failed": "missing",
            "missing_label": "missing",
        },
        "claims": {
            "primary": {
                "metric": "right",
                "by_slice": "family",
                "each_non_inferior": {"margin": 0.1},
            }
        },
        **changes,
    }


def test_one_system_read_in_two_versions_is_two_arms() -> None:
    assert lint(Study(**fields())).faults == ()


def test_a_perturbed_set_has_the_slice_family() -> None:
    assert Study(**fields()).dataset.all_slices == ("family",)
    with pytest.raises(StudyError, match=r"got 'family', expected one of dataset.slices"):
        Study(**fields(dataset={"source": "items.jsonl"}))


@pytest.mark.parametrize(
    ("perturb", "message"),
    [
        ({"families": []}, "families"),
        ({"families": ["typo"]}, "did you mean 'typos'"),
        ({"families": ["typos"], "variants": 0}, "at least 1"),
        ({"families": ["typos"], "rates": {"typos": 0}}, "greater than 0"),
        ({"families": ["typos"], "rate": 0.1}, "rates"),
        ({"families": ["typos"], "seed": -1}, "at least 0"),
    ],
)
def test_a_fault_of_the_section_is_told_in_its_place(perturb, message) -> None:
    with pytest.raises(StudyError, match=message) as refused:
        Study(**fields(dataset={"source": "items.jsonl", "perturb": perturb}))

    assert all(f.path.startswith("dataset.perturb") for f in refused.value.faults[:1])


@pytest.mark.parametrize("reads", [None, "both"])
def test_an_arm_must_say_which_version_it_reads(reads) -> None:
    given = fields()
    given["arms"]["clean"] = {"role": "baseline", "system": "python:m:f", "reads": reads}

    faults = lint(Study(**given)).faults

    assert [fault.path for fault in faults] == ["arms.clean.reads"]
    assert "expected clean or perturbed" in faults[0].message


def test_what_is_perturbed_how_is_part_of_the_meaning() -> None:
    other = fields(dataset={"source": "items.jsonl", "perturb": {"families": ["typos"], "seed": 2}})

    assert Study(**fields()).digest() != Study(**other).digest()


def test_a_study_without_versions_has_the_digest_that_it_had() -> None:
    model = Study(
        **fields(
            dataset={"source": "items.jsonl"},
            arms={
                "a": {"role": "baseline", "system": "python:m:f"},
                "b": {"role": "candidate", "system": "python:m:g"},
            },
            claims={"primary": {"metric": "right", "superior": {"target": 0.1}}},
        )
    ).model()

    assert "perturb" not in model["dataset"]
    assert "reads" not in model["arms"]["a"]


def test_an_item_is_read_in_one_version_of_input_and_target() -> None:
    item = Item(
        "i",
        {"clean": {"text": "a"}, "perturbed": "b"},
        target={"clean": "A", "perturbed": "B"},
        cluster="c",
    )

    assert item.as_read(None) is item
    assert item.as_read("clean") == Item("i", {"text": "a"}, "A", cluster="c")
    assert item.as_read("perturbed").input == {"text": "b"}
    assert item.as_read("perturbed").input_digest != item.as_read("clean").input_digest


@pytest.mark.parametrize(
    ("item", "message"),
    [
        (Item("i", {"text": "a"}), "i: its input has no version 'clean'"),
        (Item("i", {"clean": {}}), "i: its input has no version 'clean'"),
        (Item("i", {"clean": "a"}, target="A"), "i: its target has no version 'clean'"),
    ],
)
def test_an_item_without_the_version_is_refused(item: Item, message: str) -> None:
    with pytest.raises(DataError, match=message):
        item.as_read("clean")


JUDGE = {"scorer": "judge", "rubric": "preference", "system": "openai:m", "mode": "pairwise"}


def test_a_judge_of_pairs_is_refused_where_arms_read_two_versions() -> None:
    found = lint(Study(**fields(scorers={"right": {"scorer": "exact"}, "preferred": JUDGE})))

    (fault,) = found.faults
    assert fault.path == "scorers.preferred.mode"
    assert "'perturbed' reads perturbed and the baseline clean" in fault.message
    assert "their answers stand beside one input" in fault.message


def test_a_judge_of_single_answers_may_see_two_versions_and_one_of_pairs_one() -> None:
    alone = {**JUDGE, "rubric": "helpfulness", "mode": "pointwise"}
    assert lint(Study(**fields(scorers={"right": alone}))).faults == ()
    arms = fields()["arms"]
    arms["perturbed"] |= {"reads": "clean", "system": "python:m:other"}
    assert lint(Study(**fields(scorers={"right": JUDGE}, arms=arms))).faults == ()
