"""A folder with a decided study and keys of people, and the command line in it."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from unittest import mock

import pytest
import yaml

from liftgate.cli.main import main
from liftgate.flow.run import record_finished
from liftgate.ledger import Ledger, consent, dsse, statements
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


def fill(folder):
    (folder / "signed_systems.py").write_text(SYSTEMS)
    rows = [{"id": f"q{n}", "input": f"question {n}", "target": "yes", "page": f"p{n // 4}"}
            for n in range(240)]  # fmt: skip
    (folder / "items.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))


@pytest.fixture(scope="session")
def finished(tmp_path_factory):
    """Return a folder in which keys are trusted and the study is decided; it is only copied."""
    folder = tmp_path_factory.mktemp("signed")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        environment(patch, folder)
        fill(folder)
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


def environment(patch, folder):
    patch.setenv("LIFTGATE_HOME", str(folder / ".liftgate"))
    patch.setenv("LIFTGATE_KEYS", str(folder / "private"))
    patch.delenv("LIFTGATE_TRUST", raising=False)


@pytest.fixture
def office(finished, tmp_path, monkeypatch, capsys):
    folder = tmp_path / "office"
    shutil.copytree(finished, folder)
    monkeypatch.chdir(folder)
    environment(monkeypatch, folder)
    return Office(folder, capsys)


@pytest.fixture
def approved(office):
    """Return the office once the author has signed and product has approved."""
    assert office("sign", "study.yaml", "--sign-with", "ada") == 0
    assert office("approve", "study.yaml", "--role", "product", "--sign-with", "bob") == 0
    return office


def approve_by_hand(office, name, *, now=None):
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


def score_one_again(office):
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


def shown(office, name):
    assert office("policy", "show", name, "--json") == 0
    return office.said


def adopt(office, policy, *names):
    office.folder.joinpath("own.yaml").write_text(yaml.safe_dump(policy))
    keys = [word for name in names for word in ("--sign-with", name)]
    assert office("policy", "adopt", "own.yaml", *keys) == 0, office.said


def hire(office, **people):
    """Make and trust a key for each: name -> role."""
    for name, role in people.items():
        assert office("keys", "new", name) == 0
        role_words = ("--role", role.replace("_", "-")) if role else ()
        words = ("keys", "trust", f"{name}.pub.json", *role_words, "--sign-with", "owner")
        assert office(*words) == 0, office.said


def second_key(office, name, person, *roles, owner=False):
    """Make and trust another key of somebody."""
    assert office("keys", "new", name) == 0
    words = [word for role in roles for word in ("--role", role)]
    words += ["--as-owner"] if owner else []
    trust = ("keys", "trust", f"{name}.pub.json", "--person", person, "--sign-with", "owner")
    assert office(*trust, *words) == 0, office.said


def by_hand(office, entry, act, said, *names, evidence=None, time=None):
    """Append a statement past every check, signed with keys that one holds."""
    payload = consent.payload(entry, act, said, evidence=evidence)
    envelope = dsse.sign(statements.TYPE, payload, [load_key(name) for name in names])
    body = {"about": entry.sequence, "predicate": f"urn:liftgate:predicate:{act}:v1",
            "envelope": envelope.as_json()}  # fmt: skip
    with Ledger.open(office.home) as ledger:
        return ledger.append("statement", body, refs={"entry": entry.leaf}, time=time)


def digest_of(policy):
    from liftgate.gates.policy import Policy

    return Policy(**policy).digest()
