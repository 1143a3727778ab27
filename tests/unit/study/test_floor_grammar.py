"""A floor arm and the claim about it belong together."""

from __future__ import annotations

import pytest

from liftgate.errors import StudyError
from liftgate.records import Part
from liftgate.study.design import Study
from liftgate.study.lint import lint

ARM = {"role": "floor", "system": "python:demo:floor"}
CLAIM = {"metric": "right", "superior": {"by": 0.0, "target": 0.1}}


@pytest.fixture
def floored(small):
    small["arms"]["nothing"] = dict(ARM)
    small["claims"]["floor"] = dict(CLAIM)
    return small


def faults(read, given) -> dict[str, str]:
    with pytest.raises(StudyError) as caught:
        read(given)
    return {fault.path: fault.message for fault in caught.value.faults}


def test_the_claim_stands_after_those_about_candidates(read, floored) -> None:
    study = read(floored)
    assert study.floor == "nothing"
    assert study.candidates == ("new",)
    *about_candidates, floor = study.every_claim()
    assert tuple(about_candidates) == study.claims()
    assert (floor.id, floor.part, floor.metric) == ("floor", Part.FLOOR, "right")
    assert floor.title == "right of the baseline above the floor"


def test_a_study_with_a_floor_is_the_same_after_a_round_trip(read, floored) -> None:
    study = read(floored)
    assert Study(**study.model()) == study


def test_a_study_without_one_has_the_digest_that_it_had(read, small) -> None:
    assert "floor" not in read(small).model()["claims"]


def test_a_floor_arm_without_its_claim_is_refused(read, floored) -> None:
    del floored["claims"]["floor"]
    assert "the baseline must beat" in faults(read, floored)["claims.floor"]


def test_the_claim_without_a_floor_arm_is_refused(read, floored) -> None:
    del floored["arms"]["nothing"]
    assert "expected one" in faults(read, floored)["claims.floor"]


def test_two_floors_are_refused(read, floored) -> None:
    floored["arms"]["less"] = {**ARM, "params": {"n": 2}}
    assert "at most one" in faults(read, floored)["arms"]


def test_the_baseline_must_be_shown_better_and_by_no_other_rule(read, floored) -> None:
    floored["claims"]["floor"] = {"metric": "right", "non_inferior": {"margin": 0.1}}
    assert "'superior'" in faults(read, floored)["claims.floor.non_inferior"]


def test_it_is_about_the_metric_of_the_primary_claim(read, floored) -> None:
    floored["scorers"]["other"] = {"scorer": "exact"}
    floored["claims"]["floor"] = {**CLAIM, "metric": "other"}
    assert "as in claims.primary" in faults(read, floored)["claims.floor.metric"]


def test_a_floor_ends_the_warning_about_two_useless_systems(read, floored) -> None:
    floored["claims"]["primary"] = {"metric": "right", "non_inferior": {"margin": 0.1}}
    warnings = [fault.path for fault in lint(read(floored)).warnings]
    assert "claims.primary" not in warnings
