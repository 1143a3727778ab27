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

FEWEST_UNITS = 6  # a t on fewer units has less than 5 degrees of freedom


@dataclass(frozen=True, eq=False)
class Sample:
    """What a row of the method table eats.

    Args:
        values: shape (n,): differences, contrasts, or scores of one arm.
        codes: shape (n,): cluster number of each item, 0 … clusters − 1; None: single items.
        bounds: the ends between which the estimand must lie; None: unbounded.
        pseudo: distance of the two pseudo units from the tested value; None: no such units.
        quantile: which quantile, for the order statistics.
        largest_cluster: items of the largest cluster that the lock knows, for unlimited looks.
        weights: shape (n,): how much each item counts, mean 1; None: all alike.
        strata: shape (n,): stratum number of each item; None: not stratified.
    """

    values: Floats
    codes: Codes | None = None
    bounds: Range | None = None
    pseudo: float | None = None
    quantile: float = 0.5
    largest_cluster: int | None = None
    weights: Floats | None = None
    strata: Codes | None = None

    @property
    def units(self) -> UnitDesign:
        """What the independent units are."""
        if self.strata is not None:
            return UnitDesign.STRATIFIED
        if self.weights is not None:
            return UnitDesign.WEIGHTED
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
    bad = np.flatnonzero(~(np.abs(array) <= 1e100))  # squares of larger ones would overflow
    if bad.size:
        raise DataError(
            f"{name}: got {array[bad[0]]:g} at position {bad[0]} ({bad.size} in all), "
            "expected finite numbers, at most 1e100 in size",
            hint="Put a missing score at its worst value beforehand; rescale larger ones.",
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
    span = check_range("score_range", score_range)
    if kind is ScoreKind.BINARY and span != (0.0, 1.0):
        raise DataError(f"score_range: got {span} for binary scores, expected (0, 1)")
    return span


def check_range(name: str, ends: Sequence[float]) -> Range:
    """Return the two ends of a range; raises DataError unless they are finite and in order."""
    try:
        low, high = (float(end) for end in ends)
    except (TypeError, ValueError) as error:
        raise DataError(f"{name}: got {ends!r}, expected (low, high)") from error
    if not (math.isfinite(low) and math.isfinite(high) and low < high):
        raise DataError(
            f"{name}: got ({low:g}, {high:g}), expected two finite ends, low below high"
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
    found, codes = labels("cluster", cluster, n)
    if found.size == n:
        return None
    if found.size < 2:
        raise NotEnoughData(
            f"cluster: got one cluster with all {n} items, expected at least two; "
            "nothing says how much clusters differ",
            hint="Collect items from more clusters.",
        )
    return codes


def stratum_codes(stratum: ArrayLike | None, codes: Codes | None, n: int) -> Codes | None:
    """Return the stratum number of each item, or None when there is but one stratum.

    Args:
        stratum: shape (n,), labels.
        codes: shape (n,), cluster number of each item, or None.
        n: items.

    Raises:
        DataError: another length than the scores, more than one dimension, a missing label, or a
            cluster that lies in two strata.
        NotEnoughData: a stratum with fewer than two units; it is named.
    """
    if stratum is None:
        return None
    names, strata = labels("stratum", stratum, n)
    if names.size < 2:
        return None
    units = strata
    if codes is not None:
        first = np.unique(codes, return_index=True)[1]
        units = strata[first]
        astray = np.flatnonzero(units[codes] != strata)
        if astray.size:
            raise DataError(
                f"stratum: got a cluster in two strata, {str(names[strata[astray[0]]])!r} and "
                f"{str(names[units[codes[astray[0]]]])!r}, expected each cluster in one",
                hint="A cluster is drawn as a whole, so that it belongs to one stratum.",
            )
    sizes = np.bincount(units)
    if sizes.min() < 2:
        raise NotEnoughData(
            f"stratum: got {'one item' if codes is None else 'one cluster'} in "
            f"{str(names[int(sizes.argmin())])!r}, expected at least two in each stratum",
            hint="Join small strata before looking at the scores, or collect more of them.",
        )
    return strata


def item_weights(weight: ArrayLike | None, n: int) -> Floats | None:
    """Return the weight of each item, scaled to mean 1, or None when all are equal.

    Raises:
        DataError: not numbers, another length than the scores, or a weight that is not above 0.
    """
    if weight is None:
        return None
    array = scores("weight", weight)
    if array.size != n:
        raise DataError(f"weight: got {array.size} weights, expected one for each of {n} items")
    if (array <= 0).any():
        place = int(np.flatnonzero(array <= 0)[0])
        raise DataError(
            f"weight: got {array[place]:g} at position {place}, expected numbers above 0",
            hint="Leave out an item that does not count.",
        )
    if (array == array[0]).all():
        return None
    return np.asarray(array / array.mean(), dtype=np.float64)


def sample_of(
    values: Floats,
    *,
    cluster: ArrayLike | None,
    weight: ArrayLike | None = None,
    stratum: ArrayLike | None = None,
    bounds: Range | None = None,
    pseudo: float | None = None,
) -> Sample:
    """Return the sample of checked values with its units.

    Raises:
        DataError: as ``cluster_codes``, ``item_weights`` and ``stratum_codes``.
        NotEnoughData: as ``cluster_codes`` and ``stratum_codes``.
    """
    n = int(values.size)
    codes = cluster_codes(cluster, n)
    return Sample(
        values=values,
        codes=codes,
        bounds=bounds,
        pseudo=pseudo,
        weights=item_weights(weight, n),
        strata=stratum_codes(stratum, codes, n),
    )


def array_of(name: str, given: ArrayLike) -> NDArray[Any]:
    """Return the values as an array of any type; raises DataError for nested lists that differ."""
    try:
        return np.asarray(given)
    except ValueError as error:
        raise DataError(f"{name}: got values that make no array ({error})") from error


def labels(name: str, given: ArrayLike, n: int) -> tuple[NDArray[np.generic], Codes]:
    """Return the distinct labels in order, and the place of each item's among them.

    Raises:
        DataError: another length than the scores, more than one dimension, or a missing label.
    """
    array = array_of(name, given)
    if array.ndim != 1 or array.size != n:
        raise DataError(
            f"{name}: got shape {array.shape}, expected one label for each of {n} items"
        )
    if _missing(array):
        raise DataError(
            f"{name}: got a missing label, expected one for each item",
            hint=f"Give an item without a {name} a label of its own.",
        )
    if array.dtype == object:
        array = array.astype(str)
    found, codes = np.unique(array, return_inverse=True)
    return found, codes.astype(np.int64)


def cluster_labels(cluster: ArrayLike, n: int) -> NDArray[Any]:
    """Return the label of each item, shape (n,). Raises DataError as ``labels``."""
    found, codes = labels("cluster", cluster, n)
    return found[codes]


def _missing(labels: NDArray[np.generic]) -> bool:
    if labels.dtype.kind == "f":
        return bool(np.isnan(labels).any())
    if labels.dtype == object:
        return any(label is None or label != label for label in labels)  # noqa: PLR0124
    return False


def contrast_range(span: Range, rho: float) -> Range:
    """Return the ends of candidate − ρ·baseline."""
    ends = sorted((rho * span[0], rho * span[1]))
    return (span[0] - ends[1], span[1] - ends[0])


def check_level(level: float) -> float:
    """Return the two-sided confidence level; raises DataError outside (0, 1)."""
    if 0 < level < 1:
        return float(level)
    raise DataError(f"level: got {level!r}, expected a confidence between 0 and 1, e.g. 0.95")


def check_probability(name: str, value: float) -> float:
    """Return a probability strictly between 0 and 1; raises DataError otherwise."""
    if 0 < value < 1:
        return float(value)
    raise DataError(f"{name}: got {value!r}, expected a number between 0 and 1")


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
            hint="Such a claim is true or false before any data.",
        )
    return float(null)


def check_alternative(alternative: Alternative | str) -> Alternative:
    """Return the alternative; raises DataError for an unknown word."""
    try:
        return Alternative(alternative)
    except ValueError as error:
        known = ", ".join(a.value for a in Alternative)
        raise DataError(f"alternative: got {alternative!r}, expected one of {known}") from error


def check_kind(
    kind: ScoreKind | str | None,
    score_range: Sequence[float] | None = None,
    *values: ArrayLike,
) -> ScoreKind:
    """Return the kind of score; raises DataError for an unknown word.

    None: graded where a range is given, else binary where every value is 0 or 1, else unbounded.
    That is a convenience for a shell: a gate declares the kind before the data.
    """
    if kind is None:
        if score_range is not None:
            return ScoreKind.GRADED
        return ScoreKind.BINARY if all(_zero_one(one) for one in values) else ScoreKind.UNBOUNDED
    try:
        return ScoreKind(kind)
    except ValueError as error:
        known = ", ".join(k.value for k in ScoreKind)
        raise DataError(f"kind: got {kind!r}, expected one of {known}") from error


def _zero_one(values: ArrayLike) -> bool:
    """Whether there are values and each is 0, 1 or a boolean."""
    try:
        array = np.asarray(values)
    except ValueError:
        return False
    if array.dtype == np.bool_ or array.size == 0:
        return bool(array.size)
    return array.dtype.kind in "iuf" and bool(((array == 0) | (array == 1)).all())
