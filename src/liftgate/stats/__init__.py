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
    from liftgate.stats.looks import LookStatus
    from liftgate.stats.multiplicity import holm
    from liftgate.stats.paired import (
        paired_contrast,
        paired_difference,
        paired_noninferiority,
        relative_lift,
    )
    from liftgate.stats.planned import PlannedLooks, cluster_fractions
    from liftgate.stats.planning import detectable, units_needed
    from liftgate.stats.single import mean, passes_limit, passes_needed, proportion, quantile
    from liftgate.stats.spending import anytime_p, boundaries

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
    "ScoreKind": "kinds",
    "SetReading": "finite",
    "UnitDesign": "kinds",
    "anytime_p": "spending",
    "boundaries": "spending",
    "cluster_fractions": "planned",
    "detectable": "planning",
    "holm": "multiplicity",
    "mean": "single",
    "paired_contrast": "paired",
    "paired_difference": "paired",
    "paired_noninferiority": "paired",
    "passes_limit": "single",
    "passes_needed": "single",
    "proportion": "single",
    "quantile": "single",
    "relative_lift": "paired",
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
    "ScoreKind",
    "SetReading",
    "UnitDesign",
    "anytime_p",
    "boundaries",
    "cluster_fractions",
    "detectable",
    "holm",
    "mean",
    "paired_contrast",
    "paired_difference",
    "paired_noninferiority",
    "passes_limit",
    "passes_needed",
    "proportion",
    "quantile",
    "relative_lift",
    "units_needed",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'liftgate.stats' has no attribute {name!r}")
    return getattr(import_module(f"liftgate.stats.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return __all__
