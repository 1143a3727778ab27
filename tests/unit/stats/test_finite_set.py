"""A finite-set test: exact when all items are in, and honest before."""

from dataclasses import FrozenInstanceError

import numpy as np
import pytest

from liftgate import stats
from liftgate.errors import DataError, NotEnoughData
from liftgate.stats import FiniteSetTest, SetReading, drawing
from liftgate.stats.earlier import EarlierResults
from liftgate.stats.kinds import Alternative, Design, Mark, Population

GREATER, LESS = Alternative.GREATER, Alternative.LESS
N = 200


def world(seed=0, gain=0.1, systems=4, n=N):
    """Right-or-wrong results of a candidate, a baseline and earlier systems that resemble it."""
    rng = np.random.default_rng(seed)
    ease = rng.beta(1, 1, n)
    draw = [(rng.random(n) < ease).astype(float) for _ in range(systems + 1)]
    candidate = (rng.random(n) < np.clip(ease + gain, 0, 1)).astype(float)
    return candidate, draw[0], np.column_stack(draw[1:])


def made(candidate, baseline, *, upto=None, **options):
    test = FiniteSetTest(baseline, **{"kind": "binary", **options})
    test.update(candidate[:upto])
    return test


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("options", [{}, {"margin": 0.05}])
def test_when_all_items_are_in_the_answer_is_the_sets(seed, options):
    candidate, baseline, history = world(seed, gain=0.02)
    found = made(candidate, baseline, history=history, **options)
    truth = float(np.mean(candidate - baseline))
    estimate = found.estimate
    assert (estimate.low, estimate.value, estimate.high) == pytest.approx((truth,) * 3, abs=1e-12)
    assert not found.status.running
    assert (estimate.p_value == 0) is (truth != 0)


def test_equal_means_are_equal_and_nothing_else():
    baseline = np.array([0, 1, 1, 0] * 10)
    found = made(baseline[::-1], baseline)
    assert (found.status.reading, found.status.decided_at) == (SetReading.EQUAL, 40)
    assert (found.estimate.value, found.estimate.p_value) == (0.0, 1.0)
    within = made(baseline[::-1], baseline, margin=0.3)
    assert within.status.reading is SetReading.EQUIVALENT
    assert within.status.decided_at < 40


@pytest.mark.parametrize("seed", range(4))
def test_limits_are_where_the_capital_crosses(seed):
    candidate, baseline, history = world(seed)
    test = made(candidate, baseline, upto=90, history=history)
    found = test.estimate
    assert found.low < found.value < found.high
    for limit, side in ((found.low, GREATER), (found.high, LESS)):
        for nudge in (-1e-6, 1e-6):
            rejected = test._path(limit + nudge, side)[-1] >= test._threshold
            assert rejected == ((nudge < 0) == (side is GREATER))


def test_verdict_p_value_and_limits_agree_after_every_item():
    candidate, baseline, history = world(3, gain=0.2)
    test = FiniteSetTest(baseline, kind="binary", history=history)
    last = 1.0
    for place in range(N):
        test.update(candidate[place : place + 1])
        status, estimate = test.status, test.estimate
        assert (estimate.p_value <= 0.05) is (status.reading is SetReading.BETTER)
        assert (estimate.low >= -1e-8) is (status.reading is SetReading.BETTER)
        assert estimate.p_value <= last
        last = estimate.p_value
    assert status.decided_at < N / 2


def test_batches_make_no_difference():
    candidate, baseline, history = world(1)
    whole = made(candidate, baseline, upto=130, history=history)
    pieces = FiniteSetTest(baseline, kind="binary", history=history)
    for start, end in ((0, 1), (1, 24), (24, 60), (60, 130)):
        pieces.update(candidate[start:end])
    assert pieces.status == whole.status
    one, other = pieces.estimate, whole.estimate
    assert (one.low, one.high) == pytest.approx((other.low, other.high), abs=1e-8)
    assert (one.value, one.p_value) == pytest.approx((other.value, other.p_value))


def test_the_past_does_not_see_the_future():
    candidate, baseline, history = world(2)
    changed = candidate.copy()
    changed[100:] = 1 - changed[100:]
    paths = [
        made(c, baseline, history=history)._path(0.0, GREATER)[:100] for c in (candidate, changed)
    ]
    assert paths[0] == pytest.approx(paths[1], rel=1e-12)


def test_arms_exchanged_and_scales_flipped_mirror_the_answer():
    candidate, baseline, history = world(4)
    plain = made(candidate, baseline, upto=80, history=history).estimate
    flipped = made(
        -candidate,
        -baseline,
        upto=80,
        history=-history,
        kind="graded",
        score_range=(-1, 0),
    ).estimate
    assert flipped.low == pytest.approx(-plain.high, abs=1e-7)
    assert flipped.value == pytest.approx(-plain.value, abs=1e-9)
    assert flipped.p_value == pytest.approx(plain.p_value)
    wide = made(
        1 + 4 * candidate,
        1 + 4 * baseline,
        upto=80,
        history=1 + 4 * history,
        kind="graded",
        score_range=(1, 5),
    ).estimate
    assert (wide.low, wide.value) == pytest.approx((4 * plain.low, 4 * plain.value), abs=1e-6)


def test_history_saves_calls_where_it_knows_something():
    used = {True: 0, False: 0}
    for seed in range(12):
        candidate, baseline, history = world(seed, gain=0.12, systems=6, n=400)
        for known in used:
            test = made(candidate, baseline, history=history if known else None)
            used[known] += test.status.decided_at
    assert used[True] < 0.95 * used[False]


def test_margins_read_as_they_are_declared():
    baseline = world(5)[1]
    worse = np.where(np.arange(N) % 4 == 0, 0.0, baseline)
    hurt = made(worse, np.ones(N), margin=0.05).status
    assert (hurt.reading, hurt.inferior, hurt.non_inferior) == (SetReading.WORSE, True, False)
    good = made(np.ones(N), baseline, margin=0.05).status
    assert (good.reading, good.inferior, good.non_inferior) == (SetReading.BETTER, False, True)
    plain = made(np.ones(N), baseline).status
    assert (plain.non_inferior, plain.inferior) == (False, False)


def test_an_estimate_says_what_it_is():
    candidate, baseline, history = world()
    test = made(candidate, baseline, upto=50, history=history)
    found = test.estimate
    assert (found.design, found.population, found.mark) == (
        Design.ANYTIME,
        Population.THIS_SET,
        Mark.ANYTIME_EXACT,
    )
    assert (found.n, found.clusters) == (50, 50)
    assert "exactly these items" in found.warnings[0]
    for name in ("value", "low", "high", "p_value"):
        assert type(getattr(found, name)) is float
    with pytest.raises(FrozenInstanceError):
        test.status.n = 3


def test_before_any_result_nothing_is_known():
    test = FiniteSetTest([1, 0, 1], kind="binary")
    assert (test.status.reading, test.status.decided_at) == (SetReading.UNDECIDED, None)
    assert test.status.running
    with pytest.raises(NotEnoughData, match="estimate: got no results"):
        test.estimate  # noqa: B018


# --- clusters ------------------------------------------------------------------------------------


def test_clusters_are_drawn_whole_and_end_exactly():
    candidate, baseline, history = world(6)
    sizes = np.tile([3, 5, 1, 7, 4], 10)
    labels = np.repeat(np.arange(50), sizes)
    test = FiniteSetTest(baseline, kind="binary", history=history, cluster=labels)
    with pytest.raises(DataError, match="results up to item 5, inside a cluster that ends at item"):
        test.update(candidate[:5])
    assert test.status.n == 0
    test.update(candidate[:8])
    test.update(candidate[8:16])
    assert (test.status.n, test.status.clusters) == (16, 4)
    found = test.estimate
    truth = float(np.mean(candidate - baseline))
    assert found.low <= truth <= found.high
    assert found.method == "finite-set betting test over clusters"
    test.update(candidate[16:])
    assert test.estimate.value == pytest.approx(truth)


def test_clusters_of_one_item_are_single_items():
    candidate, baseline, history = world(7)
    one = made(candidate, baseline, upto=70, history=history).estimate
    other = made(
        candidate, baseline, upto=70, history=history, cluster=[f"c{i}" for i in range(N)]
    ).estimate
    assert (one.low, one.high, one.p_value) == (other.low, other.high, other.p_value)


# --- prediction ----------------------------------------------------------------------------------


def test_a_prediction_is_a_score_and_learns():
    candidate, baseline, history = world(8, n=600)
    earlier = EarlierResults(np.column_stack([baseline, history]))
    first, later = earlier.predict(np.zeros(0)), earlier.predict(candidate[:300])
    for guess in (first, later):
        assert guess.shape == (600,)
        assert np.all((guess >= 0) & (guess <= 1))
    rest = candidate[300:]
    alone = np.mean((rest - candidate[:300].mean()) ** 2)
    assert np.mean((rest - later[300:]) ** 2) < 0.9 * alone
    constant = EarlierResults(np.full((50, 3), 1.0)).predict(np.ones(10))
    assert constant == pytest.approx(np.ones(50))


# --- refusals ------------------------------------------------------------------------------------

SIX = [1, 0, 1, 1, 0, 1]
BAD_SETS = {
    "NaN": (([1, float("nan")], {}), DataError, "baseline: got nan at position 1"),
    "not binary": (([1, 0.5], {}), DataError, "baseline: got 0.5 at position 1"),
    "empty": (([], {}), NotEnoughData, "baseline: got no items"),
    "unbounded": ((SIX, {"kind": "unbounded"}), NotEnoughData, "kind: got unbounded scores"),
    "history shape": ((SIX, {"history": [[1], [0]]}), DataError, r"history: got shape \(2, 1\)"),
    "history range": (
        (SIX, {"history": [[2]] * 6}),
        DataError,
        "history: got a score that is missing or outside 0 … 1",
    ),
    "history NaN": ((SIX, {"history": [[np.nan]] * 6}), DataError, "history: got a score that is"),
    "history text": ((SIX, {"history": [["a"]] * 6}), DataError, "history: got values that are"),
    "margin 0": ((SIX, {"margin": 0}), DataError, "margin: got 0, expected points above 0"),
    "margin NaN": ((SIX, {"margin": float("nan")}), DataError, "margin: got nan"),
    "level": ((SIX, {"level": 95}), DataError, "level: got 95"),
    "one cluster": ((SIX, {"cluster": ["a"] * 6}), NotEnoughData, "cluster: got one cluster"),
    "cluster in pieces": (
        (SIX, {"cluster": list("aabbaa")}),
        DataError,
        "cluster: got a cluster whose items are not side by side",
    ),
    "cluster length": ((SIX, {"cluster": ["a"]}), DataError, r"cluster: got shape \(1,\)"),
}


@pytest.mark.parametrize(("call", "error", "message"), BAD_SETS.values(), ids=BAD_SETS)
def test_a_set_that_makes_no_sense_is_named(call, error, message):
    baseline, options = call
    with pytest.raises(error, match=message):
        FiniteSetTest(baseline, **{"kind": "binary", **options})


BAD_RESULTS = {
    "NaN": ([1, float("nan")], DataError, "candidate: got nan at position 1"),
    "range": ([2], DataError, "candidate: got 2 at position 0"),
    "none": ([], NotEnoughData, "candidate: got no items"),
    "too many": ([1] * 5, DataError, "candidate: got 5 results, expected at most 4"),
}


@pytest.mark.parametrize(("results", "error", "message"), BAD_RESULTS.values(), ids=BAD_RESULTS)
def test_bad_results_are_named_and_leave_nothing_behind(results, error, message):
    test = FiniteSetTest(SIX, kind="binary")
    test.update([1, 0])
    before = test.status
    with pytest.raises(error, match=message):
        test.update(results)
    assert test.status == before


def test_results_after_the_last_item_are_refused():
    test = made(SIX, SIX)
    with pytest.raises(DataError, match="expected at most 0: the set has 6 items and 6 are in"):
        test.update([1])


def test_an_order_that_contradicts_itself_is_reported_not_averaged():
    candidate = np.concatenate([np.ones(100), np.zeros(100)])
    test = made(candidate, np.tile([0.0, 1.0], 100), upto=199)
    assert test.status.reading is SetReading.BETTER
    with pytest.raises(NotEnoughData, match="limits: one look excluded everything below"):
        test.estimate  # noqa: B018


def test_the_prediction_is_made_anew_at_fixed_places_only():
    assert drawing._refit_places(np.arange(1, 101)) == (25, 50, 75)
    assert drawing._refit_places(np.array([10, 20, 30, 45, 60])) == (3,)


def test_a_baseline_may_be_given_again_and_must_then_be_the_known_one():
    known = np.array([0.0, 1.0] * 20)
    test = stats.FiniteSetTest(known, kind="binary")
    test.update(np.ones(10), known[:10])
    with pytest.raises(DataError, match="baseline: got other scores"):
        test.update(np.ones(10), 1 - known[10:20])
    assert test.status.n == 10
