"""Labels that a decision rests on are somebody's word, where decisions are signed."""

from __future__ import annotations

import json

import pytest

from liftgate.ledger import Ledger, consent
from liftgate.store import Store
from tests.stories.attack_table import assert_told
from tests.stories.judged import in_process, write_fooled
from tests.stories.offices import by_hand, environment


@pytest.fixture
def world(tmp_path, monkeypatch, capsys):
    """Return a judged study of a tier that signs, run once, its labels drawn and filled in."""
    monkeypatch.chdir(tmp_path)
    environment(monkeypatch, tmp_path)
    found = in_process(tmp_path, capsys)
    found.home = tmp_path / ".liftgate"
    for name, words in (("owner", ()), ("ada", ()), ("robot", ("--service",))):
        done(found, "keys", "new", name)
        done(found, "keys", "trust", f"{name}.pub.json", *words, "--sign-with", "owner")
    return found


def done(world, *words, code=0):
    ended = world.liftgate(*words)
    assert ended.returncode == code, ended.stdout + ended.stderr
    return ended.stdout + ended.stderr


def write(world, tier, **changes):
    world.study["tier"] = tier
    world.study |= changes
    write_fooled(world, better=0.8, items=200)
    done(world, "run", "study.yaml", "--quiet", "--no-report", code=4)
    return world


def fill(world, name="drawn.jsonl", *, flattering=False):
    rows = [json.loads(line) for line in (world.folder / name).read_text().splitlines()]
    for row in rows:
        right = row["answer"].startswith("yes") or (flattering and row["answer"].endswith("!"))
        row |= {"rater": "ann", "value": int(right)}
    text = "".join(json.dumps(row) + "\n" for row in rows)
    (world.folder / "labels.jsonl").write_text(text)


DRAW = ("label", "draw", "study.yaml", "--n", "100", "--out", "drawn.jsonl")
CALIBRATE = ("judge", "calibrate", "study.yaml", "--labels", "labels.jsonl")


def decide(world):
    code = world.decision("--no-report")["exit_code"]
    assert code == 0


def labels(world):
    """Return the state and the reason of the condition about the labels; None: nobody asks."""
    told = world.liftgate("gate", "status", "study.yaml", "--json").stdout
    parts = json.loads(told)["standing"]["parts"]
    found = {one["name"]: (one["state"], one["why"]) for one in parts}
    return found.get("labels:good")


def entries(world, kind):
    with Ledger.open(world.home, read_only=True) as ledger:
        return list(ledger.entries(kind))


def test_unsigned_labels_carry_no_signed_decision_and_signing_them_later_adds_no_entry_of_them(
    world,
) -> None:
    write(world, "scaleup")
    done(world, *DRAW)
    fill(world)
    done(world, *CALIBRATE)
    decide(world)
    draw, calibrated = entries(world, "labels.drawn")[0], entries(world, "judge.calibrated")[0]
    state, why = labels(world)
    assert state == "not met"
    both = f"ledger entries {draw.sequence} and {calibrated.sequence} are signed by nobody"
    assert both in why
    assert "liftgate judge calibrate STUDY@good --labels FILE --sign-with KEY" in why
    told = done(world, "gate", "status", "study.yaml", code=1)
    assert_told("labels are given by an account that may write", told)

    done(world, *CALIBRATE, "--sign-with", "robot", code=1)
    assert labels(world)[0] == "not met"
    done(world, *CALIBRATE, "--sign-with", "ada")
    assert len(entries(world, "judge.calibrated")) == len(entries(world, "labels.drawn")) == 1
    assert labels(world)[0] == "met"
    about = sorted(one.body["about"] for one in entries(world, "statement"))
    assert about == [draw.sequence, calibrated.sequence]
    done(world, *CALIBRATE, "--sign-with", "ada")
    assert labels(world)[0] == "met"


def test_a_draw_that_is_signed_when_it_is_made_needs_no_second_signature(world) -> None:
    write(world, "scaleup")
    done(world, *DRAW, "--sign-with", "robot", code=1)
    assert not (world.folder / "drawn.jsonl").exists()
    assert entries(world, "labels.drawn") == []
    done(world, *DRAW, "--sign-with", "ada")
    fill(world)
    done(world, *CALIBRATE)
    decide(world)
    calibrated = entries(world, "judge.calibrated")[0].sequence
    assert f"ledger entry {calibrated} is signed by nobody" in labels(world)[1]
    done(world, *CALIBRATE, "--sign-with", "ada")
    assert labels(world)[0] == "met"
    assert len(entries(world, "statement")) == 2


def test_labels_that_an_account_appends_to_signed_ones_take_the_signature_s_place_from_nobody(
    world,
) -> None:
    write(world, "scaleup")
    done(world, *DRAW)
    fill(world)
    done(world, *CALIBRATE, "--sign-with", "ada")
    decide(world)
    assert labels(world)[0] == "met"
    true = entries(world, "judge.calibrated")[0]
    # The same labels once more change nothing that anybody decided on.
    with Ledger.open(world.home) as ledger:
        ledger.append("judge.calibrated", {**true.body, "level": 0.9}, refs=true.refs)
    assert labels(world)[0] == "met"
    with Store.open(world.home) as store:
        given = store.output(true.body["labels"]["digest"])
        forged = store.put_json({**given, "trials": dict.fromkeys(given["trials"], 1.0)})
        store.flush()
    body = {**true.body, "labels": {**true.body["labels"], "digest": forged}}
    with Ledger.open(world.home) as ledger:
        entry = ledger.append("judge.calibrated", body, refs=true.refs)
    world.decision("--no-report")
    assert labels(world) is not None
    assert labels(world)[0] == "not met"
    by_hand(world, entry, consent.CALIBRATION, {}, "robot")
    assert labels(world)[0] == "not met"


def test_where_nobody_signs_labels_count_as_they_are(world) -> None:
    write(world, "startup")
    done(world, *DRAW)
    fill(world)
    done(world, *CALIBRATE)
    decide(world)
    assert labels(world) is None
