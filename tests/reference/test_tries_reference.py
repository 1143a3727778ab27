"""pass@k and pass^k against every choice counted, and against inspect_ai's reducers."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from liftgate import stats

ROWS = json.loads(Path(__file__).with_name("stats_tries.json").read_text("utf-8"))["rows"]


@pytest.mark.parametrize("joined", ["any", "all"])
def test_every_choice_of_k_tries_counted_gives_the_same(joined) -> None:
    for row in ROWS:
        (found,) = stats.of_tries([row["c"]], [row["n"]], row["k"], joined=joined)
        assert found == pytest.approx(row[joined], abs=1e-12)
        assert found == pytest.approx(row[f"inspect_{joined}"], abs=1e-12)


def test_the_plug_in_is_another_number_wherever_tries_vary() -> None:
    differing = [
        row
        for row in ROWS
        if 0 < row["c"] < row["n"] and row["k"] > 1
        if abs((row["c"] / row["n"]) ** row["k"] - row["all"]) > 1e-9
    ]
    assert len(differing) == sum(0 < row["c"] < row["n"] and row["k"] > 1 for row in ROWS)
