"""People are counted, not keys: whoever holds two keys signs once, and not under one's own work."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from liftgate.canon import canonical, parse
from liftgate.errors import BrokenChain, DataError
from liftgate.flow.gate_view import gate_view
from liftgate.flow.study_index import StudyIndex
from liftgate.ledger import Ledger, consent, dsse
from liftgate.ledger import trust as trusts
from liftgate.ledger.keys import load_key
from liftgate.ledger.trust import Trust, Trusted
from liftgate.lineage import pack_verifier
from liftgate.store import Workspace
from liftgate.study.lock import LOCKED
from tests.stories.attack_table import assert_told
from tests.stories.offices import adopt, approve_by_hand, by_hand, hire, second_key, shown

SOON = (datetime.now(UTC) + timedelta(days=2)).isoformat()
APPROVE = ("approve", "study.yaml", "--role", "product", "--sign-with")


def test_two_keys_of_one_person_are_one_approval(office):
    policy = json.loads(shown(office, "scaleup"))
    policy["tiers"]["medium"]["approvals"] = {"product": 2}
    adopt(office, policy)
    second_key(office, "bob-laptop", "bob", "product")
    assert office("sign", "study.yaml", "--sign-with", "ada") == 0
    assert office(*APPROVE, "bob") == 0
    assert office(*APPROVE, "bob-laptop") == 0
    assert office.status() == 1
    assert_told("two keys of one person sign", office.said)
    approve_by_hand(office, "bob-laptop")
    assert office.status() == 1
    hire(office, sue="product")
    assert office(*APPROVE, "sue") == 0
    assert office.status() == 0, office.said


def test_one_person_fills_one_place_whatever_roles_the_keys_have(office):
    policy = json.loads(shown(office, "scaleup"))
    policy["tiers"]["medium"]["approvals"] = {"product": 1, "engineering": 1}
    adopt(office, policy)
    second_key(office, "bob-laptop", "bob", "engineering")
    assert office("sign", "study.yaml", "--sign-with", "ada") == 0
    assert office(*APPROVE, "bob") == 0
    engineering = ("approve", "study.yaml", "--role", "engineering", "--sign-with")
    assert office(*engineering, "bob-laptop") == 0
    assert office.status() == 1
    assert "(0 of 1)" in office.said


def test_the_author_does_not_approve_with_another_key(office):
    second_key(office, "ada-laptop", "ada", "product")
    assert office("sign", "study.yaml", "--sign-with", "ada") == 0
    assert office(*APPROVE, "ada-laptop") == 1
    assert_told("the author approves with another key", office.said)
    approve_by_hand(office, "ada-laptop")
    assert office.status() == 1
    assert_told("the author approves with another key", office.said)


def test_a_policy_is_not_weakened_by_two_keys_of_one_person(office):
    hire(office, eng="engineering")
    strict = json.loads(shown(office, "scaleup"))
    strict["changing"]["ordinary"] = {"engineering": 2}
    adopt(office, strict)
    second_key(office, "eng-2", "eng", "engineering")
    other = {**strict, "waivers": {**strict["waivers"], "longest_days": 3}}
    office.folder.joinpath("own.yaml").write_text(json.dumps(other))
    both = ("--sign-with", "eng", "--sign-with", "eng-2")
    assert office("policy", "adopt", "own.yaml", *both) == 1
    assert "engineering: 1 of 2: eng" in office.said


def test_a_waiver_by_the_author_or_a_conflicted_person_with_another_key_holds_nowhere(office):
    hire(office, kim="compliance")
    policy = json.loads(shown(office, "scaleup"))
    policy["tiers"]["medium"]["least_items"] = 10_000
    adopt(office, policy, "bob")
    second_key(office, "ada-laptop", "ada", "product")
    assert office("sign", "study.yaml", "--sign-with", "ada") == 0
    assert office(*APPROVE, "bob") == 0
    waive = ("waive", "study.yaml", "--condition", "items", "--until", "5d", "--reason", "x",
             "--owner", "bob", "--sign-with")  # fmt: skip
    assert office(*waive, "ada-laptop") == 1, office.said
    assert office.status() == 1
    office("exceptions", "--json")
    assert json.loads(office.said)["counts"]["waivers"] == {"void": 1}
    against = ("rights", "conflict", "story", "--who", "bob", "--reason", "owns shares")
    assert office(*against, "--sign-with", "kim") == 0
    second_key(office, "bob-laptop", "bob", "product")
    assert office(*waive, "bob-laptop") == 1
    office("exceptions", "--json")
    assert json.loads(office.said)["counts"]["waivers"] == {"void": 2}
    assert office.status() == 1
    assert "conflict of interest: owns shares" in office.said


def test_the_gate_page_calls_no_signature_valid_that_the_gate_does_not_count(office):
    second_key(office, "ada-laptop", "ada", "product")
    assert office("sign", "study.yaml", "--sign-with", "ada") == 0
    approve_by_hand(office, "ada-laptop")
    lock = office.entries(LOCKED)[-1]
    said = {"study": "story", "owner": "bob", "reason": "x", "until": SOON}
    for name in ("ada-laptop", "bob"):
        by_hand(office, lock, consent.WAIVER, {**said, "conditions": ["fresh", name]}, name)
    workspace = Workspace(office.home)
    rows = gate_view(StudyIndex(workspace), workspace, office.folder, study="story")["signatures"]
    told = {(one["act"], *one["by"]): (one["state"], one["why"]) for one in rows}
    assert told["approved", "ada-laptop"] == ("does not count", "the author does not approve")
    why = "signed by too few: product; ada-laptop (the author does not approve)"
    assert told["waived", "ada-laptop"] == ("does not count", why)
    assert told["waived", "bob"][0] == "valid"


def test_exceptions_are_judged_by_the_policy_that_the_study_asks_for(office):
    """The lightest policy asks for a decider, the study's own for somebody of product."""
    hire(office, dee="decider")
    lock = office.entries(LOCKED)[-1]
    said = {"study": "story", "conditions": ["fresh"], "owner": "dee", "reason": "x", "until": SOON}
    by_hand(office, lock, consent.WAIVER, said, "dee")
    office("exceptions", "--json")
    assert json.loads(office.said)["counts"]["waivers"] == {"void": 1}


def test_a_delegate_does_not_sign_beside_another_key_of_whoever_sent_them(office):
    policy = json.loads(shown(office, "scaleup"))
    policy["tiers"]["medium"]["approvals"] = {"product": 2}
    adopt(office, policy)
    hire(office, carol="")
    second_key(office, "bob-laptop", "bob", "product")
    assert office("sign", "study.yaml", "--sign-with", "ada") == 0
    lend = ("rights", "delegate", "--role", "product", "--reason", "holiday", "--until", SOON)
    assert office(*lend, "--who", "bob-laptop", "--sign-with", "bob") == 1
    assert "nobody sends themselves" in office.said
    assert office(*lend, "--who", "carol", "--sign-with", "bob") == 0
    assert office(*APPROVE, "carol") == 0
    assert office(*APPROVE, "bob-laptop") == 0
    assert office.status() == 1
    assert_told("a delegate signs beside whoever sent them", office.said)


def test_two_delegates_whom_one_person_sent_with_two_keys_are_one(office):
    policy = json.loads(shown(office, "scaleup"))
    policy["tiers"]["medium"]["approvals"] = {"product": 2}
    adopt(office, policy)
    hire(office, carol="", dora="")
    second_key(office, "bob-laptop", "bob", "product")
    assert office("sign", "study.yaml", "--sign-with", "ada") == 0
    lend = ("rights", "delegate", "--role", "product", "--reason", "holiday", "--until", SOON)
    assert office(*lend, "--who", "carol", "--sign-with", "bob") == 0
    assert office(*lend, "--who", "dora", "--sign-with", "bob-laptop") == 0
    for name in ("carol", "dora"):
        assert office(*APPROVE, name) == 0
    assert office.status() == 1
    assert "another delegate of the same person signed" in office.said


def test_an_author_who_lends_a_role_with_another_key_gains_nothing(office):
    hire(office, carol="")
    second_key(office, "ada-laptop", "ada", "product")
    assert office("sign", "study.yaml", "--sign-with", "ada") == 0
    lend = ("rights", "delegate", "--role", "product", "--reason", "x", "--until", SOON)
    assert office(*lend, "--who", "carol", "--sign-with", "ada-laptop") == 0
    assert office(*APPROVE, "carol") == 0
    assert office.status() == 1
    assert "delegated by somebody who may not sign this" in office.said


def test_who_proposed_an_act_does_not_agree_or_review_with_another_key(office):
    hire(office, ann="engineering", ivy="incident-commander")
    second_key(office, "ann-2", "ann", "product")
    words = ("rights", "propose", "experiment-online", "--title", "try it", "--sign-with", "ann")
    assert office(*words) == 1, office.said
    number = str(office.entries("act.proposed")[-1].sequence)
    answer = ("rights", "answer", number, "agree", "--role", "product", "--sign-with", "ann-2")
    assert office(*answer) == 1
    assert "the author does not agree" in office.said
    second_key(office, "ivy-2", "ivy", "director")
    glass = ("break-glass", "study.yaml", "--scope", "all", "--reason", "down", "--acceptor", "ivy",
             "--until", "6h", "--sign-with", "ivy")  # fmt: skip
    assert office(*glass) == 0, office.said
    made = str(office.entries("statement")[-1].sequence)
    review = ("rights", "review", made, "--note", "fine", "--sign-with", "ivy-2")
    assert office(*review) == 0
    assert office("exceptions") == 0
    assert "1 due" in office.said
    hire(office, dan="director")
    assert office("rights", "review", made, "--note", "fine", "--sign-with", "dan") == 0
    office("exceptions")
    assert "1 reviewed" in office.said


def test_owners_of_the_trust_file_are_people(office):
    second_key(office, "owner-2", "owner", owner=True)
    assert office("keys", "trust", "ada.pub.json", "--quorum", "2", "--sign-with", "owner") == 2
    assert "expected 1 to 1" in office.said
    hire(office, olga="")
    olga = ("keys", "trust", "olga.pub.json", "--as-owner", "--quorum", "2", "--sign-with", "owner")
    assert office(*olga) == 0, office.said
    words = ("keys", "trust", "ada.pub.json", "--role", "product", "--sign-with", "owner")
    assert office(*words, "--sign-with", "owner-2") == 2
    assert "signed by 1 of its owners, expected 2" in office.said
    assert office(*words, "--sign-with", "olga") == 0, office.said


def test_two_keys_of_one_owner_change_no_trust_file_neither_here_nor_for_who_checks_a_pack(office):
    second_key(office, "owner-2", "owner", owner=True)
    hire(office, olga="")
    olga = ("keys", "trust", "olga.pub.json", "--as-owner", "--quorum", "2", "--sign-with", "owner")
    assert office(*olga) == 0, office.said
    file = office.home / "trust.json"
    held = trusts.load(file)
    payload = canonical({**parse(held.envelopes[-1].payload), "version": held.version + 1,
                         "previous": held.digest})  # fmt: skip
    for names, counts in (("owner", "owner-2"), False), (("owner", "olga"), True):
        made = dsse.sign(trusts.TYPE, payload, [load_key(name) for name in names])
        fields = json.loads(file.read_text())
        fields["versions"].append(made.as_json())
        if counts:
            assert trusts.read(fields["versions"], "here").version == held.version + 1
            assert pack_verifier.read_trust(json.dumps(fields))
            continue
        with pytest.raises(BrokenChain, match="signed by 1 of its owners, expected 2"):
            trusts.read(fields["versions"], "here")
        with pytest.raises(ValueError, match="is not in order"):
            pack_verifier.read_trust(json.dumps(fields))


def test_a_key_that_looks_like_a_second_one_is_not_trusted_until_somebody_says_whose_it_is(office):
    for name in ("bob-laptop", "bob2", "bob.x"):
        assert office("keys", "new", name) == 0
        trust = ("keys", "trust", f"{name}.pub.json", "--sign-with", "owner")
        assert office(*trust) == 2
        assert_told("a second key passes for another person", office.said)
    assert office(*trust, "--person", "B0B") == 2
    assert "reads like 'bob'" in office.said
    assert office(*trust, "--person", "bob") == 0, office.said
    assert office(*trust, "--person", "") == 2
    assert "expected at most 64 letters" in office.said
    assert office("keys", "list") == 0
    assert "of bob" in office.said


def test_keys_of_one_person_never_become_two_people(office):
    """The owner could split them afterwards, when both have signed."""
    second_key(office, "bob-laptop", "bob", "product")
    trust = trusts.load(office.home / "trust.json")
    for change in ({"person": "rob"}, {"person": ""}):
        split = tuple(
            Trusted(one.key, one.roles, one.service, **change)
            if one.key.name == "bob-laptop" else one
            for one in trust.keys
        )  # fmt: skip
        made = Trust(trust.version, trust.quorum, trust.owners, split, trust.envelopes)
        with pytest.raises(Exception, match="and stay") as caught:
            made.sealed([load_key("owner")])
        assert isinstance(caught.value.__cause__, BrokenChain)
        _refused_by_who_checks_a_pack(office, change)
    words = ("keys", "trust", "bob-laptop.pub.json", "--person", "rob", "--sign-with", "owner")
    assert office(*words) == 2
    # Roles are said anew without saying again whose key it is.
    again = ("keys", "trust", "bob-laptop.pub.json", "--role", "engineering", "--sign-with")
    assert office(*again, "owner") == 0
    kept = trusts.load(office.home / "trust.json").named("bob-laptop")
    assert (kept.person, kept.roles) == ("bob", ("engineering",))


def _refused_by_who_checks_a_pack(office, change):
    """Sign, past the program, a version that parts the keys, or one that drops the second."""
    held = trusts.load(office.home / "trust.json")
    fields = parse(held.envelopes[-1].payload)
    parted = [{**{k: v for k, v in one.items() if k != "person"}, **change}
              if one["name"] == "bob-laptop" else one for one in fields["keys"]]  # fmt: skip
    dropped = [one for one in fields["keys"] if one["name"] != "bob-laptop"]
    spelt = [{**one, "person": one["person"].upper()} if "person" in one else one
             for one in fields["keys"]]  # fmt: skip
    for keys, sound in ((parted, False), (dropped, False), (spelt, True)):
        payload = canonical({**fields, "keys": keys, "version": held.version + 1,
                             "previous": held.digest})  # fmt: skip
        made = dsse.sign(trusts.TYPE, payload, [load_key("owner")])
        told = json.loads((office.home / "trust.json").read_text())
        told["versions"].append(made.as_json())
        if sound:
            assert pack_verifier.read_trust(json.dumps(told))
            continue
        with pytest.raises(ValueError, match=f"version {held.version + 1} parts keys"):
            pack_verifier.read_trust(json.dumps(told))


def test_who_checks_a_pack_is_told_which_keys_are_one_person_s(office):
    second_key(office, "bob-laptop", "Bob", "product")
    assert office("sign", "study.yaml", "--sign-with", "ada") == 0
    assert office(*APPROVE, "bob-laptop") == 0
    assert office("ledger", "pack", "story", "--out", "story.zip") == 0, office.said
    lines = pack_verifier.verify(office.folder / "story.zip")
    assert any(line.endswith("signed by bob-laptop (bob)") for line in lines), lines
    assert any(line.endswith("signed by ada") for line in lines)
    assert any("whether those who signed are enough" in line for line in lines)


def test_a_trust_file_of_before_persons_were_said_is_read_as_it_was():
    owner = Trusted(load_or_make("solo").public, ("product",))
    assert "person" not in owner.as_json()
    assert owner.who == "solo"


def load_or_make(name):
    from liftgate.ledger.keys import Key, PublicKey

    start = datetime(2026, 1, 1, tzinfo=UTC)
    public = PublicKey(name, bytes(32), start, start + timedelta(days=9))
    return Key(public, bytes(32))


def test_a_consent_is_older_than_its_copy_by_another_key_of_the_same_person(office):
    """Escalation counts who signs in time: said again with a second key is not said later."""
    second_key(office, "bob-laptop", "bob", "product")
    decision = office.entries("decision")[-1]
    said = {"study": "story", "role": "product"}
    by_hand(office, decision, consent.APPROVAL, said, "bob")
    by_hand(office, decision, consent.APPROVAL, said, "bob-laptop",
            time=datetime.now(UTC) + timedelta(hours=5))  # fmt: skip
    trust = trusts.load(office.home / "trust.json")
    with Ledger.open(office.home, read_only=True) as ledger:
        given = [one for one in consent.given(ledger.entries(), trust) if one.act == "approval"]
    assert len({one.time for one in given}) == 1


def test_a_person_is_named_as_keys_are():
    with pytest.raises(DataError, match="expected at most 64 letters"):
        trusts.read([_version({"person": "a b"})], "here")


def _version(more):
    from liftgate.canon import canonical

    key = Trusted(load_or_make("solo").public).as_json() | more
    body = {"liftgate": 1, "version": 1, "time": datetime.now(UTC), "previous": trusts.GENESIS,
            "quorum": 1, "owners": [key["id"]], "keys": [key]}  # fmt: skip
    return dsse.Envelope(trusts.TYPE, canonical(body), ()).as_json()
