"""Whose rows a comparison shows: of runs that the ledger told of before it told of the decision."""

from __future__ import annotations

import shutil
from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest

from liftgate.canon import canonical, sha256
from liftgate.flow.comparison_view import Asked, Openings
from liftgate.flow.run import record_finished
from liftgate.flow.study_index import StudyIndex
from liftgate.ledger import Ledger
from liftgate.records import Failure
from liftgate.store import Store, Workspace
from tests.unit.web.test_ui_comparison import decision, workspace

__all__ = ["decision", "workspace"]


@pytest.fixture
def copied(workspace, tmp_path):
    copy = Workspace(tmp_path / ".liftgate")
    shutil.copytree(workspace.home, copy.home)
    return copy


def opened(copied, decision):
    sides = Openings(StudyIndex(copied), copied).of("sides", Asked(decision.sequence, None, None))
    found = sides.pairs("right")
    return sides, np.array([found.baseline, found.candidate])


def begin_earlier(store, decision):
    """Write a run whose trials of the baseline began before all others, and answer otherwise."""
    arm = next(one["fingerprint"] for one in decision.body["arms"] if one["name"] == "old")
    output = "yes, and more"
    with store.begin(decision.body["study_digest"], {}) as writer:
        for trial in store.trials(arm):
            writer.add_trial(
                replace(
                    trial,
                    run=writer.run,
                    attempt=1,
                    started_at=trial.started_at - timedelta(days=1),
                    output_digest=sha256(canonical(output)),
                    failure=None,
                ),
                output,
            )
        writer.finish(complete=True)


def test_a_run_that_the_ledger_does_not_tell_of_wins_no_row_by_beginning_earlier(copied, decision):
    _, before = opened(copied, decision)
    with Store.open(copied.home) as store:
        begin_earlier(store, decision)
    sides, after = opened(copied, decision)
    np.testing.assert_array_equal(before, after)
    rows = sides.texts._rows_of(sides.items[0])
    assert "yes, and more" not in [sides.texts._output(row) for row in rows]


def test_a_run_that_was_recorded_after_the_decision_changes_nothing_of_what_it_showed(
    copied, decision
):
    _, before = opened(copied, decision)
    with Store.open(copied.home) as store, Ledger.open(copied.home) as ledger:
        begin_earlier(store, decision)
        assert len(record_finished(store, ledger)) == 1
    _, after = opened(copied, decision)
    np.testing.assert_array_equal(before, after)


def test_the_planted_run_would_win_if_it_were_read(copied, decision):
    with Store.open(copied.home) as store:
        begin_earlier(store, decision)
        arm = next(one["fingerprint"] for one in decision.body["arms"] if one["name"] == "old")
        first = store.trials(arm)[0]
        assert store.output(first.output_digest) == "yes, and more"
        assert first.failure is not Failure.CRASH
