"""What machines never do, act by act: by a key that is a service's, and by the role of one."""

from __future__ import annotations

import json
import shutil
from datetime import UTC, datetime, timedelta

import pytest

from liftgate.ledger import Ledger, consent
from liftgate.ledger import trust as trusts
from tests.stories.attack_table import assert_told
from tests.stories.offices import Office, by_hand, environment, hire

MACHINES = ("robot", "auto")
SOON = (datetime.now(UTC) + timedelta(days=2)).isoformat()
ROLES = ("product", "engineering", "director", "compliance", "incident-commander", "team-search",
         "responsible-ai", "automation")  # fmt: skip
BY = "--sign-with"
ACTS = {
    "sign the study": ("sign", "study.yaml"),
    "sign a forecast": ("sign", "study.yaml", "--p-ship", "0.5", "--effect", "0,1,2,3,4"),
    "sign a record": ("sign", "study.yaml", "--record", "record.md"),
    "approve": ("approve", "study.yaml", "--role", "product"),
    "waive": ("waive", "study.yaml", "--condition", "items", "--until", "5d", "--reason", "x",
              "--owner", "bob"),
    "adopt a policy": ("policy", "adopt", "weaker.yaml"),
    "propose an act": ("rights", "propose", "experiment-online", "--title", "t"),
    "agree to an act": ("rights", "answer", "{act}", "agree", "--role", "product"),
    "object to an act": ("rights", "answer", "{act}", "object", "--role", "product", "--note", "n"),
    "review": ("rights", "review", "{act}", "--note", "n"),
    "register a user": ("rights", "consumer", "golden", "--team", "search"),
    "lend a role": ("rights", "delegate", "--role", "product", "--who", "ada", "--reason", "x",
                    "--until", SOON),
    "declare a conflict": ("rights", "conflict", "story", "--who", "bob", "--reason", "x"),
    "break the glass": ("break-glass", "study.yaml", "--scope", "s", "--reason", "r",
                        "--acceptor", "bob", "--until", "6h"),
    "sign a drill": ("drill", "record", "rollback", "study.yaml", "--verdict", "passed",
                     "--note", "n"),
    "sign a reproduction": ("reproduce", "story", "--no-search"),
    "sign an activated gate": ("gate", "activate", "study.yaml", "--quiet"),
    "attest a protocol": ("ledger", "attest", "{lock}", "--predicate", "protocol"),
    "attest a decision": ("ledger", "attest", "{decision}", "--predicate", "decision"),
    "attest a release": ("ledger", "attest", "{decision}", "--predicate", "vsa"),
}  # fmt: skip


@pytest.fixture(scope="module")
def fence(finished, tmp_path_factory):
    """Return an office with a person and a machine of every role, and a proposed act."""
    folder = tmp_path_factory.mktemp("fence") / "office"
    shutil.copytree(finished, folder)
    return folder


@pytest.fixture
def fenced(fence, monkeypatch, capsys):
    monkeypatch.chdir(fence)
    environment(monkeypatch, fence)
    office = Office(fence, capsys)
    if not (fence / "auto.pub.json").exists():
        roles = [word for role in ROLES for word in ("--role", role)]
        assert office("keys", "new", "auto") == 0
        assert office("keys", "trust", "auto.pub.json", *roles, BY, "owner") == 0
        hire(office, dan="director")
        propose = ("rights", "propose", "experiment-online", "--title", "t")
        assert office(*propose, BY, "bob") == 1, office.said
        assert office("gate", "record", "study.yaml", "--out", "record.md") == 0, office.said
        assert office("policy", "show", "startup", "--json") == 0
        policy = json.loads(office.said)
        policy["waivers"]["longest_days"] = 900
        (fence / "weaker.yaml").write_text(json.dumps(policy))
    return office


def numbers(office):
    return {
        "act": str(office.entries("act.proposed")[-1].sequence),
        "lock": str(office.entries("study.locked")[-1].sequence),
        "decision": str(office.entries("decision")[-1].sequence),
    }


@pytest.mark.parametrize("act", ACTS)
@pytest.mark.parametrize("machine", MACHINES)
def test_a_machine_does_no_act_that_signs_waives_weakens_or_lends(fenced, machine, act):
    before = fenced.entries()
    words = [word.format(**numbers(fenced)) for word in ACTS[act]]
    assert fenced(*words, BY, machine) == 1, fenced.said
    assert_told("a machine does what only people do", fenced.said)
    added = fenced.entries()[len(before) :]
    assert [entry.kind for entry in added] == ["refused"]
    assert added[0].body["name"] == machine


@pytest.mark.parametrize("machine", MACHINES)
def test_a_request_that_a_machine_signed_is_not_added(fenced, machine):
    file = f"{machine}-ask.json"
    asks = ("approve", "study.yaml", "--role", "product", "--request", file)
    assert fenced(*asks) == 0, fenced.said
    assert fenced("cosign", "sign", file, BY, machine) == 0
    # A person's signature beside it does not carry it in.
    assert fenced("cosign", "sign", file, BY, "bob") == 0
    before = fenced.entries()
    assert fenced("cosign", "add", file) == 1, fenced.said
    assert_told("a machine does what only people do", fenced.said)
    added = fenced.entries()[len(before) :]
    assert [entry.kind for entry in added] == ["refused"]
    assert machine in added[0].body["name"]


@pytest.mark.parametrize("machine", MACHINES)
def test_a_machine_bears_no_risk_gets_no_role_and_owns_no_trust_file(fenced, machine):
    lend = ("rights", "delegate", "--role", "product", "--who", machine, "--reason", "x")
    assert fenced(*lend, "--until", SOON, BY, "bob") == 1
    glass = ("break-glass", "study.yaml", "--scope", "s", "--reason", "r", "--until", "6h")
    assert fenced(*glass, "--acceptor", machine, BY, "bob") == 1
    assert fenced.entries("refused")[-1].body["why"].endswith("is a machine, and bears no risk")
    mark = ("--service",) if machine == "robot" else ("--role", "automation")
    own = ("keys", "trust", f"{machine}.pub.json", *mark, "--as-owner", BY, "owner")
    assert fenced(*own) == 2
    assert "never an owner" in fenced.said
    assert fenced("ledger", "attest", numbers(fenced)["decision"], "--predicate", "result",
                  BY, machine) == 0, fenced.said  # fmt: skip


def test_what_a_machine_signed_past_the_program_is_nobody_s_consent(fenced):
    """The account that may write holds the machines' keys, and appends what it likes."""
    lock, decision = fenced.entries("study.locked")[-1], fenced.entries("decision")[-1]
    act = fenced.entries("act.proposed")[-1]
    for machine in MACHINES:
        for about, kind, said in (
            (lock, consent.PROTOCOL, {}),
            (lock, consent.FORECAST, {"p_ship": 0.5}),
            (lock, consent.WAIVER, {"conditions": ["fresh"], "until": SOON, "owner": "x",
                                    "reason": "x", "study": "story"}),
            (lock, consent.GLASS, {"scope": "s", "acceptor": "bob", "reason": "r", "until": SOON}),
            (lock, consent.CONFLICT, {"who": "bob", "study": "story", "reason": "x"}),
            (decision, consent.APPROVAL, {"role": "product"}),
            (decision, consent.RECORD, {"study": "story"}),
            (act, consent.ACT, {"answer": "agrees", "role": "product"}),
            (act, consent.DELEGATION, {"role": "product", "to": "ada", "until": SOON}),
        ):  # fmt: skip
            by_hand(fenced, about, kind, said, machine)
    trust = trusts.load(fenced.home / "trust.json")
    with Ledger.open(fenced.home, read_only=True) as ledger:
        given = [one for one in consent.given(ledger.entries(), trust) if one.machines]
    assert len(given) >= 18
    assert not any(one.by for one in given)
    assert all("machine's" in "".join(one.faults) for one in given)
    fenced("exceptions", "--json")
    counts = json.loads(fenced.said)["counts"]
    assert not counts["waivers"].get("open")
    assert not counts["break_glass"].get("open")
    assert fenced.conditions()["author"] == "can't tell"
