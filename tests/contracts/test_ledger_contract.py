"""What every ledger does, whatever database lies behind it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from liftgate.canon import canonical
from liftgate.errors import DataError, UnknownName
from liftgate.ledger import GENESIS, Chain, Ledger

IMPLEMENTATIONS: dict[str, Callable[[Path], Chain]] = {"sqlite": Ledger.open}


@pytest.fixture(params=sorted(IMPLEMENTATIONS))
def opener(request, tmp_path):
    def open_again() -> Chain:
        return IMPLEMENTATIONS[request.param](tmp_path / ".liftgate")

    return open_again


@pytest.fixture
def ledger(opener):
    chain = opener()
    yield chain
    chain.close()


def test_it_is_a_chain(ledger):
    assert isinstance(ledger, Chain)


def test_an_empty_ledger_has_no_tip_and_verifies_as_zero_entries(ledger):
    assert ledger.tip is None
    assert list(ledger.entries()) == []
    assert ledger.verify() == 0


def test_entries_are_numbered_from_one_and_linked_by_their_leaves(ledger):
    first = ledger.append("study.locked", {"study": "a"})
    second = ledger.append("run.finished", {"run": "r"}, refs={"study": first.leaf})
    assert (first.sequence, second.sequence) == (1, 2)
    assert first.previous == GENESIS
    assert second.previous == first.leaf
    assert list(ledger.entries()) == [first, second]
    assert ledger.tip == second
    assert ledger.verify() == 2


def test_a_leaf_is_the_hash_of_all_fields_and_nothing_else(ledger):
    entry = ledger.append("decision", {"alpha": 0.05, "n": 3}, refs={"rows": "sha256:x"})
    data = canonical(
        {
            "liftgate": 1,
            "sequence": entry.sequence,
            "kind": entry.kind,
            "body": entry.body,
            "refs": entry.refs,
            "previous": entry.previous,
            "author": entry.author,
            "time": entry.time.isoformat(),
        }
    )
    assert entry.leaf == "sha256:" + hashlib.sha256(b"\x00" + data).hexdigest()


def test_what_is_appended_is_what_is_read_after_opening_again(opener):
    chain = opener()
    body = {
        "text": "ü\n\u2028",
        "number": 0.1,
        "whole": 1.0,
        "none": None,
        "list": [1, {"a": True}],
    }
    written = chain.append("decision", body, refs={"a": "b"}, author="A. Tester")
    chain.close()
    again = opener()
    assert again.entry(1) == written
    assert written.author == "A. Tester"
    assert json.loads(canonical(written.body)) == json.loads(canonical(body))
    again.close()


def test_entries_of_one_kind_come_in_order(ledger):
    for number in range(3):
        ledger.append("a", {"n": number})
        ledger.append("b", {"n": number})
    assert [e.body["n"] for e in ledger.entries("b")] == [0, 1, 2]
    assert [e.sequence for e in ledger.entries("b")] == [2, 4, 6]
    assert list(ledger.entries("c")) == []


def test_times_are_kept_to_the_microsecond_and_in_utc(ledger):
    local = datetime(2026, 11, 23, 10, 0, 0, 123457, tzinfo=timezone(timedelta(hours=5)))
    entry = ledger.append("a", {}, time=local)
    assert entry.time == local
    assert entry.time.utcoffset() == timedelta(0)


def test_without_a_time_or_an_author_the_present_user_writes_now(ledger):
    before = datetime.now(UTC)
    entry = ledger.append("a", {})
    assert before <= entry.time <= datetime.now(UTC)
    assert entry.author


@pytest.mark.parametrize(
    ("kind", "body", "time"),
    [
        ("", {}, None),
        ("a", {"x": float("nan")}, None),
        ("a", {"x": object()}, None),
        ("a", {}, datetime(2026, 1, 1)),
    ],
)
def test_what_cannot_be_sealed_is_refused_and_leaves_the_chain_as_it_was(ledger, kind, body, time):
    ledger.append("a", {})
    with pytest.raises(DataError):
        ledger.append(kind, body, time=time)
    assert ledger.verify() == 1
    assert ledger.append("b", {}).sequence == 2


def test_an_entry_that_does_not_exist_is_an_unknown_name_that_says_which_exist(ledger):
    ledger.append("a", {})
    with pytest.raises(UnknownName, match="1 to 1"):
        ledger.entry(7)


def test_two_open_ledgers_write_one_chain(opener):
    one, two = opener(), opener()
    one.append("a", {"by": 1})
    two.append("a", {"by": 2})
    one.append("a", {"by": 1})
    assert [e.body["by"] for e in two.entries()] == [1, 2, 1]
    assert two.verify() == 3
    one.close()
    two.close()
