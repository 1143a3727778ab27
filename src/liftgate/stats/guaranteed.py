"""The rows of the method table for callers who ask for a proven level, before the data."""

from __future__ import annotations

from liftgate.stats.betting_bound import betting_bound
from liftgate.stats.exact import clopper_pearson, paired_exact
from liftgate.stats.kinds import ClaimShape, Mark, ScoreKind, UnitDesign
from liftgate.stats.method import EITHER, Method, refusal

ASKED = (True,)
"""What ``Method.guarantee`` says in these rows."""

_MEANS = (ClaimShape.DIFFERENCE, ClaimShape.CONTRAST, ClaimShape.MEAN)
_SINGLE, _CLUSTERED = UnitDesign.SINGLE, UnitDesign.CLUSTERED
_BETS = "Waudby-Smith & Ramdas 2024; Vovk & Wang 2021"
_BETTING = (
    "fixed-n betting on each side against every value, predictable plug-in bets averaged over "
    "fixed orders of the items; p = 1 / capital"
)
_BETTING_DOMAIN = (
    "level proven for any distribution in the range; items in an order not chosen by their scores"
)

GUARANTEED: tuple[Method, ...] = (
    Method(
        name="exact unconditional test",
        kinds=(ScoreKind.BINARY,),
        units=_SINGLE,
        claim=ClaimShape.DIFFERENCE,
        test=paired_exact,
        what="tables ordered by the score statistic, largest probability over the discordance, "
        "limits by inversion on a grid of 1/2000",
        refuses="more than 500 items",
        mark=Mark.EXACT,
        guarantee=ASKED,
        reference="Barnard 1947; Berger & Boos 1994; Berger & Sidik 2003; Sidik 2003",
        domain="one-sided error at 5 %, the worst over discordance, enumerated for nulls 0 … −0.1: "
        "at most 4.97 % at 10 items, 4.93 % at 30 and 60, 4.99 % at 100",
    ),
    Method(
        name="paired betting bound",
        kinds=(ScoreKind.GRADED,),
        units=_SINGLE,
        claim=ClaimShape.DIFFERENCE,
        test=betting_bound,
        what=f"{_BETTING}; on the differences",
        refuses="no items",
        mark=Mark.EXACT,
        guarantee=ASKED,
        reference=_BETS,
        domain=f"{_BETTING_DOMAIN}; times as wide as t with pseudo items on 40 real pairs, "
        "n = 50 / 100 / 200: 1.75 / 1.57 / 1.49",
    ),
    Method(
        name="contrast betting bound",
        kinds=(ScoreKind.BINARY, ScoreKind.GRADED),
        units=_SINGLE,
        claim=ClaimShape.CONTRAST,
        test=betting_bound,
        what=f"{_BETTING}; on candidate − (1 − ratio) · baseline",
        refuses="baseline mean not above 0",
        mark=Mark.EXACT,
        guarantee=ASKED,
        reference=_BETS,
        domain=_BETTING_DOMAIN,
    ),
    Method(
        name="Clopper–Pearson",
        kinds=(ScoreKind.BINARY,),
        units=_SINGLE,
        claim=ClaimShape.MEAN,
        test=clopper_pearson,
        what="exact binomial test of one proportion, limits in closed form",
        refuses="no items",
        mark=Mark.EXACT,
        guarantee=EITHER,
        reference="Clopper & Pearson 1934",
    ),
    Method(
        name="betting bound",
        kinds=(ScoreKind.GRADED,),
        units=_SINGLE,
        claim=ClaimShape.MEAN,
        test=betting_bound,
        what=_BETTING,
        refuses="no items",
        mark=Mark.EXACT,
        guarantee=ASKED,
        reference=_BETS,
        domain=_BETTING_DOMAIN,
    ),
    *(
        refusal(
            _SINGLE,
            claim,
            "no bound on the mean of unbounded scores can be guaranteed; declare the range that "
            "the scores have, or leave out the guarantee",
            kinds=(ScoreKind.UNBOUNDED,),
            guarantee=ASKED,
        )
        for claim in _MEANS
    ),
    *(
        refusal(
            _CLUSTERED,
            claim,
            "a guarantee over clusters needs a declared largest cluster and a bound on its sum; "
            "leave out the guarantee, or give one averaged score a cluster if clusters are what "
            "the claim is about",
            guarantee=ASKED,
        )
        for claim in _MEANS
    ),
    *(
        refusal(units, claim, "no exact method takes weights or strata", guarantee=ASKED)
        for claim in _MEANS
        for units in (UnitDesign.WEIGHTED, UnitDesign.STRATIFIED)
    ),
)
