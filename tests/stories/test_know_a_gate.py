"""Before anything is run: what a study's gate would do, told from a pilot or without one."""

from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.stories.conftest import World

TABLES = Path(__file__).parents[2] / "examples" / "compare"
QUICK = ("--runs", "400", "--pilots", "6", "--quiet")


@pytest.fixture
def planned(world: World) -> World:
    """A search study over the questions of the tables in ``examples/compare``."""
    for name in ("bm25", "fusion"):
        shutil.copy(TABLES / f"{name}.csv", world.folder)
    world.study |= {
        "study": "search",
        "dataset": {"source": "items.jsonl", "cluster": "page", "slices": ["half"]},
        "scorers": {"recall_at_5": {"scorer": "recall", "k": 5}, "mrr": {"scorer": "mrr"}},
        "claims": {
            "primary": {"metric": "recall_at_5", "superior": {"target": 0.08}},
            "guardrails": [
                {"metric": "mrr", "non_inferior": {"margin": 0.03}},
                {"metric": "latency_p95_ms", "within": {"limit": 400, "passes": 7}},
            ],
        },
        "pilot": {"baseline": "bm25.csv", "candidate": "fusion.csv"},
    }
    world.write()
    with (TABLES / "bm25.csv").open(newline="", encoding="utf-8") as stream:
        rows = [
            {
                "id": row["item"],
                "input": f"question {row['item']}",
                "target": "section",
                "page": row["page"],
                "half": "even" if int(row["page"][1:]) % 2 == 0 else "odd",
            }
            for row in csv.DictReader(stream)
        ]
    lines = "".join(json.dumps(row) + "\n" for row in rows)
    (world.folder / "items.jsonl").write_text(lines, encoding="utf-8")
    return world


def simulated(world: World, *words: str) -> dict[str, Any]:
    (world.folder / "study.yaml").write_text(json.dumps(world.study), encoding="utf-8")
    done = world.liftgate("gate", "simulate", "study.yaml", *QUICK, *words, "--json")
    assert done.returncode == 0, done.stdout + done.stderr
    body: dict[str, Any] = json.loads(done.stdout)
    return body


def test_a_pilot_tells_errors_and_power_before_anything_is_called(planned: World) -> None:
    body = simulated(planned, "--naive")

    assert (body["items"], body["units"], body["planned_calls"]) == (419, 60, 838)
    assert body["pilot"]["clusters"] == 60
    assert [face["claim"] for face in body["faces"]] == ["primary", "guardrails.0"]
    worst = body["false_ship"]
    assert 0.01 < worst["rate"] < 0.09
    assert worst["rate"] < worst["upper"]
    assert body["false_hold"]["rate"] < 0.09
    assert body["power"]["low"] <= body["power"]["high"] <= 1
    assert len(body["pilots"]["power"]) + body["pilots"]["infeasible"] == 6
    assert body["calls"]["high"] == 838
    assert list(body["not_assessed"]) == ["guardrails.1"]
    # A gate of bare means ships a candidate that is worth nothing about every second time.
    for face in body["faces"]:
        assert 0.35 < face["naive"]["rate"] < face["naive_peeked"]["rate"]
    assert planned.calls() == {}
    assert not (planned.folder / ".liftgate").exists()


def test_a_seed_gives_the_same_numbers_again_and_another_gives_others(planned: World) -> None:
    first = simulated(planned, "--seed", "5")
    assert simulated(planned, "--seed", "5") == first
    beside = simulated(planned, "--seed", "5", "--naive")
    assert [p["ship"] for p in beside["points"]] == [p["ship"] for p in first["points"]]
    other = simulated(planned, "--seed", "6")
    assert [p["ship"]["count"] for p in other["points"]] != [
        p["ship"]["count"] for p in first["points"]
    ]


def test_without_a_pilot_the_worst_of_a_grid_is_shown(planned: World) -> None:
    del planned.study["pilot"]
    body = simulated(planned)
    worlds = {face["world"] for face in body["faces"]}
    assert worlds == {"spread 5 %", "spread 10 %", "spread 20 %", "spread 40 %"}
    assert body["false_ship"]["rate"] == max(f["false_ship"]["rate"] for f in body["faces"])
    assert body["power"]["value"] is None
    assert body["power"]["low"] < body["power"]["high"]
    assert any("there is no pilot" in text for text in body["assumptions"])


def test_slices_and_several_candidates_have_faces_of_their_own(planned: World) -> None:
    planned.arm("newer", right=0.8)
    planned.study["claims"]["guardrails"].append(
        {"metric": "mrr", "by_slice": "half", "each_non_inferior": {"margin": 0.1}}
    )
    body = simulated(planned)
    assert {face["others"] for face in body["faces"]} == {
        "the others ship",
        "all 2 candidates at it",
    }
    assert {face["title"] for face in body["faces"]} >= {
        "mrr each-non-inferior by half = even",
        "mrr each-non-inferior by half = odd",
    }
    assert any("independently of the others" in text for text in body["assumptions"])


def test_the_picture_is_a_page_or_an_image_with_its_numbers(planned: World) -> None:
    (planned.folder / "study.yaml").write_text(json.dumps(planned.study), encoding="utf-8")
    for name in ("gate.html", "gate.svg"):
        done = planned.liftgate("gate", "simulate", "study.yaml", *QUICK, "--picture", name)
        assert done.returncode == 0, done.stderr
        assert f"Written: {name}" in done.stdout
    page = (planned.folder / "gate.html").read_text(encoding="utf-8")
    assert page.count("<tr>") == 10
    assert "can&#x27;t tell" in page
    assert (planned.folder / "gate.svg").read_text(encoding="utf-8").startswith("<svg ")


@pytest.mark.parametrize(
    ("change", "code", "said"),
    [
        ({"pilot": {"baseline": "nowhere.csv", "candidate": "fusion.csv"}}, 2, "no such file"),
        (
            {"scorers": {"recall_at_5": {"scorer": "recall", "k": 5}, "mrr": {"scorer": "exact"}}},
            2,
            "0 or",
        ),
        (
            {"scorers": {"recall_at_5": {"scorer": "recall", "k": 5}, "map": {"scorer": "mrr"}}},
            2,
            "'map'",
        ),
    ],
)
def test_a_pilot_that_does_not_fit_is_refused_with_the_reason(
    planned: World, change: dict[str, Any], code: int, said: str
) -> None:
    planned.study |= change
    if "map" in planned.study["scorers"]:
        planned.study["claims"]["guardrails"][0]["metric"] = "map"
    (planned.folder / "study.yaml").write_text(json.dumps(planned.study), encoding="utf-8")
    done = planned.liftgate("gate", "simulate", "study.yaml", *QUICK)
    assert done.returncode == code, done.stdout + done.stderr
    assert said in done.stderr


def test_effects_that_the_pilot_cannot_show_are_named(planned: World) -> None:
    planned.study["claims"]["primary"]["superior"]["target"] = 0.9
    (planned.folder / "study.yaml").write_text(json.dumps(planned.study), encoding="utf-8")
    done = planned.liftgate("gate", "simulate", "study.yaml", *QUICK)
    assert done.returncode == 4
    assert "cannot show recall_at_5 at +0.9" in done.stderr


def test_a_picture_of_another_kind_is_refused_before_anything_is_simulated(planned: World) -> None:
    done = planned.liftgate("gate", "simulate", "study.yaml", "--picture", "gate.pdf")
    assert done.returncode == 2
    assert "expected .svg, .png, .html" in done.stderr


@pytest.mark.parametrize(
    ("stopping", "looks"),
    [({"plan": "planned-looks", "looks": 3}, 3), ({"plan": "anytime"}, 60)],
)
def test_the_studys_own_looks_are_simulated_and_what_they_save_is_told(
    planned: World, stopping: dict[str, Any], looks: int
) -> None:
    planned.study["stopping"] = stopping
    planned.study["claims"]["primary"]["superior"]["target"] = 0.15
    planned.study["claims"]["guardrails"] = []
    body = simulated(planned)
    assert body["design"] == stopping["plan"]
    assert len(body["looks"]) == looks
    assert not any("another one, tried" in text for text in body["assumptions"])
    if stopping["plan"] == "planned-looks":
        assert body["calls"]["high"] < 838
    tried = simulated(planned, "--stopping", "fixed")
    assert tried["calls"]["low"] == 838
    assert any("another one, tried" in text for text in tried["assumptions"])


@pytest.mark.parametrize(
    ("change", "code", "said"),
    [
        ({"decision": {"guarantee": True}}, 4, "does not know the method"),
        (
            {"decision": {"population": "this-set"}, "stopping": {"plan": "anytime"}},
            2,
            "draws them without replacement",
        ),
    ],
)
def test_a_test_that_cannot_be_simulated_is_refused_and_never_replaced_by_another(
    planned: World, change: dict[str, Any], code: int, said: str
) -> None:
    planned.study |= change
    planned.study["dataset"].pop("cluster")
    (planned.folder / "study.yaml").write_text(json.dumps(planned.study), encoding="utf-8")
    done = planned.liftgate("gate", "simulate", "study.yaml", *QUICK)
    assert done.returncode == code, done.stdout + done.stderr
    assert said in done.stderr
