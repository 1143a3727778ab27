"""A study whose answers are rated by a model behind HTTP."""

from __future__ import annotations

import html
import json
import re

import pytest

from liftgate.testing import Act, StubServer
from liftgate.testing.world import World as Truth
from tests.stories.judged import JUDGED, TONE, in_process, primary, write_fooled

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
def world(tmp_path, monkeypatch, capsys):
    """Return a workspace whose commands run in this process: a start costs more than the work."""
    monkeypatch.chdir(tmp_path)
    return in_process(tmp_path, capsys)


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


PRICES = """
liftgate: 1
currency: USD
prices:
  - {model: judge, from: 2020-01-01, input: 1000, output: 1000}
"""


def test_what_the_judge_costs_is_said_before_limited_and_part_of_the_decision(judged) -> None:
    def reply(asked):
        return Act(json.dumps({"reason": "so it seems", "value": 1}))

    with StubServer(reply) as server:
        world = judged(server)
        world.study["exploratory"] = True
        world.write(items=20)
        refused = world.liftgate("run", "study.yaml", "--max-cost", "5")
        assert refused.returncode == 2
        assert "judge good: a most of 5 was set, and there is no price" in refused.stderr
        assert server.asked == []

        (world.folder / "prices.yaml").write_text(PRICES)
        done = world.liftgate("run", "study.yaml", "--prices", "prices.yaml")
        body = json.loads(
            world.liftgate("run", "study.yaml", "--prices", "prices.yaml", "--json").stdout
        )

    assert re.search(r"Cost of the judge good: about [0-9.]+ USD for 40 calls", done.stderr)
    cost = body["judge_cost"]["good"]
    tokens = cost["tokens_in"] + cost["tokens_out"]
    assert tokens > 40
    assert cost["total"] == pytest.approx(tokens / 1000), "1,000 a million tokens"
    assert cost["per_item"] == pytest.approx(cost["total"] / 20)
    assert [cost[name] for name in ("known", "calls", "items", "erased")] == [40, 40, 20, 0]
    told = re.search(r"Cost of the judge good: ([0-9.]+) USD for 40 calls, ", done.stdout)
    assert float(told[1]) == pytest.approx(cost["total"], rel=0.01)
    traced = world.liftgate("trace", f"{body['entry']}:judge.good.cost_total")
    assert traced.returncode == 0, traced.stderr
    page = next((world.folder / ".liftgate" / "reports").glob("*.html")).read_text()
    assert "What judges' calls about these answers cost" in html.unescape(page)


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


def test_a_judged_claim_that_decides_at_several_looks_is_refused_before_the_run(judged) -> None:
    with StubServer(biased) as server:
        world = judged(server)
        world.study["claims"]["primary"]["metric"] = "good"
        world.study["stopping"] = {"plan": "anytime"}
        world.write(items=60)
        done = world.liftgate("study", "lock", "study.yaml")
    assert done.returncode == 2
    assert "claims.primary.metric: good is judged, and people's labels" in done.stderr


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


@pytest.fixture
def fooled(world):
    """Return what writes a study whose only metric is a judge that likes the candidate's style."""

    def write(**options):
        return write_fooled(world, **options)

    return write


def people_label(path, *, raters=("r1",), leave_out=0):
    """Fill a batch in as people who know the truth would; simulated, nobody was asked."""
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    filled = [
        {**row, "rater": rater, "value": int(row["answer"].startswith("yes"))}
        for number, row in enumerate(rows)
        if number >= leave_out
        for rater in raters
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in filled))
    return filled


def test_a_judge_without_calibration_decides_nothing_and_one_word_more_is_another_judge(
    fooled,
) -> None:
    world = fooled(better=0.75)
    first = world.decision()
    assert first["exit_code"] == 4
    assert primary(first)["reason"].startswith("inadmissible: good: judge not calibrated")
    assert primary(first)["estimate"] is None

    drawn = world.liftgate("label", "draw", "study.yaml@good", "--n", "120", "--out", "b.jsonl")
    assert drawn.returncode == 0, drawn.stderr
    batch = world.folder / "b.jsonl"
    assert not re.search(r"\bold\b|\bnew\b", batch.read_text())
    people_label(batch)
    done = world.liftgate("judge", "calibrate", "study.yaml@good", "--labels", "b.jsonl", "--json")
    assert done.returncode == 0, done.stderr
    body = json.loads(done.stdout)
    assert body["labels"]["answers"] == 240
    assert body["bias"]["by_arm"]["new"]["value"] > body["bias"]["by_arm"]["old"]["value"]
    again = world.liftgate("judge", "calibrate", "study.yaml@good", "--labels", "b.jsonl")
    assert f"known since ledger entry {body['entry']}" in again.stdout

    second = world.decision()
    assert second["exit_code"] == 0, primary(second)["reason"]
    estimate = primary(second)["estimate"]
    assert estimate["method"] == "paired cross-fitted PPI"
    assert estimate["n"] == 120
    told = " ".join(estimate["warnings"])
    assert "120 items labelled by people" in told
    assert "the judge alone would have claimed" in told
    assert "labels of 300 items count as" in told
    assert world.liftgate("report", "study.yaml").returncode == 0
    page = next((world.folder / ".liftgate" / "reports").glob("*.html")).read_text()
    for expected in ("120 items labelled by people", "the judge alone would have claimed"):
        assert expected in page
    assert "120 items were drawn" in page

    # One word of the rubric, and it is another judge: nothing decides until people are asked.
    (world.folder / "tone.yaml").write_text(TONE.replace("Is the answer right?", "Is it right?"))
    world.study["study"] = "another"
    world.study["exploratory"] = True
    world.write(items=300)
    other = world.decision()
    assert other["exit_code"] == 4
    assert primary(other)["reason"].startswith("inadmissible: good: judge not calibrated")

    # The judge that was calibrated, but nobody labelled answers of the new study.
    (world.folder / "tone.yaml").write_text(TONE)
    world.study["study"] = "third"
    world.write(items=300)
    alone = world.decision()
    assert alone["exit_code"] == 4
    assert primary(alone)["reason"].startswith("inadmissible: good: judge alone")


def test_a_judge_that_is_taken_in_does_not_ship_a_candidate_that_is_no_better(fooled) -> None:
    world = fooled(better=0.5, fooled=0.4)
    world.decision()
    world.liftgate("label", "draw", "study.yaml", "--n", "150", "--out", "b.jsonl")
    people_label(world.folder / "b.jsonl")
    done = world.liftgate("judge", "calibrate", "study.yaml", "--labels", "b.jsonl")
    assert done.returncode == 0, done.stderr
    assert "sensitivity" in done.stdout

    body = world.decision()

    assert body["exit_code"] == 4
    told = " ".join(primary(body)["estimate"]["warnings"])
    alone = float(re.search(r"alone would have claimed [0-9.]+ \(([0-9.]+) to", told)[1])
    assert alone > 0.05, "the judge alone would have shipped it"
    assert primary(body)["estimate"]["low"] < 0.0


def test_items_of_one_input_share_an_answer_and_its_label(fooled) -> None:
    world = fooled(better=0.75)
    world.study["dataset"]["cluster"] = "page"
    world.write(items=120)
    data = world.folder / "items.jsonl"
    rows = [json.loads(line) for line in data.read_text().splitlines()]
    twins = [{**row, "id": f"{row['id']}-again"} for row in rows[:5]]
    data.write_text("".join(json.dumps(row) + "\n" for row in (*rows, *twins)))
    world.decision()
    drawn = world.liftgate("label", "draw", "study.yaml", "--n", "125", "--out", "b.jsonl")
    assert drawn.returncode == 0, drawn.stderr

    filled = people_label(world.folder / "b.jsonl")

    assert len(filled) == len({row["trial"] for row in filled}) == 240
    done = world.liftgate("judge", "calibrate", "study.yaml", "--labels", "b.jsonl")
    assert done.returncode == 0, done.stderr
    assert primary(world.decision())["estimate"]["n"] == 125


def test_labels_that_came_late_or_belong_nowhere_are_refused(fooled) -> None:
    world = fooled(better=0.75)
    world.decision()
    batch = world.folder / "b.jsonl"
    world.liftgate("label", "draw", "study.yaml", "--n", "100", "--out", "b.jsonl")
    again = world.liftgate("label", "draw", "study.yaml", "--n", "100", "--out", "c.jsonl")
    assert again.returncode == 2
    assert "a second draw could be chosen" in again.stderr

    rows = people_label(batch)
    wrong = [
        {**rows[0], "item": "q999"},
        {**rows[1], "trial": "sha256:" + "0" * 64},
        {**rows[2], "trial": rows[3]["trial"]},
        {**rows[4], "value": 3},
        {**rows[5], "rater": ""},
        rows[6],
        rows[6],
    ]
    batch.write_text("".join(json.dumps(row) + "\n" for row in wrong))
    refused = world.liftgate("judge", "calibrate", "study.yaml", "--labels", "b.jsonl")
    assert refused.returncode == 2
    for expected in (
        "b.jsonl:1: item: got 'q999', which is not one of the locked items",
        "b.jsonl:2: trial: got 'sha256:0000",
        "b.jsonl:3: trial: ",
        "b.jsonl:4: value: got 3, expected one of 0 (wrong), 1 (right)",
        "b.jsonl:5: rater: got '', expected a pseudonym",
        "b.jsonl:7: rater 'r1' labels this answer twice, first at b.jsonl:6",
    ):
        assert expected in refused.stderr

    batch.write_text("".join(json.dumps(row) + "\n" for row in rows[20:]))
    assert world.liftgate("judge", "calibrate", "study.yaml", "--labels", "b.jsonl").returncode == 0
    told = " ".join(primary(world.decision())["estimate"]["warnings"])
    assert "have no label and entered at their worst for the claim" in told
    batch.write_text("".join(json.dumps(row) + "\n" for row in rows))
    late = world.liftgate("judge", "calibrate", "study.yaml", "--labels", "b.jsonl")
    assert late.returncode == 2
    assert "other labels would be a second look" in late.stderr


COMPARED = """


def compare(prefers_first):
    def answer(parts):
        text = parts["text"]
        asked = text.split(" input text>\\n")[1].split("\\n")[0]
        first = text.split(" first answer>\\n")[1].split("\\n")[0]
        second = text.split(" second answer>\\n")[1].split("\\n")[0]
        points = [float(one.startswith("yes")) + 0.1 * one.endswith("!") for one in (first, second)]
        if draw("place", asked, first) < prefers_first or points[0] > points[1]:
            return {"value": 1}
        return {"value": 0 if points[1] > points[0] else 0.5}
    return answer
"""


@pytest.fixture
def compared(fooled):
    """Return what writes a study whose metric is a judge of pairs that likes the first place."""

    def write(*, better):
        world = fooled(better=better, items=120)
        (world.folder / "judged_systems.py").write_text(JUDGED + COMPARED)
        world.study["scorers"] = {
            "preferred": {
                "scorer": "judge",
                "rubric": "preference",
                "mode": "pairwise",
                "system": "python:judged_systems:compare",
                "params": {"prefers_first": 0.3},
            }
        }
        world.study["claims"]["primary"] = {"metric": "preferred", "superior": {"target": 0.5}}
        world.write(items=120)
        return world

    return write


@pytest.mark.parametrize(("better", "code"), [(0.5, 4), (0.8, 0)])
def test_a_judge_of_pairs_that_likes_a_style_ships_only_what_people_prefer(
    compared, better, code
) -> None:
    world = compared(better=better)
    first = world.decision()
    assert primary(first)["reason"].startswith("inadmissible: preferred: judge not calibrated")

    drawn = world.liftgate("label", "draw", "study.yaml", "--n", "80", "--out", "b.jsonl")
    assert drawn.returncode == 0, drawn.stderr
    batch = world.folder / "b.jsonl"
    rows = [json.loads(line) for line in batch.read_text().splitlines()]
    firsts = sum(row["answer"].endswith("!") for row in rows)
    assert 20 < firsts < 60, "either arm stands first, by lot"
    for row in rows:
        ahead, behind = (row[name].startswith("yes") for name in ("answer", "second"))
        row |= {"rater": "r1", "value": "tie" if ahead == behind else "ab"[behind]}
    batch.write_text("".join(json.dumps(row) + "\n" for row in rows))
    done = world.liftgate("judge", "calibrate", "study.yaml", "--labels", "b.jsonl", "--json")
    assert done.returncode == 0, done.stderr
    bias = json.loads(done.stdout)["bias"]
    assert bias["by_position"]["pairs"] == 120
    assert bias["by_position"]["first_place"] > 0.08
    assert bias["by_arm"]["new"]["low"] > 0

    body = world.decision()

    assert body["exit_code"] == code, primary(body)["reason"]
    told = " ".join(primary(body)["estimate"]["warnings"])
    alone = float(re.search(r"alone would have claimed [0-9.]+ \(([0-9.]+) to", told)[1])
    assert alone > 0.05, "the judge alone would have shipped either"
