"""The example of summaries: its items, its floor, and what its demonstration says."""

from __future__ import annotations

import json

import pytest

from examples.summarise import docstrings
from examples.summarise.demo import decision, saved
from examples.summarise.docstrings import items, pilot_items, split
from examples.summarise.systems import first_words

REST = "words that say the same at more length, with all that a caller has to know about it"


def test_a_summary_is_the_first_paragraph_and_the_text_is_what_follows() -> None:
    head = "Return the :func:`sum <numpy.sum>` of ``a``."
    doc = f"{head}\n\n{REST}.\n\nParameters\n----------\na : int"
    assert split(doc) == ("Return the sum of a.", f"{REST}. Parameters a")
    assert len(f"{REST}. Parameters a".split()) == docstrings.MOST_WORDS


def test_a_signature_before_the_summary_is_no_summary() -> None:
    found = split(f"f(x, /)\n\nf(x, y)\n\nReturn a sum of both.\n\n{REST}")
    assert found is not None
    assert found[0] == "Return a sum of both."


@pytest.mark.parametrize(
    "doc",
    [
        "",
        "Return the sum of both.",
        f"Sum.\n\n{REST}",
        f"Wrapper for ``dgemm`` of the library.\n\n{REST}",
        f"A normal continuous random variable.\n\n{REST}",
        "Return the sum of both.\n\nToo short.",
    ],
)
def test_what_is_generated_or_too_short_is_left_out(doc) -> None:
    assert split(doc) is None


@pytest.fixture(scope="module")
def study():
    return items()


def test_the_pilot_and_the_study_share_no_module_and_so_no_item(study) -> None:
    pilot = pilot_items()
    assert (len(study), len(pilot)) == (docstrings.ITEMS, docstrings.PILOT_ITEMS)
    assert {item.cluster for item in study}.isdisjoint(item.cluster for item in pilot)
    assert len({item.input_digest for item in study}) == len(study)
    assert len({item.cluster for item in study}) == len(study)


def test_no_text_begins_with_its_own_summary(study) -> None:
    assert [i.id for i in study if i.input["text"].startswith(str(i.target))] == []


def test_the_floor_answers_with_the_first_words() -> None:
    assert first_words(3)({"text": "one two  three four", "name": "f"}) == "one two three"


DECIDED = {
    "exit_code": 0,
    "looks": {"items": 50, "planned_items": 100, "trials": 150, "trials_saved": 150},
    "prices": {"currency": "EUR"},
    "cost": {
        "f16": {"total": 0.5, "items": 50, "tokens_in": 1000, "tokens_out": 200},
        "floor": {"total": None, "items": 50, "tokens_in": None, "tokens_out": None},
    },
    "latency": {"f16": {"p50_ms": 800.0}},
}


def test_what_was_not_needed_is_said_in_calls_and_money() -> None:
    calls, money = saved(DECIDED)
    assert calls == "Calls: 150 decided, 150 of 300 were not needed"
    assert "0.500000 EUR; about 0.500000 EUR saved" in money


def test_only_answers_that_agree_to_the_byte_are_a_decision() -> None:
    said = json.dumps(DECIDED)
    assert decision(0, [said, said]) == DECIDED
    assert decision(0, [said, said + " "]) is None
    assert decision(4, [said, said]) is None
    assert decision(2, ["Error", "Error"]) is None
    assert decision(1, ["", ""]) is None
