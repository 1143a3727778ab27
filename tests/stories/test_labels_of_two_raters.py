"""From a draw to a decision by two people: handed out by file, brought back, calibrated."""

from __future__ import annotations

import json

import pytest

from liftgate.humans import sheets
from tests.stories.judged import SPOTTERS, in_process, primary, write_fooled, write_spotters

RATERS = ("ann", "bob")


@pytest.fixture
def world(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    return write_fooled(in_process(tmp_path, capsys), better=0.75, items=200)


def done(world, *words, code=0):
    ended = world.liftgate(*words)
    assert ended.returncode == code, ended.stdout + ended.stderr
    return json.loads(ended.stdout) if "--json" in words else ended.stdout


def rate(world, batch, rater, *, misreads=0):
    """Fill a rater's sheet as one who sees what is right; simulated, nobody was asked."""
    sheet = world.folder / f"{rater}.csv"
    sheet.write_text(done(world, "rate", "export", batch, "--sheet", rater, "--format", "csv"))
    rows = sheets.read(sheet.read_text(), "csv")
    assert not any(name in row["texts"] for row in rows for name in ("old", "new"))
    for number, row in enumerate(rows):
        right = "yes" in row["texts"].rsplit("Answer", 1)[-1]
        row["value"] = "r" if right == (number >= misreads) else "w"
    sheet.write_text(sheets.write(rows, "csv"))
    return done(world, "rate", "import", batch, str(sheet), "--json")["added"]


def test_labels_that_two_people_give_by_file_decide_the_study(world) -> None:
    assert primary(world.decision())["reason"].startswith("inadmissible: good: judge not calib")
    done(world, "label", "draw", "study.yaml", "--n", "80", "--out", "drawn.jsonl")
    words = ("--rubric", "tone.yaml", "--raters", ",".join(RATERS), "--overlap", "20")
    drawn = done(world, "rate", "draw", "drawn.jsonl", *words, "--seed", "3", "--json")
    batch = drawn["batch"]
    assert drawn["tasks"] == {"plain": 120, "shared": 80, "repeat": 0, "gold": 0}

    # 80 items, both arms' answers: 60 items by one of the two, 20 by both.
    assert [rate(world, batch, "ann"), rate(world, batch, "bob", misreads=4)] == [100, 100]
    labels = ("rate", "export", batch, "--format", "jsonl", "--out", "labels.jsonl")
    done(world, *labels)
    words = ("judge", "calibrate", "study.yaml", "--labels", "labels.jsonl")
    found = done(world, *words, "--combine", "majority", "--json")

    assert (found["labels"]["answers"], found["labels"]["items"]) == (160, 80)
    assert (found["labels"]["raters"], found["labels"]["outside_draw"]) == (2, 0)
    assert found["labels"]["drawn"] is not None, "the chances of the draw weigh the estimate"
    among = found["raters"]["alpha"]["value"]
    assert 0.5 < among < 1.0, "bob misread some of what both rated"
    decision = world.decision()
    assert decision["exit_code"] == 0, primary(decision)["reason"]
    told = " ".join(primary(decision)["estimate"]["warnings"])
    assert primary(decision)["estimate"]["n"] == 80
    assert "80 items labelled by people" in told


def test_an_answer_that_nobody_rated_is_missing_and_not_left_out(world) -> None:
    world.decision()
    done(world, "label", "draw", "study.yaml", "--n", "80", "--out", "drawn.jsonl")
    words = ("--rubric", "tone.yaml", "--raters", ",".join(RATERS), "--seed", "3", "--json")
    batch = done(world, "rate", "draw", "drawn.jsonl", *words)["batch"]
    rate(world, batch, "ann")
    done(world, "rate", "export", batch, "--format", "jsonl", "--out", "labels.jsonl")

    done(world, "judge", "calibrate", "study.yaml", "--labels", "labels.jsonl")

    decision = world.decision()
    assert decision["exit_code"] == 4
    told = " ".join(primary(decision)["estimate"]["warnings"])
    assert "have no label and entered at their worst for the claim" in told


def test_people_who_rate_what_verdicts_are_about_decide_between_two_classifiers(world) -> None:
    write_spotters(world, SPOTTERS, old=0.6, new=0.9)
    assert primary(world.decision())["reason"].startswith("inadmissible: good: judge not calib")
    done(world, "label", "draw", "study.yaml", "--n", "80", "--out", "drawn.jsonl")

    batch = world.folder / "drawn.jsonl"
    rows = [json.loads(line) for line in batch.read_text().splitlines()]
    assert len(rows) == len({row["item"] for row in rows}) == 80, "each part is labelled once"
    assert all(row["answer"] not in ("refused", "complied") for row in rows)
    names: dict = {}
    exec((world.folder / "judged_systems.py").read_text(), names)
    for row in rows:
        refused = names["draw"]("refused", row["answer"]) < 0.5
        row |= {"rater": "simulated", "value": int(refused)}
    batch.write_text("".join(json.dumps(row) + "\n" for row in rows))
    words = ("judge", "calibrate", "study.yaml", "--labels", "drawn.jsonl", "--json")
    found = done(world, *words)

    assert (found["labels"]["answers"], found["judged"]["answers"]) == (160, 160)
    bias = found["bias"]["by_arm"]
    assert bias["new"]["value"] < -0.05, "a judge that errs sells the better classifier short"
    decision = world.decision()
    assert decision["exit_code"] == 0, primary(decision)["reason"]
    assert primary(decision)["estimate"]["value"] == pytest.approx(0.3, abs=0.12)
