"""A ledger of three entries in memory, whose last is a decision."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from liftgate.records import Entry

NOW = datetime(2026, 11, 23, tzinfo=UTC)


def estimate(value: float) -> dict[str, object]:
    return {
        "value": value, "low": value - 1, "high": value + 1, "level": 0.9, "p_value": 0.5,
        "n": 10, "clusters": 5, "method": "m",
    }  # fmt: skip


def verdict(claim: str, candidate: str, **changes: object) -> dict[str, object]:
    return {
        "claim": claim, "candidate": candidate, "slice": None, "parts": [], "reading": "superior",
        "reason": "because", "estimate": estimate(0.1), "descriptive": None, "measured": None,
        **changes,
    }  # fmt: skip


def decision_body() -> dict[str, object]:
    claims = [
        {"id": "primary", "metric": "f1", "is_measure": False, "by_slice": None, "params": {}},
        {"id": "guardrails.0", "metric": "mb", "is_measure": True, "by_slice": None, "params": {}},
        {
            "id": "guardrails.1", "metric": "latency_p95_ms", "is_measure": False,
            "by_slice": None, "params": {"limit": 4, "passes": 5},
        },
        {"id": "watch.0", "metric": "f1", "is_measure": False, "by_slice": "lang", "params": {}},
    ]  # fmt: skip
    parts = [verdict("watch.0", "new.v2", slice=value) for value in ("de", "docs/a.b")]
    verdicts = [
        verdict("primary", "new.v2", estimate=estimate(0.2)),
        verdict("guardrails.0", "new.v2", estimate=None, measured=3.5, reading="met"),
        verdict("guardrails.1", "new.v2"),
        verdict("watch.0", "new.v2", estimate=None, parts=parts),
    ]
    arms = [
        {
            "name": name, "role": role, "system": "s", "params": {}, "fingerprint": f"fp-{name}",
            "measures": {"mb": 3.5},
        }
        for name, role in (("old", "baseline"), ("new.v2", "candidate"))
    ]  # fmt: skip
    table = [{"slice": "en", "n": 4, "clusters": 2, "estimate": estimate(0.3), "reason": ""}]
    return {
        "study": "s",
        "study_digest": "d2",
        "claims": claims,
        "arms": arms,
        "decisions": [{"candidate": "new.v2", "verdicts": verdicts}],
        "means": {"old": {"f1": estimate(0.5)}, "new.v2": {"f1": None}},
        "latency": {"old": {"p50_ms": 1.5, "p95_ms": None, "n": 9, "passes": [1.0]}},
        "scales": {"f1": {}},
        "slices": {"new.v2": {"lang": table}},
        "dataset": {"name": "d", "digest": "dd", "items": 9},
        "rows": {"digest": "rd", "files": {"r1/trials.parquet": "t1", "r9/x.parquet": "x"}},
    }


def entry(sequence: int, kind: str, body: dict[str, object]) -> Entry:
    return Entry(sequence, kind, body, {}, "p", "a", NOW, f"leaf{sequence}")


@pytest.fixture
def body():
    return decision_body()


@pytest.fixture
def entries():
    files = {"trials.parquet": "t1", "run.json": "j1"}
    return [
        entry(1, "study.locked", {"name": "s", "study_digest": "d1"}),
        entry(2, "study.amended", {"name": "s", "study_digest": "d2"}),
        entry(3, "run.finished", {"id": "r1", "files": files, "complete": True}),
        entry(4, "decision", decision_body()),
        entry(5, "study.locked", {"name": "later", "study_digest": "d2"}),
    ]
