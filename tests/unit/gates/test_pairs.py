from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest

from liftgate.errors import DataError
from liftgate.gates.pairs import align, clusters, complete, in_slice, slice_values, take
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
GRADED = Scale(ScoreKind.GRADED, 0.0, 1.0)
SECONDS = Scale(ScoreKind.UNBOUNDED, 0.0, None, higher_is_better=False)
WORST: Mapping[Failure, float | None] = dict.fromkeys(Failure)
START = datetime(2026, 1, 1, tzinfo=UTC)


def item(name: str, **facts: Any) -> Item:
    return Item(name, {"text": name}, **facts)


def seen(
    one: Item,
    arm: str,
    value: float | None = None,
    *,
    repeat: int = 0,
    failure: Failure | None = None,
    outcome: Outcome = Outcome.VALUE,
    input_digest: str | None = None,
) -> Observation:
    digest = input_digest or one.input_digest
    key = trial_key(arm, digest, repeat)
    trial = Trial(key, 1, "r", arm, digest, repeat, START, 0.1, None, failure)
    score = Score(key, 1, "r", "s", one.target_digest, "r", outcome, value)
    scores = {} if failure is not None else {"quality": score}
    return Observation(one.id, arm, repeat, trial, scores)


def aligned(items: list[Item], rows: list[Observation], **changes: Any) -> Pairs:
    call: dict[str, Any] = {
        "baseline": "B",
        "candidate": "C",
        "metric": "quality",
        "scale": GRADED,
        "failure_scores": WORST,
        **changes,
    }
    return align(items, rows, **call)


A, B, C = item("a"), item("b"), item("c")


def test_there_is_one_entry_an_item_in_the_order_of_the_dataset() -> None:
    rows = [seen(B, "C", 0.3), seen(A, "B", 0.1), seen(A, "C", 0.2), seen(B, "B", 0.4)]
    pairs = aligned([A, B], rows)
    assert pairs.items == ("a", "b")
    assert pairs.candidate.tolist() == [0.2, 0.3]
    assert pairs.baseline.tolist() == [0.1, 0.4]
    assert pairs.cluster is None
    assert pairs.weight is None
    assert pairs.pairing.paired == 2


def test_observations_of_other_arms_are_passed_over() -> None:
    rows = [seen(A, "B", 0.1), seen(A, "C", 0.2), seen(A, "other", 0.9, repeat=4)]
    assert aligned([A], rows).pairing.repeats_baseline == 1


def test_repeats_are_averaged_and_make_a_binary_score_graded() -> None:
    rows = [seen(A, arm, v, repeat=k) for arm in "BC" for k, v in enumerate((1.0, 0.0, 1.0, 1.0))]
    pairs = aligned([A], rows, scale=BINARY)
    assert pairs.candidate.tolist() == [0.75]
    assert pairs.scale.kind is ScoreKind.GRADED
    assert pairs.pairing.repeats_candidate == 4
    assert aligned([A], rows[:1] + rows[4:5], scale=BINARY).scale.kind is ScoreKind.BINARY


def test_a_failed_trial_scores_what_is_declared_and_the_worst_where_nothing_is() -> None:
    rows = [
        seen(A, "B", failure=Failure.CRASH),
        seen(A, "C", failure=Failure.REFUSAL),
    ]
    scores = {**WORST, Failure.REFUSAL: 0.25}
    pairs = aligned([A], rows, failure_scores=scores)
    assert pairs.baseline.tolist() == [0.0]
    assert pairs.candidate.tolist() == [0.25]
    assert (pairs.pairing.failed_baseline, pairs.pairing.failed_candidate) == (1, 1)
    assert pairs.pairing.missing_candidate == 0


def test_the_worst_of_a_metric_where_lower_is_better_is_its_highest_value() -> None:
    scale = Scale(ScoreKind.GRADED, 0.0, 10.0, higher_is_better=False)
    rows = [seen(A, "B", 1.0), seen(A, "C", failure=Failure.TIMEOUT)]
    assert aligned([A], rows, scale=scale).candidate.tolist() == [10.0]


def test_a_failure_without_a_worst_value_is_missing_and_still_counted_as_failed() -> None:
    rows = [seen(A, "B", 1.0), seen(A, "C", failure=Failure.TIMEOUT)]
    pairs = aligned([A], rows, scale=SECONDS)
    assert np.isnan(pairs.candidate).tolist() == [True]
    assert (pairs.pairing.failed_candidate, pairs.pairing.missing_candidate) == (1, 1)


def test_an_answer_that_the_scorer_cannot_read_is_the_systems_failure() -> None:
    rows = [seen(A, "B", 1.0), seen(A, "C", outcome=Outcome.UNPARSABLE)]
    pairs = aligned([A], rows)
    assert pairs.candidate.tolist() == [0.0]
    assert pairs.pairing.failed_candidate == 1


@pytest.mark.parametrize(("abstained", "expected"), [(None, np.nan), (0.0, 0.0), (0.5, 0.5)])
def test_an_abstention_has_its_own_rule(abstained: Any, expected: float) -> None:
    rows = [seen(A, "B", 1.0), seen(A, "C", outcome=Outcome.ABSTAINED)]
    pairs = aligned([A], rows, abstained=abstained)
    np.testing.assert_array_equal(pairs.candidate, [expected])
    assert pairs.pairing.abstained_candidate == 1
    assert pairs.pairing.missing_candidate == int(np.isnan(expected))


def test_a_failed_scorer_and_an_unscored_answer_are_missing_never_zero() -> None:
    unscored = seen(B, "C", 1.0)
    unscored = Observation("b", "C", 0, unscored.trial, {})
    rows = [seen(A, "C", outcome=Outcome.FAILED), unscored, seen(A, "B", 1.0), seen(B, "B", 1.0)]
    pairs = aligned([A, B], rows)
    assert np.isnan(pairs.candidate).all()
    assert pairs.pairing.missing_candidate == 2
    assert pairs.pairing.paired == 0


def test_an_item_that_was_never_run_is_missing_and_named() -> None:
    rows = [seen(A, "B", 1.0), seen(B, "C", 1.0)]
    pairs = aligned([A, B, C], rows)
    assert pairs.pairing.only_baseline == ("a",)
    assert pairs.pairing.only_candidate == ("b",)
    assert (pairs.pairing.missing_baseline, pairs.pairing.missing_candidate) == (2, 2)
    assert len(pairs.items) == 3


def test_an_answer_to_another_input_is_named_as_changed_and_does_not_count() -> None:
    rows = [seen(A, "B", 1.0), seen(A, "C", 1.0, input_digest=B.input_digest)]
    pairs = aligned([A], rows)
    assert pairs.pairing.changed == ("a",)
    assert np.isnan(pairs.candidate).all()


def test_bounds_fill_only_the_missing_repeats() -> None:
    rows = [
        seen(A, "C", 0.8),
        seen(A, "C", repeat=1, outcome=Outcome.FAILED),
        *[seen(A, "B", 0.4, repeat=k) for k in range(2)],
    ]
    pairs = aligned([A], rows)
    assert pairs.bounds is not None
    assert np.isnan(pairs.candidate).all()
    assert pairs.bounds.candidate_low.tolist() == [0.4]
    assert pairs.bounds.candidate_high.tolist() == [0.9]
    assert pairs.bounds.baseline_low.tolist() == pairs.bounds.baseline_high.tolist() == [0.4]


def test_a_planned_repeat_that_no_arm_ran_is_missing() -> None:
    rows = [seen(A, "B", 0.4), seen(A, "C", 0.8)]
    pairs = aligned([A], rows, repeats=2)
    assert np.isnan(pairs.candidate).all()
    assert pairs.bounds is not None
    assert pairs.bounds.candidate_low.tolist() == [0.4]
    with pytest.raises(DataError, match="repeat number 1"):
        aligned([A], [seen(A, "B", 0.4, repeat=1)], repeats=1)


def test_bounds_have_no_number_where_the_scale_has_no_end() -> None:
    rows = [seen(A, "B", 1.0), seen(A, "C", outcome=Outcome.FAILED)]
    pairs = aligned([A], rows, scale=SECONDS)
    assert pairs.bounds is not None
    assert pairs.bounds.candidate_low.tolist() == [0.0]
    assert np.isnan(pairs.bounds.candidate_high).all()


def test_clusters_are_numbered_and_an_item_without_one_is_its_own() -> None:
    items = [item("a", cluster="x"), item("b"), item("c", cluster="x"), item("x")]
    pairs = aligned(items, [])
    assert pairs.cluster is not None
    assert pairs.cluster.tolist() == [0, 1, 0, 2]
    assert clusters(pairs) == 3
    assert clusters(aligned([A, B], [])) == 2


def test_weights_are_kept_only_where_they_differ_from_one() -> None:
    assert aligned([A], []).weight is None
    weighted = aligned([item("a", weight=2.0), B], []).weight
    assert weighted is not None
    assert weighted.tolist() == [2.0, 1.0]


def test_slices_can_be_taken_and_items_without_a_value_form_one_of_their_own() -> None:
    items = [item("a", slices={"lang": "de"}), item("b"), item("c", slices={"lang": "en"})]
    rows = [seen(one, arm, 0.5) for one in items[:2] for arm in "BC"]
    pairs = aligned(items, rows)
    assert slice_values(pairs, "lang") == ("(none)", "de", "en")
    part = in_slice(pairs, "lang", "(none)")
    assert part.items == ("b",)
    assert part.bounds is not None
    assert len(part.bounds.candidate_low) == 1
    assert in_slice(pairs, "lang", "en").pairing.missing_candidate == 1
    with pytest.raises(DataError, match="no slice 'tone'; known: lang"):
        slice_values(pairs, "tone")


def test_complete_pairs_leave_out_what_is_missing_on_either_side() -> None:
    rows = [seen(A, "B", 0.5), seen(A, "C", 0.5), seen(B, "B", 0.5), seen(C, "C", 0.5)]
    assert complete(aligned([A, B, C], rows)).items == ("a",)
    nothing = take(aligned([A], rows[:2]), np.array([False]))
    assert nothing.items == ()
    assert nothing.pairing.paired == 0


BROKEN: dict[str, tuple[list[Item], list[Observation], dict[str, Any], str]] = {
    "no items": ([], [], {}, "no items"),
    "an unknown item": ([A], [seen(B, "C", 0.5)], {}, "'b', not in the set"),
    "two of one repeat": ([A], [seen(A, "C", 0.5)] * 2, {}, "two counted trials of repeat 0"),
    "a score beyond the scale": ([A], [seen(A, "C", 1.5)], {}, "got 1.5, expected 0…1"),
    "half right": ([A], [seen(A, "C", 0.5)], {"scale": BINARY}, "got 0.5, expected 0 or 1"),
    "NaN": ([A], [seen(A, "C", float("nan"))], {}, "got nan"),
    "a value that is none": ([A], [seen(A, "C")], {}, "without a value"),
    "a failure without a rule": (
        [A],
        [seen(A, "C", failure=Failure.CRASH)],
        {"failure_scores": {}},
        "what a crash scores",
    ),
    "a declared score beyond the scale": (
        [A],
        [seen(A, "C", failure=Failure.CRASH)],
        {"failure_scores": {Failure.CRASH: -1.0}},
        "declared for a crash: got -1",
    ),
    "no repeats": ([A], [], {"repeats": 0}, "got 0 planned"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_rows_that_do_not_fit_are_refused_with_their_place(case: str) -> None:
    items, rows, changes, message = BROKEN[case]
    with pytest.raises(DataError, match=message):
        aligned(items, rows, **changes)
