"""A run that is not reproduced: the temperature, the tokenizer or the item that did it is named."""

from __future__ import annotations

import json
import subprocess

import pytest

from liftgate.flow.shadow import attempt
from liftgate.flow.swap import Passes
from tests.stories.test_reproduce_verdicts import Bench

SYSTEMS = '''
"""Answers by the number of tokens; a temperature above 0 spoils every third answer."""
import json
from pathlib import Path

TOKENIZER = Path(__file__).with_name("tokenizer.json")


def system(skill=1, temperature=0.0, max_tokens=64):
    def answer(parts):
        told = json.loads(TOKENIZER.read_text(encoding="utf-8"))
        text = parts["text"].lower() if told["lower"] else parts["text"]
        ids = [sum(word.encode()) for word in text.split()][: int(max_tokens)]
        drawn = sum(ids) % 10
        spoiled = float(temperature) > 0 and drawn % 3 == 0
        return "yes" if drawn < 4 + 3 * int(skill) and not spoiled else "no"

    answer.measure = lambda: {"size_mb": 1.0}
    return answer
'''
ARMS = {
    "old": {"role": "baseline", "system": "python:token_systems:system",
            "params": {"skill": 0, "temperature": 0.0, "max_tokens": 64}},
    "new": {"role": "candidate", "system": "python:token_systems:system",
            "params": {"skill": 1, "temperature": 0.0, "max_tokens": 64}},
}  # fmt: skip


def git(folder, *words):
    who = ["-c", "user.name=a", "-c", "user.email=a@example.org"]
    subprocess.run(["git", *who, *words], cwd=folder, check=True, capture_output=True)


@pytest.fixture
def bench(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LIFTGATE_HOME", str(tmp_path / ".liftgate"))
    made = Bench(tmp_path, capsys)
    (tmp_path / "token_systems.py").write_text(SYSTEMS)
    (tmp_path / "tokenizer.json").write_text('{"lower": true}')
    (tmp_path / "README").write_text("one\n")
    (tmp_path / ".gitignore").write_text(".liftgate\n__pycache__\n")
    made.write(items=160, arms=ARMS, reproduction=None)
    change(made, "items.jsonl", ('"question', '"Question'))
    git(tmp_path, "init", "-q")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-qm", "one")
    assert made.run() in (0, 1, 4), made.warned
    return made


@pytest.fixture
def quick(bench, monkeypatch):
    """Return a bench whose passes need no process of their own: no code is swapped."""
    monkeypatch.setattr(Passes, "_in_a_process", lambda _, job, __: attempt(dict(job)))
    return bench


def change(bench, file, *pairs):
    text = (bench.folder / file).read_text()
    for old, new in pairs:
        assert old in text
        text = text.replace(old, new)
    (bench.folder / file).write_text(text)


def test_a_changed_temperature_is_named_beside_a_parameter_that_changed_nothing(quick):
    study = json.loads((quick.folder / "study.yaml").read_text())
    study["arms"]["new"]["params"] |= {"temperature": 0.9, "max_tokens": 65}
    study["hypothesis"] = "In other words."
    (quick.folder / "study.yaml").write_text(json.dumps(study))
    code, found = quick.again()
    assert (code, found["verdict"], found["cause"]) == (1, "not reproduced", "parameters")
    assert found["parts"] == ["arms.new.params.temperature: 0 then, 0.9 now"]
    assert len(found["tried"]) == 3
    assert quick("reproduce", "again") == 1
    assert "Cause: parameters\n  arms.new.params.temperature: 0 then, 0.9 now\n" in quick.said
    entry = quick.entries("run.reproduced")[0]
    assert entry.body["parts"] == found["parts"], "the ledger has it, too"


def test_a_changed_item_of_the_data_is_named(quick):
    change(quick, "items.jsonl", ('"Question 7", "target": "yes"', '"Question 7", "target": "x"'),
           ('"Question 9"', '"Question nine"'))  # fmt: skip
    code, found = quick.again()
    assert (code, found["cause"]) == (1, "dataset")
    assert found["parts"] == ["q7 (target)", "q9 (input)"]


def test_a_changed_tokenizer_is_named_among_the_files_that_changed(bench):
    change(bench, "tokenizer.json", ("true", "false"))
    (bench.folder / "README").write_text("two\n")
    (bench.folder / "notes.md").write_text("not there then\n")
    git(bench.folder, "add", "README")
    git(bench.folder, "commit", "-qm", "two")
    code, found = bench.again()
    assert (code, found["verdict"], found["cause"]) == (1, "not reproduced", "code")
    assert found["parts"] == ["tokenizer.json"]
    assert (bench.folder / "tokenizer.json").read_text() == '{"lower": false}', "only copies change"


def test_what_only_acts_together_is_named_together(quick):
    study = json.loads((quick.folder / "study.yaml").read_text())
    study["arms"]["new"]["params"] |= {"temperature": 0.9}
    (quick.folder / "study.yaml").write_text(json.dumps(study))
    change(quick, "items.jsonl", ('"Question 8", "target": "yes"', '"Question 8", "target": "x"'))
    code, found = quick.again()
    assert (code, found["cause"]) == (1, "parameters and dataset")
    assert found["parts"] == ["arms.new.params.temperature: 0 then, 0.9 now", "q8 (target)"]
