"""The Pareto picture: every number in its place, the standing by shape and in words."""

import xml.etree.ElementTree as ET

import pytest

from liftgate.errors import DataError
from liftgate.figures import FrontAxis, FrontPoint, Unit, inline, pareto, standalone

X = FrontAxis("latency_mean_ms", Unit("ms"), higher_is_better=False)
Y = FrontAxis("recall_at_5", Unit("points", 100.0), higher_is_better=True)
POINTS = [
    FrontPoint(
        label="small",
        standing="on the front",
        x=2.0,
        y=0.5,
        x_interval=(1.5, 2.5),
        y_interval=(0.45, 0.55),
    ),
    FrontPoint(label="middle", standing="not distinguishable", x=5.0, y=0.6, y_interval=(0.5, 0.7)),
    FrontPoint(label="<b>large", standing="dominated", x=9.0, y=0.4, x_interval=(None, 10.0)),
]


def figure(points=POINTS):
    return pareto(points, x=X, y=Y, title="Trade", description="How to read it.")


def by_class(root, name):
    return [e for e in root.iter() if name in e.get("class", "").split()]


def test_each_standing_has_a_shape_of_its_own_and_stands_in_words_and_in_the_data():
    made = figure()
    root = ET.fromstring(made.svg)
    (front,), (open_one,), (cross,) = (
        by_class(root, name) for name in ("front", "open", "dominated")
    )
    assert front.get("fill") == "currentColor"
    assert (open_one.tag, open_one.get("fill")) == ("circle", "none")
    assert cross.tag == "path"
    assert "middle: not distinguishable." in root.find("desc").text
    assert [row[:2] for row in made.rows] == [(p.label, p.standing) for p in POINTS]
    assert "● on the front" in "".join(root.itertext())
    assert not any("#" in e.get("fill", "") + e.get("stroke", "") for e in root.iter())


def test_better_is_where_the_arrows_say_and_larger_numbers_are_right_and_above():
    root = ET.fromstring(figure().svg)
    (front,), (open_one,) = by_class(root, "front"), by_class(root, "open")
    assert float(front.get("cx")) < float(open_one.get("cx"))
    assert float(front.get("cy")) > float(open_one.get("cy"))
    text = "".join(root.itertext())
    assert "latency_mean_ms (ms), better ←" in text
    assert "recall_at_5 (points), better ↑" in text


def test_points_stand_where_the_ticks_of_their_axis_say():
    root = ET.fromstring(figure().svg)
    ticks = [e for e in by_class(root, "tick") if e.get("text-anchor") == "middle"]
    first, last = ticks[0], ticks[-1]
    share = (2.0 - float(first.text)) / (float(last.text) - float(first.text))
    at = float(first.get("x")) + share * (float(last.get("x")) - float(first.get("x")))
    (front,) = by_class(root, "front")
    assert float(front.get("cx")) == pytest.approx(at, abs=0.05)


def test_intervals_are_drawn_and_an_open_end_reaches_the_edge():
    root = ET.fromstring(figure().svg)
    bars = by_class(root, "wide")
    assert len(bars) == 4
    (front,) = by_class(root, "front")
    across = [b for b in bars if b.get("y1") == b.get("y2") == front.get("cy")]
    assert float(across[0].get("x1")) < float(front.get("cx")) < float(across[0].get("x2"))
    assert min(float(b.get("x1")) for b in bars) == 52.0


def test_foreign_labels_stay_text():
    assert "<b>" not in figure().svg
    assert "&lt;b&gt;large" in figure().svg


def test_what_cannot_be_drawn_is_refused():
    with pytest.raises(DataError, match="'bad'"):
        figure([FrontPoint(label="bad", standing="", x=float("nan"), y=1.0)])


def test_a_file_carries_its_style_for_light_and_dark_and_a_page_takes_it_without():
    svg = figure().svg
    file = standalone(svg)
    root = ET.fromstring(file)
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    assert "prefers-color-scheme:dark" in file
    assert inline(file) == svg


def test_other_markup_is_no_picture():
    with pytest.raises(DataError, match="svg"):
        standalone("<p>text</p>")
