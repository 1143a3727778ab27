"""Rows reach a run's Parquet files in their order, however many files they are staged in."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from liftgate.errors import LiftgateError
from liftgate.records import Outcome, Score, Trial
from liftgate.store import parquet
from liftgate.store.tables import MEASURES, SCORES, TRIALS

AT = datetime(2026, 1, 2, tzinfo=UTC)
MANY = 2 * parquet._STAGED + 500


def trial(n: int, message: str = "") -> Trial:
    """Return a trial of which every text and number is its own."""
    return Trial(
        f"k{n}", 1, "r", "a", f"i{n * 7919 % MANY}", 0, AT, n / 7, f"o{n}", message=message
    )


def test_many_rows_of_two_tables_come_back_in_the_order_in_which_they_were_given(
    tmp_path: Path,
) -> None:
    trials = [TRIALS.row(trial(n)) for n in range(MANY)]
    scores = [
        SCORES.row(Score(f"k{n}", 1, "r", "s", "t", "r", Outcome.VALUE, n / 3)) for n in range(MANY)
    ]
    with parquet.Writer(tmp_path) as writer:
        counts = [
            writer.write(TRIALS, iter(trials)), writer.write(SCORES, scores),
            writer.write(MEASURES, ()),
        ]  # fmt: skip
        writer.finish()
    assert counts == [MANY, MANY, 0]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["scores.parquet", "trials.parquet"]
    reader = parquet.Reader()
    assert reader.read(TRIALS, [tmp_path / TRIALS.file], "run", "r") == trials
    assert reader.read(SCORES, [tmp_path / SCORES.file], "run", "r") == scores
    reader.close()


def test_a_row_that_is_longer_than_most_files_is_written_beside_short_ones(tmp_path: Path) -> None:
    rows = [TRIALS.row(trial(n, "x" * (3_000_000 if n == 1 else 3))) for n in range(3)]
    with parquet.Writer(tmp_path) as writer:
        writer.write(TRIALS, rows)
        writer.finish()
    reader = parquet.Reader()
    assert reader.read(TRIALS, [tmp_path / TRIALS.file], "run", "r") == rows
    reader.close()


def test_a_table_that_cannot_be_written_is_told_at_the_end(
    tmp_path: Path,
) -> None:
    (tmp_path / TRIALS.file).mkdir()
    with parquet.Writer(tmp_path) as writer:
        writer.write(TRIALS, [TRIALS.row(trial(1))])
        with pytest.raises(LiftgateError, match=r"trials\.parquet"):
            writer.finish()
