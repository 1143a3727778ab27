"""Tilted worlds have the means that they were asked for, and keep the rest where they can."""

from __future__ import annotations

import numpy as np
import pytest

from liftgate.errors import DataError, NotEnoughData
from liftgate.gates.calibrate.quantities import OneTest, Quantity, asked_of
from liftgate.gates.calibrate.rows import rows_of
from liftgate.gates.calibrate.tilt import tilted
from liftgate.gates.calibrate.world import ALL_KEPT, MEANS_ONLY, Placed, world
from liftgate.records import Alternative, Part
from liftgate.stats import ClaimShape
from tests.unit.gates.calibrate.pilots import claim, pilot

RIGHT = Quantity("right", ClaimShape.DIFFERENCE)
QUALITY = Quantity("quality", ClaimShape.DIFFERENCE)
ASKED = asked_of(
    [
        claim("primary", Part.PRIMARY, "right", "superior", by=0.0, target=0.1),
        claim("guardrails.0", Part.GUARDRAIL, "quality", "non_inferior", margin=0.2),
        claim("guardrails.1", Part.GUARDRAIL, "right", "each_non_inferior", "half", margin=0.1),
    ],
    {"half": ("a", "b")},
)


def test_a_tilt_of_two_values_is_the_one_that_algebra_gives() -> None:
    values = np.array([-1.0, 0.0, 1.0])
    found = tilted(np.full(3, 1 / 3), (values - 0.3)[:, None])
    assert found is not None
    # p(x) ∝ exp(λx) with mean 0.3: x = exp(λ) solves (x − 1/x) / (x + 1 + 1/x) = 0.3.
    x = max(np.roots([0.7, -0.3, -1.3]).real)
    assert found == pytest.approx(np.array([1 / x, 1.0, x]) / (1 / x + 1 + x), abs=1e-8)


@pytest.mark.parametrize("target", [1.01, 1.5, -2.0])
def test_a_target_beyond_the_hull_has_no_weights(target: float) -> None:
    values = np.array([-1.0, 0.0, 1.0, 1.0])
    assert tilted(np.full(4, 0.25), (values - target)[:, None]) is None


def test_a_target_at_the_edge_of_the_hull_leaves_the_other_rows_nothing() -> None:
    values = np.array([-1.0, 0.0, 1.0, 1.0])
    found = tilted(np.full(4, 0.25), (values - 1.0)[:, None])
    assert found == pytest.approx(np.array([0, 0, 0.5, 0.5]), abs=1e-8)


def test_rows_without_weight_stay_without_it() -> None:
    values = np.array([-1.0, 0.0, 1.0, 5.0])
    found = tilted(np.array([1.0, 1.0, 1.0, 0.0]), (values - 0.2)[:, None])
    assert found is not None
    assert found[3] == 0.0
    assert found @ values == pytest.approx(0.2, abs=1e-8)


@pytest.mark.parametrize("clustered", [False, True])
def test_symmetrised_rows_favour_neither_arm(clustered: bool) -> None:
    rows = rows_of(pilot(120, clustered=clustered), ASKED.quantities(), clustered=clustered)
    even = world(rows, ())
    for quantity in (RIGHT, QUALITY):
        assert even.mean(quantity) == pytest.approx(0.0, abs=1e-12)


@pytest.mark.parametrize("clustered", [False, True])
def test_a_world_has_its_means_over_items_and_keeps_the_second_moments(clustered: bool) -> None:
    rows = rows_of(pilot(300, clustered=clustered), ASKED.quantities(), clustered=clustered)
    start = world(rows, ())
    made = world(rows, (Placed(RIGHT, 0.08), Placed(QUALITY, -0.2)))
    assert made.kept == ALL_KEPT
    assert made.mean(RIGHT) == pytest.approx(0.08, abs=1e-6)
    assert made.mean(QUALITY) == pytest.approx(-0.2, abs=1e-6)
    one, other = rows.columns[RIGHT], rows.columns[QUALITY]
    items = made.weights @ rows.sizes
    assert items == pytest.approx(start.weights @ rows.sizes, rel=1e-6)
    for values in (one.squares, other.squares, one.sums * other.sums):
        assert made.weights @ values == pytest.approx(start.weights @ values, rel=1e-5)


def test_what_cannot_keep_its_discordance_says_so() -> None:
    rows = rows_of(pilot(300, clustered=False), ASKED.quantities(), clustered=False)
    discordance = float(rows.columns[RIGHT].squares.mean())
    made = world(rows, (Placed(RIGHT, discordance + 0.05),))
    assert made.kept == MEANS_ONLY
    assert made.mean(RIGHT) == pytest.approx(discordance + 0.05, abs=1e-6)


def test_a_mean_beyond_the_rows_is_refused_by_the_claims_name() -> None:
    rows = rows_of(pilot(60, clustered=False), ASKED.quantities(), clustered=False)
    with pytest.raises(NotEnoughData, match="quality non-inferior at −6"):
        world(rows, (Placed(QUALITY, -6.0, "quality non-inferior"),))


def test_a_slice_is_tilted_by_itself() -> None:
    rows = rows_of(pilot(300, clustered=False), ASKED.quantities(), clustered=False)
    inside = Quantity("right", ClaimShape.DIFFERENCE, inside=("half", "a"))
    made = world(rows, (Placed(inside, -0.1),))
    assert made.mean(inside) == pytest.approx(-0.1, abs=1e-6)


def test_draws_follow_the_weights() -> None:
    rows = rows_of(pilot(200, clustered=True), ASKED.quantities(), clustered=True)
    made = world(rows, (Placed(RIGHT, 0.1),))
    drawn = made.draw(400, 50, np.random.default_rng(1))
    column = rows.columns[RIGHT]
    mean = column.sums[drawn].sum() / column.sizes[drawn].sum()
    assert mean == pytest.approx(0.1, abs=0.02)
    assert drawn.max() < rows.sizes.size


def test_a_pilot_too_small_to_plan_with_is_refused() -> None:
    with pytest.raises(NotEnoughData, match="the pilot has 9 clusters"):
        rows_of(pilot(9, clustered=False), [RIGHT], clustered=False)


def test_items_without_a_score_are_left_out_and_counted() -> None:
    pairs = pilot(60, clustered=False)
    pairs["right"].candidate[3] = np.nan
    pairs["quality"].baseline[5] = np.nan
    rows = rows_of(pairs, [RIGHT, QUALITY], clustered=False)
    assert (rows.left_out, rows.items) == (2, 58)


def test_a_slice_that_the_pilot_does_not_carry_is_refused() -> None:
    unknown = Quantity("right", ClaimShape.DIFFERENCE, inside=("colour", "red"))
    with pytest.raises(DataError, match="no slice 'colour'"):
        rows_of(pilot(60, clustered=False), [unknown], clustered=False)


def test_claims_that_cannot_be_simulated_are_named_and_keep_their_place_in_the_family() -> None:
    asked = asked_of(
        [
            claim("primary", Part.PRIMARY, "right", "superior", by=0.02),
            claim("guardrails.0", Part.GUARDRAIL, "latency_p95_ms", "within", limit=1, passes=7),
            claim("guardrails.1", Part.GUARDRAIL, "right", "somebody_elses"),
            claim("watch.0", Part.WATCH, "right", "none_shown_worse", "half"),
            claim("secondary.0", Part.SECONDARY, "quality", "superior"),
        ],
        {"half": ("a", "b")},
    )
    assert [t.claim.id for t in asked.tests] == ["primary"]
    assert set(asked.left_out) == {"guardrails.0", "guardrails.1"}
    assert asked.family == 3
    assert asked.tests[0].rejects == (OneTest(RIGHT, 0.02, Alternative.GREATER),)
