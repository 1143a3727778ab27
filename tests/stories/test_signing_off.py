"""From a decision to a change that may be shipped, and all the ways around it that are closed."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from unittest import mock

import pytest
import yaml

from liftgate.cli.main import main
from liftgate.flow.run import record_finished
from liftgate.ledger import Ledger, consent
from liftgate.ledger.keys import load_key
from liftgate.ledger.trust import load as load_trust
from liftgate.store import Store, Workspace
from liftgate.study.lock import LOCKED

SYSTEMS = """
import hashlib

def system(right=0.5, **told):
    def answer(parts):
        drawn = int(hashlib.sha256(parts["text"].encode()).hexdigest()[:8], 16) / 2**32
        return "yes" if drawn < (0.5 if told.get("prompt") == "old" else 0.75) else "no"
    answer.measure = lambda: {"size_mb": 1.0}
    return answer
"""
STUDY = {
    "liftgate": 1, "study": "story", "hypothesis": "The new prompt is right more often.",
    "dataset": {"source": "items.jsonl", "cluster": "page"},
    "arms": {
        "old": {"role": "baseline", "system": "python:signed_systems:system",
                "params": {"prompt": "old", "model": "m1"}},
        "new": {"role": "candidate", "system": "python:signed_systems:system",
                "params": {"prompt": "new", "model": "m2"}},
    },
    "scorers": {"right": {"scorer": "exact"}},
    "outcomes": {"timeout": {"score": "worst", "after_s": 30}, "crash": {"score": "worst"},
                 "refusal": {"score": "worst"}, "unparsable": {"score": "worst"},
                 "scorer_failed": "missing", "missing_label": "missing"},
    "claims": {"primary": {"metric": "right", "superior": {"target": 0.1}},
               "guardrails": [{"measure": "size_mb", "within": {"limit": 10}}]},
    "seed": 1,
}  # fmt: skip
PEOPLE = {"owner": [], "ada": [], "bob": ["product"], "rai": ["responsible-ai"],
          "robot": ["product"]}  # fmt: skip


class Office:
    """A folder with a study, keys of people, and the command line in it."""

    def __init__(self, folder, capsys):
        self.folder, self.home, self._capsys = folder, folder / ".liftgate", capsys

    def __call__(self, *words):
        self._capsys.readouterr()
        with pytest.raises(SystemExit) as stopped:
            main(list(words))
        self.said = "".join(self._capsys.readouterr())
        return stopped.value.code

    def write(self, **changes):
        study = {**json.loads(json.dumps(STUDY)), "tier": "scaleup", **changes}
        (self.folder / "study.yaml").write_text(json.dumps(study))
        return study

    def status(self):
        return self("gate", "status", "study.yaml")

    def conditions(self):
        self("gate", "status", "study.yaml", "--json")
        self.body = json.loads(self.said)
        return {one["name"]: one["state"] for one in self.body["standing"]["parts"]}

    def entries(self, kind=None):
        with Ledger.open(self.home, read_only=True) as ledger:
            return list(ledger.entries(kind))


def _fill(folder):
    (folder / "signed_systems.py").write_text(SYSTEMS)
    rows = [{"id": f"q{n}", "input": f"question {n}", "target": "yes", "page": f"p{n // 4}"}
            for n in range(240)]  # fmt: skip
    (folder / "items.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """Return a folder in which keys are trusted and the study is decided; it is only copied."""
    folder = tmp_path_factory.mktemp("signed")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        _environment(patch, folder)
        _fill(folder)
        (folder / "study.yaml").write_text(json.dumps({**STUDY, "tier": "scaleup"}))
        for name, roles in PEOPLE.items():
            said = [word for role in roles for word in ("--role", role)]
            service = ["--service"] if name == "robot" else []
            for words in (
                ["keys", "new", name],
                ["keys", "trust", f"{name}.pub.json", *said, *service, "--sign-with", "owner"],
            ):
                with pytest.raises(SystemExit) as stopped:
                    main(words)
                assert stopped.value.code == 0, words
        with pytest.raises(SystemExit) as stopped:
            main(["run", "study.yaml", "--quiet"])
        assert stopped.value.code == 0
    return folder


def _environment(patch, folder):
    patch.setenv("LIFTGATE_HOME", str(folder / ".liftgate"))
    patch.setenv("LIFTGATE_KEYS", str(folder / "private"))
    patch.delenv("LIFTGATE_TRUST", raising=False)


@pytest.fixture
def office(finished, tmp_path, monkeypatch, capsys):
    folder = tmp_path / "office"
    shutil.copytree(finished, folder)
    monkeypatch.chdir(folder)
    _environment(monkeypatch, folder)
    return Office(folder, capsys)


@pytest.fixture
def approved(office):
    """Return the office once the author has signed and product has approved."""
    assert office("sign", "study.yaml", "--sign-with", "ada") == 0
    assert office("approve", "study.yaml", "--role", "product", "--sign-with", "bob") == 0
    return office


def test_nobody_notices_the_lowest_tier(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    _environment(monkeypatch, tmp_path)
    office = Office(tmp_path, capsys)
    _fill(tmp_path)
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
    _approve_by_hand(office, "ada")
    assert office.status() == 1
    assert "the author does not approve" in office.said


def test_a_role_is_not_taken_from_the_command_line_the_statement_or_another_trust_file(
    office, monkeypatch
):
    assert office("sign", "study.yaml", "--sign-with", "ada") == 0
    assert office("approve", "study.yaml", "--role", "product", "--sign-with", "rai") == 1
    assert "not the role 'product'" in office.said
    _approve_by_hand(office, "rai")
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
    _approve_by_hand(office, "bob", now=datetime.now(UTC) - timedelta(hours=2))
    assert office.status() == 1
    assert "revoked" in office.said
    assert office("ledger", "verify") == 3


def test_scoring_one_item_again_makes_the_approval_stale_and_no_replay_revives_it(approved):
    assert approved.status() == 0
    old = approved.entries("statement")[-1]
    _score_one_again(approved)
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
    policy = json.loads(_shown(approved, "scaleup"))
    policy["tiers"]["medium"]["least_items"] = 10_000
    _adopt(approved, policy, "bob")
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
    policy = json.loads(_shown(approved, "scaleup"))
    _adopt(approved, policy, "bob")
    policy["tiers"]["medium"]["approvals"] = {}
    policy["tiers"]["medium"]["author_signs"] = False
    approved.folder.joinpath("weak.yaml").write_text(yaml.safe_dump(policy))
    assert approved("policy", "adopt", "weak.yaml", "--sign-with", "bob") == 1
    assert "does not hold yet" in approved.said
    assert "weakened" in approved.said
    approved.conditions()
    assert approved.body["policy"]["digest"] != _digest_of(policy)
    proposal = approved.entries("policy.proposed")[-1]
    with Ledger.open(approved.home) as ledger:
        ledger.append("policy.proposed", proposal.body)
        ledger.append("policy.adopted", proposal.body)
    approved.conditions()
    assert approved.body["policy"]["digest"] != _digest_of(policy)
    assert approved("policy", "adopt", "weak.yaml", "--sign-with", "rai") == 1
    keys = ("keys", "trust", "owner.pub.json", "--role", "engineering", "--sign-with", "owner")
    assert approved(*keys) == 0
    assert approved("policy", "adopt", "weak.yaml", "--sign-with", "owner") == 0
    approved.conditions()
    assert approved.body["policy"]["digest"] == _digest_of(policy)


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


def _approve_by_hand(office, name, *, now=None):
    """Sign an approval past the program's own checks, as somebody who bends it can."""
    from liftgate.flow.standing import picture

    seen = picture(office.folder / "study.yaml", Workspace.locate())
    said = {"study": "story", "role": "product", "policy": seen.policy.digest()}
    with (
        Ledger.open(office.home) as ledger,
        mock.patch("liftgate.ledger.consent.refusal", return_value=""),
    ):
        consent.give(
            ledger, seen.decision, consent.APPROVAL, said, [load_key(name)],
            load_trust(office.home / "trust.json"), evidence=seen.digest, now=now,
        )  # fmt: skip


def _score_one_again(office):
    lock = office.entries(LOCKED)[-1]
    with Store.open(office.home) as store, Ledger.open(office.home) as ledger:
        scores = store.scores(lock.body["scorers"]["right"])
        arm = lock.body["arms"]["new"]
        keys = {trial.key for trial in store.trials(arm)}
        one = next(s for s in scores if s.trial_key in keys and s.value == 1.0)
        with store.begin(lock.body["study_digest"], {}) as writer:
            writer.add_score(replace(one, run=writer.run, value=0.0))
            writer.finish(complete=True)
        record_finished(store, ledger)


def _shown(office, name):
    assert office("policy", "show", name, "--json") == 0
    return office.said


def _adopt(office, policy, *names):
    office.folder.joinpath("own.yaml").write_text(yaml.safe_dump(policy))
    keys = [word for name in names for word in ("--sign-with", name)]
    assert office("policy", "adopt", "own.yaml", *keys) == 0, office.said


def _digest_of(policy):
    from liftgate.gates.policy import Policy

    return Policy(**policy).digest()


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
