"""Agreement of raters: what is counted, resampled and refused."""

import numpy as np
import pytest

from liftgate import stats
from liftgate.errors import DataError, NotEnoughData
from liftgate.stats.coefficients import alpha
from liftgate.stats.rating_counts import RatingCounts

ALL = (stats.krippendorff_alpha, stats.fleiss_kappa, stats.gwet_ac1, stats.raw_agreement)
RNG = np.random.default_rng(3)
TRUTH = RNG.integers(0, 3, 120)
GIVEN = np.where(RNG.random((120, 4)) < 0.7, TRUTH[:, None], RNG.integers(0, 3, (120, 4)))
HOLES = np.where(RNG.random(GIVEN.shape) < 0.3, np.nan, GIVEN)
SEEN_TWICE = np.full((120, 8), np.nan)
"""Each item is rated by two of a pool of eight."""
SEEN_TWICE[np.arange(120), RNG.integers(0, 4, 120)] = GIVEN[:, 0]
SEEN_TWICE[np.arange(120), RNG.integers(4, 8, 120)] = GIVEN[:, 1]


@pytest.mark.parametrize("coefficient", ALL)
def test_numbers_texts_lists_and_counts_give_one_answer(coefficient):
    expected = coefficient(HOLES)
    texts = [[None if np.isnan(x) else f"c{int(x)}" for x in row] for row in HOLES]
    counts = np.stack([(value == HOLES).sum(axis=1) for value in range(3)], axis=1)
    rows, columns = np.nonzero(~np.isnan(HOLES))
    listed = stats.value_counts(HOLES[rows, columns], item=rows)
    for same in (texts, HOLES + 0.5, RatingCounts(counts, np.arange(3)), listed):
        assert coefficient(same) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("coefficient", ALL)
def test_perfect_agreement_is_one_and_the_order_of_raters_does_not_matter(coefficient):
    assert coefficient(np.repeat(TRUTH[:, None], 3, axis=1)) == pytest.approx(1)
    assert coefficient(HOLES[:, ::-1]) == pytest.approx(coefficient(HOLES))


@pytest.mark.parametrize("measurement", list(stats.Measurement))
def test_no_rounding_makes_more_of_perfect_agreement(measurement):
    for raters in (2, 4, 7, 8):
        given = np.random.default_rng(raters).integers(0, 12, 300)
        table = np.repeat(given[:, None], raters, axis=1)
        assert stats.krippendorff_alpha(table, measurement) == 1


@pytest.mark.parametrize("coefficient", ALL)
def test_counts_in_one_byte_give_what_long_ones_give(coefficient):
    counts = np.array([[20, 0], [0, 20], [17, 3], [4, 16], [200, 55]])
    small = RatingCounts(counts.astype(np.uint8), np.arange(2))
    assert coefficient(small) == coefficient(RatingCounts(counts, np.arange(2)))


def test_whole_numbers_beyond_those_of_floats_stay_different_categories():
    table = np.array([[2**53, 2**53 + 1], [2**53, 2**53], [2**53 + 1, 2**53 + 1]])
    assert stats.value_counts(table).counts.tolist() == [[1, 1], [2, 0], [0, 2]]


def test_raters_who_guess_agree_by_chance_alone():
    guessed = np.random.default_rng(0).integers(0, 4, (20_000, 3))
    for coefficient in ALL[:3]:
        assert abs(coefficient(guessed)) < 0.01
    assert stats.raw_agreement(guessed) == pytest.approx(0.25, abs=0.01)


def test_systematic_disagreement_is_below_zero():
    assert stats.cohen_kappa([0, 1] * 20, [1, 0] * 20) == pytest.approx(-1)
    assert stats.krippendorff_alpha([[0, 1], [1, 0]] * 20) < -0.9


@pytest.mark.parametrize(
    "table",
    [GIVEN, HOLES, np.where(RNG.random((120, 1)) < 0.5, GIVEN[:, [0, 0, 1, 2]], HOLES), SEEN_TWICE],
    ids=["complete", "with holes", "half with holes", "two of a pool"],
)
@pytest.mark.parametrize("measurement", list(stats.Measurement))
def test_sums_by_matrix_products_are_those_of_patterns(measurement, table):
    found = alpha(stats.value_counts(table), measurement)
    value = float(found.value(found.repeats @ found.parts))
    assert stats.krippendorff_alpha(table, measurement) == pytest.approx(value, abs=1e-12)


@pytest.mark.parametrize("measurement", list(stats.Measurement))
def test_many_categories_and_many_items_give_what_few_give(measurement):
    long = np.tile(GIVEN, (200, 1))
    counts = stats.value_counts(long)
    wide = np.zeros((len(long), 40), dtype=int)
    wide[:, :3] = counts.counts
    spread = RatingCounts(wide, np.arange(40))
    assert spread.even == 0
    assert counts.even == 4
    assert stats.krippendorff_alpha(spread, measurement) == pytest.approx(
        stats.krippendorff_alpha(counts, measurement), abs=1e-12
    )


def test_items_of_which_only_the_mean_number_of_ratings_is_whole_are_not_even():
    counts = np.array([[2, 0, 0], [1, 2, 1], [1, 1, 1], [3, 0, 0]])
    found = RatingCounts(counts, np.arange(3))
    assert (found.even, found.ratings) == (0, 12)
    assert RatingCounts(counts[2:], np.arange(3)).even == 3
    assert found.margins.tolist() == [7, 3, 2]
    # By hand: 19/3 disagreeing coincidences, 82 pairs of ratings that differ, of 12.
    assert stats.krippendorff_alpha(found) == pytest.approx(1 - 11 * (19 / 3) / 82, abs=1e-12)


@pytest.mark.parametrize("holes", [False, True])
def test_a_table_of_several_blocks_is_counted_item_by_item(holes):
    table = np.random.default_rng(4).integers(3, 9, (9_000, 5)).astype(float)
    table[table == 5] = np.nan if holes else 4
    found = stats.value_counts(table)
    assert found.names.tolist() == [3, 4, 6, 7, 8]
    expected = np.stack([(table == name).sum(axis=1) for name in found.names], axis=1)
    assert np.array_equal(found.counts, expected)
    listed = stats.value_counts(table[~np.isnan(table)], item=np.nonzero(~np.isnan(table))[0])
    # An item without any rating is in a table, not in a list.
    assert np.array_equal(listed.counts, expected[expected.any(axis=1)])
    table[8_999, 4] = 3.5
    assert 3.5 in stats.value_counts(table).names.tolist()


def test_interval_alpha_keeps_its_digits_far_from_zero_and_ignores_the_scale():
    near = stats.krippendorff_alpha(HOLES, "interval")
    assert stats.krippendorff_alpha(HOLES * 10 + 1e7, "interval") == pytest.approx(near, abs=1e-9)


def test_ordinal_texts_need_their_order_and_then_equal_numbers():
    words = np.array(["bad", "fair", "good"])
    texts = words[GIVEN]
    with pytest.raises(DataError, match="expected an order"):
        stats.krippendorff_alpha(texts, "ordinal")
    ordered = stats.value_counts(texts, categories=words)
    assert stats.krippendorff_alpha(ordered, "ordinal") == pytest.approx(
        stats.krippendorff_alpha(GIVEN, "ordinal")
    )
    with pytest.raises(DataError, match="expected numbers for the interval"):
        stats.krippendorff_alpha(ordered, "interval")


def test_a_category_that_nobody_gave_counts_for_ac1_only():
    wider = stats.value_counts(GIVEN, categories=[0, 1, 2, 3])
    assert stats.gwet_ac1(wider) > stats.gwet_ac1(GIVEN)
    for coefficient in (stats.krippendorff_alpha, stats.fleiss_kappa, stats.raw_agreement):
        assert coefficient(wider) == pytest.approx(coefficient(GIVEN))


@pytest.mark.parametrize("coefficient", ALL)
def test_one_rater_and_items_without_a_pair_cannot_be_told(coefficient):
    with pytest.raises(NotEnoughData, match="there is one rater"):
        coefficient([[1], [0], [1]])
    with pytest.raises(NotEnoughData, match="no item has two ratings"):
        coefficient([[1, None], [None, 0]])


@pytest.mark.parametrize("coefficient", ALL[:3])
def test_one_category_cannot_be_told(coefficient):
    with pytest.raises(NotEnoughData, match="all ratings say '1'"):
        coefficient([[1, 1]] * 30)


def test_one_category_with_another_declared_can_be_told_by_ac1():
    assert stats.gwet_ac1(stats.value_counts([[1, 1]] * 30, categories=[0, 1])) == 1
    assert stats.raw_agreement([[1, 1]] * 30) == 1
    with pytest.raises(NotEnoughData, match="all ratings say '1'"):
        stats.cohen_kappa([1] * 9, [1] * 9)


def test_cohens_kappa_leaves_out_what_one_rater_left_out():
    assert stats.cohen_kappa([1, 0, 1, 0, None], [1, 0, 0, 0, 1]) == pytest.approx(0.5)
    with pytest.raises(NotEnoughData, match="no item was rated by both"):
        stats.cohen_kappa([1, None], [None, 0])
    with pytest.raises(DataError, match="expected two raters' ratings of the same items"):
        stats.cohen_kappa([1, 0], [1])


@pytest.mark.parametrize(
    ("ratings", "message"),
    [
        ([1, 2, 3], "expected a table of items by raters"),
        ([[1, np.inf], [0, 1]], "got an infinite number"),
    ],
)
def test_what_is_no_table_of_ratings_is_refused(ratings, message):
    with pytest.raises(DataError, match=message):
        stats.krippendorff_alpha(ratings)


def test_tables_without_a_rating_are_refused():
    for empty in (np.empty((0, 3)), [[None, None]], [[np.nan, np.nan]]):
        with pytest.raises(NotEnoughData, match="ratings: got"):
            stats.value_counts(empty)


def test_counts_that_cannot_be_are_refused():
    with pytest.raises(DataError, match="whole numbers of 0 or more"):
        RatingCounts(np.array([[1, -1]]), np.arange(2))
    with pytest.raises(DataError, match="whole numbers of 0 or more"):
        RatingCounts(np.array([[0.5, 1]]), np.arange(2))
    with pytest.raises(DataError, match="one for each of 3 categories"):
        RatingCounts(np.array([[1, 1]]), np.arange(3))
    with pytest.raises(NotEnoughData, match="got no ratings"):
        RatingCounts(np.zeros((2, 2), dtype=int), np.arange(2))


def test_a_rating_outside_the_declared_categories_is_named():
    with pytest.raises(DataError, match="got 5, expected one of 0, 1"):
        stats.value_counts([[0, 5]], categories=[0, 1])
    with pytest.raises(DataError, match="got one twice"):
        stats.value_counts([[0, 1]], categories=[0, 0, 1])


def test_a_measurement_nobody_knows_is_refused():
    with pytest.raises(DataError, match="expected one of nominal, ordinal, interval"):
        stats.krippendorff_alpha(GIVEN, "ratio")


def test_a_report_stands_all_coefficients_side_by_side():
    found = stats.rater_report(HOLES, draws=400, seed=1)
    for one in (found.alpha, found.kappa, found.ac1, found.raw):
        assert one.low < one.value < one.high
        assert type(one.low) is float
        assert one.draws == 400
    assert found.kappa.coefficient == "Fleiss' kappa"
    assert sum(share for _, share in found.base_rates) == pytest.approx(1)
    assert found == stats.rater_report(HOLES, draws=400, seed=1)
    assert found != stats.rater_report(HOLES, draws=400, seed=2)


def test_two_raters_get_cohens_kappa():
    found = stats.rater_report(GIVEN[:, :2], draws=0)
    assert found.kappa.coefficient == "Cohen's kappa"
    assert found.kappa.value == pytest.approx(stats.cohen_kappa(GIVEN[:, 0], GIVEN[:, 1]))
    assert found.kappa.low is None


def test_what_cannot_be_told_is_none_with_a_reason_in_a_report():
    found = stats.rater_report([[1, 1]] * 30)
    assert found.alpha.value is None
    assert found.alpha.reason == "all ratings say '1'"
    assert found.raw.value == 1
    assert found.raw.low is None
    assert "every resample gives the same value" in found.raw.warnings[-1]
    assert found.base_rates == (("1", 1.0),)


def test_resamples_without_a_second_category_are_counted_aloud():
    rare = [[0, 0]] * 39 + [[1, 1]]
    found = stats.rater_report(rare, draws=500).alpha
    assert found.value == 1
    assert any("of 500 resamples" in warning for warning in found.warnings)
    assert found.low is None


def test_few_items_with_a_rare_category_are_said():
    found = stats.rater_report([[0, 0]] * 90 + [[1, 1], [0, 1]] * 5, draws=200).alpha
    assert any("only 10 items have a rating other than" in w for w in found.warnings)


def test_few_items_and_options_that_make_no_sense_are_said():
    assert any("too narrow" in w for w in stats.rater_report(GIVEN[:12], draws=100).alpha.warnings)
    with pytest.raises(DataError, match="draws: got 50"):
        stats.rater_report(GIVEN, draws=50)
    with pytest.raises(DataError, match="level: got"):
        stats.rater_report(GIVEN, level=1.2)


def test_the_bootstrap_of_patterns_is_that_of_items():
    counts = stats.value_counts(HOLES)
    found = stats.rater_report(HOLES, "ordinal", draws=4_000, seed=5).alpha
    rng = np.random.default_rng(6)
    slow = []
    for _ in range(400):
        rows = rng.integers(0, len(HOLES), len(HOLES))
        slow.append(
            stats.krippendorff_alpha(RatingCounts(counts.counts[rows], counts.names), "ordinal")
        )
    spread = float(np.std(slow))
    assert found.high - found.low == pytest.approx(2 * 1.96 * spread, rel=0.15)
