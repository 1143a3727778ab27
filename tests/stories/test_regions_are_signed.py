"""Where things run is said under the policy's signatures, wherever decisions are signed."""

from __future__ import annotations

import json

import yaml

from liftgate.ledger import Ledger
from tests.stories.attack_table import assert_told
from tests.stories.offices import hire, shown

RUN = ("run", "study.yaml", "--quiet", "--no-report")


def bind(office, tier):
    """Write a study whose items stay in the EU; an ordinary candidate, or one with a tool."""
    arms = office.write()["arms"]
    for arm in arms.values():
        arm["params"]["x"] = 1
    dataset = {"source": "items.jsonl", "cluster": "page", "tags": {"residency": ["eu"]}}
    office.write(study="bound", tier=tier, dataset=dataset, arms=arms)


def test_a_file_that_nobody_signed_moves_no_items_where_decisions_are_signed(office):
    bind(office, "scaleup")
    where = office.home / "regions.yaml"
    where.write_text(yaml.safe_dump({"here": "eu"}))
    assert office(*RUN) == 1, office.said
    assert_told("regions are said in a file that nobody signed", office.said)
    assert office.entries("refused")[-1].body["act"] == "run bound"
    policy = {**json.loads(shown(office, "scaleup")), "regions": {"here": "eu"}}
    # Whoever may write proposes it, and nobody has signed.
    with Ledger.open(office.home) as ledger:
        body = {"policy": policy, "digest": "x", "follows": None}
        ledger.append("policy.proposed", body)
    assert office(*RUN) == 1
    hire(office, eng="engineering")
    office.folder.joinpath("own.yaml").write_text(yaml.safe_dump(policy))
    assert office("policy", "adopt", "own.yaml", "--sign-with", "eng") == 1
    assert "regions.here" in office.said
    assert office("policy", "adopt", "own.yaml", "--sign-with", "rai") == 0, office.said
    where.write_text(yaml.safe_dump({"here": "us"}))
    assert office(*RUN) == 0, office.said


def test_what_a_policy_says_of_regions_holds_whatever_a_file_says(office):
    """A small team signs nothing for an ordinary change: its file counts until a policy speaks."""
    bind(office, "startup")
    where = office.home / "regions.yaml"
    where.write_text(yaml.safe_dump({"here": "eu"}))
    hire(office, dee="decider")
    policy = {**json.loads(shown(office, "startup")), "regions": {"here": "us"}}
    office.folder.joinpath("own.yaml").write_text(yaml.safe_dump(policy))
    assert office("policy", "adopt", "own.yaml") == 1, office.said
    assert office("policy", "adopt", "own.yaml", "--sign-with", "dee") == 0, office.said
    assert office(*RUN) == 1
    assert "runs in us (here), and it stays in eu" in office.said
    # Giving the word back to the file is a weakening, too.
    del policy["regions"]
    office.folder.joinpath("own.yaml").write_text(yaml.safe_dump(policy))
    assert office("policy", "adopt", "own.yaml") == 1, office.said
    assert office("policy", "adopt", "own.yaml", "--sign-with", "dee") == 0, office.said
    assert office(*RUN) == 0, office.said
