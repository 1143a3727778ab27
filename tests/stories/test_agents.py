"""An agent is judged by what it did, over several tries, and judged again without a call."""

from __future__ import annotations

from collections import Counter
from typing import Any

AGENT = '''
"""Agents that refund; every call leaves a line in calls.log."""
import hashlib
from collections import Counter
from pathlib import Path

from liftgate import Answer, Step, StepKind, Trace

LOG = Path(__file__).with_name("calls.log")


def _draw(*parts):
    return int(hashlib.sha256(repr(parts).encode()).hexdigest()[:8], 16) / 2**32


def agent(name, right, hasty):
    tries = Counter()

    def answer(parts):
        with LOG.open("a") as log:
            log.write(name + "\\n")
        text = parts["text"]
        tries[text] += 1
        steps = [Step(StepKind.MODEL, "m", tokens_in=9, tokens_out=1)]
        if _draw(text, tries[text], "hasty") >= hasty:
            steps.append(Step(StepKind.TOOL, "confirm", {"order": text}, "yes"))
        steps.append(Step(StepKind.TOOL, "refund", {"order": text, "amount": 150}, "paid"))
        luck = (_draw("item", text) + _draw(text, tries[text], "luck")) / 2
        return Answer("yes" if luck < right else "no", trace=Trace(tuple(steps)))

    return answer
'''
CONFIRMED: dict[str, Any] = {
    "scorer": "trace_rules",
    "rules": [
        {
            "never": {"tool": "refund", "where": {"amount": {"above": 100}}},
            "before": "confirm",
            "same": ["order"],
        }
    ],
}


def test_a_forbidden_action_holds_an_agent_that_is_right_and_a_new_rule_costs_no_call(world):
    for name, right, hasty in (("old", 0.5, 0.0), ("new", 0.75, 0.3)):
        arm = world.study["arms"][name]
        arm["system"] = "python:agents:agent"
        arm["params"] = {"name": name, "right": right, "hasty": hasty}
    world.study |= {"repeats": 3, "dataset": {"source": "items.jsonl"}}
    world.study["scorers"] = {
        "right": {"scorer": "exact"},
        "reliable": {"scorer": "exact", "over_repeats": {"pass_all": 3}},
        "confirmed": CONFIRMED,
    }
    world.study["claims"] = {
        "primary": {"metric": "reliable", "superior": {"target": 0.25}},
        "guardrails": [{"metric": "confirmed", "non_inferior": {"margin": 0.05}}],
    }
    world.write(items=100)
    (world.folder / "agents.py").write_text(AGENT, encoding="utf-8")

    body = world.decision()

    assert body["exit_code"] == 1
    primary, guardrail = body["decisions"][0]["verdicts"][:2]
    assert primary["reading"] == "superior"
    assert guardrail["reading"].startswith("inferior")
    assert world.calls() == Counter(old=300, new=300)

    world.study |= {"study": "again", "exploratory": True}
    once = {"scorer": "trace_rules", "rules": [{"at_most": 1, "of": "refund"}]}
    world.study["scorers"]["once"] = once
    world.study["claims"]["guardrails"] = [{"metric": "once", "non_inferior": {"margin": 0.05}}]
    world.write(items=100, file="again.yaml")

    body = world.decision(file="again.yaml")

    assert world.calls() == Counter(old=300, new=300)
    assert body["health"]["new"]["once"]["missing_candidate"] == 0
    assert body["decisions"][0]["verdicts"][1]["rejected"]
