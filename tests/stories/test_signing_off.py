"""From a decision to a change that may be shipped, and all the ways around it that are closed."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from unittest import mock

import yaml

from liftgate.documents.madr import from_markdown
from liftgate.ledger import Ledger
from liftgate.store import Workspace
from tests.stories.attack_table import assert_told
from tests.stories.offices import (
    Office,
    adopt,
    approve_by_hand,
    digest_of,
    environment,
    fill,
    score_one_again,
    shown,
)


def test_nobody_notices_the_lowest_tier(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    environment(monkeypatch, tmp_path)
    office = Office(tmp_path, capsys)
    fill(tmp_path)
    study = office.write(tier="startup")
    study["arms"]["new"]["params"]["model"] = "m1"
    office.write(tier="startup", arms=study["arms"])
    assert office("run", "study.yaml", "--quiet") == 0
    assert office.status() == 0, office.said
    assert "Tier low" in office.said
    assert office.conditions() == {"decision": "met", "evidence": "met"}
    first = office.said
    office.conditions()
    assert office.said == first


def test_a_change_of_the_model_ships_once_another_person_approves_exactly_this_evidence(office):
    assert office.conditions() == {
        "decision": "met", "evidence": "met", "guardrails": "met", "fresh": "met",
        "author": "can't tell", "approvals": "can't tell",
    }  # fmt: skip
    assert office.status() == 4
    assert office("sign", "study.yaml", "--sign-with", "ada") == 0
    assert office.status() == 1
    assert office("approve", "study.yaml", "--role", "product", "--sign-with", "bob") == 0
    assert office.status() == 0, office.said
    assert office("ledger", "verify") == 0


def test_nobody_approves_a_study_of_their_own(office, monkeypatch):
    assert office("keys", "trust", "ada.pub.json", "--role", "product", "--sign-with", "owner") == 0
    assert office("sign", "study.yaml", "--sign-with", "ada") == 0
    monkeypatch.setenv("LIFTGATE_AUTHOR", "somebody else")
    assert office("approve", "study.yaml", "--role", "product", "--sign-with", "ada") == 1
    assert "the author does not approve" in office.said
    assert office.entries("refused")[-1].body["name"] == "ada"
    # The program can be bent: the statement is there, and does not count.
    approve_by_hand(office, "ada")
    assert office.status() == 1
    assert "the author does not approve" in office.said


def test_a_role_is_not_taken_from_the_command_line_the_statement_or_another_trust_file(
    office, monkeypatch
):
    assert office("sign", "study.yaml", "--sign-with", "ada") == 0
    assert office("approve", "study.yaml", "--role", "product", "--sign-with", "rai") == 1
    assert "not the role 'product'" in office.said
    approve_by_hand(office, "rai")
    assert office.status() == 1
    assert "does not give it the role product" in office.said
    forged = office.folder / "forged"
    forged.mkdir()
    monkeypatch.setenv("LIFTGATE_HOME", str(forged / ".liftgate"))
    words = ("keys", "trust", "rai.pub.json", "--role", "product", "--sign-with", "rai")
    assert office(*words) == 0
    monkeypatch.setenv("LIFTGATE_HOME", str(office.home))
    monkeypatch.setenv("LIFTGATE_TRUST", str(forged / ".liftgate" / "trust.json"))
    assert office.status() == 3
    assert "another's, or an old copy" in office.said
    assert office("approve", "study.yaml", "--role", "product", "--sign-with", "rai") == 3


def test_a_machine_never_signs_waives_or_weakens_and_the_ledger_tells_that_it_tried(office):
    until = (datetime.now(UTC) + timedelta(days=3)).isoformat()
    for words in (
        ("approve", "study.yaml", "--role", "product", "--sign-with", "robot"),
        ("sign", "study.yaml", "--sign-with", "robot"),
        ("waive", "study.yaml", "--condition", "guardrails", "--until", until, "--reason", "x",
         "--owner", "x", "--sign-with", "robot"),
    ):  # fmt: skip
        assert office(*words) == 1, office.said
        assert "machine" in office.said
    assert [e.body["name"] for e in office.entries("refused")] == ["robot"] * 3


def test_a_revoked_key_approves_nothing_not_even_with_its_clock_set_back(office):
    assert office("sign", "study.yaml", "--sign-with", "ada") == 0
    assert office("keys", "revoke", "bob", "--reason", "left", "--sign-with", "owner") == 0
    assert office("approve", "study.yaml", "--role", "product", "--sign-with", "bob") == 1
    assert "revoked" in office.said
    approve_by_hand(office, "bob", now=datetime.now(UTC) - timedelta(hours=2))
    assert office.status() == 1
    assert "revoked" in office.said
    assert office("ledger", "verify") == 3


def test_scoring_one_item_again_makes_the_approval_stale_and_no_replay_revives_it(approved):
    assert approved.status() == 0
    old = approved.entries("statement")[-1]
    score_one_again(approved)
    assert approved.status() == 1
    assert "stale" in approved.said
    assert "about other evidence" in approved.said
    with Ledger.open(approved.home) as ledger:
        ledger.append("statement", old.body, refs=old.refs)
    assert approved.status() == 1
    assert approved("approve", "study.yaml", "--role", "product", "--sign-with", "bob") == 0
    assert approved.status() == 0


def test_a_statement_that_was_altered_breaks_the_chain_of_trust(approved):
    old = approved.entries("statement")[-1]
    envelope = {**old.body["envelope"], "payload": "eyJhIjoxfQ=="}
    with Ledger.open(approved.home) as ledger:
        ledger.append("statement", {**old.body, "envelope": envelope}, refs=old.refs)
    assert approved.status() == 3


def test_a_study_weakened_after_its_lock_needs_the_larger_quorum(approved):
    study = approved.write()
    study["claims"]["guardrails"][0]["within"]["limit"] = 20
    approved.write(claims=study["claims"])
    amend = ("study", "amend", "study.yaml", "--reason", "why not", "--seen", "nothing")
    assert approved(*amend) == 0
    assert approved.status() == 1
    approved("run", "study.yaml", "--quiet")
    assert approved("sign", "study.yaml", "--sign-with", "ada") == 0
    assert approved("approve", "study.yaml", "--role", "product", "--sign-with", "bob") == 0
    conditions = approved.conditions()
    assert conditions["approvals"] == "not met"
    assert approved(
        "approve", "study.yaml", "--role", "responsible-ai", "--sign-with", "rai"
    ) == 0  # fmt: skip
    assert approved.conditions()["approvals"] == "met"
    lock, amended = (e.sequence for e in approved.entries() if e.kind.startswith("study."))
    assert approved("policy", "diff", str(lock), str(amended)) == 1
    assert "weakened     claims.guardrails.size_mb:within.within.limit: 10" in approved.said


def test_a_waiver_sets_a_condition_aside_until_it_expires(approved, monkeypatch):
    policy = json.loads(shown(approved, "scaleup"))
    policy["tiers"]["medium"]["least_items"] = 10_000
    adopt(approved, policy, "bob")
    assert approved("approve", "study.yaml", "--role", "product", "--sign-with", "bob") == 0
    assert approved.status() == 1
    now = datetime.now(UTC)
    words = ("waive", "study.yaml", "--condition", "items", "--reason", "a small market",
             "--owner", "cleo", "--sign-with", "bob")  # fmt: skip
    assert approved(*words, "--until", (now + timedelta(days=40)).isoformat()) == 1
    assert "30 days at most" in approved.said
    assert approved(*words, "--until", (now + timedelta(days=5)).isoformat()) == 0, approved.said
    assert approved.status() == 0, approved.said
    assert "waived by entry" in approved.said

    class Later(datetime):
        @classmethod
        def now(cls, tz=None):
            return super().now(tz) + timedelta(days=6)

    with mock.patch("liftgate.flow.standing.datetime", Later):
        assert approved.status() == 1
    refused = ("waive", "study.yaml", "--condition", "approvals", *words[4:])
    assert approved(*refused, "--until", (now + timedelta(days=5)).isoformat()) == 1
    assert "never waived" in approved.said


def test_a_policy_weakened_by_too_few_does_not_hold_through_the_program_or_the_storage(approved):
    policy = json.loads(shown(approved, "scaleup"))
    adopt(approved, policy, "bob")
    policy["tiers"]["medium"]["approvals"] = {}
    policy["tiers"]["medium"]["author_signs"] = False
    approved.folder.joinpath("weak.yaml").write_text(yaml.safe_dump(policy))
    assert approved("policy", "adopt", "weak.yaml", "--sign-with", "bob") == 1
    assert_told("a weakened policy is signed by too few", approved.said)
    assert "weakened" in approved.said
    approved.conditions()
    assert approved.body["policy"]["digest"] != digest_of(policy)
    proposal = approved.entries("policy.proposed")[-1]
    with Ledger.open(approved.home) as ledger:
        ledger.append("policy.proposed", proposal.body)
        ledger.append("policy.adopted", proposal.body)
    approved.conditions()
    assert approved.body["policy"]["digest"] != digest_of(policy)
    assert approved("policy", "adopt", "weak.yaml", "--sign-with", "rai") == 1
    keys = ("keys", "trust", "owner.pub.json", "--role", "engineering", "--sign-with", "owner")
    assert approved(*keys) == 0
    assert approved("policy", "adopt", "weak.yaml", "--sign-with", "owner") == 0
    approved.conditions()
    assert approved.body["policy"]["digest"] == digest_of(policy)


def test_a_forecast_counts_only_from_before_the_result(office):
    words = ("sign", "study.yaml", "--sign-with", "ada", "--p-ship", "0.6", "--effect")
    assert office(*words, "0,0.01,0.02,0.03,0.05") == 2
    assert "a forecast after the result is none" in office.said
    assert office(*words, "0,0.01") == 2
    assert office(*words, "0.05,0.03,0.02,0.01,0") == 2


def test_hostile_strings_stay_strings(approved):
    evil = "\x1b[2J'; DROP TABLE entry; -- \u202e<script>"
    words = ("approve", "study.yaml", "--role", "product", "--sign-with", "bob", "--note", evil)
    assert approved(*words) == 0
    assert approved("approve", "study.yaml", "--role", evil, "--sign-with", "bob") == 1
    assert "\x1b[2J" not in approved.said
    assert approved("rights", "explain", evil) == 2
    assert "\x1b[2J" not in approved.said
    assert approved.status() == 0
    assert approved("ledger", "verify") == 0


def test_a_record_without_a_forecast_is_not_signed_and_a_whole_one_is(office):
    assert office("gate", "record", "study.yaml", "--out", "record.md") == 0
    words = ("sign", "study.yaml", "--sign-with", "ada", "--record", "record.md")
    assert office(*words) == 1
    assert "still open" in office.said
    page = office.folder / "record.md"
    text = page.read_text()
    text = text.replace("## Decision outcome\n\n?", "## Decision outcome\n\nship new")
    text = text.replace("## Dissent\n\n?", "## Dissent\n\n### bob\n\nToo soon.")
    text = text.replace("online: ?", "online: 0.7").replace("\n\n?", "\n\nBecause.")
    page.write_text(text)
    assert office(*words) == 1
    text = text.replace("rollback: ?", "rollback: 0.1")
    page.write_text(text.replace("%): ?", "%): 0, 0.01, 0.02, 0.03, 0.05"))
    assert office(*words) == 0, office.said
    said = [e for e in office.entries("statement") if "record" in e.body["predicate"]]
    assert len(said) == 1
    back = ("gate", "record", "study.yaml", "--as-signed", "--out")
    assert office(*back, "back.md") == 0, office.said
    assert from_markdown((office.folder / "back.md").read_text()) == from_markdown(page.read_text())
    assert "online: 0.7\n- Chance of a rollback: 0.1" in (office.folder / "back.md").read_text()
    score_one_again(office)
    assert office(*back, "stale.md") == 2
    assert "no signed decision record is about this evidence" in office.said


def test_a_record_says_who_decided_who_was_heard_and_who_is_told(office):
    def head(name):
        return yaml.safe_load((office.folder / name).read_text().split("---\n")[1])

    assert office("keys", "new", "sue") == 0, office.said
    trust = ("keys", "trust", "sue.pub.json", "--role", "team-search", "--sign-with", "owner")
    assert office(*trust) == 0, office.said
    consumer = ("rights", "consumer", "story", "--team", "search", "--sign-with", "sue")
    assert office(*consumer) == 0, office.said
    approve = ("approve", "study.yaml", "--role", "product", "--sign-with", "bob")
    assert office(*approve) == 0, office.said
    assert office("gate", "record", "study.yaml", "--out", "record.md") == 0, office.said
    (decision,) = office.entries("decision")
    assert head("record.md") == {
        "status": "proposed",
        "date": decision.time.date(),
        "decision-makers": [],
        "consulted": ["bob (product)"],
        "informed": ["search"],
    }
    page = office.folder / "record.md"
    text = page.read_text().replace("## Decision outcome\n\n?", "## Decision outcome\n\nship new")
    text = text.replace("## Dissent\n\n?", "## Dissent\n\n### zoe\n\nToo soon.")
    text = text.replace("online: ?", "online: 0.7").replace("rollback: ?", "rollback: 0.1")
    text = text.replace("%): ?", "%): 0, 0.01, 0.02, 0.03, 0.05").replace("\n\n?", "\n\nBecause.")
    page.write_text(text)
    signed = ("sign", "study.yaml", "--sign-with", "ada", "--record", "record.md")
    assert office(*signed) == 0, office.said
    back = ("gate", "record", "study.yaml", "--as-signed", "--out", "back.md")
    assert office(*back) == 0, office.said
    told = head("back.md")
    assert (told["status"], told["decision-makers"]) == ("accepted", ["ada"])
    assert told["consulted"] == ["bob (product)", "zoe (dissent)"]
    assert told["informed"] == ["search"]


def test_a_forecast_from_before_the_result_is_found_after_it(office):
    office.write(study="second", exploratory=True)
    assert office("study", "lock", "study.yaml") == 0, office.said
    words = ("sign", "study.yaml", "--sign-with", "ada", "--p-ship", "0.6", "--effect")
    assert office(*words, "0,0.01,0.02,0.03,0.05") == 0, office.said
    assert office.status() == 2
    assert "nothing was decided yet" in office.said
    office("run", "study.yaml", "--quiet")

    from liftgate.flow.standing import facts, picture

    known = facts(picture(office.folder / "study.yaml", Workspace.locate()))
    assert known.author_signed
    assert known.forecast is not None


def test_a_mistyped_condition_is_not_waived(approved):
    words = ("waive", "study.yaml", "--until", "5d", "--reason", "r", "--owner", "o",
             "--sign-with", "bob", "--condition")  # fmt: skip
    before = len(approved.entries())
    assert approved(*words, "frehs") == 2
    assert "did you mean 'fresh'" in approved.said
    assert len(approved.entries()) == before
    assert approved(*words, "fresh") == 0, approved.said
