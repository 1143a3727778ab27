"""The regression tests of a workspace, as items."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from liftgate.errors import DataError, NotEnoughData
from liftgate.ledger import Ledger
from liftgate.lineage import regressions
from liftgate.lineage.regressions import RegressionTest, State
from liftgate.records import Dataset, Entry, Item, Json
from liftgate.store import Store, Workspace

SOURCE = "regress:"
"""A dataset's source: the workspace's active regression tests."""


def listed(workspace: Workspace) -> list[RegressionTest]:
    """Return every test, retired ones too."""
    return list(regressions.tests_of(entries_of(workspace, *regressions.LIVES)).values())


def suite_items(workspace: Workspace, states: Sequence[State] = (State.ACTIVE,)) -> Dataset:
    """Return the tests as items: their names as ids, with the slice ``metric``.

    Raises:
        NotEnoughData: there is none.
        DataError: a test's content was erased.
    """
    tests = [t for t in listed(workspace) if t.state in states]
    if not tests:
        raise NotEnoughData(
            "there are no active regression tests in this workspace",
            hint="liftgate regress add STUDY --item-id ID --owner NAME --reason TEXT",
        )
    with Store.open(workspace.home, read_only=True) as store:
        return Dataset("regressions", _together([_as_item(test, store) for test in tests]))


def entries_of(workspace: Workspace, *kinds: str) -> list[Entry]:
    """Return what the ledger holds of some kinds; nothing where there is none."""
    if not Ledger.exists(workspace.home):
        return []
    with Ledger.open(workspace.home, read_only=True) as ledger:
        return ledger.of_kinds(*kinds)


def _as_item(test: RegressionTest, store: Store) -> Item:
    for digest in (test.input_digest, test.facts_digest):
        if store.blob_state(digest) != "kept":
            raise DataError(
                f"{test.name}: its content was erased", hint="retire it: liftgate regress retire"
            )
    facts: Any = store.output(test.facts_digest)
    parts: Any = store.output(test.input_digest)
    about: dict[str, Json] = {"owner": test.owner, "version": test.version, "reason": test.reason}
    return Item(test.name, parts, facts["target"], slices={"metric": test.metric}, metadata=about)


def _together(items: Sequence[Item]) -> tuple[Item, ...]:
    """Tests of one input are one cluster."""
    first: dict[str, str] = {}
    for item in items:
        first.setdefault(item.input_digest, item.id)
    return tuple(replace(item, cluster=first[item.input_digest]) for item in items)
