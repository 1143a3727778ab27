"""From a printed number to its rows, and from the ledger to its files, as a user would."""

from __future__ import annotations

import json
import shutil

import pytest

from liftgate.evals.data import load_dataset
from liftgate.lineage import datasets
from liftgate.store import Store


@pytest.fixture
def decided(world):
    """A decided study whose candidate crashes now and then, over slices and with passes."""
    world.arm("new", trouble="raise")
    world.study["claims"]["guardrails"].append(
        {"metric": "latency_p95_ms", "within": {"limit": 4000, "passes": 5}}
    )
    world.study["claims"]["watch"] = [
        {"metric": "right", "by_slice": "kind", "none_shown_worse": {"min_clusters": 5}}
    ]
    world.write(items=80)
    body = world.decision()
    return world, body


def traced(world, reference, *words):
    done = world.liftgate("trace", reference, "--json", *words)
    assert done.returncode == 0, done.stderr + done.stdout
    return json.loads(done.stdout)


def test_the_rows_of_a_claim_give_its_number_again(decided):
    world, body = decided
    found = traced(world, f"{body['entry']}:new.primary")
    rows = found["rows"]
    differences = [r["cells"]["new"]["value"] - r["cells"]["old"]["value"] for r in rows]
    assert len(rows) == found["row_count"] == 80
    assert sum(differences) / 80 == pytest.approx(found["number"]["estimate"]["value"], abs=1e-12)
    failed = [r for r in rows if r["cells"]["new"]["mark"]]
    assert len(failed) == body["failures"]["new"]["crash"] > 0
    assert rows[: len(failed)] == failed
    assert all(r["cells"]["new"]["mark"].startswith("crash: ValueError") for r in failed)
    assert found["notes"] == []
    assert found["rows_digest"] == body["rows"]["digest"]
    assert {f["state"] for f in found["files"]} == {"ok"}
    parts = {f["file"]: f["digest"] for f in found["files"] if not f["file"].endswith("run.json")}
    assert parts == body["rows"]["files"]
    assert found["lock"]["sequence"] == body["lock"]["sequence"]


def test_slices_means_passes_and_measures_have_rows_of_their_own(decided):
    world, body = decided
    entry = body["entry"]
    odd = traced(world, f"{entry}:new.watch.0.odd")
    even = traced(world, f"{entry}:new.primary.even")
    assert odd["row_count"] + even["row_count"] == 80
    assert {int(r["item"][1:]) // 4 % 2 for r in odd["rows"]} == {1}
    assert even["number"]["sort"] == "exploratory"
    mean = traced(world, f"{entry}:old.right")
    values = [r["cells"]["old"]["value"] for r in mean["rows"]]
    assert sum(values) / 80 == pytest.approx(body["means"]["old"]["right"]["value"])
    passes = traced(world, f"{entry}:new.guardrails.1")
    assert [r["item"] for r in passes["rows"]] == [f"pass {n}" for n in range(1, 6)]
    assert [r["cells"]["new"]["value"] for r in passes["rows"]] == body["latency"]["new"]["passes"]
    exact = traced(world, f"{entry}:new.guardrails.0")
    assert [r["cells"]["new"]["value"] for r in exact["rows"]] == [1.0]


def test_a_trace_reads_well_and_an_unknown_reference_names_the_near_ones(decided):
    world, body = decided
    entry = body["entry"]
    done = world.liftgate("trace", f"{entry}:new.primary", "--rows", "3")
    assert done.returncode == 0
    assert "n = 80 in 20 clusters" in done.stdout
    assert "Rows: 80, the first 3" in done.stdout
    assert "crash: ValueError: no idea" in done.stdout
    every = world.liftgate("trace", str(entry)).stdout
    assert f"{entry}:new.watch.0.odd" in every
    for bad, near in ((f"{entry}:new.primry", f"{entry}:new.primary"), ("x", "ENTRY:ARM.METRIC")):
        done = world.liftgate("trace", bad)
        assert done.returncode == 2
        assert near in done.stderr


def test_a_trace_over_an_altered_file_says_so_and_exits_three(decided):
    world, body = decided
    file = next((world.folder / ".liftgate" / "store" / "runs").glob("*/scores.parquet"))
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    file.write_bytes(bytes(data))
    done = world.liftgate("trace", f"{body['entry']}:new.primary", "--json")
    assert done.returncode == 3
    found = json.loads(done.stdout)
    assert not found["sound"]
    assert [f["file"] for f in found["files"] if f["state"] == "altered"] == [
        f"{file.parent.name}/scores.parquet"
    ]
    assert "scores.parquet: altered" in found["notes"][0]


def test_a_trace_notices_that_the_description_of_a_run_is_gone(decided):
    world, body = decided
    described = next((world.folder / ".liftgate" / "store" / "runs").glob("*/run.json"))
    kept = described.read_bytes()
    described.unlink()
    try:
        done = world.liftgate("trace", f"{body['entry']}:new.primary", "--json")
    finally:
        described.write_bytes(kept)
    assert done.returncode == 3
    found = json.loads(done.stdout)
    assert [f["file"] for f in found["files"] if f["state"] == "missing"] == [
        f"{described.parent.name}/run.json"
    ]


def test_a_kept_dataset_needs_its_source_no_more(decided):
    world, body = decided
    dataset = load_dataset(
        "items.jsonl", root=world.folder, name="items.jsonl", cluster="page", slices=["kind"]
    )
    with Store.open(world.folder / ".liftgate") as store:
        datasets.keep(dataset, store)
    world.write(items=80, label="no")
    found = traced(world, f"{body['entry']}:old.right")
    mean = sum(r["cells"]["old"]["value"] for r in found["rows"]) / 80
    assert mean == pytest.approx(body["means"]["old"]["right"]["value"])
    assert found["notes"] == []


def test_a_changed_source_is_never_passed_off_as_the_decisions_dataset(decided):
    world, body = decided
    shutil.rmtree(world.folder / ".liftgate" / "blobs")
    world.write(items=80, label="no")
    found = traced(world, f"{body['entry']}:new.primary")
    assert found["rows"] == []
    assert body["dataset"]["digest"] in found["notes"][0]
    assert found["number"]["estimate"]["n"] == 80


def test_the_ledger_lists_shows_and_verifies_what_was_done(decided):
    world, body = decided
    verified = json.loads(world.liftgate("ledger", "verify", "--json").stdout)
    assert verified == {
        "sound": True, "entries": 3, "runs": 1, "files": 4, "unrecorded": [],
        "against": [], "statements": [], "clock_went_back": [],
        "contents": {"kept": 2, "erased": 0, "lost": 0},
    }  # fmt: skip
    text = world.liftgate("ledger", "verify").stdout
    sound, contents = text.splitlines()
    assert sound == "Sound: 3 entries in one chain, 4 files of 1 run."
    assert contents.startswith("Answers and traces: 2 kept")
    lines = world.liftgate("ledger", "log").stdout.splitlines()
    assert [line.split()[4] for line in lines] == ["study.locked", "run.finished", "decision"]
    last = json.loads(
        world.liftgate("ledger", "log", "--json", "--kind", "decision", "-n", "1").stdout
    )
    assert [e["sequence"] for e in last["entries"]] == [body["entry"]]
    shown = json.loads(world.liftgate("ledger", "show", str(body["entry"]), "--json").stdout)
    assert shown["body"]["decisions"] == body["decisions"]
    assert shown["leaf"] == last["entries"][0]["leaf"]
    assert world.liftgate("ledger", "show", "99").returncode == 2


def test_runs_without_a_ledger_are_a_broken_chain_and_no_workspace_is_wrong_use(decided):
    world, _ = decided
    for file in (world.folder / ".liftgate").glob("ledger.db*"):
        file.unlink()
    done = world.liftgate("ledger", "verify")
    assert done.returncode == 3
    assert "missing, although there are 1 finished runs" in done.stderr
    world.folder = world.folder / "elsewhere"
    world.folder.mkdir()
    (world.folder / ".liftgate").mkdir()
    done = world.liftgate("ledger", "verify", "--json")
    assert done.returncode == 2
    assert json.loads(done.stdout)["error"] == "LedgerError"
