"""The picture of a claim over the looks says its numbers, and refuses what cannot be drawn."""

from __future__ import annotations

import itertools
import re
from dataclasses import replace
from xml.etree import ElementTree as ET

import pytest

from liftgate.errors import DataError
from liftgate.figures import Figure, Look, Margin, Unit, looks

PATH = (
    Look(look=1, items=20, value=None),
    Look(look=2, items=40, value=0.02, low=None, high=0.09),
    Look(look=3, items=60, value=0.04, low=0.01, high=0.07, shown=True),
)


def drawn(**changes: object) -> Figure:
    given = {"title": "a <claim>", "planned": 100, "unit": Unit("points", 100.0), **changes}
    return looks(PATH, **given)  # type: ignore[arg-type]


def height(found: str, kind: str) -> float:
    return float(re.search(rf'class="{kind}"[^>]* y1="([\d.]+)"', found).group(1))  # type: ignore[union-attr]


def test_the_data_of_the_picture_are_its_numbers() -> None:
    figure = drawn()
    assert figure.rows == (
        ("1", "20", None, None, None, "no"),
        ("2", "40", 0.02, None, 0.09, "no"),
        ("3", "60", 0.04, 0.01, 0.07, "yes"),
    )
    assert {len(row) for row in figure.rows} == {len(figure.header)}
    ET.fromstring(figure.svg)
    assert "a &lt;claim&gt;" in figure.svg
    for text in ("Look 1, 20 items: nothing yet.", "limits unbounded to 9, not shown", "4, limits"):
        assert text in figure.description


def test_a_look_that_shows_the_claim_is_told_by_its_shape() -> None:
    svg = drawn().svg
    assert re.findall(r'<circle class="(\w+)"', svg) == ["open", "shown"]
    assert svg.count('class="arrow deciding"') == 1


def test_larger_values_stand_higher_and_later_looks_farther_right() -> None:
    svg = drawn(tested=Margin(-0.03, "margin −3")).svg
    assert height(svg, "margin") > height(svg, "zero")
    across = [float(x) for x in re.findall(r'<circle [^>]*cx="([\d.]+)"', svg)]
    assert across == sorted(across)
    assert across[-1] < 400 * 0.7  # 60 of 100 items
    assert "margin −3" in svg


@pytest.mark.parametrize(("side", "below"), [("below", True), ("above", False)])
def test_the_side_that_fails_is_shaded(side: str, below: bool) -> None:
    svg = drawn(tested=Margin(0.03, "limit", side)).svg  # type: ignore[arg-type]
    found = re.search(r'<rect class="fails"[^>]* y="([\d.]+)"', svg)
    assert found is not None
    assert (float(found.group(1)) == height(svg, "margin")) is below


def test_numbers_under_the_axis_never_cover_each_other() -> None:
    many = [Look(look=i, items=2 * i, value=0.0, low=-0.1, high=0.1) for i in range(1, 51)]
    svg = looks(many, title="t", planned=1000).svg
    places = sorted(float(x) for x in re.findall(r'<text class="tick" x="([\d.]+)" y="193"', svg))
    assert places
    assert all(b - a >= 34 for a, b in itertools.pairwise(places))


@pytest.mark.parametrize(
    "path",
    [
        (),
        (PATH[1], PATH[0]),
        (replace(PATH[2], items=101),),
        (replace(PATH[2], items=0),),
        (replace(PATH[2], low=float("nan")),),
        (replace(PATH[2], value=float("inf")),),
    ],
)
def test_what_cannot_be_drawn_is_refused(path: tuple[Look, ...]) -> None:
    with pytest.raises(DataError, match="looks"):
        looks(path, title="t", planned=100)
