"""The rows of the method table for human labels with judges; the estimator is in ``ppi``."""

from __future__ import annotations

from collections.abc import Iterator

from liftgate.stats.inputs import Sample
from liftgate.stats.inversion import Family
from liftgate.stats.kinds import ClaimShape, Mark, ScoreKind, UnitDesign
from liftgate.stats.method import Method, refusal
from liftgate.stats.student import student
from liftgate.stats.weighted import weighted_mean

_DOMAIN = ""
_UNITS = {
    UnitDesign.SINGLE: ("", "t", "fewer than 50 labels"),
    UnitDesign.CLUSTERED: (
        " over clusters",
        "CR2 variance and Satterthwaite's t",
        "fewer than 50 labels or 20 labelled clusters; df below 5",
    ),
    UnitDesign.WEIGHTED: (
        " by stored chances",
        "Satterthwaite's t of the weighted mean",
        "fewer than 50 labels or 20 labelled clusters; df below 5",
    ),
}
_REFERENCE = "Angelopoulos et al. 2023; Angelopoulos, Duchi & Zrnic 2023; Zrnic & Candès 2024"


def from_labels(sample: Sample) -> Family:
    """Return the family of tests of rectified labels.

    Raises:
        NotEnoughData: as ``student`` or ``weighted_mean``.
    """
    return student(sample) if sample.weights is None else weighted_mean(sample)


def _rows() -> Iterator[Method]:
    for claim, prefix in ((ClaimShape.JUDGED_MEAN, ""), (ClaimShape.JUDGED_DIFFERENCE, "paired ")):
        for units, (suffix, test, refuses) in _UNITS.items():
            yield Method(
                name=f"{prefix}cross-fitted PPI{suffix}",
                kinds=tuple(ScoreKind),
                units=units,
                claim=claim,
                test=from_labels,
                what=f"{test} on human labels less a cross-fitted ridge on judges and covariates, "
                "plus its mean over all locked items; pseudo units where the labels have a range; "
                "at planned looks the judges are the covariate of PlannedLooks",
                refuses=f"no labels: judges alone are no evidence; {refuses}; labels of unknown "
                "items",
                mark=Mark.ASYMPTOTIC,
                reference=_REFERENCE,
                domain=_DOMAIN,
            )
            yield refusal(
                units,
                claim,
                "the slope on the judges is estimated; no level of it is proven",
                guarantee=(True,),
            )
        yield refusal(
            UnitDesign.STRATIFIED,
            claim,
            "give the chance with which each item of a stratum was drawn",
        )


JUDGED_ROWS = tuple(_rows())
