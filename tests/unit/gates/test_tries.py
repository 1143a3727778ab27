"""Repeats joined by what is asked of them, in a study's rows and in foreign tables."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pytest

from liftgate.errors import DataError, NotEnoughData
from liftgate.gates.foreign import collect, match
from liftgate.gates.foreign_scores import pairs_of
from liftgate.gates.pairs import align
from liftgate.protocols import Row
from liftgate.records import (
    Failure,
    Item,
    Joined,
    Observation,
    Outcome,
    Scale,
    Score,
    ScoreKind,
    Trial,
    Tries,
)

BINARY = Scale(ScoreKind.BINARY, 0.0, 1.0)
ITEMS = [Item(f"i{n}", {"text": str(n)}) for n in range(3)]
ALL2, ANY2 = Tries(2, Joined.ALL), Tries(2, Joined.ANY)
TRIES = {
    "old": [[1, 1, 0], [0, 0, 0], [1, 1, 1]],
    "new": [[1, 0, 0], [1, None, 1], ["crash", 1, 1]],
}


def observation(arm, number, repeat, value):
    failure = Failure.CRASH if value == "crash" else None
    item = ITEMS[number]
    trial = Trial(
        f"{arm}{number}{repeat}", 1, "r", arm, item.input_digest, repeat,
        datetime(2026, 1, 1, tzinfo=UTC), 0.1, None, failure,
    )  # fmt: skip
    found = {}
    if failure is None and value is not None:
        found["ok"] = Score(
            trial.key, 1, "r", "s", item.target_digest, "r", Outcome.VALUE, float(value)
        )
    return Observation(item.id, arm, repeat, trial, found)


def aligned(tries, scale=BINARY, **options):
    rows = [
        observation(arm, number, repeat, value)
        for arm, items in TRIES.items()
        for number, values in enumerate(items)
        for repeat, value in enumerate(values)
    ]
    return align(
        ITEMS,
        rows,
        baseline="old",
        candidate="new",
        metric="ok",
        scale=scale,
        failure_scores={Failure.CRASH: None},
        tries=tries,
        **options,
    )


def test_a_studys_repeats_are_joined_item_by_item_and_a_failure_is_a_failed_try() -> None:
    pairs = aligned(ALL2)
    assert pairs.baseline.tolist() == pytest.approx([1 / 3, 0, 1])
    assert pairs.candidate.tolist() == pytest.approx([0, np.nan, 1 / 3], nan_ok=True)
    assert pairs.scale.kind is ScoreKind.GRADED
    any_of = aligned(ANY2)
    assert any_of.baseline.tolist() == pytest.approx([1, 0, 1])
    assert any_of.candidate.tolist() == pytest.approx([2 / 3, np.nan, 1], nan_ok=True)


def test_a_try_without_a_score_is_worst_or_best_in_the_bounds() -> None:
    pairs = aligned(ALL2)
    assert pairs.bounds.candidate_low[1] == pytest.approx(1 / 3)
    assert pairs.bounds.candidate_high[1] == 1
    assert pairs.pairing.missing_candidate == 1


def test_tables_with_repeats_are_joined_too_and_items_may_have_more_or_fewer() -> None:
    def rows(table):
        for number, values in enumerate(table):
            for repeat, value in enumerate(values):
                yield Row(f"i{number}", {"ok": value}, repeat=str(repeat))

    sides = [
        collect(rows(table), metrics=["ok"], place=name, has_repeats=True)
        for name, table in (("a", [[1, 1, 0], [0, 1]]), ("b", [[1, 1], [None, 1]]))
    ]
    matched = match(*sides)
    pairs = pairs_of(matched, "ok", scale=BINARY, failure_score=None, tries=ALL2)
    assert pairs.baseline.tolist() == pytest.approx([1 / 3, 0])
    assert pairs.candidate.tolist() == pytest.approx([1, np.nan], nan_ok=True)
    assert pairs.bounds.candidate_high[1] == 1
    with pytest.raises(NotEnoughData, match="expected at least k = 3"):
        pairs_of(matched, "ok", scale=BINARY, failure_score=None, tries=Tries(3, Joined.ALL))


def test_only_scores_that_are_right_or_wrong_have_tries() -> None:
    for scale in (
        Scale(ScoreKind.GRADED, 0.0, 1.0),
        Scale(ScoreKind.BINARY, 0.0, 1.0, higher_is_better=False),
    ):
        with pytest.raises(DataError, match=r"ok: pass\^2 is about tries that succeed or fail"):
            aligned(ALL2, scale)
    with pytest.raises(NotEnoughData, match="expected at least k = 4"):
        aligned(Tries(4, Joined.ANY))
