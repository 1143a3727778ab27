"""What the gate says of a waiver or an approval is what every list of them says."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from liftgate.flow.gate_view import gate_view
from liftgate.flow.study_index import StudyIndex
from liftgate.ledger import consent
from liftgate.store import Workspace
from liftgate.study.lock import LOCKED
from tests.stories.offices import adopt, approve_by_hand, by_hand, hire, shown

SOON = (datetime.now(UTC) + timedelta(days=2)).isoformat()
LATE = (datetime.now(UTC) + timedelta(days=200)).isoformat()
SAID = {"study": "story", "conditions": ["items"], "owner": "bob", "reason": "x", "until": SOON}


@pytest.fixture
def strict(office):
    """Return an office whose policy wants more items than there are: a waiver would help."""
    policy = json.loads(shown(office, "scaleup"))
    policy["tiers"]["medium"]["least_items"] = 10_000
    adopt(office, policy, "bob")
    assert office("sign", "study.yaml", "--sign-with", "ada") == 0
    return office


def on_the_page(office):
    workspace = Workspace(office.home)
    rows = gate_view(StudyIndex(workspace), workspace, office.folder, study="story")["signatures"]
    return [(one["state"], one["why"]) for one in rows if one["act"] == "waived"]


def listed(office):
    office("exceptions", "--json")
    return [(one["state"], one["why"]) for one in json.loads(office.said)["exceptions"]]


def waived(office):
    office.conditions()
    (found,) = (one for one in office.body["standing"]["parts"] if one["name"] == "items")
    return found["waiver"] is not None


@pytest.mark.parametrize(
    ("by", "said", "state", "why"),
    [
        ("bob", {}, "open", ""),
        ("ada", {}, "void", "the author does not approve"),
        ("rai", {}, "void", "signed by too few: product"),
        ("bob", {"until": LATE}, "void", "it holds longer than 30 days"),
        ("bob", {"conditions": ["approvals"]}, "void", "approvals is never waived"),
        ("bob", {"conditions": []}, "void", "it names nothing"),
        # A statement is about the entry that it names, whatever it calls its study.
        ("rai", {"study": "other"}, "void", "signed by too few: product"),
    ],
)
def test_a_waiver_is_judged_once_for_the_gate_its_page_and_the_list(strict, by, said, state, why):
    by_hand(strict, strict.entries(LOCKED)[-1], consent.WAIVER, {**SAID, **said}, by)
    ((found, told),) = listed(strict)
    assert found == state
    assert why in told
    ((page, reason),) = on_the_page(strict)
    assert page == {"open": "valid", "void": "does not count"}[state]
    assert why in reason
    assert waived(strict) is (state == "open")
    if state == "void":
        strict("exceptions")
        assert f"void: {told}" in strict.said


def test_a_waiver_about_a_decision_or_without_an_owner_sets_nothing_aside_anywhere(strict):
    by_hand(strict, strict.entries("decision")[-1], consent.WAIVER, SAID, "bob")
    lacking = {name: said for name, said in SAID.items() if name != "owner"}
    by_hand(strict, strict.entries(LOCKED)[-1], consent.WAIVER, lacking, "bob")
    assert listed(strict) == [("void", "it is about no locked study")]
    assert on_the_page(strict) == [
        ("does not count", "it is about no locked study"),
        ("does not count", "it lacks what a waiver says"),
    ]
    assert not waived(strict)


def test_an_approval_in_a_role_that_the_approver_has_not_is_not_called_valid(office):
    assert office("sign", "study.yaml", "--sign-with", "ada") == 0
    approve_by_hand(office, "rai")
    workspace = Workspace(office.home)

    def approvals():
        rows = gate_view(StudyIndex(workspace), workspace, office.folder, study="story")
        return [
            (one["state"], one["why"]) for one in rows["signatures"] if one["act"] == "approved"
        ]

    why = "the trust file does not give it the role product"
    assert approvals() == [("does not count", why)]
    assert office.conditions()["approvals"] == "not met"
    office.status()
    assert why in office.said
    approve_by_hand(office, "bob")
    assert approvals()[1][0] == "not compared"


def test_a_lent_role_counts_on_the_page_as_it_does_for_the_gate(office):
    hire(office, carol="")
    assert office("sign", "study.yaml", "--sign-with", "ada") == 0
    lend = ("rights", "delegate", "--role", "product", "--reason", "holiday", "--until", SOON)
    assert office(*lend, "--who", "carol", "--sign-with", "bob") == 0, office.said
    words = ("approve", "study.yaml", "--role", "product", "--sign-with", "carol")
    assert office(*words) == 0, office.said
    workspace = Workspace(office.home)
    rows = gate_view(StudyIndex(workspace), workspace, office.folder, study="story")["signatures"]
    assert [one["state"] for one in rows if one["act"] == "approved"] == ["not compared"]
    approve_by_hand(office, "bob")
    rows = gate_view(StudyIndex(workspace), workspace, office.folder, study="story")["signatures"]
    told = {one["by"][0]: one["why"] for one in rows if one["act"] == "approved"}
    assert told["carol"] == "whoever delegated product signed as well"
    office.status()
    assert told["carol"] in office.said
