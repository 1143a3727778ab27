"""A policy may ask that nothing is unknown of the code, data and machine of the runs that count."""

from __future__ import annotations

import json

import pytest

from tests.stories.offices import adopt, shown
from tests.stories.test_captured_code import git


@pytest.fixture
def asking(office):
    """Return an office whose policy asks for a complete capture; it lies in no repository."""
    policy = json.loads(shown(office, "scaleup"))
    for tier in policy["tiers"].values():
        tier["complete_capture"] = True
    adopt(office, policy, "bob")
    return office


def capture(office):
    office.conditions()
    found = {one["name"]: (one["state"], one["why"]) for one in office.body["standing"]["parts"]}
    return found["capture"]


def run_in_a_repository(office, *, changed=""):
    """Run a study of new rows where the code is in a repository, perhaps with changes in it."""
    (office.folder / ".gitignore").write_text("private\n.liftgate\n__pycache__\n")
    git(office.folder, "init", "-q")
    git(office.folder, "add", ".")
    git(office.folder, "commit", "-qm", "one")
    with (office.folder / "signed_systems.py").open("a") as code:
        code.write(changed)
    arms = office.write()["arms"]
    for arm in arms.values():
        arm["params"]["x"] = 1
    office.write(study="captured", arms=arms)
    assert office("run", "study.yaml", "--quiet", "--no-report") == 0, office.said


def test_a_run_outside_of_a_repository_is_not_complete_and_one_inside_is(asking):
    (run,) = (entry.body["id"] for entry in asking.entries("run.finished"))
    state, why = capture(asking)
    assert state == "not met"
    assert f"run {run}: not captured: git (" in why
    run_in_a_repository(asking)
    assert capture(asking) == ("met", "complete, of 1 run")


def test_changes_that_were_kept_are_complete_until_they_are_erased_and_then_nobody_knows(asking):
    run_in_a_repository(asking, changed="\n# tried by hand\n")
    assert capture(asking)[0] == "met"
    kept = asking.entries("run.finished")[-1].body["manifest"]["git"]["kept_diff"]
    assert asking("ledger", "erase", kept, "--reason", "asked for") == 0, asking.said
    assert capture(asking)[0] == "can't tell"


def test_a_secret_that_was_cut_out_of_the_changes_leaves_the_capture_incomplete(asking):
    run_in_a_repository(asking, changed='\nAPI_KEY = "sk-abcdefghijklmnop1234567890"\n')
    state, why = capture(asking)
    assert state == "not met"
    assert "(it holds what looks like a secret)" in why
    assert "not kept: the changes of tracked files" in why
