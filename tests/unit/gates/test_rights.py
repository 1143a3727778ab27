"""Decision rights: each row of the shipped table, and who counts as having signed."""

from __future__ import annotations

import pytest

from liftgate.errors import UnknownName
from liftgate.gates.condition import State
from liftgate.gates.policy import shipped
from liftgate.gates.rights import Scope, Signer, explained, find, needed, signed_by

TABLE = shipped("startup").table()


@pytest.mark.parametrize(
    ("said", "act", "must_sign"),
    [
        ("design of an ablation", "design", {}),
        ("choice of a metric", "metrics", {}),
        ("choice of an uncatalogued metric", "metrics", {"team": 2}),
        ("prototype approach", "prototype", {}),
        ("online rollout", "experiment-online", {"product": 1, "analytics": 1, "engineering": 1}),
        ("integrate with shared services", "integration", {"ai-engineering": 1, "platform": 1}),
        ("change gate", "gate-change", {}),
        ("change gate affecting 1 team", "gate-change", {}),
        ("change gate affecting 2 teams", "gate-change", {"team-a": 1, "team-b": 1}),
        ("weaken a gate of 2 teams", "gate-change",
         {"team-a": 1, "team-b": 1, "responsible-ai": 1}),
        ("labelling guideline of 3 teams", "dataset-change",
         {"team-a": 1, "team-b": 1, "team-c": 1}),
        ("roadmap shift", "roadmap", {"director": 1}),
        ("vendor decision", "vendor", {"director": 1, "procurement": 1}),
        ("high-risk launch", "launch-high", {"governance-board": 1, "director": 1}),
        ("publish a paper", "publication", {"director": 1, "ip": 1}),
        ("hiring", "recommend", {}),
        ("compliance position", "compliance", {"compliance": 1}),
        ("rollback in an incident", "rollback", {"incident-commander": 1}),
    ],
)  # fmt: skip
def test_every_row_of_the_table_is_found_by_its_words(said, act, must_sign) -> None:
    right, scope = find(TABLE, said)
    assert (right.act, needed(right, scope)) == (act, must_sign)
    assert explained(right, scope)[-1] == "Automation never signs."


@pytest.mark.parametrize("said", ["", "make coffee", "vendor of a paper"])
def test_words_that_fit_no_rule_or_two_alike_are_an_error(said) -> None:
    with pytest.raises(UnknownName, match="decision right"):
        find(TABLE, said)


def test_a_recommendation_a_lazy_consensus_and_an_incident_are_told_as_such() -> None:
    told = {act: "\n".join(explained(*find(TABLE, act))) for act in
            ("recommend", "dataset-change", "rollback")}  # fmt: skip
    assert "Only a recommendation" in told["recommend"]
    assert "10 days without objection" in told["dataset-change"]
    assert "The author may be the one" in told["rollback"]
    assert "within 48 hours" in told["rollback"]


def signer(name: str, *roles: str, **given: object) -> Signer:
    return Signer(name, name, roles, **given)  # type: ignore[arg-type]


def state(wanted: dict[str, int], *signers: Signer, **given: object) -> State:
    return signed_by("x", wanted, signers, **given).state  # type: ignore[arg-type]


def test_one_person_fills_one_place_whatever_roles_the_key_has() -> None:
    both, second = signer("a", "x", "y"), signer("b", "x")
    assert state({"x": 1, "y": 1}, both) is State.NOT_MET
    assert state({"x": 1, "y": 1}, both, both) is State.NOT_MET
    assert state({"x": 1, "y": 1}, both, second) is State.MET
    assert state({"x": 1, "y": 1}, second, both) is State.MET
    assert state({"x": 2}, both, second) is State.MET
    assert state({"x": 2, "y": 1}, both, second) is State.NOT_MET


def test_authors_machines_and_claimed_roles_do_not_count() -> None:
    assert state({"x": 1}, signer("a", "x"), authors={"a"}) is State.NOT_MET
    assert state({"x": 1}, signer("a", "x"), authors={"a"}, author_may=True) is State.MET
    assert state({"x": 1}, signer("a", "x", service=True)) is State.NOT_MET
    assert state({"x": 1}, signer("a", "x", "automation")) is State.NOT_MET
    assert state({"x": 1}, signer("a", "y", claimed="x")) is State.NOT_MET
    assert state({"x": 1}, signer("a", "x", "y", claimed="y")) is State.NOT_MET
    assert state({}) is State.MET


@pytest.mark.parametrize("other", ["ADA", "ada", "\uff21da"])
def test_an_author_is_one_however_the_name_is_written(other: str) -> None:
    assert state({"x": 1}, signer(other, "x"), authors={"Ada"}) is State.NOT_MET
    assert state({"x": 1}, signer("adam", "x"), authors={"Ada"}) is State.MET


def test_a_scope_of_named_teams_asks_each_once() -> None:
    right, _ = find(TABLE, "gate-change")
    assert needed(right, Scope(("search", "ads", "search"))) == {"team-search": 1, "team-ads": 1}
