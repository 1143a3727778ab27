"""What the grammar allows and a study should not do."""

from __future__ import annotations

import pytest

from liftgate.errors import StudyError
from liftgate.study.design import Study
from liftgate.study.lint import check, least_passes, lint


def found(study: Study) -> tuple[dict[str, str], dict[str, str]]:
    result = lint(study)
    return (
        {fault.path: fault.message for fault in result.faults},
        {fault.path: fault.message for fault in result.warnings},
    )


def test_a_sound_study_has_nothing_to_be_found(small, read) -> None:
    assert found(read(small)) == ({}, {})


def test_the_smallest_worthwhile_gain_is_required(small, read) -> None:
    small["claims"]["primary"] = {"metric": "right", "superior": {}}
    faults, _ = found(read(small))
    assert list(faults) == ["claims.primary.superior.target"]
    assert "smallest gain worth having" in faults["claims.primary.superior.target"]


@pytest.mark.parametrize(
    ("outcome"),
    ["timeout", "crash", "refusal", "unparsable", "scorer_failed", "missing_label"],
)
def test_a_gap_in_the_outcomes_is_refused_by_name(small, read, outcome) -> None:
    del small["outcomes"][outcome]
    with pytest.raises(StudyError) as caught:
        read(small)
    assert [fault.path for fault in caught.value.faults] == [f"outcomes.{outcome}"]


def test_all_gaps_are_named_at_once(small, read) -> None:
    small["outcomes"] = {}
    with pytest.raises(StudyError) as caught:
        read(small)
    assert len(caught.value.faults) == 6


@pytest.mark.parametrize(
    ("candidates", "alpha", "passes"),
    [(1, 0.05, 5), (2, 0.05, 6), (6, 0.05, 7), (7, 0.05, 8), (1, 0.025, 6), (1, 0.03125, 5)],
)
def test_passes_are_enough_for_the_sign_test_after_holm(candidates, alpha, passes) -> None:
    assert least_passes(candidates, alpha) == passes
    assert candidates * 0.5**passes <= alpha < candidates * 0.5 ** (passes - 1)


@pytest.mark.parametrize(("passes", "is_fault"), [(4, True), (5, False)])
def test_too_few_passes_are_a_fault(small, read, passes, is_fault) -> None:
    node = {"metric": "latency_p95_ms", "within": {"limit": 9, "passes": passes}}
    small["claims"]["guardrails"] = [node]
    faults, _ = found(read(small))
    assert (list(faults) == ["claims.guardrails.0.within.passes"]) is is_fault
    if is_fault:
        assert "got 4, expected at least 5" in faults["claims.guardrails.0.within.passes"]


def test_claims_about_one_latency_agree_how_it_is_taken(small, read) -> None:
    def node(**how: int) -> dict[str, object]:
        return {"metric": "latency_p95_ms", "within": {"limit": 9, **how}}

    same, other = node(passes=7, items=9), node(passes=8)
    small["claims"]["guardrails"] = [same, node(passes=7, items=9)]
    assert found(read(small))[0] == {}
    small["claims"]["guardrails"] = [same, other]
    faults, _ = found(read(small))
    assert faults == {
        "claims.guardrails.1.within.passes": "got 8, expected 7 as in guardrails.0: "
        "latency_p95_ms is taken once",
        "claims.guardrails.1.within.items": "got None, expected 9 as in guardrails.0: "
        "latency_p95_ms is taken once",
    }


def test_two_arms_of_one_system_are_a_fault(small, read) -> None:
    small["arms"]["twin"] = dict(small["arms"]["new"])
    faults, _ = found(read(small))
    assert "same system and parameters as 'new'" in faults["arms.twin"]


@pytest.mark.parametrize("rule", ["non_inferior", "equivalent"])
def test_not_being_worse_than_something_useless_earns_a_warning(small, read, rule) -> None:
    small["claims"]["primary"] = {"metric": "right", rule: {"margin": 0.02}}
    faults, warnings = found(read(small))
    assert faults == {}
    assert "floor" in warnings["claims.primary"]


def test_a_study_without_guardrails_earns_a_warning(small, read) -> None:
    del small["claims"]["guardrails"]
    assert "no guardrails" in found(read(small))[1]["claims"]


def test_a_large_alpha_at_high_risk_earns_a_warning(small, read) -> None:
    small["decision"] = {"risk": "high", "alpha": 0.05}
    assert "0.025" in found(read(small))[1]["decision.alpha"]


def test_findings_have_their_places_where_a_file_is_known(small, read) -> None:
    small["claims"]["primary"] = {"metric": "right", "superior": {}}
    (fault,) = lint(read(small)).faults
    assert fault.line > 0
    assert "superior" in fault.source
    assert lint(Study(**small)).faults[0].line == 0


def test_check_raises_all_faults_and_gives_the_warnings_back(small, read) -> None:
    del small["claims"]["guardrails"]
    assert len(check(read(small)).warnings) == 1
    small["claims"]["primary"] = {"metric": "right", "superior": {}}
    with pytest.raises(StudyError, match=r"study\.yaml: 1 fault") as caught:
        check(read(small))
    assert caught.value.file == "study.yaml"
