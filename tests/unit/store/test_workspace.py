"""Where a workspace is found and what making one does."""

from __future__ import annotations

import subprocess

import pytest

from liftgate.errors import DataError
from liftgate.store import Workspace


@pytest.fixture(autouse=True)
def _no_variable(monkeypatch):
    monkeypatch.delenv("LIFTGATE_HOME", raising=False)


def test_the_nearest_folder_above_wins(tmp_path):
    inner = tmp_path / "a" / "b" / "c"
    inner.mkdir(parents=True)
    (tmp_path / ".liftgate").mkdir()
    (tmp_path / "a" / ".liftgate").mkdir()
    assert Workspace.locate(inner).home == tmp_path / "a" / ".liftgate"


def test_the_working_directory_is_where_the_search_begins(tmp_path, monkeypatch):
    (tmp_path / ".liftgate").mkdir()
    (tmp_path / "deep").mkdir()
    monkeypatch.chdir(tmp_path / "deep")
    assert Workspace.locate().home == tmp_path / ".liftgate"


def test_without_one_above_it_would_be_made_here_and_asking_makes_nothing(tmp_path):
    workspace = Workspace.locate(tmp_path)
    assert workspace.home == tmp_path / ".liftgate"
    assert not workspace.exists
    assert list(tmp_path.iterdir()) == []


def test_the_variable_overrides_the_search(tmp_path, monkeypatch):
    (tmp_path / ".liftgate").mkdir()
    monkeypatch.setenv("LIFTGATE_HOME", str(tmp_path / "elsewhere"))
    assert Workspace.locate(tmp_path).home == tmp_path / "elsewhere"


def test_a_file_in_the_place_of_the_folder_is_refused(tmp_path, monkeypatch):
    (tmp_path / ".liftgate").write_text("")
    with pytest.raises(DataError, match="which is a file, expected a folder"):
        Workspace.locate(tmp_path)
    monkeypatch.setenv("LIFTGATE_HOME", str(tmp_path / ".liftgate"))
    with pytest.raises(DataError, match="LIFTGATE_HOME"):
        Workspace.locate(tmp_path)


def test_making_one_makes_the_folders_and_git_does_not_see_it(tmp_path):
    workspace = Workspace.locate(tmp_path).create().create()
    assert workspace.exists
    for folder in (workspace.active, workspace.runs, workspace.blobs, workspace.reports):
        assert folder.is_dir()
    assert workspace.ledger.parent == workspace.home
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    seen = subprocess.run(
        ["git", "-C", str(tmp_path), "status", "--porcelain"],
        check=True, capture_output=True, text=True,
    )  # fmt: skip
    assert seen.stdout == ""
