"""The code and the servers of a run, brought back and held against those of now."""

from __future__ import annotations

import filecmp
import hashlib
import json
import shutil
import subprocess

import pytest

from liftgate.cli.main import main
from liftgate.ledger import Ledger
from liftgate.lineage.capture import manifest
from liftgate.testing.stub import Act, StubServer
from tests.stories.conftest import World

PRICES = """
liftgate: 1
currency: USD
prices:
  - {model: small, from: 2026-01-01, input: 0.1, cached_input: 0.05, output: 0.4}
"""


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


@pytest.fixture
def work(tmp_path):
    folder = tmp_path / "work"
    folder.mkdir()
    World(folder).write(items=160)
    (folder / ".gitignore").write_text("calls.log\n__pycache__\n")
    git(folder, "init", "-q")
    git(folder, "add", ".")
    git(folder, "commit", "-qm", "one")
    return folder


def run_of(call, tmp_path, folder, *words):
    assert call("run", str(folder / "study.yaml"), "--quiet", "--no-report", *words)[0] == 0
    return runs(tmp_path)[-1]


def assert_same_files(one, other):
    def content(folder):
        return {
            str(p.relative_to(folder)): (
                str(p.readlink())
                if p.is_symlink()
                else (p.read_bytes(), bool(p.stat().st_mode & 0o100))
            )
            for p in folder.rglob("*")
            if (p.is_file() or p.is_symlink()) and ".git" not in p.parts
        }

    left, right = content(one), content(other)
    assert left.keys() == right.keys()
    assert [name for name in left if left[name] != right[name]] == []


def test_editing_a_new_file_changes_the_digest_of_the_code(tmp_path, work, call):
    note = work / "note.txt"
    note.write_text("one\n")
    found = [manifest(folder=work)["git"]["code"]]
    note.write_text("two\n")
    found.append(manifest(folder=work)["git"]["code"])
    note.chmod(0o755)
    found.append(manifest(folder=work)["git"]["code"])
    (work / "link").symlink_to("note.txt")
    found.append(manifest(folder=work)["git"]["code"])
    assert len(set(found)) == 4
    assert manifest(folder=work)["git"]["code"] == found[-1]
    run = run_of(call, tmp_path, work)
    assert run["manifest"]["git"]["code"] == found[-1]
    code, said, _ = call("reproduce", "story", "--captured")
    assert code == 0, said
    assert f"code: {found[-1]}" in said
    assert said.endswith("Everything was captured and kept.\n")


def test_everything_of_the_list_is_in_the_manifest(tmp_path, work, call, monkeypatch):
    monkeypatch.setenv("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    (tmp_path / ".liftgate").mkdir()
    (tmp_path / ".liftgate" / "prices.yaml").write_text(PRICES)
    found = run_of(call, tmp_path, work)["manifest"]
    assert len(found["git"]["commit"]) == 40
    assert {"diff", "untracked_files", "submodules", "unpushed", "kept_bundle"} <= {*found["git"]}
    assert all(digest.startswith("sha256:") for _, digest in found["installed"].values())
    for name in ("python", "platform", "memory_bytes", "command", "seeds", "concurrency"):
        assert found[name], name
    assert found["cpu"]["model"]
    assert found["gpus"] is not None
    assert found["flags"]["CUBLAS_WORKSPACE_CONFIG"] == ":4096:8"
    with Ledger.open(tmp_path / ".liftgate", read_only=True) as ledger:
        lock = next(ledger.entries("study.locked")).body
    assert found["dataset"] == {"digest": lock["dataset"]["digest"], "items": 160}
    table = (tmp_path / ".liftgate" / "prices.yaml").read_bytes()
    assert found["prices"] == f"sha256:{hashlib.sha256(table).hexdigest()}"
    code, said, _ = call("reproduce", "story", "--captured")
    assert code == 0, said
    for word in ("code: sha256:", "1 not pushed, kept as a bundle", "packages: ", "python: ",
                 "graphics: ", "determinism: CUBLAS_WORKSPACE_CONFIG :4096:8", "command: ",
                 "seeds: order 1", "dataset: digest sha256:", "prices: sha256:"):  # fmt: skip
        assert word in said, word


def test_what_git_is_told_not_to_look_at_and_what_has_odd_settings_comes_back(tmp_path, work, call):
    (work / "run.sh").write_text("echo 1\n")
    (work / "text.md").write_text("one\n")
    (work / ".gitattributes").write_text("*.md diff=loud\n")
    git(work, "add", ".")
    git(work, "commit", "-qm", "two")
    for setting in ("diff.noprefix true", "diff.renames copies", "diff.loud.textconv cat",
                    "apply.whitespace fix"):  # fmt: skip
        git(work, "config", *setting.split(" ", 1))
    git(work, "config", "diff.loud.textconv", "tr a-z A-Z <")
    (work / "text.md").write_text("one \ntwo\n")
    git(work, "update-index", "--assume-unchanged", "run.sh")
    (work / "run.sh").write_text("echo 2\n")
    (work / "new.sh").write_text("echo 3\n")
    (work / "new.sh").chmod(0o755)
    (work / "link").symlink_to("new.sh")
    run = run_of(call, tmp_path, work)
    code, _, warned = call(
        "reproduce", run["id"], "--code", "out", "--study", str(work / "study.yaml")
    )
    assert code == 0, warned
    for made in (*work.rglob("__pycache__"), work / "calls.log"):
        shutil.rmtree(made) if made.is_dir() else made.unlink(missing_ok=True)
    assert_same_files(work, tmp_path / "out")
    assert (tmp_path / "out" / "run.sh").read_text() == "echo 2\n"


def test_submodules_are_exported_at_their_commit_and_never_left_out_in_silence(
    tmp_path, work, call
):
    origin = tmp_path / "origin"
    origin.mkdir()
    git(origin, "init", "-q")
    (origin / "lib.py").write_text("x = 1\n")
    git(origin, "add", ".")
    git(origin, "commit", "-qm", "lib")
    git(work, "-c", "protocol.file.allow=always", "submodule", "add", "-q", str(origin), "lib")
    git(work, "commit", "-qm", "with a library")
    words = ("--study", str(work / "study.yaml"), "--code")
    run_of(call, tmp_path, work)
    assert call("reproduce", "story", *words, "out")[0] == 0
    assert (tmp_path / "out" / "lib" / "lib.py").read_text() == "x = 1\n"
    assert not (tmp_path / "out" / "lib" / ".git").exists()
    assert call("reproduce", "story", "--captured")[0] == 0
    (work / "lib" / "lib.py").write_text("x = 2\n")
    before = manifest(folder=work)["git"]["code"]
    assert before != runs(tmp_path)[-1]["manifest"]["git"]["code"]
    study = work / "study.yaml"
    study.write_text(study.read_text().replace('"story"', '"other"').replace("0.7", "0.8"))
    _, _, warned = call("run", str(study), "--quiet", "--no-report")
    assert "submodule lib (it holds what is not committed in it)" in warned
    code, said, _ = call("reproduce", "other", "--captured")
    assert code == 4
    assert "not kept: the changes in submodule lib" in said
    code, _, warned = call("reproduce", "other", *words, "third")
    assert code == 4
    assert "the changes in submodule lib" in warned
    assert not (tmp_path / "third").exists()


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
    code, said, _ = call("reproduce", "story", "--captured")
    assert code == 4
    assert "not kept: the content of note.txt" in said
    assert "planted" not in json.dumps(runs(tmp_path))
    assert "planted" not in said


def test_where_there_is_no_repository_the_capture_is_incomplete(tmp_path, call):
    World(tmp_path).write(items=160)
    code, _, warned = call("run", "study.yaml", "--quiet", "--no-report")
    assert code == 0
    assert "not captured: git" in warned
    code, said, _ = call("reproduce", "story", "--captured")
    assert code == 4
    assert "code: not captured" in said
    assert call("reproduce", "story", "--captured", "--estimate")[0] == 2


def test_what_a_server_says_of_itself_is_kept_and_held_against_now(tmp_path, call):
    def answer(asked):
        good = sum(asked.text.encode()) % 10 < (7 if asked.body["seed"] else 4)
        flip = state["flip"] and asked.text.endswith("7")
        body = {
            "model": state["model"],
            "system_fingerprint": state["print"],
            "choices": [
                {"finish_reason": "stop", "message": {"content": "yes" if good != flip else "no"}}
            ],
        }
        return Act(body=json.dumps(body).encode())  # fmt: skip

    state = {"flip": False, "print": "fp_1", "model": "m-1"}
    with StubServer(answer) as server:
        server.models = [{"id": "m", "owned_by": "us", "max_model_len": 4096, "created": 7}]
        server.about = {
            "/version": {"version": "0.9.1"},
            "/props": {"total_slots": 4, "chat_template": "{{ text }}" * 99, "slots": [{"n": 1}],
                       "odd": float("nan")},
        }  # fmt: skip
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
        assert said["server"]["/version"] == {"version": "0.9.1"}
        props = said["server"]["/props"]
        assert (set(props), props["total_slots"]) == ({"total_slots", "chat_template"}, 4)
        assert props["chat_template"].startswith("sha256:")
        server.about["/version"] = {"version": "0.9.2"}
        captured = call("reproduce", "story", "--captured")[1]
        assert "answers of new: model: m-1\nanswers of new: system_fingerprint: fp_1\n" in captured
        assert "/version (version 0.9.1)" in captured
        state |= {"flip": True, "print": "fp_2", "model": "m-2"}
        server.models[0]["max_model_len"] = 8192
        code, out, _ = call("reproduce", "story", "--json")
    found = json.loads(out)
    assert (code, found["verdict"], found["cause"]) == (1, "not reproduced", None)
    different = "\n".join(found["not_swapped"])
    assert "new: system_fingerprint: ['fp_1'] then, ['fp_2'] now" in different
    assert "new: model: ['m-1'] then, ['m-2'] now" in different
    assert "'max_model_len': 4096" in different
    assert "0.9.1" in different
    assert "0.9.2" in different


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
