"""The method table is complete, unambiguous, and what the docs print."""

import re
from itertools import product
from pathlib import Path

import numpy as np
import pytest

from liftgate.errors import NotEnoughData
from liftgate.stats.inputs import Sample
from liftgate.stats.kinds import ClaimShape, Design, Mark, ScoreKind, UnitDesign
from liftgate.stats.table import METHODS, build, choose, render

PAGE = Path(__file__).parents[3] / "docs" / "reference" / "methods.md"
CASES = list(product(ScoreKind, UnitDesign, ClaimShape, (False, True), Design))


@pytest.mark.parametrize(("kind", "units", "claim", "guarantee", "design"), CASES)
def test_every_case_has_one_row_and_only_a_guarantee_may_have_none(
    kind, units, claim, guarantee, design
):
    rows = [
        m
        for m in METHODS
        if kind in m.kinds
        and guarantee in m.guarantee
        and design in m.designs
        and (m.units, m.claim) == (units, claim)
    ]
    assert len(rows) == 1 or (guarantee and not rows)
    if not rows or rows[0].test is None:
        with pytest.raises(NotEnoughData, match=r"no( guaranteed)? method for"):
            choose(kind, units, claim, guarantee=guarantee, design=design)
    else:
        assert choose(kind, units, claim, guarantee=guarantee, design=design) is rows[0]


def test_whoever_asks_for_the_guarantee_gets_an_exact_row_or_a_refusal():
    asked = [row for row in METHODS if True in row.guarantee and row.test is not None]
    assert {row.mark for row in asked} == {Mark.EXACT, Mark.ANYTIME_EXACT}


def test_every_row_says_when_it_declines_and_whom_it_follows():
    names = [row.name for row in METHODS if row.test is not None]
    assert len(names) == len(set(names))
    for row in METHODS:
        assert row.refuses
        assert bool(row.reference) == (row.test is not None)


def test_a_row_without_a_method_builds_nothing():
    row = next(row for row in METHODS if row.test is None)
    with pytest.raises(NotEnoughData, match="refused always"):
        build(row, Sample(np.arange(9.0)))


def test_the_docs_page_is_the_table():
    # The page adds links to the measured figures.
    page = re.sub(r" \(\[measured\]\([^)]*\)\)", "", PAGE.read_text("utf-8"))
    assert page == render(), "run: make docs"
