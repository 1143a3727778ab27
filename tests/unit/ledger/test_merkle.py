"""The tree against the definitions of RFC 6962, written out here once more in the plainest way."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from liftgate.errors import BrokenChain, DataError
from liftgate.ledger.merkle import (
    EMPTY,
    Frontier,
    Tree,
    is_consistent,
    root_by_inclusion,
    root_of,
)

# The roots of the first n of eight inputs: the published test vectors of certificate transparency.
INPUTS = [
    "", "00", "10", "2021", "3031", "40414243", "5051525354555657",
    "606162636465666768696a6b6c6d6e6f",
]  # fmt: skip
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]


def leaf(data: bytes) -> bytes:
    return hashlib.sha256(b"\x00" + data).digest()


def mth(leaves: list[bytes]) -> bytes:
    """Section 2.1, literally."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    return hashlib.sha256(b"\x01" + mth(leaves[:k]) + mth(leaves[k:])).digest()


def tree(leaves: list[bytes], stored: dict[tuple[int, int], bytes] | None = None) -> Tree:
    known = stored or {}
    return Tree(
        len(leaves),
        lambda first, last: leaves[first:last],
        lambda level, first, last: {
            n: known[level, n] for n in range(first, last) if (level, n) in known
        },
    )


def some(count: int) -> list[bytes]:
    return [leaf(b"%d" % n) for n in range(count)]


def test_roots_are_the_published_ones():
    leaves = [leaf(bytes.fromhex(text)) for text in INPUTS]
    for count, root in enumerate(ROOTS, start=1):
        assert root_of(leaves[:count]).hex() == root
        assert tree(leaves).root(count).hex() == root
    assert root_of([]) == EMPTY == tree([]).root()


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 700), st.data())
def test_every_proof_of_every_size_leads_to_the_root_and_to_no_other(count, data):
    leaves = some(count)
    frontier, nodes = Frontier(), {}
    cut = data.draw(st.integers(0, count))
    frontier.extend(leaves[:cut], nodes)
    frontier.extend(leaves[cut:], nodes)
    grown = tree(leaves, nodes)
    index = data.draw(st.integers(0, count - 1))
    old = data.draw(st.integers(1, count))
    root = mth(leaves)
    assert frontier.root() == root == grown.root()
    assert grown.root(old) == mth(leaves[:old])
    path = grown.inclusion(index)
    assert root_by_inclusion(leaves[index], index, count, path) == root
    assert root_by_inclusion(leaf(b"other"), index, count, path) != root
    if path:
        assert root_by_inclusion(leaves[index], index, count, path[:-1]) != root
    proof = grown.consistency(old)
    assert is_consistent((old, mth(leaves[:old])), (count, root), proof)
    assert not is_consistent((old, leaf(b"other")), (count, root), proof)
    assert not is_consistent((old, mth(leaves[:old])), (count, leaf(b"other")), proof)
    changed = [leaf(b"changed"), *leaves[1:]]
    assert not is_consistent(
        (old, mth(changed[:old])), (count, root), tree(changed).consistency(old)
    )
    assert path == tree(leaves).inclusion(index)


def test_subtrees_that_become_complete_are_those_that_the_frontier_names():
    leaves = some(600)
    frontier, nodes = Frontier(), {}
    frontier.extend(leaves, nodes)
    half, stored = tree(leaves[:300]), {}
    for level, number, node in half.completed(0):
        stored[level, number] = node
    whole = tree(leaves, stored)
    for level, number, node in whole.completed(300):
        assert (level, number) not in stored
        stored[level, number] = node
    assert stored == nodes


@pytest.mark.parametrize(("size", "index"), [(0, 0), (3, 3), (3, -1), (5, 0)])
def test_a_proof_of_what_is_not_there_is_refused(size, index):
    with pytest.raises(DataError, match="got"):
        tree(some(4)).inclusion(index, size)


@pytest.mark.parametrize(("old", "new"), [(0, 4), (4, 3), (1, 5), (1, 0)])
def test_a_consistency_proof_needs_two_sizes_that_exist_in_order(old, new):
    with pytest.raises(DataError, match="got"):
        tree(some(4)).consistency(old, new)


def test_a_database_that_gives_too_few_leaves_is_a_broken_chain():
    with pytest.raises(BrokenChain, match="got 3 leaves from entry 1 on, expected 4"):
        Tree(4, lambda first, last: some(3)[first:last], lambda *_: {}).root()
