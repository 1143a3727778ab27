"""Comparisons of real graded answers; skipped where the shared data is not at hand."""

from __future__ import annotations

import os
from pathlib import Path

import duckdb
import numpy as np
import pytest
from scipy import stats as peer

from liftgate.errors import DataError
from liftgate.flow.compare import compare_tables
from liftgate.records import Columns, Question, Reading, ScoreKind

DATA = Path(os.environ.get("LIFTGATE_SHARED_DATA", Path(__file__).parents[3] / "shared" / "data"))
ALPACA = DATA / "alpaca_eval.parquet"
JUDGE = "weighted_alpaca_eval_gpt4_turbo"

pytestmark = pytest.mark.skipif(not ALPACA.exists(), reason=f"{ALPACA.name} is not at hand")


@pytest.fixture(scope="module")
def graded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("alpaca") / "graded.parquet"
    duckdb.execute(
        f"COPY (SELECT * FROM read_parquet('{ALPACA}') WHERE judge = '{JUDGE}' "
        f"AND system IN (SELECT DISTINCT system FROM read_parquet('{ALPACA}') "
        f"WHERE judge = '{JUDGE}' ORDER BY system LIMIT 6)) TO '{path}' (FORMAT parquet)"
    )
    return path


def systems(path: Path) -> list[str]:
    rows = duckdb.execute(f"SELECT DISTINCT system FROM read_parquet('{path}') ORDER BY 1")
    return [row[0] for row in rows.fetchall()]


def differences(path: Path, baseline: str, candidate: str) -> np.ndarray:
    rows = duckdb.execute(
        f"SELECT c.preference - b.preference FROM read_parquet('{path}') b "
        f"JOIN read_parquet('{path}') c USING (item) WHERE b.system = ? AND c.system = ?",
        [baseline, candidate],
    ).fetchall()
    return np.array([row[0] for row in rows])


def test_the_guesses_fit_and_the_difference_is_the_plain_paired_one(graded: Path) -> None:
    first, *others = systems(graded)
    for other in others:
        found = compare_tables(f"{graded}@{first}", f"{graded}@{other}")
        assert found.baseline.columns == Columns(
            item="item", metrics=("preference",), system="system"
        )
        (metric,) = found.metrics
        assert metric.scale.kind is ScoreKind.GRADED
        estimate = metric.verdict.descriptive
        assert estimate is not None
        d = differences(graded, first, other)
        assert estimate.n == len(d) == metric.pairing.paired
        assert estimate.value == pytest.approx(float(d.mean()), abs=5e-3)
        plain = peer.ttest_1samp(d, 0).confidence_interval(0.95)
        assert estimate.low == pytest.approx(plain.low, abs=1e-2)
        assert estimate.high == pytest.approx(plain.high, abs=1e-2)
        if abs(peer.ttest_1samp(d, 0).statistic) > 3:
            way = Reading.SUPERIOR if d.mean() > 0 else Reading.INFERIOR
            assert metric.verdict.reading is way


def test_several_judges_of_one_item_are_not_taken_for_several_items() -> None:
    names = duckdb.execute(
        f"SELECT system FROM read_parquet('{ALPACA}') GROUP BY system "
        "HAVING count(DISTINCT judge) > 1 ORDER BY 1 LIMIT 2"
    ).fetchall()
    with pytest.raises(DataError, match="items come more than once") as caught:
        compare_tables(*(f"{ALPACA}@{name}" for (name,) in names))
    assert "--repeat" in caught.value.hint


def test_a_slice_of_real_items_is_shown_apart(graded: Path) -> None:
    first, second, *_ = systems(graded)
    question = Question(columns=Columns(slices=("subset",)))
    (metric,) = compare_tables(f"{graded}@{first}", f"{graded}@{second}", question).metrics
    assert len(metric.slices) == 5
    assert sum(part.items for part in metric.slices) == metric.pairing.paired
