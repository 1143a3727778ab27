"""The picture of a gate says its numbers, and refuses what cannot be drawn."""

from __future__ import annotations

import itertools
import re
from xml.etree import ElementTree as ET

import pytest

from liftgate.errors import DataError
from liftgate.figures import Outcome, Unit, outcomes

ROWS = (
    Outcome(-0.1, (0.0, 0.0, 0.01), (0.9, 0.88, 0.92), (0.1, 0.08, 0.12)),
    Outcome(0.0, (0.05, 0.04, 0.06), (0.05, 0.04, 0.06), (0.9, 0.88, 0.92)),
    Outcome(0.1, (0.85, 0.8, 0.9), (0.0, 0.0, 0.01), (0.15, 0.1, 0.2)),
)


def test_the_data_of_the_picture_are_its_numbers() -> None:
    figure = outcomes(ROWS, title="a <gate>", description="d", unit=Unit("points", 100.0))
    assert figure.rows[1] == (0.0, 0.05, 0.04, 0.06, 0.05, 0.04, 0.06, 0.9, 0.88, 0.92)
    assert len(figure.header) == len(figure.rows[0])
    ET.fromstring(figure.svg)
    assert "a &lt;gate&gt;" in figure.svg
    assert ">10<" in figure.svg  # the axis is in points


def test_each_line_has_its_own_dashes_and_its_name_at_its_end() -> None:
    svg = outcomes(ROWS, title="t").svg
    traces = re.findall(r'<polyline class="trace"[^>]*>', svg)
    dashes = {re.search(r'stroke-dasharray="([^"]*)"', t).group(1) for t in traces[1:]}  # type: ignore[union-attr]
    assert len(traces) == 3
    assert "stroke-dasharray" not in traces[0]
    assert len(dashes) == 2
    for name in ("SHIP", "HOLD", "can&#x27;t tell"):
        assert f">{name}<" in svg


def test_names_of_lines_that_end_together_do_not_cover_each_other() -> None:
    same = tuple(Outcome(x, (0.3, 0.3, 0.3), (0.3, 0.3, 0.3), (0.4, 0.4, 0.4)) for x in (0.0, 1.0))
    svg = outcomes(same, title="t").svg
    heights = [
        float(y) for y in re.findall(r'y="([\d.]+)"[^>]*>(?:SHIP|HOLD|can&#x27;t tell)<', svg)
    ]
    assert len(heights) == 3
    assert min(b - a for a, b in itertools.pairwise(heights)) >= 12


@pytest.mark.parametrize(
    "rows",
    [
        ROWS[:1],
        (ROWS[1], ROWS[0]),
        (ROWS[0], Outcome(0.0, (float("nan"), 0, 0), (0, 0, 0), (0, 0, 0))),
    ],
)
def test_what_cannot_be_drawn_is_refused(rows: tuple[Outcome, ...]) -> None:
    with pytest.raises(DataError, match="outcomes"):
        outcomes(rows, title="t")
