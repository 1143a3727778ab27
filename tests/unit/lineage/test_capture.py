"""What a manifest holds, and what it says when it cannot know."""

from __future__ import annotations

import subprocess
import sys
from types import SimpleNamespace

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


REPORT = """
==============NVSMI LOG==============
Driver Version                            : 535.104.05
CUDA Version                              : 12.2
Attached GPUs                             : 2
GPU 00000000:01:00.0
    Product Name                          : NVIDIA A100-SXM4-40GB
    FB Memory Usage
        Total                             : 40960 MiB
        Used                              : 3 MiB
GPU 00000000:02:00.0
    Product Name                          : NVIDIA T4
    FB Memory Usage
        Total                             : 15360 MiB
"""


def test_graphics_are_captured_with_memory_driver_and_cuda(tmp_path, monkeypatch):
    tool = tmp_path / "nvidia-smi"
    tool.write_text(f"#!/bin/sh\ncat <<'END'\n{REPORT}END\n")
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    assert manifest(folder=tmp_path)["gpus"] == [
        "NVIDIA A100-SXM4-40GB, 40960 MiB, driver 535.104.05, CUDA 12.2",
        "NVIDIA T4, 15360 MiB, driver 535.104.05, CUDA 12.2",
    ]
    tool.write_text("#!/bin/sh\nexit 9\n")
    assert "not captured: gpus (nvidia-smi ended with 9)" in gaps(manifest(folder=tmp_path))


def test_switches_of_determinism_are_captured_where_pytorch_is_loaded(tmp_path, monkeypatch):
    def version():
        raise RuntimeError("no driver")

    cudnn = SimpleNamespace(version=version, deterministic=True, benchmark=False)
    matmul = SimpleNamespace(matmul=SimpleNamespace(allow_tf32=False))
    torch = SimpleNamespace(
        __version__="2.5.0",
        version=SimpleNamespace(cuda="12.1"),
        are_deterministic_algorithms_enabled=lambda: True,
        backends=SimpleNamespace(cudnn=cudnn, cuda=matmul),
    )
    assert "torch.version" not in manifest(folder=tmp_path)["flags"]
    monkeypatch.setitem(sys.modules, "torch", torch)
    found = manifest(folder=tmp_path)["flags"]
    assert found["torch.version.cuda"] == "12.1"
    assert found["torch.use_deterministic_algorithms"] is True
    assert found["torch.backends.cudnn.deterministic"] is True
    assert found["torch.backends.cudnn.version"] == "not told: RuntimeError"
