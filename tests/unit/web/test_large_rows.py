"""Rows that are told by arrays are those that are selected one by one, however they came about."""

from __future__ import annotations

import shutil
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random

import duckdb
import pytest

from liftgate.canon import sha256_of_file
from liftgate.errors import BrokenChain
from liftgate.evals.select import select
from liftgate.flow import trace, trace_rows
from liftgate.flow.comparison_view import Asked, Openings
from liftgate.flow.ledger import erase
from liftgate.flow.recorded import dataset_of, locked_at, plan_of
from liftgate.flow.recorded_scores import kept_items
from liftgate.flow.study_index import StudyIndex
from liftgate.flow.trace import trace_reference
from liftgate.flow.trace_rows import KeptRows, LargeRows, RowLines, rows_digest
from liftgate.gates.summary import bound_rows
from liftgate.lineage.reference import targets
from liftgate.records import Failure, Outcome, Score, Trial, trial_key
from liftgate.store import Store, Workspace, columns
from liftgate.study.design import Study
from tests.unit.web.test_ui_comparison import decision, workspace  # noqa: F401 - fixtures

BEGIN = datetime(2026, 11, 23, 10, tzinfo=UTC)


@pytest.fixture(autouse=True)
def small_parts(monkeypatch):
    monkeypatch.setattr(trace, "LARGE", 0)
    monkeypatch.setattr(trace_rows, "_CHUNK", 7)
    monkeypatch.setattr(columns, "_PART", 11)


def both(reference, place):
    index = StudyIndex(place)
    kept = KeptRows(index.seen)
    large = trace_reference(reference, place, ledger=index.ledger(), seen=index.seen, kept=kept)
    return trace_reference(reference, place), large


def test_every_number_has_the_same_rows_by_both_ways(workspace, decision):  # noqa: F811
    compared = 0
    for reference in targets(decision.body, decision.sequence):
        plain, large = both(reference, workspace)
        if not isinstance(large.lines, RowLines):
            refused = any("too many trials for a page" in note for note in large.notes)
            assert refused or large.lines == plain.lines
            continue
        compared += 1
        assert list(large.lines) == list(plain.lines), reference
        assert large.lines[1:3] == plain.lines[1:3]
        for field in ("notes", "runs", "people", "answers", "files"):
            assert getattr(large, field) == getattr(plain, field), (reference, field)
    assert compared > 4
    assert not any("not those that the decision bound" in note for note in large.notes)


def test_an_item_whose_input_was_erased_is_listed_by_neither_way(workspace, decision, tmp_path):  # noqa: F811
    place = Workspace(tmp_path / ".liftgate")
    shutil.copytree(workspace.home, place.home)
    reference = f"{decision.sequence}:new.primary"
    index = StudyIndex(place)
    kept = KeptRows(index.seen)
    told = trace_reference(reference, place, ledger=index.ledger(), seen=index.seen, kept=kept)
    item, before = told.lines[0].item, len(told.lines)
    with Store.open(place.home, read_only=True) as store:
        inputs = dict(row[:2] for row in store.output(decision.body["dataset"]["digest"]))
    erase(place, inputs[item], reason="asked for")
    plain = trace_reference(reference, place)
    large = trace_reference(reference, place, ledger=index.ledger(), seen=index.seen, kept=kept)
    assert list(large.lines) == list(plain.lines)
    assert (large.notes, large.answers) == (plain.notes, plain.answers)
    assert len(plain.lines) == before - 2
    assert "1 items were erased and are not listed" in large.notes


@pytest.fixture
def mixed(workspace, decision, tmp_path):  # noqa: F811
    """A copy whose store has rows of every kind for the decided arms, and what selects them."""
    place = Workspace(tmp_path / ".liftgate")
    shutil.copytree(workspace.home, place.home)
    index = StudyIndex(place)
    locked = locked_at(decision.body, index.ledger(), decision.sequence)
    study = Study(**locked.model)
    with Store.open(place.home, read_only=True) as store:
        dataset, _ = dataset_of(decision.body, study, store)
        plan = plan_of(decision.body, locked, study, dataset)
    earlier = []
    for seed in range(3):
        more_rows(place, plan, dataset, Random(seed), earlier)
    return place, plan, study


def more_rows(place, plan, dataset, random, earlier):
    with Store.open(place.home) as store:
        writer = store.begin("another", {})
        written = set()

        def scored(key, attempt, run, scorer, target):
            outcome = random.choice(list(Outcome))
            value = random.random() if outcome is Outcome.VALUE else None
            why = f'why "{random.randrange(9)}" é'
            writer.add_score(
                Score(key, attempt, run, scorer, target, writer.run, outcome, value, why)
            )

        for key, attempt, *about in earlier:
            scored(key, attempt + random.choice([0, 0, 1]), *about)
        for item in dataset.items:
            for bound in plan.arms:
                asked = item.as_read(bound.reads)
                repeat = random.randrange(3)
                key = trial_key(bound.arm.fingerprint, asked.input_digest, repeat)
                attempt = random.randrange(1, 4)
                if (key, attempt) in written or random.random() < 0.4:
                    continue
                written.add((key, attempt))
                begin = bound.admissible_after or BEGIN
                trial = Trial(
                    key, attempt, writer.run, bound.arm.fingerprint, asked.input_digest, repeat,
                    begin + timedelta(microseconds=random.randrange(-5, 5)),
                    random.choice([0.1, 0.1, plan.outcomes.timeout_s + 1]), None,
                    random.choice([None, None, *Failure]),
                )  # fmt: skip
                writer.add_trial(trial)
                for scorer in plan.single:
                    for _ in range(random.randrange(5)):
                        target = random.choice([*[asked.target_digest] * 4, "sha256:" + "7" * 64])
                        run = random.choice([*[writer.run] * 5, "elsewhere"])
                        scored(key, attempt, run, scorer.fingerprint, target)
                        earlier.append((key, attempt, run, scorer.fingerprint, target))
                        earlier.append((key, attempt + 1, run, scorer.fingerprint, target))
        writer.finish(complete=True)


@pytest.mark.parametrize("after", [None, BEGIN])
def test_the_digest_of_all_rows_is_the_one_that_a_decision_binds(mixed, after):
    place, plan, study = mixed
    plan = replace(plan, arms=tuple(replace(arm, admissible_after=after) for arm in plan.arms))
    with Store.open(place.home, read_only=True) as store:
        rows = select(plan, store)
        seen = {(row.trial.failure, *(s.outcome for s in row.scores.values())) for row in rows}
        assert len(seen) > 6
        wanted = bound_rows(rows, list(study.scorers))
        large = LargeRows(plan, kept_items(plan.dataset.digest, store), store)
        said = []
        assert rows_digest(large, list(study.scorers), said.append) == wanted["digest"]
        assert said


def test_rows_of_every_kind_are_told_and_ordered_alike(mixed, decision):  # noqa: F811
    place, _, _ = mixed
    plain, large = both(f"{decision.sequence}:new.primary", place)
    assert isinstance(large.lines, RowLines)
    assert list(large.lines) == list(plain.lines)
    assert large.notes == plain.notes
    assert any("not those that the decision bound" in note for note in large.notes)
    assert {run.id for run in large.runs} == {run.id for run in plain.runs}
    marks = {cell.mark.split(":")[0] for line in large.lines for cell in line.cells.values()}
    assert {"", "timeout", "crash", "abstained", "failed", "not scored"} <= marks


def test_scores_that_were_rewritten_with_the_description_of_their_run_are_not_compared(
    workspace,  # noqa: F811
    decision,  # noqa: F811
    tmp_path,
):
    place = Workspace(tmp_path / ".liftgate")
    shutil.copytree(workspace.home, place.home)
    (file,) = place.runs.glob("*/scores.parquet")
    told = file.with_name("run.json")
    before, new = sha256_of_file(file), file.with_name("new")
    duckdb.sql(
        f"COPY (SELECT * REPLACE (1 - value AS value) FROM '{file}') TO '{new}' (FORMAT parquet)"
    )
    new.replace(file)
    told.write_text(told.read_text().replace(before, sha256_of_file(file)))
    with Store.open(place.home, read_only=True) as store:
        assert store.files()[f"{file.parent.name}/{file.name}"] != before
    index = StudyIndex(place)
    with pytest.raises(BrokenChain, match=r"scores\.parquet: altered"):
        Openings(index, place).of("sides", Asked(decision.sequence, None, None))
