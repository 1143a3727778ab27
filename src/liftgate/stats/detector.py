"""The true rate behind a judge that errs, and how often it errs; formulas in ``rogan_gladen``."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike

from liftgate.errors import DataError, NotEnoughData
from liftgate.stats import inputs, table
from liftgate.stats.estimate import Estimate
from liftgate.stats.inversion import invert
from liftgate.stats.kinds import Alternative, ClaimShape, ScoreKind, UnitDesign
from liftgate.stats.rogan_gladen import Detected
from liftgate.stats.single import proportion


def corrected_rate(
    flagged: ArrayLike,
    *,
    calibration_flagged: ArrayLike,
    calibration_label: ArrayLike,
    level: float = 0.95,
    alternative: Alternative = Alternative.TWO_SIDED,
    null: float | None = None,
) -> Estimate:
    """Estimate the true rate behind a judge's yes or no from its errors on labelled items.

    It holds where sensitivity and specificity are the same on both sets of items. Where labels can
    be drawn from the items themselves take ``judged_mean``, which needs no such assumption.

    Args:
        flagged: shape (n,), the judge's verdicts, 0 or 1, on items without labels.
        calibration_flagged: shape (m,), its verdicts on *other* items.
        calibration_label: shape (m,), what people say of those, 0 or 1.
        level: two-sided confidence of (low, high).
        alternative: of the p-value.
        null: tested rate, strictly between 0 and 1; None: no test.

    Returns:
        ``n`` is the number of items without labels; a warning gives Se and Sp.

    Raises:
        NotEnoughData: fewer than 10 labels of either class, a judge whose Se + Sp − 1 is not
            clearly above 0, or fewer flags than its false alarms alone would give.
        DataError: values that are not 0 or 1, lengths that differ.
    """
    level, alternative = inputs.check_level(level), inputs.check_alternative(alternative)
    tested = None if null is None else inputs.check_null("null", null, (0.0, 1.0))
    verdicts = _zero_one("flagged", flagged)
    detected = _detected(verdicts, calibration_flagged, calibration_label, level)
    row = table.choose(ScoreKind.BINARY, UnitDesign.SINGLE, ClaimShape.CORRECTED_RATE)
    family = table.build(row, detected)
    estimate = invert(
        family, method=row.name, mark=row.mark, level=level, alternative=alternative, null=tested
    )
    return _inside(estimate, detected)


def sensitivity_specificity(
    flagged: ArrayLike, label: ArrayLike, *, level: float = 0.95
) -> tuple[Estimate, Estimate]:
    """Return a judge's sensitivity and specificity with exact (Clopper–Pearson) intervals.

    Args:
        flagged: shape (m,), its verdicts, 0 or 1.
        label: shape (m,), what people say, 0 or 1.
        level: two-sided confidence of each interval.

    Raises:
        NotEnoughData: no label of one of the classes.
        DataError: values that are not 0 or 1, lengths that differ.
    """
    verdicts, truth = _calibration(flagged, label)
    for value, name in ((1, "positive"), (0, "negative")):
        if not (truth == value).any():
            raise NotEnoughData(f"label: got no {name} label, expected some of each class")
    hits, passed = verdicts[truth == 1], 1 - verdicts[truth == 0]
    return (
        proportion(hits, level=level),
        proportion(passed, level=level),
    )


def _detected(
    verdicts: inputs.Floats, flagged: ArrayLike, label: ArrayLike, level: float
) -> Detected:
    ours, truth = _calibration(flagged, label, "calibration_")
    positive = truth == 1
    return Detected(
        flagged=int(verdicts.sum()),
        items=int(verdicts.size),
        hits=int(ours[positive].sum()),
        positives=int(positive.sum()),
        passed=int((1 - ours[~positive]).sum()),
        negatives=int((~positive).sum()),
        level=level,
    )


def _calibration(
    flagged: ArrayLike, label: ArrayLike, prefix: str = ""
) -> tuple[inputs.Floats, inputs.Floats]:
    verdicts = _zero_one(f"{prefix}flagged", flagged)
    truth = _zero_one(f"{prefix}label", label)
    if verdicts.size != truth.size:
        raise DataError(
            f"{prefix}label: got {truth.size} labels for {verdicts.size} verdicts, expected one "
            "for each"
        )
    return verdicts, truth


def _zero_one(name: str, given: ArrayLike) -> inputs.Floats:
    values = inputs.scores(name, given)
    inputs.check_values(name, values, ScoreKind.BINARY, (0.0, 1.0))
    return values


def _inside(estimate: Estimate, detected: Detected) -> Estimate:
    low, high = estimate.low, estimate.high
    if (high is not None and high <= 0) or (low is not None and low >= 1):
        raise NotEnoughData(
            f"flagged: got {detected.flagged} of {detected.items}, which the judge's errors on the "
            "labelled items do not allow at any true rate",
            hint="Its errors differ between the two sets: label some of these items.",
        )
    note = (
        f"the judge finds {detected.hits} of {detected.positives} (sensitivity "
        f"{detected.hits / detected.positives:.2f}) and passes {detected.passed} of "
        f"{detected.negatives} (specificity {detected.passed / detected.negatives:.2f}); the rate "
        "holds if it does so on these items"
    )
    return replace(
        estimate,
        value=float(np.clip(estimate.value, 0, 1)),
        low=None if low is None else max(low, 0.0),
        high=None if high is None else min(high, 1.0),
        warnings=(note, *estimate.warnings),
    )
