"""Statistics: frozen estimates, one method table, refusals instead of wrong numbers.

Names are imported when first used, so that the words (``kinds``) and the ``Estimate`` cost no
numpy to whoever only passes them on.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from liftgate.stats.eprocess import EProcess, EProcessStatus
    from liftgate.stats.estimate import Estimate
    from liftgate.stats.finite import FiniteSetStatus, FiniteSetTest, SetReading
    from liftgate.stats.kinds import (
        Alternative,
        ClaimShape,
        Design,
        Mark,
        Population,
        ScoreKind,
        UnitDesign,
    )
    from liftgate.stats.lift import relative_lift
    from liftgate.stats.looks import LookStatus
    from liftgate.stats.multiplicity import benjamini_hochberg, holm
    from liftgate.stats.paired import paired_contrast, paired_difference, paired_noninferiority
    from liftgate.stats.planned import PlannedLooks, cluster_fractions
    from liftgate.stats.planning import detectable, units_needed
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
    from liftgate.stats.single import mean, passes_limit, passes_needed, proportion, quantile
    from liftgate.stats.sizing import power, sample_size
    from liftgate.stats.spending import anytime_p, boundaries
    from liftgate.stats.weighted import stratum_weights

_HOMES = {
    "Alternative": "kinds",
    "ClaimShape": "kinds",
    "Design": "kinds",
    "EProcess": "eprocess",
    "EProcessStatus": "eprocess",
    "Estimate": "estimate",
    "FiniteSetStatus": "finite",
    "FiniteSetTest": "finite",
    "LookStatus": "looks",
    "Mark": "kinds",
    "PlannedLooks": "planned",
    "Population": "kinds",
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
    "detectable": "planning",
    "ece": "set_metrics",
    "ece_difference": "set_metrics",
    "holm": "multiplicity",
    "macro_f1": "set_metrics",
    "macro_f1_difference": "set_metrics",
    "max_t": "sign_flips",
    "mean": "single",
    "paired_contrast": "paired",
    "paired_difference": "paired",
    "paired_noninferiority": "paired",
    "passes_limit": "single",
    "passes_needed": "single",
    "power": "sizing",
    "proportion": "single",
    "quantile": "single",
    "ratio": "ratios",
    "ratio_difference": "ratios",
    "relative_lift": "lift",
    "sample_size": "sizing",
    "stratum_weights": "weighted",
    "units_needed": "planning",
}

__all__ = [
    "Alternative",
    "ClaimShape",
    "Design",
    "EProcess",
    "EProcessStatus",
    "Estimate",
    "FiniteSetStatus",
    "FiniteSetTest",
    "LookStatus",
    "Mark",
    "PlannedLooks",
    "Population",
    "Resampled",
    "ScoreKind",
    "SetReading",
    "UnitDesign",
    "anytime_p",
    "auroc",
    "auroc_difference",
    "benjamini_hochberg",
    "bootstrap",
    "boundaries",
    "cluster_fractions",
    "detectable",
    "ece",
    "ece_difference",
    "holm",
    "macro_f1",
    "macro_f1_difference",
    "max_t",
    "mean",
    "paired_contrast",
    "paired_difference",
    "paired_noninferiority",
    "passes_limit",
    "passes_needed",
    "power",
    "proportion",
    "quantile",
    "ratio",
    "ratio_difference",
    "relative_lift",
    "sample_size",
    "stratum_weights",
    "units_needed",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'liftgate.stats' has no attribute {name!r}")
    return getattr(import_module(f"liftgate.stats.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return __all__
