"""Acts that somebody bends: moves of a registry, signatures said again, bound data, names."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from unittest import mock

import pytest
import yaml

from liftgate.canon import canonical
from liftgate.errors import DataError
from liftgate.flow import tags
from liftgate.flow.registry import MOVED
from liftgate.flow.standing import facts, picture
from liftgate.ledger import Ledger, consent, dsse, statements
from liftgate.ledger.keys import load_key
from liftgate.ledger.trust import Trust, Trusted
from liftgate.store import Workspace
from liftgate.testing.registry import MemoryRegistry
from tests.stories.attack_table import assert_told
from tests.stories.offices import adopt, by_hand, digest_of, shown

MODEL = "docs"


@pytest.fixture
def served(approved):
    """Return an approved office, with a registry of three versions behind its command line."""
    registry = MemoryRegistry()
    for version in ("1", "2", "3"):
        registry.add(MODEL, version, {"w.bin": f"sha256:{version * 64}"})
    registry.pointing[MODEL] = {"champion": "1"}
    with mock.patch("liftgate.flow.registry.open_registry", return_value=registry):
        promote = ("registry", "promote", "study.yaml", "--model", MODEL, "--model-version", "2")
        assert approved(*promote, *AT) == 0, approved.said
        yield approved, registry


AT = ("--registry", "memory:")
AUDIT = ("registry", "audit", *AT)
BACK = ("registry", "rollback", "--model", MODEL, "--reason", "it is slow", *AT)


def test_what_somebody_put_where_a_rollback_goes_is_not_served_by_a_rollback(served):
    office, registry = served
    assert office(*AUDIT) == 0, office.said
    registry.pointing[MODEL]["rollback"] = "3"
    assert office(*BACK) == 2
    assert_told("a version is put where a rollback goes", office.said)
    assert registry.pointing[MODEL]["champion"] == "2"
    # Nor does a version that was served by hand become what a rollback goes to.
    registry.pointing[MODEL] = {"champion": "3", "rollback": "1"}
    assert office(*BACK) == 0, office.said
    assert registry.pointing[MODEL] == {"champion": "1", "rollback": "1"}
    assert office(*AUDIT) == 0
    assert office(*BACK) == 2


def test_an_alias_moved_by_hand_before_a_promotion_is_nothing_to_go_back_to(served):
    office, registry = served
    registry.pointing[MODEL]["champion"] = "3"
    promote = ("registry", "promote", "study.yaml", "--model", MODEL, "--model-version", "2", *AT)
    assert office(*promote) == 0, office.said
    assert registry.pointing[MODEL] == {"champion": "2", "rollback": "1"}
    assert office(*AUDIT) == 0


def test_a_move_that_somebody_wrote_as_begun_is_not_finished(served):
    office, registry = served
    real = office.entries(MOVED)[-1].body
    to = [{"alias": "champion", "before": "2", "after": "3"}]
    ground = {**real["ground"], "arm": "old"}
    forged = (
        {**real, "steps": to, "tagged": "3", "ground": ground},
        {**real, "steps": to, "tagged": None, "ground": {"rolled_back": "x", "source": "s"}},
        {"registry": real["registry"], "model": MODEL, "steps": to, "ground": ground},
    )
    for body in forged:
        with Ledger.open(office.home) as ledger:
            ledger.append("registry.begun", {k: v for k, v in body.items() if k != "begun"})
        assert office("registry", "finish", MODEL, *AT) == 3, office.said
        assert_told("a move is written as begun by hand", office.said)
        assert registry.pointing[MODEL]["champion"] == "2"
    assert office(*AUDIT) == 0, office.said
    with Ledger.open(office.home) as ledger:
        ledger.append("registry.begun", {})
    assert office(*AUDIT) == 3
    assert "not an entry as liftgate writes it" in office.said


def test_what_an_audit_cannot_see_it_says(served):
    """Moved and put back between two audits: a registry keeps no trace of it."""
    office, registry = served
    registry.pointing[MODEL]["champion"] = "3"
    registry.pointing[MODEL]["champion"] = "2"
    assert office(*AUDIT) == 0
    assert_told("an alias is moved and put back between two audits", office.said)
    assert office(*AUDIT, "--json") == 0
    assert any("put back" in line for line in json.loads(office.said)["not_covered"])


def test_a_storage_that_no_longer_gives_a_version_s_files_does_not_blind_an_audit(served):
    office, registry = served
    registry.unreadable.add((MODEL, "2"))
    assert office(*AUDIT) == 1
    assert_told("the files of a served version are made unreadable", office.said)
    registry.unreadable.clear()
    registry.contents[MODEL, "2"] = {}
    assert office(*AUDIT) == 1
    assert "w.bin is gone" in office.said


def test_a_waiver_or_a_glass_of_nobody_who_may_accounts_for_no_move(served):
    """Any trusted key could have signed one: only what the policy counts sets approvals aside."""
    office, _ = served
    real = office.entries(MOVED)[-1].body
    lock = office.entries("study.locked")[-1]
    until = (datetime.now(UTC) + timedelta(days=2)).isoformat()
    said = {"study": "story", "conditions": ["approvals"], "owner": "ada", "reason": "x",
            "until": until}  # fmt: skip
    glass = {"study": "story", "scope": "s", "acceptor": "ada", "reason": "r", "until": until}
    by_hand(office, lock, consent.WAIVER, said, "ada")
    by_hand(office, lock, consent.GLASS, glass, "ada")
    body = {**real, "ground": {**real["ground"], "evidence": "sha256:" + "0" * 64}}
    with Ledger.open(office.home) as ledger:
        begun = {part: body[part] for part in ("registry", "model", "steps", "ground")}
        number = ledger.append("registry.begun", begun).sequence
        ledger.append(MOVED, {**body, "begun": number})
    assert office(*AUDIT) == 1
    assert "its approvals are missing" in office.said


def test_a_move_that_somebody_wrote_into_the_ledger_is_not_believed(served):
    office, registry = served
    real = office.entries(MOVED)[-1].body
    to = [{**one, "after": "3"} if one["alias"] == "champion" else one for one in real["steps"]]
    copies = {
        "no entry says that it was begun": {**real, "steps": to, "tagged": "3"},
        "it went back to what no decision had left": _back_to_three(real),
        "does not ship old": {**real, "ground": {**real["ground"], "arm": "old"}},
        "not the decision that it names": {**real, "ground": {**real["ground"], "decision": 1}},
        "its approvals are missing": {**real, "ground": {**real["ground"], "evidence": "e"}},
        "another policy": {**real, "ground": {**real["ground"], "policy": "p"}},
    }
    registry.pointing[MODEL]["champion"] = "3"
    for why, body in copies.items():
        with Ledger.open(office.home) as ledger:
            number = real["begun"]
            if "begun" not in why:
                begun = {part: body[part] for part in ("registry", "model", "steps", "ground")}
                number = ledger.append("registry.begun", begun).sequence
            ledger.append(MOVED, {**body, "begun": number})
        assert office(*AUDIT) == 1
        assert why in office.said, (why, office.said)
    assert_told("a move is written into the ledger by hand", office.said)


def _back_to_three(real):
    steps = [{"alias": "champion", "before": "2", "after": "3"}]
    return {**real, "steps": steps, "tagged": None, "ground": {"rolled_back": "x", "source": "s"}}


def test_a_waiver_that_held_too_long_holds_no_better_when_it_is_added_again(approved):
    """A copy with another signature, or one less, is another envelope and the same words."""
    seen = picture(approved.folder / "study.yaml", Workspace.locate())
    until = datetime.now(UTC) + timedelta(days=200)
    said = {"study": "story", "conditions": ["fresh"], "owner": "bob", "reason": "later",
            "until": until.isoformat()}  # fmt: skip
    payload = consent.payload(seen.held, consent.WAIVER, said)
    bob, rai = load_key("bob"), load_key("rai")
    late = datetime.now(UTC) + timedelta(days=195)
    with Ledger.open(approved.home) as ledger:
        for keys, time in (([bob, rai], None), ([bob], late), ([rai, bob], late)):
            envelope = dsse.sign(statements.TYPE, payload, keys).as_json()
            body = {"about": seen.held.sequence, "predicate": "urn:liftgate:predicate:waiver:v1",
                    "envelope": envelope}  # fmt: skip
            ledger.append("statement", body, refs={"entry": seen.held.leaf}, time=time)
    again = facts(picture(approved.folder / "study.yaml", Workspace.locate()))
    assert {one.made for one in again.waivers} == {approved.entries("statement")[-3].time}
    assert approved.status() == 1, approved.said
    assert_told("a waiver held too long is added again", approved.said)


def test_what_a_cosigner_reads_is_what_is_signed_and_a_changed_request_is_not_taken(office):
    assert office("sign", "study.yaml", "--sign-with", "ada") == 0
    asks = ("approve", "study.yaml", "--role", "product", "--request", "ask.json")
    assert office(*asks) == 0, office.said
    assert office("cosign", "sign", "ask.json", "--sign-with", "bob") == 0, office.said
    file = office.folder / "ask.json"
    fields = json.loads(file.read_text())
    made = json.loads(base64.b64decode(fields["payload"]))
    made["predicate"]["role"] = "director"
    fields["payload"] = base64.b64encode(canonical(made)).decode()
    file.write_text(json.dumps(fields))
    assert office("cosign", "add", "ask.json") == 3
    assert_told("a request is changed after it was signed", office.said)
    assert office.status() == 1


def test_deciding_again_on_what_was_called_wrong_does_not_close_it(approved):
    assert approved.status() == 0
    wrong = approved.entries("decision")[-1].body["dataset"]["digest"]
    assert approved("impact", f"dataset:{wrong}", "--mark", "--reason", "swapped labels") == 0
    again = str(approved.folder / "study.yaml")
    assert approved("run", again, "--quiet", "--no-report") == 0, approved.said
    assert len(approved.entries("decision")) == 2
    assert approved("approve", "study.yaml", "--role", "product", "--sign-with", "bob") == 0
    assert approved.status() == 1
    assert_told("a reopened decision is made once more", approved.said)
    with Ledger.open(approved.home) as ledger:
        last = approved.entries("decision")[-1]
        ledger.append("decision", {**last.body, "reproduce": "again"}, refs=last.refs)
    assert approved.status() == 1
    assert "reopened" in approved.said


def test_an_amendment_of_something_else_does_not_close_what_was_said_of_the_items(approved):
    wrong = approved.entries("decision")[-1].body["dataset"]["digest"]
    assert approved("impact", f"dataset:{wrong}", "--mark", "--reason", "swapped labels") == 0
    approved.write(hypothesis="The new prompt is right more often, and nicer.")
    assert approved("study", "amend", "study.yaml", "--reason", "wording", "--seen", "nothing") == 0
    # Seen or not, results were there: it is void, and it is still about the wrong items.
    assert approved("run", "study.yaml", "--quiet", "--no-report") == 4, approved.said
    decisions = approved.entries("decision")
    assert decisions[-1].body["study_digest"] != decisions[0].body["study_digest"]
    assert approved.status() == 1
    assert_told("a reopened decision is made once more", approved.said)


@pytest.fixture
def bound(office):
    """Return an office with a decided study of its own, whose items stay in one region."""
    study = office.write(study="bound", tier="startup")
    office.arms = {name: {**arm, "params": {**arm["params"], "x": 1}}
                   for name, arm in study["arms"].items()}  # fmt: skip
    dataset = {**study["dataset"], "tags": {"residency": ["eu"], "consent": ["evaluation"]}}
    where(office, "eu")
    office.write(study="bound", tier="startup", dataset=dataset, arms=office.arms)
    assert office("run", "study.yaml", "--quiet", "--no-report") == 0, office.said
    where(office, "us")
    return office


def where(office, region):
    (office.home / "regions.yaml").write_text(yaml.safe_dump({"here": region}))


def test_tags_follow_an_item_into_another_set(bound):
    rows = bound.folder / "items.jsonl"
    more = {"id": "more", "input": "one item more", "target": "yes", "page": "p"}
    rows.write_text(rows.read_text() + json.dumps(more) + "\n")
    arms = json.loads(json.dumps(bound.arms))
    arms["new"]["params"]["x"] = 2
    bound.write(study="freed", tier="startup", arms=arms)
    assert bound("run", "study.yaml", "--quiet", "--no-report") == 1, bound.said
    assert_told("tags are shed by adding an item", bound.said)


def test_every_use_of_bound_items_is_refused_as_a_run_is(bound):
    for verb, words in {"reproduce": ("reproduce", "bound"),
                        "attribute": ("attribute", "study.yaml")}.items():  # fmt: skip
        assert bound(*words) == 1, bound.said
        assert "runs in us (here), and it stays in eu" in bound.said
        assert bound.entries("refused")[-1].body["act"] == f"{verb} bound"
    assert not bound.entries("run.reproduced")


def test_what_was_locked_is_not_swapped_back_where_the_items_may_not_go(bound, monkeypatch):
    """The file of now calls nothing far away; the parameters that were locked would."""
    real = tags._places

    def places(opened):
        yield from real(opened)
        if opened.study.arms["new"].params["prompt"] == "new":
            yield "https://far.example/v1", "arm new"

    monkeypatch.setattr(tags, "_places", places)
    where(bound, "eu")
    study = json.loads((bound.folder / "study.yaml").read_text())
    study["arms"]["new"]["params"]["prompt"] = "old"
    (bound.folder / "study.yaml").write_text(json.dumps(study))
    assert bound("reproduce", "bound") == 1, bound.said
    assert "arm new runs nobody knows where (https://far.example/v1)" in bound.said
    assert "with the locked study" not in bound.said
    assert bound.entries("refused")[-1].body["act"] == "reproduce bound"


def test_a_name_that_reads_like_another_is_not_trusted_and_an_author_is_known_in_any_case(office):
    for name in ("B0B", "bob-", "B.o.b"):
        made = load_key("bob")
        public = replace(made.public, name=name, public=bytes(32))
        known = Trust(keys=(Trusted(made.public, ("product",)),))
        with pytest.raises(DataError, match="reads like 'bob'"):
            known.with_key(Trusted(public, ("product",)))
    assert office("keys", "new", "Bob") == 0
    trust = ("keys", "trust", "Bob.pub.json", "--role", "product", "--sign-with", "owner")
    assert office(*trust) == 2
    assert_told("a key is named like another's", office.said)


def test_a_reproduction_counts_signed_where_a_policy_asks_who_saw_it(office):
    policy = json.loads(shown(office, "regulated"))
    assert policy["tiers"]["high"]["entries"]["rollback-drill"]["signed"] == {"engineering": 1}
    policy = json.loads(shown(office, "scaleup"))
    policy["tiers"]["medium"]["entries"] = {
        "reproduction": {"kind": "run.reproduced", "days": 9, "accept": ["bitwise"],
                         "signed": {"product": 1}}}  # fmt: skip
    adopt(office, policy, "bob")
    again = ("reproduce", "story", "--no-search")
    assert office(*again, "--sign-with", "robot") == 1, office.said
    assert not office.entries("run.reproduced")
    assert office(*again) == 0, office.said
    assert office.conditions()["entry:reproduction"] == "not met"
    number = str(office.entries("run.reproduced")[-1].sequence)
    against = ("rights", "conflict", number, "--who", "bob", "--reason", "not seen by me")
    assert office(*against, "--sign-with", "bob") == 0, office.said
    assert office.conditions()["entry:reproduction"] == "not met"
    assert office(*again, "--sign-with", "bob") == 0, office.said
    assert office.conditions()["entry:reproduction"] == "met"


def test_a_policy_that_was_given_up_does_not_come_back_by_a_copy_of_its_signatures(office):
    trust = ("keys", "trust", "eng.pub.json", "--role", "engineering", "--sign-with", "owner")
    assert office("keys", "new", "eng") == 0
    assert office(*trust) == 0, office.said
    first = json.loads(shown(office, "scaleup"))
    other = json.loads(json.dumps(first))
    other["tiers"]["medium"]["fresh_days"] = 1
    for policy, names in ((first, ["bob"]), (other, ["eng"]), (first, ["eng", "rai"])):
        adopt(office, policy, *names)
    held = digest_of(first)
    office.conditions()
    assert office.body["policy"]["digest"] == held
    with Ledger.open(office.home) as ledger:
        given_up = list(ledger.entries("policy.proposed"))[1].sequence
        for entry in list(ledger.entries("statement")):
            if entry.body["about"] == given_up:
                ledger.append("statement", entry.body, refs=entry.refs)
    office.conditions()
    assert office.body["policy"]["digest"] == held
    # Whoever wants it again proposes and signs it again.
    adopt(office, other, "eng")
    office.conditions()
    assert office.body["policy"]["digest"] == digest_of(other)


def test_a_record_that_a_machine_put_into_the_ledger_is_nobody_s(office):
    seen = picture(office.folder / "study.yaml", Workspace.locate())
    payload = consent.payload(
        seen.decision, consent.RECORD, {"study": "story"}, evidence=seen.digest
    )
    for name, counts in (("robot", False), ("ada", True)):
        envelope = dsse.sign(statements.TYPE, payload, [load_key(name)]).as_json()
        body = {"about": seen.decision.sequence, "predicate": "urn:liftgate:predicate:record:v1",
                "envelope": envelope}  # fmt: skip
        with Ledger.open(office.home) as ledger:
            ledger.append("statement", body, refs={"entry": seen.decision.leaf})
        again = facts(picture(office.folder / "study.yaml", Workspace.locate()))
        assert (again.record is not None) is counts
