from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest

from liftgate.canon import canonical
from liftgate.gates.pairs import align
from liftgate.gates.summary import arm_means, bound_rows, moves, slice_table
from liftgate.records import (
    Failure,
    Item,
    Observation,
    Outcome,
    Pairs,
    Scale,
    Score,
    ScoreKind,
    Trial,
    trial_key,
)

BINARY = Scale(ScoreKind.BINARY, 0.0, 1.0)
START = datetime(2026, 1, 1, tzinfo=UTC)
ITEMS = [
    Item(f"q{k:02d}", {"text": str(k)}, target=k or None, slices={"lang": "de" if k % 2 else "en"})
    for k in range(24)
]


def seen(
    one: Item,
    arm: str,
    value: float | None,
    *,
    repeat: int = 0,
    outcome: Outcome = Outcome.VALUE,
    failure: Failure | None = None,
    reason: str = "",
) -> Observation:
    key = trial_key(arm, one.input_digest, repeat)
    output = None if failure else f"sha256:{arm}{one.id}{repeat}"
    trial = Trial(key, 1, "r", arm, one.input_digest, repeat, START, 0.1, output, failure)
    score = Score(key, 1, "r", "s", one.target_digest, "r", outcome, value, reason)
    return Observation(one.id, arm, repeat, trial, {} if failure else {"hit": score})


def rows_of(before: list[float], after: list[float]) -> list[Observation]:
    return [seen(one, "B", v) for one, v in zip(ITEMS, before, strict=False)] + [
        seen(one, "C", v) for one, v in zip(ITEMS, after, strict=False)
    ]


BEFORE = [1.0, 1.0, 0.0, 0.0] * 6
AFTER = [1.0, 0.0, 1.0, 0.0] * 5 + [1.0, 1.0, 1.0, 0.0]
ROWS = rows_of(BEFORE, AFTER)


def pairs_of(rows: list[Observation], scale: Scale = BINARY, items: list[Item] = ITEMS) -> Pairs:
    return align(
        items,
        rows,
        baseline="B",
        candidate="C",
        metric="hit",
        scale=scale,
        failure_scores=dict.fromkeys(Failure),
    )


def test_each_arm_has_its_own_mean_in_the_scores_units() -> None:
    means = arm_means({"new": {"hit": pairs_of(ROWS)}}, baseline="old")
    assert means["old"]["hit"]["value"] == 0.5
    assert means["new"]["hit"]["value"] == pytest.approx(13 / 24)
    assert means["new"]["hit"]["level"] == 0.95
    canonical(means)


def test_a_mean_leaves_missing_scores_out_and_is_null_where_no_interval_is_admissible() -> None:
    rows = [r for r in ROWS if r.item != "q00"] + [seen(ITEMS[0], "B", 1.0)]
    means = arm_means({"new": {"hit": pairs_of(rows)}}, baseline="old")
    assert means["new"]["hit"]["n"] == 23
    graded = Scale(ScoreKind.GRADED, 0.0, 1.0)
    few = arm_means({"new": {"hit": pairs_of(ROWS[:2], graded, ITEMS[:2])}}, baseline="old")
    assert few["new"]["hit"] is None


def test_slices_are_shown_with_their_size_and_a_reason_where_there_is_no_interval() -> None:
    table = slice_table(pairs_of(ROWS), ["lang"])
    assert [(row["slice"], row["n"]) for row in table["lang"]] == [("de", 12), ("en", 12)]
    de = table["lang"][0]
    assert de["estimate"]["value"] == pytest.approx(-5 / 12)
    assert de["reason"] == ""


def test_a_small_slice_says_why_it_has_no_interval() -> None:
    rows = [r for r in ROWS if r.item in {i.id for i in ITEMS[:7]}]
    table = slice_table(pairs_of(rows, items=ITEMS[:7]), ["lang"])
    assert table["lang"][0]["estimate"] is None
    assert "expected at least 6" in table["lang"][0]["reason"]
    canonical(table)


def test_flips_count_every_item_once() -> None:
    found = moves(pairs_of(ROWS), ITEMS, ROWS, baseline="B", candidate="C")
    assert found["flips"] == {"both": 7, "gained": 6, "lost": 5, "neither": 6}
    graded = pairs_of(ROWS, Scale(ScoreKind.GRADED, 0.0, 1.0))
    assert moves(graded, ITEMS, ROWS, baseline="B", candidate="C")["flips"] is None


def test_equal_moves_come_in_the_order_of_their_ids_and_at_most_so_many() -> None:
    found = moves(pairs_of(ROWS), ITEMS, ROWS, baseline="B", candidate="C", most=3)
    assert [row["item"] for row in found["gains"]] == ["q02", "q06", "q10"]
    assert [row["item"] for row in found["losses"]] == ["q01", "q05", "q09"]
    turned = moves(pairs_of(ROWS[::-1]), ITEMS, ROWS[::-1], baseline="B", candidate="C", most=3)
    assert canonical(turned) == canonical(found)


def test_a_move_carries_digests_and_never_texts() -> None:
    found = moves(pairs_of(ROWS), ITEMS, ROWS, baseline="B", candidate="C")
    row = found["gains"][0]
    assert row == {
        "item": "q02",
        "baseline": 0.0,
        "candidate": 1.0,
        "delta": 1.0,
        "slices": {"lang": "en"},
        "input": ITEMS[2].input_digest,
        "target": ITEMS[2].target_digest,
        "baseline_output": "sha256:Bq020",
        "candidate_output": "sha256:Cq020",
    }


def test_where_lower_is_better_a_lower_score_is_the_gain() -> None:
    scale = Scale(ScoreKind.GRADED, 0.0, 1.0, higher_is_better=False)
    found = moves(pairs_of(ROWS, scale), ITEMS, ROWS, baseline="B", candidate="C")
    best = found["gains"][0]
    assert (best["baseline"], best["candidate"], best["delta"]) == (1.0, 0.0, 1.0)


def test_the_first_repeats_output_is_shown_and_a_failure_has_none() -> None:
    items = ITEMS[:1]
    rows = [
        seen(items[0], "B", 0.0),
        seen(items[0], "B", 0.0, repeat=1),
        seen(items[0], "C", None, failure=Failure.CRASH),
        seen(items[0], "C", 1.0, repeat=1),
    ]
    found = moves(pairs_of(rows, items=items), items, rows, baseline="B", candidate="C")
    (row,) = found["gains"]
    assert row["delta"] == 0.5
    assert row["baseline_output"] == "sha256:Bq000"
    assert row["candidate_output"] is None
    assert row["target"] is None


def test_bound_rows_do_not_depend_on_order_and_change_with_any_number() -> None:
    first = bound_rows(ROWS, ["hit"])
    assert first["count"] == len(ROWS)
    assert bound_rows(ROWS[::-1], ["hit"]) == first
    for change in (
        {"value": 0.5},
        {"outcome": Outcome.ABSTAINED, "value": None, "reason": "unsure"},
        {"value": None, "failure": Failure.TIMEOUT},
        {"value": 1.0, "repeat": 1},
    ):
        call: dict[str, Any] = {"value": 1.0, **change}
        changed = [seen(ITEMS[0], "B", **call), *ROWS[1:]]
        assert bound_rows(changed, ["hit"])["digest"] != first["digest"]


def test_a_bound_row_tells_abstention_failure_and_a_lacking_score_apart() -> None:
    one = ITEMS[0]
    states = [
        seen(one, "B", None, outcome=Outcome.ABSTAINED, reason="unsure"),
        seen(one, "B", None, outcome=Outcome.FAILED, reason="unsure"),
        seen(one, "B", None, outcome=Outcome.UNPARSABLE, reason="unsure"),
        seen(one, "B", None, failure=Failure.UNPARSABLE),
        Observation(one.id, "B", 0, seen(one, "B", 1.0).trial, {}),
    ]
    digests = {bound_rows([row], ["hit"])["digest"] for row in states}
    assert len(digests) == 4  # unreadable for the scorer and for the system is one outcome here


def test_the_declared_score_of_a_failure_can_be_bound_too() -> None:
    row = seen(ITEMS[0], "B", None, failure=Failure.CRASH)
    digests = {
        bound_rows([row], ["hit"], scored=lambda _f, _m, v=value: v)["digest"]
        for value in (None, 0.0, 0.5)
    }
    assert len(digests) == 3


def test_nothing_in_a_summary_is_a_foreign_number() -> None:
    found = moves(pairs_of(ROWS), ITEMS, ROWS, baseline="B", candidate="C")
    assert not any(isinstance(x, np.generic) for row in found["gains"] for x in row.values())
    assert all(type(x) is int for x in found["flips"].values())
