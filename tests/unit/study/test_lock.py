"""What a lock binds, what changed since, and what an amendment says."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from liftgate.canon import canonical, digest
from liftgate.errors import DataError, LockedError, StudyError
from liftgate.records import Dataset, Entry, Item
from liftgate.study import lock
from liftgate.study.design import Study
from liftgate.study.load import load
from liftgate.study.lock import Seen

START = datetime(2026, 11, 23, tzinfo=UTC)
PRINTS = {"old": "sha256:o", "new": "sha256:n"}


def entry(sequence: int, kind: str, body: Any) -> Entry:
    time = START + timedelta(hours=sequence)
    stored = json.loads(canonical(body))
    return Entry(sequence, kind, stored, {}, "", "somebody", time, f"leaf{sequence}")


@pytest.fixture
def body(small, read, dataset) -> Callable[..., dict[str, Any]]:
    def make(prints: dict[str, str] = PRINTS, items: Dataset = dataset) -> dict[str, Any]:
        return lock.body(read(small), items, prints)

    return make


def test_a_lock_binds_the_study_and_all_that_it_names(small, read, dataset, body) -> None:
    study = read(small)
    found = body()
    assert found["name"] == "small"
    assert found["study"] == study.model(dataset.digest)
    assert found["study"]["dataset"]["digest"] == dataset.digest
    assert found["study_digest"] == digest(found["study"]) == study.digest(dataset.digest)
    assert found["dataset"] == {"digest": dataset.digest, "items": 4}
    assert found["arms"] == PRINTS
    assert found["scorers"]["right"] == digest(
        {
            "scorer": "exact",
            "version": study.scorer("right").version,
            "params": {"ignore_case": False, "strip": True},
        }
    )
    assert found["scales"]["right"]["kind"] == "binary"
    assert json.loads(canonical(found)) == found


def test_a_lock_needs_every_arms_fingerprint(body) -> None:
    with pytest.raises(DataError, match="got none for new"):
        body({"old": "sha256:o"})


def test_a_digest_in_the_file_must_be_the_items(small, read, dataset) -> None:
    small["dataset"]["digest"] = dataset.digest
    assert lock.body(read(small), dataset, PRINTS)["dataset"]["digest"] == dataset.digest
    small["dataset"]["digest"] = "sha256:" + "0" * 64
    with pytest.raises(LockedError) as caught:
        lock.body(read(small), dataset, PRINTS)
    (fault,) = caught.value.faults
    assert fault.path == "dataset.digest"
    assert fault.line > 0
    assert dataset.digest in fault.message


@pytest.mark.parametrize(
    ("outcome", "score", "wanted"),
    [
        ("crash", 0.5, "0 or 1 for right"),
        ("timeout", 2, "0 or 1 for right"),
        ("abstained", -0.1, "0 or 1 for right"),
        ("refusal", 1.5, "0 to 1 for words"),
    ],
)
def test_a_declared_score_must_be_one_that_every_metric_knows(
    small, read, dataset, outcome, score, wanted
) -> None:
    small["scorers"]["words"] = {"scorer": "token_f1"}
    small["outcomes"][outcome] = {"score": score}
    with pytest.raises(StudyError) as caught:
        lock.body(read(small), dataset, PRINTS)
    found = {fault.message for fault in caught.value.faults}
    assert f"got {score:g}, expected worst or {wanted}" in found
    assert all(fault.path == f"outcomes.{outcome}.score" for fault in caught.value.faults)
    assert all(fault.line > 0 for fault in caught.value.faults)
    for fits in (0, 1, 1.0, "worst"):
        small["outcomes"][outcome] = {"score": fits}
        assert lock.body(read(small), dataset, PRINTS)


def test_the_ledger_without_the_study_holds_nothing(body) -> None:
    other = entry(1, lock.LOCKED, {**body(), "name": "other"})
    assert lock.current([other], "small") is None
    assert lock.current([], "small") is None


def test_the_first_lock_of_a_name_is_its_identity(body) -> None:
    entries = [
        entry(1, "run.finished", {"name": "small"}),
        entry(2, lock.LOCKED, body()),
        entry(3, lock.LOCKED, {**body(), "study_digest": "sha256:later"}),
    ]
    found = lock.current(entries, "small")
    assert found is not None
    assert (found.name, found.sequence, found.time) == ("small", 2, START + timedelta(hours=2))
    assert found.digest == body()["study_digest"]
    assert found.model == body()["study"]
    assert found.amendments == ()
    assert not found.deviated
    assert found.original is found.body


@pytest.fixture
def locked(body) -> lock.Locked:
    return lock.first(entry(2, lock.LOCKED, body()))


def test_the_same_study_keeps_its_lock(small, read, locked, body) -> None:
    assert lock.verify(read(small), locked, body()) is locked


def test_a_study_that_was_never_locked_says_how_to_lock_it(small, read, body) -> None:
    with pytest.raises(LockedError, match="'small' is not locked") as caught:
        lock.verify(read(small), None, body())
    assert "study lock" in caught.value.hint


def changes(small, read, locked, body) -> dict[str, str]:
    with pytest.raises(LockedError, match="ledger entry 2") as caught:
        lock.verify(read(small), locked, body)
    assert "study amend" in caught.value.hint
    assert caught.value.file == "study.yaml"
    return {fault.path: fault.message for fault in caught.value.faults}


def test_every_changed_place_is_named_with_both_values(small, read, locked, dataset) -> None:
    small["claims"]["primary"]["superior"]["target"] = 0.04
    small["arms"]["third"] = {"role": "candidate", "system": "python:a:b"}
    small["dataset"]["slices"] = []
    small["owner"] = "me"
    now = lock.body(read(small), dataset, {**PRINTS, "new": "sha256:x", "third": "sha256:t"})
    found = changes(small, read, locked, now)
    assert found["claims.primary.superior.target"] == "locked 0.05, now 0.04"
    assert found["arms.new.fingerprint"] == 'locked "sha256:n", now "sha256:x"'
    assert found["arms.third"].startswith("locked nothing, now {")
    assert found["dataset.slices.0"] == 'locked "folder", now nothing'
    assert found["owner"] == 'locked "", now "me"'
    assert len(found) == 5


def test_a_changed_dataset_is_named(small, read, locked) -> None:
    other = Dataset("items", (Item("0", {"question": "q0"}, "no"),))
    now = lock.body(read(small), other, PRINTS)
    assert set(changes(small, read, locked, now)) == {"dataset.digest", "dataset.items"}


def test_another_version_or_scale_of_a_scorer_is_named(small, read, locked, body) -> None:
    now = body()
    now["scorers"]["right"] = "sha256:s"
    now["scales"]["right"]["high"] = 2.0
    assert set(changes(small, read, locked, now)) == {
        "scorers.right.fingerprint",
        "scorers.right.scale.high",
    }


def test_changes_have_their_place_in_the_file(small, read, locked, dataset) -> None:
    small["repeats"] = 3
    study = read(small)
    with pytest.raises(LockedError) as caught:
        lock.verify(study, locked, lock.body(study, dataset, PRINTS))
    (fault,) = caught.value.faults
    assert fault.source == "repeats: 3"


def amend(locked, now, *, seen=Seen.NOTHING, decided=False, reason="a typing error") -> Any:
    return lock.amendment(locked, now, reason=reason, seen=seen, decided=decided)


@pytest.fixture
def changed(small, read, dataset) -> dict[str, Any]:
    return lock.body(read({**small, "repeats": 3}), dataset, PRINTS)


def test_an_amendment_says_what_why_and_what_was_seen(locked, changed) -> None:
    found = amend(locked, changed, seen=Seen.AGGREGATE)
    assert found["amends"] == 2
    assert found["changes"] == [{"path": "repeats", "old": 1, "new": 3}]
    assert (found["reason"], found["seen"], found["said"]) == (
        "a typing error",
        "aggregate",
        "aggregate",
    )
    assert found["study"]["repeats"] == 3


def test_what_was_seen_is_raised_where_a_decision_exists(locked, changed) -> None:
    found = amend(locked, changed, seen=Seen.NOTHING, decided=True)
    assert (found["seen"], found["said"]) == ("results", "nothing")


def test_nothing_changed_is_nothing_to_amend(locked, body) -> None:
    with pytest.raises(StudyError, match="nothing to amend"):
        amend(locked, body())


@pytest.mark.parametrize("reason", ["", "  \n"])
def test_an_amendment_needs_a_reason(locked, changed, reason) -> None:
    with pytest.raises(StudyError, match="--reason"):
        amend(locked, changed, reason=reason)


def test_amendments_keep_the_identity_and_the_original(locked, body, changed) -> None:
    first = amend(locked, changed)
    entries = [entry(2, lock.LOCKED, body()), entry(5, lock.AMENDED, first)]
    found = lock.current(entries, "small")
    assert found is not None
    assert (found.sequence, found.time) == (2, START + timedelta(hours=2))
    assert found.model["repeats"] == 3
    assert found.original["study"]["repeats"] == 1
    assert found.digest != found.original["study_digest"]
    assert not found.deviated
    (amendment,) = found.amendments
    assert amendment.as_json() == {
        "sequence": 5,
        "time": (START + timedelta(hours=5)).isoformat(),
        "reason": "a typing error",
        "seen": "nothing",
        "changes": [{"path": "repeats", "old": 1, "new": 3}],
    }
    back = amend(found, body(), seen=Seen.RESULTS)
    again = lock.current([*entries, entry(6, lock.AMENDED, back)], "small")
    assert again is not None
    assert again.deviated
    assert again.model == again.original["study"]
    assert [a.sequence for a in again.amendments] == [5, 6]


def test_after_an_amendment_the_error_names_the_last_entry(small, read, locked, body, changed):
    amended = lock.amended(locked, entry(5, lock.AMENDED, amend(locked, changed)))
    with pytest.raises(LockedError, match="ledger entry 5"):
        lock.verify(read(small), amended, body())


@pytest.mark.parametrize(
    ("kind", "decision", "sequence", "was"),
    [
        ("decision", {"study": "small"}, 3, True),
        ("decision", {"study": "other"}, 3, False),
        ("run.finished", {"study": "small"}, 3, False),
        ("decision", {"study": "small"}, 1, False),
    ],
)
def test_a_decision_after_the_lock_is_proof_of_having_seen(
    locked, kind, decision, sequence, was
) -> None:
    assert lock.was_decided([entry(sequence, kind, decision)], locked) is was


def test_a_lock_of_an_older_liftgate_may_lack_keys_that_have_defaults(
    small, read, body, dataset
) -> None:
    old = json.loads(canonical(body()))
    for key in ("tier", "seed"):
        del old["study"][key]
    del old["study"]["decision"]["risk"]
    locked = lock.first(entry(1, lock.LOCKED, old))
    assert lock.verify(read(small), locked, body()) is locked
    small["seed"] = 7
    with pytest.raises(LockedError) as caught:
        lock.verify(read(small), locked, lock.body(read(small), dataset, PRINTS))
    assert [fault.path for fault in caught.value.faults] == ["seed"]


def test_a_lock_that_cannot_be_read_any_more_is_still_compared(small, read, body) -> None:
    old = json.loads(canonical(body()))
    old["study"]["of_another_time"] = 1
    locked = lock.first(entry(1, lock.LOCKED, old))
    with pytest.raises(LockedError) as caught:
        lock.verify(read(small), locked, body())
    assert [fault.path for fault in caught.value.faults] == ["of_another_time"]


GOLDEN = Path(__file__).parent / "golden"


def test_the_golden_lock_of_format_1_still_holds() -> None:
    """The digests in this file were written once; a change of them breaks every lock there is."""
    held = json.loads((GOLDEN / "v1.locked.json").read_text("utf-8"))
    study = load(GOLDEN / "v1.yaml")
    assert digest(held["study"]) == held["study_digest"]
    assert study.digest(study.dataset.digest) == held["study_digest"]
    assert Study(**held["study"]) == study
