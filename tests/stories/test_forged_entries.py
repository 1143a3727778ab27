"""What an account that may write appends: whole entries with right hashes, and nobody's word."""

from __future__ import annotations

import json

import pytest

from liftgate.flow.ledger import ACTIVATED
from liftgate.ledger import Ledger, consent
from tests.stories.attack_table import assert_told
from tests.stories.offices import adopt, by_hand, hire, shown


@pytest.fixture
def demanding(office):
    """Return an office whose policy asks for an activated gate and a reproduction."""

    def ask(level, tier):
        policy = json.loads(shown(office, level))
        policy["tiers"][tier] |= {
            "gate_activated": True,
            "entries": {"reproduction": {"kind": "run.reproduced", "days": 9,
                                         "accept": ["bitwise"]}},
            "studies": {"safety": 30},
        }  # fmt: skip
        adopt(office, policy, *(["bob"] if level == "scaleup" else []))

    office.ask = ask
    return office


def forge(office):
    """Append an activated gate, a reproduction and a safety study that ships."""
    decision = office.entries("decision")[-1]
    lock = office.entries("study.locked")[-1]
    body = lock.body
    activated = {"liftgate": 1, "study": "story", "study_digest": body["study_digest"],
                 "mutation_digest": "sha256:" + "0" * 64, "killed": []}  # fmt: skip
    runs = [entry.body["id"] for entry in office.entries("run.finished")]
    again = {"study": "story", "study_digest": body["study_digest"], "verdict": "bitwise",
             "runs": runs}  # fmt: skip
    safety = {**decision.body, "study": "safety"}
    with Ledger.open(office.home) as ledger:
        return [ledger.append(ACTIVATED, activated), ledger.append("run.reproduced", again),
                ledger.append("decision", safety, refs=decision.refs)]  # fmt: skip


NAMES = ("gate-activated", "entry:reproduction", "study:safety")


def test_where_decisions_are_signed_what_nobody_signed_counts_for_nothing(demanding):
    demanding.ask("scaleup", "medium")
    found = demanding.conditions()
    assert {found[name] for name in NAMES} == {"can't tell"}
    forged = forge(demanding)
    found = demanding.conditions()
    assert {found[name] for name in NAMES} == {"not met"}
    demanding.status()
    assert_told("an activated gate, a reproduction or another study is forged", demanding.said)
    # Nor does a machine's word or the author's own make another study's decision somebody's.
    assert demanding("sign", "study.yaml", "--sign-with", "ada") == 0
    for entry in forged:
        by_hand(demanding, entry, consent.REVIEW, {"note": "x"}, "robot")
    by_hand(demanding, forged[2], consent.RECORD, {"study": "safety"}, "ada")
    found = demanding.conditions()
    assert {found[name] for name in NAMES} == {"not met"}
    for entry in forged:
        by_hand(demanding, entry, consent.REVIEW, {"note": "x"}, "bob")
    found = demanding.conditions()
    assert {found[name] for name in NAMES} == {"met"}
    # An unsigned copy that comes later takes nothing away.
    with Ledger.open(demanding.home) as ledger:
        ledger.append(ACTIVATED, forged[0].body)
    assert demanding.conditions()["gate-activated"] == "met"


def test_where_nobody_signs_anything_an_entry_counts_as_it_is(demanding):
    """The lowest tier asks nobody: whoever may write may have written it, as the docs say."""
    arms = demanding.write()["arms"]
    for arm in arms.values():
        arm["params"]["x"] = 1
    demanding.write(study="light", tier="startup", arms=arms)
    demanding.ask("startup", "medium")
    assert demanding("run", "study.yaml", "--quiet", "--no-report") == 0, demanding.said
    found = demanding.conditions()
    assert {found[name] for name in NAMES} == {"can't tell"}
    decision = demanding.entries("decision")[-1]
    lock = demanding.entries("study.locked")[-1]
    activated = {"study": "light", "study_digest": lock.body["study_digest"]}
    with Ledger.open(demanding.home) as ledger:
        ledger.append(ACTIVATED, activated)
        ledger.append("decision", {**decision.body, "study": "safety"}, refs=decision.refs)
    found = demanding.conditions()
    assert [found[NAMES[0]], found[NAMES[2]]] == ["met", "met"]


def test_an_author_does_not_vouch_for_a_reproduction_of_their_own_study(demanding):
    hire(demanding, eng="engineering")
    assert demanding("keys", "trust", "ada.pub.json", "--role", "engineering", "--sign-with",
                     "owner") == 0  # fmt: skip
    policy = json.loads(shown(demanding, "scaleup"))
    need = {"kind": "run.reproduced", "days": 9, "signed": {"engineering": 1}}
    policy["tiers"]["medium"]["entries"] = {"reproduction": need}
    adopt(demanding, policy, "eng")
    assert demanding("sign", "study.yaml", "--sign-with", "ada") == 0
    entry = forge(demanding)[1]
    by_hand(demanding, entry, consent.REPRODUCTION, {}, "ada")
    assert demanding.conditions()["entry:reproduction"] == "not met"
    by_hand(demanding, entry, consent.REPRODUCTION, {}, "eng")
    assert demanding.conditions()["entry:reproduction"] == "met"
