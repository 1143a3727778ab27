"""Human labels with judges: what is estimated, weighted and refused."""

import numpy as np
import pytest

from liftgate import stats
from liftgate.errors import DataError, NotEnoughData
from liftgate.stats.table import choose

N, LABELS = 600, 80
RNG = np.random.default_rng(4)
LABEL = (RNG.random(N) < 0.6).astype(float)
JUDGE = LABEL + RNG.normal(0, 0.5, N)
DRAWN = RNG.permutation(N)[:LABELS]
BASE = np.where(RNG.random(N) < 0.2, 1 - LABEL, LABEL)
BASE_JUDGE = BASE + RNG.normal(0, 0.5, N)
NAMES = np.array([f"item-{i}" for i in range(N)])


def estimate(**changes):
    given = {"label": LABEL[DRAWN], "labelled": DRAWN, "judge": JUDGE, "kind": "binary", **changes}
    return stats.judged_mean(given.pop("label"), given.pop("labelled"), **given)


def difference(**changes):
    given = {
        "candidate_label": LABEL[DRAWN],
        "baseline_label": BASE[DRAWN],
        "labelled": DRAWN,
        "candidate_judge": JUDGE,
        "baseline_judge": BASE_JUDGE,
        "kind": "binary",
        **changes,
    }
    return stats.judged_difference(**given)


def width(found):
    return found.high - found.low


def test_a_good_judge_narrows_the_interval_and_the_estimate_says_what_it_is():
    alone = stats.mean(LABEL[DRAWN], kind="graded", score_range=(0, 1))
    found = estimate()
    assert width(found) < 0.8 * width(alone)
    assert (found.method, found.n, found.clusters) == ("cross-fitted PPI", LABELS, LABELS)
    assert found.warnings[0].startswith("80 labels of 600 items count as ")
    assert found.low < LABEL.mean() < found.high
    assert type(found.value) is float


def test_the_paired_difference_has_its_own_row():
    found = difference(null=0.0)
    alone = stats.paired_difference(LABEL[DRAWN], BASE[DRAWN], kind="graded", score_range=(0, 1))
    assert found.method == "paired cross-fitted PPI"
    assert found.low < (LABEL - BASE).mean() < found.high
    assert width(found) < width(alone)
    assert 0 < found.p_value <= 1


def test_labels_are_oriented_candidate_minus_baseline():
    swapped = difference(
        candidate_label=BASE[DRAWN],
        baseline_label=LABEL[DRAWN],
        candidate_judge=BASE_JUDGE,
        baseline_judge=JUDGE,
    )
    assert swapped.value == pytest.approx(-difference().value)
    assert swapped.low == pytest.approx(-difference().high)


def test_a_useless_judge_leaves_the_labels_alone():
    # Of noise about half keeps slope 0; this one does.
    found = next(
        one
        for seed in range(20)
        if "do not predict"
        in (one := estimate(judge=np.random.default_rng(seed).normal(size=N))).warnings[0]
    )
    alone = stats.mean(LABEL[DRAWN], kind="graded", score_range=(0, 1))
    assert found.value == pytest.approx(alone.value)
    assert width(found) == pytest.approx(width(alone))


def test_scale_shift_and_sign_of_a_judge_do_not_matter():
    expected = estimate()
    for judge in (JUDGE * 100 - 7, -JUDGE, np.column_stack([JUDGE, np.ones(N)])):
        found = estimate(judge=judge)
        assert found.value == pytest.approx(expected.value)
        assert found.low == pytest.approx(expected.low)


def test_thousands_of_items_enter_the_judges_mean_each_once():
    many = np.tile(JUDGE, 6)
    for judge in (many, np.column_stack([many, np.ones_like(many)])):
        found = estimate(judge=judge)
        assert found.value == pytest.approx(estimate().value, abs=1e-12)
    later = np.where(np.arange(many.size) < 3_000, many, many + 1)
    assert abs(estimate(judge=later).value - estimate().value) > 0.01


def test_a_judge_that_is_never_wrong_leaves_the_sampling_of_the_items():
    found = estimate(judge=LABEL)
    everything = stats.mean(LABEL, kind="graded", score_range=(0, 1))
    assert found.value == pytest.approx(LABEL.mean(), abs=2e-3)
    assert found.se == pytest.approx(everything.se, rel=0.3)


def test_with_every_item_labelled_the_judge_changes_nothing():
    every = np.arange(N)
    found = estimate(label=LABEL, labelled=every)
    alone = stats.mean(LABEL, kind="graded", score_range=(0, 1))
    assert (found.value, found.low) == (pytest.approx(alone.value), pytest.approx(alone.low))


def test_labels_by_name_in_any_order_are_those_by_position():
    shuffled = np.random.default_rng(1).permutation(N)
    found = estimate(labelled=NAMES[DRAWN], item=NAMES[shuffled], judge=JUDGE[shuffled])
    assert found.value == pytest.approx(estimate().value)
    assert found.high == pytest.approx(estimate().high)


def test_equal_chances_are_a_random_draw_and_unequal_ones_are_weighted_back():
    same = estimate(probability=np.full(LABELS, LABELS / N))
    assert same.low == pytest.approx(estimate().low)
    chance = np.where(LABEL == 1, 0.5, 0.1)
    drawn = np.flatnonzero(np.random.default_rng(2).random(N) < chance)
    found = estimate(label=LABEL[drawn], labelled=drawn, probability=chance[drawn])
    unweighted = estimate(label=LABEL[drawn], labelled=drawn)
    assert found.method == "cross-fitted PPI by stored chances"
    assert found.low < LABEL.mean() < found.high
    assert unweighted.low > LABEL.mean()


def test_chances_that_do_not_fit_the_draw_are_warned_about():
    found = estimate(probability=np.full(LABELS, 0.9))
    assert "labels were not drawn as stored" in found.warnings[0]


def test_clusters_widen_the_interval_whether_drawn_whole_or_by_item():
    cluster = np.repeat(np.arange(N // 4), 4)
    rng = np.random.default_rng(5)
    label = (rng.normal(size=N // 4)[cluster] > 0).astype(float)
    judge = label + rng.normal(0, 1, N)
    whole = np.flatnonzero(np.isin(cluster, rng.permutation(N // 4)[:30]))
    for drawn in (whole, rng.permutation(N)[:120]):
        given = {"label": label[drawn], "labelled": drawn, "judge": judge}
        found, single = estimate(**given, cluster=cluster), estimate(**given)
        assert width(found) > 1.3 * width(single)
        assert found.clusters == np.unique(cluster[drawn]).size < found.n
        assert found.method == "cross-fitted PPI over clusters"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"label": [], "labelled": []}, "judge scores alone say nothing of the judge's error"),
        ({"label": LABEL[:49], "labelled": np.arange(49)}, "got 49 labels, expected at least 50"),
        ({"cluster": np.arange(N) % 15}, "got 15 labelled clusters, expected at least 20"),
    ],
)
def test_too_few_labels_are_refused(change, message):
    with pytest.raises(NotEnoughData, match=message):
        estimate(**change)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"judge": None}, "neither judge scores nor covariates"),
        ({"judge": JUDGE[:-1], "item": NAMES}, "expected one for each of 600 locked items"),
        ({"judge": np.where(np.arange(N) == 9, np.nan, JUDGE)}, "not finite at position 9"),
        ({"judge": ["good"] * N}, "values that are not numbers"),
        ({"judge": np.zeros((2, 2, 2))}, "expected one row for each locked item"),
        ({"covariate": np.zeros(3)}, "expected one for each of 600 locked items"),
        ({"labelled": DRAWN + N}, "which is not one of the locked items"),
        ({"labelled": np.full(LABELS, 3)}, "several labels of '3'"),
        ({"labelled": DRAWN[:-1]}, "expected the item of each of 80 labels"),
        ({"labelled": NAMES[DRAWN]}, "expected positions 0 … 599"),
        ({"labelled": NAMES[DRAWN], "item": np.repeat(NAMES[: N // 2], 2)}, "got a name twice"),
        ({"labelled": [f"x{i}" for i in range(LABELS)], "item": NAMES}, "'x0' \\(80 in all\\)"),
        ({"probability": np.zeros(LABELS)}, "outside \\(0, 1\\]"),
        ({"probability": np.full(LABELS, 1.5)}, "outside \\(0, 1\\]"),
        ({"probability": np.full(9, 0.5)}, "expected one for each of 80 labels"),
        ({"label": np.full(LABELS, 0.5)}, "expected 0 or 1"),
        ({"label": np.where(np.arange(LABELS) == 5, np.nan, 1.0)}, "expected finite numbers"),
        ({"cluster": np.zeros(3)}, "expected one label for each of 600 items"),
    ],
)
def test_bad_input_is_refused_by_name(change, message):
    with pytest.raises(DataError, match=message):
        estimate(**change)


def test_both_arms_need_labels_and_judges():
    with pytest.raises(DataError, match="expected both arms' answers to each item labelled"):
        difference(baseline_label=BASE[DRAWN][:-1])
    with pytest.raises(DataError, match="baseline_judge: got None"):
        difference(baseline_judge=None)
    with pytest.raises(DataError, match="the same judges on the same items"):
        difference(baseline_judge=BASE_JUDGE[:, None])


def test_labels_that_never_differ_need_a_range():
    with pytest.raises(NotEnoughData, match="expected some spread"):
        estimate(label=np.ones(LABELS), kind="unbounded")
    assert estimate(label=np.ones(LABELS)).low < 1


@pytest.mark.parametrize("claim", ["judged mean", "judged difference"])
def test_unlimited_looks_and_guarantees_are_refused(claim):
    for options in ({"design": stats.Design.ANYTIME}, {"guarantee": True}):
        with pytest.raises(NotEnoughData, match="refused always"):
            choose(
                stats.ScoreKind.BINARY, stats.UnitDesign.SINGLE, stats.ClaimShape(claim), **options
            )


def test_a_multiplier_above_one_saves_labels():
    worth = stats.label_worth(LABEL[DRAWN], DRAWN, judge=JUDGE)
    assert 1 < worth.multiplier < worth.ceiling
    few = stats.labels_needed(worth, 0.07)
    many = stats.labels_needed(worth, 0.07, judges=False)
    assert 50 <= few < many < N
    assert stats.labels_needed(worth, 0.5) == 50
    assert stats.labels_needed(worth, 0.07, items=100_000) < few


def test_the_planned_number_of_labels_gives_the_planned_width():
    worth = stats.label_worth(LABEL[DRAWN], DRAWN, judge=JUDGE)
    needed = stats.labels_needed(worth, 0.06)
    drawn = np.random.default_rng(8).permutation(N)[:needed]
    found = estimate(label=LABEL[drawn], labelled=drawn)
    assert width(found) / 2 == pytest.approx(0.06, rel=0.15)


def test_what_no_number_of_labels_gives_asks_for_items():
    worth = stats.label_worth(LABEL[DRAWN], DRAWN, judge=JUDGE)
    with pytest.raises(NotEnoughData, match="labels of all 600 items would not give") as refused:
        stats.labels_needed(worth, 0.01)
    assert "Lock at least" in refused.value.hint
    with pytest.raises(DataError, match="half_width"):
        stats.labels_needed(worth, 0.0)
    with pytest.raises(DataError, match="items: got 9"):
        stats.labels_needed(worth, 0.1, items=9)


def test_a_multiplier_needs_items_without_labels_and_labels_that_differ():
    with pytest.raises(NotEnoughData, match="got all 600 items labelled"):
        stats.label_worth(LABEL, np.arange(N), judge=JUDGE)
    with pytest.raises(NotEnoughData, match="equal labels"):
        stats.label_worth(np.ones(LABELS), DRAWN, judge=JUDGE)
