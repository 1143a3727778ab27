"""Alignment of foreign rows: what is paired, what is left out, and what is refused."""

from __future__ import annotations

import random

import numpy as np
import pytest

from liftgate.errors import DataError
from liftgate.gates.foreign import Collected, Matched, collect, match
from liftgate.gates.foreign_scores import pairs_of, scale_of
from liftgate.protocols import Row
from liftgate.records import Pairs, Scale, ScoreKind


def row(item: str, acc: float | None, **more: object) -> Row:
    return Row(item=item, scores={"acc": acc}, **more)  # type: ignore[arg-type]


def side(*rows: Row, place: str = "here", has_repeats: bool = False) -> Collected:
    return collect(rows, metrics=("acc",), place=place, has_repeats=has_repeats)


def matched(baseline: list[Row], candidate: list[Row], *, has_repeats: bool = False) -> Matched:
    return match(
        side(*baseline, place="base", has_repeats=has_repeats),
        side(*candidate, place="cand", has_repeats=has_repeats),
    )


def scale(found: Matched, **more: object) -> Scale:
    options = {"higher_is_better": True, "bounds": None, "failure_score": None} | more
    return scale_of(found, "acc", **options)  # type: ignore[arg-type]


def pairs(found: Matched, failure_score: float | None = None) -> Pairs:
    used = scale(found, failure_score=failure_score)
    return pairs_of(found, "acc", scale=used, failure_score=failure_score)


def test_items_are_paired_by_id_in_the_order_of_the_ids() -> None:
    found = pairs(matched([row("b", 0), row("a", 1)], [row("a", 0), row("b", 1)]))
    assert found.items == ("a", "b")
    assert found.baseline.tolist() == [1, 0]
    assert found.candidate.tolist() == [0, 1]
    assert found.cluster is None


def test_unmatched_items_are_listed_in_full() -> None:
    found = matched(
        [row("a", 1), row("b", 1), row("x", 1)], [row("b", 1), row("a", 0), row("y", 0)]
    )
    assert (found.items, found.only_baseline, found.only_candidate) == (("a", "b"), ("x",), ("y",))


def test_items_that_are_plainly_not_the_same_are_refused_with_examples() -> None:
    left = [row(f"q{i}", 1) for i in range(5)]
    right = [row(f"doc-{i}", 1) for i in range(3)] + [row("q0", 1)]
    with pytest.raises(DataError, match=r"1 of 5 and 4 match.*base has 'q1'.*cand has 'doc-0'"):
        matched(left, right)


def test_a_name_without_end_does_not_fill_the_message() -> None:
    with pytest.raises(DataError, match="n…") as caught:
        matched([row("n" * 5_000_000, 1)], [row("b", 1)])
    assert len(str(caught.value)) < 500


def test_half_of_the_smaller_side_is_enough() -> None:
    assert matched([row("a", 1), row("b", 1)], [row("a", 1), row("c", 1)]).items == ("a",)


def test_no_item_in_common_is_refused() -> None:
    with pytest.raises(DataError, match="0 of 1 and 1 match"):
        matched([row("a", 1)], [row("b", 1)])


def test_an_item_that_comes_twice_is_refused_with_a_hint() -> None:
    with pytest.raises(
        DataError, match=r"1 item comes more than once \(1 row too many\): 'a'"
    ) as caught:
        side(row("a", 1), row("b", 1), row("a", 1))
    assert "--repeat" in caught.value.hint


def test_one_repeat_that_comes_twice_is_refused() -> None:
    rows = [row("a", 1, repeat="1"), row("a", 0, repeat="2"), row("a", 0, repeat="2")]
    with pytest.raises(DataError, match="1 item comes twice under one repeat"):
        side(*rows, has_repeats=True)


def test_repeats_are_averaged_inside_the_item_and_counted_on_each_side() -> None:
    base = [row("a", v, repeat=str(k)) for k, v in enumerate([1, 0, 1, 1])] + [
        row("b", 0, repeat="0")
    ]
    cand = [row("a", v, repeat=str(k)) for k, v in enumerate([1, 1])] + [row("b", 1, repeat="0")]
    found = pairs(matched(base, cand, has_repeats=True))
    assert found.baseline.tolist() == [0.75, 0]
    assert found.candidate.tolist() == [1, 1]
    assert (found.pairing.repeats_baseline, found.pairing.repeats_candidate) == (4, 2)
    assert found.scale == Scale(ScoreKind.GRADED, 0.0, 1.0)


def test_an_item_with_a_missing_repeat_is_missing() -> None:
    base = [row("a", 1, repeat="1"), row("a", None, repeat="2"), row("b", 0, repeat="1")]
    found = pairs(matched(base, [row("a", 1), row("b", 1)], has_repeats=True))
    assert np.isnan(found.baseline[0])
    assert found.pairing.missing_baseline == 1


def test_a_failure_scores_the_worst_of_the_range_whatever_the_cell_says() -> None:
    found = pairs(matched([row("a", 1, error="boom"), row("b", 1)], [row("a", 1), row("b", 0)]))
    assert found.baseline.tolist() == [0, 1]
    assert (found.pairing.failed_baseline, found.pairing.failed_candidate) == (1, 0)


def test_the_worst_is_the_top_where_lower_is_better() -> None:
    found = matched([row("a", 0, error="boom"), row("b", 1)], [row("a", 1), row("b", 0)])
    used = scale(found, higher_is_better=False)
    assert pairs_of(found, "acc", scale=used, failure_score=None).baseline.tolist() == [1, 1]


def test_a_failure_without_a_range_is_missing_and_with_a_failure_score_is_not() -> None:
    found = matched([row("a", None, error="boom"), row("b", 7)], [row("a", 3), row("b", 9)])
    assert np.isnan(pairs(found).baseline[0])
    assert pairs(found, failure_score=-1.0).baseline.tolist() == [-1, 7]


def test_a_changed_input_under_an_old_id_is_not_paired() -> None:
    base = [row("a", 1, content="x"), row("b", 1, content="y"), row("c", 1)]
    cand = [row("a", 1, content="x"), row("b", 1, content="Y"), row("c", 1, content="z")]
    found = matched(base, cand)
    assert (found.items, found.changed) == (("a", "c"), ("b",))


def test_an_item_whose_input_differs_between_its_own_repeats_is_changed() -> None:
    base = [row("a", 1, repeat="1", content="x"), row("a", 1, repeat="2", content="y"), row("b", 1)]
    assert matched(base, [row("a", 1), row("b", 1)], has_repeats=True).changed == ("a",)


def test_when_every_input_changed_it_is_refused() -> None:
    with pytest.raises(DataError, match=r"the 1 item that both sides name .* different input"):
        matched([row("a", 1, content="x")], [row("a", 1, content="y")])


def test_items_of_one_cluster_share_a_number_and_others_are_their_own() -> None:
    base = [row("a", 1, cluster="f"), row("b", 1, cluster="f"), row("c", 1), row("f", 1)]
    found = matched(base, [row(i, 1) for i in "abcf"])
    assert found.cluster is not None
    assert found.cluster.tolist() == [0, 0, 1, 2]


TWICE = [row("a", 1, cluster="f", repeat="1"), row("a", 1, cluster="g", repeat="2")]


def test_an_item_in_two_clusters_of_one_side_is_refused() -> None:
    with pytest.raises(DataError, match=r"item 'a'.*'f'.*'g'"):
        side(*TWICE, has_repeats=True)


def test_an_item_in_another_cluster_on_each_side_is_refused() -> None:
    with pytest.raises(DataError, match=r"item 'a'.*'f'.*'g'"):
        matched(TWICE[:1], TWICE[1:])


def test_slices_may_stand_on_one_side_only() -> None:
    found = matched([row("a", 1, slices={"lang": "de"}), row("b", 1)], [row("a", 1), row("b", 1)])
    assert found.slices["lang"].tolist() == ["de", None]


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ((0, 1), ScoreKind.BINARY),
        ((0, 0), ScoreKind.BINARY),
        ((0, 0.5), ScoreKind.GRADED),
        ((1, 2), ScoreKind.UNBOUNDED),
        ((-0.1, 1), ScoreKind.UNBOUNDED),
    ],
)
def test_the_kind_of_a_score_is_guessed_over_both_sides(
    values: tuple[float, float], kind: ScoreKind
) -> None:
    assert scale(matched([row("a", values[0])], [row("a", values[1])])).kind is kind


def test_a_declared_range_makes_a_score_graded() -> None:
    assert scale(matched([row("a", 1)], [row("a", 5)]), bounds=(1.0, 5.0)) == Scale(
        ScoreKind.GRADED, 1.0, 5.0
    )


@pytest.mark.parametrize("more", [{}, {"failure_score": -1.0}])
def test_a_score_outside_the_declared_range_is_refused(more: dict[str, float]) -> None:
    value = 0.5 if more else 7
    with pytest.raises(DataError, match="expected 0 to 1 as declared"):
        scale(matched([row("a", value)], [row("a", 1)]), bounds=(0.0, 1.0), **more)


def test_a_metric_without_any_score_is_refused() -> None:
    with pytest.raises(DataError, match="acc: no score on either side"):
        scale(matched([row("a", None)], [row("a", None)]))


def test_the_order_of_the_rows_changes_nothing_not_even_the_last_bit() -> None:
    chance = random.Random(7)
    rows = [row(f"i{i}", chance.random(), repeat=str(k)) for i in range(40) for k in range(7)]
    other = [row(f"i{i}", chance.random()) for i in range(40)]
    first = pairs(matched(rows, other, has_repeats=True))
    chance.shuffle(rows)
    chance.shuffle(other)
    again = pairs(matched(rows, other, has_repeats=True))
    assert first.items == again.items
    assert first.baseline.tobytes() == again.baseline.tobytes()
    assert first.candidate.tobytes() == again.candidate.tobytes()


def test_no_rows_is_an_error() -> None:
    with pytest.raises(DataError, match="has no rows"):
        side()
