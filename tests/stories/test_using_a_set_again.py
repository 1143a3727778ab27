"""A set of items is used up by decisions: they are counted, and a candidate has one try."""

from __future__ import annotations

import json


def test_a_second_ship_study_of_one_candidate_on_one_set_is_refused(world):
    world.write()
    world.decision()
    world.study["study"] = "again"
    world.write(file="again.yaml")

    done = world.liftgate("run", "again.yaml", "--quiet")

    assert done.returncode == 2
    assert "one try on a set of items" in done.stderr
    assert "'story'" in done.stderr


def test_an_amendment_brings_no_candidate_to_a_second_try(world):
    world.write()
    world.liftgate("study", "lock", "study.yaml")
    world.arm("new", right=0.9)
    world.write()
    amend = ("study", "amend", "--reason", "a better one", "--seen", "nothing")
    assert world.liftgate(*amend, "study.yaml").returncode == 0
    world.decision()
    world.study["study"] = "again"
    world.write(file="again.yaml")

    refused = world.liftgate("run", "again.yaml", "--quiet")

    assert refused.returncode == 2
    assert "one try on a set of items" in refused.stderr
    world.arm("new", right=0.8)
    world.write(file="again.yaml")
    assert world.liftgate("study", "lock", "again.yaml").returncode == 0
    world.arm("new", right=0.9)
    world.write(file="again.yaml")

    refused = world.liftgate(*amend, "again.yaml")

    assert refused.returncode == 2
    assert "'story' (ledger entry 2)" in refused.stderr


def test_a_study_that_only_looked_becomes_no_second_try_by_an_amendment(world):
    world.arm("new", right=0.9)
    world.write()
    world.decision()
    world.study |= {"study": "again", "exploratory": True}
    world.write(file="again.yaml")
    assert world.liftgate("study", "lock", "again.yaml").returncode == 0
    del world.study["exploratory"]
    world.write(file="again.yaml")

    refused = world.liftgate(
        "study", "amend", "again.yaml", "--reason", "it looks good", "--seen", "nothing"
    )

    assert refused.returncode == 2
    assert "one try on a set of items" in refused.stderr


def test_looking_again_for_learning_is_allowed_and_never_ships(world):
    world.arm("new", right=0.9)
    world.write()
    world.decision()
    world.study |= {"study": "again", "exploratory": True}
    world.write(file="again.yaml")

    body = world.decision(file="again.yaml")

    assert body["exit_code"] == 4
    assert body["set_use"]["alpha"] == 0.05
    assert world.calls() == {"old": 200, "new": 200}


def test_another_candidate_is_the_second_use_of_an_exposed_set(world):
    world.write()
    assert world.decision()["set_use"] == {
        "number": 1,
        "alpha": 0.05,
        "earlier": [],
        "exposed": False,
    }
    world.study["study"] = "next"
    world.arm("new", right=0.72)
    world.write(file="next.yaml")

    body = world.decision(file="next.yaml")

    assert body["set_use"]["number"] == 2
    assert body["set_use"]["earlier"] == ["story"]
    assert body["set_use"]["exposed"] is True
    assert "use 2 of this set" in body["error_statement"]
    assert "The set is exposed" in body["error_statement"]


def test_a_set_that_shares_a_fifth_of_its_items_is_another_and_one_that_shares_more_is_not(world):
    world.write(items=200)
    world.decision()
    for name, extra, number in (("mostly-new", 900, 1), ("mostly-old", 60, 3)):
        world.study["study"] = name
        world.study["dataset"]["source"] = f"{name}.jsonl"
        world.arm("new", right=0.7 + extra / 10_000)
        world.write(file=f"{name}.yaml")
        rows = [
            {"id": f"q{n}", "input": f"question {n}", "target": "yes", "page": f"p{n}", "kind": "k"}
            for n in (*range(180), *range(1000, 1000 + extra))
        ]
        text = "".join(json.dumps(row) + "\n" for row in rows)
        (world.folder / f"{name}.jsonl").write_text(text, encoding="utf-8")

        assert world.decision(file=f"{name}.yaml")["set_use"]["number"] == number
