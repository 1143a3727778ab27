"""Forest plots: every number in its place, and nothing that a reader cannot see."""

import xml.etree.ElementTree as ET

import pytest

from liftgate.errors import DataError
from liftgate.figures import ForestRow, Margin, Unit, forest, interval_bar
from liftgate.figures.forest import domain_of

POINTS = Unit("points", 100.0)
ROW = ForestRow(
    label="mrr",
    value=0.03,
    deciding=(0.01, 0.05),
    wide=(0.005, 0.055),
    margins=(Margin(-0.02, "margin −2 points"),),
    text="+3.0 points",
)


def drawn(*rows, **options):
    return ET.fromstring(forest(rows, title="Differences", unit=POINTS, **options).svg)


def by_class(root, name):
    return [e for e in root.iter() if name in e.get("class", "").split()]


def place(root, value):
    """Where a value must lie, worked out from two ticks of the drawn axis."""
    ticks = [e for e in by_class(root, "tick") if "unit" not in e.get("class").split()]
    first, last = ticks[0], ticks[-1]
    low, high = (float(t.text.replace("−", "-")) / 100 for t in (first, last))
    share = (value - low) / (high - low)
    return float(first.get("x")) + share * (float(last.get("x")) - float(first.get("x")))


def test_is_xml_with_a_title_a_description_and_the_role_of_a_picture():
    root = drawn(ROW, description="Right is better.")
    assert root.tag == "svg"
    assert root.get("role") == "img"
    assert root.find("title").text == "Differences"
    assert "Right is better. mrr: +3.0 points." in root.find("desc").text
    assert root.get("viewBox")
    assert root.get("width") is None


def test_point_limits_margin_and_zero_stand_where_the_axis_says():
    root = drawn(ROW)
    (deciding,) = by_class(root, "deciding")
    (wide,) = by_class(root, "wide")
    (margin,) = by_class(root, "margin")
    (zero,) = by_class(root, "zero")
    (point,) = by_class(root, "point")
    for element, attribute, value in [
        (point, "cx", 0.03),
        (deciding, "x1", 0.01),
        (deciding, "x2", 0.05),
        (wide, "x1", 0.005),
        (wide, "x2", 0.055),
        (margin, "x1", -0.02),
        (zero, "x1", 0.0),
    ]:
        assert float(element.get(attribute)) == pytest.approx(place(root, value), abs=0.05)
    assert float(deciding.get("stroke-width")) > float(wide.get("stroke-width"))
    assert margin.get("stroke-dasharray")
    assert "margin −2 points" in "".join(root.itertext())


def test_the_failing_side_of_a_margin_is_shaded():
    (below,) = by_class(drawn(ROW), "fails")
    limit = ForestRow(label="p95", value=0.3, margins=(Margin(1.0, "limit", "above"),))
    (above,) = by_class(drawn(limit), "fails")
    assert float(below.get("x")) < 10
    assert float(above.get("x")) + float(above.get("width")) > 390


def test_an_unbounded_end_is_an_arrow_and_a_bounded_one_is_not():
    open_below = ForestRow(label="a", value=0.0, deciding=(None, 0.01))
    open_above = ForestRow(label="a", value=0.0, deciding=(-0.01, None))
    assert len(by_class(drawn(open_below), "arrow")) == 1
    assert len(by_class(drawn(open_above), "arrow")) == 1
    assert by_class(drawn(ROW), "arrow") == []


def test_what_is_not_assessed_is_said_in_words_and_draws_no_point():
    root = drawn(ROW, ForestRow(label="faq", value=None, reason="too few: 4 clusters"))
    assert "not assessed: too few: 4 clusters" in "".join(root.itertext())
    assert len(by_class(root, "point")) == 1


def test_an_exact_value_has_no_interval():
    root = drawn(ForestRow(label="index", value=0.5))
    assert by_class(root, "deciding") == []
    assert len(by_class(root, "exact")) == 1


def test_the_data_rows_hold_every_number():
    absent = ForestRow(label="faq", value=None, reason="too few")
    figure = forest([ROW, absent], title="t", unit=POINTS)
    assert figure.rows[0] == ("mrr", 0.03, 0.01, 0.05, 0.005, 0.055, "margin −2 points")
    assert figure.rows[1][:2] == ("faq", "not assessed: too few")
    assert all(len(row) == len(figure.header) for row in figure.rows)


def test_without_a_zero_no_zero_line_is_drawn():
    assert by_class(drawn(ROW, zero=None), "zero") == []


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_a_number_that_is_none_is_refused_by_row(bad):
    with pytest.raises(DataError, match="row 'x': got"):
        forest([ForestRow(label="x", value=0.0, deciding=(bad, 1.0))], title="t")


def test_no_rows_and_a_single_value_still_make_a_picture():
    assert drawn().get("viewBox")
    assert by_class(drawn(ForestRow(label="a", value=0.0, deciding=(0.0, 0.0))), "point")


def test_long_labels_are_cut_in_the_picture_and_whole_in_the_data():
    label = "x" * 500
    figure = forest([ForestRow(label=label, value=0.0, text="+0.0")], title="t")
    shown = by_class(ET.fromstring(figure.svg), "label")[0].text
    assert shown.endswith("…")
    assert len(shown) < 60
    assert figure.rows[0][0] == label


def test_markup_and_overrides_in_labels_stay_text():
    label = "</text><script>alert(1)</script>\x00\u202e\"'&"
    root = drawn(ForestRow(label=label, value=None, reason=label, text=label))
    assert [e for e in root.iter() if "script" in e.tag] == []
    assert "⟨U+0000⟩" in "".join(root.itertext())
    assert "\u202e" not in "".join(root.itertext())


def test_a_small_picture_shares_its_axis_and_hides_from_screen_readers():
    domain = domain_of([ROW])
    root = ET.fromstring(interval_bar(ROW, domain=domain))
    other = ET.fromstring(
        interval_bar(ForestRow(label="b", value=0.03, deciding=(0.0, 0.05)), domain=domain)
    )
    assert root.get("aria-hidden") == "true"
    assert by_class(root, "point")[0].get("cx") == by_class(other, "point")[0].get("cx")
    assert by_class(root, "margin")
