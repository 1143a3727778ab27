"""Items held as bytes: a set of hundreds of thousands without an object for each.

What an item consists of is made again when it is looked at, in two to three microseconds. So a set
takes little more memory than its texts.
"""

from __future__ import annotations

import marshal
from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from hashlib import sha256
from typing import Any, overload

from liftgate.canon import canonical
from liftgate.records.evaluation import NOTHING, Item

_DIGEST = 32
"""Bytes of a digest."""
_SCALARS = frozenset({str, int, float, bool, type(None)})


class Column:
    """Values one after another as bytes; each can be read alone."""

    __slots__ = ("_ends", "_held")

    def __init__(self) -> None:
        self._held = bytearray()
        self._ends = array("Q", (0,))

    def add(self, value: Any) -> None:
        """Add a value that consists of tuples, lists, dicts, texts, numbers, booleans and None."""
        self._held += marshal.dumps(value)
        self._ends.append(len(self._held))

    def __getitem__(self, at: int) -> Any:
        # Bytes that this process has written, and nobody else.
        return marshal.loads(self._held[self._ends[at] : self._ends[at + 1]])  # noqa: S302


class Packing:
    """Takes items in, one by one, and packs them."""

    def __init__(self) -> None:
        self._names, self._contents, self._digests = Column(), Column(), bytearray()
        self._odd: dict[int, Item] = {}

    def add(self, item: Item) -> None:
        """Add an item; one that consists of other things than JSON values is kept as it is.

        Raises:
            DataError: its input cannot be written as JSON.
        """
        digest = sha256(canonical(item.input)).digest()
        name: Any = item.id if item.cluster is None else (item.id, item.cluster)
        content: Any = (item.input, item.target)
        if item.slices or item.metadata or type(item.weight) is not float or item.weight != 1.0:
            content += (item.slices, item.weight, item.metadata)
        if not _exact((name, content)):
            self._odd[len(self._digests) // _DIGEST] = item
            name = content = None
        self._names.add(name)
        self._contents.add(content)
        self._digests += digest

    def packed(self) -> PackedItems:
        """Return the items that were added, in their order."""
        count = len(self._digests) // _DIGEST
        held = (self._names, self._contents, bytes(self._digests), self._odd)
        return PackedItems(*held, range(count))


class PackedItems(Sequence[Item]):
    """Items in some order, each made when it is looked at; equal to other items in that order."""

    __slots__ = ("_contents", "_digests", "_names", "_odd", "_places")

    def __init__(
        self,
        names: Column,
        contents: Column,
        digests: bytes,
        odd: Mapping[int, Item],
        places: Sequence[int],
    ) -> None:
        self._names = names
        self._contents = contents
        self._digests = digests
        self._odd = odd
        self._places = places

    def __len__(self) -> int:
        return len(self._places)

    @overload
    def __getitem__(self, at: int) -> Item: ...

    @overload
    def __getitem__(self, at: slice) -> PackedItems: ...

    def __getitem__(self, at: int | slice) -> Item | PackedItems:
        if isinstance(at, slice):
            return self._at(self._places[at])
        return self._item(self._places[at])

    def __iter__(self) -> Iterator[Item]:
        return map(self._item, self._places)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, (tuple, PackedItems)):
            return NotImplemented
        return len(self) == len(other) and all(a == b for a, b in zip(self, other, strict=True))

    __hash__ = None  # type: ignore[assignment]  # a tuple of items has none either

    def __repr__(self) -> str:
        return f"<{len(self):,} items>"

    def __reduce__(self) -> tuple[Any, ...]:
        return packed, (tuple(self),)

    def some(self, places: Iterable[int]) -> PackedItems:
        """Return the items at some places, in that order."""
        return self._at(array("q", (self._places[at] for at in places)))

    def labels(self) -> Iterator[tuple[str, str | None]]:
        """Yield each item's id and cluster, without making the item."""
        for place in self._places:
            name = self._names[place]
            if name is None:
                yield self._odd[place].id, self._odd[place].cluster
            else:
                yield name if type(name) is tuple else (name, None)

    def digests(self) -> Iterator[bytes]:
        """Yield the bytes of each item's ``input_digest``."""
        for place in self._places:
            yield self._digests[_DIGEST * place : _DIGEST * (place + 1)]

    def _at(self, places: Sequence[int]) -> PackedItems:
        return PackedItems(self._names, self._contents, self._digests, self._odd, places)

    def _item(self, place: int) -> Item:
        name, content = self._names[place], self._contents[place]
        if content is None:
            return self._odd[place]
        of, cluster = name if type(name) is tuple else (name, None)
        if len(content) == 2:
            return Item(of, content[0], content[1], cluster)
        asked, target, slices, weight, metadata = content
        return Item(of, asked, target, cluster, slices or NOTHING, weight, metadata or NOTHING)


def packed(items: Iterable[Item]) -> PackedItems:
    """Return items packed.

    Raises:
        DataError: an input cannot be written as JSON.
    """
    packing = Packing()
    for item in items:
        packing.add(item)
    return packing.packed()


def labels_of(items: Iterable[Item]) -> Iterator[tuple[str, str | None]]:
    """Yield each item's id and cluster."""
    if isinstance(items, PackedItems):
        return items.labels()
    return ((item.id, item.cluster) for item in items)


def input_digests(items: Iterable[Item]) -> Iterator[bytes]:
    """Yield the bytes of each item's ``input_digest``, without the way over text and back."""
    if isinstance(items, PackedItems):
        return items.digests()
    return (sha256(canonical(item.input)).digest() for item in items)


def some_of(items: Sequence[Item], places: Iterable[int]) -> Sequence[Item]:
    """Return the items at some places, in that order, packed if they were."""
    if isinstance(items, PackedItems):
        return items.some(places)
    return tuple(items[at] for at in places)


def _exact(value: Any) -> bool:
    """Whether a value comes back from ``marshal`` as what it is, of the same types."""
    kind = type(value)
    if kind in _SCALARS:
        return True
    if kind is dict:
        for name, one in value.items():
            if type(name) is not str or (type(one) is not str and not _exact(one)):
                return False
        return True
    return (kind is tuple or kind is list) and all(map(_exact, value))
