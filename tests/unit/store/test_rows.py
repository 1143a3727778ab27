"""A record's row is the same whichever rows came before it, and what is wrong is refused alike."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from liftgate.errors import DataError
from liftgate.records import Failure, Measure, Outcome, Score, Trial
from liftgate.store.tables import MEASURES, SCORES, TRIALS

AT = datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC)
TRIAL = Trial(
    "sha256:k", 1, "r", "sha256:a", "sha256:i", 0, AT, 0.25, "sha256:o", tokens_in=3,
    tokens_out=4, reported={"usage": {"n": 1}},
)  # fmt: skip
SCORE = Score("sha256:k", 1, "r", "s", "sha256:t", "r", Outcome.VALUE, 1.0)


def row(**changed: Any) -> dict[str, Any]:
    """Return a trial's row, made after one of which nothing is out of the way."""
    TRIALS.row(TRIAL)
    return dict(zip(TRIALS.names, TRIALS.row(replace(TRIAL, **changed)), strict=True))


def test_a_plain_record_is_stored_as_it_is_but_for_time_kind_and_mapping() -> None:
    found = row()
    assert found["started_at"] == 1767323045678901
    assert found["reported"] == '{"usage":{"n":1}}'
    assert found["failure"] is None
    assert [found[name] for name in ("key", "attempt", "seconds", "tokens_out", "cost")] == [
        "sha256:k", 1, 0.25, 4, None,
    ]  # fmt: skip
    assert SCORES.row(SCORE)[6:8] == ("value", 1.0)
    assert type(SCORES.row(SCORE)[6]) is str


@pytest.mark.parametrize(
    ("name", "given", "stored"),
    [
        ("message", "ä", "ä"),
        ("message", "\ud800", "\\ud800"),
        ("key", "ü", "ü"),
        ("failure", Failure.CRASH, "crash"),
        ("seconds", 2, 2.0),
        ("tokens_in", 2**60, 2**60),
        ("cost", 0.5, 0.5),
        ("output_digest", None, None),
        ("reported", None, None),
    ],
)
def test_what_is_out_of_the_way_is_stored_as_ever(name: str, given: object, stored: object) -> None:
    found = row(**{name: given})
    assert found[name] == stored
    assert type(found[name]) is type(stored)
    assert {**found, name: None} == {**row(), name: None}


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("key", "\ud800"),
        ("key", None),
        ("key", b"k"),
        ("attempt", True),
        ("attempt", 2**63),
        ("attempt", None),
        ("seconds", float("nan")),
        ("seconds", float("inf")),
        ("cost", float("-inf")),
        ("started_at", datetime(2026, 1, 2)),
        ("reported", []),
        ("tokens_in", 1.0),
    ],
)
def test_what_no_row_can_hold_is_refused_by_its_name(name: str, given: object) -> None:
    for _ in range(2):
        with pytest.raises(DataError, match=rf"trials\.{name}"):
            row(**{name: given})


def test_a_table_whose_rows_may_have_one_text_looks_at_that_one_too() -> None:
    bad = Measure(Failure.CRASH, Failure.CRASH, 1.0, Failure.CRASH, "\ud800")  # type: ignore[arg-type]
    with pytest.raises(DataError, match=r"measures\.run"):
        MEASURES.row(bad)
