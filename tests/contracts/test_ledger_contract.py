"""What every ledger does, whatever database lies behind it."""

from __future__ import annotations

import contextlib
import hashlib
import json
from datetime import UTC, datetime, timedelta, timezone

import pytest

from liftgate.canon import canonical
from liftgate.errors import DataError, LedgerError, NotAllowed, UnknownName
from liftgate.ledger import GENESIS, Chain, Draft, Ledger
from liftgate.ledger.author import default_author
from liftgate.ledger.closed import ARRIVING, MOVED, Closed
from liftgate.ledger.merkle import is_consistent, root_by_inclusion, root_of
from liftgate.ledger.stored import leaf_bytes


@pytest.fixture
def opener(tmp_path):
    """Open the ledger of one place, again and again; tests/services does so in PostgreSQL."""

    def open_again() -> Chain:
        return Ledger.open(tmp_path / ".liftgate")

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


def test_many_are_appended_at_once_or_none(ledger):
    ledger.append("a", {})
    assert (
        ledger.append_all(Draft("b", {"n": n, "x": n / 7}, author="w") for n in range(1_100))
        == 1_100
    )
    assert ledger.append_all([]) == 0
    with pytest.raises(DataError):
        ledger.append_all([Draft("b", {}), Draft("b", {"x": float("nan")})])
    assert ledger.verify() == 1_101
    assert [e.body["n"] for e in ledger.entries("b")] == list(range(1_100))


def test_the_tree_is_that_of_the_leaves_however_they_came(ledger):
    for first, count in ((0, 1), (1, 14), (15, 300), (315, 2), (317, 1)):
        ledger.append_all(Draft("k", {"n": n}, author="w") for n in range(first, first + count))
    leaves = [leaf_bytes(entry.leaf) for entry in ledger.entries()]
    tree, found = ledger.tree, ledger.examine([0, 16, 300, 318, 400])
    assert tree.size == found.entries == 318
    assert tree.root() == found.root == root_of(leaves)
    assert dict(found.roots) == {n: root_of(leaves[:n]) for n in (0, 16, 300, 318)}
    assert root_by_inclusion(leaves[16], 16, 318, tree.inclusion(16)) == found.root
    old = (300, found.roots[300])
    assert is_consistent(old, (318, found.root), tree.consistency(300))


@pytest.mark.parametrize(
    "text",
    ["\x00", "'; DROP TABLE entry; --", "\u202e\u2066", "%s%d{}", "\\", "a\nb", "\U0001f600" * 300],
    ids=repr,
)
def test_hostile_text_in_every_field_is_kept_as_it_is_or_refused_as_a_whole(ledger, text):
    ledger.append("a", {})
    try:
        written = ledger.append(text, {text: [text]}, refs={text: text}, author=text)
    except DataError:
        assert ledger.verify() == 1
        return
    assert ledger.entry(2) == written
    assert written.body == {text: [text]}
    assert [e.sequence for e in ledger.entries(text)] == [2]
    assert ledger.verify() == 2


def test_a_clock_that_went_back_is_told(ledger):
    now = datetime(2026, 11, 27, tzinfo=UTC)
    for hours in (0, 2, 1, 3):
        ledger.append("a", {}, time=now + timedelta(hours=hours))
    assert ledger.examine().clock_went_back == (3,)


def test_a_closed_ledger_refuses_every_writer_until_it_is_opened_again(ledger, opener):
    ledger.append("a", {})
    last = ledger.sealed(1)
    mark = Closed(MOVED, "postgresql://o'brien@db/ü", "2026-11-27", "ada")
    assert ledger.close_after(last, mark)
    assert ledger.closed == mark
    with pytest.raises(LedgerError, match="has moved to postgresql://o'brien@db/ü"):
        ledger.append("a", {})
    with pytest.raises(LedgerError, match="has moved to"):
        opener()
    assert ledger.verify() == 1
    assert ledger.close_after(last, None)
    assert ledger.append("a", {}).sequence == 2
    assert not ledger.close_after(last, mark)
    assert ledger.closed is None


def test_lines_are_carried_only_after_the_named_one_and_under_the_mark(ledger):
    ledger.append_all(Draft("k", {"n": n}) for n in range(20))
    lines = list(ledger.lines(20))
    mark = Closed(ARRIVING, "elsewhere", "2026-11-27", "ada", "1")
    assert [line.sequence for line in lines] == [20]
    assert ledger.close_after(lines[0], mark)
    for last, other in ((ledger.sealed(19), mark), (lines[0], Closed(ARRIVING, "", "", "", "2"))):
        with pytest.raises(LedgerError, match="somebody else changed it"):
            ledger.carry(lines, last, other)
    assert ledger.closed == mark
    assert ledger.verify() == 20


def test_one_at_a_time_runs_a_study_and_the_second_is_told_who_it_is(opener, ledger, monkeypatch):
    monkeypatch.setenv("LIFTGATE_AUTHOR", "Ada <ada@example.org>")
    default_author.cache_clear()
    with opener() as other:
        with ledger.only_one("summaries"):
            with (
                pytest.raises(NotAllowed, match=r"summaries: Ada <ada@example.org> on .*since 20"),
                other.only_one("summaries"),
            ):
                raise AssertionError
            with other.only_one("another study"):
                other.append("k", {})  # who has a turn, and who has none, may add entries
            ledger.append("k", {})
        with other.only_one("summaries"), pytest.raises(NotAllowed), ledger.only_one("summaries"):
            raise AssertionError
    default_author.cache_clear()


def test_a_turn_ends_with_the_ledger_that_has_it(opener, ledger):
    with contextlib.suppress(LedgerError), opener() as other, other.only_one("s"):
        other.close()
    with ledger.only_one("s"):
        pass
