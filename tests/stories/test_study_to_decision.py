"""From a locked study to its decision, as a user would."""

from __future__ import annotations

import json
import re
import signal
import sqlite3
from collections import Counter

import pytest


def test_a_better_candidate_ships(world):
    world.write()

    body = world.decision()

    assert body["exit_code"] == 0
    assert body["recommended"] == "new"
    assert body["decisions"][0]["word"] == "ship"
    assert world.calls() == Counter(old=200, new=200)


def test_a_worse_candidate_is_held(world):
    world.arm("new", right=0.2)
    world.write()

    assert world.decision()["exit_code"] == 1


def test_a_candidate_over_its_budget_is_held_however_good(world):
    world.arm("new", size=11.0)
    world.write()

    body = world.decision()

    assert body["exit_code"] == 1
    assert body["decisions"][0]["verdicts"][1]["reading"] == "broken"


def test_too_little_evidence_is_neither_ship_nor_hold(world):
    world.arm("new", right=0.52)
    world.write()

    body = world.decision()

    assert body["exit_code"] == 4
    assert "can't tell" in body["decisions"][0]["sentence"]
    # The planned gain of 10 points would have been seen; the true one is 2.
    assert "is probably smaller" in body["decisions"][0]["sentence"]


def test_a_study_that_was_too_small_says_how_many_items_would_tell(world):
    world.arm("new", right=0.6)
    world.study["claims"]["primary"]["superior"]["target"] = 0.05
    world.study["exploratory"] = True  # else its lock is refused
    world.write(items=40)

    body = world.decision()

    assert body["exit_code"] == 4
    assert body["decisions"][0]["units_needed"] > 10
    assert "would tell" in body["decisions"][0]["sentence"]


def test_a_second_run_calls_nothing_and_says_the_same_bytes(world):
    world.write()
    first = world.liftgate("run", "study.yaml", "--json", "--quiet")
    entries = world.liftgate("ledger", "log", "--json").stdout
    before = world.calls()

    second = world.liftgate("run", "study.yaml", "--json", "--quiet")

    assert second.stdout == first.stdout
    assert world.calls() == before
    assert world.liftgate("ledger", "log", "--json").stdout == entries


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_stopping_in_the_middle_loses_no_finished_trial(world, how):
    for arm in ("old", "new"):
        world.arm(arm, slow_s=0.01)
    world.write(items=100)
    world.stop_in_the_middle(60, how)

    body = world.decision()

    assert body["exit_code"] in (0, 1, 4)
    made = world.calls()
    # A call in flight when the process died, and those of the last 50 ms, may be made again.
    assert 200 <= made.total() <= 200 + 16
    assert world.liftgate("ledger", "verify").returncode == 0


def test_progress_shows_no_scores_while_a_study_runs(world):
    world.write()

    done = world.liftgate("run", "study.yaml")

    said = [line for line in done.stderr.lower().splitlines() if "of 400" in line]
    assert said
    for word in ("right", "mean", "0.5", "0.7", "%"):
        assert word not in "".join(said)


def test_a_second_study_with_the_same_baseline_calls_only_its_candidate(world):
    world.write()
    world.decision()
    world.study["study"] = "second"
    world.study["arms"].pop("new")
    world.arm("newer", right=0.8)
    world.write(file="second.yaml")

    world.decision(file="second.yaml")

    assert world.calls() == Counter(old=200, new=200, newer=200)


def test_a_candidates_rows_from_before_the_lock_are_not_used(world):
    world.study["exploratory"] = True
    world.write()
    world.decision()
    world.study |= {"study": "again", "exploratory": None}
    world.write(file="again.yaml")

    world.decision(file="again.yaml")

    assert world.calls() == Counter(old=200, new=400)


def test_a_changed_label_buys_no_call(world):
    world.write()
    first = world.decision()
    world.write(label="no")
    amended = world.liftgate(
        "study", "amend", "study.yaml", "--reason", "labels", "--seen", "results"
    )
    assert amended.returncode == 0, amended.stderr

    second = world.decision()

    assert world.calls() == Counter(old=200, new=200)
    assert second["means"]["old"]["right"]["value"] == pytest.approx(
        1 - first["means"]["old"]["right"]["value"]
    )


def test_amending_after_results_voids_the_ship_and_shows_both_analyses(world):
    world.write()
    assert world.decision()["exit_code"] == 0
    world.study["claims"]["primary"]["superior"]["by"] = 0.01
    world.write()
    world.liftgate("study", "amend", "study.yaml", "--reason", "too easy", "--seen", "nothing")

    body = world.decision()

    assert body["exit_code"] == 4
    assert body["decisions"][0]["voids"] == ["deviated"]
    assert body["deviation"]["amendments"][0]["seen"] == "results"
    assert body["deviation"]["original"]["decisions"][0]["word"] == "ship"


def test_more_repeats_after_results_still_decide_and_the_first_lock_keeps_its_answer(world):
    world.write(items=80)
    first = world.decision()
    world.study["repeats"] = 2
    world.write(items=80)
    world.liftgate("study", "amend", "study.yaml", "--reason", "noise", "--seen", "results")

    body = world.decision()

    assert body["exit_code"] == 4
    assert body["deviation"]["original"]["decisions"] == first["decisions"]


def test_what_the_first_lock_says_is_selected_by_the_first_locks_plan(world):
    world.arm("new", slow_s=0.02)
    world.study["claims"]["guardrails"].append(
        {"metric": "latency_p95_ms", "within": {"limit": 5000, "passes": 5, "items": 4}}
    )
    world.write(items=80)
    first = world.decision()
    world.study["outcomes"]["timeout"]["after_s"] = 0.01
    world.study["claims"]["guardrails"][1]["within"]["passes"] = 6
    world.write(items=80)
    world.liftgate("study", "amend", "study.yaml", "--reason", "hurry", "--seen", "results")

    body = world.decision()

    assert body["failures"]["new"] == {"timeout": 80}
    assert body["deviation"]["original"]["decisions"] == first["decisions"]


def test_who_changes_a_study_before_any_run_is_told_the_very_command(world):
    world.write()
    world.liftgate("study", "lock", "study.yaml")
    world.arm("new", right=0.8)
    world.write()

    before = world.liftgate("run", "study.yaml")

    assert before.returncode == 3
    told = "liftgate study amend study.yaml --reason TEXT --seen nothing (the ledger tells"
    assert told in before.stderr
    world.arm("new", right=0.7)
    world.write()
    world.decision()
    world.arm("new", right=0.8)
    world.write()
    after = world.liftgate("run", "study.yaml")
    assert "study amend study.yaml --reason TEXT --seen nothing|aggregate|results" in after.stderr


def test_a_study_amended_before_it_was_run_gives_a_reason_instead_of_a_first_analysis(world):
    world.write(items=200)
    world.liftgate("study", "lock", "study.yaml")
    world.study["repeats"] = 2
    world.study["claims"]["guardrails"][0]["within"]["limit"] = 12
    world.write(items=200)
    world.liftgate("study", "amend", "study.yaml", "--reason", "noise", "--seen", "nothing")

    body = world.decision()

    assert body["exit_code"] == 0
    assert body["deviation"]["original"]["decisions"] == []
    assert "not run to its end" in body["deviation"]["original"]["reason"]
    assert "not run to its end" in (world.folder / ".liftgate/reports/story-4.html").read_text()


def test_a_dataset_changed_after_the_lock_is_refused(world):
    world.write()
    world.decision()
    world.write(items=199)

    done = world.liftgate("run", "study.yaml")

    assert done.returncode == 3
    assert "dataset" in done.stderr


def test_a_margin_changed_after_the_lock_is_refused_with_both_values(world):
    world.write()
    world.decision()
    world.study["claims"]["guardrails"][0]["within"]["limit"] = 99
    world.write()

    done = world.liftgate("run", "study.yaml", "--json")

    assert done.returncode == 3
    fault = json.loads(done.stdout)["faults"][0]
    assert fault["path"] == "claims.guardrails.0.within.limit"
    assert re.search(r"\b10\b.*\b99\b", fault["message"]), fault["message"]


@pytest.mark.parametrize(
    ("trouble", "kind"), [("raise", "crash"), ("hang", "timeout"), ("type", "unparsable")]
)
def test_failures_of_a_system_are_outcomes_and_counted(world, trouble, kind):
    world.arm("new", trouble=trouble)
    world.study["outcomes"]["timeout"]["after_s"] = 0.3
    world.write(items=100)

    body = world.decision()

    failed = body["failures"]["new"]
    assert set(failed) == {kind}
    assert 1 <= failed[kind] <= 15
    health = body["health"]["new"]["right"]
    assert health["failed_candidate"] == failed[kind]
    assert health["paired"] == 100


def test_an_empty_dataset_and_duplicate_ids_are_bad_input(world):
    world.write(items=0)
    assert world.liftgate("run", "study.yaml").returncode == 2

    world.write(items=8)
    items = world.folder / "items.jsonl"
    items.write_text(items.read_text() + items.read_text().splitlines()[0] + "\n")
    done = world.liftgate("run", "study.yaml")
    assert done.returncode == 2
    assert "items.jsonl:9: id: 'q0' is already the id at " in done.stderr


def test_one_flipped_byte_in_a_parquet_file_is_found(world):
    world.write()
    world.decision()
    file = next((world.folder / ".liftgate" / "store" / "runs").glob("*/trials.parquet"))
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    file.write_bytes(bytes(data))

    done = world.liftgate("ledger", "verify")

    assert done.returncode == 3
    assert "trials.parquet" in done.stderr
    assert world.liftgate("run", "study.yaml").returncode == 3


def test_one_flipped_byte_in_the_ledger_is_found(world):
    world.write()
    world.decision()
    file = world.folder / ".liftgate" / "ledger.db"
    with sqlite3.connect(file) as ledger:
        ledger.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    ledger.close()
    data = file.read_bytes()
    at = data.index(b'"hypothesis":"The candidate')
    file.write_bytes(data[: at + 16] + bytes([data[at + 16] ^ 1]) + data[at + 17 :])

    done = world.liftgate("ledger", "verify")

    assert done.returncode == 3
    assert "entry" in done.stderr


def test_a_printed_number_leads_back_to_its_rows(world):
    world.write()
    entry = world.decision()["entry"]

    done = world.liftgate("trace", f"{entry}:new.primary", "--json")

    assert done.returncode == 0, done.stderr
    assert "q0" in done.stdout


def test_two_candidates_share_one_error_budget(world):
    world.arm("newer", right=0.75)
    world.write()

    body = world.decision()

    assert body["recommended"] == "newer"
    for decision in body["decisions"]:
        assert decision["p_holm"] >= decision["p_worst"]


def test_two_runs_at_once_pay_nothing_twice(world):
    world.arm("new", slow_s=0.005)
    world.write(items=100)
    both = [world.start("run", "study.yaml", "--quiet") for _ in range(2)]
    for process in both:
        process.communicate(timeout=120)

    assert sorted(process.returncode for process in both)[0] == 0
    assert world.decision()["exit_code"] == 0
    assert world.calls() == Counter(old=100, new=100)
