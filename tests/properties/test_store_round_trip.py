"""Whatever a trial or a score holds comes back as it was, through SQLite, JSON and Parquet."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from liftgate.canon import canonical, digest
from liftgate.records import Failure, Outcome, Score, Trial
from liftgate.store import Store

whole = st.integers(min_value=-(2**63), max_value=2**63 - 1)
number = st.floats(allow_nan=False, allow_infinity=False)
text = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
moments = st.datetimes(
    datetime(1, 1, 2), datetime(9999, 12, 30), timezones=st.just(UTC)
)  # fmt: skip
values = st.recursive(
    st.none() | st.booleans() | st.integers(1 - 2**53, 2**53 - 1) | number | text,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(text, inner, max_size=3),
    max_leaves=6,
)
trials = st.builds(
    Trial,
    key=text,
    attempt=whole,
    run=st.just(""),
    arm=st.just("arm"),
    input_digest=text,
    repeat=whole,
    started_at=moments,
    seconds=number,
    output_digest=st.just(None),
    failure=st.none() | st.sampled_from(Failure),
    message=text,
    tokens_in=st.none() | whole,
    tokens_out=st.none() | whole,
    cost=st.none() | number,
    in_flight=whole,
)
values_and_none = st.tuples(st.just(Outcome.VALUE), number) | st.tuples(
    st.sampled_from([Outcome.ABSTAINED, Outcome.FAILED]), st.none()
)


@settings(max_examples=25, deadline=None, derandomize=True)
@given(
    rows=st.lists(
        st.tuples(trials, values, values_and_none, text),
        max_size=8,
        unique_by=lambda row: (row[0].key, row[0].attempt),
    )
)
def test_rows_come_back_equal_from_the_active_and_from_the_finished_run(rows):
    with tempfile.TemporaryDirectory() as folder, Store.open(Path(folder)) as store:
        run = store.begin("study", {})
        expected, scores = [], []
        for trial, output, (outcome, value), reason in rows:
            whole_trial = replace(trial, run=run.run, output_digest=digest(output))
            run.add_trial(whole_trial, output)
            score = Score(
                trial.key, trial.attempt, run.run, "scorer", "t", run.run, outcome, value, reason
            )
            run.add_score(score)
            expected.append(whole_trial)
            scores.append(score)
        for _ in range(2):
            assert sorted(store.trials("arm"), key=repr) == sorted(expected, key=repr)
            assert sorted(store.scores("scorer"), key=repr) == sorted(scores, key=repr)
            if run.is_open:
                run.finish(complete=True)
        for _, output, _, _ in rows:
            assert canonical(store.output(digest(output))) == canonical(output)
