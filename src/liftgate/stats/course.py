"""How often an analysis looks: once, at planned looks, or whenever it likes.

A claim's row of the method table says how one sample is tested; its course says how that becomes
one sequential test. The sample holds the items in the locked order, as many as have been reached.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np

from liftgate.errors import DataError, NotEnoughData
from liftgate.stats.estimate import Estimate
from liftgate.stats.inputs import Codes, Floats, Sample
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
        codes=None if sample.codes is None else renumbered(sample.codes[:end]),
        weights=None if weights is None else weights / weights.mean(),
    )


def renumbered(codes: Codes) -> Codes | None:
    """Number the clusters of a prefix anew; None when each has one item."""
    found, numbers = np.unique(codes, return_inverse=True)
    return None if found.size == codes.size else numbers.astype(np.int64)
