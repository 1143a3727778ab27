"""Files of a version that did not know a column yet are read all the same."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import UTC, datetime

import duckdb
import pytest

from liftgate.canon import canonical, sha256, sha256_of_file
from liftgate.errors import DataError
from liftgate.records import Trace, Trial
from liftgate.store import Store

TRACE = canonical({"steps": []})


def trial(run, number, *, trace_digest=None, **reported):
    return Trial(
        key=f"k{number}",
        attempt=1,
        run=run,
        arm="arm",
        input_digest="d",
        repeat=number,
        started_at=datetime(2026, 1, 1, tzinfo=UTC),
        seconds=1.0,
        output_digest=None,
        reported=reported or None,
        trace_digest=trace_digest,
    )


def test_old_parquet_files_lack_what_was_reported_and_new_ones_beside_them_hold_it(
    tmp_path,
) -> None:
    with Store.open(tmp_path) as store:
        writer = store.begin("study", {})
        writer.add_trial(trial(writer.run, 0, usage={"total_tokens": 3}))
        old = writer.finish(complete=True)
        writer = store.begin("study", {})
        traced = trial(writer.run, 1, usage={"total_tokens": 4}, trace_digest=sha256(TRACE))
        writer.add_trial(traced, trace_data=TRACE)
        writer.finish(complete=True)
        path = store.workspace.runs / old.id / "trials.parquet"
    with duckdb.connect() as connection:
        older = path.with_suffix(".older")
        connection.execute(
            f"COPY (SELECT * EXCLUDE (reported, trace_digest) FROM read_parquet('{path}')) "
            f"TO '{older}' (FORMAT parquet)"
        )
    before = sha256_of_file(path)
    older.replace(path)
    for described in path.parent.glob("*.json"):
        text = described.read_text(encoding="utf-8")
        described.write_text(text.replace(before, sha256_of_file(path)), encoding="utf-8")
    with Store.open(tmp_path, read_only=True) as store:
        found = {row.repeat: (row.reported, row.trace_digest) for row in store.trials("arm")}
        assert found == {0: (None, None), 1: ({"usage": {"total_tokens": 4}}, sha256(TRACE))}
        assert store.trace(sha256(TRACE)) == Trace(())


def test_a_trace_of_another_digest_is_refused(tmp_path) -> None:
    with Store.open(tmp_path) as store:
        writer = store.begin("study", {})
        row = trial(writer.run, 0, trace_digest=sha256(b"other"))
        for given in (TRACE, None):
            with pytest.raises(DataError, match="got a trace of digest"):
                writer.add_trial(row, trace_data=given)


def test_a_dead_run_of_an_older_version_is_recovered(tmp_path) -> None:
    store = Store.open(tmp_path)
    writer = store.begin("study", {})
    writer.add_trial(trial(writer.run, 0))
    writer.flush()
    active = writer.path
    store.close()
    with closing(sqlite3.connect(active)) as connection:
        connection.execute("ALTER TABLE trials DROP COLUMN reported")
        connection.execute("ALTER TABLE trials DROP COLUMN trace_digest")
        connection.commit()
    with Store.open(tmp_path) as store:
        assert len(store.recovered) == 1
        rows = store.trials("arm")
        assert [(row.reported, row.trace_digest) for row in rows] == [(None, None)]
