"""Which rows beyond a look a study paid for."""

from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

from liftgate.flow.recorded import paid_among
from liftgate.records import Entry
from liftgate.study import lock


def entry(sequence: int, kind: str, digest: str) -> Entry:
    said = {"name": "s", "study_digest": digest, "reason": "r", "seen": "nothing", "changes": []}
    return Entry(sequence, kind, said, {}, "", "a", datetime(2026, 1, 1, tzinfo=UTC), "")


def test_a_study_paid_for_what_it_ran_between_two_amendments() -> None:
    found = [entry(1, "study.locked", "one"), entry(2, "study.amended", "two")]
    locked = lock.current([*found, entry(3, "study.amended", "three")], "s")
    assert locked is not None
    runs = [SimpleNamespace(id=f"run of {name}", study=name) for name in ("one", "two", "other")]
    store: Any = SimpleNamespace(runs=lambda: runs)
    rows: Any = [
        SimpleNamespace(item=item, trial=SimpleNamespace(run=run.id))
        for item in ("seen", "beyond")
        for run in runs
    ]

    paid = paid_among(rows, {"seen"}, locked, store)

    assert [row.trial.run for row in paid if row.item == "beyond"] == ["run of one", "run of two"]
    assert sum(row.item == "seen" for row in paid) == 3
