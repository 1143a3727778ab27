"""A covariate at fixed n: more is known of the items than the answers to them."""

import numpy as np
import pytest

from liftgate import stats
from liftgate.errors import DataError

G = stats.ScoreKind.GRADED
RNG = np.random.default_rng(12)
KNOWN = RNG.uniform(-0.3, 0.3, 600)
BASELINE = RNG.uniform(0.35, 0.65, 600)
CANDIDATE = np.clip(BASELINE + KNOWN + RNG.normal(0, 0.03, 600), 0, 1)


def difference(n, **options):
    return stats.paired_difference(
        CANDIDATE[:n], BASELINE[:n], kind=G, score_range=(0, 1), **options
    )


def test_what_is_known_of_the_other_items_narrows_the_interval():
    plain, helped = difference(150), difference(150, covariate=KNOWN)
    assert helped.high - helped.low < 0.75 * (plain.high - plain.low)
    whole = float(np.mean(CANDIDATE - BASELINE))
    assert abs(helped.value - whole) < abs(plain.value - whole)


def test_without_other_items_there_is_nothing_to_learn():
    assert difference(150, covariate=KNOWN[:150]) == difference(150)


def test_a_covariate_that_says_nothing_changes_little():
    noise = np.random.default_rng(1).normal(size=600)
    plain, helped = difference(150), difference(150, covariate=noise)
    assert helped.low == pytest.approx(plain.low, abs=0.01)


def test_the_error_keeps_its_level_where_the_covariate_helps():
    rng = np.random.default_rng(3)
    runs, wrong = 400, 0
    for _ in range(runs):
        known = rng.uniform(-0.3, 0.3, 300)
        base = rng.uniform(0.35, 0.65, 300)
        ours = np.clip(base + known + rng.normal(0, 0.05, 300), 0, 1)
        found = stats.paired_difference(
            ours[:100],
            base[:100],
            kind=G,
            score_range=(0, 1),
            covariate=known,
            alternative="greater",
        )
        wrong += found.p_value <= 0.05
    assert wrong / runs <= 0.05 + 3 * (0.05 * 0.95 / runs) ** 0.5


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"covariate": KNOWN[:20]}, "covariate: got 20 rows, expected at least 150"),
        ({"covariate": np.full(600, np.nan)}, "not finite"),
        ({"covariate": KNOWN, "guarantee": True}, "together with guarantee"),
        ({"covariate": KNOWN, "weight": np.arange(1, 151)}, "together with weight"),
    ],
)
def test_what_does_not_go_with_a_covariate_is_refused(options, message):
    with pytest.raises(DataError, match=message):
        difference(150, **options)
