"""The code and the servers of a run, brought back and held against those of now."""

from __future__ import annotations

import filecmp
import json
import shutil
import subprocess

import pytest

from liftgate.cli.main import main
from liftgate.ledger import Ledger
from liftgate.testing.stub import Act, StubServer
from tests.stories.conftest import World


def git(folder, *words):
    who = ["-c", "user.name=a", "-c", "user.email=a@example.org"]
    subprocess.run(["git", *who, *words], cwd=folder, check=True, capture_output=True)


@pytest.fixture
def call(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LIFTGATE_HOME", str(tmp_path / ".liftgate"))

    def made(*words):
        capsys.readouterr()
        with pytest.raises(SystemExit) as stopped:
            main(list(words))
        return stopped.value.code, *capsys.readouterr()

    return made


def runs(folder):
    with Ledger.open(folder / ".liftgate", read_only=True) as ledger:
        return [entry.body for entry in ledger.entries("run.finished")]


def test_the_tree_of_a_run_is_exported_byte_by_byte_from_a_clone_that_never_had_it(tmp_path, call):
    origin = tmp_path / "origin"
    origin.mkdir()
    git(origin, "init", "-q")
    (origin / "README").write_text("one\n")
    git(origin, "add", ".")
    git(origin, "commit", "-qm", "one")
    work = tmp_path / "work"
    git(tmp_path, "clone", "-q", str(origin), str(work))
    World(work).write(items=160)
    (work / ".gitignore").write_text("calls.log\n__pycache__\n")
    git(work, "add", ".")
    git(work, "commit", "-qm", "not pushed")
    (work / "README").write_text("changed\n")
    (work / "sub").mkdir()
    (work / "sub" / "new.bin").write_bytes(bytes(range(256)))
    assert call("run", str(work / "study.yaml"), "--quiet", "--no-report")[0] == 0
    (run,) = runs(tmp_path)
    assert run["manifest"]["git"]["unpushed"] == 1
    kept = tmp_path / "kept"
    shutil.copytree(work, kept, ignore=shutil.ignore_patterns(".git", "calls.log", "__pycache__"))
    shutil.rmtree(work)
    clone = tmp_path / "clone"
    git(tmp_path, "clone", "-q", str(origin), str(clone))
    words = ("reproduce", run["id"], "--code", "out", "--study", str(clone / "study.yaml"))
    code, _, warned = call(*words)
    assert code == 0, warned
    names = {str(p.relative_to(kept)) for p in kept.rglob("*") if p.is_file()}
    found = {str(p.relative_to(tmp_path / "out")) for p in (tmp_path / "out").rglob("*")
             if p.is_file()}  # fmt: skip
    assert found == names
    assert filecmp.cmpfiles(kept, tmp_path / "out", sorted(names), shallow=False)[0] == sorted(
        names
    )
    assert call(*words)[0] == 2, "a folder that holds something is left alone"


def test_an_incomplete_capture_is_said_and_exported_by_nobody(tmp_path, call):
    work = tmp_path / "work"
    work.mkdir()
    World(work).write(items=160)
    git(work, "init", "-q")
    git(work, "add", ".")
    git(work, "commit", "-qm", "one")
    (work / "note.txt").write_text("API_KEY=sk-plantedplantedplanted\n")
    source = work / "story_systems.py"
    source.write_text(source.read_text() + "api_key = 'plantedplanted'\n")
    code, _, warned = call("run", str(work / "study.yaml"), "--quiet", "--no-report")
    assert code == 0
    assert "content of note.txt" in warned
    (run,) = runs(tmp_path)
    words = ("--code", "out", "--study", str(work / "study.yaml"))
    code, _, warned = call("reproduce", run["id"], *words)
    assert code == 4
    assert "note.txt" in warned
    assert "the changes of tracked files" in warned
    assert not (tmp_path / "out").exists()


def test_what_a_server_says_of_itself_is_kept_and_held_against_now(tmp_path, call):
    def answer(asked):
        good = sum(asked.text.encode()) % 10 < (7 if asked.body["seed"] else 4)
        flip = state["flip"] and asked.text.endswith("7")
        body = {
            "model": "m",
            "system_fingerprint": state["print"],
            "choices": [
                {"finish_reason": "stop", "message": {"content": "yes" if good != flip else "no"}}
            ],
        }
        return Act(body=json.dumps(body).encode())  # fmt: skip

    state = {"flip": False, "print": "fp_1"}
    with StubServer(answer) as server:
        server.models = [{"id": "m", "owned_by": "us", "max_model_len": 4096, "created": 7}]
        world = World(tmp_path)
        for name, arm in world.study["arms"].items():
            arm["system"] = "openai:m"
            arm["params"] = {"base_url": server.url, "seed": int(name == "new")}
        world.study["claims"]["guardrails"] = []
        world.write(items=160)
        assert call("run", "study.yaml", "--quiet", "--no-report")[0] in (0, 1, 4)
        manifest = runs(tmp_path)[0]["manifest"]
        said = manifest["endpoints"]["new"]
        assert said["model"] == {"id": "m", "owned_by": "us", "max_model_len": 4096}
        assert said["headers"] == {"Server": "liftgate-stub"}
        state |= {"flip": True, "print": "fp_2"}
        server.models[0]["max_model_len"] = 8192
        code, out, _ = call("reproduce", "story", "--json")
    found = json.loads(out)
    assert (code, found["verdict"], found["cause"]) == (1, "not reproduced", None)
    different = "\n".join(found["not_swapped"])
    assert "new: system_fingerprint: ['fp_1'] then, ['fp_2'] now" in different
    assert "'max_model_len': 4096" in different


def test_a_server_without_a_list_of_models_stops_no_run_and_is_said(tmp_path, call):
    with StubServer(lambda asked: Act("yes")) as server:
        server.models = None
        world = World(tmp_path)
        for arm in world.study["arms"].values():
            arm["system"] = "openai:m"
            arm["params"] = {"base_url": server.url}
        world.study["arms"]["new"]["params"]["seed"] = 1
        world.study["claims"]["guardrails"] = []
        world.write(items=160)
        code, _, warned = call("run", "study.yaml", "--quiet", "--no-report")
    assert code in (0, 1, 4)
    assert "what the server of new says of itself" in warned
