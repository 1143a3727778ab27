"""A retrieval system whose stages fail where it was planted, and who is found to be at fault."""

from __future__ import annotations

import json
from collections import Counter

import pytest

from liftgate.flow.study_index import StudyIndex
from liftgate.store import Workspace

STAGES = '''
"""Stages with planted failures; every call leaves a line in calls.log."""
import hashlib
from pathlib import Path

LOG = Path(__file__).with_name("calls.log")


def _lot(*parts):
    return int(hashlib.sha256(repr(parts).encode()).hexdigest()[:8], 16) / 2**32


def _note(word):
    with LOG.open("a") as log:
        log.write(word + "\\n")


def find(misses):
    def retrieve(parts):
        number = parts["text"].split()[-1]
        _note("find")
        others = [{"id": f"x{n}", "text": f"about {n}", "score": 1.0 / (n + 2)} for n in range(2)]
        if _lot("miss", number) < misses:
            return others
        return [*others, {"id": f"d{number}", "text": f"the answer of {number}", "score": 1.0}]

    return retrieve


def write(blunders, moods=0.0, confused=0.0):
    def answer(parts):
        number = parts["text"].split()[-1]
        _note("write")
        if _lot("blunder", number) < blunders:
            return "no"
        if moods and _lot("mood", number, LOG.stat().st_size) < moods:
            return "no"
        crowded = "about" in parts["context"]
        if crowded and _lot("confused", number) < confused:
            return "no"
        return "yes" if f"the answer of {number}" in parts["context"] else "no"

    return answer
'''


def arm(role, *, misses, **generator):
    return {
        "role": role,
        "system": "rag:planted",
        "params": {
            "retriever": {"system": "python:stages:find", "params": {"misses": misses}},
            "generator": {"system": "python:stages:write", "params": generator},
            "query": "text",
        },
    }


@pytest.fixture
def staged(world):
    def write(*, items=200, **arms):
        (world.folder / "stages.py").write_text(STAGES, encoding="utf-8")
        world.study["arms"] = arms
        world.study["scorers"] = {
            "right": {"scorer": "exact", "target": "answer"},
            "recall": {"scorer": "recall", "k": 3, "target": "documents", "stage": "retrieval"},
        }
        world.study["claims"]["guardrails"] = []
        world.study["dataset"] = {"source": "items.jsonl"}
        path = world.write(items=items)
        rows = [
            {
                "id": f"q{n}",
                "input": f"question {n}",
                "target": {
                    "answer": "yes",
                    "documents": [f"d{n}"],
                    "context": f"the answer of {n}",
                },
            }
            for n in range(items)
        ]
        text = "".join(json.dumps(row) + "\n" for row in rows)
        (world.folder / "items.jsonl").write_text(text, encoding="utf-8")
        return path

    return write


def attributed(world, *words):
    done = world.liftgate("attribute", "study.yaml", "--json", *words)
    assert done.returncode == 0, done.stderr + done.stdout
    return json.loads(done.stdout)


def test_planted_faults_are_put_down_to_the_stage_that_has_them(world, staged) -> None:
    staged(
        old=arm("baseline", misses=0.4, blunders=0.02),
        new=arm("candidate", misses=0.02, blunders=0.2, confused=0.1),
    )
    early = world.liftgate("attribute", "study.yaml")
    assert (early.returncode, "not locked" in early.stderr) == (3, True), early.stderr
    decided = world.decision()
    assert decided["means"]["old"]["recall"]["value"] == pytest.approx(0.6, abs=0.08)
    assert decided["means"]["new"]["recall"]["value"] > 0.95
    before = world.calls()
    found = attributed(world)
    # A stage that was asked by itself adds no row that the decision counts.
    index = StudyIndex(Workspace(world.folder / ".liftgate"))
    assert [one.stale for one in index.now().values()] == [""]
    old, new = found["arms"]["old"], found["arms"]["new"]
    causes = {
        name: {c: v["count"] for c, v in one["causes"].items()}
        for name, one in found["arms"].items()
    }
    assert causes["old"]["retrieval"] >= 0.9 * old["assessed"]
    assert causes["new"]["generation"] > causes["new"]["between"] > causes["new"]["retrieval"]
    for name, one in found["arms"].items():
        assert one["assessed"] == one["wrong"] == one["trials"] - one["right"]
        # What retrieval is said to have lost is what it lost, generation's own blunders aside.
        lost = (1 - decided["means"][name]["recall"]["value"]) * one["trials"]
        both = one["generation_missed_too"]
        assert causes[name]["retrieval"] == pytest.approx(lost - both, abs=1e-6)
    share = old["causes"]["retrieval"]["share"]["estimate"]
    assert share["low"] < share["value"] < share["high"]
    # A generator that never varies is right by no mere repetition.
    assert old["mended"]["again"] == new["mended"]["again"] == 0
    made = world.calls() - before
    # Nothing is retrieved again, and the same input is asked once, whichever arm it is for.
    assert made["find"] == 0
    assert made["write"] <= 2 * (old["wrong"] + new["wrong"])
    again = attributed(world)
    assert world.calls() - before == made
    assert again["arms"] == found["arms"]
    text = world.liftgate("attribute", "study.yaml", "--arm", "old").stdout
    assert "right with the gold passages, which had not all been retrieved" in text
    assert "Ledger entry" in text


def test_a_generator_of_moods_is_not_taken_for_a_bad_retriever(world, staged) -> None:
    staged(
        old=arm("baseline", misses=0.0, blunders=0.0, moods=0.5),
        new=arm("candidate", misses=0.0, blunders=0.0, moods=0.3),
    )
    world.decision()
    one = attributed(world, "--arm", "old")["arms"]["old"]
    mended = one["mended"]
    # Half of the wrong answers come out right with gold passages, and as many without.
    assert mended["gold"] > 0.3 * mended["n"]
    estimate = mended["difference"]["estimate"]
    assert estimate["low"] < 0 < estimate["high"]
    assert one["causes"]["retrieval"]["count"] == 0
    bare = attributed(world, "--arm", "old", "--no-control")["arms"]["old"]
    assert bare["mended"] is None
    assert any("chance" in said for said in bare["not_identifiable"])


def test_what_has_no_stages_or_no_gold_is_refused_or_said(world, staged) -> None:
    staged(
        items=60,
        old=arm("baseline", misses=0.5, blunders=0.0),
        new=arm("candidate", misses=0.1, blunders=0.0),
    )
    rows = [json.loads(row) for row in (world.folder / "items.jsonl").read_text().splitlines()]
    for row in rows:
        del row["target"]["context"]
    (world.folder / "items.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    world.decision()
    one = attributed(world, "--arm", "old")["arms"]["old"]
    assert one["assessed"] == 0 < one["wrong"]
    assert "no gold passages" in one["not_identifiable"][0]
    unknown = world.liftgate("attribute", "study.yaml", "--arm", "olt")
    assert (unknown.returncode, "did you mean 'old'" in unknown.stderr) == (2, True)
    assert Counter(world.calls())["find"] == 120
