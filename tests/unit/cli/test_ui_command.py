"""``liftgate ui``: what it refuses before it listens."""

from __future__ import annotations

import json

import pytest

from liftgate.cli import ui as module
from liftgate.cli.main import root
from liftgate.errors import DataError, NotAllowed
from liftgate.store import Workspace


def called(*words):
    # Through the root: a command that was called alone keeps the options of a root of its own.
    return root.main(["ui", *map(str, words)], standalone_mode=False)


def test_a_folder_without_a_workspace_is_refused_with_what_to_do(tmp_path, monkeypatch):
    monkeypatch.delenv("LIFTGATE_HOME", raising=False)
    with pytest.raises(DataError, match="no workspace") as caught:
        called(tmp_path, "--no-open")
    assert "run a study first" in caught.value.hint
    assert not (tmp_path / ".liftgate").exists()


def test_other_machines_come_in_only_if_that_is_said(tmp_path):
    Workspace(tmp_path / ".liftgate").create()
    with pytest.raises(NotAllowed, match=r"0\.0\.0\.0"):
        called(tmp_path, "--no-open", "--host", "0.0.0.0")


@pytest.fixture
def served(tmp_path, monkeypatch):
    """What would be served, and what was opened; nothing listens."""
    seen = {"opened": []}
    Workspace(tmp_path / ".liftgate").create()

    def serve_app(make, place, ready):
        seen["app"] = make(None)
        seen["place"] = place
        ready("http://127.0.0.1:1")
        raise KeyboardInterrupt

    monkeypatch.setattr("liftgate.web.serve.serve_app", serve_app)
    monkeypatch.setattr(module.click, "launch", seen["opened"].append)
    return seen


def test_one_link_on_this_machine_and_stopping_is_no_error(tmp_path, served, capsys):
    assert called(tmp_path) == 0
    said = capsys.readouterr()
    assert said.out == "http://127.0.0.1:1/\nServing; Ctrl-C stops.\n"
    assert said.err == "Stopped.\n"
    assert served["opened"] == []


def test_as_json_the_links_are_one_object_on_one_line(tmp_path, served, capsys):
    assert called(tmp_path, "--json", "--no-open") == 0
    (line,) = capsys.readouterr().out.splitlines()
    home = str(tmp_path / ".liftgate")
    assert json.loads(line) == {"workspace": home, "links": {"all": "http://127.0.0.1:1/"}}


def test_the_browser_is_opened_when_that_is_asked_for(tmp_path, served):
    called(tmp_path, "--open")
    assert served["opened"] == ["http://127.0.0.1:1/"]


def test_off_loopback_each_role_has_a_link_of_its_own(tmp_path, served, capsys):
    called(tmp_path, "--off-loopback", "--host", "0.0.0.0")
    links = dict(line.split() for line in capsys.readouterr().out.splitlines()[:-1])
    assert set(links) == {"reader", "lead"}
    assert len({link.rpartition("/")[2] for link in links.values()}) == 2
    assert served["opened"] == []
