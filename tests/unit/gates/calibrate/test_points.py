"""The points of the grid: every null that a ship must reject has a face of its own."""

from __future__ import annotations

import pytest

from liftgate.errors import DataError
from liftgate.gates.calibrate import points
from liftgate.gates.calibrate.quantities import Asked, asked_of
from liftgate.records import Claim, Part
from liftgate.stats import ClaimShape
from tests.unit.gates.calibrate.pilots import claim

PRIMARY = claim("primary", Part.PRIMARY, "right", "superior", by=0.0, target=0.06)


def asked(*guardrails: Claim, primary: Claim = PRIMARY) -> Asked:
    return asked_of([primary, *guardrails], {"half": ("a", "b")})


def guard(metric: str, rule: str, by_slice: str | None = None, **params: object) -> Claim:
    return claim("guardrails.0", Part.GUARDRAIL, metric, rule, by_slice, **params)


def test_each_slice_and_each_end_of_an_equivalence_is_a_face() -> None:
    slices = asked(guard("right", "each_non_inferior", "half", margin=0.1))
    assert [f.title for f in points.faces(slices)] == [
        "right superior",
        "right each-non-inferior by half = a",
        "right each-non-inferior by half = b",
    ]
    ends = points.faces(asked(guard("quality", "equivalent", margin=0.3)))
    assert [(f.title, f.test.null) for f in ends[1:]] == [
        ("quality equivalent, lower end", -0.3),
        ("quality equivalent, upper end", 0.3),
    ]


def test_a_face_places_one_null_at_its_boundary() -> None:
    (primary, guardrail) = points.faces(asked(guard("quality", "non_inferior", margin="2%")))
    assert [(p.quantity.metric, p.mean) for p in primary.placed] == [("right", 0.0)]
    (placed,) = guardrail.placed
    assert (placed.quantity.shape, placed.quantity.ratio) == (ClaimShape.CONTRAST, 0.02)
    assert placed.mean == 0.0


def test_the_corner_and_the_edge_of_harm_differ_where_a_gain_is_demanded() -> None:
    demanding = claim("primary", Part.PRIMARY, "right", "superior", by=0.02, target=0.06)
    gate = asked(guard("quality", "non_inferior", margin=0.2), primary=demanding)
    assert [p.mean for p in points.corner(gate).placed] == [0.02, -0.2]
    assert [p.mean for p in points.least_favourable(gate).placed] == [0.0, -0.2]


def test_a_claim_on_a_metric_that_is_already_placed_is_left_out_aloud() -> None:
    gate = asked(guard("right", "non_inferior", margin=0.03))
    corner = points.corner(gate)
    assert [p.mean for p in corner.placed] == [0.0]
    assert corner.left_out == ("right non-inferior: its metric is at the edge of another claim",)


def test_the_target_moves_the_primary_in_every_slice_and_nothing_else() -> None:
    gate = asked(
        guard("right", "each_non_inferior", "half", margin=0.1),
        claim("guardrails.1", Part.GUARDRAIL, "quality", "non_inferior", margin="5%"),
        claim("guardrails.2", Part.GUARDRAIL, "cost", "within", limit=3.0),
    )
    effects = points.target(gate)
    assert effects == {"right": 0.06}
    placed = points.effect_point("target", gate, effects).placed
    assert {(p.quantity.metric, p.quantity.inside, p.mean) for p in placed} == {
        ("right", None, 0.06),
        ("right", ("half", "a"), 0.06),
        ("right", ("half", "b"), 0.06),
        ("quality", None, 0.0),
        ("cost", None, 0.0),
    }
    assert all(p.quantity.shape is ClaimShape.DIFFERENCE for p in placed)


def test_a_primary_that_is_not_worse_has_its_target_at_no_effect() -> None:
    gate = asked(primary=claim("primary", Part.PRIMARY, "right", "non_inferior", margin=0.03))
    assert points.target(gate) == {"right": 0.0}
    assert points.primary_quantity(gate) is not None


def test_a_superiority_without_a_target_has_no_power_to_state() -> None:
    gate = asked(primary=claim("primary", Part.PRIMARY, "right", "superior", by=0.0))
    with pytest.raises(DataError, match="no target is declared"):
        points.target(gate)


def test_a_primary_that_cannot_be_simulated_is_refused_with_the_reason() -> None:
    gate = asked(primary=claim("primary", Part.PRIMARY, "right", "somebody_elses"))
    with pytest.raises(DataError, match="does not know the rule 'somebody_elses'"):
        points.target(gate)
