"""A dataset kept among the blobs, so that a trace needs neither its file nor its code.

The index of a dataset, ``[[id, input digest, facts digest], …]``, has the dataset's own digest;
facts and inputs lie behind theirs. All of it is erasable like any other blob.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from liftgate.canon import canonical, parse
from liftgate.errors import DataError, UnknownName
from liftgate.records import Dataset, Item
from liftgate.store import Store


@dataclass(frozen=True)
class Rebuilt:
    """What could be brought back of a dataset."""

    dataset: Dataset
    erased: tuple[str, ...]
    """Ids of items whose input or facts were erased."""


def keep(dataset: Dataset, store: Store) -> None:
    """Keep a dataset among the blobs; one that is kept already costs one look-up.

    Raises:
        LiftgateError: the machine refuses.
    """
    if store.blob_state(dataset.digest) != "unknown":
        return
    for item in dataset.items:
        store.put_json(item.input)
        store.put_json(_facts(item))
    store.flush()
    # The index comes last: where it is, everything that it names is.
    kept = store.put_json(sorted([i.id, i.input_digest, i.facts_digest] for i in dataset.items))
    assert kept == dataset.digest
    store.flush()


def overlap(dataset: Dataset, digest: str, store: Store) -> float:
    """Return the share of a dataset's items whose inputs another one has too; 0: not known.

    Args:
        dataset: whose items are looked for.
        digest: of the other one, as it was kept.
        store: where it was kept.
    """
    if digest == dataset.digest:
        return 1.0
    if store.blob_state(digest) != "kept":
        return 0.0
    index: Any = store.output(digest)
    known = {input_digest for _, input_digest, _ in index}
    return sum(item.input_digest in known for item in dataset.items) / len(dataset.items)


def rebuild(digest: str, store: Store, *, name: str) -> Rebuilt:
    """Bring a dataset back from the blobs, in the order of its items' ids.

    Raises:
        DataError: its index was never kept, or was erased.
        BrokenChain: a blob is not what its digest names.
    """
    index: Any = store.output(digest)
    items, erased = [], []
    for item_id, input_digest, facts_digest in index:
        if any(store.blob_state(part) != "kept" for part in (input_digest, facts_digest)):
            erased.append(item_id)
            continue
        facts: Any = store.output(facts_digest)
        parts: Any = store.output(input_digest)
        items.append(Item(item_id, parts, **facts))
    if not items:
        raise DataError(f"dataset {name}: every item of it was erased")
    return Rebuilt(Dataset(name, tuple(items)), tuple(erased))


def one_item(digest: str, item: str, store: Store, *, name: str) -> Dataset:
    """Bring one item of a kept dataset back, as a dataset of its own.

    Raises:
        UnknownName: the dataset has no item of that id.
        DataError: the index, or the item's content, was never kept or was erased.
        BrokenChain: a blob is not what its digest names.
    """
    found = _row_of(store.output_data(digest), item)
    if found is None:
        raise UnknownName(f"item of dataset {name}", item, ())
    parts: Any = store.output(found[1])
    facts: Any = store.output(found[2])
    return Dataset(name, (Item(item, parts, **facts),))


def _row_of(index: bytes, item: str) -> list[str] | None:
    """Return an item's row, found in the canonical bytes of an index without reading all of it.

    Within a text a quotation mark is escaped, so what is looked for stands nowhere but at the
    beginning of a row.
    """
    mark = canonical(item) + b',"sha256:'
    for before in (b"[[", b"],["):
        at = index.find(before + mark)
        if at >= 0:
            begin = at + len(before) - 1
            row: list[str] = parse(index[begin : index.index(b"]", begin + 1 + len(mark)) + 1])
            return row
    return None


def _facts(item: Item) -> dict[str, Any]:
    return {
        "target": item.target,
        "cluster": item.cluster,
        "slices": item.slices,
        "weight": item.weight,
    }
