"""Counting the uses of a set, over entries of a ledger."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from liftgate.records import Entry
from liftgate.study.reuse import decided_before, set_use


def entry(sequence: int, kind: str, body: dict[str, Any]) -> Entry:
    return Entry(
        sequence=sequence,
        kind=kind,
        body=body,
        refs={},
        previous="",
        author="a",
        time=datetime(2026, 1, 1, tzinfo=UTC),
        leaf="",
    )


def locked(sequence: int, name: str, *, data: str = "d", exploratory: bool = False) -> Entry:
    study: dict[str, Any] = {"arms": {"new": {"role": "candidate"}, "old": {"role": "baseline"}}}
    if exploratory:
        study["exploratory"] = True
    arms = {"new": f"print-{name}", "old": "print-old"}
    body = {"name": name, "study": study, "arms": arms, "dataset": {"digest": data}}
    return entry(sequence, "study.locked", body)


def use(entries: list[Entry], **options: Any):
    given = {"before": 1000, "alpha": 0.05, "same": lambda d: d == "d", "exploratory": False}
    return set_use(entries, **(given | options))


@pytest.mark.parametrize(("earlier", "spends"), [(0, 0.05), (19, 0.05), (20, 0.025), (22, 0.00625)])
def test_the_first_twenty_uses_spend_all_of_alpha_and_then_half_of_the_last(earlier, spends):
    found = use([locked(n, f"s{n}") for n in range(earlier)])
    assert found.number == earlier + 1
    assert found.alpha == pytest.approx(spends)


def test_the_uses_of_a_set_add_up_to_21_alpha_at_most():
    total = sum(use([locked(n, f"s{n}") for n in range(k)]).alpha for k in range(60))
    assert total < 21 * 0.05


def test_other_sets_exploratory_studies_and_later_locks_do_not_count():
    entries = [locked(1, "a", data="other"), locked(2, "b", exploratory=True), locked(9, "c")]
    assert use(entries, before=5).number == 1
    assert use(entries, before=10).number == 2


def test_a_set_is_exposed_once_an_earlier_study_was_decided():
    entries = [locked(1, "a"), entry(2, "decision", {"study": "a"})]
    assert use(entries).exposed
    assert not use(entries[:1]).exposed


def test_only_a_candidate_counts_as_tried():
    entries = [locked(1, "a")]
    same = lambda _: True  # noqa: E731
    known = decided_before(entries, {"mine": "print-a"}, same, study="mine")
    assert known == ("mine", "a", 1)
    assert decided_before(entries, {"mine": "print-old"}, same, study="mine") is None


def test_a_candidate_that_an_amendment_brought_in_counts_as_tried():
    entries = [locked(1, "a"), replace(locked(2, "a"), kind="study.amended")]
    entries[1].body["arms"]["new"] = "print-b"
    same = lambda _: True  # noqa: E731
    assert decided_before(entries, {"mine": "print-b"}, same, study="b") == ("mine", "a", 2)
    assert decided_before(entries, {"mine": "print-b"}, same, study="a") is None
    assert use(entries, same=same).number == 2


@pytest.mark.parametrize("before", ["baseline", "exploratory", "another set"])
def test_what_a_study_did_not_decide_on_before_is_no_candidate_that_it_may_keep(before):
    mine = locked(
        2,
        "mine",
        exploratory=before == "exploratory",
        data="other" if before == "another set" else "d",
    )
    mine.body["arms"]["old" if before == "baseline" else "new"] = "print-a"
    entries = [locked(1, "a"), mine]
    known = decided_before(entries, {"x": "print-a"}, lambda data: data == "d", study="mine")
    assert known == ("x", "a", 1)
