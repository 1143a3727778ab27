"""The rows of the method table for unlimited looks."""

from __future__ import annotations

from liftgate.stats.gambler import betting_family
from liftgate.stats.kinds import ClaimShape, Design, Mark, ScoreKind, UnitDesign
from liftgate.stats.method import EITHER, Method, refusal

_ANYTIME = (Design.ANYTIME,)
_RANGED = (ScoreKind.BINARY, ScoreKind.GRADED)
_MEANS = {
    ClaimShape.DIFFERENCE: ("paired betting e-process", "on the differences"),
    ClaimShape.CONTRAST: (
        "contrast betting e-process",
        "on candidate − (1 − ratio) · baseline",
    ),
    ClaimShape.MEAN: ("betting e-process", "on the scores"),
}
_BETS = "Ville 1939; Waudby-Smith & Ramdas 2024; Ramdas, Grünwald, Vovk & Shafer 2023"
_UNITS = {
    UnitDesign.SINGLE: "",
    UnitDesign.CLUSTERED: ", whole clusters over the largest one of the lock",
}

UNLIMITED: tuple[Method, ...] = (
    *(
        Method(
            name=name + (" over clusters" if units is UnitDesign.CLUSTERED else ""),
            kinds=_RANGED,
            units=units,
            claim=claim,
            test=betting_family,
            what="mixture over 16 fixed stakes of the capital against each value, "
            f"{where}{over}; p = 1 / the largest capital so far, limits by inversion",
            refuses="no items"
            + ("; baseline mean not above 0" if claim is ClaimShape.CONTRAST else "")
            + ("; a cluster larger than the lock knows" if over else ""),
            mark=Mark.ANYTIME_EXACT,
            guarantee=EITHER,
            designs=_ANYTIME,
            reference=_BETS,
        )
        for claim, (name, where) in _MEANS.items()
        for units, over in _UNITS.items()
    ),
    *(
        refusal(
            units,
            claim,
            "a bet needs a declared range; declare one, or plan the looks",
            kinds=(ScoreKind.UNBOUNDED,),
            designs=_ANYTIME,
        )
        for claim in _MEANS
        for units in _UNITS
    ),
    *(
        refusal(units, claim, "no bet takes weights or strata; plan the looks", designs=_ANYTIME)
        for claim in _MEANS
        for units in (UnitDesign.WEIGHTED, UnitDesign.STRATIFIED)
    ),
    *(
        refusal(
            units,
            claim,
            "test it once, at a planned number of items or passes",
            designs=_ANYTIME,
        )
        for claim in ClaimShape
        if claim not in _MEANS
        for units in UnitDesign
    ),
)
