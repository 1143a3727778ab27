"""Values from independent sources; generators and versions are named inside the JSON files."""

import json
from pathlib import Path

import numpy as np
import pytest

from liftgate import stats
from liftgate.stats.kinds import Alternative
from liftgate.stats.score import PairedScore, Wilson

HERE = Path(__file__).parent
PEERS = json.loads((HERE / "stats_peers.json").read_text())
CR2 = json.loads((HERE / "stats_cr2.json").read_text())
BOTH = (Alternative.GREATER, Alternative.LESS)


def sides(n, gained, lost):
    candidate = [1] * gained + [0] * (n - gained)
    return candidate, [0] * gained + [1] * lost + [0] * (n - gained - lost)


@pytest.mark.parametrize("case", PEERS["paired_interval"], ids=str)
def test_limits_of_a_paired_difference_are_those_of_the_closed_form(case):
    family = PairedScore(*case["table"], slack=0)
    ours = [family.limit(a, (1 - case["level"]) / 2) for a in BOTH]
    assert ours == pytest.approx(case["ends"], abs=1e-8)


@pytest.mark.parametrize("case", PEERS["paired_z"], ids=str)
def test_the_paired_score_is_the_one_of_numerical_maximum_likelihood(case):
    assert PairedScore(*case["table"], slack=0).statistic(case["null"]) == pytest.approx(
        case["z"], rel=1e-6
    )


@pytest.mark.parametrize("case", PEERS["mcnemar"], ids=str)
def test_at_zero_the_paired_score_test_is_mcnemars_with_half_a_pair_more(case):
    family = PairedScore(*case["table"], slack=0)
    assert 2 * min(family.tail(0.0, a) for a in BOTH) == pytest.approx(case["p"], rel=1e-9)
    n, gained, lost = case["table"]
    ours = PairedScore(n, gained, lost).statistic(0.0)
    assert ours == pytest.approx((gained - lost) / (gained + lost + 0.5) ** 0.5)


@pytest.mark.parametrize("case", PEERS["wilson"], ids=str)
def test_wilson_limits_agree_with_statsmodels(case):
    family = Wilson(case["n"], case["ones"])
    ours = [family.limit(a, (1 - case["level"]) / 2) for a in BOTH]
    assert ours == pytest.approx(case["ends"], abs=1e-12)


@pytest.mark.parametrize("alternative", list(Alternative))
def test_graded_p_values_are_those_of_written_down_pseudo_items_and_halls_integral(alternative):
    data = PEERS["graded"]
    candidate, baseline = np.array(data["candidate"]), np.array(data["baseline"])
    options = {"kind": stats.ScoreKind.GRADED, "score_range": (0, 1), "alternative": alternative}
    for case in data["difference"]:
        ours = stats.paired_difference(candidate, baseline, null=case["null"], **options)
        assert ours.p_value == pytest.approx(case["p"][alternative], rel=1e-9)
    for case in data["contrast"]:
        ours = stats.paired_contrast(candidate, baseline, case["ratio"], **options)
        assert ours.p_value == pytest.approx(case["p"][alternative], rel=1e-9)
    for case in data["mean"]:
        ours = stats.mean(candidate, null=case["null"], **options)
        assert ours.p_value == pytest.approx(case["p"][alternative], rel=1e-9)


def test_without_a_range_the_p_value_is_scipys_paired_t_corrected_for_skew_and_never_below_it():
    data = PEERS["unbounded"]
    ours = stats.paired_difference(
        data["candidate"], data["baseline"], kind=stats.ScoreKind.UNBOUNDED
    )
    assert ours.p_value == pytest.approx(data["p"], rel=1e-9)
    assert ours.p_value >= data["t"]


@pytest.mark.parametrize("case", PEERS["sign"], ids=str)
def test_the_sign_test_over_passes_is_scipys_binomial_test(case):
    values = [1.0] * case["within"] + [3.0] * (case["passes"] - case["within"])
    assert stats.passes_limit(values, limit=2).p_value == pytest.approx(case["p"], rel=1e-12)


@pytest.mark.parametrize("case", PEERS["quantile"], ids=str)
def test_quantile_limits_are_scipys_order_statistics(case):
    ours = stats.quantile(
        np.arange(1, case["n"] + 1.0),
        case["q"],
        null=case["null"],
        alternative=Alternative.GREATER,
    )
    assert ours.p_value == pytest.approx(case["p"], rel=1e-9)
    assert [ours.low, ours.high] == case["ends"]


def test_holm_agrees_with_statsmodels():
    assert stats.holm(PEERS["holm"]["p"]) == pytest.approx(PEERS["holm"]["adjusted"], rel=1e-12)


@pytest.mark.parametrize("case", CR2["plain"], ids=lambda c: f"{max(c['cluster'])} clusters")
def test_clustered_variance_and_degrees_of_freedom_are_clubsandwichs(case):
    for fit in case["fits"]:
        ours = stats.mean(
            case["values"],
            kind=stats.ScoreKind.UNBOUNDED,
            cluster=case["cluster"],
            null=fit["null"],
            level=0.95 if fit["null"] == 0 else 0.9,
        )
        expected = [fit[name] for name in ("se", "df", "p")]
        assert [ours.se, ours.df, ours.p_value] == pytest.approx(expected, rel=1e-8)
        low, high = fit["plain"]
        assert ours.low <= low
        assert ours.high >= high
        assert min(low - ours.low, ours.high - high) == pytest.approx(0, abs=1e-8)


@pytest.mark.parametrize("case", CR2["pseudo"], ids=lambda c: f"h = {c['h']}")
def test_pseudo_clusters_are_rows_that_clubsandwich_could_have_been_given(case):
    half = np.array(case["values"]) / 2
    width = 2 * case["h"]
    for fit in case["fits"]:
        ours = stats.paired_difference(
            width / 2 + half,
            width / 2 - half,
            kind=stats.ScoreKind.GRADED,
            score_range=(0, width),
            cluster=case["cluster"],
            null=fit["null"],
        )
        assert [ours.df, ours.p_value] == pytest.approx([fit["df"], fit["p"]], rel=1e-7)
