"""Tables and options that cannot be compared: exit 2, and what to do."""

from __future__ import annotations

import json

import pytest

from tests.unit.cli.tables import Folder, binary, half, more_than_half, two

WRONG = {
    "no such file": (["gone.csv", "base.csv"], "gone.csv: no such file or folder"),
    "an empty folder": (["empty", "base.csv"], "empty: a folder without a table"),
    "an unknown suffix": (["notes.txt", "base.csv"], r"suffix '.txt'; expected one of .csv"),
    "the same rows": (["base.csv", "base.csv"], "are the same rows"),
    "no margin": (["base.csv", "cand.csv", "--require", "not-worse"], "needs a margin"),
    "half a margin": (
        ["base.csv", "cand.csv", "--require", "not-worse", "--margin", "x=1"],
        "no compared metric for --margin named 'x'",
    ),
    "a margin of nothing": (
        ["base.csv", "cand.csv", "--margin", "0"],
        "expected a positive number",
    ),
    "a margin of words": (["base.csv", "cand.csv", "--margin", "small"], "got 'small'"),
    "a margin of everything": (["base.csv", "cand.csv", "--margin", "100%"], "below 100"),
    "a margin in hundredths": (["base.csv", "cand.csv", "--margin", "2"], "2 points of a score"),
    "two margins": (["base.csv", "cand.csv", "--margin", "1", "--margin", "2"], "two values"),
    "a range backwards": (["base.csv", "cand.csv", "--range", "acc=1:0"], "LOW below HIGH"),
    "a range of one number": (["base.csv", "cand.csv", "--range", "acc=1"], "LOW:HIGH"),
    "a range too small": (["base.csv", "cand.csv", "--range", "acc=0:0.5"], "as declared"),
    "an infinite failure": (["base.csv", "cand.csv", "--failure-score", "inf"], "finite"),
    "one file for two": (
        ["base.csv", "cand.csv", "--html", "a.html", "--picture", "./a.html"],
        "--picture: got a.html, which --html writes",
    ),
    "an unknown metric": (["base.csv", "cand.csv", "--metric", "ac"], "did you mean 'acc'"),
    "an unknown column": (["base.csv", "cand.csv", "--item", "itm"], "did you mean 'item'"),
}


@pytest.mark.parametrize("case", WRONG)
def test_wrong_use_exits_2_and_says_what_to_do(folder: Folder, case: str) -> None:
    two(folder)
    (folder.path / "empty").mkdir()
    (folder.path / "notes.txt").write_text("item,acc\nq,1\n")
    args, message = WRONG[case]
    code, out, err = folder.run(*args)
    assert (code, out) == (2, "")
    assert message in err


def test_an_error_is_json_when_json_was_asked_for(folder: Folder) -> None:
    code, out, _ = folder.run("gone.csv", "gone.csv", "--json")
    assert code == 2
    assert json.loads(out)["error"] == "DataError"


def test_tables_of_different_items_are_refused_with_examples(folder: Folder) -> None:
    base = folder.table("base.csv", binary(50, half))
    cand = folder.table("cand.csv", [{"item": f"doc-{i}", "acc": 1} for i in range(50)])
    code, _, err = folder.run(base, cand)
    assert code == 2
    assert "0 of 50 and 50 match" in err
    assert "'q0000'" in err
    assert "'doc-0'" in err


def test_a_metric_that_only_one_side_has_is_told_and_not_compared(folder: Folder) -> None:
    base = folder.table("base.csv", binary(50, half, f1=lambda i: 0.5))
    cand = folder.table("cand.csv", binary(50, more_than_half, bleu=lambda i: 0.5))
    _, out, _ = folder.run(base, cand)
    assert "Only the baseline has 'f1': not compared." in out
    assert "Only the candidate has 'bleu': not compared." in out


def test_no_metric_in_common_is_an_error(folder: Folder) -> None:
    base = folder.table("base.csv", [{"item": 1, "f1": 1}])
    cand = folder.table("cand.csv", [{"item": 1, "bleu": 1}])
    assert "expected at least one in common" in folder.run(base, cand)[2]


def test_too_few_items_give_no_verdict_and_no_pass(folder: Folder) -> None:
    base = folder.table("base.csv", [{"item": i, "f1": 0.1 * i} for i in range(3)])
    cand = folder.table("cand.csv", [{"item": i, "f1": 0.2 + 0.1 * i} for i in range(3)])
    code, out, _ = folder.run(base, cand)
    assert code == 0
    assert out.startswith("f1: can't tell; ")
    assert folder.run(base, cand, "--require", "better")[0] == 4


def test_a_broken_last_line_gives_no_answer_at_all(folder: Folder) -> None:
    base, cand = two(folder)
    with (folder.path / cand).open("a") as file:
        file.write('q9999,"0.')
    code, out, err = folder.run(base, cand)
    assert (code, out) == (2, "")
    assert "cand.csv:202: " in err
