"""The Merkle tree of RFC 6962 (section 2.1) over a chain's leaves. Pure: knows no database.

A leaf hash is ``SHA-256(0x00 || entry)``, an inner one ``SHA-256(0x01 || left || right)``; a tree
of n leaves splits at the largest power of two below n. Indices count from 0, sizes are in leaves.
Trees of complete power-of-two size are *subtrees*, named by level (2^level leaves) and number.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence

from liftgate.errors import BrokenChain, DataError

STEP = 4
"""Hashes of complete subtrees are stored at every fourth level: a proof reads few rows."""
EMPTY = hashlib.sha256(b"").digest()
_sha256 = hashlib.sha256

Leaves = Callable[[int, int], Sequence[bytes]]
"""Gives the leaf hashes from one index up to, not including, another."""
Stored = Callable[[int, int, int], dict[int, bytes]]
"""Gives number -> hash of those stored subtrees of a level, from a number up to another."""


def join(left: bytes, right: bytes) -> bytes:
    """Return the hash of an inner node."""
    return _sha256(b"\x01" + left + right).digest()


class Frontier:
    """The roots of the complete subtrees of a growing tree, largest first."""

    def __init__(self) -> None:
        self.size = 0
        self._peaks: list[bytes] = []

    def extend(
        self, leaves: Sequence[bytes], ended: dict[tuple[int, int], bytes] | None = None
    ) -> None:
        """Add leaves.

        Args:
            leaves: their hashes.
            ended: takes (level, number) -> hash of each subtree at a stored level that they end.
        """
        at, width = 0, 1 << STEP
        while at < len(leaves):
            if not self.size % width and at + width <= len(leaves):
                node, level = _folded(leaves[at : at + width]), STEP
                if ended is not None:
                    ended[level, self.size >> level] = node
            else:
                node, level = leaves[at], 0
            self._carry(node, level, ended)
            at += 1 << level

    def _carry(self, node: bytes, level: int, ended: dict[tuple[int, int], bytes] | None) -> None:
        """Add a complete subtree after the last leaf, and join it with its equals."""
        number = self.size >> level
        self.size += 1 << level
        while number & 1:
            node = _sha256(b"\x01" + self._peaks.pop() + node).digest()
            number >>= 1
            level += 1
            if ended is not None and not level % STEP:
                ended[level, number] = node
        self._peaks.append(node)

    def root(self) -> bytes:
        """Return the root of the tree so far."""
        if not self._peaks:
            return EMPTY
        node = self._peaks[-1]
        for left in reversed(self._peaks[:-1]):
            node = join(left, node)
        return node


class Tree:
    """A tree over leaves that lie in a database.

    Args:
        size: how many leaves there are.
        leaves: reads leaf hashes.
        stored: reads hashes of stored subtrees; what it does not know is computed from the leaves.
    """

    def __init__(self, size: int, leaves: Leaves, stored: Stored) -> None:
        self.size = size
        self._leaves = leaves
        self._stored = stored

    def root(self, size: int | None = None) -> bytes:
        """Return the root of the first ``size`` leaves; None: of all.

        Raises:
            DataError: there are not so many leaves.
        """
        count = self._known(self.size if size is None else size, "size", least=0)
        return self._hash(0, count) if count else EMPTY

    def inclusion(self, index: int, size: int | None = None) -> list[bytes]:
        """Return the audit path of a leaf (RFC 6962, 2.1.1), nearest sibling first.

        Raises:
            DataError: there are not so many leaves, or the leaf is not one of them.
        """
        count = self._known(self.size if size is None else size, "size", least=1)
        if not 0 <= index < count:
            raise DataError(f"index: got {index}, expected 0 to {count - 1}")
        start, stop, found = 0, count, []
        while stop - start > 1:
            middle = start + _split(stop - start)
            if index < middle:
                found.append(self._hash(middle, stop))
                stop = middle
            else:
                found.append(self._hash(start, middle))
                start = middle
        return found[::-1]

    def consistency(self, old: int, new: int | None = None) -> list[bytes]:
        """Return the proof that the first ``new`` leaves begin with the first ``old`` (2.1.2).

        Raises:
            DataError: there are not so many leaves, or the old tree is the larger.
        """
        count = self._known(self.size if new is None else new, "new size", least=1)
        if not 1 <= old <= count:
            raise DataError(f"old size: got {old}, expected 1 to {count}")
        start, stop, found, whole = 0, count, [], True
        while old != stop:
            middle = start + _split(stop - start)
            if old <= middle:
                found.append(self._hash(middle, stop))
                stop = middle
            else:
                found.append(self._hash(start, middle))
                start, whole = middle, False
        if not whole:
            found.append(self._hash(start, stop))
        return found[::-1]

    def subtree(self, level: int, number: int) -> bytes:
        """Return the hash of a complete subtree."""
        floor = level // STEP * STEP
        first, last = number << (level - floor), (number + 1) << (level - floor)
        return _folded(self._row(floor, first, last))

    def completed(self, before: int) -> Iterator[tuple[int, int, bytes]]:
        """Yield the subtrees at stored levels that leaves after the first ``before`` completed."""
        level = STEP
        while self.size >> level:
            first, last = before >> level, self.size >> level
            children = self._row(level - STEP, first << STEP, last << STEP)
            for number in range(first, last):
                at = (number - first) << STEP
                yield level, number, _folded(children[at : at + (1 << STEP)])
            level += STEP

    def _row(self, level: int, first: int, last: int) -> list[bytes]:
        """Read consecutive subtrees of a stored level."""
        if level == 0:
            leaves = list(self._leaves(first, last))
            if len(leaves) != last - first:
                raise BrokenChain(
                    f"ledger: got {len(leaves)} leaves from entry {first + 1} on, "
                    f"expected {last - first}"
                )
            return leaves
        known = self._stored(level, first, last)
        return [
            known[number]
            if number in known
            else _folded(self._row(level - STEP, number << STEP, (number + 1) << STEP))
            for number in range(first, last)
        ]

    def _hash(self, start: int, stop: int) -> bytes:
        """Hash the leaves of a range whose start is a multiple of its largest complete part."""
        count = stop - start
        if count & (count - 1) == 0:
            level = count.bit_length() - 1
            return self.subtree(level, start >> level)
        middle = start + _split(count)
        return join(self._hash(start, middle), self._hash(middle, stop))

    def _known(self, size: int, name: str, *, least: int) -> int:
        if not least <= size <= self.size:
            raise DataError(f"{name}: got {size}, expected {least} to {self.size}")
        return size


def root_of(leaves: Sequence[bytes]) -> bytes:
    """Return the root of a tree that fits in memory."""
    frontier = Frontier()
    frontier.extend(leaves)
    return frontier.root()


def root_by_inclusion(leaf: bytes, index: int, size: int, path: Sequence[bytes]) -> bytes | None:
    """Return the root that an audit path leads to (RFC 9162, 2.1.3.2), or None if it cannot."""
    if not 0 <= index < size:
        return None
    place, last, node = index, size - 1, leaf
    for sibling in path:
        if last == 0:
            return None
        if place & 1 or place == last:
            node = join(sibling, node)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            node = join(node, sibling)
        place, last = place >> 1, last >> 1
    return node if last == 0 else None


def is_consistent(old: tuple[int, bytes], new: tuple[int, bytes], proof: Sequence[bytes]) -> bool:
    """Whether a proof shows that a tree continues another (RFC 9162, 2.1.4.2).

    Args:
        old: size and root of the smaller tree.
        new: size and root of the larger.
        proof: as ``Tree.consistency`` gives it.
    """
    (first, old_root), (second, new_root) = old, new
    if not 1 <= first <= second:
        return False
    if first == second:
        return not proof and old_root == new_root
    path = list(proof)
    if first & (first - 1) == 0:
        path.insert(0, old_root)
    if not path:
        return False
    place, last = first - 1, second - 1
    while place & 1:
        place, last = place >> 1, last >> 1
    small = large = path[0]
    for node in path[1:]:
        if last == 0:
            return False
        if place & 1 or place == last:
            small, large = join(node, small), join(node, large)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            large = join(large, node)
        place, last = place >> 1, last >> 1
    return last == 0 and small == old_root and large == new_root


def _split(count: int) -> int:
    """Return the largest power of two below a count of two or more."""
    return 1 << (count - 1).bit_length() - 1


def _folded(row: Sequence[bytes]) -> bytes:
    while len(row) > 1:
        pairs = zip(row[::2], row[1::2], strict=True)
        row = [_sha256(b"\x01" + left + right).digest() for left, right in pairs]
    return row[0]
