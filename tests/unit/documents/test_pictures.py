"""Pictures as files beside a comparison or a report, with their numbers on a page."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from liftgate.cli.main import main
from liftgate.documents.comparison import comparison_figures
from liftgate.documents.notebook import decision_figures
from liftgate.documents.pictures import save_pictures, with_numbers
from liftgate.errors import DataError, NotEnoughData

DATA = Path(__file__).parents[2] / "data"
COMPARE = Path(__file__).parents[3] / "examples" / "compare"
PNG = b"\x89PNG\r\n\x1a\n"


@pytest.fixture(scope="module")
def comparison():
    return comparison_figures(json.loads((DATA / "comparison.json").read_text("utf-8"))["metrics"])


@pytest.fixture(scope="module")
def decision():
    return decision_figures(json.loads((DATA / "decision.json").read_text("utf-8"))["body"], 4)


def code(*words):
    with pytest.raises(SystemExit) as stopped:
        main([str(word) for word in words])
    return stopped.value.code


@pytest.mark.parametrize("suffix", [".svg", ".png"])
def test_every_picture_is_a_file_of_its_own(decision, tmp_path, suffix) -> None:
    assert len(decision) > 2
    paths = save_pictures(decision, tmp_path / f"d{suffix}")
    names = [f"d{suffix}", *(f"d-{n}{suffix}" for n in range(2, len(decision) + 1))]
    assert [path.name for path in paths] == names
    for path in paths:
        if suffix == ".png":
            assert path.read_bytes().startswith(PNG)
        else:
            assert ET.parse(path).getroot().tag.endswith("svg")
    assert len({path.read_bytes() for path in paths}) == len(paths)


def test_a_page_holds_all_pictures_each_with_the_numbers_of_its_rows(comparison, tmp_path) -> None:
    (path,) = save_pictures(comparison, tmp_path / "d.html")
    page = path.read_text("utf-8")
    assert page.count("<svg ") == page.count("<table>") == len(comparison) > 1
    for figure in comparison:
        rows = re.findall("<tr><td>.*?</tr>", with_numbers(figure))
        assert len(rows) == len(figure.rows)
        for row, texts in zip(figure.rows, rows, strict=True):
            name, *cells = re.findall("<td>(.*?)</td>", texts)
            value, low, high = (float(cell.replace("−", "-")) for cell in cells[:3])
            wanted = [number * figure.unit.factor for number in row[1:4]]
            assert name == row[0]
            assert [value, low, high] == pytest.approx(wanted, abs=(high - low) / 50)


def test_names_in_a_picture_stay_text(tmp_path) -> None:
    metric = json.loads((DATA / "comparison.json").read_text("utf-8"))["metrics"][0]
    name = "<script>alert(1)</script>"
    figures = comparison_figures([{**metric, "metric": name}])
    (path,) = save_pictures(figures, tmp_path / "<b>.html")
    page = path.read_text("utf-8")
    assert "<script" not in page
    assert "&lt;script&gt;" in page
    assert "<b>" not in page


@pytest.mark.parametrize(
    ("file", "told"), [("d.gif", "suffix"), ("away/d.svg", "no folder"), ("d", "suffix")]
)
def test_a_file_that_cannot_be_drawn_is_refused_before_anything_else(tmp_path, file, told) -> None:
    with pytest.raises(DataError, match=told):
        save_pictures((), tmp_path / file)


def test_without_an_interval_no_picture_is_written(tmp_path) -> None:
    with pytest.raises(NotEnoughData, match="no interval"):
        save_pictures((), tmp_path / "d.svg")
    assert not list(tmp_path.iterdir())


def test_compare_writes_the_pictures_of_its_page(tmp_path, capsys) -> None:
    sides = (COMPARE / "bm25.csv", COMPARE / "dense.csv")
    page, picture = tmp_path / "page.html", tmp_path / "d.svg"
    assert code("compare", *sides, "--html", page, "--picture", picture) == 0
    assert f"Written: {picture}" in capsys.readouterr().out
    drawn = picture.read_text("utf-8")
    inside = re.search(r"<title>.*?</svg>", drawn, re.DOTALL)
    assert inside is not None
    assert inside[0] in page.read_text("utf-8")


def test_compare_refuses_a_picture_over_a_table_of_several_and_beside_the_ui(
    tmp_path, capsys
) -> None:
    table = tmp_path / "old.csv"
    table.write_text((COMPARE / "bm25.csv").read_text("utf-8"), encoding="utf-8")
    other = COMPARE / "dense.csv"
    for words, told in (
        ((table, other, "--picture", table), "suffix"),
        ((table, other, "--picture", tmp_path / "d.svg", "--ui"), "--picture"),
        ((table, other, "--against-each", other, "--picture", tmp_path / "d.svg"), "--picture"),
    ):
        assert code("compare", *words) == 2
        assert told in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["old.csv"]
