"""Whether a rerun says the same as the original: equivalence of means, and no more than noise.

Two things must be shown of every arm and metric, each at the study's one-sided alpha:

1. the rerun's mean differs from the original's by less than the declared tolerance, up and down
   (two one-sided tests; Schuirmann 1987, J Pharmacokinet Biopharm 15, 657-680);
2. items change from the original to the rerun by no more than they change between two reruns of
   the same system (the A/A noise floor), plus the tolerance: were the rerun the same system, the
   three answers to an item would be exchangeable, and both changes alike in the mean.

The second catches what the first cannot: changes of many items that cancel out. Everything must be
shown at once, so no correction for several tests is due (intersection-union; Berger 1982). Tests
are those of the method table for paired differences, with their validity and their refusals.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from liftgate import stats
from liftgate.errors import DataError, NotEnoughData
from liftgate.gates.measures import check_alpha
from liftgate.records import Alternative, Estimate, Scale, ScoreKind

Floats = NDArray[np.float64]
POWER = 0.8
"""Chance of showing that a system without any change is the same, for which items are counted."""
GREATER, LESS = Alternative.GREATER, Alternative.LESS


class Same(StrEnum):
    """What is known of a rerun."""

    SHOWN = "shown to be the same"
    DIFFERENT = "shown to differ"
    CANNOT_TELL = "can't tell"


@dataclass(frozen=True, eq=False)
class Reruns:
    """One metric of one arm, or of a difference of two arms, item by item.

    Args:
        of: the arm's name, or ``new - old``.
        metric: the metric's name.
        scale: of the values.
        original: shape (n,), the original's scores, repeats averaged; NaN: missing.
        rerun: shape (n,), those of the rerun.
        again: shape (n,), those of a second rerun under the very same conditions.
        cluster: shape (n,), a number for each item; None: each is its own.
        tolerance: in the units of the score; more than 0.
    """

    of: str
    metric: str
    scale: Scale
    original: Floats
    rerun: Floats
    again: Floats
    tolerance: float
    cluster: NDArray[np.int64] | None = None

    def __post_init__(self) -> None:
        shapes = {side.shape for side in (self.original, self.rerun, self.again)}
        if len(shapes) != 1 or self.original.ndim != 1:
            raise DataError(f"{self.metric}: got shapes {sorted(shapes)}, expected one of (n,)")
        if not (math.isfinite(self.tolerance) and self.tolerance > 0):
            raise DataError(f"tolerance: got {self.tolerance!r}, expected more than 0")


@dataclass(frozen=True)
class Sameness:
    """What was found of one metric of one arm."""

    of: str
    metric: str
    tolerance: float
    same: Same
    reason: str
    n: int
    clusters: int
    shift: tuple[float, float | None, float | None] | None = None
    """Mean of rerun − original with its limits at confidence 1 − 2·alpha; None: refused."""
    changed: float | None = None
    """Mean absolute change of an item from the original to the rerun."""
    floor: float | None = None
    """The same between two reruns: the A/A noise floor."""
    excess: tuple[float, float | None, float | None] | None = None
    """Mean of changed − floor with its limits."""
    items_needed: int | None = None
    """Items that would show it with a chance of 80 %, if nothing has changed."""


def sameness(reruns: Reruns, *, alpha: float) -> Sameness:
    """Return whether a rerun is shown to be the same, to differ, or neither.

    Args:
        reruns: the scores.
        alpha: one-sided level of each test.

    Raises:
        DataError: ``alpha`` is not between 0 and 0.5.
    """
    check_alpha(alpha)
    n = len(reruns.original)
    units = n if reruns.cluster is None else len(np.unique(reruns.cluster))
    head = (reruns.of, reruns.metric, reruns.tolerance)
    if n and _equal(reruns.original, reruns.rerun):
        return Sameness(*head, Same.SHOWN, "every score is the same", n, units, (0.0, 0.0, 0.0))
    try:
        down, up = _shift(reruns, alpha)
        over = _excess(reruns, alpha)
        least = _excess(reruns, alpha, best=True)
    except NotEnoughData as error:
        return Sameness(*head, Same.CANNOT_TELL, str(error), n, units)
    changed, floor = _moved(reruns.original, reruns.rerun), _moved(reruns.rerun, reruns.again)
    same, reason = _read(reruns, (down, up, over), least, alpha)
    needed = None
    if same is Same.CANNOT_TELL:
        needed = _needed(reruns.tolerance, (down, up, over), alpha)
    return Sameness(
        *head,
        same,
        reason,
        n,
        units,
        (down.value, down.low, up.high),
        float(np.nanmean(changed)),
        float(np.nanmean(floor)),
        (over.value, over.low, over.high),
        needed,
    )


def joined(found: Sequence[Sameness]) -> Same:
    """Return what is known of the whole rerun: one that differs decides, then one unknown."""
    seen = {one.same for one in found}
    if Same.DIFFERENT in seen:
        return Same.DIFFERENT
    return Same.SHOWN if seen == {Same.SHOWN} else Same.CANNOT_TELL


def _shift(reruns: Reruns, alpha: float) -> tuple[Estimate, Estimate]:
    """Test "lower by the tolerance or more" and "higher by it or more", gaps at their worst."""
    size = reruns.tolerance
    down = _paired(
        _filled(reruns.rerun, reruns, high=False),
        _filled(reruns.original, reruns, high=True),
        reruns,
        alpha,
        null=-size,
        alternative=GREATER,
    )
    up = _paired(
        _filled(reruns.rerun, reruns, high=True),
        _filled(reruns.original, reruns, high=False),
        reruns,
        alpha,
        null=size,
        alternative=LESS,
    )
    return down, up


def _excess(reruns: Reruns, alpha: float, *, best: bool = False) -> Estimate:
    """Test "items change more than between reruns by the tolerance or more".

    Gaps are at their worst for showing that they do not; with ``best``, for showing that they do.
    """
    low, high = reruns.scale.low, reruns.scale.high
    changed, floor = _moved(reruns.original, reruns.rerun), _moved(reruns.rerun, reruns.again)
    gaps = np.isnan(changed) | np.isnan(floor)
    ends = None if low is None or high is None else (0.0, high - low)
    if gaps.any():
        if ends is None:
            raise NotEnoughData(_no_ends(reruns, int(gaps.sum())))
        changed = np.where(np.isnan(changed), 0.0 if best else ends[1], changed)
        floor = np.where(np.isnan(floor), ends[1] if best else 0.0, floor)
    kind = ScoreKind.UNBOUNDED if ends is None else ScoreKind.GRADED
    return stats.paired_difference(
        changed,
        floor,
        kind=kind,
        score_range=ends,
        cluster=reruns.cluster,
        level=1 - 2 * alpha,
        alternative=LESS,
        null=_inside(reruns.tolerance, ends),
    )


def _paired(
    ours: Floats,
    theirs: Floats,
    reruns: Reruns,
    alpha: float,
    *,
    null: float,
    alternative: Alternative,
) -> Estimate:
    scale = reruns.scale
    ends = None if scale.low is None or scale.high is None else (scale.low, scale.high)
    kind = ScoreKind.UNBOUNDED if ends is None else scale.kind
    whole = np.isin(np.concatenate([ours, theirs]), (0.0, 1.0)).all()
    if kind is ScoreKind.BINARY and not (ends == (0.0, 1.0) and whole):
        # Averaged over repeats, or of two other values.
        kind = ScoreKind.GRADED
    return stats.paired_difference(
        ours,
        theirs,
        kind=kind,
        score_range=ends if kind is ScoreKind.GRADED else None,
        cluster=reruns.cluster,
        level=1 - 2 * alpha,
        alternative=alternative,
        null=null if ends is None else math.copysign(_inside(abs(null), ends), null),
    )


def _inside(size: float, ends: tuple[float, float] | None) -> float:
    """Refuse a tolerance that no scores could exceed."""
    if ends is not None and size >= ends[1] - ends[0]:
        raise NotEnoughData(
            f"a tolerance of {size:g} is as wide as the scale: no data could show more or less"
        )
    return size


def _filled(values: Floats, reruns: Reruns, *, high: bool) -> Floats:
    gaps = np.isnan(values)
    if not gaps.any():
        return values
    end = reruns.scale.high if high else reruns.scale.low
    if end is None:
        raise NotEnoughData(_no_ends(reruns, int(gaps.sum())))
    return np.where(gaps, end, values)


def _no_ends(reruns: Reruns, gaps: int) -> str:
    return f"{reruns.metric}: {gaps} scores are missing, and the scale has no end to put for them"


def _read(
    reruns: Reruns, tests: tuple[Estimate, Estimate, Estimate], least: Estimate, alpha: float
) -> tuple[Same, str]:
    down, up, over = tests
    size = reruns.tolerance
    if (up.high is not None and up.high < -size) or (down.low is not None and down.low > size):
        return Same.DIFFERENT, f"its mean moved by more than the tolerance of {size:g}"
    if least.low is not None and least.low > size:
        return (
            Same.DIFFERENT,
            f"items change by more than {size:g} above what two reruns differ by",
        )
    lacking = [
        what
        for test, what in (
            (down, f"not lower by {size:g}"),
            (up, f"not higher by {size:g}"),
            (over, f"no more change of items than noise and {size:g}"),
        )
        if test.p_value is None or test.p_value > alpha
    ]
    if lacking:
        return Same.CANNOT_TELL, f"not shown: {', '.join(lacking)}"
    return Same.SHOWN, f"within {size:g}, and no more change of items than noise and {size:g}"


def _needed(size: float, tests: Sequence[Estimate], alpha: float) -> int | None:
    """Items for showing it: n·((z_{1−α} + z_{1−β/2})·se/tolerance)², nothing having changed.

    Two one-sided tests around 0 (Chow, Shao & Wang 2008, Sample Size Calculations, 3.2).
    """
    from scipy.special import ndtri

    errors = [test.se for test in tests if test.se is not None]
    if not errors:
        return None
    reach = float(ndtri(1 - alpha) + ndtri(1 - (1 - POWER) / 2))
    n = max(test.n for test in tests)
    needed = math.ceil(n * (reach * max(errors) / size) ** 2)
    return needed if needed > n else None


def _moved(before: Floats, after: Floats) -> Floats:
    found: Floats = np.abs(after - before)
    return found


def _equal(before: Floats, after: Floats) -> bool:
    return bool(np.array_equal(before, after))
