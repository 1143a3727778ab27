"""Acts that need signatures, lent roles, emergencies, drills, and signing on separate machines."""

from __future__ import annotations

import contextlib
import json
import shutil
import xml.etree.ElementTree as ET
from datetime import UTC, datetime, timedelta
from unittest import mock

import pytest

from liftgate.flow.standing import picture
from liftgate.ledger import Ledger
from liftgate.store import Workspace
from tests.stories.offices import adopt, hire, score_one_again, shown


def soon(**given):
    return (datetime.now(UTC) + timedelta(**given)).isoformat()


@contextlib.contextmanager
def later(**given):
    class Later(datetime):
        @classmethod
        def now(cls, tz=None):
            return super().now(tz) + timedelta(**given)

    with (
        mock.patch("liftgate.flow.standing.datetime", Later),
        mock.patch("liftgate.flow.acts.datetime", Later),
        mock.patch("liftgate.flow.glass.datetime", Later),
        mock.patch("liftgate.flow.policies.datetime", Later),
        mock.patch("liftgate.ledger.consent.datetime", Later),
        mock.patch("liftgate.ledger.stored.datetime", Later),
    ):
        yield


def test_a_gate_of_two_teams_changes_once_each_of_its_users_signed(office):
    hire(office, sue="team-search", al="team-ads", mia="")
    assert office("rights", "explain", "change gate affecting 2 teams") == 0
    assert "Must sign: 1 × team-a, 1 × team-b" in office.said
    assert office("rights", "consumer", "our-gate", "--team", "ads", "--sign-with", "sue") == 1
    for team, who in (("search", "sue"), ("ads", "al")):
        words = ("rights", "consumer", "our-gate", "--team", team, "--sign-with", who)
        assert office(*words) == 0, office.said
    office.folder.joinpath("a.json").write_text(shown(office, "scaleup"))
    weaker = json.loads(shown(office, "scaleup"))
    weaker["tiers"]["low"]["guardrails"] = 0
    office.folder.joinpath("b.json").write_text(json.dumps(weaker))
    words = ("rights", "propose", "change gate", "--title", "fewer guardrails", "--of", "our-gate",
             "--compare", "a.json", "b.json", "--sign-with", "mia")  # fmt: skip
    assert office(*words) == 1, office.said
    number = str(office.entries("act.proposed")[-1].sequence)
    assert office.entries("act.proposed")[-1].body["weakening"] is True
    answer = ("rights", "answer", number, "agree", "--role")
    assert office(*answer, "team-search", "--sign-with", "mia") == 1
    assert "the author does not agree" in office.said
    assert office(*answer, "team-search", "--sign-with", "robot") == 1
    for role, who, code in (("team-search", "sue", 1), ("team-ads", "al", 1),
                            ("responsible-ai", "rai", 0)):  # fmt: skip
        assert office(*answer, role, "--sign-with", who) == code, office.said
    assert office("rights", "status", number, "--json") == 0
    assert json.loads(office.said)["teams"] == ["search", "ads"]
    assert office("rights", "status", "1") == 2
    assert office("ledger", "verify") == 0


def test_silence_agrees_after_ten_days_unless_a_user_objects(office):
    hire(office, sue="team-search")
    assert office("rights", "consumer", "golden", "--team", "search", "--sign-with", "sue") == 0
    words = ("rights", "propose", "dataset-change", "--title", "new guideline", "--of", "golden",
             "--sign-with", "ada")  # fmt: skip
    assert office(*words) == 4, office.said
    number = str(office.entries("act.proposed")[-1].sequence)
    with later(days=11):
        assert office("rights", "status", number) == 0, office.said
    objects = ("rights", "answer", number, "object", "--role", "team-search", "--sign-with", "sue")
    assert office(*objects) == 2
    assert office(*objects, "--note", "half of it is wrong") == 1
    with later(days=11):
        assert office("rights", "status", number) == 1
    assert "sue objected" in office.said


def test_a_role_is_lent_until_a_time_and_not_by_the_author(office):
    hire(office, carol="", dora="")
    assert office("sign", "study.yaml", "--sign-with", "ada") == 0
    lend = ("rights", "delegate", "--role", "product", "--who", "carol", "--reason", "holiday")
    assert office(*lend, "--until", soon(days=3), "--sign-with", "dora") == 1
    assert "has not the role product" in office.said
    assert office(*lend, "--until", soon(days=40), "--sign-with", "bob") == 1
    assert office(*lend, "--until", soon(days=-1), "--sign-with", "bob") == 2
    assert office(*lend, "--until", soon(days=3), "--sign-with", "bob") == 0, office.said
    onward = ("rights", "delegate", "--role", "product", "--who", "dora", "--reason", "x")
    assert office(*onward, "--until", soon(days=2), "--sign-with", "carol") == 1
    approve = ("approve", "study.yaml", "--role", "product", "--sign-with", "carol")
    with later(days=4):
        assert office(*approve) == 1
    # What the attempt told the ledger is its time now, so the next one is in another office.


def test_a_lent_role_approves(office):
    hire(office, carol="")
    assert office("sign", "study.yaml", "--sign-with", "ada") == 0
    lend = ("rights", "delegate", "--role", "product", "--who", "carol", "--reason", "holiday")
    assert office(*lend, "--until", soon(days=3), "--sign-with", "bob") == 0
    assert office("approve", "study.yaml", "--role", "product", "--sign-with", "carol") == 0
    assert office.status() == 0, office.said
    assert "carol" in office.said


def test_an_author_who_lends_the_role_that_approves_gains_nothing(office):
    hire(office, carol="")
    assert office("keys", "trust", "ada.pub.json", "--role", "product", "--sign-with", "owner") == 0
    assert office("sign", "study.yaml", "--sign-with", "ada") == 0
    lend = ("rights", "delegate", "--role", "product", "--who", "carol", "--reason", "x")
    assert office(*lend, "--until", soon(days=3), "--sign-with", "ada") == 0
    assert office("approve", "study.yaml", "--role", "product", "--sign-with", "carol") == 0
    assert office.status() == 1
    assert "delegated by somebody who may not sign this" in office.said


def test_a_conflict_of_interest_bars_an_approval_before_and_after_it(approved):
    hire(approved, kim="compliance")
    assert approved.status() == 0
    other = ("rights", "conflict", "story", "--who", "bob", "--reason", "owns shares")
    assert approved(*other, "--sign-with", "rai") == 1
    assert approved.status() == 0
    assert approved(*other, "--sign-with", "kim") == 0, approved.said
    assert approved.status() == 1
    assert "conflict of interest: owns shares" in approved.said
    assert approved("approve", "study.yaml", "--role", "product", "--sign-with", "bob") == 1
    assert "conflict of interest" in approved.said


def test_an_approval_that_does_not_come_goes_to_a_director(office):
    hire(office, dan="director")
    policy = json.loads(shown(office, "scaleup"))
    policy["tiers"]["medium"]["escalation"] = {"to": {"director": 1}, "after_hours": 24}
    office.folder.joinpath("own.yaml").write_text(json.dumps(policy))
    # Somebody else who may decide is a weakening, until it is shown otherwise.
    assert office("policy", "adopt", "own.yaml", "--sign-with", "rai") == 1
    hire(office, eng="engineering")
    assert office("policy", "adopt", "own.yaml", "--sign-with", "eng") == 0, office.said
    assert office("sign", "study.yaml", "--sign-with", "ada") == 0
    approve = ("approve", "study.yaml", "--role", "director", "--sign-with", "dan")
    assert office(*approve) == 0
    assert office.status() == 1
    assert "escalates: met (to director" in office.said
    with later(hours=30):
        assert office.status() == 1
        assert "escalated at" in office.said
        assert office(*approve) == 0
        assert office.status() == 0, office.said


def test_a_broken_glass_releases_for_a_time_holds_again_and_is_reviewed_by_somebody_else(office):
    hire(office, ivy="incident-commander", dan="director")
    words = ("break-glass", "study.yaml", "--scope", "the EU site", "--reason", "it is down",
             "--acceptor", "ivy")  # fmt: skip
    assert office(*words, "--until", soon(hours=6), "--sign-with", "bob") == 1
    assert "asks for incident-commander" in office.said
    assert office(*words, "--until", soon(hours=6), "--sign-with", "robot") == 1
    assert office(*words, "--until", soon(hours=90), "--sign-with", "ivy") == 1
    assert office("exceptions") == 0
    assert office.status() == 4
    assert office(*words, "--until", soon(hours=6), "--sign-with", "ivy") == 0, office.said
    glass = str(office.entries("statement")[-1].sequence)
    assert office.status() == 0, office.said
    assert "glass broken for the EU site: it is down (ivy" in office.said
    assert office("exceptions", "--json") == 0
    assert json.loads(office.said)["counts"]["break_glass"] == {"open": 1}
    with later(hours=7):
        assert office.status() == 4
        assert "held again" in office.said
    review = ("rights", "review", glass, "--note", "right to do", "--sign-with")
    assert office(*review, "ivy") == 0
    with later(hours=49):
        assert office.status() == 1
        assert "not reviewed by" in office.said
        assert office("exceptions") == 1
        assert "1 overdue" in office.said
    assert office(*review, "dan") == 0
    with later(hours=49):
        assert office.status() == 4
        assert "reviewed by dan" in office.said
        assert office("exceptions") == 0
    assert office("rights", "review", "1", "--note", "x", "--sign-with", "dan") == 2


def test_a_broken_glass_does_not_release_evidence_that_changed(office):
    hire(office, ivy="incident-commander")
    words = ("break-glass", "study.yaml", "--scope", "all", "--reason", "down", "--acceptor", "ivy",
             "--until", soon(hours=6), "--sign-with", "ivy")  # fmt: skip
    assert office(*words) == 0
    file = next(office.home.glob("store/runs/*/scores.parquet"))
    sound = file.read_bytes()
    file.write_bytes(sound[:-9] + bytes([sound[-9] ^ 4]) + sound[-8:])
    assert office.status() == 3
    assert office(*words) == 3


def test_a_waived_check_is_skipped_in_junit_with_the_id_of_its_waiver(approved):
    policy = json.loads(shown(approved, "scaleup"))
    policy["tiers"]["medium"]["least_items"] = 10_000
    policy["tiers"]["medium"]["forecast"] = True
    adopt(approved, policy, "bob")
    assert approved("approve", "study.yaml", "--role", "product", "--sign-with", "bob") == 0
    words = ("waive", "study.yaml", "--condition", "items", "--owner", "<c&d>",
             "--reason", "\x1b<x>", "--until", soon(days=5), "--sign-with", "bob")  # fmt: skip
    assert approved(*words) == 0
    waiver = approved.entries("statement")[-1].sequence
    assert approved("gate", "status", "study.yaml", "--junit", "gate.xml") == 4
    text = approved.folder.joinpath("gate.xml").read_text()
    suite = ET.fromstring(text)[0]
    cases = {case.get("name"): case for case in suite}
    assert suite.get("tests") == str(len(cases))
    assert (suite.get("failures"), suite.get("errors"), suite.get("skipped")) == ("0", "1", "1")
    skipped = cases["items"].find("skipped")
    assert f"waived by ledger entry {waiver}" in skipped.get("message")
    error = cases["forecast"].find("error")
    assert error.get("type") == "cannot-tell"
    assert [case for case in cases.values() if case.find("skipped") is not None] == [cases["items"]]


def test_an_approval_is_signed_on_a_machine_that_has_only_the_key(office, monkeypatch, tmp_path):
    assert office("sign", "study.yaml", "--sign-with", "ada") == 0
    ask = ("approve", "study.yaml", "--role", "product", "--request")
    assert office(*ask, "ask.json", "--sign-with", "bob") == 2
    assert office(*ask, "ask.json") == 0, office.said
    assert office(*ask, "ask.json") == 2
    assert office("cosign", "add", "ask.json") == 2
    away = tmp_path / "away"
    (away / "private").mkdir(parents=True)
    for name in ("bob", "robot"):
        shutil.copy(office.folder / "private" / f"{name}.json", away / "private")
    shutil.move(office.folder / "private", tmp_path / "hidden")
    shutil.copy(office.folder / "ask.json", away / "ask.json")
    with monkeypatch.context() as there:
        there.chdir(away)
        there.setenv("LIFTGATE_HOME", str(away / ".liftgate"))
        there.setenv("LIFTGATE_KEYS", str(away / "private"))
        assert office("cosign", "show", "ask.json") == 0
        assert 'role: "product"' in office.said
        seen = picture(office.folder / "study.yaml", Workspace(office.home))
        assert seen.digest.removeprefix("sha256:") in office.said
        shutil.copy("ask.json", "machine.json")
        assert office("cosign", "sign", "ask.json", "--sign-with", "bob") == 0
        assert office("cosign", "sign", "machine.json", "--sign-with", "robot") == 0
        assert not (away / ".liftgate").exists()
    assert office("cosign", "add", str(away / "machine.json")) == 1
    assert "a machine's" in office.said
    assert office.entries("refused")
    signed = json.loads((away / "ask.json").read_text())
    other = {**signed, "payload": signed["payload"][:-8] + "fX0=" + signed["payload"][-4:]}
    office.folder.joinpath("bent.json").write_text(json.dumps(other))
    assert office("cosign", "add", "bent.json") in {2, 3}
    assert office.status() == 1
    assert office("cosign", "add", str(away / "ask.json")) == 0, office.said
    assert office.status() == 0, office.said
    assert office("ledger", "verify") == 0


def test_a_request_from_another_ledger_or_for_evidence_that_changed_approves_nothing(office):
    assert office("sign", "study.yaml", "--sign-with", "ada") == 0
    assert office("approve", "study.yaml", "--role", "product", "--request", "ask.json") == 0
    assert office("cosign", "sign", "ask.json", "--sign-with", "bob") == 0
    score_one_again(office)
    assert office("cosign", "add", "ask.json") == 0
    assert office.status() == 1
    assert "about other evidence" in office.said
    shutil.rmtree(office.home)
    with Ledger.open(office.home) as ledger:
        for _ in range(12):
            ledger.append("note", {})
    assert office("cosign", "add", "ask.json") == 3
    assert "not in this ledger" in office.said


@pytest.mark.parametrize("signed", [False, True])
def test_a_drill_is_what_a_policy_asks_for_once_it_passed_and_is_signed(office, signed):
    hire(office, eng="engineering")
    policy = json.loads(shown(office, "scaleup"))
    need = {"kind": "drill.rollback", "days": 30, "accept": ["passed"]}
    if signed:
        need["signed"] = {"engineering": 1}
    policy["tiers"]["medium"]["entries"] = {"rollback-drill": need}
    adopt(office, policy, "eng")
    name = "entry:rollback-drill"
    assert office.conditions()[name] == "can't tell"
    office.folder.joinpath("drill.log").write_text("went back")
    record = ("drill", "record", "rollback", "study.yaml", "--note", "in the evening", "--took",
              "41.5", "--evidence", "drill.log")  # fmt: skip
    assert office(*record, "--verdict", "passed", "--sign-with", "robot") == 1
    assert office(*record, "--verdict", "failed") == 0
    assert office.conditions()[name] == "not met"
    assert office(*record, "--verdict", "passed") == 0
    # Where decisions are signed, so is what they rest on.
    assert office.conditions()[name] == "not met"
    assert office(*record, "--verdict", "passed", "--sign-with", "eng") == 0
    assert office.conditions()[name] == "met"
    with later(days=31):
        assert office.conditions()[name] == "not met"
    assert office("drill", "record", "rollback", "study.yaml", "--verdict", "passed",
                  "--note", " ") == 2  # fmt: skip
