"""A judge that favours the candidate by eight points, at the gate: what it claims alone and not.

The truth of the difference is known. The naive interval, which takes the judge for people, must be
caught by the same count that passes ours, with even and with uneven draws.
"""

from __future__ import annotations

import numpy as np
import pytest

from liftgate import stats
from liftgate.gates.evidence import PairsEvidence
from liftgate.gates.judged import JudgedEvidence, LabelledPairs
from liftgate.records import Pairing, Pairs, Scale, ScoreKind

N, LABELS, RUNS = 1000, 100, 200
BIAS = 0.08
SCALE = Scale(ScoreKind.BINARY, 0.0, 1.0)


def world(rng):
    """Return people's and the judge's verdicts on both arms; the true difference is 0."""
    hard = rng.random(N)
    people = np.array([(hard < 0.6) ^ (rng.random(N) < 0.15) for _ in range(2)], dtype=float)
    judge = np.where(rng.random((2, N)) < 0.08, 1 - people, people)
    wrong = judge[1] == 0
    judge[1] = np.where(wrong & (rng.random(N) < BIAS / 0.46), 1.0, judge[1])
    return people, judge


def evidence(rng, *, uneven):
    people, judge = world(rng)
    items = tuple(f"i{n}" for n in range(N))
    size = np.hypot(judge[1] - judge[0], 0.5) if uneven else np.zeros(N)
    chance = stats.label_chances(size, LABELS)
    drawn = stats.systematic_draw(chance, seed=int(rng.integers(2**31)))
    labels = [{items[at]: float(side[at]) for at in drawn} for side in people]
    pairs = Pairs(
        metric="good",
        items=items,
        candidate=judge[1],
        baseline=judge[0],
        cluster=None,
        scale=SCALE,
        slices={},
        pairing=Pairing(N),
    )
    chances = {items[at]: float(chance[at]) for at in drawn}
    return JudgedEvidence(
        pairs, alpha=0.025, labelled=LabelledPairs(labels[1], labels[0], chances)
    ), people


@pytest.mark.parametrize("uneven", [False, True])
def test_the_interval_of_people_and_judge_holds_where_the_judges_own_does_not(uneven) -> None:
    rng = np.random.default_rng(11)
    ours = naive = 0
    widths, alone = [], []
    for _ in range(RUNS):
        judged, people = evidence(rng, uneven=uneven)
        found = judged.difference()
        ours += found.low <= 0 <= found.high
        widths.append(found.high - found.low)
        trusting = PairsEvidence(judged.pairs, alpha=0.025).difference()
        naive += trusting.low <= 0 <= trusting.high
        drawn = list(judged.labelled.chances)
        if not uneven:
            places = [int(name[1:]) for name in drawn]
            labels = stats.paired_difference(
                people[1][places], people[0][places], kind=ScoreKind.GRADED, score_range=(0, 1)
            )
            alone.append(labels.high - labels.low)
    print(f"uneven={uneven}: ours {ours / RUNS:.3f}, naive {naive / RUNS:.3f}")
    print(f"mean width {np.mean(widths):.3f}", np.mean(alone) if alone else "")
    assert ours / RUNS >= 0.93 - 3 * (0.07 * 0.93 / RUNS) ** 0.5
    assert naive / RUNS < 0.5
    if alone:
        assert np.mean(widths) < np.mean(alone)
