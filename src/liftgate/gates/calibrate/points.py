"""Where a gate is tried: each face of its null, the corner, no harm, no effect, the target."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from liftgate.errors import DataError
from liftgate.gates.calibrate.quantities import Asked, ClaimTests, OneTest, Quantity
from liftgate.gates.calibrate.world import Placed
from liftgate.records import Part
from liftgate.stats import ClaimShape


@dataclass(frozen=True)
class Face:
    """One null of one claim, at its boundary; whatever else the gate asks is counted as passed."""

    claim: str
    title: str
    test: OneTest
    placed: tuple[Placed, ...]


@dataclass(frozen=True)
class Point:
    """True effects of every metric at once."""

    name: str
    placed: tuple[Placed, ...]
    left_out: tuple[str, ...] = ()
    """Claims that cannot be where the point would have them, in words."""


def faces(asked: Asked) -> tuple[Face, ...]:
    """Return every null that a ship must reject, at its boundary."""
    return tuple(_face(tests, test) for tests in asked.tests for test in tests.rejects)


def corner(asked: Asked) -> Point:
    """Return the point at which every claim is at its boundary."""
    return _point("corner", ((tests, tests.rejects) for tests in asked.tests))


def least_favourable(asked: Asked) -> Point:
    """Return the point without harm at which every claim is at the edge of harm."""
    return _point("no harm, at its edge", ((tests, tests.harms) for tests in asked.tests))


def effect_point(name: str, asked: Asked, effects: Mapping[str, float]) -> Point:
    """Return the point at which metrics have given effects, in every slice alike, others 0."""
    primary = _primary(asked)
    differences = [q.difference for q in asked.quantities() if q.shape is not ClaimShape.MEAN]
    # The primary's first: where two would contradict each other the tilt names it.
    ordered = sorted(dict.fromkeys(differences), key=lambda q: q.metric != primary.claim.metric)
    placed = [Placed(q, effects.get(q.metric, 0.0), _called(q)) for q in ordered]
    return Point(name, tuple(placed))


def target(asked: Asked) -> dict[str, float]:
    """Return the effects at which power is asked: the primary's target, 0 elsewhere.

    Raises:
        DataError: the primary claims superiority without a target.
    """
    primary = _primary(asked)
    if primary.claim.rule != "superior":
        return {primary.claim.metric: 0.0}
    wanted = primary.claim.params.get("target")
    if not isinstance(wanted, (int, float)):
        raise DataError(
            f"{primary.claim.title}: no target is declared, expected the smallest gain worth "
            "having, at which power is asked",
            hint="declare it in the study, e.g. superior: {target: 0.05}",
        )
    return {primary.claim.metric: float(wanted)}


def primary_quantity(asked: Asked) -> Quantity | None:
    """Return the difference that the primary claims something about; None: its own mean."""
    first = _primary(asked).rejects[0].quantity
    return None if first.shape is ClaimShape.MEAN else first.difference


def _primary(asked: Asked) -> ClaimTests:
    found = next((t for t in asked.tests if t.claim.part is Part.PRIMARY), None)
    if found is None:
        reasons = "; ".join(f"{name}: {why}" for name, why in asked.left_out.items())
        raise DataError(f"the primary claim cannot be simulated ({reasons})")
    return found


def _face(tests: ClaimTests, test: OneTest) -> Face:
    quantity = test.quantity
    title = tests.claim.title
    if quantity.inside is not None:
        title = f"{title} = {quantity.inside[1]}"
    if len({t.alternative for t in tests.rejects}) > 1:
        title = f"{title}, {'lower' if test.alternative.value == 'greater' else 'upper'} end"
    return Face(tests.claim.id, title, test, (Placed(quantity, test.null, title),))


def _point(name: str, wanted: Iterable[tuple[ClaimTests, tuple[OneTest, ...]]]) -> Point:
    """Place every claim at the nulls of some of its tests, as far as they do not contradict."""
    placed: dict[Quantity, Placed] = {}
    left_out: list[str] = []
    for tests, nulls in wanted:
        for test in nulls:
            if any(_bound(test.quantity, other) for other in placed):
                left_out += _skipped(tests, test, placed)
                continue
            placed[test.quantity] = Placed(test.quantity, test.null, tests.claim.title)
    return Point(name, tuple(placed.values()), tuple(dict.fromkeys(left_out)))


def _bound(one: Quantity, other: Quantity) -> bool:
    """Whether placing one quantity leaves no freedom to place the other."""
    if one.metric != other.metric or ClaimShape.MEAN in {one.shape, other.shape}:
        return one == other
    return one.inside is None or other.inside is None or one.inside == other.inside


def _skipped(tests: ClaimTests, test: OneTest, placed: Mapping[Quantity, Placed]) -> Iterator[str]:
    known = placed.get(test.quantity)
    if known is None or known.mean != test.null:
        yield f"{tests.claim.title}: its metric is at the edge of another claim"


def _called(quantity: Quantity) -> str:
    if quantity.inside is None:
        return quantity.metric
    return f"{quantity.metric} in {quantity.inside[0]} = {quantity.inside[1]}"
