"""What must hold for a comparison whatever the tables hold."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from liftgate.flow.compare import compare_tables
from liftgate.records import Comparison, Margin, Question, Reading

Cell = float | None
Rows = list[tuple[str, Cell, Cell]]

ITEMS = st.text(min_size=1, max_size=6).filter(lambda s: s.strip() == s != "")
CELLS = st.one_of(
    st.none(), st.sampled_from([0.0, 1.0]), st.floats(0, 1, allow_subnormal=False, width=16)
)
TABLES = st.lists(st.tuples(ITEMS, CELLS, CELLS), min_size=8, max_size=40, unique_by=lambda r: r[0])
MODEST = settings(max_examples=40, deadline=None, derandomize=True)

SWAPPED = {Reading.SUPERIOR: Reading.INFERIOR, Reading.INFERIOR: Reading.SUPERIOR}


def written(folder: Path, name: str, rows: Sequence[tuple[str, Cell]]) -> Path:
    path = folder / name
    lines = [json.dumps({"item": item, "acc": value}) for item, value in rows]
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def compared(folder: Path, rows: Rows, question: Question | None = None) -> Comparison | None:
    """Compare the two columns of scores; None when there is nothing to compare."""
    base = [(item, before) for item, before, _ in rows]
    cand = [(item, after) for item, _, after in rows]
    if all(v is None for _, v in base + cand) or base == cand:
        return None
    return compare_tables(
        written(folder, "base.jsonl", base), written(folder, "cand.jsonl", cand), question
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("tables")


@MODEST
@given(rows=TABLES)
def test_swapping_the_sides_flips_the_sign_and_the_verdict(folder: Path, rows: Rows) -> None:
    there = compared(folder, rows)
    back = compared(folder, [(item, after, before) for item, before, after in rows])
    if there is None or back is None:
        return
    one, other = there.metrics[0], back.metrics[0]
    assert other.verdict.reading is SWAPPED.get(one.verdict.reading, one.verdict.reading)
    assert (other.moves.gained, other.moves.lost) == (one.moves.lost, one.moves.gained)
    if one.verdict.descriptive is not None:
        first, second = one.verdict.descriptive, other.verdict.descriptive
        assert second is not None
        assert second.value == pytest.approx(-first.value, abs=1e-9)
        assert first.low is not None
        assert second.high == pytest.approx(-first.low, abs=1e-6)


@MODEST
@given(rows=TABLES, seed=st.integers(0, 1000))
def test_the_order_of_the_rows_changes_nothing(folder: Path, rows: Rows, seed: int) -> None:
    first = compared(folder, rows)
    shuffled = list(rows)
    random.Random(seed).shuffle(shuffled)
    again = compared(folder, shuffled)
    assert (first is None) == (again is None)
    if first is not None and again is not None:
        assert first.metrics == again.metrics
        assert first.sentence == again.sentence


@MODEST
@given(rows=TABLES, small=st.floats(0.001, 0.4), factor=st.floats(1, 2.4))
def test_a_larger_margin_never_loses_a_not_worse(
    folder: Path, rows: Rows, small: float, factor: float
) -> None:
    def shown(margin: float) -> bool | None:
        question = Question(margins={"*": Margin(value=margin)})
        found = compared(folder, rows, question)
        return None if found is None else found.metrics[0].verdict.rejected

    if shown(small):
        assert shown(small * factor)


@MODEST
@given(rows=TABLES)
def test_every_item_is_accounted_for(folder: Path, rows: Rows) -> None:
    found = compared(folder, rows)
    if found is None:
        return
    metric = found.metrics[0]
    moves = metric.moves
    complete = sum(before is not None and after is not None for _, before, after in rows)
    assert metric.pairing.paired == complete == moves.gained + moves.lost + moves.same
    assert metric.pairing.missing_baseline == sum(before is None for _, before, _ in rows)
