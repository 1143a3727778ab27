"""A study whose answers are rated by a model behind HTTP."""

from __future__ import annotations

import json
import re

import pytest

from liftgate.testing import Act, StubServer
from liftgate.testing.world import World as Truth

TRUTH = Truth(seed=1, size=200, clusters=50)
KEY = "sk-planted-judge-key-77"


def answer_of(asked) -> str:
    """Return the answer that a judge is shown: what stands in the last fence."""
    return re.findall(r"> *\n(.*)\n</material", asked.text.replace(" answer>", "> "))[-1]


def biased(asked):
    """A judge that calls every right answer right, and a fifth of the wrong ones, too."""
    right = answer_of(asked) == "yes"
    lot = TRUTH.lot("judge", "any", asked.text)
    value = 1 if right or lot < 0.2 else 0
    return Act(json.dumps({"reason": "so it seems", "value": value}))


@pytest.fixture
def judged(world):
    """Return what writes a study with a judged metric beside the labelled one."""

    def write(server, *, items=60, metric="good", claim=None, **params):
        world.study["scorers"][metric] = {
            "scorer": "judge",
            "rubric": "task_success",
            "system": "openai:judge",
            "params": {"base_url": server.url, "max_tokens": 50},
            **params,
        }
        world.study["claims"]["guardrails"] = []
        if claim:
            world.study["claims"]["watch"] = [{"metric": metric, **claim}]
        world.write(items=items)
        return world

    return write


def test_a_judge_shares_the_run_and_its_key_is_nowhere(judged, monkeypatch) -> None:
    monkeypatch.setenv("STUB_KEY", KEY)
    with StubServer(biased, key=KEY) as server:
        params = {"base_url": server.url, "api_key_env": "STUB_KEY", "max_tokens": 50}
        world = judged(server, params=params, claim={"none_shown_worse": {}, "by_slice": "kind"})
        world.study["exploratory"] = True
        world.write(items=60)
        done = world.liftgate("run", "study.yaml")
        asked = len(server.asked)
        again = world.liftgate("run", "study.yaml")
    assert done.returncode == 4, done.stdout + done.stderr
    assert asked == len(server.asked) == 120
    assert "asked judges 120 times" in done.stderr
    assert again.returncode == 4
    files = [path for path in world.folder.rglob("*") if path.is_file()]
    assert [path for path in files if KEY.encode() in path.read_bytes()] == []


def test_a_judges_faults_are_told_at_their_place_in_the_study(judged) -> None:
    with StubServer(biased) as server:
        world = judged(server, rubric="tone.yaml")
        text = "liftgate: 1\nrubric: tone\nversion: '1'\nsource: us\nquestion: Nice?\nscale:\n"
        text += "  kind: binary\n  anchors:\n"
        text += "    - {value: 0, label: a, meaning: b, key: c}\n"
        text += "    - {value: 2, label: d, meaning: e, key: f}\n"
        (world.folder / "tone.yaml").write_text(text)
        done = world.liftgate("study", "check", "study.yaml")
        locked = world.liftgate("study", "lock", "study.yaml")
    assert locked.returncode == 2, done.stdout
    assert "scorers.good.rubric: " in locked.stderr
    assert "tone.yaml:9:5: scale.anchors: got the values 0, 2" in locked.stderr


def test_a_changed_word_of_the_rubric_is_a_change_of_the_locked_study(judged) -> None:
    with StubServer(biased) as server:
        world = judged(server, rubric="tone.yaml")
        world.study["exploratory"] = True
        text = "liftgate: 1\nrubric: tone\nversion: '1'\nsource: us\nquestion: Nice?\nscale:\n"
        text += "  kind: binary\n  anchors:\n"
        text += "    - {value: 0, label: a, meaning: b, key: c}\n"
        text += "    - {value: 1, label: d, meaning: e, key: f}\n"
        (world.folder / "tone.yaml").write_text(text)
        world.write(items=60)
        assert world.liftgate("study", "lock", "study.yaml").returncode == 0
        (world.folder / "tone.yaml").write_text(text.replace("Nice?", "Kind?"))
        done = world.liftgate("run", "study.yaml")
    assert done.returncode == 3
    assert "scorers.good.fingerprint" in done.stderr
    assert server.asked == []
