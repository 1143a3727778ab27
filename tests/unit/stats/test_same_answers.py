"""Labels where answers differ: where they are the same the difference is 0, labelled or not."""

from __future__ import annotations

import numpy as np
import pytest

from liftgate import stats
from liftgate.errors import DataError, NotEnoughData
from liftgate.stats.label_plan import LabelWorth, with_raters

N = 400
RNG = np.random.default_rng(21)
DIFFERS = RNG.random(N) < 0.4
FIRST = RNG.random(N) < 0.6
CANDIDATE = np.where(DIFFERS, FIRST, True).astype(float)
BASELINE = np.where(DIFFERS, ~FIRST, True).astype(float)
JUDGE = np.where(DIFFERS, CANDIDATE - BASELINE + RNG.normal(0, 1, N), 0.0)
SAME = np.flatnonzero(~DIFFERS)
APART = np.flatnonzero(DIFFERS)
DRAWN = np.sort(RNG.permutation(APART)[:70])
NAMES = np.array([f"q{n}" for n in range(N)])


def difference(drawn=DRAWN, **changes):
    asked = {
        "candidate_judge": JUDGE,
        "baseline_judge": np.zeros(N),
        "same": SAME,
        "kind": "graded",
        "score_range": (0, 1),
        **changes,
    }
    labels = (asked.pop("candidate_label", CANDIDATE[drawn]), BASELINE[drawn])
    return stats.judged_difference(*labels, drawn, **asked)


def width(found):
    return found.high - found.low


def test_labels_where_answers_differ_are_worth_more_than_as_many_of_all_items() -> None:
    anywhere = np.sort(RNG.permutation(N)[:70])

    found, even = difference(), difference(anywhere, same=None)

    assert width(found) < 0.75 * width(even)
    assert found.value == pytest.approx((CANDIDATE - BASELINE).mean(), abs=width(found) / 2)
    assert found.n == 70
    assert f"{SAME.size} items count 0 without a label" in " ".join(found.warnings)


def test_what_people_said_of_equal_answers_does_not_matter() -> None:
    more = np.concatenate([DRAWN, SAME[:20]])
    noise = np.concatenate([CANDIDATE[DRAWN], np.zeros(20)])

    assert difference(more, candidate_label=noise).value == difference().value


def test_no_equal_answers_and_none_told_are_the_same() -> None:
    anywhere = np.sort(RNG.permutation(N)[:80])

    assert difference(anywhere, same=[]) == difference(anywhere, same=None)


def test_once_all_that_differ_are_labelled_every_difference_is_known() -> None:
    found = difference(APART)

    every = stats.paired_difference(CANDIDATE, BASELINE, kind="graded", score_range=(0, 1))
    assert (found.value, found.n) == (pytest.approx(every.value), N)
    assert (found.low, found.high) == (pytest.approx(every.low), pytest.approx(every.high))
    assert f"the difference of each of {N} items is known" in found.warnings[0]


def test_equal_labels_leave_the_spread_between_equal_and_differing_answers() -> None:
    found = stats.judged_difference(
        np.ones(70),
        np.zeros(70),
        DRAWN,
        candidate_judge=JUDGE,
        baseline_judge=np.zeros(N),
        same=SAME,
        kind="graded",
        score_range=(0, 1),
    )

    share = APART.size / N
    assert found.value == pytest.approx(share)
    assert found.se == pytest.approx(np.sqrt(share * (1 - share) / N), rel=0.25)


def test_equal_labels_in_clusters_leave_the_spread_between_clusters() -> None:
    cluster = np.arange(N) // 2
    apart = np.repeat(RNG.random(N // 2) < 0.5, 2)
    places = np.flatnonzero(apart)[:80]
    found = stats.judged_difference(
        np.ones(80),
        np.zeros(80),
        places,
        candidate_judge=JUDGE,
        baseline_judge=np.zeros(N),
        same=np.flatnonzero(~apart),
        cluster=cluster,
        kind="graded",
        score_range=(0, 1),
    )

    share = apart.mean()
    assert found.value == pytest.approx(share)
    # Both items of a cluster are alike: half as many count.
    assert found.se == pytest.approx(np.sqrt(share * (1 - share) / (N / 2)), rel=0.15)


def test_names_clusters_and_stored_chances_say_the_same() -> None:
    chance = np.full(70, 70 / APART.size)
    named = stats.judged_difference(
        CANDIDATE[DRAWN],
        BASELINE[DRAWN],
        NAMES[DRAWN],
        candidate_judge=JUDGE,
        baseline_judge=np.zeros(N),
        item=NAMES,
        same=NAMES[SAME],
        probability=chance,
        kind="graded",
        score_range=(0, 1),
    )
    grouped = difference(cluster=np.arange(N) // 2)

    assert named.value == difference().value
    assert grouped.method.endswith("over clusters")
    assert grouped.value == pytest.approx(difference().value, abs=0.03)
    assert width(grouped) == pytest.approx(width(difference()), rel=0.25)


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"same": [N]}, DataError, "same: got a label of '400'"),
        ({"same": [3, 3]}, DataError, "same: got several labels of '3'"),
        ({"same": ["q3"]}, DataError, "same: got names"),
        ({"same": np.arange(N)}, NotEnoughData, "same: got all 400 items"),
        ({"cluster": np.arange(9)}, DataError, "cluster: got shape .9,., expected a row for each"),
        ({"covariate": np.ones((N + 1, 2))}, DataError, "covariate: got shape .401, 2."),
        ({"probability": np.full(9, 0.5)}, DataError, "probability: got shape .9,., expected one"),
        ({"item": np.arange(N + 1)}, DataError, "judge: got shape .400,., expected a row for each"),
        (
            {"candidate_judge": None, "baseline_judge": None},
            DataError,
            "judge: got neither judge scores nor covariates",
        ),
        (
            {"drawn": DRAWN[:40]},
            NotEnoughData,
            "got 40 labels of the .* items whose answers differ",
        ),
    ],
)
def test_what_cannot_be_is_refused(changes, error, message) -> None:
    with pytest.raises(error, match=message):
        difference(**changes)


def test_a_label_in_a_draw_that_spares_equal_answers_is_planned_for_as_such() -> None:
    worth = LabelWorth(
        labels=100, items=1000, multiplier=1.2, ceiling=1.3, spread=0.3, rest=0.25, differing=0.3
    )

    even, apart = (stats.half_width(worth, 100, differing=way) for way in (False, True))

    assert (apart / even) ** 2 == pytest.approx(
        (0.3 / 1000 + 0.25 * (0.3 / 100 - 1 / 1000)) / (0.3 / 1000 + 0.25 * (1 / 100 - 1 / 1000))
    )
    assert stats.labels_needed(worth, apart, differing=True) == 100
    # From 300 labels on every difference is known.
    assert stats.half_width(worth, 400, differing=True) == pytest.approx(
        stats.half_width(worth, 1000), rel=0.01
    )
    found = stats.label_worth((CANDIDATE - BASELINE)[DRAWN], DRAWN, judge=JUDGE, same=SAME)
    assert found.differing == pytest.approx(APART.size / N)
    half = width(difference()) / 2
    assert stats.half_width(found, 70, differing=True) == pytest.approx(half, rel=0.05)


def test_ratings_of_more_items_are_worth_more_than_several_of_each() -> None:
    worth = LabelWorth(
        labels=100, items=1000, multiplier=1.2, ceiling=1.3, spread=0.3, rest=0.25,
        disagreement=0.06, raters=3.0,
    )  # fmt: skip

    alone = with_raters(worth, 1)

    assert alone.rest == pytest.approx(0.25 + 0.06 * 2 / 3)
    assert with_raters(alone, 3).rest == pytest.approx(0.25)
    assert stats.half_width(alone, 300) < 0.8 * stats.half_width(worth, 100)
    with pytest.raises(DataError, match="raters: got 0"):
        with_raters(worth, 0)
    unknown = LabelWorth(labels=9, items=99, multiplier=1.0, ceiling=1.0, spread=0.3, rest=0.3)
    with pytest.raises(NotEnoughData, match="no answer was labelled by two people"):
        with_raters(unknown, 2)
