"""A study that looks more than once: it stops when every candidate is settled, and not before."""

from __future__ import annotations

import re
import signal

import pytest

from tests.stories.conftest import verdict

LOOKS = {"plan": "planned-looks", "looks": 4}


def test_a_clear_gain_is_shipped_at_an_early_look_without_calling_the_rest(world):
    world.study["stopping"] = LOOKS
    world.arm("new", right=0.9)
    world.write(items=400)

    body = world.decision()

    assert body["exit_code"] == 0
    looks = body["looks"]
    assert looks["taken"] < looks["of"] == 4
    assert looks["items"] < looks["planned_items"] == 400
    assert world.calls() == {"old": looks["items"], "new": looks["items"]}
    assert looks["trials_saved"] == 2 * (400 - looks["items"])
    estimate = verdict(body, "new", "primary")["estimate"]
    assert (estimate["design"], estimate["look"]) == ("planned-looks", looks["taken"])
    assert [step["look"] for step in looks["path"]] == list(range(1, looks["taken"] + 1))


def test_a_second_run_calls_nothing_and_gives_the_same_bytes(world):
    world.study["stopping"] = LOOKS
    world.arm("new", right=0.9)
    world.write(items=400)
    first = world.liftgate("run", "study.yaml", "--json", "--quiet")
    calls = world.calls()

    again = world.liftgate("run", "study.yaml", "--json", "--quiet")

    assert again.stdout == first.stdout
    assert world.calls() == calls


def test_no_difference_is_looked_at_to_the_end(world):
    world.study["stopping"] = LOOKS
    world.arm("new", right=0.5)
    world.write(items=120)

    body = world.decision()

    assert body["exit_code"] == 4
    assert body["looks"]["taken"] == 4
    assert world.calls() == {"old": 120, "new": 120}


def test_a_candidate_that_harms_is_held_early(world):
    world.study["stopping"] = LOOKS
    world.arm("new", right=0.1)
    world.write(items=400)

    body = world.decision()

    assert body["exit_code"] == 1
    assert body["looks"]["items"] < 400


def test_an_interrupted_run_goes_on_to_the_same_look(world):
    world.study["stopping"] = LOOKS
    world.arm("new", right=0.9, slow_s=0.01)
    world.write(items=400)
    world.stop_in_the_middle(60, signal.SIGKILL)

    body = world.decision()

    assert body["exit_code"] == 0
    assert body["looks"]["items"] < 400
    assert sum(world.calls().values()) <= 2 * body["looks"]["items"] + 64


def test_unlimited_looks_stop_as_soon_as_a_bet_is_won(world):
    world.study["stopping"] = {"plan": "anytime"}
    world.arm("new", right=0.9)
    world.write(items=400)

    body = world.decision("--concurrency", "1")

    assert body["exit_code"] == 0
    estimate = verdict(body, "new", "primary")["estimate"]
    assert (estimate["design"], estimate["mark"]) == ("anytime", "anytime-exact")
    assert body["looks"]["items"] < 400
    assert len(body["looks"]["path"]) <= 20


def test_a_claim_about_this_set_asks_the_baseline_first_and_then_a_part_of_the_candidate(world):
    world.study["stopping"] = {"plan": "anytime"}
    world.study["decision"] = {"population": "this-set"}
    world.study["dataset"].pop("cluster")
    world.arm("new", right=0.8)
    world.write(items=300)

    body = world.decision("--concurrency", "1")

    assert body["exit_code"] == 0
    estimate = verdict(body, "new", "primary")["estimate"]
    assert (estimate["method"], estimate["population"]) == ("finite-set betting test", "this-set")
    calls = world.calls()
    assert calls["old"] == 300
    assert calls["new"] < 200
    assert "about these items only" in body["error_statement"]
    assert body["done"]["items"] == 300 > body["looks"]["items"]
    assert body["rows"]["count"] == 300 + calls["new"]


def test_an_exploratory_study_never_ships(world):
    world.study["exploratory"] = True
    world.arm("new", right=0.9)
    world.write(items=200)

    body = world.decision()

    assert body["exit_code"] == 4
    assert "declared exploratory" in body["decisions"][0]["sentence"]


def test_every_slice_must_hold_at_each_look(world):
    world.study["stopping"] = LOOKS
    world.study["claims"]["guardrails"] = [
        {"metric": "right", "by_slice": "kind", "each_non_inferior": {"margin": 0.1}}
    ]
    world.arm("new", right=0.9)
    world.write(items=400)

    body = world.decision()

    assert body["exit_code"] == 0
    parts = verdict(body, "new", "guardrails.0")["parts"]
    assert {part["slice"] for part in parts} == {"even", "odd"}
    assert all(part["estimate"]["design"] == "planned-looks" for part in parts)


@pytest.mark.parametrize("plan", [LOOKS, {"plan": "anytime"}])
def test_a_guarantee_is_kept_or_refused_aloud(world, plan):
    world.study["decision"] = {"guarantee": True}
    world.study["stopping"] = plan
    world.study["dataset"].pop("cluster")
    world.arm("new", right=0.9)
    world.write(items=300)

    body = world.decision()

    estimate = verdict(body, "new", "primary")["estimate"]
    assert estimate["mark"] in {"exact", "anytime-exact"}
    assert body["exit_code"] == 0


def test_another_study_of_the_same_arms_changes_nothing_of_an_early_decision(world):
    world.study["stopping"] = LOOKS
    world.arm("new", right=0.9)
    world.write(items=400)
    first = world.decision()
    looked = first["looks"]["items"]
    world.liftgate("doc", "build", "decision-memo", "study.yaml", "--out", "memo.md")
    world.study |= {"study": "whole", "stopping": {"plan": "fixed"}, "exploratory": True}
    world.write(items=400, file="whole.yaml")
    world.decision(file="whole.yaml")

    checked = world.liftgate("doc", "check", "memo.md")
    stands = world.liftgate("gate", "status", "study.yaml")
    traced = world.liftgate("trace", f"{first['entry']}:new.primary", "--rows", "0")

    assert world.calls() == {"old": 400, "new": 400}
    assert checked.returncode == 0, checked.stdout
    assert "evidence: met" in stands.stdout
    assert f"Rows: {looked}" in traced.stdout
    assert "rows selected now" not in traced.stdout
    assert world.decision() == first


def test_an_early_decision_tells_of_all_its_items_and_of_those_that_it_looked_at(world):
    world.study["stopping"] = LOOKS
    world.arm("new", right=0.9)
    world.write(items=400)

    body = world.decision()

    looked = body["looks"]["items"]
    assert (body["dataset"]["items"], body["dataset"]["clusters"]) == (400, 100)
    assert (body["planned"]["items"], body["done"]["items"]) == (400, looked)
    assert body["rows"]["count"] == body["done"]["trials"] == 2 * looked
    for template in ("decision-memo", "model-card", "publication-kit"):
        out = f"{template}/README.md"
        made = world.liftgate("doc", "build", template, "study.yaml", "--out", out)
        assert made.returncode == 0, made.stderr
        page = re.sub(r"<!--.*?-->", "", (world.folder / out).read_text(encoding="utf-8"))
        assert f"{looked} of the 400 items in 100 clusters" in page
        assert world.liftgate("doc", "check", out).returncode == 0
