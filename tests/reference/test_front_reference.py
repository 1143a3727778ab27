"""Pareto fronts against paretoset's set of means, and against tests combined loop by loop.

The p-value of each pair is scipy's here, in place of the method table's, which has references of
its own: what is compared is how they are combined.
"""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace

import pytest
from scipy.stats import ttest_rel

from liftgate.stats import Objective, front, pareto_front

ROWS = json.loads(Path(__file__).with_name("stats_front.json").read_text("utf-8"))["rows"]


@pytest.mark.parametrize("row", ROWS)
def test_means_and_tests_agree_with_other_packages(row, monkeypatch):
    def paired(ours, theirs, **_):
        return SimpleNamespace(p_value=ttest_rel(ours, theirs, alternative="greater").pvalue)

    monkeypatch.setattr(front, "paired_difference", paired)
    scores = row["scores"]
    systems = [f"s{n}" for n in range(len(scores[0]))]
    objectives = [Objective(name=f"o{k}", values=values) for k, values in enumerate(scores)]
    made = pareto_front(systems, objectives, draws=100)
    assert [place.seems_on_front for place in made.places] == row["undominated"]
    assert [place.p_front for place in made.places] == pytest.approx(row["p_front"], rel=1e-6)
    found = [place.p_dominated for place in made.places]
    assert found == pytest.approx(row["p_dominated"], rel=1e-6)
