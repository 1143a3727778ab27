"""Rows for the tests of the store."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest

from liftgate.canon import digest
from liftgate.records import Outcome, Score, Trial, trial_key
from liftgate.store import Store

BEGIN = datetime(2026, 11, 23, 10, 0, 0, 123457, tzinfo=UTC)


def output(number: int) -> dict[str, object]:
    return {"ids": [f"doc-{number}", "ü"], "n": number}


def make_trial(run: str, number: int = 0, **changes: object) -> Trial:
    fields: dict[str, object] = {
        "key": trial_key("arm", f"item-{number}", 0),
        "attempt": 1,
        "run": run,
        "arm": "arm",
        "input_digest": f"item-{number}",
        "repeat": 0,
        "started_at": BEGIN + timedelta(seconds=number),
        "seconds": 0.1 + number / 7,
        "output_digest": digest(output(number)),
    }
    return Trial(**{**fields, **changes})


def make_score(trial: Trial, value: float | None = 1.0, **changes: object) -> Score:
    fields: dict[str, object] = {
        "trial_key": trial.key,
        "trial_attempt": trial.attempt,
        "trial_run": trial.run,
        "scorer": "scorer",
        "target_digest": "target",
        "run": trial.run,
        "outcome": Outcome.VALUE,
        "value": value,
    }
    return Score(**{**fields, **changes})


def fill(store: Store, count: int = 10, first: int = 0) -> list[Trial]:
    """Write and finish one run with trials and a score each."""
    with store.begin("study", {"seed": 7}) as run:
        trials = [make_trial(run.run, first + n) for n in range(count)]
        for n, trial in enumerate(trials):
            run.add_trial(trial, output(first + n))
            run.add_score(make_score(trial, n / 3))
        run.finish(complete=True)
    return trials


@pytest.fixture
def rows():
    return SimpleNamespace(
        output=output, trial=make_trial, score=make_score, fill=fill, begin=BEGIN
    )


@pytest.fixture
def home(tmp_path):
    return tmp_path / ".liftgate"


@pytest.fixture
def store(home):
    with Store.open(home) as opened:
        yield opened
