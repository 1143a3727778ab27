"""A study with a floor: what no system is needed for must be beaten before anything is compared."""

from __future__ import annotations

import pytest

from tests.stories.conftest import verdict


@pytest.fixture
def floored(world):
    """A non-inferiority study of two equal systems, with a floor that is right in a tenth."""
    world.study["claims"]["primary"] = {"metric": "right", "non_inferior": {"margin": 0.1}}
    world.study["claims"]["floor"] = {"metric": "right", "superior": {"target": 0.2}}
    world.arm("new", right=0.5)
    world.arm("nothing", right=0.1)
    world.study["arms"]["nothing"]["role"] = "floor"
    return world


def test_an_equal_candidate_ships_over_a_baseline_that_beats_the_floor(floored):
    floored.write(items=200)
    body = floored.decision()
    assert body["exit_code"] == 0
    floor = verdict(body, "new", "floor")
    assert floor["reading"] == "superior"
    assert floor["estimate"]["value"] > 0.3
    assert [d["candidate"] for d in body["decisions"]] == ["new"]
    assert body["means"]["nothing"]["right"]["value"] == pytest.approx(0.1, abs=0.08)
    assert "right of the baseline above the floor" in body["error_statement"]
    report = next(floored.folder.glob(".liftgate/reports/*.html")).read_text("utf-8")
    assert "right of the baseline above the floor" in report


def test_two_useless_systems_are_not_declared_equal(floored):
    floored.arm("old", right=0.1)
    floored.arm("new", right=0.1)
    floored.study["arms"]["nothing"]["params"]["right"] = 0.12
    floored.write(items=200)
    body = floored.decision()
    assert body["exit_code"] == 4
    assert verdict(body, "new", "primary")["reading"] == "inadmissible"
    assert "not shown better than the floor" in body["decisions"][0]["sentence"]


def test_an_early_look_settles_only_when_the_floor_is_beaten_too(floored):
    floored.study["stopping"] = {"plan": "planned-looks", "looks": 4}
    floored.write(items=400)
    body = floored.decision()
    looks = body["looks"]
    assert body["exit_code"] == 0
    assert looks["taken"] < 4
    assert floored.calls() == dict.fromkeys(("old", "new", "nothing"), looks["items"])
    assert looks["trials_saved"] == 3 * (400 - looks["items"])
    assert "floor" in looks["path"][-1]["candidates"]["new"]
