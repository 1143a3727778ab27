"""Of a long ledger a command reads the kinds of entries that it needs, or walks over it once."""

from __future__ import annotations

import pytest

from liftgate.flow.erase import held
from liftgate.ledger import Draft, Ledger
from liftgate.ledger import stored as ledgers
from liftgate.ledger.sqlite import SqliteLedger
from liftgate.store import Workspace
from tests.stories.offices import Office

ADD = "regress add study.yaml --item-id {} --owner ann --reason wrong --arm old"


@pytest.fixture
def walks(office: Office, monkeypatch: pytest.MonkeyPatch) -> list[str | None]:
    """The kinds by which the ledger is read from here on; None: a walk over all of it."""
    asked: list[str | None] = []
    plain = SqliteLedger._lines

    def spied(self, kind, after=0):
        asked.append(kind)
        return plain(self, kind, after)

    monkeypatch.setattr(SqliteLedger, "_lines", spied)
    return asked


def failing(office: Office) -> list[str]:
    office(
        "failures", "draw", "study.yaml", "--out", "b.jsonl", "--arm", "old", "--json", "--n", "2"
    )
    lines = (office.folder / "b.codes.csv").read_text().splitlines()[1:]
    return [line.split(",")[0] for line in lines]


def test_regression_tests_are_kept_and_moved_without_a_walk(office: Office, walks) -> None:
    first, second = failing(office)
    assert office(*ADD.format(first).split()) == 0, office.said
    for line in (
        ADD.format(second),
        "regress list",
        "regress export --out tests.jsonl",
        f"regress retire r{len(office.entries())} --reason old",
    ):
        walks.clear()
        assert office(*line.split()) == 0, office.said
        assert None not in _own(walks, line), line


def _own(walks: list[str | None], line: str) -> list[str | None]:
    """Leave out the walk by which a study's lock is found."""
    if line.startswith("regress add") and None in walks:
        walks.remove(None)
    return walks


def test_an_item_is_erased_after_one_walk(office: Office, walks) -> None:
    walks.clear()
    assert office("data", "erase", "story", "--item-id", "q1", "--reason", "asked") == 0, (
        office.said
    )
    assert walks.count(None) == 1
    walks.clear()
    (kept,) = held(Workspace(office.home))
    assert kept.kept == kept.items - 1
    assert walks.count(None) == 1


def test_entries_of_some_kinds_come_in_order(office: Office) -> None:
    with Ledger.open(office.home) as ledger:
        for number in range(3):
            ledger.append_all([Draft("b", {"n": number}), Draft("a", {"n": number})])
        found = [(e.kind, e.body["n"]) for e in ledger.of_kinds("a", "b")]
    assert found == [(kind, number) for number in range(3) for kind in ("b", "a")]


def test_of_what_comes_while_kinds_are_read_nothing_is_taken(office: Office, monkeypatch) -> None:
    plain = ledgers.Ledger.entries

    def meanwhile(self, kind=None):
        yield from plain(self, kind)
        with Ledger.open(office.home) as other:
            other.append_all([Draft("a", {}), Draft("b", {})])

    with Ledger.open(office.home) as ledger:
        monkeypatch.setattr(ledgers.Ledger, "entries", meanwhile)
        assert ledger.of_kinds("a", "b") == []
