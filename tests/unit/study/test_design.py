"""A study as a model: the same from a file and from Python; what its sections demand of another."""

from __future__ import annotations

from typing import Any

import pytest

from liftgate.errors import StudyError, UnknownName
from liftgate.records import Part, Population
from liftgate.study.design import Study
from liftgate.study.plan import ArmPlan, ClaimPlan, ClaimsPlan, latency_quantile
from tests.unit.study.told import faults


def test_a_file_and_python_give_the_same_study(golden: Study, golden_path) -> None:
    again = Study(**golden.model(golden.dataset.digest))
    assert again == golden
    assert again.digest() == golden.digest()
    assert hash(again) == hash(golden)
    assert again.file == ""
    assert golden.file == str(golden_path)


def test_python_may_give_models_in_the_place_of_mappings(small) -> None:
    written = Study(**small)
    small["arms"] = {name: ArmPlan(**arm) for name, arm in small["arms"].items()}
    primary = ClaimPlan(metric="right", superior={"target": 0.05})
    guardrails = (ClaimPlan(measure="mb", within={"limit": 3}),)
    small["claims"] = ClaimsPlan(primary=primary, guardrails=guardrails)
    assert Study(**small) == written


def test_a_wrong_study_in_python_names_every_fault_in_its_message(small) -> None:
    small["repeats"] = 0
    small["claims"]["primary"]["metric"] = "rigth"
    with pytest.raises(StudyError, match=r"repeats: got 0.*claims\.primary\.metric: got 'rigth'"):
        Study(**small)


def test_claims_are_numbered_by_their_part_and_carry_defaults(golden: Study) -> None:
    claims = golden.claims()
    assert [claim.id for claim in claims] == [
        "primary",
        *(f"guardrails.{n}" for n in range(4)),
        "watch.0",
        "secondary.0",
    ]
    assert claims[0].part is Part.PRIMARY
    assert dict(claims[0].params) == {"by": 0.01, "target": 0.05}
    assert [claim.is_measure for claim in claims] == [False] * 4 + [True] + [False] * 2
    assert claims[2].by_slice == "folder"
    assert dict(claims[4].params) == {"limit": 200.0, "passes": None, "items": None}


def test_a_claims_population_is_the_decisions_unless_given(small, read) -> None:
    small["decision"] = {"population": "this-set"}
    small["claims"]["guardrails"][0]["population"] = "new-items"
    first, second = read(small).claims()
    assert first.population is Population.THIS_SET
    assert second.population is Population.NEW_ITEMS


def test_arms_are_found_by_name(golden: Study) -> None:
    assert golden.baseline == "old"
    assert golden.candidates == ("new", "newer")
    assert golden.arm("old").plugin == "python"
    assert golden.arm("old").rest == "systems:old"
    with pytest.raises(UnknownName, match="did you mean 'newer'"):
        golden.arm("newr")


def test_a_metrics_scorer_is_made_with_its_parameters(golden: Study) -> None:
    assert golden.scorer("recall@5").k == 5
    with pytest.raises(UnknownName, match="no metric named 'recall'"):
        golden.scorer("recall")


def test_the_model_fills_every_default_in(small, read) -> None:
    model = read(small).model()
    assert model["decision"] == {
        "risk": "normal",
        "alpha": 0.05,
        "alpha_hold": 0.05,
        "population": "new-items",
    }
    assert model["outcomes"]["timeout"] == {"score": "worst", "retries": 0, "after_s": 60.0}
    assert model["outcomes"]["abstained"] == "missing"
    assert model["scorers"]["right"] == {"scorer": "exact", "ignore_case": False, "strip": True}
    assert model["claims"]["primary"] == {
        "metric": "right",
        "population": "new-items",
        "superior": {"by": 0.0, "target": 0.05},
    }
    assert "digest" not in model["dataset"]
    assert "pilot" not in model


def test_high_risk_halves_alpha_unless_it_is_given(small, read) -> None:
    small["decision"] = {"risk": "high"}
    assert read(small).decision.alpha == 0.025
    small["decision"] = {"risk": "high", "alpha": 0.04}
    assert read(small).decision.alpha == 0.04


def test_the_digest_leaves_the_files_dataset_digest_out_and_takes_the_locks_in(small, read) -> None:
    bare = read(small)
    small["dataset"]["digest"] = "sha256:" + "0" * 64
    assert read(small).digest() == bare.digest()
    assert bare.digest("sha256:" + "1" * 64) != bare.digest()


@pytest.mark.parametrize(
    ("roles", "message"),
    [
        (("candidate", "candidate"), "no baseline"),
        (("baseline", "baseline"), "the baselines old, new"),
        (("baseline", "baseline"), "no candidate"),
    ],
)
def test_there_is_one_baseline_and_a_candidate(small, read, roles, message) -> None:
    for arm, role in zip(small["arms"].values(), roles, strict=True):
        arm["role"] = role
    with pytest.raises(StudyError) as caught:
        read(small)
    assert any(f.path == "arms" and message in f.message for f in caught.value.faults)


def test_one_arm_is_not_a_comparison(small, read) -> None:
    del small["arms"]["new"]
    found = faults(small, read)
    assert "no candidate" in found["arms"]


def claim(**fields: Any) -> dict[str, Any]:
    return fields


@pytest.mark.parametrize(
    ("part", "node", "path", "message"),
    [
        ("guardrails", claim(metric="write", superior={}), "metric", "one of scorers (right)"),
        (
            "guardrails",
            claim(metric="latency_p95_ms", superior={}),
            "superior",
            "expected 'within'",
        ),
        (
            "guardrails",
            claim(metric="ttft_p95_ms", within={"limit": 1}),
            "within.passes",
            "separate passes",
        ),
        (
            "guardrails",
            claim(metric="latency_p99.9_ms", within={"limit": 1, "passes": 0}),
            "within.passes",
            "expected at least",
        ),
        (
            "guardrails",
            claim(metric="latency_p95_ms", within={"limit": -1, "passes": 7}),
            "within.limit",
            "expected more than 0 ms",
        ),
        ("guardrails", claim(metric="latency_p0_ms", within={"limit": 1}), "metric", "scorers"),
        (
            "guardrails",
            claim(metric="right", within={"limit": 1, "passes": 7}),
            "within.passes",
            "only latency",
        ),
        (
            "guardrails",
            claim(measure="mb", within={"limit": 1, "items": 7}),
            "within.items",
            "exact",
        ),
        ("guardrails", claim(measure="mb", superior={}), "superior", "expected 'within'"),
        (
            "guardrails",
            claim(metric="right", each_non_inferior={"margin": 0.1}),
            "by_slice",
            "needs one of the slices",
        ),
        (
            "guardrails",
            claim(metric="right", by_slice="fodler", each_non_inferior={"margin": 0.1}),
            "by_slice",
            "dataset.slices (folder)",
        ),
        (
            "guardrails",
            claim(metric="right", by_slice="folder", non_inferior={"margin": 0.1}),
            "by_slice",
            "not about slices",
        ),
        (
            "guardrails",
            claim(metric="right", by_slice="folder", none_shown_worse={}),
            "none_shown_worse",
            "under claims.watch only",
        ),
        ("watch", claim(metric="right", superior={}), "superior", "rule that watches"),
        ("guardrails", claim(metric="right"), "", "got no rule"),
        ("guardrails", claim(superior={}), "", "neither metric nor measure"),
        (
            "guardrails",
            claim(metric="right", measure="mb", within={"limit": 1}),
            "",
            "both metric and measure",
        ),
        (
            "guardrails",
            claim(metric="right", superior={}, within={"limit": 1}),
            "",
            "the rules superior and within",
        ),
        ("guardrails", claim(metric="right", superior=None), "superior", "expected a mapping"),
        (
            "guardrails",
            claim(metric="right", non_inferior={"margin": 0}),
            "non_inferior.margin",
            "got 0",
        ),
        (
            "guardrails",
            claim(metric="right", non_inferior={"margin": -1}),
            "non_inferior.margin",
            "got -1",
        ),
        (
            "guardrails",
            claim(metric="right", non_inferior={}),
            "non_inferior.margin",
            "not given",
        ),
        ("secondary", claim(metric="right", superiour={}), "superiour", "unknown key"),
    ],
)
def test_a_claim_that_cannot_be_meant_is_a_fault(small, read, part, node, path, message) -> None:
    small["claims"][part] = [node]
    found = faults(small, read)
    assert message in found[f"claims.{part}.0.{path}".rstrip(".")]


def test_the_primary_claim_is_about_a_metric(small, read) -> None:
    small["claims"]["primary"] = {"measure": "mb", "within": {"limit": 1}}
    assert "expected a metric" in faults(small, read)["claims.primary.measure"]


@pytest.mark.parametrize(
    "name", ["primary", "watch", "latency_p95_ms", "latency_p50_ms", "ttft_p95_ms"]
)
def test_a_metric_does_not_take_a_name_of_liftgates(small, read, name) -> None:
    small["scorers"][name] = {"scorer": "exact"}
    assert "taken by liftgate" in faults(small, read)[f"scorers.{name}"]


def test_planned_looks_are_five_unless_the_study_says(small, read) -> None:
    small["stopping"] = {"plan": "planned-looks"}
    assert read(small).stopping.looks == 5
    small["stopping"]["looks"] = 8
    assert read(small).stopping.looks == 8


@pytest.mark.parametrize("plan", ["fixed", "anytime"])
def test_only_planned_looks_have_a_number(small, read, plan) -> None:
    small["stopping"] = {"plan": plan, "looks": 5}
    message = "only the plan 'planned-looks' has a number of looks"
    assert faults(small, read) == {"stopping.looks": message}


def test_keys_that_are_not_given_change_no_digest(small, read) -> None:
    model = read(small).model()
    assert "looks" not in model["stopping"]
    assert "guarantee" not in model["decision"]
    assert "exploratory" not in model


@pytest.mark.parametrize(
    ("metric", "quantile"),
    [
        ("latency_p95_ms", 0.95),
        ("latency_p99.9_ms", 0.999),
        ("ttft_p95_ms", 0.95),
        ("latency_p5_ms", 0.05),
        ("latency_p0_ms", None),
        ("latency_p100_ms", None),
        ("latency_ms", None),
        ("latency_p95_s", None),
        ("xlatency_p95_ms", None),
    ],
)
def test_the_engines_metrics_are_told_by_their_names(metric, quantile) -> None:
    assert latency_quantile(metric) == (None if quantile is None else pytest.approx(quantile))
