"""A gate put to the test: replayed on real rows, and broken on purpose."""

from __future__ import annotations

import json
import random
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.stories.conftest import World

COMPARE = Path(__file__).parents[2] / "examples" / "compare"

NOISY = '''
"""Systems whose answers vary from call to call; every call leaves a line in calls.log."""
import random
from pathlib import Path

LOG = Path(__file__).with_name("calls.log")


def system(name, right):
    lots = random.Random(name)

    def answer(parts):
        with LOG.open("a") as log:
            log.write(name + "\\n")
        return "yes" if lots.random() < right else "no"

    return answer
'''


@pytest.fixture
def compared(tmp_path: Path) -> World:
    """The example study, whose systems do not exist, with its pilot."""
    folder = tmp_path / "compare"
    shutil.copytree(COMPARE, folder)
    return World(folder)


def replayed(world: World, *words: str, code: int = 0) -> dict[str, Any]:
    done = world.liftgate("gate", "replay", "study.yaml", "--quiet", *words, "--json")
    assert done.returncode == code, done.stdout + done.stderr
    body: dict[str, Any] = json.loads(done.stdout)
    return body


def test_a_finished_study_with_repeats_is_replayed_in_all_three_kinds_on_its_own_rows(
    world: World,
) -> None:
    world.study["repeats"] = 2
    world.study["claims"]["guardrails"].append({"metric": "right", "non_inferior": {"margin": 0.1}})
    world.write(items=120)
    (world.folder / "story_systems.py").write_text(NOISY, encoding="utf-8")
    world.study["claims"]["guardrails"].pop(0)
    (world.folder / "study.yaml").write_text(json.dumps(world.study), encoding="utf-8")
    world.decision()
    calls = world.calls()
    body = replayed(world, "--runs", "1000", "--naive")

    assert body["source"] == "the study's own rows"
    kinds = [one["kind"] for one in body["replays"]]
    assert kinds == ["repeat-aa", "repeat-aa", "label-swap", "planted-harm"]
    for one in body["replays"]:
        assert one["runs"] == 1000
        assert one["independent"] == 1
        assert one["ship"]["rate"] <= 0.05 + 3 * 0.007
        assert one["ship"]["lower"] < one["ship"]["upper"]
        assert one["ship"]["declared"] == 0.05
        assert one["naive"]["flagged"]
    assert body["replays"][3]["claim"] == "guardrails.0"
    assert body["replays"][3]["rows"] == "repeat-aa"
    # Ten points lost are harm to the primary, which reads the same metric: holding is right.
    assert body["replays"][3]["hold"]["declared"] is None
    assert body["replays"][0]["hold"]["declared"] == 0.05
    assert body["replays"][3]["alone"]["rate"] > body["replays"][3]["ship"]["rate"]
    assert world.calls() == calls


def test_a_deterministic_system_is_refused_with_the_reason(world: World) -> None:
    world.study["repeats"] = 2
    world.write()
    world.decision()
    done = world.liftgate("gate", "replay", "study.yaml", "--kind", "repeat-aa")
    assert done.returncode == 4
    assert "the difference of a deterministic system from itself is 0" in done.stderr
    assert "which proves nothing" in done.stderr
    body = replayed(world, "--runs", "200")
    assert {one["kind"] for one in body["replays"]} == {"label-swap"}
    assert "deterministic" in body["refused"]["repeat-aa"]


def test_a_pilot_with_repeats_is_replayed_before_anything_is_called(compared: World) -> None:
    lots = random.Random(1)
    for name in ("bm25", "fusion"):
        lines = ["item,page,repeat,recall_at_5,mrr"]
        for item in range(200):
            for repeat in range(4):
                hit = lots.random() < 0.6
                lines.append(f"q{item},p{item // 4},{repeat},{int(hit)},{lots.random():.3f}")
        (compared.folder / f"{name}.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    body = replayed(compared, "--kind", "repeat-aa")
    assert body["source"] == "the pilot's tables"
    assert [one["of"] for one in body["replays"]] == [
        "4 repeats of bm25.csv",
        "4 repeats of fusion.csv",
    ]
    assert [one["independent"] for one in body["replays"]] == [2, 2]
    assert all(0 < one["ship"]["rate"] <= 0.07 for one in body["replays"])
    assert not (compared.folder / ".liftgate").exists()


def test_bare_means_flip_every_other_time_in_the_example_and_are_flagged(compared: World) -> None:
    body = replayed(compared, "--kind", "label-swap", "--naive")
    (one,) = body["replays"]
    assert one["naive"]["rate"] > 0.2
    assert one["naive"]["flagged"]
    assert not one["ship"]["exceeded"]
    text = compared.liftgate("gate", "replay", "study.yaml", "--naive", "--quiet").stdout
    assert "FLAGGED" in text
    assert "1 independent data set" in text
    assert "latency_p95_ms within" in text


def test_planned_looks_and_several_candidates_are_replayed_as_they_are(world: World) -> None:
    world.study["stopping"] = {"plan": "planned-looks", "looks": 3}
    world.arm("newer", right=0.65)
    world.study["claims"]["guardrails"] = [{"metric": "right", "non_inferior": {"margin": 0.1}}]
    world.write(items=240)
    # Drawn apart, the arms differ on many items.
    text = (world.folder / "story_systems.py").read_text("utf-8")
    text = text.replace('_draw("right", question)', "_draw(name, question)")
    (world.folder / "story_systems.py").write_text(text, encoding="utf-8")
    world.decision()
    body = replayed(world, "--kind", "label-swap", "--runs", "400")
    (one,) = body["replays"]
    assert one["of"] == "old and new and newer"
    assert one["ship"]["rate"] <= 0.05 + 3 * 0.011


def test_nothing_to_replay_says_what_to_do(world: World) -> None:
    world.write()
    done = world.liftgate("gate", "replay", "study.yaml")
    assert done.returncode == 4
    assert "the study has not been run here, and it names no pilot" in done.stderr
    assert "give it a pilot" in done.stderr


def test_a_study_that_changed_since_its_lock_is_not_replayed(world: World) -> None:
    world.write()
    world.decision()
    world.study["decision"] = {"alpha": 0.1}
    (world.folder / "study.yaml").write_text(json.dumps(world.study), encoding="utf-8")
    done = world.liftgate("gate", "replay", "study.yaml")
    assert done.returncode == 3, done.stderr


def mutated(world: World, code: int = 0) -> dict[str, Any]:
    (world.folder / "study.yaml").write_text(json.dumps(world.study), encoding="utf-8")
    done = world.liftgate("gate", "mutate", "study.yaml", "--quiet", "--json")
    assert done.returncode == code, done.stdout + done.stderr
    body: dict[str, Any] = json.loads(done.stdout)
    return body


@pytest.fixture
def guarded(world: World) -> World:
    """A study of two metrics: one primary, one guardrail, and a measure."""
    world.study["scorers"]["overlap"] = {"scorer": "token_f1"}
    world.study["claims"]["guardrails"].append(
        {"metric": "overlap", "non_inferior": {"margin": 0.05}}
    )
    world.write()
    return world


def test_every_check_of_the_example_bites_and_its_gate_is_activated_once(compared: World) -> None:
    done = compared.liftgate("gate", "mutate", "study.yaml", "--quiet")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "every check bites" in done.stdout
    assert "UNKILLED" not in done.stdout
    assert not (compared.folder / ".liftgate").exists()

    first = compared.liftgate("gate", "activate", "study.yaml", "--quiet", "--json")
    body = json.loads(first.stdout)
    assert (first.returncode, body["added"], body["entry"]) == (0, True, 1)
    again = json.loads(
        compared.liftgate("gate", "activate", "study.yaml", "--quiet", "--json").stdout
    )
    assert (again["added"], again["entry"]) == (False, 1)
    shown = json.loads(compared.liftgate("ledger", "show", "1", "--json").stdout)
    entry = shown.get("entry", shown)
    assert entry["kind"] == "gate_activated"
    assert entry["body"]["study_digest"] == body["study_digest"]
    assert entry["body"]["mutation_digest"].startswith("sha256:")
    assert len(entry["body"]["killed"]) == len(body["mutants"])
    assert compared.liftgate("ledger", "verify").returncode == 0


def test_with_one_check_removed_a_gate_is_not_activated_and_the_mutant_is_named(
    guarded: World,
) -> None:
    assert mutated(guarded)["unkilled"] == []
    del guarded.study["claims"]["guardrails"][1]
    assert mutated(guarded, code=1)["unkilled"] == ["scorers.overlap: lost"]
    done = guarded.liftgate("gate", "activate", "study.yaml", "--quiet")
    assert done.returncode == 1
    assert "story: not activated, 1 mutant is unkilled." in done.stdout
    assert "Unkilled: scorers.overlap: lost (a candidate that is worst on overlap" in done.stdout
    assert "make it a guardrail" in done.stdout
    assert not (guarded.folder / ".liftgate").exists()


@pytest.mark.parametrize(
    ("change", "unkilled"),
    [
        (
            {"metric": "overlap", "non_inferior": {"margin": 0.6}},
            ["guardrails.1: left out", "guardrails.1: widened"],
        ),
        ({"metric": "right", "non_inferior": {"margin": 0.05}}, ["guardrails.1: left out"]),
        ({"measure": "size_mb", "within": {"limit": 20}}, ["guardrails.1: left out"]),
        ({"metric": "overlap", "non_inferior": {"margin": 1e-9}}, ["guardrails.1: never passes"]),
    ],
    ids=["a margin wider than can be lost", "a duplicate", "a wider limit beside", "no evidence"],
)
def test_a_check_that_cannot_bite_leaves_its_mutants_unkilled(
    guarded: World, change: dict[str, Any], unkilled: list[str]
) -> None:
    if change.get("non_inferior", {}).get("margin") == 1e-9:
        guarded.write(items=24)
        change = {"metric": "overlap", "non_inferior": {"margin": 0.05}}
    guarded.study["claims"]["guardrails"][1] = change
    if change.get("metric") != "overlap":
        del guarded.study["scorers"]["overlap"]
    found = mutated(guarded, code=1)["unkilled"]
    assert set(unkilled) <= set(found)
    assert all(name.startswith("guardrails.1") for name in found)


def test_a_metric_that_is_only_watched_guards_nothing(guarded: World) -> None:
    guarded.study["claims"]["guardrails"].pop()
    guarded.study["claims"]["watch"] = [
        {"metric": "overlap", "by_slice": "kind", "none_shown_worse": {}}
    ]
    body = mutated(guarded, code=1)
    assert body["unkilled"] == ["scorers.overlap: lost"]
    (row,) = [one for one in body["mutants"] if not one["killed"]]
    assert "it is only watched, which stops nothing" in row["advice"]
    assert "never changes a decision: overlap none-shown-worse by kind" in body["notes"][0]


def test_a_failure_that_counts_as_success_is_no_rule(guarded: World) -> None:
    guarded.study["outcomes"]["refusal"] = {"score": 1.0}
    assert mutated(guarded, code=1)["unkilled"] == ["outcomes.refusal: left out"]


def test_a_measure_that_no_system_reports_is_named_once_the_study_has_run(world: World) -> None:
    world.study["claims"]["guardrails"] = [{"measure": "speed", "within": {"limit": 10}}]
    world.write()
    assert "shows when the study runs" in " ".join(mutated(world)["notes"])
    world.decision()
    assert mutated(world, code=1)["unkilled"] == ["guardrails.0: not reported"]


def test_corrections_over_candidates_and_looks_are_checks_too(guarded: World) -> None:
    guarded.arm("newer", right=0.65)
    guarded.study["stopping"] = {"plan": "planned-looks", "looks": 2}
    body = mutated(guarded)
    killed = {one["mutant"] for one in body["mutants"]}
    assert {
        "all: candidates do not share alpha",
        "all: looks are free",
        "all: clusters are ignored",
        "all: harms do not share alpha_hold",
        "all: missing scores are left out",
    } <= killed
    assert guarded.calls() == {}


def test_a_locked_study_shows_whether_its_gate_was_activated(guarded: World) -> None:
    assert guarded.liftgate("study", "lock", "study.yaml").returncode == 0
    assert "Gate activated" not in guarded.liftgate("study", "show", "study.yaml").stdout
    assert guarded.liftgate("gate", "activate", "study.yaml", "--quiet").returncode == 0
    assert "Gate activated" in guarded.liftgate("study", "show", "study.yaml").stdout
    body = json.loads(guarded.liftgate("study", "show", "study.yaml", "--json").stdout)
    assert body["gate_activated"] == 2
