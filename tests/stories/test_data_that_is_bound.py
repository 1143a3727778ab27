"""Consent, retention and residency stay on the items; what is erased is nowhere to be found."""

from __future__ import annotations

import contextlib
import json
import sqlite3
import zlib
from datetime import UTC, datetime, timedelta

import pytest
import yaml

from liftgate.canon import canonical
from liftgate.ledger import Ledger
from tests.stories.attack_table import assert_told

SECRET = "the-question-of-person-seven, and what they said at length " * 3
SYSTEMS = """
def system(right=0.5, **told):
    def answer(parts):
        said = parts["text"]
        return "an answer to " + said if "at length" in said else "yes" if told["new"] else "no"
    answer.measure = lambda: {"size_mb": 1.0}
    return answer
"""


@pytest.fixture
def bound(office):
    """Return an office with a study whose items are bound to a region."""
    rows = [{"id": f"q{n}", "input": SECRET if n == 7 else f"item {n}", "target": "yes",
             "page": f"p{n // 2}"} for n in range(120)]  # fmt: skip
    (office.folder / "items.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (office.folder / "bound_systems.py").write_text(SYSTEMS)
    tags = {"consent": ["evaluation", "support"], "residency": ["eu", "uk"],
            "keep_until": "2999-12-31"}  # fmt: skip
    study = office.write(study="bound")
    for name, arm in study["arms"].items():
        arm |= {"system": "python:bound_systems:system", "params": {"new": name == "new"}}
    dataset = {**study["dataset"], "tags": tags}
    office.write(study="bound", tier="startup", dataset=dataset, arms=study["arms"])
    office.dataset, office.arms = dataset, study["arms"]

    def again(name, **changes):
        fields = {"study": name, "tier": "startup", "dataset": dataset, "arms": study["arms"]}
        office.write(**{**fields, **changes})

    office.again = again
    return office


def where(office, **regions):
    (office.home / "regions.yaml").write_text(yaml.safe_dump(regions))


def test_a_residency_that_nobody_can_vouch_for_or_that_differs_blocks_a_run(bound):
    assert bound("run", "study.yaml", "--quiet") == 1
    assert "this workspace runs nobody knows where (here), and it stays in eu or uk" in bound.said
    where(bound, here="us")
    assert bound("run", "study.yaml", "--quiet") == 1
    assert "runs in us" in bound.said
    assert [e.body["act"] for e in bound.entries("refused")] == ["run bound"] * 2
    assert not [e for e in bound.entries("study.locked") if e.body["name"] == "bound"]
    where(bound, here="eu")
    far = {**bound.arms["new"], "system": "openai:m",
           "params": {"base_url": "https://models.example.org/v1"}}  # fmt: skip
    bound.again("bound", arms={**bound.arms, "new": far})
    assert bound("run", "study.yaml", "--quiet") == 1
    assert "arm new runs nobody knows where (https://models.example.org/v1)" in bound.said
    (bound.home / "regions.yaml").write_text("[]")
    assert bound("run", "study.yaml", "--quiet") == 2


def test_tags_are_in_the_run_and_the_decision_and_stay_on_the_items(bound):
    where(bound, here="uk")
    assert bound("run", "study.yaml", "--quiet") == 0, bound.said
    tags = {"consent": ["evaluation", "support"], "keep_until": "2999-12-31",
            "residency": ["eu", "uk"]}  # fmt: skip
    run = bound.entries("run.finished")[-1]
    assert run.body["manifest"]["data"]["tags"] == tags
    assert bound.entries("decision")[-1].body["dataset"]["tags"] == tags
    plain = {key: value for key, value in bound.dataset.items() if key != "tags"}
    arms = {**bound.arms, "new": {**bound.arms["new"], "params": {"new": True, "x": 2}}}
    where(bound, here="us")
    bound.again("other", dataset=plain, arms=arms)
    assert bound("run", "study.yaml", "--quiet") == 1
    assert "stays in eu or uk" in bound.said
    where(bound, here="eu")
    laxer = {**plain, "tags": {"residency": ["us", "uk"], "consent": ["support"]}}
    bound.again("other", dataset=laxer, arms=arms)
    assert bound("run", "study.yaml", "--quiet") == 1
    assert "agreed to support, not to evaluation" in bound.said
    assert "runs in eu (here), and it stays in uk" in bound.said


def test_what_was_kept_too_long_blocks_a_run_and_is_told(bound):
    where(bound, here="eu")
    assert bound("run", "study.yaml", "--quiet") == 0
    assert bound("data", "tags") == 0
    assert "bound: 120 of 120 items kept; consent evaluation, support" in bound.said
    day = (datetime.now(UTC) - timedelta(days=2)).date().isoformat()
    late = {**bound.dataset, "tags": {"keep_until": day}}
    bound.again("late", dataset=late)
    assert bound("run", "study.yaml", "--quiet") == 1
    assert f"may be kept until {day}" in bound.said
    bound.again("late", dataset={**late, "tags": {"keep_until": "soon"}})
    assert bound("run", "study.yaml", "--quiet") == 2


def found(folder, secret):
    """Return the files below a folder that hold a text, plain or as the blobs pack it."""
    packed = zlib.compress(canonical(secret), 6)[20:60]
    return [
        file.name
        for file in folder.rglob("*")
        if file.is_file() and any(part in file.read_bytes() for part in (b"person-seven", packed))
    ]


def test_after_an_erasure_nothing_of_an_item_is_found_and_the_ledger_verifies(bound):
    where(bound, here="eu")
    assert bound("run", "study.yaml", "--quiet") == 0
    answer = "an answer to " + SECRET
    assert found(bound.home, answer)
    decision = bound.entries("decision")[-1]
    assert bound("ledger", "checkpoint", "--out", "kept.txt") == 0
    assert bound("data", "erase", "bound", "--item-id", "q7", "--reason", " ") == 2
    assert bound("data", "erase", "bound", "--item-id", "q777", "--reason", "x") == 2
    assert bound("data", "erase", "bound", "--reason", "x") == 2
    assert bound("data", "erase", "bound", "--item-id", "q7", "--reason", "asked for it") == 0
    assert "Erased 1 items: 2 values" in bound.said
    assert "other items have, too" in bound.said
    assert found(bound.home, answer) == found(bound.home, SECRET) == []
    assert bound("report", "bound") == 0
    assert bound("ledger", "pack", "bound", "--out", "pack.zip") == 0
    (bound.folder / "items.jsonl").unlink()
    (bound.folder / "private").rename(bound.folder.parent / "private")
    assert found(bound.folder, SECRET) == []
    assert bound("ledger", "verify", "--against", "kept.txt") == 0
    assert bound("ledger", "unpack", "pack.zip") == 0
    assert bound("trace", f"{decision.sequence}:new.primary") == 0
    assert "erased" in bound.said
    assert bound("data", "erase", "bound", "--all", "--reason", "the end") == 0
    with Ledger.open(bound.home, read_only=True) as ledger:
        told = [e.body["digest"] for e in ledger.entries("content.erased")]
    assert len(told) == len(set(told))
    assert bound("data", "tags", "--json") == 0
    assert [one["kept"] for one in json.loads(bound.said)["datasets"] if one["study"] == "bound"
            ] == [0]  # fmt: skip
    assert bound("ledger", "verify") == 0


@contextlib.contextmanager
def read_by_another(home, *, going):
    """Have the blobs open elsewhere, as a page that is looked at has; ``going``: in mid-read."""
    other = sqlite3.connect(home / "blobs" / "blobs.db", isolation_level=None)
    try:
        other.execute("BEGIN" if going else "SELECT 1")
        other.execute("SELECT count(*) FROM blob").fetchone()
        yield
    finally:
        other.close()


def test_what_is_erased_is_not_in_the_log_that_another_reader_keeps_alive(bound):
    where(bound, here="eu")
    answer = "an answer to " + SECRET
    with read_by_another(bound.home, going=False):
        assert bound("run", "study.yaml", "--quiet", "--no-report") == 0
        assert found(bound.home, answer)
        assert bound("data", "erase", "bound", "--item-id", "q7", "--reason", "asked for it") == 0
        assert_told("what was erased is read from the store's log", bound.said)
        assert (bound.home / "blobs" / "blobs.db-wal").exists()
        assert found(bound.home, answer) == found(bound.home, SECRET) == []


def test_an_erasure_that_a_reader_holds_up_says_so_and_is_ended_by_the_same_command(
    bound, monkeypatch
):
    monkeypatch.setattr("liftgate.sqlite.WAIT_S", 0.1)
    where(bound, here="eu")
    answer = "an answer to " + SECRET
    erase = ("data", "erase", "bound", "--item-id", "q7", "--reason", "asked for it")
    with read_by_another(bound.home, going=False):
        assert bound("run", "study.yaml", "--quiet", "--no-report") == 0
        with read_by_another(bound.home, going=True):
            for _ in range(4):
                assert bound(*erase) == 2
                assert_told("an erasure is held up by a reader", bound.said)
            assert found(bound.home, answer)
        assert bound(*erase) == 0, bound.said
        assert found(bound.home, answer) == found(bound.home, SECRET) == []
    assert bound("ledger", "verify") == 0


def test_error_messages_outlive_an_erasure_and_everybody_is_told(bound):
    where(bound, here="eu")
    text = SYSTEMS.replace(
        '        return "an answer', '        if "at length" in said: raise ValueError(said)\n'
        '        return "an answer',
    )  # fmt: skip
    bound.folder.joinpath("failing.py").write_text(text)
    for arm in bound.arms.values():
        arm["system"] = "python:failing:system"
    bound.again("bound", arms=bound.arms)
    assert bound("run", "study.yaml", "--quiet", "--no-report") == 0, bound.said
    erase = ("data", "erase", "bound", "--item-id", "q7", "--reason", "asked for it")
    assert bound(*erase) == 0
    assert_told("an error message quotes what was erased", bound.said)
    assert "2 error messages" in bound.said
    bound("ledger", "pack", "bound", "--out", "pack.zip")
    assert bound("ledger", "unpack", "pack.zip") == 0
    assert "error messages: one stands in its row" in bound.said
    assert bound("ledger", "verify") == 0
