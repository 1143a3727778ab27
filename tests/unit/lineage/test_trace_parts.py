"""Entries, locks, files and rows behind a reference."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from liftgate.canon import canonical
from liftgate.errors import DataError, UnknownName
from liftgate.lineage import datasets
from liftgate.lineage.rows import item_lines, largest_first, measure_lines
from liftgate.lineage.trace import trace
from liftgate.records import (
    Dataset,
    Failure,
    Item,
    Measure,
    Observation,
    Outcome,
    Score,
    Trial,
)
from liftgate.store import Store


def state(path, digest):
    return "missing" if path.startswith("r9") else "ok"


def test_a_claim_leads_to_its_lock_its_arms_and_its_files(entries):
    found = trace("4:new.v2.primary", entries, state)
    assert found.entry.sequence == 4
    assert found.locked.sequence == 2
    assert [(f.file, f.state, f.recorded_in) for f in found.files] == [
        ("r1/run.json", "ok", 3),
        ("r1/trials.parquet", "ok", 3),
        ("r9/x.parquet", "missing", None),
    ]
    assert not found.sound
    shown = found.as_json()
    canonical(shown)
    assert [arm["name"] for arm in shown["arms"]] == ["old", "new.v2"]
    assert shown["number"]["estimate"]["value"] == 0.2
    assert shown["lock"]["leaf"] == "leaf2"


def test_an_arms_own_number_shows_that_arm_alone(entries):
    shown = trace("4:old.f1", entries, state).as_json()
    assert [arm["name"] for arm in shown["arms"]] == ["old"]


def test_an_entry_alone_lists_what_may_be_asked_of_it(entries):
    shown = trace("4", entries, state).as_json()
    assert shown["number"] is None
    assert "4:new.v2.primary" in shown["references"]


def test_a_run_leads_to_its_own_files(entries):
    found = trace("3", entries, state)
    assert {f.file for f in found.files} == {"r1/trials.parquet", "r1/run.json"}
    assert found.sound
    assert found.references == ()


def test_an_entry_without_numbers_says_which_have_some(entries):
    with pytest.raises(DataError, match=r"entry 3 is a 'run\.finished'") as caught:
        trace("3:a.b", entries, state)
    assert "entries 4" in caught.value.hint


@pytest.mark.parametrize("text", ["6", "99:a.b"])
def test_an_entry_that_does_not_exist_is_an_unknown_name(entries, text):
    with pytest.raises(UnknownName, match="1 to 5"):
        trace(text, entries, state)


def observation(item, arm, value=None, *, failure=None, outcome=Outcome.VALUE, repeat=0):
    trial = Trial(
        f"{item}-{arm}", 1, "r1", arm, item, repeat, datetime(2026, 1, 1, tzinfo=UTC), 0.25,
        None if failure else "out", failure, "boom" if failure else "",
    )  # fmt: skip
    score = Score(trial.key, 1, "r1", "s", "t", "r1", outcome, value, "why")
    return Observation(item, arm, repeat, trial, {} if failure else {"f1": score})


ARMS = {"old": "fp-old", "new": "fp-new"}


def test_rows_show_every_arm_with_failures_and_missing_scores_marked():
    seen = [
        observation("b", "fp-old", 0.5),
        observation("a", "fp-old", 1.0),
        observation("a", "fp-new", failure=Failure.CRASH),
        observation("b", "fp-new", outcome=Outcome.ABSTAINED),
        observation("b", "fp-other", 0.1),
        observation("c", "fp-old", 0.1),
    ]
    lines = item_lines(seen, "f1", ARMS, ["b", "a"], failure_scores={Failure.CRASH: 0.0})
    assert [line.item for line in lines] == ["b", "a"]
    assert [(c.value, c.mark) for c in lines[0].cells.values()] == [
        (0.5, ""),
        (None, "abstained: why"),
    ]
    assert [(c.value, c.mark) for c in lines[1].cells.values()] == [
        (1.0, ""),
        (0.0, "crash: boom"),
    ]
    assert lines[0].cells["old"].output == "out"


def test_a_failure_without_a_declared_score_and_a_metric_never_scored_have_no_value():
    seen = [observation("a", "fp-old", 1.0), observation("a", "fp-new", failure=Failure.REFUSAL)]
    cells = item_lines(seen, "other", ARMS, ["a"])[0].cells
    assert (cells["old"].value, cells["old"].mark) == (None, "not scored")
    assert (cells["new"].value, cells["new"].mark) == (None, "refusal: boom")


def test_latency_rows_are_milliseconds_of_failed_calls_too():
    seen = [observation("a", "fp-old", 1.0), observation("a", "fp-new", failure=Failure.TIMEOUT)]
    cells = item_lines(seen, "latency_p95_ms", ARMS, ["a"])[0].cells
    assert (cells["old"].value, cells["new"].value) == (250.0, 250.0)
    assert cells["new"].mark == "timeout: boom"


def test_repeats_are_rows_of_their_own():
    seen = [observation("a", "fp-old", float(r), repeat=r) for r in (1, 0)]
    assert [(line.item, line.repeat) for line in item_lines(seen, "f1", ARMS, ["a"])] == [
        ("a", 0),
        ("a", 1),
    ]


def test_failures_come_first_then_the_largest_differences():
    pairs = {"same": (1.0, 1.0), "small": (0.5, 0.6), "large": (0.0, 1.0)}
    seen = [
        observation(item, arm, value)
        for item, values in pairs.items()
        for arm, value in zip(ARMS.values(), values, strict=True)
    ]
    seen += [observation("bad", "fp-old", 1.0), observation("bad", "fp-new", failure=Failure.CRASH)]
    lines = item_lines(seen, "f1", ARMS, [*pairs, "bad", "absent"])
    assert [line.item for line in largest_first(lines, "old", "new")] == [
        "bad", "large", "small", "same",
    ]  # fmt: skip


def test_measures_are_one_row_a_pass_or_one_for_the_whole_and_the_last_run_counts():
    measures = [
        Measure("fp-old", "p", 2.0, "d", "r1", 2),
        Measure("fp-new", "p", 3.0, "d", "r1", 1),
        Measure("fp-new", "p", 9.0, "d", "r2", 1),
        Measure("fp-new", "mb", 1.5, "d", "r1"),
    ]
    passes = measure_lines(measures, "p", ARMS)
    assert [(line.item, {n: c.value for n, c in line.cells.items()}) for line in passes] == [
        ("pass 1", {"new": 9.0}),
        ("pass 2", {"old": 2.0}),
    ]
    assert [line.item for line in measure_lines(measures, "mb", ARMS)] == ["whole"]


DATASET = Dataset(
    "set",
    (
        Item("b", {"text": "two"}, target=2.0, cluster="c", slices={"lang": "de"}, weight=0.5),
        Item("a", {"text": "one", "n": 1.0}, metadata={"not": "kept"}),
    ),
)


def test_a_kept_dataset_comes_back_with_its_digest(tmp_path):
    with Store.open(tmp_path) as store:
        datasets.keep(DATASET, store)
        datasets.keep(DATASET, store)
    with Store.open(tmp_path, read_only=True) as store:
        back = datasets.rebuild(DATASET.digest, store, name="set")
    assert back.erased == ()
    assert back.dataset.digest == DATASET.digest
    assert {i.id: i.slices for i in back.dataset.items} == {"a": {}, "b": {"lang": "de"}}


def test_an_erased_item_is_named_and_the_others_come_back(tmp_path):
    with Store.open(tmp_path) as store:
        datasets.keep(DATASET, store)
        store.erase(DATASET.items[0].input_digest)
        back = datasets.rebuild(DATASET.digest, store, name="set")
        assert back.erased == ("b",)
        assert [item.id for item in back.dataset.items] == ["a"]
        store.erase(DATASET.items[1].facts_digest)
        with pytest.raises(DataError, match="every item of it was erased"):
            datasets.rebuild(DATASET.digest, store, name="set")


def test_a_dataset_that_was_never_kept_is_said_so(tmp_path):
    with (
        Store.open(tmp_path) as store,
        pytest.raises(DataError, match="there is no such value"),
    ):
        datasets.rebuild(DATASET.digest, store, name="set")
