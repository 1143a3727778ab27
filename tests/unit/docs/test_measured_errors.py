"""The published figures are those of a whole long run of the code that is here."""

from __future__ import annotations

import json

import pytest

from liftgate.flow.verify import experiments
from liftgate.stats.table import METHODS
from liftgate.stats.verify.page import anchor, band, figure, page
from liftgate.stats.verify.real import RealData
from tools import reference

JSON = reference.PAGES / "measured-errors.json"
PAGE = reference.PAGES / "measured-errors.md"


@pytest.fixture(scope="module")
def report():
    return json.loads(JSON.read_text("utf-8"))


def test_the_page_is_made_from_the_json(report):
    assert PAGE.read_text("utf-8") == reference.NOTE + page(report), "run: make docs"


def test_every_cell_of_the_code_was_measured_and_no_other(report):
    cells = {cell.name: cell for one in experiments(RealData()) for cell in one.cells}
    assert {one["name"] for one in report["cells"]} == set(cells)
    for one in report["cells"]:
        cell = cells[one["name"]]
        assert (one["at_least"], one["at_most"], one["gap"]) == (cell.low, cell.high, cell.gap)


def test_it_is_a_whole_long_run_in_which_nothing_missed_without_a_reason(report):
    assert report["form"] == "long"
    assert report["interrupted"] is False
    assert {one["outcome"] for one in report["cells"]} <= {"pass", "known miss"}
    assert all(one["gap"] for one in report["cells"] if one["outcome"] == "known miss")


def test_every_method_of_the_table_has_a_heading_to_link_to():
    headings = [line[3:] for line in PAGE.read_text("utf-8").splitlines() if line[:3] == "## "]
    assert {row.name for row in METHODS if row.test is not None} <= set(headings)
    assert len({anchor(heading) for heading in headings}) == len(headings)


def test_a_row_of_the_method_table_links_to_its_figures():
    methods = (reference.PAGES / "methods.md").read_text("utf-8")
    assert methods.count("([measured](measured-errors.md#paired-score-test)):") == 1
    assert anchor("ratio by Fieller's contrast") == "ratio-by-fiellers-contrast"
    assert anchor("Clopper–Pearson") == "clopperpearson"


def test_figures_are_printed_with_their_error_and_their_band():
    body = {"measured": 0.0512, "se": 0.0016, "at_least": None, "at_most": 0.057}
    assert figure(body) == "5.12 % ± 0.16"
    assert band(body) == "≤ 5.7 %"
    assert band({**body, "at_least": 0.945, "at_most": 0.975}) == "94.5 % … 97.5 %"
    assert band({**body, "at_most": None}) == "reported"
    assert figure({**body, "measured": None}) == "–"
