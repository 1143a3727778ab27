"""Methods whose level is proven: what they answer, and when they decline."""

import math
from itertools import pairwise

import numpy as np
import pytest

from liftgate import stats
from liftgate.errors import DataError, NotEnoughData
from liftgate.stats import staircase
from liftgate.stats.betting_bound import BettingBound
from liftgate.stats.exact import (
    GRID,
    ClopperPearson,
    PairedExact,
    _at_least,
    _each_below,
    paired_z,
)
from liftgate.stats.kinds import Alternative, Mark, ScoreKind
from liftgate.stats.score import PairedScore

B, G, U = ScoreKind.BINARY, ScoreKind.GRADED, ScoreKind.UNBOUNDED
GREATER, LESS = Alternative.GREATER, Alternative.LESS
UNIT = (0, 1)


def sides(n, gained, lost):
    candidate = np.array([1] * gained + [0] * (n - gained))
    baseline = np.array([0] * gained + [1] * lost + [0] * (n - gained - lost))
    return candidate, baseline


def tables(n):
    return [(b, c) for b in range(n + 1) for c in range(n + 1 - b)]


def test_the_guarantee_chooses_the_exact_rows():
    pair = sides(60, 9, 4)
    paired = stats.paired_difference(*pair, kind=B, guarantee=True)
    assert (paired.method, paired.mark) == ("exact unconditional test", Mark.EXACT)
    assert paired.warnings == ()
    assert paired.se == PairedScore(60, 9, 4).se
    margin = stats.paired_noninferiority(*pair, 0.05, kind=B, guarantee=True)
    assert (margin.method, margin.null) == ("exact unconditional test", -0.05)
    graded = stats.paired_difference(*pair, kind=G, score_range=UNIT, guarantee=True)
    assert (graded.method, graded.mark) == ("paired betting bound", Mark.EXACT)
    share = stats.paired_contrast(*pair, 0.3, kind=B, guarantee=True)
    assert (share.method, share.mark) == ("contrast betting bound", Mark.EXACT)
    assert stats.proportion(pair[0], guarantee=True).method == "Clopper–Pearson"
    one = stats.mean(pair[0], kind=G, score_range=UNIT, guarantee=True)
    assert (one.method, one.se, one.df) == ("betting bound", None, None)


def test_without_being_asked_for_nothing_changes():
    pair = sides(60, 9, 4)
    assert stats.paired_difference(*pair, kind=B).method == "paired score test"
    assert stats.proportion(pair[0]).method == "Clopper–Pearson"


def test_a_guarantee_over_clusters_is_refused():
    cluster = np.repeat(np.arange(12), 5)
    for kind, span in ((B, None), (G, UNIT), (U, None)):
        options = {"kind": kind, "score_range": span, "cluster": cluster, "guarantee": True}
        with pytest.raises(NotEnoughData, match=r"no guaranteed method .* largest cluster"):
            stats.paired_difference(*sides(60, 9, 4), **options)
    with pytest.raises(NotEnoughData, match="no guaranteed method for a mean"):
        stats.proportion(sides(60, 9, 4)[0], cluster=cluster, guarantee=True)


def test_a_guarantee_for_unbounded_scores_is_refused():
    with pytest.raises(NotEnoughData, match=r"no guaranteed method .* unbounded scores"):
        stats.paired_difference(*sides(60, 9, 4), kind=U, guarantee=True)
    with pytest.raises(NotEnoughData, match=r"no guaranteed method .* declare the range"):
        stats.mean([1.0, 2.0, 3.0], kind=U, guarantee=True)


def test_more_than_500_binary_pairs_are_refused_with_what_to_do():
    assert stats.paired_difference(*sides(500, 9, 4), kind=B, guarantee=True).n == 500
    with pytest.raises(
        NotEnoughData, match="got 501 pairs of binary scores, expected at most"
    ) as e:
        stats.paired_difference(*sides(501, 9, 4), kind=B, guarantee=True)
    assert "guarantee=True" in e.value.hint


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"candidate": [1, math.nan, 0]}, "candidate: got nan at position 1"),
        ({"baseline": [0, 1]}, "candidate: got 3 scores and baseline 2"),
        ({"candidate": [1, 0.5, 0]}, "candidate: got 0.5 at position 1, expected 0 or 1"),
        ({"null": 1.0}, "null: got 1, expected a value strictly between -1 and 1"),
        ({"level": 0.0}, "level: got 0.0"),
        ({"alternative": "up"}, "alternative: got 'up'"),
    ],
)
def test_bad_input_is_named_as_without_the_guarantee(change, message):
    call = {"candidate": [1, 0, 0], "baseline": [0, 0, 1], "kind": B, **change}
    with pytest.raises(DataError, match=message):
        stats.paired_difference(**call, guarantee=True)


@pytest.mark.parametrize("kind", [B, G])
def test_no_items_are_refused(kind):
    with pytest.raises(NotEnoughData, match="got no items"):
        stats.mean([], kind=kind, score_range=UNIT, guarantee=True)


# --- the exact unconditional test ----------------------------------------------------------------


def test_one_pair_is_enough_to_say_that_nothing_is_known():
    found = stats.paired_difference([1], [0], kind=B, guarantee=True, alternative=GREATER)
    assert found.p_value > 0.2
    assert (found.low, found.high) == (pytest.approx(-0.95, abs=0.01), 1.0)


def test_constant_data_give_no_evidence_and_an_honest_interval():
    found = stats.paired_difference(*sides(100, 0, 0), kind=B, level=0.9, guarantee=True)
    assert (found.value, found.p_value) == (0.0, 1.0)
    # No pair differs with probability (1 − δ)^100 at most, were the difference δ.
    assert found.high == pytest.approx(1 - 0.05 ** (1 / 100), abs=1 / GRID)
    assert found.low == -found.high


def test_all_gained_reaches_the_end_of_the_range():
    found = stats.paired_difference(*sides(20, 20, 0), kind=B, guarantee=True)
    assert found.high == 1.0
    # All 20 gained has the probability ((1 + δ)/2)^20 at most.
    assert found.low == pytest.approx(2 * 0.025 ** (1 / 20) - 1, abs=1 / GRID)


@pytest.mark.parametrize("null", [-0.6, -0.05, 0.0, 0.02, 0.7])
@pytest.mark.parametrize("n", [1, 7, 23])
def test_the_statistics_are_those_of_the_score_test(n, null):
    pairs = np.array(tables(n))
    ours = paired_z(n, pairs[:, 0], pairs[:, 1], null)
    theirs = [PairedScore(n, int(b), int(c), slack=0).statistic(null) for b, c in pairs]
    assert ours == pytest.approx(theirs, rel=1e-10, abs=1e-10)


@pytest.mark.parametrize("null", [-0.9, -0.3, -0.01, 0.0, 0.05, 0.5])
def test_the_statistic_rises_in_gains_and_falls_in_losses(null):
    for n in (5, 17, 40):
        for b, c in tables(n - 1):
            here = float(paired_z(n, b, c, null))
            assert float(paired_z(n, b + 1, c, null)) > here - 1e-9
            assert float(paired_z(n, b, c + 1, null)) < here + 1e-9


@pytest.mark.parametrize("null", [-0.4, 0.0, 0.15])
def test_the_staircase_holds_exactly_the_tables_at_least_as_extreme(null):
    n = 14
    for gained, lost in tables(n)[::5]:
        extreme = float(paired_z(n, gained, lost, null))
        least = _at_least(n, extreme, null)
        for b, c in tables(n):
            inside = float(paired_z(n, b, c, null)) >= extreme - 1e-8
            assert (b >= least[b + c]) == inside


def test_a_set_is_closed_to_the_smallest_staircase_around_it():
    ragged = np.array([1, 0, 3, 4, 1])
    closed = staircase.close(ragged)
    assert (closed <= np.minimum(ragged, np.arange(5) + 1)).all()
    assert set(np.diff(closed)) <= {0, 1}
    assert (staircase.close(closed) == closed).all()


def test_the_supremum_is_bounded_from_above_and_below():
    rng = np.random.default_rng(4)
    for _ in range(40):
        n = int(rng.integers(1, 60))
        null = float(rng.uniform(-0.5, 0.5))
        least = staircase.close(rng.integers(0, n + 2, n + 1) + np.arange(n + 1) // 3)
        found = staircase.supremum(least, null, (0.0, 1.0), low=0.0, high=math.inf)
        dense = staircase.probabilities(least, null, np.linspace(0, math.pi, 20_001))
        assert dense.max() <= found.bound
        assert found.bound <= dense.max() + 2.1 * staircase.TOLERANCE


def test_the_bound_between_grid_points_holds_on_a_coarse_grid():
    """What the proof says of f between two points, checked where the cells are wide."""
    rng = np.random.default_rng(6)
    for _ in range(60):
        n = int(rng.integers(2, 40))
        null = float(rng.uniform(-0.6, 0.6))
        least = staircase.close(np.arange(n + 1) // 2 + int(rng.integers(-2, 4)))
        ends = np.linspace(0, math.pi, 6)
        gained = np.maximum(least[1:] - 1, 0)
        for left, right in pairwise(ends):
            inner = np.linspace(left, right, 201)
            f = staircase.probabilities(least, null, inner)
            g = float(staircase.probabilities(gained, null, inner).max())
            slack = n * (1 - abs(null)) * g * (right - left) ** 2 / 8
            assert f.max() <= max(f[0], f[-1]) + slack + 1e-9


def test_the_walk_below_visits_every_grid_value_once():
    for top in (1 - GRID, 2 - GRID, -1500, 0, 1999):
        seen = []

        def dismiss(first, last, seen=seen):
            if (last - first) % 3 == 2:
                return False
            seen.append((first, last))
            return True

        _each_below(top, dismiss)
        covered = [i for first, last in seen for i in range(first, last + 1)]
        assert sorted(covered) == list(range(1 - GRID, top))


def test_a_null_between_grid_values_is_tested_at_the_next():
    family = PairedExact(40, 9, 3)
    assert family.tail(-0.0302, GREATER) == family.tail(-0.03, GREATER)
    assert family.tail(0.0302, LESS) == family.tail(0.03, LESS)
    # Rounding in the caller's arithmetic does not cost a grid step.
    assert family.tail(0.1 + 0.2, GREATER) == family.tail(0.3, GREATER)
    assert family.tail(0.9999, GREATER) == 1.0


@pytest.mark.parametrize("alpha", [0.001, 0.025, 0.05, 0.2])
def test_limit_and_p_value_of_the_exact_test_agree_at_every_grid_value(alpha):
    for n, gained, lost in ((9, 5, 1), (31, 2, 6)):
        family = PairedExact(n, gained, lost)
        low = family.limit(GREATER, alpha)
        p = {i: family.tail(i / GRID, GREATER) for i in range(-1900, 1900, 190)}
        near = math.floor(low * GRID)
        p |= {i: family.tail(i / GRID, GREATER) for i in range(near - 3, near + 4)}
        for i, value in p.items():
            assert (value <= alpha) == (low > i / GRID)
        in_order = [p[i] for i in sorted(p)]
        assert in_order == sorted(in_order)


@pytest.mark.parametrize(
    ("table", "alpha"), [((5, 2, 1), 0.2), ((7, 2, 1), 0.15), ((9, 5, 3), 0.3)]
)
def test_where_the_p_values_turn_back_limit_and_tail_take_the_hull(table, alpha):
    """These tables have rejected nulls above a kept one; the kept one decides."""
    family = PairedExact(*table)
    low = family.limit(GREATER, alpha)
    above = [family._p(i, i, 0.0) for i in range(math.ceil(GRID * low), GRID // 2)]
    first_kept, turned_back = above[0], min(above)
    assert turned_back <= alpha < first_kept
    back = math.ceil(GRID * low) + above.index(turned_back)
    assert family.tail(back / GRID, GREATER) > alpha


def test_more_gains_never_make_a_small_p_value_larger():
    n = 12
    for null in (-0.1, 0.0, 0.1):
        p = {t: PairedExact(n, *t).tail(null, GREATER) for t in tables(n)}
        for (b, c), value in p.items():
            if value <= 0.5 and b + c < n:
                assert p[(b + 1, c)] <= value
                if p[(b, c + 1)] <= 0.5:
                    assert p[(b, c + 1)] >= value


# --- one proportion ------------------------------------------------------------------------------


def test_no_ones_have_the_rule_of_three():
    low, high = (ClopperPearson(100, 0).limit(a, 0.05) for a in (GREATER, LESS))
    assert (low, high) == (0.0, pytest.approx(1 - 0.05 ** (1 / 100)))
    assert ClopperPearson(100, 100).limit(LESS, 0.05) == 1.0
    assert ClopperPearson(100, 0).tail(0.01, GREATER) == 1.0
    assert ClopperPearson(100, 0).tail(0.03, LESS) == pytest.approx(0.97**100)
    assert ClopperPearson(100, 0).se == pytest.approx(math.sqrt(1 / 102 * 101 / 102 / 102))


# --- the betting bound ---------------------------------------------------------------------------


def test_the_first_bet_of_a_single_score_is_the_one_written_down():
    """n = 1: 1 + min(λ̂, c/θ)(x − θ) with v_0 = ¼."""
    family = BettingBound(np.array([1.0]), (0.0, 1.0))
    bet = min(math.sqrt(2 * math.log(20) / 0.25), 0.75 / 0.3)
    assert family.tail(0.3, GREATER) == pytest.approx(1 / (1 + bet * 0.7))


def test_the_capital_is_that_of_the_plug_in_played_by_hand():
    from liftgate.stats.betting_bound import _orders

    values = np.array([0.9, 0.2, 0.7, 1.0, 0.8])
    theta, capitals = 0.4, []
    for order in _orders(5):
        total, spread, capital = 0.5, 0.25, 1.0
        for i, x in enumerate(values[order], start=1):
            bet = math.sqrt(2 * math.log(20) / (5 * spread / i))
            capital *= 1 + min(bet, 0.75 / theta) * (x - theta)
            total += x
            spread += (x - total / (i + 1)) ** 2
        capitals.append(capital)
    family = BettingBound(values, (0.0, 1.0))
    assert family.tail(theta, GREATER) == pytest.approx(1 / np.mean(capitals))


def test_the_orders_are_fixed_and_contain_every_item_once():
    from liftgate.stats.betting_bound import _orders

    assert _orders(4)[:2].tolist() == _orders(4)[:2].tolist()
    for n, count in ((1, 50), (100, 50), (10_000, 20), (100_000, 8)):
        orders = _orders(n)
        assert orders.shape == (count, n)
        assert (np.sort(orders, axis=1) == np.arange(n)).all()


def test_another_scale_gives_the_same_answer():
    values = np.random.default_rng(1).beta(2, 5, 60)
    unit, wide = BettingBound(values, (0.0, 1.0)), BettingBound(10 * values - 3, (-3.0, 7.0))
    for side in (GREATER, LESS):
        assert 10 * unit.limit(side, 0.05) - 3 == pytest.approx(wide.limit(side, 0.05))
        assert unit.tail(0.25, side) == pytest.approx(wide.tail(-0.5, side))


def test_constant_scores_leave_room_for_what_was_not_seen():
    found = stats.mean([1.0] * 50, kind=G, score_range=UNIT, guarantee=True, level=0.9)
    assert found.high == 1.0
    assert 0.85 < found.low < 0.05 ** (1 / 50)
    zeros = stats.mean([0.0] * 50, kind=G, score_range=UNIT, guarantee=True, level=0.9)
    assert (zeros.low, zeros.high) == (0.0, pytest.approx(1 - found.low))


def test_a_bound_without_a_range_is_refused():
    from liftgate.stats.betting_bound import betting_bound
    from liftgate.stats.inputs import Sample

    with pytest.raises(NotEnoughData, match="without a declared range"):
        betting_bound(Sample(np.array([1.0, 2.0])))
