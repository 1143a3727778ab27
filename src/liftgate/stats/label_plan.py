"""What a label is worth beside judges, and how many of them an interval of some width needs.

With equal chances an estimate from n labels of N items has variance

    V(n, N) = s_y²/N + s_e²·(1/n − 1/N)

s_y² the variance of the labels and s_e² of what the judges leave of them, both a unit (Angelopoulos
et al. 2023; Cochran 1977, Sampling Techniques, chapter 12, double sampling). Labels cannot narrow
it below s_y²/N: that takes more items. Where labels are drawn only from the share q of the items to
which two arms answered differently (``same_answers``), it is s_y²/N + s_e²·(q/n − 1/N), and the
first part alone from q·N labels on.

A label that is the mean of k people's ratings holds σ²/k of their disagreement, σ² the variance of
one rating of one item about what all people would say. At a fixed number of ratings R = k·n

    s_e² = s_o² + σ²/k,   V = s_y²/N + (s_o² + σ²/k)·(k/R − 1/N)

so that one rating each of more items is better than several of fewer, unless R exceeds the items
(Cochran 1977, section 10.6, two-stage sampling without a cost of the first stage).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from numpy.typing import ArrayLike

from liftgate.errors import DataError, NotEnoughData
from liftgate.stats import inputs
from liftgate.stats.kinds import ScoreKind
from liftgate.stats.labelled import FEWEST_LABELS, label_values
from liftgate.stats.linearised import t_quantile
from liftgate.stats.ppi import rectify
from liftgate.stats.same_answers import labelled_differences
from liftgate.stats.shown import Shown


@dataclass(frozen=True, kw_only=True)
class LabelWorth(Shown):
    """How far labels go with judges beside them; for planning, no rule takes it."""

    labels: int
    items: int
    multiplier: float
    """Labels without judges that one label with them replaces, at these numbers of labels and
    items: the ratio of the two variances."""
    ceiling: float | None
    """The same with items without end, 1 / (1 − R²); None: the judges leave nothing."""
    spread: float
    """s_y²."""
    rest: float
    """s_e²."""
    differing: float = 1.0
    """Share of the items whose labels can differ between the arms, q."""
    disagreement: float | None = None
    """σ² of one rating, for a difference of two arms the sum of both, over all items, also those
    of the same answers; None: one rater each."""
    raters: float = 1.0
    """Ratings in a label, k."""


def label_worth(
    label: ArrayLike,
    labelled: ArrayLike,
    *,
    judge: ArrayLike | None = None,
    covariate: ArrayLike | None = None,
    features: ArrayLike | None = None,
    item: ArrayLike | None = None,
    cluster: ArrayLike | None = None,
    probability: ArrayLike | None = None,
    same: ArrayLike | None = None,
) -> LabelWorth:
    """Return the effective-label multiplier of judges and covariates.

    Args:
        label: shape (n,), labels, or differences of the two arms' labels; n below N.
        labelled: as in ``judged_mean``.
        judge: as there; for differences of labels, differences of judge scores.
        covariate: as there.
        features: as there.
        item: as there.
        cluster: as there.
        probability: as there.
        same: as in ``judged_difference``.

    Raises:
        NotEnoughData: as ``judged_mean``; every item labelled, or labels that are all equal.
        DataError: as ``judged_mean``.
    """
    items = labelled_differences(
        label_values("label", label, ScoreKind.UNBOUNDED, None),
        labelled,
        same,
        judge=judge,
        covariate=covariate,
        features=features,
        item=item,
        cluster=cluster,
        probability=probability,
    )
    n, reach = items.values.size, items.reach
    if n >= items.items:
        raise NotEnoughData(
            f"labelled: got all {n} items labelled, expected some without a label: judges "
            "have nothing to add"
        )
    total = items.items + (0 if items.same is None else items.same.items)
    found = rectify(items)
    if found.plain <= 0:
        raise NotEnoughData(f"label: got {n} equal labels, expected some spread")
    per_label = reach / n - 1 / total
    return LabelWorth(
        labels=n,
        items=total,
        multiplier=found.multiplier,
        ceiling=found.plain / found.rest if found.rest > 0 else None,
        spread=found.plain / per_label if items.same is None else found.whole * total,
        rest=found.rest / per_label,
        differing=reach,
    )


def with_raters(worth: LabelWorth, raters: int) -> LabelWorth:
    """Return what labels are worth when each is the mean of so many ratings.

    Args:
        worth: from labels of which some have several ratings.
        raters: ratings of each answer, 1 or more.

    Raises:
        NotEnoughData: how far people disagree is not known.
        DataError: fewer than one rating.
    """
    if raters < 1:
        raise DataError(f"raters: got {raters}, expected 1 or more")
    if worth.disagreement is None:
        raise NotEnoughData(
            "raters: no answer was labelled by two people, so that their disagreement is not known",
            hint="Let several people label some of the same answers: liftgate rate draw --overlap.",
        )
    more = worth.disagreement * (1 / raters - 1 / worth.raters)
    rest = max(worth.rest + more, 0.0)
    spread = max(worth.spread + more, rest)
    return replace(
        worth,
        spread=spread,
        rest=rest,
        raters=float(raters),
        ceiling=spread / rest if rest > 0 else None,
    )


def half_width(
    worth: LabelWorth,
    labels: int,
    *,
    items: int | None = None,
    level: float = 0.95,
    judges: bool = True,
    differing: bool = False,
) -> float:
    """Return the half-width of the interval that some labels give, on average.

    Args:
        worth: from earlier labels of the same kind of items.
        labels: at least 50.
        items: locked items of the next study; None: as many as there were.
        level: two-sided confidence.
        judges: False: without them, for comparison.
        differing: labels are drawn from the items to which the arms answered differently.

    Raises:
        DataError: fewer labels than 50 or more than items, a level outside (0, 1).
    """
    level = inputs.check_level(level)
    total = worth.items if items is None else items
    if not FEWEST_LABELS <= labels <= total:
        raise DataError(
            f"labels: got {labels}, expected {FEWEST_LABELS} to {total}, the locked items"
        )
    reach = worth.differing if differing else 1.0
    return _half_width(worth, labels, total, level, reach, judges=judges)


def labels_needed(
    worth: LabelWorth,
    half_width: float,
    *,
    items: int | None = None,
    level: float = 0.95,
    judges: bool = True,
    differing: bool = False,
) -> int:
    """Return how many labels give an interval of the wanted half-width, on average.

    Args:
        worth: from earlier labels of the same kind of items.
        half_width: in the units of the labels.
        items: locked items of the next study; None: as many as there were.
        level: two-sided confidence.
        judges: False: without them, for comparison.
        differing: as in ``half_width``.

    Raises:
        NotEnoughData: not even labels of all the items would do; the message says how many items.
        DataError: a width that is not above 0, fewer items than 50, a level outside (0, 1).
    """
    alpha = (1 - inputs.check_level(level)) / 2
    if not (math.isfinite(half_width) and half_width > 0):
        raise DataError(f"half_width: got {half_width!r}, expected a number above 0")
    total = worth.items if items is None else items
    if total < FEWEST_LABELS:
        raise DataError(f"items: got {total}, expected at least {FEWEST_LABELS}")

    reach = worth.differing if differing else 1.0

    def too_wide(n: int) -> bool:
        return _half_width(worth, n, total, level, reach, judges=judges) > half_width

    if too_wide(total):
        enough = math.ceil(worth.spread * (t_quantile(math.inf, alpha) / half_width) ** 2)
        raise NotEnoughData(
            f"half_width: got {half_width:g}, which labels of all {total} items would not give",
            hint=f"Lock at least {max(enough, total + 1)} items.",
        )
    low, high = FEWEST_LABELS - 1, total
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if too_wide(middle) else (low, middle)
    return high


def _half_width(
    worth: LabelWorth, labels: int, items: int, level: float, reach: float, *, judges: bool
) -> float:
    rest = worth.rest if judges else worth.spread
    variance = worth.spread / items + rest * max(reach / labels - 1 / items, 0.0)
    return t_quantile(labels - 1, (1 - level) / 2) * math.sqrt(variance)
