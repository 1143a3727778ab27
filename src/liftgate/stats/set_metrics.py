"""Metrics of a whole set that are no mean over items: macro-F1, AUROC, calibration error.

One arm, or candidate − baseline on the same items. Intervals and p-values are the jackknife's by
cluster, or by item where every item is its own.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from liftgate.errors import DataError, NotEnoughData
from liftgate.stats import inputs, left_out, table
from liftgate.stats.estimate import Estimate
from liftgate.stats.inputs import Codes, Floats, Range
from liftgate.stats.inversion import invert
from liftgate.stats.jackknife import FEWEST_OF_A_CLASS, Replicates
from liftgate.stats.kinds import Alternative, ClaimShape, ScoreKind, UnitDesign
from liftgate.stats.left_out import LeftOut

_TWO_SIDED = Alternative.TWO_SIDED


def macro_f1(
    truth: ArrayLike,
    predicted: ArrayLike,
    *,
    cluster: ArrayLike | None = None,
    level: float = 0.95,
    alternative: Alternative | str = _TWO_SIDED,
    null: float | None = None,
) -> Estimate:
    """Estimate one arm's macro-F1: the mean over the true classes of their F1.

    Args:
        truth: shape (n,), the class of each item, text or numbers.
        predicted: shape (n,), the class that the arm gave; one that is never true is only a miss.
        cluster: shape (n,), a label for each item; items of one label are not independent.
        level: two-sided confidence of (low, high); 0.9 gives the one-sided 5 % limits.
        alternative: of the p-value; both limits are always given.
        null: tested value in (0, 1); None: no test, the p-value is None.

    Raises:
        NotEnoughData: no items, a class in fewer than 10 units, fewer than 5 degrees of freedom, or
            no spread (nothing wrong at all).
        DataError: lengths that differ, missing labels, an option that makes no sense.
    """
    classes, codes = _classes(truth)
    given = _encode("predicted", predicted, classes, codes.size)
    units = _units(cluster, codes.size)
    groups = _rarest(codes, units)
    found = left_out.macro_f1(codes, given, units)
    return _estimate([found], units, groups, level=level, alternative=alternative, null=null)


def macro_f1_difference(
    truth: ArrayLike,
    candidate: ArrayLike,
    baseline: ArrayLike,
    *,
    cluster: ArrayLike | None = None,
    level: float = 0.95,
    alternative: Alternative | str = _TWO_SIDED,
    null: float = 0.0,
) -> Estimate:
    """Estimate candidate's macro-F1 − the baseline's, on the same items.

    Args:
        truth: as in ``macro_f1``.
        candidate: shape (n,), the classes that the candidate gave.
        baseline: shape (n,), the classes that the baseline gave.
        cluster: as in ``macro_f1``.
        level: as in ``macro_f1``.
        alternative: as in ``macro_f1``.
        null: tested difference in (−1, 1).

    Raises:
        NotEnoughData: as ``macro_f1``; no spread means that the arms do not differ at all.
        DataError: as ``macro_f1``.
    """
    classes, codes = _classes(truth)
    arms = [
        _encode(name, given, classes, codes.size)
        for name, given in (("candidate", candidate), ("baseline", baseline))
    ]
    units = _units(cluster, codes.size)
    groups = _rarest(codes, units)
    sides = [left_out.macro_f1(codes, arm, units) for arm in arms]
    return _estimate(sides, units, groups, level=level, alternative=alternative, null=null)


def auroc(
    truth: ArrayLike,
    score: ArrayLike,
    *,
    cluster: ArrayLike | None = None,
    level: float = 0.95,
    alternative: Alternative | str = _TWO_SIDED,
    null: float | None = None,
) -> Estimate:
    """Estimate one arm's area under the ROC curve; tied scores count one half.

    Args:
        truth: shape (n,), 1 for a positive, 0 for a negative.
        score: shape (n,), any unit; larger speaks for a positive.
        cluster: as in ``macro_f1``.
        level: as in ``macro_f1``.
        alternative: as in ``macro_f1``.
        null: as in ``macro_f1``.

    Raises:
        NotEnoughData: no items, positives or negatives in fewer than 10 units, fewer than 5 degrees
            of freedom, or no spread (perfectly separated).
        DataError: NaN, lengths that differ, a truth other than 0 and 1.
    """
    positive = _positives(truth)
    ranked = _scores("score", score, positive.size)
    units = _units(cluster, positive.size)
    groups = _rarest(positive.astype(np.int64), units)
    found = left_out.auroc(positive, ranked, units)
    return _estimate([found], units, groups, level=level, alternative=alternative, null=null)


def auroc_difference(
    truth: ArrayLike,
    candidate: ArrayLike,
    baseline: ArrayLike,
    *,
    cluster: ArrayLike | None = None,
    level: float = 0.95,
    alternative: Alternative | str = _TWO_SIDED,
    null: float = 0.0,
) -> Estimate:
    """Estimate candidate's area under the ROC curve − the baseline's, on the same items.

    Args:
        truth: as in ``auroc``.
        candidate: shape (n,), scores of the candidate.
        baseline: shape (n,), scores of the baseline; its unit may be another one.
        cluster: as in ``macro_f1``.
        level: as in ``macro_f1``.
        alternative: as in ``macro_f1``.
        null: tested difference in (−1, 1).

    Raises:
        NotEnoughData: as ``auroc``; no spread means that the arms rank alike.
        DataError: as ``auroc``.
    """
    positive = _positives(truth)
    arms = [
        _scores(name, given, positive.size)
        for name, given in (("candidate", candidate), ("baseline", baseline))
    ]
    units = _units(cluster, positive.size)
    groups = _rarest(positive.astype(np.int64), units)
    sides = [left_out.auroc(positive, arm, units) for arm in arms]
    return _estimate(sides, units, groups, level=level, alternative=alternative, null=null)


def ece(
    correct: ArrayLike,
    confidence: ArrayLike,
    *,
    bins: int | Sequence[float] = 10,
    cluster: ArrayLike | None = None,
    level: float = 0.95,
    alternative: Alternative | str = _TWO_SIDED,
    null: float | None = None,
) -> Estimate:
    """Estimate one arm's expected calibration error, Σ over bins of |Σ (confidence − correct)| / n.

    It is that of the declared bins (Naeini, Cooper & Hauskrecht 2015, AAAI 29). A bin that is
    calibrated still shows a gap by chance, so that the error of a well calibrated arm is overstated
    and no interval around it covers: that is refused.

    Args:
        correct: shape (n,), 1 where the arm was right, else 0.
        confidence: shape (n,), in 0 … 1.
        bins: how many equal bins of 0 … 1, or their inner edges in order; a bin holds its lower
            edge.
        cluster: as in ``macro_f1``.
        level: as in ``macro_f1``.
        alternative: as in ``macro_f1``.
        null: as in ``macro_f1``.

    Raises:
        NotEnoughData: no items, fewer than 5 degrees of freedom, or bins of which too many are not
            clearly off.
        DataError: NaN, lengths that differ, values outside 0 … 1, bins that make no sense.
    """
    gap, places = _gaps("", correct, confidence, bins)
    units = _units(cluster, gap.size)
    found = left_out.calibration_error(gap, places, units)
    return _estimate([found], units, None, level=level, alternative=alternative, null=null)


def ece_difference(
    candidate_correct: ArrayLike,
    candidate_confidence: ArrayLike,
    baseline_correct: ArrayLike,
    baseline_confidence: ArrayLike,
    *,
    bins: int | Sequence[float] = 10,
    cluster: ArrayLike | None = None,
    level: float = 0.95,
    alternative: Alternative | str = _TWO_SIDED,
    null: float = 0.0,
) -> Estimate:
    """Estimate candidate's expected calibration error − the baseline's; below 0 is better.

    Args:
        candidate_correct: shape (n,), 1 where the candidate was right, else 0.
        candidate_confidence: shape (n,), in 0 … 1.
        baseline_correct: shape (n,), of the same items.
        baseline_confidence: shape (n,).
        bins: as in ``ece``, for both arms.
        cluster: as in ``macro_f1``.
        level: as in ``macro_f1``.
        alternative: as in ``macro_f1``.
        null: tested difference in (−1, 1).

    Raises:
        NotEnoughData: as ``ece``, for either arm.
        DataError: as ``ece``.
    """
    ours = _gaps("candidate_", candidate_correct, candidate_confidence, bins)
    theirs = _gaps("baseline_", baseline_correct, baseline_confidence, bins)
    if ours[0].size != theirs[0].size:
        raise DataError(
            f"candidate_correct: got {ours[0].size} items and baseline_correct {theirs[0].size}, "
            "expected equally many",
            hint="Align the two sides item by item first.",
        )
    units = _units(cluster, ours[0].size)
    sides = [left_out.calibration_error(gap, places, units) for gap, places in (ours, theirs)]
    return _estimate(sides, units, None, level=level, alternative=alternative, null=null)


def _estimate(
    sides: list[LeftOut],
    units: Codes,
    groups: Codes | None,
    *,
    level: float,
    alternative: Alternative | str,
    null: float | None,
) -> Estimate:
    """Return the estimate of one arm's metric, or of the first's − the second's."""
    first, *second = sides
    bounds: Range = (-1.0, 1.0) if second else (0.0, 1.0)
    claim = ClaimShape.SET_METRIC_DIFFERENCE if second else ClaimShape.SET_METRIC
    clustered = int(units.max()) + 1 < units.size
    row = table.choose(
        ScoreKind.GRADED, UnitDesign.CLUSTERED if clustered else UnitDesign.SINGLE, claim
    )
    level, alternative = inputs.check_level(level), inputs.check_alternative(alternative)
    tested = None if null is None else inputs.check_null("null", null, bounds)
    found = Replicates(
        value=first.value - sum(side.value for side in second),
        without=first.without - sum(side.without for side in second),
        sizes=np.bincount(units).astype(np.float64),
        groups=groups,
        bounds=bounds,
        bias=max(side.bias for side in sides),
        logit=groups is not None and not second,
    )
    return invert(
        table.build(row, found),
        method=row.name,
        mark=row.mark,
        level=level,
        alternative=alternative,
        null=tested,
    )


def _units(cluster: ArrayLike | None, n: int) -> Codes:
    codes = inputs.cluster_codes(cluster, n)
    return np.arange(n) if codes is None else codes


def _classes(truth: ArrayLike) -> tuple[NDArray[np.generic], Codes]:
    size = inputs.array_of("truth", truth).shape
    if size == (0,):
        raise NotEnoughData("truth: got no items, expected at least one")
    classes, codes = inputs.labels("truth", truth, size[0] if size else 0)
    if classes.size < 2:
        raise NotEnoughData(f"truth: got the one class {str(classes[0])!r}, expected two or more")
    return classes, codes


def _encode(name: str, given: ArrayLike, classes: NDArray[np.generic], n: int) -> Codes:
    """Return the place of each label among the true classes, −1 for another label."""
    found, codes = inputs.labels(name, given, n)
    if (found.dtype.kind == "U") != (classes.dtype.kind == "U"):
        raise DataError(
            f"{name}: got labels of type {found.dtype} where truth has {classes.dtype}, "
            "expected the same labels in both"
        )
    place = np.minimum(np.searchsorted(classes, found), classes.size - 1)
    return np.where(classes[place] == found, place, -1)[codes].astype(np.int64)


def _positives(truth: ArrayLike) -> NDArray[np.bool_]:
    array = inputs.scores("truth", truth)
    inputs.check_values("truth", array, ScoreKind.BINARY, (0.0, 1.0))
    return np.asarray(array == 1)


def _scores(name: str, given: ArrayLike, n: int) -> Floats:
    array = inputs.scores(name, given)
    if array.size != n:
        raise DataError(f"{name}: got {array.size} values, expected one for each of {n} items")
    return array


def _gaps(
    prefix: str, correct: ArrayLike, confidence: ArrayLike, bins: int | Sequence[float]
) -> tuple[Floats, Codes]:
    right = inputs.scores(f"{prefix}correct", correct)
    inputs.check_values(f"{prefix}correct", right, ScoreKind.BINARY, (0.0, 1.0))
    sure = _scores(f"{prefix}confidence", confidence, right.size)
    inputs.check_values(f"{prefix}confidence", sure, ScoreKind.GRADED, (0.0, 1.0))
    if isinstance(bins, (int, np.integer)):
        if bins < 1:
            raise DataError(f"bins: got {bins}, expected at least 1")
        edges = np.arange(1, bins) / bins
    else:
        edges = inputs.scores("bins", bins)
        if (np.diff(np.concatenate([[0.0], edges, [1.0]])) <= 0).any():
            raise DataError(f"bins: got {bins!r}, expected edges inside 0 … 1 in rising order")
    return sure - right, np.searchsorted(edges, sure, side="right").astype(np.int64)


def _rarest(classes: Codes, units: Codes) -> Codes:
    """Return the rarest class of each unit; refuses a class that too few units have.

    Raises:
        NotEnoughData: with the class's number of units.
    """
    count, size = max(int(classes.max()) + 1, 2), int(units.max()) + 1
    found = np.unique(units * count + classes)
    having = np.bincount(found % count, minlength=count)
    if having.min() < FEWEST_OF_A_CLASS:
        raise NotEnoughData(
            f"truth: got a class that only {having.min()} independent units have, expected at "
            f"least {FEWEST_OF_A_CLASS} for each class",
            hint="Collect more items of the rare class, or join classes before looking at results.",
        )
    rank = np.argsort(np.argsort(having, kind="stable"))
    lowest = np.full(size, count)
    np.minimum.at(lowest, found // count, rank[found % count])
    return lowest
