"""Locking, verifying and amending: a study file, its items and systems, and the ledger."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from liftgate.errors import LockedError, NotEnoughData, StudyError
from liftgate.flow.adequacy import adequacy_of
from liftgate.flow.study import amend_study, find, keep, lock_study, open_study, verify_study
from liftgate.ledger import Ledger
from liftgate.store import Workspace
from liftgate.study import lock
from liftgate.study.load import load
from liftgate.study.lock import Seen
from liftgate.study.scaffold import Answers, scaffold

SYSTEMS = "def baseline():\n    return lambda parts: 'yes'\n\n\ncandidate = baseline\n"
SYSTEMS += "\n\ndef other():\n    return lambda parts: 'no'\n"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A study with its items and systems, as its author would have them."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("LIFTGATE_HOME", raising=False)
    (tmp_path / "study_flow_systems.py").write_text(SYSTEMS, encoding="utf-8")
    rows = [f'{{"id": "{n}", "input": "q{n}", "target": "yes"}}\n' for n in range(200)]
    (tmp_path / "items.jsonl").write_text("".join(rows), encoding="utf-8")
    answers = Answers(
        "mine",
        0.05,
        baseline="python:study_flow_systems:baseline",
        candidate="python:study_flow_systems:candidate",
    )
    (tmp_path / "study.yaml").write_text(scaffold(answers), encoding="utf-8")
    return tmp_path


@pytest.fixture
def edit(folder: Path) -> Callable[..., None]:
    def change(old: str, new: str, name: str = "study.yaml") -> None:
        path = folder / name
        text = path.read_text("utf-8")
        assert old in text
        path.write_text(text.replace(old, new), encoding="utf-8")

    return change


@pytest.fixture
def study(folder: Path) -> Path:
    return folder / "study.yaml"


@pytest.fixture
def workspace(folder: Path) -> Workspace:
    return Workspace.locate(folder)


def kinds(workspace: Workspace) -> list[str]:
    with Ledger.open(workspace.home, read_only=True) as ledger:
        assert ledger.verify() >= 0
        return [entry.kind for entry in ledger.entries()]


def test_locking_appends_one_entry_and_locking_again_none(study, workspace) -> None:
    first = lock_study(study, workspace)
    second = lock_study(study, workspace)
    assert first.added is not None
    assert second.added is None
    assert second.locked == first.locked
    assert kinds(workspace) == ["study.locked"]
    assert first.added.refs == {
        "study": first.locked.digest,
        "dataset": first.locked.body["dataset"]["digest"],
    }


def test_comments_and_order_keep_the_lock(study, workspace, edit) -> None:
    lock_study(study, workspace)
    edit("repeats: 1\nseed: 1", "# a comment\nseed: 1\nrepeats: 1")
    assert lock_study(study, workspace).added is None
    assert verify_study(study, workspace).sequence == 1


def paths(call: Callable[[], object]) -> dict[str, str]:
    with pytest.raises(LockedError) as caught:
        call()
    return {fault.path: fault.message for fault in caught.value.faults}


def test_a_changed_study_is_neither_locked_again_nor_verified(study, workspace, edit) -> None:
    lock_study(study, workspace)
    edit("target: 0.05", "target: 0.04")
    wanted = {"claims.primary.superior.target": "locked 0.05, now 0.04"}
    assert paths(lambda: lock_study(study, workspace)) == wanted
    assert paths(lambda: verify_study(study, workspace)) == wanted
    assert kinds(workspace) == ["study.locked"]


def test_a_changed_item_is_named(study, workspace, edit) -> None:
    lock_study(study, workspace)
    edit('"target": "yes"', '"target": "no"', "items.jsonl")
    assert set(paths(lambda: verify_study(study, workspace))) == {"dataset.digest"}


def test_a_changed_system_is_named(study, workspace, edit) -> None:
    lock_study(study, workspace)
    edit("'no'", "'never'", "study_flow_systems.py")
    assert set(paths(lambda: verify_study(study, workspace))) == {
        "arms.baseline.fingerprint",
        "arms.candidate.fingerprint",
    }


def test_a_study_that_was_never_locked_is_not_verified_and_makes_no_workspace(
    study, workspace
) -> None:
    with pytest.raises(LockedError, match="not locked"):
        verify_study(study, workspace)
    with pytest.raises(LockedError, match="not locked"):
        amend_study(study, workspace, reason="x", seen=Seen.NOTHING)
    assert find(load(study), workspace) is None
    assert not workspace.exists


def test_an_amendment_keeps_the_identity_and_the_study_verifies_again(
    study, workspace, edit
) -> None:
    first = lock_study(study, workspace).locked
    edit("target: 0.05", "target: 0.04")
    kept = amend_study(study, workspace, reason="the unit was wrong", seen=Seen.NOTHING)
    assert kept.added is not None
    assert (kept.added.kind, kept.added.sequence) == ("study.amended", 2)
    assert (kept.locked.sequence, kept.locked.time) == (first.sequence, first.time)
    assert kept.locked == verify_study(study, workspace)
    assert kept.locked.original == first.body
    assert not kept.locked.deviated
    assert lock_study(study, workspace).added is None
    assert kinds(workspace) == ["study.locked", "study.amended"]


def test_nothing_changed_appends_nothing(study, workspace) -> None:
    lock_study(study, workspace)
    with pytest.raises(StudyError, match="nothing to amend"):
        amend_study(study, workspace, reason="x", seen=Seen.NOTHING)
    assert kinds(workspace) == ["study.locked"]


def test_after_a_decision_results_have_been_seen_whatever_is_said(study, workspace, edit) -> None:
    lock_study(study, workspace)
    with Ledger.open(workspace.home) as ledger:
        ledger.append(lock.DECISION, {"study": "mine"})
    edit("target: 0.05", "target: 0.04")
    kept = amend_study(study, workspace, reason="x", seen=Seen.NOTHING)
    assert kept.locked.deviated
    assert kept.locked.amendments[-1].seen is Seen.RESULTS


def test_two_studies_share_a_ledger(study, workspace, folder) -> None:
    lock_study(study, workspace)
    other = folder / "other.yaml"
    text = study.read_text("utf-8").replace('study: "mine"', "study: theirs")
    other.write_text(f"{text}\nexploratory: true\n", "utf-8")
    assert lock_study(other, workspace).locked.sequence == 2
    assert verify_study(study, workspace).sequence == 1


def test_everything_that_cannot_be_opened_is_told_at_once_with_its_place(study, edit) -> None:
    edit("items.jsonl", "nothing.jsonl")
    edit("study_flow_systems:baseline", "study_flow_systems:baselin")
    edit("study_flow_systems:candidate", "study_flow_nowhere:candidate")
    with pytest.raises(StudyError, match="cannot be opened") as caught:
        open_study(study)
    assert [fault.path for fault in caught.value.faults] == [
        "dataset.source",
        "arms.baseline.system",
        "arms.candidate.system",
    ]
    assert all(fault.line > 0 for fault in caught.value.faults)
    assert "look into study_flow_systems.py" in caught.value.hint


def test_a_study_with_lint_faults_is_not_locked(study, workspace, edit) -> None:
    edit("passes: 7", "passes: 2")
    with pytest.raises(StudyError) as caught:
        lock_study(study, workspace)
    assert not isinstance(caught.value, LockedError)
    assert not workspace.exists


def test_items_and_modules_are_looked_up_from_the_studys_folder(
    study, workspace, tmp_path, monkeypatch
) -> None:
    here = lock_study(study, workspace).locked
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    assert verify_study(study, workspace) == here


def test_a_second_study_in_the_same_process_gets_its_own_modules(
    study, workspace, folder, monkeypatch
) -> None:
    first = open_study(study)
    second = folder / "second"
    second.mkdir()
    for name in ("study.yaml", "items.jsonl"):
        (second / name).write_text((folder / name).read_text("utf-8"), "utf-8")
    source = SYSTEMS.replace("'yes'", "'maybe'")
    (second / "study_flow_systems.py").write_text(source, "utf-8")
    monkeypatch.chdir(second)
    again = open_study(second / "study.yaml")
    assert again.systems["baseline"].fingerprint != first.systems["baseline"].fingerprint
    here = {name: system.fingerprint for name, system in first.systems.items()}
    monkeypatch.chdir(folder)
    back = open_study(study)
    assert {name: system.fingerprint for name, system in back.systems.items()} == here


def test_an_opened_study_is_kept_without_opening_it_again(study, workspace) -> None:
    opened = open_study(study)
    assert set(opened.systems) == {"baseline", "candidate"}
    assert len(opened.dataset.items) == 200
    assert keep(opened, workspace).added is not None
    assert keep(opened, workspace).added is None


def only(count: int, folder: Path) -> None:
    """Leave so many items."""
    path = folder / "items.jsonl"
    lines = path.read_text("utf-8").splitlines(keepends=True)
    path.write_text("".join(lines[:count]), encoding="utf-8")


def test_a_study_that_is_too_small_is_not_locked(study, workspace, folder) -> None:
    only(20, folder)
    with pytest.raises(
        NotEnoughData, match=r"too small: it ships a candidate at its target in "
    ) as e:
        lock_study(study, workspace)
    assert "exploratory: true" in (e.value.hint or "")
    assert kinds(workspace) == []


def test_a_study_for_learning_only_may_be_small(study, workspace, folder, edit) -> None:
    only(20, folder)
    edit("seed: 1", "seed: 1\nexploratory: true")
    kept = lock_study(study, workspace)
    assert kept.locked.body["power"]["size"] == "exploratory"
    # It cannot be turned into one that ships.
    edit("exploratory: true", "")
    with pytest.raises(NotEnoughData, match="too small"):
        amend_study(study, workspace, reason="it looked good", seen=Seen.NOTHING)
    assert kinds(workspace) == ["study.locked"]


def test_the_lock_holds_the_forecast_and_the_same_seed_gives_the_same(study, workspace) -> None:
    power = lock_study(study, workspace).locked.body["power"]
    assert power["size"] == "enough"
    assert len(power["worlds"]) == 4
    shares = [world["ship"] / world["runs"] for world in power["worlds"]]
    assert power["forecast"]["ship"] == pytest.approx(sum(shares) / 4)
    assert power["best"] == max(shares)
    opened = open_study(study)
    again = adequacy_of(opened.study, opened.root, opened.dataset)
    assert again.as_json() == power


def test_a_lock_from_before_sizes_were_judged_is_kept_verified_and_amended(
    study, workspace, folder, edit
) -> None:
    only(20, folder)
    opened = open_study(study)
    workspace.create()
    with Ledger.open(workspace.home) as ledger:
        ledger.append(lock.LOCKED, opened.body)
    assert lock_study(study, workspace).added is None
    assert verify_study(study, workspace).sequence == 1
    edit("seed: 1", "seed: 2")
    kept = amend_study(study, workspace, reason="another order", seen=Seen.NOTHING)
    assert kept.locked.body["power"]["size"] == "too-small"


def test_an_amendment_may_not_make_a_study_too_small_before_results(study, workspace, edit) -> None:
    lock_study(study, workspace)
    edit("target: 0.05", "target: 0.001")
    with pytest.raises(NotEnoughData, match="too small"):
        amend_study(study, workspace, reason="less would do", seen=Seen.NOTHING)
    kept = amend_study(study, workspace, reason="less would do", seen=Seen.RESULTS)
    assert kept.locked.deviated
    assert kept.locked.body["power"]["size"] == "too-small"


def test_what_a_lock_says_of_power_is_no_difference(study, workspace) -> None:
    locked = lock_study(study, workspace).locked
    opened = open_study(study)
    assert "power" not in opened.body
    assert lock.differences(locked.body, opened.body) == ()


def test_a_study_whose_power_cannot_be_told_is_locked_with_the_reason(
    study, workspace, edit
) -> None:
    edit("population: new-items", "population: this-set")
    kept = lock_study(study, workspace)
    assert kept.adequacy is not None
    assert kept.locked.body["power"]["size"] == "unknown"
    assert "exactly these items" in kept.adequacy.sentence()
