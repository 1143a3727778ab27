"""Many slices or metrics of one pair of arms at once, with the dependence between them kept."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from liftgate.errors import DataError, NotEnoughData
from liftgate.stats import inputs
from liftgate.stats.inputs import FEWEST_UNITS, Floats
from liftgate.stats.kinds import Alternative

_BLOCK = 1 << 22
"""Signs drawn at a time, so that memory does not grow with draws × units."""


def max_t(
    candidate: ArrayLike,
    baseline: ArrayLike,
    *,
    member: ArrayLike | None = None,
    cluster: ArrayLike | None = None,
    alternative: Alternative | str = Alternative.TWO_SIDED,
    null: float = 0.0,
    draws: int = 9_999,
    seed: int = 0,
) -> tuple[float, ...]:
    """Return the step-down max-T adjusted p-value of each column.

    The sign of each unit's differences is flipped at random, in all columns together, so that
    correlated slices cost less than Holm's correction. Rejecting where the adjusted value is at
    most alpha keeps the chance of any false rejection at alpha, exactly where the units' sums are
    symmetric about the null, in large samples otherwise (Westfall & Young 1993, Resampling-Based
    Multiple Testing; Romano & Wolf 2005, Econometrica 73, 1237–1282). A column's T is Σ S / √Σ S²
    over its units' sums S, and p = (1 + flips at least as extreme) / (1 + draws).

    Args:
        candidate: shape (n, columns), one column a metric; or (n,) with ``member``.
        baseline: the same shape, of the same items.
        member: shape (n, columns), true where the item belongs to the column's slice; None: each
            item belongs to every column.
        cluster: shape (n,), a label for each item; a cluster is flipped as a whole.
        alternative: of every column.
        null: tested difference of every column.
        draws: random flips; the smallest p-value is 1 / (1 + draws).
        seed: of the flips; the same seed gives the same p-values.

    Raises:
        NotEnoughData: no items, one cluster, or a column with fewer than 6 units.
        DataError: NaN, shapes that do not fit, fewer than 99 draws.
    """
    alternative = inputs.check_alternative(alternative)
    inputs.check_null("null", null, None)
    if draws < 99:
        raise DataError(f"draws: got {draws}, expected at least 99")
    differences, inside = _columns(candidate, baseline, member)
    codes = inputs.cluster_codes(cluster, differences.shape[0])
    sums = np.where(inside, differences - null, 0.0)
    present = inside
    if codes is not None:
        sums = _by_unit(sums, codes)
        present = _by_unit(inside.astype(np.float64), codes) > 0
    _check_units(present)
    scale = np.sqrt(np.sum(sums**2, axis=0))
    # A column without any difference has T = 0 whatever the signs, and is never rejected.
    standard = sums / np.where(scale > 0, scale, 1.0)
    return _step_down(standard, alternative, draws, np.random.default_rng(seed))


def _step_down(
    standard: Floats, alternative: Alternative, draws: int, rng: np.random.Generator
) -> tuple[float, ...]:
    """Return the adjusted p-values; ``standard`` has shape (units, columns)."""
    units, columns = standard.shape
    observed = _extremeness(standard.sum(axis=0), alternative)
    order = np.argsort(-observed, kind="stable")
    ranked = observed[order]
    # Sums of the same numbers in another order must count as equal.
    reached = ranked - 1e-9 * np.maximum(np.abs(ranked), 1.0)
    counts = np.zeros(columns, dtype=np.int64)
    block = max(1, _BLOCK // units)
    for start in range(0, draws, block):
        size = min(block, draws - start)
        signs = 2.0 * rng.integers(0, 2, size=(size, units), dtype=np.int8) - 1.0
        flipped = _extremeness(signs @ standard, alternative)[:, order]
        largest = np.maximum.accumulate(flipped[:, ::-1], axis=1)[:, ::-1]
        counts += np.sum(largest >= reached, axis=0)
    stepped = np.maximum.accumulate((1 + counts) / (1 + draws))
    adjusted = np.empty(columns)
    adjusted[order] = stepped
    return tuple(float(p) for p in adjusted)


def _extremeness(statistic: Floats, alternative: Alternative) -> Floats:
    if alternative is Alternative.TWO_SIDED:
        return np.abs(statistic)
    return statistic if alternative is Alternative.GREATER else -statistic


def _by_unit(values: Floats, codes: inputs.Codes) -> Floats:
    columns = [np.bincount(codes, weights=column) for column in values.T]
    return np.asarray(np.column_stack(columns), dtype=np.float64)


def _columns(
    candidate: ArrayLike, baseline: ArrayLike, member: ArrayLike | None
) -> tuple[Floats, NDArray[np.bool_]]:
    ours, theirs = _table("candidate", candidate), _table("baseline", baseline)
    if ours.shape != theirs.shape:
        raise DataError(
            f"candidate: got shape {ours.shape} and baseline {theirs.shape}, expected the same",
            hint="Align the two sides item by item first.",
        )
    inside = (
        np.ones(ours.shape, dtype=bool) if member is None else inputs.array_of("member", member)
    )
    if inside.dtype != np.bool_ or inside.ndim != 2 or inside.shape[0] != ours.shape[0]:
        raise DataError(
            f"member: got shape {inside.shape} of {inside.dtype}, expected true or false of shape "
            f"({ours.shape[0]}, columns)"
        )
    if ours.shape[1] not in {1, inside.shape[1]}:
        raise DataError(
            f"member: got {inside.shape[1]} columns for {ours.shape[1]} columns of scores, "
            "expected as many, or one column of scores"
        )
    return np.broadcast_to(ours - theirs, inside.shape), inside


def _table(name: str, values: ArrayLike) -> Floats:
    array = inputs.array_of(name, values)
    if array.ndim == 1:
        return inputs.scores(name, array)[:, None]
    if array.ndim != 2:
        raise DataError(f"{name}: got an array of shape {array.shape}, expected (items, columns)")
    return inputs.scores(name, array.ravel()).reshape(array.shape)


def _check_units(present: NDArray[np.bool_]) -> None:
    units = present.sum(axis=0)
    if units.min() < FEWEST_UNITS:
        raise NotEnoughData(
            f"member: got {units.min()} units in column {int(units.argmin())}, expected at least "
            f"{FEWEST_UNITS}",
            hint="Join small slices before looking at the scores.",
        )
