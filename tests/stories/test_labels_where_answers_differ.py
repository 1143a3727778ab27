"""A study whose arms mostly answer alike: labels go where their answers differ."""

from __future__ import annotations

import json
import re

import numpy as np
import pytest

from tests.stories.conftest import verdict
from tests.stories.judged import SPOTTERS, in_process, primary, write_fooled, write_spotters

ALIKE = '''


def like(name, right, apart):
    """A system that answers as the old one does, but for a share of the questions."""
    def answer(parts):
        text = parts["text"]
        old = draw("right", text) < 0.5
        own = name != "old" and draw("apart", name, text) < apart
        return "yes" if (draw("own", text) < right if own else old) else "no"
    return answer
'''


@pytest.fixture
def world(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    return in_process(tmp_path, capsys)


def write_alike(world, *, apart=0.5, right=0.9, items=300, **claims):
    """Write a study whose candidate answers otherwise than the baseline to some of the items."""
    write_fooled(world, items=items)
    systems = world.folder / "judged_systems.py"
    systems.write_text(systems.read_text() + ALIKE)
    for name in ("old", "new"):
        world.study["arms"][name] |= {
            "system": "python:judged_systems:like",
            "params": {"name": name, "right": right, "apart": apart},
        }
    world.study["scorers"]["good"]["params"]["errs"] = 0.3
    world.study["claims"] |= claims
    world.write(items=items)
    return world


def rows_of(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


def right(row) -> bool:
    """Return what somebody knows who knows the questions: to three in ten, no is right."""
    return (row["answer"] == "yes") != (int(row["item"][1:]) % 10 < 3)


def label(world, *words, n=60):
    """Draw labels and fill them in as people who know the truth would; simulated."""
    path = world.folder / "b.jsonl"
    path.unlink(missing_ok=True)
    drawn = world.liftgate("label", "draw", "study.yaml", "--n", str(n), "--out", "b.jsonl", *words)
    assert drawn.returncode == 0, drawn.stderr
    rows = [{**r, "rater": "r1", "value": int(right(r))} for r in rows_of(path)]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    done = world.liftgate("judge", "calibrate", "study.yaml", "--labels", "b.jsonl")
    assert done.returncode == 0, done.stderr
    return drawn.stdout, done.stdout, rows


def answers(rows):
    found = {}
    for row in rows:
        found.setdefault(row["item"], []).append(row["answer"])
    return found


def test_labels_where_answers_differ_give_the_narrower_interval(world) -> None:
    write_alike(world)
    world.decision()
    drawn, calibrated, rows = label(world, "--differing")

    assert "count 0 without a label: the arms' answers are the same" in drawn
    assert len(rows) == 120
    assert all(len(set(said)) == 2 for said in answers(rows).values())
    assert "agreement, errors and bias are those of such items" in calibrated
    estimate = primary(world.decision())["estimate"]
    told = " ".join(estimate["warnings"])
    assert "60 items labelled by people" in told
    assert "items count 0 without a label" in told
    assert estimate["method"] == "paired cross-fitted PPI"
    assert estimate["n"] == 60

    world.study["study"] = "even"
    world.study["exploratory"] = True
    world.write(items=300)
    world.decision()
    noted, _, rows = label(world)
    assert "--differing in the next study spends no label on such items" in noted
    assert any(len(set(said)) == 1 for said in answers(rows).values())
    even = primary(world.decision())["estimate"]
    assert estimate["high"] - estimate["low"] < 0.85 * (even["high"] - even["low"])


def test_of_several_candidates_each_has_its_own_equal_answers(world) -> None:
    write_alike(world)
    world.study["arms"]["third"] = {
        **world.study["arms"]["new"],
        "params": {"name": "third", "right": 0.2, "apart": 0.6},
    }
    world.write(items=300)
    world.decision()

    drawn, _, rows = label(world, "--differing", n=120)

    alike = int(re.search(r"(\d+) items count 0", drawn)[1])
    assert all(len(set(said)) == 2 for said in answers(rows).values())
    body = world.decision()
    counts = []
    for name in ("new", "third"):
        estimate = verdict(body, name, "primary")["estimate"]
        told = " ".join(estimate["warnings"])
        zeros = int(re.search(r"(\d+) items count 0 without a label", told)[1])
        labels = int(re.search(r"(\d+) items labelled by people", told)[1])
        assert zeros > alike, "what differs for the other candidate may be alike for this one"
        assert 50 <= labels < 120
        counts.append((zeros, labels))
    assert counts[0] != counts[1]


def test_verdicts_that_count_alike_are_the_same_answer_in_other_letters(world) -> None:
    write_fooled(world, items=200)
    loud = SPOTTERS.replace('return "refused" if refused', 'found = "refused" if refused')
    end = 'else "complied"\n'
    shouts = '        return found.upper() if name == "new" else found\n'
    loud = loud.replace(end, end + shouts, 1)
    write_spotters(world, loud, old=0.7, new=0.8)
    world.decision()

    words = ("label", "draw", "study.yaml", "--n", "60", "--out", "b.jsonl", "--differing")
    done = world.liftgate(*words)

    assert done.returncode == 0, done.stderr
    alike = int(re.search(r"(\d+) items count 0 without a label", done.stdout)[1])
    assert alike == pytest.approx(200 * (0.7 * 0.8 + 0.3 * 0.2), abs=25)


def test_when_few_answers_differ_all_of_them_are_labelled_and_every_difference_is_known(
    world,
) -> None:
    write_alike(world, apart=0.15, items=300)
    world.decision()
    _, _, rows = label(world, "--differing")

    said = answers(rows)
    apart = [item for item, both in said.items() if len(set(both)) == 2]
    assert 10 < len(apart) < 50
    assert len(said) == 60
    estimate = primary(world.decision())["estimate"]
    assert estimate["n"] == 300
    assert "the difference of each of 300 items is known" in " ".join(estimate["warnings"])


def test_a_plan_says_what_labels_where_answers_differ_would_give(world) -> None:
    write_alike(world)
    world.decision()
    label(world)

    done = world.liftgate("label", "plan", "study.yaml", "--n", "60", "--items", "2000", "--json")

    found = json.loads(done.stdout)["candidates"]["new"]
    assert found["half_width_differing"] < 0.9 * found["half_width_with_judge"]
    told = world.liftgate("label", "plan", "study.yaml", "--n", "60").stdout
    assert "drawn where answers differ" in told
    needed = json.loads(
        world.liftgate(
            "label", "plan", "study.yaml", "--half-width", "0.06", "--items", "2000", "--json"
        ).stdout
    )["candidates"]["new"]
    assert needed["differing"] < needed["with_judge"]
    assert found["multiplier"] != found["multiplier_without_words"] > 0.9
    assert f"; {found['multiplier_without_words']:.2f} if the answers' words were not used" in told


def test_no_plan_names_a_draw_that_would_be_refused(world) -> None:
    world.study["exploratory"] = True
    write_alike(world, guardrails=[{"metric": "good", "within": {"limit": 0.2}}])
    world.decision()
    label(world)

    done = world.liftgate("label", "plan", "study.yaml", "--n", "60", "--json")

    found = json.loads(done.stdout)["candidates"]["new"]
    assert found["half_width_with_judge"] > 0
    assert "half_width_differing" not in found
    assert found["share_differing"] == 1


def test_ratings_are_split_among_items_and_people_by_how_far_people_disagree(world) -> None:
    write_alike(world)
    world.decision()
    world.liftgate("label", "draw", "study.yaml", "--n", "100", "--out", "b.jsonl")
    path = world.folder / "b.jsonl"
    lots = np.random.default_rng(3)
    rated = [
        {**row, "rater": rater, "value": int(right(row) != (lots.random() < 0.04))}
        for row in rows_of(path)
        for rater in ("ann", "bob", "cyd")
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in rated[: 3 * 180]))
    world.liftgate("judge", "calibrate", "study.yaml", "--labels", "b.jsonl")

    done = world.liftgate(
        "label", "plan", "study.yaml", "--ratings", "300", "--items", "2000", "--json"
    )

    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)["candidates"]["new"]
    assert [(one["raters"], one["labels"]) for one in found["splits"]] == [
        (1, 300), (2, 150), (3, 100), (4, 75), (5, 60),
    ]  # fmt: skip
    assert found["best"]["raters"] == 1
    halves = [one["half_width"] for one in found["splits"]]
    assert halves == sorted(halves)
    assert halves[0] < 0.9 * halves[2]
    told = world.liftgate("label", "plan", "study.yaml", "--ratings", "300").stdout
    assert "300 items, 1 person each" in told
    assert told.count("(narrowest)") == 1
    few = world.liftgate("label", "plan", "study.yaml", "--ratings", "40")
    assert few.returncode == 2
    assert "ratings: got 40, expected at least 50" in few.stderr


def test_where_answers_are_the_same_nobody_disagrees_about_a_difference(world) -> None:
    write_alike(world)
    world.decision()
    words = ("label", "draw", "study.yaml", "--n", "60", "--out", "b.jsonl", "--differing")
    world.liftgate(*words)
    path = world.folder / "b.jsonl"
    lots = np.random.default_rng(3)
    said: dict = {}
    rated = []
    for row in rows_of(path):
        values = [int(right(row) != (lots.random() < 0.2)) for _ in range(2)]
        said.setdefault(row["item"], []).append(values)
        rated += [
            {**row, "rater": f"r{place}", "value": value} for place, value in enumerate(values)
        ]
    path.write_text("".join(json.dumps(row) + "\n" for row in rated))

    done = world.liftgate("judge", "calibrate", "study.yaml", "--labels", "b.jsonl", "--json")

    worth = json.loads(done.stdout)["worth"]["new"]
    differences = [np.subtract(*both) for both in said.values()]
    among = np.mean([np.var(one, ddof=1) for one in differences])
    assert 0.15 < worth["differing"] < 0.35
    assert worth["disagreement"] == pytest.approx(worth["differing"] * among)


def test_ratings_cannot_be_split_while_nobody_knows_how_far_people_disagree(world) -> None:
    write_alike(world)
    world.decision()
    label(world)

    done = world.liftgate("label", "plan", "study.yaml", "--ratings", "300")

    assert done.returncode == 4
    assert "no answer was labelled by two people" in done.stderr


@pytest.mark.parametrize(
    ("apart", "claims", "why"),
    [
        (
            0.5,
            {"guardrails": [{"metric": "good", "within": {"limit": 0.2}}]},
            "the claim guardrails.0 is about good itself",
        ),
        (0.0, {}, "all arms answered all 300 items alike"),
    ],
)
def test_a_draw_where_answers_differ_is_refused_where_it_cannot_serve(
    world, apart, claims, why
) -> None:
    world.study["exploratory"] = True
    write_alike(world, apart=apart, items=300, **claims)
    world.liftgate("run", "study.yaml")

    words = ("--n", "60", "--out", "b.jsonl", "--differing")
    done = world.liftgate("label", "draw", "study.yaml", *words)

    assert done.returncode == 2
    assert why in done.stderr
    assert not (world.folder / "b.jsonl").exists()
