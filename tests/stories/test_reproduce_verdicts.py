"""The four verdicts of a run made again, what they cost, and the policy that asks for one."""

from __future__ import annotations

import json

import pytest

from liftgate.cli.main import main
from liftgate.flow.shadow import attempt
from liftgate.flow.swap import Passes
from liftgate.ledger import Ledger
from tests.stories.test_captured_code import git

SYSTEMS = '''
"""Right by a draw that is the question's own; noise and drift come from files beside it."""
import hashlib, json, os
from pathlib import Path

SETTINGS = Path(__file__).with_name("settings.json")


def _share(data):
    return int.from_bytes(hashlib.sha256(data).digest()[:4], "big") / 2**32


def system(retriever="0.5"):
    told = json.loads(SETTINGS.read_text())

    def answer(parts):
        good = _share(parts["text"].encode()) < float(retriever) - told["drift"]
        if _share(os.urandom(8)) < told["noise"]:
            good = not good
        return ("yes" if good else "no") + (" " * ord(os.urandom(1)) if told["spaces"] else "")

    answer.measure = lambda: {"size_mb": 1.0}
    return answer
'''
STUDY = {
    "liftgate": 1, "study": "again", "hypothesis": "The new retriever is right more often.",
    "dataset": {"source": "items.jsonl"},
    "arms": {
        "old": {"role": "baseline", "system": "python:again_systems:system",
                "params": {"retriever": "0.5"}},
        "new": {"role": "candidate", "system": "python:again_systems:system",
                "params": {"retriever": "0.75"}},
    },
    "scorers": {"right": {"scorer": "exact"}},
    "outcomes": {"timeout": {"score": "worst", "after_s": 30}, "crash": {"score": "worst"},
                 "refusal": {"score": "worst"}, "unparsable": {"score": "worst"},
                 "scorer_failed": "missing", "missing_label": "missing"},
    "claims": {"primary": {"metric": "right", "superior": {"target": 0.2}},
               "guardrails": [{"measure": "size_mb", "within": {"limit": 10}}]},
    "reproduction": {"tolerance": {"right": 0.06}},
    "seed": 1,
}  # fmt: skip


class Bench:
    """A folder with a study whose systems can be made noisy, and the command line in it."""

    def __init__(self, folder, capsys):
        self.folder, self._capsys = folder, capsys
        (folder / "again_systems.py").write_text(SYSTEMS)
        self.set()

    def write(self, items=300, **changes):
        rows = [{"id": f"q{n}", "input": f"question {n}", "target": "yes"} for n in range(items)]
        (self.folder / "items.jsonl").write_text("".join(json.dumps(r) + "\n" for r in rows))
        study = {name: value for name, value in {**STUDY, **changes}.items() if value is not None}
        (self.folder / "study.yaml").write_text(json.dumps(study))
        return self

    def set(self, noise=0.0, drift=0.0, spaces=False):
        told = {"noise": noise, "drift": drift, "spaces": spaces}
        (self.folder / "settings.json").write_text(json.dumps(told))

    def __call__(self, *words):
        self._capsys.readouterr()
        with pytest.raises(SystemExit) as stopped:
            main(list(words))
        self.said, self.warned = self._capsys.readouterr()
        return stopped.value.code

    def run(self):
        return self("run", "study.yaml", "--quiet", "--no-report")

    def again(self, *words):
        code = self("reproduce", "again", "--json", *words)
        return code, json.loads(self.said)

    def entries(self, kind):
        with Ledger.open(self.folder / ".liftgate", read_only=True) as ledger:
            return list(ledger.entries(kind))

    def conditions(self):
        self("gate", "status", "study.yaml", "--json")
        found = json.loads(self.said)["standing"]["parts"]
        return {one["name"]: (one["state"], one["why"]) for one in found}


@pytest.fixture
def bench(tmp_path, monkeypatch, capsys):
    # A process of its own for each pass is shown by test_reproduce.py; here it costs too much.
    monkeypatch.setattr(Passes, "_in_a_process", lambda _, job, __: attempt(dict(job)))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LIFTGATE_HOME", str(tmp_path / ".liftgate"))
    monkeypatch.setenv("LIFTGATE_KEYS", str(tmp_path / "private"))
    monkeypatch.delenv("LIFTGATE_TRUST", raising=False)
    return Bench(tmp_path, capsys)


def test_other_spaces_are_score_identical(bench):
    bench.set(spaces=True)
    bench.write().run()
    code, found = bench.again()
    assert (code, found["verdict"]) == (0, "score-identical")
    assert found["differing"] > 0
    assert bench.entries("run.reproduced")[-1].body["verdict"] == "score-identical"


def test_a_noisy_system_is_statistically_equivalent_to_itself(bench):
    bench.set(noise=0.01)
    bench.write().run()
    code, found = bench.again()
    assert (code, found["verdict"]) == (0, "statistically equivalent")
    assert found["differing"] > 0
    assert [one["of"] for one in found["same"]] == ["new", "old", "new - old"]
    assert all(one["same"] == "shown to be the same" for one in found["same"])
    assert all(one["floor"] > 0 for one in found["same"])
    entry = bench.entries("run.reproduced")[-1]
    assert entry.body["verdict"] == "statistically-equivalent"
    assert entry.body["runs"] == list(entry.refs)
    assert bench("ledger", "verify") == 0


def test_a_system_that_drifted_beyond_the_tolerance_is_not_reproduced(bench):
    bench.set(noise=0.01)
    bench.write().run()
    bench.set(noise=0.01, drift=0.2)
    code, found = bench.again("--no-search")
    assert (code, found["verdict"]) == (1, "not reproduced")
    assert any("moved by more than the tolerance" in one["reason"] for one in found["same"])


def test_too_few_items_cannot_tell_and_say_how_many_would(bench):
    bench.set(noise=0.05)
    bench.write(items=90).run()
    code, found = bench.again()
    assert (code, found["verdict"]) == (4, "undecided")
    assert max(one["items_needed"] or 0 for one in found["same"]) > 90
    assert found["cause"].startswith("noise")


def test_without_a_declared_tolerance_noise_is_no_equivalence(bench):
    bench.set(noise=0.01)
    bench.write(reproduction=None).run()
    code, found = bench.again()
    assert (code, found["verdict"]) == (1, "not reproduced")
    assert "declares no tolerance" in found["notes"][0]


def test_a_changed_parameter_is_a_cause_also_within_the_tolerance(bench):
    bench.write().run()
    text = (bench.folder / "study.yaml").read_text()
    (bench.folder / "study.yaml").write_text(text.replace('"0.75"', '"0.74"'))
    code, found = bench.again()
    assert (code, found["verdict"], found["cause"]) == (1, "not reproduced", "parameters")


def test_an_amended_study_is_made_again_as_amended_and_its_first_run_as_locked(bench):
    bench.write().run()
    first = bench.entries("run.finished")[-1].body["id"]
    text = (bench.folder / "study.yaml").read_text()
    (bench.folder / "study.yaml").write_text(text.replace('"0.75"', '"0.8"'))
    words = ("study", "amend", "study.yaml", "--reason", "better", "--seen", "results")
    assert bench(*words) == 0
    bench.run()
    last = bench.entries("run.finished")[-1].body["id"]
    assert last != first
    assert bench("reproduce", last) == 0, bench.said
    assert "bitwise" in bench.said
    code, found = bench.again()
    assert (code, found["verdict"], found["trials"]) == (0, "bitwise", 600)
    assert bench.entries("run.reproduced")[-1].body["runs"] == [first, last]
    code = bench("reproduce", first, "--json")
    assert (code, json.loads(bench.said)["cause"]) == (1, "parameters")


def test_what_it_takes_is_said_before_and_can_be_asked_alone(bench):
    bench.write().run()
    assert bench("reproduce", "again", "--estimate") == 0
    assert "One pass makes 600 calls; there may be up to 6 passes" in bench.said
    assert "Cost: not known" in bench.said
    assert not bench.entries("run.reproduced")
    assert bench.again()[0] == 0
    assert bench.warned.index("One pass makes") < bench.warned.index("Making about")


def test_the_regulated_policy_is_met_by_a_reproduction_and_by_nothing_less(bench):
    bench.write(tier="regulated")
    roles = {"owner": [], "ada": [], "bob": ["product"], "cy": ["compliance"],
             "eve": ["engineering"]}  # fmt: skip
    for name, mine in roles.items():
        assert bench("keys", "new", name) == 0
        said = [word for role in mine for word in ("--role", role)]
        assert bench("keys", "trust", f"{name}.pub.json", *said, "--sign-with", "owner") == 0
    (bench.folder / ".gitignore").write_text("private\n.liftgate\n__pycache__\n")
    git(bench.folder, "init", "-q")
    git(bench.folder, "add", ".")
    git(bench.folder, "commit", "-qm", "one")
    assert bench("study", "lock", "study.yaml") == 0
    forecast = ("--p-ship", "0.6", "--effect", "0,0.1,0.2,0.25,0.3")
    assert bench("sign", "study.yaml", "--sign-with", "ada", *forecast) == 0
    activate = ("gate", "activate", "study.yaml", "--sign-with", "eve")
    assert bench(*activate) == 0, bench.said + bench.warned
    assert bench.run() == 0
    assert bench.conditions()["entry:reproduction"][0] == "can't tell"
    with Ledger.open(bench.folder / ".liftgate") as ledger:
        ledger.append("run.reproduced", {"study": "again", "verdict": "bitwise"})
        forged = {"study": "again", "verdict": "bitwise", "runs": ["another"]}
        ledger.append("run.reproduced", forged)
    assert bench.conditions()["entry:reproduction"][0] == "can't tell"
    bench.set(drift=0.3)
    assert bench("reproduce", "again", "--no-search") == 1
    state, why = bench.conditions()["entry:reproduction"]
    assert (state, "not-reproduced" in why) == ("not met", True)
    bench.set()
    assert bench("reproduce", "again") == 0
    # What nobody signed anybody who may write could have appended.
    assert bench.conditions()["entry:reproduction"][0] == "not met"
    assert bench("reproduce", "again", "--sign-with", "eve") == 0
    assert bench.conditions()["entry:reproduction"][0] == "met"
    _sign_record(bench)
    for role, name in (("product", "bob"), ("compliance", "cy")):
        assert bench("approve", "study.yaml", "--role", role, "--sign-with", name) == 0, bench.said
    assert bench("gate", "status", "study.yaml") == 0, bench.said


def _sign_record(bench):
    assert bench("gate", "record", "study.yaml", "--out", "record.md") == 0
    page = bench.folder / "record.md"
    text = page.read_text()
    for old, new in (
        ("## Decision outcome\n\n?", "## Decision outcome\n\nship new"),
        ("## Dissent\n\n?", "## Dissent\n\n### bob\n\nToo soon."),
        ("online: ?", "online: 0.7"), ("\n\n?", "\n\nBecause."), ("rollback: ?", "rollback: 0.1"),
        ("%): ?", "%): 0, 0.01, 0.02, 0.03, 0.05"),
    ):  # fmt: skip
        text = text.replace(old, new)
    page.write_text(text)
    words = ("sign", "study.yaml", "--sign-with", "ada", "--record", "record.md")
    assert bench(*words) == 0, bench.said + bench.warned
