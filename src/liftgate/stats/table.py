"""The method table: kind of score × units × claim × guarantee → method, refusal, reference.

The code walks it (``choose``), the docs are generated from it (``render``). Which row serves a
claim is fixed before the data; no row is ever chosen by what the data look like. Whoever asks for
the guarantee asks before the data, too, and gets a row whose level is proven, or a refusal.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from liftgate.errors import NotEnoughData
from liftgate.stats.guaranteed import ASKED, GUARANTEED
from liftgate.stats.inversion import Family
from liftgate.stats.jackknife import SET_METRIC_ROWS
from liftgate.stats.judged_rows import JUDGED_ROWS
from liftgate.stats.kinds import ClaimShape, Design, Mark, ScoreKind, UnitDesign
from liftgate.stats.method import EITHER, Method
from liftgate.stats.method_pages import BESIDE, page_of
from liftgate.stats.ranks import order_statistic, sign_over_passes
from liftgate.stats.rogan_gladen import CORRECTED_RATE_ROWS
from liftgate.stats.score import paired_score
from liftgate.stats.student import student
from liftgate.stats.sums import RATIO_ROWS
from liftgate.stats.unlimited import UNLIMITED
from liftgate.stats.weighted import WEIGHTED_ROWS

_ALL = tuple(ScoreKind)
_RANGED = (ScoreKind.BINARY, ScoreKind.GRADED)
_UNBOUNDED = (ScoreKind.UNBOUNDED,)
_SINGLE, _CLUSTERED = UnitDesign.SINGLE, UnitDesign.CLUSTERED

_FEW_ITEMS = "fewer than 6 items (df below 5)"
_FEW_CLUSTERS = "one cluster; df below 5"
_NO_SPREAD = "values without spread"
_NO_BASELINE = "baseline mean not above 0"
_PSEUDO = "two pseudo items at the tested value ± h, one worst item and Hall's transformation"
_PSEUDO_CLUSTERS = (
    "two pseudo clusters at the tested value ± h, one worst cluster and Hall's transformation"
)
_T = "Student 1908; pseudo items after Agresti & Caffo 2000; Hall 1992"
_CR2 = "Bell & McCaffrey 2002; Pustejovsky & Tipton 2018; Satterthwaite 1946; Hall 1992"
_FIELLER = "Fieller 1954"
_DOMAIN_T = "skew is corrected and warned about"
_DOMAIN_GUARDED = (
    "one-sided error at 5 %, 150 to 400 real pairs: mean 3.5 / 4.3 %, worst 5.4 / 6.0 % at "
    "n = 100 / 200"
)

METHODS: tuple[Method, ...] = (
    Method(
        name="paired score test",
        kinds=(ScoreKind.BINARY,),
        units=_SINGLE,
        claim=ClaimShape.DIFFERENCE,
        test=paired_score,
        what="McNemar's z at 0, the score test of Tango and Nam elsewhere; limits by bisection",
        refuses=_FEW_ITEMS,
        mark=Mark.ASYMPTOTIC,
        reference="McNemar 1947; Nam 1997; Tango 1998",
        domain="one-sided error at 5 %, the worst over discordances up to 0.99, enumerated for "
        "nulls 0 … −0.1: 5.6 % at 30 items, 5.8 % at 50, 5.3 % from 100; warned about below 30 "
        "items or 10 discordant pairs",
    ),
    Method(
        name="paired t with pseudo items",
        kinds=(ScoreKind.GRADED,),
        units=_SINGLE,
        claim=ClaimShape.DIFFERENCE,
        test=student,
        what=f"t on the differences with {_PSEUDO}, h = half the score range",
        refuses=_FEW_ITEMS,
        mark=Mark.ASYMPTOTIC,
        reference=_T,
        domain=_DOMAIN_GUARDED,
    ),
    Method(
        name="paired t",
        kinds=_UNBOUNDED,
        units=_SINGLE,
        claim=ClaimShape.DIFFERENCE,
        test=student,
        what="t on the differences, after Hall's transformation where that is more cautious",
        refuses=f"{_FEW_ITEMS}; {_NO_SPREAD}",
        mark=Mark.ASYMPTOTIC,
        reference="Student 1908; Hall 1992",
        domain=_DOMAIN_T,
    ),
    Method(
        name="paired CR2 with pseudo clusters",
        kinds=_RANGED,
        units=_CLUSTERED,
        claim=ClaimShape.DIFFERENCE,
        test=student,
        what="CR2 variance and Satterthwaite's t for the mean over items of the differences, with "
        f"{_PSEUDO_CLUSTERS}, h = half the score range",
        refuses=_FEW_CLUSTERS,
        mark=Mark.ASYMPTOTIC,
        reference=_CR2,
        domain=_DOMAIN_T,
    ),
    Method(
        name="paired CR2",
        kinds=_UNBOUNDED,
        units=_CLUSTERED,
        claim=ClaimShape.DIFFERENCE,
        test=student,
        what="CR2 variance and Satterthwaite's t for the mean over items of the differences",
        refuses=f"{_FEW_CLUSTERS}; {_NO_SPREAD}",
        mark=Mark.ASYMPTOTIC,
        reference=_CR2,
        domain=_DOMAIN_T,
    ),
    Method(
        name="contrast t with pseudo items",
        kinds=_RANGED,
        units=_SINGLE,
        claim=ClaimShape.CONTRAST,
        test=student,
        what=f"t on candidate − (1 − ratio) · baseline with {_PSEUDO}, "
        "h = a quarter of the contrast's range",
        refuses=f"{_FEW_ITEMS}; {_NO_BASELINE}",
        mark=Mark.ASYMPTOTIC,
        reference=f"{_FIELLER}; {_T}",
        domain=_DOMAIN_T,
    ),
    Method(
        name="contrast t",
        kinds=_UNBOUNDED,
        units=_SINGLE,
        claim=ClaimShape.CONTRAST,
        test=student,
        what="t on candidate − (1 − ratio) · baseline",
        refuses=f"{_FEW_ITEMS}; {_NO_SPREAD}; {_NO_BASELINE}",
        mark=Mark.ASYMPTOTIC,
        reference=_FIELLER,
        domain=_DOMAIN_T,
    ),
    Method(
        name="contrast CR2 with pseudo clusters",
        kinds=_RANGED,
        units=_CLUSTERED,
        claim=ClaimShape.CONTRAST,
        test=student,
        what="CR2 variance and Satterthwaite's t for candidate − (1 − ratio) · baseline, with "
        f"{_PSEUDO_CLUSTERS}, h = a quarter of the contrast's range",
        refuses=f"{_FEW_CLUSTERS}; {_NO_BASELINE}",
        mark=Mark.ASYMPTOTIC,
        reference=f"{_FIELLER}; {_CR2}",
        domain=_DOMAIN_T,
    ),
    Method(
        name="contrast CR2",
        kinds=_UNBOUNDED,
        units=_CLUSTERED,
        claim=ClaimShape.CONTRAST,
        test=student,
        what="CR2 variance and Satterthwaite's t for candidate − (1 − ratio) · baseline",
        refuses=f"{_FEW_CLUSTERS}; {_NO_SPREAD}; {_NO_BASELINE}",
        mark=Mark.ASYMPTOTIC,
        reference=f"{_FIELLER}; {_CR2}",
        domain=_DOMAIN_T,
    ),
    Method(
        name="t with pseudo items",
        kinds=(ScoreKind.GRADED,),
        units=_SINGLE,
        claim=ClaimShape.MEAN,
        test=student,
        what=f"t with {_PSEUDO}, h = half the score range",
        refuses=_FEW_ITEMS,
        mark=Mark.ASYMPTOTIC,
        reference=_T,
        domain=_DOMAIN_T,
    ),
    Method(
        name="t",
        kinds=_UNBOUNDED,
        units=_SINGLE,
        claim=ClaimShape.MEAN,
        test=student,
        what="t",
        refuses=f"{_FEW_ITEMS}; {_NO_SPREAD}",
        mark=Mark.ASYMPTOTIC,
        reference="Student 1908; Hall 1992",
        domain=_DOMAIN_T,
    ),
    Method(
        name="CR2 with pseudo clusters",
        kinds=_RANGED,
        units=_CLUSTERED,
        claim=ClaimShape.MEAN,
        test=student,
        what="CR2 variance and Satterthwaite's t for the mean over items, with "
        f"{_PSEUDO_CLUSTERS}, h = half the score range",
        refuses=_FEW_CLUSTERS,
        mark=Mark.ASYMPTOTIC,
        reference=_CR2,
        domain=_DOMAIN_T,
    ),
    Method(
        name="CR2",
        kinds=_UNBOUNDED,
        units=_CLUSTERED,
        claim=ClaimShape.MEAN,
        test=student,
        what="CR2 variance and Satterthwaite's t for the mean over items",
        refuses=f"{_FEW_CLUSTERS}; {_NO_SPREAD}",
        mark=Mark.ASYMPTOTIC,
        reference=_CR2,
        domain=_DOMAIN_T,
    ),
    Method(
        name="order statistics",
        kinds=_ALL,
        units=_SINGLE,
        claim=ClaimShape.QUANTILE,
        test=order_statistic,
        what="binomial test of the count beyond a value; limits are observed values",
        refuses="no items; an end that n cannot bound is given as unbounded",
        mark=Mark.EXACT,
        guarantee=EITHER,
        reference="David & Nagaraja 2003, section 7.1",
    ),
    Method(
        name="no method",
        kinds=_ALL,
        units=_CLUSTERED,
        claim=ClaimShape.QUANTILE,
        test=None,
        what="none",
        refuses="always: the binomial count needs independent items; "
        "measure the quantile once in each of several separate passes",
        mark=Mark.EXACT,
        guarantee=EITHER,
        reference="",
    ),
    Method(
        name="sign test over passes",
        kinds=_ALL,
        units=_SINGLE,
        claim=ClaimShape.PASSES,
        test=sign_over_passes,
        what="sign test of the passes within the limit, p = 2^−R when all R are",
        refuses="one pass",
        mark=Mark.EXACT,
        guarantee=EITHER,
        reference="David & Nagaraja 2003, section 7.1",
        domain="exact where passes are independent and alike",
    ),
    Method(
        name="no method",
        kinds=_ALL,
        units=_CLUSTERED,
        claim=ClaimShape.PASSES,
        test=None,
        what="none",
        refuses="always: a pass is itself the independent unit",
        mark=Mark.EXACT,
        guarantee=EITHER,
        reference="",
    ),
    *WEIGHTED_ROWS,
    *RATIO_ROWS,
    *SET_METRIC_ROWS,
    *GUARANTEED,
    *UNLIMITED,
    *JUDGED_ROWS,
    *CORRECTED_RATE_ROWS,
)


@cache
def choose(
    kind: ScoreKind,
    units: UnitDesign,
    claim: ClaimShape,
    *,
    guarantee: bool = False,
    design: Design = Design.FIXED,
) -> Method:
    """Return the row that serves a kind of score, units and shape of claim.

    Args:
        kind: what values the scores can take.
        units: what the independent units are.
        claim: which quantity is estimated.
        guarantee: whether the level must be proven; asked before the data.
        design: how often the data may be looked at.

    Raises:
        NotEnoughData: the row is a refusal; the message says why and what to do.
    """
    rows = (
        m
        for m in METHODS
        if kind in m.kinds
        and guarantee in m.guarantee
        and design in m.designs
        and (m.units, m.claim) == (units, claim)
    )
    row = next(rows, None)
    asked = " guaranteed" if guarantee else ""
    if row is None:
        raise NotEnoughData(
            f"no{asked} method for a {claim.value} of {kind.value} scores over {units.value} units",
            hint="Leave out the guarantee.",
        )
    if row.test is None:
        raise NotEnoughData(
            f"no{asked} method for a {claim.value} of {kind.value} scores over {units.value} "
            f"units: refused {row.refuses}"
        )
    return row


def build(row: Method, sample: Any) -> Family:
    """Return a row's family of tests for a sample.

    Raises:
        NotEnoughData: the row has no method, or its method declines.
    """
    if row.test is None:
        raise NotEnoughData(f"{row.name}: refused {row.refuses}")
    return row.test(sample)


def render() -> str:
    """Return the table as a Markdown page, for docs/reference/methods.md."""
    beside = ", ".join(f"[{what}](methods/{page})" for page, what in BESIDE.items())
    lines = [
        "# Which method serves which claim",
        "",
        "Generated from `liftgate.stats.table` by `make docs`; do not edit.",
        "",
        "The row is fixed by the kind of score, the units and the claim, never by the results. "
        "Verdict, p-value and limits of a row invert one and the same test. With `guarantee=True` "
        '("asked for") the level is proven for every distribution, at a price in width. '
        "Each method has a page: formula, paper, validity, refusals, measured error.",
        "",
        f"Beside the table: {beside}.",
    ]
    for claim in ClaimShape:
        lines += ["", f"## {claim.value.capitalize()}", ""]
        lines += ["| scores | units | looks | guarantee | method | refused | mark | reference |"]
        lines += ["|" + "---|" * 8]
        lines += [_line(row) for row in METHODS if row.claim is claim]
    return "\n".join(lines) + "\n"


def _line(row: Method) -> str:
    kinds = ", ".join(kind.value for kind in row.kinds)
    note = f" ({row.domain})" if row.domain else ""
    method = row.name
    if row.test is not None:
        method = f"**[{row.name}]({page_of(row)})**: {row.what}{note}"
    mark = "" if row.test is None else row.mark.value
    asked = {ASKED: "asked for", EITHER: "either"}.get(row.guarantee, "")
    looks = "unlimited" if Design.ANYTIME in row.designs else "one, planned"
    cells = (kinds, row.units.value, looks, asked, method, row.refuses, mark, row.reference)
    return "| " + " | ".join(cells) + " |"
