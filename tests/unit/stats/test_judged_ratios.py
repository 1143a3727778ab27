"""People's labels for a ratio of sums: some answers labelled, all judged."""

import numpy as np
import pytest

from liftgate import stats
from liftgate.errors import DataError, NotEnoughData

N, LABELS = 300, 80


def world(seed=1, n=N, bias=0.0):
    rng = np.random.default_rng(seed)
    below = 1 + rng.poisson(np.exp(rng.normal(1, 0.7, (2, n))))
    ease = rng.beta(4, 2, n)
    holds = rng.binomial(below, ease)
    judged = rng.binomial(holds, 0.9) + rng.binomial(below - holds, [[0.15 + bias], [0.15]])
    return below.astype(float), holds.astype(float), judged.astype(float)


def asked(below, holds, judged, at, **options):
    given = {
        "candidate_denominator": below[0],
        "baseline_denominator": below[1],
        "candidate_judge": judged[0],
        "baseline_judge": judged[1],
        **options,
    }
    return stats.judged_ratio_difference(holds[0][at], holds[1][at], at, **given)


def test_with_every_item_labelled_it_is_the_ratio_of_the_sums():
    below, holds, judged = world()
    found = asked(below, holds, judged, np.arange(N))
    plain = stats.ratio_difference(holds[0], below[0], holds[1], below[1])
    assert found.value == pytest.approx(plain.value, abs=1e-12)
    assert found.se == pytest.approx(plain.se, rel=0.02)


def test_a_judge_that_is_always_right_leaves_the_ratio_of_all_items():
    below, holds, _ = world()
    at = np.random.default_rng(2).permutation(N)[:LABELS]
    found = asked(below, holds, holds, at, kept=0.9)
    whole = holds[0].sum() / below[0].sum() - 0.9 * holds[1].sum() / below[1].sum()
    labels_alone = stats.ratio_difference(
        *(x[at] for x in (holds[0], below[0], holds[1], below[1])), kept=0.9
    )
    assert abs(found.value - whole) < 0.3 * abs(labels_alone.value - whole) + 0.003
    assert found.se < 0.8 * labels_alone.se


def test_names_chances_and_clusters_reach_the_estimate():
    below, holds, judged = world()
    at = np.random.default_rng(2).permutation(N)[:LABELS]
    names = np.array([f"i{n}" for n in range(N)])
    plain = asked(below, holds, judged, at)
    named = stats.judged_ratio_difference(
        holds[0][at],
        holds[1][at],
        names[at],
        item=names,
        candidate_denominator=below[0],
        baseline_denominator=below[1],
        candidate_judge=judged[0],
        baseline_judge=judged[1],
    )
    assert named == plain
    uneven = np.where(np.arange(LABELS) < 40, 0.2, 0.4)
    chances = asked(below, holds, judged, at, probability=uneven, cluster=np.arange(N) // 2)
    assert chances.value != plain.value
    assert chances.clusters < LABELS


def test_words_that_tell_the_share_narrow_the_interval_and_useless_ones_cost_next_to_nothing():
    below, holds, judged = world()
    at = np.random.default_rng(2).permutation(N)[:LABELS]
    noise = np.random.default_rng(4).normal(size=(2, N, 8))
    told = noise + np.where(np.arange(8) < 3, (holds / below)[:, :, None] * 4, 0.0)

    plain, useless, telling = (
        asked(below, holds, judged, at, **some)
        for some in (
            {},
            {"candidate_features": noise[0], "baseline_features": noise[1]},
            {"candidate_features": told[0], "baseline_features": told[1]},
        )
    )

    assert telling.se < 0.9 * plain.se
    assert useless.se < 1.04 * plain.se


@pytest.mark.parametrize(
    ("change", "error", "said"),
    [
        ({"candidate_denominator": np.zeros(N)}, NotEnoughData, "got a mean of 0"),
        ({"candidate_denominator": np.ones(N - 1)}, DataError, "arrays of different lengths"),
        ({"baseline_denominator": np.full(N, -1.0)}, DataError, "0 or more"),
        ({"candidate_judge": np.full(N, np.nan)}, DataError, "candidate_judge"),
        ({"candidate_features": np.ones((N, 2))}, DataError, "baseline_features: got None"),
        (
            {"candidate_features": np.ones((N, 2)), "baseline_features": np.ones((N, 3))},
            DataError,
            "candidate_features: got shape",
        ),
    ],
)
def test_bad_denominators_and_judges_are_refused_by_name(change, error, said):
    below, holds, judged = world()
    with pytest.raises(error, match=said):
        asked(below, holds, judged, np.arange(LABELS), **change)


def test_few_labels_and_one_arms_labels_are_refused():
    below, holds, judged = world()
    with pytest.raises(NotEnoughData, match="expected at least 50"):
        asked(below, holds, judged, np.arange(30))
    with pytest.raises(DataError, match="expected both arms' answers"):
        stats.judged_ratio_difference(
            holds[0][:60],
            holds[1][:59],
            np.arange(60),
            candidate_denominator=below[0],
            baseline_denominator=below[1],
            candidate_judge=judged[0],
            baseline_judge=judged[1],
        )
