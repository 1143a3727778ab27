"""A policy for each tier of risk: which change needs what, and what becomes of it."""

from __future__ import annotations

import copy
import json
from dataclasses import replace
from datetime import timedelta

import pytest

from liftgate.canon import canonical
from liftgate.cli.main import main
from liftgate.gates.demands import stand
from liftgate.gates.policy import shipped
from tests.stories.offices import STUDY
from tests.unit.gates.test_policy import BOB, NOW, SIGNED, SWAP, TOOL, WHOLE, facts

CODE = [{"path": "files.0", "baseline": "a", "candidate": "b"}]
OLD = {"decided": NOW - timedelta(days=91)}
SHIP, HOLD, INSUFFICIENT = 0, 1, 4
FIXTURES = [
    ("startup", {}, SHIP, ()),
    ("startup", {"word": "hold"}, HOLD, ()),
    ("startup", {"word": "inconclusive"}, INSUFFICIENT, ()),
    ("startup", {"changed": "rows were added"}, HOLD, ()),
    ("scaleup", {}, SHIP, ()),
    ("scaleup", OLD, HOLD, ()),
    ("scaleup", {"changes": SWAP}, INSUFFICIENT, ()),
    ("scaleup", {"changes": SWAP, **SIGNED}, HOLD, ()),
    ("scaleup", {"changes": SWAP, **SIGNED, "approvals": (BOB,)}, SHIP, ()),
    ("scaleup", {"changes": TOOL, **SIGNED, "approvals": (BOB,), "record": 9}, HOLD,
     ("gate-activated",)),
    ("regulated", {**SIGNED, **WHOLE, "approvals": (BOB,), "record": 9}, SHIP, ()),
    ("regulated", {**SIGNED, "approvals": (BOB,), "record": 9}, INSUFFICIENT, ("capture",)),
    ("regulated", {**SIGNED, **WHOLE, "approvals": (BOB,)}, HOLD, ()),
    ("regulated", {"changes": CODE, **SIGNED, **WHOLE, "record": 9, "forecast": 8, "activated": 7,
                   "activated_by": (BOB,),
                   "approvals": (BOB, replace(BOB, key="c", name="cy", roles=("compliance",),
                                              claimed="compliance"))}, INSUFFICIENT,
     ("entry:reproduction",)),
    ("regulated", {"changes": TOOL, **SIGNED}, HOLD,
     ("study:safety", "entry:rollback-drill", "entry:reproduction")),
]  # fmt: skip


def lines(tree):
    yield tree["name"], tree["state"], tree["why"]
    for part in tree["parts"]:
        yield from lines(part)


@pytest.mark.parametrize(("policy", "given", "code", "open_"), FIXTURES)
def test_a_gate_ships_holds_or_cannot_tell_with_the_tree_of_its_reasons(policy, given, code, open_):
    found = stand(shipped(policy), facts(**given))
    told = list(lines(found.as_json()["standing"]))
    assert found.exit_code == code, told
    not_assessed = {name for name, state, why in told
                    if state == "can't tell" and why.startswith("not assessed")}  # fmt: skip
    assert not_assessed >= set(open_)
    assert all(why for _, _, why in told)
    again = stand(shipped(policy), facts(**copy.deepcopy(given)))
    assert canonical(found.as_json()) == canonical(again.as_json())


def test_a_claim_that_was_not_assessed_is_in_the_tree():
    known = facts()
    known.body["decisions"][0]["not_assessed"] = ["watch:right:kind"]
    told = list(lines(stand(shipped("startup"), known).as_json()["standing"]))
    assert ("not assessed", "can't tell", "new: watch:right:kind") in told


CHANGES = {
    "a prompt": ({"prompt": "new"}, "low", "1 guardrails at least; not older than 90 days"),
    "another model": ({"model": "m2"}, "medium", "approved by 1 × product"),
    "a new tool": ({"tools": ["shell"]}, "high", "an activated gate"),
}


def test_a_prompt_another_model_and_a_new_tool_need_three_sets_of_gates(
    tmp_path, monkeypatch, capsys
):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LIFTGATE_HOME", str(tmp_path / ".liftgate"))
    needs = []
    for change, tier, word in CHANGES.values():
        study = copy.deepcopy({**STUDY, "tier": "scaleup"})
        old = study["arms"]["old"]["params"]
        study["arms"]["new"]["params"] = {**old, **change}
        (tmp_path / "study.yaml").write_text(json.dumps(study))
        with pytest.raises(SystemExit) as stopped:
            main(["policy", "check", "study.yaml"])
        said = capsys.readouterr().out
        assert stopped.value.code == 0, said
        assert f"tier {tier}" in said
        assert word in said
        needs.append(said.partition("Needs: ")[2])
    assert len(set(needs)) == 3
