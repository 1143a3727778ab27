"""Labels with judges: the estimate from first principles, and ppi-python for many items."""

import json
from pathlib import Path

import numpy as np
import pytest

from liftgate import stats
from liftgate.stats.labelled import labelled_items
from liftgate.stats.ppi import rectify
from liftgate.stats.same_answers import labelled_differences

CASES = json.loads((Path(__file__).parent / "stats_ppi.json").read_text())


@pytest.mark.parametrize("case", CASES["exact"], ids=lambda c: str(len(c["label"])))
def test_estimate_and_variance_are_those_from_first_principles(case):
    items = labelled_items(
        np.array(case["label"]),
        case["drawn"],
        judge=case["judges"],
        covariate=None,
        item=None,
        cluster=None,
        probability=case["chance"],
    )
    found = rectify(items)
    value = np.average(found.values, weights=1 / items.share)
    assert value == pytest.approx(case["value"], abs=1e-9)
    assert found.slope == pytest.approx(case["slope"], abs=1e-9)
    assert found.whole + found.rest == pytest.approx(case["variance"], rel=1e-9)
    estimate = stats.judged_mean(
        case["label"],
        case["drawn"],
        judge=case["judges"],
        probability=case["chance"],
        kind="unbounded",
    )
    # CR2 of the weighted mean divides by a little more than n.
    assert estimate.se == pytest.approx(np.sqrt(case["variance"]), rel=0.015)


@pytest.mark.parametrize("case", CASES["featured"], ids=["telling", "noise"])
def test_weak_features_get_the_scale_of_least_cross_validation(case):
    items = labelled_items(
        np.array(case["label"]),
        case["drawn"],
        judge=case["judges"],
        covariate=None,
        features=case["features"],
        item=None,
        cluster=None,
        probability=None,
    )
    found = rectify(items)
    assert found.values.mean() == pytest.approx(case["value"], abs=1e-9)
    assert found.slope == pytest.approx(case["slope"], abs=1e-9)
    assert found.whole + found.rest == pytest.approx(case["variance"], rel=1e-9)


@pytest.mark.parametrize("case", CASES["beside"], ids=lambda c: str(len(c["label"])))
def test_beside_equal_answers_the_estimate_is_that_from_first_principles(case):
    known = {"judge": case["judges"], "covariate": None, "item": None, "cluster": None}
    items = labelled_differences(
        np.array(case["label"]), case["drawn"], case["same"], **known, probability=None
    )
    found = rectify(items)
    assert found.values.mean() == pytest.approx(case["value"], abs=1e-9)
    assert found.slope == pytest.approx(case["slope"], abs=1e-9)
    assert found.whole + found.rest == pytest.approx(case["variance"], rel=1e-9)


def test_with_many_items_the_interval_is_nearly_ppi_pythons():
    rng = np.random.default_rng(12)
    label = rng.normal(size=40_000)
    judge = label + rng.normal(size=40_000)
    peer = CASES["peer"]
    sums = [label[:1000].sum(), judge[:1000].sum(), judge[1000:].sum()]
    assert sums == pytest.approx(peer["sums"])
    found = stats.judged_mean(label[:1000], np.arange(1000), judge=judge, kind="unbounded")
    se = (peer["high"] - peer["low"]) / 3.92
    assert found.value == pytest.approx(peer["value"], abs=0.1 * se)
    assert found.se == pytest.approx(se, rel=0.02)
