"""Weights, strata, ratios and set metrics against R; see stats_designs.R and the JSON it makes."""

import json
from pathlib import Path

import numpy as np
import pytest

from liftgate import stats
from liftgate.stats.kinds import ScoreKind

R = json.loads((Path(__file__).parent / "stats_designs.json").read_text())
U = ScoreKind.UNBOUNDED
NAMES = ("value", "se", "df")


def numbers(found):
    return [found.value, found.se, found.df]


def never_inside(found, low, high, rel=1e-7):
    """One limit is the plain t's; the other gives way to the skew that the values show."""
    wider = [low - found.low, found.high - high]
    assert min(wider) == pytest.approx(0, abs=rel * (high - low))
    assert 0 < max(wider) < 0.3 * (high - low)


@pytest.mark.parametrize("case", R["weighted"], ids=lambda c: f"{max(c['cluster'])} clusters")
def test_weighted_variance_and_degrees_of_freedom_are_clubsandwichs(case):
    found = stats.mean(
        case["values"],
        kind=U,
        cluster=case["cluster"],
        weight=case["weight"],
        level=0.9,
        null=0.0,
    )
    assert numbers(found) == pytest.approx([case[name] for name in NAMES], rel=1e-7)
    never_inside(found, case["low"], case["high"])
    assert found.p_value >= case["p"] * (1 - 1e-7)


@pytest.mark.parametrize("case", R["stratified"], ids=lambda c: f"{max(c['cluster'])} clusters")
def test_a_stratified_mean_is_clubsandwichs_contrast_of_the_strata(case):
    shares = dict(enumerate(case["shares"], start=1))
    found = stats.mean(
        case["values"],
        kind=U,
        cluster=case["cluster"],
        stratum=case["stratum"],
        weight=stats.stratum_weights(case["stratum"], shares),
        level=0.9,
        null=0.0,
    )
    assert numbers(found) == pytest.approx([case[name] for name in NAMES], rel=1e-7)
    never_inside(found, case["low"], case["high"])
    assert found.p_value >= case["p"] * (1 - 1e-7)


@pytest.mark.parametrize("case", R["fieller"], ids=lambda c: f"{len(c['above'])} units")
def test_limits_of_a_ratio_are_those_that_a_t_test_of_the_contrast_just_keeps_or_wider(case):
    found = stats.ratio(case["above"], case["below"], level=0.9, alternative="greater", null=0.5)
    assert found.value == pytest.approx(case["value"], rel=1e-12)
    never_inside(found, case["low"], case["high"])
    assert found.p_value >= case["p"] * (1 - 1e-7)


def sides(case):
    rows = case["data"]
    return {name: np.array([row[name] for row in rows]) for name in rows[0]}


@pytest.mark.parametrize("case", R["sets"], ids=lambda c: f"{max(c['cluster'])} clusters")
def test_jackknifed_differences_are_surveys_replicates(case):
    data, cluster = sides(case), case["cluster"]
    found = {
        "macro_f1_difference": stats.macro_f1_difference(
            data["truth"], data["one"], data["two"], cluster=cluster
        ),
        "auroc_difference": stats.auroc_difference(
            data["positive"], data["score"], data["other"], cluster=cluster
        ),
        "ratio_difference": stats.ratio_difference(
            *(data[name] for name in ("above1", "below1", "above2", "below2")), cluster=cluster
        ),
    }
    for name, ours in found.items():
        expected = [case[name]["value"], case[name]["se"]]
        assert [ours.value, ours.se] == pytest.approx(expected, rel=1e-8), name


@pytest.mark.parametrize("case", R["sets"], ids=lambda c: f"{max(c['cluster'])} clusters")
def test_one_arms_metric_has_the_limits_of_its_logit_by_surveys_replicates(case):
    from scipy.special import expit
    from scipy.stats import t

    data, cluster = sides(case), case["cluster"]
    found = {
        "macro_f1": stats.macro_f1(data["truth"], data["one"], cluster=cluster),
        "auroc": stats.auroc(data["positive"], data["score"], cluster=cluster),
    }
    for name, ours in found.items():
        logit, error = case[name]["value"], case[name]["se"]
        reach = t.ppf(0.975, ours.df) * error
        assert ours.value == pytest.approx(expit(logit), rel=1e-8), name
        never_inside(ours, expit(logit - reach), expit(logit + reach))


def test_benjamini_hochberg_is_rs():
    assert stats.benjamini_hochberg(R["bh"]["p"]) == pytest.approx(R["bh"]["adjusted"], rel=1e-12)


def test_a_wrong_variance_would_be_seen():
    """The reference separates the working model of known weights from that of precisions."""
    case = R["weighted"][0]
    share = np.array(case["weight"]) / np.sum(case["weight"])
    lever = share**2 / (1 - share)
    precise = 1 / (np.sum(share**2) + lever.sum() ** 2 - np.sum(lever**2))
    assert abs(precise / case["df"] - 1) > 0.2
