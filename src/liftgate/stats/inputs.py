"""What comes in: scores, clusters, ranges and levels, checked before any formula sees them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from liftgate.errors import DataError, NotEnoughData
from liftgate.stats.kinds import Alternative, ScoreKind, UnitDesign

Floats: TypeAlias = NDArray[np.float64]
Codes: TypeAlias = NDArray[np.int64]
Range: TypeAlias = tuple[float, float]

FEWEST_UNITS = 6
"""A t on fewer units has less than 5 degrees of freedom; paired methods decline there."""


@dataclass(frozen=True, eq=False)
class Sample:
    """What a row of the method table eats.

    Args:
        values: shape (n,): differences, contrasts, or scores of one arm.
        codes: shape (n,): cluster number of each item, 0 … clusters − 1; None: single items.
        bounds: the ends between which the estimand must lie; None: unbounded.
        pseudo: distance of the two pseudo units from the tested value; None: no such units.
        quantile: which quantile, for the order statistics.
    """

    values: Floats
    codes: Codes | None = None
    bounds: Range | None = None
    pseudo: float | None = None
    quantile: float = 0.5

    @property
    def units(self) -> UnitDesign:
        """What the independent units are."""
        return UnitDesign.SINGLE if self.codes is None else UnitDesign.CLUSTERED


def scores(name: str, values: ArrayLike) -> Floats:
    """Return the values as a float array of shape (n,).

    Raises:
        DataError: not numbers, not one-dimensional, NaN or infinite.
        NotEnoughData: empty.
    """
    try:
        array = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise DataError(
            f"{name}: got values that are not numbers ({error}), expected a sequence of numbers",
            hint="Pass one number for each item; leave out or bound what is missing.",
        ) from error
    if array.ndim != 1:
        raise DataError(f"{name}: got an array of shape {array.shape}, expected one dimension")
    if array.size == 0:
        raise NotEnoughData(f"{name}: got no items, expected at least one")
    bad = np.flatnonzero(~np.isfinite(array))
    if bad.size:
        raise DataError(
            f"{name}: got {array[bad[0]]:g} at position {bad[0]} ({bad.size} in all), "
            "expected finite numbers",
            hint="A missing score is not a number: decide on its worst value before it comes here.",
        )
    return array


def pair(
    candidate: ArrayLike, baseline: ArrayLike, kind: ScoreKind, span: Range | None
) -> tuple[Floats, Floats]:
    """Return both sides, checked against each other, the kind and the range.

    Raises:
        DataError: lengths that differ, or values outside what ``kind`` and ``span`` allow.
        NotEnoughData: empty.
    """
    ours, theirs = scores("candidate", candidate), scores("baseline", baseline)
    if ours.size != theirs.size:
        raise DataError(
            f"candidate: got {ours.size} scores and baseline {theirs.size}, expected equally many",
            hint="Align the two sides item by item first.",
        )
    check_values("candidate", ours, kind, span)
    check_values("baseline", theirs, kind, span)
    return ours, theirs


def check_values(name: str, values: Floats, kind: ScoreKind, span: Range | None) -> None:
    """Refuse values that the declared kind and range rule out.

    Raises:
        DataError: names the first offending value and its position.
    """
    if span is None:
        return
    low, high = span
    outside = np.flatnonzero((values < low) | (values > high))
    if outside.size:
        raise DataError(
            f"{name}: got {values[outside[0]]:g} at position {outside[0]}, "
            f"expected scores between {low:g} and {high:g}",
            hint="Declare the range that the scores really have.",
        )
    if kind is not ScoreKind.BINARY:
        return
    odd = np.flatnonzero((values != low) & (values != high))
    if odd.size:
        raise DataError(
            f"{name}: got {values[odd[0]]:g} at position {odd[0]}, expected 0 or 1",
            hint="Binary scores averaged over repeats are graded, with score_range=(0, 1).",
        )


def score_span(kind: ScoreKind, score_range: Sequence[float] | None) -> Range | None:
    """Return the range of the scores that the kind implies, or None when it has none.

    Raises:
        DataError: a graded kind without a range, an unbounded one with a range, a binary one whose
            range is not (0, 1), or ends that are not finite and in order.
    """
    if kind is ScoreKind.UNBOUNDED:
        if score_range is not None:
            raise DataError(
                f"score_range: got {tuple(score_range)} for unbounded scores, expected None",
                hint="Scores with a known range are graded.",
            )
        return None
    if score_range is None:
        if kind is ScoreKind.BINARY:
            return (0.0, 1.0)
        raise DataError(
            "score_range: got None for graded scores, expected (low, high)",
            hint="Declare the range before the data; without one the kind is unbounded.",
        )
    span = _ordered(score_range)
    if kind is ScoreKind.BINARY and span != (0.0, 1.0):
        raise DataError(f"score_range: got {span} for binary scores, expected (0, 1)")
    return span


def _ordered(score_range: Sequence[float]) -> Range:
    try:
        low, high = (float(end) for end in score_range)
    except (TypeError, ValueError) as error:
        raise DataError(f"score_range: got {score_range!r}, expected (low, high)") from error
    if not (math.isfinite(low) and math.isfinite(high) and low < high):
        raise DataError(
            f"score_range: got ({low:g}, {high:g}), expected two finite ends, low below high"
        )
    return (low, high)


def cluster_codes(cluster: ArrayLike | None, n: int) -> Codes | None:
    """Return the cluster number of each item, or None when every item is its own.

    Raises:
        DataError: another length than the scores, more than one dimension, or a missing label.
        NotEnoughData: all items in one cluster.
    """
    if cluster is None:
        return None
    labels = cluster_labels(cluster, n)
    found, codes = np.unique(labels, return_inverse=True)
    if found.size == n:
        return None
    if found.size < 2:
        raise NotEnoughData(
            f"cluster: got one cluster with all {n} items, expected at least two; "
            "nothing says how much clusters differ",
            hint="Collect items from more clusters.",
        )
    return codes.astype(np.int64)


def cluster_labels(cluster: ArrayLike, n: int) -> NDArray[Any]:
    """Return the label of each item, shape (n,).

    Raises:
        DataError: another length than the scores, more than one dimension, or a missing label.
    """
    labels = np.asarray(cluster)
    if labels.ndim != 1 or labels.size != n:
        raise DataError(
            f"cluster: got shape {labels.shape}, expected one label for each of {n} items"
        )
    if _missing(labels):
        raise DataError(
            "cluster: got a missing label, expected one for each item",
            hint="Give an item without a cluster a label of its own.",
        )
    return labels.astype(str) if labels.dtype == object else labels


def _missing(labels: NDArray[np.generic]) -> bool:
    if labels.dtype.kind == "f":
        return bool(np.isnan(labels).any())
    if labels.dtype == object:
        return any(label is None or label != label for label in labels)  # noqa: PLR0124
    return False


def check_level(level: float) -> float:
    """Return the two-sided confidence level; raises DataError outside (0, 1)."""
    if not 0 < level < 1:
        raise DataError(f"level: got {level!r}, expected a confidence between 0 and 1, e.g. 0.95")
    return float(level)


def check_probability(name: str, value: float) -> float:
    """Return a probability strictly between 0 and 1; raises DataError otherwise."""
    if not 0 < value < 1:
        raise DataError(f"{name}: got {value!r}, expected a number between 0 and 1")
    return float(value)


def check_null(name: str, null: float, bounds: Range | None) -> float:
    """Return the tested value.

    Raises:
        DataError: not finite, or not strictly inside what the scores can give: such a null is true
            or false whatever the data say.
    """
    if not math.isfinite(null):
        raise DataError(f"{name}: got {null!r}, expected a finite number")
    if bounds is not None and not bounds[0] < null < bounds[1]:
        raise DataError(
            f"{name}: got {null:g}, expected a value strictly between {bounds[0]:g} and "
            f"{bounds[1]:g}, the ends that the scores' range allows",
            hint="A claim about a value that the scores cannot pass is true or false before any "
            "data.",
        )
    return float(null)


def check_alternative(alternative: Alternative | str) -> Alternative:
    """Return the alternative; raises DataError for an unknown word."""
    try:
        return Alternative(alternative)
    except ValueError as error:
        known = ", ".join(a.value for a in Alternative)
        raise DataError(f"alternative: got {alternative!r}, expected one of {known}") from error


def check_kind(kind: ScoreKind | str) -> ScoreKind:
    """Return the kind of score; raises DataError for an unknown word."""
    try:
        return ScoreKind(kind)
    except ValueError as error:
        known = ", ".join(k.value for k in ScoreKind)
        raise DataError(f"kind: got {kind!r}, expected one of {known}") from error
