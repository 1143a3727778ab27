"""Before the calls are paid: how likely the study tells, how large it must be, and who says no."""

from __future__ import annotations

import csv
import json
import random
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.stories.conftest import World

TABLES = Path(__file__).parents[2] / "examples" / "compare"
QUICK = ("--runs", "400", "--pilots", "6", "--quiet")


def power(world: World, *words: str) -> dict[str, Any]:
    done = world.liftgate("study", "power", "study.yaml", *QUICK, *words, "--json")
    assert done.returncode == 0, done.stdout + done.stderr
    body: dict[str, Any] = json.loads(done.stdout)
    return body


def pilot(world: World, count: int, repeats: int = 1) -> None:
    """Write two tables in which every fifth answer differs, the candidate's a little better."""
    rng = random.Random(4)
    base = [rng.random() for _ in range(count)]
    for name, gain in (("old", 0.0), ("new", 0.05)):
        with (world.folder / f"{name}.csv").open("w", newline="", encoding="utf-8") as stream:
            writer = csv.writer(stream)
            writer.writerow(["item", "repeat", "right"])
            for n in range(count):
                for repeat in range(repeats):
                    moved = rng.random() if rng.random() < 0.2 else base[n]
                    writer.writerow([f"q{n}", repeat, int(moved < 0.5 + gain)])
    world.study["pilot"] = {"baseline": "old.csv", "candidate": "new.csv"}
    world.study["dataset"] = {"source": "items.jsonl"}


@pytest.fixture
def search(world: World) -> World:
    """The study of ``examples/compare``, whose systems do not exist."""
    shutil.copytree(TABLES, world.folder, dirs_exist_ok=True)
    return world


def test_a_pilot_tells_the_joint_power_what_binds_and_what_would_do(search: World) -> None:
    body = power(search, "--items", "1500")
    own, *others = body["plans"]
    assert (own["design"], own["own"]) == ("fixed", True)
    assert [plan["design"] for plan in others] == ["planned-looks", "anytime"]
    assert 0.15 < own["ship"]["value"] < 0.45
    assert own["ship"]["low"] <= own["ship"]["high"]
    assert own["calls"]["high"] == body["planned_calls"] == 838
    assert 900 < own["needed"]["items"] < 2200
    assert own["needed"]["low"] < own["needed"]["items"] < own["needed"]["high"]
    assert body["sizes"][0]["ship"][0]["rate"] > own["ship"]["value"] + 0.2
    assert body["binding"]["claim"] == "guardrails.0"
    assert list(body["not_assessed"]) == ["guardrails.1"]
    assert not (search.folder / ".liftgate").exists()
    assert power(search, "--items", "1500") == body


def test_the_study_that_cannot_tell_is_refused_before_it_is_run(world: World) -> None:
    world.study["claims"]["primary"] = {"metric": "right", "superior": {"target": 0.02}}
    world.write(items=60)
    told = world.liftgate("study", "power", "study.yaml", *QUICK)
    assert told.returncode == 0, told.stderr
    assert "at worst" in told.stdout
    assert "no pilot, a grid of assumed spreads" in told.stdout
    for words in (("study", "lock"), ("run",)):
        done = world.liftgate(*words, "study.yaml")
        assert done.returncode == 4, done.stdout + done.stderr
        assert "too small" in done.stderr
        assert "exploratory: true" in done.stderr
    assert world.calls() == {}

    world.study["exploratory"] = True
    world.write(items=60)
    body = world.decision()
    assert body["exit_code"] == 4
    assert world.calls()["new"] == 60


def test_a_lock_tells_the_power_once_and_keeps_the_forecast(world: World) -> None:
    world.write(items=400)
    locked = world.liftgate("study", "lock", "study.yaml")
    assert locked.returncode == 0, locked.stderr
    assert "Power: ships a candidate at its target in " in locked.stdout
    shown = json.loads(world.liftgate("study", "show", "study.yaml", "--json").stdout)
    assert 0 < shown["locked"]["power"]["forecast"]["ship"] <= 1
    again = world.liftgate("study", "lock", "study.yaml")
    assert "Already locked" in again.stdout
    assert "Power" not in again.stdout


def test_repeats_of_a_pilot_tell_how_to_split_a_budget(world: World) -> None:
    pilot(world, 300, repeats=3)
    world.study["repeats"] = 3
    world.write(items=300)
    free = power(world)["repeats"]
    assert 0 < free["icc"] < 1
    assert free["best"] == 1
    dear = power(world, "--item-cost", "200")["repeats"]
    assert dear["best"] > 3
    errors = {one["repeats"]: one["se"] for one in dear["allocations"]}
    assert errors[dear["best"]] == min(errors.values())
    text = world.liftgate("study", "power", "study.yaml", *QUICK, "--item-cost", "200").stdout
    assert "Repeats: " in text
    assert f"best with {dear['best']} an item" in text


def test_a_pilot_that_is_too_small_is_refused_with_exit_code_4(world: World) -> None:
    pilot(world, 8)
    world.write(items=100)
    done = world.liftgate("study", "power", "study.yaml", *QUICK)
    assert done.returncode == 4
    assert "expected at least 10" in done.stderr


def test_several_candidates_share_alpha(world: World) -> None:
    pilot(world, 300)
    world.write(items=150)
    one = power(world)["plans"][0]["ship"]["value"]
    for name in ("third", "fourth"):
        world.arm(name, right=0.6)
    world.write(items=150)
    three = power(world)["plans"][0]["ship"]["value"]
    assert three < one
