"""What a simulation found, as plain JSON values: the shape of ``gate simulate --json``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from liftgate.canon import plain
from liftgate.gates.calibrate.characteristics import (
    Characteristics,
    FaceResult,
    PointResult,
    Rate,
)
from liftgate.gates.calibrate.engine import Plan

ERROR = 0.05
"""Each bound over several simulated rates fails with at most this probability, all together."""
_RANGE = (5, 95)
"""Percentiles over the bootstrap pilots that are printed as the range."""

Body = dict[str, Any]


def body(worlds: Sequence[Characteristics], plan: Plan) -> Body:
    """Return faces, points, worst rates and ranges.

    Bounds of the faces hold together: each fails with at most 5 % over their number (Bonferroni),
    the worst of several assumed worlds included.
    """
    faces = [face for one in worlds for face in one.faces]
    error = ERROR / max(len(faces), 1)
    names = [tests.claim.id for tests in plan.asked.tests]
    holds = [one.harmless for one in worlds if one.harmless is not None]
    return {
        "alpha": plan.alpha,
        "alpha_hold": plan.alpha_hold,
        "candidates": plan.candidates,
        "units": plan.units,
        "looks": list(plan.looks),
        "scales": plain(dict(plan.scales)),
        "claims": {t.claim.id: t.claim.title for t in plan.asked.tests},
        "not_assessed": dict(plan.asked.left_out),
        "faces": [_face(face, one.world, error) for one in worlds for face in one.faces],
        "points": [
            _point(point, one.world, ERROR, names)
            for one in worlds
            for point in (one.target, one.zero, one.corner, one.harmless)
            if point is not None
        ],
        "curve": [_point(p, one.world, ERROR / 2, names) for one in worlds for p in one.curve],
        "false_ship": _worst_face(worlds, error),
        "false_hold": _worst_hold(worlds, ERROR / max(len(holds), 1)),
        "power": _range(
            [one.target.ship.value for one in worlds],
            [p for one in worlds if one.pilots is not None for p in one.pilots.power],
        ),
        "calls": _range(
            [one.target.calls for one in worlds],
            [c for one in worlds if one.pilots is not None for c in one.pilots.calls],
        ),
        "pilots": _pilots(worlds),
        "unreached": [
            f"{one.world}: {text}" if one.world else text
            for one in worlds
            for text in one.unreached
        ],
    }


def _rate(rate: Rate, error: float) -> Body:
    return {
        "count": rate.count,
        "runs": rate.runs,
        "rate": rate.value,
        "lower": rate.lower(error),
        "upper": rate.upper(error),
    }


def _maybe(rate: Rate | None, error: float) -> Body | None:
    return None if rate is None else _rate(rate, error)


def _face(face: FaceResult, world: str, error: float) -> Body:
    return {
        "world": world,
        "claim": face.claim,
        "title": face.title,
        "metric": face.metric,
        "at": face.at,
        "difference": face.difference,
        "others": face.others,
        "false_ship": _rate(face.ships, error),
        "kept": face.kept,
        "naive": _maybe(face.naive, error),
        "naive_peeked": _maybe(face.peeked, error),
    }


def _point(point: PointResult, world: str, error: float, names: Sequence[str]) -> Body:
    return {
        "world": world,
        "name": point.name,
        "effect": point.effect,
        "ship": _rate(point.ship, error),
        "hold": _rate(point.hold, error),
        "inconclusive": _rate(point.open, error),
        "any_ship": _rate(point.any_ship, error),
        "passed": {n: _rate(r, error) for n, r in zip(names, point.passed, strict=True)},
        "calls": point.calls,
        "kept": point.kept,
        "notes": list(point.notes),
        "naive": _maybe(point.naive, error),
        "naive_peeked": _maybe(point.peeked, error),
    }


def _worst_face(worlds: Sequence[Characteristics], error: float) -> Body:
    world, face = max(
        ((one.world, face) for one in worlds for face in one.faces),
        key=lambda found: found[1].ships.value,
    )
    highest = max(f.ships.upper(error) for one in worlds for f in one.faces)
    return {
        "claim": face.claim,
        "title": face.title,
        "others": face.others,
        "world": world,
        **_rate(face.ships, error),
        "upper": highest,
    }


def _worst_hold(worlds: Sequence[Characteristics], error: float) -> Body | None:
    found = [(one.world, one.harmless) for one in worlds if one.harmless is not None]
    if not found:
        return None
    world, point = max(found, key=lambda pair: pair[1].hold.value)
    highest = max(p.hold.upper(error) for _, p in found)
    return {"world": world, **_rate(point.hold, error), "upper": highest}


def _range(values: list[float], pilots: list[float]) -> Body:
    """Return the first world's value with its range: over pilots, else over assumed worlds."""
    spread = pilots or values
    low, high = np.percentile(spread, _RANGE) if pilots else (min(spread), max(spread))
    return {"value": values[0] if pilots else None, "low": float(low), "high": float(high)}


def _pilots(worlds: Sequence[Characteristics]) -> Body | None:
    found = [one.pilots for one in worlds if one.pilots is not None]
    if not found:
        return None
    return {
        "count": sum(len(p.power) for p in found),
        "infeasible": sum(p.infeasible for p in found),
        "percentiles": list(_RANGE),
        "power": [x for p in found for x in p.power],
        "calls": [x for p in found for x in p.calls],
        "hold": [x for p in found for x in p.hold],
    }
