"""Lent roles and conflicts of interest: whose signature counts, in whose place."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from liftgate.gates.condition import State
from liftgate.gates.lending import Declared, Lent, conflicts_of, lending_fault, with_lent
from liftgate.gates.policy import Policy, shipped
from liftgate.gates.rights import Signer, signed_by
from liftgate.gates.weakening import compare_policies

START = datetime(2026, 1, 1, tzinfo=UTC)
POLICY = shipped("scaleup")
BOB = Signer("bob", "bob", ("product",))
LENT = Lent(5, "product", BOB, "carol", START, START + timedelta(days=7))


def carol(days: float = 1, **given: object) -> Signer:
    return Signer("carol", "carol", (), claimed="product", time=START + timedelta(days=days),
                  **given)  # type: ignore[arg-type]  # fmt: skip


def state(*signers: Signer, count: int = 1, lent: tuple[Lent, ...] = (LENT,), **given: object):  # type: ignore[no-untyped-def]
    return signed_by("x", {"product": count}, with_lent(signers, lent, POLICY), **given).state  # type: ignore[arg-type]


def test_a_lent_role_counts_while_it_is_lent_and_not_a_moment_longer() -> None:
    assert state(carol()) is State.MET
    assert state(carol(), lent=()) is State.NOT_MET
    assert state(carol(6.99)) is State.MET
    assert state(carol(7)) is State.NOT_MET
    assert state(carol(-0.1)) is State.NOT_MET


def test_a_delegate_takes_one_place_and_none_that_is_barred() -> None:
    bob = replace(BOB, claimed="product", time=START)
    assert state(carol(), bob, count=2) is State.NOT_MET
    assert state(carol(), bob) is State.MET
    dora = replace(carol(), key="dora", name="dora")
    assert state(carol(), dora, count=2, lent=(LENT, replace(LENT, to="dora"))) is State.NOT_MET
    assert state(carol(), authors={"bob"}) is State.NOT_MET
    assert state(carol(), conflicts={"bob": "his own product"}) is State.NOT_MET
    own = replace(carol(), roles=("product",))
    assert state(own, bob, count=2) is State.MET


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"sender": Signer("eve", "eve", ("sales",))}, "has not the role product"),
        ({"sender": Signer("m", "m", ("product",), service=True)}, "a machine lends nothing"),
        ({"sender": Signer("m", "m", ("product", "automation"))}, "a machine lends nothing"),
        ({"until": START + timedelta(days=31)}, "longer than 30 days"),
        ({"to": "bob"}, "nobody sends themselves"),
    ],
)
def test_what_may_not_be_lent_is_said_and_does_not_count(
    changed: dict[str, object], why: str
) -> None:
    wrong = replace(LENT, **changed)  # type: ignore[arg-type]
    assert why in lending_fault(POLICY, wrong)
    assert state(carol(), lent=(wrong,)) is State.NOT_MET


def test_a_role_that_the_policy_never_lends_is_not_lent() -> None:
    fields = POLICY.model()
    strict = Policy(**{**fields, "delegation": {"longest_days": 30, "never": ["product"]}})
    assert "never delegated" in lending_fault(strict, LENT)
    assert {one.effect.value for one in compare_policies(POLICY, strict)} == {"strengthened"}
    assert {one.effect.value for one in compare_policies(strict, POLICY)} == {"weakened"}


def test_of_oneself_anybody_says_it_and_of_another_only_compliance() -> None:
    mine = Declared(7, "bob", BOB, "s", "his own product")
    theirs = Declared(8, "bob", Signer("eve", "eve", ("sales",)), "s", "I do not like him")
    told = Declared(9, "bob", Signer("kim", "kim", ("compliance",)), "s", "owns shares")
    assert "his own product" in conflicts_of([mine], "s", POLICY)["bob"]
    assert conflicts_of([mine], "other", POLICY) == {}
    assert conflicts_of([theirs], "s", POLICY) == {}
    assert conflicts_of([told], "s", POLICY) == {"bob": "conflict of interest: owns shares"}
    robot = Signer("bot", "bot", ("compliance",), service=True)
    assert conflicts_of([replace(told, by=robot)], "s", POLICY) == {}
