"""Whether a rater has drifted: a change point in the errors on gold items, in order of time.

Gold items come in a random order, so that without drift every order of a rater's errors is equally
likely, whatever the items' difficulty. Pettitt's statistic K = max_k |U_k|,

    U_k = Σ_{i ≤ k} Σ_{j > k} sign(x_i − x_j) = 2·Σ_{i ≤ k} R_i − k·(n + 1)    (R: midranks),

is largest at the likeliest change (Pettitt 1979, Applied Statistics 28, 126–135). It is computed of
the signed errors (has become stricter or more lenient) and of their sizes (has become careless);
its p-value is taken from random orders, (b + 1)/(m + 1) (Phipson & Smyth 2010, Statistical
Applications in Genetics and Molecular Biology 9, 39), which is valid with ties, where Pettitt's own
approximation is not; the smaller of the two is doubled. Over raters the p-values are adjusted by
Holm's method (Holm 1979, Scandinavian Journal of Statistics 6, 65–70).

A rater who was off from the beginning has not drifted: see the mean error.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike

from liftgate.errors import DataError, NotEnoughData
from liftgate.stats.inputs import Floats
from liftgate.stats.shown import Shown

LEAST_GOLD = 8
"""Below this even a clean break in the middle is not told from chance: 2·2/C(6, 3) = 0.2 at 6."""
_DRAWS = 4_999


@dataclass(frozen=True, kw_only=True)
class Pettitt(Shown):
    """Where a sequence most likely changed."""

    statistic: float
    """K, the largest |U_k|."""
    after: int
    """The number of values before the change; the first of several equally likely places."""


@dataclass(frozen=True, kw_only=True)
class RaterDrift(Shown):
    """One rater's errors on gold items, and whether they changed."""

    rater: str
    gold: int
    """Errors that there are."""
    mean_error: float | None
    """Mean signed error; None: no gold item was rated."""
    exact: int
    """How many gold items were rated right."""
    p_value: float | None = None
    """Of no change; None: too few, or all errors alike."""
    adjusted: float | None = None
    """The same, by Holm's method over the raters tested."""
    after: int | None = None
    """Gold items before the likeliest change."""
    before_change: float | None = None
    """Mean error before it, of the kind that changed."""
    after_change: float | None = None
    sort: str = ""
    """``level`` (signed errors) or ``care`` (their sizes); empty: not tested."""
    reason: str = ""
    """Why nothing was tested."""


def pettitt(values: ArrayLike) -> Pettitt:
    """Return Pettitt's statistic of a sequence, with midranks where values tie.

    Args:
        values: shape (n,), in order of time.

    Raises:
        DataError: not a sequence of finite numbers.
        NotEnoughData: fewer than two values.
    """
    sums = _sums(_ranks(_sequence(values, "values")))
    place = int(np.abs(sums).argmax())
    return Pettitt(statistic=float(np.abs(sums[place])), after=place + 1)


def rater_drift(
    errors: Mapping[str, ArrayLike], *, draws: int = _DRAWS, seed: int = 0
) -> tuple[RaterDrift, ...]:
    """Test every rater's errors on gold items for a change, the most suspicious rater first.

    Args:
        errors: rater -> rating − right value, shape (gold items,), in the order of rating.
        draws: random orders for the p-value, at least 199.
        seed: of the draws.

    Raises:
        DataError: an error that is no finite number, or too few draws.
    """
    if draws < 199:
        raise DataError(f"draws: got {draws}, expected at least 199")
    found = [_tested(rater, errors[rater], draws, seed) for rater in sorted(errors)]
    adjusted = _holm({one.rater: one.p_value for one in found if one.p_value is not None})
    whole = [replace(one, adjusted=adjusted.get(one.rater)) for one in found]
    return tuple(sorted(whole, key=_suspicion))


def _tested(rater: str, given: ArrayLike, draws: int, seed: int) -> RaterDrift:
    values = _sequence(given, f"errors of {rater}", least=0)
    untested = RaterDrift(
        rater=rater,
        gold=int(values.size),
        mean_error=float(values.mean()) if values.size else None,
        exact=int(np.count_nonzero(values == 0)),
    )
    if values.size < LEAST_GOLD:
        reason = f"gold items rated: {values.size}; below {LEAST_GOLD} no change can be shown"
        return replace(untested, reason=reason)
    rng = np.random.default_rng(seed)
    orders = rng.permuted(np.tile(np.arange(values.size), (draws, 1)), axis=1)
    kinds = {"level": values, "care": np.abs(values)}
    tests = [(_p_value(kind, orders), sort) for sort, kind in kinds.items()]
    p_value, sort = min(tests, key=lambda test: test[0])
    if p_value == 1.0:
        return replace(untested, reason="all errors are alike: nothing has changed")
    after = pettitt(kinds[sort]).after
    return replace(
        untested,
        p_value=min(1.0, 2 * p_value),
        after=after,
        before_change=float(kinds[sort][:after].mean()),
        after_change=float(kinds[sort][after:].mean()),
        sort=sort,
    )


def _p_value(values: Floats, orders: np.ndarray) -> float:
    """Return how many orders, the one seen among them, give as large a statistic."""
    ranks = _ranks(values)
    seen = np.abs(_sums(ranks)).max()
    if seen == 0:
        return 1.0
    drawn = np.abs(_sums(ranks[orders])).max(axis=1)
    return float((1 + np.count_nonzero(drawn >= seen)) / (1 + len(orders)))


def _ranks(values: Floats) -> Floats:
    """Return midranks: below it, plus half of its equals, itself among them."""
    ordered = np.sort(values)
    low = np.searchsorted(ordered, values, side="left")
    high = np.searchsorted(ordered, values, side="right")
    return np.asarray((low + high + 1) / 2)


def _sums(ranks: Floats) -> Floats:
    """Return U_k for k = 1 … n − 1, along the last axis."""
    n = ranks.shape[-1]
    places = np.arange(1, n)
    return np.asarray(2 * np.cumsum(ranks, axis=-1)[..., :-1] - places * (n + 1))


def _holm(p_values: Mapping[str, float]) -> dict[str, float]:
    adjusted: dict[str, float] = {}
    highest = 0.0
    ordered = sorted(p_values, key=lambda rater: (p_values[rater], rater))
    for place, rater in enumerate(ordered):
        highest = max(highest, min(1.0, (len(ordered) - place) * p_values[rater]))
        adjusted[rater] = highest
    return adjusted


def _suspicion(one: RaterDrift) -> tuple[float, float, str]:
    p_value = 2.0 if one.p_value is None else one.p_value
    change = abs((one.after_change or 0.0) - (one.before_change or 0.0))
    return p_value, -change, one.rater


def _sequence(values: ArrayLike, name: str, *, least: int = 2) -> Floats:
    try:
        array = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise DataError(f"{name}: expected a sequence of numbers") from error
    if array.ndim != 1 or not np.isfinite(array).all():
        raise DataError(f"{name}: expected a sequence of finite numbers")
    if array.size < least:
        raise NotEnoughData(f"{name}: got {array.size}, expected at least {least} values")
    return array
