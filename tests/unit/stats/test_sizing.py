"""Planning one paired claim in closed form: power, size, and a budget split over repeats."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from liftgate import stats
from liftgate.errors import DataError, NotEnoughData
from liftgate.stats.score import paired_z
from liftgate.stats.sizing import allocation, null_variance

GRADED = {"effect": 0.2, "sd": 1.0}
BINARY = {"effect": 0.05, "discordance": 0.2}


@pytest.mark.parametrize("kind", [GRADED, BINARY], ids=["graded", "binary"])
@given(n=st.integers(30, 3000), more=st.integers(1, 500))
@settings(max_examples=40, deadline=None)
def test_more_items_a_larger_alpha_and_a_farther_null_never_lose_power(kind, n, more) -> None:
    here = stats.power(n, **kind)
    assert stats.power(n + more, **kind) >= here - 1e-12
    assert stats.power(n, **kind, alpha=0.06) >= here
    assert stats.power(n, **kind, null=-0.01) >= here
    assert stats.power(n, **kind, cluster_size=3, icc=0.3) < here
    assert stats.power(n, **kind, looks=5) <= here + 1e-9


@given(low=st.floats(0.0, 0.19), step=st.floats(0.001, 0.01), n=st.integers(50, 2000))
@settings(max_examples=40, deadline=None)
def test_a_larger_effect_is_found_more_often(low, step, n) -> None:
    for spread in ({"sd": 1.0}, {"discordance": 0.2}):
        assert stats.power(n, effect=low + step, **spread) >= stats.power(n, effect=low, **spread)


@pytest.mark.parametrize("more", [{}, {"looks": 4}, {"cluster_size": 4, "icc": 0.2}])
@pytest.mark.parametrize("kind", [GRADED, BINARY], ids=["graded", "binary"])
def test_the_size_is_the_least_that_reaches_the_power(kind, more) -> None:
    n = stats.sample_size(**kind, **more, power=0.9)
    assert stats.power(n, **kind, **more) >= 0.9 > stats.power(n - 1, **kind, **more)


def test_without_an_effect_power_is_alpha() -> None:
    assert stats.power(200, effect=0.0, sd=1.0) == pytest.approx(0.05)
    assert stats.power(10**6, effect=0.0, discordance=0.3) == pytest.approx(0.05, abs=1e-4)


def test_a_loss_is_planned_like_a_gain() -> None:
    assert stats.power(100, effect=-0.3, sd=1.0) == stats.power(100, effect=0.3, sd=1.0)
    assert stats.power(100, effect=-0.1, discordance=0.2) == stats.power(
        100, effect=0.1, discordance=0.2
    )


@pytest.mark.parametrize(
    ("discordance", "effect", "null"),
    [(0.2, 0.05, 0.0), (0.2, 0.0, -0.03), (0.3, 0.1, -0.05), (0.1, 0.1, 0.05)],
)
def test_the_variance_under_the_null_is_the_score_tests(discordance, effect, null) -> None:
    n = 10**6
    gained, lost = (np.asarray(round(n * (discordance + s * effect) / 2)) for s in (1, -1))
    z = float(paired_z(n, gained, lost, null, slack=0))
    assert ((effect - null) / z) ** 2 * n == pytest.approx(null_variance(discordance, effect, null))


def test_power_is_what_the_test_itself_does() -> None:
    rng = np.random.default_rng(1)
    for effect, null, n in ((0.05, 0.0, 300), (0.0, -0.04, 400)):
        lost, won = (0.15 - effect) / 2, (0.15 + effect) / 2
        tables = rng.multinomial(n, [won, lost, 0.85], size=20_000)
        z = paired_z(n, tables[:, 0], tables[:, 1], null, slack=0.5)
        realised = float((z >= 1.6448536).mean())
        planned = stats.power(n, effect=effect, discordance=0.15, null=null)
        assert planned == pytest.approx(realised, abs=0.02)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ({"effect": 0.1}, "got neither"),
        ({"effect": 0.1, "sd": 1.0, "discordance": 0.2}, "got both"),
        ({"effect": float("nan"), "sd": 1.0}, "effect"),
        ({"effect": 0.1, "sd": 0.0}, "sd"),
        ({"effect": 0.1, "sd": float("inf")}, "sd"),
        ({"effect": 0.3, "discordance": 0.2}, "at most the discordance"),
        ({"effect": 0.1, "discordance": 1.2}, "discordance"),
        ({"effect": 0.1, "discordance": 0.2, "null": -1.0}, "null"),
        ({"effect": 0.1, "sd": 1.0, "alpha": 0.0}, "alpha"),
        ({"effect": 0.1, "sd": 1.0, "cluster_size": 0.5}, "cluster_size"),
        ({"effect": 0.1, "sd": 1.0, "icc": 1.5}, "icc"),
        ({"effect": 0.1, "sd": 1.0, "looks": 0}, "looks"),
        ({"effect": 0.1, "sd": 1.0, "looks": 51}, "looks"),
    ],
)
def test_nonsense_is_refused(words, message) -> None:
    with pytest.raises(DataError, match=message):
        stats.power(100, **words)
    with pytest.raises(DataError, match=message):
        stats.sample_size(**words)


def test_what_no_number_of_items_can_tell_is_refused() -> None:
    with pytest.raises(DataError, match="the null itself"):
        stats.sample_size(effect=0.0, sd=1.0)
    with pytest.raises(DataError, match="more power than alpha"):
        stats.sample_size(effect=0.1, sd=1.0, power=0.05)
    with pytest.raises(NotEnoughData, match="do not tell"):
        stats.sample_size(effect=1e-6, sd=1.0)
    with pytest.raises(NotEnoughData, match="from 24 items on"):
        stats.power(23, effect=0.1, sd=1.0, cluster_size=4)
    with pytest.raises(DataError, match="whole number"):
        stats.power(10.5, effect=0.1, sd=1.0)  # type: ignore[arg-type]


def test_the_best_repeats_are_the_ones_with_the_smallest_error() -> None:
    costs = {"budget": 1000.0, "item_cost": 30.0, "repeat_cost": 2.0}
    best = allocation(0.1, 0.3, **costs)
    # sqrt(30 / 2 · 0.3 / 0.1) = 6.7
    assert best.repeats in (6, 7)
    tried = [allocation(0.1, 0.3, **costs, repeats=r) for r in range(1, 30)]
    assert best.se <= min(one.se for one in tried) * 1.02
    assert best.se == pytest.approx((0.1 / best.items + 0.3 / best.items / best.repeats) ** 0.5)


def test_where_items_cost_nothing_of_their_own_one_repeat_is_best() -> None:
    assert allocation(0.01, 5.0, budget=400, repeat_cost=2).repeats == 1
    assert allocation(0.0, 5.0, budget=400, repeat_cost=2).repeats == 1


@pytest.mark.parametrize(
    "words",
    [
        {"between": -1.0},
        {"within": float("inf")},
        {"item_cost": -1.0},
        {"repeat_cost": 0.0},
        {"budget": 0.0},
        {"repeats": 0},
    ],
)
def test_impossible_costs_are_refused(words) -> None:
    given_words = {"between": 0.1, "within": 0.1, "budget": 100.0, "repeat_cost": 2.0} | words
    with pytest.raises(DataError, match=next(iter(words))):
        allocation(given_words.pop("between"), given_words.pop("within"), **given_words)


def test_a_budget_for_one_item_is_refused() -> None:
    with pytest.raises(NotEnoughData, match="at least 2"):
        allocation(0.1, 0.1, budget=3, repeat_cost=2)
