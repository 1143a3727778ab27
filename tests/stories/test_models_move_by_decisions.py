"""A registry's aliases move with a decision, as one act, and what moved without one is found."""

from __future__ import annotations

import json
import shutil

import pytest

from liftgate.cli.main import main
from liftgate.errors import DataError, LiftgateError, Refused, Unavailable, UnknownName
from liftgate.flow.registry import (
    BEGUN,
    GIVEN_UP,
    MOVED,
    REFUSED,
    Aliases,
    open_registry,
    promote,
    roll_back,
)
from liftgate.flow.registry_audit import audit, import_runs
from liftgate.flow.registry_finish import finish
from liftgate.ledger import Ledger
from liftgate.store import Workspace
from liftgate.testing.registry import MemoryRegistry, unreachable

SYSTEMS = """
import hashlib

def system(right=0.5):
    def answer(parts):
        drawn = int(hashlib.sha256(parts["text"].encode()).hexdigest()[:8], 16) / 2**32
        return "yes" if drawn < right else "no"
    answer.measure = lambda: {"size_mb": 1.0}
    return answer
"""
STUDY = {
    "liftgate": 1, "study": "moved", "hypothesis": "The new one is right more often.",
    "dataset": {"source": "items.jsonl"},
    "arms": {
        "old": {"role": "baseline", "system": "python:moved_systems:system", "params": {}},
        "new": {"role": "candidate", "system": "python:moved_systems:system",
                "params": {"right": 0.8}},
    },
    "scorers": {"right": {"scorer": "exact"}},
    "outcomes": {"timeout": {"score": "worst", "after_s": 30}, "crash": {"score": "worst"},
                 "refusal": {"score": "worst"}, "unparsable": {"score": "worst"},
                 "scorer_failed": "missing", "missing_label": "missing"},
    "claims": {"primary": {"metric": "right", "superior": {"target": 0.1}},
               "guardrails": [{"measure": "size_mb", "within": {"limit": 10}}]},
    "seed": 1, "tier": "startup",
}  # fmt: skip
MODEL = "docs"


def _run(folder, patch):
    patch.chdir(folder)
    patch.setenv("LIFTGATE_HOME", str(folder / ".liftgate"))
    patch.delenv("LIFTGATE_TRUST", raising=False)


@pytest.fixture(scope="module")
def shipped(tmp_path_factory):
    """Return a folder whose study ships; it is only copied."""
    folder = tmp_path_factory.mktemp("moved")
    with pytest.MonkeyPatch.context() as patch:
        _run(folder, patch)
        (folder / "moved_systems.py").write_text(SYSTEMS)
        rows = [{"id": f"q{n}", "input": f"question {n}", "target": "yes"} for n in range(120)]
        (folder / "items.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
        (folder / "study.yaml").write_text(json.dumps(STUDY))
        with pytest.raises(SystemExit) as stopped:
            main(["run", "study.yaml", "--quiet"])
        assert stopped.value.code == 0
    return folder


@pytest.fixture
def office(shipped, tmp_path, monkeypatch):
    """Return a copy of the folder, as its workspace, and a registry with three versions."""
    folder = tmp_path / "work"
    shutil.copytree(shipped, folder)
    _run(folder, monkeypatch)
    registry = MemoryRegistry()
    for version in ("1", "2", "3"):
        registry.add(MODEL, version, {"w.bin": f"sha256:{version * 64}"})
    registry.pointing[MODEL] = {"champion": "1"}
    return folder, Workspace(folder / ".liftgate"), registry


def _entries(workspace, kind):
    with Ledger.open(workspace.home, read_only=True) as ledger:
        return list(ledger.entries(kind))


def _promote(office, version="2", **changes):
    folder, workspace, registry = office
    return promote(
        folder / "study.yaml", registry, workspace, model=MODEL, version=version, **changes
    )


def _found(office, **changes):
    _, workspace, registry = office
    return [(one.what, one.says) for one in audit(registry, workspace, **changes).findings]


def test_an_alias_moves_with_a_decision_and_the_version_carries_its_digest(office):
    _, workspace, registry = office
    entry, act = _promote(office)
    assert registry.pointing[MODEL] == {"champion": "2", "rollback": "1"}
    tags = registry.version(MODEL, "2").tags
    assert tags["liftgate.evidence_digest"] == act.ground["evidence"]
    assert tags["liftgate.decision"] == f"{act.ground['decision']} ship"
    assert entry.body["ground"]["files"] == {"w.bin": f"sha256:{'2' * 64}"}
    assert _found(office) == []
    assert _entries(workspace, REFUSED) == []


def test_without_a_decision_that_ships_nothing_moves_and_the_ledger_tells(office):
    folder, workspace, registry = office
    study = {**STUDY, "study": "other"}
    study["arms"] = {**STUDY["arms"], "new": {**STUDY["arms"]["new"], "params": {"right": 0.45}}}
    (folder / "study.yaml").write_text(json.dumps(study))
    with pytest.raises(SystemExit):
        main(["run", "study.yaml", "--quiet"])
    with pytest.raises(Refused, match="decision on new"):
        _promote(office)
    assert registry.pointing[MODEL] == {"champion": "1"}
    assert len(_entries(workspace, REFUSED)) == 1
    assert _entries(workspace, BEGUN) == []


def test_a_policy_that_is_not_met_stops_the_move(office):
    folder, _, registry = office
    study = {**STUDY, "study": "strict", "tier": "regulated"}
    study["arms"] = {**STUDY["arms"], "new": {**STUDY["arms"]["new"], "params": {"right": 0.85}}}
    (folder / "study.yaml").write_text(json.dumps(study))
    with pytest.raises(SystemExit):
        main(["run", "study.yaml", "--quiet"])
    with pytest.raises(Refused, match=r"author|approv|sign"):
        _promote(office)
    assert registry.pointing[MODEL] == {"champion": "1"}


def test_a_rollback_swaps_both_as_one_act_and_says_why(office):
    _, workspace, registry = office
    _promote(office)
    with pytest.raises(DataError, match="reason"):
        roll_back(registry, workspace, model=MODEL, reason=" ")
    roll_back(registry, workspace, model=MODEL, reason="latency at noon")
    assert registry.pointing[MODEL] == {"champion": "1", "rollback": "2"}
    assert _found(office) == []
    assert _entries(workspace, MOVED)[-1].body["ground"]["rolled_back"] == "latency at noon"


def test_a_move_by_hand_is_found_and_named(office):
    _, _, registry = office
    assert [what for what, _ in _found(office)] == ["alias"]  # champion is 1, and nobody decided
    _promote(office)
    registry.pointing[MODEL]["champion"] = "3"
    ((what, says),) = _found(office)
    assert what == "alias"
    assert "champion is version 3" in says
    assert "left it at version 2" in says
    del registry.pointing[MODEL]["champion"]
    assert "champion is gone" in _found(office)[0][1]


def test_a_version_that_changed_after_its_decision_is_found(office):
    _, _, registry = office
    _promote(office)
    registry.contents[MODEL, "2"] = {"w.bin": f"sha256:{'9' * 64}", "new.py": "sha256:1"}
    assert [says for _, says in _found(office)] == [
        "version 2: new.py is new",
        "version 2: w.bin is changed",
    ]
    registry.contents[MODEL, "2"] = {}
    assert _found(office) == [("content", "version 2: w.bin is gone")]
    assert audit(registry, office[1], contents=False).unread == (f"{MODEL} version 2",)
    registry.tag(MODEL, "2", {"liftgate.evidence_digest": "sha256:forged"})
    assert _found(office)[0][0] == "tags"


def test_a_registry_that_goes_away_in_the_middle_leaves_everything_as_it_was(office):
    _, workspace, registry = office

    def champion_fails(what):
        if what == "champion":
            unreachable(what)

    registry.pointing[MODEL]["rollback"] = "3"
    registry.before = champion_fails
    with pytest.raises(Unavailable):
        _promote(office)
    # The undoing of "champion" fails as well, so the act stays open, and is finished later.
    assert registry.pointing[MODEL]["champion"] == "1"
    assert _found(office)[0][0] == "unfinished"
    registry.before = lambda _: None
    with pytest.raises(LiftgateError, match="did not finish"):
        _promote(office, "3")
    finish(registry, workspace, model=MODEL)
    assert registry.pointing[MODEL] == {"champion": "2", "rollback": "1"}
    assert _found(office) == []


def test_what_was_done_before_a_refusal_of_the_registry_is_undone(office):
    _, workspace, registry = office
    registry.pointing[MODEL]["rollback"] = "3"
    registry.tag(MODEL, "2", {"liftgate.decision": "1 ship", "team": "search"})
    refused = []

    def refuses_champion_once(what):
        if what == "champion" and not refused:
            refused.append(what)
            unreachable(what)

    registry.before = refuses_champion_once
    with pytest.raises(Unavailable):
        _promote(office)
    assert registry.pointing[MODEL] == {"champion": "1", "rollback": "3"}
    assert registry.version(MODEL, "2").tags == {"liftgate.decision": "1 ship", "team": "search"}
    assert len(_entries(workspace, GIVEN_UP)) == 1
    _promote(office)
    assert registry.pointing[MODEL] == {"champion": "2", "rollback": "1"}


def test_a_first_alias_that_a_registry_refuses_is_left_out_again(office):
    _, workspace, registry = office
    registry.pointing[MODEL] = {}
    refused = []

    def refuses_once(what):
        if what == "champion" and not refused:
            refused.append(what)
            unreachable(what)

    registry.before = refuses_once
    with pytest.raises(Unavailable):
        _promote(office)
    assert registry.pointing[MODEL] == {}
    assert len(_entries(workspace, GIVEN_UP)) == 1
    _promote(office)
    assert registry.pointing[MODEL] == {"champion": "2"}


def test_a_process_killed_between_two_aliases_is_finished_by_whoever_comes_next(office):
    _, workspace, registry = office

    class Killed(BaseException):
        pass

    def dies(what):
        if what == "champion":
            raise Killed

    registry.before = dies
    with pytest.raises(Killed):
        _promote(office)
    assert registry.pointing[MODEL] == {"champion": "1", "rollback": "1"}
    registry.before = lambda _: None
    entry, _ = finish(registry, workspace, model=MODEL)
    assert registry.pointing[MODEL] == {"champion": "2", "rollback": "1"}
    assert entry.kind == MOVED
    with pytest.raises(DataError, match="not finished"):
        finish(registry, workspace, model=MODEL)


def test_an_alias_moved_by_somebody_else_meanwhile_stops_the_act(office):
    _, workspace, registry = office

    class Killed(BaseException):
        pass

    def dies(what):
        if what != "tag":
            raise Killed

    registry.before = dies
    with pytest.raises(Killed):
        _promote(office)
    assert set(registry.version(MODEL, "2").tags) == {
        "liftgate.decision",
        "liftgate.evidence_digest",
    }
    registry.before = lambda _: None
    registry.pointing[MODEL]["champion"] = "3"
    with pytest.raises(LiftgateError, match="somebody moved it meanwhile"):
        finish(registry, workspace, model=MODEL)
    assert registry.pointing[MODEL] == {"champion": "3"}
    assert registry.version(MODEL, "2").tags == {}
    # Tags of an act that was given up, put there again by hand, are found.
    registry.tag(MODEL, "2", _entries(workspace, BEGUN)[0].body["tags"])
    assert ("tags", "version 2 has tags of an act that was given up") in [
        (what, says.partition(" (")[0]) for what, says in _found(office)
    ]


def test_files_that_cannot_be_read_are_no_absent_files(office):
    """A storage that says no, or is not asked, is not one that says that there is nothing."""
    _, _, registry = office
    registry.unreadable.add((MODEL, "2"))
    with pytest.raises(Unavailable, match=r"its files could not be read.*403 Forbidden"):
        _promote(office)
    assert registry.pointing[MODEL] == {"champion": "1"}
    registry.unreadable.clear()
    _promote(office)
    registry.unreadable.add((MODEL, "2"))
    assert [what for what, _ in _found(office)] == ["unread"]
    registry.unreadable.clear()
    registry.add(MODEL, "4")
    entry, _ = _promote(office, "4")
    assert entry.body["ground"]["files"] == {}
    assert _found(office) == []
    registry.contents[MODEL, "4"] = {"w.bin": "sha256:1"}
    assert _found(office) == [("content", "version 4: w.bin is new")]


def test_a_later_decision_against_what_is_served_is_found(office):
    folder, _, _ = office
    _promote(office)
    study = json.loads((folder / "study.yaml").read_text())
    study["claims"]["primary"]["superior"]["target"] = 0.6
    (folder / "study.yaml").write_text(json.dumps(study))
    with pytest.raises(SystemExit):
        main(["study", "amend", "study.yaml", "--reason", "a higher bar", "--seen", "results"])
    assert [what for what, _ in _found(office)] == ["decision"]


def test_a_reopened_decision_that_is_served_is_found(office):
    folder, _, _ = office
    _, act = _promote(office)
    with Ledger.open(folder / ".liftgate", read_only=True) as ledger:
        digest = ledger.entry(act.ground["decision"]).body["dataset"]["digest"]
    with pytest.raises(SystemExit):
        main(["impact", f"dataset:{digest}", "--mark", "--reason", "labels were swapped"])
    ((what, says),) = _found(office)
    assert what == "decision"
    assert "reopens the decision" in says
    assert "labels were swapped" in says


def test_an_imported_run_that_is_overwritten_is_found_with_both_values(office):
    _, workspace, registry = office
    _promote(office)
    registry.told["r1"] = {"data": {"metrics": {"acc": 0.71}}, "info": {"status": "FINISHED"}}
    assert len(import_runs(registry, workspace, ["r1"])) == 1
    assert import_runs(registry, workspace, ["r1"]) == []
    assert _found(office) == []
    registry.told["r1"] = {"data": {"metrics": {"acc": 0.93}}, "info": {"status": "FINISHED"}}
    ((what, says),) = _found(office)
    assert what == "run"
    assert "data.metrics.acc was 0.71, is 0.93" in says
    registry.told.clear()
    assert "it is gone" in _found(office)[0][1]


def test_the_arm_is_bound_to_the_version_by_content_where_they_share_a_file(office):
    folder, _, registry = office
    _, act = _promote(office)
    assert act.ground["bound_by"] == "word"
    roll_back(registry, office[1], model=MODEL, reason="again")
    import hashlib

    taken = hashlib.sha256((folder / "moved_systems.py").read_bytes()).hexdigest()
    registry.add(MODEL, "4", {"code/systems.py": f"sha256:{taken}"})
    _, act = _promote(office, "4")
    assert act.ground["bound_by"] == {"content": ["code/systems.py"]}


def test_wrong_names_are_said_with_the_known_ones(office):
    with pytest.raises(UnknownName):
        _promote(office, "99")
    with pytest.raises(DataError, match="expected a candidate of moved: new"):
        _promote(office, candidate="old")
    with pytest.raises(DataError, match="expected two"):
        Aliases("champion", "champion")
    with pytest.raises(DataError, match="PLUGIN:PLACE"):
        open_registry("mlflow")
    with pytest.raises(DataError, match="a name or a password"):
        open_registry("mlflow:http://ada:secret@models.example")
