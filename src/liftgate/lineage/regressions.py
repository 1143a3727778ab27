"""Regression tests: failing items that were kept, as the ledger tells their lives.

Pure functions over ledger entries. A test is added, perhaps quarantined and restored, perhaps
retired or replaced by its next version; nothing of it is ever changed or taken away.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from liftgate.errors import DataError, UnknownName
from liftgate.records import Entry
from liftgate.records.notebook import Card

ADDED = "regression.added"
MOVED = "regression.moved"
CHECKED = "regression.checked"
LIVES = (ADDED, MOVED)
"""Kinds of entries that say what tests there are."""


class State(StrEnum):
    """What a test counts for."""

    ACTIVE = "active"
    """It must pass."""
    QUARANTINED = "quarantined"
    """Shown to be flaky: it is asked and shown, and fails nothing."""
    RETIRED = "retired"


@dataclass(frozen=True)
class RegressionTest(Card):
    """One failing item that was kept, as it stands now."""

    name: str
    """``r`` and the ledger entry that added it."""
    version: int
    """1 more than that of the test that it replaces."""
    owner: str
    reason: str
    author: str
    time: datetime
    metric: str
    at_least: float
    """What its score must be, at least (at most, where less is better), in every repeat."""
    input_digest: str
    target_digest: str
    facts_digest: str
    origin: Mapping[str, Any]
    """Of the failure: study, decision, arm, item, trial and run, or log, its digest, system, item
    and repeat; and what it scored."""
    state: State = State.ACTIVE
    why: str = ""
    """Of its state, unless it is simply active."""


@dataclass(frozen=True)
class Checked:
    """How one arm did on one test, once."""

    sequence: int
    arm: str
    """Its fingerprint."""
    passed: int
    asked: int

    @property
    def flaky(self) -> bool:
        """Whether one system both passed and failed the test."""
        return 0 < self.passed < self.asked


def tests_of(entries: Iterable[Entry]) -> dict[str, RegressionTest]:
    """Return every test by name, retired ones too, in the order of their adding."""
    found: dict[str, RegressionTest] = {}
    for entry in entries:
        if entry.kind == ADDED:
            test = _added(entry)
            found[test.name] = test
            older = entry.body["replaces"]
            if older is not None:
                found[older] = replace(
                    found[older], state=State.RETIRED, why=f"replaced by {test.name}"
                )
        elif entry.kind == MOVED:
            name = str(entry.body["test"])
            found[name] = replace(
                found[name], state=State(entry.body["state"]), why=str(entry.body["reason"])
            )
    return found


def named(tests: Mapping[str, RegressionTest], name: str) -> RegressionTest:
    """Return one test. Raises UnknownName."""
    if name not in tests:
        raise UnknownName("regression test", name, tests)
    return tests[name]


def checks_of(entries: Iterable[Entry], name: str) -> list[Checked]:
    """Return how arms did on a test, in the order of the checks."""
    return [
        Checked(entry.sequence, str(entry.body["arm"]), int(row["passed"]), int(row["asked"]))
        for entry in entries
        if entry.kind == CHECKED
        for row in entry.body["tests"]
        if row["test"] == name
    ]


def refuse_double(
    tests: Mapping[str, RegressionTest], asked: Mapping[str, str], replaces: str | None
) -> int:
    """Return the version that a new test gets.

    Args:
        tests: that there are.
        asked: ``input_digest``, ``target_digest`` and ``metric`` of the new one.
        replaces: the test that it is the next version of; None: none.

    Raises:
        DataError: a test of the same content is there, or one that it should replace.
        UnknownName: there is no test to replace.
    """
    older = None if replaces is None else named(tests, replaces)
    for test in tests.values():
        if test.state is State.RETIRED or test is older:
            continue
        if (test.input_digest, test.metric) != (asked["input_digest"], asked["metric"]):
            continue
        if test.target_digest == asked["target_digest"]:
            raise DataError(f"this item is the test {test.name} already, for {test.metric}")
        raise DataError(
            f"the test {test.name} asks the same of {test.metric} with another target",
            hint=f"make it the test's next version: --replaces {test.name}",
        )
    if older is None:
        return 1
    if older.state is State.RETIRED:
        raise DataError(f"{older.name}: is retired ({older.why}) and cannot be replaced")
    if (older.input_digest, older.target_digest, older.metric) == tuple(
        asked[key] for key in ("input_digest", "target_digest", "metric")
    ):
        raise DataError(f"{older.name}: the new version says the same")
    return older.version + 1


def refuse_move(test: RegressionTest, state: State, reason: str, checks: Sequence[Checked]) -> None:
    """Refuse what may not become of a test.

    Raises:
        DataError: no reason; a state that it is in or cannot leave; a quarantine of a test that no
            repeats have shown to be flaky; a restoring before repeats have agreed since.
    """
    if not reason.strip():
        raise DataError("--reason: got nothing, expected why")
    if test.state is State.RETIRED:
        raise DataError(f"{test.name}: is retired ({test.why}); add it anew if it is wanted again")
    if test.state is state:
        raise DataError(f"{test.name}: is {state.value} already")
    if state is State.QUARANTINED and not any(check.flaky for check in checks):
        raise DataError(
            f"{test.name}: no check has shown it to be flaky: no system has both passed and failed "
            "it",
            hint="liftgate regress run STUDY --repeats 5 shows whether it is",
        )
    if state is State.ACTIVE and (not checks or checks[-1].flaky or checks[-1].asked < 2):
        raise DataError(
            f"{test.name}: its last check does not show that it is flaky no more",
            hint="liftgate regress run STUDY --repeats 5, on a version where its repeats agree",
        )


def _added(entry: Entry) -> RegressionTest:
    body = entry.body
    return RegressionTest(
        name=f"r{entry.sequence}",
        version=int(body["version"]),
        owner=str(body["owner"]),
        reason=str(body["reason"]),
        author=entry.author,
        time=entry.time,
        metric=str(body["metric"]),
        at_least=float(body["at_least"]),
        input_digest=str(body["input_digest"]),
        target_digest=str(body["target_digest"]),
        facts_digest=str(body["facts_digest"]),
        origin=body["origin"],
    )
