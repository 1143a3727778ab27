"""What a manifest holds, and what it says when it cannot know."""

from __future__ import annotations

import subprocess
import sys

import pytest

from liftgate.canon import canonical
from liftgate.lineage import capture
from liftgate.lineage.capture import gaps, manifest


def git(folder, *words):
    subprocess.run(["git", "-C", str(folder), *words], check=True, capture_output=True)


@pytest.fixture
def repository(tmp_path):
    git(tmp_path, "init", "-q")
    git(tmp_path, "config", "user.name", "A")
    git(tmp_path, "config", "user.email", "a@example.org")
    (tmp_path / "code.py").write_text("x = 1\n")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-q", "-m", "first")
    return tmp_path


def test_a_manifest_is_json_and_names_code_machine_packages_and_command(repository):
    found = manifest(
        packages=["click"],
        seeds={"study": 7, "huge": 2**70},
        concurrency={"a": 4},
        command=["liftgate", "run", "study.yaml", "--api-key", "abc"],
        folder=repository,
    )
    canonical(found)
    assert len(found["git"]["commit"]) == 40
    assert (found["git"]["dirty"], found["git"]["diff"], found["git"]["untracked"]) == (
        False, None, 0,
    )  # fmt: skip
    assert found["python"].endswith(".".join(map(str, sys.version_info[:3])))
    assert {"liftgate", "numpy", "scipy", "duckdb", "click"} == set(found["packages"])
    assert all(found["packages"].values())
    assert found["seeds"] == {"study": 7, "huge": str(2**70)}
    assert found["concurrency"] == {"a": 4}
    assert found["command"][-1] == "[redacted]"
    assert found["cpu"]["count"] >= 1
    assert not [gap for gap in gaps(found) if "git" in gap or "packages" in gap]


def test_a_changed_tracked_file_makes_it_dirty_with_a_digest_of_the_change(repository):
    (repository / "code.py").write_text("x = 2\n")
    (repository / "new.py").write_text("")
    first = manifest(folder=repository)["git"]
    (repository / "code.py").write_text("x = 3\n")
    second = manifest(folder=repository)["git"]
    assert first["dirty"]
    assert second["dirty"]
    assert first["untracked"] == 1
    assert first["diff"] != second["diff"]
    assert first["commit"] == second["commit"]


def test_what_is_not_there_is_said_aloud(tmp_path):
    found = manifest(packages=["no-such-package"], folder=tmp_path)
    assert found["git"] is None
    assert found["packages"]["no-such-package"] is None
    said = gaps(found)
    assert "not captured: packages.no-such-package (not installed)" in said
    assert any(s.startswith("not captured: git (") for s in said)


def test_without_git_at_all_it_says_so(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", "")
    assert "not captured: git (git is not installed)" in gaps(manifest(folder=tmp_path))


def test_nothing_that_goes_wrong_stops_it(tmp_path, monkeypatch):
    def fail():
        raise RuntimeError("boom")

    monkeypatch.setattr(capture, "_cpu_model", fail)
    monkeypatch.setattr(capture.platform, "platform", fail)
    monkeypatch.setattr(capture.os, "cpu_count", lambda: None)
    found = manifest(folder=tmp_path / "missing")
    assert (found["cpu"]["model"], found["platform"], found["git"]) == (None, None, None)
    assert {"not captured: cpu.model (boom)", "not captured: platform (boom)"} <= set(gaps(found))
    assert "not captured: cpu.count (the system does not say)" in gaps(found)


def test_the_threads_that_a_model_may_use_are_part_of_it(monkeypatch, tmp_path):
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    assert manifest(folder=tmp_path)["threads"]["OMP_NUM_THREADS"] == "1"
