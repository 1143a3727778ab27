"""A dataset, a person, a commit turns out wrong: which decisions rest on it, and how they show."""

from __future__ import annotations

import json
import shutil
import subprocess

import pytest

from liftgate.cli.main import main
from liftgate.ledger import Ledger
from liftgate.ledger.author import default_author
from liftgate.store import Workspace
from tests.stories.conftest import World

THREE = ("one", "two", "three")


class Desk:
    """A folder with studies, and the command line in it."""

    def __init__(self, folder, capsys):
        self.folder, self._capsys = folder, capsys

    def __call__(self, *words):
        self._capsys.readouterr()
        with pytest.raises(SystemExit) as stopped:
            main(list(words))
        self.said, self.warned = self._capsys.readouterr()
        return stopped.value.code

    def json(self, *words):
        self.code = self(*words, "--json")
        return json.loads(self.said)

    def decisions(self):
        with Ledger.open(self.folder / ".liftgate", read_only=True) as ledger:
            return {e.body["study"]: e for e in ledger.entries("decision")}

    def dataset(self, study):
        return "dataset:" + self.decisions()[study].body["dataset"]["digest"]


def _run(file):
    with pytest.raises(SystemExit) as stopped:
        main(["run", file, "--quiet", "--no-report"])
    assert stopped.value.code in (0, 1, 4), file


@pytest.fixture(scope="module")
def decided(tmp_path_factory):
    """Return a folder with three decisions on one set and two on others; it is only copied."""
    folder = tmp_path_factory.mktemp("touched")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setenv("LIFTGATE_HOME", str(folder / ".liftgate"))
        patch.setenv("LIFTGATE_KEYS", str(folder / "private"))
        patch.setenv("LIFTGATE_AUTHOR", "Ada <ada@example.org>")
        default_author.cache_clear()
        for number, (name, label) in enumerate(
            [("one", "yes"), ("other", "no"), ("two", "yes"), ("three", "yes")]
        ):
            world = World(folder)
            world.study["study"] = name
            world.study["arms"]["new"]["params"] |= {"right": 0.7 + number / 100}
            world.study["dataset"]["source"] = f"{label}.jsonl"
            world.write(items=160, label=label, file=f"{name}.yaml")
            (folder / "items.jsonl").rename(folder / f"{label}.jsonl")
            if name == "two":
                patch.setenv("LIFTGATE_AUTHOR", "Bob <bob@example.org>")
                default_author.cache_clear()
                (folder / ".gitignore").write_text(".liftgate\ncalls.log\n__pycache__\nprivate\n")
                for words in (["init", "-q"], ["add", "."], ["commit", "-qm", "one"]):
                    who = ["-c", "user.name=a", "-c", "user.email=a@example.org"]
                    subprocess.run(["git", *who, *words], cwd=folder, check=True)
            _run(f"{name}.yaml")
    default_author.cache_clear()
    return folder


@pytest.fixture
def desk(decided, tmp_path, monkeypatch, capsys):
    folder = tmp_path / "desk"
    shutil.copytree(decided, folder)
    monkeypatch.chdir(folder)
    monkeypatch.setenv("LIFTGATE_HOME", str(folder / ".liftgate"))
    monkeypatch.setenv("LIFTGATE_KEYS", str(folder / "private"))
    return Desk(folder, capsys)


def test_a_wrong_dataset_lists_exactly_its_three_decisions_and_marks_them(desk):
    of = {name: entry.sequence for name, entry in desk.decisions().items()}
    wrong = desk.dataset("one")
    found = desk.json("impact", wrong)
    assert desk.code == 1
    assert [one["entry"] for one in found["affected"]] == [of[name] for name in THREE]
    assert found["decisions"] == 4
    assert found["affected"][0]["why"] == ["its 160 items"]
    assert desk("impact", wrong, "--mark", "--reason", "labels of page 7 are swapped") == 0
    assert "3 of 4 decisions rest on it" in desk.said
    marked = desk.json("impact", wrong[: len("dataset:sha256:") + 12])
    assert (desk.code, marked["thing"]) == (0, wrong)
    assert [len(one["reopened"]) for one in marked["affected"]] == [1, 1, 1]
    assert desk("impact", wrong) == 0
    with Ledger.open(desk.folder / ".liftgate", read_only=True) as ledger:
        entries = list(ledger.entries("decision.reopened"))
    assert [one["entry"] for e in entries for one in e.body["decisions"]] == [
        of[name] for name in THREE
    ]
    assert desk("impact", wrong, "--mark", "--reason", "again") == 0
    assert "already" in desk.said
    assert desk("ledger", "verify") == 0


def test_a_reopened_decision_shows_as_such_everywhere_and_another_does_not(desk):
    of = {name: entry.sequence for name, entry in desk.decisions().items()}
    assert desk("gate", "status", "one.yaml") == 0, desk.said
    assert desk("doc", "build", "decision-memo", "one", "--out", "memo.md") == 0
    assert desk("doc", "check", "memo.md") == 0
    assert desk("impact", desk.dataset("one"), "--mark", "--reason", "swapped labels") == 0
    assert desk("gate", "status", "one.yaml") == 1
    assert "reopened" in desk.said
    assert "swapped labels" in desk.said
    assert desk("gate", "status", "other.yaml") in (1, 4)
    assert "reopened" not in desk.said
    assert desk("doc", "check", "memo.md") == 1
    assert "stale" in desk.said
    assert "swapped labels" in desk.said
    assert desk("doc", "build", "decision-memo", "one", "--out", "memo.md") == 0
    assert "must be looked at again" in (desk.folder / "memo.md").read_text()
    assert desk("report", "one", "--out", "one.html") == 0
    page = (desk.folder / "one.html").read_text()
    assert "<title>REOPENED: one" in page
    assert "swapped labels" in page
    assert desk("report", "other", "--out", "other.html") == 0
    assert "REOPENED" not in (desk.folder / "other.html").read_text()
    assert desk("ledger", "log", "--kind", "decision.reopened") == 0
    assert "swapped labels" in desk.said
    shown = desk.json("ledger", "show", str(of["one"]))
    assert shown["reopened"][0]["reason"] == "swapped labels"
    assert desk("trace", str(of["one"])) == 0
    assert "Note: reopened" in desk.said
    assert desk("run", "one.yaml", "--quiet", "--no-report") == 0
    assert "To be looked at again" in desk.said
    assert desk("keys", "new", "ada") == 0
    assert desk("keys", "trust", "ada.pub.json", "--sign-with", "ada") == 0
    words = ("ledger", "attest", str(of["one"]), "--predicate", "vsa", "--sign-with", "ada")
    assert desk(*words) == 2
    assert "reopened" in desk.warned


def test_a_person_a_run_a_scorer_an_arm_and_a_commit_are_found(desk):
    decisions = desk.decisions()
    of = {name: entry.sequence for name, entry in decisions.items()}

    def rests(thing):
        return [one["entry"] for one in desk.json("impact", thing)["affected"]]

    assert rests("person:bob") == [of["two"], of["three"]]
    assert rests("person:Ada <ada@example.org>") == [
        of[n] for n in ("one", "other", "two", "three")
    ]
    why = desk.json("impact", "person:ada@example.org")["affected"][-1]["why"]
    assert any("ran" in text for text in why), "the baseline's answers are from Ada's run"
    run = next(iter(decisions["other"].body["rows"]["files"])).partition("/")[0]
    assert of["other"] in rests(f"run:{run}")
    arm = next(a for a in decisions["two"].body["arms"] if a["name"] == "new")
    assert rests(f"arm:{arm['fingerprint']}") == [of["two"]]
    head = ["git", "rev-parse", "HEAD"]
    commit = subprocess.run(head, cwd=desk.folder, check=True, capture_output=True, text=True)
    found = desk.json("impact", f"commit:{commit.stdout[:10]}")
    assert [one["entry"] for one in found["affected"]] == [of["two"], of["three"]]
    assert found["cannot_tell"] == {
        str(of[name]): found["cannot_tell"][str(of[name])] for name in ("one", "other")
    }
    assert "captured no commit" in found["cannot_tell"][str(of["one"])]
    scorer = _scorer(desk)
    assert len(rests(f"judge:{scorer}")) == 4


def _scorer(desk):
    with Ledger.open(Workspace.locate().home, read_only=True) as ledger:
        return next(ledger.entries("study.locked")).body["scorers"]["right"]


@pytest.mark.parametrize(
    ("thing", "said"),
    [
        ("dataset:sha256:0123456789", "no dataset named"),
        ("datset:sha256:0123456789", "did you mean 'dataset'"),
        ("sha256:0123456789", "no kind of thing"),
        ("dataset", "expected KIND:NAME"),
        ("dataset:sha256:01", "at least 8"),
        ("commit:abc", "at least 7"),
    ],
)
def test_a_mistyped_thing_is_never_said_to_touch_nothing(desk, thing, said):
    assert desk("impact", thing) == 2
    assert said in desk.warned


def test_marking_needs_a_reason(desk):
    assert desk("impact", desk.dataset("one"), "--mark") == 2
    assert desk("impact", desk.dataset("one"), "--reason", "why") == 2
