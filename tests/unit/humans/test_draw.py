"""Drawing a batch: who rates what, in which order, on which side."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from liftgate.errors import DataError
from liftgate.humans.draw import TaskKind, Wishes, allocated, draw
from liftgate.humans.subjects import Gold
from liftgate.records import RubricKind
from tests.unit.humans.made import answers, golds, pair_rubric, pairs, rubric

WISHES = Wishes(("ann", "bob", "cem"), items=21, overlap=6, repeats=2, seed=3)


def test_everybody_rates_the_overlap_and_one_each_of_the_rest():
    drawn = draw(answers(), rubric(), WISHES)
    raters_of = Counter()
    for tasks in drawn.tasks.values():
        for task in tasks:
            if task.kind in (TaskKind.PLAIN, TaskKind.SHARED):
                raters_of[task.subject] += 1
    assert Counter(raters_of.values()) == {3: 12, 1: 30}
    for tasks in drawn.tasks.values():
        kinds = Counter(task.kind for task in tasks)
        assert kinds == {TaskKind.PLAIN: 10, TaskKind.SHARED: 12, TaskKind.REPEAT: 2}


def test_both_answers_to_an_item_are_rated_by_the_same_people():
    drawn = draw(answers(), rubric(), WISHES)
    for tasks in drawn.tasks.values():
        items = Counter(
            next(s.item for s in drawn.subjects if s.key == task.subject)
            for task in tasks
            if task.kind is not TaskKind.REPEAT
        )
        assert set(items.values()) == {2}


def test_the_same_seed_draws_the_same_batch_whatever_the_order_of_the_pool():
    pool = answers()
    again = draw(pool[::-1], rubric(), WISHES)
    first = draw(pool, rubric(), WISHES)
    assert first.tasks == again.tasks
    assert first.tasks != draw(pool, rubric(), replace(WISHES, seed=4)).tasks


def test_each_rater_has_an_order_of_their_own():
    drawn = draw(answers(), rubric(), replace(WISHES, items=6, overlap=6, repeats=0))
    orders = {tuple(task.subject for task in tasks) for tasks in drawn.tasks.values()}
    assert len(orders) == 3
    assert len({frozenset(order) for order in orders}) == 1


def test_half_of_each_raters_pairs_have_their_sides_exchanged_and_repeats_the_other_way_round():
    drawn = draw(pairs(), pair_rubric(), replace(WISHES, repeats=2))
    patterns = set()
    for tasks in drawn.tasks.values():
        first = {t.subject: t.swapped for t in tasks if t.kind is not TaskKind.REPEAT}
        assert abs(2 * sum(first.values()) - len(first)) <= 1
        for task in tasks:
            if task.kind is TaskKind.REPEAT:
                assert task.swapped is not first[task.subject]
        patterns.add(tuple(sorted(first.items())))
    assert len(patterns) == 3


def test_sides_are_exchanged_independently_of_what_stands_on_them():
    swapped = Counter()
    for seed in range(200):
        drawn = draw(pairs(4), pair_rubric(), Wishes(("ann",), items=4, seed=seed))
        swapped.update(task.subject for task in drawn.tasks["ann"] if task.swapped)
    assert len(swapped) == 4
    assert all(70 <= count <= 130 for count in swapped.values())


def test_repeats_come_long_after_the_first_time():
    drawn = draw(answers(), rubric(), replace(WISHES, repeats=4))
    for tasks in drawn.tasks.values():
        assert sum(task.kind is TaskKind.REPEAT for task in tasks) == 4
        for place, task in enumerate(tasks):
            if task.kind is TaskKind.REPEAT:
                first = next(n for n, t in enumerate(tasks) if t.subject == task.subject)
                assert place - first >= 4


def test_gold_is_spread_evenly_at_random_places():
    drawn = draw(answers(), rubric(), WISHES, golds(4))
    orders = set()
    for tasks in drawn.tasks.values():
        places = [n for n, task in enumerate(tasks) if task.kind is TaskKind.GOLD]
        quarter = len(tasks) / 4
        assert all(n * quarter - 1 <= p <= (n + 1) * quarter for n, p in enumerate(places))
        orders.add(tuple(task.subject for task in tasks if task.kind is TaskKind.GOLD))
    assert len(orders) > 1


def test_strata_are_drawn_in_proportion_with_their_probabilities():
    pool = answers(40, stratum=lambda n: "rare" if n < 4 else "common")
    drawn = draw(pool, rubric(), replace(WISHES, items=20))
    assert drawn.strata == {"common": (18, 36), "rare": (2, 4)}
    assert set(drawn.probability.values()) == {0.5}
    pool = answers(41, stratum=lambda n: "rare" if n < 1 else "common")
    drawn = draw(pool, rubric(), replace(WISHES, items=8, overlap=0, repeats=0))
    assert drawn.strata == {"common": (7, 40), "rare": (1, 1)}
    assert drawn.probability["item-0"] == 1.0
    assert {p for item, p in drawn.probability.items() if item != "item-0"} == {7 / 40}


def test_every_item_is_as_likely_to_be_drawn():
    seen = Counter()
    for seed in range(300):
        drawn = draw(answers(6, arms=("x",)), rubric(), Wishes(("ann",), items=2, seed=seed))
        seen.update(list(drawn.probability))
    assert all(70 <= count <= 130 for count in seen.values())


@settings(max_examples=60, deadline=None)
@given(
    st.dictionaries(st.text("abcdef", min_size=1, max_size=3), st.integers(1, 30), min_size=1,
                    max_size=6),
    st.data(),
)  # fmt: skip
def test_an_allocation_adds_up_and_asks_no_stratum_for_more_than_it_has(sizes, data):
    total = data.draw(st.integers(0, sum(sizes.values())))
    given_out = allocated(sizes, total)
    assert sum(given_out.values()) == total
    assert all(0 <= given_out[name] <= size for name, size in sizes.items())
    assert total < len(sizes) or min(given_out.values()) >= 1


BAD = {
    "items": (replace(WISHES, items=31), "n: got 31, expected 1 to 30"),
    "overlap": (replace(WISHES, overlap=22), "overlap: got 22"),
    "alone": (replace(WISHES, raters=("ann",)), "one rater has nobody to agree with"),
    "repeats": (replace(WISHES, repeats=9), "repeats: got 9, expected at most 7"),
    "negative": (replace(WISHES, repeats=-1), "repeats: got -1"),
    "nobody": (replace(WISHES, raters=()), "raters: got none"),
    "twice": (replace(WISHES, raters=("ann", "Ann")), "got 'ann' twice"),
    "lead": (replace(WISHES, raters=("lead", "ann")), "got 'lead', expected a pseudonym"),
    "odd": (replace(WISHES, raters=("../x", "ann")), "expected a pseudonym"),
}


@pytest.mark.parametrize("name", BAD)
def test_wishes_that_cannot_be_met_are_refused(name):
    wishes, message = BAD[name]
    with pytest.raises(DataError, match=r"expected|nobody") as caught:
        draw(answers(), rubric(), wishes)
    assert message in str(caught.value)


def test_subjects_must_have_the_sides_that_the_rubric_asks_about():
    with pytest.raises(DataError, match="got 1 answers, expected two"):
        draw(answers(), pair_rubric(), WISHES)
    with pytest.raises(DataError, match="got 2 answers, expected at most one"):
        draw(pairs(), rubric(), WISHES)


def test_gold_must_have_a_value_of_the_scale_and_a_name_of_its_own():
    with pytest.raises(DataError, match="got the value 9, expected one of 1, 2, 3, 4, 5"):
        draw(answers(), rubric(), WISHES, golds(2, value=9.0))
    with pytest.raises(DataError, match="twice"):
        draw(answers(), rubric(), WISHES, [*golds(1), *golds(1)])
    with pytest.raises(DataError, match="twice"):
        draw(answers(), rubric(), WISHES, [Gold(answers()[0], 3.0)])


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        (["1", "2", "2"], "got '2' twice"),
        (["1", "2", "33"], "got '33', expected one letter"),
        (["1", "2", ""], "got '', expected one letter"),
        (["1", "2", "?"], "expected one letter"),
    ],
)
def test_a_rubric_needs_a_key_for_each_anchor(keys, message):
    with pytest.raises(DataError) as caught:
        draw(answers(), rubric(values=(1, 2, 3), keys=keys), WISHES)
    assert message in str(caught.value)


def test_a_pairs_scale_must_be_symmetric_because_sides_are_exchanged():
    lopsided = replace(pair_rubric(), scale=rubric(values=(0, 0.2, 1), keys="abc").scale)
    with pytest.raises(DataError, match=r"0\.2 without its mirror image 0\.8"):
        draw(pairs(), lopsided, WISHES)
    named = replace(pair_rubric(), scale=rubric(RubricKind.NOMINAL, values=(0, 1)).scale)
    with pytest.raises(DataError, match="needs an ordered scale"):
        draw(pairs(), named, WISHES)
