"""A judge against people: agreement, errors and bias on constructed answers."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from liftgate.gates import judge_errors
from liftgate.gates.judge_errors import Rated
from liftgate.records import RubricKind
from liftgate.study.rubric import find_rubric

YES_NO = find_rubric("task_success", Path()).scale
FIVE = find_rubric("helpfulness", Path()).scale
N = 200
RNG = np.random.default_rng(2)
LABEL = (np.arange(N) % 2).astype(float)
FAVOURED = np.array(["new" if n % 4 < 2 else "old" for n in range(N)])


def rated(judge, **changes):
    made = Rated(
        judge=judge,
        label=LABEL,
        item=[f"i{n}" for n in range(N)],
        arm=list(FAVOURED),
        length=np.arange(N, dtype=float),
        slices={"half": ["a" if n < N / 2 else "b" for n in range(N)]},
    )
    return replace(made, **changes)


def test_a_judge_that_agrees_with_everybody_has_one_everywhere() -> None:
    found = judge_errors.agreement(rated(LABEL), YES_NO, RubricKind.BINARY, level=0.95, seed=0)

    assert [found[name]["value"] for name in ("alpha", "kappa", "ac1", "raw")] == [1, 1, 1, 1]
    assert found["base_rates"] == [["0", 0.5], ["1", 0.5]]


def test_a_probability_is_taken_to_the_nearest_value_for_agreement() -> None:
    assert judge_errors.nearest(np.array([0.2, 0.5, 0.51, np.nan]), YES_NO) == pytest.approx(
        [0, 0, 1, np.nan], nan_ok=True
    )
    assert judge_errors.nearest(np.array([1.4, 4.6]), FIVE) == pytest.approx([1, 5])


def test_sensitivity_and_specificity_are_those_that_were_planted() -> None:
    judge = LABEL.copy()
    judge[np.flatnonzero(LABEL == 1)[:10]] = 0
    judge[np.flatnonzero(LABEL == 0)[:20]] = 1

    found = judge_errors.errors(rated(judge), YES_NO, level=0.95)

    assert found["sensitivity"]["value"] == pytest.approx(0.9)
    assert found["specificity"]["value"] == pytest.approx(0.8)
    assert found["sensitivity"]["low"] < 0.9 < found["sensitivity"]["high"]
    assert "reason" in judge_errors.errors(rated(judge), FIVE, level=0.95)


def test_a_bias_towards_one_arm_is_found_there_and_nowhere_else() -> None:
    judge = LABEL.copy()
    judge[(FAVOURED == "new") & (RNG.random(N) < 0.4)] = 1

    found = judge_errors.biases(rated(judge), (0.0, 1.0), level=0.95)

    assert found["by_arm"]["new"]["low"] > 0.05
    assert found["by_arm"]["old"]["value"] == 0
    assert found["by_arm"]["old"]["low"] < 0 < found["by_arm"]["old"]["high"]
    assert found["by_slice"]["half"].keys() == {"a", "b"}


def test_a_bias_towards_long_answers_is_found() -> None:
    judge = np.where((np.arange(N) >= N / 2) & (np.arange(N) % 4 == 0), 1.0, LABEL)

    found = judge_errors.biases(rated(judge), (0.0, 1.0), level=0.95)["by_length"]

    assert found["longer"]["low"] > 0
    assert found["up_to_median"]["value"] == 0


def test_stored_chances_weigh_the_bias() -> None:
    judge = LABEL.copy()
    judge[: N // 2] = 1
    chance = np.where(np.arange(N) < N / 2, 0.9, 0.1)

    plain = judge_errors.biases(rated(judge), (0.0, 1.0), level=0.95)["all"]["value"]
    weighted = judge_errors.biases(rated(judge, chance=chance), (0.0, 1.0), level=0.95)["all"]

    assert plain == pytest.approx(0.25)
    assert weighted["value"] == pytest.approx(0.05)


def test_too_few_items_have_a_value_and_a_reason_instead_of_an_interval() -> None:
    few = replace(rated(LABEL).part(np.arange(N) < 6), item=["i0", "i0", "i0", "i1", "i1", "i1"])

    found = judge_errors.biases(few, (0.0, 1.0), level=0.95)["all"]

    assert (found["n"], found["value"], found["low"]) == (6, 0, None)
    assert "degrees of freedom" in found["reason"]
