"""Places on a Pareto front: shown, shown dominated, or not distinguishable."""

from __future__ import annotations

import numpy as np
import pytest

from liftgate.errors import DataError, NotEnoughData
from liftgate.stats import Objective, ScoreKind, pareto_front
from liftgate.stats.front import Standing

N = 120


def quality(*levels, seed=3, noise=0.3):
    rng = np.random.default_rng(seed)
    item = rng.normal(0, 1, N)
    return np.stack([level + item + rng.normal(0, noise, N) for level in levels])


def objective(name="quality", values=None, **more):
    return Objective(name=name, values=quality(0.0, 1.0) if values is None else values, **more)


def size(*values):
    return Objective(name="size", values=values, higher_is_better=False)


def standings(front):
    return {place.system: place.standing for place in front.places}


def test_a_clear_trade_is_shown_on_the_front_on_both_sides():
    front = pareto_front(["a", "b"], [objective(), size(1.0, 2.0)])
    assert standings(front) == {"a": Standing.ON_FRONT, "b": Standing.ON_FRONT}
    assert [place.share for place in front.places] == [1.0, 1.0]
    assert front.exact == ("size",)
    assert front.places[0].means["size"] == 1.0


def test_a_system_that_is_worse_in_everything_is_shown_dominated_and_by_whom():
    front = pareto_front(["a", "b", "c"], [objective(values=quality(0, 1, 2)), size(3.0, 2.0, 1.0)])
    assert standings(front) == {
        "a": Standing.DOMINATED,
        "b": Standing.DOMINATED,
        "c": Standing.ON_FRONT,
    }
    assert front.places[0].dominated_by == ("b", "c")
    assert front.places[1].dominated_by == ("c",)
    assert front.places[0].share == 0.0


def test_a_difference_that_the_noise_could_make_is_not_distinguishable():
    values = quality(0.0, 0.0, noise=1.0)
    front = pareto_front(["a", "b"], [objective(values=values), size(2.0, 1.0)])
    assert standings(front)["a"] is Standing.OPEN
    assert 0 < front.places[0].share < 1
    # Of equal size or smaller, b needs nothing of its quality.
    assert standings(front)["b"] is Standing.ON_FRONT


def test_a_tie_of_exact_objectives_does_not_save_from_being_dominated():
    front = pareto_front(["a", "b"], [objective(), size(1.0, 1.0)])
    assert standings(front) == {"a": Standing.DOMINATED, "b": Standing.ON_FRONT}


def test_one_objective_that_says_nothing_keeps_a_system_from_being_dominated():
    """The intersection-union test: every objective must speak, not only the loudest."""
    noise = np.random.default_rng(5).normal(0, 1, (2, N))
    front = pareto_front(["a", "b"], [objective(), objective("speed", noise)])
    assert standings(front)["a"] is Standing.OPEN


def test_lower_is_better_turns_the_places_round_and_the_means_stay():
    front = pareto_front(
        ["a", "b"], [objective("seconds", quality(1.0, 3.0), higher_is_better=False)]
    )
    assert standings(front) == {"a": Standing.ON_FRONT, "b": Standing.DOMINATED}
    assert front.places[1].means["seconds"] > 2


@pytest.mark.parametrize("lower", [False, True])
def test_binary_and_graded_objectives_are_tested_by_their_own_methods(lower):
    rng = np.random.default_rng(7)
    binary = (rng.random((2, N)) < np.array([[0.3], [0.9]])).astype(float)
    kinds = [
        objective("right", binary, kind=ScoreKind.BINARY, higher_is_better=not lower),
        objective(
            "graded",
            binary * 0.5,
            kind=ScoreKind.GRADED,
            score_range=(0.0, 1.0),
            higher_is_better=not lower,
        ),
    ]
    front = pareto_front(["a", "b"], kinds)
    loser = "b" if lower else "a"
    assert standings(front)[loser] is Standing.DOMINATED


def test_clusters_make_the_same_numbers_less_certain():
    rng = np.random.default_rng(11)
    cluster = np.repeat(np.arange(12), 10)
    shared = rng.normal(0, 1, 12)[cluster]
    values = np.stack([np.zeros(N), shared + 0.25])
    plain = pareto_front(["a", "b"], [objective(values=values)])
    held = pareto_front(["a", "b"], [objective(values=values)], cluster=cluster)
    assert plain.places[0].p_dominated < held.places[0].p_dominated
    assert (plain.clusters, held.clusters) == (N, 12)
    assert plain.places[0].share < held.places[0].share


def test_the_same_seed_gives_the_same_shares():
    values = quality(0.0, 0.02)
    made = [pareto_front(["a", "b"], [objective(values=values)], seed=s) for s in (1, 1, 2)]
    assert made[0] == made[1]
    assert made[0].places[0].share != made[2].places[0].share


def test_where_a_test_declines_the_objective_speaks_for_nobody_and_it_is_said():
    same = np.tile(np.arange(N, dtype=float), (2, 1))
    front = pareto_front(["a", "b"], [objective(values=same)])
    assert set(standings(front).values()) == {Standing.OPEN}
    assert "quality, a against b" in front.warnings[0]


@pytest.mark.parametrize(
    ("systems", "objectives", "error", "said"),
    [
        (["a"], [objective()], NotEnoughData, "at least two"),
        (["a", "a"], [objective()], DataError, "different names"),
        (["a", "b"], [size(1.0, 2.0)], NotEnoughData, "item by item"),
        (["a", "b"], [], NotEnoughData, "item by item"),
        (["a", "b"], [objective(), objective()], DataError, "different names"),
        (["a", "b", "c"], [objective()], DataError, "expected \\(3,\\)"),
        (["a", "b"], [objective(), objective("speed", np.ones((2, 5)))], DataError, "5 items"),
        (["a", "b"], [objective(values=np.full((2, 9), np.nan))], DataError, "finite"),
        (["a", "b"], [objective(values=np.ones((2, 0)))], NotEnoughData, "no items"),
        (["a", "b"], [objective(values=[[1.0, 2.0], [1.0]])], DataError, "no array"),
    ],
)
def test_what_cannot_be_placed_is_refused_by_name(systems, objectives, error, said):
    with pytest.raises(error, match=said):
        pareto_front(systems, objectives)


@pytest.mark.parametrize(("more", "said"), [({"alpha": 0.5}, "alpha"), ({"draws": 9}, "draws")])
def test_levels_and_draws_are_checked(more, said):
    with pytest.raises(DataError, match=said):
        pareto_front(["a", "b"], [objective()], **more)


def test_one_cluster_is_refused():
    with pytest.raises(NotEnoughData, match="one cluster"):
        pareto_front(["a", "b"], [objective()], cluster=["x"] * N)
