"""The root of the command line."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from liftgate.cli.main import exit_code, main, root
from liftgate.errors import (
    BrokenChain,
    DataError,
    LiftgateError,
    LockedError,
    NotEnoughData,
    NotReproduced,
    StudyError,
)


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (NotReproduced("x"), 1),
        (DataError("x"), 2),
        (StudyError("x"), 2),
        (LiftgateError("x"), 2),
        (LockedError("x"), 3),
        (BrokenChain("x"), 3),
        (NotEnoughData("x"), 4),
    ],
)
def test_each_kind_of_error_has_its_exit_code(error, code):
    assert exit_code(error) == code


def test_a_mistyped_command_is_met_with_the_right_one(capsys):
    with pytest.raises(SystemExit) as ended:
        main(["compar", "a", "b"])

    assert ended.value.code == 2
    assert "Did you mean 'compare'?" in capsys.readouterr().err


def test_an_error_is_json_where_json_was_asked_for(capsys, tmp_path):
    with pytest.raises(SystemExit) as ended:
        main(["study", "lint", str(tmp_path / "none.yaml"), "--json"])

    body = json.loads(capsys.readouterr().out)
    assert ended.value.code == body["exit_code"] == 2
    assert body["hint"]


@pytest.mark.parametrize(
    ("words", "name", "part"),
    [
        (["compare", "a", "b", "--nope"], "NoSuchOption", "--nope"),
        (["compare", "a"], "MissingParameter", "CANDIDATE"),
        (["ledger", "show", "x"], "BadParameter", "'x'"),
        (["ledger", "prove"], "UsageError", "--since"),
        (["cosign", "show", "none.json"], "FileNotFoundError", "none.json"),
        (["report"], "LedgerError", "no ledger"),
    ],
)
def test_whatever_is_wrong_is_one_object_where_json_was_asked_for(
    capsys, tmp_path, monkeypatch, words, name, part
):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LIFTGATE_HOME", str(tmp_path / ".liftgate"))
    with pytest.raises(SystemExit) as ended:
        main([*words, "--json"])
    said = capsys.readouterr()
    body = json.loads(said.out)
    assert ended.value.code == body["exit_code"] == 2
    assert (body["error"], said.err) == (name, "")
    assert part in body["message"]
    if name in {"NoSuchOption", "MissingParameter", "BadParameter", "UsageError"}:
        assert body["hint"].endswith("--help")


@pytest.mark.parametrize(
    "line",
    [
        "ledger correct 1 --path x --value 1 --reason r",
        "ledger erase sha256:00 --reason r",
        "ledger pack story --out x.zip",
        "data erase story --item-id 1 --reason r",
        "rate draw nope.yaml --rubric task_success --raters a",
        "regress list",
        "exceptions",
    ],
)
def test_a_command_in_the_wrong_folder_makes_no_workspace_there(
    capsys, tmp_path, monkeypatch, line
):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LIFTGATE_HOME", str(tmp_path / ".liftgate"))
    with pytest.raises(SystemExit):
        main(line.split())
    assert list(tmp_path.iterdir()) == []
    assert "Traceback" not in capsys.readouterr().err


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("policy adopt nope.yaml", "liftgate policy show NAME --json"),
        ("policy diff startup strict", "name a file, an entry's number or a policy: startup"),
        ("gate status story", "name the study's file"),
        ("rights delegate --role r --who k --until soon --reason r --sign-with me", "got 'soon'"),
        ("compare a b --margin two", "expected a number such as 0.02"),
    ],
)
def test_a_typical_mistake_is_met_with_what_to_do(capsys, tmp_path, monkeypatch, line, told):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as ended:
        main(line.split())
    assert ended.value.code == 2
    assert told in capsys.readouterr().err


def test_a_reader_that_went_away_is_neither_a_pass_nor_harm():
    words = [sys.executable, "-m", "liftgate", "ledger", "--help"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()  # long before its first line, which finds nobody
        told = process.stderr.read()
    assert (process.returncode, told) == (141, b"")


def test_a_reader_that_went_away_before_an_error_is_told_is_no_harm_either(tmp_path):
    words = [sys.executable, "-m", "liftgate", "study", "lock", "none.yaml", "--json"]
    with subprocess.Popen(
        words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=tmp_path
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        told = process.stderr.read()
    assert (process.returncode, told) == (141, b"")


@pytest.mark.parametrize("code", [0, None, 1, "no key"])
def test_imported_code_that_ends_the_process_does_not_pass(capsys, monkeypatch, code):
    def ends(**_: object) -> None:
        sys.exit(code)

    monkeypatch.setattr(root, "main", ends)
    with pytest.raises(SystemExit) as ended:
        main(["gate", "status"])
    assert ended.value.code == 2
    assert f"sys.exit({code!r}) in imported code" in capsys.readouterr().err
