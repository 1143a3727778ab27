"""Statistics: frozen estimates, one method table, refusals instead of wrong numbers.

Names are imported when first used, so that the words (``kinds``) and the ``Estimate`` cost no
numpy to whoever only passes them on.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from liftgate.stats.agreement import (
        Agreement,
        RaterReport,
        cohen_kappa,
        fleiss_kappa,
        gwet_ac1,
        krippendorff_alpha,
        rater_report,
        raw_agreement,
    )
    from liftgate.stats.coefficients import Measurement
    from liftgate.stats.detector import corrected_rate, sensitivity_specificity
    from liftgate.stats.drift import Pettitt, RaterDrift, pettitt, rater_drift
    from liftgate.stats.eprocess import EProcess, EProcessStatus
    from liftgate.stats.estimate import Estimate
    from liftgate.stats.finite import FiniteSetStatus, FiniteSetTest, SetReading
    from liftgate.stats.front import Front, Objective, pareto_front
    from liftgate.stats.judged_ratios import judged_ratio_difference
    from liftgate.stats.kinds import (
        Alternative,
        ClaimShape,
        Design,
        Joined,
        Mark,
        Population,
        ScoreKind,
        UnitDesign,
    )
    from liftgate.stats.label_draw import label_chances, systematic_draw
    from liftgate.stats.label_plan import LabelWorth, half_width, label_worth, labels_needed
    from liftgate.stats.lift import relative_lift
    from liftgate.stats.looks import LookStatus
    from liftgate.stats.multiplicity import benjamini_hochberg, holm
    from liftgate.stats.paired import paired_contrast, paired_difference, paired_noninferiority
    from liftgate.stats.planned import PlannedLooks, cluster_fractions
    from liftgate.stats.planning import detectable, units_needed
    from liftgate.stats.ppi import judged_difference, judged_mean
    from liftgate.stats.rater_errors import Consensus, dawid_skene
    from liftgate.stats.rating_counts import RatingCounts, value_counts
    from liftgate.stats.ratios import ratio, ratio_difference
    from liftgate.stats.resampling import Resampled, bootstrap
    from liftgate.stats.set_metrics import (
        auroc,
        auroc_difference,
        ece,
        ece_difference,
        macro_f1,
        macro_f1_difference,
    )
    from liftgate.stats.sign_flips import max_t
    from liftgate.stats.simultaneous import Share, rank_ranges, simultaneous_shares
    from liftgate.stats.single import mean, passes_limit, passes_needed, proportion, quantile
    from liftgate.stats.sizing import power, sample_size
    from liftgate.stats.spending import anytime_p, boundaries
    from liftgate.stats.tries import of_tries, pass_rate, pass_rate_difference
    from liftgate.stats.weighted import stratum_weights
    from liftgate.stats.words import word_components

_HOMES = {
    "Agreement": "agreement",
    "Alternative": "kinds",
    "ClaimShape": "kinds",
    "Consensus": "rater_errors",
    "Design": "kinds",
    "EProcess": "eprocess",
    "EProcessStatus": "eprocess",
    "Estimate": "estimate",
    "FiniteSetStatus": "finite",
    "FiniteSetTest": "finite",
    "Front": "front",
    "Joined": "kinds",
    "LabelWorth": "label_plan",
    "LookStatus": "looks",
    "Mark": "kinds",
    "Measurement": "coefficients",
    "Pettitt": "drift",
    "Objective": "front",
    "PlannedLooks": "planned",
    "Population": "kinds",
    "RaterDrift": "drift",
    "RaterReport": "agreement",
    "RatingCounts": "rating_counts",
    "Resampled": "resampling",
    "ScoreKind": "kinds",
    "SetReading": "finite",
    "UnitDesign": "kinds",
    "anytime_p": "spending",
    "auroc": "set_metrics",
    "auroc_difference": "set_metrics",
    "benjamini_hochberg": "multiplicity",
    "bootstrap": "resampling",
    "boundaries": "spending",
    "cluster_fractions": "planned",
    "cohen_kappa": "agreement",
    "corrected_rate": "detector",
    "dawid_skene": "rater_errors",
    "detectable": "planning",
    "ece": "set_metrics",
    "ece_difference": "set_metrics",
    "fleiss_kappa": "agreement",
    "gwet_ac1": "agreement",
    "half_width": "label_plan",
    "holm": "multiplicity",
    "judged_difference": "ppi",
    "judged_mean": "ppi",
    "krippendorff_alpha": "agreement",
    "label_chances": "label_draw",
    "label_worth": "label_plan",
    "labels_needed": "label_plan",
    "macro_f1": "set_metrics",
    "macro_f1_difference": "set_metrics",
    "max_t": "sign_flips",
    "mean": "single",
    "of_tries": "tries",
    "paired_contrast": "paired",
    "paired_difference": "paired",
    "paired_noninferiority": "paired",
    "pass_rate": "tries",
    "pass_rate_difference": "tries",
    "pareto_front": "front",
    "passes_limit": "single",
    "passes_needed": "single",
    "pettitt": "drift",
    "power": "sizing",
    "proportion": "single",
    "quantile": "single",
    "rater_drift": "drift",
    "rank_ranges": "simultaneous",
    "rater_report": "agreement",
    "judged_ratio_difference": "judged_ratios",
    "ratio": "ratios",
    "ratio_difference": "ratios",
    "raw_agreement": "agreement",
    "relative_lift": "lift",
    "sample_size": "sizing",
    "sensitivity_specificity": "detector",
    "Share": "simultaneous",
    "simultaneous_shares": "simultaneous",
    "stratum_weights": "weighted",
    "systematic_draw": "label_draw",
    "units_needed": "planning",
    "value_counts": "rating_counts",
    "word_components": "words",
}

__all__ = [
    "Agreement",
    "Alternative",
    "ClaimShape",
    "Consensus",
    "Design",
    "EProcess",
    "EProcessStatus",
    "Estimate",
    "FiniteSetStatus",
    "FiniteSetTest",
    "Front",
    "Joined",
    "LabelWorth",
    "LookStatus",
    "Mark",
    "Measurement",
    "Objective",
    "Pettitt",
    "PlannedLooks",
    "Population",
    "RaterDrift",
    "RaterReport",
    "RatingCounts",
    "Resampled",
    "ScoreKind",
    "SetReading",
    "Share",
    "UnitDesign",
    "anytime_p",
    "auroc",
    "auroc_difference",
    "benjamini_hochberg",
    "bootstrap",
    "boundaries",
    "cluster_fractions",
    "cohen_kappa",
    "corrected_rate",
    "dawid_skene",
    "detectable",
    "ece",
    "ece_difference",
    "fleiss_kappa",
    "gwet_ac1",
    "half_width",
    "holm",
    "judged_difference",
    "judged_mean",
    "judged_ratio_difference",
    "krippendorff_alpha",
    "label_chances",
    "label_worth",
    "labels_needed",
    "macro_f1",
    "macro_f1_difference",
    "max_t",
    "mean",
    "of_tries",
    "paired_contrast",
    "paired_difference",
    "paired_noninferiority",
    "pareto_front",
    "pass_rate",
    "pass_rate_difference",
    "passes_limit",
    "passes_needed",
    "pettitt",
    "power",
    "proportion",
    "quantile",
    "rank_ranges",
    "rater_drift",
    "rater_report",
    "ratio",
    "ratio_difference",
    "raw_agreement",
    "relative_lift",
    "sample_size",
    "sensitivity_specificity",
    "simultaneous_shares",
    "stratum_weights",
    "systematic_draw",
    "units_needed",
    "value_counts",
    "word_components",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'liftgate.stats' has no attribute {name!r}")
    return getattr(import_module(f"liftgate.stats.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return __all__
