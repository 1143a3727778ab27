"""Packed items are the items that were packed, of the same types, in whatever order is asked."""

from __future__ import annotations

import pickle
from dataclasses import replace
from enum import StrEnum

import numpy as np
import pytest

from liftgate.canon import digest
from liftgate.errors import DataError
from liftgate.records import Dataset, Item
from liftgate.records.evaluation import NOTHING
from liftgate.records.packed import input_digests, labels_of, packed, some_of


class Topic(StrEnum):
    SUMS = "sums"


NESTED = [{"role": "user", "content": "ä\u2028"}, [1, 1.0, True, None, -(2**53) + 1, 1e300]]
ITEMS = (
    Item("a", {"text": "x"}),
    Item("b", {"messages": NESTED}, {"right": [1.0, 1]}, "c", {"lang": "de"}, 2.0, {"n": 1}),
    Item("ü", {"text": "x", "n": 1.0}, 1, "c"),
    Item("d", {"text": ""}, "t", weight=0.5),
    Item("e", {"text": "y"}, None, None, {}, 1.0, {"only": {"deep": []}}),
)


def same(left: object, right: object) -> bool:
    """Whether two values are equal and of the same types all through."""
    return repr(left) == repr(right)


def test_an_item_comes_back_as_what_it_was_whole_numbers_and_fractions_alike() -> None:
    held = packed(ITEMS)
    assert len(held) == len(ITEMS)
    assert held == ITEMS
    assert tuple(held) == ITEMS
    for at, item in enumerate(ITEMS):
        assert same(held[at], item)
        assert same(held[at].input, item.input)
    assert [item.id for item in held] == [item.id for item in ITEMS]
    assert held[0].slices is NOTHING
    assert held[-1] == ITEMS[-1]


def test_packed_items_differ_from_others() -> None:
    held = packed(ITEMS)
    assert held != packed(ITEMS[:-1])
    assert held != packed((*ITEMS[:-1], Item("other", {"text": "y"})))
    assert held != list(ITEMS)
    with pytest.raises(IndexError):
        held[len(ITEMS)]
    with pytest.raises(TypeError):
        hash(held)


def test_values_that_json_does_not_know_are_kept_as_they_are() -> None:
    odd = (
        Item("a", {"text": "x"}, Topic.SUMS),
        Item(Topic.SUMS, {"text": "y"}),
        Item("c", {"text": "z"}, cluster=np.str_("k")),
        Item("d", {"text": "w"}, slices={"lang": np.str_("de")}),
        Item("e", {"text": "v"}, metadata={"n": np.float64(0.5)}),
        Item("f", {"text": ("u", "v")}),
        Item("g", {"text": "u"}, weight=1),
    )
    held = packed((ITEMS[0], *odd, ITEMS[1]))
    assert held == (ITEMS[0], *odd, ITEMS[1])
    for at, item in enumerate(odd, 1):
        assert same(held[at], item)
    assert list(labels_of(held)) == [(item.id, item.cluster) for item in held]


def test_an_input_that_is_no_json_is_refused() -> None:
    with pytest.raises(DataError, match=r"nan|finite"):
        packed([Item("a", {"x": float("nan")})])


def test_some_of_the_items_in_another_order_share_the_bytes() -> None:
    held = packed(ITEMS)
    some = some_of(held, (4, 0, 2))
    assert some == (ITEMS[4], ITEMS[0], ITEMS[2])
    assert some[1:] == (ITEMS[0], ITEMS[2])
    assert some_of(some, (2, 0)) == (ITEMS[2], ITEMS[4])
    assert some_of(ITEMS, (1, 0)) == (ITEMS[1], ITEMS[0])
    assert list(labels_of(some)) == [("e", None), ("a", None), ("ü", "c")]


def test_ids_clusters_and_digests_are_those_of_the_items() -> None:
    held = packed(ITEMS)
    for items in (ITEMS, held):
        assert list(labels_of(items)) == [(item.id, item.cluster) for item in ITEMS]
        found = [f"sha256:{one.hex()}" for one in input_digests(items)]
        assert found == [item.input_digest for item in ITEMS]


def test_a_set_of_packed_items_is_the_set_of_the_items() -> None:
    plain, held = Dataset("d", ITEMS), Dataset("d", packed(ITEMS))
    assert plain == held
    assert plain.digest == held.digest
    assert "5 items" in repr(held)
    assert "5 × Item" in held._repr_html_()
    assert repr(held.items) == "<5 items>"


def test_packed_items_go_into_another_process() -> None:
    held = packed(ITEMS)
    assert pickle.loads(pickle.dumps(held)) == ITEMS
    assert pickle.loads(pickle.dumps(held[1:3])) == ITEMS[1:3]


@pytest.mark.parametrize("weight", [1.0, 1, 2.0, 0.5, 1e-7])
def test_the_digest_of_the_facts_is_that_of_their_canonical_bytes(weight: float) -> None:
    for item in ITEMS:
        facts = {
            "target": item.target, "cluster": item.cluster, "slices": item.slices,
            "weight": weight,
        }  # fmt: skip
        assert replace(item, weight=weight).facts_digest == digest(facts)


def test_a_target_that_is_no_json_is_named_by_its_place() -> None:
    with pytest.raises(DataError, match=r"\$\.target"):
        _ = Item("a", {"text": "x"}, float("inf")).facts_digest
