"""A bar that is lowered: every way to do it is named, and needs the larger quorum."""

from __future__ import annotations

import copy
import json

import pytest

from tests.stories.judged import JUDGED, TONE
from tests.stories.offices import STUDY

SLICED = {"metric": "right", "by_slice": "kind", "none_shown_worse": {}}
JUDGE = {"scorer": "judge", "rubric": "tone.yaml", "system": "python:judged_systems:judge",
         "params": {"fooled": 0.25}}  # fmt: skip
BAR = {
    **STUDY, "study": "bar", "tier": "scaleup", "owner": "o",
    "dataset": {"source": "items.jsonl", "cluster": "page", "slices": ["kind", "lang"]},
    "scorers": {"right": {"scorer": "exact"}, "good": JUDGE},
    "claims": {
        "primary": {"metric": "right", "superior": {"target": 0.1}},
        "guardrails": [{"metric": "right", "non_inferior": {"margin": 0.02}},
                       {"measure": "size_mb", "within": {"limit": 10}}],
        "watch": [SLICED],
    },
}  # fmt: skip


def margin(study):
    study["claims"]["guardrails"][0]["non_inferior"]["margin"] = 0.03


def dropped_slice(study):
    study["dataset"]["slices"] = ["kind"]


def unwatched_slice(study):
    study["claims"]["watch"] = []


def judge(study):
    study["scorers"]["good"]["params"]["fooled"] = 0.5


def scorer(study):
    study["scorers"]["right"] = {"scorer": "contains"}


def population(study):
    study["claims"]["primary"]["population"] = "this-set"


def fewer(study):
    study["dataset"]["source"] = "fewer.jsonl"


def level(study):
    study["decision"] = {"alpha": 0.1}


def limit(study):
    study["claims"]["guardrails"][1]["within"]["limit"] = 20


def exclusion(study):
    study["outcomes"]["crash"] = {"score": 0.5}


LOWERED = {
    margin: "claims.guardrails.right:non_inferior.non_inferior.margin: 0.02 → 0.03",
    dropped_slice: 'dataset.slices.lang: "lang" → null',
    unwatched_slice: "claims.watch.right:none_shown_worse:kind: ",
    judge: "scorers.good: ",
    scorer: "scorers.right: ",
    population: 'claims.primary.population: "new-items" → "this-set"',
    fewer: "dataset.items: 240 → 120",
    level: "decision.alpha: 0.05 → 0.1",
    limit: "claims.guardrails.size_mb:within.within.limit: 10",
    exclusion: "outcomes.crash: ",
}


@pytest.fixture
def files(office):
    """Return an office with two folders of one study, as a checkout of two branches has."""
    rows = [{"id": f"q{n}", "input": f"question {n}", "target": "yes", "page": f"p{n // 4}",
             "kind": "ab"[n % 2], "lang": "de"} for n in range(240)]  # fmt: skip
    for name in ("main", "branch"):
        folder = office.folder / name
        folder.mkdir()
        (folder / "tone.yaml").write_text(TONE)
        (folder / "judged_systems.py").write_text(JUDGED)
        for file, count in (("items.jsonl", 240), ("fewer.jsonl", 120)):
            (folder / file).write_text("".join(json.dumps(r) + "\n" for r in rows[:count]))
        (folder / "study.yaml").write_text(json.dumps(BAR))
    return office


def diff(office):
    return office("policy", "diff", "main/study.yaml", "branch/study.yaml")


@pytest.mark.parametrize("lower", LOWERED, ids=lambda one: one.__name__)
def test_a_bar_lowered_on_a_branch_is_weakened_and_raised_again_it_is_not(files, lower):
    assert (diff(files), files.said) == (0, "No difference.\n")
    study = copy.deepcopy(BAR)
    lower(study)
    (files.folder / "branch" / "study.yaml").write_text(json.dumps(study))
    assert diff(files) == 1
    said = [line for line in files.said.splitlines() if line.startswith("weakened")]
    assert [line for line in said if LOWERED[lower] in line], files.said


def test_items_that_are_left_out_of_the_same_file_are_noticed(files):
    file = files.folder / "branch" / "items.jsonl"
    file.write_text("".join(file.read_text().splitlines(keepends=True)[:-7]))
    assert diff(files) == 1
    assert "weakened     dataset.items: 240 → 233" in files.said
    file.write_text((files.folder / "main" / "items.jsonl").read_text().replace("yes", "no", 1))
    assert diff(files) == 1
    assert "weakened     dataset.digest" in files.said


def test_a_lowered_bar_needs_the_larger_quorum(office):
    study = office.write()
    study["scorers"] = copy.deepcopy(BAR["scorers"])
    del study["scorers"]["good"]
    study["claims"] = copy.deepcopy(BAR["claims"])
    del study["claims"]["watch"]
    study["study"] = "lowered"
    study["arms"]["new"]["params"]["model"] = "m3"
    office.write(**study)
    assert office("study", "lock", "study.yaml") == 0, office.said
    assert office("sign", "study.yaml", "--sign-with", "ada") == 0
    scorer(study)
    office.write(**study)
    amend = ("study", "amend", "study.yaml", "--reason", "why not", "--seen", "nothing")
    assert office(*amend) == 0, office.said
    assert office("run", "study.yaml", "--quiet", "--no-report") in (0, 1, 4)
    assert office("sign", "study.yaml", "--sign-with", "ada") == 0, office.said
    for role, name, state in (("product", "bob", "not met"), ("responsible-ai", "rai", "met")):
        words = ("approve", "study.yaml", "--role", role, "--sign-with", name)
        assert office(*words) == 0, office.said
        assert office.conditions()["approvals"] == state


def test_a_scorer_of_the_same_name_and_another_content_is_another(files, monkeypatch):
    monkeypatch.chdir(files.folder / "branch")
    study = copy.deepcopy(BAR)
    study["arms"]["new"]["params"]["model"] = "m3"
    (files.folder / "branch" / "study.yaml").write_text(json.dumps(study))
    assert files("study", "lock", "study.yaml") == 0, files.said
    (files.folder / "branch" / "tone.yaml").write_text(
        TONE.replace("It is not.", "It is nearly not.")
    )
    amend = ("study", "amend", "study.yaml", "--reason", "words", "--seen", "nothing")
    assert files(*amend) == 0, files.said
    lock, amended = (e.sequence for e in files.entries() if e.body.get("name") == "bar")
    assert files("policy", "diff", str(lock), str(amended)) == 1
    assert "weakened     scorers.good (its content)" in files.said
