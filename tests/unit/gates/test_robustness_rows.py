from __future__ import annotations

import numpy as np

from liftgate.gates.robustness import robustness
from liftgate.records import Pairing, Pairs, Scale, ScoreKind

BINARY = Scale(ScoreKind.BINARY, 0.0, 1.0)


def pairs(families, baseline, candidate, scale=BINARY) -> Pairs:
    count = len(families) // len(set(families))
    return Pairs(
        metric="right",
        items=tuple(f"i{n}" for n in range(len(families))),
        candidate=np.array(candidate, dtype=np.float64),
        baseline=np.array(baseline, dtype=np.float64),
        cluster=np.arange(len(families)) % count,
        scale=scale,
        slices={"family": np.array(families, dtype=np.object_)},
        pairing=Pairing(paired=len(families)),
    )


def test_the_identity_comes_first_and_changes_are_counted_by_direction() -> None:
    families = ["casing"] * 20 + ["identity"] * 20
    baseline = [1.0] * 10 + [0.0] * 10
    casing = [0.0] * 4 + [1.0] * 6 + [1.0] + [0.0] * 9

    found = robustness(pairs(families, baseline * 2, casing + baseline))

    assert found is not None
    rows = found["families"]
    assert [row["family"] for row in rows] == ["identity", "casing"]
    assert [(row["worse"], row["better"]) for row in rows] == [(0, 0), (4, 1)]
    assert round(rows[1]["estimate"]["value"], 12) == -0.15
    assert (found["origins"], found["all_kept"]) == (20, 16)


def test_where_less_is_better_a_larger_score_is_worse() -> None:
    scale = Scale(ScoreKind.GRADED, 0.0, 1.0, higher_is_better=False)
    families = ["identity"] * 12 + ["typos"] * 12
    low, high = [0.2] * 12, [0.3] * 12

    found = robustness(pairs(families, low * 2, low + high, scale))

    assert found is not None
    assert found["families"][1]["worse"] == 12


def test_a_cluster_with_a_missing_score_is_not_counted_as_kept() -> None:
    families = ["identity"] * 12 + ["typos"] * 12
    ones = [1.0] * 12

    found = robustness(pairs(families, ones * 2, [*ones, np.nan, *ones[1:]]))

    assert found is not None
    assert (found["origins"], found["all_kept"]) == (11, 11)


def test_other_items_have_no_robustness() -> None:
    one = pairs(["de", "en"], [1, 1], [1, 1])

    assert robustness(one) is None
