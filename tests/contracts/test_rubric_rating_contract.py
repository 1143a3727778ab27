"""What every rubric can do with people, whatever it asks about: run over all built-in ones."""

from __future__ import annotations

import pytest

from liftgate.humans import results, sheets
from liftgate.humans.desk import rubric_view
from liftgate.humans.subjects import Gold, Side, Subject
from liftgate.records import Anchor, Rubric, RubricKind, RubricScale, RubricUnit
from liftgate.study.rubric import built_in_rubrics, find_rubric
from tests.unit.humans.made import Desks

SURVEY = Rubric(
    "satisfaction", "1", "made up", "How satisfied are you with what is shown?",
    RubricScale(
        RubricKind.ORDINAL,
        tuple(Anchor(n, f"{n} of 4", f"when it is {n}", key) for n, key in enumerate("usc", 1)),
    ),
)  # fmt: skip
KINDS_OF_FAILURE = Rubric(
    "failure", "1", "made up", "What went wrong?",
    RubricScale(
        RubricKind.NOMINAL,
        (Anchor(0, "none", "nothing did", "n"), Anchor(1, "tool", "a tool did", "t")),
    ),
)  # fmt: skip
RUBRICS = dict.fromkeys(built_in_rubrics()) | {
    "a survey without an answer": SURVEY,
    "a design review by names": KINDS_OF_FAILURE,
}


@pytest.fixture(params=list(RUBRICS))
def rubric(request, tmp_path):
    return RUBRICS[request.param] or find_rubric(request.param, tmp_path)


@pytest.fixture
def made(rubric, tmp_path):
    sides = 2 if rubric.unit is RubricUnit.PAIR else 0 if rubric is SURVEY else 1
    pool = [
        Subject(
            f"s{n}", f"s{n}", {"Shown": f"this {n}"}, tuple(Side(f"{n}.{s}") for s in range(sides))
        )
        for n in range(14)
    ]
    gold = [
        Gold(Subject(f"g{n}", f"g{n}", {"Shown": "gold"}, tuple(Side("x") for _ in range(sides))),
             rubric.scale.high)
        for n in range(2)
    ]  # fmt: skip
    return Desks(tmp_path, pool=pool, rubric_=rubric, gold=gold, items=12, overlap=6, repeats=2)


def test_every_key_of_its_page_does_one_thing(rubric):
    view = rubric_view(type("Batch", (), {"rubric": rubric}))
    keys = [anchor["key"] for anchor in view["anchors"]] + list(view["commands"].values())
    assert len(set(keys)) == len(keys)


def test_it_is_rated_to_the_end_agreed_on_and_exported(made, rubric):
    for rater in made.batch.raters:
        values = rubric.scale.values
        made.rate_all(rater, lambda subject, n, values=values: values[n % len(values)])
    acts = made.ratings.acts()
    found = results.labels(made.batch, acts)
    assert len(found) == len(acts) == sum(map(len, made.batch.tasks.values()))
    assert results.agreement(made.batch, found).subjects == 6
    assert {one.rater for one in results.drift(made.batch, found)} == {"ann", "bob"}
    rows = sheets.label_rows(made.batch, found, acts, everything=True)
    assert {row["value"] for row in rows} <= set(rubric.scale.values)
    for form in sheets.FORMATS:
        assert len(sheets.read(sheets.write(rows, form), form)) == len(rows)


def test_its_sheet_takes_values_labels_and_keys(made, rubric):
    texts = made.texts.__getitem__
    rows = sheets.sheet(made.batch, "ann", texts)
    anchor = rubric.scale.anchors[-1]
    for row, given in zip(rows, [anchor.label, anchor.key, f"{anchor.value:g}"], strict=False):
        row["value"] = given
    assert sheets.take_in(made.batch, rows, made.ratings, texts)[0] == 3
    assert {act.value for act in made.ratings.acts()} == {anchor.value}
