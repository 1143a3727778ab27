"""A verdict about exactly these items, long before all of them have been run.

Two one-sided betting tests, drawn without replacement; the arithmetic is in ``drawing``.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import ArrayLike

from liftgate.errors import DataError, NotEnoughData
from liftgate.stats import betting, inputs
from liftgate.stats.drawing import Drawing
from liftgate.stats.estimate import Estimate
from liftgate.stats.inputs import Codes, Floats, Range
from liftgate.stats.kinds import Alternative, Design, Mark, Population, ScoreKind
from liftgate.stats.shown import Shown

METHOD = "finite-set betting test"
"""What ``Estimate.method`` says."""

_GREATER, _LESS = Alternative.GREATER, Alternative.LESS


class SetReading(StrEnum):
    """What is known about the candidate's mean over the set, against the baseline's."""

    BETTER = "better"
    WORSE = "worse"
    EQUIVALENT = "equivalent"
    """Within the margin on both sides."""
    EQUAL = "equal"
    """All items are in, and the means are the same."""
    UNDECIDED = "undecided"


@dataclass(frozen=True, kw_only=True)
class FiniteSetStatus(Shown):
    """Where a finite-set test stands after what it has seen; what was shown stays shown."""

    reading: SetReading
    """The first of the readings that was reached."""
    decided_at: int | None
    """Items after which that reading stood; None while undecided."""
    non_inferior: bool
    """Shown to be worse by less than the margin, or not worse; False without a margin."""
    inferior: bool
    """Shown to be worse by more than the margin; False without a margin."""
    n: int
    """Items seen."""
    items: int
    """Items of the set."""
    clusters: int
    """Units seen; equals ``n`` when every item is its own."""

    @property
    def running(self) -> bool:
        """Whether more items can still bring a reading."""
        return self.reading is SetReading.UNDECIDED


class FiniteSetTest:
    """Two one-sided betting tests of the difference between two means over a fixed set.

    Every interval (low, high) that is ever shown holds the set's true difference with probability
    at least ``level`` over the random order, all looks together; each side errs with probability at
    most (1 − level) / 2 (Ville 1939). The claim is about these items and no others.

    Validity: items (or whole clusters) come in an order drawn uniformly at random before any
    result, and the set is fixed. How good the prediction is changes only how soon a verdict comes.

    Args:
        baseline: shape (N,), the baseline's scores on all items, in the locked order.
        kind: binary (0 and 1) or graded (``score_range`` is required).
        score_range: ends of the scores, declared before the data.
        history: shape (N, systems), earlier systems' scores on the same items, same order; None:
            only the baseline helps to predict. A handful is enough.
        cluster: shape (N,), labels; then whole clusters come in random order, each cluster's items
            side by side. None: every item is its own unit.
        margin: a difference, in points, below which the candidate counts as equivalent; None: the
            only readings are better, worse and, when all items are in, equal.
        level: two-sided confidence; 0.95 gives a verdict with error at most 5 %.

    Raises:
        DataError: NaN, lengths that differ, values outside the range, a cluster whose items are not
            side by side, or an option that makes no sense.
        NotEnoughData: no items, one cluster, or unbounded scores.
    """

    def __init__(
        self,
        baseline: ArrayLike,
        *,
        kind: ScoreKind | str,
        score_range: Sequence[float] | None = None,
        history: ArrayLike | None = None,
        cluster: ArrayLike | None = None,
        margin: float | None = None,
        level: float = 0.95,
    ) -> None:
        self._kind = inputs.check_kind(kind)
        if self._kind is ScoreKind.UNBOUNDED:
            raise NotEnoughData(
                "kind: got unbounded scores, expected binary or graded: a bet needs a known range",
                hint="Declare score_range if the scores have one.",
            )
        span = inputs.score_span(self._kind, score_range)
        assert span is not None
        self._span, self._width = span, span[1] - span[0]
        theirs = inputs.scores("baseline", baseline)
        inputs.check_values("baseline", theirs, self._kind, span)
        self._margin = _checked_margin(margin, self._width)
        self._level = inputs.check_level(level)
        self._threshold = -math.log((1 - self._level) / 2)
        self._clustered = cluster is not None
        self._baseline = theirs
        self._drawing = Drawing(
            (theirs - span[0]) / self._width,
            _checked_history(history, theirs.size, span),
            _side_by_side(cluster, theirs.size),
        )

    def update(self, candidate: ArrayLike, baseline: ArrayLike | None = None) -> None:
        """Take in the candidate's results on the next items of the locked order; all or nothing.

        Args:
            candidate: shape (n,): scores; repeats averaged inside the item. A score that stays
                missing comes as its worst value for the claim.
            baseline: shape (n,): the baseline's scores on the same items, to be checked against
                those known from the start; None: not checked.

        Raises:
            DataError: NaN, values outside the range, more results than items remain, results that
                end inside a cluster, or another baseline than the one known.
            NotEnoughData: no results.
        """
        ours = inputs.scores("candidate", candidate)
        inputs.check_values("candidate", ours, self._kind, self._span)
        known, items = self._drawing.seen.size, self._drawing.items
        last = known + ours.size
        if baseline is not None:
            self._check_baseline(inputs.scores("baseline", baseline), known, last)
        if last > items:
            raise DataError(
                f"candidate: got {ours.size} results, expected at most {items - known}: "
                f"the set has {items} items and {known} are in"
            )
        ends = self._drawing.ends
        end = int(ends[np.searchsorted(ends, last)])
        if end != last:
            raise DataError(
                f"candidate: got results up to item {last}, inside a cluster that ends at item "
                f"{end}, expected whole clusters",
                hint="Hold a cluster back until all of its items are complete.",
            )
        self._drawing.take((ours - self._span[0]) / self._width)

    def _check_baseline(self, given: Floats, known: int, last: int) -> None:
        expected = self._baseline[known:last]
        if given.size != expected.size or not np.array_equal(given, expected):
            raise DataError(
                f"baseline: got other scores than the test was made with for items {known} to "
                f"{last - 1}, expected the same",
                hint="The baseline of a fixed set is known on all items before the test begins.",
            )

    @property
    def status(self) -> FiniteSetStatus:
        """What has been shown so far."""
        at, reading = self._first_reading()
        margin = self._margin
        return FiniteSetStatus(
            reading=reading,
            decided_at=None if at is None else int(self._drawing.ends[at]),
            non_inferior=margin is not None and self._crossed(-margin, _GREATER) is not None,
            inferior=margin is not None and self._crossed(-margin, _LESS) is not None,
            n=self._drawing.seen.size,
            items=self._drawing.items,
            clusters=self._drawing.units,
        )

    @property
    def estimate(self) -> Estimate:
        """The difference of the two means over the set, with limits that hold at every look.

        The value adds to what was seen the prediction for the rest, corrected by the mean error of
        the predictions so far (a difference estimator), and lies within the limits. After a stop
        that depends on the results it is biased away from 0; the limits are not.

        Raises:
            NotEnoughData: no results yet, or limits of different looks that exclude each other,
                which a random order gives with probability at most 1 − level.
        """
        known = self._drawing.seen.size
        if not known:
            raise NotEnoughData("estimate: got no results, expected at least one update")
        low, high = self._limits()
        if low > high:
            raise NotEnoughData(
                f"limits: one look excluded everything below {low:g}, another everything above "
                f"{high:g}; a random order does that with probability at most "
                f"{1 - self._level:.3g}",
                hint="Check that items came in the locked random order.",
            )
        peak = max(float(self._path(0.0, side)[-1]) for side in (_GREATER, _LESS))
        value = self._difference(self._drawing.expected_total())
        return Estimate(
            value=min(max(value, low), high),
            low=low,
            high=high,
            level=self._level,
            alternative=Alternative.TWO_SIDED,
            null=0.0,
            p_value=min(1.0, 2 * math.exp(-peak)),
            method=METHOD + (" over clusters" if self._clustered else ""),
            n=known,
            clusters=self._drawing.units,
            design=Design.ANYTIME,
            population=Population.THIS_SET,
            mark=Mark.ANYTIME_EXACT,
            warnings=() if known == self._drawing.items else _NOTES,
        )

    def tail(self, null: float, side: Alternative) -> float:
        """Return the anytime p-value of one side: 1 / the largest capital against a difference."""
        if not self._drawing.units:
            return 1.0
        return math.exp(-float(self._path(null, side)[-1]))

    def _path(self, difference: float, side: Alternative) -> Floats:
        """Return log of the largest capital so far against "difference ≤ (or ≥) a value"."""
        total = self._drawing.baseline_total + self._drawing.items * difference / self._width
        path: Floats = self._drawing.peaks(np.array([total]), side)[0]
        return path

    def _crossed(self, difference: float, side: Alternative) -> int | None:
        """Return the first unit after which a null stood rejected, or None."""
        if not self._drawing.units:
            return None
        reached = self._path(difference, side) >= self._threshold
        return int(reached.argmax()) if reached[-1] else None

    def _first_reading(self) -> tuple[int | None, SetReading]:
        found = {
            SetReading.BETTER: self._crossed(0.0, _GREATER),
            SetReading.WORSE: self._crossed(0.0, _LESS),
            SetReading.EQUIVALENT: self._within(self._margin),
        }
        reached = {reading: at for reading, at in found.items() if at is not None}
        if reached:
            first = min(reached, key=reached.__getitem__)
            return reached[first], first
        units = self._drawing.units
        if units == self._drawing.sizes.size:
            return units - 1, SetReading.EQUAL
        return None, SetReading.UNDECIDED

    def _within(self, margin: float | None) -> int | None:
        """Return the first unit after which both ends of the margin stood rejected, or None."""
        if margin is None:
            return None
        above, below = self._crossed(-margin, _GREATER), self._crossed(margin, _LESS)
        return None if above is None or below is None else max(above, below)

    def _limits(self) -> Range:
        """Return the lower and the upper limit of the difference."""
        items = self._drawing.items
        if self._drawing.seen.size == items:
            exact = self._difference(float(self._drawing.seen.sum()))
            return (exact, exact)

        def peak(side: Alternative, means: Floats) -> Floats:
            last: Floats = self._drawing.peaks(means * items, side)[:, -1]
            return last

        low = betting.largest_rejected(lambda m: peak(_GREATER, m), self._threshold)
        high = 1 - betting.largest_rejected(lambda m: peak(_LESS, 1 - m), self._threshold)
        return (self._difference(low * items), self._difference(high * items))

    def _difference(self, total: float) -> float:
        """Return the difference of the means, in the units of the score, from a scaled total."""
        gap = total - self._drawing.baseline_total
        return float(gap / self._drawing.items * self._width)


_NOTES = (
    "holds for exactly these items, not for new ones",
    "the value is biased away from 0 where a stop depends on the results; the limits hold whenever "
    "one stops",
)


def _checked_history(history: ArrayLike | None, items: int, span: Range) -> Floats:
    """Return the earlier systems' scaled scores, shape (items, systems)."""
    if history is None:
        return np.zeros((items, 0))
    try:
        table = np.asarray(history, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise DataError(
            f"history: got values that are not numbers ({error}), expected a table of numbers"
        ) from error
    if table.ndim != 2 or table.shape[0] != items:
        raise DataError(
            f"history: got shape {table.shape}, expected ({items}, systems): one row for each item"
        )
    low, high = span
    if not np.all((table >= low) & (table <= high)):
        raise DataError(
            f"history: got a score that is missing or outside {low:g} … {high:g}",
            hint="Leave out an earlier system that lacks items; a handful is enough.",
        )
    scaled: Floats = (table - low) / (high - low)
    return scaled


def _side_by_side(cluster: ArrayLike | None, items: int) -> Codes:
    """Return the number of each item's unit, 0 … units − 1, in the order of the set."""
    if cluster is None:
        return np.arange(items)
    labels = inputs.cluster_labels(cluster, items)
    starts = np.concatenate([[True], labels[1:] != labels[:-1]])
    codes = np.cumsum(starts) - 1
    if np.unique(labels).size != codes[-1] + 1:
        raise DataError(
            "cluster: got a cluster whose items are not side by side, expected whole clusters in "
            "random order",
            hint="Draw the order of the clusters at random and keep each one's items together.",
        )
    if codes[-1] == 0:
        raise NotEnoughData(f"cluster: got one cluster with all {items} items, expected several")
    return codes.astype(np.int64)


def _checked_margin(margin: float | None, width: float) -> float | None:
    if margin is None:
        return None
    if not 0 < margin < width:
        raise DataError(
            f"margin: got {margin!r}, expected points above 0 and below {width:g}, the width of "
            "the range"
        )
    return float(margin)
