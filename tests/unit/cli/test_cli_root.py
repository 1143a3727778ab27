"""The root of the command line."""

from __future__ import annotations

import json

import pytest

from liftgate.cli.main import exit_code, main
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
