"""The colours of the pages keep to WCAG AA in light, dark and print."""

import re

import pytest

from liftgate.documents.page import stylesheet

PAIRS = [
    ("ink", "bg"),
    ("ink", "panel"),
    ("ink", "soft"),
    ("muted", "bg"),
    ("muted", "panel"),
    ("link", "panel"),
    ("good", "good-bg"),
    ("bad", "bad-bg"),
    ("open", "open-bg"),
    ("quiet", "quiet-bg"),
]


def schemes():
    blocks = re.findall(r":root \{(.*?)\}", stylesheet(), re.DOTALL)
    found = [dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", block)) for block in blocks]
    return dict(zip(("light", "dark", "print"), found, strict=True))


def luminance(colour):
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    r, g, b = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
    return 0.2126 * r + 0.7152 * g + 0.0722 * b


def contrast(a, b):
    light, dark = sorted((luminance(a), luminance(b)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_the_measure_itself_is_right():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("scheme", ["light", "dark", "print"])
@pytest.mark.parametrize(("front", "back"), PAIRS)
def test_text_can_be_read(scheme, front, back):
    colours = schemes()[scheme]
    assert contrast(colours[front], colours[back]) >= 4.5


@pytest.mark.parametrize("scheme", ["light", "dark", "print"])
def test_lines_that_carry_meaning_can_be_seen(scheme):
    colours = schemes()[scheme]
    assert contrast(colours["fails"], colours["panel"]) >= 3
    assert contrast(colours["muted"], colours["panel"]) >= 3


def test_every_scheme_names_the_same_colours_and_the_sheet_reaches_outside_for_nothing():
    names = [set(found) for found in schemes().values()]
    assert names[0] == names[1] == names[2]
    for reaching in ("url(", "@import", "http", "expression("):
        assert reaching not in stylesheet()
