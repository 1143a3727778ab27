"""How often an analysis looks: once, at planned looks, or whenever it likes.

A claim's row of the method table says how one sample is tested; its course says how that becomes
one sequential test. The sample holds the items in the locked order, as many as have been reached.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TypeAlias

import numpy as np

from liftgate.errors import DataError, NotEnoughData
from liftgate.stats import betting
from liftgate.stats.estimate import Estimate
from liftgate.stats.inputs import Codes, Floats, Range, Sample
from liftgate.stats.inversion import Family
from liftgate.stats.kinds import Alternative, Design, Mark
from liftgate.stats.looks import LookRule, LookTrack
from liftgate.stats.method import Method
from liftgate.stats.spending import check_fractions

Build: TypeAlias = Callable[[Sample], Family]


@dataclass(frozen=True, eq=False)
class PlannedCourse:
    """Looks at planned numbers of items.

    Args:
        ends: how many items in all at each look, increasing, whole clusters.
        fractions: shape (looks,): information fractions, increasing to 1.
    """

    ends: tuple[int, ...]
    fractions: Floats

    def __post_init__(self) -> None:
        check_fractions(self.fractions)
        if len(self.ends) != len(self.fractions):
            raise DataError(
                f"ends: got {len(self.ends)} looks and {len(self.fractions)} fractions, expected "
                "one fraction for each look"
            )


@dataclass(frozen=True)
class UnlimitedCourse:
    """A look after every cluster.

    Args:
        largest_cluster: items of the largest cluster that may come, known at the lock; 1: single
            items.
    """

    largest_cluster: int = 1


Course: TypeAlias = PlannedCourse | UnlimitedCourse


@dataclass(frozen=True, eq=False)
class BettingFamily:
    """The anytime tests of one bounded mean, read after the last of its units.

    ``tail`` is 1 / the largest capital so far against a null (``betting``), so that limits and
    p-value hold whenever one stops.

    Args:
        sums: shape (units,): scaled scores (0 … 1) summed within each unit, in the locked order.
        sizes: shape (units,): items of each unit.
        largest: items of the largest unit that may come.
        bounds: the ends that were scaled to 0 and 1.
    """

    sums: Floats
    sizes: Floats
    largest: int
    bounds: Range

    @property
    def n(self) -> int:
        """Items."""
        return int(self.sizes.sum())

    @property
    def clusters(self) -> int:
        """Independent units."""
        return int(self.sizes.size)

    @property
    def value(self) -> float:
        """The running mean."""
        return self._unscaled(float(self.sums.sum() / self.sizes.sum()))

    @property
    def se(self) -> float:
        """Standard error of the running mean over units, for planning only."""
        residuals = self.sums - self.sizes * (self.sums.sum() / self.sizes.sum())
        # One unit at an end of the range keeps it above 0.
        spread = float(np.sum(residuals**2)) + float(np.max(self.sizes)) ** 2 / 4
        return (self.bounds[1] - self.bounds[0]) * math.sqrt(spread) / self.n

    @property
    def df(self) -> None:
        """None: no reference distribution is used."""
        return

    def tail(self, null: float, alternative: Alternative) -> float:
        """Return the anytime p-value of a null."""
        scaled = (null - self.bounds[0]) / (self.bounds[1] - self.bounds[0])
        mean = scaled if alternative is Alternative.GREATER else 1 - scaled
        return float(np.exp(-self._peaks(np.array([mean]), alternative)[0]))

    def limit(self, alternative: Alternative, alpha: float) -> float:
        """Return the running one-sided limit."""
        threshold = -float(np.log(alpha))
        found = betting.largest_rejected(lambda m: self._peaks(m, alternative), threshold)
        return self._unscaled(found if alternative is Alternative.GREATER else 1 - found)

    def warn(self, _alpha: float) -> tuple[str, ...]:
        """Say what a stop does to the value."""
        return (
            "the value is a running mean: a stop that depends on the results biases it away from "
            "the tested value; the limits hold whenever one stops",
        )

    def _peaks(self, means: Floats, alternative: Alternative) -> Floats:
        shares = self._shares if alternative is Alternative.GREATER else self._rests
        table = np.broadcast_to(shares / self.largest, (means.size, shares.size))
        sizes = self.sizes / self.largest
        return betting.log_peak(table, means, sizes=sizes, looks=[shares.size])[:, 0]

    @cached_property
    def _shares(self) -> Floats:
        return np.clip(self.sums, 0.0, self.sizes)

    @cached_property
    def _rests(self) -> Floats:
        return self.sizes - self._shares

    def _unscaled(self, mean: float) -> float:
        return self.bounds[0] + mean * (self.bounds[1] - self.bounds[0])


def betting_family(sample: Sample) -> BettingFamily:
    """Return the anytime tests of a sample in the locked order.

    Raises:
        NotEnoughData: no range, which a bet needs.
        DataError: a cluster larger than the lock knows.
    """
    if sample.bounds is None:
        raise NotEnoughData(
            "got unbounded scores, expected a declared range: a bet needs one",
            hint="Declare the range of the scores, or plan the looks.",
        )
    low, high = sample.bounds
    # Rounding may carry a contrast a hair past its ends.
    scaled = np.clip((sample.values - low) / (high - low), 0.0, 1.0)
    if sample.codes is None:
        return BettingFamily(scaled, np.ones_like(scaled), 1, sample.bounds)
    sizes = np.bincount(sample.codes).astype(np.float64)
    largest = sample.largest_cluster or int(sizes.max())
    if sizes.max() > largest:
        raise DataError(
            f"cluster: got {sizes.max():.0f} items in one, expected at most {largest}, the largest "
            "cluster of the lock"
        )
    sums = np.bincount(sample.codes, weights=scaled).astype(np.float64)
    return BettingFamily(sums, sizes, largest, sample.bounds)


def over_looks(
    course: PlannedCourse,
    row: Method,
    build: Build,
    sample: Sample,
    *,
    level: float,
    alternative: Alternative,
    null: float,
) -> Estimate:
    """Return the estimate after the looks that the sample has reached.

    Args:
        course: where the looks are.
        row: of the method table.
        build: makes the family of tests of a prefix of the sample.
        sample: the items so far, in the locked order; those past the last look reached are left
            out.
        level: two-sided confidence of the limits; each side spends ``(1 − level) / 2``.
        alternative: greater or less.
        null: the tested value.

    Raises:
        NotEnoughData: no look is reached, or the method declined at every one.
        DataError: a two-sided alternative.
    """
    if sample.strata is not None:
        raise NotEnoughData(
            "strata: no method takes them at planned looks, since a prefix of the locked order "
            "need not hold every stratum",
            hint="Look once, or weight the items instead.",
        )
    rule = LookRule(
        alpha=(1 - level) / 2, null=null, alternative=alternative, union=row.mark is Mark.EXACT
    )
    track, declined = LookTrack(rule, len(course.ends)), []
    for end, fraction in zip(course.ends, course.fractions, strict=True):
        if end > sample.values.size:
            break
        try:
            family: Family | None = build(_prefix(sample, end))
        except NotEnoughData as error:
            family = None
            declined.append(f"look {track.look + 1} of {track.looks}: {error}")
        track.add(family, float(fraction))
    return track_estimate(track, row, declined)


def track_estimate(track: LookTrack, row: Method, declined: list[str]) -> Estimate:
    """Return what the looks so far say: repeated limits, anytime p-value, median-unbiased value.

    Args:
        track: of one claim.
        row: of the method table.
        declined: why the method gave nothing at some looks.

    Raises:
        NotEnoughData: no look was taken, or the method declined at all looks so far.
    """
    families = [family for family in track.claim.families if family is not None]
    if not families:
        raise NotEnoughData(
            "; ".join(declined[-1:]) or "no look was taken yet, expected at least one",
            hint="Add items up to the first look.",
        )
    latest, rule = families[-1], track.rule
    value, note = track.value()
    low, high = track.limits()
    return Estimate(
        value=value,
        low=low,
        high=high,
        level=1 - 2 * rule.alpha,
        alternative=rule.alternative,
        null=rule.null,
        p_value=track.claim.p_value,
        method=row.name,
        n=latest.n,
        clusters=latest.clusters,
        design=Design.PLANNED_LOOKS,
        mark=row.mark,
        se=latest.se,
        df=latest.df,
        look=track.look,
        looks=track.looks,
        warnings=(*([note] if note else []), *latest.warn(rule.alpha), *declined),
    )


def _prefix(sample: Sample, end: int) -> Sample:
    if end == sample.values.size:
        return sample
    weights = None if sample.weights is None else sample.weights[:end]
    return replace(
        sample,
        values=sample.values[:end],
        codes=None if sample.codes is None else _renumbered(sample.codes[:end]),
        weights=None if weights is None else weights / weights.mean(),
    )


def _renumbered(codes: Codes) -> Codes | None:
    """Number the clusters of a prefix anew; None when each has one item."""
    found, numbers = np.unique(codes, return_inverse=True)
    return None if found.size == codes.size else numbers.astype(np.int64)
