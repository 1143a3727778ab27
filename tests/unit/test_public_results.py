"""What a public function returns shows itself in a notebook, with every foreign text escaped."""

from __future__ import annotations

import enum
import inspect
from collections.abc import Iterator
from dataclasses import dataclass, is_dataclass
from typing import Any, get_args, get_type_hints

import numpy as np

import liftgate
from liftgate import api, records, stats
from liftgate.stats.shown import Shown, words

HANDLES = {"Room", "Registry", "EProcess", "FiniteSetTest", "PlannedLooks"}
"""What one works with and does not look at: doors, and tests that are still taking rows."""


def classes_in(hint: Any) -> Iterator[type]:
    """Yield the classes of liftgate's that an annotation names."""
    for inner in get_args(hint):
        yield from classes_in(inner)
    if inspect.isclass(hint) and hint.__module__.startswith("liftgate"):
        yield hint


def results() -> dict[type, str]:
    """Return every class that a public function returns, or that is public itself in stats."""
    found: dict[type, str] = {}
    for module in (liftgate, api, stats):
        for name in module.__all__:
            value = getattr(module, name)
            if inspect.isfunction(value):
                for kind in classes_in(get_type_hints(value).get("return")):
                    found.setdefault(kind, f"{module.__name__}.{name}")
            elif module is stats and inspect.isclass(value):
                found.setdefault(value, f"{module.__name__}.{name}")
    skipped = (enum.Enum, Exception)
    return {kind: of for kind, of in found.items() if not issubclass(kind, skipped)}


def without_a_picture(found: dict[type, str]) -> list[str]:
    return [
        f"{kind.__module__}.{kind.__name__} of {of}"
        for kind, of in found.items()
        if kind.__name__ not in HANDLES and not callable(getattr(kind, "_repr_html_", None))
    ]


def test_every_result_of_a_public_function_shows_itself_in_a_notebook() -> None:
    found = results()
    assert len(found) > 60
    assert {kind.__name__ for kind in found} >= {*HANDLES, "Estimate", "Simulated", "Verified"}
    assert without_a_picture(found) == []


def test_a_result_that_does_not_show_itself_is_noticed() -> None:
    @dataclass
    class Plain:
        value: float

    assert without_a_picture({Plain: "here"})


def test_a_result_of_the_statistics_is_a_table_of_escaped_words() -> None:
    @dataclass
    class Result(Shown):
        sure_of: str
        values: Any
        empty: None = None

    shown = Result("<script>", np.array([0.25, 1.0]))._repr_html_()
    assert "<script" not in shown
    assert "sure of" in shown
    assert "0.25; 1" in shown
    assert "empty" not in shown


def test_values_are_told_in_few_words() -> None:
    estimate = stats.mean([0.0, 1.0, 1.0, 0.0, 1.0, 1.0] * 10)
    assert words(estimate).startswith("0.6667, 0.")
    assert words(list(range(40))) == "40 values"
    assert words({"a": True, "b": records.ScoreKind.BINARY}) == "a yes; b binary"


def test_what_the_statistics_return_is_shown_with_its_values() -> None:
    report = stats.rater_report([["a", "a"], ["b", "b"], ["a", "b"], ["a", "a"]])
    assert is_dataclass(report)
    assert "rater" in report._repr_html_().lower()
    drift = stats.pettitt([0.0, 1.0, 0.0, 1.0] * 5)
    assert "<table>" in drift._repr_html_()
