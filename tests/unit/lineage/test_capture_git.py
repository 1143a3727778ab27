"""Commits that were not pushed, submodules, and what is never kept."""

from __future__ import annotations

import subprocess

import pytest

from liftgate.lineage import capture_git
from liftgate.lineage.capture import gaps, manifest
from liftgate.lineage.capture_git import Unlearnt, git_state, lacking, unpacked


def git(folder, *words):
    who = [
        "-c",
        "user.name=A",
        "-c",
        "user.email=a@example.org",
        "-c",
        "protocol.file.allow=always",
    ]
    subprocess.run(["git", "-C", str(folder), *who, *words], check=True, capture_output=True)


def commit(folder, name, text):
    (folder / name).write_text(text)
    git(folder, "add", ".")
    git(folder, "commit", "-qm", name)


class Blobs(dict):
    def keep(self, value):
        name = f"blob {len(self)}"
        self[name] = value
        return name


@pytest.fixture
def clone(tmp_path):
    """Return a clone with one commit that its origin has not."""
    origin = tmp_path / "origin"
    origin.mkdir()
    git(origin, "init", "-q")
    commit(origin, "pushed.py", "x = 1\n" * 200)
    mine = tmp_path / "clone"
    git(tmp_path, "clone", "-q", str(origin), str(mine))
    commit(mine, "mine.py", "y = 2\n")
    return mine


def test_a_commit_that_was_not_pushed_can_be_brought_to_another_clone(clone, tmp_path):
    blobs, told = Blobs(), {}
    found = git_state(clone, blobs.keep, told)
    assert (found["unpushed"], told) == (1, {})
    bundle = tmp_path / "bundle"
    bundle.write_bytes(unpacked(blobs[found["kept_bundle"]]))
    other = tmp_path / "other"
    git(tmp_path, "clone", "-q", str(tmp_path / "origin"), str(other))
    with pytest.raises(Unlearnt):
        capture_git.git(other, "cat-file", "-e", found["commit"])
    capture_git.git(other, "bundle", "unbundle", str(bundle))
    capture_git.git(other, "cat-file", "-e", found["commit"])
    again = git_state(clone, blobs.keep, told)
    assert blobs[again["kept_bundle"]] == blobs[found["kept_bundle"]]


def test_a_virtual_environment_that_git_was_not_told_to_ignore_is_no_code(clone):
    (clone / "new.py").write_text("z = 3\n")
    for folder in ("venv", "tools/mine"):
        made = clone / folder
        (made / "lib").mkdir(parents=True)
        (made / "pyvenv.cfg").write_text("home = /usr/bin\n")
        (made / "lib" / "client.py").write_text("API_KEY = 'sk-plantedplantedplanted'\n")
        (made / "python").symlink_to("/usr/bin/python3")
    blobs, told = Blobs(), {}

    found = git_state(clone, blobs.keep, told)

    assert (list(found["untracked_files"]), found["links"], told) == (["new.py"], {}, {})
    assert (found["untracked"], list(found["kept"])) == (1, ["new.py"])


def test_a_clone_that_is_an_environment_itself_is_captured(clone):
    (clone / "pyvenv.cfg").write_text("home = /usr/bin\n")
    (clone / "new.py").write_text("z = 3\n")
    assert list(git_state(clone, None, {})["untracked_files"]) == ["new.py", "pyvenv.cfg"]


def test_nothing_is_kept_of_what_is_pushed(clone):
    git(clone, "push", "-q", "origin", "HEAD:refs/heads/else")
    git(clone, "fetch", "-q")
    blobs = Blobs()
    found = git_state(clone, blobs.keep, {})
    assert found["unpushed"] == 0
    assert "kept_bundle" not in found
    assert not blobs


def test_a_secret_in_a_commit_that_was_taken_out_again_keeps_all_of_them_out(clone):
    commit(clone, "mine.py", "API_KEY = 'sk-plantedplantedplanted'\n")
    commit(clone, "mine.py", "y = 3\n")
    blobs, told = Blobs(), {}
    found = git_state(clone, blobs.keep, told)
    assert found["unpushed"] == 3
    assert "kept_bundle" not in found
    assert "secret" in told["unpushed commits"]
    assert not blobs


def test_too_many_bytes_of_commits_are_said_and_not_kept(clone, monkeypatch):
    monkeypatch.setattr(capture_git, "LARGEST_BUNDLE", 10)
    told = {}
    assert "kept_bundle" not in git_state(clone, Blobs().keep, told)
    assert "kept are at most 10" in told["unpushed commits"]


def test_a_submodule_is_captured_by_its_commit(clone, tmp_path):
    git(clone, "submodule", "add", "-q", str(tmp_path / "origin"), "lib")
    found = git_state(clone, None, {})
    assert list(found["submodules"]) == ["lib"]
    assert len(found["submodules"]["lib"].lstrip("+-U")) == 40


def test_what_was_not_kept_is_named(clone):
    (clone / ".env").write_text("A=1\n")
    (clone / "new.py").write_text("z = 3\n")
    found = git_state(clone, Blobs().keep, {})
    assert lacking(found) == ["the content of .env"]
    assert lacking({**found, "untracked_files": {}, "untracked": 2}) == [
        "2 new files, too large or no plain files"
    ]
    assert lacking({**found, "untracked_files": {}, "untracked": 0, "diff": "sha256:1"}) == [
        "the changes of tracked files"
    ]


def test_memory_graphics_and_flags_of_determinism_are_captured(tmp_path, monkeypatch):
    monkeypatch.setenv("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    found = manifest(folder=tmp_path)
    assert found["flags"]["CUBLAS_WORKSPACE_CONFIG"] == ":4096:8"
    assert found["memory_bytes"] > 2**20
    assert found["gpus"] is not None or "gpus" in found["not_captured"]


def test_a_server_that_says_nothing_of_itself_is_a_gap():
    said = {"endpoints": {"new": {"not_captured": "/models: the server answered 404"}, "old": {}}}
    assert gaps(said) == [
        "not captured: what the server of new says of itself (/models: the server answered 404)"
    ]
