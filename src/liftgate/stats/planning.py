"""How many units would tell, and what so many can tell: rules of thumb from a standard error."""

from __future__ import annotations

import math

from liftgate.errors import DataError, NotEnoughData
from liftgate.stats import inputs
from liftgate.stats.estimate import Estimate


def units_needed(
    estimate: Estimate, *, effect: float, null: float, alpha: float, power: float = 0.8
) -> int | None:
    """Return how many independent units in all would reject a null, were the effect true.

    Scales the estimate's standard error: units · (se · (z_alpha + z_power) / |effect − null|)².
    Units are clusters of the same sizes as now, or items where every item is its own; items in all
    are ``units · estimate.n / estimate.clusters``.

    Args:
        estimate: of the same quantity, from a pilot or from the data that could not tell.
        effect: assumed true value. The one just estimated is a hope, not a plan.
        null: the value to be rejected, on either side of the effect.
        alpha: one-sided level.
        power: probability of rejecting.

    Returns:
        The number, at least 1; None where effect and null coincide or the method has no standard
        error (order statistics).

    Raises:
        DataError: effect or null not finite, alpha or power outside (0, 1).
    """
    gap = abs(_finite("effect", effect) - _finite("null", null))
    reach = _reach(alpha, power)
    if gap == 0 or estimate.se is None:
        return None
    units = estimate.clusters * (estimate.se * reach / gap) ** 2
    return max(1, math.ceil(units)) if math.isfinite(units) else None


def detectable(estimate: Estimate, *, alpha: float, power: float = 0.8) -> float:
    """Return the distance from the null that as many units as now would find.

    se · (z_alpha + z_power), in the units of the score.

    Args:
        estimate: gives the standard error.
        alpha: one-sided level.
        power: probability of finding it.

    Raises:
        NotEnoughData: the method has no standard error (order statistics).
        DataError: alpha or power outside (0, 1).
    """
    reach = _reach(alpha, power)
    if estimate.se is None:
        raise NotEnoughData(f"{estimate.method}: has no standard error to plan with")
    return estimate.se * reach


def _reach(alpha: float, power: float) -> float:
    from scipy.special import ndtri

    tail = inputs.check_probability("alpha", alpha)
    reach = float(ndtri(inputs.check_probability("power", power)) - ndtri(tail))
    if reach <= 0:
        raise DataError(f"power: got {power:g} at alpha {alpha:g}, expected more power than alpha")
    return reach


def _finite(name: str, value: float) -> float:
    if not math.isfinite(value):
        raise DataError(f"{name}: got {value!r}, expected a finite number")
    return float(value)
