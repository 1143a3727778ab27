"""What a notebook shows of every result: escaped, with pictures and their numbers, no noise."""

from __future__ import annotations

import inspect
import re
from collections.abc import Mapping, Sequence
from dataclasses import MISSING, fields, is_dataclass
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path
from types import UnionType
from typing import Any, get_args, get_origin, get_type_hints

import pytest
from pydantic import BaseModel

import liftgate
from liftgate import records
from liftgate.documents.notebook import decision_card
from liftgate.flow.compare import compare_each
from liftgate.records import Columns, Question, notebook
from liftgate.records.notebook import Card

HOSTILE = "<script>alert('x')</script>\"&\u202e"
ROOT = Path(__file__).resolve().parents[3]
NOW = datetime(2026, 1, 2, tzinfo=UTC)
TABLES = ROOT / "examples" / "compare"
CARDS = sorted(
    {one for one in vars(records).values() if inspect.isclass(one) and issubclass(one, Card)},
    key=lambda one: one.__name__,
)
NO_RESULTS = {"LiftgateError", "SystemFailed", "ScoreKind", "StepKind"}
"""Errors, and words of one value each."""
QUESTION = Question(columns=Columns(cluster="page"))


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.tags.append(tag)
        assert not [name for name, _ in attrs if name.startswith("on")]


def shown(record: Any) -> tuple[str, list[str]]:
    found = _Tags()
    text = record._repr_html_()
    found.feed(text)
    return text, found.tags


def made(kind: Any) -> Any:
    """Return a record with every text hostile."""
    hints = get_type_hints(kind, localns={"Sequence": Sequence, "Mapping": Mapping})
    return kind(**{f.name: value_of(hints[f.name]) for f in fields(kind) if wanted(f)})


def wanted(field: Any) -> bool:
    return (field.default is MISSING and field.default_factory is MISSING) or field.type == "str"


def value_of(hint: Any) -> Any:
    origin, args = get_origin(hint), get_args(hint)
    if origin is UnionType or str(origin) == "typing.Union":
        return value_of(args[0])
    if origin in (tuple, Sequence):
        return (value_of(args[0]),)
    if inspect.isclass(hint) and is_dataclass(hint):
        return made(hint)
    if inspect.isclass(hint) and hasattr(hint, "__members__"):
        return next(iter(hint))
    if origin is not None:
        return {HOSTILE: value_of(args[1])}
    return {bool: True, int: 3, float: 0.5, datetime: NOW}.get(hint, HOSTILE)


@pytest.mark.parametrize("kind", CARDS, ids=lambda kind: kind.__name__)
def test_a_hostile_text_in_any_field_of_a_record_stays_text(kind: type) -> None:
    record = made(kind)
    text, tags = shown(record)
    assert "script" not in tags
    assert "\u202e" not in text
    assert not re.search(r"<(?:Alternative|Reading|Status)\.", text)
    assert len(tags) > 3


@pytest.mark.parametrize("name", sorted({*liftgate._HOMES} - NO_RESULTS))
def test_every_public_result_shows_itself(name: str) -> None:
    value = getattr(liftgate, name)
    assert not inspect.isclass(value) or callable(getattr(value, "_repr_html_", None)), name


@pytest.fixture(scope="module")
def several() -> records.Comparisons:
    names = ("fusion.csv", "dense.csv")
    return compare_each(TABLES / "bm25.csv", [TABLES / name for name in names], QUESTION)


def test_a_comparison_shows_its_answer_a_picture_and_the_numbers_behind_it(several) -> None:
    comparison = several.comparisons[0]
    text, tags = shown(comparison)
    assert "better on recall_at_5, mrr" in text
    assert (tags.count("svg"), tags.count("details"), tags.count("table")) == (1, 1, 2)
    assert "currentColor" in text
    assert "6.92" in text
    assert len(text) < 10_000


def test_metrics_that_are_no_shares_stand_on_axes_of_their_own(several) -> None:
    one, other = several.comparisons[0].metrics
    assert len(notebook.differences([one.drawn(), other.drawn()])) == 1
    apart = [
        notebook.Drawn(m.metric, m.verdict.estimate, m.verdict.descriptive) for m in (one, other)
    ]
    assert len(notebook.differences(apart)) == 2


def test_several_candidates_are_one_table_with_the_pictures_of_each(several) -> None:
    text, tags = shown(several)
    assert tags.count("svg") == 2
    assert "fusion.csv" in text
    assert "dense.csv" in text


def test_in_an_interpreter_a_result_is_one_line(several) -> None:
    comparison = several.comparisons[0]
    items = tuple(records.Item(id=str(n), input={"q": "x"}) for n in range(1_000))
    for record in (several, comparison, comparison.metrics[0], records.Dataset("set", items)):
        assert len(repr(record)) < 310
        assert "\n" not in repr(record)
    assert repr(records.Dataset("set", items)) == "<Dataset: set; 1,000 items>"
    assert "difference +6.9 points" in repr(comparison.metrics[0])


def test_a_decision_of_a_study_is_a_card_with_the_reports_pictures(monkeypatch, tmp_path) -> None:
    import shutil

    folder = tmp_path / "study"
    shutil.copytree(ROOT / "examples" / "first-study", folder)
    monkeypatch.chdir(folder)
    monkeypatch.setenv("LIFTGATE_HOME", str(folder / ".liftgate"))
    found = liftgate.run_study(Path("study.yaml"), report=False)
    text, tags = shown(found)
    assert "SHIP: lenient ships" in text
    assert tags.count("svg") == len(found.figures()) == 2
    assert repr(found) == "<StudyRun: ship lenient; ledger entry 3>"
    named = decision_card({**found.body, "study": HOSTILE}, 3)
    assert "<script" not in named


def test_a_model_shows_what_is_zero_or_false_and_leaves_out_what_is_empty() -> None:
    class Bound(BaseModel):
        most: int = 0
        asked: bool = False
        share: float = 0.0
        note: str = ""
        roles: tuple[str, ...] = ()
        until: str | None = None

    class Shown(notebook.ModelCard, Bound):
        pass

    text, _ = shown(Shown())
    for name, value in (("most", "0"), ("asked", "no"), ("share", "0")):
        assert re.search(rf"{name}</[^>]+>\s*<td[^>]*>{value}<", text), text
    assert not any(name in text for name in ("note", "roles", "until"))
