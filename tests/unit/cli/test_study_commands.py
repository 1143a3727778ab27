"""The commands of ``liftgate study``, as somebody calls them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from liftgate.cli.main import main

Call = Callable[..., tuple[int, str, str]]


@pytest.fixture
def call(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Call:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("LIFTGATE_HOME", raising=False)
    rows = [f'{{"id": "{n}", "input": "q{n}", "target": "yes"}}\n' for n in range(200)]
    (tmp_path / "items.jsonl").write_text("".join(rows), encoding="utf-8")
    source = "def one():\n    return lambda parts: 'yes'\n\n\ntwo = one\n"
    (tmp_path / "study_command_systems.py").write_text(source, encoding="utf-8")

    def run(*args: str) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as caught:
            main(["study", *args])
        out, err = capsys.readouterr()
        code = caught.value.code
        assert isinstance(code, int)
        return code, out, err

    return run


@pytest.fixture
def written(call: Call) -> Path:
    code, _, err = call(
        "new",
        "mine",
        "--worthwhile",
        "0.05",
        "--baseline",
        "python:study_command_systems:one",
        "--candidate",
        "python:study_command_systems:two",
    )
    assert (code, err) == (0, "")
    return Path("mine.yaml")


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def test_new_writes_a_study_that_passes_lint_at_once(call: Call, written: Path) -> None:
    code, out, err = call("lint", str(written))
    assert (code, err) == (0, "")
    assert out == "mine.yaml: no faults; 2 claims, 1 candidate\n"


def test_new_never_overwrites(call: Call, written: Path) -> None:
    before = written.read_text("utf-8")
    code, _, err = call("new", "mine", "--worthwhile", "0.1")
    assert code == 2
    assert "exists already" in err
    assert written.read_text("utf-8") == before


def test_new_without_a_terminal_needs_the_gain(call: Call) -> None:
    code, _, err = call("new", "mine")
    assert code == 2
    assert "--worthwhile" in err
    assert not Path("mine.yaml").exists()


def test_new_asks_for_the_gain_on_a_terminal(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal:
        def isatty(self) -> bool:
            return True

    asked: list[str] = []
    monkeypatch.setattr("sys.stdin", Terminal())
    monkeypatch.setattr("click.prompt", lambda text, **_: asked.append(text) or 0.07)
    code, _, _ = call("new", "mine", "--out", "other.yaml")
    assert code == 0
    assert len(asked) == 1
    study = yaml.safe_load(Path("other.yaml").read_text("utf-8"))
    assert study["claims"]["primary"]["superior"]["target"] == 0.07


def test_new_refuses_a_name_that_is_none(call: Call) -> None:
    code, _, err = call("new", "my study", "--worthwhile", "0.05", "--out", "s.yaml")
    assert code == 2
    assert "got 'my study'" in err
    assert not Path("s.yaml").exists()


def test_lint_shows_every_fault_with_its_line(call: Call, written: Path) -> None:
    edit(written, "repeats: 1", "repeats: 0")
    edit(written, "guardrails:", "guardrial:")
    code, out, err = call("lint", str(written))
    assert (code, out) == (2, "")
    assert "mine.yaml: 2 faults" in err
    assert "did you mean 'guardrails'?" in err
    assert "    | repeats: 0" in err


def test_lint_shows_warnings_and_passes(call: Call, written: Path) -> None:
    edit(written, "superior: {by: 0.0, target: 0.05}", "non_inferior: {margin: 0.02}")
    code, out, _ = call("lint", str(written))
    assert code == 0
    assert out.startswith("warning: mine.yaml:")
    assert "floor" in out


def as_json(found: tuple[int, str, str], code: int = 0) -> Any:
    assert found[0] == code
    assert found[2] == ""
    return json.loads(found[1])


def test_every_command_speaks_json(call: Call, written: Path) -> None:
    file = str(written)
    new = as_json(call("new", "other", "--worthwhile", "0.1", "--json"))
    assert new == {"file": "other.yaml", "study": "other", "worthwhile": 0.1}
    lint = as_json(call("lint", file, "--json"))
    assert (lint["study"], lint["faults"], lint["warnings"]) == ("mine", [], [])
    assert as_json(call("show", file, "--json"))["locked"] is None
    locked = as_json(call("lock", file, "--json"))
    assert (locked["sequence"], locked["added"]) == (1, True)
    assert as_json(call("lock", file, "--json"))["added"] is False
    assert as_json(call("verify", file, "--json"))["verified"] is True
    shown = as_json(call("show", file, "--json"))
    assert shown["locked"]["digest"] == locked["digest"]
    assert shown["study"]["study"] == "mine"
    edit(written, "seed: 1", "seed: 2")
    changed = as_json(call("verify", file, "--json"), code=3)
    assert changed["error"] == "LockedError"
    assert [fault["path"] for fault in changed["faults"]] == ["seed"]
    amended = as_json(call("amend", file, "--reason", "x", "--seen", "nothing", "--json"))
    assert amended["amendment"]["changes"] == [{"path": "seed", "old": 1, "new": 2}]
    assert "$defs" in as_json(call("schema", "--json"))


def test_lint_faults_are_json_too(call: Call, written: Path) -> None:
    edit(written, "repeats: 1", "repeats: 0")
    found = as_json(call("lint", str(written), "--json"), code=2)
    assert found["faults"][0]["path"] == "repeats"
    assert found["faults"][0]["line"] > 0


def test_lock_verify_and_amend_tell_people_what_happened(call: Call, written: Path) -> None:
    file = str(written)
    code, out, _ = call("lock", file)
    assert code == 0
    assert out.startswith("Locked mine, ledger entry 1 of ")
    assert "sha256:" in out
    assert call("lock", file)[1].startswith("Already locked, unchanged: mine")
    assert call("verify", file)[1].startswith("Unchanged: mine, ledger entry 1 of ")
    edit(written, "seed: 1", "seed: 2")
    code, _, err = call("lock", file)
    assert code == 3
    assert "seed: locked 1, now 2" in err
    code, out, _ = call("amend", file, "--reason", "a better seed", "--seen", "results")
    assert code == 0
    assert "  seed: 1 → 2\n" in out
    assert "marked as deviated" in out
    assert call("verify", file)[0] == 0
    assert call("amend", file, "--reason", "x", "--seen", "nothing")[0] == 2


def test_amend_demands_what_was_seen(call: Call, written: Path) -> None:
    assert call("amend", str(written), "--reason", "x")[0] == 2
    assert call("amend", str(written), "--reason", "x", "--seen", "everything")[0] == 2


def test_verify_of_an_unlocked_study_is_an_integrity_error(call: Call, written: Path) -> None:
    code, _, err = call("verify", str(written))
    assert code == 3
    assert "not locked" in err
    assert not Path(".liftgate").exists()


def test_show_names_arms_claims_and_the_lock(call: Call, written: Path) -> None:
    code, out, _ = call("show", str(written))
    assert code == 0
    assert "candidate  candidate: python:study_command_systems:two" in out
    assert "primary" in out
    assert "target 0.05" in out
    assert "Not locked." in out


def test_hostile_text_moves_no_cursor(call: Call, written: Path) -> None:
    edit(written, "The candidate answers", "\\e[2J\\u202eThe candidate answers")
    _, out, _ = call("show", str(written))
    assert "\x1b" not in out
    assert "\u202e" not in out
    assert "⟨U+001B⟩" in out


def test_schema_of_the_built_in_plug_ins_can_be_asked_for(call: Call) -> None:
    found = as_json(call("schema", "--built-in"))
    assert found["title"] == "A liftgate study"
