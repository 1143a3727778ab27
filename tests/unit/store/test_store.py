"""Writing a run, finishing it, and reading it back with all the others."""

from __future__ import annotations

import json
import shutil
import sqlite3
from dataclasses import replace
from datetime import timedelta, timezone

import pytest

from liftgate.canon import canonical, sha256
from liftgate.errors import BrokenChain, DataError, LiftgateError, NotAllowed
from liftgate.records import Failure, Measure, Outcome
from liftgate.store import Store, run_body
from liftgate.store.once import first_of_each


def test_an_empty_store_holds_nothing(store):
    assert store.runs() == []
    assert store.trials("arm") == []
    assert store.scores("scorer") == []
    assert store.measures("study") == []
    assert store.known("arm") == {}
    assert store.files() == {}


def test_rows_are_read_alike_while_the_run_goes_and_when_it_is_done(store, rows):
    run = store.begin("study", {})
    trials = [rows.trial(run.run, n) for n in range(450)]
    scores = [rows.score(trial, n / 7) for n, trial in enumerate(trials)]
    for n, (trial, score) in enumerate(zip(trials, scores, strict=True)):
        run.add_trial(trial, rows.output(n))
        run.add_score(score)
    assert store.trials("arm") == trials
    assert sorted(store.scores("scorer"), key=lambda s: s.value) == scores
    run.finish(complete=True)
    assert store.trials("arm") == trials
    assert sorted(store.scores("scorer"), key=lambda s: s.value) == scores


def test_rows_of_all_runs_and_of_the_one_that_goes_are_read_together(store, rows):
    first = rows.fill(store, 5)
    second = rows.fill(store, 5, first=5)
    run = store.begin("study", {})
    third = rows.trial(run.run, 10)
    run.add_trial(third, rows.output(10))
    assert store.trials("arm") == [*first, *second, third]
    assert [r.id for r in store.runs()] == [first[0].run, second[0].run]


def test_a_run_says_how_many_trials_it_holds_and_another_that_it_is_not_here(store, rows):
    runs = [rows.fill(store, count, first=first)[0].run for count, first in ((5, 0), (3, 5))]
    with store.begin("study", {}) as run:
        run.add_measure(Measure("arm", "index_mb", 1.5, "study", run.run))
        run.finish(complete=True)
    assert [store.trials_in(name) for name in (*runs, run.run, "gone")] == [5, 3, 0, None]


def test_what_two_workspaces_measured_twice_counts_once_as_the_run_says_that_began_first(
    store, tmp_path
):
    with Store.open(tmp_path / "elsewhere" / ".liftgate") as other:
        for one, value in ((store, 1.5), (other, 2.5)):
            with one.begin("study", {}) as run:
                run.add_measure(Measure("arm", "index_mb", value, "study", run.run))
                run.add_measure(Measure("arm", "p95", value, "study", run.run, pass_number=1))
                run.finish(complete=True)
        (there,) = other.workspace.runs.iterdir()
        shutil.copytree(there, store.workspace.runs / there.name)
    with Store.open(store.workspace.home, read_only=True) as again:
        assert [m.value for m in again.measures("study")] == [1.5, 1.5]
    one, other = (Measure("arm", "p95", value, "study", f"run-{value}", 1) for value in (1.5, 2.5))
    later = replace(other, pass_number=2)
    assert first_of_each([later, other, one]) == first_of_each([one, other, later]) == [one, later]


def test_rows_of_another_arm_scorer_or_study_are_not_mixed_in(store, rows):
    with store.begin("study", {}) as run:
        one = rows.trial(run.run)
        other = rows.trial(run.run, arm="other", key="other-key")
        run.add_trial(one, rows.output(0))
        run.add_trial(other, rows.output(0))
        run.add_score(rows.score(one))
        run.add_score(rows.score(one, scorer="judge"))
        for study in ("study", "another"):
            run.add_measure(Measure("arm", "index_mb", 1.5, study, run.run))
        run.finish(complete=True)
    assert store.trials("other") == [other]
    assert [s.scorer for s in store.scores("judge")] == ["judge"]
    assert [m.study for m in store.measures("another")] == ["another"]


def test_a_trial_of_every_shape_comes_back_equal(store, rows):
    east = timezone(timedelta(hours=9))
    with store.begin("study", {}) as run:
        trials = [
            rows.trial(
                run.run,
                0,
                output_digest=None,
                failure=Failure.TIMEOUT,
                message="no answer\n\u2028\x00\"'; DROP TABLE trials; --",
                started_at=rows.begin.astimezone(east),
                tokens_in=2**53,
                tokens_out=0,
                cost=1e-7,
                in_flight=64,
            ),
            rows.trial(run.run, 1, seconds=0.1 + 0.2, cost=-0.0, attempt=2),
            rows.trial(run.run, 2, seconds=5e-324, cost=1.7976931348623157e308),
        ]
        for n, trial in enumerate(trials):
            run.add_trial(trial, rows.output(n))
        run.finish(complete=True)
    assert store.trials("arm") == trials
    assert store.trials("arm")[0].started_at.utcoffset() == timedelta(0)


def test_every_outcome_of_a_score_comes_back_equal(store, rows):
    with store.begin("study", {}) as run:
        trial = rows.trial(run.run)
        scores = [
            rows.score(trial, 0.1),
            rows.score(trial, None, outcome=Outcome.ABSTAINED, reason="no label", run=run.run),
            rows.score(trial, None, outcome=Outcome.FAILED, reason="crash: ü"),
        ]
        for score in scores:
            run.add_score(score)
        run.finish(complete=True)
    assert sorted(store.scores("scorer"), key=repr) == sorted(scores, key=repr)


def test_measures_with_and_without_a_pass_come_back_equal(store):
    with store.begin("study", {}) as run:
        measures = [
            Measure("arm", "index_mb", 1.874, "study", run.run),
            Measure("arm", "latency_p95_ms", 12.5, "study", run.run, 1),
            Measure("arm", "latency_p95_ms", 11.5, "study", run.run, 2),
        ]
        for measure in measures:
            run.add_measure(measure)
        run.finish(complete=True)
    assert store.measures("study") == measures
    assert list(store.runs()[0].files) == ["measures.parquet"]


def test_text_that_is_no_unicode_is_kept_as_escapes(store, rows):
    with store.begin("study", {}) as run:
        run.add_trial(
            rows.trial(run.run, output_digest=None, failure=Failure.CRASH, message="a\ud800b")
        )
        run.finish(complete=True)
    assert store.trials("arm")[0].message == "a\\ud800b"


def test_known_gives_the_rows_of_a_key_in_order(store, rows):
    with store.begin("study", {}) as run:
        late = rows.trial(run.run, attempt=2, started_at=rows.begin + timedelta(hours=1))
        early = rows.trial(run.run, attempt=1)
        run.add_trial(late, rows.output(0))
        run.add_trial(early, rows.output(0))
        run.finish(complete=True)
    assert store.known("arm") == {early.key: [early, late]}


def test_of_two_that_began_together_the_older_run_comes_first_however_they_are_read(
    store, rows, monkeypatch
):
    (first,), (second,) = rows.fill(store, 1), rows.fill(store, 1)
    read = Store._read
    for way in (list, reversed):
        monkeypatch.setattr(Store, "_read", lambda *a, way=way, **k: list(way(read(*a, **k))))
        assert store.known("arm") == {first.key: [first, second]}
        assert store.trials("arm") == [first, second]
        assert store.trials_of_input(first.input_digest) == [first, second]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"seconds": float("nan")}, r"trials\.seconds: got nan, expected a finite number"),
        ({"cost": float("inf")}, r"trials\.cost: got inf, expected a finite number or None"),
        ({"started_at": None}, r"trials\.started_at"),
        ({"attempt": 1.5}, r"trials\.attempt: got 1.5, expected an integer"),
        ({"tokens_in": 2**63}, r"trials\.tokens_in"),
        ({"cost": 10**400}, r"trials\.cost"),
        ({"arm": None}, r"trials\.arm: got None, expected text"),
        ({"arm": "\ud800"}, r"trials\.arm: .*valid Unicode"),
        ({"run": "another"}, r"trial: got the run 'another'"),
        ({"output_digest": "sha256:other"}, r"got an output of digest"),
    ],
)
def test_a_bad_row_is_refused_by_field_and_harms_no_other(store, rows, change, message):
    with store.begin("study", {}) as run:
        good = rows.trial(run.run)
        run.add_trial(good, rows.output(0))
        with pytest.raises(DataError, match=message):
            run.add_trial(rows.trial(**{"run": run.run, "number": 1, **change}), rows.output(1))
        run.finish(complete=True)
    assert store.trials("arm") == [good]


def test_a_naive_time_is_refused(store, rows):
    with store.begin("study", {}) as run, pytest.raises(DataError, match="an aware time"):
        run.add_trial(rows.trial(run.run, started_at=rows.begin.replace(tzinfo=None)), None)


@pytest.mark.parametrize(
    ("outcome", "value"), [(Outcome.VALUE, None), (Outcome.FAILED, 0.0), (Outcome.ABSTAINED, 1.0)]
)
def test_a_score_has_a_value_exactly_when_its_outcome_says_so(store, rows, outcome, value):
    with store.begin("study", {}) as run:
        trial = rows.trial(run.run)
        with pytest.raises(DataError, match="only the outcome 'value' has one"):
            run.add_score(rows.score(trial, value, outcome=outcome))


def test_the_same_attempt_twice_is_an_error(store, rows):
    run = store.begin("study", {})
    run.add_trial(rows.trial(run.run), rows.output(0))
    run.add_trial(rows.trial(run.run, seconds=9.0), rows.output(0))
    with pytest.raises(DataError, match="a row was added twice"):
        run.flush()


def test_a_finished_run_is_described_completely(store, rows, home):
    trials = rows.fill(store)
    run = store.runs()[0]
    body = run_body(run)
    assert (run.id, run.study, run.complete, run.manifest) == (
        trials[0].run, "study", True, {"seed": 7},
    )  # fmt: skip
    assert run.started_at < run.finished_at
    assert set(body["files"]) == {"trials.parquet", "scores.parquet", "run.json"}
    described = (home / "store" / "runs" / run.id / "run.json").read_bytes()
    assert described == canonical(json.loads(described))
    assert body["files"]["run.json"] == sha256(described)
    assert body["liftgate"] == json.loads(described)["liftgate"] == 1
    assert json.loads(canonical(body))["id"] == run.id


def test_a_finished_run_leaves_no_active_file(store, rows, home):
    rows.fill(store)
    assert list((home / "store" / "active").iterdir()) == []
    assert [p.name[0] for p in (home / "store" / "runs").iterdir()] == ["2"]


def test_a_run_without_rows_leaves_nothing(store, home):
    run = store.begin("study", {})
    assert run.finish(complete=True).files == {}
    assert store.runs() == []
    assert list((home / "store" / "active").iterdir()) == []
    assert list((home / "store" / "runs").iterdir()) == []


def test_leaving_the_block_by_an_error_keeps_the_rows_of_an_incomplete_run(store, rows):
    def stopped():
        with store.begin("study", {}) as run:
            run.add_trial(rows.trial(run.run), rows.output(0))
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        stopped()
    assert [t.input_digest for t in store.trials("arm")] == ["item-0"]
    assert [r.complete for r in store.runs()] == [False]


def test_rows_after_the_end_are_refused(store, rows):
    run = store.begin("study", {})
    run.finish(complete=True)
    with pytest.raises(NotAllowed, match="has ended"):
        run.add_trial(rows.trial(run.run), rows.output(0))
    with pytest.raises(NotAllowed, match="has ended"):
        run.finish(complete=True)


def test_one_store_writes_one_run_at_a_time(store):
    with store.begin("study", {}) as run:
        with pytest.raises(NotAllowed, match="is still going"):
            store.begin("study", {})
        run.finish(complete=True)
    store.begin("study", {}).finish(complete=True)


def test_a_manifest_that_is_not_json_leaves_no_run_behind(store, home):
    with pytest.raises(DataError):
        store.begin("study", {"x": float("nan")})
    assert list((home / "store" / "active").iterdir()) == []


def test_a_store_for_reading_writes_nothing(home, rows, tmp_path):
    with Store.open(home, read_only=True) as store:
        assert store.trials("arm") == []
        assert store.blob_state("sha256:x") == "unknown"
        for forbidden in (
            lambda: store.begin("study", {}),
            store.recover,
            lambda: store.put_json(1),
            lambda: store.erase("sha256:x"),
        ):
            with pytest.raises(NotAllowed, match="reading only"):
                forbidden()
    assert not home.exists()
    with Store.open(home) as store:
        trials = rows.fill(store)
    with Store.open(home, read_only=True) as store:
        assert store.trials("arm") == trials
        assert store.output(trials[3].output_digest) == rows.output(3)


def test_outputs_are_kept_once_and_come_back(store, rows):
    first = rows.fill(store)
    again = store.put_json(rows.output(3))
    assert again == first[3].output_digest
    assert store.output(again) == rows.output(3)
    assert store.put_text("ü") == store.put_json("ü")
    assert store.output(store.put_text("ü")) == "ü"
    store.flush()
    with sqlite3.connect(store.workspace.blobs / "blobs.db") as connection:
        assert connection.execute("SELECT count(*) FROM blob").fetchone()[0] == 11


def test_odd_folder_names_are_taken_literally(tmp_path, rows):
    for name in ("a[1]*", "arm=other", "it's", "a b?"):
        with Store.open(tmp_path / name / ".liftgate") as store:
            assert store.trials("arm") == []
            trials = rows.fill(store, 3)
            assert store.trials("arm") == trials


def test_verify_counts_the_files_and_names_a_missing_one(store, rows, home):
    rows.fill(store)
    recorded = {run.id: run_body(run)["files"] for run in store.runs()}
    assert store.verify(recorded) == 3
    run = next(iter(recorded))
    (home / "store" / "runs" / run / "scores.parquet").unlink()
    with pytest.raises(BrokenChain, match=rf"{run}/scores\.parquet: the file is missing"):
        store.verify(recorded)
    assert store.file_state(f"{run}/scores.parquet", "x") == "missing"
    assert store.file_state(f"{run}/trials.parquet", recorded[run]["trials.parquet"]) == "ok"


@pytest.mark.parametrize("name", ["trials.parquet", "scores.parquet", "run.json"])
def test_one_flipped_byte_anywhere_in_a_file_is_named(store, rows, home, name):
    rows.fill(store)
    recorded = {run.id: run_body(run)["files"] for run in store.runs()}
    run = next(iter(recorded))
    file = home / "store" / "runs" / run / name
    sound = file.read_bytes()
    for position in {0, 1, 5, len(sound) // 3, len(sound) // 2, len(sound) - 1}:
        data = bytearray(sound)
        data[position] ^= 0x10
        file.write_bytes(data)
        with pytest.raises(BrokenChain, match=f"{run}/{name}: altered"):
            store.verify(recorded)
        assert store.file_state(f"{run}/{name}", recorded[run][name]) == "altered"
    file.write_bytes(sound)
    assert store.verify(recorded) == 3


def test_an_altered_file_is_never_read_as_data(home, rows):
    with Store.open(home) as store:
        trials = rows.fill(store)
    file = home / "store" / "runs" / trials[0].run / "trials.parquet"
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 0x01
    file.write_bytes(data)
    with Store.open(home) as store, pytest.raises(BrokenChain, match=r"trials\.parquet: altered"):
        store.trials("arm")


@pytest.mark.parametrize("damage", [b"", b"{}", b"[1]", b"\xff\xfe", b'{"liftgate": 1}'])
def test_a_damaged_description_of_a_run_is_named(home, rows, damage):
    with Store.open(home) as store:
        run = rows.fill(store)[0].run
    (home / "store" / "runs" / run / "run.json").write_bytes(damage)
    with Store.open(home) as store, pytest.raises(BrokenChain, match=rf"{run}/run\.json"):
        store.runs()


def test_a_run_of_a_newer_format_is_refused_by_name(home, rows):
    with Store.open(home) as store:
        run = rows.fill(store)[0].run
    file = home / "store" / "runs" / run / "run.json"
    file.write_bytes(file.read_bytes().replace(b'"liftgate":1', b'"liftgate":2'))
    with Store.open(home) as store, pytest.raises(LiftgateError, match="got format 2, expected 1"):
        store.runs()


def test_files_lists_every_parquet_file_with_its_digest(store, rows):
    rows.fill(store)
    run = store.runs()[0]
    assert store.files() == {f"{run.id}/{name}": d for name, d in run.files.items()}
    assert replace(run).files == run.files
