"""Reading a data set, with all its faults at once."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from liftgate.errors import DataError
from liftgate.evals.rows import Problem, Wanted, item_of, shared_inputs
from liftgate.evals.sources import TOO_DEEP, read_source
from liftgate.records import Dataset
from liftgate.records.packed import Column, PackedItems, Packing

MOST_FAULTS = 20


def load_dataset(
    source: str,
    *,
    root: Path,
    name: str | None = None,
    cluster: str | None = None,
    slices: Sequence[str] = (),
) -> Dataset:
    """Read and check a data set.

    A row has ``id`` (text, unique), ``input`` (text, or a mapping of parts), and may have
    ``target``, ``weight`` and ``metadata``; other keys are kept as metadata. In CSV all cells are
    text, an empty one is missing, and ``input.<part>`` and ``metadata.<name>`` columns nest.

    Args:
        source: a path ending in ``.jsonl``, ``.csv`` or ``.parquet``, the description of such a
            file in Croissant (``.json``), or ``python:package.module:attribute``: an iterable of
            items or mappings, or a function that returns one.
        root: the folder from which files and modules are looked up.
        name: what to call the set; by default the file's or attribute's name.
        cluster: the column that says which items are not independent, looked up in the row and
            then in its metadata.
        slices: columns by which results may be split, looked up in the same way.

    Raises:
        DataError: lists up to 20 faults, each with its file and line.
        UnknownName: a Python module has no such attribute.
    """
    found_name, rows = read_source(source, root=root)
    wanted = Wanted(cluster, tuple(slices))
    items, places = Packing(), Column()
    numbers: dict[str, int] = {}
    faults: list[str] = []
    for found in rows:
        try:
            if found.fault is not None:
                raise Problem(found.fault)
            item = item_of(found.row, wanted)
            if item.id in numbers:
                first = places[numbers[item.id]]
                raise Problem(f"id: {item.id!r} is already the id at {first}")
            items.add(item)
        except Problem as problem:
            faults.append(f"{found.place}: {problem}")
            continue
        except RecursionError:  # what a file's reader takes may be too deep to be checked
            faults.append(f"{found.place}: {TOO_DEEP}")
            continue
        numbers[item.id] = len(numbers)
        places.add(found.place)
    numbers.clear()
    held = items.packed()
    faults += _shared(held, places)
    if not held and not faults:
        faults.append("it holds no items")
    if faults:
        raise _error(source, faults)
    return Dataset(name or found_name, held)


def _shared(items: PackedItems, places: Column) -> list[str]:
    return [
        f"{places[second]}: {items[second].id!r} has the same input as {items[first].id!r} at "
        f"{places[first]}; items of one input must share a cluster, since they are not "
        "independent: name a cluster that they share, or keep one of them"
        for first, second in shared_inputs(items)
    ]


def _error(source: str, faults: list[str]) -> DataError:
    shown = "\n".join(f"  {fault}" for fault in faults[:MOST_FAULTS])
    more = len(faults) - MOST_FAULTS
    rest = f"\n  … and {more} more" if more > 0 else ""
    count = "1 fault" if len(faults) == 1 else f"{len(faults)} faults"
    return DataError(
        f"dataset {source}: {count}\n{shown}{rest}",
        hint="correct the rows and run the same command again",
    )
