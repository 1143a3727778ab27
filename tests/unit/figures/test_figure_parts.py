"""The parts of figures: text made safe, axes with round ticks, sparklines."""

import base64
import xml.etree.ElementTree as ET
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from liftgate.errors import DataError
from liftgate.figures import sparkline, standalone, visible
from liftgate.figures.axis import Axis, span, ticks
from liftgate.figures.figure import tag
from liftgate.figures.text import escape, one_line


@pytest.mark.parametrize(
    ("hidden", "code"),
    [
        ("\x00", "0000"),
        ("\x1b", "001B"),
        ("\x85", "0085"),
        ("\r", "000D"),
        ("\u202e", "202E"),
        ("\u2066", "2066"),
        ("\u200b", "200B"),
        ("\ufeff", "FEFF"),
        ("\u2028", "2028"),
        ("\U000e0041", "E0041"),
        ("\ud800", "D800"),
        ("\ufffe", "FFFE"),
    ],
)
def test_what_cannot_be_seen_is_named(hidden, code):
    assert visible(f"a{hidden}b") == f"a⟨U+{code}⟩b"


@pytest.mark.parametrize(
    "kept", ["line\nbreak\ttab", "naïve", "日本　語", "👩\u200d🔬", "نمی\u200cخواهم", "a\u00a0b"]
)
def test_what_people_write_is_kept(kept):
    assert visible(kept) == kept


def test_windows_line_ends_become_line_ends():
    assert visible("a\r\nb") == "a\nb"


@settings(max_examples=200, deadline=None, derandomize=True)
@given(st.text(alphabet=st.characters(), max_size=40))
def test_any_text_survives_an_xml_parser(text):
    element = ET.fromstring(f'<a b="{escape(text)}">{escape(text)}</a>')
    assert (element.text or "") == visible(text)


@settings(max_examples=100, deadline=None, derandomize=True)
@given(st.text(max_size=80), st.integers(1, 30))
def test_one_line_is_one_line_and_keeps_to_its_length(text, length):
    assert len(one_line(text, length)) <= max(length, 2)
    assert "\n" not in one_line(text, length)


@settings(max_examples=200, deadline=None, derandomize=True)
@given(st.floats(-1e6, 1e6), st.floats(1e-6, 1e6))
def test_ticks_are_few_ordered_inside_and_told_apart(low, width):
    high = low + width
    if high - low < 1e-9 * max(abs(low), abs(high)):
        return
    found = ticks(low, high)
    values = [value for value, _ in found]
    assert 2 <= len(found) <= 11
    assert values == sorted(values)
    slack = 1e-6 * (high - low)
    assert low - slack <= values[0]
    assert values[-1] <= high + slack
    assert len({text for _, text in found}) == len(found)


def test_tick_texts_use_a_true_minus_and_thousands():
    assert [text for _, text in ticks(-2000, 2000, about=4)] == [
        "−2,000",
        "−1,000",
        "0",
        "1,000",
        "2,000",
    ]


def test_an_axis_keeps_what_lies_beyond_at_its_ends():
    axis = Axis(0, 10, 100, 200)
    assert [axis.at(v) for v in (-5, 0, 5, 10, 15)] == [100, 100, 150, 200, 200]


def test_a_span_is_never_empty():
    for values in ([], [0.0], [3.0, 3.0]):
        low, high = span(values)
        assert low < high


def test_a_tag_without_children_closes_itself_and_escapes_its_attributes():
    assert tag("p", {"x": 1.0, "a": '"<'}) == '<p x="1" a="&quot;&lt;"/>'
    assert tag("p", {"x": -0.001}) == '<p x="0"/>'


def test_a_sparkline_has_a_dot_for_each_value_and_a_limit():
    figure = sparkline([3.0, 1.0, 2.0], title="p95", limit=4.0)
    root = ET.fromstring(figure.svg)
    dots = [e for e in root if e.tag == "circle"]
    heights = [float(dot.get("cy")) for dot in dots]
    assert heights[1] > heights[2] > heights[0]
    assert [e for e in root if e.get("class") == "margin"]
    assert figure.rows == (("1", 3.0), ("2", 1.0), ("3", 2.0))


@pytest.mark.parametrize("values", [[], [float("nan")]])
def test_a_sparkline_of_nothing_is_refused(values):
    with pytest.raises(DataError):
        sparkline(values, title="x")


def test_a_figure_shows_itself_in_a_notebook_as_a_file_of_its_own() -> None:
    drawn = replace(sparkline([0.0, 1.0], title="<b>two</b>"), description='a "line" <i>')
    shown = drawn._repr_html_()
    assert "<b>" not in shown
    assert 'alt="a &quot;line&quot; &lt;i&gt;"' in shown
    file = shown.partition("base64,")[2].partition('"')[0]
    assert base64.b64decode(file).decode() == standalone(drawn.svg)
