"""Studies that claim a ratio of sums: cost per success, and statements that a judge rated."""

from __future__ import annotations

import json
import subprocess

import pytest

from liftgate.cli.main import main
from tests.stories.conftest import World, verdict

PRICED = '''
"""Systems that say what each answer cost; failures are dear, or cheap."""
import hashlib
from liftgate.records import Answer


def draw(*parts):
    return int(hashlib.sha256(repr(parts).encode()).hexdigest()[:8], 16) / 2**32


def system(name, right, price=1.0, silent=0.0, crashes=0.0):
    def answer(parts):
        text = parts["text"]
        if draw("crash", name, text) < crashes:
            raise ValueError("no idea")
        said = "yes" if draw("right", text) < right else "no"
        cost = price * (0.5 + draw("cost", text)) * (1 if said == "yes" else 3)
        return Answer(said, cost=None if draw("silent", name, text) < silent else cost)
    return answer
'''


@pytest.fixture
def priced(tmp_path, monkeypatch, capsys):
    """Return a workspace with systems that cost something; its commands run in this process."""
    monkeypatch.chdir(tmp_path)

    class Here(World):
        def liftgate(self, *words):
            capsys.readouterr()
            with pytest.raises(SystemExit) as ended:
                main(list(words))
            out, err = capsys.readouterr()
            return subprocess.CompletedProcess(words, ended.value.code, out, err)

        def claimed(self, *, items=240, ratio=None, rule=None, **params):
            (self.folder / "story_priced.py").write_text(PRICED)
            for name, right in (("old", 0.6), ("new", 0.6)):
                self.study["arms"][name] |= {
                    "system": "python:story_priced:system",
                    "params": {"name": name, "right": right},
                }
            self.study["arms"]["new"]["params"] |= params
            self.study["ratios"] = {
                "cost_per_right": {"of": "cost", "per": "right", **(ratio or {})}
            }
            claim = rule or {"non_inferior": {"margin": "10%"}}
            self.study["claims"] = {"primary": {"metric": "cost_per_right", **claim}}
            self.write(items=items)

    return Here(tmp_path)


def sums(body, arm):
    return body["ratios"]["cost_per_right"]["arms"][arm]


def test_cost_per_success_within_ten_percent_ships_what_costs_two_percent_more(priced):
    priced.claimed(price=1.02)
    body = priced.decision()
    found = verdict(body, "new", "primary")
    assert body["exit_code"] == 0, found["reason"]
    assert found["reading"] == "equivalent"
    old, new = (sums(body, arm) for arm in ("old", "new"))
    ratios = [arm["of"] / arm["per"] for arm in (old, new)]
    # Lower is better: 110 % of the baseline's ratio less the candidate's.
    assert found["estimate"]["value"] == pytest.approx(1.1 * ratios[0] - ratios[1])
    assert found["descriptive"]["value"] == pytest.approx(ratios[0] - ratios[1])
    assert body["means"]["new"]["cost_per_right"]["value"] == pytest.approx(ratios[1])
    assert found["estimate"]["method"] == "difference of ratios by jackknife over clusters"
    assert (body["mark"] if "mark" in body else body["decisions"][0]["mark"]) == "asymptotic"


def test_what_costs_a_quarter_more_per_success_is_held(priced):
    priced.claimed(price=1.25)
    body = priced.decision()
    assert body["exit_code"] == 1
    assert verdict(body, "new", "primary")["reading"] == "inferior"


def test_a_candidate_that_is_cheap_where_it_fails_and_dear_where_not_is_not_told_by_means(priced):
    """Equal cost per call, fewer successes: the mean cost sees nothing, the ratio does."""
    priced.claimed(right=0.5)
    body = priced.decision()
    assert body["exit_code"] == 1
    assert sums(body, "new")["per"] < sums(body, "old")["per"]


def test_a_cost_that_is_not_known_needs_a_declared_most(priced):
    priced.claimed(price=0.9, silent=0.02)
    body = priced.decision()
    found = verdict(body, "new", "primary")
    assert (body["exit_code"], found["reading"]) == (4, "inadmissible")
    assert "cost is not known of" in found["reason"]
    assert sums(body, "new")["missing"] > 0


def test_with_a_declared_most_a_missing_cost_counts_it(priced):
    priced.claimed(price=0.7, silent=0.02, ratio={"most": 5.0})
    body = priced.decision()
    found = verdict(body, "new", "primary")
    missing = sums(body, "new")["missing"]
    assert body["exit_code"] == 0, found["reason"]
    assert f"{missing} missing tries of the candidate entered at their worst" in " ".join(
        found["estimate"]["warnings"]
    )


def test_a_failed_call_counts_its_most_cost_and_no_success(priced):
    priced.claimed(price=1.0, crashes=0.1, ratio={"most": 4.5})
    body = priced.decision()
    found = verdict(body, "new", "primary")
    assert body["exit_code"] == 1, found["reason"]
    assert sums(body, "new")["failed"] > 10
    assert "failed tries of the candidate entered at the ratio's worst" in " ".join(
        found["estimate"]["warnings"]
    )


def test_a_ratio_may_be_a_limit_a_guardrail_and_a_claim_over_slices(priced):
    priced.claimed(price=0.9, rule={"within": {"limit": 4.0}})
    priced.study["claims"]["guardrails"] = [
        {
            "metric": "cost_per_right",
            "by_slice": "kind",
            "each_non_inferior": {"margin": "20%", "min_clusters": 10},
        },
        {"metric": "right", "non_inferior": {"margin": 0.1}},
    ]
    priced.write(items=240)
    body = priced.decision()
    assert body["exit_code"] == 0, body["decisions"][0]["sentence"]
    assert verdict(body, "new", "primary")["estimate"]["method"].startswith("ratio by Fieller")
    slices = verdict(body, "new", "guardrails.0")["parts"]
    assert [part["slice"] for part in slices] == ["even", "odd"]
    assert [row["slice"] for row in body["slices"]["new"]["kind"]] == ["even", "odd"]


def test_planned_looks_stop_a_ratio_early(priced):
    priced.claimed(price=0.6, items=400)
    priced.study["stopping"] = {"plan": "planned-looks", "looks": 4}
    priced.write(items=400)
    body = priced.decision()
    assert body["exit_code"] == 0
    assert body["looks"]["items"] < 400
    assert body["decisions"][0]["verdicts"][0]["estimate"]["design"] == "planned-looks"


def test_a_study_that_asks_a_ratio_for_what_has_no_method_is_not_locked(priced):
    priced.claimed()
    priced.study["stopping"] = {"plan": "anytime"}
    priced.write(items=40)
    done = priced.liftgate("study", "lint", "study.yaml")
    assert done.returncode == 2
    assert "cost_per_right is a ratio of sums, for which no test holds at unlimited" in done.stderr


def test_the_trace_of_a_ratio_shows_what_each_try_adds_to_both_sums(priced):
    priced.claimed(price=1.02, items=80)
    priced.liftgate("run", "study.yaml", "--quiet")
    log = priced.liftgate("ledger", "log")
    entry = next(
        line.split()[0] for line in reversed(log.stdout.splitlines()) if "decision" in line
    )
    shown = priced.liftgate("trace", f"{entry}:new.primary", "--json").stdout
    body = json.loads(shown)
    assert set(body["rows"][0]["cells"]) == {"old cost", "old right", "new cost", "new right"}
    assert [set(one["answers"]) for one in body["answers"]] == [{"old", "new"}] * 3
    total = sum(row["cells"]["new cost"]["value"] for row in body["rows"])
    right = sum(row["cells"]["new right"]["value"] for row in body["rows"])
    mean = json.loads(priced.liftgate("trace", f"{entry}:new.cost_per_right", "--json").stdout)
    assert mean["number"]["descriptive"]["value"] == pytest.approx(total / right)
    text = priced.liftgate("trace", f"{entry}:new.primary").stdout
    assert "new cost" in text


def test_power_and_simulation_say_that_a_ratio_is_no_mean(priced):
    priced.claimed()
    for words in (("study", "power"), ("gate", "simulate"), ("gate", "mutate")):
        done = priced.liftgate(*words, "study.yaml")
        assert done.returncode in (2, 4), done.stdout
        assert "ratio of sums" in done.stderr, words
    locked = priced.liftgate("study", "lock", "study.yaml")
    assert "power cannot be told" in locked.stderr + locked.stdout


STATED = '''
"""Answers of several statements, and a judge of single statements that likes the new arm's style.

A statement "fact" holds, a statement "claim" does not.
"""
import hashlib


def draw(*parts):
    return int(hashlib.sha256(repr(parts).encode()).hexdigest()[:8], 16) / 2**32


def system(name, holds, long_holds):
    def answer(parts):
        text = parts["text"]
        count = 8 if draw("long", text) < 0.5 else 2
        share = long_holds if count == 8 else holds
        words = ["fact" if draw("holds", text, n) < share else "claim" for n in range(count)]
        mark = "!" if name == "new" else "."
        return " ".join(f"Number {n} is a {word}{mark}" for n, word in enumerate(words))
    return answer


def judge(fooled):
    def answer(parts):
        asked = parts["text"].split(" answer>\\n")[1].split("\\n")[0]
        value = int("fact" in asked)
        if "claim!" in asked and draw("judge", parts["text"]) < fooled:
            value = 1
        return {"value": value, "reason": "so it seems"}
    return answer
'''

RUBRIC = """\
liftgate: 1
rubric: holds
version: "1"
source: the statement says it
question: Does the statement hold?
unit: statement
scale:
  kind: binary
  anchors:
    - {value: 0, label: "no", meaning: It does not., key: n}
    - {value: 1, label: "yes", meaning: It does., key: y}
"""


@pytest.fixture
def stated(priced):
    """Return what writes a study whose judge rates statements."""

    def write(*, holds=0.8, long_holds=0.8, fooled=0.0, items=300):
        world = priced
        (world.folder / "stated_systems.py").write_text(STATED)
        (world.folder / "holds.yaml").write_text(RUBRIC)
        for name, chances in (("old", (0.8, 0.8)), ("new", (holds, long_holds))):
            world.study["arms"][name] |= {
                "system": "python:stated_systems:system",
                "params": {"name": name, "holds": chances[0], "long_holds": chances[1]},
            }
        world.study["scorers"] = {
            "faithful": {
                "scorer": "judge",
                "rubric": "holds.yaml",
                "system": "python:stated_systems:judge",
                "params": {"fooled": fooled},
            }
        }
        world.study["dataset"].pop("cluster", None)
        world.study["ratios"] = {"supported": {"of": "faithful", "per": "statements"}}
        rule = {"non_inferior": {"margin": 0.05}}
        world.study["claims"] = {"primary": {"metric": "supported", **rule}}
        world.write(items=items)
        return world

    return write


def label_shares(path):
    """Fill a batch in as people who know would: of each answer the share that holds."""
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    for row in rows:
        facts, claims = (row["answer"].count(word) for word in ("fact", "claim"))
        row |= {"rater": "r1", "value": facts / (facts + claims)}
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))


def calibrated(world, labels=150):
    drawn = world.liftgate("label", "draw", "study.yaml", "--n", str(labels), "--out", "b.jsonl")
    assert drawn.returncode == 0, drawn.stderr
    label_shares(world.folder / "b.jsonl")
    done = world.liftgate("judge", "calibrate", "study.yaml", "--labels", "b.jsonl")
    assert done.returncode == 0, done.stderr
    return world.decision()


def test_a_judges_statements_are_summed_and_decide_once_people_have_labelled_answers(stated):
    world = stated(holds=0.83, long_holds=0.81, fooled=0.1)
    first = verdict(world.decision(), "new", "primary")
    assert first["reason"].startswith("inadmissible: supported: judge not calibrated")

    body = calibrated(world)
    found = verdict(body, "new", "primary")
    assert body["exit_code"] == 0, found["reason"]
    assert found["estimate"]["method"] == "paired cross-fitted PPI"
    told = " ".join(found["estimate"]["warnings"])
    assert "150 items labelled by people" in told
    assert "the judge alone would have claimed" in told
    counted = body["ratios"]["supported"]["arms"]["old"]
    assert counted["per"] == pytest.approx(300 * 5, rel=0.1)
    mean = body["means"]["old"]["supported"]["value"]
    assert mean == pytest.approx(counted["of"] / counted["per"])


def test_a_candidate_that_is_worse_on_long_answers_is_not_shipped_by_a_mean_over_answers(stated):
    """8.6 points fewer statements hold, but only 3 on an average answer; the judge is right."""
    world = stated(holds=0.9, long_holds=0.67)
    world.study["claims"]["guardrails"] = [
        {"metric": "faithful", "non_inferior": {"margin": 0.08}},
    ]
    world.write(items=300)
    world.decision()
    body = calibrated(world, labels=200)
    ratio, mean = (verdict(body, "new", claim) for claim in ("primary", "guardrails.0"))
    assert mean["rejected"], mean["reason"]
    assert not ratio["rejected"]
    assert ratio["reading"] == "inferior", ratio["reason"]
    assert body["exit_code"] == 1


def test_a_judge_of_whole_answers_counts_no_statements(stated):
    world = stated()
    (world.folder / "holds.yaml").write_text(RUBRIC.replace("unit: statement\n", ""))
    done = world.liftgate("study", "lock", "study.yaml")
    assert done.returncode == 2
    assert "ratios.supported.per: the judge of faithful rates whole answers" in done.stderr
