"""How far a study looked: every look of every claim is on the page, and what that saved."""

import copy
import json
import re

import pytest

from liftgate.documents.looks import how_far, looks_sentence
from liftgate.documents.page import BUDGETS
from tests.unit.documents.conftest import DATA
from tests.unit.documents.test_hostile_texts import ATTACKS, NEVER, skeleton

FOUND = json.loads((DATA / "decision_looks.json").read_text("utf-8"))
SAID = {"taken": 2, "of": 5, "items": 64, "planned_items": 160, "settled": True}


@pytest.fixture
def looked():
    return copy.deepcopy(FOUND["body"])


@pytest.fixture
def page(report):
    return lambda body: report(body, entry=3, texts=FOUND["texts"].get)


def test_the_fixture_was_made_by_a_study_that_settled_early(looked):
    assert looked["design"] == "planned-looks"
    assert 1 < looked["looks"]["taken"] < looked["looks"]["of"]
    assert {d["word"] for d in looked["decisions"]} == {"ship", "hold"}


def test_the_page_says_how_far_it_looked_and_what_that_saved(looked, page):
    shown = page(looked)
    assert "How far it looked" in shown.text
    assert (
        "Looked 4 of 5 times, at 128 of 160 items: 96 of 480 calls were not needed." in shown.text
    )
    assert ("a", {"href": "#looks"}) in shown.tags


def test_every_look_of_every_claim_of_every_candidate_is_a_row_with_its_numbers(looked, page):
    shown = page(looked)
    part = shown.source.split('id="looks"', 1)[1].split('id="arms"', 1)[0]
    rows = re.findall(r'<tr role="row"><th scope="row"(.*?)</tr>', part, re.DOTALL)
    points = [
        (step, point)
        for step in looked["looks"]["path"]
        for claims in step["candidates"].values()
        for point in claims.values()
    ]
    assert len(rows) == len(points) == 16
    texts = [" ".join(re.sub("<[^>]*>", " ", row.split(">", 1)[1]).split()) for row in rows]
    for step, point in points:
        head = f"{step['look']} of 5 {step['items']} exact"
        word = " shown" if point["rejected"] else " not shown"
        near = [t for t in texts if t.startswith(head) and t.endswith(word)]
        low, high = (100 * point[end] for end in ("low", "high"))
        ends = [re.search(r"points (\S+) to (\S+)", t).groups() for t in near]
        read = [tuple(float(e.replace("−", "-")) for e in pair) for pair in ends]
        assert any(abs(a - low) < 1 and abs(b - high) < 1 for a, b in read), (step, point)


def test_each_claim_is_drawn_with_its_data_and_the_tested_value(looked, page):
    shown = page(looked)
    for name in ("lenient", "swapped"):
        for claim in ("exact superior", "exact non-inferior"):
            assert f"{name}: {claim} over the looks" in shown.text
    assert "tested value +30 points" in shown.text
    assert "worse by 2 % of the baseline" in shown.text
    assert "candidate − 98 % of baseline" in shown.text
    assert sum(tag == "svg" and "looks" in a.get("class", "") for tag, a in shown.tags) == 4


def test_a_study_that_looks_once_has_no_such_section(decision, report):
    shown = report(decision)
    assert "How far it looked" not in shown.text
    assert how_far(decision, BUDGETS[0]) is None


def test_a_look_that_came_too_early_for_the_method_says_so(looked, page):
    first = looked["looks"]["path"][0]["candidates"]["lenient"]["primary"]
    first.update(value=None, low=None, high=None, p=None)
    assert "exact superior too early for the method" in page(looked).text


def test_where_no_look_was_reached_there_is_a_sentence_and_no_table(looked, page):
    looked["looks"].update(taken=0, items=0, settled=False, path=[])
    text = page(looked).text
    assert "No look was reached: the first of 5 needs more items" in text
    assert "over the looks" not in text


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        (
            {"trials": 128, "trials_saved": 192},
            "Looked 2 of 5 times, at 64 of 160 items: 192 of 320 calls were not needed.",
        ),
        ({"trials": 128, "trials_saved": 0}, "Looked 2 of 5 times, at 64 of 160 items."),
        # The run was broken off: what is missing was not saved.
        (
            {"trials": 128, "trials_saved": 192, "settled": False},
            "Looked 2 of 5 times, at 64 of 160 items.",
        ),
    ],
)
def test_calls_are_called_saved_only_where_nothing_was_left_to_settle(changes, sentence):
    assert looks_sentence({**SAID, **changes}) == sentence


def test_a_lean_page_keeps_the_table_and_drops_the_pictures(looked):
    lean = how_far(looked, BUDGETS[-1])
    assert [c.figures for c in lean.candidates] == [(), ()]
    assert lean.candidates[0].rows.shown
    assert lean.candidates[0].rows.left_out == 8 - BUDGETS[-1].listed


@pytest.mark.parametrize("name", ATTACKS)
def test_hostile_names_in_the_looks_add_no_element(name, looked, page):
    def planted(attack):
        """A candidate and a metric with an attack for a name."""
        body = copy.deepcopy(looked)
        for step in body["looks"]["path"]:
            step["candidates"][attack] = step["candidates"].pop("lenient")
        body["decisions"][0]["candidate"] = attack
        for verdict in body["decisions"][0]["verdicts"]:
            verdict["candidate"] = attack
        for claim in body["claims"]:
            claim["metric"] = attack if claim["metric"] == "exact" else claim["metric"]
        return body

    shown = page(planted(ATTACKS[name]))
    assert skeleton(shown) == skeleton(page(planted("harmless")))
    for character in NEVER:
        assert character not in shown.source
