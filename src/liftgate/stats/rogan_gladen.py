"""A rate that a judge with known errors reports, corrected by its sensitivity and specificity.

With q the share flagged, Se the sensitivity and Sp the specificity the true rate θ satisfies

    q = θ·Se + (1 − θ)·(1 − Sp),   so   θ = (q + Sp − 1) / (Se + Sp − 1)

(Rogan & Gladen 1978, American Journal of Epidemiology 107, 71–76). Se and Sp come from labels and
are as uncertain as these are few. Each value of θ is tested by the contrast

    q − (1 − Sp) − θ·(Se + Sp − 1),   variance  V_q + θ²·V_Se + (1 − θ)²·V_Sp

so that nothing is divided and the limits are Fieller's. Each share has one success and one failure
added, as Lang & Reiczigel 2014, Preventive Veterinary Medicine 113, 13–22 do for Se and Sp
(Agresti & Coull 1998, American Statistician 52, 119–126).
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from liftgate.errors import NotEnoughData
from liftgate.stats.kinds import ClaimShape, Mark, ScoreKind, UnitDesign
from liftgate.stats.linearised import LinearTest, t_quantile
from liftgate.stats.method import Method, refusal

FEWEST_PER_CLASS = 10
"""Labels that are positive, and labels that are negative, below which nothing is corrected."""


@dataclass(frozen=True)
class Detected:
    """Counts of a detector's verdicts.

    Args:
        flagged: verdicts that are 1, of ``items`` without labels.
        items: how many those are.
        hits: labelled items that are 1 and flagged, of ``positives``.
        positives: labelled items that are 1.
        passed: labelled items that are 0 and not flagged, of ``negatives``.
        negatives: labelled items that are 0.
        level: two-sided confidence at which Se + Sp − 1 must be clear of 0.
    """

    flagged: int
    items: int
    hits: int
    positives: int
    passed: int
    negatives: int
    level: float


def rogan_gladen(found: Detected) -> LinearTest:
    """Return the family of tests of the true rate.

    Degrees of freedom are Welch's over the three shares, at the estimate.

    Raises:
        NotEnoughData: as ``corrected_rate``.
    """
    if min(found.positives, found.negatives) < FEWEST_PER_CLASS:
        raise NotEnoughData(
            f"calibration_label: got {found.positives} positive and {found.negatives} negative "
            f"labels, expected at least {FEWEST_PER_CLASS} of each",
            hint="Label more items of the rarer class, whatever the judge says of them.",
        )
    q, v_q = _share(found.flagged, found.items)
    se, v_se = _share(found.hits, found.positives)
    sp, v_sp = _share(found.passed, found.negatives)
    bottom = se + sp - 1
    if bottom <= t_quantile(math.inf, (1 - found.level) / 2) * math.sqrt(v_se + v_sp):
        raise NotEnoughData(
            f"sensitivity {se:.2f} + specificity {sp:.2f} − 1 is {bottom:.2f}, not clearly above "
            "0: the judge's flags say nothing of the true rate",
            hint="Take another judge, or label the items.",
        )
    theta = min(max((q + sp - 1) / bottom, 0.0), 1.0)
    parts = (v_q, theta**2 * v_se, (1 - theta) ** 2 * v_sp)
    sizes = (found.items, found.positives, found.negatives)
    df = sum(parts) ** 2 / sum(v**2 / (n - 1) for v, n in zip(parts, sizes, strict=True))
    return LinearTest(
        top=q + sp - 1,
        bottom=bottom,
        variance=(v_q + v_sp, -2 * v_sp, v_se + v_sp),
        df=df,
        n=found.items,
        clusters=found.items,
        bounds=None,
    )


def _share(count: int, size: int) -> tuple[float, float]:
    """Return a share with one success and one failure more, and its variance."""
    share = (count + 1) / (size + 2)
    return share, share * (1 - share) / (size + 2)


_DOMAIN = ""


def _rows() -> Iterator[Method]:
    claim = ClaimShape.CORRECTED_RATE
    yield Method(
        name="rate corrected for a detector's errors",
        kinds=(ScoreKind.BINARY,),
        units=UnitDesign.SINGLE,
        claim=claim,
        test=rogan_gladen,
        what="Welch's t on q − (1 − Sp) − θ·(Se + Sp − 1), one success and one failure added to "
        "each share; limits are the θ that it keeps",
        refuses=f"fewer than {FEWEST_PER_CLASS} labels of either class; Se + Sp − 1 within its own "
        "half-width of 0; fewer flags than false alarms alone would give",
        mark=Mark.ASYMPTOTIC,
        reference="Rogan & Gladen 1978; Lang & Reiczigel 2014; Fieller 1954",
        domain=_DOMAIN,
    )
    yield refusal(
        UnitDesign.SINGLE, claim, "no level of a corrected rate is proven", guarantee=(True,)
    )
    yield refusal(
        UnitDesign.SINGLE,
        claim,
        "sensitivity and specificity belong to a yes or no",
        kinds=(ScoreKind.GRADED, ScoreKind.UNBOUNDED),
        guarantee=(False,),
    )
    for units in (UnitDesign.CLUSTERED, UnitDesign.WEIGHTED, UnitDesign.STRATIFIED):
        yield refusal(units, claim, "label some of the items and take the judged mean")


CORRECTED_RATE_ROWS = tuple(_rows())
