"""Figures as PNG: of the right size in which something is drawn."""

from __future__ import annotations

import math
import re
import struct
import sys
import zlib

import pytest

from liftgate.documents.pictures import check_picture
from liftgate.errors import DataError
from liftgate.figures import ForestRow, Unit, forest, png, sparkline
from liftgate.figures.raster import FAMILIES

module = sys.modules["liftgate.figures.raster"]
ROW = ForestRow(label="mrr", value=0.05, deciding=(0.02, 0.08), text="+5.0 points")
FIGURE = forest([ROW], title="Difference", unit=Unit("points", 100))


def pixels(data: bytes) -> tuple[int, int, bytes]:
    """Return width, height and the bytes of the rows, filters undone for none but counted as is."""
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    width, height = struct.unpack(">II", data[16:24])
    at, packed = 8, b""
    while at < len(data):
        length, kind = struct.unpack(">I4s", data[at : at + 8])
        packed += data[at + 8 : at + 8 + length] if kind == b"IDAT" else b""
        at += 12 + length
    return width, height, zlib.decompress(packed)


@pytest.mark.parametrize("width", [400, 1200])
def test_a_png_has_the_width_that_was_asked_for_and_the_shape_of_the_figure(width: int) -> None:
    across, down, rows = pixels(png(FIGURE, width=width))
    view = re.search(r'viewBox="0 0 ([0-9.]+) ([0-9.]+)"', FIGURE.svg)
    assert across == width
    assert down == math.ceil(float(view[2]) * width / float(view[1]))
    assert len(set(rows)) > 20


def test_the_words_of_a_figure_are_in_its_png() -> None:
    other = forest([ForestRow(**{**vars(ROW), "label": "ndcg"})], title="Difference")
    assert png(FIGURE) != png(other)
    assert png(FIGURE) == png(FIGURE)


def test_a_figure_without_words_is_drawn_too() -> None:
    _, _, rows = pixels(png(sparkline([1.0, 3.0, 2.0], title="t"), width=240))
    assert len(set(rows)) > 10


def test_words_that_no_font_can_draw_are_an_error_and_not_left_out(monkeypatch) -> None:
    monkeypatch.setattr(module, "FAMILIES", ("No Such Family",))
    with pytest.raises(DataError, match="no font for the words") as caught:
        png(FIGURE)
    assert "fonts-dejavu-core" in str(caught.value.hint)


def test_a_family_that_is_not_there_is_passed_over(monkeypatch) -> None:
    monkeypatch.setattr(module, "FAMILIES", ("No Such Family", *FAMILIES))
    assert len(set(pixels(png(FIGURE))[2])) > 20


def test_without_resvg_the_error_says_what_to_install(monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "resvg_py", None)
    with pytest.raises(DataError, match="not installed") as caught:
        png(FIGURE)
    assert "liftgate[png]" in str(caught.value.hint)


@pytest.mark.parametrize("width", [0, -1, 8_001])
def test_a_width_that_is_none_is_refused(width: int) -> None:
    with pytest.raises(DataError, match=f"width: got {width}"):
        png(FIGURE, width=width)


def test_the_picture_of_a_gate_is_refused_before_anything_is_simulated(
    tmp_path, monkeypatch
) -> None:
    check_picture(tmp_path / "gate.png")
    monkeypatch.setitem(sys.modules, "resvg_py", None)
    check_picture(tmp_path / "gate.svg")
    with pytest.raises(DataError, match="needs resvg"):
        check_picture(tmp_path / "gate.png")
