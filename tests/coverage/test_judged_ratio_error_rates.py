"""A judge of statements that favours the candidate: what labels with it claim, and it alone.

The arms are equal: as many statements hold. The judge's own ratio must be caught by the same count
that passes ours.
"""

import math

import numpy as np

from liftgate import stats
from tests.unit.stats.test_judged_ratios import asked, world

RUNS, N, LABELS, LEVEL = 200, 500, 100, 0.9
MORE = 400


def test_labels_with_a_biased_judge_keep_their_level_where_the_judge_alone_does_not():
    rng = np.random.default_rng(8)
    above = below_ = alone = 0
    widths, plain = [], []
    for run in range(RUNS):
        below, holds, judged = world(seed=1000 + run, n=N, bias=0.12)
        at = rng.permutation(N)[:LABELS]
        found = asked(below, holds, judged, at, level=LEVEL)
        above += found.low > 0
        below_ += found.high < 0
        widths.append(found.high - found.low)
        labels = stats.ratio_difference(
            *(x[at] for x in (holds[0], below[0], holds[1], below[1])), level=LEVEL
        )
        plain.append(labels.high - labels.low)
        naive = stats.ratio_difference(judged[0], below[0], judged[1], below[1], level=LEVEL)
        alone += naive.low > 0
    band = 0.06 + 3 * math.sqrt(0.06 * 0.94 / RUNS)
    assert max(above, below_) / RUNS <= band, (above, below_)
    assert alone / RUNS > 0.5, alone
    assert np.mean(widths) < 0.9 * np.mean(plain)


def test_words_beside_the_judge_keep_the_level_and_narrow_the_interval():
    rng = np.random.default_rng(9)
    above = below_ = 0
    widths, plain = [], []
    for run in range(MORE):
        below, holds, judged = world(seed=5000 + run, n=N, bias=0.12)
        at = rng.permutation(N)[:LABELS]
        words = rng.normal(size=(2, N, 16))
        words[:, :, :3] += (holds / below)[:, :, None] * 4
        found = asked(
            below,
            holds,
            judged,
            at,
            level=LEVEL,
            candidate_features=words[0],
            baseline_features=words[1],
        )
        above += found.low > 0
        below_ += found.high < 0
        widths.append(found.high - found.low)
        without = asked(below, holds, judged, at, level=LEVEL)
        plain.append(without.high - without.low)
    print(
        f"with words: {above} and {below_} of {MORE}; {np.mean(widths):.4f}, {np.mean(plain):.4f}"
    )
    band = 0.05 + 3 * math.sqrt(0.05 * 0.95 / MORE)
    assert max(above, below_) / MORE <= band, (above, below_)
    assert np.mean(widths) < 0.93 * np.mean(plain)
